//! Agenda: when each bucket is to be looked at for something to send.
//!
//! A day's finished reminders lie beside those still to come, and finding the
//! latter means passing over the former. So a bucket in which nothing was due
//! is left alone until a window opens there or planning puts something in. All
//! of it is known to the one process that works on the bucket; one that has
//! just taken a bucket over looks at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::model::Bucket;

/// Every bucket is looked at this often, whatever is known of it.
const AT_LEAST: SignedDuration = SignedDuration::from_mins(15);

/// When to look where; a bucket without an entry is looked at now.
#[derive(Debug, Default)]
pub struct Agenda(Mutex<HashMap<Bucket, Timestamp>>);

impl Agenda {
    /// Those of `buckets` that are to be looked at now.
    pub fn due(&self, buckets: Vec<Bucket>, now: Timestamp) -> Vec<Bucket> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |bucket: &Bucket| entries.get(bucket).is_none_or(|at| *at <= now);
        buckets.into_iter().filter(is_due).collect()
    }

    /// Something in the bucket may be sent from `at` on.
    pub fn expect(&self, bucket: Bucket, at: Timestamp) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(&bucket) {
            *entry = at.min(*entry);
        }
    }

    /// The buckets are about to be read, as of `now`. What is expected from
    /// here on counts besides.
    pub fn look(&self, buckets: &[Bucket], now: Timestamp) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.extend(buckets.iter().map(|bucket| (*bucket, now + AT_LEAST)));
    }

    /// Reading failed, or what was read was not sent: they are due again.
    pub fn again(&self, buckets: &[Bucket]) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for bucket in buckets {
            entries.remove(bucket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_bucket_is_looked_at_when_something_is_expected_and_not_before() {
        let (agenda, one) = (Agenda::default(), vec![Bucket::FIRST]);
        let (noon, opens) = (at("2026-03-10T12:00Z"), at("2026-03-10T12:05Z"));
        // Of a bucket that nobody has looked at nothing is known.
        agenda.expect(Bucket::FIRST, opens);
        assert_eq!(agenda.due(one.clone(), noon), one);

        agenda.look(&one, noon);
        agenda.expect(Bucket::FIRST, opens);
        assert_eq!(agenda.due(one.clone(), noon), []);
        assert_eq!(agenda.due(one.clone(), opens), one);

        agenda.look(&one, opens);
        assert_eq!(agenda.due(one.clone(), at("2026-03-10T12:19Z")), []);
        assert_eq!(agenda.due(one.clone(), at("2026-03-10T12:20Z")), one);

        agenda.look(&one, opens);
        agenda.again(&one);
        assert_eq!(agenda.due(one.clone(), opens), one);
    }
}
