//! Whether a provider is left alone for a while, because it fails.
//!
//! ```text
//! closed -- failures in a row --> open -- its time is over --> half open
//!   ^                              ^                             |   |
//!   |                              +-------- probe fails --------+   |
//!   +------------------------- probe succeeds -----------------------+
//! ```
//!
//! Half open, one attempt at a time is let through. What was under way when
//! the state changed says nothing about the new one.

use jiff::{SignedDuration, Timestamp};

/// Failures in a row that open it.
pub const FAILURES_MAX: u32 = 5;
/// How long it is open the first time; doubles with each failed probe.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(10);
const DOUBLINGS_MAX: u32 = 5;
/// While a probe is under way, it is asked again after this long.
const PROBE_WAIT: SignedDuration = SignedDuration::from_secs(1);

#[derive(Debug, Clone)]
pub struct Breaker {
    state: State,
    /// Counts the changes of state; what belongs to an earlier one is ignored.
    epoch: u32,
    /// Times that it opened since it was last closed.
    opened: u32,
    /// When the first of those was.
    opened_at: Timestamp,
    /// So that daemons that lost a provider together do not come back together.
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Timestamp },
    HalfOpen { is_probing: bool },
}

/// How an attempt speaks of its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It answered, whatever it said of the message.
    Well,
    /// Away, failing, silent, or at odds with our account.
    Failing,
    /// Nothing can be told from it.
    None,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Opened { until: Timestamp },
    Closed,
}

impl Breaker {
    pub fn new(seed: u64) -> Breaker {
        Breaker {
            state: State::Closed { failures: 0 },
            epoch: 0,
            opened: 0,
            opened_at: Timestamp::UNIX_EPOCH,
            seed,
        }
    }

    /// Whether something may be let through; nothing changes by asking.
    ///
    /// # Errors
    /// When to ask again.
    pub fn is_passable(&self, now: Timestamp) -> Result<(), Timestamp> {
        match self.state {
            State::Open { until } if now < until => Err(until),
            State::HalfOpen { is_probing: true } => Err(now + PROBE_WAIT),
            _ => Ok(()),
        }
    }

    /// Since when it has not been closed, if it is not. A probe that is under
    /// way changes nothing of that.
    pub fn fails_since(&self) -> Option<Timestamp> {
        (!matches!(self.state, State::Closed { .. })).then_some(self.opened_at)
    }

    /// Whether the last that was heard of it was good.
    pub fn is_sound(&self) -> bool {
        self.state == State::Closed { failures: 0 }
    }

    /// Lets one through that [`Breaker::is_passable`]; gives the epoch that it belongs to.
    pub fn enter(&mut self) -> u32 {
        if matches!(self.state, State::Open { .. }) {
            self.epoch += 1;
            self.state = State::HalfOpen { is_probing: true };
        } else if let State::HalfOpen { is_probing } = &mut self.state {
            *is_probing = true;
        }
        self.epoch
    }

    /// One that was let through in `epoch` has come to this.
    pub fn learn(&mut self, epoch: u32, sign: Sign, now: Timestamp) -> Option<Change> {
        if epoch != self.epoch {
            return None;
        }
        match (self.state, sign) {
            (State::Closed { .. }, Sign::Well) => self.state = State::Closed { failures: 0 },
            (State::Closed { failures }, Sign::Failing) if failures + 1 < FAILURES_MAX => {
                self.state = State::Closed { failures: failures + 1 };
            }
            (State::Closed { .. } | State::HalfOpen { .. }, Sign::Failing) => {
                return Some(self.open(now));
            }
            (State::HalfOpen { .. }, Sign::Well) => {
                (self.state, self.opened) = (State::Closed { failures: 0 }, 0);
                self.epoch += 1;
                return Some(Change::Closed);
            }
            (State::HalfOpen { .. }, Sign::None) => {
                self.state = State::HalfOpen { is_probing: false };
            }
            (State::Closed { .. }, Sign::None) | (State::Open { .. }, _) => {}
        }
        None
    }

    fn open(&mut self, now: Timestamp) -> Change {
        let wait = FIRST_WAIT * (1 << self.opened.min(DOUBLINGS_MAX));
        if self.opened == 0 {
            self.opened_at = now;
        }
        self.opened += 1;
        self.epoch += 1;
        let seed = crate::model::id::spread(&format!("{} {}", self.seed, self.epoch));
        let jitter = SignedDuration::from_millis((seed % (wait.as_millis() as u64 / 2)) as i64);
        let until = now + wait + jitter;
        self.state = State::Open { until };
        Change::Opened { until }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn start() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }

