//! Appends outcomes in sets, and does not give up: what a provider has taken
//! must be known.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::model::lease::Fence;
use crate::model::reminder::Transition;
use crate::model::reply::PostedReply;
use crate::model::{Bucket, Tenure};
use crate::pipeline::lease::Shift;
use crate::store::{OutboxStore, ReplyStore, StoreError};

/// Outcomes to a set.
const SET: usize = 1_000;
/// The first outcome of a set waits no longer for others.
const LINGER: Duration = Duration::from_millis(50);
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// When the daemon is to stop, the store has this many tries.
const LAST_TRIES: u32 = 10;

/// What became of a reminder, and the spell of work that it belongs to, which
/// lives until it is recorded.
pub struct Outcome {
    pub transition: Transition,
    /// What the provider says of the address besides.
    pub said: Option<PostedReply>,
    pub shift: Arc<Shift>,
}

/// Until the last sender is gone; the number of reminders recorded.
pub async fn work(
    outbox: Arc<dyn OutboxStore>,
    replies: Arc<dyn ReplyStore>,
    mut outcomes: Receiver<Outcome>,
    stop: CancellationToken,
) -> anyhow::Result<usize> {
    let mut recorded = 0;
    let mut set = Vec::with_capacity(SET);
    while let Some(first) = outcomes.recv().await {
        set.push(first);
        let until = Instant::now() + LINGER;
        while set.len() < SET {
            match tokio::time::timeout_at(until, outcomes.recv()).await {
                Ok(Some(one)) => set.push(one),
                Ok(None) | Err(_) => break,
            }
        }
        let (tenure, mut transitions) = under_one_tenure(&set);
        append(outbox.as_ref(), &tenure, &mut transitions, &stop).await?;
        recorded += transitions.len();
        keep(replies.as_ref(), set.drain(..).filter_map(|one| one.said).collect()).await;
    }
    Ok(recorded)
}

/// What providers say of addresses is settled with what subscribers say. Where
/// it cannot be kept, the next refusal says it again.
async fn keep(replies: &dyn ReplyStore, said: Vec<PostedReply>) {
    if said.is_empty() {
        return;
    }
    if let Err(error) = replies.keep_replies(&said).await {
        let error = anyhow::Error::from(error);
        warn!("could not keep what a provider says of addresses: {error:#}");
    }
}

/// The leases under which a set was sent. A bucket that was lost and came back
/// within the set counts as it is now; what was sent before is another's to settle.
fn under_one_tenure(set: &[Outcome]) -> (Tenure, Vec<Transition>) {
    let mut fences: HashMap<Bucket, Fence> = HashMap::new();
    let fence = |one: &Outcome| {
        let bucket = one.transition.reminder.bucket();
        one.shift.tenure().fence(bucket).map(|fence| (bucket, fence))
    };
    for (bucket, fence) in set.iter().filter_map(fence) {
        let newest = fences.entry(bucket).or_insert(fence);
        *newest = fence.max(*newest);
    }
    let is_newest = |one: &&Outcome| {
        fence(one).is_some_and(|(bucket, fence)| fences.get(&bucket) == Some(&fence))
    };
    let transitions = set.iter().filter(is_newest).map(|one| one.transition.clone()).collect();
    (set[0].shift.tenure().with(fences), transitions)
}

/// While the store is away nothing else is recorded either, the queue before
/// us fills up, and sending waits.
async fn append(
    outbox: &dyn OutboxStore,
    tenure: &Tenure,
    transitions: &mut Vec<Transition>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut last_tries = 0;
    while !transitions.is_empty() {
        let error = match outbox.append(tenure, transitions).await {
            Ok(_) => return Ok(()),
            Err(StoreError::LeaseLost { bucket }) => {
                let before = transitions.len();
                transitions.retain(|transition| transition.reminder.bucket() != bucket);
                let lost = before - transitions.len();
                error!(
                    bucket = bucket.number(),
                    outcomes = lost,
                    "outcomes came too late: the bucket is another's, who settles them"
                );
                continue;
            }
            Err(error) => anyhow::Error::from(error),
        };
        let outcomes = transitions.len();
        error!(outcomes, "could not record what was sent, and try again: {error:#}");
        if stop.is_cancelled() {
            last_tries += 1;
            if last_tries == LAST_TRIES {
                return Err(error.context("what was sent counts as unknown at the next start"));
            }
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    Ok(())
}
