//! Two processes, a database and the time, small enough to be searched whole.
//!
//! The processes believe by the code that the daemon runs ([`Belief`]). The
//! database is what the lease statements do, in a few lines. Requests, their
//! effect and their answers are separate steps, so that anything may come
//! between them. To be asleep is to take no step while time passes.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use super::{Belief, believed_until};
use crate::model::lease::{Fence, Heartbeat, fair_share};
use crate::model::{Bucket, Owner, Tenure};

const TICK: Duration = Duration::from_secs(1);
/// Believed in for less, by the margin.
pub const LENGTH: Duration = TICK;
/// Longer than any lease or presence.
const SILENCE: Duration = Duration::from_secs(9);

/// What the world is like, and which part of the protocol is left out.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub buckets: u16,
    /// Crashes and lost connections in one story.
    pub mishaps: u8,
    /// Whether connections are lost and the database's clock is set forward.
    /// Then two may believe at once, and the fence alone keeps them apart.
    pub is_rough: bool,
    pub mistake: Option<Mistake>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// A change of state is written without holding the lease.
    WritesWithoutHolding,
    /// A lease is counted from when the answer came.
    CountsFromTheAnswer,
    /// A bucket changes hands under the same fence.
    FenceStandsStill,
    /// What is released goes on being believed in.
    BelievesWhatItReleased,
    /// A lease that lapsed is never taken.
    NeverTakes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Tick,
    DatabaseClockJumps,
    Ask(usize),
    Arrive(usize),
    Hear(usize),
    Release(usize),
    Begin(usize, Bucket),
    Commit(usize),
    Crash(usize),
    LoseConnection(usize),
    StrayArrives(usize),
}

impl Step {
    /// Whether it changes what comes of it all after a silence: that is for
    /// the database to say, for every belief is over by then.
    pub fn changes_the_outlook(self) -> bool {
        matches!(self, Step::Arrive(_) | Step::StrayArrives(_) | Step::Crash(_))
    }
}

#[derive(Debug, Clone, Copy)]
struct Row {
    owner: Option<Owner>,
    fence: Fence,
    expires_at: Instant,
}

#[derive(Debug, Clone)]
struct Database {
    rows: Vec<Row>,
    seen_until: BTreeMap<Owner, Instant>,
}

/// What is on its way between a process and the database.
#[derive(Debug, Clone)]
enum Wire {
    Idle,
    Asked { sent: Instant },
    Answered { sent: Instant, answer: Heartbeat },
    Releasing(Tenure),
}

/// What reaches the database when nobody waits for it any more.
#[derive(Debug, Clone)]
enum Stray {
    Heartbeat(Owner),
    Release(Tenure),
    Commit(Work),
}

#[derive(Debug, Clone, Copy)]
struct Work {
    owner: Owner,
    bucket: Bucket,
    fence: Fence,
}

#[derive(Debug, Clone)]
struct Process {
    owner: Owner,
    belief: Belief,
    wire: Wire,
    work: Option<Work>,
}

#[derive(Debug, Clone)]
pub struct World {
    now: Instant,
    ahead: Duration,
    mishaps: u8,
    database: Database,
    processes: [Process; 2],
    strays: Vec<Stray>,
    /// For each bucket, under whose lease it was last written to.
    written: Vec<Option<(Fence, Owner)>>,
}

impl Database {
    /// The statements announce_daemon, renew_leases, count_daemons and take_leases.
    fn heartbeat(&mut self, owner: Owner, now: Instant, rules: &Rules) -> Heartbeat {
        self.seen_until.retain(|_, until| *until >= now);
        self.seen_until.insert(owner, now + LENGTH);
        let (mut held, mut free) = (Vec::new(), Vec::new());
        for (number, row) in self.rows.iter_mut().enumerate() {
            if row.owner == Some(owner) {
                row.expires_at = now + LENGTH;
                held.push(number);
            } else if row.owner.is_none() || row.expires_at < now {
                free.push(number);
            }
        }
        let alive = self.seen_until.len() as u32;
        let share = fair_share(rules.buckets, alive);
        let wanted = match rules.mistake {
            Some(Mistake::NeverTakes) if held.is_empty() && self.rows[0].owner.is_some() => 0,
            _ => share.saturating_sub(held.len()),
        };
        let step = i64::from(rules.mistake != Some(Mistake::FenceStandsStill));
        for number in free.into_iter().take(wanted) {
            let fence = Fence(self.rows[number].fence.0 + step);
            self.rows[number] = Row { owner: Some(owner), fence, expires_at: now + LENGTH };
            held.push(number);
        }
        let lease = |number: usize| (Bucket::from_number(number as i64), self.rows[number].fence);
        let tenure = Tenure::new(owner, held.into_iter().map(lease));
        Heartbeat { tenure, alive, share, lasts: Some(LENGTH) }
    }

