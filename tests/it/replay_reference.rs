//! The reference is judged before it judges: by the oracle files, which were
//! computed elsewhere, and by small ledgers whose answer is plain.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};

use crate::support::data;
use crate::support::reference::{
    Event, EventKind, Outcome, PaymentsArrive, RepeatRule, Replay, Send,
};

const STEPS: [(&str, i32); 5] =
    [("pre3", -3), ("late1", 1), ("late7", 7), ("late15", 15), ("final30", 30)];

fn replay(events: Vec<Event>, payments: PaymentsArrive, first: Date, last: Date) -> Replay {
    Replay {
        events,
        steps: STEPS.map(|(name, offset)| (name.to_owned(), offset)).to_vec(),
        tolerance_minor: 0,
        repeat: RepeatRule { bills: 3, late_days: 15, window_days: 365 },
        payments,
        first,
        last,
        down: BTreeSet::new(),
    }
}

fn ibm(payments: PaymentsArrive) -> Option<Replay> {
    let events = data::ibm_events()?;
    Some(replay(events, payments, date(2012, 1, 1), date(2014, 3, 31)))
}

fn per_step(sends: &[Send]) -> [usize; 5] {
    STEPS.map(|(name, _)| sends.iter().filter(|(.., step)| step == name).count())
}

/// Compares day by day and step by step with a file of the oracle.
#[track_caller]
fn check_daily(outcome: &Outcome, path: &str) {
    let text = data::file(path).unwrap();
    let rows = data::rows(&text);
    let mut by_day: BTreeMap<String, Vec<Send>> = BTreeMap::new();
    for send in &outcome.sends {
        by_day.entry(send.0.to_string()).or_default().push(send.clone());
    }
    assert_eq!(by_day.len(), rows.len());
    for row in rows {
        let expected = STEPS.map(|(name, _)| row[name].parse::<usize>().unwrap());
        assert_eq!(per_step(&by_day[&row["date"]]), expected, "{}", row["date"]);
    }
}

#[track_caller]
fn check_flags(outcome: &Outcome) {
    let text = data::file("ibm_ar/oracle/ibm_ar_flagged_customers.csv").unwrap();
    let expected: Vec<(String, Date)> = data::rows(&text)
        .into_iter()
        .map(|row| (row["customer"].clone(), row["flag_day"].parse().unwrap()))
        .collect();
    assert_eq!(expected.len(), 21);
    assert_eq!(outcome.flags, expected);
}

#[test]
fn the_reference_sends_what_the_oracle_sends() {
    let Some(replay) = ibm(PaymentsArrive::Before) else { return };
    let outcome = replay.run();
    let text = data::file("ibm_ar/oracle/ibm_ar_sends_posted.csv.gz").unwrap();
    let mut expected: Vec<Send> = data::rows(&text)
        .into_iter()
        .map(|row| {
            let day = row["date"].parse().unwrap();
            (day, row["invoice"].clone(), row["customer"].clone(), row["step"].clone())
        })
        .collect();
    expected.sort_by(|a, b| (a.0, &a.1, &a.3).cmp(&(b.0, &b.1, &b.3)));
    assert_eq!(outcome.sends, expected);
    assert_eq!(outcome.sends.len(), 2560);
    assert_eq!(per_step(&outcome.sends), [1104, 816, 458, 174, 8]);
    check_daily(&outcome, "ibm_ar/oracle/ibm_ar_daily_posted.csv");
    check_flags(&outcome);
}

#[test]
fn the_reference_counts_as_the_oracle_where_payments_come_after_the_run() {
    let Some(replay) = ibm(PaymentsArrive::After) else { return };
    let outcome = replay.run();
    assert_eq!(outcome.sends.len(), 2767);
    assert_eq!(per_step(&outcome.sends), [1168, 877, 513, 196, 13]);
    check_daily(&outcome, "ibm_ar/oracle/ibm_ar_daily_unposted.csv");
    check_flags(&outcome);
}

#[test]
fn the_reference_flags_as_many_as_the_oracle_under_other_rules() {
    let Some(mut replay) = ibm(PaymentsArrive::Before) else { return };
    // One run long after the last bill knows all that there is to know.
    replay.first = replay.last;
    let text = data::file("ibm_ar/oracle/ibm_ar_flag_sensitivity.csv").unwrap();
    for row in data::rows(&text) {
        let late_days = row["late_gt_days"].parse().unwrap();
        let bills = row["k"].parse().unwrap();
        replay.repeat = RepeatRule { bills, late_days, window_days: 365 };
        let expected: usize = row["flagged_customers_window365"].parse().unwrap();
        assert_eq!(replay.run().flags.len(), expected, "{bills} bills, {late_days} days");
    }
}

