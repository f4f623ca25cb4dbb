//! Feeds of evidence over a schema that is not ours: each bad row costs itself
//! alone, late ones wait, and a feed that fails or is not there stops nothing.

use std::sync::Arc;

use duebell::model::AccountId;
use duebell::model::evidence::{Evidence, EvidenceFeed, Topic};
use duebell::model::feed::Feed;
use duebell::pipeline::Stage;
use duebell::pipeline::gate::Gate;
use duebell::pipeline::sync::Sync;
use duebell::pipeline::tend::Tend;
use duebell::store::{AssessStore, ControlStore, LedgerStore, RejectLine};
use jiff::SignedDuration;

use super::foreign::Foreign;
use super::on_each_database;
use crate::support::bench::Bench;
use crate::support::build::*;

on_each_database![
    complaints_and_usage_are_read_and_bad_rows_are_set_aside,
    a_row_that_came_before_its_account_is_used_once_it_comes,
    a_complaint_that_is_moved_to_another_customer_leaves_the_first,
    the_nightly_count_misses_what_was_lost_and_not_what_is_old,
    evidence_that_cannot_be_read_does_not_stop_sending,
];

const TABLES: &str = "
create table ticket (no varchar(64), customer varchar(64), about varchar(20), opened varchar(30),
    closed varchar(30), happy varchar(8), at varchar(40));
create table traffic (no varchar(64), customer varchar(64), day varchar(30), cur varchar(3),
    cost varchar(20), far varchar(20), at varchar(40));";
const COMPLAINTS: &str = "select no as complaint_id, customer as account_id, about as topic,
    opened as opened_on, closed as closed_on, happy as satisfied, at as changed_at
from ticket where (at, no) > (:changed_at, :id) order by at, no limit :page";
const USAGE: &str =
    "select no as usage_id, customer as account_id, day as used_on, cur as currency,
    cost as charged, far as expensive, at as changed_at
from traffic where (at, no) > (:changed_at, :id) order by at, no limit :page";
const AT: &str = "2026-03-10 12:00:00";

async fn mapped(mut foreign: Foreign) -> Foreign {
    foreign.run(TABLES).await;
    foreign.map("complaints", COMPLAINTS);
    foreign.map("usage", USAGE);
    foreign
}

/// Tickets as (number, customer, about, opened, closed, happy).
async fn tickets(foreign: &mut Foreign, rows: &[[&str; 6]]) {
    for row in rows {
        let row = row.map(|cell| format!("'{cell}'")).join(", ");
        foreign.run(&format!("insert into ticket values ({row}, '{AT}')")).await;
    }
}

/// Traffic as (number, customer, day, currency, cost, far).
async fn traffic(foreign: &mut Foreign, rows: &[[&str; 6]]) {
    for row in rows {
        let row = row.map(|cell| format!("'{cell}'")).join(", ");
        foreign.run(&format!("insert into traffic values ({row}, '{AT}')")).await;
    }
}

async fn bench(foreign: &Foreign) -> Bench {
    Bench::live(Arc::new(foreign.open().await.unwrap())).await
}

async fn sync(bench: &Bench, now: &str) -> anyhow::Result<usize> {
    Sync(bench.workshop.clone()).run_once(at(now)).await
}

async fn known(bench: &Bench, account: &str) -> Evidence {
    let mut all = bench.store.load_evidence(&[key(account)], day(TODAY)).await.unwrap();
    all.remove(&AccountId::from(account)).unwrap_or_default()
}

async fn rejects(bench: &Bench) -> Vec<RejectLine> {
    bench.store.desk().rejects(100).await.unwrap()
}

async fn complaints_and_usage_are_read_and_bad_rows_are_set_aside(foreign: Foreign) {
    let mut foreign = mapped(foreign).await;
    foreign.customers(&["C"]).await;
    tickets(
        &mut foreign,
        &[
            ["t1", "C", "billing", "2026-03-01", "2026-03-05", "no"],
            ["t2", "C", "weather", "2026-03-01", "", ""],
            ["t3", "C", "service", "2026-03-05", "2026-03-01", ""],
            ["t4", "C", "service", "", "", ""],
            ["t5", "C", "conduct", "2026-03-02", "2026-03-03", "perhaps"],
        ],
    )
    .await;
    traffic(
        &mut foreign,
        &[
            ["u1", "C", "2026-03-08", "EUR", "1.25", "0.50"],
            ["u2", "C", "2026-03-09", "EUR", "1.25", "1.26"],
            ["u3", "C", "2026-03-09", "EUR", "1,25", ""],
            ["u4", "C", "2026-03-09", "EUR", "0.75", ""],
        ],
    )
    .await;
    let bench = bench(&foreign).await;
    sync(&bench, "2026-03-10T12:01Z").await.unwrap();

    let known = known(&bench, "C").await;
    let [one] = &known.complaints[..] else { panic!("{known:?}") };
    assert_eq!((one.topic, one.satisfied), (Topic::Billing, Some(false)));
    assert_eq!(one.closed_on, Some(day("2026-03-05")));
    let used: Vec<_> = known.usage.iter().map(|one| (one.charged, one.expensive)).collect();
    assert_eq!(used, [(125, 50), (75, 0)]);

    let told: Vec<_> = rejects(&bench).await;
    let told: Vec<(&str, &str, &str)> = told
        .iter()
        .map(|line| (line.row.as_str(), line.field.as_str(), line.reason.as_str()))
        .collect();
    let expected = [
        (
            "t2",
            "topic",
            "\"weather\" is none of those expected: billing, service, conduct or other",
        ),
        ("t3", "closed_on", "2026-03-01 lies before opened_on (2026-03-05)"),
        ("t4", "opened_on", "is missing (expected a date such as 2026-03-01)"),
        ("t5", "satisfied", "is neither yes nor no"),
        ("u2", "expensive", "is more than charged, of which it is a part"),
        (
            "u3",
            "charged",
            "\"1,25\" is not a decimal number (expected digits with at most one decimal point)",
        ),
    ];
    assert_eq!(told, expected);
    for line in bench.store.desk().feeds().await.unwrap() {
        assert_eq!(line.read, line.used + line.set_aside, "{} adds up", line.feed);
    }
}

