//! Closed days: what falls due on one is neither lost nor sent twice.

use std::sync::Arc;

use duebell::model::feed::Feed;
use duebell::model::{Channel, Reason};
use duebell::policy::ContactRules;
use duebell::policy::holidays::Holidays;
use duebell::policy::law::{Presets, Settings};

use super::pair;
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::build::*;

/// The strictest preset with England's holidays: at Easter 2026, Friday the
/// third of April and Monday the sixth, and no Sunday.
fn strict() -> Arc<ContactRules> {
    let law = Presets::built_in().law("global-strict", &Settings::default()).unwrap();
    let holidays = Arc::new(Holidays::of(&["GB-ENG".to_owned()]).unwrap());
    Arc::new(ContactRules::new(&law.terms, [], Some(&holidays)))
}

/// Account A and its bill a1, under the strictest law.
async fn owing(due_on: &str, issued_on: &str) -> (Arc<Billing>, Bench) {
    let (billing, mut bench) = super::owing(due_on).await;
    billing.put(Feed::Bills, &[("bill_id", "a1"), ("issued_on", issued_on)]);
    bench.workshop.contact = strict();
    // The strictest law wants consent beforehand.
    bench
        .agrees("A", &[Channel::Sms, Channel::Voice, Channel::Email], true, "2026-01-01T00:00Z")
        .await;
    (billing, bench)
}

fn sent_at(bench: &Bench) -> Vec<String> {
    bench.messages().iter().map(|message| message.at.to_string()).collect()
}

#[tokio::test]
async fn a_soft_step_of_a_closed_day_goes_out_once_on_the_next_open_one() {
    let (_, bench) = owing("2026-04-02", "2026-04-02").await;
    bench.rounds("2026-04-02T10:00Z", "2026-04-04T06:00Z").await;
    assert_eq!(sent_at(&bench), [""; 0]);
    let why_not = bench.why_not("A").await;
    assert!(why_not.iter().any(|line| line.reason == Reason::OutsideWindow), "{why_not:?}");

    bench.rounds("2026-04-04T06:00Z", "2026-04-08T00:00Z").await;
    assert_eq!(sent_at(&bench), ["2026-04-04T10:00:00Z"]);
    assert_eq!(bench.sent().await, [pair("a1", "late1")]);
    // The provider may still deliver until the shop closes.
    assert_eq!(bench.messages()[0].expires_at, at("2026-04-04T18:00Z"));
}

/// From Saturday at noon on nothing is open until Tuesday morning.
#[tokio::test]
async fn a_long_weekend_defers_and_then_sends_once() {
    let (_, bench) = owing("2026-04-03", "2026-04-03").await;
    bench.rounds("2026-04-03T10:00Z", "2026-04-04T10:00Z").await;
    bench.workshop.control.set_control("kill_switch", Some("on"), at(NOON)).await.unwrap();
    bench.rounds("2026-04-04T10:00Z", "2026-04-04T20:00Z").await;
    bench.workshop.control.set_control("kill_switch", None, at(NOON)).await.unwrap();
    bench.rounds("2026-04-04T20:00Z", "2026-04-09T00:00Z").await;
    assert_eq!(sent_at(&bench), ["2026-04-07T10:00:00Z"]);
    assert_eq!(bench.standing("A").await[0], pair("deferred", "kill_switch"));
}

#[tokio::test]
async fn a_hard_step_waits_for_the_next_open_day_too() {
    let (_, bench) = owing("2026-03-19", "2026-03-19").await;
    bench.rounds("2026-03-20T00:00Z", "2026-04-09T00:00Z").await;
    let days: Vec<String> = sent_at(&bench).iter().map(|at| at[..10].to_owned()).collect();
    // late1 on a Friday, late7 on a Thursday, and the hard step of Good Friday.
    assert_eq!(days, ["2026-03-20", "2026-03-26", "2026-04-04"]);
}

#[tokio::test]
async fn a_courtesy_step_is_sent_late_but_never_after_the_due_date_nor_early() {
    // Three days before Monday the sixth is Good Friday; Saturday is open.
    let (_, bench) = owing("2026-04-06", "2026-03-01").await;
    bench.rounds("2026-04-01T00:00Z", "2026-04-07T00:00Z").await;
    assert_eq!(sent_at(&bench), ["2026-04-04T10:00:00Z"]);

    // Of an account whose weekend has no Saturday, every day until then is closed.
    let (_, mut bench) = owing("2026-04-06", "2026-03-01").await;
    let saturday = Holidays::of(&["GB-ENG".to_owned(), "2026-04-04".to_owned()]).unwrap();
    let law = Presets::built_in().law("global-strict", &Settings::default()).unwrap();
    bench.workshop.contact = Arc::new(ContactRules::new(&law.terms, [], Some(&Arc::new(saturday))));
    bench.rounds("2026-04-01T00:00Z", "2026-04-07T09:00Z").await;
    assert_eq!(sent_at(&bench), [""; 0]);
    bench.rounds("2026-04-07T09:00Z", "2026-04-08T00:00Z").await;
    assert_eq!(bench.sent().await, [pair("a1", "late1")], "the courtesy has lapsed");
}

