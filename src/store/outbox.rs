//! Reminders on their way: what is due, the keys that make sending once, and
//! the transitions that record what became of each.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::control::Control;
use crate::model::reminder::Transition;
use crate::model::{
    AccountId, BillId, Bucket, Channel, Reason, Reminder, ReminderId, ReminderState, Severity,
};

use super::engine::{Arg, Row, Tx, json};
use super::facts::{Key, account};
use super::statements::sql;
use super::{
    ControlStore, DueBill, DueReminder, OutboxStore, SqlStore, Standing, StoreError, Submission,
};

/// A retry never outlives its contact window, which is shorter than this.
const RETRY_HORIZON: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);

#[derive(Serialize)]
struct ReminderKey {
    bucket: Bucket,
    reminder_id: ReminderId,
}

fn reminder_keys<'a>(ids: impl IntoIterator<Item = &'a ReminderId>) -> Arg<'static> {
    let keys: Vec<ReminderKey> =
        ids.into_iter().map(|id| ReminderKey { bucket: id.bucket(), reminder_id: *id }).collect();
    json(&keys)
}

#[async_trait]
impl OutboxStore for SqlStore {
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueReminder>, StoreError> {
        let micros = Arg::Int(now.as_microsecond());
        let limit = Arg::Int(i64::from(limit));
        let mut found = Vec::new();
        for row in self.engine.rows(sql::load_due, &[micros.clone(), limit.clone()]).await? {
            found.push(Found {
                reminder: reminder(&row)?,
                seq: 0,
                attempt: 0,
                channel: None,
                on_channel: 0,
            });
        }
        let since = Arg::Int((now - RETRY_HORIZON).as_microsecond());
        for row in self.engine.rows(sql::load_retries, &[micros, since, limit]).await? {
            found.push(Found {
                reminder: reminder(&row)?,
                seq: row.int("seq")? as u32,
                attempt: row.int("attempt")? as u32,
                channel: channel(&row)?,
                on_channel: row.int("on_channel")?.max(0) as u32,
            });
        }
        self.with_details(found).await
    }

    async fn submit(
        &self,
        submissions: &[Submission],
        now: Timestamp,
    ) -> Result<Vec<ReminderId>, StoreError> {
        if submissions.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.engine.begin().await?;
        let first: Vec<&Submission> = submissions.iter().filter(|s| s.is_first).collect();
        let Keys { taken_by, keyless } = take_keys(&mut tx, &first).await?;

        let mut marks: Vec<TransitionRow<'_>> = Vec::with_capacity(submissions.len());
        for submission in submissions {
            let mut row = TransitionRow::of(&submission.mark);
            if keyless.contains(&submission.reminder) {
                row.state = ReminderState::Cancelled.as_str();
                row.reason = Some(Reason::AccountCap.as_str());
                row.at = now.as_microsecond();
                (row.attempt, row.next_at) = (0, None);
            }
            marks.push(row);
        }
        let mut appended = append_rows(&mut tx, &marks).await?;

        // Whoever lost its place to another transition, or a key to another
        // reminder, keeps no key that it took here. Keys of an earlier
        // submission of the same reminder are not touched: that one went out.
        let lost: Vec<ReminderId> = taken_by
            .into_iter()
            .filter(|id| keyless.contains(id) || !appended.contains(id))
            .collect();
        if !lost.is_empty() {
            release_keys(&mut tx, &lost).await?;
        }
        let cancelled: Vec<(ReminderId, Reason)> = keyless
            .iter()
            .filter(|id| appended.contains(id))
            .map(|id| (*id, Reason::AccountCap))
            .collect();
        if !cancelled.is_empty() {
            reopen_steps(&mut tx, &cancelled).await?;
        }
        tx.commit().await?;
        appended.retain(|id| !keyless.contains(id));
        Ok(appended.into_iter().collect())
    }

