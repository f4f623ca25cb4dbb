//! What planning may rely on: nobody with something to decide is overlooked,
//! facts are whole, and decisions are written once.

use std::collections::BTreeSet;

use duebell::model::facts::{Case, Flag, SentItem, Standing, WhyNot};
use duebell::model::ledger::Rows;
use duebell::model::{Bucket, Reason, ReminderState, Severity};
use duebell::store::{
    CaseChange, OutboxStore, PlanPage, PlanStore, PolicyVersion, Scope, SqlStore,
};

use super::on_each_engine;
use super::outbox::{all_due, ended, outcome, submission};
use crate::support::build::*;

on_each_engine![
    accounts_with_bills_due_in_a_range_are_found,
    what_stayed_due_is_looked_at_again_on_a_new_day_only,
    a_touched_account_is_always_found,
    buckets_are_looked_into_alone_and_together,
    the_facts_of_an_account_are_complete,
    facts_are_those_of_the_accounts_asked_for,
    a_hold_that_ends_today_is_known_while_today_is_under_way_anywhere,
    what_is_over_is_no_fact_any_more,
    buckets_count_as_planned_once_all_of_them_are,
    a_page_recorded_twice_is_recorded_once,
    a_touch_during_a_decision_is_not_lost,
    a_step_that_was_not_sent_reaches_the_plan_of_the_next_day,
    a_reminder_closes_what_stood_open_about_its_steps,
    an_observed_reminder_is_recorded_and_goes_nowhere,
    a_case_opens_rises_and_is_cured,
    the_first_flag_of_a_repeat_debtor_stands,
    every_version_of_a_scenario_is_kept,
];

fn open_row(bill: &str, reason: Reason) -> WhyNot {
    WhyNot {
        bill: bill.into(),
        step: "late1".into(),
        step_on: day(TODAY),
        limit_on: day("2026-03-16"),
        reason,
        is_open: !reason.is_final(),
    }
}

async fn accounts_with_bills_due_in_a_range_are_found(store: &SqlStore) {
    with_accounts(store, &["A", "B", "C", "D", "E"]).await;
    let mut not_issued = bill("d1", "D", 5_000, "2026-03-09");
    not_issued.issued_on = day("2026-03-11");
    let bills = [
        bill("a1", "A", 5_000, "2026-03-09"),
        bill("a2", "A", 5_000, "2026-03-08"),
        bill("b1", "B", 5_000, "2026-03-11"),
        bill("c1", "C", 0, "2026-03-09"),
        not_issued,
        bill("e1", "E", 1, "2026-03-01"),
    ];
    with_bills(store, &bills).await;
    look_at_all(store).await;
    let scope = |days: &[&str]| Scope {
        due_on: days.iter().map(|text| day(text)).collect(),
        ..touched_only()
    };
    assert_eq!(found(store, &scope(&["2026-03-05", "2026-03-08", "2026-03-09"])).await, ["A"]);
    let days = ["2026-03-01", "2026-03-08", "2026-03-11", "2026-03-20"];
    assert_eq!(found(store, &scope(&days)).await, ["A", "B", "E"]);
    assert_eq!(found(store, &scope(&[])).await, [""; 0]);
}

async fn what_stayed_due_is_looked_at_again_on_a_new_day_only(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    let bills = [bill("a1", "A", 5_000, "2026-03-09"), bill("b1", "B", 5_000, "2026-03-09")];
    with_bills(store, &bills).await;
    let (mut a, mut b) = (decided(store, "A").await, decided(store, "B").await);
    a.why_not = vec![open_row("a1", Reason::HoldPromise)];
    b.why_not = vec![open_row("b1", Reason::Superseded)];
    record(store, vec![a, b]).await;

    assert_eq!(touched(store).await, [""; 0]);
    let new_day = Scope { is_new_day: true, ..touched_only() };
    assert_eq!(found(store, &new_day).await, ["A"]);
}

async fn a_touched_account_is_always_found(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2027-03-09")]).await;
    assert_eq!(touched(store).await, ["A"]);
    let new_day = Scope { is_new_day: true, ..touched_only() };
    assert_eq!(found(store, &new_day).await, ["A"]);
}

/// Accounts with a bill each, spread over these many buckets from the last one down.
async fn crowd(store: &SqlStore, accounts: i64, buckets: i64) -> BTreeSet<String> {
    let ids: Vec<String> = (0..accounts).map(|n| format!("account {n}")).collect();
    let rows = ids.iter().enumerate().map(|(n, id)| {
        let bucket = Bucket::from_number(1023 - n as i64 % buckets);
        duebell::model::ledger::AccountRow { bucket, ..account(id) }
    });
    merged(store, Rows::Accounts(rows.collect())).await;
    let bills: Vec<_> =
        ids.iter().map(|id| bill(&format!("bill of {id}"), id, 1, "2026-03-09")).collect();
    with_bills(store, &bills).await;
    ids.into_iter().collect()
}