async fn a_row_that_came_before_its_account_is_used_once_it_comes(foreign: Foreign) {
    let mut foreign = mapped(foreign).await;
    tickets(&mut foreign, &[["t1", "C", "service", "2026-03-01", "", ""]]).await;
    let bench = bench(&foreign).await;
    sync(&bench, "2026-03-10T12:01Z").await.unwrap();
    assert_eq!(rejects(&bench).await[0].field, "account_id");
    foreign.customers(&["C"]).await;
    sync(&bench, "2026-03-10T12:02Z").await.unwrap();
    assert_eq!(rejects(&bench).await.len(), 0);
    assert_eq!(known(&bench, "C").await.complaints.len(), 1);
}

async fn a_complaint_that_is_moved_to_another_customer_leaves_the_first(foreign: Foreign) {
    let mut foreign = mapped(foreign).await;
    foreign.customers(&["C", "D"]).await;
    tickets(&mut foreign, &[["t1", "C", "service", "2026-03-01", "", ""]]).await;
    let bench = bench(&foreign).await;
    sync(&bench, "2026-03-10T12:01Z").await.unwrap();
    foreign.run("update ticket set customer = 'D', at = '2026-03-10 12:02:00'").await;
    sync(&bench, "2026-03-10T12:03Z").await.unwrap();
    assert_eq!(known(&bench, "C").await.complaints, []);
    assert_eq!(known(&bench, "D").await.complaints.len(), 1);
}

async fn the_nightly_count_misses_what_was_lost_and_not_what_is_old(foreign: Foreign) {
    let mut foreign = mapped(foreign).await;
    foreign.customers(&["C"]).await;
    traffic(&mut foreign, &[["u1", "C", "2026-03-08", "EUR", "1", ""]]).await;
    let bench = bench(&foreign).await;
    sync(&bench, "2026-03-10T12:01Z").await.unwrap();
    let mark = async || {
        let feed = Feed::Evidence(EvidenceFeed::Usage);
        bench.store.feed_mark(feed).await.unwrap().unwrap().cursor.changed_at
    };
    let late = |no: &str, day: &str| {
        format!(
            "insert into traffic values ('{no}', 'C', '{day}', 'EUR', '1', '', '2026-03-01 00:00:00')"
        )
    };
    // As if it had been read, and forgotten when it was old.
    foreign.run(&late("u0", "2023-12-31")).await;
    Tend::new(bench.workshop.clone()).count(at(NOON)).await.unwrap();
    assert_eq!(mark().await, AT);

    foreign.run(&late("u2", "2024-01-01")).await;
    Tend::new(bench.workshop.clone()).count(at(NOON)).await.unwrap();
    assert_ne!(mark().await, AT);
    sync(&bench, "2026-03-10T12:03Z").await.unwrap();
    assert_eq!(mark().await, AT);
    let held = bench.store.held(Feed::Evidence(EvidenceFeed::Usage), None).await.unwrap();
    assert_eq!(held, 3);
}

async fn evidence_that_cannot_be_read_does_not_stop_sending(foreign: Foreign) {
    let mut foreign = mapped(foreign).await;
    let bench = bench(&foreign).await;
    let mapped = [EvidenceFeed::Complaints, EvidenceFeed::Usage].map(Feed::Evidence);
    assert_eq!(bench.workshop.source.feeds()[3..], mapped);
    foreign.run("alter table ticket rename to tickets").await;
    assert!(sync(&bench, "2026-03-10T12:01Z").await.is_err());
    let control = bench.store.control().await.unwrap();
    let gate = Gate::at(&bench.workshop, &control, at("2026-03-10T12:02Z")).await.unwrap();
    assert_eq!(gate, Gate::Open);
    // It is not as if nobody had complained.
    let day_long = SignedDuration::from_hours(24);
    let known = bench.store.evidence_feeds(at("2026-03-10T12:02Z"), day_long).await.unwrap();
    assert!(known.has(EvidenceFeed::Usage) && !known.has(EvidenceFeed::Complaints));
}
