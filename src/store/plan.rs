//! Finding what is due, and writing what was decided.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::facts::AccountFacts;
use crate::model::{
    AccountId, Bucket, Channel, Reason, Reminder, ReminderId, ReminderState, Tenure,
};

use super::copy::{CopyRow, Fields};
use super::engine::{Arg, Tx, json};
use super::facts::{Key, StoredItem, bucket, bucket_keys};
use super::statements::sql;
use super::{
    Decided, History, ItemDates, PlanPage, PlanStore, PolicyVersion, Scope, SqlStore, StoreError,
};

#[async_trait]
impl PlanStore for SqlStore {
    async fn candidates(
        &self,
        scope: &Scope,
        buckets: &[Bucket],
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError> {
        #[derive(Serialize)]
        struct Due {
            due_on: Date,
        }
        let due: Vec<Due> = scope.due_on.iter().map(|due_on| Due { due_on: *due_on }).collect();
        let on = scope.on.to_string();
        let is_new_day = i64::from(scope.is_new_day);
        let args = [bucket_keys(buckets), json(&due), Arg::Int(is_new_day), Arg::Text(&on)];
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
            tx.run(sql::set_planned, &[bucket_keys(buckets), Arg::Text(&day.to_string())]).await?;
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
    transitions: Vec<EndRow>,
    why_not: Vec<WhyNotRow<'a>>,
    ended: Vec<Key<'a>>,
    opened: Vec<CaseRow<'a>>,
    flags: Vec<FlagRow<'a>>,
    untouched: Vec<TouchedRow<'a>>,
}

#[derive(Serialize)]
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
    planned_at: i64,
    send_after: i64,
    send_before: i64,
}

impl CopyRow for ReminderRow<'_> {
    const INTO: &'static str = "copy reminder (bucket, reminder_id, account_id, day, revision, \
        scenario, policy, step, severity, channels, items, planned_at, send_after, send_before) \
        from stdin (format binary)";

    fn write(&self, row: &mut Fields<'_>) {
        row.bucket(self.bucket).reminder(self.reminder_id).text(self.account_id.as_str());
        row.date(self.day).int(self.revision).text(self.scenario).text(self.policy);
        row.text(self.step).text(self.severity).text(&self.channels).text(&self.items);
        row.instant(self.planned_at).instant(self.send_after).instant(self.send_before);
    }
}

/// A step of a bill that is in a reminder now.
#[derive(Serialize)]
struct SettledRow<'a> {
    bucket: Bucket,
    bill_id: &'a str,
    step: &'a str,
}

/// The end of a reminder that never left.
#[derive(Serialize)]
struct EndRow {
    bucket: Bucket,
    reminder_id: ReminderId,
    seq: u32,
    state: &'static str,
    at: i64,
    attempt: u32,
    reason: &'static str,
}

#[derive(Serialize)]
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

#[derive(Serialize)]
struct CaseRow<'a> {
    bucket: Bucket,
    account_id: &'a AccountId,
    opened_on: Date,
    stage: &'static str,
    policy: &'a str,
}

impl CopyRow for CaseRow<'_> {
    const INTO: &'static str = "copy dunning_case (bucket, account_id, opened_on, stage, policy) \
        from stdin (format binary)";

    fn write(&self, row: &mut Fields<'_>) {
        row.bucket(self.bucket).text(self.account_id.as_str()).date(self.opened_on);
        row.text(self.stage).text(self.policy);
    }
}

#[derive(Serialize)]
struct FlagRow<'a> {
    bucket: Bucket,
    account_id: &'a AccountId,
    flagged_on: Date,
    bills: String,
}

#[derive(Serialize)]
struct TouchedRow<'a> {
    bucket: Bucket,
    account_id: &'a AccountId,
    changes: i64,
}

