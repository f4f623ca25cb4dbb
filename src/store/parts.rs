//! Messages by the references that providers gave them, and receipts that
//! name nothing else: parked until it is known what they are about.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::receipt::{Fate, PartReceipt, PostedReceipt};
use crate::model::reminder::Transition;
use crate::model::{AttemptKey, Bucket, ReminderId, Tenure};

use super::buckets::bucket_runs;
use super::engine::{Arg, Tx};
use super::receipts::inbox_rows;
use super::row::Row;
use super::set::{Micros, set_row};
use super::statements::sql;
use super::{SqlStore, StoreError};

/// What receipts by a provider's reference need.
#[async_trait]
pub trait PartStore: Send + Sync {
    /// Parks receipts of a provider: all of them are durable once this
    /// returns, or none. One that is parked already is not parked twice.
    async fn park(
        &self,
        provider: &str,
        receipts: &[PartReceipt],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Parked receipts that are to be looked at by `now`, the longest due
    /// first: those about messages in these buckets, and those about nothing
    /// that is known.
    async fn parked(
        &self,
        buckets: &[Bucket],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Parked>, StoreError>;

    /// All parts of these attempts, in order.
    async fn parts(&self, attempts: &[AttemptKey]) -> Result<Vec<MessagePart>, StoreError>;

    /// Writes down what came of looking at parked receipts, all of it or nothing.
    async fn unpark(&self, tenure: &Tenure, looked: &Unparked) -> Result<(), StoreError>;

    /// Deletes parts that were accepted before an instant; how many.
    async fn forget_parts(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// A receipt that waits for its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    pub provider: String,
    pub receipt: PartReceipt,
    pub received_at: Timestamp,
    /// The attempt that alone has this reference.
    pub about: Option<AttemptKey>,
}

/// A message, or one of several that together are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePart {
    pub key: AttemptKey,
    pub provider: String,
    pub provider_ref: String,
    /// From 1 on, of `parts`.
    pub part: u32,
    pub parts: u32,
    pub fate: Option<(Fate, Timestamp)>,
}

/// What came of looking at parked receipts.
#[derive(Debug, Clone, Default)]
pub struct Unparked {
    /// Parts of which something new is known.
    pub parts: Vec<MessagePart>,
    /// What that says of whole messages; goes into the inbox.
    pub receipts: Vec<PostedReceipt>,
    /// Receipts that are done with.
    pub done: Vec<Parked>,
    /// Receipts to be looked at again.
    pub put_off: Vec<(Parked, Timestamp)>,
}

set_row! {
struct PartRow<'a> {
    provider: &'a str,
    provider_ref: &'a str,
    bucket: Bucket,
    reminder_id: ReminderId,
    attempt: u32,
    part: u32,
    parts: u32,
    accepted_at: Micros,
}

struct PartFate<'a> {
    provider: &'a str,
    provider_ref: &'a str,
    bucket: Bucket,
    reminder_id: ReminderId,
    attempt: u32,
    part: u32,
    fate: &'static str,
    fate_at: Micros,
}

struct AttemptRow {
    bucket: Bucket,
    reminder_id: ReminderId,
    attempt: u32,
}

struct ParkedRow<'a> {
    provider: &'a str,
    provider_ref: &'a str,
    fate: &'static str,
    at: Micros,
    received_at: Micros,
}

struct ParkedKey<'a> {
    provider: &'a str,
    provider_ref: &'a str,
    fate: &'static str,
}

struct PutOff<'a> {
    provider: &'a str,
    provider_ref: &'a str,
    fate: &'static str,
    next_at: Micros,
}
}

