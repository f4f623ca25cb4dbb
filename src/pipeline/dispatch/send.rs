//! What follows from one attempt.

use jiff::{SignedDuration, Timestamp};

use crate::model::ReminderState;
use crate::model::reminder::{Reminder, Transition};
use crate::model::reply::PostedReply;
use crate::outbox::{self, Outcome, Tried};
use crate::pipeline::Workshop;
use crate::provider::{Delay, Meaning, Outgoing, Refusal, Reply, SendOutcome};

use super::Dispatch;
use super::verdict::Ready;
use crate::store::DueReminder;

impl Dispatch {
    /// What an outcome says about the address, in the form of a reply.
    pub fn said(one: &Ready, outcome: &SendOutcome, now: Timestamp) -> Option<PostedReply> {
        let SendOutcome::Rejected { because, .. } = outcome else { return None };
        let meaning = match because {
            Refusal::BadRecipient => Meaning::BadAddress,
            Refusal::OptedOut => Meaning::OptOut,
            Refusal::BadContent | Refusal::OurAccount => return None,
        };
        let Outgoing { key, channel, .. } = one.outgoing;
        let reply = Reply { channel, about: Some(key), from: None, meaning, at: now };
        Some(PostedReply {
            provider: one.pass.sender().name().into(),
            message_id: format!("refusal of {key}").into(),
            ordinal: 0,
            reply,
            received_at: now,
        })
    }

    /// What follows from an attempt that was marked by `mark`.
    pub fn follow(
        &self,
        one: Ready,
        mark: Transition,
        outcome: SendOutcome,
        now: Timestamp,
    ) -> Transition {
        let Workshop { providers, settings, .. } = &self.shop;
        let Ready { due, channel, outgoing, pass } = one;
        let on_channel = if due.channel == Some(channel) { due.on_channel + 1 } else { 1 };
        // Each is tried once before anybody is waited for.
        let has_another = on_channel < providers.routes(channel) as u32
            && providers.has_another(channel, pass.sender().name(), now);
        let mut refs = Vec::new();
        let (outcome, provider_ref, note) = match outcome {
            SendOutcome::Accepted { provider_ref } => (Outcome::Accepted, provider_ref, None),
            SendOutcome::AcceptedInParts { refs: parts } => {
                refs = parts;
                (Outcome::Accepted, Some(refs.join(" ")), None)
            }
            // What one provider holds against us says nothing of another.
            SendOutcome::Rejected { because: Refusal::OurAccount, note } if has_another => {
                (Outcome::Deferred { wait: None, uses_attempt: true }, None, Some(note))
            }
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
        let tried = Tried {
            key: outgoing.key,
            channel,
            channels: &due.reminder.channels,
            on_channel,
            has_another,
            was_taken: due.was_taken,
            send_before: due.reminder.send_before,
        };
        let next = outbox::settle(&outcome, &tried, now, &settings.retry);
        let deadline = SignedDuration::from_secs(i64::from(settings.receipt_deadline_s));
        let next_at = match next.state {
            ReminderState::Accepted if pass.sender().capabilities().receipts => {
                let patience = self.patience(&due).map_or(deadline, |it| it.min(deadline));
                let Reminder { channels, send_before, .. } = &due.reminder;
                let turn = outbox::turn_after(patience, channel, channels, *send_before, now);
                Some(turn.unwrap_or(now + deadline))
            }
            ReminderState::Unknown => Some(now + deadline),
            ReminderState::Accepted => None,
            _ => next.retry_at,
        };
        Transition {
            seq: mark.seq + 1,
            state: next.state,
            channel: next.channel.or(Some(channel)),
            provider_ref,
            refs,
            reason: next.reason,
            note,
            next_at,
            ..mark
        }
    }

    /// How long the step waits for a receipt before the next channel's turn.
    fn patience(&self, due: &DueReminder) -> Option<SignedDuration> {
        let scenario = self.shop.scenarios.scenario(&due.reminder.policy)?;
        scenario.step(&due.reminder.step)?.patience()
    }
}
