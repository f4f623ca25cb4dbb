//! Leases: every bucket has one owner, and a late one changes nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use duebell::model::id::BUCKETS;
use duebell::model::lease::{Fence, Heartbeat};
use duebell::model::{Bucket, Owner, Tenure};
use duebell::store::{LeaseStore, STATEMENTS, SqlStore, StoreError};
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use super::on_each_engine;
use crate::support::postgres;

const LENGTH: Duration = Duration::from_secs(600);
const A: Owner = Owner(0xa);
const B: Owner = Owner(0xb);
const C: Owner = Owner(0xc);

on_each_engine![
    one_daemon_alone_holds_every_bucket,
    what_is_held_is_confirmed,
    a_release_of_nothing_does_nothing,
];

async fn beat(store: &SqlStore, owner: Owner) -> Heartbeat {
    store.heartbeat(owner, LENGTH).await.unwrap()
}

/// A sign of life, and what the daemon would give back of it once it is idle.
async fn beat_and_yield(store: &SqlStore, owner: Owner) -> Heartbeat {
    let mut answer = beat(store, owner).await;
    let surplus: Vec<_> = answer.tenure.buckets().skip(answer.share).collect();
    let given = answer.tenure.only(|bucket| surplus.contains(&bucket));
    assert_eq!(store.release(&given).await.unwrap(), given.len() as u64);
    answer.tenure = answer.tenure.without(&given);
    answer
}

fn all() -> Vec<Bucket> {
    Bucket::all()
}

#[track_caller]
fn lost(result: Result<(), StoreError>) -> Bucket {
    match result {
        Err(StoreError::LeaseLost { bucket }) => bucket,
        other => panic!("no lease was lost: {other:?}"),
    }
}

async fn one_daemon_alone_holds_every_bucket(store: &SqlStore) {
    let first = beat(store, A).await;
    assert_eq!((first.tenure.len(), first.alive, first.share), (1024, 1, 1024));
    assert_eq!(beat(store, A).await, first, "a second sign of life changes no fence");
}

async fn what_is_held_is_confirmed(store: &SqlStore) {
    let held = beat(store, A).await.tenure;
    store.confirm(&held, &all()).await.unwrap();
    store.confirm(&held, &[Bucket::LAST, Bucket::FIRST, Bucket::LAST]).await.unwrap();
    store.confirm(&held, &[]).await.unwrap();
}

async fn a_release_of_nothing_does_nothing(store: &SqlStore) {
    let held = beat(store, A).await.tenure;
    assert_eq!(store.release(&Tenure::nothing(A)).await.unwrap(), 0);
    let others = Tenure::new(B, held.iter());
    assert_eq!(store.release(&others).await.unwrap(), 0);
    let older = Tenure::new(A, held.iter().map(|(bucket, fence)| (bucket, Fence(fence.0 - 1))));
    assert_eq!(store.release(&older).await.unwrap(), 0);
    store.release_all(B).await.unwrap();
    assert_eq!(beat(store, A).await.tenure, held);
}

#[tokio::test]
async fn an_embedded_database_is_held_for_ever() {
    let scratch = tempfile::tempdir().unwrap();
    let store = super::on_sqlite(&scratch).await;
    let answer = beat(&store, A).await;
    assert_eq!(answer, Heartbeat::alone(A));
    assert_eq!(answer.lasts, None);
    store.confirm(&Tenure::nothing(A), &all()).await.unwrap();
}

/// Daemons on one server, and a connection that looks behind their backs.
struct Shared {
    store: SqlStore,
    url: String,
    side: PgConnection,
}

impl Shared {
    async fn open() -> Shared {
        let url = postgres::database().await;
        let store = SqlStore::open(&url, None).await.unwrap();
        let side = PgConnection::connect(&url).await.unwrap();
        Shared { store, url, side }
    }

    async fn side(&mut self, sql: &str) {
        self.side.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    }

    /// `owner` gave its last sign of life longer ago than a lease lasts.
    async fn falls_silent(&mut self, owner: Owner) {
        let long_ago = "clock_timestamp() - interval '1 second'";
        self.side(&format!(
            "update bucket_lease set expires_at = {long_ago} where owner = '{owner}'"
        ))
        .await;
        self.side(&format!("update daemon set seen_until = {long_ago} where owner = '{owner}'"))
            .await;
    }

    async fn daemons(&mut self) -> i64 {
        let row = self.side.fetch_one("select count(*) from daemon").await.unwrap();
        row.get(0)
    }
}

/// Every bucket in exactly one of these.
#[track_caller]
fn shared_out(tenures: &[&Tenure]) {
    let mut held: Vec<Bucket> = tenures.iter().flat_map(|tenure| tenure.buckets()).collect();
    held.sort_unstable();
    assert_eq!(held, all());
}

