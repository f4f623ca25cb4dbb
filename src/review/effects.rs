//! What comes of an approved proposal: what is written down here, and what the
//! billing system is advised to do.

use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};

use super::{Rules, advice, evidence};
use crate::model::billing::plus_days;
use crate::model::cause::{DebtClass, SetClass};
use crate::model::hold::{Hold, HoldKind, PlacedHold};
use crate::model::review::{Advice, CaseFacts, Instalments, Outcome, Proposal};
use crate::model::{Task, TaskKind};

/// All of it, or nothing, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effects {
    /// The class that people set by this.
    pub class: Option<SetClass>,
    pub hold: Option<PlacedHold>,
    /// What somebody is to do next.
    pub task: Option<Task>,
    pub advice: Option<Advice>,
    pub ends_case: bool,
}

/// What follows from a proposal that `by` has approved at `now`.
pub fn effects(
    proposal: &Proposal,
    facts: &CaseFacts,
    rules: &Rules,
    by: &str,
    now: Timestamp,
) -> Effects {
    let today = facts.today(now);
    let why = format!("{} by {by}: {}", proposal.outcome, proposal.note);
    let set = |class| SetClass {
        class,
        set_on: today,
        until: plus_days(today, i32::try_from(rules.rest_days).unwrap_or(i32::MAX)),
        by: by.to_owned(),
        reason: why.clone(),
    };
    let class = match proposal.outcome {
        Outcome::ReturnToLadder => Some(set(DebtClass::Unknown)),
        Outcome::CareTransfer => Some(set(DebtClass::Retaliatory)),
        _ => None,
    };
    let task = (proposal.outcome == Outcome::CareTransfer).then(|| {
        let whose = (facts.bucket, facts.account.clone());
        let call_at = now + SignedDuration::from_hours(rules.care_hours.into());
        Task::open(whose, TaskKind::CareCall, why.clone(), now, Some(call_at))
    });
    let is_advised = proposal.outcome.is_advised();
    let advice = is_advised.then(|| advice::of(proposal, facts, by, now));
    let hold = hold(proposal, facts, rules, by, now);
    Effects { class, hold, task, advice, ends_case: proposal.outcome.ends_case() }
}

fn hold(
    proposal: &Proposal,
    facts: &CaseFacts,
    rules: &Rules,
    by: &str,
    now: Timestamp,
) -> Option<PlacedHold> {
    let today = facts.today(now);
    let unpaid = evidence::unpaid(&facts.bills);
    // Of several currencies no one sum was promised.
    let promised = unpaid.iter().next().filter(|_| unpaid.len() == 1);
    let (kind, ends_on, amount) = match (proposal.outcome, proposal.instalments) {
        (Outcome::Exempt, _) => {
            let days = i32::try_from(rules.settings.exempt_days).unwrap_or(i32::MAX);
            (HoldKind::Exemption, plus_days(today, days), None)
        }
        (Outcome::Arrangement, Some(parts)) => {
            (HoldKind::Promise, last_day(parts), promised.map(|(_, sum)| *sum))
        }
        _ => return None,
    };
    let currency = amount.and(promised).map(|(currency, _)| *currency);
    let (id, bill, starts_on) = (proposal.id.clone(), None, today);
    let hold = Hold { id, kind, bill, starts_on, ends_on: Some(ends_on.max(today)), amount };
    Some(PlacedHold {
        bucket: facts.bucket,
        account: facts.account.clone(),
        hold,
        currency,
        owner: by.to_owned(),
        reason: proposal.note.clone(),
        placed_at: now,
        ended: None,
    })
}

/// The days of the instalments: the same of each month, or its last one.
pub fn days(parts: Instalments) -> impl Iterator<Item = Date> {
    let day = move |n: u8| parts.first_on.saturating_add(Span::new().months(n));
    (0..parts.count).map(day)
}

fn last_day(parts: Instalments) -> Date {
    days(parts).last().unwrap_or(parts.first_on)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::tests::facts::{at, date};
    use crate::review::tests::{owing, proposed, rules};

    fn of(outcome: Outcome) -> Effects {
        let facts = owing(&[("b1", 5_000)]);
        let one = proposed(&facts, outcome, "Ann", at("2026-03-10T12:00Z"));
        effects(&one, &facts, &rules(), "Bob", at("2026-03-11T12:00Z"))
    }

    #[test]
    fn what_the_billing_system_must_do_leaves_as_advice_and_nothing_else_does() {
        for outcome in Outcome::ALL {
            assert_eq!(of(outcome).advice.is_some(), outcome.is_advised(), "{outcome}");
            assert_eq!(of(outcome).ends_case, outcome != Outcome::Restrict);
        }
    }

    #[test]
    fn whoever_is_sent_back_to_the_ladder_is_left_alone_by_the_rules_for_a_while() {
        let back = of(Outcome::ReturnToLadder);
        let class = back.class.unwrap();
        assert_eq!((class.class, class.until), (DebtClass::Unknown, date("2026-04-10")));
        assert_eq!((back.hold, back.task), (None, None));
    }

    #[test]
    fn whoever_goes_to_care_is_called_and_hears_no_demand() {
        let care = of(Outcome::CareTransfer);
        assert_eq!(care.class.unwrap().class, DebtClass::Retaliatory);
        let task = care.task.unwrap();
        assert_eq!(task.kind, TaskKind::CareCall);
        assert_eq!(task.due_at, Some(at("2026-03-12T12:00Z")));
    }

    #[test]
    fn an_arrangement_is_a_promise_of_all_of_it_until_its_last_instalment() {
        let placed = of(Outcome::Arrangement).hold.unwrap();
        assert_eq!(placed.hold.kind, HoldKind::Promise);
        assert_eq!(placed.hold.amount, Some(5_000));
        assert_eq!(placed.hold.ends_on, Some(date("2026-05-31")));
        let exempt = of(Outcome::Exempt).hold.unwrap();
        assert_eq!((exempt.hold.kind, exempt.hold.amount), (HoldKind::Exemption, None));
    }

    #[test]
    fn instalments_at_the_end_of_months_stay_there() {
        let parts = Instalments { count: 3, first_on: date("2026-01-31") };
        let all: Vec<String> = days(parts).map(|day| day.to_string()).collect();
        assert_eq!(all, ["2026-01-31", "2026-02-28", "2026-03-31"]);
    }
}
