//! The life of a reminder once it is due: what follows from an outcome, how
//! long to wait, and when to give up. Retries live here and nowhere else, those
//! of advice included.
//!
//! May use: model.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::{AttemptKey, Channel, Reason, ReminderState};

/// How often and how long we try, in the settings as `[dispatch.retry]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryLimits {
    /// Attempts on one channel before the next is tried.
    pub attempts_max: u32,
    /// Seconds before the second attempt; doubles with each.
    pub wait_first_s: u32,
    /// The longest wait between attempts, in seconds.
    pub wait_max_s: u32,
}

impl Default for RetryLimits {
    fn default() -> Self {
        RetryLimits { attempts_max: 4, wait_first_s: 30, wait_max_s: 1800 }
    }
}

/// What one attempt came to, as far as the life of a reminder goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    /// Refused for good on this channel.
    Rejected,
    /// Certainly not taken.
    Deferred {
        wait: Option<SignedDuration>,
        because: Delayed,
    },
    /// It may have been taken.
    Ambiguous,
}

/// Why a provider did not take it, by who is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delayed {
    /// Nobody: we are too fast. Uses up no attempt, and nobody else is asked.
    Throttled,
    /// The operator, who has to mend it. Uses up no attempt.
    OurAccount,
    /// The provider.
    Down,
}

/// The attempt that has just ended.
#[derive(Debug, Clone, Copy)]
pub struct Tried<'a> {
    pub key: AttemptKey,
    pub channel: Channel,
    /// The reminder's channels, in order.
    pub channels: &'a [Channel],
    /// Attempts on this channel so far, this one included, throttled ones not.
    pub on_channel: u32,
    /// Of those, the ones at which our account was at fault.
    pub spared: u32,
    /// Another provider of the channel was not tried yet, and does not fail.
    pub has_another: bool,
    /// An earlier channel's provider took it, and nothing was heard of it.
    pub was_taken: bool,
    /// An earlier channel was not tried to its end, as its providers fail.
    pub was_passed_over: bool,
    /// Where every provider of this one fails: when the next channel's turn comes.
    pub gives_way_at: Option<Timestamp>,
    /// The end of the contact window.
    pub send_before: Timestamp,
}

/// What becomes of the reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    pub state: ReminderState,
    pub reason: Option<Reason>,
    pub retry_at: Option<Timestamp>,
    /// The channel of the next attempt, for `retry_later` and `unheard`.
    pub channel: Option<Channel>,
}

impl Next {
    fn end(state: ReminderState, reason: Option<Reason>) -> Next {
        Next { state, reason, retry_at: None, channel: None }
    }
}

/// Decides a reminder's next state after an attempt.
pub fn settle(outcome: &Outcome, tried: &Tried<'_>, now: Timestamp, limits: &RetryLimits) -> Next {
    let next = after_attempt(outcome, tried, now, limits);
    Next { state: next.state.where_taken(tried.was_taken), ..next }
}

/// When the next channel's turn comes, where nothing is heard of a reminder
/// that was accepted now: only where the window is open then, and one is left.
pub fn turn_after(
    patience: SignedDuration,
    channel: Channel,
    channels: &[Channel],
    send_before: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let turn = now + patience;
    (turn < send_before && channel_after(channel, channels).is_some()).then_some(turn)
}

/// As much of a window is left to the next channel where the providers of one
/// fail until then.
const LAST_CALL: SignedDuration = SignedDuration::from_mins(30);

/// When the next channel's turn comes, where every provider of one has failed
/// since `since` and nobody took the reminder there: after the step's patience,
/// within the window (`opens` to `closes`), and early enough for it.
pub fn turn_where_all_fail(
    since: Timestamp,
    patience: Option<SignedDuration>,
    (opens, closes): (Timestamp, Timestamp),
) -> Timestamp {
    let last_call = closes - LAST_CALL.min(closes.duration_since(opens) / 4);
    patience.map_or(last_call, |patience| last_call.min(since.max(opens) + patience))
}

/// The channel that is tried after `channel`.
pub fn channel_after(channel: Channel, channels: &[Channel]) -> Option<Channel> {
    let index = channels.iter().position(|one| *one == channel)?;
    channels.get(index + 1).copied()
}

