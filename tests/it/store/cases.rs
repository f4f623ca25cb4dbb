//! What both engines promise of review cases, proposals and advice.

use duebell::model::cause::{DebtClass, SetClass};
use duebell::model::hold::{Hold, HoldKind, PlacedHold};
use duebell::model::ledger::Rows;
use duebell::model::review::{Instalments, Outcome, Proposal, Verdict, Wanted};
use duebell::model::task::{Assigned, Done};
use duebell::model::{Bucket, Money, Moratorium, ReminderState, Task, TaskKind, Tier};
use duebell::review::readiness::{Asks, Law};
use duebell::review::{Refusal, Rules, Settings, evidence};
use duebell::store::{
    AdviceStore, AssessStore, Assessed, CaseError, CasePage, CasePlace, CaseStore, Ended, Looked,
    OutboxStore, PlanStore, SqlStore, Submission,
};

use super::on_each_engine;
use super::outbox::{outcome, submission};
use crate::support::build::*;

on_each_engine![
    an_open_case_says_what_is_at_stake_and_the_queue_goes_by_it,
    a_case_is_somebodys_and_its_page_says_so,
    what_a_decision_rests_on_is_all_there_and_the_same_on_every_look,
    what_one_person_may_decide_is_done_with_the_proposal,
    a_termination_takes_two_people_and_leaves_as_advice,
    a_restriction_waits_for_the_law_and_leaves_the_case_open,
    an_arrangement_holds_the_account_until_its_last_instalment,
    whoever_goes_to_care_is_to_be_called,
    a_payment_between_the_two_voids_the_proposal_and_says_so,
    whoever_pays_everything_is_cured_and_nothing_is_left_to_approve,
    nobody_decided_in_time,
    a_proposal_is_taken_back_by_its_own_and_refused_by_another,
    a_review_is_not_done_like_other_tasks,
    of_a_case_one_proposal_is_open,
    advice_is_tried_until_it_is_taken_or_seen_to,
];

pub fn rules() -> Rules {
    lawful(Asks::default())
}

fn lawful(asks: Asks) -> Rules {
    let law = Law::new(asks, |_| false);
    Rules { settings: Settings::default(), law, care_hours: 24, rest_days: 30 }
}

