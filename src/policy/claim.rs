//! What follows when a subscriber says "I will pay", "I have paid", "this is
//! wrong" or "I cannot": how long the account is left alone, or why not.
//!
//! The rules are the same for everybody of a scenario and may be published.
//! Who does not meet them is not turned away: a person reads what was said.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::billing::{days_between, plus_days};
use crate::model::facts::AccountFacts;
use crate::model::hold::{Ending, PlacedHold};
use crate::model::reply::{Dispute, Meaning, Pledge};
use crate::model::{BillId, Currency, Hold, HoldKind};

use super::suppression::unpaid;

/// `[claims]` of a scenario. All in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimRules {
    /// A promise may name a day so far ahead.
    pub promise_days_max: u16,
    /// And where it names none, this one is meant.
    pub promise_days: u16,
    /// Money may take so long to be seen after the promised day.
    pub posting_days: u16,
    /// After a broken promise, none is taken for so long.
    pub after_broken_days: u16,
    /// "I have paid" is believed for so long, and once in so long again.
    pub paid_days: u16,
    pub paid_again_days: u16,
    /// People have so long to answer what is disputed.
    pub dispute_days: u16,
    /// And to offer something to who cannot pay.
    pub hardship_days: u16,
}

impl Default for ClaimRules {
    fn default() -> Self {
        ClaimRules {
            promise_days_max: 14,
            promise_days: 7,
            posting_days: 3,
            after_broken_days: 90,
            paid_days: 5,
            paid_again_days: 60,
            dispute_days: 30,
            hardship_days: 30,
        }
    }
}

impl ClaimRules {
    pub fn is_default(&self) -> bool {
        *self == ClaimRules::default()
    }

    /// # Errors
    /// What is impossible: the key, and the rest.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let long = [
            ("promise_days_max", self.promise_days_max, 0, 90),
            ("promise_days", self.promise_days, 0, self.promise_days_max),
            ("posting_days", self.posting_days, 0, 30),
            ("after_broken_days", self.after_broken_days, 0, 730),
            ("paid_days", self.paid_days, 1, 30),
            ("paid_again_days", self.paid_again_days, 0, 730),
            ("dispute_days", self.dispute_days, 1, 365),
            ("hardship_days", self.hardship_days, 1, 365),
        ];
        let wrong = long.into_iter().find(|(_, days, least, most)| days < least || days > most);
        wrong.map_or(Ok(()), |(key, days, least, most)| {
            Err((key, format!("is {days}; use {least} to {most}")))
        })
    }
}

/// A hold that follows from what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    pub kind: HoldKind,
    /// The whole account where `None`.
    pub bill: Option<BillId>,
    pub starts_on: Date,
    /// Its last day.
    pub ends_on: Date,
    /// Minor units promised or disputed; all of it where `None`.
    pub amount: Option<i64>,
    pub currency: Option<Currency>,
}

impl Granted {
    /// The hold, under this name.
    pub fn hold(&self, id: String) -> Hold {
        Hold {
            id,
            kind: self.kind,
            bill: self.bill.clone(),
            starts_on: self.starts_on,
            ends_on: Some(self.ends_on),
            amount: self.amount,
        }
    }
}

/// Why nothing follows by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    NothingOwed,
    /// One like it is in force.
    Already,
    /// The promised day lies behind or too far ahead, or the amount is none.
    OutOfBounds,
    /// How the last one ended is not known yet.
    NotJudged,
    /// An earlier promise was not kept.
    Broken,
    /// An earlier payment was not found.
    NotFound,
    UnknownBill,
}

