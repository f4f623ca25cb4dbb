//! Where the law wants consent beforehand, nobody is reached without it.

use std::sync::Arc;

use duebell::model::audit::Act;
use duebell::model::hours::WeekHours;
use duebell::model::law::{AllOf, OnHolidays};
use duebell::model::{Channel, Consent, Purpose};
use duebell::policy::ContactRules;
use duebell::policy::law::{Presets, Settings};
use serde_json::json;

use super::replies::{OPEN, planned, text};
use super::{owing, pair};
use crate::support::bench::Bench;
use crate::support::build::*;
use crate::support::carrier::Carrier;

/// A law that wants consent to these channels, and nothing else.
fn asks(channels: &[Channel]) -> Arc<ContactRules> {
    let mut terms = Presets::built_in().law("global-strict", &Settings::default()).unwrap().terms;
    (terms.hours, terms.hours_email) = (WeekHours::ALL_DAY, None);
    (terms.holidays, terms.silence_days) = (OnHolidays::Open, None);
    terms.caps = AllOf(Vec::new());
    terms.consent = AllOf(channels.to_vec());
    Arc::new(ContactRules::new(&terms, [], None))
}

impl Bench {
    /// The account agreed to these channels, or refused them.
    pub async fn agrees(&self, account: &str, channels: &[Channel], is_given: bool, when: &str) {
        let (bucket, account) = key(account);
        let entry = |channel: &Channel| Consent {
            bucket,
            account: account.clone(),
            channel: *channel,
            purpose: Purpose::Reminder,
            is_given,
            at: at(when),
            source: "Ann".into(),
            proof: "contract 7".into(),
        };
        let entries: Vec<Consent> = channels.iter().map(entry).collect();
        let deed = by("Ann", when).deed(Act::ConsentGiven, account.0.clone(), json!({}));
        self.store.desk().add_consents(&entries, deed).await.unwrap();
    }
}

/// Account A, which owes, and who carries to it.
async fn under(channels: &[Channel]) -> (Bench, Arc<Carrier>) {
    let (_, mut bench) = owing("2026-03-09").await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(false);
    bench.workshop.contact = asks(channels);
    (bench, carrier)
}

#[tokio::test]
async fn without_consent_the_next_channel_goes() {
    let (bench, carrier) = under(&[Channel::Sms, Channel::Voice]).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-10T12:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Email]);
}

#[tokio::test]
async fn with_no_channel_left_the_step_stays_due_and_says_so() {
    let (bench, carrier) = under(&[Channel::Sms, Channel::Email]).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-10T12:00Z").await;
    assert_eq!(carrier.given(), []);
    assert_eq!(bench.reason("A").await, ["unasked"]);
    // Whoever agrees is reminded the same day.
    bench.agrees("A", &[Channel::Email], true, "2026-03-10T11:00Z").await;
    bench.rounds("2026-03-10T12:00Z", "2026-03-10T14:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Email]);
    assert_eq!(bench.sent().await, [pair("a1", "late1")]);
}

#[tokio::test]
async fn what_was_agreed_to_and_taken_back_stops_what_is_planned_already() {
    let (bench, carrier) = under(&[Channel::Sms, Channel::Email]).await;
    bench.round("2026-03-10T05:00Z").await;
    bench.agrees("A", &[Channel::Sms], true, "2026-03-10T05:30Z").await;
    bench.round("2026-03-10T06:00Z").await;
    bench.agrees("A", &[Channel::Sms], false, "2026-03-10T06:30Z").await;
    // Sending looks for itself, though nobody has planned again.
    bench.stages().send(at(OPEN)).await.unwrap();
    assert_eq!(carrier.given(), []);
    bench.rounds("2026-03-10T10:00Z", "2026-03-10T12:00Z").await;
    assert_eq!(carrier.given(), []);
    assert_eq!(bench.reason("A").await, ["no_consent"]);
}

#[tokio::test]
async fn where_the_law_does_not_ask_nothing_is_asked_for() {
    let (_, bench, carrier) = planned().await;
    bench.rounds(OPEN, "2026-03-10T12:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
}

#[tokio::test]
async fn a_stop_is_in_the_ledger_and_a_start_is_consent() {
    let (bench, carrier) = under(&[Channel::Sms]).await;
    bench.round("2026-03-10T05:00Z").await;
    bench.hear(text("START")).await;
    bench.rounds("2026-03-10T07:00Z", "2026-03-10T12:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    let lines = bench.store.desk().consents(&"A".into()).await.unwrap();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].is_given && lines[0].proof.starts_with("reply "), "{lines:?}");
}
