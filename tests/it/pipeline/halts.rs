//! People stop a part of what is sent, and the rest goes on.

use duebell::model::Channel;
use duebell::provider::guard::Limits;
use duebell::provider::route::Providers;
use duebell::store::ControlStore;

use super::{owing, pair};
use crate::support::bench::Bench;
use crate::support::build::*;
use crate::support::carrier::Carrier;

const PLANNED: &str = "2026-03-10T06:00Z";

async fn set(bench: &Bench, what: &str, is_stopped: bool) {
    let value = is_stopped.then_some("on");
    bench.store.set_control(&format!("stop:{what}"), value, at(NOON)).await.unwrap();
}

#[tokio::test]
async fn where_a_channel_is_stopped_the_next_takes_its_place() {
    let (_, mut bench) = owing("2026-03-09").await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(false);
    set(&bench, "channel sms", true).await;
    bench.rounds(PLANNED, "2026-03-10T12:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Email]);
}

#[tokio::test]
async fn what_has_no_other_way_waits_until_people_let_it_go() {
    let (_, mut bench) = owing("2026-03-09").await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(false);
    for what in ["channel sms", "channel email"] {
        set(&bench, what, true).await;
    }
    bench.rounds(PLANNED, "2026-03-10T12:00Z").await;
    assert_eq!(carrier.given(), []);
    set(&bench, "channel email", false).await;
    bench.rounds("2026-03-10T12:00Z", "2026-03-10T14:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Email]);
}

#[tokio::test]
async fn a_stopped_scenario_sends_nothing_and_loses_nothing() {
    let (_, bench) = owing("2026-03-09").await;
    set(&bench, "scenario standard", true).await;
    bench.rounds(PLANNED, "2026-03-11T06:00Z").await;
    assert_eq!(bench.messages(), []);
    assert_eq!(bench.standing("A").await[0], pair("deferred", "kill_switch"));
    set(&bench, "scenario standard", false).await;
    bench.rounds("2026-03-11T06:00Z", "2026-03-12T06:00Z").await;
    assert_eq!(bench.sent().await, [pair("a1", "late1")]);
}

#[tokio::test]
async fn of_two_providers_the_other_carries_all() {
    let (_, mut bench) = owing("2026-03-09").await;
    let (first, second) = (Carrier::named("first"), Carrier::named("second"));
    let mut providers = Providers::default();
    for carrier in [&first, &second] {
        providers.carry_within(Channel::Sms, carrier.clone(), Limits::default());
    }
    bench.workshop.providers = providers;
    set(&bench, "provider first", true).await;
    bench.rounds(PLANNED, "2026-03-10T12:00Z").await;
    assert_eq!((first.given().len(), second.given().len()), (0, 1));
}

#[tokio::test]
async fn a_channel_whose_every_provider_is_stopped_is_stopped() {
    let (_, mut bench) = owing("2026-03-09").await;
    let carrier = Carrier::named("only");
    bench.workshop.providers = carrier.carries_all(false);
    set(&bench, "provider only", true).await;
    bench.rounds(PLANNED, "2026-03-11T06:00Z").await;
    assert_eq!(carrier.given(), []);
    assert_eq!(bench.standing("A").await[0], pair("deferred", "kill_switch"));
}
