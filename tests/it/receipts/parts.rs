//! Receipts that name a provider's references: of messages in several parts,
//! in any order, before our own writing, and about nothing of ours.

use duebell::model::Channel;
use duebell::model::receipt::PartReceipt;
use duebell::pipeline::Stage;
use duebell::pipeline::listen::Listen;
use duebell::pipeline::settle::Settle;
use duebell::provider::kinds::Connected;
use duebell::provider::{Listener, Meaning, Now, Reply, SendOutcome, Told};
use duebell::store::{PartStore, ReplyStore, StoreError};
use jiff::SignedDuration;
use tokio::sync::Mutex;

use super::*;
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::carrier::Carrier;

const OPEN: &str = "2026-03-10T09:00Z";

/// One reminder, accepted as these messages.
async fn accepted(refs: &[&str]) -> (Bench, Arc<Carrier>) {
    let billing = Billing::new();
    billing.account("P");
    billing.bill("b", "P", "2026-03-09");
    let mut bench = Bench::live(billing).await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(false);
    bench.round("2026-03-10T08:30Z").await;
    let refs = refs.iter().map(|one| (*one).to_owned()).collect();
    carrier.will([SendOutcome::AcceptedInParts { refs }]);
    bench.round(OPEN).await;
    (bench, carrier)
}

fn receipt(provider_ref: &str, fate: Fate) -> PartReceipt {
    PartReceipt { provider_ref: provider_ref.into(), fate, at: at(NOON) }
}

async fn park(bench: &Bench, provider_ref: &str, fate: Fate) {
    bench.store.park(PROVIDER, &[receipt(provider_ref, fate)], at(NOON)).await.unwrap();
}

async fn settle(bench: &Bench, seconds: i64) {
    let now = at(NOON) + SignedDuration::from_secs(seconds);
    Settle(bench.workshop.clone()).run_once(now).await.unwrap();
}

#[tokio::test]
async fn a_message_in_parts_is_delivered_when_all_of_them_are() {
    let (bench, _) = accepted(&["m1", "m2", "m3"]).await;
    for (second, part) in (0..).zip(["m3", "m1", "m3"]) {
        park(&bench, part, Fate::Delivered).await;
        settle(&bench, second).await;
        assert_eq!(bench.states("P").await, ["submitting", "accepted"], "{part}");
    }
    park(&bench, "m2", Fate::Delivered).await;
    settle(&bench, 10).await;
    assert_eq!(bench.states("P").await, ["submitting", "accepted", "delivered"]);
    // And that is that, whatever is repeated.
    park(&bench, "m2", Fate::Delivered).await;
    settle(&bench, 11).await;
    assert_eq!(bench.states("P").await, ["submitting", "accepted", "delivered"]);
}

#[tokio::test]
async fn one_part_that_is_lost_is_one_too_many_and_may_still_be_found() {
    // After the window, so that no other channel is tried.
    let (bench, _) = accepted(&["m1", "m2"]).await;
    let late = 10 * 3600;
    park(&bench, "m1", Fate::Undelivered).await;
    settle(&bench, late).await;
    assert_eq!(bench.states("P").await.last().unwrap(), "undelivered");
    park(&bench, "m2", Fate::Delivered).await;
    settle(&bench, late + 1).await;
    assert_eq!(bench.states("P").await.last().unwrap(), "undelivered");
    park(&bench, "m1", Fate::Delivered).await;
    settle(&bench, late + 2).await;
    assert_eq!(bench.states("P").await.last().unwrap(), "delivered");
}

#[tokio::test]
async fn a_receipt_that_nothing_is_known_of_waits_and_is_given_up() {
    let (bench, _) = accepted(&["m1"]).await;
    park(&bench, "m9", Fate::Delivered).await;
    settle(&bench, 0).await;
    let all = duebell::model::Bucket::all();
    let left = async |seconds: i64| {
        let now = at(NOON) + SignedDuration::from_secs(seconds);
        bench.store.parked(&all, now, 10).await.unwrap().len()
    };
    assert_eq!((left(0).await, left(1).await), (0, 1));
    let week = 7 * 24 * 3600;
    settle(&bench, week).await;
    assert_eq!(left(2 * week).await, 0);
}

