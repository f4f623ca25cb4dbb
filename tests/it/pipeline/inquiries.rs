//! A receipt never comes, and the provider can be asked: it is, and what it
//! says counts as a receipt does.

use std::sync::Arc;

use duebell::model::Channel;
use duebell::provider::Fate;

use super::{owing, pair};
use crate::support::bench::{Bench, LADDER};
use crate::support::build::*;
use crate::support::carrier::Carrier;

/// Account A's reminder, accepted by SMS at nine.
async fn accepted(patience_min: Option<u32>) -> (Bench, Arc<Carrier>) {
    let (_, mut bench) = owing("2026-03-09").await;
    if let Some(minutes) = patience_min {
        let step = "name = \"late1\"";
        bench.edit(&LADDER.replace(step, &format!("{step}\npatience_min = {minutes}"))).await;
    }
    let carrier = Carrier::new();
    let mut providers = carrier.carries_all(false);
    providers.inquire("carrier", carrier.clone());
    bench.workshop.providers = providers;
    bench.round("2026-03-10T08:30Z").await;
    bench.round("2026-03-10T09:00Z").await;
    assert_eq!(bench.standing("A").await, [pair("accepted", "")]);
    (bench, carrier)
}

#[tokio::test]
async fn after_an_hour_without_a_receipt_the_provider_is_asked() {
    let (bench, carrier) = accepted(None).await;
    carrier.knows_fate(carrier.keys()[0], Fate::Delivered);
    let stages = bench.stages();
    stages.round(at("2026-03-10T09:59Z")).await.unwrap();
    assert_eq!(carrier.asked(), []);
    stages.round(at("2026-03-10T10:00Z")).await.unwrap();
    assert_eq!(bench.standing("A").await, [pair("delivered", "")]);
    assert_eq!(carrier.asked(), carrier.keys());
}

#[tokio::test]
async fn who_has_had_a_receipt_is_not_asked_about() {
    let (bench, carrier) = accepted(None).await;
    carrier.tells(Fate::Delivered, at("2026-03-10T09:30Z"));
    bench.rounds("2026-03-10T09:30Z", "2026-03-10T15:00Z").await;
    assert_eq!(carrier.asked(), []);
}

#[tokio::test]
async fn one_that_knows_nothing_is_asked_once_more_before_the_wait_ends() {
    let (bench, carrier) = accepted(None).await;
    let stages = bench.stages();
    for moment in ["10T10:00", "10T11:00", "10T20:00", "11T12:00", "13T08:59"] {
        stages.round(at(&format!("2026-03-{moment}Z"))).await.unwrap();
    }
    assert_eq!(carrier.asked().len(), 1);
    carrier.knows_fate(carrier.keys()[0], Fate::Undelivered);
    stages.round(at("2026-03-13T09:00Z")).await.unwrap();
    assert_eq!(carrier.asked().len(), 2);
    assert_eq!(bench.standing("A").await, [pair("undelivered", "")]);
}

#[tokio::test]
async fn before_the_next_channel_is_used_the_first_ones_provider_is_asked() {
    let (bench, carrier) = accepted(Some(120)).await;
    carrier.knows_fate(carrier.keys()[0], Fate::Delivered);
    bench.rounds("2026-03-10T10:00Z", "2026-03-10T15:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    assert_eq!(bench.standing("A").await, [pair("delivered", "")]);
}

#[tokio::test]
async fn what_it_says_was_lost_goes_out_another_way_and_was_not_taken_by_the_first() {
    let (bench, carrier) = accepted(Some(120)).await;
    carrier.knows_fate(carrier.keys()[0], Fate::Undelivered);
    bench.rounds("2026-03-10T10:00Z", "2026-03-10T15:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms, Channel::Email]);
    assert!(!bench.states("A").await.contains(&"unheard".to_owned()));
}

#[tokio::test]
async fn one_that_cannot_be_asked_ends_no_wait_and_holds_up_none() {
    let (bench, carrier) = accepted(Some(120)).await;
    carrier.keeps_fates();
    bench.rounds("2026-03-10T10:00Z", "2026-03-10T15:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms, Channel::Email]);
    assert!(bench.states("A").await.contains(&"unheard".to_owned()));
}
