//! Why somebody does not pay steers who is spoken to.

use std::sync::Arc;

use duebell::model::cause::{DebtClass, SetClass};
use duebell::model::feed::Feed;
use duebell::model::task::Done;
use duebell::model::{Reason, Task, TaskKind};
use duebell::pipeline::Stage;
use duebell::pipeline::assess::Assess;
use duebell::store::{AssessStore, Ended, PlanStore};

use super::pair;
use crate::support::bench::{Bench, LADDER};
use crate::support::billing::Billing;
use crate::support::build::*;

/// A ladder of this world, with its accounts judged.
async fn judged(billing: &Arc<Billing>) -> Bench {
    Bench::live(billing.clone()).await.judging()
}

/// Account A disputes a part of its bill a1 for the second time.
fn angry() -> Arc<Billing> {
    let billing = Billing::new();
    billing.account("A");
    billing.bill("a1", "A", "2026-03-09");
    for id in ["d1", "d2"] {
        let part = [("bill_id", "a1"), ("amount", "5.00"), ("currency", "EUR")];
        billing.hold(id, "A", "dispute", &part);
    }
    billing
}

/// Account A never paid a1 of last year, nor said a word; a2 falls due in three days.
fn silent() -> Arc<Billing> {
    let billing = Billing::new();
    billing.account("A");
    billing.bill("a1", "A", "2025-12-15");
    billing.put(Feed::Bills, &[("bill_id", "a1"), ("issued_on", "2025-12-01")]);
    billing.bill("a2", "A", "2026-03-13");
    billing
}

/// Account A paid six bills on their day, and not the seventh.
fn forgetful() -> Arc<Billing> {
    let billing = Billing::new();
    billing.account("A");
    for (id, due_on) in [
        ("p1", "2025-09-09"),
        ("p2", "2025-10-09"),
        ("p3", "2025-11-09"),
        ("p4", "2025-12-09"),
        ("p5", "2026-01-09"),
        ("p6", "2026-02-09"),
        ("a1", "2026-03-09"),
    ] {
        billing.bill(id, "A", due_on);
        let issued_on = &format!("{}-01", &due_on[..7]);
        billing.put(Feed::Bills, &[("bill_id", id), ("issued_on", issued_on)]);
        if id != "a1" {
            let settled = [("bill_id", id), ("remaining_amount", "0.00"), ("settled_on", due_on)];
            billing.put(Feed::Bills, &settled);
        }
    }
    billing
}

async fn class(bench: &Bench, on: &str) -> DebtClass {
    bench.store.facts(&[key("A")], day(on)).await.unwrap()[0].class
}

async fn tasks(bench: &Bench) -> Vec<Task> {
    bench.store.desk().tasks(10).await.unwrap()
}

/// Steps of account A that wait because of its class.
async fn routed(bench: &Bench) -> Vec<(String, String)> {
    let rows = bench.why_not("A").await.into_iter();
    let routed = rows.filter(|row| row.is_open && row.reason == Reason::DebtClass);
    routed.map(|row| (row.bill, row.step)).collect()
}

async fn care_is_done(bench: &Bench, task: &Task, on: &str, rests_until: &str) {
    let rests = SetClass {
        class: DebtClass::Unknown,
        set_on: day(on),
        until: day(rests_until),
        by: "Ann".into(),
        reason: "care is done".into(),
    };
    let done = Done {
        at: at(&format!("{on}T12:00Z")),
        by: "Ann".into(),
        outcome: "explained the bill".into(),
        satisfied: Some(true),
    };
    let ended = Ended { done, rests: &rests };
    assert!(
        bench.store.desk().end_task(&task.id, &ended, &by("Ann", NOON)).await.unwrap().is_some()
    );
}

#[tokio::test]
async fn whoever_is_angry_hears_nothing_and_is_called_back_by_a_promised_time() {
    let billing = angry();
    let unjudged = Bench::live(billing.clone()).await;
    unjudged.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(unjudged.sent().await, [pair("a1", "late1")]);

    let bench = judged(&billing).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-12T06:00Z").await;
    assert_eq!(bench.messages().len(), 0);
    assert_eq!(class(&bench, "2026-03-12").await, DebtClass::Retaliatory);
    assert_eq!(routed(&bench).await, [pair("a1", "late1")]);
    let [task] = &tasks(&bench).await[..] else { panic!("one task") };
    assert_eq!(task.kind, TaskKind::CareCall);
    assert!(task.reason.contains("disputes what was billed"), "{}", task.reason);
    assert_eq!(task.opened_at, at("2026-03-10T06:00Z"));
    assert_eq!(task.due_at, Some(at("2026-03-11T06:00Z")));
}

#[tokio::test]
async fn when_care_is_done_the_ladder_goes_on_at_the_step_of_that_day() {
    let billing = angry();
    let bench = judged(&billing).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-17T06:00Z").await;
    assert_eq!(bench.messages().len(), 0);
    let task = tasks(&bench).await.remove(0);
    care_is_done(&bench, &task, "2026-03-17", "2026-04-16").await;
    bench.rounds("2026-03-17T13:00Z", "2026-03-20T06:00Z").await;
    assert_eq!(bench.sent().await, [pair("a1", "late7")]);
    // The rules would say the same again, and leave it alone.
    assert_eq!(tasks(&bench).await, []);
    assert_eq!(class(&bench, "2026-03-20").await, DebtClass::Unknown);
}