async fn buckets_are_looked_into_alone_and_together(store: &SqlStore) {
    let everybody = crowd(store, 60, 20).await;
    for per_page in [1, 7, 1024] {
        let mut names = Vec::new();
        for buckets in Bucket::all().chunks(per_page) {
            let found = store.candidates(&touched_only(), buckets).await.unwrap();
            assert!(found.iter().all(|(bucket, _)| buckets.contains(bucket)));
            assert!(found.is_sorted());
            names.extend(found.into_iter().map(|(_, id)| id.0));
        }
        assert_eq!(names.len(), 60, "none twice with {per_page} buckets a page");
        assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), everybody);
    }
}

async fn the_facts_of_an_account_are_complete(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let bills = [
        bill("a1", "A", 5_000, "2026-03-09"),
        bill("a2", "A", 5_000, "2026-03-07"),
        bill("a3", "A", 0, "2026-03-01"),
        bill("a4", "A", 0, "2026-03-01"),
    ];
    with_bills(store, &bills).await;
    merged(store, Rows::Payments(vec![payment("p1", "A", Some("a1"), "pending")])).await;
    merged(store, Rows::Holds(vec![hold("h1", "A", "dispute", None)])).await;
    let (sent, in_hand) = (item("a1", "late1"), item("a2", "late1"));
    let first = reminder("A", 0, std::slice::from_ref(&sent));
    planned(store, &first).await;
    store.submit(&alone(), &[submission(&first)], at(NOON)).await.unwrap();
    let second = reminder("A", 1, std::slice::from_ref(&in_hand));
    let mut decided = decided(store, "A").await;
    decided.reminders = vec![(second.clone(), terms(&second.items))];
    decided.why_not = vec![open_row("a3", Reason::HoldPromise)];
    let case = Case { opened_on: day(TODAY), stage: Severity::Soft, policy: "v1".into() };
    decided.case = Some(CaseChange { ends: None, opens: Some(case.clone()) });
    decided.touched = 0;
    record(store, vec![decided]).await;

    let facts = store.facts(&[key("A")], day(TODAY)).await.unwrap().remove(0);
    let mut bills: Vec<&str> = facts.bills.iter().map(|bill| bill.id.as_str()).collect();
    bills.sort_unstable();
    assert_eq!(bills, ["a1", "a2", "a3"], "unpaid, and paid with an open why-not row");
    assert_eq!((facts.holds.len(), facts.pending.len()), (1, 1));
    let standing = Standing::Open;
    assert_eq!(facts.sent, [SentItem { item: sent, day: day(TODAY), standing }]);
    assert_eq!(facts.in_hand.len(), 1);
    assert_eq!((facts.in_hand[0].reminder, facts.in_hand[0].revision), (second.id, 1));
    assert_eq!((&facts.in_hand[0].items, facts.in_hand[0].day), (&second.items, day(TODAY)));
    assert_eq!(facts.recorded, [open_row("a3", Reason::HoldPromise)]);
    assert_eq!(facts.case, Some(case));
    assert_eq!(facts.revisions.get(&day(TODAY)), Some(&2));
    assert_eq!(facts.touched, 0);
}

async fn facts_are_those_of_the_accounts_asked_for(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    let bills = [bill("a1", "A", 1, "2026-03-09"), bill("b1", "B", 2, "2026-03-09")];
    with_bills(store, &bills).await;
    let facts = store.facts(&[key("B"), key("nobody")], day(TODAY)).await.unwrap();
    assert_eq!(facts.len(), 1);
    assert_eq!((facts[0].bills.len(), facts[0].bills[0].remaining), (1, 2));
    assert!(facts[0].touched > 0 && facts[0].case.is_none());
}

/// While tomorrow is planned (UTC+14), today goes on in Europe and yesterday
/// in Alaska; a change there is decided for those days too.
async fn a_hold_that_ends_today_is_known_while_today_is_under_way_anywhere(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    merged(store, Rows::Holds(vec![hold("h1", "A", "promise", Some(TODAY))])).await;
    for planned_day in ["2026-03-10", "2026-03-11", "2026-03-12"] {
        let facts = store.facts(&[key("A")], day(planned_day)).await.unwrap();
        assert_eq!(facts[0].holds.len(), 1, "planning {planned_day}");
    }
    let facts = store.facts(&[key("A")], day("2026-03-13")).await.unwrap();
    assert_eq!(facts[0].holds, []);
}

