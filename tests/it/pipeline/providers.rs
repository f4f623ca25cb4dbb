//! What providers do, and what follows: tried again, sent another way, asked
//! for, and never sent twice.

use duebell::model::reminder::Transition;
use duebell::model::{AttemptKey, Bucket, Channel, ReminderState};
use duebell::pipeline::Stage;
use duebell::pipeline::tend::Tend;
use duebell::provider::{Fate, Found};
use duebell::store::{OutboxStore, Submission};
use jiff::SignedDuration;

use super::{owing, pair};
use crate::support::bench::Bench;
use crate::support::build::*;
use crate::support::carrier::{Carrier, down, lost, refused};
use std::sync::Arc;

const PLANNED: &str = "2026-03-10T08:30Z";
const OPEN: &str = "2026-03-10T09:00Z";

/// Account A's reminder of the tenth, planned, and who carries it.
async fn planned_with(is_asked: bool) -> (Bench, Arc<Carrier>) {
    let (_, mut bench) = owing("2026-03-09").await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(is_asked);
    bench.round(PLANNED).await;
    (bench, carrier)
}

fn taken() -> Found {
    Found::Taken { provider_ref: None }
}

#[tokio::test]
async fn a_provider_that_is_down_is_tried_again_ever_later() {
    let (bench, carrier) = planned_with(true).await;
    carrier.will([down(), down(), down()]);
    let stages = bench.stages();
    let mut now = at(OPEN);
    while carrier.given().len() < 4 {
        stages.send(now).await.unwrap();
        now += SignedDuration::from_secs(1);
        assert!(now < at("2026-03-10T09:10Z"));
    }
    let tries: Vec<_> = carrier.given().iter().map(|(_, _, at)| *at).collect();
    let waits: Vec<i64> =
        tries.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs()).collect();
    assert!((30..=46).contains(&waits[0]), "{waits:?}");
    assert!((60..=91).contains(&waits[1]) && (120..=181).contains(&waits[2]), "{waits:?}");

    carrier.tells(Fate::Delivered, now);
    bench.round("2026-03-10T10:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("delivered", "")]);
    assert_eq!(carrier.taken(), [Channel::Sms]);
}

#[tokio::test]
async fn after_the_last_attempt_on_every_channel_another_day_is_tried() {
    let (bench, carrier) = planned_with(true).await;
    carrier.will((0..8).map(|_| down()));
    bench.rounds(OPEN, "2026-03-11T06:00Z").await;
    let tried: Vec<_> = carrier.given().iter().map(|(_, channel, _)| *channel).collect();
    assert_eq!(tried, [[Channel::Sms; 4], [Channel::Email; 4]].concat());
    assert_eq!(bench.standing("A").await[0], pair("deferred", "undeliverable"));
    assert_eq!(bench.sent().await, []);
    bench.rounds("2026-03-11T06:00Z", "2026-03-12T06:00Z").await;
    assert_eq!(bench.sent().await, [pair("a1", "late1")]);
    assert_eq!(carrier.taken(), [Channel::Sms]);
}

#[tokio::test]
async fn a_number_that_is_refused_falls_back_to_mail_at_once() {
    let (bench, carrier) = planned_with(true).await;
    carrier.will([refused()]);
    bench.round(OPEN).await;
    let tried: Vec<_> = carrier.given().iter().map(|(_, channel, at)| (*channel, *at)).collect();
    assert_eq!(tried, [(Channel::Sms, at(OPEN)), (Channel::Email, at(OPEN))]);
    assert_eq!(bench.standing("A").await, [pair("accepted", "")]);
}

#[tokio::test]
async fn what_every_channel_refuses_is_sent_to_nobody_again() {
    let (bench, carrier) = planned_with(true).await;
    carrier.will([refused(), refused()]);
    bench.rounds(OPEN, "2026-03-15T06:00Z").await;
    assert_eq!(carrier.given().len(), 2);
    assert_eq!(bench.standing("A").await, [pair("rejected", "undeliverable")]);
}

