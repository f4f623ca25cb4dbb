//! Appends outcomes in sets, and does not give up: what a provider has taken
//! must be known.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::model::reminder::Transition;
use crate::store::OutboxStore;

/// Outcomes to a set.
const SET: usize = 1_000;
/// The first outcome of a set waits no longer for others.
const LINGER: Duration = Duration::from_millis(50);
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// When the daemon is to stop, the store has this many tries.
const LAST_TRIES: u32 = 10;

/// Until the last sender is gone; the number of reminders recorded.
pub async fn work(
    outbox: Arc<dyn OutboxStore>,
    mut outcomes: Receiver<Transition>,
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
        append(outbox.as_ref(), &set, &stop).await?;
        recorded += set.len();
        set.clear();
    }
    Ok(recorded)
}

/// While the store is away nothing else is recorded either, the queue before
/// us fills up, and sending waits.
async fn append(
    outbox: &dyn OutboxStore,
    set: &[Transition],
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut last_tries = 0;
    loop {
        let error = match outbox.append(set).await {
            Ok(_) => return Ok(()),
            Err(error) => anyhow::Error::from(error),
        };
        error!(outcomes = set.len(), "could not record what was sent, and try again: {error:#}");
        if stop.is_cancelled() {
            last_tries += 1;
            if last_tries == LAST_TRIES {
                return Err(error.context("what was sent counts as unknown at the next start"));
            }
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}