    async fn append(&self, transitions: &[Transition]) -> Result<u64, StoreError> {
        if transitions.is_empty() {
            return Ok(0);
        }
        let rows: Vec<TransitionRow<'_>> = transitions.iter().map(TransitionRow::of).collect();
        let mut tx = self.engine.begin().await?;
        let appended = append_rows(&mut tx, &rows).await?;
        let unsent: Vec<(ReminderId, Reason)> = transitions
            .iter()
            .filter(|t| appended.contains(&t.reminder))
            .filter(|t| matches!(t.state, ReminderState::Deferred | ReminderState::Suppressed))
            .map(|t| (t.reminder, t.reason.unwrap_or(Reason::OutsideWindow)))
            .collect();
        if !unsent.is_empty() {
            let ids: Vec<ReminderId> = unsent.iter().map(|(id, _)| *id).collect();
            release_keys(&mut tx, &ids).await?;
            reopen_steps(&mut tx, &unsent).await?;
        }
        tx.commit().await?;
        Ok(appended.len() as u64)
    }

    async fn standing(&self, reminders: &[ReminderId]) -> Result<Vec<Standing>, StoreError> {
        let rows = self.engine.rows(sql::load_standing, &[reminder_keys(reminders)]).await?;
        rows.iter().map(standing).collect()
    }

