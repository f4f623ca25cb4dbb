//! What both engines promise of review cases: the queue, and the evidence.

use duebell::model::cause::{DebtClass, SetClass};
use duebell::model::hold::{Hold, HoldKind, PlacedHold};
use duebell::model::ledger::Rows;
use duebell::model::task::{Assigned, Done};
use duebell::model::{Bucket, Money, Moratorium, ReminderState, Task, TaskKind, Tier};
use duebell::review::{Refusal, evidence};
use duebell::store::{
    AssessStore, Assessed, CaseError, CasePage, CasePlace, CaseStore, Ended, Looked, OutboxStore,
    SqlStore, Submission,
};

use super::on_each_engine;
use super::outbox::{outcome, submission};
use crate::support::build::*;

on_each_engine![
    an_open_case_says_what_is_at_stake_and_the_queue_goes_by_it,
    a_case_is_somebodys_and_its_page_says_so,
    what_a_decision_rests_on_is_all_there_and_the_same_on_every_look,
    a_review_is_not_done_like_other_tasks,
];

#[track_caller]
pub fn refusal(error: CaseError) -> String {
    match error {
        CaseError::Refused(refusal) => refusal.to_string(),
        CaseError::Store(error) => panic!("{error:?}"),
    }
}

/// Opens a case about an account that the store knows.
pub async fn opened(store: &SqlStore, account: &str) -> Task {
    let why = "repeat debtor: 3 bills were late".to_owned();
    let task = Task::open(key(account), TaskKind::Review, why, at(NOON), None);
    let page = Assessed { tasks: vec![task.clone()], ..Assessed::default() };
    store.record_assessed(&alone(), &page).await.unwrap();
    task
}

/// Account A, which owes 50 euros since yesterday and more to come, with an
/// open case.
pub async fn owing(store: &SqlStore) -> Task {
    with_accounts(store, &["A", "B"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2026-03-09")]).await;
    with_bills(store, &[bill("a2", "A", 7_000, "2026-03-31")]).await;
    look_at_all(store).await;
    opened(store, "A").await
}

pub async fn look(store: &SqlStore, on: &str, now: &str) -> Looked {
    let found = store.cases_to_look_at(&Bucket::all(), day(on), at(now)).await.unwrap();
    store.look_at_cases(&alone(), &found, day(on), at(now)).await.unwrap()
}

pub async fn done(store: &SqlStore, case: &Task) -> Option<(String, String)> {
    let task = store.desk().task(&case.id).await.unwrap().unwrap();
    task.done.map(|Done { by, outcome, .. }| (by, outcome))
}

async fn queue(store: &SqlStore, page: CasePage<'_>) -> Vec<String> {
    let cases = store.desk().cases(&page).await.unwrap();
    cases.into_iter().map(|task| task.account.0).collect()
}

async fn an_open_case_says_what_is_at_stake_and_the_queue_goes_by_it(store: &SqlStore) {
    let names = ["A", "B", "C", "D"];
    with_accounts(store, &names).await;
    let bills = [
        bill("a1", "A", 5_000, "2026-03-09"),
        // Not due yet, so not at stake.
        bill("a2", "A", 9_000, "2026-03-10"),
        bill("b1", "B", 7_000, "2026-03-01"),
        bill("b2", "B", 1_000, "2026-03-02"),
        bill("d1", "D", 7_000, "2026-03-01"),
    ];
    with_bills(store, &bills).await;
    for name in names {
        opened(store, name).await;
    }
    let page = CasePage { limit: 10, ..CasePage::default() };
    assert_eq!(queue(store, page).await, ["B", "D", "A", "C"]);
    let cases = store.desk().cases(&CasePage { limit: 2, ..CasePage::default() }).await.unwrap();
    let eur = |minor| Some(Money::new(minor, "EUR".parse().unwrap()));
    assert_eq!((cases[0].arrears, cases[0].tier), (eur(8_000), Some(Tier::Ordinary)));
    let after = Some(CasePlace::of(&cases[1]));
    assert_eq!(queue(store, CasePage { after, limit: 2, ..CasePage::default() }).await, ["A", "C"]);

    // A new day weighs all of them again, and the next look on it none.
    look_at_all(store).await;
    assert_eq!(look(store, "2026-03-11", "2026-03-11T06:00Z").await, Looked::default());
    let page = CasePage { limit: 10, ..CasePage::default() };
    assert_eq!(queue(store, page).await, ["A", "B", "D", "C"]);
    let (on, now) = (day("2026-03-11"), at("2026-03-11T06:00Z"));
    let again = store.cases_to_look_at(&Bucket::all(), on, now).await.unwrap();
    assert_eq!(again, []);
}

async fn a_case_is_somebodys_and_its_page_says_so(store: &SqlStore) {
    let case = owing(store).await;
    let desk = store.desk();
    desk.assign(&case.id, "Ann", &by("Bob", NOON)).await.unwrap();
    let to = |assigned_to| CasePage { assigned_to: Some(assigned_to), limit: 9, after: None };
    assert_eq!(queue(store, to("Ann")).await, ["A"]);
    assert_eq!(queue(store, to("Bob")).await, [""; 0]);
    let assigned = desk.case_of("A").await.unwrap().unwrap().task.assigned;
    assert_eq!(assigned, Some(Assigned { to: "Ann".into(), at: at(NOON) }));
    desk.assign(&case.id, "", &by("Bob", NOON)).await.unwrap();
    assert_eq!(desk.case_of(&case.id).await.unwrap().unwrap().task.assigned, None);
    assert!(desk.case_of("B").await.unwrap().is_none());
    let nobody = desk.assign("unknown", "Ann", &by("Bob", NOON)).await.unwrap_err();
    assert_eq!(refusal(nobody), Refusal::NoCase.to_string());
}

/// Every kind of fact, one after the other.
async fn what_a_decision_rests_on_is_all_there_and_the_same_on_every_look(store: &SqlStore) {
    let case = owing(store).await;
    let mut seen = std::collections::BTreeSet::new();
    let mut news = async |what: &str| {
        let facts = store.desk().case_of(&case.id).await.unwrap().unwrap().facts;
        let again = store.desk().case_of("A").await.unwrap().unwrap().facts;
        assert_eq!(evidence::freeze(&facts), evidence::freeze(&again));
        assert!(seen.insert(evidence::freeze(&facts).digest), "{what} is no news");
        facts
    };
    let facts = news("all of it").await;
    assert_eq!(facts.bills.len(), 2);

    merged(store, Rows::Payments(vec![payment("p1", "A", Some("a1"), "settled")])).await;
    merged(store, Rows::Payments(vec![payment("p2", "A", None, "pending")])).await;
    merged(store, Rows::Payments(vec![payment("p3", "A", None, "settled")])).await;
    let payments = news("a payment").await.payments;
    assert_eq!(payments.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["p1", "p2"]);

    merged(store, Rows::Holds(vec![hold("h1", "A", "dispute", None)])).await;
    assert_eq!(news("a dispute").await.holds.len(), 1);
    let placed = promise("h2");
    store.desk().place_hold(&placed, &by("Ann", NOON)).await.unwrap();
    assert_eq!(news("a promise").await.holds.len(), 2);
    // From the ninth; lifted on the tenth, it was in force for a day.
    store.desk().lift_hold("h2", &by("Ann", NOON)).await.unwrap();
    let holds = news("a promise that is lifted").await.holds;
    let lifted = holds.iter().find(|hold| hold.id == "h2").unwrap();
    assert_eq!(lifted.ends_on, Some(day("2026-03-09")));
    store.desk().declare(&everybody(), &by("Ann", NOON)).await.unwrap();
    assert_eq!(news("a moratorium").await.holds.len(), 3);

    let set = set_by_hand(DebtClass::Malicious, "2026-03-20");
    store.desk().set_class(&key("A"), &set, &[], &by("Ann", NOON)).await.unwrap();
    assert_eq!(news("a class").await.classed.set, Some(set));

    let mut flagged = decided(store, "A").await;
    let bills = vec!["a1".into()];
    flagged.flag = Some(duebell::model::facts::Flag { flagged_on: day(TODAY), bills });
    record(store, vec![flagged]).await;
    assert!(news("a flag").await.flag.is_some());

    given_notice(store).await;
    let notices = news("a notice").await.notices;
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].items, [("a1".to_owned(), "late1".to_owned())]);
    assert_eq!(notices[0].proved_at, Some(at(NOON)));
}

