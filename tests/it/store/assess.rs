//! What both engines promise of dossiers, classes and tasks.

use duebell::model::cause::{DebtClass, Ground, SetClass, Verdict};
use duebell::model::evidence::Feeds;
use duebell::model::hold::{Hold, HoldKind, PlacedHold};
use duebell::model::ledger::Rows;
use duebell::model::task::Done;
use duebell::model::{Bucket, Task, TaskKind};
use duebell::store::{AssessStore, Assessed, Changed, Ended, OutboxStore, PlanStore, SqlStore};

use super::on_each_engine;
use super::outbox::submission;
use crate::support::build::*;

on_each_engine![
    a_dossier_holds_what_happened_and_not_only_what_is_open,
    who_is_judged_follows_the_day,
    a_verdict_counts_through_its_last_day_and_staff_goes_before_it,
    a_page_of_verdicts_comes_with_its_tasks_and_its_day,
    of_a_kind_one_task_is_open_and_says_all_its_reasons,
    a_care_call_that_is_done_lets_the_ladder_go_on,
];

pub fn verdict(class: DebtClass, expires_on: &str) -> Verdict {
    let says = "said that \"nobody\" helps".to_owned();
    Verdict {
        class,
        confidence: 80,
        reasons: vec![Ground { rule: "r".into(), class, weight: 40, says }],
        untold: vec!["no feed of complaints".into()],
        rules: "v1".into(),
        judged_on: day(TODAY),
        expires_on: day(expires_on),
    }
}

fn changed(account: &str, verdict: Option<Verdict>) -> Changed {
    let (bucket, account) = key(account);
    Changed { bucket, account, verdict, drops_set: false, touches: true }
}

async fn judge(store: &SqlStore, account: &str, verdict: Option<Verdict>) {
    let page = Assessed { changed: vec![changed(account, verdict)], ..Assessed::default() };
    store.record_assessed(&alone(), &page).await.unwrap();
}

async fn class(store: &SqlStore, account: &str, on: &str) -> DebtClass {
    store.facts(&[key(account)], day(on)).await.unwrap()[0].class
}

async fn to_judge(store: &SqlStore, since: &str, on: &str) -> Vec<String> {
    let found = store.to_judge(&Bucket::all(), day(since), day(on)).await.unwrap();
    let mut names: Vec<String> = found.into_iter().map(|(_, id)| id.0).collect();
    names.sort();
    names
}

async fn a_dossier_holds_what_happened_and_not_only_what_is_open(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    let old = |id: &str, remaining, due_on: &str| duebell::model::ledger::BillRow {
        issued_on: day("2023-01-01"),
        ..bill(id, "A", remaining, due_on)
    };
    let bills = [
        bill("a1", "A", 0, "2026-02-09"),
        bill("a2", "A", 5_000, "2026-03-09"),
        old("too_old", 0, "2023-02-01"),
        old("old_and_open", 5_000, "2023-03-01"),
        bill("b1", "B", 5_000, "2026-03-09"),
    ];
    with_bills(store, &bills).await;
    let payments = vec![
        payment("p1", "A", Some("a1"), "settled"),
        payment("p2", "A", Some("a1"), "reversed"),
        payment("p3", "A", Some("too_old"), "settled"),
    ];
    merged(store, Rows::Payments(payments)).await;
    merged(store, Rows::Holds(vec![hold("h1", "A", "complaint", Some("2026-03-02"))])).await;
    let placed = PlacedHold {
        bucket: Bucket::of("A"),
        account: "A".into(),
        hold: Hold {
            id: "h2".into(),
            kind: HoldKind::Promise,
            bill: None,
            starts_on: day("2026-01-10"),
            ends_on: Some(day("2026-01-12")),
            amount: None,
        },
        currency: None,
        owner: "subscriber".into(),
        reason: "said so".into(),
        placed_at: at(NOON),
        ended: None,
    };
    store.desk().place_hold(&placed, &by("Ann", NOON)).await.unwrap();
    let reminder = reminder("A", 0, &[item("a2", "late1")]);
    planned(store, &reminder).await;
    store.submit(&alone(), &[submission(&reminder)], at(NOON)).await.unwrap();

    let dossiers = store.dossiers(&[key("A"), key("B")], day(TODAY), &Feeds::none()).await.unwrap();
    let of = |id: &str| dossiers.iter().find(|one| one.account == id.into()).unwrap();
    let a = of("A");
    let bills: Vec<&str> = a.bills.iter().map(|bill| bill.id.as_str()).collect();
    assert_eq!(bills, ["old_and_open", "a1", "a2"]);
    let payments: Vec<&str> = a.payments.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(payments, ["p1", "p2"]);
    assert_eq!(a.holds.iter().map(|hold| hold.id.as_str()).collect::<Vec<_>>(), ["h1"]);
    assert_eq!(a.placed, [placed]);
    assert_eq!(a.sent.iter().map(|sent| sent.item.bill.as_str()).collect::<Vec<_>>(), ["a2"]);
    assert_eq!(of("B").bills.len(), 1);
    assert!(of("B").payments.is_empty() && of("B").sent.is_empty());
}

