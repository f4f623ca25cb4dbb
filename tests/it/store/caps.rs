//! No cap is exceeded, whoever sends at the same time and whatever comes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use duebell::model::cap::Counted;
use duebell::model::law::{Cap, CapKey, Counts};
use duebell::model::reply::{Meaning, Note};
use duebell::model::{Bucket, Channel, Reminder, ReminderId, ReminderState};
use duebell::store::{
    Conversation, OutboxStore, ReplyStore, RetentionStore, SettledReply, SqlStore, Submission,
};
use jiff::Timestamp;

use super::on_each_engine;
use super::outbox::{outcome, submission};
use super::replies::posted;
use crate::support::build::*;
use crate::support::postgres;

on_each_engine![
    a_number_has_so_many_contacts_in_any_so_many_days_whoever_has_it,
    an_account_has_so_many_contacts_on_the_channels_that_count_together,
    a_person_has_so_many_contacts_over_all_of_their_accounts_and_addresses,
    another_attempt_on_a_channel_is_the_same_contact_and_another_channel_is_not,
    what_never_left_was_no_contact,
    whoever_is_over_waits_for_another_day_and_keeps_no_key,
    one_that_may_have_arrived_is_not_due_again_for_a_cap,
    whoever_has_another_channel_is_given_back_as_it_was,
    after_a_conversation_there_is_silence_and_caps_do_not_count_it,
    a_call_that_was_wanted_and_made_is_a_conversation,
    old_contacts_go,
];

const PHONE: &str = "+4915123456789";

fn cap(channels: &[Channel], limit: u16, key: CapKey) -> Cap {
    let (channels, counts) = (channels.to_vec(), Counts::Attempts);
    Cap { channels, window_days: 7, limit, key, counts, only: None }
}

/// The first attempt at `reminder`, on a channel, under caps, at a moment.
fn attempt(reminder: &Reminder, caps: &[Cap], channel: Channel, when: &str) -> Submission {
    let account = (reminder.bucket(), &reminder.account, None);
    let counted = Counted::under(caps, None, account, (channel, PHONE), at(when));
    let mut one = Submission { counted, ..submission(reminder) };
    (one.mark.channel, one.mark.at) = (Some(channel), at(when));
    one
}

/// Reminders planned for as many accounts, which share a number.
async fn reminders(store: &SqlStore, accounts: &[&str]) -> Vec<Reminder> {
    with_accounts(store, accounts).await;
    let mut all = Vec::new();
    for account in accounts {
        with_bills(store, &[bill(&format!("b{account}"), account, 5_000, "2026-03-09")]).await;
        let one = reminder(account, 0, &[item(&format!("b{account}"), "late1")]);
        planned(store, &one).await;
        all.push(one);
    }
    all
}

async fn submit(store: &SqlStore, one: Submission) -> bool {
    let (id, now) = (one.reminder, one.mark.at);
    store.submit(&alone(), &[one], now).await.unwrap().marked == [id]
}

async fn state(store: &SqlStore, reminder: &Reminder) -> ReminderState {
    store.standing(&[reminder.id]).await.unwrap()[0].state
}

async fn a_number_has_so_many_contacts_in_any_so_many_days_whoever_has_it(store: &SqlStore) {
    let all = reminders(store, &["A", "B", "C", "D", "E", "F"]).await;
    let caps = [cap(&Channel::ALL, 2, CapKey::Number)];
    let one = |n: usize, when| attempt(&all[n], &caps, Channel::Sms, when);
    assert!(submit(store, one(0, "2026-03-10T09:00Z")).await);
    // Two that come together are counted one after the other.
    let both = [one(1, "2026-03-10T10:00Z"), one(2, "2026-03-10T10:00Z")];
    let marked = store.submit(&alone(), &both, at("2026-03-10T10:00Z")).await.unwrap();
    assert_eq!(marked.marked, [all[1].id]);
    assert_eq!(state(store, &all[2]).await, ReminderState::Deferred);
    assert!(!submit(store, one(3, "2026-03-17T08:59:59Z")).await);
    // The first is seven days ago now.
    assert!(submit(store, one(4, "2026-03-17T09:00Z")).await);
    assert!(!submit(store, one(5, "2026-03-17T09:30Z")).await);
}

