//! Whether reminding works is asked of people who are not reminded, by lot.

use std::collections::BTreeSet;
use std::sync::Arc;

use duebell::evaluation::Shown;
use duebell::evaluation::trial::Reading;
use duebell::model::Reason;
use duebell::model::experiment::Design;
use duebell::model::feed::Feed;
use duebell::pipeline::Stage;
use duebell::pipeline::trial::Guard;
use duebell::store::ExperimentStore;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::support::bench::{Bench, LADDER};
use crate::support::billing::Billing;
use crate::support::build::*;

/// Half of the accounts hear nothing from the tenth of March on.
fn design() -> Design {
    Design {
        name: "does it work".into(),
        scenario: "standard".into(),
        share: 0.5,
        starts_on: day("2026-03-10"),
        ends_on: day("2026-05-31"),
        paid_within_days: 14,
        baseline: 0.7,
        least_effect: 0.05,
        alpha: 0.05,
        power: 0.8,
        harm_most: 0.15,
    }
}

async fn begun(bench: &Bench, design: &Design) {
    let desk = bench.store.desk();
    let (ann, bob) = (by("Ann", "2026-03-01T08:00Z"), by("Bob", "2026-03-01T09:00Z"));
    desk.propose_experiment(design, "a key", "does it work?", &ann).await.unwrap();
    desk.approve_experiment(&design.name, "yes", day("2026-03-01"), &bob).await.unwrap();
}

/// So many accounts, each with a bill that is due on the ninth.
async fn with(accounts: usize, design: &Design) -> (Arc<Billing>, Bench) {
    let billing = Billing::new();
    for number in 0..accounts {
        let id = format!("A{number:05}");
        billing.account(&id);
        // Nobody shares a telephone, or one cap would hold for all.
        let phone = format!("+49151{number:08}");
        billing.put(Feed::Accounts, &[("account_id", &id), ("phone", &phone)]);
        billing.bill(&format!("B{number:05}"), &id, "2026-03-09");
    }
    let bench = Bench::live(billing.clone()).await;
    begun(&bench, design).await;
    (billing, bench)
}

/// The reminded pay with one chance, the others with another, on the twelfth.
async fn paid(billing: &Billing, bench: &Bench, accounts: usize, (one, other): (f64, f64)) {
    bench.round("2026-03-10T12:00Z").await;
    let heard = heard(bench).await;
    let mut chance = StdRng::seed_from_u64(11);
    for number in 0..accounts {
        let bill = format!("B{number:05}");
        let pays = if heard.contains(&bill) { one } else { other };
        if chance.random_bool(pays) {
            let columns = [
                ("bill_id", bill.as_str()),
                ("remaining_amount", "0"),
                ("settled_on", "2026-03-12"),
            ];
            billing.put(Feed::Bills, &columns);
        }
    }
    bench.round("2026-03-13T06:00Z").await;
}

/// The bills of which something was sent.
async fn heard(bench: &Bench) -> BTreeSet<String> {
    bench.sent().await.into_iter().map(|(bill, _)| bill).collect()
}

async fn read(bench: &Bench, design: &Design) -> Reading {
    let tallies = bench.store.tally(&design.name, day("2026-03-24")).await.unwrap();
    Reading::of(design, &tallies)
}

#[tokio::test]
async fn where_reminding_does_nothing_no_effect_is_shown() {
    let design = design();
    let (billing, bench) = with(1_200, &design).await;
    paid(&billing, &bench, 1_200, (0.7, 0.7)).await;
    let reading = read(&bench, &design).await;
    assert_eq!(reading.reminded.accounts + reading.holdout.accounts, 1_200);
    assert_eq!(reading.reminded.known + reading.holdout.known, 1_200);
    assert!(!reading.fit.is_alarm(), "{reading:?}");
    assert_eq!(reading.shown(), Shown::Nothing, "{reading:?}");
    assert_eq!(bench.messages().len() as u64, reading.reminded.accounts);
}

#[tokio::test]
async fn five_points_are_found_at_the_planned_size() {
    let design = design();
    let planned = duebell::evaluation::trial::plan(&design).unwrap().read_daily();
    let accounts = planned.all() as usize;
    let (billing, bench) = with(accounts, &design).await;
    paid(&billing, &bench, accounts, (0.75, 0.7)).await;
    let reading = read(&bench, &design).await;
    assert_eq!(reading.shown(), Shown::More, "{reading:?}");
    assert!(reading.interval.unwrap().holds(0.05), "{reading:?}");
    assert_eq!(reading.harm(), None);
}

#[tokio::test]
async fn where_the_unreminded_are_harmed_it_ends_by_itself_and_they_are_reminded() {
    let design = design();
    let (billing, bench) = with(600, &design).await;
    paid(&billing, &bench, 600, (0.85, 0.4)).await;
    let before = bench.messages().len();
    // Nobody's day is over before the twenty-fourth.
    let guard = Guard(bench.workshop.clone());
    assert_eq!(guard.run_once(at("2026-03-22T09:00Z")).await.unwrap(), 0);
    assert_eq!(guard.run_once(at("2026-03-24T09:00Z")).await.unwrap(), 1);
    let stopped = bench.store.experiments().await.unwrap()[0].stopped.clone().unwrap();
    assert!(stopped.reason.contains("15.0 were allowed"), "{}", stopped.reason);

    bench.round("2026-03-24T12:00Z").await;
    bench.round("2026-03-25T12:00Z").await;
    let unpaid = bench.store.tally(&design.name, day("2026-03-24")).await.unwrap();
    let unpaid: u64 = unpaid.iter().map(|it| it.known - it.paid).sum();
    // Both arms hear the next step that fits, each account once.
    assert_eq!(bench.messages().len() - before, unpaid as usize);
}

#[tokio::test]
async fn who_hears_nothing_is_told_why_and_gets_what_the_law_asks_for() {
    let design = Design { share: 0.5, ..design() };
    let billing = Billing::new();
    for id in ["A", "B", "C", "D", "E", "F", "G", "H"] {
        billing.account(id);
        billing.bill(&format!("{id}1"), id, "2026-03-09");
    }
    let mut bench = Bench::live(billing.clone()).await;
    let notice = "class = \"statutory\"\nnotice_gap_days = 5";
    bench.edit(&LADDER.replace("notice_gap_days = 5", notice)).await;
    begun(&bench, &design).await;
    bench.rounds("2026-03-10T00:00Z", "2026-03-12T00:00Z").await;
    let heard_first = heard(&bench).await;
    let mut silent = Vec::new();
    for id in ["A", "B", "C", "D", "E", "F", "G", "H"] {
        let bill = format!("{id}1");
        let is_held_out = bench.why_not(id).await.iter().any(|it| it.reason == Reason::Holdout);
        assert_eq!(is_held_out, !heard_first.contains(&bill), "{id}");
        silent.extend(is_held_out.then_some(bill));
    }
    assert!(!silent.is_empty() && !heard_first.is_empty(), "{heard_first:?}");

    // The notice needs a softer word before it; both belong to the law.
    bench.rounds("2026-03-23T20:00Z", "2026-03-26T00:00Z").await;
    let later = heard(&bench).await;
    assert!(silent.iter().all(|bill| later.contains(bill)), "{later:?}");
}
