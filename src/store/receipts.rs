//! The inbox of receipts: kept as they came, until settling has seen them.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::receipt::{Fate, PostedReceipt, Receipt};
use crate::model::{AttemptKey, Bucket, ReminderId};

use super::buckets::bucket_runs;
use super::engine::Arg;
use super::row::Row;
use super::set::{Micros, set_row};
use super::statements::sql;
use super::{SqlStore, StoreError};

/// What taking in receipts and settling them needs.
#[async_trait]
pub trait ReceiptStore: Send + Sync {
    /// Keeps receipts: all of them are durable once this returns, or none.
    /// One that was posted before is not kept twice.
    async fn keep(&self, receipts: &[PostedReceipt]) -> Result<(), StoreError>;

    /// Receipts about reminders of these buckets that are to be looked at by
    /// `now`, the longest due first.
    async fn unsettled(
        &self,
        buckets: &[Bucket],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<PostedReceipt>, StoreError>;

    /// These were looked at: settled with `None`, else to be looked at again.
    /// One that is settled stays so.
    async fn mark(
        &self,
        looked_at: &[(&PostedReceipt, Option<Timestamp>)],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Deletes receipts that were settled before an instant; how many.
    async fn forget(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

set_row! {
pub struct InboxRow<'a> {
    pub bucket: Bucket,
    provider: &'a str,
    message_id: &'a str,
    ordinal: u32,
    reminder_id: ReminderId,
    attempt: u32,
    fate: &'static str,
    at: Micros,
    received_at: Micros,
}

struct Looked<'a> {
    bucket: Bucket,
    provider: &'a str,
    message_id: &'a str,
    ordinal: u32,
    next_at: Option<Micros>,
}
}

/// In the order of the key: two daemons that are posted the same receipts wait
/// for each other, and never both.
pub fn inbox_rows(receipts: &[PostedReceipt]) -> Vec<InboxRow<'_>> {
    fn row(posted: &PostedReceipt) -> InboxRow<'_> {
        InboxRow {
            bucket: posted.receipt.key.reminder.bucket(),
            provider: &posted.provider,
            message_id: &posted.message_id,
            ordinal: posted.ordinal,
            reminder_id: posted.receipt.key.reminder,
            attempt: posted.receipt.key.number,
            fate: posted.receipt.fate.as_str(),
            at: posted.receipt.at.into(),
            received_at: posted.received_at.into(),
        }
    }
    let mut rows: Vec<InboxRow<'_>> = receipts.iter().map(row).collect();
    rows.sort_by_key(|row| (row.bucket, row.provider, row.message_id, row.ordinal));
    rows
}

#[async_trait]
impl ReceiptStore for SqlStore {
    async fn keep(&self, receipts: &[PostedReceipt]) -> Result<(), StoreError> {
        if receipts.is_empty() {
            return Ok(());
        }
        let rows = inbox_rows(receipts);
        self.engine.run(sql::keep_receipts, &[Arg::Set(&rows)]).await.map(drop)
    }

    async fn unsettled(
        &self,
        buckets: &[Bucket],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<PostedReceipt>, StoreError> {
        let runs = bucket_runs(buckets);
        let args = [Arg::Set(&runs), Arg::Int(now.as_microsecond()), Arg::Int(i64::from(limit))];
        self.engine.rows(sql::load_unsettled, &args).await?.iter().map(posted).collect()
    }

    async fn mark(
        &self,
        looked_at: &[(&PostedReceipt, Option<Timestamp>)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if looked_at.is_empty() {
            return Ok(());
        }
        let rows: Vec<Looked<'_>> = looked_at
            .iter()
            .map(|(posted, next_at)| Looked {
                bucket: posted.receipt.key.reminder.bucket(),
                provider: &posted.provider,
                message_id: &posted.message_id,
                ordinal: posted.ordinal,
                next_at: next_at.map(Micros::from),
            })
            .collect();
        let args = [Arg::Set(&rows), Arg::Int(now.as_microsecond())];
        self.engine.run(sql::mark_receipts, &args).await.map(drop)
    }

    async fn forget(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let args = [Arg::Int(before.as_microsecond()), Arg::Int(i64::from(limit))];
        self.engine.run(sql::forget_receipts, &args).await
    }
}

fn posted(row: &Row) -> Result<PostedReceipt, StoreError> {
    let key =
        AttemptKey { reminder: row.reminder("reminder_id")?, number: row.int("attempt")? as u32 };
    let fate = Fate::parse(&row.text("fate")?).ok_or(StoreError::Corrupt { column: "fate" })?;
    Ok(PostedReceipt {
        provider: row.text("provider")?.into(),
        message_id: row.text("message_id")?.into(),
        ordinal: row.int("ordinal")? as u32,
        receipt: Receipt { key, fate, at: row.instant("at")? },
        received_at: row.instant("received_at")?,
    })
}
