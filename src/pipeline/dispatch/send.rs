//! One attempt, and what follows from it.

use jiff::{SignedDuration, Timestamp};

use crate::model::reminder::Transition;
use crate::model::{Reason, ReminderState};
use crate::outbox::{self, Outcome, Tried};
use crate::provider::{Delay, SendOutcome};

use super::Dispatch;
use super::verdict::{Ready, ended};
use crate::pipeline::Workshop;

impl Dispatch {
    /// One attempt, marked by `mark`, and what follows from it.
    pub async fn send(&self, one: Ready, mark: Transition, now: Timestamp) -> Transition {
        let Some(sender) = self.shop.providers.sender(one.channel) else {
            return ended(&one.due, ReminderState::Deferred, Reason::NoContact, now);
        };
        let outcome = sender.send(&one.outgoing, now).await;
        self.follow(one, mark, outcome, now)
    }

    /// What follows from an attempt.
    pub fn follow(
        &self,
        one: Ready,
        mark: Transition,
        outcome: SendOutcome,
        now: Timestamp,
    ) -> Transition {
        let Workshop { providers, settings, .. } = &self.shop;
        let Ready { due, channel, outgoing } = one;
        let (outcome, provider_ref, note) = match outcome {
            SendOutcome::Accepted { provider_ref } => (Outcome::Accepted, provider_ref, None),
            SendOutcome::Rejected { note, .. } => (Outcome::Rejected, None, Some(note)),
            SendOutcome::Deferred { because: Delay::Throttled, wait, note } => {
                let note = format!("throttled: {note}");
                (Outcome::Deferred { wait, uses_attempt: false }, None, Some(note))
            }
            SendOutcome::Deferred { because: Delay::Down, wait, note } => {
                (Outcome::Deferred { wait, uses_attempt: true }, None, Some(note))
            }
            SendOutcome::Ambiguous { note } => (Outcome::Ambiguous, None, Some(note)),
        };
        let on_channel = if due.channel == Some(channel) { due.on_channel + 1 } else { 1 };
        let tried = Tried {
            key: outgoing.key,
            channel,
            channels: &due.reminder.channels,
            on_channel,
            send_before: due.reminder.send_before,
        };
        let next = outbox::settle(&outcome, &tried, now, &settings.retry);
        let receipt_deadline =
            now + SignedDuration::from_secs(i64::from(settings.receipt_deadline_s));
        let next_at = match next.state {
            ReminderState::Accepted => providers
                .sender(channel)
                .is_some_and(|sender| sender.capabilities().receipts)
                .then_some(receipt_deadline),
            ReminderState::Unknown => Some(receipt_deadline),
            _ => next.retry_at,
        };
        Transition {
            seq: mark.seq + 1,
            state: next.state,
            channel: next.channel.or(Some(channel)),
            provider_ref,
            reason: next.reason,
            note,
            next_at,
            ..mark
        }
    }
}
