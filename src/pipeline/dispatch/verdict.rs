//! What becomes of each due reminder: the gates that concern it, in order,
//! and the message of one that passes them all.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use tracing::error;

use crate::message::{self, BillLine, MessageFacts, RenderError, Rendered};
use crate::model::cap::Counted;
use crate::model::content::TemplateFacts;
use crate::model::control::Control;
use crate::model::notice::Proof;
use crate::model::reminder::Transition;
use crate::model::{
    AccountId, AttemptKey, BillId, Bucket, Channel, Content, Item, Money, Reason, ReminderState,
    Severity,
};
use crate::policy::contact::{GUARD, Window};
use crate::policy::{self, AccountFacts};
use crate::provider::Outgoing;
use crate::provider::route::Pass;
use crate::source::{SourceError, rows};
use crate::store::{DueBill, DueReminder, Submission};

use super::Dispatch;
use super::line::Admitted;
use crate::pipeline::gate::way_after;
use crate::pipeline::{Workshop, planning_day};

/// A reminder that passed every gate, ready to be submitted.
pub struct Ready {
    pub due: DueReminder,
    pub channel: Channel,
    pub outgoing: Outgoing,
    /// Leave to go to a provider.
    pub pass: Pass,
}

type Way = Option<(Channel, Pass)>;

/// How the step speaks that gives a reminder its voice.
struct Voice<'a> {
    template: &'a str,
    severity: Severity,
    is_notice: bool,
}

/// What is to become of one due reminder.
enum Verdict {
    Send(Box<(Ready, Submission)>),
    End(Transition),
}

impl Dispatch {
    /// Re-reads the balances at the source and lets every gate speak. Gives
    /// what may be submitted, and the ends of the others.
    pub async fn judge(
        &self,
        admitted: Vec<Admitted>,
        control: &Control,
        now: Timestamp,
    ) -> anyhow::Result<(Vec<(Ready, Submission)>, Vec<Transition>)> {
        let (due, ways): (Vec<DueReminder>, Vec<Way>) =
            admitted.into_iter().map(|one| (one.due, one.way)).unzip();
        let balances = self.balances(&due).await?;
        let objections = self.objections(&due, now).await?;
        let (mut ready, mut ended) = (Vec::with_capacity(due.len()), Vec::new());
        for (due, way) in due.into_iter().zip(ways) {
            match self.verdict(due, way, &balances, &objections, control, now) {
                Verdict::Send(one) => ready.push(*one),
                Verdict::End(transition) => ended.push(transition),
            }
        }
        Ok((ready, ended))
    }

