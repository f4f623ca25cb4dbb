//! PostgreSQL tells how it ran each statement: auto_explain writes into the
//! server's log, and this reads it. No statement's arguments are made up here,
//! and the plans are those of the store's own sessions.

use serde_json::Value;
use sqlx::{PgConnection, Row};

use super::super::run;

/// How one statement was run.
pub struct Plan {
    pub query: String,
    /// Pages that it looked at.
    pub blocks: u64,
    pub scans: Vec<Scan>,
}

/// How it went through one table.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The table, where it is one of its partitions as well.
    pub table: String,
    /// From end to end. A walk through an index with next to nothing in it is
    /// none, as that of a month to come.
    pub is_whole: bool,
    /// Whether only rows of a bucket that is given count.
    pub names_bucket: bool,
    /// Rows that were read, those included that were of no use.
    pub rows: u64,
}

/// Rows of a walk through all of an index that nobody minds: what holds so few
/// is read whole for good reason, and once it holds more it is seen here.
const NEXT_TO_NOTHING: u64 = 100;

/// From the next connection on, every statement in this database is told of.
pub async fn tell(side: &mut PgConnection) {
    let name: String =
        sqlx::query("select current_database()::text").fetch_one(&mut *side).await.unwrap().get(0);
    for (setting, value) in [
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_analyze", "on"),
        ("auto_explain.log_buffers", "on"),
        ("auto_explain.log_timing", "off"),
        ("auto_explain.log_format", "json"),
    ] {
        run(side, &format!("alter database {name} set {setting} = '{value}'")).await;
    }
}

/// What was told of this database. A message's first line bears the database's
/// name (`log_line_prefix` of the tests' server), its others begin with a tab.
pub async fn told(side: &mut PgConnection) -> Vec<Plan> {
    let row = sqlx::query(
        "select current_database()::text, \
            pg_read_file(current_setting('data_directory') || '/../server.log')",
    );
    let row = row.fetch_one(side).await.unwrap();
    let (name, log): (String, String) = (row.get(0), row.get(1));
    let mut plans = Vec::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        let ours = line.strip_prefix(&name).is_some_and(|rest| rest.starts_with("|LOG:"));
        let mut text = String::new();
        while let Some(more) = lines.next_if(|line| line.starts_with('\t')) {
            text.push_str(more);
            text.push('\n');
        }
        if ours && line.contains(" plan:") {
            let told: Value = serde_json::from_str(&text).unwrap();
            plans.push(plan(&told));
        }
    }
    assert!(!plans.is_empty(), "the server's log tells of nothing");
    plans
}

fn plan(told: &Value) -> Plan {
    let mut scans = Vec::new();
    let root = &told["Plan"];
    walk(root, "", &mut scans);
    let blocks = |kind: &str| root[kind].as_u64().unwrap_or(0);
    Plan {
        query: told["Query Text"].as_str().unwrap_or_default().to_owned(),
        blocks: blocks("Shared Hit Blocks") + blocks("Shared Read Blocks"),
        scans,
    }
}

/// `above`: what the joins of this node's rows ask for.
fn walk(node: &Value, above: &str, scans: &mut Vec<Scan>) {
    let text = |what: &str| node[what].as_str().unwrap_or_default();
    let (kind, loops) = (text("Node Type"), node["Actual Loops"].as_u64().unwrap_or(0));
    if let (true, Some(table)) = (kind.ends_with("Scan"), node["Relation Name"].as_str())
        && loops > 0
    {
        let each = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"];
        let rows = each.iter().map(|what| node[what].as_f64().unwrap_or(0.0)).sum::<f64>();
        let rows = (rows * loops as f64) as u64;
        let condition = text("Index Cond");
        scans.push(Scan {
            table: whole_name(table).to_owned(),
            is_whole: kind == "Seq Scan" || (condition.is_empty() && rows > NEXT_TO_NOTHING),
            names_bucket: [condition, text("Filter"), above]
                .iter()
                .any(|asked| asked.contains("bucket = ")),
            rows,
        });
    }
    let above = format!("{above} {}", text("Join Filter"));
    for part in node["Plans"].as_array().into_iter().flatten() {
        walk(part, &above, scans);
    }
}

/// The table that a partition belongs to: `reminder` of `reminder_2026_03`.
fn whole_name(table: &str) -> &str {
    ["reminder", "submission", "transition"]
        .into_iter()
        .find(|history| {
            table
                .strip_prefix(history)
                .is_some_and(|rest| rest.starts_with("_2") || rest == "_other")
        })
        .unwrap_or(table)
}

#[test]
fn partitions_count_as_their_tables_and_repeated_rows_as_often_as_they_were_read() {
    let told = serde_json::json!({
        "Query Text": "select 1",
        "Plan": {"Node Type": "Nested Loop", "Shared Hit Blocks": 3, "Shared Read Blocks": 4, "Plans": [
            {"Node Type": "Index Scan", "Relation Name": "reminder_2026_03", "Index Cond": "(bucket = 1)",
             "Actual Rows": 2, "Rows Removed by Filter": 1, "Actual Loops": 10},
            {"Node Type": "Seq Scan", "Relation Name": "touched", "Actual Rows": 0, "Actual Loops": 1},
            {"Node Type": "Seq Scan", "Relation Name": "bill", "Actual Rows": 0, "Actual Loops": 0},
        ]},
    });
    let plan = plan(&told);
    let seen: Vec<_> =
        plan.scans.iter().map(|it| (it.table.as_str(), it.is_whole, it.rows)).collect();
    assert_eq!(seen, [("reminder", false, 30), ("touched", true, 0)]);
    assert_eq!(plan.blocks, 7);
}
