//! Who may leave now, who waits a moment in line, and who is read again later.
//!
//! A provider that is busy, slow or failing holds nobody back but its own: the
//! reading goes on past those who wait for it. What waits here is little, about
//! what leaves within a second, and nothing is marked yet. Everything else is
//! let go, and its bucket is looked at again when its turn comes by the
//! provider's rate, so that a long backlog is not read over and over.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::control::Control;
use crate::model::reminder::Transition;
use crate::model::{Channel, Reason, ReminderState};
use crate::pipeline::Workshop;
use crate::pipeline::gate::{all_stopped, is_usable, way_after};
use crate::pipeline::lease::Shift;
use crate::provider::route::{Held, Pass};
use crate::store::DueReminder;

use super::Page;
use super::send::gives_way_at;
use super::verdict::ended;

/// A bucket that somebody was turned away from is left alone for this long.
const AWAY_MIN: SignedDuration = SignedDuration::from_millis(500);
/// A provider that is full may empty faster than it seemed.
const FULL_AWAY_MAX: SignedDuration = SignedDuration::from_secs(60);
/// What people have stopped is looked at again after this long.
const STOPPED_AWAY: SignedDuration = SignedDuration::from_secs(10);
/// A provider that is asked whether it is back has answered by then.
const PROBE_FOR: SignedDuration = SignedDuration::from_secs(5);

/// A reminder with leave to go to a provider; `None` where no provider reaches
/// the account.
pub struct Admitted {
    pub due: DueReminder,
    pub way: Option<(Channel, Pass)>,
}

/// Reminders that may leave together.
pub struct Batch {
    pub admitted: Vec<Admitted>,
    /// Those whose window was over by now.
    pub over: Vec<Transition>,
    pub shift: Arc<Shift>,
}

pub struct Line {
    shop: Workshop,
    waiting: Vec<Page>,
    /// By the provider's place.
    queues: Vec<Queue>,
    /// Reminders whose every provider fails.
    pub failing: usize,
    /// Those who went by their next channel because of that.
    pub passed_on: usize,
}

#[derive(Clone, Copy, Default)]
struct Queue {
    waiting: usize,
    /// No more may wait.
    is_long: bool,
    /// Turned away since the reading began.
    away: u32,
}

