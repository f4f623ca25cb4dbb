//! What both engines promise of decisions about cases: proposals, the second
//! person, and the advice that leaves.

use duebell::model::audit::Act;
use duebell::model::cause::DebtClass;
use duebell::model::review::{Instalments, Outcome, Proposal, Verdict, Wanted};
use duebell::model::{Bucket, HoldKind, Task, TaskKind};
use duebell::review::readiness::{Asks, Law};
use duebell::review::{Refusal, Rules, Settings};
use duebell::store::{AdviceStore, AssessStore, AuditPage, Looked, PlanStore, SqlStore};

use super::cases::{done, given_notice, look, opened, owing, promise, refusal};
use super::on_each_engine;
use crate::support::build::*;

on_each_engine![
    what_one_person_may_decide_is_done_with_the_proposal,
    a_termination_takes_two_people_and_leaves_as_advice,
    a_restriction_waits_for_the_law_and_leaves_the_case_open,
    an_arrangement_holds_the_account_until_its_last_instalment,
    whoever_goes_to_care_is_to_be_called,
    a_payment_between_the_two_voids_the_proposal_and_says_so,
    whoever_pays_everything_is_cured_and_nothing_is_left_to_approve,
    nobody_decided_in_time,
    a_proposal_is_taken_back_by_its_own_and_refused_by_another,
    of_a_case_one_proposal_is_open,
    advice_is_tried_until_it_is_taken_or_seen_to,
];

fn rules() -> Rules {
    lawful(Asks::default())
}

fn lawful(asks: Asks) -> Rules {
    let law = Law::new(asks, |_| false);
    Rules { settings: Settings::default(), law, care_hours: 24, rest_days: 30 }
}

fn wanted(outcome: Outcome) -> Wanted {
    let parts = Instalments { count: 3, first_on: day("2026-03-31") };
    Wanted {
        outcome,
        instalments: (outcome == Outcome::Arrangement).then_some(parts),
        reason: "never_paid".into(),
        note: "moved away".into(),
    }
}

async fn paid(store: &SqlStore, remaining: i64) {
    with_bills(store, &[bill("a1", "A", remaining, "2026-03-09")]).await;
}

async fn propose(store: &SqlStore, case: &Task, outcome: Outcome, who: &str) -> Proposal {
    let wanted = wanted(outcome);
    let decided = store.desk().propose(&case.id, &wanted, &rules(), &by(who, NOON)).await.unwrap();
    assert!(decided.effects.is_none(), "{outcome} was decided by one person");
    decided.proposal
}

async fn approve(
    store: &SqlStore,
    proposal: &Proposal,
    who: &str,
    now: &str,
) -> Result<(), String> {
    let approved = store.desk().approve(&proposal.id, "", &rules(), &by(who, now)).await;
    approved.map(drop).map_err(refusal)
}

async fn verdict(store: &SqlStore, proposal: &Proposal) -> (Verdict, String, String) {
    let all = store.desk().proposals_of(&key("A")).await.unwrap();
    let one = all.into_iter().find(|one| one.id == proposal.id).unwrap();
    let decided = one.decided.unwrap();
    (decided.verdict, decided.by, decided.note)
}

async fn advised(store: &SqlStore) -> Vec<serde_json::Value> {
    let lines = store.desk().advice(true, 10).await.unwrap();
    lines.iter().map(|line| serde_json::from_str(&line.advice.body).unwrap()).collect()
}