fn issued(bill: &str, on: Date, arrives_on: Date, due: Date) -> Event {
    let kind = EventKind::Issued {
        bill: bill.to_owned(),
        account: "A1".to_owned(),
        amount_minor: 5000,
        currency: "EUR".to_owned(),
        due,
    };
    Event { date: on, arrives_on, kind }
}

fn paid(bill: &str, on: Date, arrives_on: Date, amount_minor: i64) -> Event {
    let kind = EventKind::Payment { bill: bill.to_owned(), amount_minor };
    Event { date: on, arrives_on, kind }
}

#[track_caller]
fn check_small(events: Vec<Event>, down: &[(Date, i32)], expected: &[(Date, &str)]) {
    let mut replay = replay(events, PaymentsArrive::Before, date(2026, 1, 1), date(2026, 6, 30));
    for (from, days) in down {
        let nights = from.series(jiff::Span::new().days(1));
        replay.down.extend(nights.take(*days as usize));
    }
    let sends = replay.run().sends;
    let sends: Vec<(Date, &str)> = sends.iter().map(|send| (send.0, send.3.as_str())).collect();
    assert_eq!(sends, expected);
}

#[test]
fn after_ten_days_down_only_the_latest_step_goes_out() {
    let bill = issued("B1", date(2026, 2, 1), date(2026, 2, 1), date(2026, 3, 1));
    check_small(
        vec![bill],
        &[(date(2026, 2, 25), 15)],
        &[
            // Due on 1 March: pre3 and late1 were missed, late7 is two days late.
            (date(2026, 3, 12), "late7"),
            (date(2026, 3, 16), "late15"),
            (date(2026, 3, 31), "final30"),
        ],
    );
}

#[test]
fn a_courtesy_is_not_made_up_for_after_the_due_date() {
    let bill = issued("B1", date(2026, 2, 1), date(2026, 2, 1), date(2026, 3, 1));
    let payment = paid("B1", date(2026, 3, 2), date(2026, 3, 2), 5000);
    let down = [(date(2026, 2, 26), 2)];
    check_small(vec![bill.clone(), payment.clone()], &down, &[(date(2026, 2, 28), "pre3")]);
    check_small(vec![bill, payment], &[(date(2026, 2, 26), 4)], &[]);
}

#[test]
fn a_bill_that_arrives_late_keeps_its_own_day_of_issue() {
    let bill = issued("B1", date(2026, 2, 1), date(2026, 3, 4), date(2026, 3, 1));
    let payment = paid("B1", date(2026, 3, 5), date(2026, 3, 5), 5000);
    check_small(vec![bill, payment.clone()], &[], &[(date(2026, 3, 4), "late1")]);
    let bill = issued("B1", date(2026, 3, 4), date(2026, 3, 4), date(2026, 3, 1));
    check_small(vec![bill, payment], &[], &[]);
}

#[test]
fn a_part_payment_leaves_the_rest_to_be_asked_for() {
    let bill = issued("B1", date(2026, 2, 1), date(2026, 2, 1), date(2026, 3, 1));
    let part = paid("B1", date(2026, 2, 20), date(2026, 2, 20), 4999);
    let rest = paid("B1", date(2026, 2, 27), date(2026, 2, 27), 1);
    check_small(vec![bill, part, rest], &[], &[(date(2026, 2, 26), "pre3")]);
}

#[test]
fn a_payment_made_in_time_that_arrives_late_flags_nobody() {
    let mut events = Vec::new();
    for month in 1..=3 {
        let (issue, due) = (date(2026, month, 1), date(2026, month, 10));
        events.push(issued(&format!("B{month}"), issue, issue, due));
    }
    let flags = |events: &[Event]| {
        let (first, last) = (date(2026, 1, 1), date(2026, 6, 30));
        replay(events.to_vec(), PaymentsArrive::Before, first, last).run().flags
    };
    assert_eq!(flags(&events), [("A1".to_owned(), date(2026, 3, 26))]);
    // Paid on the fifteenth day, shown on the day of the flag.
    events.push(paid("B3", date(2026, 3, 25), date(2026, 3, 26), 5000));
    assert_eq!(flags(&events), []);
    events.pop();
    events.push(paid("B3", date(2026, 3, 25), date(2026, 3, 27), 5000));
    assert_eq!(flags(&events), [("A1".to_owned(), date(2026, 3, 26))]);
}
