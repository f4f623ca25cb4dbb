//! Statutory notices: nothing that a subscriber or a cap says keeps one back,
//! and what it said is on record.

use std::sync::Arc;

use duebell::model::law::{Cap, CapKey, Counts};
use duebell::model::reply::Meaning;
use duebell::model::{AttemptKey, Channel};
use duebell::policy::ContactRules;
use duebell::provider::Fate;
use duebell::store::NoticeLine;

use super::replies::said;
use super::{owing, pair};
use crate::support::bench::{Bench, LADDER};
use crate::support::billing::{Billing, PHONE};
use crate::support::build::*;
use crate::support::carrier::Carrier;

/// The ladder, whose steps after the first are statutory notices.
fn notices() -> String {
    let class = "class = \"statutory\"\nchannels = [\"sms\", \"letter\"]";
    let (before, after) = LADDER.split_once("name = \"late7\"").unwrap();
    let after = after.replace("channels = [\"sms\", \"email\"]", class);
    format!("{before}name = \"late7\"{after}")
}

/// Account A, whose bill is to be given notice of on the tenth of March.
async fn noticed() -> (Arc<Billing>, Bench, Arc<Carrier>) {
    let (billing, mut bench) = owing("2026-03-03").await;
    bench.edit(&notices()).await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(true);
    (billing, bench, carrier)
}

async fn stops(bench: &Bench) {
    for channel in Channel::ADDRESSED {
        bench.hear(said(channel, None, Some(PHONE), Meaning::OptOut)).await;
    }
    let mail = said(Channel::Email, None, Some("zoe@example.org"), Meaning::OptOut);
    bench.hear(mail).await;
    bench.round("2026-03-10T06:00Z").await;
}

async fn proofs(bench: &Bench) -> Vec<NoticeLine> {
    bench.store.desk().notices(&"A".into()).await.unwrap()
}

#[tokio::test]
async fn who_stopped_every_channel_is_given_notice_by_letter() {
    let (_, bench, carrier) = noticed().await;
    bench.round("2026-03-10T05:00Z").await;
    stops(&bench).await;
    bench.rounds("2026-03-10T09:00Z", "2026-03-11T06:00Z").await;

    assert_eq!(carrier.taken(), [Channel::Letter]);
    let kept = proofs(&bench).await;
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].channel.as_str(), kept[0].address.as_deref()), ("letter", None));
    assert!(kept[0].subject.is_some() && kept[0].body.contains("50.00"), "{kept:?}");
}

#[tokio::test]
async fn an_ordinary_reminder_is_not_sent_to_who_stopped_its_channels() {
    let (_, mut bench, carrier) = noticed().await;
    bench.edit(LADDER).await;
    stops(&bench).await;
    bench.rounds("2026-03-10T09:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(carrier.taken(), []);
    assert_eq!(bench.reason("A").await, ["no_consent"]);
    assert_eq!(proofs(&bench).await, []);
}

#[tokio::test]
async fn what_a_notice_said_and_what_came_of_it_is_proven() {
    let (_, bench, carrier) = noticed().await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-10T12:00Z").await;
    carrier.tells(Fate::Delivered, at("2026-03-10T12:10Z"));
    bench.round("2026-03-10T13:00Z").await;

    let kept = proofs(&bench).await.remove(0);
    let key: AttemptKey = carrier.keys()[0];
    assert_eq!((kept.reminder, kept.attempt), (key.reminder.to_string(), 1));
    assert_eq!(kept.items, [pair("a1", "late7")]);
    assert_eq!((kept.channel.as_str(), kept.address.as_deref()), ("sms", Some(PHONE)));
    assert_eq!((kept.template.as_str(), kept.language.as_str()), ("soft", "en"));
    assert_eq!(kept.template_version, bench.workshop.messages.version("en", "soft"));
    let states: Vec<&str> = kept.followed.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!(states, ["accepted", "delivered"]);
    assert!(kept.body.contains("50.00"), "{}", kept.body);
}

/// A cap of one contact in thirty days, of a reminder on the fourth.
async fn capped(ladder: &str) -> (Bench, Arc<Carrier>) {
    let (_, mut bench, carrier) = noticed().await;
    bench.edit(ladder).await;
    let channels = vec![Channel::Sms, Channel::Email];
    let (key, counts) = (CapKey::Account, Counts::Attempts);
    let cap = Cap { channels, window_days: 30, limit: 1, key, counts, only: None };
    bench.workshop.contact = ContactRules::lawless().with_caps(vec![cap]).into();
    bench.rounds("2026-03-04T06:00Z", "2026-03-11T06:00Z").await;
    (bench, carrier)
}

#[tokio::test]
async fn a_cap_gives_way_to_a_notice() {
    let (bench, carrier) = capped(LADDER).await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    assert_eq!(bench.sent().await, [pair("a1", "late1")]);
    let (bench, carrier) = capped(&notices()).await;
    assert_eq!(carrier.taken(), [Channel::Sms, Channel::Sms]);
    assert_eq!(bench.sent().await, [pair("a1", "late1"), pair("a1", "late7")]);
}

#[tokio::test]
async fn a_notice_takes_its_place_under_the_cap() {
    let (billing, bench, carrier) = noticed().await;
    let mut bench = bench;
    let channels = vec![Channel::Sms, Channel::Email];
    let (key, counts) = (CapKey::Account, Counts::Attempts);
    let cap = Cap { channels, window_days: 30, limit: 1, key, counts, only: None };
    bench.workshop.contact = ContactRules::lawless().with_caps(vec![cap]).into();
    bench.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(bench.sent().await, [pair("a1", "late7")]);
    // A reminder of another bill comes after it.
    billing.bill("a2", "A", "2026-03-10");
    bench.rounds("2026-03-11T06:00Z", "2026-03-12T06:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    assert!(bench.standing("A").await.contains(&pair("deferred", "person_cap")));
}
