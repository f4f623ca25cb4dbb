//! Contacts, counted against caps in the transaction that takes the keys.
//!
//! A number, or a person, has a bucket of its own, which another daemon may be
//! sending for at this moment: on PostgreSQL whoever counts its contacts first takes
//! a lock on it until the end of the transaction. Those of an account are only
//! ever counted by whoever has its bucket.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::cap::{CONVERSATION, ContactKey, Counted, Limit, Per, shared_key};
use crate::model::{AccountId, Bucket, Channel, Reason, ReminderId};

use super::engine::{Arg, Tx};
use super::keys::ReminderKey;
use super::set::{Micros, TableRow, set_row};
use super::statements::sql;
use super::{StoreError, Submission};

set_row! {
struct KeyRow<'a> {
    key: &'a str,
}

struct LimitRow<'a> {
    n: u32,
    bucket: Bucket,
    key: &'a str,
    reminder_id: ReminderId,
    channel: &'static str,
    channels: String,
    since: Micros,
}

struct ContactRow<'a> {
    bucket: Bucket,
    key: &'a str,
    reminder_id: ReminderId,
    channel: &'static str,
    at: Micros,
    number: Option<&'a str>,
    person: Option<&'a str>,
}

struct Released {
    bucket: Bucket,
    key: String,
    reminder_id: ReminderId,
}
}

impl TableRow for ContactRow<'_> {
    const TABLE: &'static str = "contact";
}

/// Somebody spoke with a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub bucket: Bucket,
    pub account: AccountId,
    /// The call in which it was, or a name of its own.
    pub reminder: ReminderId,
    pub at: Timestamp,
}

impl Conversation {
    /// One that somebody of the operator's tells of: no call of ours has its name.
    pub fn told(bucket: Bucket, account: AccountId, at: Timestamp) -> Conversation {
        let day = at.to_zoned(TimeZone::UTC).date();
        let reminder = ReminderId::derive(bucket, &account, day, u32::MAX);
        Conversation { bucket, account, reminder, at }
    }
}

/// Keeps conversations beside the contacts that they forbid. Nobody is touched:
/// what is planned is looked at when it is to leave.
pub(super) async fn put_conversations(
    tx: &mut Tx,
    conversations: &[&Conversation],
) -> Result<(), StoreError> {
    // Of one call, or one day, the last; in the order of the key.
    let mut last: BTreeMap<(ContactKey, ReminderId), Timestamp> = BTreeMap::new();
    for one in conversations {
        let key = ContactKey::conversation(one.bucket, &one.account);
        let kept = last.entry((key, one.reminder)).or_insert(one.at);
        *kept = one.at.max(*kept);
    }
    let rows: Vec<ContactRow<'_>> = last
        .iter()
        .map(|((key, reminder), at)| ContactRow {
            bucket: key.bucket,
            key: &key.key,
            reminder_id: *reminder,
            channel: CONVERSATION,
            at: (*at).into(),
            number: None,
            person: None,
        })
        .collect();
    if !rows.is_empty() {
        tx.run(sql::put_contacts, &[Arg::Set(&rows)]).await?;
    }
    Ok(())
}

/// One attempt that caps are about.
struct Limited<'a> {
    reminder: ReminderId,
    channel: Channel,
    at: Timestamp,
    /// Nothing of the reminder was tried before.
    is_first: bool,
    counted: &'a Counted,
}

/// Counts these attempts as contacts, one after the other, as far as no cap is
/// exceeded; gives those that would exceed one, and the reason.
pub async fn take_contacts(
    tx: &mut Tx,
    submissions: &[Submission],
) -> Result<HashMap<ReminderId, Reason>, StoreError> {
    let limited: Vec<Limited<'_>> = submissions
        .iter()
        .filter_map(|one| {
            let (counted, channel) = (one.counted.as_ref()?, one.mark.channel?);
            let (reminder, at, is_first) = (one.reminder, one.mark.at, one.is_first());
            Some(Limited { reminder, channel, at, is_first, counted })
        })
        .collect();
    if limited.is_empty() {
        return Ok(HashMap::new());
    }
    if tx.is_shared() {
        lock(tx, &limited).await?;
    }
    let before = before(tx, &limited).await?;
    let (over, rows) = count(&limited, &before);
    let first: HashSet<ReminderId> =
        limited.iter().filter(|one| one.is_first).map(|one| one.reminder).collect();
    let (new, again): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| first.contains(&row.reminder_id));
    for (mut rows, are_new) in [(new, true), (again, false)] {
        // In the order of the key, as with receipts.
        rows.sort_unstable_by_key(|row| (row.bucket, row.key, row.reminder_id));
        if !(rows.is_empty() || are_new && tx.insert(&rows).await?) {
            tx.run(sql::put_contacts, &[Arg::Set(&rows)]).await?;
        }
    }
    Ok(over)
}