async fn who_is_judged_follows_the_day(store: &SqlStore) {
    with_accounts(store, &["A", "B", "C", "D"]).await;
    let bills = [
        bill("a1", "A", 5_000, "2026-03-01"),
        bill("b1", "B", 5_000, "2026-03-09"),
        bill("c1", "C", 5_000, "2026-03-10"),
        bill("d1", "D", 0, "2026-03-09"),
    ];
    with_bills(store, &bills).await;
    // Everybody's facts are new; those who owe nothing yet are left alone.
    assert_eq!(to_judge(store, TODAY, TODAY).await, ["A", "B"]);
    look_at_all(store).await;
    assert_eq!(to_judge(store, TODAY, TODAY).await, [""; 0]);
    assert_eq!(to_judge(store, "2026-03-09", TODAY).await, ["B"]);
    assert_eq!(to_judge(store, "2026-03-10", "2026-03-11").await, ["C"]);

    judge(store, "D", Some(verdict(DebtClass::Malicious, "2026-03-20"))).await;
    assert_eq!(to_judge(store, TODAY, TODAY).await, ["D"]);
    look_at_all(store).await;
    assert_eq!(to_judge(store, "2026-03-19", "2026-03-19").await, [""; 0]);
    assert_eq!(to_judge(store, "2026-03-20", "2026-03-20").await, ["D"]);
}

async fn a_verdict_counts_through_its_last_day_and_staff_goes_before_it(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    look_at_all(store).await;
    let judged = verdict(DebtClass::Malicious, "2026-03-20");
    judge(store, "A", Some(judged.clone())).await;
    assert_eq!(touched(store).await, ["A"]);
    assert_eq!(class(store, "A", "2026-03-20").await, DebtClass::Malicious);
    assert_eq!(class(store, "A", "2026-03-21").await, DebtClass::Unknown);
    assert_eq!(class(store, "B", TODAY).await, DebtClass::Unknown);

    let set = SetClass {
        class: DebtClass::CannotPay,
        set_on: day(TODAY),
        until: day("2026-03-12"),
        by: "Ann".into(),
        reason: "lost the job".into(),
    };
    look_at_all(store).await;
    store.desk().set_class(&key("A"), &set, &[], &by("Ann", NOON)).await.unwrap();
    assert_eq!(touched(store).await, ["A"]);
    assert_eq!(class(store, "A", "2026-03-12").await, DebtClass::CannotPay);
    assert_eq!(class(store, "A", "2026-03-13").await, DebtClass::Malicious);
    let classed = store.classed(&[key("A"), key("B")]).await.unwrap();
    assert_eq!(classed.len(), 1);
    assert_eq!(classed[&"A".into()].verdict, Some(judged));
    assert_eq!(classed[&"A".into()].set, Some(set));

    let over = Changed { drops_set: true, ..changed("A", None) };
    let page = Assessed { changed: vec![over], ..Assessed::default() };
    store.record_assessed(&alone(), &page).await.unwrap();
    assert!(store.classed(&[key("A")]).await.unwrap().is_empty());
    assert_eq!(class(store, "A", TODAY).await, DebtClass::Unknown);
}