pub fn wanted(outcome: Outcome, by: &str) -> Wanted {
    let parts = Instalments { count: 3, first_on: day("2026-03-31") };
    Wanted {
        outcome,
        instalments: (outcome == Outcome::Arrangement).then_some(parts),
        reason: "never_paid".into(),
        note: "moved away".into(),
        by: by.into(),
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
async fn owing(store: &SqlStore) -> Task {
    with_accounts(store, &["A", "B"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2026-03-09")]).await;
    with_bills(store, &[bill("a2", "A", 7_000, "2026-03-31")]).await;
    look_at_all(store).await;
    opened(store, "A").await
}

async fn paid(store: &SqlStore, remaining: i64) {
    with_bills(store, &[bill("a1", "A", remaining, "2026-03-09")]).await;
}

async fn propose(store: &SqlStore, case: &Task, outcome: Outcome, by: &str) -> Proposal {
    let wanted = wanted(outcome, by);
    let decided = store.desk().propose(&case.id, &wanted, &rules(), at(NOON)).await.unwrap();
    assert!(decided.effects.is_none(), "{outcome} was decided by one person");
    decided.proposal
}

async fn approve(store: &SqlStore, proposal: &Proposal, by: &str, now: &str) -> Result<(), String> {
    let approved = store.desk().approve(&proposal.id, (by, ""), &rules(), at(now)).await;
    approved.map(drop).map_err(refusal)
}

#[track_caller]
fn refusal(error: CaseError) -> String {
    match error {
        CaseError::Refused(refusal) => refusal.to_string(),
        CaseError::Store(error) => panic!("{error:?}"),
    }
}

async fn look(store: &SqlStore, on: &str, now: &str) -> Looked {
    let found = store.cases_to_look_at(&Bucket::all(), day(on)).await.unwrap();
    store.look_at_cases(&alone(), &found, day(on), at(now)).await.unwrap()
}

async fn verdict(store: &SqlStore, proposal: &Proposal) -> (Verdict, String, String) {
    let all = store.desk().proposals_of(&key("A")).await.unwrap();
    let one = all.into_iter().find(|one| one.id == proposal.id).unwrap();
    let decided = one.decided.unwrap();
    (decided.verdict, decided.by, decided.note)
}

async fn done(store: &SqlStore, case: &Task) -> Option<(String, String)> {
    let task = store.desk().task(&case.id).await.unwrap().unwrap();
    task.done.map(|Done { by, outcome, .. }| (by, outcome))
}

async fn advised(store: &SqlStore) -> Vec<serde_json::Value> {
    let lines = store.desk().advice(true, 10).await.unwrap();
    lines.iter().map(|line| serde_json::from_str(&line.advice.body).unwrap()).collect()
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
    let again = store.cases_to_look_at(&Bucket::all(), day("2026-03-11")).await.unwrap();
    assert_eq!(again, []);
}

async fn a_case_is_somebodys_and_its_page_says_so(store: &SqlStore) {
    let case = owing(store).await;
    let desk = store.desk();
    desk.assign(&case.id, "Ann", "Bob", at(NOON)).await.unwrap();
    let to = |assigned_to| CasePage { assigned_to: Some(assigned_to), limit: 9, after: None };
    assert_eq!(queue(store, to("Ann")).await, ["A"]);
    assert_eq!(queue(store, to("Bob")).await, [""; 0]);
    let assigned = desk.case_of("A").await.unwrap().unwrap().task.assigned;
    assert_eq!(assigned, Some(Assigned { to: "Ann".into(), at: at(NOON) }));
    desk.assign(&case.id, "", "Bob", at(NOON)).await.unwrap();
    assert_eq!(desk.case_of(&case.id).await.unwrap().unwrap().task.assigned, None);
    assert!(desk.case_of("B").await.unwrap().is_none());
    let nobody = desk.assign("unknown", "Ann", "Bob", at(NOON)).await.unwrap_err();
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
    store.desk().place_hold(&placed).await.unwrap();
    assert_eq!(news("a promise").await.holds.len(), 2);
    // From the ninth; lifted on the tenth, it was in force for a day.
    store.desk().lift_hold("h2", "Ann", at(NOON)).await.unwrap();
    let holds = news("a promise that is lifted").await.holds;
    let lifted = holds.iter().find(|hold| hold.id == "h2").unwrap();
    assert_eq!(lifted.ends_on, Some(day("2026-03-09")));
    store.desk().declare(&everybody(), at(NOON)).await.unwrap();
    assert_eq!(news("a moratorium").await.holds.len(), 3);

    let set = set_by_hand(DebtClass::Malicious, "2026-03-20");
    store.desk().set_class(&key("A"), &set, &[]).await.unwrap();
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

fn promise(id: &str) -> PlacedHold {
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
    Moratorium { id, area: None, segment: None, starts_on, ends_on, owner, reason }
}

/// A notice about bill a1, which arrives at noon.
async fn given_notice(store: &SqlStore) {
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

async fn what_one_person_may_decide_is_done_with_the_proposal(store: &SqlStore) {
    let case = owing(store).await;
    let back = wanted(Outcome::ReturnToLadder, "Ann");
    let decided = store.desk().propose(&case.id, &back, &rules(), at(NOON)).await.unwrap();
    assert!(decided.effects.is_some() && !decided.proposal.needs_two);
    assert_eq!(verdict(store, &decided.proposal).await.0, Verdict::Approved);
    assert_eq!(done(store, &case).await, Some(("Ann".into(), "return_to_ladder".into())));
    assert_eq!(touched(store).await, ["A"]);
    let classed = store.classed(&[key("A")]).await.unwrap();
    let set = classed[&"A".into()].set.clone().unwrap();
    assert_eq!((set.class, set.until), (DebtClass::Unknown, day("2026-04-09")));
    assert!(advised(store).await.is_empty());
}

async fn a_termination_takes_two_people_and_leaves_as_advice(store: &SqlStore) {
    let case = owing(store).await;
    let one = propose(store, &case, Outcome::Terminate, "Ann").await;
    for same in ["Ann", "ann", " ANN "] {
        let said = approve(store, &one, same, NOON).await.unwrap_err();
        assert_eq!(said, "Ann proposed it, and somebody else must decide");
    }
    assert!(advised(store).await.is_empty() && done(store, &case).await.is_none());

    approve(store, &one, "Bob", "2026-03-12T12:00Z").await.unwrap();
    let [advice] = &advised(store).await[..] else { panic!("one piece of advice") };
    assert_eq!((&advice["outcome"], &advice["account"]), (&"terminate".into(), &"A".into()));
    assert_eq!((&advice["proposed_by"], &advice["approved_by"]), (&"Ann".into(), &"Bob".into()));
    assert_eq!(advice["evidence"], one.digest);
    assert_eq!(done(store, &case).await, Some(("Bob".into(), "terminate".into())));
    // And not a second time.
    let said = approve(store, &one, "Cem", "2026-03-12T12:00Z").await.unwrap_err();
    assert_eq!(said, Refusal::NoProposal.to_string());
    assert_eq!(advised(store).await.len(), 1);
}

async fn a_restriction_waits_for_the_law_and_leaves_the_case_open(store: &SqlStore) {
    let case = owing(store).await;
    let asks = Asks { notice_days: Some(2), terminate_days: Some(1), ..Asks::default() };
    let law = lawful(asks);
    let desk = store.desk();
    let decide = async |outcome, now: &str| {
        let decided = desk.propose(&case.id, &wanted(outcome, "Ann"), &law, at(now)).await;
        decided.map(|decided| decided.proposal).map_err(refusal)
    };
    let said = decide(Outcome::Restrict, NOON).await.unwrap_err();
    assert!(said.contains("no notice about what is owed is proved"), "{said}");
    given_notice(store).await;
    let said = decide(Outcome::Restrict, "2026-03-12T12:00Z").await.unwrap_err();
    assert!(said.contains("not before 2026-03-13"), "{said}");
    let said = decide(Outcome::Terminate, "2026-03-13T12:00Z").await.unwrap_err();
    assert!(said.contains("no restriction is on record"), "{said}");
    decide(Outcome::Restrict, "2026-03-13T12:00Z").await.unwrap();
    assert_eq!(done(store, &case).await, None);
    assert_eq!(advised(store).await[0]["outcome"], "restrict");

    let said = decide(Outcome::Terminate, "2026-03-14T12:00Z").await.unwrap_err();
    assert!(said.contains("not before 2026-03-15"), "{said}");
    let one = decide(Outcome::Terminate, "2026-03-15T12:00Z").await.unwrap();
    // What came in between stops the second person as well.
    desk.place_hold(&promise("h9")).await.unwrap();
    let said = desk.approve(&one.id, ("Bob", ""), &law, at("2026-03-15T13:00Z")).await;
    let said = refusal(said.unwrap_err());
    assert!(said.contains("promises, disputes or other holds"), "{said}");
}

async fn an_arrangement_holds_the_account_until_its_last_instalment(store: &SqlStore) {
    let case = owing(store).await;
    let one = propose(store, &case, Outcome::Arrangement, "Ann").await;
    assert_eq!(one.instalments.unwrap().count, 3);
    approve(store, &one, "Bob", NOON).await.unwrap();
    let facts = store.facts(&[key("A")], day("2026-05-31")).await.unwrap();
    let [held] = &facts[0].holds[..] else { panic!("one hold") };
    assert_eq!((held.kind, held.amount), (HoldKind::Promise, Some(12_000)));
    assert_eq!(held.ends_on, Some(day("2026-05-31")));
    let advice = &advised(store).await[0];
    assert_eq!(
        advice["instalments"][2],
        serde_json::json!({ "on": "2026-05-31", "currency": "EUR", "minor": 4_000 })
    );
}

async fn whoever_goes_to_care_is_to_be_called(store: &SqlStore) {
    let case = owing(store).await;
    let care = wanted(Outcome::CareTransfer, "Ann");
    store.desk().propose(&case.id, &care, &rules(), at(NOON)).await.unwrap();
    let tasks = store.desk().tasks(10).await.unwrap();
    assert_eq!(tasks.iter().map(|task| task.kind).collect::<Vec<_>>(), [TaskKind::CareCall]);
    assert_eq!(tasks[0].due_at, Some(at("2026-03-11T12:00Z")));
    let facts = store.facts(&[key("A")], day(TODAY)).await.unwrap();
    assert_eq!(facts[0].class, DebtClass::Retaliatory);
}

async fn a_payment_between_the_two_voids_the_proposal_and_says_so(store: &SqlStore) {
    let case = owing(store).await;
    let one = propose(store, &case, Outcome::WriteOff, "Ann").await;
    assert_eq!(look(store, TODAY, NOON).await, Looked::default());
    paid(store, 4_000).await;
    let said = approve(store, &one, "Bob", NOON).await.unwrap_err();
    assert!(said.contains("the bills or what remains of them"), "{said}");
    assert!(advised(store).await.is_empty());

    assert_eq!(look(store, TODAY, NOON).await, Looked { cured: 0, voided: 1 });
    let (verdict, by, note) = verdict(store, &one).await;
    assert_eq!((verdict, by.as_str()), (Verdict::Void, "duebell"));
    assert_eq!(note, "the evidence has changed: the bills or what remains of them");
    assert_eq!(approve(store, &one, "Bob", NOON).await, Err(Refusal::NoProposal.to_string()));
    // The case goes on, with what is left.
    let again = propose(store, &case, Outcome::WriteOff, "Cem").await;
    approve(store, &again, "Bob", NOON).await.unwrap();
}

async fn whoever_pays_everything_is_cured_and_nothing_is_left_to_approve(store: &SqlStore) {
    let case = owing(store).await;
    let one = propose(store, &case, Outcome::Terminate, "Ann").await;
    paid(store, 0).await;
    assert_eq!(look(store, TODAY, NOON).await, Looked { cured: 1, voided: 1 });
    assert_eq!(done(store, &case).await, Some(("duebell".into(), "cured".into())));
    let (verdict, _, note) = verdict(store, &one).await;
    assert_eq!((verdict, note.as_str()), (Verdict::Void, "nothing is overdue any more"));
    assert!(approve(store, &one, "Bob", NOON).await.is_err());
    let late = wanted(Outcome::Terminate, "Ann");
    let late = store.desk().propose(&case.id, &late, &rules(), at(NOON)).await;
    assert_eq!(refusal(late.unwrap_err()), Refusal::NoCase.to_string());
    assert!(advised(store).await.is_empty());

    // One that is opened while nothing is overdue is not cured by that.
    let other = opened(store, "B").await;
    assert_eq!(look(store, "2026-03-12", "2026-03-12T06:00Z").await, Looked::default());
    assert_eq!(done(store, &other).await, None);
}

async fn nobody_decided_in_time(store: &SqlStore) {
    let case = owing(store).await;
    let one = propose(store, &case, Outcome::Exempt, "Ann").await;
    let (before, after) = ("2026-03-13T11:59Z", "2026-03-13T12:00Z");
    assert_eq!(store.expire_proposals(&alone(), at(before)).await.unwrap(), 0);
    let said = approve(store, &one, "Bob", after).await.unwrap_err();
    assert!(said.contains("waited until 2026-03-13 12:00Z"), "{said}");
    assert_eq!(store.expire_proposals(&alone(), at(after)).await.unwrap(), 1);
    assert_eq!(verdict(store, &one).await.0, Verdict::Expired);
    let again = propose(store, &case, Outcome::Exempt, "Ann").await;
    approve(store, &again, "Bob", NOON).await.unwrap();
    let facts = store.facts(&[key("A")], day(TODAY)).await.unwrap();
    assert_eq!(facts[0].holds[0].kind, HoldKind::Exemption);
}

async fn a_proposal_is_taken_back_by_its_own_and_refused_by_another(store: &SqlStore) {
    let case = owing(store).await;
    let desk = store.desk();
    let one = propose(store, &case, Outcome::WriteOff, "Ann").await;
    let said = desk.withdraw(&one.id, ("Bob", ""), at(NOON)).await.unwrap_err();
    assert!(refusal(said).contains("only Ann"));
    let said = desk.refuse(&one.id, ("Ann", ""), at(NOON)).await.unwrap_err();
    assert!(refusal(said).contains("somebody else must decide"));
    desk.withdraw(&one.id, ("Ann", "a typing error"), at(NOON)).await.unwrap();
    let expected = (Verdict::Withdrawn, "Ann".to_owned(), "a typing error".to_owned());
    assert_eq!(verdict(store, &one).await, expected);

    let other = wanted(Outcome::Terminate, "Ann");
    let other = desk.propose(&case.id, &other, &rules(), at("2026-03-10T12:01Z")).await.unwrap();
    let other = other.proposal;
    desk.refuse(&other.id, ("Bob", "too early"), at(NOON)).await.unwrap();
    assert_eq!(verdict(store, &other).await.0, Verdict::Refused);
    for id in [&one.id, &other.id] {
        let said = desk.approve(id, ("Bob", ""), &rules(), at(NOON)).await.unwrap_err();
        assert_eq!(refusal(said), Refusal::NoProposal.to_string());
    }
    assert_eq!(done(store, &case).await, None);
    assert!(advised(store).await.is_empty());
}

async fn a_review_is_not_done_like_other_tasks(store: &SqlStore) {
    let case = owing(store).await;
    let set = set_by_hand(DebtClass::Unknown, "2026-03-20");
    let (by, outcome) = ("Ann".into(), "seen to".into());
    let ended = Ended { done: Done { at: at(NOON), by, outcome, satisfied: None }, rests: &set };
    assert!(store.desk().end_task(&case.id, &ended).await.unwrap().is_none());
    assert_eq!(done(store, &case).await, None);
}

async fn of_a_case_one_proposal_is_open(store: &SqlStore) {
    let case = owing(store).await;
    propose(store, &case, Outcome::WriteOff, "Ann").await;
    let other = wanted(Outcome::ReturnToLadder, "Bob");
    let said = store.desk().propose(&case.id, &other, &rules(), at(NOON)).await.unwrap_err();
    let expected = "Ann has proposed write_off already; approve, refuse or withdraw that first";
    assert_eq!(refusal(said), expected);
    // What rests on what is no longer so is in nobody's way.
    paid(store, 1_000).await;
    store.desk().propose(&case.id, &other, &rules(), at(NOON)).await.unwrap();
    let all = store.desk().proposals_of(&key("A")).await.unwrap();
    let verdicts: Vec<Verdict> =
        all.iter().filter_map(|one| one.decided.as_ref()).map(|it| it.verdict).collect();
    assert_eq!(verdicts.len(), 2);
    assert!(verdicts.contains(&Verdict::Void) && verdicts.contains(&Verdict::Approved));
}

async fn advice_is_tried_until_it_is_taken_or_seen_to(store: &SqlStore) {
    let case = owing(store).await;
    let fraud = wanted(Outcome::FraudTransfer, "Ann");
    store.desk().propose(&case.id, &fraud, &rules(), at(NOON)).await.unwrap();
    let due = async |now: &str| store.advice_due(&Bucket::all(), at(now), 10).await.unwrap();
    assert_eq!(due("2026-03-10T11:59Z").await, []);
    let advice = due(NOON).await.remove(0).advice;
    let (later, why) = ("2026-03-10T12:05Z", "answered 503");
    store.advice_failed(&alone(), &advice, why, Some(at(later))).await.unwrap();
    assert_eq!(due("2026-03-10T12:04Z").await, []);
    let line = due(later).await.remove(0);
    assert_eq!((line.attempts, line.last_error.as_deref()), (1, Some(why)));
    assert_eq!(line.advice, advice);

    store.advice_failed(&alone(), &advice, why, None).await.unwrap();
    assert_eq!(due("2027-01-01T00:00Z").await, []);
    assert_eq!(store.desk().advice(false, 10).await.unwrap().len(), 1);
    assert!(store.desk().advice_done(&advice.id, "Ann", at(later)).await.unwrap());
    assert!(!store.desk().advice_done(&advice.id, "Ann", at(later)).await.unwrap());
    assert_eq!(store.desk().advice(false, 10).await.unwrap(), []);
    let all = store.desk().advice(true, 10).await.unwrap();
    assert_eq!((all[0].sent_at, all[0].attempts), (Some(at(later)), 2));
    store.advice_taken(&alone(), &advice, at("2026-03-11T12:00Z")).await.unwrap();
    assert_eq!(store.desk().advice(true, 10).await.unwrap(), all);
}

/// The rule is in the database too, whoever writes there by whatever code.
mod written_past_the_rules {
    use sqlx::{Connection, Executor, PgConnection, SqliteConnection};

    use super::*;

    const APPROVED: &str =
        "update proposal set verdict = 'approved', decided_by = ' ANN ', decided_at = ";
    const ALONE: &str = "update proposal set needs_two = ";

    #[tokio::test]
    async fn sqlite() {
        let scratch = tempfile::tempdir().unwrap();
        let store = crate::store::on_sqlite(&scratch).await;
        let case = owing(&store).await;
        propose(&store, &case, Outcome::WriteOff, "Ann").await;
        let url = format!("sqlite://{}", scratch.path().join("store.db").display());
        let mut side = SqliteConnection::connect(&url).await.unwrap();
        for sql in [format!("{APPROVED}1"), format!("{ALONE}0")] {
            let refused = side.execute(sqlx::AssertSqlSafe(sql)).await.unwrap_err().to_string();
            assert!(refused.contains("CHECK constraint"), "{refused}");
        }
        let two = format!("{APPROVED}1").replace("ANN", "Bob");
        side.execute(sqlx::AssertSqlSafe(two)).await.unwrap();
    }

    #[tokio::test]
    async fn postgres() {
        let url = crate::support::postgres::database().await;
        let store = SqlStore::open(&url, None).await.unwrap();
        let case = owing(&store).await;
        propose(&store, &case, Outcome::WriteOff, "Ann").await;
        let mut side = PgConnection::connect(&url).await.unwrap();
        for sql in [format!("{APPROVED}now()"), format!("{ALONE}false")] {
            let refused = side.execute(sqlx::AssertSqlSafe(sql)).await.unwrap_err().to_string();
            assert!(refused.contains("check constraint"), "{refused}");
        }
        let two = format!("{APPROVED}now()").replace("ANN", "Bob");
        side.execute(sqlx::AssertSqlSafe(two)).await.unwrap();
    }
}
