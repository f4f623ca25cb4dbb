//! Reminders on their way: what is due, the keys that make sending once, and
//! the transitions that record what became of each.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::cap::Counted;
use crate::model::notice::Proof;
use crate::model::reminder::{ItemTerms, Transition};
use crate::model::{
    AccountId, BillId, Bucket, Channel, Item, Reason, Reminder, ReminderId, ReminderState,
    Severity, Tenure,
};

use super::buckets::{bucket_keys, bucket_runs};
use super::contacts::{release_contacts, take_contacts};
use super::deadlines::{channel, channels, first_id, standing};
use super::engine::{Arg, Tx};
use super::facts::{account, items_with_terms};
use super::keys::{Keys, release_keys, reminder_keys, take_keys};
use super::notices::put_proofs;
use super::parts::insert_parts;
use super::row::Row;
use super::set::{Micros, TableRow, set_row};
use super::statements::sql;
use super::{DueBill, DueReminder, OutboxStore, SqlStore, Standing, StoreError};

/// A retry never outlives its contact window, which is shorter than this.
const RETRY_HORIZON: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);

/// What became of submissions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Submitted {
    /// They have their keys and marks.
    pub marked: Vec<ReminderId>,
    /// A cap forbids them on this channel, and nothing was written.
    pub capped: Vec<ReminderId>,
}

/// One attempt, about to be made.
#[derive(Debug, Clone)]
pub struct Submission {
    pub reminder: ReminderId,
    pub account: AccountId,
    pub day: Date,
    pub items: Vec<Item>,
    /// The contact that it is, where caps are about it.
    pub counted: Option<Counted>,
    /// What it says, where it is a statutory notice.
    pub proof: Option<Proof>,
    /// Where a cap forbids it, another channel may do: the reminder is left alone
    /// and given back. Without one it is put off.
    pub has_another: bool,
    /// An earlier channel took the reminder and nothing was heard: it counts as
    /// sent whatever becomes of this attempt.
    pub was_taken: bool,
    /// The SUBMITTING mark. That of the first attempt is the key itself and
    /// takes no place among the transitions: its `seq` is that of what came before.
    pub mark: Transition,
}

impl Submission {
    /// Every key is taken with the first attempt.
    pub(super) fn is_first(&self) -> bool {
        self.mark.attempt == 1
    }
}

