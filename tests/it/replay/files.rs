//! What a timeline file may look like, and lines that cannot be used.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{MODES, Run, ladder, ledger, timeline};
use crate::support::data;
use crate::support::reference::PaymentsArrive;

/// Replays the same ledger from a file that was made different.
#[track_caller]
fn check_file(change: impl Fn(&str) -> Vec<u8>) {
    let events = ledger(1, 40, false);
    for payments in MODES {
        let run = Run::new(change(&timeline(&events)), payments);
        let summary = run.ends();
        assert_eq!(summary["events"]["used"], events.len());
        assert_eq!(summary["events"]["set_aside"], 0);
        assert_eq!(run.outcome(), ladder(events.clone(), payments).run());
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_file_from_a_spreadsheet_is_read() {
    check_file(|file| format!("\u{feff}{}", file.replace('\n', "\r\n")).into_bytes());
}

#[test]
fn blank_lines_and_a_missing_last_line_end_are_nothing() {
    check_file(|file| format!("\n{}", file.replace('\n', "\n\n").trim_end()).into_bytes());
    check_file(|file| file.replace('\n', "\r\n\r\n").into_bytes());
}

#[test]
fn a_gzip_file_is_read_whole_in_one_part_or_in_several() {
    check_file(gzip);
    check_file(|file| {
        let (head, tail) = file.split_at(file.len() / 2);
        [gzip(head), gzip(tail)].concat()
    });
}

#[test]
fn columns_may_stand_in_any_order_beside_others() {
    check_file(|file| {
        let mut lines = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
        let mut turned = csv::Writer::from_writer(Vec::new());
        for (number, line) in lines.records().enumerate() {
            let line = line.unwrap();
            let more = if number == 0 { "remark" } else { "none, really" };
            turned.write_record(line.iter().rev().chain([more])).unwrap();
        }
        turned.into_inner().unwrap()
    });
}

#[test]
fn lines_in_any_order_come_on_their_days() {
    check_file(|file| {
        let (header, lines) = file.split_once('\n').unwrap();
        let lines: Vec<&str> = lines.lines().rev().collect();
        format!("{header}\n{}\n", lines.join("\n")).into_bytes()
    });
}

#[test]
fn events_that_come_twice_count_once_by_their_id() {
    let events = ledger(2, 40, false);
    let file = timeline(&events);
    let (_, lines) = file.split_once('\n').unwrap();
    for payments in MODES {
        let run = Run::new(format!("{file}{lines}"), payments);
        assert_eq!(run.ends()["events"]["repeats"], events.len());
        assert_eq!(run.outcome(), ladder(events.clone(), payments).run());
    }
}

#[test]
fn a_line_that_cannot_be_used_is_set_aside_and_the_rest_is_replayed() {
    let long = "9".repeat(256);
    let bad: [(&str, &str); 17] = [
        ("2026-01-06,invoice_issued,B-0,A 1,12.00,2026-02-01,USD,,", "invoice"),
        ("2026-01-06,payment,never issued,A 1,12.00,,USD,,", "invoice"),
        ("2026-01-06,payment,B-0,A 1,12.00,,EUR,,", "currency"),
        ("2026-01-06,payment,B-0,A 1,12.00,,XXX,,", "currency"),
        ("2026-01-06,payment,B-0,A 1,,,USD,,", "amount"),
        ("2026-01-06,payment,B-0,A 1,1.001,,USD,,", "amount"),
        ("2026-01-06,payment,B-0,A 1,-5,,USD,,", "amount"),
        ("2026-01-06,payment,B-0,A 1,\"1,000.00\",,USD,,", "amount"),
        ("2026-01-06,payment,B-0,A 1,99999999999999999999,,USD,,", "amount"),
        ("2026-01-06,refund,B-0,A 1,1,,USD,,", "event"),
        ("06.01.2026,payment,B-0,A 1,1,,USD,,", "date"),
        ("2026-02-30,payment,B-0,A 1,1,,USD,,", "date"),
        ("2026-01-06,invoice_issued,B-new,A 1,1,0001-01-01,USD,,", "due"),
        ("2026-01-06,invoice_issued,B-new,A 1,1,,USD,,", "due"),
        ("2026-01-06,invoice_issued,B-new,,1,2026-02-01,USD,,", "customer"),
        ("2026-01-06,invoice_issued,B\0,A 1,1,2026-02-01,USD,,", "invoice"),
        ("2026-01-06", "invoice"),
    ];
    let mut events = ledger(3, 40, false);
    events.insert(0, super::issued("B-0", "A 1", events[0].date, events[0].date, 100));
    let mut file = timeline(&events);
    for (line, _) in bad {
        file.push_str(line);
        file.push('\n');
    }
    file.push_str(&format!("2026-01-06,invoice_issued,{long},A 1,1,2026-02-01,USD,,\n"));
    let mut bytes = file.into_bytes();
    bytes.extend(b"2026-01-06,invoice_issued,B\xff,A 1,1,2026-02-01,USD,,\n");

    let run = Run::new(bytes, PaymentsArrive::Before);
    let summary = run.ends();
    let counted = |name: &str| summary["events"][name].as_u64().unwrap() as usize;
    assert_eq!(counted("set_aside"), bad.len() + 2);
    assert_eq!(counted("used"), events.len());
    assert_eq!(counted("read"), counted("used") + counted("repeats") + counted("set_aside"));
    assert_eq!(run.outcome(), ladder(events, PaymentsArrive::Before).run());

    let rejects = std::fs::read_to_string(run.path("out/rejects.csv")).unwrap();
    let fields = data::rows(&rejects).into_iter().map(|row| row["field"].clone());
    let expected = bad.iter().map(|(_, field)| *field).chain(["invoice", "invoice"]);
    assert!(fields.eq(expected), "{rejects}");
}

/// What the summary says, against the files.
#[test]
fn the_accounting_adds_up() {
    let events = ledger(4, 60, false);
    let mut run = Run::new(timeline(&events), PaymentsArrive::After);
    run.with("--down", "2026-01-20..2026-01-26");
    let summary = run.ends();
    let sum = |name: &str| -> u64 {
        let counts = summary[name].as_object().unwrap();
        counts.values().map(|count| count.as_u64().unwrap()).sum()
    };
    let outcome = run.outcome();
    assert_eq!(summary["items_sent"], outcome.sends.len());
    assert_eq!(sum("items_by_step"), outcome.sends.len() as u64);
    assert_eq!(summary["flagged"], outcome.flags.len());
    assert_eq!(summary["reminders_planned"], sum("reminders"));
    assert_eq!(summary["messages_taken"], summary["reminders"]["delivered"]);
    assert_eq!(summary["events"]["read"], events.len());
    let days = summary["days_run"].as_u64().unwrap() + summary["days_down"].as_u64().unwrap();
    let first: jiff::civil::Date = summary["first_day"].as_str().unwrap().parse().unwrap();
    let last: jiff::civil::Date = summary["last_day"].as_str().unwrap().parse().unwrap();
    assert_eq!(days, duebell::model::billing::days_between(first, last) as u64 + 1);
}
