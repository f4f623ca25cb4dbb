//! Finding what is due, and writing what was decided.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::facts::AccountFacts;
use crate::model::id::BUCKETS;
use crate::model::{AccountId, Bucket, Channel, Reason, Reminder, ReminderId, ReminderState};

use super::engine::{Arg, Tx, json};
use super::facts::Key;
use super::statements::sql;
use super::{
    Candidates, Decided, History, ItemDates, PlanPage, PlanStore, PolicyVersion, Scope, SqlStore,
    StoreError,
};

#[async_trait]
impl PlanStore for SqlStore {
    async fn candidates(
        &self,
        scope: &Scope,
        from: Bucket,
        limit: u32,
    ) -> Result<Candidates, StoreError> {
        let found = self.find_candidates(scope, from, i64::from(limit)).await?;
        let is_cut = found.len() as u64 == u64::from(limit);
        let Some((last, _)) = found.last().filter(|_| is_cut) else {
            return Ok(Candidates { accounts: found, through: Some(Bucket::LAST) });
        };
        let last = *last;
        if found.first().is_some_and(|(first, _)| *first == last) {
            // One bucket fills more than a page: it is taken whole.
            let mut whole = self.find_candidates(scope, from, i64::from(u32::MAX)).await?;
            whole.retain(|(bucket, _)| *bucket == last);
            return Ok(Candidates { accounts: whole, through: Some(last) });
        }
        // The page may have cut its last bucket; that one comes again.
        let accounts = found.into_iter().filter(|(bucket, _)| *bucket < last).collect();
        let through = Bucket::from_number(i64::from(last.number()) - 1);
        Ok(Candidates { accounts, through: Some(through) })
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

    async fn record(&self, page: &PlanPage, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.engine.begin().await?;
        record_decisions(&mut tx, page, now).await?;
        if let Some((from, through, day)) = page.planned {
            #[derive(Serialize)]
            struct Planned {
                bucket: u16,
            }
            let buckets: Vec<Planned> =
                (from.number()..=through.number()).map(|bucket| Planned { bucket }).collect();
            tx.run(sql::set_planned, &[json(&buckets), Arg::Text(&day.to_string())]).await?;
        }
        tx.commit().await
    }

    async fn planned_through(&self) -> Result<Option<Date>, StoreError> {
        let rows = self.engine.rows(sql::load_planned, &[]).await?;
        match rows.first() {
            Some(row) if row.int("buckets")? == i64::from(BUCKETS) => {
                row.opt_parsed("planned_through")
            }
            _ => Ok(None),
        }
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

impl SqlStore {
    async fn find_candidates(
        &self,
        scope: &Scope,
        from: Bucket,
        limit: i64,
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError> {
        #[derive(Serialize)]
        struct Range {
            due_from: Date,
            due_to: Date,
        }
        let ranges: Vec<Range> = scope
            .due_between
            .iter()
            .map(|(due_from, due_to)| Range { due_from: *due_from, due_to: *due_to })
            .collect();
        let on = scope.on.to_string();
        let args = [
            Arg::Int(i64::from(from.number())),
            json(&ranges),
            Arg::Int(i64::from(scope.is_new_day)),
            Arg::Text(&on),
            Arg::Int(limit),
        ];
        let rows = self.engine.rows(sql::find_candidates, &args).await?;
        rows.iter()
            .map(|row| {
                Ok((Bucket::from_number(row.int("bucket")?), AccountId(row.text("account_id")?)))
            })
            .collect()
    }
}

/// Rows of all kinds that a page of decisions comes to.
#[derive(Default)]
struct PageRows<'a> {
    reminders: Vec<ReminderRow<'a>>,
    items: Vec<ItemRow<'a>>,
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
    planned_at: i64,
    send_after: i64,
    send_before: i64,
}

#[derive(Serialize)]
struct ItemRow<'a> {
    bucket: Bucket,
    reminder_id: ReminderId,
    bill_id: &'a str,
    step: &'a str,
    step_on: Date,
    limit_on: Date,
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
            planned_at: reminder.planned_at.as_microsecond(),
            send_after: reminder.send_after.as_microsecond(),
            send_before: reminder.send_before.as_microsecond(),
        });
        for (item, dates) in reminder.items.iter().zip(dates) {
            let (bill_id, step) = (item.bill.as_str(), item.step.as_str());
            let ItemDates { step_on, limit_on } = *dates;
            self.items.push(ItemRow { bucket, reminder_id, bill_id, step, step_on, limit_on });
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

    if !rows.items.is_empty() {
        tx.run(sql::insert_reminders, &[json(&rows.reminders)]).await?;
        tx.run(sql::insert_items, &[json(&rows.items)]).await?;
        tx.run(sql::close_why_not, &[json(&rows.items)]).await?;
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
    if !rows.opened.is_empty() {
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