#[tokio::test]
async fn two_share_and_a_third_joins_and_one_leaves() {
    let mut shared = Shared::open().await;
    let store = &shared.store;
    assert_eq!(beat(store, A).await.tenure.len(), 1024);

    let empty = beat(store, B).await;
    assert_eq!((empty.tenure.len(), empty.alive, empty.share), (0, 2, 512));
    let a = beat_and_yield(store, A).await.tenure;
    let b = beat(store, B).await.tenure;
    assert_eq!((a.len(), b.len()), (512, 512));
    shared_out(&[&a, &b]);
    assert!(a.iter().all(|(_, fence)| fence == Fence(1)));
    assert!(b.iter().all(|(_, fence)| fence == Fence(2)), "a new owner has a higher fence");

    beat(store, C).await;
    let (a, b) = (beat_and_yield(store, A).await.tenure, beat_and_yield(store, B).await.tenure);
    let c = beat(store, C).await.tenure;
    assert_eq!((a.len(), b.len(), c.len()), (342, 342, 340));
    shared_out(&[&a, &b, &c]);

    store.release_all(B).await.unwrap();
    assert_eq!(lost(store.confirm(&b, &all()).await), Bucket::FIRST);
    let (a, c) = (beat(store, A).await, beat(store, C).await);
    assert_eq!((a.alive, a.tenure.len(), c.tenure.len()), (2, 512, 512), "free at once");
    shared_out(&[&a.tenure, &c.tenure]);
    assert_eq!(shared.daemons().await, 2);
}

#[tokio::test]
async fn a_silent_daemons_buckets_go_to_others_under_a_higher_fence() {
    let mut shared = Shared::open().await;
    let before = beat(&shared.store, A).await.tenure;
    assert!(beat(&shared.store, B).await.tenure.is_empty(), "not before its time is over");

    shared.falls_silent(A).await;
    let after = beat(&shared.store, B).await;
    assert_eq!((after.alive, after.tenure.len()), (1, 1024));
    assert!(after.tenure.iter().all(|(bucket, fence)| Some(fence) > before.fence(bucket)));
    assert_eq!(shared.daemons().await, 1, "the silent one is forgotten");

    // It wakes up.
    let store = &shared.store;
    assert_eq!(lost(store.confirm(&before, &[Bucket::LAST]).await), Bucket::LAST);
    assert_eq!(store.release(&before).await.unwrap(), 0);
    let again = beat(store, A).await;
    assert!(again.tenure.is_empty());
    assert_eq!(again.alive, 2);
    store.confirm(&after.tenure, &all()).await.unwrap();
}

#[tokio::test]
async fn a_lease_that_lapsed_and_that_nobody_took_is_renewed_under_its_fence() {
    let mut shared = Shared::open().await;
    let before = beat(&shared.store, A).await.tenure;
    shared.falls_silent(A).await;
    shared.store.confirm(&before, &all()).await.unwrap();
    assert_eq!(beat(&shared.store, A).await.tenure, before);
    assert!(beat(&shared.store, B).await.tenure.is_empty());
}

