//! What speaks against reminding of a bill, in the order in which it is named.

use jiff::civil::Date;

use crate::model::cause::DebtClass;
use crate::model::{Bill, Channel, Currency, HoldKind, PaymentState, Reason, Severity};

use super::ladder::{Scenario, Step};
use crate::model::facts::AccountFacts;

/// The first reason against any step of `bill` on `on`, severity, tolerance,
/// caps and contacts aside.
pub fn first_reason(
    facts: &AccountFacts,
    scenario: &Scenario,
    bill: &Bill,
    on: Date,
) -> Option<Reason> {
    if bill.remaining == 0 {
        return Some(Reason::Paid);
    }
    let pending = pending(facts, bill);
    if pending > 0 && unpaid(facts, bill, on) - pending <= scenario.tolerance {
        return Some(Reason::PendingPayment);
    }
    let stops = facts
        .holds
        .iter()
        .filter(|hold| hold.is_on(on) && hold.covers(&bill.id))
        .filter_map(|hold| stop(hold.kind))
        .min();
    stops.or_else(|| (unpaid(facts, bill, on) <= 0).then_some(Reason::Disputed))
}

/// Whoever reliably pays a day or two late, and alone, is left alone for these
/// days, from before the due date on. Statutes know no habits, and whom the
/// watch list names no longer pays as it did.
pub fn left_alone(facts: &AccountFacts, bill: &Bill, step: &Step, on: Date) -> Option<Reason> {
    let estimate = facts.estimate.as_ref().filter(|_| !step.is_notice() && !facts.is_watched)?;
    estimate.leaves_alone(bill, on).then_some(Reason::SelfCures)
}

/// Channels of the step that reach the account and cost no more than they can
/// be expected to bring. A notice of a statute may cost what it costs.
pub fn worth_it(facts: &AccountFacts, step: &Step, currency: Currency, on: Date) -> Vec<Channel> {
    let reaching = step.channels.iter().copied().filter(|it| facts.account.reaches(*it));
    let Some(estimate) = facts.estimate.as_ref().filter(|_| !step.is_notice()) else {
        return reaching.collect();
    };
    let issued =
        facts.bills.iter().filter(|bill| bill.issued_on <= on && bill.currency == currency);
    let owed = issued.map(|bill| unpaid(facts, bill, on)).fold(0, i64::saturating_add);
    reaching.filter(|channel| !estimate.is_too_dear(*channel, owed, currency)).collect()
}

/// Who is angry hears nothing until care is done with it: a courtesy would be
/// read as a demand, and the notice of a statute is one. Who means not to pay is
/// for people to look at; what a statute asks for must be said all the same. Who
/// cannot pay is offered an arrangement, and threatened with nothing.
pub fn routed_elsewhere(class: DebtClass, step: &Step) -> Option<Reason> {
    let is_routed = match class {
        DebtClass::Unknown | DebtClass::Forgetful => false,
        DebtClass::CannotPay => step.severity == Severity::Hard && !step.is_notice(),
        DebtClass::Retaliatory => true,
        DebtClass::Malicious => !step.is_notice(),
    };
    is_routed.then_some(Reason::DebtClass)
}

/// Whether the step offers an arrangement in the place of asking for money: to
/// whoever cannot pay, where the step is its scenario's own and no statute's.
pub fn is_offer(facts: &AccountFacts, step: &Step) -> bool {
    facts.class == DebtClass::CannotPay && step.severity == Severity::Soft && !step.is_notice()
}

/// A dispute takes its part off the bill; every other hold stops it.
fn stop(kind: HoldKind) -> Option<Reason> {
    match kind {
        HoldKind::Exemption => Some(Reason::HoldExemption),
        HoldKind::Promise => Some(Reason::HoldPromise),
        HoldKind::Hardship => Some(Reason::HoldHardship),
        HoldKind::Moratorium => Some(Reason::HoldMoratorium),
        HoldKind::Complaint => Some(Reason::HoldComplaint),
        HoldKind::Paid => Some(Reason::HoldPaid),
        HoldKind::Staff => Some(Reason::HoldStaff),
        HoldKind::Dispute => None,
    }
}

/// Disputed minor units of a bill; all that is unpaid, where no amount is said.
pub fn disputed(facts: &AccountFacts, bill: &Bill, on: Date) -> i64 {
    facts
        .holds
        .iter()
        .filter(|hold| hold.kind == HoldKind::Dispute && hold.is_on(on) && hold.covers(&bill.id))
        .map(|hold| hold.amount.unwrap_or(bill.remaining))
        .fold(0, i64::saturating_add)
}

/// Unpaid and undisputed, in minor units; never negative.
pub fn unpaid(facts: &AccountFacts, bill: &Bill, on: Date) -> i64 {
    bill.remaining.saturating_sub(disputed(facts, bill, on)).max(0)
}

/// Minor units on their way that may pay this bill. A payment that the billing
/// system has not allocated yet may pay any bill: better a late reminder than
/// one to somebody who has paid.
fn pending(facts: &AccountFacts, bill: &Bill) -> i64 {
    facts
        .pending
        .iter()
        .filter(|payment| payment.state == PaymentState::Pending)
        .filter(|payment| {
            payment.currency == bill.currency
                && payment.bill.as_ref().is_none_or(|paid| *paid == bill.id)
        })
        .map(|payment| payment.amount)
        .fold(0, i64::saturating_add)
}