#[tokio::test]
async fn a_closed_day_is_decided_once_and_not_over_and_over() {
    let (_, bench) = owing("2026-04-02", "2026-04-02").await;
    let stages = bench.stages();
    let mut decided = 0;
    for hour in 10..34 {
        let now = at("2026-04-02T00:00Z") + jiff::SignedDuration::from_hours(hour);
        decided += stages.round(now).await.unwrap().decided;
    }
    // When the bill came, and when Good Friday and Saturday began somewhere.
    assert!((1..=3).contains(&decided), "{decided}");
}

#[tokio::test]
async fn a_law_that_changes_holds_for_what_is_planned_already() {
    let (_, mut bench) = owing("2026-04-02", "2026-04-02").await;
    bench.workshop.contact = Arc::new(ContactRules::lawless());
    bench.rounds("2026-04-02T10:00Z", "2026-04-03T09:00Z").await;
    assert_eq!(bench.states("A").await, ["planned"]);
    bench.workshop.contact = strict();
    bench.rounds("2026-04-03T09:00Z", "2026-04-08T00:00Z").await;
    assert_eq!(sent_at(&bench), ["2026-04-04T10:00:00Z"]);
    assert_eq!(bench.standing("A").await[0], pair("deferred", "outside_window"));
}

#[tokio::test]
async fn the_last_minutes_before_closing_are_the_providers() {
    let (_, bench) = super::owing("2026-03-09").await;
    bench.round("2026-03-10T06:00Z").await;
    bench.workshop.control.set_control("kill_switch", Some("on"), at(NOON)).await.unwrap();
    bench.round("2026-03-10T19:50Z").await;
    bench.workshop.control.set_control("kill_switch", None, at(NOON)).await.unwrap();
    bench.stages().send(at("2026-03-10T19:55Z")).await.unwrap();
    assert_eq!(sent_at(&bench), [""; 0]);
    bench.rounds("2026-03-10T20:00Z", "2026-03-12T00:00Z").await;
    assert_eq!(sent_at(&bench), ["2026-03-11T09:00:00Z"]);
}

/// When it is day in Germany it is night on Kiritimati.
#[tokio::test]
async fn mail_goes_alone_where_no_hour_suits_every_place_of_the_number() {
    let far = [("account_id", "A"), ("zone", "Pacific/Kiritimati"), ("phone", "+4915123456789")];
    let (billing, bench) = super::owing("2026-03-09").await;
    billing.put(Feed::Accounts, &[&far[..], &[("preferred_channel", "sms")]].concat());
    billing.put(Feed::Bills, &[("bill_id", "a1"), ("issued_on", "2026-03-09")]);
    bench.rounds("2026-03-09T00:00Z", "2026-03-11T00:00Z").await;
    let channels: Vec<_> = bench.messages().iter().map(|message| message.channel).collect();
    assert_eq!(channels, [Channel::Email]);

    // Without an address of mail, the step stays due, and says why.
    let (billing, bench) = super::owing("2026-03-09").await;
    billing.put(Feed::Accounts, &[&far[..], &[("email", "")]].concat());
    bench.rounds("2026-03-09T00:00Z", "2026-03-12T00:00Z").await;
    assert_eq!(sent_at(&bench), [""; 0]);
    let why_not = bench.why_not("A").await;
    assert!(why_not.iter().any(|line| line.reason == Reason::OutsideWindow), "{why_not:?}");
}

/// The strictest law asks for a way out of short messages, and for the words
/// that the operator has.
#[tokio::test]
async fn a_message_says_what_the_law_of_its_scenario_asks_and_no_more() {
    let notes = "hardship-link = { en = 'Hard to pay? help.example.' }\n\
                 payment-plan = { en = 'Instalments are possible.' }";
    let said = async |is_strict: bool| {
        let (_, mut bench) = owing("2026-04-07", "2026-04-01").await;
        let content = toml::from_str(notes).unwrap();
        let operator = duebell::message::Operator { content, ..Default::default() };
        bench.workshop.operator = Arc::new(operator);
        if !is_strict {
            bench.workshop.contact = Arc::new(ContactRules::lawless());
        }
        bench.rounds("2026-04-08T00:00Z", "2026-04-09T00:00Z").await;
        let mut messages = bench.messages();
        assert_eq!(messages.len(), 1);
        messages.remove(0).text
    };
    let strict = said(true).await;
    assert!(strict.contains("Hard to pay? help.example. Reply STOP to opt out."), "{strict}");
    // That one is for the notice of a suspension.
    assert!(!strict.contains("Instalments"), "{strict}");
    let lawless = said(false).await;
    assert!(!lawless.contains("STOP") && !lawless.contains("help.example"), "{lawless}");
}