    /// Those whose window is open at the account's place, as that is known
    /// now: it may have moved since the reminder was planned. Where the window
    /// is over, the reminder ends; where it is still to come, it waits.
    pub fn in_window(
        &self,
        due: Vec<DueReminder>,
        now: Timestamp,
    ) -> (Vec<DueReminder>, Vec<Transition>) {
        let (mut open, mut over) = (Vec::with_capacity(due.len()), Vec::new());
        for mut due in due {
            due.account.ask_first(self.shop.contact.consent(&due.reminder.scenario));
            let reminder = &due.reminder;
            match self.window(&due) {
                // Of a scenario that nobody knows any more, the plan is all there is.
                None => open.push(due),
                Some(Some(window)) if now < window.send_before => {
                    let bucket = reminder.bucket();
                    let half = window.send_before.duration_since(window.opens) / 2;
                    let opens = window.opens + self.shop.settings.smear(bucket).min(half);
                    if now < opens {
                        self.shop.agenda.expect(bucket, opens);
                        continue;
                    }
                    due.reminder.send_before = reminder.send_before.min(window.send_before);
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

    /// The window of a reminder's day under the law of now; `None` where its
    /// scenario is not known any more.
    fn window(&self, due: &DueReminder) -> Option<Option<Window>> {
        let Workshop { scenarios, contact, .. } = &self.shop;
        let DueReminder { reminder, account, .. } = due;
        let scenario = scenarios.scenario(&reminder.policy)?;
        Some(contact.window(scenario, account, &reminder.channels, reminder.day))
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
        for row in self.shop.source.balances(&bills).await? {
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
        let facts = self.shop.plans.facts(&accounts, planning_day(now)).await?;
        let facts: HashMap<&AccountId, &AccountFacts> =
            facts.iter().map(|facts| (&facts.account.id, facts)).collect();
        for due in doubtful {
            let scenario = self.shop.scenarios.scenario(&due.reminder.policy);
            let (Some(facts), Some(scenario)) = (facts.get(&due.account.id), scenario) else {
                continue;
            };
            for bill in &due.bills {
                let known = facts.bills.iter().find(|known| known.id == bill.id);
                let reason = known.and_then(|known| {
                    let what = (known, bill.step.as_str());
                    policy::objection(facts, scenario, what, due.reminder.day)
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
        way: Way,
        balances: &HashMap<BillId, Option<Money>>,
        objections: &HashMap<BillId, Reason>,
        control: &Control,
        now: Timestamp,
    ) -> Verdict {
        let reminder = &due.reminder;
        if control.live_since(&reminder.scenario).is_none() {
            return Verdict::End(ended(&due, ReminderState::Suppressed, Reason::Observed, now));
        }
        // Declared since it was planned: nobody was touched for it, and the step stays due.
        if control.spares(&due.account, reminder.day) {
            let (state, reason) = (ReminderState::Deferred, Reason::HoldMoratorium);
            return Verdict::End(ended(&due, state, reason, now));
        }
        let tolerance =
            self.shop.scenarios.scenario(&reminder.policy).map_or(0, |scenario| scenario.tolerance);
        let (mut bills, mut owed, mut against) = (Vec::new(), Vec::new(), None);
        for bill in std::mem::take(&mut due.bills) {
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
                        bills.push(bill);
                        owed.push(Money::new(unpaid, money.currency));
                    }
                }
            }
        }
        if owed.is_empty() {
            let reason = against.unwrap_or(Reason::PaidMeanwhile);
            return Verdict::End(ended(&due, ReminderState::Suppressed, reason, now));
        }
        let Some((channel, pass)) = way else {
            let reason = policy::unreachable(&due.account, &due.reminder.channels);
            return Verdict::End(ended(&due, ReminderState::Suppressed, reason, now));
        };
        due.bills = bills;
        match self.ready(due, (channel, pass), owed, control, now) {
            Ok(ready) => Verdict::Send(Box::new(ready)),
            Err(ended) => Verdict::End(*ended),
        }
    }

    /// In whose voice is spoken of what is still owed: the bill of the most
    /// severe step may have been paid since.
    fn voice(&self, due: &DueReminder) -> Voice<'_> {
        let scenario = self.shop.scenarios.scenario(&due.reminder.policy);
        let step = scenario.and_then(|scenario| {
            scenario.voice(due.bills.iter().filter_map(|bill| scenario.step(&bill.step)))
        });
        let severity = due.reminder.severity;
        // Of a scenario that nobody knows any more, the plan is all there is.
        step.map_or(Voice { template: severity.as_str(), severity, is_notice: false }, |step| {
            let (template, severity) = (step.template(), step.severity);
            Voice { template, severity, is_notice: step.is_notice() }
        })
    }

    /// The message set of the step, or the offer that takes its place. Providers
    /// with templates of their own have none for it.
    fn template<'a>(
        &self,
        due: &DueReminder,
        voice: &Voice<'a>,
        channel: Channel,
        has_own_templates: bool,
    ) -> &'a str {
        let is_offer = voice.severity == Severity::Soft
            && !voice.is_notice
            && due.bills.iter().any(|bill| bill.is_offer);
        let has_offer = self.shop.messages.has(message::ARRANGEMENT, channel);
        if is_offer && has_offer && !has_own_templates {
            message::ARRANGEMENT
        } else {
            voice.template
        }
    }

    /// What the subscriber reads or hears.
    fn rendered(
        &self,
        due: &DueReminder,
        voice: &Voice<'_>,
        (channel, pass): (Channel, &Pass),
        owed: &[Money],
    ) -> Result<(Rendered, Option<TemplateFacts>), RenderError> {
        let Workshop { messages, operator, contact, links, .. } = &self.shop;
        let line = |(bill, remaining): (&DueBill, &Money)| BillLine {
            bill: bill.id.clone(),
            remaining: *remaining,
            due_on: bill.due_on,
        };
        // Nobody types a link of forty letters off a sheet of paper.
        let links = links.as_ref().filter(|_| channel != Channel::Letter);
        let link = links.map(|links| links.page(channel, due.reminder.id));
        let reply_url = link.unwrap_or_default();
        let law = contact.content(&due.reminder.scenario);
        let has_own_templates = pass.sender().capabilities().own_templates;
        let template = self.template(due, voice, channel, has_own_templates);
        let facts = MessageFacts {
            operator,
            name: &due.account.name,
            account: &due.account.id,
            language: due.account.speaks(),
            on: due.reminder.day,
            bills: due.bills.iter().zip(owed).map(line).collect(),
            reply_url: &reply_url,
            asked: &message::asked(law, voice.severity, channel),
        };
        let rendered = messages.render(template, channel, &facts)?;
        let words =
            has_own_templates.then(|| facts.for_template(template, &rendered.language, channel));
        Ok((rendered, words))
    }

    /// The contact that it would be, and what limits it.
    fn counted(&self, due: &DueReminder, channel: Channel, now: Timestamp) -> Option<Counted> {
        let Workshop { contact, .. } = &self.shop;
        let DueReminder { account, reminder, .. } = due;
        let address = account.contacts.address(channel).unwrap_or_default();
        let silence = contact.silent_since(&reminder.scenario, account, channel, now);
        let caps = contact.caps(&reminder.scenario);
        let account = (account.bucket, &account.id, account.person.as_deref());
        Counted::under(caps, silence, account, (channel, address), now)
    }

    fn proof(
        &self,
        due: &DueReminder,
        template: &str,
        channel: Channel,
        rendered: &Rendered,
    ) -> Proof {
        let subject = match &rendered.content {
            Content::Email { subject, .. } => Some(subject.clone()),
            Content::Sms { .. } | Content::Voice(_) => None,
        };
        Proof {
            template: template.to_owned(),
            template_version: self.shop.messages.version(&rendered.language, template),
            language: rendered.language.clone(),
            address: due.account.contacts.address(channel).map(str::to_owned),
            subject,
            body: rendered.content.words().into_owned(),
        }
    }

    fn ready(
        &self,
        due: DueReminder,
        (channel, pass): (Channel, Pass),
        owed: Vec<Money>,
        control: &Control,
        now: Timestamp,
    ) -> Result<(Ready, Submission), Box<Transition>> {
        let Workshop { settings, links, .. } = &self.shop;
        let voice = self.voice(&due);
        let rendered = self.rendered(&due, &voice, (channel, &pass), &owed);
        let (rendered, facts) = rendered.map_err(|error| {
            error!(reminder.id = %due.reminder.id, "could not render the message: {error:#}");
            Box::new(ended(&due, ReminderState::Deferred, Reason::Undeliverable, now))
        })?;

        // The guard band is the provider's, to deliver what it took at the last.
        let send_before = due.reminder.send_before;
        let expires_at = self
            .window(&due)
            .flatten()
            .map_or(send_before, |window| window.closes.min(send_before + GUARD));
        let key = AttemptKey { reminder: due.reminder.id, number: due.attempt + 1 };
        let counted = self.counted(&due, channel, now);
        // A cap gives way to what the law wants said, and counts it.
        let counted = if voice.is_notice { counted.map(Counted::uncapped) } else { counted };
        let proof = voice.is_notice.then(|| self.proof(&due, voice.template, channel, &rendered));
        let outgoing = Outgoing {
            key,
            channel,
            to: due.account.contacts.clone(),
            name: due.account.name.clone(),
            language: rendered.language,
            content: rendered.content,
            facts,
            expires_at,
            stop_url: links.as_ref().and_then(|links| links.stop(due.reminder.id)),
        };
        let deadline = SignedDuration::from_secs(i64::from(settings.submit_deadline_s));
        let mark = Transition {
            reminder: due.reminder.id,
            // That of the first attempt is the key itself, and no transition.
            seq: if due.attempt == 0 { due.seq } else { due.seq + 1 },
            state: ReminderState::Submitting,
            at: now,
            attempt: key.number,
            channel: Some(channel),
            provider: Some(pass.sender().name().to_owned()),
            provider_ref: None,
            refs: Vec::new(),
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
            has_another: way_after(&self.shop, control, &due, channel).is_some(),
            counted,
            proof,
            was_taken: due.was_taken,
            mark,
        };
        Ok((Ready { due, channel, outgoing, pass }, submission))
    }
}

/// The end of a reminder that is not submitted now.
pub fn ended(
    due: &DueReminder,
    state: ReminderState,
    reason: Reason,
    now: Timestamp,
) -> Transition {
    Transition {
        reminder: due.reminder.id,
        seq: due.seq + 1,
        state: state.where_taken(due.was_taken),
        at: now,
        attempt: due.attempt,
        channel: due.channel,
        provider: None,
        provider_ref: None,
        refs: Vec::new(),
        reason: Some(reason),
        note: None,
        next_at: None,
    }
}
