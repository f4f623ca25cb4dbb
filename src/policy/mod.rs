//! Who is reminded, of what, by which channel, and if not, why not.
//!
//! [`decide`] is the whole of it: read down, it names the rules in the order
//! in which they apply (DESIGN section 5). It takes values and returns values;
//! the same facts, scenario and date give the same decision on every machine
//! at every hour.
//!
//! May use: model.

pub mod facts;
pub mod ladder;
pub mod repeat_debtor;
mod suppression;
pub mod window;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::billing::plus_days;
use crate::model::{Bill, BillId, Channel, Item, Reason, Severity};

pub use facts::{AccountFacts, Case, InHand, SentItem, Standing, WhyNot};
pub use ladder::{DueStep, Scenario, Step};
pub use window::ContactWindow;

/// What is to be done about one account on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    pub reminder: Option<Planned>,
    /// New or changed reasons, one per bill and step.
    pub why_not: Vec<WhyNot>,
    /// The open case ends: the account is current again.
    pub cures: bool,
}

/// One reminder to one payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// In the order of bill and step.
    pub items: Vec<Item>,
    /// The most severe step, which gives the voice.
    pub step: String,
    pub severity: Severity,
    /// Usable channels, in the order in which they are tried.
    pub channels: Vec<Channel>,
}

/// A step that nothing speaks against so far.
struct Candidate<'a> {
    bill: &'a Bill,
    step: &'a Step,
}

/// Decides about one account on the civil date `on`.
///
/// `live_since` is the day on which the scenario went live, `None` while it
/// observes. Reminders in hand for another day count as sent; one in hand for
/// `on` is the one being decided again, and does not count.
pub fn decide(
    facts: &AccountFacts,
    scenario: &Scenario,
    live_since: Option<Date>,
    on: Date,
) -> Decision {
    let mut book = Book::new(facts, live_since, on);
    let mut candidates = Vec::new();
    let mut bills: Vec<&Bill> = facts.bills.iter().filter(|bill| bill.issued_on <= on).collect();
    bills.sort_by(|a, b| a.id.cmp(&b.id));

    for bill in bills {
        let Some(due) = scenario.due_step(bill, on) else { continue };
        book.retire_earlier_steps(scenario, bill, due);
        if book.is_decided(&bill.id, &due.step.name) {
            continue;
        }
        if on > due.limit_on {
            book.lapse(bill, due);
            continue;
        }
        if book.was_before_live(due) {
            book.note(bill, due, Reason::BeforeLive);
            continue;
        }
        match consider(facts, scenario, bill, due, &book, on) {
            Ok(candidate) => {
                if candidate.step.name != due.step.name {
                    // The soft step speaks in the hard one's place, which stays due.
                    book.take_back(&bill.id, &candidate.step.name);
                    book.note(bill, due, Reason::NoticeGap);
                }
                candidates.push(candidate);
            }
            Err(reason) => book.note(bill, due, reason),
        }
    }

    Decision {
        reminder: consolidate(facts, candidates),
        why_not: book.changes(),
        cures: facts.case.as_ref().is_some_and(|case| is_cured(case, facts, scenario, on)),
    }
}

/// One step of one bill against the rules, in their order.
fn consider<'a>(
    facts: &AccountFacts,
    scenario: &'a Scenario,
    bill: &'a Bill,
    due: DueStep<'a>,
    book: &Book<'_>,
    on: Date,
) -> Result<Candidate<'a>, Reason> {
    if let Some(reason) = suppression::first_reason(facts, scenario, bill, on) {
        return Err(reason);
    }
    let step = match due.step.severity {
        Severity::Courtesy | Severity::Soft => due.step,
        Severity::Hard => severity_allows(facts, scenario, bill, due, book, on)?,
    };
    if suppression::unpaid(facts, bill, on) <= scenario.tolerance {
        return Err(Reason::BelowTolerance);
    }
    if facts.sent.iter().any(|sent| sent.day == on) {
        return Err(Reason::AccountCap);
    }
    if !step.channels.iter().any(|channel| facts.account.contacts.reaches(*channel)) {
        return Err(Reason::NoContact);
    }
    Ok(Candidate { bill, step })
}

/// A hard step needs a soft one delivered, or exhausted, in this episode, and
/// its notice gap over. Where no soft step was sent in this episode, the
/// latest soft one goes out in its place.
fn severity_allows<'a>(
    facts: &AccountFacts,
    scenario: &'a Scenario,
    bill: &Bill,
    due: DueStep<'a>,
    book: &Book<'_>,
    on: Date,
) -> Result<&'a Step, Reason> {
    let episode = facts.case.as_ref().map(|case| case.opened_on);
    let is_soft =
        |item: &Item| scenario.step(&item.step).is_some_and(|step| step.severity == Severity::Soft);
    let mut softs = facts
        .sent
        .iter()
        .filter(|sent| is_soft(&sent.item) && episode.is_some_and(|since| sent.day >= since))
        .peekable();
    let in_hand = facts
        .in_hand
        .iter()
        .any(|reminder| reminder.day != on && reminder.items.iter().any(is_soft));

    if softs.peek().is_none() && !in_hand {
        return scenario
            .steps
            .iter()
            .rev()
            .filter(|step| {
                step.severity == Severity::Soft && step.offset_days < due.step.offset_days
            })
            .find(|step| !book.is_taken(&bill.id, &step.name))
            .filter(|step| !book.is_observed(&bill.id, &step.name))
            .ok_or(Reason::NoticeGap);
    }
    let is_over = softs.any(|soft| {
        soft.standing != Standing::Open && on >= plus_days(soft.day, due.step.notice_gap_days)
    });
    if is_over { Ok(due.step) } else { Err(Reason::NoticeGap) }
}