#[tokio::test]
async fn a_message_that_did_not_arrive_goes_out_another_way() {
    let (bench, carrier) = planned_with(true).await;
    bench.round(OPEN).await;
    carrier.tells(Fate::Undelivered, at("2026-03-10T09:30Z"));
    bench.round("2026-03-10T10:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms, Channel::Email]);
    // A late word about the first attempt says nothing of the second.
    carrier.tells(Fate::Undelivered, at("2026-03-10T10:30Z"));
    bench.round("2026-03-10T11:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("undelivered", "")]);
    assert_eq!(carrier.taken().len(), 2);
}

#[tokio::test]
async fn a_message_that_did_not_arrive_by_night_is_not_sent_then() {
    let (bench, carrier) = planned_with(true).await;
    bench.round(OPEN).await;
    carrier.tells(Fate::Undelivered, at("2026-03-10T20:00Z"));
    bench.rounds("2026-03-10T20:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("undelivered", "")]);
    assert_eq!(carrier.taken(), [Channel::Sms]);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_and_nothing_is_sent_twice() {
    let (bench, carrier) = planned_with(true).await;
    carrier.will([lost()]);
    bench.round(OPEN).await;
    assert_eq!(bench.standing("A").await, [pair("unknown", "")]);
    // Nobody answers at first.
    bench.round("2026-03-10T10:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("unknown", "")]);
    carrier.knows(carrier.given()[0].0, taken());
    bench.rounds("2026-03-10T11:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("accepted", "")]);
    assert_eq!(carrier.given().len(), 1);
}

#[tokio::test]
async fn an_attempt_that_never_got_there_is_made_again() {
    let (bench, carrier) = planned_with(true).await;
    carrier.will([lost()]);
    bench.round(OPEN).await;
    carrier.knows(carrier.given()[0].0, Found::NotTaken);
    bench.round("2026-03-10T10:00Z").await;
    let numbers: Vec<u32> = carrier.given().iter().map(|(key, _, _)| key.number).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(bench.standing("A").await, [pair("accepted", "")]);
}

#[tokio::test]
async fn an_unknown_outcome_that_nobody_can_be_asked_about_ends_by_its_deadline() {
    let (bench, carrier) = planned_with(false).await;
    carrier.will([lost()]);
    bench.rounds(OPEN, "2026-03-13T09:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("unknown", "")]);
    bench.round("2026-03-13T09:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("expired", "")]);
    assert_eq!(carrier.given().len(), 1);
    assert_eq!(bench.sent().await, [pair("a1", "late1")], "it may have arrived");
}

/// Marks A's planned reminder as submitting, as a process does that is killed
/// right afterwards.
async fn cut_short(bench: &Bench) -> AttemptKey {
    let due = bench.store.due(&Bucket::all(), None, at(OPEN), 10).await.unwrap().remove(0);
    let reminder = due.reminder.id;
    let mark = Transition {
        reminder,
        seq: 0,
        state: ReminderState::Submitting,
        at: at(OPEN),
        attempt: 1,
        channel: Some(Channel::Sms),
        provider: Some("carrier".into()),
        provider_ref: None,
        refs: Vec::new(),
        reason: None,
        note: None,
        next_at: Some(at("2026-03-10T09:15Z")),
    };
    let (account, day, items) = (due.reminder.account, due.reminder.day, vec![item("a1", "late1")]);
    let submission = Submission {
        reminder,
        account,
        day,
        items,
        counted: None,
        proof: None,
        has_another: false,
        was_taken: false,
        mark,
    };
    assert_eq!(
        bench.store.submit(&alone(), &[submission], at(OPEN)).await.unwrap().marked,
        [reminder]
    );
    AttemptKey { reminder, number: 1 }
}

#[tokio::test]
async fn a_restart_asks_about_what_was_being_submitted() {
    for (found, given) in [(taken(), 0), (Found::NotTaken, 1)] {
        let (bench, carrier) = planned_with(true).await;
        let key = cut_short(&bench).await;
        carrier.knows(key, found);
        let stages = bench.stages();
        stages.recover(at("2026-03-10T09:01Z")).await.unwrap();
        stages.round(at("2026-03-10T09:01Z")).await.unwrap();
        assert_eq!(carrier.given().len(), given);
        assert_eq!(bench.standing("A").await, [pair("accepted", "")]);
        assert!(bench.states("A").await.contains(&"unknown".to_owned()));
    }
}

#[tokio::test]
async fn a_submission_without_an_outcome_becomes_unknown_once_its_window_is_long_over() {
    let (bench, carrier) = planned_with(false).await;
    cut_short(&bench).await;
    bench.round("2026-03-10T20:54Z").await;
    assert_eq!(bench.standing("A").await, [pair("submitting", "")]);
    bench.round("2026-03-10T20:55Z").await;
    assert_eq!(bench.standing("A").await, [pair("unknown", "")]);
    assert_eq!(carrier.given(), []);
}

/// A batch that began before the window closed and ended after housekeeping
/// had passed by.
#[tokio::test]
async fn a_retry_that_is_written_down_late_is_not_forgotten() {
    let (bench, _) = planned_with(true).await;
    let key = cut_short(&bench).await;
    Tend::new(bench.workshop.clone()).run_once(at("2026-03-10T20:00:10Z")).await.unwrap();
    let standing = bench.store.standing(&[key.reminder]).await.unwrap().remove(0);
    let retry = Transition {
        next_at: Some(at("2026-03-10T19:59:50Z")),
        ..duebell::pipeline::settle::follow(
            &standing,
            ReminderState::RetryLater,
            at("2026-03-10T19:59:30Z"),
        )
    };
    assert_eq!(bench.store.append(&alone(), &[retry]).await.unwrap(), 1);
    bench.round("2026-03-10T21:01:10Z").await;
    assert_eq!(bench.standing("A").await[0], pair("deferred", "outside_window"));
    assert_eq!(bench.sent().await, []);
}