async fn what_is_over_is_no_fact_any_more(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2026-03-09")]).await;
    let reminder = reminder("A", 0, &[item("a1", "late1")]);
    planned(store, &reminder).await;
    store.submit(&alone(), &[submission(&reminder)], at(NOON)).await.unwrap();
    store.append(&alone(), &[outcome(&reminder, 1, ReminderState::Delivered)]).await.unwrap();
    let standing = |facts: Vec<duebell::model::facts::AccountFacts>| {
        facts[0].sent.iter().map(|sent| sent.standing).collect::<Vec<_>>()
    };
    let facts = store.facts(&[key("A")], day("2026-06-01")).await.unwrap();
    assert_eq!(standing(facts), [Standing::Delivered], "as long as the bill is unpaid");
    with_bills(store, &[bill("a1", "A", 0, "2026-03-09")]).await;
    let facts = store.facts(&[key("A")], day("2026-03-12")).await.unwrap();
    assert_eq!(standing(facts), [Standing::Delivered], "its day counts for the account's cap");
    let facts = store.facts(&[key("A")], day("2026-06-01")).await.unwrap();
    assert_eq!(standing(facts), []);
}

async fn buckets_count_as_planned_once_all_of_them_are(store: &SqlStore) {
    let all = Bucket::all();
    let record = async |buckets: &[Bucket], day| {
        let page = PlanPage { planned: Some((buckets.to_vec(), day)), ..PlanPage::default() };
        store.record(&alone(), &page, at(NOON)).await.unwrap();
        store.desk().planned_through().await.unwrap()
    };
    assert_eq!(store.desk().planned_through().await.unwrap(), None);
    assert_eq!(record(&all[..1023], day(TODAY)).await, None);
    assert_eq!(record(&all[1023..], day(TODAY)).await, Some(day(TODAY)));
    // The next day's run stops halfway.
    let tomorrow = day("2026-03-11");
    assert_eq!(record(&all[..512], tomorrow).await, Some(day(TODAY)));
    let planned = store.planned_through().await.unwrap();
    assert_eq!((planned[&all[511]], planned[&all[512]]), (tomorrow, day(TODAY)));
}

async fn a_page_recorded_twice_is_recorded_once(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2026-03-09")]).await;
    let first = reminder("A", 0, &[item("a1", "late1")]);
    planned(store, &first).await;
    let second = reminder("A", 1, &[item("a1", "late1")]);
    let mut decided = decided(store, "A").await;
    decided.cancel = vec![first.id];
    decided.reminders = vec![(second.clone(), terms(&second.items))];
    decided.why_not = vec![open_row("a1", Reason::HoldPromise)];
    record(store, vec![decided.clone()]).await;
    let once = (store.desk().attempts(&"A".into()).await.unwrap(), store.desk().by_reason().await);
    record(store, vec![decided]).await;
    let twice = (store.desk().attempts(&"A".into()).await.unwrap(), store.desk().by_reason().await);
    assert_eq!(format!("{once:?}"), format!("{twice:?}"));
    let states = store.desk().by_state().await.unwrap();
    assert_eq!((states["planned"], states["cancelled"]), (1, 1));
}

async fn a_touch_during_a_decision_is_not_lost(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2026-03-09")]).await;
    let decision = decided(store, "A").await;
    with_bills(store, &[bill("a1", "A", 0, "2026-03-09")]).await;
    record(store, vec![decision]).await;
    assert_eq!(touched(store).await, ["A"]);
    look_at_all(store).await;
    assert_eq!(touched(store).await, [""; 0]);
}

async fn a_reminder_closes_what_stood_open_about_its_steps(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2026-03-09")]).await;
    let mut held = decided(store, "A").await;
    held.why_not = vec![open_row("a1", Reason::HoldPromise)];
    record(store, vec![held]).await;
    planned(store, &reminder("A", 0, &[item("a1", "late1")])).await;
    let rows = store.desk().why_not(&"A".into()).await.unwrap();
    assert_eq!((rows.len(), rows[0].is_open), (1, false));
    let new_day = Scope { is_new_day: true, ..touched_only() };
    assert_eq!(found(store, &new_day).await, [""; 0]);
}

async fn an_observed_reminder_is_recorded_and_goes_nowhere(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2026-03-09")]).await;
    let reminder = reminder("A", 0, &[item("a1", "late1")]);
    let mut decided = decided(store, "A").await;
    decided.reminders = vec![(reminder.clone(), terms(&reminder.items))];
    decided.is_observed = true;
    record(store, vec![decided]).await;

    assert_eq!(all_due(store, at(NOON)).await.len(), 0);
    assert_eq!(store.desk().by_state().await.unwrap()["suppressed"], 1);
    assert_eq!(store.desk().by_reason().await.unwrap()["observed"], 1);
    let facts = store.facts(&[key("A")], day(TODAY)).await.unwrap();
    assert_eq!((facts[0].in_hand.len(), facts[0].sent.len()), (0, 0));
    assert_eq!(facts[0].recorded, [open_row("a1", Reason::Observed)]);
}

