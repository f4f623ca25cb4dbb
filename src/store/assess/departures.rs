//! Accounts that left or were barred, each with a code for why.

use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;

use crate::model::audit::{Act, Doer};
use crate::model::departure::{Departure, How};
use crate::model::{AccountId, Bucket, Tier};
use crate::store::audit;
use crate::store::buckets::bucket_keys;
use crate::store::desk::Desk;
use crate::store::engine::{Arg, Tx};
use crate::store::facts::{Key, debt_class};
use crate::store::row::Row;
use crate::store::set::set_row;
use crate::store::statements::sql;
use crate::store::{SqlStore, StoreError};

set_row! {
    struct DepartureRow<'a> {
        bucket: Bucket,
        account_id: &'a AccountId,
        left_on: Date,
        how: &'static str,
        code: &'a str,
        says: &'a str,
        class: &'static str,
        tier: &'static str,
        attributed_on: Date,
        offered_on: Option<Date>,
    }
}

/// Departures of one code in a span of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeCount {
    pub code: String,
    pub how: String,
    pub went: i64,
    pub offered: i64,
    pub came_back: i64,
}

/// What became of accounts that went, as of a day.
#[derive(Debug, Clone, Default)]
pub struct Departed {
    pub went: Vec<(Bucket, Departure)>,
    /// With us: whatever departure stands open is over on this day.
    pub back: Vec<(Bucket, AccountId, Date)>,
}

set_row! {
    struct BackRow<'a> {
        bucket: Bucket,
        account_id: &'a AccountId,
        back_on: Date,
    }
}

pub(super) async fn put_departed(tx: &mut Tx, departed: &Departed) -> Result<(), StoreError> {
    if !departed.went.is_empty() {
        let rows: Vec<DepartureRow<'_>> = departed
            .went
            .iter()
            .map(|(bucket, one)| DepartureRow {
                bucket: *bucket,
                account_id: &one.account,
                left_on: one.left_on,
                how: one.how.as_str(),
                code: &one.code,
                says: &one.says,
                class: one.class.as_str(),
                tier: one.tier.as_str(),
                attributed_on: one.attributed_on,
                offered_on: one.offered_on,
            })
            .collect();
        tx.run(sql::put_departures, &[Arg::Set(&rows)]).await?;
    }
    if !departed.back.is_empty() {
        let rows: Vec<BackRow<'_>> = departed
            .back
            .iter()
            .map(|(bucket, account_id, back_on)| BackRow {
                bucket: *bucket,
                account_id,
                back_on: *back_on,
            })
            .collect();
        tx.run(sql::end_departures, &[Arg::Set(&rows)]).await?;
    }
    Ok(())
}

fn departure(row: &Row) -> Result<Departure, StoreError> {
    let (how, tier) = (How::parse(&row.text("how")?), Tier::parse(&row.text("tier")?));
    Ok(Departure {
        account: AccountId(row.text("account_id")?),
        left_on: row.date("left_on")?,
        how: how.ok_or(StoreError::Corrupt { column: "how" })?,
        code: row.text("code")?,
        says: row.text("says")?,
        class: debt_class(row)?,
        tier: tier.ok_or(StoreError::Corrupt { column: "tier" })?,
        attributed_on: row.date("attributed_on")?,
        set_by: row.opt_text("set_by")?,
        offered_on: row.opt_date("offered_on")?,
        back_on: row.opt_date("back_on")?,
    })
}

impl SqlStore {
    /// Accounts of which a contract's end, or a bar, is news.
    pub(super) async fn find_departing(
        &self,
        buckets: &[Bucket],
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError> {
        let buckets = bucket_keys(buckets);
        let rows = self.engine.rows(sql::find_departing, &[Arg::Set(&buckets)]).await?;
        let key = |row: &Row| {
            Ok((Bucket::from_number(row.int("bucket")?), AccountId(row.text("account_id")?)))
        };
        rows.iter().map(key).collect()
    }

    pub(super) async fn load_departures(
        &self,
        accounts: &[(Bucket, AccountId)],
    ) -> Result<Vec<Departure>, StoreError> {
        let keys: Vec<Key<'_>> = accounts
            .iter()
            .map(|(bucket, account_id)| Key { bucket: *bucket, account_id })
            .collect();
        let rows = self.engine.rows(sql::load_departures, &[Arg::Set(&keys)]).await?;
        rows.iter().map(departure).collect()
    }
}

impl Desk<'_> {
    /// Accounts that went from `since` on, the latest first.
    pub async fn departures(
        &self,
        since: Date,
        code: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Departure>, StoreError> {
        let since = since.to_string();
        let limit = Arg::Int(i64::from(limit));
        let args = [Arg::Text(&since), Arg::Text(code.unwrap_or_default()), limit];
        let rows = self.store.engine.rows(sql::list_departures, &args).await?;
        rows.iter().map(departure).collect()
    }

    /// How many went for which reason in the days from `since` up to `before`.
    pub async fn departures_by_code(
        &self,
        since: Date,
        before: Date,
    ) -> Result<Vec<CodeCount>, StoreError> {
        let (since, before) = (since.to_string(), before.to_string());
        let args = [Arg::Text(&since), Arg::Text(&before)];
        let rows = self.store.engine.rows(sql::count_departures, &args).await?;
        let line = |row: &Row| {
            Ok(CodeCount {
                code: row.text("code")?,
                how: row.text("how")?,
                went: row.int("n")?,
                offered: row.int("offered")?,
                came_back: row.int("back")?,
            })
        };
        rows.iter().map(line).collect()
    }

    /// All departures of an account, the earliest first.
    pub async fn departures_of(
        &self,
        whose: &(Bucket, AccountId),
    ) -> Result<Vec<Departure>, StoreError> {
        self.store.load_departures(std::slice::from_ref(whose)).await
    }

    /// Staff know better: the code of an account's latest departure. False
    /// where it never went.
    pub async fn set_departure_code(
        &self,
        whose: &(Bucket, AccountId),
        (code, why): (&str, &str),
        doer: &Doer,
    ) -> Result<bool, StoreError> {
        let mut tx = self.store.engine.begin().await?;
        let args = [
            Arg::Int(i64::from(whose.0.number())),
            Arg::Text(whose.1.as_str()),
            Arg::Text(code),
            Arg::Text(why),
            Arg::Text(&doer.by),
        ];
        if tx.run(sql::set_departure_code, &args).await? == 0 {
            return Ok(false);
        }
        let details = json!({ "code": code });
        audit::commit(tx, &[doer.deed(Act::DepartureCoded, whose.1.0.clone(), details)]).await?;
        Ok(true)
    }
}