    /// One attempt that comes to this; whether it was let through.
    fn attempt(breaker: &mut Breaker, sign: Sign, now: Timestamp) -> bool {
        let passes = breaker.is_passable(now).is_ok();
        if passes {
            let epoch = breaker.enter();
            breaker.learn(epoch, sign, now);
        }
        passes
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_good_one_between_them_does_not() {
        let (mut breaker, now) = (Breaker::new(1), start());
        for _ in 1..FAILURES_MAX {
            assert!(attempt(&mut breaker, Sign::Failing, now));
        }
        assert!(attempt(&mut breaker, Sign::Well, now));
        for _ in 0..FAILURES_MAX {
            assert!(attempt(&mut breaker, Sign::Failing, now));
        }
        let until = breaker.is_passable(now).unwrap_err();
        let wait = until.duration_since(now);
        assert!(wait >= FIRST_WAIT && wait <= FIRST_WAIT * 3 / 2, "{wait:?}");
    }

    #[test]
    fn half_open_one_at_a_time_is_let_through() {
        let mut breaker = Breaker::new(1);
        for _ in 0..FAILURES_MAX {
            attempt(&mut breaker, Sign::Failing, start());
        }
        let late = breaker.is_passable(start()).unwrap_err();
        let epoch = breaker.enter();
        assert_eq!(breaker.is_passable(late), Err(late + PROBE_WAIT));
        // One that was never sent makes room for another.
        breaker.learn(epoch, Sign::None, late);
        assert_eq!(breaker.is_passable(late), Ok(()));
        let epoch = breaker.enter();
        // What was under way before says nothing.
        assert_eq!(breaker.learn(0, Sign::Well, late), None);
        assert!(breaker.is_passable(late).is_err());
        assert_eq!(breaker.learn(epoch, Sign::Well, late), Some(Change::Closed));
        assert!((0..100).all(|_| breaker.is_passable(late).is_ok() && breaker.enter() > epoch));
    }

    #[test]
    fn a_failed_probe_is_no_new_beginning() {
        let (mut breaker, began) = (Breaker::new(1), start());
        assert_eq!(breaker.fails_since(), None);
        for _ in 0..FAILURES_MAX {
            attempt(&mut breaker, Sign::Failing, began);
        }
        for _ in 0..3 {
            let later = breaker.is_passable(began).unwrap_err();
            assert!(attempt(&mut breaker, Sign::Failing, later));
            assert_eq!(breaker.fails_since(), Some(began));
        }
        let later = breaker.is_passable(began).unwrap_err();
        assert!(attempt(&mut breaker, Sign::Well, later));
        assert_eq!(breaker.fails_since(), None);
        for _ in 0..FAILURES_MAX {
            attempt(&mut breaker, Sign::Failing, later);
        }
        assert_eq!(breaker.fails_since(), Some(later));
    }

    #[test]
    fn a_provider_that_stays_away_is_asked_ever_less_often() {
        let (mut breaker, mut now) = (Breaker::new(7), start());
        let mut asked = Vec::new();
        while now < start() + SignedDuration::from_hours(1) {
            if attempt(&mut breaker, Sign::Failing, now) {
                asked.push(now);
            }
            now += SignedDuration::from_secs(1);
        }
        assert!((10..25).contains(&asked.len()), "{}", asked.len());
        let last = asked[asked.len() - 1].duration_since(asked[asked.len() - 2]);
        assert!(last >= FIRST_WAIT * 32, "{last:?}");
    }

    proptest! {
        /// Whatever happened: once the provider answers, everything goes
        /// through again, ten minutes later at most.
        #[test]
        fn it_always_closes_again(
            seed: u64,
            past in prop::collection::vec((0i64..400, 0u8..3, any::<bool>()), 0..200),
        ) {
            let (mut breaker, mut now, mut under_way) = (Breaker::new(seed), start(), Vec::new());
            for (later, sign, is_late) in past {
                now += SignedDuration::from_secs(later);
                let sign = [Sign::Well, Sign::Failing, Sign::None][usize::from(sign)];
                if breaker.is_passable(now).is_ok() {
                    under_way.push((breaker.enter(), sign));
                }
                if !is_late {
                    for (epoch, sign) in under_way.drain(..) {
                        breaker.learn(epoch, sign, now);
                    }
                }
            }
            for (epoch, sign) in under_way {
                breaker.learn(epoch, sign, now);
            }
            let healed = now;
            while !(attempt(&mut breaker, Sign::Well, now) && matches!(breaker.state, State::Closed { .. })) {
                now += SignedDuration::from_secs(1);
                prop_assert!(now < healed + SignedDuration::from_mins(10));
            }
            prop_assert!((0..100).all(|_| attempt(&mut breaker, Sign::Well, now)));
        }
    }
}
