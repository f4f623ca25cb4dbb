//! Ledgers of every shape, against the reference.

use std::collections::BTreeSet;

use duebell::model::billing::plus_days;
use jiff::civil::{Date, date};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::{MODES, Run, check, issued, ladder, ledger, paid, timeline};
use crate::support::reference::{Event, EventKind, PaymentsArrive, RepeatRule};

const START: Date = date(2026, 1, 5);

fn day(days: i32) -> Date {
    plus_days(START, days)
}

#[test]
fn any_ledger_is_replayed_as_the_reference_says() {
    for seed in 10..16 {
        let events = ledger(seed, 50, seed % 2 == 0);
        let payments = MODES[seed as usize % 2];
        let run = Run::new(timeline(&events), payments);
        run.ends();
        assert_eq!(run.outcome(), ladder(events, payments).run(), "seed {seed}");
    }
}

#[test]
fn after_one_three_and_ten_days_down_the_latest_fitting_step_goes_out_once() {
    for (seed, length) in [(3, 1), (4, 3), (5, 10)] {
        let events = ledger(seed, 40, true);
        let from = date(2026, 1, 28);
        let to = plus_days(from, length - 1);
        for payments in MODES {
            let mut run = Run::new(timeline(&events), payments);
            run.with("--down", &format!("{from}..{to}"));
            assert_eq!(run.ends()["days_down"], length);
            let mut replay = ladder(events.clone(), payments);
            replay.down = (0..length).map(|days| plus_days(from, days)).collect();
            assert_eq!(run.outcome(), replay.run());
        }
    }
}

/// A ladder of its own, written as a scenario and told to the reference.
#[test]
fn any_ladder_tolerance_and_repeat_debtor_rule_is_followed() {
    for seed in 20..28 {
        let mut rng = StdRng::seed_from_u64(seed);
        let events = ledger(seed, 40, seed % 2 == 0);
        let payments = MODES[seed as usize % 2];
        let mut replay = ladder(events.clone(), payments);
        let offsets: BTreeSet<i32> =
            (0..rng.random_range(1..7)).map(|_| rng.random_range(-12..38)).collect();
        replay.steps = offsets.iter().map(|offset| (format!("day {offset}"), *offset)).collect();
        replay.tolerance_minor = *[0, 1, 700, 2_500].choose(&mut rng).unwrap();
        let (bills, late_days, window_days) =
            (rng.random_range(1..4), rng.random_range(0..20), rng.random_range(10..90));
        replay.repeat = RepeatRule { bills, late_days, window_days };
        let down = rng.random_range(10..70);
        replay.down = (down..down + rng.random_range(0..12)).map(day).collect();

        let mut run = Run::new(timeline(&events), payments);
        run.follow(&replay);
        run.ends();
        assert_eq!(run.outcome(), replay.run(), "seed {seed}");
    }
}

#[test]
fn each_currency_keeps_its_own_decimals() {
    let mut events = Vec::new();
    for (number, currency) in ["USD", "JPY", "BHD", "EUR", "KRW", "CLF"].into_iter().enumerate() {
        let bill = format!("B{number}");
        let mut event = issued(&bill, "A", day(0), day(10 + number as i32 % 3), 1_003);
        if let EventKind::Issued { currency: of_bill, .. } = &mut event.kind {
            *of_bill = currency.to_owned();
        }
        events.push(event);
        // All but one of the smallest coins, and then that one.
        events.push(paid(&bill, day(12), 1_002));
        events.push(paid(&bill, day(20 + number as i32), 1));
    }
    check(&events);
}

#[test]
fn parts_too_much_nothing_and_too_early_are_all_payments() {
    check(&[
        issued("parts", "A", day(0), day(10), 1_000),
        paid("parts", day(5), 400),
        paid("parts", day(12), 400),
        paid("parts", day(12), 199),
        paid("parts", day(22), 1),
        issued("too much", "A", day(0), day(10), 1_000),
        paid("too much", day(9), 5_000),
        // What was paid too much on one bill pays no other.
        issued("not helped", "A", day(1), day(11), 1_000),
        issued("nothing", "B", day(0), day(10), 0),
        issued("paid nothing", "B", day(0), day(10), 7),
        paid("paid nothing", day(3), 0),
        paid("before the bill", day(2), 300),
        issued("before the bill", "C", day(4), day(9), 300),
        paid("a part before the bill", day(2), 299),
        issued("a part before the bill", "C", day(4), day(9), 300),
        // Paid on the day of issue, on the due date, and on days of steps.
        issued("at once", "D", day(6), day(6), 50),
        paid("at once", day(6), 50),
        issued("on the due date", "D", day(0), day(20), 50),
        paid("on the due date", day(20), 50),
        issued("on the day of a step", "D", day(0), day(21), 50),
        paid("on the day of a step", day(22), 50),
    ]);
}