/// The step's channels that reach the account; a channel that the subscriber
/// asked for goes first.
fn usable_channels(facts: &AccountFacts, step: &Step) -> Vec<Channel> {
    let contacts = &facts.account.contacts;
    let mut channels: Vec<Channel> =
        step.channels.iter().copied().filter(|channel| contacts.reaches(*channel)).collect();
    channels.sort_by_key(|channel| Some(*channel) != contacts.preferred);
    channels
}

/// One reminder per account and day: it covers all that is due and speaks
/// with the most severe step's voice.
fn consolidate(facts: &AccountFacts, candidates: Vec<Candidate<'_>>) -> Option<Planned> {
    // Two bills at the same step speak with the same voice.
    let voice = candidates
        .iter()
        .map(|candidate| candidate.step)
        .max_by_key(|step| (step.severity, step.offset_days))?;
    Some(Planned {
        step: voice.name.clone(),
        severity: voice.severity,
        channels: usable_channels(facts, voice),
        // One step of each bill, and the bills are in order.
        items: candidates
            .into_iter()
            .map(|candidate| Item {
                bill: candidate.bill.id.clone(),
                step: candidate.step.name.clone(),
            })
            .collect(),
    })
}

/// Cured: nothing overdue any more, or, for a case that only ever was a
/// courtesy, nothing left to remind of.
fn is_cured(case: &Case, facts: &AccountFacts, scenario: &Scenario, on: Date) -> bool {
    let first_offset = match case.stage {
        Severity::Courtesy => scenario.steps.first().map_or(1, |step| step.offset_days),
        Severity::Soft | Severity::Hard => 1,
    };
    !facts.bills.iter().any(|bill| {
        bill.remaining > scenario.tolerance && plus_days(bill.due_on, first_offset) <= on
    })
}

/// The why-not rows of one account: what stands, and what this decision adds.
struct Book<'a> {
    live_since: Option<Date>,
    taken: BTreeSet<(&'a BillId, &'a str)>,
    recorded: BTreeMap<(&'a BillId, &'a str), &'a WhyNot>,
    changes: Vec<WhyNot>,
}

impl<'a> Book<'a> {
    fn new(facts: &'a AccountFacts, live_since: Option<Date>, on: Date) -> Book<'a> {
        let in_hand = facts.in_hand.iter().filter(|reminder| reminder.day != on);
        let items = facts
            .sent
            .iter()
            .map(|sent| &sent.item)
            .chain(in_hand.flat_map(|reminder| &reminder.items));
        Book {
            live_since,
            taken: items.map(|item| (&item.bill, item.step.as_str())).collect(),
            recorded: facts
                .recorded
                .iter()
                .map(|row| ((&row.bill, row.step.as_str()), row))
                .collect(),
            changes: Vec::new(),
        }
    }

    fn is_taken(&self, bill: &BillId, step: &str) -> bool {
        self.taken.contains(&(bill, step))
    }

    /// Sent, or decided for good.
    fn is_decided(&self, bill: &BillId, step: &str) -> bool {
        self.is_taken(bill, step)
            || self.recorded.get(&(bill, step)).is_some_and(|row| row.reason.is_final())
    }

    /// While the scenario observes, a step that it observed is done with. Once
    /// live, what was only observed is no notice, and may have to go out.
    fn is_observed(&self, bill: &BillId, step: &str) -> bool {
        let row = self.recorded.get(&(bill, step));
        self.live_since.is_none() && row.is_some_and(|row| row.reason == Reason::Observed)
    }

    fn was_before_live(&self, due: DueStep<'_>) -> bool {
        self.live_since.is_some_and(|since| due.on < since)
    }

    /// Of the steps that have come, only the latest counts; the missed ones
    /// are recorded once, and never sent.
    fn retire_earlier_steps(&mut self, scenario: &Scenario, bill: &'a Bill, due: DueStep<'_>) {
        for earlier in scenario.steps_before(due, bill) {
            let name = earlier.step.name.as_str();
            let has_row = self.recorded.contains_key(&(&bill.id, name));
            if self.is_decided(&bill.id, name) || (self.was_before_live(earlier) && !has_row) {
                continue;
            }
            self.note(bill, earlier, Reason::Superseded);
        }
    }

    /// A step whose last day passed. It is recorded even where no row stood
    /// open: after an outage longer than its limit, that is all that is left
    /// of it.
    fn lapse(&mut self, bill: &Bill, due: DueStep<'_>) {
        let is_worth_a_row = match self.recorded.get(&(&bill.id, due.step.name.as_str())) {
            Some(row) => row.is_open,
            None => !self.was_before_live(due),
        };
        if is_worth_a_row {
            self.note(bill, due, Reason::LapsedStep);
        }
    }

    fn note(&mut self, bill: &Bill, due: DueStep<'_>, reason: Reason) {
        let row = WhyNot {
            bill: bill.id.clone(),
            step: due.step.name.clone(),
            step_on: due.on,
            limit_on: due.limit_on,
            reason,
            is_open: !reason.is_final() && reason != Reason::Paid,
        };
        let stands = self.recorded.get(&(&bill.id, due.step.name.as_str()));
        if stands.is_none_or(|stands| **stands != row) {
            self.changes.push(row);
        }
    }

    /// A step that goes out after all is not superseded as well.
    fn take_back(&mut self, bill: &BillId, step: &str) {
        self.changes.retain(|row| row.bill != *bill || row.step != step);
    }

    fn changes(self) -> Vec<WhyNot> {
        self.changes
    }
}

#[cfg(test)]
mod tests;
