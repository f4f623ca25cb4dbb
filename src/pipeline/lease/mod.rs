//! Keeps the leases of this process: signs of life, what may be worked on, and
//! giving back what others are to have.
//!
//! Instants are of the monotonic clock, which no one sets. It runs on while
//! the process is stopped, so one that wakes up sees at once that its time is
//! over. It may stand still while the whole machine sleeps; a machine that
//! wakes up believes for a moment longer than it should, and its writes are
//! refused by their fence.

mod belief;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::model::lease::Heartbeat;
use crate::model::{Bucket, Owner, Tenure};
use crate::store::{Alone, LeaseStore};

pub use belief::{Belief, Change, believed_until};

/// Shorter leases lapse whenever a disk is slow.
const LENGTH_MIN_S: u32 = 5;
/// How often buckets that leave are looked at: whether work in them has ended.
const POLL: Duration = Duration::from_secs(1);

/// `[lease]`: how daemons on one PostgreSQL database share its buckets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Seconds after which the buckets of a daemon that fell silent go to others.
    pub length_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { length_s: 30 }
    }
}

impl Settings {
    /// Everything that makes these settings impossible, as (key, what is wrong and the mend).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        if self.length_s >= LENGTH_MIN_S {
            return Vec::new();
        }
        let what = format!(
            "is {}; use {LENGTH_MIN_S} or more, or buckets change hands at every hiccup",
            self.length_s
        );
        vec![("length_s", what)]
    }

    pub fn length(&self) -> Duration {
        Duration::from_secs(u64::from(self.length_s))
    }
}

/// The leases of this process.
pub struct Leases {
    store: Arc<dyn LeaseStore>,
    owner: Owner,
    length: Duration,
    state: Mutex<State>,
}

struct State {
    belief: Belief,
    /// What is being worked on, by those who do.
    shifts: Vec<Weak<Tenure>>,
    /// That the time ran out was told.
    is_told: bool,
}

/// A spell of work on buckets of ours. While it lives, none of them is given
/// back; so it must not live for long.
pub struct Shift {
    leases: Arc<Leases>,
    tenure: Arc<Tenure>,
}

impl Shift {
    /// The leases that it began under. Every write of its work shows them.
    pub fn tenure(&self) -> &Tenure {
        &self.tenure
    }

    /// Whether something may still be done for `bucket` that cannot be undone.
    /// Asked right before: the process may have been asleep since the last time.
    pub fn may_act(&self, bucket: Bucket, now: Instant) -> bool {
        let fence = self.tenure.fence(bucket);
        fence.is_some_and(|fence| self.leases.state().belief.is_ours(bucket, fence, now))
    }
}

impl Leases {
    /// A new owner, of nothing as yet.
    pub fn new(store: Arc<dyn LeaseStore>, length: Duration) -> Leases {
        let owner = Owner(rand::random());
        let state = State { belief: Belief::nothing(owner), shifts: Vec::new(), is_told: false };
        Leases { store, owner, length, state: Mutex::new(state) }
    }

    /// For one process with a database of its own: every bucket, for ever.
    pub fn alone() -> Leases {
        let leases = Leases::new(Arc::new(Alone), Duration::MAX);
        let alone = Heartbeat::alone(leases.owner);
        leases.state().belief.learn(alone, Instant::now());
        leases
    }

    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// Begins a spell of work on every bucket that may be worked on at `now`,
    /// which may be none.
    pub fn begin(self: &Arc<Self>, now: Instant) -> Shift {
        self.begin_with(|workable| workable, now)
    }

    /// The same on one bucket alone: the others may be given back while the
    /// shift lives.
    pub fn begin_on(self: &Arc<Self>, bucket: Bucket, now: Instant) -> Shift {
        let one = |held: Tenure| held.with(held.fence(bucket).map(|fence| (bucket, fence)));
        self.begin_with(one, now)
    }

