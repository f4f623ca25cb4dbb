//! What people look at to see how things go: a day's reminders, what waits and
//! why, and accounts by whatever is known of them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::{AccountId, Bucket, Reason, ReminderId};

use super::desk::Desk;
use super::engine::Arg;
use super::facts::bucket;
use super::statements::sql;
use super::{StateCounts, StoreError};

/// Tasks of a kind that are open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskCount {
    pub kind: String,
    pub open: i64,
    pub overdue: i64,
}

/// A step that is due and waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldLine {
    #[serde(skip)]
    pub bucket: Bucket,
    pub account: AccountId,
    pub bill: String,
    pub step: String,
    pub step_on: Date,
    pub limit_on: Date,
    pub reason: Reason,
}

/// Before the first of them.
const NOTHING: (i64, &str, &str, &str) = (-1, "", "", "");

impl Desk<'_> {
    /// Reminders of a day, per state.
    pub async fn of_day(&self, day: Date) -> Result<StateCounts, StoreError> {
        let [from, to] = [day, day.saturating_add(jiff::Span::new().days(1))]
            .map(|day| ReminderId::first_of(day).to_string());
        let rows =
            self.store.engine.rows(sql::count_day, &[Arg::Text(&from), Arg::Text(&to)]).await?;
        rows.iter().map(|row| Ok((row.text("state")?, row.int("n")? as u64))).collect()
    }

    /// Steps that are due and wait, per reason.
    pub async fn waiting_by_reason(&self) -> Result<StateCounts, StoreError> {
        let rows = self.store.engine.rows(sql::count_open_reasons, &[]).await?;
        rows.iter().map(|row| Ok((row.text("reason")?, row.int("n")? as u64))).collect()
    }

    /// Open tasks, per kind.
    pub async fn tasks_by_kind(&self, now: Timestamp) -> Result<Vec<TaskCount>, StoreError> {
        let args = [Arg::Int(now.as_microsecond())];
        let rows = self.store.engine.rows(sql::count_tasks, &args).await?;
        rows.iter()
            .map(|row| {
                let (kind, open) = (row.text("kind")?, row.int("n")?);
                Ok(TaskCount { kind, open, overdue: row.int("overdue")? })
            })
            .collect()
    }

    /// Steps that are due and wait, for `reason` or for any, in the order of
    /// buckets and accounts; those after `after`.
    pub async fn held(
        &self,
        reason: Option<Reason>,
        after: Option<&HeldLine>,
        limit: u32,
    ) -> Result<Vec<HeldLine>, StoreError> {
        let (bucket_after, account, bill, step) = after.map_or(NOTHING, |it| {
            (i64::from(it.bucket.number()), it.account.as_str(), it.bill.as_str(), it.step.as_str())
        });
        let args = [
            Arg::Text(reason.map_or("", Reason::as_str)),
            Arg::Int(bucket_after),
            Arg::Text(account),
            Arg::Text(bill),
            Arg::Text(step),
            Arg::Int(i64::from(limit)),
        ];
        let rows = self.store.engine.rows(sql::list_held, &args).await?;
        rows.iter()
            .map(|row| {
                let reason = Reason::parse(&row.text("reason")?);
                Ok(HeldLine {
                    bucket: bucket(row)?,
                    account: AccountId(row.text("account_id")?),
                    bill: row.text("bill_id")?,
                    step: row.text("step")?,
                    step_on: row.date("step_on")?,
                    limit_on: row.date("limit_on")?,
                    reason: reason.ok_or(StoreError::Corrupt { column: "reason" })?,
                })
            })
            .collect()
    }

    /// Accounts that have this name for themselves, this number, this bill, or
    /// a subscriber whose name begins so.
    pub async fn find(
        &self,
        text: &str,
        number: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError> {
        let name = text.to_lowercase();
        // No letter comes after this one.
        let name_end = format!("{name}{}", char::MAX);
        let args = [
            Arg::Text(text),
            Arg::Text(number.unwrap_or(text)),
            Arg::Text(&name),
            Arg::Text(&name_end),
            Arg::Int(i64::from(limit)),
        ];
        let rows = self.store.engine.rows(sql::find_accounts, &args).await?;
        rows.iter().map(|row| Ok((bucket(row)?, AccountId(row.text("account_id")?)))).collect()
    }
}
