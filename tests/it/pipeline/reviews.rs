//! People decide, two by two, on facts that have not changed; and what they
//! decided leaves as advice.

use std::sync::Arc;

use duebell::model::audit::{Doer, Through};
use duebell::model::review::{Outcome, Verdict, Wanted};
use duebell::model::{Task, TaskKind};
use duebell::pipeline::Stage;
use duebell::pipeline::advise::Advise;
use duebell::provider::webhook::{Settings, Webhook};
use duebell::review::readiness::{Asks, Law};
use duebell::review::{RuleBook, Rules};
use duebell::store::{CaseError, CasePage, DecidedCase};
use jiff::{SignedDuration, Timestamp};

use crate::support::bench::{Bench, LADDER};
use crate::support::billing::Billing;
use crate::support::build::*;
use crate::support::peer::{Peer, closed_port};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const FLAGGED: &str = "[repeat_debtor]\nbills = 3\nlate_days = 15\nwindow_days = 365\n";

/// Account A, whose third late bill makes it a repeat debtor on the tenth.
async fn flagged() -> (Arc<Billing>, Bench, Task) {
    let billing = Billing::new();
    billing.account("A");
    for (id, due_on) in [("a1", "2026-02-03"), ("a2", "2026-02-05"), ("a3", "2026-02-22")] {
        billing.bill(id, "A", due_on);
    }
    let mut bench = Bench::live(billing.clone()).await;
    bench.edit(&format!("{LADDER}{FLAGGED}")).await;
    bench.rounds("2026-03-09T06:00Z", "2026-03-10T12:00Z").await;
    let page = CasePage { limit: 9, ..CasePage::default() };
    let [case] = &bench.store.desk().cases(&page).await.unwrap()[..] else { panic!("one case") };
    let case = case.clone();
    assert_eq!(case.kind, TaskKind::Review);
    assert_eq!(case.reason, "repeat debtor since 2026-03-10: 3 bills were late");
    (billing, bench, case)
}

fn rules() -> Rules {
    let law = Law::new(Asks::default(), |_| false);
    let (settings, scenarios) = (Default::default(), Default::default());
    let book = RuleBook { settings, installation: law, scenarios, care_hours: 24, rest_days: 30 };
    book.rules(Some("standard"))
}

fn doer(by: &str, now: Timestamp) -> Doer {
    Doer { by: by.into(), through: Through::CommandLine, at: now }
}

async fn propose(bench: &Bench, case: &Task, by: &str, now: Timestamp) -> DecidedCase {
    let wanted = Wanted {
        outcome: Outcome::Terminate,
        instalments: None,
        reason: "repeat_debtor".into(),
        note: "three bills, no answer".into(),
    };
    bench.store.desk().propose(&case.id, &wanted, &rules(), &doer(by, now)).await.unwrap()
}

async fn approve(bench: &Bench, id: &str, by: &str, now: Timestamp) -> Result<DecidedCase, String> {
    let approved = bench.store.desk().approve(id, "", &rules(), &doer(by, now)).await;
    approved.map_err(|error| match error {
        CaseError::Refused(refusal) => refusal.to_string(),
        CaseError::Store(error) => panic!("{error:?}"),
    })
}

#[tokio::test]
async fn a_payment_that_arrives_between_two_people_stops_the_second() {
    let (billing, bench, case) = flagged().await;
    assert_eq!(case.arrears.unwrap().to_string(), "150.00 EUR");
    let proposal = propose(&bench, &case, "Ann", at("2026-03-10T12:00Z")).await.proposal;
    let alone = approve(&bench, &proposal.id, "Ann", at("2026-03-10T12:10Z")).await.unwrap_err();
    assert_eq!(alone, "Ann proposed it, and somebody else must decide");
    // A round that brings nothing new leaves it open.
    bench.round("2026-03-10T12:30Z").await;

    billing.remaining("a1", "10.00");
    let stages = bench.stages();
    let feeds = duebell::pipeline::sync::Sync(bench.workshop.clone());
    feeds.run_once(at("2026-03-10T13:00Z")).await.unwrap();
    // Before any stage has looked: the approval itself does.
    let late = approve(&bench, &proposal.id, "Bob", at("2026-03-10T13:00Z")).await.unwrap_err();
    assert!(late.contains("the evidence has changed"), "{late}");
    assert!(late.contains("the bills or what remains of them"), "{late}");

    stages.round(at("2026-03-10T13:01Z")).await.unwrap();
    let proposals = bench.store.desk().proposals_of(&key("A")).await.unwrap();
    let decided = proposals[0].decided.as_ref().unwrap();
    assert_eq!((decided.verdict, decided.by.as_str()), (Verdict::Void, "duebell"));
    let gone = approve(&bench, &proposal.id, "Bob", at("2026-03-10T13:02Z")).await.unwrap_err();
    assert_eq!(gone, "no proposal of that name is open");
    assert_eq!(bench.store.desk().advice(true, 9).await.unwrap(), []);
    let open = bench.store.desk().task(&case.id).await.unwrap().unwrap();
    assert_eq!((open.arrears.unwrap().to_string().as_str(), open.done), ("110.00 EUR", None));

    for bill in ["a1", "a2", "a3"] {
        billing.remaining(bill, "0.00");
    }
    bench.round("2026-03-10T14:00Z").await;
    let cured = bench.store.desk().task(&case.id).await.unwrap().unwrap().done.unwrap();
    assert_eq!((cured.by.as_str(), cured.outcome.as_str()), ("duebell", "cured"));
}

