//! What people ask of the store: counts, lists, and one account's story.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::facts::Flag;
use crate::model::id::BUCKETS;
use crate::model::{AccountId, Bill, Bucket, Item, Reason, ReminderState};

use super::deadlines::first_id;
use super::engine::{Arg, Statement};
use super::facts::{bill, items_with_terms};
use super::row::Row;
use super::statements::sql;
use super::{PlanStore, RejectLine, SqlStore, StateCounts, StoreError};

/// Answers for people; none of it steers anything.
pub struct Desk<'a> {
    pub(super) store: &'a SqlStore,
}

/// One reminder item that was sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SentLine {
    pub date: Date,
    pub bill: String,
    pub step: String,
    pub account: String,
}

/// How far a feed was read.
#[derive(Debug, Clone, Serialize)]
pub struct FeedLine {
    pub feed: String,
    pub changed_at: String,
    pub read_at: Timestamp,
    pub read: i64,
    pub used: i64,
    pub set_aside: i64,
}

/// One recorded reason, as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct WhyNotLine {
    pub bill: String,
    pub step: String,
    pub step_on: Date,
    pub limit_on: Date,
    pub reason: Reason,
    pub is_open: bool,
    pub decided_on: Date,
}

/// One thing that happened to a reminder.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptLine {
    pub reminder: String,
    pub day: Date,
    pub step: String,
    pub items: Vec<ItemLine>,
    pub state: String,
    pub at: Timestamp,
    pub channel: Option<String>,
    pub provider: Option<String>,
    pub reason: Option<String>,
    pub note: Option<String>,
}

impl AttemptLine {
    /// Whether this line says that `bill` was reminded of at `step`.
    pub fn sent(&self, bill: &str, step: &str) -> bool {
        ReminderState::parse(&self.state).is_some_and(ReminderState::counts_as_sent)
            && self.items.iter().any(|item| item.bill == bill && item.step == step)
    }
}

/// A code of a provider of which nobody told us what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewCodeLine {
    pub provider: String,
    /// As the attempt's note has it: the kind, and what it answered.
    pub code: String,
    /// Attempts that it was answered to.
    pub count: u64,
    pub last_at: Timestamp,
}

/// A bill in a reminder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemLine {
    pub bill: String,
    pub step: String,
}

impl SqlStore {
    pub fn desk(&self) -> Desk<'_> {
        Desk { store: self }
    }
}

