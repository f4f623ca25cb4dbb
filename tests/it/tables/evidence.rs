//! What evidence asks of the database: a page of it is a few statements, and
//! so is all that is known of a page of accounts.

use duebell::model::evidence::{EvidenceFeed, Fact, UsageDay};
use duebell::model::ledger::{EvidenceRow, Rows};
use duebell::store::SqlStore;

use super::{number, run, side};
use crate::support::build::*;
use crate::support::postgres;

const ROWS: usize = 1_000;
/// Begin, leases, what was set aside before, where the rows stand, the rows,
/// the mark and commit, and the rollback before each use.
const OF_A_PAGE_MAX: i64 = 9;

fn used(n: usize, charged: i64) -> EvidenceRow {
    let fact = Fact::Usage(UsageDay { on: day("2026-03-09"), charged, expensive: 0 });
    EvidenceRow { row_id: format!("U{n}"), account_id: format!("A{n}").as_str().into(), fact }
}

fn usage(charged: i64) -> Rows {
    Rows::Evidence(EvidenceFeed::Usage, (0..ROWS).map(|n| used(n, charged)).collect())
}

#[tokio::test]
async fn a_page_of_a_thousand_rows_is_written_by_one_statement() {
    let url = postgres::database().await;
    let store = SqlStore::open(&url, None).await.unwrap();
    let names: Vec<String> = (0..ROWS).map(|n| format!("A{n}")).collect();
    with_accounts(&store, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut side = side(&url).await;
    run(&mut side, "create extension pg_stat_statements").await;
    let ours = "(select oid from pg_database where datname = current_database())";
    let reset = format!("select count(*) from pg_stat_statements_reset(0, {ours}, 0)");
    let count = |what: &str| {
        format!(
            "select coalesce(sum(calls), 0)::bigint from pg_stat_statements where dbid = {ours} \
                and query not like '%pg_stat_statements%' and query like '%{what}%'"
        )
    };

    // New rows, and then the same ones changed.
    for charged in [100, 200] {
        number(&mut side, &reset).await;
        assert_eq!(merged(&store, usage(charged)).await.used, ROWS as u64);
        assert_eq!(number(&mut side, &count("insert into evidence")).await, 1);
        let statements = number(&mut side, &count("")).await;
        assert!(statements <= OF_A_PAGE_MAX, "{statements}");
    }

    number(&mut side, &reset).await;
    let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
    let known = store.load_evidence(&keys, day(TODAY)).await.unwrap();
    assert!(known.values().all(|one| one.usage[0].charged == 200));
    assert_eq!(known.len(), ROWS);
    for what in ["from evidence as e", "join outage as o"] {
        assert_eq!(number(&mut side, &count(what)).await, 1, "{what}");
    }
}
