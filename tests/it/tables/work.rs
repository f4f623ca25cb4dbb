//! What each statement reads, seen while it runs: a day of work over a store
//! with a year of history, with every plan told by PostgreSQL itself.
//!
//! `DUEBELL_FULL=1` fills ten million bills instead of 200,000, which takes long.
//! The bounds are the same: the work follows the day.

mod day;
mod plans;

use std::collections::BTreeMap;

use duebell::store::{RetentionStore, STATEMENTS, SqlStore};
use sqlx::PgConnection;
use tokio::sync::OnceCell;

use self::plans::{Plan, Scan};
use super::{run, side, texts};
use crate::support::build::day;
use crate::support::postgres;

/// Statements for people, for the night, and of switches: they may read what
/// they are about.
const NOT_HOT: [&str; 115] = [
    // What somebody asks for.
    "list_watched",
    "list_departures",
    "count_departures",
    "set_departure_code",
    "count_spared",
    "put_experiment",
    "approve_experiment",
    "stop_experiment",
    "tally_experiment",
    "count_sent",
    "count_states",
    "count_new_codes",
    "count_languages",
    "count_why_not",
    "list_account_attempts",
    "list_account_bills",
    "list_bucket_bills",
    "list_account_why_not",
    "list_feeds",
    "list_flags",
    "list_rejects",
    "list_sent",
    "load_flag",
    "list_replies",
    "list_account_replies",
    "list_suppressions",
    "list_wishes",
    "list_consents",
    "list_holds",
    "list_account_notices",
    "list_tasks",
    "list_work",
    "list_held",
    "count_day",
    "count_tasks",
    "count_open_reasons",
    "find_accounts",
    "load_tasks",
    "end_task",
    "lift_hold",
    "put_moratorium",
    "lift_moratorium",
    "end_reply",
    "add_reply",
    "put_control",
    "drop_control",
    "find_bucket",
    "lock_audit_head",
    "put_audit_entry",
    "move_audit_head",
    "list_audit_entries",
    "walk_audit_entries",
    "find_task",
    "find_proposal",
    "list_cases",
    "list_advice",
    "load_proposals",
    "put_proposals",
    "decide_proposal",
    "close_case",
    "assign_task",
    "put_advice",
    // People signing in.
    "find_person",
    "list_people",
    "set_roles",
    "set_language",
    "rehash_password",
    "set_factor",
    "use_step",
    "set_recovery",
    "load_session",
    "list_sessions",
    "end_session",
    "end_sessions",
    "drop_try",
    "set_password",
    "put_person",
    "reset_person",
    "disable_person",
    "put_session",
    "see_session",
    "show_session",
    "forget_sessions",
    "take_try",
    "put_try",
    "forget_tries",
    "end_advice",
    // Of messages that a provider never told of.
    "load_untold",
    // Once at a start or an end, or by hand.
    "load_policies",
    "put_policy",
    "reread_feed",
    "release_daemon",
    // Once a night.
    "count_held",
    "be_brief",
    "make_partition",
    "drop_partition",
    "forget_reminders",
    "forget_transitions",
    "forget_submissions",
    "forget_items",
    "forget_why_not",
    "forget_cases",
    "forget_replies",
    "forget_holds",
    "forget_proofs",
    "forget_contacts",
    "forget_tallies",
    "forget_evidence",
    "forget_spared",
    "forget_outages",
    // Of tables with a few rows.
    "load_control",
    "load_mark",
    "put_mark",
    "load_planned",
    "load_assessed",
];

/// Tables of a few rows, or of one for each bucket.
const TINY: [&str; 11] = [
    "assess_mark",
    "bucket_lease",
    "control",
    "daemon",
    "experiment",
    "feed",
    "mark",
    "moratorium",
    "outage",
    "plan_mark",
    "policy",
];

/// Statements that look for rows in all buckets at once, and why.
const ALL_BUCKETS: [(&str, &str); 12] = [
    ("count_tasks_due", "one daemon tells of all buckets, from an index of what is open"),
    ("find_at_address", "a subscriber says from where, and not who"),
    ("find_known_accounts", "the source names the account alone"),
    ("find_known_holds", "likewise"),
    ("find_known_payments", "likewise"),
    ("find_known_evidence", "likewise"),
    ("leave_evidence", "a row may have stood under an account of any bucket"),
    ("find_awaited", "so does a row that waits for its account"),
    ("find_known_bills", "the source names bill and account alone"),
    ("load_retries", "one walk in the order of time for all buckets, then a filter"),
    ("load_waiting", "likewise"),
    ("load_tallies", "the brake asks what a day came to in all buckets, from an index of days"),
];

/// And those of the inbox, which nobody leases.
const INBOX: [&str; 5] =
    ["load_unsettled", "forget_receipts", "load_replies", "load_parked", "forget_parts"];

/// A day's work is a thousand reminders, five hundred at a time. Rows that a
/// statement may read: some for each thing that it is about, and no more,
/// however large the table is.
const ROWS_MAX: u64 = 10_000;

