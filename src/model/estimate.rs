//! What is estimated of an account beside why it does not pay: what it is
//! worth, what contacts may cost, and whether it had better be left alone.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::billing::{days_between, plus_days};
use super::cause::Value;
use super::{Bill, Channel, Currency, Tier};

/// An estimate is made anew with every bill. One that is older than two cycles
/// is about somebody else.
const GOOD_DAYS: i32 = 62;

/// What is estimated of one account. It takes contacts away, or puts the
/// cheaper ones first; it never adds any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: Value,
    /// It pays by itself, a day or two late, and reliably.
    pub self_cure: Option<SelfCure>,
    /// The currency of the latest bill: that of the figures below.
    pub currency: Option<Currency>,
    /// Of what is owed, percent that is lost without a contact.
    pub loss_percent: u8,
    pub ways: Vec<WayCost>,
    /// The figures are the operator's own, so that a contact may hang on them.
    pub is_binding: bool,
    /// The version of the figures.
    pub figures: String,
    /// Where a scorecard is in use.
    pub score: Option<Score>,
    /// A personal call was asked for, in the arrears that last.
    pub is_called: bool,
    pub estimated_on: Date,
}

/// It pays by itself: better left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfCure {
    /// Of so many bills that nobody reminded of.
    pub of: u32,
    pub percent: i64,
    /// It was never later than so many days after the due date, those few aside.
    pub by_days: i32,
}

/// What a contact by a channel costs, and from which arrears it is worth that.
/// Minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayCost {
    pub channel: Channel,
    pub costs: i64,
    /// Of what is owed, a hundredth of a percent that one contact saves.
    pub saves: i64,
}

/// What a scorecard says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    pub points: i64,
    /// How likely a bad end is.
    pub bad_percent: u8,
    /// The version of the card.
    pub card: String,
    /// What cost most points, in words.
    pub reasons: Vec<String>,
}

impl WayCost {
    /// What one contact saves of `owed`.
    pub fn saves_of(&self, owed: i64) -> i64 {
        let saves = i128::from(owed.max(0)) * i128::from(self.saves) / 10_000;
        i64::try_from(saves).unwrap_or(i64::MAX)
    }

    pub fn is_worth_it(&self, owed: i64) -> bool {
        self.saves_of(owed) > self.costs
    }
}

impl Estimate {
    /// The last day on which it may be acted upon.
    pub fn expires_on(&self) -> Date {
        plus_days(self.estimated_on, GOOD_DAYS)
    }

    /// Whether the subscriber is expected to pay this bill alone, and has days
    /// left for it.
    pub fn leaves_alone(&self, bill: &Bill, on: Date) -> bool {
        self.self_cure.is_some_and(|it| days_between(bill.due_on, on) <= it.by_days)
    }

    fn way(&self, channel: Channel) -> Option<&WayCost> {
        self.ways.iter().find(|way| way.channel == channel)
    }

    /// Whether a contact by `channel` about so much may cost more than it
    /// brings. Nobody is kept from a contact by a guess, nor by figures in
    /// another currency.
    pub fn is_too_dear(&self, channel: Channel, owed: i64, currency: Currency) -> bool {
        let knows = self.is_binding && self.currency == Some(currency);
        knows && self.way(channel).is_some_and(|way| !way.is_worth_it(owed))
    }

    /// What a contact costs where cheap ones go first: with small accounts, and
    /// by the operator's own figures. A guess turns nobody's ladder round.
    pub fn thrift(&self, channel: Channel) -> Option<i64> {
        let is_thrifty = self.is_binding && self.value.tier == Tier::Small;
        self.way(channel).filter(|_| is_thrifty).map(|way| way.costs)
    }

    /// Whether a decision may come out otherwise than with `other`.
    pub fn decides_like(&self, other: &Estimate) -> bool {
        let of = |it: &Estimate| {
            let days = it.self_cure.map(|cure| cure.by_days);
            (it.value.tier, days, it.currency, it.is_binding, it.ways.clone())
        };
        of(self) == of(other)
    }

    /// Whether it says the same, on whatever day.
    pub fn says_like(&self, other: &Estimate) -> bool {
        let at = |it: &Estimate| Estimate { estimated_on: self.estimated_on, ..it.clone() };
        *self == at(other)
    }
}