async fn a_person_has_so_many_contacts_over_all_of_their_accounts_and_addresses(store: &SqlStore) {
    let all = reminders(store, &["A", "B", "C", "D", "E"]).await;
    let caps = [cap(&Channel::ALL, 2, CapKey::Person)];
    // Every account has an address of its own.
    let one = |n: usize, person: Option<&str>| {
        let reminder = &all[n];
        let (account, address) = ((reminder.bucket(), &reminder.account, person), n.to_string());
        let when = at("2026-03-10T09:00Z");
        let counted = Counted::under(&caps, None, account, (Channel::Sms, &address), when);
        Submission { counted, ..attempt(reminder, &[], Channel::Sms, "2026-03-10T09:00Z") }
    };
    assert!(submit(store, one(0, Some("P"))).await);
    assert!(submit(store, one(1, Some("P"))).await);
    assert!(!submit(store, one(2, Some("P"))).await);
    assert!(submit(store, one(3, Some("Q"))).await, "another person");
    // What never left was no contact with the person either.
    let back = outcome(&all[0], 1, ReminderState::Deferred);
    store.append(&alone(), &[back]).await.unwrap();
    assert!(submit(store, one(4, Some("P"))).await);
}

async fn an_account_has_so_many_contacts_on_the_channels_that_count_together(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let by_phone = cap(&[Channel::Sms, Channel::Voice], 1, CapKey::Account);
    let caps = [by_phone, cap(&Channel::ALL, 3, CapKey::Account)];
    let mut went = Vec::new();
    let channels = [Channel::Voice, Channel::Sms, Channel::Email, Channel::Email, Channel::Email];
    for (n, channel) in channels.into_iter().enumerate() {
        let name = format!("a{n}");
        with_bills(store, &[bill(&name, "A", 5_000, "2026-03-09")]).await;
        let (bucket, account) = key("A");
        let on = day(&format!("2026-03-{}", 10 + n));
        let one = reminder("A", 0, &[item(&name, "late1")]);
        let one = Reminder { id: ReminderId::derive(bucket, &account, on, 0), day: on, ..one };
        planned(store, &one).await;
        let when = format!("{on}T09:00Z");
        went.push(submit(store, attempt(&one, &caps, channel, &when)).await);
    }
    assert_eq!(went, [true, false, true, true, false]);
}

async fn another_attempt_on_a_channel_is_the_same_contact_and_another_channel_is_not(
    store: &SqlStore,
) {
    let all = reminders(store, &["A", "B"]).await;
    let caps = [cap(&Channel::ALL, 2, CapKey::Number)];
    let later = |number: u32, channel, seq| {
        let mut one = attempt(&all[0], &caps, channel, "2026-03-10T11:00Z");
        (one.mark.attempt, one.mark.seq) = (number, seq);
        one
    };
    assert!(submit(store, attempt(&all[0], &caps, Channel::Sms, "2026-03-10T09:00Z")).await);
    let retry = outcome(&all[0], 1, ReminderState::RetryLater);
    store.append(&alone(), &[retry]).await.unwrap();
    assert!(submit(store, later(2, Channel::Sms, 2)).await);
    let again = outcome(&all[0], 3, ReminderState::RetryLater);
    store.append(&alone(), &[again]).await.unwrap();
    assert!(submit(store, later(3, Channel::Email, 4)).await);
    assert!(!submit(store, attempt(&all[1], &caps, Channel::Sms, "2026-03-10T12:00Z")).await);
}

async fn what_never_left_was_no_contact(store: &SqlStore) {
    let all = reminders(store, &["A", "B"]).await;
    let caps = [cap(&Channel::ALL, 1, CapKey::Number)];
    assert!(submit(store, attempt(&all[0], &caps, Channel::Sms, "2026-03-10T09:00Z")).await);
    let retry = outcome(&all[0], 1, ReminderState::RetryLater);
    let over = outcome(&all[0], 2, ReminderState::Deferred);
    for transition in [retry, over] {
        store.append(&alone(), &[transition]).await.unwrap();
    }
    assert!(submit(store, attempt(&all[1], &caps, Channel::Sms, "2026-03-10T10:00Z")).await);
}