impl Line {
    pub fn new(shop: Workshop) -> Line {
        Line { shop, waiting: Vec::new(), queues: Vec::new(), failing: 0, passed_on: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether another page is of use: those who wait for one provider must not
    /// keep from the others what is theirs.
    pub fn wants_more(&self) -> bool {
        let short = self.queues.iter().filter(|queue| !queue.is_long);
        short.map(|queue| queue.waiting).sum::<usize>() * 2 < self.batch()
    }

    fn batch(&self) -> usize {
        self.shop.settings.dispatch_batch as usize
    }

    /// Those of a page who may leave now. Of those who may not, some wait; those
    /// whose window is over are ended.
    pub fn admit(&mut self, page: Page, control: &Control, now: Timestamp) -> Batch {
        let Page { mut due, shift } = page;
        // Whose day ends first goes first, and then who matters more.
        due.sort_by_key(|due| (due.reminder.send_before, due.account.tier));
        let mut admitted = Vec::with_capacity(due.len());
        let (mut over, mut waiting) = (Vec::new(), Vec::new());
        for due in due {
            let is_stopped = self.is_stopped(&due, control);
            if now >= due.reminder.send_before {
                let reason = if is_stopped { Reason::KillSwitch } else { Reason::OutsideWindow };
                over.push(ended(&due, ReminderState::Deferred, reason, now));
                continue;
            }
            if is_stopped {
                self.shop.agenda.expect(due.reminder.bucket(), now + STOPPED_AWAY);
                continue;
            }
            let Some(channel) = self.channel(&due, control) else {
                admitted.push(Admitted { due, way: None });
                continue;
            };
            match self.way(&due, channel, control, now) {
                Ok(way) => admitted.push(Admitted { due, way: Some(way) }),
                Err(held) if self.may_wait(held) => waiting.push(due),
                Err(held) => self.turn_away(&due, held, now),
            }
        }
        if !waiting.is_empty() {
            self.waiting.push(Page { due: waiting, shift: shift.clone() });
        }
        Batch { admitted, over, shift }
    }

    /// Leave to go by `channel` or, where all of its providers have failed for
    /// too long, by the first after it that takes anything. Whoever asks whether
    /// they are back still goes to them.
    fn way(
        &mut self,
        due: &DueReminder,
        mut channel: Channel,
        control: &Control,
        now: Timestamp,
    ) -> Result<(Channel, Pass), Held> {
        let is_stopped = |name: &str| control.stops_provider(name);
        // Only on this channel did it fail.
        let mut failed = due.failed.as_deref().filter(|_| due.on_channel > 0);
        let first = channel;
        let mut asked_at = Timestamp::MAX;
        loop {
            let held = match self.shop.providers.pass(channel, failed, is_stopped, now) {
                Ok(pass) => {
                    self.passed_on += usize::from(channel != first);
                    return Ok((channel, pass));
                }
                Err(held) => held,
            };
            let Held::Failing { since, until } = held else { return Err(held) };
            asked_at = asked_at.min(until);
            let Some(next) = way_after(&self.shop, control, due, channel) else {
                return Err(Held::Failing { since, until: asked_at });
            };
            let turn = gives_way_at(&self.shop, due, since);
            if now < turn {
                return Err(Held::Failing { since, until: asked_at.min(turn) });
            }
            (channel, failed) = (next, None);
        }
    }

    /// Those in line who may leave by now.
    pub fn move_up(&mut self, control: &Control, now: Timestamp) -> Vec<Batch> {
        let waiting = std::mem::take(&mut self.waiting);
        for queue in &mut self.queues {
            (queue.waiting, queue.is_long) = (0, false);
        }
        waiting.into_iter().map(|page| self.admit(page, control, now)).collect()
    }

    /// Those whom a cap closed a channel to, with leave for the next one. Whose
    /// provider is busy is read again, as the line would begin with the first.
    pub fn turn(
        &mut self,
        capped: Vec<(DueReminder, Channel)>,
        control: &Control,
        now: Timestamp,
    ) -> Vec<Admitted> {
        let mut admitted = Vec::with_capacity(capped.len());
        for (due, channel) in capped {
            let Some(next) = way_after(&self.shop, control, &due, channel) else {
                self.shop.agenda.again(&[due.reminder.bucket()]);
                continue;
            };
            let is_stopped = |name: &str| control.stops_provider(name);
            match self.shop.providers.pass(next, None, is_stopped, now) {
                Ok(pass) => admitted.push(Admitted { due, way: Some((next, pass)) }),
                Err(held) => self.turn_away(&due, held, now),
            }
        }
        admitted
    }

    /// Sends everybody home, to be read again at once, and begins anew.
    pub fn disperse(&mut self) -> Vec<DueReminder> {
        self.queues.clear();
        (self.failing, self.passed_on) = (0, 0);
        std::mem::take(&mut self.waiting).into_iter().flat_map(|page| page.due).collect()
    }

    /// The channel of the attempt to come: the one that the retry names, else
    /// the first that still reaches the account and has a provider.
    fn channel(&self, due: &DueReminder, control: &Control) -> Option<Channel> {
        let usable = |channel: &Channel| is_usable(&self.shop, control, &due.account, *channel);
        due.channel.filter(usable).or_else(|| due.reminder.channels.iter().copied().find(usable))
    }

    /// Whether it waits for people to let it go: of the ways that there are to
    /// the account, every one is stopped.
    fn is_stopped(&self, due: &DueReminder, control: &Control) -> bool {
        if control.stopped.is_empty() {
            return false;
        }
        let ways = due.reminder.channels.iter().copied();
        let ways =
            ways.filter(|it| due.account.reaches(*it) && self.shop.providers.routes(*it) > 0);
        all_stopped(&self.shop, control, &due.reminder.scenario, ways)
    }

    fn queue(&mut self, place: usize) -> &mut Queue {
        if self.queues.len() <= place {
            self.queues.resize(place + 1, Queue::default());
        }
        &mut self.queues[place]
    }

    /// Only who waits for others to be answered for waits in line: that does
    /// not hang on the clock. Where there is one provider alone, nobody is to
    /// be let past, and reading stops instead of turning away what it read.
    fn may_wait(&mut self, held: Held) -> bool {
        let Held::Full { place, second } = held else { return false };
        let most = match self.shop.providers.is_alone() {
            true => usize::MAX,
            false => second.min(2 * self.batch()),
        };
        let queue = self.queue(place);
        queue.is_long = queue.waiting >= most;
        queue.waiting += usize::from(!queue.is_long);
        !queue.is_long
    }

    fn turn_away(&mut self, due: &DueReminder, held: Held, now: Timestamp) {
        let mut turn = |place: usize, second: usize| {
            let queue = self.queue(place);
            queue.away += 1;
            SignedDuration::from_secs_f64(f64::from(queue.away - 1) / second.max(1) as f64)
        };
        let at = match held {
            Held::Full { place, second } => now + turn(place, second).min(FULL_AWAY_MAX),
            Held::Slow { place, second, until } => until + turn(place, second),
            Held::Failing { until, .. } => {
                self.failing += 1;
                // The first finds out for the others.
                until + if self.failing == 1 { SignedDuration::ZERO } else { PROBE_FOR }
            }
        };
        self.shop.agenda.expect(due.reminder.bucket(), at.max(now + AWAY_MIN));
    }
}