pub fn promise(id: &str) -> PlacedHold {
    PlacedHold {
        bucket: Bucket::of("A"),
        account: "A".into(),
        hold: Hold {
            id: id.into(),
            kind: HoldKind::Promise,
            bill: None,
            starts_on: day("2026-03-09"),
            ends_on: Some(day("2026-03-20")),
            amount: None,
        },
        currency: None,
        owner: "subscriber".into(),
        reason: "said so".into(),
        placed_at: at(NOON),
        ended: None,
    }
}

fn set_by_hand(class: DebtClass, until: &str) -> SetClass {
    let (by, reason) = ("Ann".into(), "a forged contract".into());
    SetClass { class, set_on: day(TODAY), until: day(until), by, reason }
}

fn everybody() -> Moratorium {
    let (starts_on, ends_on) = (day("2026-01-01"), day("2026-01-02"));
    let (id, owner, reason) = ("m1".into(), "Ann".into(), "a flood".into());
    Moratorium { id, area: Some("*".into()), segment: None, starts_on, ends_on, owner, reason }
}

/// A notice about bill a1, which arrives at noon.
pub async fn given_notice(store: &SqlStore) {
    let one = reminder("A", 0, &[item("a1", "late1")]);
    planned(store, &one).await;
    let proof = duebell::model::notice::Proof {
        template: "hard".into(),
        template_version: "0123456789ab".into(),
        language: "de".into(),
        address: None,
        subject: None,
        body: "Bitte zahlen Sie.".into(),
    };
    let notice = Submission { proof: Some(proof), ..submission(&one) };
    store.submit(&alone(), &[notice], at(NOON)).await.unwrap();
    let mut delivered = outcome(&one, 1, ReminderState::Delivered);
    delivered.next_at = None;
    store.append(&alone(), &[delivered]).await.unwrap();
}

async fn a_review_is_not_done_like_other_tasks(store: &SqlStore) {
    let case = owing(store).await;
    let set = set_by_hand(DebtClass::Unknown, "2026-03-20");
    let done_by =
        Done { at: at(NOON), by: "Ann".into(), outcome: "seen to".into(), satisfied: None };
    let ended = Ended { done: done_by, rests: &set };
    assert!(store.desk().end_task(&case.id, &ended, &by("Ann", NOON)).await.unwrap().is_none());
    assert_eq!(done(store, &case).await, None);
}
