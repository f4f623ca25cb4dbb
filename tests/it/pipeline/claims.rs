//! What subscribers claim holds the ladder back for as long as the rules say,
//! and then it goes on where it would be.

use duebell::model::feed::Feed;
use duebell::model::hold::Ending;
use duebell::model::reply::{Dispute, Meaning, Note, Pledge, Reply};
use duebell::model::{AttemptKey, Bucket, Channel};
use duebell::store::{HoldStore, OutboxStore};

use super::pair;
use super::replies::{OPEN, planned, said, text};
use crate::support::bench::Bench;
use crate::support::billing::PHONE;
use crate::support::build::*;

/// Rounds by day: planning at midnight, and one in the window.
async fn days(bench: &Bench, first: &str, last: &str) {
    let (mut on, last) = (day(first), day(last));
    while on <= last {
        bench.round(&format!("{on}T00:30Z")).await;
        bench.round(&format!("{on}T10:00Z")).await;
        on = on.tomorrow().unwrap();
    }
}

async fn endings(bench: &Bench) -> Vec<Option<Ending>> {
    let holds = bench.store.placed_holds(&[key("A")]).await.unwrap();
    holds.iter().map(|one| one.ended).collect()
}

fn at_noon(reply: Reply, on: &str) -> Reply {
    Reply { at: at(&format!("{on}T12:00Z")), ..reply }
}

#[tokio::test]
async fn who_says_paid_is_left_alone_for_some_days_and_the_ladder_goes_on_where_it_would_be() {
    let (_, bench, carrier) = planned().await;
    bench.hear(text("I have paid")).await;
    days(&bench, "2026-03-10", "2026-03-14").await;
    assert_eq!(bench.reason("A").await, ["hold_paid"]);
    assert_eq!(bench.waiting().await, [""; 0]);
    days(&bench, "2026-03-15", "2026-03-15").await;
    assert_eq!(carrier.given(), []);
    // The first step is over by now, and the second due.
    days(&bench, "2026-03-16", "2026-03-18").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    assert_eq!(bench.sent().await, [pair("a1", "late7")]);
    assert_eq!(endings(&bench).await, [Some(Ending::NotFound)]);

    // What was not found once is not believed again, and a person looks.
    bench.hear(at_noon(text("paid"), "2026-03-19")).await;
    days(&bench, "2026-03-20", "2026-03-20").await;
    assert_eq!(bench.waiting().await, ["paid"]);
    assert_eq!(endings(&bench).await.len(), 1);
}

#[tokio::test]
async fn a_promise_is_waited_for_and_a_broken_one_is_remembered() {
    let (_, bench, carrier) = planned().await;
    let promise = || said(Channel::Voice, None, Some(PHONE), Meaning::Promise(Pledge::default()));
    bench.hear(promise()).await;
    // A week, and three days for the money to be seen.
    days(&bench, "2026-03-10", "2026-03-19").await;
    assert_eq!(bench.reason("A").await, ["hold_promise"]);
    days(&bench, "2026-03-20", "2026-03-20").await;
    assert_eq!(carrier.given(), []);
    days(&bench, "2026-03-21", "2026-03-23").await;
    assert_eq!(bench.sent().await, [pair("a1", "late7")]);
    assert_eq!(endings(&bench).await, [Some(Ending::Broken)]);

    bench.hear(at_noon(promise(), "2026-03-23")).await;
    days(&bench, "2026-03-24", "2026-03-24").await;
    assert_eq!(bench.waiting().await, ["promise"]);
}

#[tokio::test]
async fn a_promise_is_kept_by_the_money_that_was_named() {
    let (billing, bench, carrier) = planned().await;
    let pledge = Pledge { amount: Some(2_000), by: Some(day("2026-03-13")) };
    bench.hear(said(Channel::Voice, None, Some(PHONE), Meaning::Promise(pledge))).await;
    bench.round("2026-03-10T07:00Z").await;
    let ids = [("payment_id", "p1"), ("account_id", "A"), ("bill_id", "a1"), ("currency", "EUR")];
    let rest = [("amount", "20.00"), ("paid_on", "2026-03-12"), ("state", "settled")];
    billing.put(Feed::Payments, &[&ids[..], &rest[..]].concat());
    billing.remaining("a1", "30.00");
    days(&bench, "2026-03-12", "2026-03-19").await;
    assert_eq!(endings(&bench).await, [Some(Ending::Kept)]);
    // What is left is reminded of, once the promised days are over.
    assert_eq!(carrier.taken(), [Channel::Sms]);
    assert_eq!(bench.sent().await, [pair("a1", "late7")]);
}

#[tokio::test]
async fn what_is_disputed_is_taken_off_and_a_person_reads_why() {
    let (_, bench, carrier) = planned().await;
    let words = Some("I never ordered this".to_owned());
    let dispute = Dispute { bill: Some("a1".into()), amount: None, words };
    bench.hear(said(Channel::Sms, None, Some(PHONE), Meaning::Dispute(dispute))).await;
    days(&bench, "2026-03-10", "2026-03-17").await;
    assert_eq!(carrier.given(), []);
    assert_eq!(bench.reason("A").await, ["disputed"]);
    let lines = bench.store.desk().replies(10).await.unwrap();
    assert!(lines[0].details.as_deref().unwrap().contains("never ordered"));
}

#[tokio::test]
async fn who_cannot_pay_is_left_alone_and_a_person_offers_something() {
    let (_, bench, carrier) = planned().await;
    let note = Note { words: None };
    bench.hear(said(Channel::Sms, None, Some(PHONE), Meaning::Hardship(note))).await;
    days(&bench, "2026-03-10", "2026-03-17").await;
    assert_eq!(carrier.given(), []);
    assert_eq!(bench.reason("A").await, ["hold_hardship"]);
    assert_eq!(bench.waiting().await, ["hardship"]);
}

#[tokio::test]
async fn of_a_number_that_two_accounts_have_the_reminder_tells_which_is_meant() {
    let (billing, bench, _) = planned().await;
    billing.account("B");
    billing.bill("b1", "B", "2026-03-09");
    bench.round("2026-03-10T06:10Z").await;
    bench.hear(text("I have paid")).await;
    bench.round("2026-03-10T06:40Z").await;
    assert_eq!(bench.waiting().await, ["paid"]);
    assert_eq!(endings(&bench).await, []);

    let due = bench.store.due(&Bucket::all(), None, at(OPEN), 10).await.unwrap();
    let of_a = due.into_iter().find(|it| it.account.id.as_str() == "A").unwrap();
    let about = AttemptKey { reminder: of_a.reminder.id, number: 1 };
    let paid = Meaning::Text("paid".into());
    bench.hear(said(Channel::Sms, Some(about), Some(PHONE), paid)).await;
    bench.round("2026-03-10T07:10Z").await;
    assert_eq!(endings(&bench).await, [None]);
    assert_eq!(bench.reason("A").await, ["hold_paid"]);
    assert_eq!(bench.reason("B").await, [""; 0]);
}
