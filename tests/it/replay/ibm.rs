//! The IBM sample, counted elsewhere (`ibm_ar/oracle`): what is sent, on which
//! day, and who is flagged when.

use std::collections::{BTreeMap, BTreeSet};

use duebell::model::billing::plus_days;
use jiff::civil::{Date, date};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::{Run, STEPS, ladder, timeline};
use crate::support::data;
use crate::support::postgres;
use crate::support::reference::{Event, Outcome, PaymentsArrive, Send};

const TIMELINE: &str = "ibm_ar/oracle/ibm_ar_timeline.csv";

/// An outcome against the oracle's own files.
#[track_caller]
fn check_oracle(outcome: &Outcome, payments: PaymentsArrive) {
    let (total, daily) = match payments {
        PaymentsArrive::Before => (2_560, "ibm_ar/oracle/ibm_ar_daily_posted.csv"),
        PaymentsArrive::After => (2_767, "ibm_ar/oracle/ibm_ar_daily_unposted.csv"),
    };
    assert_eq!(outcome.sends.len(), total);
    assert_eq!(per_day(&outcome.sends), expected_per_day(daily));
    if payments == PaymentsArrive::Before {
        assert_eq!(outcome.sends, expected_sends());
    }
    let flagged = data::file("ibm_ar/oracle/ibm_ar_flagged_customers.csv").unwrap();
    let flagged = data::rows(&flagged).into_iter();
    let flagged = flagged.map(|row| (row["customer"].clone(), row["flag_day"].parse().unwrap()));
    assert_eq!(outcome.flags, flagged.collect::<Vec<_>>());
}

type PerDay = BTreeMap<Date, [usize; 5]>;

fn per_day(sends: &[Send]) -> PerDay {
    let mut days = PerDay::new();
    for (day, _, _, step) in sends {
        let place = STEPS.iter().position(|(name, _)| name == step).unwrap();
        days.entry(*day).or_default()[place] += 1;
    }
    days
}

fn expected_per_day(path: &str) -> PerDay {
    let text = data::file(path).unwrap();
    let day = |row: BTreeMap<String, String>| {
        (row["date"].parse().unwrap(), STEPS.map(|(name, _)| row[name].parse().unwrap()))
    };
    data::rows(&text).into_iter().map(day).collect()
}

fn expected_sends() -> Vec<Send> {
    let text = data::file("ibm_ar/oracle/ibm_ar_sends_posted.csv.gz").unwrap();
    let send = |row: BTreeMap<String, String>| {
        let [day, bill, account, step] =
            ["date", "invoice", "customer", "step"].map(|column| row[column].clone());
        (day.parse().unwrap(), bill, account, step)
    };
    let mut sends: Vec<Send> = data::rows(&text).into_iter().map(send).collect();
    sends.sort_by(|a, b| (a.0, &a.1, &a.3).cmp(&(b.0, &b.1, &b.3)));
    sends
}

/// The sample on this store, against the oracle, and where that has no list,
/// against the reference.
fn check_ibm(payments: PaymentsArrive, store: Option<&str>) {
    let Some(file) = data::file(TIMELINE) else { return };
    let mut run = Run::new(&file, payments);
    if let Some(url) = store {
        run.with("--store", url);
    }
    let summary = run.ends();
    check_oracle(&run.outcome(), payments);
    assert_eq!(run.outcome(), ladder(data::ibm_events().unwrap(), payments).run());
    assert_eq!(summary["events"]["read"], 4_932);
    assert_eq!(summary["flagged"], 21);
    assert_eq!(summary["messages_twice"], 0);
}

#[test]
fn the_sample_is_replayed_as_counted_elsewhere_on_sqlite() {
    check_ibm(PaymentsArrive::Before, None);
    check_ibm(PaymentsArrive::After, None);
}

#[tokio::test]
async fn the_sample_is_replayed_as_counted_elsewhere_on_postgres() {
    check_ibm(PaymentsArrive::Before, Some(&postgres::database().await));
    check_ibm(PaymentsArrive::After, Some(&postgres::database().await));
}

/// Every event once more, any time after, and each day's events in any order.
fn doubled_and_shuffled(events: &[Event]) -> String {
    let file = timeline(events);
    let (header, lines) = file.split_once('\n').unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let mut days: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines.lines() {
        days.entry(&line[..10]).or_default().push(line);
    }
    let mut shuffled = Vec::new();
    for mut lines in days.into_values() {
        lines.shuffle(&mut rng);
        for line in &lines {
            if rng.random_bool(0.5) {
                shuffled.push(*line);
            }
        }
        shuffled.extend(lines);
    }
    let rest = lines.lines().filter(|line| shuffled.iter().filter(|it| it == &line).count() < 2);
    let rest: Vec<&str> = rest.collect();
    format!("{header}\n{}\n{}\n", shuffled.join("\n"), rest.join("\n"))
}

#[test]
fn events_that_come_twice_and_in_another_order_within_a_day_change_nothing() {
    let Some(events) = data::ibm_events() else { return };
    let file = doubled_and_shuffled(&events);
    for payments in super::MODES {
        let run = Run::new(&file, payments);
        let summary = run.ends();
        assert_eq!(summary["events"]["read"], 2 * 4_932);
        assert_eq!(summary["events"]["repeats"], 4_932);
        check_oracle(&run.outcome(), payments);
    }
}

#[test]
fn with_days_down_and_events_days_late_the_reference_says_what_is_sent() {
    let Some(mut events) = data::ibm_events() else { return };
    let mut rng = StdRng::seed_from_u64(2);
    for event in &mut events {
        if rng.random_bool(0.2) {
            event.arrives_on = plus_days(event.date, rng.random_range(1..20));
        }
    }
    let mut replay = ladder(events.clone(), PaymentsArrive::After);
    let mut run = Run::new(timeline(&events), PaymentsArrive::After);
    for (number, length) in [1, 3, 10, 3, 1, 10, 3].into_iter().enumerate() {
        let from = plus_days(date(2012, 2, 1), 97 * number as i32);
        let days: BTreeSet<Date> = (0..length).map(|days| plus_days(from, days)).collect();
        run.with("--down", &format!("{from}..{}", plus_days(from, length - 1)));
        replay.down.extend(days);
    }
    let summary = run.ends();
    assert_eq!(summary["days_down"], 31);
    assert_eq!(run.outcome(), replay.run());
}