#[test]
fn a_bill_due_before_it_was_issued_is_asked_for_by_the_steps_that_remain() {
    let events: Vec<Event> = (-40..6)
        .map(|lead| issued(&format!("B{lead}"), "A", day(40), day(40 + lead), 100))
        .collect();
    for payments in MODES {
        let run = Run::new(timeline(&events), payments);
        assert_eq!(run.ends()["events"]["due_before_issue"], 40);
        assert_eq!(run.outcome(), ladder(events.clone(), payments).run());
    }
}

#[test]
fn ids_are_any_text() {
    let odd = [
        "comma, comma",
        "\"quoted\"",
        "it's; drop table bill --",
        "two\nlines",
        "0007",
        "7",
        "007.0",
        "Bill",
        "bill",
        "王小明 🧾",
        "e\u{301}",
        "é",
        "{\"json\": [1]}",
        "\\n",
        "%s{{ x }}",
        "null",
        "-",
        "a  b",
        "\u{202e}mirrored",
        "tab\tinside",
    ];
    let mut events = Vec::new();
    for (number, id) in odd.iter().enumerate() {
        let number = number as i32;
        events.push(issued(id, odd[odd.len() - 1 - number as usize], day(number), day(15), 500));
        if number % 3 == 0 {
            events.push(paid(id, day(17 + number), 500));
        }
    }
    // As long as ids may be.
    events.push(issued(&"9".repeat(255), &"x".repeat(255), day(0), day(15), 500));
    check(&events);
}

#[test]
fn one_customer_may_have_hundreds_of_bills() {
    let mut events = Vec::new();
    for number in 0..400 {
        // Half of them on one day.
        let due = if number % 2 == 0 { 30 } else { number / 8 };
        events.push(issued(&format!("B{number}"), "A", day(0), day(due), 100 + i64::from(number)));
        if number % 5 == 0 {
            events.push(paid(
                &format!("B{number}"),
                day(due + number % 40),
                100 + i64::from(number),
            ));
        }
    }
    check(&events);
}

#[test]
fn a_history_may_have_no_payment_at_all() {
    check(&[issued("B1", "A", day(0), day(20), 100), issued("B2", "B", day(0), day(-3), 100)]);
}

#[test]
fn a_payment_counts_for_its_bill_whoever_made_it() {
    let mut events = Vec::new();
    for month in 0..4 {
        let (bill, due) = (format!("B{month}"), day(30 * month + 10));
        events.push(issued(&bill, "A", day(30 * month), due, 100));
        // In time but for a trifle, which comes late.
        events.push(paid(&bill, plus_days(due, 12), 95));
        events.push(paid(&bill, plus_days(due, 20), 5));
    }
    let by_another = |line: &str| match line.contains(",payment,") {
        true => line.replace(",A,", ",Aunt Ada,"),
        false => line.to_owned(),
    };
    let file: Vec<String> = timeline(&events).lines().map(by_another).collect();
    for payments in MODES {
        let mut replay = ladder(events.clone(), payments);
        replay.tolerance_minor = 5;
        let mut run = Run::new(file.join("\n"), payments);
        run.follow(&replay);
        run.ends();
        assert_eq!(replay.run().flags, []);
        assert_eq!(run.outcome(), replay.run());
    }
}

#[test]
fn the_run_ends_thirty_days_after_the_last_due_date() {
    let mut events = vec![issued("B1", "A", day(0), day(10), 100)];
    let steps = vec![("late".to_owned(), 1), ("very late".to_owned(), 31)];
    for last_payment in [20, 90] {
        events.truncate(1);
        events.push(paid("B1", day(last_payment), 1));
        let mut replay = ladder(events.clone(), PaymentsArrive::Before);
        replay.steps.clone_from(&steps);
        let mut run = Run::new(timeline(&events), PaymentsArrive::Before);
        run.follow(&replay);
        let summary = run.ends();
        assert_eq!(summary["last_day"], day(40).to_string());
        assert_eq!(run.outcome().sends.len(), 1);
        assert_eq!(run.outcome(), replay.run());
    }
}

#[test]
fn another_replay_into_the_same_directory_starts_anew() {
    let events = ledger(6, 20, false);
    let mut run = Run::new(timeline(&events), PaymentsArrive::Before);
    run.ends();
    let before = run.outcome();
    // The same again changes nothing; another mode is another replay.
    run.ends();
    assert_eq!(run.outcome(), before);
    let mode = run.arguments.iter().position(|argument| argument == "before").unwrap();
    run.arguments[mode] = "after".to_owned();
    run.ends();
    assert_eq!(run.outcome(), ladder(events, PaymentsArrive::After).run());
}
