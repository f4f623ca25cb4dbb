//! How much may be on its way to a provider.
//!
//! What is marked as submitting and has not left yet is a queue in front of
//! the provider. It must be long enough that the provider never waits for the
//! database, and short enough that a balance read for it is not old when it
//! leaves: so long as what the provider takes in a tenth of a second.

use std::time::{Duration, Instant};

const AHEAD: Duration = Duration::from_millis(100);

#[derive(Debug, Clone)]
pub struct Pace {
    in_flight_max: usize,
    /// Let through, and not answered for.
    open: usize,
    /// It was full and is so until a good part is free.
    is_full: bool,
    /// Answered for since `since`.
    done: usize,
    since: Instant,
    /// Answers in a tenth of a second, as last measured.
    ahead: usize,
}

impl Pace {
    pub fn new(in_flight_max: usize) -> Pace {
        let in_flight_max = in_flight_max.max(1);
        let (open, is_full, done, since, ahead) = (0, false, 0, Instant::now(), 1);
        Pace { in_flight_max, open, is_full, done, since, ahead }
    }

    pub fn in_flight_max(&self) -> usize {
        self.in_flight_max
    }

    pub fn is_full(&mut self) -> bool {
        self.is_full |= self.open >= self.in_flight_max + self.ahead;
        self.is_full
    }

    /// About as many as are answered for in a second, and those under way.
    pub fn second(&self) -> usize {
        self.in_flight_max + 10 * self.ahead
    }

    pub fn enter(&mut self) {
        if self.open == 0 {
            (self.done, self.since) = (0, Instant::now());
        }
        self.open += 1;
    }

    /// One is answered for; whether there is room now and was none. How fast a
    /// provider fails does not count: it says nothing of what it takes.
    pub fn leave(&mut self, counts: bool) -> bool {
        self.open = self.open.saturating_sub(1);
        self.done += usize::from(counts);
        // Of a short spell this is the only measurement.
        if self.open == 0 || self.since.elapsed() >= AHEAD {
            self.measure();
        }
        // In halves, so that one is marked while the other leaves, and so that
        // the database is not asked for each alone.
        let room = (self.in_flight_max + self.ahead).saturating_sub(self.open);
        let is_freed = self.is_full && (room >= (self.ahead / 2).max(1) || self.open == 0);
        self.is_full &= !is_freed;
        is_freed
    }

    fn measure(&mut self) {
        let share = AHEAD.as_secs_f64() / self.since.elapsed().as_secs_f64().max(1e-3);
        self.ahead = ((self.done as f64 * share) as usize).max(1);
        (self.done, self.since) = (0, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_fast_a_provider_fails_is_no_measure_of_what_it_takes() {
        let mut pace = Pace::new(1);
        for _ in 0..100 {
            pace.enter();
            pace.leave(false);
        }
        assert_eq!(pace.second(), 11);
    }

    #[test]
    fn no_more_is_let_through_than_may_be_under_way() {
        let mut pace = Pace::new(10);
        // One ahead of the ten, so that nobody waits for the database.
        for _ in 0..11 {
            assert!(!pace.is_full());
            pace.enter();
        }
        assert!(pace.is_full());
        assert!(pace.leave(true));
        assert!(!pace.is_full());
    }
}
