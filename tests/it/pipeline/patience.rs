//! A provider took the reminder, and no receipt comes: after the step's
//! patience the next channel is tried, and the step never becomes due again.

use std::sync::Arc;

use duebell::model::Channel;
use duebell::provider::{Fate, Found};
use duebell::store::ControlStore;

use super::{owing, pair};
use crate::support::bench::{Bench, LADDER};
use crate::support::billing::Billing;
use crate::support::build::*;
use crate::support::carrier::{Carrier, down, lost, refused};

const BOTH: [Channel; 2] = [Channel::Sms, Channel::Email];

/// Account A's reminder, accepted by SMS at nine; its step waits two hours.
async fn accepted() -> (Arc<Billing>, Bench, Arc<Carrier>) {
    accepted_with(120).await
}

async fn accepted_with(patience_min: u32) -> (Arc<Billing>, Bench, Arc<Carrier>) {
    let (billing, mut bench) = owing("2026-03-09").await;
    let step = "name = \"late1\"";
    bench.edit(&LADDER.replace(step, &format!("{step}\npatience_min = {patience_min}"))).await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(true);
    bench.round("2026-03-10T08:30Z").await;
    bench.round("2026-03-10T09:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("accepted", "")]);
    (billing, bench, carrier)
}

#[tokio::test]
async fn the_next_channel_is_tried_once_patience_is_over() {
    let (_, bench, carrier) = accepted().await;
    bench.round("2026-03-10T10:59Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    // The round that finds it over may have sent before; the next one sends.
    bench.rounds("2026-03-10T11:00Z", "2026-03-10T13:00Z").await;
    assert_eq!(carrier.taken(), BOTH);
    let states = ["submitting", "accepted", "unheard", "submitting", "accepted"];
    assert_eq!(bench.states("A").await, states);
    // After the last channel there is nothing left to try.
    bench.rounds("2026-03-10T13:00Z", "2026-03-14T06:00Z").await;
    assert_eq!(carrier.taken(), BOTH);
    assert_eq!(bench.standing("A").await, [pair("expired", "")]);
    assert_eq!(bench.sent().await, [pair("a1", "late1")]);
}

#[tokio::test]
async fn a_receipt_within_patience_is_all_that_was_wanted() {
    let (_, bench, carrier) = accepted().await;
    carrier.tells(Fate::Delivered, at("2026-03-10T10:00Z"));
    bench.rounds("2026-03-10T10:00Z", "2026-03-14T06:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    assert_eq!(bench.standing("A").await, [pair("delivered", "")]);
}

#[tokio::test]
async fn what_arrives_late_is_counted_by_whichever_channel() {
    let (_, bench, carrier) = accepted().await;
    let first = carrier.keys()[0];
    bench.rounds("2026-03-10T11:00Z", "2026-03-10T13:00Z").await;
    assert_eq!(carrier.taken(), BOTH);
    carrier.tells_of(first, Fate::Delivered, at("2026-03-10T13:30Z"));
    bench.round("2026-03-10T14:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("delivered", "")]);
    // What becomes of the second says less.
    carrier.tells(Fate::Undelivered, at("2026-03-10T14:30Z"));
    bench.round("2026-03-10T15:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("delivered", "")]);
}

#[tokio::test]
async fn patience_that_outlasts_the_window_waits_for_the_receipt_alone() {
    let (_, bench, carrier) = accepted_with(720).await;
    bench.rounds("2026-03-10T10:00Z", "2026-03-12T08:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("accepted", "")], "until the receipt's deadline");
    bench.rounds("2026-03-12T08:00Z", "2026-03-14T08:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("expired", "")]);
    assert_eq!(carrier.taken(), [Channel::Sms]);
}

/// Whatever becomes of the second attempt, the first may have arrived.
#[tokio::test]
async fn a_step_that_may_have_arrived_is_never_due_again() {
    for (answers, reason) in [
        (vec![refused()], "undeliverable"),
        ((0..4).map(|_| down()).collect(), "undeliverable"),
        (vec![lost()], "outside_window"),
    ] {
        let (_, bench, carrier) = accepted().await;
        carrier.will(answers);
        bench.rounds("2026-03-10T11:00Z", "2026-03-11T06:00Z").await;
        let last = carrier.given().last().unwrap().0;
        assert_ne!(last.number, 1);
        // Asked on the next day, it says that it never got the second one.
        carrier.knows(last, Found::NotTaken);
        bench.rounds("2026-03-11T06:00Z", "2026-03-15T06:00Z").await;
        assert_eq!(carrier.taken()[..1], [Channel::Sms]);
        assert_eq!(bench.standing("A").await, [pair("expired", reason)]);
        assert_eq!(bench.sent().await, [pair("a1", "late1")]);
    }
}

#[tokio::test]
async fn who_pays_within_patience_hears_no_more() {
    let (billing, bench, carrier) = accepted().await;
    billing.answers("a1", Some("0.00"));
    bench.rounds("2026-03-10T11:00Z", "2026-03-10T13:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    assert_eq!(bench.standing("A").await, [pair("expired", "paid_meanwhile")]);
}

#[tokio::test]
async fn what_is_held_back_until_the_window_closes_is_not_sent_on_another_day() {
    let (_, bench, carrier) = accepted().await;
    bench.store.set_control("kill_switch", Some("on"), at("2026-03-10T10:00Z")).await.unwrap();
    bench.rounds("2026-03-10T11:00Z", "2026-03-11T06:00Z").await;
    bench.store.set_control("kill_switch", None, at("2026-03-11T06:00Z")).await.unwrap();
    bench.rounds("2026-03-11T06:00Z", "2026-03-13T06:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    assert_eq!(bench.standing("A").await, [pair("expired", "kill_switch")]);
}