/// Tells what it is given, and is acknowledged by being asked for more.
#[derive(Default)]
struct Line {
    told: Mutex<Vec<Told>>,
    handed: Mutex<usize>,
    acknowledged: tokio::sync::watch::Sender<usize>,
}

#[async_trait::async_trait]
impl Listener for Line {
    async fn next(&self, limit: usize, _: Now<'_>) -> Vec<Told> {
        self.acknowledged.send_replace(*self.handed.lock().await);
        let mut told = self.told.lock().await;
        if told.is_empty() {
            drop(told);
            std::future::pending::<()>().await;
            unreachable!("it waits for ever");
        }
        let count = told.len().min(limit);
        *self.handed.lock().await += count;
        told.drain(..count).collect()
    }
}

/// A store that is away at first.
pub(super) struct Moody {
    store: Arc<SqlStore>,
    failures: std::sync::Mutex<u32>,
}

impl Moody {
    pub(super) fn away_once(store: Arc<SqlStore>) -> Moody {
        Moody { store, failures: std::sync::Mutex::new(1) }
    }
}

#[async_trait::async_trait]
impl PartStore for Moody {
    async fn park(
        &self,
        provider: &str,
        receipts: &[PartReceipt],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        {
            let mut failures = self.failures.lock().unwrap();
            if *failures > 0 {
                *failures -= 1;
                return Err(StoreError::Corrupt { column: "mood" });
            }
        }
        self.store.park(provider, receipts, now).await
    }

    async fn parked(
        &self,
        buckets: &[duebell::model::Bucket],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<duebell::store::Parked>, StoreError> {
        self.store.parked(buckets, now, limit).await
    }

    async fn parts(
        &self,
        attempts: &[AttemptKey],
    ) -> Result<Vec<duebell::store::MessagePart>, StoreError> {
        self.store.parts(attempts).await
    }

    async fn unpark(
        &self,
        tenure: &duebell::model::Tenure,
        looked: &duebell::store::Unparked,
    ) -> Result<(), StoreError> {
        self.store.unpark(tenure, looked).await
    }

    async fn forget_parts(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.store.forget_parts(before, limit).await
    }
}

#[tokio::test]
async fn what_is_heard_is_acknowledged_once_it_is_durable() {
    let (mut bench, carrier) = accepted(&["m1"]).await;
    let line = Arc::new(Line::default());
    let reply = Reply {
        channel: Channel::Sms,
        about: None,
        from: Some("+4915123456789".into()),
        meaning: Meaning::Text("STOP".into()),
        at: at(NOON),
    };
    let told = [
        Told::Receipt(receipt("m1", Fate::Delivered)),
        Told::Reply { message_id: "1".into(), reply: reply.clone() },
    ];
    line.told.lock().await.extend(told);
    let connected = Connected { listener: Some(line.clone()), ..Connected::sending(carrier) };
    bench.workshop.providers.hear(&connected);
    bench.workshop.parts = Some(Arc::new(Moody::away_once(bench.store.clone())));
    let clock = ManualClock::at(at(NOON));
    let stop = CancellationToken::new();
    let listen = Listen(bench.workshop.clone());
    let heard = async {
        let mut acknowledged = line.acknowledged.subscribe();
        acknowledged.wait_for(|count| *count == 2).await.unwrap();
        let all = duebell::model::Bucket::all();
        let kept = bench.store.unsettled_replies(&all, 10).await.unwrap();
        assert_eq!(kept.into_iter().map(|one| one.reply).collect::<Vec<_>>(), [reply]);
        settle(&bench, 0).await;
        stop.cancel();
    };
    tokio::join!(listen.keep(&clock, &stop), heard);
    assert_eq!(bench.states("P").await, ["submitting", "accepted", "delivered"]);
}
