//! What dispatch asks of the database: so many statements for a batch, and
//! none for a single reminder.

use std::sync::Arc;
use std::time::Duration;

use duebell::pipeline::Stage;
use duebell::pipeline::dispatch::Dispatch;
use duebell::pipeline::lease::Leases;

use super::{number, run, side};
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::build::*;
use crate::support::carrier::Carrier;
use crate::support::postgres;

const DUE: usize = 2_000;
/// Of a thousand reminders in batches of 500, everything counted that goes to
/// the server and back: begin and commit, and the rollback before each use. About
/// a hundred on a quiet machine; on a busy one outcomes come, and are recorded, in
/// smaller groups.
const STATEMENTS_MAX: i64 = 400;

#[tokio::test]
async fn a_thousand_reminders_take_few_statements_and_none_each() {
    let url = postgres::database().await;
    let billing = Billing::new();
    for n in 0..DUE {
        billing.account(&format!("A{n}"));
        billing.bill(&format!("B{n}"), &format!("A{n}"), "2026-03-09");
    }
    let mut bench = Bench::served(&url, billing).await;
    bench.workshop.leases = Arc::new(Leases::new(bench.store.clone(), Duration::from_secs(600)));
    bench.workshop.leases.beat().await.unwrap();
    // The feeds are read once, for the plan.
    bench.workshop.settings.feed_age_max_s = 36_000;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(false);
    bench.go_live("2020-01-01").await;
    bench.round("2026-03-10T06:00Z").await;
    assert_eq!(carrier.given().len(), 0);

    let mut side = side(&url).await;
    run(&mut side, "create extension pg_stat_statements").await;
    let ours = "(select oid from pg_database where datname = current_database())";
    number(&mut side, &format!("select count(*) from pg_stat_statements_reset(0, {ours}, 0)"))
        .await;
    let dispatch = Dispatch::new(bench.workshop.clone());
    while dispatch.run_once(at("2026-03-10T09:00Z")).await.unwrap() > 0 {}
    let count = format!(
        "select sum(calls)::bigint from pg_stat_statements where dbid = {ours} \
            and query not like '%pg_stat_statements%'"
    );
    let statements = number(&mut side, &count).await;
    assert_eq!(carrier.given().len(), DUE);
    let of_thousand = statements * 1_000 / DUE as i64;
    eprintln!("{statements} statements for {DUE} reminders: {of_thousand} of a thousand");
    assert!(of_thousand <= STATEMENTS_MAX, "{of_thousand}");
}
