//! Dispatch: submits what is due, once each.
//!
//! ```text
//! read due, a page of buckets at a time
//!     -> judge: balances re-read at the source, gates, rendering
//!     -> submit: keys and SUBMITTING marks, one transaction for a batch
//!     -> send: many under way, over several workers
//!     -> record: outcomes appended in sets
//! ```
//!
//! The steps run side by side, joined by short queues: a slow provider or a
//! slow database slows what comes before it, and memory stays as it is. No
//! transaction is open while a provider is called.

mod pace;
mod record;
mod send;
mod verdict;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::clock::{Clock, ManualClock};
use crate::model::control::Control;
use crate::model::id::BUCKETS;
use crate::model::reminder::Transition;
use crate::model::{Bucket, ReminderId};
use crate::provider::{Delay, SendOutcome};
use crate::store::{DueReminder, Submission};

use self::pace::Pace;
use self::record::Outcome;
use self::verdict::Ready;
use super::gate::Gate;
use super::lease::Shift;
use super::{Stage, Workshop};

/// Buckets to a page before anybody knows how much is due in them.
const FIRST_PAGE: usize = 128;
/// Reading for this long, the flow runs dry and begins anew: with the retries
/// that came due, and with the buckets that another daemon left.
const PASS_FOR: Duration = Duration::from_secs(5);
/// Switches and feeds are looked at again after this long.
const GATE_FOR: Duration = Duration::from_millis(500);

