//! Finding what is due, and writing what was decided.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::brake::Sign;
use crate::model::experiment::Entry;
use crate::model::facts::AccountFacts;
use crate::model::reminder::ItemTerms;
use crate::model::{
    AccountId, Bucket, Channel, Reason, Reminder, ReminderId, ReminderState, Task, TaskKind, Tenure,
};

use super::buckets::bucket_keys;
use super::engine::{Arg, Tx};
use super::experiments::put_entries;
use super::facts::{Key, StoredItem, bucket};
use super::outbox::{TransitionRow, append_rows};
use super::set::{Micros, TableRow, set_row};
use super::statements::sql;
use super::tallies::add_tallies;
use super::tasks::put_tasks;
use super::{Decided, History, PlanPage, PlanStore, PolicyVersion, Scope, SqlStore, StoreError};

#[async_trait]
impl PlanStore for SqlStore {
    async fn candidates(
        &self,
        scope: &Scope,
        buckets: &[Bucket],
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError> {
        set_row! {
            struct Due {
                due_on: Date,
            }
        }
        let buckets = bucket_keys(buckets);
        let due: Vec<Due> = scope.due_on.iter().map(|due_on| Due { due_on: *due_on }).collect();
        let on = scope.on.to_string();
        let is_new_day = i64::from(scope.is_new_day);
        let args = [Arg::Set(&buckets), Arg::Set(&due), Arg::Int(is_new_day), Arg::Text(&on)];
        let rows = self.engine.rows(sql::find_candidates, &args).await?;
        rows.iter().map(|row| Ok((bucket(row)?, AccountId(row.text("account_id")?)))).collect()
    }

    async fn facts(
        &self,
        accounts: &[(Bucket, AccountId)],
        on: Date,
    ) -> Result<Vec<AccountFacts>, StoreError> {
        self.load_facts(accounts, on).await
    }

    async fn history(
        &self,
        accounts: &[(Bucket, AccountId)],
        late_days: i32,
    ) -> Result<Vec<History>, StoreError> {
        self.load_history(accounts, late_days).await
    }

    async fn record(
        &self,
        tenure: &Tenure,
        page: &PlanPage,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let planned = page.planned.iter().flat_map(|(buckets, _)| buckets.iter().copied());
        let decided = page.decisions.iter().map(|decided| decided.bucket);
        let mut tx = self.write(tenure, planned.chain(decided)).await?;
        record_decisions(&mut tx, page, now).await?;
        if let Some((buckets, day)) = &page.planned {
            let (buckets, day) = (bucket_keys(buckets), day.to_string());
            tx.run(sql::set_planned, &[Arg::Set(&buckets), Arg::Text(&day)]).await?;
        }
        tx.commit().await
    }

    async fn planned_through(&self) -> Result<HashMap<Bucket, Date>, StoreError> {
        let rows = self.engine.rows(sql::load_planned, &[]).await?;
        rows.iter().map(|row| Ok((bucket(row)?, row.date("planned_through")?))).collect()
    }

    async fn policies(&self) -> Result<Vec<PolicyVersion>, StoreError> {
        let rows = self.engine.rows(sql::load_policies, &[]).await?;
        rows.iter()
            .map(|row| {
                Ok(PolicyVersion {
                    version: row.text("version")?,
                    scenario: row.text("scenario")?,
                    body: row.text("body")?,
                })
            })
            .collect()
    }

    async fn adopt_policy(&self, policy: &PolicyVersion, now: Timestamp) -> Result<(), StoreError> {
        let args = [
            Arg::Text(&policy.version),
            Arg::Text(&policy.scenario),
            Arg::Text(&policy.body),
            Arg::Int(now.as_microsecond()),
        ];
        self.engine.run(sql::put_policy, &args).await.map(drop)
    }
}

/// Rows of all kinds that a page of decisions comes to.
#[derive(Default)]
struct PageRows<'a> {
    reminders: Vec<ReminderRow<'a>>,
    settled: Vec<SettledRow<'a>>,
    transitions: Vec<TransitionRow<'a>>,
    why_not: Vec<WhyNotRow<'a>>,
    ended: Vec<Key<'a>>,
    opened: Vec<CaseRow<'a>>,
    flags: Vec<FlagRow<'a>>,
    spared: Vec<SparedRow<'a>>,
    reviews: Vec<Task>,
    untouched: Vec<TouchedRow<'a>>,
    entries: Vec<&'a Entry>,
}

