//! Reads a billing history from a CSV file, plain or gzip.
//!
//! Columns: `date,event,invoice,customer,amount,due`, optionally `currency`,
//! `event_id` (identifies repeats) and `arrives_on` (the day on which the
//! operator's database showed the event, where that was later). A line that
//! cannot be used is set aside with its number, field and reason.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::Context;
use csv::ByteRecord;
use jiff::civil::{Date, date};

use crate::model::{AccountId, BillId, Currency, Money};

use super::rows::{AMOUNT_MAX, ID_BYTES_MAX};
use super::timeline::{Event, EventKind};

const EARLIEST: Date = date(1990, 1, 1);
const LATEST: Date = date(2099, 12, 31);

/// A history, ready to be applied.
#[derive(Debug, Default)]
pub struct History {
    /// In the order of arrival; within a day as in the file.
    pub events: Vec<Event>,
    pub read: u64,
    /// Lines whose `event_id` had come before.
    pub repeats: u64,
    pub set_aside: Vec<SetAside>,
    /// Bills due before they were issued: used, and worth a look.
    pub due_before_issue: u64,
}

/// A line that was not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    pub line: u64,
    pub field: &'static str,
    pub reason: String,
}

/// Reads `path`; amounts without a currency of their own are in `currency`.
///
/// # Errors
/// When the file cannot be read or a required column is missing.
pub fn read(path: &Path, currency: Currency) -> anyhow::Result<History> {
    let file =
        std::fs::File::open(path).with_context(|| format!("could not open {}", path.display()))?;
    let mut buffered = BufReader::with_capacity(1 << 16, file);
    let head = buffered.fill_buf().with_context(|| format!("could not read {}", path.display()))?;
    let is_gzip = head.starts_with(&[0x1f, 0x8b]);
    let plain: Box<dyn Read> = if is_gzip {
        Box::new(flate2::bufread::MultiGzDecoder::new(buffered))
    } else {
        Box::new(buffered)
    };
    parse(plain, currency).with_context(|| format!("could not read {}", path.display()))
}

fn parse(file: impl Read, currency: Currency) -> anyhow::Result<History> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let columns = Columns::find(reader.byte_headers()?)?;
    let mut history = History::default();
    let mut lines: Vec<(u64, Event)> = Vec::new();
    let mut ids: HashSet<Vec<u8>> = HashSet::new();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        history.read += 1;
        let line = record.position().map_or(0, csv::Position::line);
        let id = columns.event_id.and_then(|index| record.get(index)).filter(|id| !id.is_empty());
        match columns.event(&record, currency) {
            // An id counts as seen once its event was usable: a broken first
            // copy must not hide a good second one.
            Ok(event) => match id {
                Some(id) if !ids.insert(id.to_vec()) => history.repeats += 1,
                _ => lines.push((line, event)),
            },
            Err((field, reason)) => history.set_aside.push(SetAside { line, field, reason }),
        }
    }
    fit_together(lines, &mut history);
    Ok(history)
}

/// Keeps each bill once, and payments whose bill the history issues. A
/// payment belongs to the account of its bill, whoever made it.
fn fit_together(lines: Vec<(u64, Event)>, history: &mut History) {
    let mut bills: HashMap<BillId, Issue> = HashMap::new();
    for (line, event) in &lines {
        if matches!(event.kind, EventKind::Issued { .. }) {
            bills.entry(event.bill.clone()).or_insert_with(|| Issue {
                line: *line,
                currency: event.currency,
                account: event.account.clone(),
            });
        }
    }
    for (line, mut event) in lines {
        let issued = bills.get(&event.bill);
        let fault = match (event.kind, issued) {
            (EventKind::Issued { .. }, Some(first)) if first.line != line => Some((
                "invoice",
                format!(
                    "{} is issued on line {} already; bill ids must be unique",
                    event.bill, first.line
                ),
            )),
            (EventKind::Paid | EventKind::Reversed, None) => {
                Some(("invoice", format!("{} is never issued", event.bill)))
            }
            (EventKind::Paid | EventKind::Reversed, Some(Issue { currency, .. }))
                if *currency != event.currency =>
            {
                Some(("currency", format!("is {}, but the bill is in {currency}", event.currency)))
            }
            _ => None,
        };
        match fault {
            Some((field, reason)) => history.set_aside.push(SetAside { line, field, reason }),
            None => {
                if matches!(event.kind, EventKind::Issued { due_on } if due_on < event.date) {
                    history.due_before_issue += 1;
                }
                if let Some(issued) = issued {
                    event.account.clone_from(&issued.account);
                }
                history.events.push(event);
            }
        }
    }
    history.set_aside.sort_by_key(|set_aside| set_aside.line);
    history.events.sort_by_key(|event| event.arrives_on);
}

