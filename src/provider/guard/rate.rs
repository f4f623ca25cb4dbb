//! How many a second: a token bucket, kept as the instant at which it is full.
//!
//! It holds a second's worth. Within any time *t* no more than
//! `per_second × (t + 1)` are let through.

use jiff::{SignedDuration, Timestamp};

/// What the bucket holds.
const HELD: SignedDuration = SignedDuration::from_secs(1);
/// A slow start begins with this share of the rate.
const FIRST_SHARE: f64 = 0.1;

#[derive(Debug, Clone)]
pub struct Rate {
    per_second: u32,
    slow_start: SignedDuration,
    /// When the slow start began; with the first that is let through.
    began_at: Option<Timestamp>,
    /// When the bucket is full again; never taken back by a clock that goes back.
    full_at: Timestamp,
}

impl Rate {
    pub fn new(per_second: u32, slow_start: SignedDuration) -> Rate {
        let per_second = per_second.max(1);
        Rate { per_second, slow_start, began_at: None, full_at: Timestamp::UNIX_EPOCH }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// When the next is there.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        let began_at = *self.began_at.get_or_insert(now);
        let each = self.each(began_at, now);
        let full_at = self.full_at.max(now);
        // Of a bucket that is being filled slowly, less than a second's worth
        // of the full rate is there.
        let there_at = full_at - (HELD - each).max(SignedDuration::ZERO);
        if there_at > now {
            return Err(there_at);
        }
        self.full_at = full_at + each;
        Ok(())
    }

    /// Puts back a token that was not used.
    pub fn put_back(&mut self) {
        self.full_at -= self.at_full_rate();
    }

    /// Begins slowly again, with the next that is let through.
    pub fn begin_slowly(&mut self) {
        self.began_at = None;
    }

    pub fn per_second(&self) -> u32 {
        self.per_second
    }

    fn at_full_rate(&self) -> SignedDuration {
        SignedDuration::from_nanos(1_000_000_000 / i64::from(self.per_second))
    }

    /// Between two, as things stand now.
    fn each(&self, began_at: Timestamp, now: Timestamp) -> SignedDuration {
        let each = self.at_full_rate();
        let since = now.duration_since(began_at);
        if since >= self.slow_start {
            return each;
        }
        let share = since.as_secs_f64() / self.slow_start.as_secs_f64();
        let nanos = each.as_nanos() as f64 / share.clamp(FIRST_SHARE, 1.0);
        SignedDuration::from_nanos(nanos as i64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + ms as i64).unwrap()
    }

    proptest! {
        /// Asked at any moments, with any of the tokens put back.
        #[test]
        fn no_span_of_time_sees_more_than_its_share(
            per_second in 1u32..50,
            slow_s in 0i64..20,
            steps in prop::collection::vec((0u64..400, 0usize..30, 0usize..3), 1..120),
        ) {
            let mut rate = Rate::new(per_second, SignedDuration::from_secs(slow_s));
            let (mut now, mut passed) = (0, Vec::new());
            for (later, asked, unused) in steps {
                now += later;
                let taken = (0..asked).take_while(|_| rate.take(at(now)).is_ok()).count();
                let back = unused.min(taken);
                (0..back).for_each(|_| rate.put_back());
                passed.extend(std::iter::repeat_n(now, taken - back));
            }
            for (first, from) in passed.iter().enumerate() {
                for (count, to) in passed[first..].iter().enumerate() {
                    let most = f64::from(per_second) * ((to - from) as f64 / 1000.0 + 1.0);
                    prop_assert!((count + 1) as f64 <= most + 1.0, "{} in {} ms", count + 1, to - from);
                }
            }
        }

        /// Whoever asks again when told gets through.
        #[test]
        fn the_instant_that_is_named_is_the_right_one(per_second in 1u32..1_000) {
            let mut rate = Rate::new(per_second, SignedDuration::ZERO);
            let mut now = at(0);
            for _ in 0..2_000 {
                if let Err(there_at) = rate.take(now) {
                    prop_assert!(there_at > now);
                    now = there_at;
                    prop_assert_eq!(rate.take(now), Ok(()));
                }
            }
        }
    }

    #[test]
    fn it_begins_with_a_tenth_and_comes_to_its_full_rate() {
        let mut rate = Rate::new(100, SignedDuration::from_secs(10));
        let mut passed = Vec::new();
        for second in 0..20u64 {
            let tenths = (0..10).map(|tenth| at(second * 1_000 + tenth * 100));
            let taken = tenths.map(|now| {
                std::iter::repeat_with(|| rate.take(now)).take_while(Result::is_ok).count()
            });
            passed.push(taken.sum::<usize>());
        }
        assert!(passed[1] < 30 && passed[4] < 60, "{passed:?}");
        assert!(passed[0] < passed[5] && passed[5] < passed[9], "{passed:?}");
        assert_eq!(passed[19], 100, "{passed:?}");
    }
}
