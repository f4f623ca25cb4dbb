//! Who is reminded, of what, by which channel, and if not, why not.
//!
//! [`decide`] is the whole of it: read down, it names the rules in the order
//! in which they apply (DESIGN section 5). It takes values and returns values;
//! the same facts, scenario and date give the same decision on every machine
//! at every hour.
//!
//! May use: model.

mod book;
pub mod brake;
pub mod claim;
pub mod contact;
pub mod holidays;
pub mod ladder;
pub mod law;
pub mod number_zones;
pub mod repeat_debtor;
pub mod scenarios;
mod suppression;
pub mod window;

use jiff::civil::Date;

use crate::model::billing::plus_days;
use crate::model::cause::DebtClass;
use crate::model::experiment::Arm;
use crate::model::{Account, Bill, BillId, Channel, Currency, Item, Reason, Severity};

use book::{Book, Page};

pub use crate::model::facts::{AccountFacts, Case, InHand, SentItem, Standing, WhyNot};
pub use contact::ContactRules;
pub use ladder::{DueStep, Scenario, Step};
pub use scenarios::{Scenarios, Versioned};
pub use suppression::{disputed, is_offer, unpaid};
pub use window::ContactWindow;

/// What is to be done about one account on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    pub reminder: Option<Planned>,
    /// New or changed reasons, one per bill and step.
    pub why_not: Vec<WhyNot>,
    /// The open case ends: the account is current again.
    pub cures: bool,
    /// The first bill with a step that came as far as the draw of an experiment:
    /// nothing spoke against it before. Whatever follows may differ by arm.
    pub drawn: Option<BillId>,
}

/// One reminder to one payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// In the order of bill and step.
    pub items: Vec<Item>,
    /// The step that gives the voice.
    pub step: String,
    /// That of the most severe step.
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
    let mut why_not = Vec::new();
    let mut candidates = Vec::new();
    let mut drawn = None;
    let mut bills: Vec<&Bill> = facts.bills.iter().filter(|bill| bill.issued_on <= on).collect();
    bills.sort_unstable_by(|a, b| a.id.cmp(&b.id));

    for bill in bills {
        let Some(due) = scenario.due_step(bill, on) else { continue };
        if due.step.watched && !facts.is_watched {
            continue;
        }
        let mut page = book.page(bill, &mut why_not);
        page.retire_earlier_steps(scenario, due);
        if page.is_decided(&due.step.name) {
            continue;
        }
        if on > due.limit_on {
            page.lapse(due);
            continue;
        }
        if page.was_before_live(due) {
            page.note(due, Reason::BeforeLive);
            continue;
        }
        let against = before_draw(facts, scenario, bill, due, on);
        if against.is_none() && facts.arm.is_some() && !due.step.is_notice() {
            drawn.get_or_insert_with(|| bill.id.clone());
        }
        let considered = || consider(facts, scenario, bill, due, &page, on);
        match against.map_or_else(considered, Err) {
            Ok(step) => {
                if step.name != due.step.name {
                    // The soft step speaks in the hard one's place, which stays due.
                    page.take_back(step);
                    page.note(due, Reason::NoticeGap);
                }
                candidates.push(Candidate { bill, step });
            }
            Err(reason) => page.note(due, reason),
        }
    }

    Decision {
        reminder: consolidate(facts, scenario, candidates, on),
        why_not,
        cures: facts.case.as_ref().is_some_and(|case| is_cured(case, facts, scenario, on)),
        drawn,
    }
}

/// What speaks against a step of `bill` on `on`, by facts that may be newer
/// than the decision: for those who are about to act on it.
pub fn objection(
    facts: &AccountFacts,
    scenario: &Scenario,
    (bill, step): (&Bill, &str),
    on: Date,
) -> Option<Reason> {
    let routed = || suppression::routed_elsewhere(facts.class, scenario.step(step)?);
    let left_alone = || suppression::left_alone(facts, bill, scenario.step(step)?, on);
    suppression::first_reason(facts, scenario, bill, on).or_else(routed).or_else(left_alone)
}

/// What speaks against a step of a bill whatever is drawn for the account.
fn before_draw(
    facts: &AccountFacts,
    scenario: &Scenario,
    bill: &Bill,
    due: DueStep<'_>,
    on: Date,
) -> Option<Reason> {
    // Who cannot pay may still hear a soft step in the place of a hard one.
    let routed = || {
        suppression::routed_elsewhere(facts.class, due.step)
            .filter(|_| facts.class != DebtClass::CannotPay)
    };
    suppression::first_reason(facts, scenario, bill, on)
        .or_else(routed)
        .or_else(|| suppression::left_alone(facts, bill, due.step, on))
}