async fn whoever_is_over_waits_for_another_day_and_keeps_no_key(store: &SqlStore) {
    let all = reminders(store, &["A", "B"]).await;
    look_at_all(store).await;
    let caps = [cap(&Channel::ALL, 1, CapKey::Number)];
    assert!(submit(store, attempt(&all[0], &caps, Channel::Sms, "2026-03-10T09:00Z")).await);
    assert!(!submit(store, attempt(&all[1], &caps, Channel::Sms, "2026-03-10T10:00Z")).await);
    let rows = store.desk().why_not(&"B".into()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].reason.as_str(), rows[0].is_open), ("person_cap", true));
    // The step and the day are free for another reminder.
    let (bucket, account) = key("B");
    let again = reminder("B", 1, &all[1].items);
    let again = Reminder { id: ReminderId::derive(bucket, &account, day(TODAY), 1), ..again };
    planned(store, &again).await;
    assert!(submit(store, attempt(&again, &[], Channel::Sms, "2026-03-10T11:00Z")).await);
}

async fn one_that_may_have_arrived_is_not_due_again_for_a_cap(store: &SqlStore) {
    let all = reminders(store, &["A"]).await;
    let caps = [cap(&Channel::ALL, 1, CapKey::Number)];
    assert!(submit(store, attempt(&all[0], &caps, Channel::Sms, "2026-03-10T09:00Z")).await);
    for (seq, state) in [(1, ReminderState::Accepted), (2, ReminderState::Unheard)] {
        store.append(&alone(), &[outcome(&all[0], seq, state)]).await.unwrap();
    }
    let mut next = attempt(&all[0], &caps, Channel::Email, "2026-03-10T11:00Z");
    (next.mark.attempt, next.mark.seq, next.was_taken) = (2, 3, true);
    assert!(!submit(store, next).await);
    assert_eq!(state(store, &all[0]).await, ReminderState::Expired);
    let rows = store.desk().why_not(&"A".into()).await.unwrap();
    assert!(rows.iter().all(|row| !row.is_open), "{rows:?}");
}

async fn whoever_has_another_channel_is_given_back_as_it_was(store: &SqlStore) {
    let all = reminders(store, &["A", "B"]).await;
    look_at_all(store).await;
    let caps = [cap(&[Channel::Sms], 1, CapKey::Number), cap(&Channel::ALL, 2, CapKey::Number)];
    let on = |n: usize, channel, has_another| Submission {
        has_another,
        ..attempt(&all[n], &caps, channel, "2026-03-10T10:00Z")
    };
    assert!(submit(store, on(0, Channel::Sms, true)).await);
    let submitted = store.submit(&alone(), &[on(1, Channel::Sms, true)], at(NOON)).await.unwrap();
    assert_eq!((submitted.marked, submitted.capped), (vec![], vec![all[1].id]));
    // Planned, and nothing more.
    assert_eq!(store.standing(&[all[1].id]).await.unwrap().len(), 0);
    assert_eq!(touched(store).await, [""; 0]);
    // Nothing of it is left, and the other channel has room.
    assert!(submit(store, on(1, Channel::Email, false)).await);
    assert_eq!(state(store, &all[1]).await, ReminderState::Submitting);
    // The cap over all channels counts it there.
    let others = reminders(store, &["C"]).await;
    let last = attempt(&others[0], &caps, Channel::Voice, "2026-03-10T11:00Z");
    assert!(!submit(store, last).await);
}

/// The first attempt at `reminder`, with silence after conversations since then.
fn silent(reminder: &Reminder, caps: &[Cap], since: &str, when: &str) -> Submission {
    let account = (reminder.bucket(), &reminder.account, None);
    let of = (Channel::Voice, PHONE);
    let counted = Counted::under(caps, Some(at(since)), account, of, at(when));
    Submission { counted, ..attempt(reminder, &[], Channel::Voice, when) }
}

