//! Dispatch: submits what is due, once each.
//!
//! In batches: read what is due, re-read the balances at the source, render,
//! take the keys and write the SUBMITTING marks, send with many under way,
//! record the outcomes. No transaction is open while a provider is called.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info, warn};

use crate::message::{BillLine, MessageFacts, RenderError, Rendered};
use crate::model::control::Control;
use crate::model::reminder::Transition;
use crate::model::{
    AccountId, AttemptKey, BillId, Bucket, Channel, Item, Money, Reason, ReminderId, ReminderState,
};
use crate::outbox::{self, Outcome, Tried};
use crate::policy::{self, AccountFacts};
use crate::provider::{Delay, Outgoing, SendOutcome};
use crate::source::{SourceError, rows};
use crate::store::{DueBill, DueReminder, Submission};

use super::gate::Gate;
use super::{Stage, Workshop, planning_day};

/// Submits reminders whose moment has come.
pub struct Dispatch(pub Workshop);

/// A reminder that passed every gate, ready to be submitted.
struct Ready {
    due: DueReminder,
    channel: Channel,
    submission: Submission,
    outgoing: Outgoing,
}

/// What is to become of one due reminder.
enum Verdict {
    Send(Box<Ready>),
    End(Transition),
}

#[async_trait]
impl Stage for Dispatch {
    fn name(&self) -> &'static str {
        "dispatch"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        let Workshop { outbox, control, settings, .. } = &self.0;
        // First, because most of the time nothing is due.
        let due = outbox.due(now, settings.dispatch_batch).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let control = control.control().await?;
        let gate = Gate::at(&self.0, &control, now).await?;
        if gate != Gate::Open {
            warn!("reminders are waiting: {}", gate.words());
            return Ok(0);
        }
        self.batch(due, &control, now).await
    }
}

impl Dispatch {
    async fn batch(
        &self,
        due: Vec<DueReminder>,
        control: &Control,
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        let Workshop { outbox, settings, .. } = &self.0;
        let (due, mut transitions) = self.in_window(due, now);
        let balances = self.balances(&due).await?;
        let objections = self.objections(&due, now).await?;
        let mut ready = Vec::new();
        for due in due {
            match self.verdict(due, &balances, &objections, control, now) {
                Verdict::Send(one) => ready.push(*one),
                Verdict::End(transition) => transitions.push(transition),
            }
        }

        let submissions: Vec<Submission> = ready.iter().map(|one| one.submission.clone()).collect();
        let won: HashSet<ReminderId> =
            outbox.submit(&submissions, now).await?.into_iter().collect();
        let submitted = ready.into_iter().filter(|one| won.contains(&one.submission.reminder));
        let outcomes: Vec<Transition> = futures_util::stream::iter(submitted)
            .map(|one| self.send(one, now))
            .buffer_unordered(settings.in_flight_max as usize)
            .collect()
            .await;
        let ended = transitions.len();
        transitions.extend(outcomes);
        outbox.append(&transitions).await?;
        info!(submitted = won.len(), not_sent = ended, "batch done");
        Ok(transitions.len())
    }

    /// Those whose window is open at the account's place, as that is known
    /// now: it may have moved since the reminder was planned. Where the window
    /// is over, the reminder ends; where it is still to come, it waits.
    fn in_window(
        &self,
        due: Vec<DueReminder>,
        now: Timestamp,
    ) -> (Vec<DueReminder>, Vec<Transition>) {
        let (mut open, mut over) = (Vec::with_capacity(due.len()), Vec::new());
        for mut due in due {
            let reminder = &due.reminder;
            let version = self.0.scenarios.version(&reminder.policy);
            let window = version.map(|v| v.scenario.window.on(reminder.day, &due.account.zone));
            match window {
                // Of a scenario that nobody knows any more, the plan is all there is.
                None => open.push(due),
                Some(Some((opens, _))) if now < opens => {}
                Some(Some((_, closes))) if now < closes => {
                    due.reminder.send_before = reminder.send_before.min(closes);
                    open.push(due);
                }
                Some(_) => {
                    let (state, reason) = (ReminderState::Deferred, Reason::OutsideWindow);
                    over.push(ended(&due, state, reason, now));
                }
            }
        }
        (open, over)
    }