/// One step of one bill against the rest of the rules, in their order: the step
/// to send, or what speaks against it.
fn consider<'a>(
    facts: &AccountFacts,
    scenario: &'a Scenario,
    bill: &Bill,
    due: DueStep<'a>,
    page: &Page<'_>,
    on: Date,
) -> Result<&'a Step, Reason> {
    // A soft step that has to come before a notice belongs to the notice.
    if facts.arm == Some(Arm::Holdout) && !due.step.is_notice() {
        return Err(Reason::Holdout);
    }
    let step = match due.step.severity {
        Severity::Courtesy | Severity::Soft => due.step,
        Severity::Hard => severity_allows(facts, scenario, due, page, on)?,
    };
    // A softer step in its place may be one that the class must not hear.
    if let Some(reason) = suppression::routed_elsewhere(facts.class, step) {
        return Err(reason);
    }
    if suppression::unpaid(facts, bill, on) <= scenario.tolerance {
        return Err(Reason::BelowTolerance);
    }
    let is_reached = step.channels.iter().any(|channel| facts.account.reaches(*channel));
    if is_reached && suppression::worth_it(facts, step, bill.currency, on).is_empty() {
        return Err(Reason::NotWorthIt);
    }
    if facts.sent.iter().any(|sent| sent.day == on) {
        return Err(Reason::AccountCap);
    }
    if !is_reached {
        return Err(unreachable(&facts.account, &step.channels));
    }
    Ok(step)
}

/// Why none of these channels reaches the account: it does not want to be
/// reached, was not asked, or cannot be.
pub fn unreachable(account: &Account, channels: &[Channel]) -> Reason {
    if channels.iter().any(|channel| account.has_opted_out(*channel)) {
        return Reason::NoConsent;
    }
    match channels.iter().any(|channel| account.is_unasked(*channel)) {
        true => Reason::Unasked,
        false => Reason::NoContact,
    }
}

/// A hard step needs a soft one delivered, or exhausted, in this episode, and
/// its notice gap over. Where no soft step was sent in this episode, the
/// latest soft one goes out in its place.
fn severity_allows<'a>(
    facts: &AccountFacts,
    scenario: &'a Scenario,
    due: DueStep<'a>,
    page: &Page<'_>,
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
        return scenario.steps[..due.index]
            .iter()
            .rev()
            .filter(|step| step.severity == Severity::Soft)
            .find(|step| !page.is_taken(&step.name))
            .filter(|step| !page.is_observed(&step.name))
            .ok_or(Reason::NoticeGap);
    }
    let is_over = softs.any(|soft| {
        soft.standing != Standing::Open && on >= plus_days(soft.day, due.step.notice_gap_days)
    });
    if is_over { Ok(due.step) } else { Err(Reason::NoticeGap) }
}

/// The step's channels that reach the account and are worth it; a channel that
/// the subscriber asked for goes first, and with small accounts the cheap ones
/// go before the dear ones.
fn usable_channels(
    facts: &AccountFacts,
    step: &Step,
    currency: Currency,
    on: Date,
) -> Vec<Channel> {
    let mut channels = suppression::worth_it(facts, step, currency, on);
    let thrift = facts.estimate.as_ref().filter(|_| !step.is_notice());
    let cost = |channel: Channel| thrift.and_then(|it| it.thrift(channel)).unwrap_or_default();
    let prefers = facts.account.prefers();
    channels.sort_by_key(|channel| (Some(*channel) != prefers, cost(*channel)));
    channels
}

/// One reminder per account and day: it covers all that is due and speaks
/// with the most severe step's voice, or that of a statutory notice.
fn consolidate(
    facts: &AccountFacts,
    scenario: &Scenario,
    candidates: Vec<Candidate<'_>>,
    on: Date,
) -> Option<Planned> {
    // Two bills at the same step speak with the same voice.
    let voice = scenario.voice(candidates.iter().map(|candidate| candidate.step))?;
    let currency = candidates.first()?.bill.currency;
    Some(Planned {
        step: voice.name.clone(),
        severity: candidates.iter().map(|it| it.step.severity).fold(voice.severity, Severity::max),
        channels: usable_channels(facts, voice, currency, on),
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
    !facts
        .bills
        .iter()
        .any(|bill| bill.remaining > scenario.tolerance && bill.days_past_due(on) >= first_offset)
}

#[cfg(test)]
mod tests;