fn after_attempt(
    outcome: &Outcome,
    tried: &Tried<'_>,
    now: Timestamp,
    limits: &RetryLimits,
) -> Next {
    match outcome {
        Outcome::Accepted => Next::end(ReminderState::Accepted, None),

        // Trying again could remind the subscriber twice, which is worse than
        // reminding late. The provider is asked, or the receipt awaited.
        Outcome::Ambiguous => Next::end(ReminderState::Unknown, None),

        // Not refused by every channel, where one was passed over: the step stays due.
        Outcome::Rejected => next_channel(tried, now).unwrap_or({
            let state = match tried.was_passed_over {
                true => ReminderState::Deferred,
                false => ReminderState::Rejected,
            };
            Next::end(state, Some(Reason::Undeliverable))
        }),

        // It was certainly not taken, and another provider is asked at once.
        Outcome::Deferred { because: Delayed::OurAccount | Delayed::Down, .. }
            if tried.has_another =>
        {
            Next {
                state: ReminderState::RetryLater,
                reason: None,
                retry_at: Some(now),
                channel: Some(tried.channel),
            }
        }

        // Nobody took it and nobody refused it: the step stays due, and the
        // next day's reminder covers it.
        Outcome::Deferred { because: Delayed::Down, .. }
            if tried.on_channel.saturating_sub(tried.spared) >= limits.attempts_max =>
        {
            next_channel(tried, now)
                .unwrap_or(Next::end(ReminderState::Deferred, Some(Reason::Undeliverable)))
        }
        Outcome::Deferred { wait: theirs, because } => {
            // Whoever is asked whether it is back must not wait for longer than
            // those who were not.
            let turn = tried.gives_way_at.filter(|_| *because != Delayed::Throttled);
            let next = turn.filter(|turn| now >= *turn).and_then(|_| next_channel(tried, now));
            if let Some(next) = next {
                return next;
            }
            let ours = wait_before(tried, limits);
            // Their wait is a floor, so jitter is added to it, never taken off.
            let retry_at =
                now + theirs.map_or(ours, |theirs| theirs.max(SignedDuration::ZERO) + ours);
            let turn = turn.filter(|turn| now < *turn && next_channel(tried, now).is_some());
            let retry_at = turn.map_or(retry_at, |turn| turn.min(retry_at));
            if retry_at >= tried.send_before {
                return Next::end(ReminderState::Deferred, Some(Reason::OutsideWindow));
            }
            Next {
                state: ReminderState::RetryLater,
                reason: None,
                retry_at: Some(retry_at),
                channel: Some(tried.channel),
            }
        }
    }
}

/// Falls back to the next channel, at once.
fn next_channel(tried: &Tried<'_>, now: Timestamp) -> Option<Next> {
    channel_after(tried.channel, tried.channels).map(|channel| Next {
        state: ReminderState::RetryLater,
        reason: None,
        retry_at: Some(now),
        channel: Some(channel),
    })
}

/// Doubles with each attempt, up to the limit, and spreads over half of it:
/// a thousand reminders that failed together do not come back together. The
/// jitter hangs on the attempt's key, so a replay waits equally long.
fn wait_before(tried: &Tried<'_>, limits: &RetryLimits) -> SignedDuration {
    let doublings = tried.on_channel.saturating_sub(1).min(16);
    let wait_s = u64::from(limits.wait_first_s) << doublings;
    let wait_ms = wait_s.min(u64::from(limits.wait_max_s)) * 1000;
    let seed = crate::model::id::spread(&tried.key.to_string());
    let jitter_ms = seed % (wait_ms / 2).max(1);
    SignedDuration::from_millis((wait_ms + jitter_ms) as i64)
}

/// How long after one attempt at advice the next comes. Beyond the last, it is
/// tried again each time after as long.
const ADVICE_WAITS_S: [i64; 8] = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 43_200];
/// For so long the billing system may be away.
const ADVICE_FOR: SignedDuration = SignedDuration::from_hours(72);