/// Where, and to whom, a bill is issued.
struct Issue {
    line: u64,
    currency: Currency,
    account: AccountId,
}

/// Where the columns stand in the file.
struct Columns {
    date: usize,
    event: usize,
    invoice: usize,
    customer: usize,
    amount: usize,
    due: usize,
    currency: Option<usize>,
    event_id: Option<usize>,
    arrives_on: Option<usize>,
}

type Fault = (&'static str, String);

impl Columns {
    fn find(headers: &ByteRecord) -> anyhow::Result<Columns> {
        let found = |name: &str| {
            headers.iter().position(|header| {
                let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
                header.trim_ascii().eq_ignore_ascii_case(name.as_bytes())
            })
        };
        let required = |name: &str| {
            let there =
                || headers.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join(", ");
            found(name)
                .with_context(|| format!("column `{name}` is missing; the header has: {}", there()))
        };
        Ok(Columns {
            date: required("date")?,
            event: required("event")?,
            invoice: required("invoice")?,
            customer: required("customer")?,
            amount: required("amount")?,
            due: required("due")?,
            currency: found("currency"),
            event_id: found("event_id"),
            arrives_on: found("arrives_on"),
        })
    }

    fn event(&self, record: &ByteRecord, currency: Currency) -> Result<Event, Fault> {
        let date = day(record, self.date, "date")?;
        let bill = BillId::from(id(record, self.invoice, "invoice")?);
        let account = AccountId::from(id(record, self.customer, "customer")?);
        let currency = match optional(record, self.currency, "currency")? {
            Some(code) => {
                code.parse().map_err(|unknown| ("currency", format!("{code:?} is an {unknown}")))?
            }
            None => currency,
        };
        let amount = required(record, self.amount, "amount")?;
        let amount = Money::parse(amount, currency)
            .map_err(|bad| ("amount", format!("{amount:?} is {bad}")))?
            .minor;
        if amount < 0 {
            return Err(("amount", "is negative (expected zero or more)".into()));
        }
        if amount > AMOUNT_MAX {
            return Err(("amount", "is too large".into()));
        }
        let kind = match required(record, self.event, "event")? {
            "invoice_issued" => EventKind::Issued { due_on: day(record, self.due, "due")? },
            "payment" => EventKind::Paid,
            "payment_reversed" => EventKind::Reversed,
            other => {
                let expected = "expected invoice_issued, payment or payment_reversed";
                return Err(("event", format!("{other:?} is unknown ({expected})")));
            }
        };
        let arrives_on = match self.arrives_on {
            Some(index) if optional(record, Some(index), "arrives_on")?.is_some() => {
                day(record, index, "arrives_on")?.max(date)
            }
            _ => date,
        };
        Ok(Event { date, arrives_on, bill, account, kind, amount, currency })
    }
}

fn optional<'r>(
    record: &'r ByteRecord,
    index: Option<usize>,
    field: &'static str,
) -> Result<Option<&'r str>, Fault> {
    let Some(bytes) = index.and_then(|index| record.get(index)) else { return Ok(None) };
    let text =
        std::str::from_utf8(bytes).map_err(|_| (field, "is not valid UTF-8".to_owned()))?.trim();
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn required<'r>(
    record: &'r ByteRecord,
    index: usize,
    field: &'static str,
) -> Result<&'r str, Fault> {
    optional(record, Some(index), field)?.ok_or_else(|| (field, "is missing".to_owned()))
}

