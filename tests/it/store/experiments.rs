//! What both engines promise of experiments: written down before, by two
//! people, and never changed after.

use duebell::model::audit::Act;
use duebell::model::experiment::{Arm, Design, Entry, Tally};
use duebell::store::{AuditPage, Decided, ExperimentStore, SqlStore};

use super::on_each_engine;
use crate::support::build::*;

on_each_engine![
    an_experiment_takes_two_people_and_begins_later,
    of_a_scenario_one_experiment_is_under_way,
    one_that_was_stopped_stays_stopped,
    who_came_in_stays_as_it_came_and_is_counted,
];

const EVE: &str = "2026-03-10";

pub fn design(name: &str) -> Design {
    Design {
        name: name.into(),
        scenario: "standard".into(),
        share: 0.5,
        starts_on: day("2026-03-11"),
        ends_on: day("2026-04-30"),
        paid_within_days: 14,
        baseline: 0.7,
        least_effect: 0.05,
        alpha: 0.05,
        power: 0.8,
        harm_most: 0.2,
    }
}

/// Proposed by Ann.
async fn proposed(store: &SqlStore, name: &str) {
    let ann = by("Ann", "2026-03-10T08:00Z");
    store.desk().propose_experiment(&design(name), "k", "does it work?", &ann).await.unwrap();
}

async fn approved(store: &SqlStore, name: &str, who: &str, today: &str) -> Result<(), String> {
    let doer = by(who, "2026-03-10T09:00Z");
    let done = store.desk().approve_experiment(name, "yes", day(today), &doer).await;
    done.map_err(|error| error.to_string())
}

#[track_caller]
fn says(said: Result<(), String>, words: &str) {
    let said = said.unwrap_err();
    assert!(said.contains(words), "{said}");
}

async fn an_experiment_takes_two_people_and_begins_later(store: &SqlStore) {
    proposed(store, "first").await;
    let (ann, desk) = (by("Ann", "2026-03-10T08:01Z"), store.desk());
    let again = desk.propose_experiment(&design("first"), "k", "again", &ann).await.unwrap_err();
    assert!(again.to_string().contains("take another name"));
    assert!(!store.experiments().await.unwrap()[0].is_on(day("2026-03-11")));

    says(approved(store, "first", "ann ", EVE).await, "somebody else must approve");
    says(approved(store, "first", "Bob", "2026-03-11").await, "has begun");
    says(approved(store, "other", "Bob", EVE).await, "no experiment other");
    approved(store, "first", "Bob", EVE).await.unwrap();
    says(approved(store, "first", "Cem", EVE).await, "approved already");

    let one = &store.experiments().await.unwrap()[0];
    assert_eq!((&one.design, one.key.as_str()), (&design("first"), "k"));
    assert!(one.is_on(day("2026-03-11")) && !one.is_on(day("2026-03-10")));
    let trail = desk.audit(&AuditPage { limit: 10, ..AuditPage::default() }).await.unwrap();
    let acts: Vec<Act> = trail.iter().map(|entry| entry.deed.act).collect();
    assert_eq!(acts, [Act::ExperimentApproved, Act::ExperimentProposed]);
}

async fn of_a_scenario_one_experiment_is_under_way(store: &SqlStore) {
    proposed(store, "first").await;
    proposed(store, "second").await;
    approved(store, "first", "Bob", EVE).await.unwrap();
    says(approved(store, "second", "Bob", EVE).await, "first withholds reminders of standard");
    let doer = by("Bob", "2026-03-10T10:00Z");
    store.desk().stop_experiment("first", "a mistake", &doer).await.unwrap();
    approved(store, "second", "Bob", EVE).await.unwrap();
}

async fn one_that_was_stopped_stays_stopped(store: &SqlStore) {
    proposed(store, "first").await;
    let (bob, desk) = (by("Bob", "2026-03-10T10:00Z"), store.desk());
    assert!(desk.stop_experiment("first", " ", &bob).await.is_err(), "without a reason");
    desk.stop_experiment("first", "a mistake", &bob).await.unwrap();
    assert!(desk.stop_experiment("first", "again", &bob).await.is_err());
    says(approved(store, "first", "Bob", EVE).await, "stopped already");
    assert!(!store.end_experiment("first", "harm", at("2026-03-12T00:00Z")).await.unwrap());

    proposed(store, "second").await;
    approved(store, "second", "Bob", EVE).await.unwrap();
    assert!(store.end_experiment("second", "harm", at("2026-03-12T00:00Z")).await.unwrap());
    let stopped = store.experiments().await.unwrap()[1].stopped.clone().unwrap();
    assert_eq!((stopped.by.as_str(), stopped.reason.as_str()), ("duebell", "harm"));
}

async fn who_came_in_stays_as_it_came_and_is_counted(store: &SqlStore) {
    with_accounts(store, &["A", "B", "C"]).await;
    let enters = |account: &str, arm, bill: &str, limit_on: &str| Entry {
        experiment: "first".into(),
        bucket: key(account).0,
        account: account.into(),
        arm,
        bill: bill.into(),
        on: day("2026-03-11"),
        limit_on: day(limit_on),
        tier: "ordinary",
    };
    let of = |account: &'static str, entry: Entry| async move {
        let decided = decided(store, account).await;
        record(store, vec![Decided { enters: Some(entry), ..decided }]).await;
    };
    let mut settled = bill("a1", "A", 0, "2026-03-10");
    settled.settled_on = Some(day("2026-03-20"));
    with_bills(store, &[settled, bill("b1", "B", 500, "2026-03-10")]).await;
    of("A", enters("A", Arm::Reminded, "a1", "2026-03-24")).await;
    of("A", enters("A", Arm::Holdout, "a2", "2026-04-24")).await;
    of("B", enters("B", Arm::Holdout, "b1", "2026-03-24")).await;
    of("C", enters("C", Arm::Holdout, "c1", "2026-03-25")).await;

    let tally = |arm, accounts, known, paid| Tally {
        arm,
        tier: "ordinary".into(),
        accounts,
        known,
        paid,
        opted_out: 0,
    };
    let on = |on: &'static str| async move { store.tally("first", day(on)).await.unwrap() };
    let early = [tally(Arm::Holdout, 2, 0, 0), tally(Arm::Reminded, 1, 0, 0)];
    assert_eq!(on("2026-03-24").await, early);
    let late = [tally(Arm::Holdout, 2, 1, 0), tally(Arm::Reminded, 1, 1, 1)];
    assert_eq!(on("2026-03-25").await, late);
    assert_eq!(store.tally("another", day("2026-03-25")).await.unwrap(), []);
}