/// Submits reminders whose moment has come.
#[derive(Clone)]
pub struct Dispatch {
    shop: Workshop,
    pace: Arc<Pace>,
    /// Buckets to a page, so that about a batch is due in them.
    per_page: Arc<AtomicUsize>,
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
        let (in_flight_max, batch_max) =
            (shop.settings.in_flight_max, shop.settings.dispatch_batch);
        let pace = Arc::new(Pace::new(in_flight_max as usize, batch_max as usize));
        Dispatch { shop, pace, per_page: Arc::new(AtomicUsize::new(FIRST_PAGE)) }
    }

    /// Submits all that is due, or what can be until `stop`; what is submitted
    /// is always finished and recorded. Gives the number of reminders moved.
    pub async fn drain(
        &self,
        clock: Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> anyhow::Result<usize> {
        let now = clock.now();
        let Workshop { outbox, agenda, settings, .. } = &self.shop;
        let shift = Arc::new(self.shop.shift());
        let held: Vec<Bucket> = shift.tenure().buckets().collect();
        let due = outbox.retries(&held, now, settings.dispatch_batch).await?;
        let buckets = agenda.due(held, now);
        if due.is_empty() && buckets.is_empty() {
            return Ok(0);
        }
        self.flow(Page { due, shift }, buckets, clock, stop).await
    }

    async fn flow(
        &self,
        first: Page,
        buckets: Vec<Bucket>,
        clock: Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> anyhow::Result<usize> {
        let settings = &self.shop.settings;
        // Cancelled as well when something holds all sending back.
        let stop = stop.child_token();
        let batch = settings.dispatch_batch as usize;
        let (pages_in, pages) = channel::<Page>(1);
        let (outcomes_in, outcomes) = channel::<Outcome>(2 * batch);
        let mut tasks: JoinSet<anyhow::Result<usize>> = JoinSet::new();

        let workers = settings.workers();
        let in_flight = (settings.in_flight_max as usize).div_ceil(workers);
        let mut senders = Vec::with_capacity(workers);
        for _ in 0..workers {
            let (ready_in, ready) = channel::<Marked>(batch);
            senders.push(ready_in);
            let sending = Sending { dispatch: self.clone(), in_flight };
            tasks.spawn(sending.work(ready, outcomes_in.clone()));
        }
        tasks.spawn(self.clone().read(first, buckets, clock.clone(), stop.clone(), pages_in));
        let submitting =
            Submitting { dispatch: self.clone(), clock, stop: stop.clone(), seen: None };
        tasks.spawn(submitting.work(pages, senders, outcomes_in));
        tasks.spawn(record::work(self.shop.outbox.clone(), outcomes, stop));

        self.pace.begin();
        let (mut moved, mut failure) = (0, None);
        while let Some(done) = tasks.join_next().await {
            match done? {
                Ok(count) => moved += count,
                Err(error) => failure = Some(error),
            }
        }
        self.pace.end();
        failure.map_or(Ok(moved), Err)
    }

    /// Reads what is due, bucket after bucket. A page that was cut by the
    /// limit goes on after its last reminder.
    async fn read(
        self,
        first: Page,
        buckets: Vec<Bucket>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
        pages: Sender<Page>,
    ) -> anyhow::Result<usize> {
        let Workshop { outbox, agenda, settings, .. } = &self.shop;
        let batch = settings.dispatch_batch as usize;
        if !first.due.is_empty() && pages.send(first).await.is_err() {
            return Ok(0);
        }
        let (mut left, mut looked) = (buckets.as_slice(), 0);
        let mut after: Option<ReminderId> = None;
        let began = Instant::now();
        while !left.is_empty() && !stop.is_cancelled() && began.elapsed() < PASS_FOR {
            let count = self.per_page.load(Ordering::Relaxed).min(left.len());
            let now = clock.now();
            agenda.look(&left[looked.min(count)..count], now);
            looked = looked.max(count);
            let shift = Arc::new(self.shop.shift());
            let held = |bucket: &&Bucket| shift.tenure().fence(**bucket).is_some();
            let page: Vec<Bucket> = left[..count].iter().filter(held).copied().collect();
            let due = outbox.due(&page, after, now, settings.dispatch_batch).await?;
            after = due.last().filter(|_| due.len() == batch).map(|last| last.reminder.id);
            // Of a page that was cut, the last bucket goes on; those before it
            // were as many as make a page.
            let through = |last: ReminderId| left.iter().position(|it| *it == last.bucket());
            let done = after.map_or(count, |last| through(last).unwrap_or(count));
            let per_page = match (after, (count * batch).checked_div(due.len() * 2)) {
                (Some(_), _) => done.max(1),
                (None, Some(wanted)) => wanted,
                (None, None) => count * 2,
            };
            self.per_page.store(per_page.clamp(1, usize::from(BUCKETS)), Ordering::Relaxed);
            (left, looked) = (&left[done..], looked - done);
            if !due.is_empty() && pages.send(Page { due, shift }).await.is_err() {
                break;
            }
        }
        agenda.again(left);
        Ok(0)
    }
}

/// The middle of the flow: judges a batch and marks what may leave.
struct Submitting {
    dispatch: Dispatch,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    /// The switches and the gate, and until when they count.
    seen: Option<(Control, Gate, tokio::time::Instant)>,
}

impl Submitting {
    async fn work(
        mut self,
        mut pages: Receiver<Page>,
        senders: Vec<Sender<Marked>>,
        outcomes: Sender<Outcome>,
    ) -> anyhow::Result<usize> {
        let (mut turn, mut submitted, mut not_sent) = (0, 0, 0);
        while let Some(Page { mut due, shift }) = pages.recv().await {
            while !due.is_empty() && !self.stop.is_cancelled() {
                // No more is marked than leaves soon: a balance that was read
                // must not grow old, and what a crash leaves in doubt is little.
                let room = self.dispatch.pace.room().await;
                let batch = due.drain(..room.min(due.len())).collect();
                let (marked, ended) = match self.submit(batch, &shift).await {
                    Ok(done) => done,
                    Err(error) => {
                        // What was read and not marked is read again.
                        self.dispatch.shop.agenda.again(&Bucket::all());
                        return Err(error);
                    }
                };
                (submitted, not_sent) = (submitted + marked.len(), not_sent + ended.len());
                for transition in ended {
                    outcomes.send(Outcome { transition, shift: shift.clone() }).await?;
                }
                for marked in marked {
                    turn = (turn + 1) % senders.len();
                    senders[turn].send(marked).await?;
                }
            }
            self.again(&due);
        }
        info!(submitted, not_sent, "sent what was due");
        Ok(0)
    }

    /// Judges one batch and takes the keys of what may leave.
    async fn submit(
        &mut self,
        mut batch: Vec<DueReminder>,
        shift: &Arc<Shift>,
    ) -> anyhow::Result<(Vec<Marked>, Vec<Transition>)> {
        let now = self.clock.now();
        // Whoever slept since the page was read may have lost its buckets.
        batch.retain(|due| shift.may_act(due.reminder.bucket(), Instant::now()));
        let Some(control) = self.control(now).await? else {
            self.again(&batch);
            return Ok((Vec::new(), Vec::new()));
        };
        let (ready, ended) = self.dispatch.judge(batch, &control, now).await?;
        let (ready, submissions): (Vec<Ready>, Vec<Submission>) = ready.into_iter().unzip();
        let outbox = &self.dispatch.shop.outbox;
        let won = outbox.submit(shift.tenure(), &submissions, now).await?;
        let won: HashSet<ReminderId> = won.into_iter().collect();
        let marked: Vec<Marked> = ready
            .into_iter()
            .zip(submissions)
            .filter(|(_, submission)| won.contains(&submission.reminder))
            .map(|(ready, Submission { mark, .. })| {
                let shift = shift.clone();
                Marked { ready, mark, at: now, shift }
            })
            .collect();
        self.dispatch.pace.marked(marked.len());
        Ok((marked, ended))
    }

    /// These are to be read again.
    fn again(&self, due: &[DueReminder]) {
        let buckets: Vec<Bucket> = due.iter().map(|due| due.reminder.bucket()).collect();
        self.dispatch.shop.agenda.again(&buckets);
    }

    /// The switches, where nothing holds sending back.
    async fn control(&mut self, now: Timestamp) -> anyhow::Result<Option<Control>> {
        let is_fresh = |until: tokio::time::Instant| tokio::time::Instant::now() < until;
        if self.seen.as_ref().is_none_or(|(_, _, until)| !is_fresh(*until)) {
            let shop = &self.dispatch.shop;
            let control = shop.control.control().await?;
            let gate = Gate::at(shop, &control, now).await?;
            if gate != Gate::Open {
                warn!("reminders are waiting: {}", gate.words());
                self.stop.cancel();
            }
            self.seen = Some((control, gate, tokio::time::Instant::now() + GATE_FOR));
        }
        let open = self.seen.as_ref().filter(|(_, gate, _)| *gate == Gate::Open);
        Ok(open.map(|(control, _, _)| control.clone()))
    }
}

/// A worker that has its share of attempts under way.
struct Sending {
    dispatch: Dispatch,
    in_flight: usize,
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
        let dispatch = &self.dispatch;
        let attempts = marked.map(|one| dispatch.attempt(one)).buffer_unordered(self.in_flight);
        let mut attempts = std::pin::pin!(attempts);
        while let Some(outcome) = attempts.next().await {
            dispatch.pace.done();
            outcomes.send(outcome).await?;
        }
        Ok(0)
    }
}

impl Dispatch {
    /// Where the bucket may be another's by now, nothing is sent. That is
    /// recorded like any outcome: if the lease was lost indeed, it comes too
    /// late, and whoever has the bucket has settled the mark; if our own sign
    /// of life was only late, the lease goes on, and nobody else would.
    async fn attempt(&self, marked: Marked) -> Outcome {
        let Marked { ready, mark, at, shift } = marked;
        let bucket = mark.reminder.bucket();
        let transition = if shift.may_act(bucket, Instant::now()) {
            self.send(ready, mark, at).await
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
            self.follow(ready, mark, outcome, at)
        };
        Outcome { transition, shift }
    }
}
