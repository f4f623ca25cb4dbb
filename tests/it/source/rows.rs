//! What operators' tables hold: each bad row costs itself alone, is shown with
//! its field and the reason, and everything that was read is accounted for.

use std::sync::Arc;

use duebell::model::Bill;
use duebell::model::facts::AccountFacts;
use duebell::pipeline::Stage;
use duebell::pipeline::sync::Sync;
use duebell::store::{PlanStore, RejectLine};

use super::foreign::Foreign;
use crate::support::bench::Bench;
use crate::support::build::*;

/// What became of customer C with these rows (of SQLite, which takes anything).
struct Read {
    bench: Bench,
    bills: Vec<Bill>,
    rejects: Vec<RejectLine>,
}

async fn read(sql: &str) -> Read {
    let mut foreign = Foreign::on_sqlite().await;
    foreign.customers(&["C"]).await;
    foreign.run(sql).await;
    let bench = Bench::live(Arc::new(foreign.open().await.unwrap())).await;
    Sync(bench.workshop.clone()).run_once(at(NOON)).await.unwrap();
    let desk = bench.store.desk();
    let (bills, rejects) =
        (desk.bills(&"C".into()).await.unwrap(), desk.rejects(100).await.unwrap());
    for line in desk.feeds().await.unwrap() {
        assert_eq!(line.read, line.used + line.set_aside, "{} adds up", line.feed);
    }
    Read { bench, bills, rejects }
}

/// A good invoice, and one with these columns from currency to due date.
async fn beside_a_good_one(columns: &str) -> Read {
    let at = "'2026-03-10 12:00:00'";
    read(&format!(
        "insert into invoice values
            ('good', 'C', 'EUR', 50.00, 50.00, '2026-02-01', '2026-03-01', {at}),
            ('odd', 'C', {columns}, {at})"
    ))
    .await
}

/// The odd row is set aside for this field and reason; the good one is used.
async fn is_set_aside(columns: &str, field: &str, reason: &str) {
    let read = beside_a_good_one(columns).await;
    let used: Vec<&str> = read.bills.iter().map(|bill| bill.id.as_str()).collect();
    assert_eq!(used, ["good"], "{columns}");
    assert_eq!(read.rejects.len(), 1, "{columns}");
    let line = &read.rejects[0];
    assert_eq!((line.row.as_str(), line.field.as_str()), ("odd", field), "{columns}");
    assert!(line.reason.contains(reason) && !line.is_warning, "{}", line.reason);
}

/// The odd row is used, with this warning if any.
async fn is_used(columns: &str, warning: Option<(&str, &str)>) -> Bill {
    let read = beside_a_good_one(columns).await;
    let shown: Vec<&RejectLine> = read.rejects.iter().collect();
    match (warning, shown.as_slice()) {
        (None, []) => {}
        (Some((field, reason)), [line]) => {
            assert!(line.is_warning && line.field == field, "{line:?}");
            assert!(line.reason.contains(reason), "{}", line.reason);
        }
        other => panic!("{columns}: {other:?}"),
    }
    read.bills.into_iter().find(|bill| bill.id.as_str() == "odd").unwrap()
}

#[tokio::test]
async fn amounts_may_be_text_or_numbers() {
    for (total, minor) in [
        ("'97.60'", 9_760),
        ("97.6", 9_760),
        ("97", 9_700),
        ("12.0", 1_200),
        ("0.1 + 0.2", 30),
        ("1234567.89", 123_456_789),
        ("' 97.60 '", 9_760),
    ] {
        let columns = format!("'EUR', {total}, {total}, '2026-02-01', '2026-03-01'");
        assert_eq!(is_used(&columns, None).await.amount, minor, "{total}");
    }
}

#[tokio::test]
async fn an_amount_that_is_none_is_never_guessed() {
    let with = |total: &str| format!("'EUR', {total}, 1, '2026-02-01', '2026-03-01'");
    is_set_aside(&with("null"), "amount", "is missing").await;
    is_set_aside(&with("''"), "amount", "is missing").await;
    is_set_aside(&with("-5"), "amount", "is negative").await;
    is_set_aside(&with("'12,50'"), "amount", "not a decimal number").await;
    is_set_aside(&with("0.125"), "amount", "more decimals").await;
    is_set_aside(&with("1e20"), "amount", "not a decimal number").await;
    is_set_aside(&with("'99999999999999999999'"), "amount", "too large").await;
    is_set_aside(&with("'90000000000000000'"), "amount", "too large").await;
}

#[tokio::test]
async fn a_currency_is_one_that_bills_can_be_in() {
    let with = |code: &str| format!("{code}, 5, 5, '2026-02-01', '2026-03-01'");
    is_set_aside(&with("'ZZZ'"), "currency", "unknown currency").await;
    is_set_aside(&with("'XAU'"), "currency", "unknown currency").await;
    is_set_aside(&with("'eur'"), "currency", "unknown currency").await;
    is_set_aside(&with("null"), "currency", "is missing").await;
    is_set_aside("'JPY', 1.5, 1, '2026-02-01', '2026-03-01'", "amount", "JPY has 0").await;
}