#[async_trait]
impl OutboxStore for SqlStore {
    async fn due(
        &self,
        buckets: &[Bucket],
        after: Option<ReminderId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueReminder>, StoreError> {
        let bucket = after.map_or(-1, |after| i64::from(after.bucket().number()));
        let left = buckets.iter().filter(|it| i64::from(it.number()) >= bucket).copied();
        let left: Vec<Bucket> = left.collect();
        let left = bucket_keys(&left);
        let after = after.unwrap_or(ReminderId::from_bytes([0; 16])).to_string();
        let first = first_id(now);
        let args = [
            Arg::Set(&left),
            Arg::Int(now.as_microsecond()),
            Arg::Int(bucket),
            Arg::Text(&after),
            Arg::Text(&first),
            Arg::Int(i64::from(limit)),
        ];
        let rows = self.engine.rows(sql::load_due, &args).await?;
        let found = rows.iter().map(|row| due_reminder(row, false)).collect::<Result<_, _>>()?;
        self.with_fresh_bills(found).await
    }

    async fn retries(
        &self,
        buckets: &[Bucket],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueReminder>, StoreError> {
        let runs = bucket_runs(buckets);
        let args = [
            Arg::Set(&runs),
            Arg::Int((now - RETRY_HORIZON).as_microsecond()),
            Arg::Int(now.as_microsecond()),
            Arg::Int(i64::from(limit)),
        ];
        let rows = self.engine.rows(sql::load_retries, &args).await?;
        let found = rows.iter().map(|row| due_reminder(row, true)).collect::<Result<_, _>>()?;
        self.with_fresh_bills(found).await
    }

    async fn submit(
        &self,
        tenure: &Tenure,
        submissions: &[Submission],
        now: Timestamp,
    ) -> Result<Submitted, StoreError> {
        if submissions.is_empty() {
            return Ok(Submitted::default());
        }
        let buckets = submissions.iter().map(|one| one.reminder.bucket());
        let mut tx = self.write(tenure, buckets).await?;
        let over = take_contacts(&mut tx, submissions).await?;
        let within = submissions.iter().filter(|one| !over.contains_key(&one.reminder));
        let (first, later): (Vec<&Submission>, Vec<&Submission>) =
            within.partition(|one| one.is_first());
        let Keys { mut marked, taken_by, keyless } = match first.as_slice() {
            [] => Keys::default(),
            first => take_keys(&mut tx, first).await?,
        };
        // Whoever got one key and not the other keeps none. Keys of an earlier
        // submission of the same reminder are not touched: that one went out.
        let lost: Vec<ReminderId> =
            taken_by.into_iter().filter(|id| keyless.contains(id)).collect();
        if !lost.is_empty() {
            release_keys(&mut tx, &lost).await?;
        }

        let mut marks: Vec<TransitionRow<'_>> =
            later.iter().map(|one| TransitionRow::of(&one.mark)).collect();
        for one in first.iter().filter(|one| keyless.contains(&one.reminder)) {
            marks.push(TransitionRow {
                seq: one.mark.seq + 1,
                state: ReminderState::Cancelled.as_str(),
                reason: Some(Reason::AccountCap.as_str()),
                at: now.into(),
                attempt: 0,
                next_at: None,
                ..TransitionRow::of(&one.mark)
            });
        }
        if !marks.is_empty() {
            let appended = append_rows(&mut tx, marks).await?;
            let cancelled: Vec<(ReminderId, Reason)> = keyless
                .iter()
                .filter(|id| appended.contains(id))
                .map(|id| (*id, Reason::AccountCap))
                .collect();
            if !cancelled.is_empty() {
                reopen_steps(&mut tx, &cancelled).await?;
            }
            marked.extend(appended.into_iter().filter(|id| !keyless.contains(id)));
        }
        let over = submissions.iter().filter_map(|one| Some((one, *over.get(&one.reminder)?)));
        let (capped, over): (Vec<_>, Vec<_>) = over.partition(|(one, _)| one.has_another);
        end_over_cap(&mut tx, &over, now).await?;
        let is_marked = |one: &&Submission| marked.contains(&one.reminder);
        put_proofs(&mut tx, submissions.iter().filter(|one| one.proof.is_some()).filter(is_marked))
            .await?;
        tx.commit().await?;
        Ok(Submitted { marked, capped: capped.iter().map(|(one, _)| one.reminder).collect() })
    }

    async fn append(&self, tenure: &Tenure, transitions: &[Transition]) -> Result<u64, StoreError> {
        if transitions.is_empty() {
            return Ok(0);
        }
        let rows: Vec<TransitionRow<'_>> = transitions.iter().map(TransitionRow::of).collect();
        let buckets = transitions.iter().map(|one| one.reminder.bucket());
        let mut tx = self.write(tenure, buckets).await?;
        let appended = append_rows(&mut tx, rows).await?;
        let unsent: Vec<(ReminderId, Reason)> = transitions
            .iter()
            .filter(|t| appended.contains(&t.reminder))
            .filter(|t| matches!(t.state, ReminderState::Deferred | ReminderState::Suppressed))
            .map(|t| (t.reminder, t.reason.unwrap_or(Reason::OutsideWindow)))
            .collect();
        put_off(&mut tx, &unsent).await?;
        let accepted = transitions.iter().filter(|t| appended.contains(&t.reminder));
        insert_parts(&mut tx, accepted).await?;
        tx.commit().await?;
        Ok(appended.len() as u64)
    }

    async fn standing(&self, reminders: &[ReminderId]) -> Result<Vec<Standing>, StoreError> {
        let keys = reminder_keys(reminders);
        let rows = self.engine.rows(sql::load_standing, &[Arg::Set(&keys)]).await?;
        rows.iter().map(standing).collect()
    }
}

impl SqlStore {
    /// Reads the bills of doubtful reminders anew: of accounts that changed
    /// since they were planned, and of those that were tried already, which
    /// planning leaves alone.
    async fn with_fresh_bills(
        &self,
        mut found: Vec<DueReminder>,
    ) -> Result<Vec<DueReminder>, StoreError> {
        set_row! {
            struct BillOnDay<'a> {
                bucket: Bucket,
                reminder_id: ReminderId,
                bill_id: &'a BillId,
                step: &'a str,
                day: Date,
            }
        }
        let doubtful = found.iter().filter(|due| due.is_touched || due.attempt > 0);
        let keys: Vec<BillOnDay<'_>> = doubtful
            .flat_map(|due| {
                let reminder = &due.reminder;
                reminder.items.iter().map(|item| BillOnDay {
                    bucket: reminder.bucket(),
                    reminder_id: reminder.id,
                    bill_id: &item.bill,
                    step: &item.step,
                    day: reminder.day,
                })
            })
            .collect();
        if keys.is_empty() {
            return Ok(found);
        }
        let mut bills: HashMap<ReminderId, Vec<(DueBill, bool)>> = HashMap::new();
        for row in self.engine.rows(sql::load_due_bills, &[Arg::Set(&keys)]).await? {
            let bill = DueBill {
                id: BillId(row.text("bill_id")?),
                step: row.text("step")?,
                currency: row.parsed("currency")?,
                due_on: row.date("due_on")?,
                disputed: row.int("disputed")?,
                is_offer: false,
            };
            let is_taken = row.int("is_taken")? == 1;
            bills.entry(row.reminder("reminder_id")?).or_default().push((bill, is_taken));
        }
        for due in found.iter_mut().filter(|due| due.is_touched || due.attempt > 0) {
            let of_it = bills.remove(&due.reminder.id).unwrap_or_default();
            // A later attempt is about the bills that the first one took the keys of.
            let counts = |is_taken: bool| is_taken || due.attempt == 0;
            let is_offer = |id: &BillId| due.bills.iter().any(|it| it.id == *id && it.is_offer);
            due.bills = of_it
                .into_iter()
                .filter(|(_, is_taken)| counts(*is_taken))
                .map(|(bill, _)| DueBill { is_offer: is_offer(&bill.id), ..bill })
                .collect();
        }
        Ok(found)
    }
}

/// Reminders of which nothing left: their keys are free again, and their steps
/// stay due.
async fn put_off(tx: &mut Tx, unsent: &[(ReminderId, Reason)]) -> Result<(), StoreError> {
    if unsent.is_empty() {
        return Ok(());
    }
    let ids: Vec<ReminderId> = unsent.iter().map(|(id, _)| *id).collect();
    release_keys(tx, &ids).await?;
    release_contacts(tx, &reminder_keys(&ids)).await?;
    reopen_steps(tx, unsent).await
}

/// Attempts that a cap forbids: their reminders are not sent on this day.
async fn end_over_cap(
    tx: &mut Tx,
    over: &[(&Submission, Reason)],
    now: Timestamp,
) -> Result<(), StoreError> {
    if over.is_empty() {
        return Ok(());
    }
    let state = |one: &Submission| ReminderState::Deferred.where_taken(one.was_taken);
    let ends = over.iter().map(|(one, reason)| TransitionRow {
        // The mark of a first attempt has the place of what came before.
        seq: if one.is_first() { one.mark.seq + 1 } else { one.mark.seq },
        state: state(one).as_str(),
        at: now.into(),
        attempt: one.mark.attempt - 1,
        provider: None,
        reason: Some(reason.as_str()),
        next_at: None,
        ..TransitionRow::of(&one.mark)
    });
    let ended = append_rows(tx, ends.collect()).await?;
    let unsent: Vec<(ReminderId, Reason)> = over
        .iter()
        .filter(|(one, _)| ended.contains(&one.reminder))
        .filter(|(one, _)| state(one) == ReminderState::Deferred)
        .map(|(one, reason)| (one.reminder, *reason))
        .collect();
    put_off(tx, &unsent).await
}

async fn reopen_steps(tx: &mut Tx, reminders: &[(ReminderId, Reason)]) -> Result<(), StoreError> {
    set_row! {
        struct Reopened {
            bucket: Bucket,
            reminder_id: ReminderId,
            reason: Reason,
            is_open: bool,
        }
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
    tx.run(sql::reopen_steps, &[Arg::Set(&rows)]).await?;
    let keys = reminder_keys(reminders.iter().map(|(id, _)| id));
    tx.run(sql::look_again, &[Arg::Set(&keys)]).await.map(drop)
}

set_row! {
pub struct TransitionRow<'a> {
    bucket: Bucket,
    reminder_id: ReminderId,
    seq: u32,
    state: &'static str,
    at: Micros,
    attempt: u32,
    channel: Option<&'static str>,
    provider: Option<&'a str>,
    provider_ref: Option<&'a str>,
    reason: Option<&'static str>,
    note: Option<&'a str>,
    next_at: Option<Micros>,
}
}

impl TransitionRow<'_> {
    /// The end of a reminder that was never tried.
    pub fn end(
        reminder: ReminderId,
        state: ReminderState,
        reason: Reason,
        now: Timestamp,
    ) -> TransitionRow<'static> {
        TransitionRow {
            bucket: reminder.bucket(),
            reminder_id: reminder,
            seq: 1,
            state: state.as_str(),
            at: now.into(),
            attempt: 0,
            channel: None,
            provider: None,
            provider_ref: None,
            reason: Some(reason.as_str()),
            note: None,
            next_at: None,
        }
    }

    fn of(transition: &Transition) -> TransitionRow<'_> {
        TransitionRow {
            bucket: transition.reminder.bucket(),
            reminder_id: transition.reminder,
            seq: transition.seq,
            state: transition.state.as_str(),
            at: transition.at.into(),
            attempt: transition.attempt,
            channel: transition.channel.map(Channel::as_str),
            provider: transition.provider.as_deref(),
            provider_ref: transition.provider_ref.as_deref(),
            reason: transition.reason.map(Reason::as_str),
            note: transition.note.as_deref(),
            next_at: transition.next_at.map(Micros::from),
        }
    }
}