/// When advice that was made at `made_at`, and tried so many times, is tried
/// again; `None` where it is given up, and a person must take it.
pub fn call_again(
    attempts: u32,
    made_at: Timestamp,
    now: Timestamp,
    asked: Option<SignedDuration>,
) -> Option<Timestamp> {
    let place = (attempts.saturating_sub(1) as usize).min(ADVICE_WAITS_S.len() - 1);
    let wait = SignedDuration::from_secs(ADVICE_WAITS_S[place]);
    let next_at = now + wait.max(asked.unwrap_or(SignedDuration::ZERO));
    (next_at < made_at + ADVICE_FOR).then_some(next_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountId, Bucket, ReminderId};

    const BOTH: &[Channel] = &[Channel::Sms, Channel::Email];

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
    }

    fn tried(channel: Channel, on_channel: u32) -> Tried<'static> {
        let day = jiff::civil::date(2026, 3, 1);
        let reminder = ReminderId::derive(Bucket::FIRST, &AccountId::from("A"), day, 0);
        let key = AttemptKey { reminder, number: on_channel };
        let (channels, send_before) = (BOTH, at(600));
        Tried {
            key,
            channel,
            channels,
            on_channel,
            spared: 0,
            has_another: false,
            was_taken: false,
            was_passed_over: false,
            gives_way_at: None,
            send_before,
        }
    }

    fn settled(outcome: Outcome, tried: Tried<'_>) -> Next {
        settle(&outcome, &tried, at(0), &RetryLimits::default())
    }

    fn down() -> Outcome {
        Outcome::Deferred { wait: None, because: Delayed::Down }
    }

    #[test]
    fn an_unknown_outcome_is_never_retried() {
        let next = settled(Outcome::Ambiguous, tried(Channel::Sms, 1));
        assert_eq!(next.state, ReminderState::Unknown);
        assert_eq!(next.retry_at, None);
    }

    #[test]
    fn a_refusal_falls_back_to_the_next_channel_and_then_ends() {
        let next = settled(Outcome::Rejected, tried(Channel::Sms, 1));
        assert_eq!((next.state, next.channel), (ReminderState::RetryLater, Some(Channel::Email)));
        let last = settled(Outcome::Rejected, tried(Channel::Email, 1));
        assert_eq!(last.state, ReminderState::Rejected);
        assert_eq!(last.reason, Some(Reason::Undeliverable));
    }

    #[test]
    fn another_provider_is_asked_at_once_and_only_where_nothing_was_taken() {
        let another = Tried { has_another: true, ..tried(Channel::Sms, 1) };
        let next = settled(down(), another);
        assert_eq!((next.retry_at, next.channel), (Some(at(0)), Some(Channel::Sms)));
        let throttled = Outcome::Deferred { wait: None, because: Delayed::Throttled };
        assert!(settled(throttled, another).retry_at > Some(at(0)));
        assert_eq!(settled(Outcome::Ambiguous, another).retry_at, None);
    }

    #[test]
    fn waits_grow_and_stay_below_one_and_a_half_times_their_limit() {
        let limits = RetryLimits { attempts_max: 30, ..RetryLimits::default() };
        let mut last = SignedDuration::ZERO;
        for attempt in 1..=12 {
            let wait = wait_before(&tried(Channel::Sms, attempt), &limits);
            let floor = (30i64 << (attempt - 1)).min(1800);
            assert!(wait >= SignedDuration::from_secs(floor), "{attempt}: {wait:?}");
            assert!(wait <= SignedDuration::from_secs(floor * 3 / 2), "{attempt}: {wait:?}");
            assert!(floor >= 1800 || wait > last);
            last = wait;
        }
    }

    #[test]
    fn a_provider_that_asks_for_a_wait_gets_at_least_that() {
        let wait = Some(SignedDuration::from_mins(20));
        let next = settled(
            Outcome::Deferred { wait, because: Delayed::Throttled },
            tried(Channel::Sms, 1),
        );
        assert!(next.retry_at.unwrap() >= at(20));
    }

    #[test]
    fn a_retry_that_would_fall_outside_the_window_waits_for_another_day() {
        let mut late = tried(Channel::Sms, 1);
        late.send_before = at(0) + SignedDuration::from_secs(10);
        let next = settled(down(), late);
        assert_eq!(next.state, ReminderState::Deferred);
        assert_eq!(next.reason, Some(Reason::OutsideWindow));
    }

    #[test]
    fn what_may_have_arrived_by_another_channel_never_becomes_due_again() {
        let after =
            |outcome| settled(outcome, Tried { was_taken: true, ..tried(Channel::Email, 4) }).state;
        assert_eq!(after(Outcome::Accepted), ReminderState::Accepted);
        assert_eq!(after(Outcome::Ambiguous), ReminderState::Unknown);
        assert_eq!(after(Outcome::Rejected), ReminderState::Expired);
        assert_eq!(after(down()), ReminderState::Expired);
        let throttled = Outcome::Deferred { wait: None, because: Delayed::Throttled };
        assert_eq!(after(throttled), ReminderState::Unheard);
    }

    #[test]
    fn patience_ends_only_where_something_follows_it() {
        let hour = SignedDuration::from_hours(1);
        let turn = |channel, send_before| turn_after(hour, channel, BOTH, send_before, at(0));
        assert_eq!(turn(Channel::Sms, at(61)), Some(at(60)));
        assert_eq!(turn(Channel::Sms, at(60)), None);
        assert_eq!(turn(Channel::Email, at(600)), None);
    }

    #[test]
    fn after_the_last_attempt_the_next_channel_is_tried() {
        let next = settled(down(), tried(Channel::Sms, 4));
        assert_eq!(next.channel, Some(Channel::Email));
        assert_eq!(settled(down(), tried(Channel::Email, 4)).state, ReminderState::Deferred);
        // Throttling is not the message's fault and uses up nothing.
        let throttled = Outcome::Deferred { wait: None, because: Delayed::Throttled };
        assert_eq!(settled(throttled, tried(Channel::Sms, 4)).channel, Some(Channel::Sms));
    }

    #[test]
    fn what_the_operator_has_to_mend_uses_up_no_attempt() {
        let ours = || Outcome::Deferred { wait: None, because: Delayed::OurAccount };
        // However often, it waits for people, ever longer.
        let next = settled(ours(), Tried { spared: 40, ..tried(Channel::Sms, 40) });
        assert_eq!((next.state, next.channel), (ReminderState::RetryLater, Some(Channel::Sms)));
        assert!(next.retry_at >= Some(at(30)));
        // Once it is mended, all attempts are still there.
        let mended =
            |used: u32| settled(down(), Tried { spared: 40, ..tried(Channel::Sms, 40 + used) });
        assert_eq!(mended(3).channel, Some(Channel::Sms));
        assert_eq!(mended(4).channel, Some(Channel::Email));
        // Another provider knows nothing of our account at this one.
        let another = Tried { has_another: true, spared: 1, ..tried(Channel::Sms, 1) };
        assert_eq!(settled(ours(), another).retry_at, Some(at(0)));
    }

    #[test]
    fn whoever_finds_out_that_all_still_fail_goes_on_with_the_others() {
        let ours = || Outcome::Deferred { wait: None, because: Delayed::OurAccount };
        let at_turn = |channel, turn| Tried { gives_way_at: Some(at(turn)), ..tried(channel, 3) };
        let next = settled(ours(), at_turn(Channel::Sms, 0));
        assert_eq!((next.retry_at, next.channel), (Some(at(0)), Some(Channel::Email)));
        // And waits no longer than until then.
        let next = settled(ours(), at_turn(Channel::Sms, 1));
        assert_eq!((next.retry_at, next.channel), (Some(at(1)), Some(Channel::Sms)));
        let late = Tried { send_before: at(2), ..at_turn(Channel::Sms, 1) };
        assert_eq!(settled(ours(), late).retry_at, Some(at(1)));
        // Where nothing follows, and where the provider only wants us slower, it waits.
        assert!(settled(ours(), at_turn(Channel::Email, 0)).retry_at > Some(at(1)));
        let slower = || Outcome::Deferred { wait: None, because: Delayed::Throttled };
        assert_eq!(settled(slower(), at_turn(Channel::Sms, 0)).channel, Some(Channel::Sms));
    }

    #[test]
    fn a_refusal_ends_nothing_that_another_day_may_bring_by_a_channel_that_fails_now() {
        let passed_over = Tried { was_passed_over: true, ..tried(Channel::Email, 1) };
        let next = settled(Outcome::Rejected, passed_over);
        assert_eq!(next.state, ReminderState::Deferred);
        assert_eq!(next.reason, Some(Reason::Undeliverable));
        let first = Tried { was_passed_over: true, ..tried(Channel::Sms, 1) };
        assert_eq!(settled(Outcome::Rejected, first).channel, Some(Channel::Email));
    }

    #[test]
    fn where_all_fail_the_next_channel_has_its_turn_after_patience_and_before_the_end() {
        let window = (at(0), at(600));
        let turn = |since, patience: Option<i64>| {
            turn_where_all_fail(at(since), patience.map(SignedDuration::from_mins), window)
        };
        assert_eq!(turn(30, Some(120)), at(150));
        // A night in which nobody was to be reached is nobody's patience.
        assert_eq!(turn(-700, Some(120)), at(120));
        // Late in the day what is left is left to the next channel.
        assert_eq!(turn(500, Some(120)), at(570));
        assert_eq!(turn(30, None), at(570));
        assert_eq!(turn(30, Some(1440)), at(570));
        // Of a short window, a quarter.
        assert_eq!(turn_where_all_fail(at(0), None, (at(0), at(40))), at(30));
    }

    #[test]
    fn advice_is_tried_for_three_days_ever_more_rarely_and_then_given_up() {
        let made_at = at(0);
        let (mut now, mut waits) = (made_at, Vec::new());
        for attempts in 1.. {
            let Some(next_at) = call_again(attempts, made_at, now, None) else { break };
            waits.push(next_at.duration_since(now));
            now = next_at;
        }
        assert!(waits.is_sorted() && waits.len() > 8, "{waits:?}");
        let whole = now.duration_since(made_at);
        assert!(whole < ADVICE_FOR && whole > SignedDuration::from_hours(58), "{whole:?}");
    }

    #[test]
    fn whoever_asks_for_patience_is_left_alone_for_as_long() {
        let asked = Some(SignedDuration::from_mins(7));
        assert_eq!(call_again(1, at(0), at(0), asked), Some(at(7)));
        assert_eq!(call_again(5, at(0), at(0), asked), Some(at(120)));
        let long = Some(SignedDuration::from_hours(72));
        assert_eq!(call_again(1, at(0), at(0), long), None);
    }
}