async fn what_one_person_may_decide_is_done_with_the_proposal(store: &SqlStore) {
    let case = owing(store).await;
    let back = wanted(Outcome::ReturnToLadder);
    let decided = store.desk().propose(&case.id, &back, &rules(), &by("Ann", NOON)).await.unwrap();
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
    // What each of them did is in the trail, and none of their words.
    let page = AuditPage { limit: 9, ..AuditPage::default() };
    let trail = store.desk().audit(&page).await.unwrap();
    let acts: Vec<(Act, &str)> =
        trail.iter().map(|entry| (entry.deed.act, entry.deed.by.as_str())).collect();
    assert_eq!(acts, [(Act::CaseApproved, "Bob"), (Act::CaseProposed, "Ann")]);
    assert_eq!(trail[0].deed.about.as_deref(), Some("A"));
    assert_eq!(trail[0].deed.details["evidence"], one.digest);
    assert!(!trail[0].deed.details.to_string().contains(&one.note));
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
        let decided = desk.propose(&case.id, &wanted(outcome), &law, &by("Ann", now)).await;
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
    desk.place_hold(&promise("h9"), &by("Ann", NOON)).await.unwrap();
    let said = desk.approve(&one.id, "", &law, &by("Bob", "2026-03-15T13:00Z")).await;
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
    let care = wanted(Outcome::CareTransfer);
    store.desk().propose(&case.id, &care, &rules(), &by("Ann", NOON)).await.unwrap();
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

    assert_eq!(look(store, TODAY, NOON).await, Looked { voided: 1, ..Looked::default() });
    let (verdict, decider, note) = verdict(store, &one).await;
    assert_eq!((verdict, decider.as_str()), (Verdict::Void, "duebell"));
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
    assert_eq!(look(store, TODAY, NOON).await, Looked { cured: 1, voided: 1, expired: 0 });
    assert_eq!(done(store, &case).await, Some(("duebell".into(), "cured".into())));
    let (verdict, _, note) = verdict(store, &one).await;
    assert_eq!((verdict, note.as_str()), (Verdict::Void, "nothing is overdue any more"));
    assert!(approve(store, &one, "Bob", NOON).await.is_err());
    let late = wanted(Outcome::Terminate);
    let late = store.desk().propose(&case.id, &late, &rules(), &by("Ann", NOON)).await;
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
    assert_eq!(look(store, "2026-03-13", before).await, Looked::default());
    let said = approve(store, &one, "Bob", after).await.unwrap_err();
    assert!(said.contains("waited until 2026-03-13 12:00Z"), "{said}");
    let expired = Looked { expired: 1, ..Looked::default() };
    assert_eq!(look(store, "2026-03-13", after).await, expired);
    assert_eq!(look(store, "2026-03-13", after).await, Looked::default());
    assert_eq!(verdict(store, &one).await.0, Verdict::Expired);
    let (exempt, ann) = (wanted(Outcome::Exempt), by("Ann", after));
    let again = store.desk().propose(&case.id, &exempt, &rules(), &ann).await.unwrap().proposal;
    approve(store, &again, "Bob", after).await.unwrap();
    let facts = store.facts(&[key("A")], day("2026-03-13")).await.unwrap();
    assert_eq!(facts[0].holds[0].kind, HoldKind::Exemption);
}

async fn a_proposal_is_taken_back_by_its_own_and_refused_by_another(store: &SqlStore) {
    let case = owing(store).await;
    let desk = store.desk();
    let one = propose(store, &case, Outcome::WriteOff, "Ann").await;
    let said = desk.withdraw(&one.id, "", &by("Bob", NOON)).await.unwrap_err();
    assert!(refusal(said).contains("only Ann"));
    let said = desk.refuse(&one.id, "", &by("Ann", NOON)).await.unwrap_err();
    assert!(refusal(said).contains("somebody else must decide"));
    desk.withdraw(&one.id, "a typing error", &by("Ann", NOON)).await.unwrap();
    let expected = (Verdict::Withdrawn, "Ann".to_owned(), "a typing error".to_owned());
    assert_eq!(verdict(store, &one).await, expected);

    let other = wanted(Outcome::Terminate);
    let other =
        desk.propose(&case.id, &other, &rules(), &by("Ann", "2026-03-10T12:01Z")).await.unwrap();
    let other = other.proposal;
    desk.refuse(&other.id, "too early", &by("Bob", NOON)).await.unwrap();
    assert_eq!(verdict(store, &other).await.0, Verdict::Refused);
    for id in [&one.id, &other.id] {
        let said = desk.approve(id, "", &rules(), &by("Bob", NOON)).await.unwrap_err();
        assert_eq!(refusal(said), Refusal::NoProposal.to_string());
    }
    assert_eq!(done(store, &case).await, None);
    assert!(advised(store).await.is_empty());
}

async fn of_a_case_one_proposal_is_open(store: &SqlStore) {
    let case = owing(store).await;
    propose(store, &case, Outcome::WriteOff, "Ann").await;
    let other = wanted(Outcome::ReturnToLadder);
    let said =
        store.desk().propose(&case.id, &other, &rules(), &by("Ann", NOON)).await.unwrap_err();
    let expected = "Ann has proposed write_off already; approve, refuse or withdraw that first";
    assert_eq!(refusal(said), expected);
    // What rests on what is no longer so is in nobody's way.
    paid(store, 1_000).await;
    store.desk().propose(&case.id, &other, &rules(), &by("Ann", NOON)).await.unwrap();
    let all = store.desk().proposals_of(&key("A")).await.unwrap();
    let verdicts: Vec<Verdict> =
        all.iter().filter_map(|one| one.decided.as_ref()).map(|it| it.verdict).collect();
    assert_eq!(verdicts.len(), 2);
    assert!(verdicts.contains(&Verdict::Void) && verdicts.contains(&Verdict::Approved));
}

async fn advice_is_tried_until_it_is_taken_or_seen_to(store: &SqlStore) {
    let case = owing(store).await;
    let fraud = wanted(Outcome::FraudTransfer);
    store.desk().propose(&case.id, &fraud, &rules(), &by("Ann", NOON)).await.unwrap();
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
    assert!(store.desk().advice_done(&advice.id, &by("Ann", later)).await.unwrap());
    assert!(!store.desk().advice_done(&advice.id, &by("Ann", later)).await.unwrap());
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
