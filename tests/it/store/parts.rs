//! What receipts by a provider's reference may rely on: they are parked until
//! the one message that has it is known, and what is said of it is kept.

use duebell::model::receipt::{Fate, PartReceipt, PostedReceipt, Receipt};
use duebell::model::reminder::Transition;
use duebell::model::{AttemptKey, Bucket, Reminder, ReminderState};
use duebell::store::{
    MessagePart, OutboxStore, Parked, PartStore, ReceiptStore, SqlStore, Unparked,
};
use jiff::{SignedDuration, Timestamp};

use super::on_each_engine;
use super::outbox::{outcome, submission};
use crate::support::build::*;

on_each_engine![
    a_receipt_finds_the_message_that_has_its_reference,
    a_receipt_may_come_before_its_message,
    a_reference_that_two_messages_have_names_neither,
    receipts_about_others_buckets_are_left_to_them,
    references_are_kept_with_the_outcome_or_not_at_all,
    what_is_known_of_the_parts_is_kept,
    what_was_looked_at_is_done_or_comes_again,
    parts_are_forgotten,
];

fn now() -> Timestamp {
    at(NOON)
}

fn receipt(provider_ref: &str, fate: Fate) -> PartReceipt {
    PartReceipt { provider_ref: provider_ref.into(), fate, at: now() }
}

fn key(reminder: &Reminder) -> AttemptKey {
    AttemptKey { reminder: reminder.id, number: 1 }
}

/// A reminder of the account, which the provider took as these messages.
async fn accepted(store: &SqlStore, account: &str, refs: &[&str]) -> Reminder {
    let bill_id = format!("{account}-bill");
    with_accounts(store, &[account]).await;
    with_bills(store, &[bill(&bill_id, account, 5_000, "2026-03-09")]).await;
    let one = reminder(account, 0, &[item(&bill_id, "late1")]);
    planned(store, &one).await;
    store.submit(&alone(), &[submission(&one)], now()).await.unwrap();
    let taken = taken(&one, refs);
    assert_eq!(store.append(&alone(), &[taken]).await.unwrap(), 1);
    one
}

fn taken(reminder: &Reminder, refs: &[&str]) -> Transition {
    Transition {
        provider: Some("smsc".into()),
        refs: refs.iter().map(|one| (*one).to_owned()).collect(),
        ..outcome(reminder, 1, ReminderState::Accepted)
    }
}

async fn parked(store: &SqlStore) -> Vec<Parked> {
    store.parked(&Bucket::all(), now(), 10).await.unwrap()
}

async fn a_receipt_finds_the_message_that_has_its_reference(store: &SqlStore) {
    let one = accepted(store, "A", &["m1", "m2"]).await;
    let other = accepted(store, "B", &["m3"]).await;
    let receipts = [receipt("m2", Fate::Delivered), receipt("m3", Fate::Undelivered)];
    // Twice, and one of them once more.
    store.park("smsc", &receipts, now()).await.unwrap();
    store.park("smsc", &receipts[..1], now()).await.unwrap();
    store.park("another", &receipts[..1], now()).await.unwrap();
    let about: Vec<(String, Option<AttemptKey>)> =
        parked(store).await.into_iter().map(|one| (one.provider, one.about)).collect();
    let smsc = |reminder| ("smsc".to_owned(), Some(key(reminder)));
    assert_eq!(about, [("another".to_owned(), None), smsc(&one), smsc(&other)]);
}

async fn a_receipt_may_come_before_its_message(store: &SqlStore) {
    store.park("smsc", &[receipt("m1", Fate::Delivered)], now()).await.unwrap();
    assert_eq!(parked(store).await[0].about, None);
    let one = accepted(store, "A", &["m1"]).await;
    assert_eq!(parked(store).await[0].about, Some(key(&one)));
}

async fn a_reference_that_two_messages_have_names_neither(store: &SqlStore) {
    accepted(store, "A", &["m1"]).await;
    store.park("smsc", &[receipt("m1", Fate::Delivered)], now()).await.unwrap();
    accepted(store, "B", &["m1"]).await;
    assert_eq!(parked(store).await.len(), 1);
    assert_eq!(parked(store).await[0].about, None);
    // Nor do two parts of one.
    accepted(store, "C", &["m2", "m2"]).await;
    store.park("smsc", &[receipt("m2", Fate::Delivered)], now()).await.unwrap();
    assert!(parked(store).await.iter().all(|one| one.about.is_none()));
}

