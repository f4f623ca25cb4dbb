//! What a receipt has to do with the reminder that it names.
//!
//! Receipts come in any order, more than once, and contradict each other. So
//! that all of that ends in one state, a receipt only ever moves a reminder up:
//! from waiting to expired, undelivered, delivered, answered.

use crate::model::ReminderState;
use crate::model::receipt::{Fate, Receipt};
use crate::store::Standing;

/// A receipt, and who said it.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    pub provider: &'a str,
    pub receipt: &'a Receipt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It changes where the reminder stands.
    Moves,
    /// It says what is known, or comes too late to matter.
    SaysNothing,
    /// It is about nothing that this provider was given. That may still come:
    /// a receipt can be faster than our own writing.
    NotOurs,
}

/// Judges one receipt by where its reminder stands.
pub fn of(standing: Option<&Standing>, heard: &Heard<'_>) -> Verdict {
    let (number, fate) = (heard.receipt.key.number, heard.receipt.fate);
    match standing {
        // Of an attempt that nobody waits for any more, that it arrived still
        // counts. While another is under way there is no telling yet.
        Some(standing) if standing.attempt > number => match standing.state {
            ReminderState::Submitting => Verdict::NotOurs,
            _ if fate.has_arrived() && moves(standing, fate) => Verdict::Moves,
            _ => Verdict::SaysNothing,
        },
        Some(standing)
            if standing.attempt == number
                && standing.provider.as_deref() == Some(heard.provider) =>
        {
            match moves(standing, fate) {
                true => Verdict::Moves,
                false => Verdict::SaysNothing,
            }
        }
        _ => Verdict::NotOurs,
    }
}

/// Whether a receipt is what the reminder waits for.
pub fn is_awaited(standing: &Standing) -> bool {
    matches!(
        standing.state,
        ReminderState::Submitting | ReminderState::Accepted | ReminderState::Unknown
    )
}

fn moves(standing: &Standing, fate: Fate) -> bool {
    match standing.state {
        _ if is_awaited(standing) => true,
        // What arrived after all is not sent again.
        ReminderState::RetryLater | ReminderState::Unheard => fate.has_arrived(),
        ended => Fate::ALL
            .into_iter()
            .find(|known| state(*known) == ended)
            .is_some_and(|known| fate > known),
    }
}

/// The state that a fate puts a reminder into.
pub fn state(fate: Fate) -> ReminderState {
    match fate {
        Fate::Expired => ReminderState::Expired,
        Fate::Undelivered => ReminderState::Undelivered,
        Fate::Delivered => ReminderState::Delivered,
        Fate::Answered => ReminderState::Answered,
    }
}

/// Of two receipts about one attempt the one that counts: the higher fate, and
/// of the same fate the earlier one.
pub fn says_more(one: &Receipt, other: &Receipt) -> bool {
    (one.fate, other.at) > (other.fate, one.at)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::{AccountId, AttemptKey, Bucket, Channel, ReminderId};

    fn standing(state: ReminderState, attempt: u32) -> Standing {
        let day = jiff::civil::date(2026, 3, 1);
        Standing {
            reminder: ReminderId::derive(Bucket::FIRST, &AccountId::from("A"), day, 0),
            seq: 2,
            state,
            attempt,
            channel: Some(Channel::Sms),
            provider: Some("own".into()),
            channels: vec![Channel::Sms],
            scenario: "standard".into(),
            send_before: Timestamp::UNIX_EPOCH,
            next_at: None,
            was_taken: false,
        }
    }

    #[track_caller]
    fn check(standing: Option<&Standing>, provider: &str, number: u32, fate: Fate, is: Verdict) {
        let day = jiff::civil::date(2026, 3, 1);
        let reminder = ReminderId::derive(Bucket::FIRST, &AccountId::from("A"), day, 0);
        let key = AttemptKey { reminder, number };
        let receipt = Receipt { key, fate, at: Timestamp::UNIX_EPOCH };
        assert_eq!(of(standing, &Heard { provider, receipt: &receipt }), is);
    }

    #[test]
    fn a_receipt_speaks_of_its_own_attempt_and_its_own_provider() {
        let second = standing(ReminderState::Accepted, 2);
        check(Some(&second), "own", 2, Fate::Delivered, Verdict::Moves);
        check(Some(&second), "own", 1, Fate::Undelivered, Verdict::SaysNothing);
        check(Some(&second), "own", 3, Fate::Delivered, Verdict::NotOurs);
        check(Some(&second), "other", 2, Fate::Delivered, Verdict::NotOurs);
        check(None, "own", 1, Fate::Delivered, Verdict::NotOurs);
    }

    #[test]
    fn an_earlier_attempt_may_arrive_after_all() {
        for state in [ReminderState::Accepted, ReminderState::Unheard, ReminderState::Expired] {
            let second = standing(state, 2);
            check(Some(&second), "other", 1, Fate::Delivered, Verdict::Moves);
            check(Some(&second), "other", 1, Fate::Expired, Verdict::SaysNothing);
        }
        let under_way = standing(ReminderState::Submitting, 2);
        check(Some(&under_way), "other", 1, Fate::Delivered, Verdict::NotOurs);
        let delivered = standing(ReminderState::Delivered, 2);
        check(Some(&delivered), "other", 1, Fate::Delivered, Verdict::SaysNothing);
    }

    #[test]
    fn receipts_only_ever_move_a_reminder_up() {
        for known in Fate::ALL {
            let standing = standing(state(known), 1);
            for said in Fate::ALL {
                let is = if said > known { Verdict::Moves } else { Verdict::SaysNothing };
                check(Some(&standing), "own", 1, said, is);
            }
        }
        let retry = standing(ReminderState::RetryLater, 1);
        check(Some(&retry), "own", 1, Fate::Delivered, Verdict::Moves);
        check(Some(&retry), "own", 1, Fate::Undelivered, Verdict::SaysNothing);
        let refused = standing(ReminderState::Rejected, 1);
        check(Some(&refused), "own", 1, Fate::Delivered, Verdict::SaysNothing);
    }
}
