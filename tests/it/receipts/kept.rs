//! What is answered with 204 is durable, whatever the store does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duebell::store::StoreError;
use futures_util::future::select;
use tokio::sync::Semaphore;

use super::*;
use crate::store::on_each_engine;

/// A store that does as it is told before it does as it should.
struct Moody {
    store: Arc<SqlStore>,
    /// One is used up by each writing; without any, it hangs.
    leave: Semaphore,
    is_away: bool,
    begun: AtomicUsize,
}

impl Moody {
    async fn new(scratch: &tempfile::TempDir, leave: usize, is_away: bool) -> Arc<Moody> {
        let store = new_store(scratch).await;
        let (leave, begun) = (Semaphore::new(leave), AtomicUsize::new(0));
        Arc::new(Moody { store, leave, is_away, begun })
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    async fn until_begun(&self, count: usize) {
        while self.begun() < count {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl ReceiptStore for Moody {
    async fn keep(&self, receipts: &[PostedReceipt]) -> Result<(), StoreError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.leave.acquire().await.unwrap().forget();
        if self.is_away {
            return Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut));
        }
        if receipts.iter().any(|one| &*one.message_id == "poison") {
            let source = sqlx::Error::Protocol("no".into());
            return Err(StoreError::Statement { statement: "keep_receipts", source });
        }
        self.store.keep(receipts).await
    }

    async fn unsettled(
        &self,
        buckets: &[duebell::model::Bucket],
        at: Timestamp,
        limit: u32,
    ) -> Result<Vec<PostedReceipt>, StoreError> {
        self.store.unsettled(buckets, at, limit).await
    }

    async fn mark(
        &self,
        looked_at: &[(&PostedReceipt, Option<Timestamp>)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store.mark(looked_at, now).await
    }

    async fn forget(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.store.forget(before, limit).await
    }
}

#[tokio::test]
async fn a_store_that_is_away_acknowledges_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let store = Moody::new(&scratch, 100, true).await;
    let door = Door::open(store.clone()).await;
    let answer = door.caller().await.ask(&posting("msg_1").request()).await.unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
    assert_eq!(unsettled(&store.store).await, []);
}

#[tokio::test]
async fn a_store_that_hangs_acknowledges_nothing_either() {
    let scratch = tempfile::tempdir().unwrap();
    let store = Moody::new(&scratch, 0, false).await;
    let limits = Limits { wait_max: Duration::from_millis(50), ..Limits::default() };
    let door = Door::open_with(store.clone(), limits, Waits::default()).await;
    assert_eq!(door.post(&posting("msg_1")).await, 503);
    assert_eq!(unsettled(&store.store).await, []);
}

#[tokio::test]
async fn when_too_much_waits_the_door_says_so_at_once() {
    let scratch = tempfile::tempdir().unwrap();
    let store = Moody::new(&scratch, 0, false).await;
    let limits = Limits { waiting_max: 1, gather: Duration::ZERO, ..Limits::default() };
    let door = Door::open_with(store.clone(), limits, Waits::default()).await;
    let (one, two, three) = (posting("msg_1"), posting("msg_2"), posting("msg_3"));
    let others = async {
        store.until_begun(1).await;
        // The store hangs. One of these waits; the other is refused, and only
        // then may the store go on.
        let (two, three) = (Box::pin(door.post(&two)), Box::pin(door.post(&three)));
        let (refused, waiting) = select(two, three).await.factor_first();
        store.leave.add_permits(10);
        (refused, waiting.await)
    };
    let (one, others) = tokio::join!(door.post(&one), others);
    assert_eq!((one, others), (204, (503, 204)));
    assert_eq!(unsettled(&store.store).await.len(), 2);
}

#[tokio::test]
async fn what_comes_together_is_written_together() {
    let scratch = tempfile::tempdir().unwrap();
    let store = Moody::new(&scratch, 0, false).await;
    let door = Arc::new(Door::open(store.clone()).await);
    let mut posting_all = Vec::new();
    for number in 0..50 {
        let door = door.clone();
        posting_all
            .push(tokio::spawn(async move { door.post(&posting(&format!("m{number}"))).await }));
        if number == 0 {
            store.until_begun(1).await;
        }
    }
    // The first is being written; on any machine most of the others queue by then.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(store.begun(), 1);
    store.leave.add_permits(50);
    for one in posting_all {
        assert_eq!(one.await.unwrap(), 204);
    }
    assert_eq!(unsettled(&store.store).await.len(), 50);
    assert!(store.begun() <= 10, "{} writings for 50 requests", store.begun());
}

#[tokio::test]
async fn one_that_the_store_never_takes_keeps_out_no_other() {
    let scratch = tempfile::tempdir().unwrap();
    let store = Moody::new(&scratch, 100, false).await;
    let limits = Limits { gather: Duration::from_millis(200), ..Limits::default() };
    let door = Door::open_with(store.clone(), limits, Waits::default()).await;
    let (one, bad, other) = (posting("m1"), posting("poison"), posting("m2"));
    let statuses = tokio::join!(door.post(&one), door.post(&bad), door.post(&other));
    assert_eq!(statuses, (204, 503, 204));
    assert_eq!(unsettled(&store.store).await.len(), 2);
}

on_each_engine![
    a_posting_is_kept_once_and_as_it_came,
    what_is_put_off_waits_and_what_is_settled_stays_so,
    only_what_was_settled_long_ago_is_forgotten,
];

fn posted(id: &str, ordinal: u32) -> PostedReceipt {
    let receipt = duebell::provider::Receipt {
        key: stray(7),
        fate: Fate::Undelivered,
        at: at("2026-03-10T11:59:00.000001Z"),
    };
    PostedReceipt {
        provider: PROVIDER.into(),
        message_id: id.into(),
        ordinal,
        receipt,
        received_at: at(NOON),
    }
}

async fn a_posting_is_kept_once_and_as_it_came(store: &SqlStore) {
    let both = [posted("b", 1), posted("b", 0)];
    store.keep(&[]).await.unwrap();
    store.keep(&both).await.unwrap();
    store.keep(&[posted("b", 0), posted("b", 0), posted("a", 0)]).await.unwrap();
    let kept = unsettled(store).await;
    assert_eq!(kept, [posted("a", 0), posted("b", 0), posted("b", 1)]);
    assert_eq!(
        store.unsettled(&duebell::model::Bucket::all(), at(NOON), 2).await.unwrap().len(),
        2
    );
    assert_eq!(
        store
            .unsettled(&duebell::model::Bucket::all(), at("2026-03-10T11:59:59Z"), 9)
            .await
            .unwrap(),
        []
    );
}

async fn what_is_put_off_waits_and_what_is_settled_stays_so(store: &SqlStore) {
    let (one, other) = (posted("a", 0), posted("b", 0));
    store.keep(&[one.clone(), other.clone()]).await.unwrap();
    let later = at("2026-03-10T13:00:00Z");
    store.mark(&[(&one, None), (&other, Some(later))], at(NOON)).await.unwrap();
    assert_eq!(
        store
            .unsettled(&duebell::model::Bucket::all(), at("2026-03-10T12:59:59Z"), 9)
            .await
            .unwrap(),
        []
    );
    assert_eq!(
        store.unsettled(&duebell::model::Bucket::all(), later, 9).await.unwrap(),
        std::slice::from_ref(&other)
    );
    // Neither a mark nor a repeat brings back what is settled.
    store.mark(&[(&one, Some(later))], at(NOON)).await.unwrap();
    store.keep(&[one]).await.unwrap();
    assert_eq!(unsettled(store).await, [other]);
}

async fn only_what_was_settled_long_ago_is_forgotten(store: &SqlStore) {
    let all: Vec<PostedReceipt> = (0..5).map(|number| posted("a", number)).collect();
    store.keep(&all).await.unwrap();
    let settle = |one: usize| [(&all[one], None)];
    for one in 0..3 {
        store.mark(&settle(one), at(NOON)).await.unwrap();
    }
    store.mark(&settle(3), at("2026-03-12T12:00:00Z")).await.unwrap();
    assert_eq!(store.forget(at(NOON), 9).await.unwrap(), 0);
    assert_eq!(store.forget(at("2026-03-11T12:00:00Z"), 2).await.unwrap(), 2);
    assert_eq!(store.forget(at("2026-03-11T12:00:00Z"), 2).await.unwrap(), 1);
    assert_eq!(unsettled(store).await, all[4..]);
    // The place of a forgotten one is free again.
    store.keep(&all).await.unwrap();
    assert_eq!(unsettled(store).await.len(), 4);
}