/// What follows on `today`, a day at the account's place, from `meaning`;
/// `None` where it claims nothing. `past` are holds that were placed for the
/// account before, in any order.
pub fn answer(
    meaning: &Meaning,
    facts: &AccountFacts,
    past: &[PlacedHold],
    rules: &ClaimRules,
    today: Date,
) -> Option<Result<Granted, Refused>> {
    let hold = |kind, days: u16| Granted {
        kind,
        bill: None,
        starts_on: today,
        ends_on: plus_days(today, days.into()),
        amount: None,
        currency: None,
    };
    let kind = kind(meaning)?;
    let owed: i64 = facts.bills.iter().map(|bill| unpaid(facts, bill, today)).sum();
    if owed <= 0 {
        return Some(Err(Refused::NothingOwed));
    }
    let is_like = |one: &&PlacedHold| one.hold.kind == kind;
    let mut open = past.iter().filter(is_like).filter(|one| one.ended.is_none());
    if let Some(one) = open.next().filter(|_| kind != HoldKind::Dispute) {
        let is_in_force = one.hold.is_on(today);
        return Some(Err(if is_in_force { Refused::Already } else { Refused::NotJudged }));
    }
    let ended = |how: Ending, days: u16| {
        past.iter().filter(is_like).any(|one| {
            let since = one.hold.ends_on.map_or(0, |last| days_between(last, today));
            one.ended == Some(how) && since <= i32::from(days)
        })
    };
    Some(match meaning {
        Meaning::Promise(_) if ended(Ending::Broken, rules.after_broken_days) => {
            Err(Refused::Broken)
        }
        Meaning::Promise(pledge) => promise(pledge, facts, rules, today, owed),
        Meaning::Paid(_) if ended(Ending::NotFound, rules.paid_again_days) => {
            Err(Refused::NotFound)
        }
        Meaning::Paid(_) => Ok(hold(kind, rules.paid_days)),
        Meaning::Dispute(dispute) => {
            disputed(dispute, facts, today).map(|(bill, amount, currency)| Granted {
                bill,
                amount,
                currency,
                ..hold(kind, rules.dispute_days)
            })
        }
        _ => Ok(hold(kind, rules.hardship_days)),
    })
}

/// The hold that a claim asks for; `None` where nothing is claimed.
pub fn kind(meaning: &Meaning) -> Option<HoldKind> {
    match meaning {
        Meaning::Promise(_) => Some(HoldKind::Promise),
        Meaning::Paid(_) => Some(HoldKind::Paid),
        Meaning::Dispute(_) => Some(HoldKind::Dispute),
        Meaning::Hardship(_) => Some(HoldKind::Hardship),
        _ => None,
    }
}

fn promise(
    pledge: &Pledge,
    facts: &AccountFacts,
    rules: &ClaimRules,
    today: Date,
    owed: i64,
) -> Result<Granted, Refused> {
    let by = pledge.by.unwrap_or(plus_days(today, rules.promise_days.into()));
    let ahead = days_between(today, by);
    let amount = pledge.amount.unwrap_or(owed).min(owed);
    if !(0..=i32::from(rules.promise_days_max)).contains(&ahead) || amount <= 0 {
        return Err(Refused::OutOfBounds);
    }
    Ok(Granted {
        kind: HoldKind::Promise,
        bill: None,
        starts_on: today,
        ends_on: plus_days(by, rules.posting_days.into()),
        amount: Some(amount),
        currency: facts.bills.first().map(|bill| bill.currency),
    })
}

type Part = (Option<BillId>, Option<i64>, Option<Currency>);

/// The part that is disputed.
fn disputed(dispute: &Dispute, facts: &AccountFacts, today: Date) -> Result<Part, Refused> {
    let Some(named) = &dispute.bill else {
        // An amount of nothing in particular takes nothing off.
        return Ok((None, None, None));
    };
    let bill = facts.bills.iter().find(|bill| bill.id == *named).ok_or(Refused::UnknownBill)?;
    let open = unpaid(facts, bill, today);
    if open <= 0 {
        return Err(Refused::Already);
    }
    match dispute.amount {
        Some(amount) if amount <= 0 => Err(Refused::OutOfBounds),
        amount => Ok((Some(bill.id.clone()), amount.map(|it| it.min(open)), Some(bill.currency))),
    }
}

/// How a hold that is over ended: `paid` is what came while it was in force,
/// and `open` what is overdue still, both in minor units.
pub fn ending(hold: &PlacedHold, paid: i64, open: i64) -> Ending {
    let is_paid = open <= 0 || hold.hold.amount.is_some_and(|promised| paid >= promised);
    match hold.hold.kind {
        HoldKind::Promise if is_paid => Ending::Kept,
        HoldKind::Promise => Ending::Broken,
        HoldKind::Paid if open <= 0 || paid > 0 => Ending::Found,
        HoldKind::Paid => Ending::NotFound,
        _ => Ending::Over,
    }
}

#[cfg(test)]
mod tests;
