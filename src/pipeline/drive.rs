//! Drives the stages: in a daemon by the clock, elsewhere step by step.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::clock::Clock;
use crate::model::{Bucket, Tenure};

use super::advise::Advise;
use super::assess::Assess;
use super::dispatch::Dispatch;
use super::listen::Listen;
use super::plan::Plan;
use super::retention::Retention;
use super::review::Review;
use super::schedule::Schedule;
use super::settle::Settle;
use super::sync::{Reading, Sync};
use super::tend::Tend;
use super::trial::Guard;
use super::{Stage, Workshop, planning_day};

/// How often receipts are looked for.
const POLL: Duration = Duration::from_secs(1);
/// How often dispatch looks for something due: more often than a provider's
/// bucket, which holds a second's worth, is full.
const SEND_POLL: Duration = Duration::from_millis(500);
/// How often advice is looked for.
const ADVISE_POLL: Duration = Duration::from_secs(5);
/// A third of the shortest watchdog that the unit is shipped with.
const ALIVE_EVERY: Duration = Duration::from_secs(20);
const HOUSEKEEPING: &str = "schedule:housekeeping";
const PLANNING: &str = "schedule:plan";

/// All stages over one workshop.
pub struct Stages {
    workshop: Workshop,
    sync: Sync,
    review: Review,
    assess: Assess,
    plan: Plan,
    dispatch: Dispatch,
    settle: Settle,
    tend: Tend,
    advise: Advise,
    retention: Retention,
    guard: Guard,
    /// Buckets in which nothing is open that others began.
    taken_over: Mutex<Option<Tenure>>,
    /// Buckets came to us, which nobody may have planned.
    gained: Notify,
}

/// What one round through the stages came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    pub read: usize,
    pub decided: usize,
    pub moved: usize,
}

impl Stages {
    pub fn new(workshop: Workshop) -> Stages {
        Stages {
            sync: Sync(workshop.clone()),
            review: Review(workshop.clone()),
            assess: Assess::new(workshop.clone()),
            plan: Plan::new(workshop.clone()),
            dispatch: Dispatch::new(workshop.clone()),
            settle: Settle(workshop.clone()),
            tend: Tend::new(workshop.clone()),
            advise: Advise(workshop.clone()),
            retention: Retention(workshop.clone()),
            guard: Guard(workshop.clone()),
            taken_over: Mutex::default(),
            gained: Notify::new(),
            workshop,
        }
    }

    /// Once, before the first round: settles what an earlier process left open.
    pub async fn recover(&self, now: Timestamp) -> anyhow::Result<()> {
        self.take_over(now).await?;
        self.tidy(now).await
    }

    /// Settles what those who had our buckets before us left open, once for
    /// each bucket that came to us.
    async fn take_over(&self, now: Timestamp) -> anyhow::Result<()> {
        let shift = self.workshop.shift();
        let mut settled = self.taken_over.lock().await;
        let gained = match &*settled {
            Some(settled) => shift.tenure().without(settled),
            None => shift.tenure().clone(),
        };
        if !gained.is_empty() {
            self.settle.recover(&gained, now).await?;
            // What we knew of them from before is not true any more.
            self.workshop.agenda.again(&gained.buckets().collect::<Vec<_>>());
            self.gained.notify_one();
        }
        *settled = Some(shift.tenure().clone());
        Ok(())
    }

    /// Receipts before deadlines: one that lay waiting while the daemon was
    /// down is not one that never came.
    async fn tidy(&self, now: Timestamp) -> anyhow::Result<()> {
        self.settle.run_once(now).await?;
        self.tend.run_once(now).await?;
        Ok(())
    }

    /// One round through all stages, in the order in which data travels.
    pub async fn round(&self, now: Timestamp) -> anyhow::Result<Round> {
        let read = self.sync.run_once(now).await?;
        self.tidy(now).await?;
        let decided = self.judge_and_plan(now).await?;
        let moved = self.send(now).await?;
        self.advise.run_once(now).await?;
        Ok(Round { read, decided, moved })
    }

    /// Sends what is due and takes in what providers say of it, until nothing
    /// moves any more: a fallback or a look-up may make something due at once.
    pub async fn send(&self, now: Timestamp) -> anyhow::Result<usize> {
        let mut moved = 0;
        loop {
            let sent = self.dispatch.run_once(now).await?;
            let settled = self.settle.run_once(now).await?;
            if sent + settled == 0 {
                return Ok(moved);
            }
            moved += sent;
        }
    }

    /// Once a night, by whoever reads the feeds: room for the months to come, an
    /// end to what is old, the count, and an end to experiments that do harm.
    /// What fails is told, and keeps nothing else from its turn.
    pub async fn keep_house(&self, now: Timestamp) {
        told("make room", &self.retention.make_room(now).await);
        told("forget", &self.retention.forget(now).await);
        told("count", &self.tend.count(now).await);
        told("guard", &self.guard.run_once(now).await);
    }