#[tokio::test]
async fn care_that_is_not_done_holds_the_ladder_back_whatever_the_facts_say() {
    let billing = angry();
    let bench = judged(&billing).await;
    bench.round("2026-03-10T06:00Z").await;
    for id in ["d1", "d2"] {
        billing.put(Feed::Holds, &[("hold_id", id), ("ends_on", "2026-03-10")]);
    }
    bench.rounds("2026-03-11T06:00Z", "2026-03-13T06:00Z").await;
    assert_eq!(bench.messages().len(), 0);
    // Beyond the days for which the first verdict was good.
    bench.round("2026-04-20T06:00Z").await;
    assert_eq!(class(&bench, "2026-04-21").await, DebtClass::Retaliatory);
}

#[tokio::test]
async fn whoever_never_meant_to_pay_gets_no_courtesy_and_people_look_at_it() {
    let billing = silent();
    let unjudged = Bench::live(billing.clone()).await;
    unjudged.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(unjudged.sent().await, [pair("a2", "before3")]);

    let bench = judged(&billing).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-15T06:00Z").await;
    assert_eq!(bench.messages().len(), 0);
    assert_eq!(class(&bench, "2026-03-15").await, DebtClass::Malicious);
    let [case] = &tasks(&bench).await[..] else { panic!("one case") };
    assert_eq!((case.kind, case.due_at), (TaskKind::Review, None));
    assert!(case.reason.contains("has never paid a bill"), "{}", case.reason);
}

#[tokio::test]
async fn whoever_pays_is_no_longer_what_it_was() {
    let billing = silent();
    let bench = judged(&billing).await;
    bench.round("2026-03-10T06:00Z").await;
    assert_eq!(class(&bench, "2026-03-10").await, DebtClass::Malicious);
    billing.remaining("a1", "0.00");
    bench.rounds("2026-03-10T08:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(class(&bench, "2026-03-11").await, DebtClass::Unknown);
    assert_eq!(bench.sent().await, [pair("a2", "before3")]);
}

#[tokio::test]
async fn whoever_forgot_is_reminded_as_before() {
    let bench = judged(&forgetful()).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(class(&bench, "2026-03-11").await, DebtClass::Forgetful);
    assert_eq!(bench.sent().await, [pair("a1", "late1")]);
    assert_eq!(tasks(&bench).await, []);
}

#[tokio::test]
async fn a_class_that_staff_set_counts_until_its_day_and_reaches_what_is_planned() {
    let bench = judged(&forgetful()).await;
    bench.round("2026-03-10T06:00Z").await;
    let set = SetClass {
        class: DebtClass::Malicious,
        set_on: day("2026-03-10"),
        until: day("2026-03-11"),
        by: "Ann".into(),
        reason: "a forged contract".into(),
    };
    bench.store.desk().set_class(&key("A"), &set, &[], &by("Ann", NOON)).await.unwrap();
    // Before anybody plans again: dispatch asks.
    bench.stages().send(at("2026-03-10T10:00Z")).await.unwrap();
    bench.rounds("2026-03-10T11:00Z", "2026-03-11T09:00Z").await;
    assert_eq!(bench.messages().len(), 0);
    bench.rounds("2026-03-11T12:00Z", "2026-03-13T06:00Z").await;
    assert_eq!(class(&bench, "2026-03-12").await, DebtClass::Forgetful);
    assert_eq!(bench.sent().await, [pair("a1", "late1")]);
}

#[tokio::test]
async fn a_process_that_dies_after_judging_leaves_nothing_undone_and_nothing_twice() {
    let billing = angry();
    billing.account("B");
    let bench = judged(&billing).await;
    bench.stages().recover(at("2026-03-10T06:00Z")).await.unwrap();
    let feeds = duebell::pipeline::sync::Sync(bench.workshop.clone());
    feeds.run_once(at("2026-03-10T06:00Z")).await.unwrap();
    // It judged, and died before it planned.
    Assess::new(bench.workshop.clone()).run_once(at("2026-03-10T06:00Z")).await.unwrap();
    assert_eq!(touched(&bench.store).await, ["A"]);
    let before = bench.store.classed(&[key("A")]).await.unwrap();

    bench.rounds("2026-03-10T07:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(bench.store.classed(&[key("A")]).await.unwrap(), before);
    assert_eq!(tasks(&bench).await.len(), 1);
    assert_eq!(bench.messages().len(), 0);
    assert_eq!(touched(&bench.store).await, [""; 0]);
}

#[tokio::test]
async fn a_repeat_debtor_is_for_people_to_review_and_keeps_its_ladder() {
    let billing = Billing::new();
    billing.account("A");
    for (id, due_on) in [("a1", "2026-02-03"), ("a2", "2026-02-05"), ("a3", "2026-02-22")] {
        billing.bill(id, "A", due_on);
    }
    let mut bench = Bench::live(billing).await;
    let flagged = "[repeat_debtor]\nbills = 3\nlate_days = 15\nwindow_days = 365\n";
    bench.edit(&format!("{LADDER}{flagged}")).await;
    bench.rounds("2026-03-08T06:00Z", "2026-03-12T06:00Z").await;
    let [case] = &tasks(&bench).await[..] else { panic!("one case") };
    assert_eq!(case.kind, TaskKind::Review);
    assert_eq!(case.reason, "repeat debtor since 2026-03-10: 3 bills were late");
    assert!(!bench.sent().await.is_empty());
}