/// Writes the references of what was accepted, in the transaction of that.
pub async fn insert_parts<'a>(
    tx: &mut Tx,
    accepted: impl Iterator<Item = &'a Transition>,
) -> Result<(), StoreError> {
    let rows: Vec<PartRow<'_>> = accepted
        .flat_map(|transition| {
            let part = |(part, provider_ref): (u32, &'a String)| PartRow {
                provider: transition.provider.as_deref().unwrap_or_default(),
                provider_ref,
                bucket: transition.reminder.bucket(),
                reminder_id: transition.reminder,
                attempt: transition.attempt,
                part,
                parts: transition.refs.len() as u32,
                accepted_at: transition.at.into(),
            };
            (1..).zip(&transition.refs).map(part)
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    tx.run(sql::insert_parts, &[Arg::Set(&rows)]).await.map(drop)
}

#[async_trait]
impl PartStore for SqlStore {
    async fn park(
        &self,
        provider: &str,
        receipts: &[PartReceipt],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if receipts.is_empty() {
            return Ok(());
        }
        let mut rows: Vec<ParkedRow<'_>> = receipts
            .iter()
            .map(|receipt| ParkedRow {
                provider,
                provider_ref: &receipt.provider_ref,
                fate: receipt.fate.as_str(),
                at: receipt.at.into(),
                received_at: now.into(),
            })
            .collect();
        // In the order of the key: of two daemons with the same receipts one
        // waits for the other, and never both.
        rows.sort_by_key(|row| (row.provider_ref, row.fate));
        self.engine.run(sql::park_receipts, &[Arg::Set(&rows)]).await.map(drop)
    }

    async fn parked(
        &self,
        buckets: &[Bucket],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Parked>, StoreError> {
        let runs = bucket_runs(buckets);
        let args = [Arg::Set(&runs), Arg::Int(now.as_microsecond()), Arg::Int(i64::from(limit))];
        self.engine.rows(sql::load_parked, &args).await?.iter().map(parked).collect()
    }

    async fn parts(&self, attempts: &[AttemptKey]) -> Result<Vec<MessagePart>, StoreError> {
        if attempts.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<AttemptRow> = attempts
            .iter()
            .map(|key| AttemptRow {
                bucket: key.reminder.bucket(),
                reminder_id: key.reminder,
                attempt: key.number,
            })
            .collect();
        self.engine.rows(sql::load_parts, &[Arg::Set(&rows)]).await?.iter().map(part).collect()
    }

    async fn unpark(&self, tenure: &Tenure, looked: &Unparked) -> Result<(), StoreError> {
        let fates: Vec<PartFate<'_>> = looked
            .parts
            .iter()
            .filter_map(|part| {
                let (fate, fate_at) = part.fate?;
                Some(PartFate {
                    provider: &part.provider,
                    provider_ref: &part.provider_ref,
                    bucket: part.key.reminder.bucket(),
                    reminder_id: part.key.reminder,
                    attempt: part.key.number,
                    part: part.part,
                    fate: fate.as_str(),
                    fate_at: fate_at.into(),
                })
            })
            .collect();
        let inbox = inbox_rows(&looked.receipts);
        let mut done: Vec<ParkedKey<'_>> = looked.done.iter().map(key).collect();
        done.sort_by_key(|row| (row.provider, row.provider_ref, row.fate));
        let mut put_off: Vec<PutOff<'_>> = looked
            .put_off
            .iter()
            .map(|(parked, next_at)| {
                let ParkedKey { provider, provider_ref, fate } = key(parked);
                PutOff { provider, provider_ref, fate, next_at: (*next_at).into() }
            })
            .collect();
        put_off.sort_by_key(|row| (row.provider, row.provider_ref, row.fate));
        let buckets = looked.parts.iter().map(|part| part.key.reminder.bucket());
        let buckets = buckets.chain(inbox.iter().map(|row| row.bucket));
        let mut tx = self.write(tenure, buckets).await?;
        if !fates.is_empty() {
            tx.run(sql::mark_parts, &[Arg::Set(&fates)]).await?;
        }
        if !inbox.is_empty() {
            tx.run(sql::keep_receipts, &[Arg::Set(&inbox)]).await?;
        }
        if !done.is_empty() {
            tx.run(sql::drop_parked, &[Arg::Set(&done)]).await?;
        }
        if !put_off.is_empty() {
            tx.run(sql::put_off_parked, &[Arg::Set(&put_off)]).await?;
        }
        tx.commit().await
    }

    async fn forget_parts(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let args = [Arg::Int(before.as_microsecond()), Arg::Int(i64::from(limit))];
        self.engine.run(sql::forget_parts, &args).await
    }
}

fn key(parked: &Parked) -> ParkedKey<'_> {
    ParkedKey {
        provider: &parked.provider,
        provider_ref: &parked.receipt.provider_ref,
        fate: parked.receipt.fate.as_str(),
    }
}

fn fate(text: &str) -> Result<Fate, StoreError> {
    Fate::parse(text).ok_or(StoreError::Corrupt { column: "fate" })
}

fn parked(row: &Row) -> Result<Parked, StoreError> {
    let receipt = PartReceipt {
        provider_ref: row.text("provider_ref")?,
        fate: fate(&row.text("fate")?)?,
        at: row.instant("at")?,
    };
    let number = row.opt_int("attempt")?;
    let about = match number {
        Some(number) => {
            Some(AttemptKey { reminder: row.reminder("reminder_id")?, number: number as u32 })
        }
        None => None,
    };
    let (provider, received_at) = (row.text("provider")?, row.instant("received_at")?);
    Ok(Parked { provider, receipt, received_at, about })
}

fn part(row: &Row) -> Result<MessagePart, StoreError> {
    let known = row.opt_text("fate")?.map(|text| fate(&text)).transpose()?;
    Ok(MessagePart {
        key: AttemptKey {
            reminder: row.reminder("reminder_id")?,
            number: row.int("attempt")? as u32,
        },
        provider: row.text("provider")?,
        provider_ref: row.text("provider_ref")?,
        part: row.int("part")? as u32,
        parts: row.int("parts")? as u32,
        fate: known.zip(row.opt_instant("fate_at")?),
    })
}
