//! The watch list: whom early warning names before anything is overdue.

use jiff::civil::Date;
use serde::Serialize;

use crate::model::cause::{Response, Warning};
use crate::model::{AccountId, Bucket};
use crate::store::buckets::bucket_keys;
use crate::store::desk::Desk;
use crate::store::engine::{Arg, Tx};
use crate::store::row::Row;
use crate::store::set::set_row;
use crate::store::statements::sql;
use crate::store::{SqlStore, StoreError};

set_row! {
    struct WatchRow<'a> {
        bucket: Bucket,
        account_id: &'a AccountId,
        watched_on: Date,
        until_on: Date,
        weight: i64,
        is_gentle: bool,
        warnings: String,
    }
}

/// An account on the watch list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Watched {
    #[serde(skip)]
    pub bucket: Bucket,
    pub account: AccountId,
    pub watched_on: Date,
    /// The last day on which a friendly word may follow.
    pub until_on: Date,
    /// The weightiest first.
    pub warnings: Vec<Warning>,
}

impl Watched {
    pub fn weight(&self) -> i64 {
        self.warnings.iter().map(|one| i64::from(one.weight)).sum()
    }

    pub fn asks_for(&self, response: Response) -> bool {
        self.warnings.iter().any(|one| one.response == response)
    }
}

pub(super) async fn put_watched(tx: &mut Tx, watched: &[Watched]) -> Result<(), StoreError> {
    if watched.is_empty() {
        return Ok(());
    }
    let rows: Vec<WatchRow<'_>> = watched
        .iter()
        .map(|one| WatchRow {
            bucket: one.bucket,
            account_id: &one.account,
            watched_on: one.watched_on,
            until_on: one.until_on,
            weight: one.weight(),
            is_gentle: one.asks_for(Response::Gentle),
            warnings: serde_json::to_string(&one.warnings).expect("warnings are plain data"),
        })
        .collect();
    tx.run(sql::put_watched, &[Arg::Set(&rows)]).await.map(drop)
}

fn watched(row: &Row) -> Result<Watched, StoreError> {
    let corrupt = |_| StoreError::Corrupt { column: "warnings" };
    Ok(Watched {
        bucket: Bucket::from_number(row.int("bucket")?),
        account: AccountId(row.text("account_id")?),
        watched_on: row.date("watched_on")?,
        until_on: row.date("until_on")?,
        warnings: serde_json::from_str(&row.text("warnings")?).map_err(corrupt)?,
    })
}

impl SqlStore {
    pub(super) async fn find_falling_due(
        &self,
        buckets: &[Bucket],
        (from, before): (Date, Date),
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError> {
        let (buckets, from, before) = (bucket_keys(buckets), from.to_string(), before.to_string());
        let args = [Arg::Set(&buckets), Arg::Text(&from), Arg::Text(&before)];
        let rows = self.engine.rows(sql::find_falling_due, &args).await?;
        let key = |row: &Row| {
            Ok((Bucket::from_number(row.int("bucket")?), AccountId(row.text("account_id")?)))
        };
        rows.iter().map(key).collect()
    }
}

impl Desk<'_> {
    /// The watch list of the days from `since` on, the latest and weightiest first.
    pub async fn watch_list(&self, since: Date, limit: u32) -> Result<Vec<Watched>, StoreError> {
        let since = since.to_string();
        let args = [Arg::Text(&since), Arg::Int(i64::from(limit))];
        let rows = self.store.engine.rows(sql::list_watched, &args).await?;
        rows.iter().map(watched).collect()
    }
}
