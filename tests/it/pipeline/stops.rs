//! What stops a reminder, at once, even one that is planned already.

use super::{owing, pair};
use crate::support::build::*;
use crate::support::carrier::{Carrier, down};

const PLANNED: &str = "2026-03-10T06:00Z";

#[tokio::test]
async fn a_dispute_that_comes_after_planning_takes_its_bill_out() {
    let (billing, bench) = owing("2026-03-09").await;
    billing.bill("a2", "A", "2026-03-03");
    bench.round(PLANNED).await;
    billing.hold("h1", "A", "dispute", &[("bill_id", "a1")]);
    bench.rounds("2026-03-10T07:00Z", "2026-03-11T06:00Z").await;

    assert_eq!(bench.messages().len(), 1);
    assert_eq!(bench.sent().await, [pair("a2", "late7")]);
    assert_eq!(bench.standing("A").await[0], pair("cancelled", "replanned"));
    let disputed = |row: &duebell::store::WhyNotLine| row.bill == "a1" && row.is_open;
    assert!(
        bench
            .why_not("A")
            .await
            .iter()
            .any(|row| disputed(row) && row.reason.as_str() == "disputed")
    );
}

#[tokio::test]
async fn a_disputed_part_is_not_demanded() {
    let (billing, bench) = owing("2026-03-09").await;
    bench.round(PLANNED).await;
    let part = [("bill_id", "a1"), ("amount", "20.00"), ("currency", "EUR")];
    billing.hold("h1", "A", "dispute", &part);
    bench.round("2026-03-10T09:00Z").await;
    let text = bench.messages().remove(0).text;
    assert!(text.contains("30.00") && !text.contains("50.00"), "{text}");
}

#[tokio::test]
async fn every_kind_of_hold_cancels_what_is_planned() {
    for kind in ["exemption", "promise", "hardship", "moratorium", "complaint", "dispute"] {
        let (billing, bench) = owing("2026-03-09").await;
        bench.round(PLANNED).await;
        billing.hold("h1", "A", kind, &[("ends_on", "2026-03-11")]);
        bench.rounds("2026-03-10T09:00Z", "2026-03-12T09:00Z").await;
        assert_eq!(bench.messages(), [], "{kind}");
        assert_eq!(bench.states("A").await[0], "cancelled", "{kind}");
        // The day after its last day the step is still due.
        bench.rounds("2026-03-12T09:00Z", "2026-03-13T06:00Z").await;
        assert_eq!(bench.sent().await, [pair("a1", "late1")], "{kind}");
    }
}

/// At noon UTC the next day is planned already, while the promise's last day
/// goes on.
#[tokio::test]
async fn a_promise_holds_through_its_last_day_though_the_next_is_planned() {
    let (billing, bench) = owing("2026-03-09").await;
    billing.hold("h1", "A", "promise", &[("ends_on", TODAY)]);
    bench.round(PLANNED).await;
    billing.remaining("a1", "49.00");
    bench.rounds("2026-03-10T12:00Z", "2026-03-12T06:00Z").await;
    let sent: Vec<_> = bench.messages().iter().map(|message| message.at).collect();
    assert_eq!(sent, [at("2026-03-11T09:00Z")]);
}

#[tokio::test]
async fn a_payment_on_its_way_stops_until_it_bounces() {
    let (billing, bench) = owing("2026-03-09").await;
    bench.round(PLANNED).await;
    billing.payment("p1", "A", "pending");
    bench.rounds("2026-03-10T09:00Z", "2026-03-12T12:00Z").await;
    assert_eq!(bench.messages(), []);
    assert_eq!(bench.states("A").await[0], "cancelled");
    let rows = bench.why_not("A").await;
    assert!(rows.iter().any(|row| row.is_open && row.reason.as_str() == "pending_payment"));

    billing.payment("p1", "A", "reversed");
    bench.rounds("2026-03-12T12:00Z", "2026-03-12T14:00Z").await;
    assert_eq!(bench.sent().await, [pair("a1", "late1")]);
}

#[tokio::test]
async fn what_comes_between_two_attempts_stops_the_second() {
    let stops: [fn(&crate::support::billing::Billing); 3] = [
        |billing| billing.hold("h1", "A", "promise", &[]),
        |billing| billing.hold("h1", "A", "dispute", &[]),
        |billing| billing.payment("p1", "A", "pending"),
    ];
    for stop in stops {
        let (billing, mut bench) = owing("2026-03-09").await;
        let carrier = Carrier::new();
        bench.workshop.providers = carrier.carries_all(true);
        carrier.will([down()]);
        bench.round(PLANNED).await;
        bench.round("2026-03-10T09:00Z").await;
        assert_eq!(carrier.given().len(), 1);
        stop(&billing);
        bench.rounds("2026-03-10T10:00Z", "2026-03-11T06:00Z").await;
        assert_eq!(carrier.given().len(), 1);
        assert_eq!(bench.sent().await, [], "nothing left, and no key is held");
    }
}

#[tokio::test]
async fn a_planned_reminder_stops_before_the_planner_has_seen_why() {
    use duebell::pipeline::{Stage, sync::Sync};
    let (billing, bench) = owing("2026-03-09").await;
    bench.round(PLANNED).await;
    billing.hold("h1", "A", "complaint", &[]);
    // Reading and sending go on side by side; planning follows reading.
    Sync(bench.workshop.clone()).run_once(at("2026-03-10T09:00Z")).await.unwrap();
    bench.stages().send(at("2026-03-10T09:00Z")).await.unwrap();
    assert_eq!(bench.messages(), []);
}
