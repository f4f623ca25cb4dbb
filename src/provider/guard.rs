//! Guard: whether a provider may be given one more, now.
//!
//! Its rate, what is under way, and whether it fails are looked at together,
//! and nothing is taken unless all agree. All of it is this process's own:
//! where several daemons share a store, each is given its part of the rate.

mod breaker;
mod pace;
mod rate;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use self::breaker::Breaker;
use self::pace::Pace;
use self::rate::Rate;
use super::{Capabilities, Delay, Refusal, SendOutcome};

pub use self::breaker::{Change, FAILURES_MAX, Sign};

/// `[provider.NAME.limits]`: what a provider bears, where its contract says
/// other than its adapter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Submissions a second; 1 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u32>,
    /// Submissions under way at once; 1 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight_max: Option<u32>,
}

impl Limits {
    /// What is impossible, as (key, what is wrong and the mend).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        [("per_second", self.per_second), ("in_flight_max", self.in_flight_max)]
            .into_iter()
            .filter(|(_, value)| *value == Some(0))
            .map(|(key, _)| (key, "is 0; use 1 or more, or leave it out".to_owned()))
            .collect()
    }
}

/// How every provider is treated that says nothing itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// Submissions under way at once, for each provider.
    pub in_flight_max: u32,
    /// Seconds in which a provider that has a rate comes to it, from a tenth.
    pub slow_start_s: u32,
}

impl Default for Manners {
    fn default() -> Self {
        Manners { in_flight_max: 64, slow_start_s: 30 }
    }
}

/// A provider that asked for less without saying for how long is left alone
/// for this long.
const THROTTLED_FOR: SignedDuration = SignedDuration::from_secs(1);
/// And never for longer than this, whatever it says.
const THROTTLED_FOR_MAX: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug)]
pub struct Guard {
    pace: Pace,
    rate: Option<Rate>,
    breaker: Breaker,
    /// The provider asked to be left alone until then.
    paused_until: Timestamp,
}

/// Why nothing may be given to a provider now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// As much is under way as may be.
    Full,
    /// Its rate is used up until then.
    Slow { until: Timestamp },
    /// It fails, and is left alone until then.
    Failing { until: Timestamp },
}

impl Guard {
    pub fn new(can: Capabilities, limits: Limits, manners: Manners, seed: u64) -> Guard {
        let in_flight_max =
            limits.in_flight_max.or(can.in_flight_max).unwrap_or(manners.in_flight_max);
        let slow_start = SignedDuration::from_secs(i64::from(manners.slow_start_s));
        let rate = limits.per_second.or(can.per_second);
        Guard {
            pace: Pace::new(in_flight_max as usize),
            rate: rate.map(|per_second| Rate::new(per_second, slow_start)),
            breaker: Breaker::new(seed),
            paused_until: Timestamp::UNIX_EPOCH,
        }
    }

    pub fn in_flight_max(&self) -> usize {
        self.pace.in_flight_max()
    }

    /// About as many as leave in a second.
    pub fn second(&self) -> usize {
        let second = self.pace.second();
        self.rate.as_ref().map_or(second, |rate| second.min(rate.per_second() as usize))
    }

    /// Whether the provider is not left alone for failing.
    pub fn is_well(&self, now: Timestamp) -> bool {
        self.breaker.is_passable(now).is_ok()
    }

    /// Since when the provider fails, if it does.
    pub fn fails_since(&self) -> Option<Timestamp> {
        self.breaker.fails_since()
    }

    /// Takes all that one attempt needs; the epoch that it belongs to.
    pub fn enter(&mut self, now: Timestamp) -> Result<u32, Closed> {
        self.breaker.is_passable(now).map_err(|until| Closed::Failing { until })?;
        if now < self.paused_until {
            return Err(Closed::Slow { until: self.paused_until });
        }
        if self.pace.is_full() {
            return Err(Closed::Full);
        }
        if let Some(rate) = &mut self.rate {
            rate.take(now).map_err(|until| Closed::Slow { until })?;
        }
        self.pace.enter();
        Ok(self.breaker.enter())
    }

    /// Gives back what an attempt took; whether there is room now and was none.
    pub fn leave(&mut self, was_sent: bool) -> bool {
        if let Some(rate) = self.rate.as_mut().filter(|_| !was_sent) {
            rate.put_back();
        }
        self.pace.leave(self.breaker.is_sound())
    }

    /// What an attempt came to, or `None` for one that was never sent.
    pub fn learn(
        &mut self,
        epoch: u32,
        outcome: Option<&SendOutcome>,
        now: Timestamp,
    ) -> Option<Change> {
        if let Some(SendOutcome::Deferred { because: Delay::Throttled, wait, .. }) = outcome {
            let wait = wait.unwrap_or(THROTTLED_FOR).clamp(THROTTLED_FOR, THROTTLED_FOR_MAX);
            self.paused_until = self.paused_until.max(now + wait);
        }
        let change = self.breaker.learn(epoch, outcome.map_or(Sign::None, sign), now);
        if let (Some(Change::Closed), Some(rate)) = (change, &mut self.rate) {
            rate.begin_slowly();
        }
        change
    }
}

/// What an outcome says of the provider, rather than of the message.
fn sign(outcome: &SendOutcome) -> Sign {
    match outcome {
        SendOutcome::Accepted { .. } | SendOutcome::AcceptedInParts { .. } => Sign::Well,
        SendOutcome::Rejected { because: Refusal::OurAccount, .. } => Sign::Failing,
        SendOutcome::Rejected { .. } => Sign::Well,
        SendOutcome::Deferred { because: Delay::Throttled, .. } => Sign::None,
        SendOutcome::Deferred { because: Delay::Down, .. } => Sign::Failing,
        SendOutcome::Ambiguous { .. } => Sign::Failing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + s).unwrap()
    }

    fn guard(per_second: Option<u32>, in_flight_max: u32) -> Guard {
        let limits = Limits { per_second, in_flight_max: Some(in_flight_max) };
        let manners = Manners { slow_start_s: 0, ..Manners::default() };
        Guard::new(Capabilities::default(), limits, manners, 1)
    }

    #[test]
    fn what_was_not_sent_costs_nothing_of_the_rate() {
        let mut guard = guard(Some(2), 10);
        for _ in 0..100 {
            guard.enter(at(0)).unwrap();
            guard.leave(false);
        }
        assert!(guard.enter(at(0)).is_ok() && guard.enter(at(0)).is_ok());
        assert!(matches!(guard.enter(at(0)), Err(Closed::Slow { .. })));
    }

    #[test]
    fn one_that_asks_for_a_wait_is_left_alone_for_that_long() {
        let mut guard = guard(None, 10);
        let epoch = guard.enter(at(0)).unwrap();
        let wait = Some(SignedDuration::from_secs(20));
        let because = Delay::Throttled;
        let throttled = SendOutcome::Deferred { because, wait, note: "429".into() };
        assert_eq!(guard.learn(epoch, Some(&throttled), at(0)), None);
        assert_eq!(guard.enter(at(19)), Err(Closed::Slow { until: at(20) }));
        assert_eq!(guard.enter(at(20)), Ok(epoch));
    }

    #[test]
    fn a_full_one_takes_nothing_of_its_rate() {
        let mut guard = guard(Some(5), 1);
        // One under way, and one ahead.
        assert!(guard.enter(at(0)).is_ok() && guard.enter(at(0)).is_ok());
        assert!((0..10).all(|_| guard.enter(at(0)) == Err(Closed::Full)));
        assert!(guard.leave(true) || guard.leave(true));
        assert!(guard.enter(at(0)).is_ok());
    }
}
