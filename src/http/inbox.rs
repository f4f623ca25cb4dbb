//! Keeps what is posted in groups: what comes within a few milliseconds is made
//! durable by one commit. There is one inbox for receipts and one for replies.
//!
//! A commit costs a disk's flush however much is in it, so one for each
//! request would bound the whole by the disk. Requests wait in a queue for
//! their group; while one group is written, the next one gathers. The queue is
//! bounded: a store that is too slow, or away, shows at once at the door.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::error;

use crate::model::receipt::PostedReceipt;
use crate::model::reply::PostedReply;
use crate::store::{ReceiptStore, ReplyStore, StoreError};

/// How much is gathered.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Deliveries that may wait.
    pub waiting_max: usize,
    /// Postings in a group, beyond which no delivery is added to it.
    pub group_max: usize,
    /// How long a group waits for more, once it has one.
    pub gather: Duration,
    /// How long a delivery waits for its group; a store may hang.
    pub wait_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            waiting_max: 512,
            group_max: 1_000,
            gather: Duration::from_millis(2),
            wait_max: Duration::from_secs(10),
        }
    }
}

/// What an inbox keeps: its name, and the store that makes it durable.
#[async_trait]
pub trait Kept: Clone + Send + Sync + 'static {
    const WHAT: &'static str;
    type Store: Send + Sync + ?Sized + 'static;

    async fn keep(store: &Self::Store, posted: &[Self]) -> Result<(), StoreError>;
}

#[async_trait]
impl Kept for PostedReceipt {
    const WHAT: &'static str = "receipts";
    type Store = dyn ReceiptStore;

    async fn keep(store: &Self::Store, posted: &[Self]) -> Result<(), StoreError> {
        store.keep(posted).await
    }
}

#[async_trait]
impl Kept for PostedReply {
    const WHAT: &'static str = "replies";
    type Store = dyn ReplyStore;

    async fn keep(store: &Self::Store, posted: &[Self]) -> Result<(), StoreError> {
        store.keep_replies(posted).await
    }
}

/// Where postings of one kind are handed in.
pub struct Inbox<T> {
    queue: mpsc::Sender<Delivery<T>>,
    wait_max: Duration,
}

/// Why postings are not certainly kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    #[error("too much is waiting")]
    Busy,
    #[error("the store does not take it")]
    Away,
}

struct Delivery<T> {
    posted: Vec<T>,
    kept: oneshot::Sender<bool>,
}

impl<T: Kept> Inbox<T> {
    /// Starts the writer. It ends, all of its work done, once the inbox and
    /// whoever waits on it are gone.
    pub fn open(store: Arc<T::Store>, limits: Limits) -> Inbox<T> {
        let (queue, waiting) = mpsc::channel(limits.waiting_max);
        tokio::spawn(write(store, waiting, limits));
        Inbox { queue, wait_max: limits.wait_max }
    }

    /// Returns once all of these are durable.
    ///
    /// # Errors
    /// Where they may not be. They may be nevertheless; handing them in again
    /// does no harm.
    pub async fn keep(&self, posted: Vec<T>) -> Result<(), NotKept> {
        if posted.is_empty() {
            return Ok(());
        }
        let (kept, told) = oneshot::channel();
        self.queue.try_send(Delivery { posted, kept }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotKept::Busy,
            mpsc::error::TrySendError::Closed(_) => NotKept::Away,
        })?;
        match timeout(self.wait_max, told).await {
            Ok(Ok(true)) => Ok(()),
            _ => Err(NotKept::Away),
        }
    }
}

/// The writer: the only task that waits for commits, so that a request which
/// goes away never cuts one short.
async fn write<T: Kept>(
    store: Arc<T::Store>,
    mut waiting: mpsc::Receiver<Delivery<T>>,
    limits: Limits,
) {
    while let Some(first) = waiting.recv().await {
        let group = gathered(first, &mut waiting, limits).await;
        keep(&*store, group).await;
    }
}

/// A group that begins with `first`: what waits, and what comes in time.
async fn gathered<T>(
    first: Delivery<T>,
    waiting: &mut mpsc::Receiver<Delivery<T>>,
    limits: Limits,
) -> Vec<Delivery<T>> {
    let until = Instant::now() + limits.gather;
    let mut count = first.posted.len();
    let mut group = vec![first];
    while count < limits.group_max
        && let Ok(Some(next)) = timeout_at(until, waiting.recv()).await
    {
        count += next.posted.len();
        group.push(next);
    }
    group
}

/// Writes a group and tells everyone in it.
async fn keep<T: Kept>(store: &T::Store, group: Vec<Delivery<T>>) {
    let posted: Vec<T> =
        group.iter().flat_map(|delivery| delivery.posted.iter().cloned()).collect();
    let written = T::keep(store, &posted).await;
    if let Err(error) = &written {
        let reason = anyhow::Error::msg(error.to_string());
        error!(count = posted.len(), "could not keep {}: {reason:#}", T::WHAT);
    }
    // One that the store will never take must not keep out the others.
    let is_worth_parting = group.len() > 1
        && matches!(written, Err(StoreError::Statement { .. } | StoreError::Corrupt { .. }));
    for delivery in group {
        let is_kept = match is_worth_parting {
            true => T::keep(store, &delivery.posted).await.is_ok(),
            false => written.is_ok(),
        };
        // Whoever went away meanwhile needs no answer.
        let _ = delivery.kept.send(is_kept);
    }
}