    async fn waiting(
        &self,
        states: &[ReminderState],
        after: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Standing>, StoreError> {
        #[derive(Serialize)]
        struct State {
            state: &'static str,
        }
        let states: Vec<State> =
            states.iter().map(|state| State { state: state.as_str() }).collect();
        let args = [
            json(&states),
            Arg::Int(after.as_microsecond()),
            Arg::Int(until.as_microsecond()),
            Arg::Int(i64::from(limit)),
        ];
        let rows = self.engine.rows(sql::load_waiting, &args).await?;
        rows.iter().map(standing).collect()
    }

    async fn missed(
        &self,
        after: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Standing>, StoreError> {
        let args = [
            Arg::Int(after.as_microsecond()),
            Arg::Int(until.as_microsecond()),
            Arg::Int(i64::from(limit)),
        ];
        let rows = self.engine.rows(sql::load_missed, &args).await?;
        rows.iter().map(standing).collect()
    }
}

#[async_trait]
impl ControlStore for SqlStore {
    async fn control(&self) -> Result<Control, StoreError> {
        let mut control = Control::default();
        for row in self.engine.rows(sql::load_control, &[]).await? {
            let (name, value) = (row.text("name")?, row.text("value")?);
            if let Some(scenario) = name.strip_prefix("live:") {
                let since = value.parse().map_err(|_| StoreError::Corrupt { column: "value" })?;
                control.live_since.insert(scenario.to_owned(), since);
            } else if name == "kill_switch" {
                control.kill_switch = true;
            }
        }
        Ok(control)
    }

    async fn set_control(
        &self,
        name: &str,
        value: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match value {
            Some(value) => {
                let args = [Arg::Text(name), Arg::Text(value), Arg::Int(now.as_microsecond())];
                self.engine.run(sql::put_control, &args).await.map(drop)
            }
            None => self.engine.run(sql::drop_control, &[Arg::Text(name)]).await.map(drop),
        }
    }

    async fn mark(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.engine.rows(sql::load_mark, &[Arg::Text(name)]).await?;
        rows.first().map(|row| row.instant("at")).transpose()
    }

    async fn set_marks(&self, marks: &[(&str, Timestamp)]) -> Result<(), StoreError> {
        let mut tx = self.engine.begin().await?;
        for (name, at) in marks {
            tx.run(sql::put_mark, &[Arg::Text(name), Arg::Int(at.as_microsecond())]).await?;
        }
        tx.commit().await
    }
}

/// A due reminder before its bills and its account are read.
struct Found {
    reminder: Reminder,
    seq: u32,
    attempt: u32,
    channel: Option<Channel>,
    on_channel: u32,
}

impl SqlStore {
    async fn with_details(&self, found: Vec<Found>) -> Result<Vec<DueReminder>, StoreError> {
        #[derive(Serialize)]
        struct OnDay {
            bucket: Bucket,
            reminder_id: ReminderId,
            day: Date,
        }
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let on_days: Vec<OnDay> = found
            .iter()
            .map(|f| OnDay {
                bucket: f.reminder.bucket(),
                reminder_id: f.reminder.id,
                day: f.reminder.day,
            })
            .collect();
        // A later attempt is about the bills that the first one took the keys of.
        let tried: HashSet<ReminderId> =
            found.iter().filter(|f| f.attempt > 0).map(|f| f.reminder.id).collect();
        let mut bills: HashMap<ReminderId, Vec<DueBill>> = HashMap::with_capacity(found.len());
        for row in self.engine.rows(sql::load_due_bills, &[json(&on_days)]).await? {
            let reminder: ReminderId = row.parsed("reminder_id")?;
            if row.int("is_taken")? == 0 && tried.contains(&reminder) {
                continue;
            }
            bills.entry(reminder).or_default().push(DueBill {
                id: BillId(row.text("bill_id")?),
                step: row.text("step")?,
                currency: row.parsed("currency")?,
                due_on: row.parsed("due_on")?,
                disputed: row.int("disputed")?,
            });
        }

        let keys: Vec<Key<'_>> = found
            .iter()
            .map(|f| Key { bucket: f.reminder.bucket(), account_id: &f.reminder.account })
            .collect();
        let mut accounts = HashMap::with_capacity(found.len());
        for row in self.engine.rows(sql::load_accounts, &[json(&keys)]).await? {
            let account = account(&row)?;
            accounts.insert(account.id.clone(), (account, row.int("changes")? > 0));
        }
        found
            .into_iter()
            .map(|f| {
                let account = accounts.get(&f.reminder.account).cloned();
                let (account, is_touched) =
                    account.ok_or(StoreError::Corrupt { column: "account_id" })?;
                Ok(DueReminder {
                    bills: bills.remove(&f.reminder.id).unwrap_or_default(),
                    account,
                    is_touched,
                    reminder: f.reminder,
                    seq: f.seq,
                    attempt: f.attempt,
                    channel: f.channel,
                    on_channel: f.on_channel,
                })
            })
            .collect()
    }
}

/// What became of the keys of first attempts.
struct Keys {
    /// Reminders that took keys just now, all of theirs or some.
    taken_by: Vec<ReminderId>,
    /// Reminders that did not get all of theirs.
    keyless: HashSet<ReminderId>,
}

/// A key as the statements take it; of a day, bill and step are empty.
#[derive(Serialize)]
struct Taken<'a> {
    bucket: Bucket,
    bill_id: &'a str,
    step: &'a str,
    account_id: &'a AccountId,
    day: Date,
    reminder_id: ReminderId,
}

impl<'a> Taken<'a> {
    fn by(submission: &'a Submission, bill_id: &'a str, step: &'a str) -> Taken<'a> {
        Taken {
            bucket: submission.reminder.bucket(),
            bill_id,
            step,
            account_id: &submission.account,
            day: submission.day,
            reminder_id: submission.reminder,
        }
    }
}

/// Takes the keys of first attempts: first the account's day, and only with
/// that the items, so that a reminder without the former took nothing.
async fn take_keys(tx: &mut Tx, first: &[&Submission]) -> Result<Keys, StoreError> {
    if first.is_empty() {
        return Ok(Keys { taken_by: Vec::new(), keyless: HashSet::new() });
    }
    let days: Vec<Taken<'_>> = first.iter().map(|one| Taken::by(one, "", "")).collect();
    let mut got: HashMap<ReminderId, usize> = HashMap::with_capacity(first.len());
    for row in tx.rows(sql::take_days, &[json(&days)]).await? {
        got.insert(row.parsed("reminder_id")?, 0);
    }
    let items: Vec<Taken<'_>> = first
        .iter()
        .filter(|one| got.contains_key(&one.reminder))
        .flat_map(|one| one.items.iter().map(|item| Taken::by(one, item.bill.as_str(), &item.step)))
        .collect();
    for row in tx.rows(sql::take_items, &[json(&items)]).await? {
        *got.entry(row.parsed("reminder_id")?).or_default() += 1;
    }
    let keyless = first
        .iter()
        .filter(|one| got.get(&one.reminder) != Some(&one.items.len()))
        .map(|one| one.reminder)
        .collect();
    Ok(Keys { taken_by: got.into_keys().collect(), keyless })
}

async fn release_keys(tx: &mut Tx, reminders: &[ReminderId]) -> Result<(), StoreError> {
    tx.run(sql::release_days, &[reminder_keys(reminders)]).await?;
    tx.run(sql::release_items, &[reminder_keys(reminders)]).await.map(drop)
}

async fn reopen_steps(tx: &mut Tx, reminders: &[(ReminderId, Reason)]) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Reopened {
        bucket: Bucket,
        reminder_id: ReminderId,
        reason: Reason,
        is_open: bool,
    }
    let rows: Vec<Reopened> = reminders
        .iter()
        .map(|(id, reason)| Reopened {
            bucket: id.bucket(),
            reminder_id: *id,
            reason: *reason,
            is_open: !reason.is_final(),
        })
        .collect();
    tx.run(sql::reopen_steps, &[json(&rows)]).await?;
    let ids = reminders.iter().map(|(id, _)| id);
    tx.run(sql::look_again, &[reminder_keys(ids)]).await.map(drop)
}

#[derive(Serialize)]
struct TransitionRow<'a> {
    bucket: Bucket,
    reminder_id: ReminderId,
    seq: u32,
    state: &'static str,
    at: i64,
    attempt: u32,
    channel: Option<&'static str>,
    provider: Option<&'a str>,
    provider_ref: Option<&'a str>,
    reason: Option<&'static str>,
    note: Option<&'a str>,
    next_at: Option<i64>,
}

