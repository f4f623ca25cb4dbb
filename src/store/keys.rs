//! The keys that make sending once: an account's day, and a bill at a step.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use crate::model::{AccountId, Bucket, Channel, ReminderId};

use super::engine::{Arg, Tx};
use super::set::{Micros, TableRow, set_row};
use super::statements::sql;
use super::{StoreError, Submission};

set_row! {
    pub struct ReminderKey {
        bucket: Bucket,
        reminder_id: ReminderId,
    }
}

pub fn reminder_keys<'a>(ids: impl IntoIterator<Item = &'a ReminderId>) -> Vec<ReminderKey> {
    ids.into_iter().map(|id| ReminderKey { bucket: id.bucket(), reminder_id: *id }).collect()
}

/// What became of the keys of first attempts.
#[derive(Default)]
pub struct Keys {
    /// Reminders that got all of theirs: they are submitting now.
    pub marked: Vec<ReminderId>,
    /// Reminders that took keys just now, all of theirs or some.
    pub taken_by: Vec<ReminderId>,
    /// Reminders that did not get all of theirs.
    pub keyless: HashSet<ReminderId>,
}

set_row! {
struct SubmissionRow<'a> {
    bucket: Bucket,
    account_id: &'a AccountId,
    day: Date,
    reminder_id: ReminderId,
    at: Micros,
    channel: &'static str,
    provider: &'a str,
}
}

impl TableRow for SubmissionRow<'_> {
    const TABLE: &'static str = "submission";
}

set_row! {
struct SentItemRow<'a> {
    bucket: Bucket,
    bill_id: &'a str,
    step: &'a str,
    account_id: &'a AccountId,
    day: Date,
    reminder_id: ReminderId,
}
}

impl TableRow for SentItemRow<'_> {
    const TABLE: &'static str = "sent_item";
}

/// Takes the keys of first attempts: first the account's day, and only with
/// that the items, so that a reminder without the former took nothing. One of
/// which something became already, as planning may have cancelled it, is left out.
pub async fn take_keys(tx: &mut Tx, first: &[&Submission]) -> Result<Keys, StoreError> {
    let ids = reminder_keys(first.iter().map(|one| &one.reminder));
    let mut moved = HashSet::new();
    for row in tx.rows(sql::find_moved, &[Arg::Set(&ids)]).await? {
        moved.insert(row.reminder("reminder_id")?);
    }
    let days: Vec<SubmissionRow<'_>> = first
        .iter()
        .filter(|one| !moved.contains(&one.reminder))
        .map(|one| SubmissionRow {
            bucket: one.reminder.bucket(),
            account_id: &one.account,
            day: one.day,
            reminder_id: one.reminder,
            at: one.mark.at.into(),
            channel: one.mark.channel.map_or("", Channel::as_str),
            provider: one.mark.provider.as_deref().unwrap_or_default(),
        })
        .collect();
    let mut got: HashMap<ReminderId, usize> = HashMap::with_capacity(first.len());
    if tx.insert(&days).await? {
        got.extend(days.iter().map(|row| (row.reminder_id, 0)));
    } else {
        for row in tx.rows(sql::take_submissions, &[Arg::Set(&days)]).await? {
            got.insert(row.reminder("reminder_id")?, 0);
        }
    }
    let items: Vec<SentItemRow<'_>> = first
        .iter()
        .filter(|one| got.contains_key(&one.reminder))
        .flat_map(|one| {
            one.items.iter().map(|item| SentItemRow {
                bucket: one.reminder.bucket(),
                bill_id: item.bill.as_str(),
                step: &item.step,
                account_id: &one.account,
                day: one.day,
                reminder_id: one.reminder,
            })
        })
        .collect();
    if tx.insert(&items).await? {
        for row in &items {
            *got.entry(row.reminder_id).or_default() += 1;
        }
    } else {
        for row in tx.rows(sql::take_items, &[Arg::Set(&items)]).await? {
            *got.entry(row.reminder("reminder_id")?).or_default() += 1;
        }
    }
    let (marked, keyless): (Vec<&Submission>, Vec<&Submission>) = first
        .iter()
        .filter(|one| !moved.contains(&one.reminder))
        .partition(|one| got.get(&one.reminder) == Some(&one.items.len()));
    Ok(Keys {
        marked: marked.into_iter().map(|one| one.reminder).collect(),
        taken_by: got.into_keys().collect(),
        keyless: keyless.into_iter().map(|one| one.reminder).collect(),
    })
}

pub async fn release_keys(tx: &mut Tx, reminders: &[ReminderId]) -> Result<(), StoreError> {
    let keys = reminder_keys(reminders);
    tx.run(sql::release_days, &[Arg::Set(&keys)]).await?;
    tx.run(sql::release_items, &[Arg::Set(&keys)]).await.map(drop)
}
