//! What is old: history lies in months, each made ahead and dropped as a whole,
//! and keys go when nothing can ask for them any more.
//!
//! Months are partitions on PostgreSQL, named `<table>_YYYY_MM`. Each is made
//! and dropped in a transaction of its own, so that it holds locks on one
//! table alone and cannot wait in a circle with those who work; it gives up
//! soon where it would keep them waiting. SQLite has one table for all months.

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::model::{Bucket, ReminderId};

use super::engine::{Arg, Engine, Statement};
use super::statements::sql;
use super::{SqlStore, StoreError};

/// What keeping history takes.
#[async_trait]
pub trait RetentionStore: Send + Sync {
    /// Gives history of the month that begins on `first` a place of its own in
    /// each of its tables, so that it can be dropped as a whole; how many were
    /// made. A month that was written before keeps its place among the rest.
    ///
    /// # Errors
    /// Where the tables are too busy, or the rest is too large to be looked
    /// through: nothing is lost by it, and another time may do.
    async fn make_month(&self, first: Date) -> Result<u64, StoreError>;

    /// Drops every month that ended before the one that begins on `first`; how
    /// many places of their own went.
    ///
    /// # Errors
    /// Where the tables are too busy; another time will do.
    async fn drop_months(&self, first: Date) -> Result<u64, StoreError>;

    /// Deletes from a bucket what is older than `before`: history that has no
    /// month of its own, cases that were closed, holds that are over, proofs of notices, replies that wait for nobody,
    /// and keys and reasons of bills that were due and settled. The number of
    /// rows. Once every step of a bill that was due before that day is past its
    /// limit, nothing is sent twice by it.
    async fn forget_bucket(&self, bucket: Bucket, before: Date) -> Result<u64, StoreError>;

    /// Deletes contacts under the keys of a bucket that were made before this
    /// day, and what days before it came to; the number of rows.
    async fn forget_contacts(&self, bucket: Bucket, before: Date) -> Result<u64, StoreError>;

    /// Deletes evidence of a bucket that was over before this day, and with the
    /// first bucket's outages, which are of none; the number of rows.
    async fn forget_evidence(&self, bucket: Bucket, before: Date) -> Result<u64, StoreError>;
}

/// How long others are kept waiting for: until the lock is had, and until the
/// default partition was looked through.
const LOCK_WAIT_MAX: &str = "1s";
const LOCKED_MAX: &str = "3s";

/// What bounds a partition.
enum By {
    Reminder,
    Day,
}

/// The tables of history. Reminders go first: what became of one that is gone
/// is found by nobody, but a reminder of which nothing became looks planned.
const HISTORY: [(&str, By); 3] =
    [("reminder", By::Reminder), ("transition", By::Reminder), ("submission", By::Day)];

#[async_trait]
impl RetentionStore for SqlStore {
    async fn make_month(&self, first: Date) -> Result<u64, StoreError> {
        let last = first.saturating_add(Span::new().months(1));
        let mut made = 0;
        for (table, by) in &HISTORY {
            let bound = |day: Date| match by {
                By::Reminder => ReminderId::first_of(day).to_string(),
                By::Day => day.to_string(),
            };
            let (name, from, to) = (partition(table, first), bound(first), bound(last));
            let args = [Arg::Text(table), Arg::Text(&name), Arg::Text(&from), Arg::Text(&to)];
            made += self.briefly(sql::make_partition, &args, "made").await?;
        }
        Ok(made)
    }

    async fn drop_months(&self, first: Date) -> Result<u64, StoreError> {
        let mut dropped = 0;
        for (table, _) in &HISTORY {
            let name = partition(table, first);
            let args = [Arg::Text(table), Arg::Text(&name)];
            while self.briefly(sql::drop_partition, &args, "dropped").await? > 0 {
                dropped += 1;
            }
        }
        Ok(dropped)
    }

    async fn forget_bucket(&self, bucket: Bucket, before: Date) -> Result<u64, StoreError> {
        let (day, id) = (before.to_string(), ReminderId::first_of(before).to_string());
        let mut forgotten = 0;
        for (statement, before) in [
            (sql::forget_reminders, &id),
            (sql::forget_transitions, &id),
            (sql::forget_submissions, &day),
            (sql::forget_items, &day),
            (sql::forget_why_not, &day),
            (sql::forget_spared, &day),
            (sql::forget_cases, &day),
            (sql::forget_holds, &day),
            (sql::forget_proofs, &day),
        ] {
            let args = [Arg::Int(i64::from(bucket.number())), Arg::Text(before)];
            forgotten += self.engine.run(statement, &args).await?;
        }
        let args = [Arg::Int(i64::from(bucket.number())), begins(before)];
        Ok(forgotten + self.engine.run(sql::forget_replies, &args).await?)
    }

    async fn forget_contacts(&self, bucket: Bucket, before: Date) -> Result<u64, StoreError> {
        let number = Arg::Int(i64::from(bucket.number()));
        let forgotten = self.engine.run(sql::forget_contacts, &[number, begins(before)]).await?;
        let day = before.to_string();
        Ok(forgotten + self.engine.run(sql::forget_tallies, &[number, Arg::Text(&day)]).await?)
    }

    async fn forget_evidence(&self, bucket: Bucket, before: Date) -> Result<u64, StoreError> {
        let before = before.to_string();
        let args = [Arg::Int(i64::from(bucket.number())), Arg::Text(&before)];
        let mut forgotten = self.engine.run(sql::forget_evidence, &args).await?;
        if bucket == Bucket::FIRST {
            forgotten += self.engine.run(sql::forget_outages, &args[1..]).await?;
        }
        Ok(forgotten)
    }
}

/// The first instant of a day in UTC.
fn begins(day: Date) -> Arg<'static> {
    let begins = day.at(0, 0, 0, 0).to_zoned(TimeZone::UTC);
    Arg::Int(begins.map_or(Timestamp::MIN, |zoned| zoned.timestamp()).as_microsecond())
}

impl SqlStore {
    /// Asks for a change of the schema, and gives up where it takes long; its
    /// answer. An embedded database has nothing to change, and answers 0.
    async fn briefly(
        &self,
        statement: Statement,
        args: &[Arg<'_>],
        answer: &'static str,
    ) -> Result<u64, StoreError> {
        if matches!(self.engine, Engine::Sqlite(_)) {
            return Ok(0);
        }
        let mut tx = self.engine.begin().await?;
        tx.rows(sql::be_brief, &[Arg::Text(LOCK_WAIT_MAX), Arg::Text(LOCKED_MAX)]).await?;
        let rows = tx.rows(statement, args).await?;
        let answer = rows.first().map_or(Ok(0), |row| row.int(answer))?;
        tx.commit().await?;
        Ok(answer.unsigned_abs())
    }
}

/// The name of a table's partition for the month that begins on `first`. Names
/// of one table are in the order of their months.
fn partition(table: &str, first: Date) -> String {
    format!("{table}_{:04}_{:02}", first.year(), first.month())
}