set_row! {
struct ReminderRow<'a> {
    bucket: Bucket,
    reminder_id: ReminderId,
    account_id: &'a AccountId,
    day: Date,
    revision: u32,
    scenario: &'a str,
    policy: &'a str,
    step: &'a str,
    severity: &'static str,
    channels: String,
    items: String,
    planned_at: Micros,
    send_after: Micros,
    send_before: Micros,
}
}

impl TableRow for ReminderRow<'_> {
    const TABLE: &'static str = "reminder";
}

set_row! {
/// A step of a bill that is in a reminder now.
struct SettledRow<'a> {
    bucket: Bucket,
    bill_id: &'a str,
    step: &'a str,
}
}

set_row! {
struct WhyNotRow<'a> {
    bucket: Bucket,
    account_id: &'a AccountId,
    bill_id: &'a str,
    step: &'a str,
    step_on: Date,
    limit_on: Date,
    reason: Reason,
    is_open: bool,
}
}

set_row! {
struct CaseRow<'a> {
    bucket: Bucket,
    account_id: &'a AccountId,
    opened_on: Date,
    stage: &'static str,
    policy: &'a str,
}
}

impl TableRow for CaseRow<'_> {
    const TABLE: &'static str = "dunning_case";
}

set_row! {
struct FlagRow<'a> {
    bucket: Bucket,
    account_id: &'a AccountId,
    flagged_on: Date,
    bills: String,
}
}

set_row! {
/// A step that was kept back from who pays alone.
struct SparedRow<'a> {
    bucket: Bucket,
    bill_id: &'a str,
    step: &'a str,
    account_id: &'a AccountId,
    day: Date,
}
}

set_row! {
struct TouchedRow<'a> {
    bucket: Bucket,
    account_id: &'a AccountId,
    changes: i64,
}
}

impl<'a> PageRows<'a> {
    fn add(&mut self, decided: &'a Decided, on: Date, now: Timestamp) {
        let (bucket, account_id) = (decided.bucket, &decided.account);
        for reminder in &decided.cancel {
            self.transitions.push(TransitionRow::end(
                *reminder,
                ReminderState::Cancelled,
                Reason::Replanned,
                now,
            ));
        }
        for (reminder, terms) in &decided.reminders {
            self.add_reminder(reminder, terms, decided.is_observed, now);
        }
        self.why_not.extend(decided.why_not.iter().map(|row| WhyNotRow {
            bucket,
            account_id,
            bill_id: row.bill.as_str(),
            step: &row.step,
            step_on: row.step_on,
            limit_on: row.limit_on,
            reason: row.reason,
            is_open: row.is_open,
        }));
        let spared = decided.why_not.iter().filter(|row| row.reason == Reason::SelfCures);
        self.spared.extend(spared.filter(|_| !decided.is_observed).map(|row| SparedRow {
            bucket,
            bill_id: row.bill.as_str(),
            step: &row.step,
            account_id,
            day: on,
        }));
        if let Some(change) = &decided.case {
            if change.ends.is_some() {
                self.ended.push(Key { bucket, account_id });
            }
            if let Some(case) = &change.opens {
                self.opened.push(CaseRow {
                    bucket,
                    account_id,
                    opened_on: case.opened_on,
                    stage: case.stage.as_str(),
                    policy: &case.policy,
                });
            }
        }
        if let Some(flag) = &decided.flag {
            let bills: Vec<&str> = flag.bills.iter().map(|bill| bill.as_str()).collect();
            let bills = serde_json::to_string(&bills).unwrap_or_default();
            let why = format!(
                "repeat debtor since {}: {} bills were late",
                flag.flagged_on,
                flag.bills.len()
            );
            let whose = (bucket, account_id.clone());
            self.reviews.push(Task::open(whose, TaskKind::Review, why, now, None));
            self.flags.push(FlagRow { bucket, account_id, flagged_on: flag.flagged_on, bills });
        }
        self.entries.extend(&decided.enters);
        if decided.touched != 0 {
            self.untouched.push(TouchedRow { bucket, account_id, changes: decided.touched });
        }
    }