#[tokio::test]
async fn one_bucket_that_changed_hands_is_named() {
    let mut shared = Shared::open().await;
    let held = beat(&shared.store, A).await.tenure;
    shared.side("update bucket_lease set fence = fence + 2 where bucket = 77").await;
    let store = &shared.store;
    let gone = Bucket::from_number(77);
    assert_eq!(lost(store.confirm(&held, &all()).await), gone);
    store.confirm(&held, &[Bucket::FIRST, Bucket::LAST]).await.unwrap();

    // It is the daemon's own again, but what began before it left is late.
    let held_again = beat(store, A).await.tenure;
    assert_eq!(held_again.fence(gone), Some(Fence(3)));
    assert_eq!(lost(store.confirm(&held, &[gone]).await), gone);
    store.confirm(&held_again, &[gone]).await.unwrap();
    let never_ours = held_again.only(|bucket| bucket != gone);
    assert_eq!(lost(store.confirm(&never_ours, &[gone]).await), gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_start_at_once_never_hold_one_bucket_twice() {
    let store = Arc::new(Shared::open().await.store);
    for _ in 0..5 {
        let beats = (1..=6).map(|owner| {
            let store = store.clone();
            #[allow(clippy::disallowed_methods, reason = "several daemons, as threads")]
            tokio::spawn(async move { beat_and_yield(&store, Owner(owner)).await.tenure })
        });
        let tenures = join_all(beats).await;
        let mut held: Vec<_> =
            tenures.iter().flat_map(|one| one.as_ref().unwrap().iter()).collect();
        let many = held.len();
        held.sort_unstable();
        held.dedup();
        assert_eq!(held.len(), many, "no bucket under one fence twice");
    }
    let mut tenures = Vec::new();
    for owner in 1..=6 {
        tenures.push(beat_and_yield(&store, Owner(owner)).await.tenure);
    }
    shared_out(&tenures.iter().collect::<Vec<_>>());
    assert!(tenures.iter().all(|one| one.len() <= 171), "1024 / 6, rounded up");
}

/// The statement that a change of state runs first, on a connection whose
/// transaction is ours to keep open.
async fn hold(connection: &mut PgConnection, tenure: &Tenure, bucket: Bucket) -> usize {
    let statement = STATEMENTS.iter().find(|one| one.name == "hold_leases").unwrap();
    let fence = tenure.fence(bucket).unwrap().0;
    sqlx::query(statement.postgres)
        .bind(tenure.owner().to_string())
        .bind(vec![bucket.number() as i16])
        .bind(vec![fence])
        .fetch_all(connection)
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn a_take_over_passes_by_a_write_that_is_under_way() {
    let mut shared = Shared::open().await;
    let held = beat(&shared.store, A).await.tenure;
    let mut writer = PgConnection::connect(&shared.url).await.unwrap();
    let mut write = writer.begin().await.unwrap();
    assert_eq!(hold(&mut write, &held, Bucket::FIRST).await, 1);

    // Its own sign of life does not wait for it.
    assert_eq!(beat(&shared.store, A).await.tenure, held);

    shared.falls_silent(A).await;
    let taken = beat(&shared.store, B).await.tenure;
    assert_eq!(taken.len(), 1023);
    assert_eq!(taken.fence(Bucket::FIRST), None);

    write.commit().await.unwrap();
    assert_eq!(beat(&shared.store, B).await.tenure.len(), 1024);
    let mut late = writer.begin().await.unwrap();
    assert_eq!(hold(&mut late, &held, Bucket::FIRST).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_meets_a_take_over_waits_and_is_refused() {
    let mut shared = Shared::open().await;
    let held = beat(&shared.store, A).await.tenure;
    shared.falls_silent(A).await;
    let mut taker = PgConnection::connect(&shared.url).await.unwrap();
    let mut taking = taker.begin().await.unwrap();
    let statement = STATEMENTS.iter().find(|one| one.name == "take_leases").unwrap();
    let taken = sqlx::query(statement.postgres)
        .bind(B.to_string())
        .bind(600_000_i64)
        .bind(i64::from(BUCKETS))
        .fetch_all(&mut *taking)
        .await
        .unwrap();
    assert_eq!(taken.len(), 1024);

    let (mut write, commit) =
        (std::pin::pin!(shared.store.confirm(&held, &[Bucket::LAST])), taking.commit());
    let mut side = PgConnection::connect(&shared.url).await.unwrap();
    tokio::select! {
        done = &mut write => panic!("did not wait for the take-over: {done:?}"),
        () = someone_waits(&mut side) => {}
    }
    commit.await.unwrap();
    assert_eq!(lost(write.await), Bucket::LAST);
}

/// Until a backend waits for another's lock.
async fn someone_waits(side: &mut PgConnection) {
    let asked = Instant::now();
    while asked.elapsed() < Duration::from_secs(20) {
        let waiting = side
            .fetch_one("select count(*) from pg_locks where not granted")
            .await
            .unwrap()
            .get::<i64, _>(0);
        if waiting > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nobody waits");
}

#[tokio::test]
async fn a_release_waits_for_a_write_that_is_under_way() {
    let shared = Shared::open().await;
    let held = beat(&shared.store, A).await.tenure;
    let mut writer = PgConnection::connect(&shared.url).await.unwrap();
    let mut write = writer.begin().await.unwrap();
    assert_eq!(hold(&mut write, &held, Bucket::LAST).await, 1);
    let mut release = std::pin::pin!(shared.store.release(&held));
    let mut side = PgConnection::connect(&shared.url).await.unwrap();
    tokio::select! {
        done = &mut release => panic!("did not wait for the write: {done:?}"),
        () = someone_waits(&mut side) => {}
    }
    write.commit().await.unwrap();
    assert_eq!(release.await.unwrap(), 1024);
}

#[tokio::test]
async fn leases_are_the_only_statements_that_lapse_by_the_databases_time() {
    for statement in STATEMENTS {
        let asks = statement.postgres.contains("clock_timestamp");
        let is_lease = statement.name.ends_with("_leases") || statement.name.contains("daemon");
        assert!(!asks || is_lease, "{}", statement.name);
        assert!(!statement.sqlite.contains("clock_timestamp"), "{}", statement.name);
    }
}