    /// What is unpaid at the source right now. A bill that the source no
    /// longer knows owes nothing; one whose answer cannot be read is `None`.
    async fn balances(
        &self,
        due: &[DueReminder],
    ) -> Result<HashMap<BillId, Option<Money>>, SourceError> {
        let bills: Vec<BillId> =
            due.iter().flat_map(|due| due.bills.iter().map(|bill| bill.id.clone())).collect();
        let mut balances: HashMap<BillId, Option<Money>> = HashMap::with_capacity(bills.len());
        for due in due {
            for bill in &due.bills {
                balances.insert(bill.id.clone(), Some(Money::new(0, bill.currency)));
            }
        }
        for row in self.0.source.balances(&bills).await? {
            match rows::balance(&row) {
                Ok((bill, money)) => balances.insert(bill, Some(money)),
                Err(Some(bill)) => balances.insert(bill, None),
                Err(None) => None,
            };
        }
        Ok(balances)
    }

    /// What speaks against bills of accounts whose facts may have changed since
    /// they were decided about: those touched and not planned again yet, and
    /// those that wait for another attempt, which planning leaves alone.
    async fn objections(
        &self,
        due: &[DueReminder],
        now: Timestamp,
    ) -> anyhow::Result<HashMap<BillId, Reason>> {
        let doubtful: Vec<&DueReminder> =
            due.iter().filter(|due| due.is_touched || due.attempt > 0).collect();
        let mut objections = HashMap::new();
        if doubtful.is_empty() {
            return Ok(objections);
        }
        let mut accounts: Vec<(Bucket, AccountId)> =
            doubtful.iter().map(|due| (due.account.bucket, due.account.id.clone())).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let facts = self.0.plans.facts(&accounts, planning_day(now)).await?;
        let facts: HashMap<&AccountId, &AccountFacts> =
            facts.iter().map(|facts| (&facts.account.id, facts)).collect();
        for due in doubtful {
            let version = self.0.scenarios.version(&due.reminder.policy);
            let (Some(facts), Some(version)) = (facts.get(&due.account.id), version) else {
                continue;
            };
            for bill in &due.bills {
                let known = facts.bills.iter().find(|known| known.id == bill.id);
                let reason = known.and_then(|known| {
                    policy::objection(facts, &version.scenario, known, due.reminder.day)
                });
                // Of what is paid, the source says so itself.
                if let Some(reason) = reason.filter(|reason| *reason != Reason::Paid) {
                    objections.insert(bill.id.clone(), reason);
                }
            }
        }
        Ok(objections)
    }

    fn verdict(
        &self,
        mut due: DueReminder,
        balances: &HashMap<BillId, Option<Money>>,
        objections: &HashMap<BillId, Reason>,
        control: &Control,
        now: Timestamp,
    ) -> Verdict {
        let reminder = &due.reminder;
        if control.live_since(&reminder.scenario).is_none() {
            return Verdict::End(ended(&due, ReminderState::Suppressed, Reason::Observed, now));
        }
        let tolerance = self
            .0
            .scenarios
            .version(&reminder.policy)
            .map_or(0, |version| version.scenario.tolerance);
        let (mut owed, mut against) = (Vec::new(), None);
        for bill in &due.bills {
            if let Some(reason) = objections.get(&bill.id) {
                against = Some(against.map_or(*reason, |first: Reason| first.min(*reason)));
                continue;
            }
            match balances.get(&bill.id).copied().flatten() {
                None => {
                    return Verdict::End(ended(
                        &due,
                        ReminderState::Deferred,
                        Reason::StaleFeed,
                        now,
                    ));
                }
                Some(money) => {
                    let unpaid = money.minor.saturating_sub(bill.disputed);
                    if unpaid > tolerance {
                        owed.push((bill.clone(), Money::new(unpaid, money.currency)));
                    }
                }
            }
        }
        if owed.is_empty() {
            let reason = against.unwrap_or(Reason::PaidMeanwhile);
            return Verdict::End(ended(&due, ReminderState::Suppressed, reason, now));
        }
        let Some(channel) = self.channel(&due) else {
            return Verdict::End(ended(&due, ReminderState::Suppressed, Reason::NoContact, now));
        };
        due.bills = owed.iter().map(|(bill, _)| bill.clone()).collect();
        match self.ready(due, channel, owed.into_iter().map(|(_, money)| money).collect(), now) {
            Ok(ready) => Verdict::Send(Box::new(ready)),
            Err(ended) => Verdict::End(*ended),
        }
    }