impl Desk<'_> {
    async fn counts(
        &self,
        statement: Statement,
        name: &'static str,
    ) -> Result<StateCounts, StoreError> {
        let mut counts = BTreeMap::new();
        for row in self.store.engine.rows(statement, &[]).await? {
            counts.insert(row.text(name)?, row.int("n")? as u64);
        }
        Ok(counts)
    }

    /// Reminders per state.
    pub async fn by_state(&self) -> Result<StateCounts, StoreError> {
        self.counts(sql::count_states, "state").await
    }

    /// Sent items per step.
    pub async fn by_step(&self) -> Result<StateCounts, StoreError> {
        self.counts(sql::count_sent, "step").await
    }

    /// Why-not rows per reason.
    pub async fn by_reason(&self) -> Result<StateCounts, StoreError> {
        self.counts(sql::count_why_not, "reason").await
    }

    /// Codes that are new to us, of attempts since then; the most frequent first.
    pub async fn new_codes(&self, since: Timestamp) -> Result<Vec<NewCodeLine>, StoreError> {
        let first = first_id(since);
        let args = [Arg::Int(since.as_microsecond()), Arg::Text(&first)];
        let rows = self.store.engine.rows(sql::count_new_codes, &args).await?;
        let line = |row: &Row| {
            let note = row.text("note")?;
            let code = note.split_once(", ").map_or(note.as_str(), |(code, _)| code).to_owned();
            let (provider, last_at) = (row.text("provider")?, row.instant("last_at")?);
            Ok(NewCodeLine { provider, code, count: row.int("n")? as u64, last_at })
        };
        rows.iter().map(line).collect()
    }

    /// Accounts per language.
    pub async fn by_language(&self) -> Result<StateCounts, StoreError> {
        self.counts(sql::count_languages, "language").await
    }

    /// The day through which all buckets are planned; `None` before the first plan.
    pub async fn planned_through(&self) -> Result<Option<Date>, StoreError> {
        let planned = self.store.planned_through().await?;
        let is_whole = planned.len() == usize::from(BUCKETS);
        Ok(planned.into_values().min().filter(|_| is_whole))
    }

    /// Every sent item, sorted by date, bill and step.
    pub async fn sent(&self) -> Result<Vec<SentLine>, StoreError> {
        let mut lines = Vec::new();
        for row in self.store.engine.rows(sql::list_sent, &[]).await? {
            lines.push(SentLine {
                date: row.date("day")?,
                bill: row.text("bill_id")?,
                step: row.text("step")?,
                account: row.text("account_id")?,
            });
        }
        lines.sort_unstable();
        Ok(lines)
    }

    /// Every repeat debtor and the day of the flag, sorted by account.
    pub async fn flags(&self) -> Result<Vec<(String, Date)>, StoreError> {
        let mut lines = Vec::new();
        for row in self.store.engine.rows(sql::list_flags, &[]).await? {
            lines.push((row.text("account_id")?, row.date("flagged_on")?));
        }
        lines.sort_unstable();
        Ok(lines)
    }

    /// Rows set aside, and rows used with a warning.
    pub async fn rejects(&self, limit: u32) -> Result<Vec<RejectLine>, StoreError> {
        let rows = self.store.engine.rows(sql::list_rejects, &[Arg::Int(i64::from(limit))]).await?;
        rows.iter()
            .map(|row| {
                Ok(RejectLine {
                    feed: row.text("feed")?,
                    row: row.text("row_id")?,
                    field: row.text("field")?,
                    reason: row.text("reason")?,
                    is_warning: row.int("is_warning")? == 1,
                })
            })
            .collect()
    }

    pub async fn feeds(&self) -> Result<Vec<FeedLine>, StoreError> {
        let rows = self.store.engine.rows(sql::list_feeds, &[]).await?;
        rows.iter()
            .map(|row| {
                Ok(FeedLine {
                    feed: row.text("name")?,
                    changed_at: row.text("changed_at")?,
                    read_at: row.instant("read_at")?,
                    read: row.int("rows_read")?,
                    used: row.int("rows_used")?,
                    set_aside: row.int("rows_set_aside")?,
                })
            })
            .collect()
    }

    /// The bucket of an account; `None` where there is no such account.
    pub async fn bucket(&self, account: &AccountId) -> Result<Option<Bucket>, StoreError> {
        let args = [Arg::Text(account.as_str())];
        let rows = self.store.engine.rows(sql::find_bucket, &args).await?;
        rows.first().map(|row| row.int("bucket").map(Bucket::from_number)).transpose()
    }

    /// Every bill of an account, latest due first.
    pub async fn bills(&self, account: &AccountId) -> Result<Vec<Bill>, StoreError> {
        let rows =
            self.store.engine.rows(sql::list_account_bills, &[Arg::Text(account.as_str())]).await?;
        rows.iter().map(bill).collect()
    }

    /// All bills of a bucket, account by account, the first issued first.
    pub async fn bills_by_account(&self, bucket: Bucket) -> Result<Vec<Vec<Bill>>, StoreError> {
        let args = [Arg::Int(i64::from(bucket.number()))];
        let (mut accounts, mut last) = (Vec::new(), None);
        for row in self.store.engine.rows(sql::list_bucket_bills, &args).await? {
            let account = Some(row.text("account_id")?);
            if account != last {
                accounts.push(Vec::new());
                last = account;
            }
            accounts.last_mut().into_iter().try_for_each(|bills: &mut Vec<Bill>| {
                bills.push(bill(&row)?);
                Ok(())
            })?;
        }
        Ok(accounts)
    }

    /// All that happened to an account's reminders, in order.
    pub async fn attempts(&self, account: &AccountId) -> Result<Vec<AttemptLine>, StoreError> {
        let rows = self
            .store
            .engine
            .rows(sql::list_account_attempts, &[Arg::Text(account.as_str())])
            .await?;
        rows.iter()
            .map(|row| {
                let item = |item: Item| ItemLine { bill: item.bill.0, step: item.step };
                let items = items_with_terms(row)?.into_iter();
                let mut items: Vec<ItemLine> = items.map(|(one, _)| item(one)).collect();
                items.sort_unstable_by(|a, b| a.bill.cmp(&b.bill));
                Ok(AttemptLine {
                    reminder: row.reminder("reminder_id")?.to_string(),
                    day: row.date("day")?,
                    step: row.text("step")?,
                    items,
                    state: row.text("state")?,
                    at: row.instant("at")?,
                    channel: row.opt_text("channel")?,
                    provider: row.opt_text("provider")?,
                    reason: row.opt_text("reason")?,
                    note: row.opt_text("note")?,
                })
            })
            .collect()
    }

    /// The reasons of an account whose steps these attempts did not send after
    /// all, or not yet.
    pub async fn not_sent(
        &self,
        account: &AccountId,
        attempts: &[AttemptLine],
    ) -> Result<Vec<WhyNotLine>, StoreError> {
        let mut rows = self.why_not(account).await?;
        rows.retain(|row| row.is_open || !attempts.iter().any(|it| it.sent(&row.bill, &row.step)));
        Ok(rows)
    }

    /// Every recorded reason of an account.
    pub async fn why_not(&self, account: &AccountId) -> Result<Vec<WhyNotLine>, StoreError> {
        let rows = self
            .store
            .engine
            .rows(sql::list_account_why_not, &[Arg::Text(account.as_str())])
            .await?;
        rows.iter()
            .map(|row| {
                let reason = row.text("reason")?;
                Ok(WhyNotLine {
                    bill: row.text("bill_id")?,
                    step: row.text("step")?,
                    step_on: row.date("step_on")?,
                    limit_on: row.date("limit_on")?,
                    reason: Reason::parse(&reason)
                        .ok_or(StoreError::Corrupt { column: "reason" })?,
                    is_open: row.int("is_open")? == 1,
                    decided_on: row.date("decided_on")?,
                })
            })
            .collect()
    }

    /// The repeat-debtor flag of an account.
    pub async fn flag(&self, account: &AccountId) -> Result<Option<Flag>, StoreError> {
        let rows = self.store.engine.rows(sql::load_flag, &[Arg::Text(account.as_str())]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let bills: Vec<String> = serde_json::from_str(&row.text("bills")?)
            .map_err(|_| StoreError::Corrupt { column: "bills" })?;
        Ok(Some(Flag {
            flagged_on: row.date("flagged_on")?,
            bills: bills.into_iter().map(Into::into).collect(),
        }))
    }
}