/// What one statement came to, at its largest.
#[derive(Default)]
struct Seen {
    calls: u64,
    rows: u64,
    blocks: u64,
    scans: Vec<Scan>,
}

static DAY: OnceCell<BTreeMap<&'static str, Seen>> = OnceCell::const_new();

/// Every statement that a day of work ran.
async fn day_of_work() -> &'static BTreeMap<&'static str, Seen> {
    DAY.get_or_init(|| async {
        let url = postgres::database().await;
        let mut side = side(&url).await;
        fill(&url, &mut side).await;
        plans::tell(&mut side).await;
        day::work(&url).await;
        gathered(&plans::told(&mut side).await)
    })
    .await
}

async fn fill(url: &str, side: &mut PgConnection) {
    let store = SqlStore::open(url, None).await.unwrap();
    for month in 1..=14 {
        let (year, month) = (2025 + month / 13, (month - 1) % 12 + 1);
        store.make_month(day(&format!("{year}-{month:02}-01"))).await.unwrap();
    }
    for month in ["2026-03-01", "2026-04-01", "2026-05-01"] {
        store.make_month(day(month)).await.unwrap();
    }
    store.close().await;
    let accounts = if std::env::var_os("DUEBELL_FULL").is_some() { 1_666_667 } else { 33_334 };
    run(side, &include_str!("fill.sql").replace("ACCOUNTS", &accounts.to_string())).await;
    run(side, "vacuum (analyze)").await;
}

fn gathered(plans: &[Plan]) -> BTreeMap<&'static str, Seen> {
    let mut seen: BTreeMap<&'static str, Seen> = BTreeMap::new();
    for plan in plans {
        let Some(statement) = STATEMENTS.iter().find(|it| it.postgres == plan.query) else {
            continue;
        };
        let seen = seen.entry(statement.name).or_default();
        seen.calls += 1;
        seen.rows = seen.rows.max(plan.scans.iter().map(|scan| scan.rows).sum());
        seen.blocks = seen.blocks.max(plan.blocks);
        seen.scans.extend(plan.scans.iter().cloned());
    }
    for (name, seen) in &seen {
        let Seen { calls, rows, blocks, .. } = seen;
        eprintln!("{name:22} calls {calls:5}  rows {rows:7}  blocks {blocks:7}");
    }
    seen
}

#[tokio::test]
async fn a_day_of_work_runs_every_statement_that_is_hot() {
    let seen = day_of_work().await;
    let missing: Vec<&str> = STATEMENTS
        .iter()
        .map(|it| it.name)
        .filter(|name| !seen.contains_key(name) && !NOT_HOT.contains(name))
        .collect();
    assert_eq!(missing, [""; 0], "nothing is known of these");
}

/// Under the store's own settings, which avoid reading a whole table wherever
/// there is another way: where it is read all the same, there is none.
#[tokio::test]
async fn no_hot_statement_reads_a_table_from_end_to_end() {
    for (name, seen) in hot(day_of_work().await) {
        let whole = |scan: &&Scan| scan.is_whole && !TINY.contains(&scan.table.as_str());
        let whole: Vec<&Scan> = seen.scans.iter().filter(whole).collect();
        assert!(whole.is_empty(), "{name}: {:?}", whole[0]);
    }
}

#[tokio::test]
async fn the_rows_that_a_statement_reads_follow_the_day_and_not_the_table() {
    for (name, seen) in hot(day_of_work().await) {
        assert!(seen.rows <= ROWS_MAX, "{name} read {} rows", seen.rows);
    }
}

#[tokio::test]
async fn every_hot_statement_names_the_bucket_of_what_it_looks_for() {
    let url = postgres::database().await;
    SqlStore::open(&url, None).await.unwrap().close().await;
    let spread = "select c.relname::text from pg_class as c \
        join pg_attribute as a on a.attrelid = c.oid and a.attname = 'bucket' \
        where c.relkind in ('r', 'p') and not c.relispartition";
    let spread = texts(&mut side(&url).await, spread).await;
    let excepted =
        |name: &str| ALL_BUCKETS.iter().any(|(it, _)| *it == name) || INBOX.contains(&name);
    for (name, seen) in hot(day_of_work().await) {
        let nameless: Vec<&Scan> = seen
            .scans
            .iter()
            .filter(|scan| spread.contains(&scan.table) && !TINY.contains(&scan.table.as_str()))
            .filter(|scan| !scan.names_bucket)
            .collect();
        assert!(nameless.is_empty() || excepted(name), "{name}: {:?}", nameless[0]);
        // An exception that is none any more is taken off the list.
        assert!(!nameless.is_empty() || !excepted(name), "{name} names every bucket");
    }
}

fn hot<'s>(
    seen: &'s BTreeMap<&'static str, Seen>,
) -> impl Iterator<Item = (&'static str, &'s Seen)> {
    let hot = seen.iter().filter(|(name, _)| !NOT_HOT.contains(name));
    hot.map(|(name, seen)| (*name, seen))
}
