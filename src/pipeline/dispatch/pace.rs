//! How much may be marked as submitting before it is sent.
//!
//! What is marked and has not left yet is a queue in front of the provider.
//! It must be long enough that the provider never waits for the database, and
//! short enough that a balance read for it is not old when it leaves: so long
//! as what the provider takes in a tenth of a second.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

const AHEAD: Duration = Duration::from_millis(100);

pub struct Pace {
    in_flight_max: usize,
    batch_max: usize,
    counts: Mutex<Counts>,
    moved: Notify,
}

struct Counts {
    /// Marked, and not answered for by the provider.
    open: usize,
    /// Answered for since `since`.
    done: usize,
    since: Instant,
    /// Answers in a tenth of a second, as last measured.
    ahead: usize,
}

impl Pace {
    pub fn new(in_flight_max: usize, batch_max: usize) -> Pace {
        let counts = Counts { open: 0, done: 0, since: Instant::now(), ahead: 1 };
        Pace { in_flight_max, batch_max, counts: Mutex::new(counts), moved: Notify::new() }
    }

    /// Sending begins anew, at the pace that it had when it ended.
    pub fn begin(&self) {
        self.with(|counts| (counts.open, counts.done, counts.since) = (0, 0, Instant::now()));
    }

    /// Sending ends for now; of a short spell this is the only measurement.
    pub fn end(&self) {
        self.with(Counts::measure);
    }

    /// Waits until something may be marked; how many reminders.
    pub async fn room(&self) -> usize {
        loop {
            let moved = self.moved.notified();
            let room = self.with(|counts| {
                let ahead = counts.ahead;
                // In halves, so that one is marked while the other leaves.
                let least = (ahead / 2).clamp(1, self.batch_max);
                let room = (self.in_flight_max + ahead).saturating_sub(counts.open);
                (room >= least).then_some(room.min(self.batch_max))
            });
            match room {
                Some(room) => return room,
                None => moved.await,
            }
        }
    }

    pub fn marked(&self, count: usize) {
        self.with(|counts| counts.open += count);
    }

    pub fn done(&self) {
        self.with(|counts| {
            counts.open = counts.open.saturating_sub(1);
            counts.done += 1;
            if counts.since.elapsed() >= AHEAD {
                counts.measure();
            }
        });
        self.moved.notify_one();
    }

    fn with<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Counts {
    fn measure(&mut self) {
        let share = AHEAD.as_secs_f64() / self.since.elapsed().as_secs_f64().max(1e-3);
        self.ahead = ((self.done as f64 * share) as usize).max(1);
        (self.done, self.since) = (0, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_more_is_marked_than_may_be_under_way() {
        let pace = Pace::new(10, 4);
        pace.begin();
        for _ in 0..2 {
            assert_eq!(pace.room().await, 4);
            pace.marked(4);
        }
        // One ahead of the ten, so that nobody waits for the database.
        assert_eq!(pace.room().await, 3);
        pace.marked(3);
        pace.done();
        assert_eq!(pace.room().await, 1);
    }
}