async fn after_a_conversation_there_is_silence_and_caps_do_not_count_it(store: &SqlStore) {
    let all = reminders(store, &["A", "B", "C"]).await;
    look_at_all(store).await;
    for (account, when) in [("A", "2026-03-08T15:00Z"), ("A", "2026-03-04T15:00Z")] {
        let (bucket, account) = key(account);
        let told = Conversation::told(bucket, account, at(when));
        let note = Note::default();
        store.desk().add_conversation(&told, (when, &note), &by("Ann", NOON)).await.unwrap();
    }
    let caps = [cap(&Channel::ALL, 2, CapKey::Person)];
    let since = "2026-03-04T00:00Z";
    assert!(!submit(store, silent(&all[0], &caps, since, NOON)).await);
    let rows = store.desk().why_not(&"A".into()).await.unwrap();
    assert_eq!((rows[0].reason.as_str(), rows[0].is_open), ("silence", true));
    // Another's account is not silent, and a conversation is no contact.
    assert!(submit(store, silent(&all[1], &caps, since, NOON)).await);
    // Days later, nothing is left of it.
    let (bucket, account) = key("A");
    let again = reminder("A", 1, &all[0].items);
    let again = Reminder { id: ReminderId::derive(bucket, &account, day(TODAY), 1), ..again };
    planned(store, &again).await;
    assert!(submit(store, silent(&again, &caps, "2026-03-08T15:00Z", NOON)).await);
    // Of two reasons, the first in their order.
    let mut both = silent(&all[2], &caps, since, NOON);
    let counted = both.counted.as_mut().unwrap();
    counted.conversation = silent(&all[0], &[], since, NOON).counted.unwrap().conversation;
    assert!(!submit(store, both).await);
    let rows = store.desk().why_not(&"C".into()).await.unwrap();
    assert_eq!(rows[0].reason.as_str(), "person_cap");

    let lines = store.desk().replies_of(&"A".into()).await.unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!((lines[1].meaning.as_str(), lines[1].provider.as_str()), ("conversation", "staff"));
    assert_eq!(lines[1].done_by.as_deref(), Some("Ann"));
    assert!(store.desk().replies(10).await.unwrap().is_empty());
}

async fn a_call_that_was_wanted_and_made_is_a_conversation(store: &SqlStore) {
    for (is_reached, meaning, is_silent) in [
        (true, Meaning::CallBack(Note::default()), true),
        (false, Meaning::CallBack(Note::default()), false),
        (true, Meaning::Help, false),
    ] {
        store.erase().await.unwrap();
        let all = reminders(store, &["A"]).await;
        store.keep_replies(&[posted("m1", PHONE, meaning.clone())]).await.unwrap();
        let kept = store.unsettled_replies(&Bucket::all(), 10).await.unwrap();
        let settled = SettledReply {
            kept: &kept[0],
            meaning,
            words: None,
            account: Some("A".into()),
            for_people: true,
            said: Vec::new(),
            hold: None,
            wish: None,
            conversation: None,
        };
        store.settle_replies(&alone(), &[settled], at(NOON)).await.unwrap();
        let (id, ann) = (&kept[0].id, by("Ann", "2026-03-10T08:00Z"));
        assert!(store.desk().end_reply(id, is_reached, &ann).await.unwrap());
        assert!(!store.desk().end_reply(id, is_reached, &ann).await.unwrap());
        let one = silent(&all[0], &[], "2026-03-04T00:00Z", NOON);
        assert_eq!(submit(store, one).await, !is_silent);
    }
}

async fn old_contacts_go(store: &SqlStore) {
    let all = reminders(store, &["A", "B"]).await;
    let caps = [Cap { window_days: 366, ..cap(&Channel::ALL, 1, CapKey::Number) }];
    assert!(submit(store, attempt(&all[0], &caps, Channel::Sms, "2026-03-10T09:00Z")).await);
    let number = Bucket::of(PHONE);
    store.forget_contacts(number, day("2026-03-10")).await.unwrap();
    assert!(!submit(store, attempt(&all[1], &caps, Channel::Sms, "2026-03-10T10:00Z")).await);
    store.forget_contacts(number, day("2026-03-11")).await.unwrap();
    let others = reminders(store, &["C"]).await;
    assert!(submit(store, attempt(&others[0], &caps, Channel::Sms, "2026-03-10T10:00Z")).await);
}

