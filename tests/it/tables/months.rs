//! Months of history: made ahead, each in its own partition, and dropped.

use std::time::{Duration, Instant};

use duebell::store::{RetentionStore, SqlStore};
use futures_util::future::join_all;
use sqlx::PgConnection;

use super::{number, run, side, texts};
use crate::support::build::*;
use crate::support::postgres;

async fn opened() -> (String, SqlStore, PgConnection) {
    let url = postgres::database().await;
    let store = SqlStore::open(&url, None).await.unwrap();
    let side = side(&url).await;
    (url, store, side)
}

/// A reminder for today is planned; the partition in which it lies.
async fn place(store: &SqlStore, side: &mut PgConnection) -> Vec<String> {
    with_accounts(store, &["A"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2026-03-09")]).await;
    planned(store, &reminder("A", 0, &[item("a1", "late1")])).await;
    places(side).await
}

async fn places(side: &mut PgConnection) -> Vec<String> {
    texts(side, "select tableoid::regclass::text from reminder").await
}

#[tokio::test]
async fn a_day_lies_in_its_month_and_goes_with_it() {
    let (_, store, mut side) = opened().await;
    assert_eq!(store.make_month(day("2026-03-01")).await.unwrap(), 3);
    assert_eq!(store.make_month(day("2026-03-01")).await.unwrap(), 0, "it is there");
    assert_eq!(place(&store, &mut side).await, ["reminder_2026_03"]);

    assert_eq!(store.drop_months(day("2026-03-01")).await.unwrap(), 0, "it is not over");
    assert_eq!(store.drop_months(day("2026-04-01")).await.unwrap(), 3);
    assert_eq!(places(&mut side).await, [""; 0]);
}

#[tokio::test]
async fn the_last_and_the_first_day_of_a_month_lie_apart() {
    let (_, store, mut side) = opened().await;
    for first in ["2026-02-01", "2026-03-01", "2026-04-01"] {
        store.make_month(day(first)).await.unwrap();
    }
    for on in ["2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01"] {
        let id = duebell::model::ReminderId::first_of(day(on));
        for sql in [
            format!("insert into transition values (0, '{id}', 1, 'expired', 'epoch', 0)"),
            format!("insert into submission values (0, 'A', '{on}', '{id}', 'epoch', 'sms', 'x')"),
        ] {
            run(&mut side, &sql).await;
        }
    }
    for table in ["transition", "submission"] {
        let order = if table == "transition" { "reminder_id" } else { "day" };
        let sql = format!("select tableoid::regclass::text from {table} order by {order}");
        let expected = ["2026_02", "2026_03", "2026_03", "2026_04"];
        assert_eq!(texts(&mut side, &sql).await, expected.map(|it| format!("{table}_{it}")));
    }
}

#[tokio::test]
async fn the_database_and_we_agree_on_the_first_id_of_a_day() {
    let (_, _, mut side) = opened().await;
    for on in ["1999-12-31", "2000-01-01", "2026-03-10", "2179-06-05", "2179-06-06", "2500-01-01"] {
        let sql = format!("select first_id('{on}')::text");
        let told: duebell::model::ReminderId = texts(&mut side, &sql).await[0].parse().unwrap();
        assert_eq!(told, duebell::model::ReminderId::first_of(day(on)), "{on}");
    }
}

#[tokio::test]
async fn a_month_that_was_written_before_stays_where_it_is() {
    let (_, store, mut side) = opened().await;
    assert_eq!(place(&store, &mut side).await, ["reminder_other"]);
    // Nothing was submitted, so the other two tables have nothing of it.
    assert_eq!(store.make_month(day("2026-03-01")).await.unwrap(), 2);
    assert_eq!(store.make_month(day("2026-04-01")).await.unwrap(), 3);
    assert_eq!(places(&mut side).await, ["reminder_other"]);

    store.drop_months(day("2026-05-01")).await.unwrap();
    assert_eq!(places(&mut side).await, ["reminder_other"], "it is dropped with no month");
    store.forget_bucket(duebell::model::Bucket::of("A"), day("2026-04-01")).await.unwrap();
    assert_eq!(places(&mut side).await, [""; 0], "and goes when its bucket has its turn");
}

#[tokio::test]
async fn daemons_that_start_together_make_a_month_once() {
    let (url, _, _) = opened().await;
    let stores = join_all((0..4).map(|_| SqlStore::open(&url, None))).await;
    let made = join_all(stores.iter().map(|it| it.as_ref().unwrap().make_month(day("2026-03-01"))));
    let made: Vec<u64> = made.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().sum::<u64>(), 3, "{made:?}");
}

#[tokio::test]
async fn whoever_works_on_a_table_is_not_kept_waiting_for_its_months() {
    let (url, store, mut busy) = opened().await;
    store.make_month(day("2026-03-01")).await.unwrap();
    run(&mut busy, "begin; select count(*) from reminder").await;
    let began = Instant::now();
    assert!(store.make_month(day("2026-04-01")).await.is_err());
    assert!(store.drop_months(day("2026-04-01")).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // What gave up stands in nobody's way.
    let mut other = side(&url).await;
    assert_eq!(number(&mut other, "select count(*) from reminder").await, 0);

    run(&mut busy, "commit").await;
    assert_eq!(store.make_month(day("2026-04-01")).await.unwrap(), 3);
    assert_eq!(store.drop_months(day("2026-04-01")).await.unwrap(), 3);
}

/// A partition takes none of its parent's settings, and the parent can have none.
#[tokio::test]
async fn every_table_of_history_is_kept_alike_and_says_how() {
    let (_, store, mut side) = opened().await;
    store.make_month(day("2026-03-01")).await.unwrap();
    let without = "select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid \
        where c.relkind = 'r' and not coalesce(c.reloptions @> array['autovacuum_freeze_min_age=0'], false)";
    assert_eq!(texts(&mut side, without).await, [""; 0]);
    let parts = "select count(*) from pg_inherits i join pg_class c on c.oid = i.inhrelid \
        where c.relkind = 'r'";
    assert_eq!(number(&mut side, parts).await, 6);
}