async fn a_case_opens_rises_and_is_cured(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let change = |ends, opens| Some(CaseChange { ends, opens });
    let case = |opened_on: &str, stage, policy: &str| Case {
        opened_on: day(opened_on),
        stage,
        policy: policy.into(),
    };
    let (soft, hard) =
        (case("2026-03-01", Severity::Soft, "v1"), case("2026-03-01", Severity::Hard, "v1"));
    let next = case(TODAY, Severity::Courtesy, "v2");
    let steps = [
        (change(None, Some(soft.clone())), Some(soft)),
        (change(None, Some(hard.clone())), Some(hard)),
        (change(Some("cured"), Some(next.clone())), Some(next)),
        (change(Some("cured"), None), None),
    ];
    for (change, expected) in steps {
        let mut decided = decided(store, "A").await;
        decided.case = change;
        record(store, vec![decided]).await;
        let facts = store.facts(&[key("A")], day(TODAY)).await.unwrap();
        assert_eq!(facts[0].case, expected);
    }
}

async fn the_first_flag_of_a_repeat_debtor_stands(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let late = [bill("a1", "A", 5_000, "2026-01-09"), bill("a2", "A", 0, "2026-01-10")];
    with_bills(store, &late).await;
    merged(store, Rows::Payments(vec![payment("p1", "A", Some("a2"), "settled")])).await;
    let histories = store.history(&[key("A")], 15).await.unwrap();
    assert_eq!((histories[0].bills.len(), histories[0].payments.len()), (2, 1));

    for (flagged_on, bills) in [("2026-02-01", vec!["a1".into()]), (TODAY, vec!["a2".into()])] {
        let mut decided = decided(store, "A").await;
        decided.flag = Some(Flag { flagged_on: day(flagged_on), bills });
        record(store, vec![decided]).await;
    }
    let flag = store.desk().flag(&"A".into()).await.unwrap().unwrap();
    assert_eq!((flag.flagged_on, flag.bills), (day("2026-02-01"), vec!["a1".into()]));
    assert_eq!(store.history(&[key("A")], 15).await.unwrap().len(), 0, "flagged once is enough");
}

async fn every_version_of_a_scenario_is_kept(store: &SqlStore) {
    let version = |version: &str, body: &str| PolicyVersion {
        version: version.into(),
        scenario: "standard".into(),
        body: body.into(),
    };
    let (one, two) = (version("v1", "{\"a\":1}"), version("v2", "{\"a\":2}"));
    store.adopt_policy(&one, at("2026-03-01T00:00Z")).await.unwrap();
    store.adopt_policy(&two, at("2026-03-02T00:00Z")).await.unwrap();
    store.adopt_policy(&one, at("2026-03-03T00:00Z")).await.unwrap();
    assert_eq!(store.policies().await.unwrap(), [one, two]);
}

/// The next day is planned before this one is over.
async fn a_step_that_was_not_sent_reaches_the_plan_of_the_next_day(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2026-03-09")]).await;
    let planned_through = async |day| {
        let planned = Some((Bucket::all(), day));
        store
            .record(&alone(), &PlanPage { planned, ..PlanPage::default() }, at(NOON))
            .await
            .unwrap();
    };
    planned_through(day(TODAY)).await;
    let one = reminder("A", 0, &[item("a1", "late1")]);
    let other = reminder("A", 1, &[item("a1", "late1")]);
    planned(store, &one).await;
    planned(store, &other).await;
    store.append(&alone(), &[ended(&one, 1, ReminderState::Deferred)]).await.unwrap();
    assert_eq!(touched(store).await, [""; 0], "the next day's run will find it");

    planned_through(day("2026-03-11")).await;
    store.append(&alone(), &[ended(&other, 1, ReminderState::Deferred)]).await.unwrap();
    assert_eq!(touched(store).await, ["A"]);
    let facts = store.facts(&[key("A")], day("2026-03-11")).await.unwrap();
    assert!(facts[0].touched < 0, "nothing changed today");
    let decision = decided(store, "A").await;
    with_bills(store, &[bill("a1", "A", 4_000, "2026-03-09")]).await;
    record(store, vec![decision]).await;
    let facts = store.facts(&[key("A")], day("2026-03-11")).await.unwrap();
    assert!(facts[0].touched > 0, "now something did");
    look_at_all(store).await;
    assert_eq!(touched(store).await, [""; 0]);
}
