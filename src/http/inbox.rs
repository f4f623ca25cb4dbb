//! Keeps receipts in groups: what comes within a few milliseconds is made
//! durable by one commit.
//!
//! A commit costs a disk's flush however much is in it, so one for each
//! request would bound the whole by the disk. Requests wait in a queue for
//! their group; while one group is written, the next one gathers. The queue is
//! bounded: a store that is too slow, or away, shows at once at the door.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::error;

use crate::model::receipt::PostedReceipt;
use crate::store::{ReceiptStore, StoreError};

/// How much is gathered.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Deliveries that may wait.
    pub waiting_max: usize,
    /// Receipts in a group, beyond which no delivery is added to it.
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

/// Where receipts are handed in.
pub struct Inbox {
    queue: mpsc::Sender<Delivery>,
    wait_max: Duration,
}

/// Why receipts are not certainly kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    #[error("too much is waiting")]
    Busy,
    #[error("the store does not take it")]
    Away,
}

struct Delivery {
    receipts: Vec<PostedReceipt>,
    kept: oneshot::Sender<bool>,
}

impl Inbox {
    /// Starts the writer. It ends, all of its work done, once the inbox and
    /// whoever waits on it are gone.
    pub fn open(store: Arc<dyn ReceiptStore>, limits: Limits) -> Inbox {
        let (queue, waiting) = mpsc::channel(limits.waiting_max);
        tokio::spawn(write(store, waiting, limits));
        Inbox { queue, wait_max: limits.wait_max }
    }

    /// Returns once all of these are durable.
    ///
    /// # Errors
    /// Where they may not be. They may be nevertheless; handing them in again
    /// does no harm.
    pub async fn keep(&self, receipts: Vec<PostedReceipt>) -> Result<(), NotKept> {
        if receipts.is_empty() {
            return Ok(());
        }
        let (kept, told) = oneshot::channel();
        self.queue.try_send(Delivery { receipts, kept }).map_err(|error| match error {
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
async fn write(
    store: Arc<dyn ReceiptStore>,
    mut waiting: mpsc::Receiver<Delivery>,
    limits: Limits,
) {
    while let Some(first) = waiting.recv().await {
        let group = gathered(first, &mut waiting, limits).await;
        keep(store.as_ref(), group).await;
    }
}

/// A group that begins with `first`: what waits, and what comes in time.
async fn gathered(
    first: Delivery,
    waiting: &mut mpsc::Receiver<Delivery>,
    limits: Limits,
) -> Vec<Delivery> {
    let until = Instant::now() + limits.gather;
    let mut count = first.receipts.len();
    let mut group = vec![first];
    while count < limits.group_max
        && let Ok(Some(next)) = timeout_at(until, waiting.recv()).await
    {
        count += next.receipts.len();
        group.push(next);
    }
    group
}

/// Writes a group and tells everyone in it.
async fn keep(store: &dyn ReceiptStore, mut group: Vec<Delivery>) {
    let receipts: Vec<PostedReceipt> =
        group.iter_mut().flat_map(|delivery| delivery.receipts.iter().cloned()).collect();
    let written = store.keep(&receipts).await;
    if let Err(error) = &written {
        let reason = anyhow::Error::msg(error.to_string());
        error!(receipts = receipts.len(), "could not keep receipts: {reason:#}");
    }
    // One that the store will never take must not keep out the others.
    let is_worth_parting = group.len() > 1
        && matches!(written, Err(StoreError::Statement { .. } | StoreError::Corrupt { .. }));
    for delivery in group {
        let is_kept = match is_worth_parting {
            true => store.keep(&delivery.receipts).await.is_ok(),
            false => written.is_ok(),
        };
        // Whoever went away meanwhile needs no answer.
        let _ = delivery.kept.send(is_kept);
    }
}