async fn a_page_of_verdicts_comes_with_its_tasks_and_its_day(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let page = Assessed {
        changed: vec![changed("A", Some(verdict(DebtClass::Forgetful, "2026-04-10")))],
        tasks: vec![task("A", "why", NOON)],
        through: Some((vec![Bucket::of("A")], day(TODAY))),
        ..Assessed::default()
    };
    store.record_assessed(&alone(), &page).await.unwrap();
    assert_eq!(store.assessed_through().await.unwrap()[&Bucket::of("A")], day(TODAY));
    assert_eq!(store.desk().tasks(10).await.unwrap().len(), 1);
}

fn task(account: &str, reason: &str, opened_at: &str) -> Task {
    let due_at = Some(at("2026-03-11T12:00Z"));
    Task::open(key(account), TaskKind::CareCall, reason.into(), at(opened_at), due_at)
}

async fn open(store: &SqlStore, task: Task) {
    let page = Assessed { tasks: vec![task], ..Assessed::default() };
    store.record_assessed(&alone(), &page).await.unwrap();
}

async fn of_a_kind_one_task_is_open_and_says_all_its_reasons(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    open(store, task("A", "an outage", NOON)).await;
    open(store, task("A", "an outage", "2026-03-10T13:00Z")).await;
    open(store, task("A", "a complaint", "2026-03-10T14:00Z")).await;
    let tasks = store.desk().tasks(10).await.unwrap();
    let both = Task { reason: "an outage; a complaint".into(), ..task("A", "an outage", NOON) };
    assert_eq!(tasks, [both]);
    assert!(tasks[0].is_overdue(at("2026-03-11T12:01Z")));
    assert!(!tasks[0].is_overdue(at("2026-03-11T12:00Z")));
    let due = async |after, until| store.tasks_due(at(after), at(until)).await.unwrap();
    assert_eq!(due("2026-03-11T11:59Z", "2026-03-11T12:00Z").await, 1);
    assert_eq!(due("2026-03-11T11:58Z", "2026-03-11T11:59Z").await, 0);
    assert_eq!(due("2026-03-11T12:00Z", "2026-03-12T12:00Z").await, 0);
}

async fn a_care_call_that_is_done_lets_the_ladder_go_on(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    judge(store, "A", Some(verdict(DebtClass::Retaliatory, "2026-04-10"))).await;
    open(store, task("A", "an outage", NOON)).await;
    assert!(store.classed(&[key("A")]).await.unwrap()[&"A".into()].is_in_care);
    look_at_all(store).await;

    let id = store.desk().tasks(10).await.unwrap()[0].id.clone();
    let rests = SetClass {
        class: DebtClass::Unknown,
        set_on: day(TODAY),
        until: day("2026-03-20"),
        by: "Ann".into(),
        reason: "called, credited".into(),
    };
    let done = Done {
        at: at(NOON),
        by: "Ann".into(),
        outcome: "called, credited".into(),
        satisfied: Some(true),
    };
    let ended = Ended { done: done.clone(), rests: &rests };
    let whose = store.desk().end_task(&id, &ended, &by("Ann", NOON)).await.unwrap();
    assert_eq!(whose, Some(("A".into(), TaskKind::CareCall)));
    assert_eq!(store.desk().end_task(&id, &ended, &by("Ann", NOON)).await.unwrap(), None);
    assert_eq!(store.desk().tasks(10).await.unwrap(), []);
    assert_eq!(store.desk().tasks_of(&key("A")).await.unwrap()[0].done, Some(done));
    assert_eq!(touched(store).await, ["A"]);
    assert_eq!(class(store, "A", "2026-03-20").await, DebtClass::Unknown);
    assert_eq!(class(store, "A", "2026-03-21").await, DebtClass::Retaliatory);
}