/// Every table, in an order in which they may be emptied.
const ERASE: &[Statement] = &[
    erase("delete from account"),
    erase("delete from bill"),
    erase("delete from payment"),
    erase("delete from hold"),
    erase("delete from placed_hold"),
    erase("delete from moratorium"),
    erase("delete from notice_proof"),
    erase("delete from evidence"),
    erase("delete from outage"),
    erase("delete from contact"),
    erase("delete from touched"),
    erase("delete from feed"),
    erase("delete from reject"),
    erase("delete from policy"),
    erase("delete from control"),
    erase("delete from mark"),
    erase("delete from plan_mark"),
    erase("delete from dunning_case"),
    erase("delete from repeat_debtor"),
    erase("delete from debt_class"),
    erase("delete from assess_mark"),
    erase("delete from task"),
    erase("delete from estimate"),
    erase("delete from spared"),
    erase("delete from watch"),
    erase("delete from departure"),
    erase("delete from experiment_entry"),
    erase("delete from proposal"),
    erase("delete from advice"),
    erase("delete from why_not"),
    erase("delete from reminder"),
    erase("delete from transition"),
    erase("delete from sent_item"),
    erase("delete from submission"),
    erase("delete from receipt_inbox"),
    erase("delete from reply"),
    erase("delete from suppression"),
    erase("delete from wish"),
    erase("delete from consent"),
    erase("delete from tally"),
    erase("delete from message_part"),
    erase("delete from parked_receipt"),
    erase("delete from session"),
    erase("delete from person"),
    erase("delete from sign_in_try"),
];

const fn erase(sql: &'static str) -> Statement {
    Statement { name: "erase", postgres: sql, sqlite: sql }
}

impl SqlStore {
    /// Whether nothing was ever read into this store.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.desk().feeds().await?.is_empty())
    }

    /// Forgets everything. For replays, whose stores are scratch.
    pub async fn erase(&self) -> Result<(), StoreError> {
        let mut tx = self.engine.begin().await?;
        for statement in ERASE {
            tx.run(*statement, &[]).await?;
        }
        tx.commit().await
    }

    /// The value of a switch.
    pub async fn control_value(&self, name: &str) -> Result<Option<String>, StoreError> {
        for row in self.engine.rows(sql::load_control, &[]).await? {
            if row.text("name")? == name {
                return row.text("value").map(Some);
            }
        }
        Ok(None)
    }
}