impl<'a> PageRows<'a> {
    fn add(&mut self, decided: &'a Decided, now: Timestamp) {
        let (bucket, account_id) = (decided.bucket, &decided.account);
        for reminder in &decided.cancel {
            self.transitions.push(end_row(
                *reminder,
                ReminderState::Cancelled,
                Reason::Replanned,
                now,
            ));
        }
        for (reminder, dates) in &decided.reminders {
            self.add_reminder(reminder, dates, decided.is_observed, now);
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
            self.flags.push(FlagRow { bucket, account_id, flagged_on: flag.flagged_on, bills });
        }
        if decided.touched != 0 {
            self.untouched.push(TouchedRow { bucket, account_id, changes: decided.touched });
        }
    }

    fn add_reminder(
        &mut self,
        reminder: &'a Reminder,
        dates: &[ItemDates],
        is_observed: bool,
        now: Timestamp,
    ) {
        let (bucket, reminder_id) = (reminder.bucket(), reminder.id);
        let stored: Vec<StoredItem<'_>> = reminder
            .items
            .iter()
            .zip(dates)
            .map(|(item, dates)| StoredItem {
                bill_id: item.bill.as_str().into(),
                step: item.step.as_str().into(),
                step_on: dates.step_on,
                limit_on: dates.limit_on,
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
            planned_at: reminder.planned_at.as_microsecond(),
            send_after: reminder.send_after.as_microsecond(),
            send_before: reminder.send_before.as_microsecond(),
        });
        for (item, dates) in reminder.items.iter().zip(dates) {
            let (bill_id, step) = (item.bill.as_str(), item.step.as_str());
            let ItemDates { step_on, limit_on } = *dates;
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
            self.transitions.push(end_row(
                reminder_id,
                ReminderState::Suppressed,
                Reason::Observed,
                now,
            ));
        }
    }
}

fn end_row(
    reminder_id: ReminderId,
    state: ReminderState,
    reason: Reason,
    now: Timestamp,
) -> EndRow {
    EndRow {
        bucket: reminder_id.bucket(),
        reminder_id,
        seq: 1,
        state: state.as_str(),
        at: now.as_microsecond(),
        attempt: 0,
        reason: reason.as_str(),
    }
}

/// Channels in order, as they are stored: `sms,email`.
fn channels_text(channels: &[Channel]) -> String {
    channels.iter().map(|channel| channel.as_str()).collect::<Vec<_>>().join(",")
}

async fn record_decisions(tx: &mut Tx, page: &PlanPage, now: Timestamp) -> Result<(), StoreError> {
    let Some(on) = page.on else { return Ok(()) };
    let mut rows = PageRows::default();
    page.decisions.iter().for_each(|decided| rows.add(decided, now));
    // Of two rows about one bill and step the last was decided last.
    rows.why_not.reverse();
    let mut seen = std::collections::HashSet::new();
    rows.why_not.retain(|row| seen.insert((row.bill_id, row.step)));
    let on = on.to_string();
    let on = Arg::Text(&on);

    if !rows.reminders.is_empty() {
        if !tx.copy(&rows.reminders).await? {
            tx.run(sql::insert_reminders, &[json(&rows.reminders)]).await?;
        }
        tx.run(sql::close_why_not, &[json(&rows.settled)]).await?;
    }
    if !rows.transitions.is_empty() {
        tx.run(sql::insert_transitions, &[json(&rows.transitions)]).await?;
    }
    if !rows.why_not.is_empty() {
        tx.run(sql::put_why_not, &[json(&rows.why_not), on.clone()]).await?;
    }
    if !rows.ended.is_empty() {
        tx.run(sql::end_cases, &[json(&rows.ended), on.clone(), Arg::Text("cured")]).await?;
    }
    if !rows.opened.is_empty() && !tx.copy(&rows.opened).await? {
        tx.run(sql::open_cases, &[json(&rows.opened)]).await?;
    }
    if !rows.flags.is_empty() {
        tx.run(sql::put_flags, &[json(&rows.flags)]).await?;
    }
    if !rows.untouched.is_empty() {
        tx.run(sql::untouch, &[json(&rows.untouched)]).await?;
    }
    Ok(())
}