    /// The statement release_leases.
    fn release(&mut self, leases: &Tenure) {
        for (bucket, fence) in leases.iter() {
            let row = &mut self.rows[usize::from(bucket.number())];
            if row.owner == Some(leases.owner()) && row.fence == fence {
                row.owner = None;
            }
        }
    }

    /// The statement hold_leases.
    fn holds(&self, work: Work) -> bool {
        let row = self.rows[usize::from(work.bucket.number())];
        row.owner == Some(work.owner) && row.fence == work.fence
    }
}

impl Process {
    fn born(owner: Owner) -> Process {
        Process { owner, belief: Belief::nothing(owner), wire: Wire::Idle, work: None }
    }

    fn is_busy(&self, bucket: Bucket) -> bool {
        self.work.is_some_and(|work| work.bucket == bucket)
    }
}

impl World {
    pub fn new(now: Instant, rules: &Rules) -> World {
        let free = Row { owner: None, fence: Fence(0), expires_at: now };
        let rows = vec![free; usize::from(rules.buckets)];
        World {
            now,
            ahead: Duration::ZERO,
            mishaps: 0,
            written: vec![None; rows.len()],
            database: Database { rows, seen_until: BTreeMap::new() },
            processes: [Process::born(Owner(1)), Process::born(Owner(2))],
            strays: Vec::new(),
        }
    }

    /// Everything that may happen next.
    pub fn steps(&self, rules: &Rules) -> Vec<Step> {
        let mut steps = vec![Step::Tick];
        if rules.is_rough && self.ahead.is_zero() {
            steps.push(Step::DatabaseClockJumps);
        }
        for (index, process) in self.processes.iter().enumerate() {
            match process.wire {
                Wire::Idle => {
                    steps.push(Step::Ask(index));
                    if process.belief.is_leaving() {
                        steps.push(Step::Release(index));
                    }
                }
                Wire::Asked { .. } | Wire::Releasing(_) => steps.push(Step::Arrive(index)),
                Wire::Answered { .. } => steps.push(Step::Hear(index)),
            }
            match process.work {
                Some(_) => steps.push(Step::Commit(index)),
                None => {
                    let open = process.belief.workable(self.now);
                    // The last bucket is the one that leaves; work in others adds nothing.
                    let last = Bucket::from_number(i64::from(rules.buckets) - 1);
                    if open.fence(last).is_some() {
                        steps.push(Step::Begin(index, last));
                    }
                }
            }
            if self.mishaps < rules.mishaps {
                steps.push(Step::Crash(index));
                if rules.is_rough && !matches!(process.wire, Wire::Idle) {
                    steps.push(Step::LoseConnection(index));
                }
            }
        }
        steps.extend((0..self.strays.len()).map(Step::StrayArrives));
        steps
    }

