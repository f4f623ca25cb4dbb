//! A new installation sends nothing until the operator says so.

use duebell::store::ControlStore;

use super::{owing, pair};
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::build::*;

#[tokio::test]
async fn observing_sends_nothing_and_records_what_would_be_sent() {
    let billing = Billing::new();
    billing.account("A");
    billing.bill("a1", "A", "2026-03-09");
    let bench = Bench::observing(billing).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-12T06:00Z").await;

    assert_eq!(bench.messages(), []);
    assert_eq!(bench.sent().await, []);
    assert_eq!(bench.standing("A").await, [pair("suppressed", "observed")]);
    let rows = bench.why_not("A").await;
    let late = rows.iter().find(|row| row.step == "late1").unwrap();
    assert_eq!((late.reason.as_str(), late.is_open), ("observed", false));
}

#[tokio::test]
async fn going_live_does_not_send_what_fell_due_before() {
    let billing = Billing::new();
    billing.account("A");
    billing.bill("a1", "A", "2026-03-05");
    let bench = Bench::observing(billing).await;
    bench.go_live(TODAY).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-12T06:00Z").await;
    assert_eq!(bench.messages(), [], "late1 was on the sixth");
    assert_eq!(bench.why_not("A").await[0].reason.as_str(), "before_live");
    bench.rounds("2026-03-12T06:00Z", "2026-03-13T06:00Z").await;
    assert_eq!(bench.sent().await, [pair("a1", "late7")]);
}

#[tokio::test]
async fn what_was_only_observed_is_not_sent_after_going_live() {
    let billing = Billing::new();
    billing.account("A");
    billing.bill("a1", "A", "2026-03-09");
    let bench = Bench::observing(billing).await;
    bench.round("2026-03-10T06:00Z").await;
    bench.go_live(TODAY).await;
    bench.rounds("2026-03-10T07:00Z", "2026-03-16T06:00Z").await;
    assert_eq!(bench.messages(), []);
    bench.rounds("2026-03-16T06:00Z", "2026-03-17T06:00Z").await;
    assert_eq!(bench.sent().await, [pair("a1", "late7")]);
}

#[tokio::test]
async fn going_back_to_observing_stops_what_is_planned() {
    let (_, bench) = owing("2026-03-09").await;
    bench.round("2026-03-10T06:00Z").await;
    bench.store.set_control("live:standard", None, at(NOON)).await.unwrap();
    bench.rounds("2026-03-10T09:00Z", "2026-03-12T09:00Z").await;
    assert_eq!(bench.messages(), []);
    assert_eq!(bench.standing("A").await, [pair("suppressed", "observed")]);
}