#[tokio::test]
async fn nobody_waits_for_a_second_person_for_ever() {
    let (_billing, bench, case) = flagged().await;
    propose(&bench, &case, "Ann", at("2026-03-10T12:00Z")).await;
    bench.rounds("2026-03-13T11:00Z", "2026-03-13T13:00Z").await;
    let proposals = bench.store.desk().proposals_of(&key("A")).await.unwrap();
    assert_eq!(proposals[0].decided.as_ref().unwrap().verdict, Verdict::Expired);
}

/// A bench whose advice goes to this port, signed.
fn advising(mut bench: Bench, port: u16) -> (Bench, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let secret_file = dir.path().join("secret");
    std::fs::write(&secret_file, format!("{SECRET}\n")).unwrap();
    let url = Some(format!("http://127.0.0.1:{port}/advice"));
    let settings = Settings { url, secret_file: Some(secret_file), timeout_ms: 20_000 };
    assert_eq!(settings.problems(), []);
    bench.workshop.webhook = Webhook::connect(&settings).unwrap().map(Arc::new);
    (bench, dir)
}

/// The library of the scheme compares the time with its own clock.
#[allow(clippy::disallowed_methods, reason = "the peer runs on the machine's clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[tokio::test]
async fn what_two_people_decided_reaches_the_billing_system_signed_and_under_one_id() {
    let (_billing, bench, case) = flagged().await;
    let peer = Peer::start("standard_webhooks.py", &[SECRET, "503", "204"]);
    let (bench, _dir) = advising(bench, peer.port);
    let first = now();
    let proposal = propose(&bench, &case, "Ann", first).await.proposal;
    let done = approve(&bench, &proposal.id, "Bob", first).await.unwrap();
    let advice = done.effects.unwrap().advice.unwrap();

    let stage = Advise(bench.workshop.clone());
    stage.run_once(first).await.unwrap();
    let line = bench.store.desk().advice(false, 9).await.unwrap().remove(0);
    assert_eq!(line.last_error.as_deref(), Some("the billing system answered 503"));
    let next_at = line.next_at.unwrap();
    assert_eq!(stage.run_once(next_at - SignedDuration::from_secs(1)).await.unwrap(), 0);
    assert_eq!(stage.run_once(next_at).await.unwrap(), 1);
    assert_eq!(bench.store.desk().advice(false, 9).await.unwrap(), []);
    assert_eq!(stage.run_once(next_at + SignedDuration::from_hours(1)).await.unwrap(), 0);

    let kept = peer.kept_json();
    assert_eq!(kept.len(), 2, "{kept:?}");
    for one in &kept {
        assert_eq!(one["refused"], serde_json::Value::Null, "{one}");
        assert_eq!(
            (&one["id"], &one["body"]["id"]),
            (&advice.id.clone().into(), &advice.id.clone().into())
        );
        assert_eq!(one["type"], "application/json");
        assert_eq!(one["body"], serde_json::from_str::<serde_json::Value>(&advice.body).unwrap());
    }
    assert_eq!(kept[0]["body"]["outcome"], "terminate");
    assert_eq!(kept[0]["body"]["approved_by"], "Bob");
}

#[tokio::test]
async fn what_is_signed_with_another_secret_is_believed_by_nobody() {
    let (_billing, bench, case) = flagged().await;
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let peer = Peer::start("standard_webhooks.py", &[other]);
    let (bench, _dir) = advising(bench, peer.port);
    let proposal = propose(&bench, &case, "Ann", at("2026-03-10T12:00Z")).await.proposal;
    approve(&bench, &proposal.id, "Bob", at("2026-03-10T12:10Z")).await.unwrap();
    Advise(bench.workshop.clone()).run_once(now()).await.unwrap();
    let kept = peer.kept_json();
    assert_eq!(kept.len(), 1);
    assert!(kept[0]["refused"].is_string(), "{kept:?}");
}

#[tokio::test]
async fn a_billing_system_that_is_away_is_called_again_for_three_days() {
    let (_billing, bench, case) = flagged().await;
    let (bench, _dir) = advising(bench, closed_port());
    let proposal = propose(&bench, &case, "Ann", at("2026-03-10T12:00Z")).await.proposal;
    approve(&bench, &proposal.id, "Bob", at("2026-03-10T12:00Z")).await.unwrap();
    let stage = Advise(bench.workshop.clone());
    let (mut now, mut calls) = (at("2026-03-10T12:00Z"), 0);
    while now < at("2026-03-20T12:00Z") {
        calls += stage.run_once(now).await.unwrap();
        now += SignedDuration::from_hours(1);
    }
    let line = bench.store.desk().advice(false, 9).await.unwrap().remove(0);
    assert_eq!((line.next_at, line.sent_at), (None, None));
    assert_eq!(line.attempts as usize, calls);
    assert!((5..=20).contains(&calls), "{calls}");
    let error = "the billing system: the provider cannot be reached";
    assert_eq!(line.last_error.as_deref(), Some(error));
    assert!(bench.store.desk().advice_done(&line.advice.id, &doer("Cem", now)).await.unwrap());
}

#[tokio::test]
async fn where_no_address_is_set_advice_stays_for_whoever_reads_it() {
    let (_billing, bench, case) = flagged().await;
    let proposal = propose(&bench, &case, "Ann", at("2026-03-10T12:00Z")).await.proposal;
    approve(&bench, &proposal.id, "Bob", at("2026-03-10T12:10Z")).await.unwrap();
    bench.rounds("2026-03-10T13:00Z", "2026-03-10T15:00Z").await;
    let line = bench.store.desk().advice(false, 9).await.unwrap().remove(0);
    assert_eq!((line.attempts, line.sent_at), (0, None));
}