impl TableRow for TransitionRow<'_> {
    const TABLE: &'static str = "transition";
}

/// Appends transitions; gives the reminders whose place was free.
pub async fn append_rows(
    tx: &mut Tx,
    rows: Vec<TransitionRow<'_>>,
) -> Result<HashSet<ReminderId>, StoreError> {
    // What ends a reminder before any attempt has a condition besides its key.
    let (attempts, ends): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.attempt > 0);
    let mut appended = HashSet::with_capacity(attempts.len() + ends.len());
    if tx.insert(&attempts).await? {
        appended.extend(attempts.iter().map(|row| row.reminder_id));
    } else if !attempts.is_empty() {
        for row in tx.rows(sql::insert_attempts, &[Arg::Set(&attempts)]).await? {
            appended.insert(row.reminder("reminder_id")?);
        }
    }
    if !ends.is_empty() {
        for row in tx.rows(sql::insert_ends, &[Arg::Set(&ends)]).await? {
            appended.insert(row.reminder("reminder_id")?);
        }
    }
    Ok(appended)
}

/// A due reminder; that of a retry says where it stands.
fn due_reminder(row: &Row, is_retry: bool) -> Result<DueReminder, StoreError> {
    let number = |column| if is_retry { row.int(column) } else { Ok(0) };
    let items = items_with_terms(row)?;
    let mut bills: Vec<DueBill> = items.iter().map(|(item, terms)| due_bill(item, terms)).collect();
    bills.sort_by(|one, other| (one.due_on, &one.id).cmp(&(other.due_on, &other.id)));
    Ok(DueReminder {
        reminder: reminder(row, items.into_iter().map(|(item, _)| item).collect())?,
        bills,
        account: account(row)?,
        seq: number("seq")? as u32,
        attempt: number("attempt")? as u32,
        channel: if is_retry { channel(row)? } else { None },
        failed: if is_retry { row.opt_text("failed")? } else { None },
        on_channel: number("on_channel")?.max(0) as u32,
        spared: number("spared")? as u32,
        was_taken: number("was_taken")? == 1,
        is_touched: row.int("changes")? > 0,
    })
}

fn due_bill(item: &Item, terms: &ItemTerms) -> DueBill {
    DueBill {
        id: item.bill.clone(),
        step: item.step.clone(),
        currency: terms.currency,
        due_on: terms.due_on,
        disputed: terms.disputed,
        is_offer: terms.is_offer,
    }
}

fn reminder(row: &Row, items: Vec<Item>) -> Result<Reminder, StoreError> {
    let severity = row.text("severity")?;
    Ok(Reminder {
        id: row.reminder("reminder_id")?,
        account: AccountId(row.text("account_id")?),
        day: row.date("day")?,
        revision: row.int("revision")? as u32,
        scenario: row.text("scenario")?,
        policy: row.text("policy")?,
        step: row.text("step")?,
        severity: Severity::parse(&severity).ok_or(StoreError::Corrupt { column: "severity" })?,
        channels: channels(row)?,
        items,
        planned_at: row.instant("planned_at")?,
        send_after: row.instant("send_after")?,
        send_before: row.instant("send_before")?,
    })
}
