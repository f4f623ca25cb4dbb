//! Holds by area or cohort.

use duebell::model::Moratorium;
use duebell::model::feed::Feed;

use super::pair;
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::build::*;

fn moratorium(area: &str, starts_on: &str, ends_on: &str) -> Moratorium {
    Moratorium {
        id: "m1".into(),
        area: Some(area.to_owned()),
        segment: None,
        starts_on: day(starts_on),
        ends_on: day(ends_on),
        owner: "Ann".into(),
        reason: "the flood".into(),
    }
}

/// Account A in 21073 and account B in 40210, each with a bill due on that day.
async fn two_places(due_on: &str) -> Bench {
    let billing = Billing::new();
    for (id, bill, area) in [("A", "a1", "21073"), ("B", "b1", "40210")] {
        billing.account(id);
        billing.put(Feed::Accounts, &[("account_id", id), ("area", area)]);
        billing.bill(bill, id, due_on);
    }
    Bench::live(billing).await
}

#[tokio::test]
async fn whoever_lives_there_is_spared_at_once_and_reminded_when_it_is_over() {
    let bench = two_places("2026-03-09").await;
    bench.round("2026-03-10T06:00Z").await;
    let one = moratorium("21*", "2026-03-10", "2026-03-12");
    bench.store.desk().declare(&one, &by("Ann", "2026-03-10T08:00Z")).await.unwrap();
    bench.rounds("2026-03-10T09:00Z", "2026-03-12T06:00Z").await;

    assert_eq!(bench.sent().await, [pair("b1", "late1")]);
    assert_eq!(bench.standing("A").await[0], pair("deferred", "hold_moratorium"));
    let rows = bench.why_not("A").await;
    assert!(rows.iter().any(|row| row.is_open && row.reason.as_str() == "hold_moratorium"));

    bench.rounds("2026-03-12T06:00Z", "2026-03-13T09:00Z").await;
    assert_eq!(bench.sent().await, [pair("b1", "late1")]);
    bench.round("2026-03-13T09:00Z").await;
    assert_eq!(bench.sent().await, [pair("b1", "late1"), pair("a1", "late1")]);
}

#[tokio::test]
async fn a_moratorium_that_is_lifted_holds_nobody() {
    let bench = two_places("2026-03-09").await;
    let one = moratorium("21073", "2026-03-09", "2026-03-30");
    let desk = bench.store.desk();
    desk.declare(&one, &by("Ann", "2026-03-09T08:00Z")).await.unwrap();
    bench.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(bench.sent().await, [pair("b1", "late1")]);

    assert_eq!(desk.moratoriums(day("2026-03-30")).await.unwrap(), [one]);
    assert!(desk.lift_moratorium("m1", &by("Ann", "2026-03-11T06:00Z")).await.unwrap());
    assert!(!desk.lift_moratorium("m1", &by("Ann", "2026-03-11T06:00Z")).await.unwrap());
    bench.rounds("2026-03-11T06:00Z", "2026-03-13T06:00Z").await;
    assert_eq!(bench.sent().await, [pair("b1", "late1"), pair("a1", "late1")]);
}