async fn lock(tx: &mut Tx, limited: &[Limited<'_>]) -> Result<(), StoreError> {
    let shared = limited.iter().filter(|one| one.counted.is_shared());
    let keys: BTreeSet<&str> =
        shared.flat_map(|one| one.counted.shared().map(|it| it.key.as_str())).collect();
    let keys: Vec<KeyRow<'_>> = keys.into_iter().map(|key| KeyRow { key }).collect();
    if !keys.is_empty() {
        tx.rows(sql::lock_contacts, &[Arg::Set(&keys)]).await?;
    }
    Ok(())
}

/// How many contacts there are against each limit, in order. An attempt is no
/// contact besides an earlier one of the same reminder on the same channel.
async fn before(tx: &mut Tx, limited: &[Limited<'_>]) -> Result<Vec<usize>, StoreError> {
    let each = limited.iter().flat_map(|one| one.counted.limits.iter().map(move |it| (one, it)));
    let rows: Vec<LimitRow<'_>> = each
        .enumerate()
        .map(|(n, (one, limit))| LimitRow {
            n: n as u32,
            bucket: one.counted.key(limit.per).bucket,
            key: &one.counted.key(limit.per).key,
            reminder_id: one.reminder,
            channel: one.channel.as_str(),
            channels: counts(limit),
            since: limit.since.into(),
        })
        .collect();
    let mut before = vec![0; rows.len()];
    for row in tx.rows(sql::count_contacts, &[Arg::Set(&rows)]).await? {
        let n = row.int("n")? as usize;
        let place = before.get_mut(n).ok_or(StoreError::Corrupt { column: "n" })?;
        *place = row.int("taken")? as usize;
    }
    Ok(before)
}

/// What counts against a limit, as it is written.
fn counts(limit: &Limit) -> String {
    match limit.per {
        Per::Conversation => CONVERSATION.to_owned(),
        Per::Account | Per::Number | Per::Person => {
            limit.channels.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(",")
        }
    }
}

/// Why a contact that would exceed a limit is not made.
fn reason(limit: &Limit) -> Reason {
    match limit.per {
        Per::Conversation => Reason::Silence,
        Per::Account | Per::Number | Per::Person => Reason::PersonCap,
    }
}

/// Those over a cap, and the rows of the others.
fn count<'a>(
    limited: &[Limited<'a>],
    mut before: &[usize],
) -> (HashMap<ReminderId, Reason>, Vec<ContactRow<'a>>) {
    let (mut over, mut rows) = (HashMap::new(), Vec::new());
    let mut now: HashMap<&ContactKey, Vec<Channel>> = HashMap::new();
    for one in limited {
        let Limited { reminder, channel, at, counted, .. } = one;
        let (of_it, others) = before.split_at(counted.limits.len());
        before = others;
        let is_over = |(limit, before): &(&Limit, &usize)| {
            let with = now.get(counted.key(limit.per)).into_iter().flatten();
            let with = with.filter(|channel| limit.counts(**channel)).count();
            *before + with >= usize::from(limit.at_most)
        };
        let exceeded = counted.limits.iter().zip(of_it).filter(is_over);
        if let Some(reason) = exceeded.map(|(limit, _)| reason(limit)).min() {
            over.insert(*reminder, reason);
            continue;
        }
        let Counted { account, number, person, .. } = counted;
        for key in [Some(account), Some(number), person.as_ref()].into_iter().flatten() {
            let besides = |other| Some(other).filter(|_| key == account);
            now.entry(key).or_default().push(*channel);
            rows.push(ContactRow {
                bucket: key.bucket,
                key: &key.key,
                reminder_id: *reminder,
                channel: channel.as_str(),
                at: (*at).into(),
                number: besides(number.key.as_str()),
                person: person.as_ref().and_then(|person| besides(person.key.as_str())),
            });
        }
    }
    (over, rows)
}

/// These reminders were no contacts: nothing of them left. Their accounts' rows
/// lie with them, and name the numbers and the people.
pub async fn release_contacts(tx: &mut Tx, reminders: &Vec<ReminderKey>) -> Result<(), StoreError> {
    let mut released = Vec::new();
    for row in tx.rows(sql::release_accounts, &[Arg::Set(reminders)]).await? {
        for key in [row.opt_text("number")?, row.opt_text("person")?].into_iter().flatten() {
            let ContactKey { bucket, key } = shared_key(key);
            released.push(Released { bucket, key, reminder_id: row.reminder("reminder_id")? });
        }
    }
    if !released.is_empty() {
        tx.run(sql::release_numbers, &[Arg::Set(&released)]).await?;
    }
    Ok(())
}