    /// The daemon: until `stop`, and then to the end of the batch that is under
    /// way. Reading and deciding go on while a batch is being sent.
    ///
    /// # Errors
    /// When a schedule cannot be read, or the store cannot be reached at the start.
    pub async fn run(
        &self,
        clock: Arc<dyn Clock>,
        stop: &CancellationToken,
        alive: impl Fn(),
    ) -> anyhow::Result<()> {
        let settings = &self.workshop.settings;
        let schedules = Schedules {
            plan: Schedule::parse(&settings.plan_at, &settings.plan_zone)?,
            housekeeping: Schedule::parse(&settings.housekeeping_at, &settings.housekeeping_zone)?,
        };
        let leases = &self.workshop.leases;
        leases.beat().await?;
        self.recover(clock.now()).await?;
        // Before anything is planned, or the first day finds no month of its own.
        told("make room", &self.retention.make_room(clock.now()).await);
        let listen = Listen(self.workshop.clone());
        let ended = CancellationToken::new();
        let work = async {
            tokio::join!(
                self.keep_deciding(clock.as_ref(), stop, &schedules),
                self.keep_sending(&clock, stop, alive),
                self.keep_settling(clock.as_ref(), stop),
                self.keep_advising(clock.as_ref(), stop),
                listen.keep(clock.as_ref(), stop),
            );
            ended.cancel();
        };
        tokio::join!(work, leases.keep(&ended));
        leases.leave().await
    }

    /// A failure is told, and tried again with the next round: a database that
    /// is away must not end the daemon.
    async fn keep_deciding(
        &self,
        clock: &dyn Clock,
        stop: &CancellationToken,
        schedules: &Schedules,
    ) {
        let every = Duration::from_secs(u64::from(self.workshop.settings.sync_every_s));
        let mut is_gain = false;
        while !stop.is_cancelled() {
            let now = clock.now();
            let read = self.sync.read(now, &Reading::until(stop)).await;
            told("sync", &read);
            told("tend", &self.tend.run_once(now).await);
            let is_planning_due = self.is_due(PLANNING, &schedules.plan, now).await;
            // Where another daemon reads the feeds, it touches our accounts too.
            let is_reader = self.workshop.shift().tenure().fence(Bucket::FIRST).is_some();
            if is_planning_due || is_gain || !is_reader || read.is_ok_and(|rows| rows > 0) {
                let planned = self.judge_and_plan(now).await;
                told("plan", &planned);
                if is_planning_due && let Ok(accounts) = planned {
                    self.fired(PLANNING, now).await;
                    info!(day = %planning_day(now), accounts, "planned");
                }
            } else {
                told("review", &self.review.run_once(now).await);
            }
            if is_reader && self.is_due(HOUSEKEEPING, &schedules.housekeeping, now).await {
                self.keep_house(now).await;
                self.fired(HOUSEKEEPING, now).await;
            }
            is_gain = tokio::select! {
                () = pause(stop, every) => false,
                () = self.gained.notified() => true,
            };
        }
    }

    /// Nobody is planned for whom nobody has judged: what changed would be
    /// forgotten with the plan, and the angry hear a demand. So it is with the
    /// cases that people decide about.
    async fn judge_and_plan(&self, now: Timestamp) -> anyhow::Result<usize> {
        self.review.run_once(now).await?;
        self.assess.run_once(now).await?;
        self.plan.run_once(now).await
    }

    async fn keep_settling(&self, clock: &dyn Clock, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            told("settle", &self.settle.run_once(clock.now()).await);
            pause(stop, POLL).await;
        }
    }

    /// Apart from all else: the billing system may let us wait.
    async fn keep_advising(&self, clock: &dyn Clock, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            told("advise", &self.advise.run_once(clock.now()).await);
            pause(stop, ADVISE_POLL).await;
        }
    }

    async fn keep_sending(
        &self,
        clock: &Arc<dyn Clock>,
        stop: &CancellationToken,
        alive: impl Fn(),
    ) {
        while !stop.is_cancelled() {
            alive();
            told("take over", &self.take_over(clock.now()).await);
            let sent = while_alive(self.dispatch.drain(clock.clone(), stop), &alive).await;
            told("dispatch", &sent);
            if sent.is_err() {
                // Marks may have become durable that nobody knows of, and
                // outcomes may not have: both are settled as after a start.
                *self.taken_over.lock().await = None;
            }
            if sent.is_ok_and(|moved| moved > 0) {
                continue;
            }
            pause(stop, SEND_POLL).await;
        }
    }

    /// Whether a schedule came since it was last followed. One that never was
    /// is due at once; several missed ones are one.
    async fn is_due(&self, name: &str, schedule: &Schedule, now: Timestamp) -> bool {
        match self.workshop.control.mark(name).await {
            Ok(Some(last)) => schedule.latest(last, now).is_some(),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    async fn fired(&self, name: &str, now: Timestamp) {
        told(
            "schedule",
            &self.workshop.control.set_marks(&[(name, now)]).await.map_err(anyhow::Error::from),
        );
    }
}

struct Schedules {
    plan: Schedule,
    housekeeping: Schedule,
}

/// Says that the loop is alive while a batch is under way: a slow provider
/// may take its time-outs for longer than the watchdog is patient.
async fn while_alive<T>(batch: impl Future<Output = T>, alive: impl Fn()) -> T {
    let mut batch = std::pin::pin!(batch);
    loop {
        tokio::select! {
            done = &mut batch => return done,
            () = tokio::time::sleep(ALIVE_EVERY) => alive(),
        }
    }
}

/// Waits, or stops waiting when the daemon is to stop.
async fn pause(stop: &CancellationToken, length: Duration) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(length) => {}
    }
}

fn told<T>(stage: &'static str, result: &anyhow::Result<T>) {
    if let Err(error) = result {
        error!(stage, "{error:#}");
    }
}