    /// Takes a step.
    ///
    /// # Errors
    /// The promise that it broke.
    pub fn take(&mut self, step: Step, rules: &Rules) -> Result<(), &'static str> {
        match step {
            Step::Tick => self.now += TICK,
            Step::DatabaseClockJumps => self.ahead = TICK,
            Step::Ask(index) => self.processes[index].wire = Wire::Asked { sent: self.now },
            Step::Arrive(index) => self.arrive(index, rules),
            Step::Hear(index) => self.hear(index, rules),
            Step::Release(index) => self.release(index, rules),
            Step::Begin(index, bucket) => {
                let process = &mut self.processes[index];
                let fence = process.belief.tenure().fence(bucket);
                let owner = process.owner;
                process.work = fence.map(|fence| Work { owner, bucket, fence });
            }
            Step::Commit(index) => {
                if let Some(work) = self.processes[index].work.take() {
                    self.commit(work, rules)?;
                }
            }
            Step::Crash(index) => {
                self.lose_connection(index);
                let owner = Owner(self.processes[index].owner.0 + 2);
                let dead = std::mem::replace(&mut self.processes[index], Process::born(owner));
                self.strays.extend(dead.work.map(Stray::Commit));
            }
            Step::LoseConnection(index) => self.lose_connection(index),
            Step::StrayArrives(index) => match self.strays.swap_remove(index) {
                Stray::Heartbeat(owner) => {
                    self.database.heartbeat(owner, self.now + self.ahead, rules);
                }
                Stray::Release(leases) => self.database.release(&leases),
                Stray::Commit(work) => self.commit(work, rules)?,
            },
        }
        self.check_beliefs(rules)
    }

    fn arrive(&mut self, index: usize, rules: &Rules) {
        let process = &mut self.processes[index];
        process.wire = match std::mem::replace(&mut process.wire, Wire::Idle) {
            Wire::Asked { sent } => {
                let now = self.now + self.ahead;
                Wire::Answered { sent, answer: self.database.heartbeat(process.owner, now, rules) }
            }
            Wire::Releasing(leases) => {
                self.database.release(&leases);
                Wire::Idle
            }
            other => other,
        };
    }

    fn hear(&mut self, index: usize, rules: &Rules) {
        let process = &mut self.processes[index];
        if let Wire::Answered { sent, answer } = std::mem::replace(&mut process.wire, Wire::Idle) {
            let is_mistaken = rules.mistake == Some(Mistake::CountsFromTheAnswer);
            process.belief.learn(answer, if is_mistaken { self.now } else { sent });
        }
    }

    fn release(&mut self, index: usize, rules: &Rules) {
        let process = &mut self.processes[index];
        let before = process.belief.clone();
        let busy = process.clone();
        let given = process.belief.give_back(|bucket| busy.is_busy(bucket));
        if rules.mistake == Some(Mistake::BelievesWhatItReleased) {
            process.belief = before;
        }
        if !given.is_empty() {
            process.wire = Wire::Releasing(given);
        }
    }

    /// The request may arrive all the same, later.
    fn lose_connection(&mut self, index: usize) {
        self.mishaps += 1;
        let process = &mut self.processes[index];
        match std::mem::replace(&mut process.wire, Wire::Idle) {
            Wire::Asked { .. } => self.strays.push(Stray::Heartbeat(process.owner)),
            Wire::Releasing(leases) => self.strays.push(Stray::Release(leases)),
            Wire::Answered { .. } | Wire::Idle => {}
        }
    }

    /// One transaction: hold the lease, write.
    fn commit(&mut self, work: Work, rules: &Rules) -> Result<(), &'static str> {
        let is_held = self.database.holds(work);
        if !is_held && rules.mistake != Some(Mistake::WritesWithoutHolding) {
            return Ok(());
        }
        let last = &mut self.written[usize::from(work.bucket.number())];
        match *last {
            Some((fence, _)) if fence > work.fence => return Err("an older fence wrote after"),
            Some((fence, owner)) if fence == work.fence && owner != work.owner => {
                return Err("two owners wrote under one fence");
            }
            _ => {}
        }
        *last = Some((work.fence, work.owner));
        Ok(())
    }

    /// Where connections hold and clocks are not set, two never even believe.
    fn check_beliefs(&self, rules: &Rules) -> Result<(), &'static str> {
        let [one, other] = &self.processes;
        let believe = |process: &Process, bucket| {
            let fence = process.belief.tenure().fence(bucket);
            fence.is_some_and(|fence| process.belief.is_ours(bucket, fence, self.now))
        };
        let both = |bucket| believe(one, bucket) && believe(other, bucket);
        if !rules.is_rough && one.belief.tenure().buckets().any(both) {
            return Err("two believe in one bucket");
        }
        Ok(())
    }

    /// What decides how the story goes on: two worlds that look alike here
    /// have the same future. Times are counted from now, and of a fence it
    /// only matters whether it is still the one in force, for one that is not
    /// never will be; so there are finitely many views, however long the story.
    pub fn view(&self, rules: &Rules) -> impl Hash {
        let database_now = self.now + self.ahead;
        let row = |(row, written): (&Row, &Option<(Fence, Owner)>)| {
            let written = written.map(|(fence, owner)| (fence.cmp(&row.fence), owner));
            (row.owner.map(|owner| (owner, left(row.expires_at, database_now))), written)
        };
        let rows: Vec<_> = self.database.rows.iter().zip(&self.written).map(row).collect();
        // With one bucket every share is one, and presence decides nothing.
        let present = |(owner, until): (&Owner, &Instant)| (*owner, left(*until, database_now));
        let seen: Vec<_> = match rules.buckets {
            1 => Vec::new(),
            _ => self.database.seen_until.iter().map(present).filter(|it| it.1 > 0).collect(),
        };
        let mut strays: Vec<_> = self.strays.iter().filter_map(|it| self.stray_view(it)).collect();
        strays.sort_unstable();
        let processes = self.processes.each_ref().map(|it| self.process_view(it, rules));
        (rows, processes, seen, strays, self.ahead, self.mishaps)
    }

    fn process_view(&self, process: &Process, rules: &Rules) -> impl Hash + use<> {
        let belief = &process.belief;
        // What is over is never looked at again: the next answer replaces it.
        // A mistake may look all the same.
        let is_forgotten = |is_over: bool| is_over && rules.mistake.is_none();
        let is_over = belief.is_over(self.now);
        let is_over_soon = belief.is_over(self.now + TICK);
        let held = match is_forgotten(is_over) {
            true => Vec::new(),
            false => self.held(belief.tenure()),
        };
        let leaving = self.held(&belief.clone().give_back(|_| false));
        let wire = match &process.wire {
            Wire::Idle => (0, false, Vec::new(), 0),
            Wire::Asked { sent } => (1, self.is_late(*sent), Vec::new(), 0),
            Wire::Answered { sent, answer } => {
                let is_late = self.is_late(*sent);
                let held = match is_forgotten(is_late) && answer.tenure.len() <= answer.share {
                    true => Vec::new(),
                    false => self.held(&answer.tenure),
                };
                (2, is_late, held, answer.share)
            }
            Wire::Releasing(leases) => (3, false, self.held(leases), 0),
        };
        let work = process.work.map(|work| (work.bucket, self.database.holds(work)));
        (process.owner, held, leaving, (is_over, is_over_soon), wire, work)
    }

    /// What a stray may still do; `None` when that is nothing.
    fn stray_view(&self, stray: &Stray) -> Option<(u8, Owner, Vec<Bucket>)> {
        match stray {
            Stray::Heartbeat(owner) => Some((0, *owner, Vec::new())),
            Stray::Release(leases) => {
                let held = self.held(leases).into_iter().filter(|it| it.1).map(|it| it.0);
                let held: Vec<_> = held.collect();
                (!held.is_empty()).then(|| (1, leases.owner(), held))
            }
            Stray::Commit(work) => {
                self.database.holds(*work).then(|| (2, work.owner, vec![work.bucket]))
            }
        }
    }

    /// Buckets, and whether each is still held at the database.
    fn held(&self, tenure: &Tenure) -> Vec<(Bucket, bool)> {
        let owner = tenure.owner();
        let lease = |(bucket, fence)| (bucket, self.database.holds(Work { owner, bucket, fence }));
        tenure.iter().map(lease).collect()
    }

    /// Whether what was asked for at `sent` is not believed in any more.
    fn is_late(&self, sent: Instant) -> bool {
        self.now >= believed_until(sent, LENGTH)
    }

    /// From here on nothing goes wrong: after a silence and a few rounds,
    /// every bucket is held by one of the living, in fair shares.
    ///
    /// # Errors
    /// The promise that is not kept.
    pub fn settles(&self, rules: &Rules) -> Result<(), &'static str> {
        let mut world = self.clone();
        world.now += SILENCE;
        for _ in 0..3 {
            for index in 0..world.processes.len() {
                world.processes[index].work = None;
                world.processes[index].wire = Wire::Asked { sent: world.now };
                world.arrive(index, rules);
                world.hear(index, rules);
                world.release(index, rules);
                world.arrive(index, rules);
            }
        }
        let share = fair_share(rules.buckets, 2);
        let held = world.processes.map(|process| process.belief.workable(world.now).len());
        match held {
            [one, other] if one + other < usize::from(rules.buckets) => {
                Err("a bucket of the dead is not taken")
            }
            [one, other] if one.max(other) > share => Err("the shares are not fair"),
            _ => Ok(()),
        }
    }
}

/// Ticks until something is over, as far as it makes a difference; 0 when it is.
fn left(until: Instant, now: Instant) -> u64 {
    match until.checked_duration_since(now) {
        None => 0,
        Some(length) => 1 + length.as_secs(),
    }
}
