//! What follows from one attempt.

use jiff::{SignedDuration, Timestamp};

use crate::model::reminder::{Reminder, Transition};
use crate::model::reply::PostedReply;
use crate::model::{Channel, ReminderState};
use crate::outbox::{self, Delayed, Outcome, Tried};
use crate::pipeline::Workshop;
use crate::provider::{Delay, Meaning, OUR_ACCOUNT, Outgoing, Refusal, Reply, SendOutcome};

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
        let (before, spared) = match due.channel == Some(channel) {
            true => (due.on_channel, due.spared),
            false => (0, 0),
        };
        let on_channel = before + 1;
        // Each is tried once before anybody is waited for.
        let has_another = on_channel < providers.routes(channel) as u32
            && providers.has_another(channel, pass.sender().name(), now);
        let Told { outcome, provider_ref, refs, note } = Told::of(outcome, has_another);
        let is_ours = matches!(outcome, Outcome::Deferred { because: Delayed::OurAccount, .. });
        let tried = Tried {
            key: outgoing.key,
            channel,
            channels: &due.reminder.channels,
            on_channel,
            spared: spared + u32::from(is_ours),
            has_another,
            was_taken: due.was_taken,
            was_passed_over: self.has_passed_over(&due, channel),
            gives_way_at: providers
                .fails_since(channel)
                .map(|since| gives_way_at(&self.shop, &due, since)),
            send_before: due.reminder.send_before,
        };
        let next = outbox::settle(&outcome, &tried, now, &settings.retry);
        let deadline = SignedDuration::from_secs(i64::from(settings.receipt_deadline_s));
        let next_at = match next.state {
            ReminderState::Accepted if pass.sender().capabilities().receipts => {
                let patience = patience(&self.shop, &due).map_or(deadline, |it| it.min(deadline));
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

    /// Whether a channel before `channel` reaches the account, and fails.
    fn has_passed_over(&self, due: &DueReminder, channel: Channel) -> bool {
        let before = due.reminder.channels.iter().take_while(|it| **it != channel);
        let mut before = before.filter(|it| due.account.reaches(**it));
        before.any(|it| self.shop.providers.fails_since(*it).is_some())
    }
}

/// What a provider said, as far as the record goes.
struct Told {
    outcome: Outcome,
    provider_ref: Option<String>,
    refs: Vec<String>,
    note: Option<String>,
}

impl Told {
    fn of(said: SendOutcome, has_another: bool) -> Told {
        let noted = |outcome, note| {
            let (provider_ref, refs) = (None, Vec::new());
            Told { outcome, provider_ref, refs, note: Some(note) }
        };
        let accepted = |provider_ref, refs| {
            let (outcome, note) = (Outcome::Accepted, None);
            Told { outcome, provider_ref, refs, note }
        };
        match said {
            SendOutcome::Accepted { provider_ref } => accepted(provider_ref, Vec::new()),
            SendOutcome::AcceptedInParts { refs } => accepted(Some(refs.join(" ")), refs),
            // What one provider holds against us says nothing of another.
            SendOutcome::Rejected { because: Refusal::OurAccount, note } if has_another => {
                noted(Outcome::Deferred { wait: None, because: Delayed::Down }, note)
            }
            SendOutcome::Rejected { note, .. } => noted(Outcome::Rejected, note),
            SendOutcome::Deferred { because: Delay::Throttled, wait, note } => {
                let because = Delayed::Throttled;
                noted(Outcome::Deferred { wait, because }, format!("throttled: {note}"))
            }
            SendOutcome::Deferred { because: Delay::Down, wait, note } => {
                let because = match note.starts_with(OUR_ACCOUNT) {
                    true => Delayed::OurAccount,
                    false => Delayed::Down,
                };
                noted(Outcome::Deferred { wait, because }, note)
            }
            SendOutcome::Ambiguous { note } => noted(Outcome::Ambiguous, note),
        }
    }
}

/// When the next channel's turn comes, where all providers of one fail since then.
pub fn gives_way_at(shop: &Workshop, due: &DueReminder, since: Timestamp) -> Timestamp {
    let window = (due.reminder.send_after, due.reminder.send_before);
    outbox::turn_where_all_fail(since, patience(shop, due), window)
}

/// How long the step waits for a receipt, or for a provider that takes it,
/// before the next channel's turn.
fn patience(shop: &Workshop, due: &DueReminder) -> Option<SignedDuration> {
    shop.scenarios.scenario(&due.reminder.policy)?.step(&due.reminder.step)?.patience()
}