    /// The channel of this attempt: the one that the retry names, else the
    /// first that still reaches the account and has a provider.
    fn channel(&self, due: &DueReminder) -> Option<Channel> {
        let usable = |channel: &Channel| {
            due.account.contacts.reaches(*channel) && self.0.providers.sender(*channel).is_some()
        };
        due.channel.filter(usable).or_else(|| due.reminder.channels.iter().copied().find(usable))
    }

    /// What the subscriber reads or hears, in the voice of what is still owed:
    /// the bill of the most severe step may have been paid since.
    fn rendered(
        &self,
        due: &DueReminder,
        channel: Channel,
        owed: &[Money],
    ) -> Result<Rendered, RenderError> {
        let Workshop { scenarios, messages, operator, .. } = &self.0;
        let version = scenarios.version(&due.reminder.policy);
        let step = version.as_ref().and_then(|version| {
            let steps = due.bills.iter().filter_map(|bill| version.scenario.step(&bill.step));
            steps.max_by_key(|step| (step.severity, step.offset_days))
        });
        let template = step.map_or(due.reminder.severity.as_str(), |step| step.template());
        let line = |(bill, remaining): (&DueBill, &Money)| BillLine {
            bill: bill.id.clone(),
            remaining: *remaining,
            due_on: bill.due_on,
        };
        let facts = MessageFacts {
            operator,
            name: &due.account.name,
            account: &due.account.id,
            language: &due.account.language,
            on: due.reminder.day,
            bills: due.bills.iter().zip(owed).map(line).collect(),
        };
        messages.render(template, channel, &facts)
    }

    fn ready(
        &self,
        due: DueReminder,
        channel: Channel,
        owed: Vec<Money>,
        now: Timestamp,
    ) -> Result<Ready, Box<Transition>> {
        let Workshop { providers, settings, .. } = &self.0;
        let rendered = self.rendered(&due, channel, &owed).map_err(|error| {
            error!(reminder.id = %due.reminder.id, "could not render the message: {error:#}");
            Box::new(ended(&due, ReminderState::Deferred, Reason::Undeliverable, now))
        })?;

        let key = AttemptKey { reminder: due.reminder.id, number: due.attempt + 1 };
        let outgoing = Outgoing {
            key,
            channel,
            to: due.account.contacts.clone(),
            name: due.account.name.clone(),
            language: rendered.language,
            content: rendered.content,
            expires_at: due.reminder.send_before,
        };
        let deadline = SignedDuration::from_secs(i64::from(settings.submit_deadline_s));
        let mark = Transition {
            reminder: due.reminder.id,
            seq: due.seq + 1,
            state: ReminderState::Submitting,
            at: now,
            attempt: key.number,
            channel: Some(channel),
            provider: providers.sender(channel).map(|sender| sender.name().to_owned()),
            provider_ref: None,
            reason: None,
            note: None,
            next_at: Some(now + deadline),
        };
        let items =
            due.bills.iter().map(|bill| Item { bill: bill.id.clone(), step: bill.step.clone() });
        let submission = Submission {
            reminder: due.reminder.id,
            account: due.reminder.account.clone(),
            day: due.reminder.day,
            items: items.collect(),
            is_first: due.attempt == 0,
            mark,
        };
        Ok(Ready { due, channel, submission, outgoing })
    }

    /// One attempt, and what follows from it.
    async fn send(&self, one: Ready, now: Timestamp) -> Transition {
        let Workshop { providers, settings, .. } = &self.0;
        let Ready { due, channel, submission, outgoing } = one;
        let Some(sender) = providers.sender(channel) else {
            return ended(&due, ReminderState::Deferred, Reason::NoContact, now);
        };
        let result = sender.send(&outgoing, now).await;
        let (outcome, provider_ref, note) = match result {
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
            ReminderState::Accepted => sender.gives_receipts().then_some(receipt_deadline),
            ReminderState::Unknown => Some(receipt_deadline),
            _ => next.retry_at,
        };
        Transition {
            seq: submission.mark.seq + 1,
            state: next.state,
            channel: next.channel.or(Some(channel)),
            provider_ref,
            reason: next.reason,
            note,
            next_at,
            ..submission.mark
        }
    }
}

/// The end of a reminder that is not submitted now.
fn ended(due: &DueReminder, state: ReminderState, reason: Reason, now: Timestamp) -> Transition {
    Transition {
        reminder: due.reminder.id,
        seq: due.seq + 1,
        state,
        at: now,
        attempt: due.attempt,
        channel: due.channel,
        provider: None,
        provider_ref: None,
        reason: Some(reason),
        note: None,
        next_at: None,
    }
}