    fn add_reminder(
        &mut self,
        reminder: &'a Reminder,
        terms: &[ItemTerms],
        is_observed: bool,
        now: Timestamp,
    ) {
        let (bucket, reminder_id) = (reminder.bucket(), reminder.id);
        let stored: Vec<StoredItem<'_>> = reminder
            .items
            .iter()
            .zip(terms)
            .map(|(item, terms)| StoredItem {
                bill_id: item.bill.as_str().into(),
                step: item.step.as_str().into(),
                terms: *terms,
            })
            .collect();
        self.reminders.push(ReminderRow {
            bucket,
            reminder_id,
            account_id: &reminder.account,
            day: reminder.day,
            revision: reminder.revision,
            scenario: &reminder.scenario,
            policy: &reminder.policy,
            step: &reminder.step,
            severity: reminder.severity.as_str(),
            channels: channels_text(&reminder.channels),
            items: serde_json::to_string(&stored).unwrap_or_default(),
            planned_at: reminder.planned_at.into(),
            send_after: reminder.send_after.into(),
            send_before: reminder.send_before.into(),
        });
        for (item, terms) in reminder.items.iter().zip(terms) {
            let (bill_id, step) = (item.bill.as_str(), item.step.as_str());
            let ItemTerms { step_on, limit_on, .. } = *terms;
            self.settled.push(SettledRow { bucket, bill_id, step });
            if is_observed {
                let account_id = &reminder.account;
                let reason = Reason::Observed;
                self.why_not.push(WhyNotRow {
                    bucket,
                    account_id,
                    bill_id,
                    step,
                    step_on,
                    limit_on,
                    reason,
                    is_open: false,
                });
            }
        }
        if is_observed {
            self.transitions.push(TransitionRow::end(
                reminder_id,
                ReminderState::Suppressed,
                Reason::Observed,
                now,
            ));
        }
    }
}

/// Channels in order, as they are stored: `sms,email`.
fn channels_text(channels: &[Channel]) -> String {
    channels.iter().map(|channel| channel.as_str()).collect::<Vec<_>>().join(",")
}

async fn record_decisions(tx: &mut Tx, page: &PlanPage, now: Timestamp) -> Result<(), StoreError> {
    let Some(on) = page.on else { return Ok(()) };
    let mut rows = PageRows::default();
    page.decisions.iter().for_each(|decided| rows.add(decided, on, now));
    // Of two rows about one bill and step the last was decided last.
    rows.why_not.reverse();
    let mut seen = std::collections::HashSet::new();
    rows.why_not.retain(|row| seen.insert((row.bill_id, row.step)));
    let on = on.to_string();
    let on = Arg::Text(&on);

    if !rows.reminders.is_empty() {
        if !tx.insert(&rows.reminders).await? {
            tx.run(sql::insert_reminders, &[Arg::Set(&rows.reminders)]).await?;
        }
        tx.run(sql::close_why_not, &[Arg::Set(&rows.settled)]).await?;
        // An account that is planned again counts once.
        let first = rows.reminders.iter().filter(|row| row.revision == 0);
        add_tallies(tx, Sign::Planned, first.map(|row| (row.bucket, row.day))).await?;
    }
    if !rows.transitions.is_empty() {
        append_rows(tx, rows.transitions).await?;
    }
    if !rows.why_not.is_empty() {
        tx.run(sql::put_why_not, &[Arg::Set(&rows.why_not), on]).await?;
    }
    if !rows.ended.is_empty() {
        tx.run(sql::end_cases, &[Arg::Set(&rows.ended), on, Arg::Text("cured")]).await?;
    }
    if !rows.opened.is_empty() && !tx.insert(&rows.opened).await? {
        tx.run(sql::open_cases, &[Arg::Set(&rows.opened)]).await?;
    }
    if !rows.spared.is_empty() {
        tx.run(sql::put_spared, &[Arg::Set(&rows.spared)]).await?;
    }
    if !rows.flags.is_empty() {
        tx.run(sql::put_flags, &[Arg::Set(&rows.flags)]).await?;
        put_tasks(tx, &rows.reviews).await?;
    }
    put_entries(tx, rows.entries.into_iter()).await?;
    if !rows.untouched.is_empty() {
        tx.run(sql::untouch, &[Arg::Set(&rows.untouched)]).await?;
    }
    Ok(())
}
