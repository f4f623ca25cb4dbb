//! Dispatch: submits what is due, once each.
//!
//! ```text
//! read due, a page of buckets at a time
//!     -> line: who may leave now, by rate, room and health of the providers
//!     -> judge: balances re-read at the source, gates, rendering
//!     -> submit: keys and SUBMITTING marks, one transaction for a batch
//!     -> send: many under way, over several workers
//!     -> record: outcomes appended in sets
//! ```
//!
//! The steps run side by side, joined by short queues: a slow database slows
//! what comes before it, and memory stays as it is. A slow provider slows what
//! is its own. No transaction is open while a provider is called.

mod line;
mod read;
mod record;
mod send;
mod submit;
mod verdict;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use async_trait::async_trait;
use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::clock::{Clock, ManualClock};
use crate::model::Bucket;
use crate::model::reminder::Transition;
use crate::provider::{Delay, SendOutcome};
use crate::store::DueReminder;

use self::read::{Reading, Round};
use self::record::Outcome;
use self::submit::Submitting;
use self::verdict::Ready;
use super::brake::Brake;
use super::lease::Shift;
use super::{Stage, Workshop};

/// Buckets to a page before anybody knows how much is due in them.
const FIRST_PAGE: usize = 128;

/// Submits reminders whose moment has come.
#[derive(Clone)]
pub struct Dispatch {
    shop: Workshop,
    /// When it was last said that every provider of somebody fails.
    told_at: Arc<Mutex<Option<Timestamp>>>,
    /// Buckets to a page, so that about a batch is due in them.
    per_page: Arc<AtomicUsize>,
    brake: Arc<Brake>,
}

#[async_trait]
impl Stage for Dispatch {
    fn name(&self) -> &'static str {
        "dispatch"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        self.drain(Arc::new(ManualClock::at(now)), &CancellationToken::new()).await
    }
}

/// Due reminders, and the spell of work in which they were read.
struct Page {
    due: Vec<DueReminder>,
    shift: Arc<Shift>,
}

/// What may leave: marked as submitting at that moment, in that spell of work.
struct Marked {
    ready: Ready,
    mark: Transition,
    at: Timestamp,
    shift: Arc<Shift>,
}

impl Dispatch {
    pub fn new(shop: Workshop) -> Dispatch {
        let per_page = Arc::new(AtomicUsize::new(FIRST_PAGE));
        Dispatch { shop, told_at: Arc::default(), per_page, brake: Arc::default() }
    }

    /// Submits all that is due, or what can be until `stop`; what is submitted
    /// is always finished and recorded. Gives the number of reminders moved.
    pub async fn drain(
        &self,
        clock: Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> anyhow::Result<usize> {
        let Some(first) = Round::begin(&self.shop, clock.now()).await? else { return Ok(0) };
        // Cancelled as well when something holds all sending back.
        let stop = stop.child_token();
        let batch = self.shop.settings.dispatch_batch as usize;
        let (pages_in, pages) = channel(1);
        let (outcomes_in, outcomes) = channel::<Outcome>(2 * batch);
        let mut tasks: JoinSet<anyhow::Result<usize>> = JoinSet::new();

        let mut senders = Vec::new();
        for _ in 0..self.shop.settings.workers() {
            let (ready_in, ready) = channel::<Marked>(batch);
            senders.push(ready_in);
            let sending = Sending { dispatch: self.clone(), clock: clock.clone() };
            tasks.spawn(sending.work(ready, outcomes_in.clone()));
        }
        let reading = Reading { dispatch: self.clone(), clock: clock.clone(), stop: stop.clone() };
        tasks.spawn(reading.work(first, pages_in));
        let submitting = Submitting::new(self.clone(), clock, stop.clone());
        tasks.spawn(submitting.work(pages, senders, outcomes_in));
        let Workshop { outbox, replies, .. } = self.shop.clone();
        tasks.spawn(record::work(outbox, replies, outcomes, stop));

        let (mut moved, mut failure) = (0, None);
        while let Some(done) = tasks.join_next().await {
            match done? {
                Ok(count) => moved += count,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(moved), Err)
    }
}

/// A worker that has its share of attempts under way.
struct Sending {
    dispatch: Dispatch,
    clock: Arc<dyn Clock>,
}

impl Sending {
    async fn work(
        self,
        marked: Receiver<Marked>,
        outcomes: Sender<Outcome>,
    ) -> anyhow::Result<usize> {
        let marked = futures_util::stream::unfold(marked, async |mut marked| {
            marked.recv().await.map(|one| (one, marked))
        });
        // How many there may be is the providers' own, and was seen to before
        // they were marked.
        let attempts = marked.map(|one| self.attempt(one)).buffer_unordered(usize::MAX);
        let mut attempts = std::pin::pin!(attempts);
        while let Some(outcome) = attempts.next().await {
            outcomes.send(outcome).await?;
        }
        Ok(0)
    }

    /// Where the bucket may be another's by now, nothing is sent. That is
    /// recorded like any outcome: if the lease was lost indeed, it comes too
    /// late, and whoever has the bucket has settled the mark; if our own sign
    /// of life was only late, the lease goes on, and nobody else would.
    async fn attempt(&self, marked: Marked) -> Outcome {
        let Marked { mut ready, mark, at, shift } = marked;
        let bucket = mark.reminder.bucket();
        let (transition, said) = if shift.may_act(bucket, Instant::now()) {
            let outcome = ready.pass.send(&ready.outgoing, at).await;
            if ready.pass.learn(&outcome, self.clock.now()) {
                // Whoever was turned away has another way now, or has it back.
                self.dispatch.shop.agenda.again(&Bucket::all());
            }
            let said = Dispatch::said(&ready, &outcome, at);
            (self.dispatch.follow(ready, mark, outcome, at), said)
        } else {
            error!(
                bucket = bucket.number(),
                "a reminder was marked and not sent: its bucket may be another's by now"
            );
            let outcome = SendOutcome::Deferred {
                because: Delay::Throttled,
                wait: None,
                note: "the lease was in doubt".to_owned(),
            };
            (self.dispatch.follow(ready, mark, outcome, at), None)
        };
        Outcome { transition, said, shift }
    }
}