/// Eight daemons, each with its own connections, and accounts of all buckets
/// that share a few numbers: what left of each number is what its cap allows.
#[tokio::test(flavor = "multi_thread")]
async fn eight_senders_at_once_exceed_no_cap() {
    const SENDERS: usize = 8;
    let url = postgres::database().await;
    let store = SqlStore::open(&url, None).await.unwrap();
    let names: Vec<String> = (0..SENDERS * 10).map(|n| format!("N{n}")).collect();
    let all = reminders(&store, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let caps =
        Arc::new([cap(&Channel::ALL, 3, CapKey::Number), cap(&[Channel::Sms], 2, CapKey::Number)]);
    let mut senders = tokio::task::JoinSet::new();
    for own in all.chunks(10) {
        let (url, own, caps) = (url.clone(), own.to_vec(), caps.clone());
        senders.spawn(async move {
            let store = SqlStore::open(&url, None).await.unwrap();
            let mut marked: Vec<ReminderId> = Vec::new();
            for pair in own.chunks(2) {
                let attempts: Vec<Submission> = pair
                    .iter()
                    .enumerate()
                    .map(|(n, one)| {
                        let channel = [Channel::Sms, Channel::Voice][n];
                        attempt(one, caps.as_ref(), channel, NOON)
                    })
                    .collect();
                let now: Timestamp = at(NOON);
                marked.extend(store.submit(&alone(), &attempts, now).await.unwrap().marked);
            }
            store.close().await;
            marked
        });
    }
    let marked: Vec<ReminderId> = senders.join_all().await.into_iter().flatten().collect();
    assert_eq!(marked.len(), 3);
    assert_eq!(marked.iter().collect::<BTreeSet<_>>().len(), 3);
    let voice = all.iter().enumerate().filter(|(n, one)| n % 2 == 1 && marked.contains(&one.id));
    assert!(voice.count() >= 1);
}

/// The same, where whoever is over a cap by SMS goes on by e-mail: no cap is
/// exceeded, and what one channel leaves over another may use.
#[tokio::test(flavor = "multi_thread")]
async fn eight_senders_that_go_on_by_another_channel_exceed_no_cap() {
    const SENDERS: usize = 8;
    let url = postgres::database().await;
    let store = SqlStore::open(&url, None).await.unwrap();
    let names: Vec<String> = (0..SENDERS * 10).map(|n| format!("N{n}")).collect();
    let all = reminders(&store, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let caps =
        Arc::new([cap(&[Channel::Sms], 2, CapKey::Number), cap(&Channel::ALL, 5, CapKey::Number)]);
    let mut senders = tokio::task::JoinSet::new();
    for own in all.chunks(10) {
        let (url, own, caps) = (url.clone(), own.to_vec(), caps.clone());
        senders.spawn(async move {
            let store = SqlStore::open(&url, None).await.unwrap();
            let (mut by_sms, mut by_email) = (0, 0);
            for pair in own.chunks(2) {
                let first: Vec<Submission> = pair
                    .iter()
                    .map(|one| Submission {
                        has_another: true,
                        ..attempt(one, caps.as_ref(), Channel::Sms, NOON)
                    })
                    .collect();
                let submitted = store.submit(&alone(), &first, at(NOON)).await.unwrap();
                by_sms += submitted.marked.len();
                let over = pair.iter().filter(|one| submitted.capped.contains(&one.id));
                let second: Vec<Submission> =
                    over.map(|one| attempt(one, caps.as_ref(), Channel::Email, NOON)).collect();
                by_email += store.submit(&alone(), &second, at(NOON)).await.unwrap().marked.len();
            }
            store.close().await;
            (by_sms, by_email)
        });
    }
    let sent = senders.join_all().await;
    let sum = sent.into_iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert_eq!(sum, (2, 3));
}