impl TransitionRow<'_> {
    fn of(transition: &Transition) -> TransitionRow<'_> {
        TransitionRow {
            bucket: transition.reminder.bucket(),
            reminder_id: transition.reminder,
            seq: transition.seq,
            state: transition.state.as_str(),
            at: transition.at.as_microsecond(),
            attempt: transition.attempt,
            channel: transition.channel.map(Channel::as_str),
            provider: transition.provider.as_deref(),
            provider_ref: transition.provider_ref.as_deref(),
            reason: transition.reason.map(Reason::as_str),
            note: transition.note.as_deref(),
            next_at: transition.next_at.map(Timestamp::as_microsecond),
        }
    }
}

async fn append_rows(
    tx: &mut Tx,
    rows: &[TransitionRow<'_>],
) -> Result<HashSet<ReminderId>, StoreError> {
    let appended = tx.rows(sql::insert_transitions, &[json(rows)]).await?;
    appended.iter().map(|row| row.parsed("reminder_id")).collect()
}

fn channel(row: &Row) -> Result<Option<Channel>, StoreError> {
    Ok(row.opt_text("channel")?.as_deref().and_then(Channel::parse))
}

fn channels(row: &Row) -> Result<Vec<Channel>, StoreError> {
    Ok(row.text("channels")?.split(',').filter_map(Channel::parse).collect())
}

fn standing(row: &Row) -> Result<Standing, StoreError> {
    Ok(Standing {
        reminder: row.parsed("reminder_id")?,
        seq: row.int("seq")? as u32,
        state: ReminderState::parse(&row.text("state")?)
            .ok_or(StoreError::Corrupt { column: "state" })?,
        attempt: row.int("attempt")? as u32,
        channel: channel(row)?,
        provider: row.opt_text("provider")?,
        channels: channels(row)?,
        send_before: row.instant("send_before")?,
        next_at: row.opt_instant("next_at")?,
    })
}

fn reminder(row: &Row) -> Result<Reminder, StoreError> {
    let severity = row.text("severity")?;
    Ok(Reminder {
        id: row.parsed("reminder_id")?,
        account: AccountId(row.text("account_id")?),
        day: row.parsed("day")?,
        revision: row.int("revision")? as u32,
        scenario: row.text("scenario")?,
        policy: row.text("policy")?,
        step: row.text("step")?,
        severity: Severity::parse(&severity).ok_or(StoreError::Corrupt { column: "severity" })?,
        channels: channels(row)?,
        items: Vec::new(),
        planned_at: row.instant("planned_at")?,
        send_after: row.instant("send_after")?,
        send_before: row.instant("send_before")?,
    })
}
