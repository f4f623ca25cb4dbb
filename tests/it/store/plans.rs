//! How SQLite finds the rows of each statement: by what is looked for, never
//! by reading a table, or a bucket of it, from end to end.

use duebell::store::STATEMENTS;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

/// Statements for people, and tables of a few rows.
const MAY_READ_ALL: [&str; 33] = [
    "count_day",
    "count_held",
    "count_new_codes",
    "count_open_reasons",
    "count_sent",
    "count_spared",
    "count_states",
    "count_tasks",
    "count_languages",
    "count_why_not",
    "end_reply",
    "find_accounts",
    "list_bucket_bills",
    "list_experiments",
    "list_feeds",
    "list_advice",
    "forget_outages",
    "list_flags",
    "list_held",
    "list_holds",
    "list_moratoriums",
    "list_people",
    "list_rejects",
    "list_replies",
    "list_sent",
    "list_tasks",
    "list_work",
    "load_assessed",
    "load_control",
    "load_planned",
    "load_policies",
    "tally_experiment",
    "walk_audit_entries",
];

/// One bucket a night, and a night for each: keys and reasons are read through.
const PASSES: [&str; 10] = [
    "forget_submissions",
    "forget_items",
    "forget_why_not",
    "forget_cases",
    "forget_holds",
    "forget_proofs",
    "forget_contacts",
    "forget_evidence",
    "forget_spared",
    "forget_replies",
];

/// Rows handed in, subqueries, and the tables that one may read: whole buckets
/// where bills wait for a decision, the marks of the buckets, and the few
/// replies that are not settled.
fn is_small(step: &str) -> bool {
    let buckets_alone = [
        "SEARCH w USING COVERING INDEX why_not_open (bucket=?)",
        "SEARCH t USING PRIMARY KEY (bucket=?)",
    ];
    step.contains("VIRTUAL TABLE")
        || ["SCAN CONSTANT ROW", "SCAN found", "SCAN r USING INDEX reply_open"].contains(&step)
        || buckets_alone.contains(&step)
}

#[tokio::test]
async fn no_statement_of_the_daemon_reads_a_table_from_end_to_end() {
    let scratch = tempfile::tempdir().unwrap();
    super::on_sqlite(&scratch).await.close().await;
    let url = format!("sqlite://{}", scratch.path().join("store.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let mut found = Vec::new();
    for statement in STATEMENTS.iter().filter(|it| !MAY_READ_ALL.contains(&it.name)) {
        let plan = format!("explain query plan {}", statement.sqlite);
        for row in sqlx::query(AssertSqlSafe(plan)).fetch_all(&mut connection).await.unwrap() {
            let step: String = row.get("detail");
            let reads_all = step.starts_with("SCAN ")
                || step.contains("(bucket=?)")
                || step.contains("(bucket>?)")
                || step.contains("ANY(");
            let is_pass = PASSES.contains(&statement.name) && step.ends_with("(bucket=?)");
            if reads_all && !is_pass && !is_small(&step) {
                found.push(format!("{}: {step}", statement.name));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}