fn id<'r>(record: &'r ByteRecord, index: usize, field: &'static str) -> Result<&'r str, Fault> {
    let id = required(record, index, field)?;
    if id.len() > ID_BYTES_MAX {
        return Err((field, format!("is longer than {ID_BYTES_MAX} bytes")));
    }
    if id.contains('\0') {
        return Err((field, "contains a NUL character".into()));
    }
    Ok(id)
}

fn day(record: &ByteRecord, index: usize, field: &'static str) -> Result<Date, Fault> {
    let text = required(record, index, field)?;
    let parsed: Option<Date> = (text.len() == 10).then(|| text.parse().ok()).flatten();
    match parsed {
        Some(date) if (EARLIEST..=LATEST).contains(&date) => Ok(date),
        Some(date) => Err((field, format!("{date} is absurd (expected {EARLIEST} to {LATEST})"))),
        None => Err((field, format!("{text:?} is no date (expected one such as 2026-03-01)"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(lines: &str) -> History {
        let file = format!("date,event,invoice,customer,amount,due,currency,event_id\n{lines}");
        parse(file.as_bytes(), "EUR".parse().unwrap()).unwrap()
    }

    fn faults(lines: &str) -> Vec<(u64, &'static str)> {
        history(lines).set_aside.iter().map(|set_aside| (set_aside.line, set_aside.field)).collect()
    }

    #[test]
    fn every_kind_of_bad_line_is_set_aside_with_its_field() {
        let lines = "\
            2026-01-01,invoice_issued,B1,A,10.00,2026-02-01,,\n\
            2026-01-01,invoice_issued,B1,A,11.00,2026-02-01,,\n\
            2026-01-01,invoice_issued,B2,A,,2026-02-01,,\n\
            2026-01-01,invoice_issued,B3,A,-1,2026-02-01,,\n\
            2026-01-01,invoice_issued,B4,A,1.001,2026-02-01,,\n\
            2026-01-01,invoice_issued,B5,A,1,2026-02-01,ZZZ,\n\
            2026-01-01,invoice_issued,B6,A,1,0001-01-01,,\n\
            2026-01-01,invoice_issued,B7,,1,2026-02-01,,\n\
            2026-01-01,refund,B1,A,1,,,\n\
            2026-01-01,payment,B9,A,1,,,\n\
            2026-01-01,payment,B1,A,1,,USD,\n\
            01/02/2026,payment,B1,A,1,,,\n";
        let expected = [
            (3, "invoice"),
            (4, "amount"),
            (5, "amount"),
            (6, "amount"),
            (7, "currency"),
            (8, "due"),
            (9, "customer"),
            (10, "event"),
            (11, "invoice"),
            (12, "currency"),
            (13, "date"),
        ];
        assert_eq!(faults(lines), expected);
        assert_eq!(history(lines).events.len(), 1);
    }

    #[test]
    fn an_event_id_that_comes_again_is_a_repeat_and_without_one_each_line_counts() {
        let lines = "\
            2026-01-01,invoice_issued,B1,A,10.00,2026-02-01,,e1\n\
            2026-01-02,payment,B1,A,5.00,,,e2\n\
            2026-01-02,payment,B1,A,5.00,,,e2\n\
            2026-01-02,payment,B1,A,5.00,,,\n\
            2026-01-02,payment,B1,A,5.00,,,\n";
        let history = history(lines);
        assert_eq!((history.repeats, history.events.len()), (1, 4));
        assert_eq!(history.read, history.repeats + history.events.len() as u64);
    }

    #[test]
    fn bytes_that_are_no_text_cost_their_line_alone() {
        let mut file = b"date,event,invoice,customer,amount,due\n".to_vec();
        file.extend(b"2026-01-01,invoice_issued,B\xff,A,1,2026-02-01\n");
        file.extend(b"2026-01-01,invoice_issued,B2,A,1,2026-02-01\n");
        let history = parse(file.as_slice(), "EUR".parse().unwrap()).unwrap();
        assert_eq!((history.events.len(), history.set_aside[0].field), (1, "invoice"));
    }

    #[test]
    fn a_missing_column_names_those_that_are_there() {
        let error = parse(&b"date,event\n"[..], "EUR".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("`invoice` is missing; the header has: date, event"));
    }
}