    fn begin_with(self: &Arc<Self>, part: impl FnOnce(Tenure) -> Tenure, now: Instant) -> Shift {
        let mut state = self.state();
        state.tell_if_over(now);
        let tenure = Arc::new(part(state.belief.workable(now)));
        state.shifts.retain(|shift| shift.strong_count() > 0);
        state.shifts.push(Arc::downgrade(&tenure));
        drop(state);
        Shift { leases: self.clone(), tenure }
    }

    /// One sign of life, and all that follows from the answer.
    ///
    /// # Errors
    /// When the store cannot be reached. What is held is then believed in for
    /// as long as the last answer said.
    pub async fn beat(&self) -> anyhow::Result<()> {
        // Before the request leaves; see Belief::learn.
        let sent = Instant::now();
        let answer = self
            .store
            .heartbeat(self.owner, self.length)
            .await
            .context("could not renew the leases")?;
        self.learn(answer, sent);
        self.give_back().await
    }

    fn learn(&self, answer: Heartbeat, sent: Instant) {
        let (alive, held) = (answer.alive, answer.tenure.len());
        let mut state = self.state();
        let change = state.belief.learn(answer, sent);
        state.is_told = false;
        // The answer itself may have come too late.
        state.tell_if_over(Instant::now());
        drop(state);
        if let Some(first) = change.lost.buckets().next() {
            error!(
                buckets = change.lost.len(),
                first = first.number(),
                "buckets were lost: this process gave no sign of life for too long, and another \
                 took them over; what it still writes to them is refused"
            );
        }
        if !change.gained.is_empty() {
            info!(buckets = change.gained.len(), held, alive, "took over buckets");
        }
    }

    /// Releases the buckets that leave and in which no shift is at work.
    async fn give_back(&self) -> anyhow::Result<()> {
        let given = {
            let State { belief, shifts, .. } = &mut *self.state();
            let busy: Vec<Arc<Tenure>> = shifts.iter().filter_map(Weak::upgrade).collect();
            belief.give_back(|bucket| busy.iter().any(|shift| shift.fence(bucket).is_some()))
        };
        if given.is_empty() {
            return Ok(());
        }
        self.store.release(&given).await.context("could not release buckets")?;
        info!(buckets = given.len(), "gave buckets to another daemon");
        Ok(())
    }

    /// Gives signs of life until `ended`: to be cancelled when the last shift
    /// is over, not when the stop begins, for what is under way needs its lease.
    pub async fn keep(&self, ended: &CancellationToken) {
        let mut beat_at = Instant::now();
        while !ended.is_cancelled() {
            let now = Instant::now();
            let done = if now >= beat_at {
                let done = self.beat().await;
                // From the start of this one: a slow answer must not delay the next.
                beat_at = now + if done.is_ok() { self.length / 3 } else { self.length / 10 };
                done
            } else {
                self.give_back().await
            };
            if let Err(error) = done {
                error!(stage = "lease", "{error:#}");
            }
            let is_leaving = {
                let mut state = self.state();
                state.tell_if_over(Instant::now());
                state.belief.is_leaving()
            };
            let wait = beat_at.saturating_duration_since(Instant::now());
            let wait = if is_leaving { wait.min(POLL) } else { wait };
            tokio::select! {
                () = ended.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Gives everything back, at once free for others: the last thing before
    /// a clean end, when no shift is left.
    ///
    /// # Errors
    /// When the store cannot be reached; the leases then run out by themselves.
    pub async fn leave(&self) -> anyhow::Result<()> {
        self.state().belief = Belief::nothing(self.owner);
        self.store.release_all(self.owner).await.context("could not release the leases")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn tell_if_over(&mut self, now: Instant) {
        let held = self.belief.tenure().len();
        if held > 0 && self.belief.is_over(now) && !self.is_told {
            self.is_told = true;
            error!(
                buckets = held,
                "the leases ran out before they were renewed: nothing is begun or sent until \
                 the database answers"
            );
        }
    }
}