async fn receipts_about_others_buckets_are_left_to_them(store: &SqlStore) {
    let one = accepted(store, "A", &["m1"]).await;
    store.park("smsc", &[receipt("m1", Fate::Delivered)], now()).await.unwrap();
    store.park("smsc", &[receipt("m9", Fate::Delivered)], now()).await.unwrap();
    let ours: Vec<Bucket> = vec![one.id.bucket()];
    let others: Vec<Bucket> =
        Bucket::all().into_iter().filter(|bucket| *bucket != one.id.bucket()).collect();
    assert_eq!(store.parked(&ours, now(), 10).await.unwrap().len(), 2);
    // That about nothing is anybody's.
    let left = store.parked(&others, now(), 10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].receipt.provider_ref, "m9");
}

async fn references_are_kept_with_the_outcome_or_not_at_all(store: &SqlStore) {
    let one = accepted(store, "A", &["m1"]).await;
    // Its place is taken: what it says is not so.
    assert_eq!(store.append(&alone(), &[taken(&one, &["m2"])]).await.unwrap(), 0);
    let parts = store.parts(&[key(&one)]).await.unwrap();
    let refs: Vec<&str> = parts.iter().map(|part| part.provider_ref.as_str()).collect();
    assert_eq!(refs, ["m1"]);
}

async fn what_is_known_of_the_parts_is_kept(store: &SqlStore) {
    let one = accepted(store, "A", &["m1", "m2"]).await;
    accepted(store, "B", &["m3"]).await;
    let part = |part: u32, fate| MessagePart {
        key: key(&one),
        provider: "smsc".into(),
        provider_ref: format!("m{part}"),
        part,
        parts: 2,
        fate,
    };
    assert_eq!(store.parts(&[key(&one)]).await.unwrap(), [part(1, None), part(2, None)]);
    assert_eq!(store.parts(&[]).await.unwrap(), []);
    let known = part(2, Some((Fate::Undelivered, now())));
    let looked = Unparked { parts: vec![known.clone()], ..Unparked::default() };
    store.unpark(&alone(), &looked).await.unwrap();
    assert_eq!(store.parts(&[key(&one)]).await.unwrap(), [part(1, None), known]);
}

async fn what_was_looked_at_is_done_or_comes_again(store: &SqlStore) {
    let one = accepted(store, "A", &["m1"]).await;
    let receipts = [receipt("m1", Fate::Delivered), receipt("m8", Fate::Delivered)];
    store.park("smsc", &receipts, now()).await.unwrap();
    let both = parked(store).await;
    let later = now() + SignedDuration::from_secs(60);
    let whole = PostedReceipt {
        provider: "smsc".into(),
        message_id: "parts/1".into(),
        ordinal: 0,
        receipt: Receipt { key: key(&one), fate: Fate::Delivered, at: now() },
        received_at: now(),
    };
    let looked = Unparked {
        parts: Vec::new(),
        receipts: vec![whole.clone()],
        done: vec![both[0].clone()],
        put_off: vec![(both[1].clone(), later)],
    };
    store.unpark(&alone(), &looked).await.unwrap();
    assert_eq!(parked(store).await, []);
    assert_eq!(store.unsettled(&Bucket::all(), now(), 10).await.unwrap(), [whole]);
    let again = store.parked(&Bucket::all(), later, 10).await.unwrap();
    assert_eq!(again, both[1..]);
    // The same once more changes nothing.
    store.unpark(&alone(), &looked).await.unwrap();
    assert_eq!(store.unsettled(&Bucket::all(), now(), 10).await.unwrap().len(), 1);
}

async fn parts_are_forgotten(store: &SqlStore) {
    let one = accepted(store, "A", &["m1", "m2", "m3"]).await;
    let accepted_at = now();
    assert_eq!(store.forget_parts(accepted_at, 10).await.unwrap(), 0);
    let after = accepted_at + SignedDuration::from_secs(1);
    assert_eq!(store.forget_parts(after, 2).await.unwrap(), 2);
    assert_eq!(store.forget_parts(after, 2).await.unwrap(), 1);
    assert_eq!(store.parts(&[key(&one)]).await.unwrap(), []);
}
