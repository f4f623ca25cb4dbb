//! How far each feed was read, and its pages on their way into the ledger.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use crate::model::feed::{Cursor, Feed};
use crate::model::ledger::{Counts, FeedMark, Page, Rows};
use crate::model::{Bucket, Tenure};

use super::engine::Arg;
use super::lease::hold;
use super::merge::Merge;
use super::statements::sql;
use super::{LedgerStore, SqlStore, StoreError};

/// Rows that waited for their account, merged at a time.
const AWAITED_PAGE: i64 = 5_000;

#[async_trait]
impl LedgerStore for SqlStore {
    async fn feed_mark(&self, feed: Feed) -> Result<Option<FeedMark>, StoreError> {
        let rows = self.engine.rows(sql::load_feed, &[Arg::Text(feed.as_str())]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(FeedMark {
            cursor: Cursor { changed_at: row.text("changed_at")?, id: row.text("row_id")? },
            read_at: Some(row.instant("read_at")?).filter(|at| *at > Timestamp::UNIX_EPOCH),
            moved_at: row.instant("moved_at")?,
            counts: Counts {
                read: row.int("rows_read")? as u64,
                used: row.int("rows_used")? as u64,
                set_aside: row.int("rows_set_aside")? as u64,
            },
        }))
    }

    async fn merge(
        &self,
        tenure: &Tenure,
        page: Page,
        on: Date,
        now: Timestamp,
    ) -> Result<Counts, StoreError> {
        let feed = page.rows.feed();
        let mut tx = self.engine.begin().await?;
        hold(&mut tx, tenure, &[Bucket::FIRST]).await?;
        let mut merge = Merge { tx: &mut tx, feed, on, rejects: page.rejects };
        let used = merge.rows(page.rows).await?;
        merge.put_rejects(now).await?;

        let set_aside = page.read - used;
        let read_at = if page.is_last { now.as_microsecond() } else { 0 };
        let args = [
            Arg::Text(feed.as_str()),
            Arg::Text(&page.cursor.changed_at),
            Arg::Text(&page.cursor.id),
            Arg::Int(read_at),
            Arg::Int(page.read as i64),
            Arg::Int(used as i64),
            Arg::Int(set_aside as i64),
            Arg::Int(now.as_microsecond()),
        ];
        tx.run(sql::set_feed, &args).await?;
        tx.commit().await?;
        Ok(Counts { read: page.read, used, set_aside })
    }

    async fn merge_awaited(
        &self,
        tenure: &Tenure,
        on: Date,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let rows = self.engine.rows(sql::find_awaited, &[Arg::Int(AWAITED_PAGE)]).await?;
        let mut by_feed: HashMap<String, Vec<String>> = HashMap::new();
        for row in &rows {
            by_feed.entry(row.text("feed")?).or_default().push(row.text("raw")?);
        }
        let mut merged = 0;
        for (feed, raw) in by_feed {
            let feed = Feed::parse(&feed).ok_or(StoreError::Corrupt { column: "feed" })?;
            let rows = match feed {
                Feed::Bills => Rows::Bills(stored_rows(&raw)?),
                Feed::Payments => Rows::Payments(stored_rows(&raw)?),
                Feed::Holds => Rows::Holds(stored_rows(&raw)?),
                Feed::Evidence(of) => Rows::Evidence(of, stored_rows(&raw)?),
                // An account waits for nobody.
                Feed::Accounts => continue,
            };
            let mut tx = self.engine.begin().await?;
            hold(&mut tx, tenure, &[Bucket::FIRST]).await?;
            let mut merge = Merge { tx: &mut tx, feed, on, rejects: Vec::new() };
            merged += merge.rows(rows).await?;
            merge.put_rejects(now).await?;
            tx.commit().await?;
        }
        Ok(merged)
    }

    async fn touch_feed(&self, feed: Feed, now: Timestamp) -> Result<(), StoreError> {
        let start = Cursor::start();
        let args = [
            Arg::Text(feed.as_str()),
            Arg::Int(now.as_microsecond()),
            Arg::Text(&start.changed_at),
        ];
        self.engine.run(sql::touch_feed, &args).await.map(drop)
    }

    async fn reread(&self, feed: Feed) -> Result<(), StoreError> {
        self.engine.run(sql::reread_feed, &[Arg::Text(feed.as_str())]).await.map(drop)
    }

    async fn held(&self, feed: Feed, since: Option<Date>) -> Result<u64, StoreError> {
        let since = since.filter(|_| feed.day().is_some()).unwrap_or(Date::constant(1, 1, 1));
        let since = since.to_string();
        let args = [Arg::Text(feed.as_str()), Arg::Text(&since)];
        let rows = self.engine.rows(sql::count_held, &args).await?;
        rows.first().map_or(Ok(0), |row| row.int("held").map(|held| held as u64))
    }
}

fn stored_rows<T: DeserializeOwned>(raw: &[String]) -> Result<Vec<T>, StoreError> {
    raw.iter()
        .map(|row| serde_json::from_str(row).map_err(|_| StoreError::Corrupt { column: "raw" }))
        .collect()
}
