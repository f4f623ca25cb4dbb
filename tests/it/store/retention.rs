//! What is old goes, and what may still be asked for stays.

use duebell::model::reminder::Transition;
use duebell::model::{Bucket, Channel, Reminder, ReminderState};
use duebell::store::{OutboxStore, RetentionStore, SqlStore, Submission};

use super::on_each_engine;
use crate::support::build::*;

on_each_engine![
    keys_of_a_settled_bill_go_and_those_of_an_owed_one_stay,
    what_is_not_old_yet_stays_whole,
    another_bucket_is_left_alone,
];

/// Sends account A's reminder of today about these bills, which were due yesterday.
async fn sent(store: &SqlStore, bills: &[(&str, i64)]) -> Reminder {
    with_accounts(store, &["A"]).await;
    let rows: Vec<_> =
        bills.iter().map(|(id, remaining)| bill(id, "A", *remaining, "2026-03-09")).collect();
    with_bills(store, &rows).await;
    let items: Vec<_> = bills.iter().map(|(id, _)| item(id, "late1")).collect();
    let reminder = reminder("A", 0, &items);
    planned(store, &reminder).await;
    let submission = Submission {
        reminder: reminder.id,
        account: reminder.account.clone(),
        day: reminder.day,
        items: reminder.items.clone(),
        counted: None,
        proof: None,
        has_another: false,
        was_taken: false,
        mark: mark(&reminder, ReminderState::Submitting, 0),
    };
    let marked = store.submit(&alone(), &[submission], at(NOON)).await.unwrap();
    assert_eq!(marked.marked, [reminder.id]);
    let accepted = mark(&reminder, ReminderState::Accepted, 1);
    assert_eq!(store.append(&alone(), &[accepted]).await.unwrap(), 1);
    reminder
}

fn mark(reminder: &Reminder, state: ReminderState, seq: u32) -> Transition {
    Transition {
        reminder: reminder.id,
        seq,
        state,
        at: at(NOON),
        attempt: 1,
        channel: Some(Channel::Sms),
        provider: Some("sandbox".into()),
        provider_ref: None,
        refs: Vec::new(),
        reason: None,
        note: None,
        next_at: None,
    }
}

/// Bills and steps whose keys are taken.
async fn taken(store: &SqlStore) -> Vec<String> {
    let mut taken: Vec<String> =
        store.desk().sent().await.unwrap().into_iter().map(|line| line.bill).collect();
    taken.sort();
    taken
}

async fn keys_of_a_settled_bill_go_and_those_of_an_owed_one_stay(store: &SqlStore) {
    sent(store, &[("settled", 5_000), ("owed", 5_000)]).await;
    with_bills(store, &[bill("settled", "A", 0, "2026-03-09")]).await;
    store.forget_bucket(Bucket::of("A"), day("2026-03-11")).await.unwrap();
    assert_eq!(taken(store).await, ["owed"]);
    assert!(store.desk().attempts(&"A".into()).await.unwrap().is_empty(), "history is gone");
}

async fn what_is_not_old_yet_stays_whole(store: &SqlStore) {
    let reminder = sent(store, &[("settled", 5_000)]).await;
    with_bills(store, &[bill("settled", "A", 0, "2026-03-09")]).await;
    // The bill was due before that day; the key was taken on it.
    assert_eq!(store.forget_bucket(Bucket::of("A"), day(TODAY)).await.unwrap(), 0);
    assert_eq!(taken(store).await, ["settled"]);
    assert_eq!(store.standing(&[reminder.id]).await.unwrap().len(), 1);
}

async fn another_bucket_is_left_alone(store: &SqlStore) {
    sent(store, &[("settled", 5_000)]).await;
    with_bills(store, &[bill("settled", "A", 0, "2026-03-09")]).await;
    for bucket in Bucket::all().into_iter().filter(|it| *it != Bucket::of("A")).take(3) {
        assert_eq!(store.forget_bucket(bucket, day("2030-01-01")).await.unwrap(), 0);
    }
    assert_eq!(taken(store).await, ["settled"]);
}
