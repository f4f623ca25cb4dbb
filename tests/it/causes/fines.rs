//! Road fines: 150,370 real cases of an Italian police, of which those that were
//! notified are judged half a year after their due date, on their payments and
//! appeals alone, against what became of them. Intent is recorded nowhere, so
//! this cannot say who was malicious; it says who is called so.

use std::collections::BTreeMap;

use duebell::model::cause::DebtClass;
use duebell::model::evidence::{Dossier, Evidence, Feeds};
use duebell::model::{Bill, Currency, Hold, HoldKind, Payment, PaymentState};
use duebell::risk::cause::Rules;
use jiff::Span;
use jiff::civil::Date;

use super::documents::document;
use crate::support::data;

/// Long enough for whoever pays late; collection follows a year or two later.
const DAYS_AFTER: i64 = 180;

/// A case, and what became of it by the end of the data.
struct Fine {
    dossier: Dossier,
    judged_on: Date,
    appealed_by_then: bool,
    appealed: bool,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    PaidInFull,
    PaidAPart,
    CollectionWithoutPayment,
    OpenWithoutPayment,
}

impl Outcome {
    const ALL: [Outcome; 4] = [
        Outcome::PaidInFull,
        Outcome::PaidAPart,
        Outcome::CollectionWithoutPayment,
        Outcome::OpenWithoutPayment,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Outcome::PaidInFull => "paid in full later",
            Outcome::PaidAPart => "paid a part",
            Outcome::CollectionWithoutPayment => "nothing paid, collection",
            Outcome::OpenWithoutPayment => "nothing paid, no collection",
        }
    }
}

fn minor(amount: &str) -> i64 {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{fraction:0<2}").parse().unwrap()
}

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

/// The payments of each case, in the order in which they came.
fn payments() -> Option<BTreeMap<String, Vec<(Date, i64)>>> {
    let text = data::file("roadfines/roadfines_events.csv.gz")?;
    let mut all: BTreeMap<String, Vec<(Date, i64)>> = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for row in reader.records().map(|row| row.unwrap()) {
        if &row[2] == "Payment" {
            let paid = (row[3].parse().unwrap(), minor(&row[5]));
            all.entry(row[0].to_owned()).or_default().push(paid);
        }
    }
    Some(all)
}

/// Every case that was notified and still owed something on its day.
fn fines() -> Option<Vec<Fine>> {
    let payments = payments()?;
    let text = data::file("roadfines/roadfines_invoices.csv.gz")?;
    let nothing = Vec::new();
    let fines = data::rows(&text).into_iter().filter(|row| !row["due"].is_empty()).map(|row| {
        let came = payments.get(&row["case_id"]).unwrap_or(&nothing);
        fine(&row, came)
    });
    Some(fines.collect())
}

fn fine(row: &BTreeMap<String, String>, came: &[(Date, i64)]) -> Fine {
    let day = |column: &str| row[column].parse::<Date>().ok();
    let due_on = day("due").unwrap();
    let judged_on = due_on.checked_add(Span::new().days(DAYS_AFTER)).unwrap();
    // With the penalty, which is added on the due date.
    let amount = minor(&row["owed_after"]);
    let payments = came.iter().enumerate().map(|(number, (paid_on, amount))| Payment {
        id: format!("P{number}"),
        bill: Some("B".into()),
        currency: euro(),
        amount: *amount,
        paid_on: *paid_on,
        reversed_on: None,
        state: PaymentState::Settled,
    });
    let paid: i64 = came.iter().map(|(_, amount)| amount).sum();
    let appeal = day("appeal");
    let outcome = match (day("settled"), paid, day("collection")) {
        (Some(_), ..) => Outcome::PaidInFull,
        (None, 0, Some(_)) => Outcome::CollectionWithoutPayment,
        (None, 0, None) => Outcome::OpenWithoutPayment,
        (None, ..) => Outcome::PaidAPart,
    };
    let dossier = Dossier {
        account: row["case_id"].as_str().into(),
        tier: None,
        bills: vec![Bill {
            id: "B".into(),
            currency: euro(),
            amount,
            remaining: (amount - paid).max(0),
            issued_on: day("notified").unwrap(),
            due_on,
            settled_on: day("settled"),
        }],
        payments: payments.collect(),
        holds: appeal.into_iter().map(appealed).collect(),
        placed: Vec::new(),
        sent: Vec::new(),
        feeds: Feeds::none(),
        evidence: Evidence::default(),
    };
    Fine {
        dossier,
        judged_on,
        appealed_by_then: appeal.is_some_and(|day| day <= judged_on),
        appealed: appeal.is_some(),
        outcome,
    }
}

fn appealed(starts_on: Date) -> Hold {
    let id = "appeal".to_owned();
    let bill = Some("B".into());
    Hold { id, kind: HoldKind::Dispute, bill, starts_on, ends_on: None, amount: None }
}

/// How often each outcome, with and without an appeal by then, got each class.
type Counts = BTreeMap<(bool, Outcome, DebtClass), u64>;

fn table(counts: &Counts) -> String {
    let classes: Vec<String> = DebtClass::ALL.iter().map(|class| format!("{class} |")).collect();
    let mut text = format!("| judged half a year after the due date | {}\n", classes.join(" "));
    text += &format!("|---|{}\n", "---|".repeat(classes.len()));
    for is_appealed in [false, true] {
        for outcome in Outcome::ALL {
            let cell = |class: &DebtClass| {
                let count = counts.get(&(is_appealed, outcome, *class));
                format!("{} |", count.copied().unwrap_or_default())
            };
            let cells: Vec<String> = DebtClass::ALL.iter().map(cell).collect();
            let appeal = if is_appealed { "appealed" } else { "no appeal" };
            text += &format!("| {appeal}, {} | {}\n", outcome.as_str(), cells.join(" "));
        }
    }
    text
}

#[test]
fn real_fines_are_judged_on_what_was_known_and_appeals_protect() {
    let Some(fines) = fines() else { return };
    assert!(fines.len() > 75_000, "{} cases were notified", fines.len());
    let rules = Rules::built_in();
    let mut counts = Counts::new();
    let (mut silent, mut found) = (0_u64, 0_u64);
    for fine in &fines {
        let Some(verdict) = rules.judge(&fine.dossier, fine.judged_on) else { continue };
        *counts.entry((fine.appealed_by_then, fine.outcome, verdict.class)).or_default() += 1;
        if fine.appealed_by_then {
            assert_ne!(verdict.class, DebtClass::Malicious, "{}", fine.dossier.account);
        }
        if fine.outcome == Outcome::CollectionWithoutPayment && !fine.appealed {
            silent += 1;
            found += u64::from(verdict.class == DebtClass::Malicious);
        }
    }
    let table = table(&counts);
    println!("{table}");
    assert_eq!(silent, 56_485, "as the description of the data counts them");
    assert_eq!(found, silent, "whoever never paid and never answered is found");
    assert!(document().contains(&table), "docs/CAUSES.md needs this table:\n{table}");
}