#[tokio::test]
async fn absurd_dates_are_set_aside() {
    let with = |issued: &str, due: &str| format!("'EUR', 5, 5, {issued}, {due}");
    is_set_aside(&with("'0001-01-01'", "'2026-03-01'"), "issued_on", "absurd").await;
    is_set_aside(&with("'2026-02-01'", "'9999-12-31'"), "due_on", "absurd").await;
    is_set_aside(&with("'2026-02-01'", "'2026-02-30'"), "due_on", "no date").await;
    is_set_aside(&with("'2026-02-01'", "'01.03.2026'"), "due_on", "no date").await;
    is_set_aside(&with("20260201", "'2026-03-01'"), "issued_on", "no date").await;
    is_set_aside(&with("null", "'2026-03-01'"), "issued_on", "is missing").await;
    let midnight = with("'2026-02-01 00:00:00'", "'2026-03-01 00:00:00'");
    assert_eq!(is_used(&midnight, None).await.due_on, day("2026-03-01"));
}

#[tokio::test]
async fn a_bill_that_falls_due_before_its_issue_is_used_with_a_warning() {
    let columns = "'EUR', 5, 5, '2026-03-05', '2026-03-01'";
    let bill = is_used(columns, Some(("due_on", "before issued_on"))).await;
    assert_eq!((bill.issued_on, bill.due_on), (day("2026-03-05"), day("2026-03-01")));
}

#[tokio::test]
async fn an_overpaid_bill_counts_as_paid() {
    let columns = "'EUR', 50, -7.25, '2026-02-01', '2026-03-01'";
    let bill = is_used(columns, Some(("remaining_amount", "is negative"))).await;
    assert_eq!((bill.remaining, bill.settled_on), (0, Some(day(TODAY))));
}

#[tokio::test]
async fn text_that_no_database_can_keep_costs_its_row_alone() {
    let with = |id: &str| {
        format!(
            "insert into invoice values
            ({id}, 'C', 'EUR', 5, 5, '2026-02-01', '2026-03-01', '2026-03-10 12:00:00'),
            ('good', 'C', 'EUR', 5, 5, '2026-02-01', '2026-03-01', '2026-03-10 12:00:01')"
        )
    };
    // No UTF-8; a NUL, which PostgreSQL has no text for; longer than an index takes.
    let long = format!("'{}'", "x".repeat(300));
    for (id, reason) in
        [("x'ff00fe'", "UTF-8"), ("cast(x'610062' as text)", "NUL"), (&long, "longer than")]
    {
        let read = read(&with(id)).await;
        assert_eq!(read.bills.len(), 1, "{reason}");
        assert_eq!(read.rejects.len(), 1, "{reason}");
        let line = &read.rejects[0];
        assert!(line.field == "bill_id" && line.reason.contains(reason), "{}", line.reason);
    }
}

#[tokio::test]
async fn a_bad_contact_costs_itself_and_not_the_other() {
    let customers = "insert into customer values
        ('D', '12', 'd@example.org', 'Mars/Olympus', '2026-03-10 12:00:00'),
        ('E', '+4915123456789', 'e at example', 'Asia/Tokyo', '2026-03-10 12:00:00')";
    let read = read(customers).await;
    let facts = read.bench.store.facts(&[key("D"), key("E")], day(TODAY)).await.unwrap();
    let of = |id: &str| -> &AccountFacts {
        facts.iter().find(|facts| facts.account.id.as_str() == id).unwrap()
    };
    let (d, e) = (&of("D").account, &of("E").account);
    assert!(d.contacts.phone.is_none() && d.contacts.email.is_some());
    assert!(e.contacts.phone.is_some() && e.contacts.email.is_none());
    assert_eq!((d.zone.iana_name(), e.zone.iana_name()), (Some("UTC"), Some("Asia/Tokyo")));
    let shown: Vec<_> = read.rejects.iter().map(|l| (l.row.as_str(), l.field.as_str())).collect();
    assert_eq!(shown, [("D", "phone"), ("D", "zone"), ("E", "email")]);
    assert!(read.rejects.iter().all(|line| line.is_warning));
    let told = format!("{:?}", read.rejects);
    assert!(!told.contains("e at example"), "nothing personal: {told}");
}

#[tokio::test]
async fn two_currencies_of_one_account_stand_apart() {
    let read = beside_a_good_one("'JPY', 500, 500, '2026-02-01', '2026-03-01'").await;
    let mut owed: Vec<String> =
        read.bills.iter().map(|bill| bill.remaining_amount().to_string()).collect();
    owed.sort();
    assert_eq!(owed, ["50.00 EUR", "500 JPY"]);
}

#[tokio::test]
async fn a_national_number_without_a_country_says_what_would_help() {
    let at = "'2026-03-10 12:00:00'";
    let read = read(&format!(
        "insert into customer values ('D', '0151 23456789', '', '', {at}), ('E', '+4912', '', '', {at})"
    ))
    .await;
    let told: Vec<&str> = read.rejects.iter().map(|line| line.reason.as_str()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("source.defaults.region set for national ones"), "{told:?}");
    assert!(!told[1].contains("region"), "{told:?}");
}

/// It would cost every number, the international ones too.
#[test]
fn a_country_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    let told = |region: &str| {
        let settings = format!(
            "[source]\nurl = \"sqlite:///x.db\"\nqueries = \"x\"\n\
             defaults = {{ language = \"en\", zone = \"UTC\", region = \"{region}\" }}\n"
        );
        std::fs::write(&file, settings).unwrap();
        let problems = duebell::config::load(Some(&file), &[]).unwrap_err();
        problems.iter().any(|one| one.field == "source.defaults.region")
    };
    assert!(!told("DE"));
    for strange in ["Germany", "de-DE", "XX", "49", ""] {
        assert!(told(strange), "{strange}");
    }
}
