//! When nothing leaves: outside the contact window, behind a closed gate.

use duebell::model::feed::Feed;
use duebell::pipeline::gate::Gate;
use duebell::store::ControlStore;

use super::{owing, pair};
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::build::*;
use jiff::tz::TimeZone;

/// Three bills, a step each on three days in a row, at the ends of the earth.
#[tokio::test]
async fn each_place_hears_of_each_of_its_own_days_once_in_its_own_window() {
    let zones = ["Pacific/Kiritimati", "America/Adak", "Asia/Kathmandu", "UTC"];
    let billing = Billing::new();
    for zone in zones {
        billing.account(zone);
        billing.put(Feed::Accounts, &[("account_id", zone), ("zone", zone)]);
        for due_on in ["2026-03-08", "2026-03-09", "2026-03-10"] {
            let bill = format!("{zone} {due_on}");
            billing.bill(&bill, zone, due_on);
            // Issued when it falls due, so that nothing comes before that.
            billing.put(Feed::Bills, &[("bill_id", &bill), ("issued_on", due_on)]);
        }
    }
    let bench = Bench::live(billing).await;
    bench.rounds("2026-03-08T00:00Z", "2026-03-14T00:00Z").await;

    assert_eq!(bench.messages().len(), 12);
    for zone in zones {
        let attempts = bench.attempts(zone).await;
        let submitted = attempts.iter().filter(|line| line.state == "submitting");
        let local = submitted.map(|line| line.at.to_zoned(TimeZone::get(zone).unwrap()));
        let mut days = Vec::new();
        for (at, line) in local.zip(attempts.iter().filter(|line| line.state == "submitting")) {
            assert!((9..20).contains(&at.hour()), "{zone}: {at}");
            assert_eq!(at.date(), line.day, "{zone}");
            days.push(at.date());
        }
        assert_eq!(days, ["2026-03-09", "2026-03-10", "2026-03-11"].map(day), "{zone}");
    }
}

#[tokio::test]
async fn a_stale_feed_closes_the_gate_and_is_named() {
    let (billing, bench) = owing("2026-03-09").await;
    let bench = bench;
    bench.round("2026-03-10T06:00Z").await;
    billing.fails(Feed::Payments);
    let stages = bench.stages();
    for hour in 7..=20 {
        // A feed fails, and the rest of the round goes on all the same.
        let now = at(&format!("2026-03-10T{hour:02}:00Z"));
        assert!(stages.round(now).await.is_err());
        stages.send(now).await.unwrap();
    }
    assert_eq!(bench.messages(), []);
    let control = bench.store.control().await.unwrap();
    let gate = Gate::at(&bench.workshop, &control, at("2026-03-10T12:00Z")).await.unwrap();
    assert_eq!(gate, Gate::Stale(Feed::Payments));
    assert!(gate.words().contains("payments"), "{}", gate.words());

    // The window closed behind the gate: tomorrow it is planned again.
    use duebell::pipeline::Stage;
    duebell::pipeline::tend::Tend::new(bench.workshop.clone())
        .run_once(at("2026-03-10T20:30Z"))
        .await
        .unwrap();
    assert_eq!(bench.standing("A").await, [pair("deferred", "stale_feed")]);
    billing.mends();
    bench.rounds("2026-03-10T21:00Z", "2026-03-12T06:00Z").await;
    let sent: Vec<_> = bench.messages().iter().map(|message| message.at).collect();
    assert_eq!(sent, [at("2026-03-11T09:00Z")]);
}

#[tokio::test]
async fn the_kill_switch_stops_everything_until_it_is_lifted() {
    let (billing, bench) = owing("2026-03-09").await;
    billing.bill("a2", "A", "2026-03-10");
    bench.store.set_control("kill_switch", Some("on"), at(NOON)).await.unwrap();
    bench.rounds("2026-03-10T06:00Z", "2026-03-11T10:00Z").await;
    assert_eq!(bench.messages(), []);
    assert_eq!(bench.standing("A").await[0], pair("deferred", "kill_switch"));

    bench.store.set_control("kill_switch", None, at(NOON)).await.unwrap();
    bench.rounds("2026-03-11T10:00Z", "2026-03-12T06:00Z").await;
    let messages = bench.messages();
    assert_eq!((messages.len(), messages[0].at), (1, at("2026-03-11T10:00Z")));
    // One message covers what was kept back and what came.
    assert_eq!(bench.sent().await, [pair("a1", "late1"), pair("a2", "late1")]);
}

#[tokio::test]
async fn an_account_that_moves_is_not_reminded_by_its_old_clock() {
    // At 09:00 UTC it is night in Adak, and the day's window is over in Kiritimati.
    for (zone, sent_at) in
        [("America/Adak", "2026-03-10T18:00Z"), ("Pacific/Kiritimati", "2026-03-10T19:00Z")]
    {
        let (billing, bench) = owing("2026-03-09").await;
        bench.round("2026-03-10T06:00Z").await;
        billing.put(Feed::Accounts, &[("account_id", "A"), ("zone", zone)]);
        bench.rounds("2026-03-10T09:00Z", "2026-03-12T06:00Z").await;
        let messages = bench.messages();
        assert_eq!(messages.len(), 1, "{zone}");
        assert_eq!(messages[0].at, at(sent_at), "{zone}");
    }
}
