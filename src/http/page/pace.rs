//! How much may be said on one page: somebody who plays with a link must not
//! fill the inbox.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::model::ReminderId;

const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// Pages that are counted at once. Only links of ours come here, so more is
/// no attack; then all are counted anew.
const PAGES_MAX: usize = 50_000;

/// Counts what is posted, by the hour.
pub struct Pace {
    most: u16,
    counts: Mutex<HashMap<ReminderId, (Timestamp, u16)>>,
}

impl Pace {
    pub fn new(most: u16) -> Pace {
        Pace { most, counts: Mutex::default() }
    }

    /// Whether one more is admitted; it counts if so.
    pub fn admits(&self, page: ReminderId, now: Timestamp) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |began: Timestamp| now.duration_since(began) >= WINDOW;
        if counts.len() >= PAGES_MAX {
            counts.retain(|_, (began, _)| !is_over(*began));
            if counts.len() >= PAGES_MAX {
                counts.clear();
            }
        }
        let (began, count) = counts.entry(page).or_insert((now, 0));
        if is_over(*began) {
            (*began, *count) = (now, 0);
        }
        let is_admitted = *count < self.most;
        *count = count.saturating_add(1);
        is_admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_answered_so_often_in_an_hour_and_others_are_not_held_back() {
        let pace = Pace::new(3);
        let page = |number: u8| ReminderId::from_bytes([number; 16]);
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!([(); 5].map(|()| pace.admits(page(1), now)), [true, true, true, false, false]);
        assert!(pace.admits(page(2), now));
        assert!(!pace.admits(page(1), now + SignedDuration::from_mins(59)));
        assert!(pace.admits(page(1), now + WINDOW));
    }

    #[test]
    fn what_is_counted_takes_no_more_room_than_it_may() {
        let pace = Pace::new(1);
        let now = Timestamp::UNIX_EPOCH;
        for number in 0..2 * PAGES_MAX as u128 {
            pace.admits(ReminderId::from_bytes(number.to_be_bytes()), now);
        }
        assert!(pace.counts.lock().unwrap().len() <= PAGES_MAX);
    }
}
