//! An experiment: by lot, a share of a scenario's accounts hears nothing, so
//! that what reminding does can be told from what would have come anyway.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::billing::plus_days;
use super::{AccountId, Bill, BillId, Bucket};

/// What is asked, how, and by what it is answered: written down before there is
/// anything to see, and never changed after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    pub name: String,
    /// The scenario whose reminders are withheld. Statutory notices never are.
    pub scenario: String,
    /// The share of accounts that hears nothing.
    pub share: f64,
    /// The first and the last day on which anything is withheld.
    pub starts_on: Date,
    pub ends_on: Date,
    /// What is looked at: whether the bill that brought an account in is settled
    /// so many days after its due date.
    pub paid_within_days: u16,
    /// The share that does so without being reminded, as far as is known.
    pub baseline: f64,
    /// The least effect worth finding, as a difference of shares.
    pub least_effect: f64,
    /// How often an effect may be claimed where there is none.
    #[serde(default = "alpha")]
    pub alpha: f64,
    /// How often the least effect is found where it is there.
    #[serde(default = "power")]
    pub power: f64,
    /// As soon as it is certain that the unreminded pay less often by more than
    /// this, as a difference of shares, nothing is withheld any more.
    pub harm_most: f64,
}

fn alpha() -> f64 {
    0.05
}

fn power() -> f64 {
    0.8
}

/// More than half of the accounts unreminded is no holdout any more.
const SHARE_MOST: f64 = 0.5;

impl Design {
    /// Everything that makes it impossible, as (key, what is wrong and the mend).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if self.name.trim().is_empty() {
            problems.push(("name", "is empty; give it one that reports can say".to_owned()));
        }
        if !(self.share > 0.0 && self.share <= SHARE_MOST) {
            let what = format!("is {}; use a share above 0, up to {SHARE_MOST}", self.share);
            problems.push(("share", what));
        }
        if self.paid_within_days == 0 {
            problems.push(("paid_within_days", "is 0; give reminders a day to work".to_owned()));
        }
        if plus_days(self.starts_on, self.paid_within_days.into()) > self.ends_on {
            let what = format!(
                "is {}, before anybody's {} days are over; use a later day",
                self.ends_on, self.paid_within_days
            );
            problems.push(("ends_on", what));
        }
        if !(self.harm_most > 0.0 && self.harm_most < 1.0) {
            let what = format!("is {}; use a share between 0 and 1, such as 0.1", self.harm_most);
            problems.push(("harm_most", what));
        }
        problems
    }
}

/// Who said something of it, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    pub by: String,
    pub at: Timestamp,
    pub reason: String,
}

/// A design, and what people made of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Experiment {
    pub design: Design,
    /// What the lots are drawn with: no two experiments draw alike.
    pub key: String,
    pub proposed: Said,
    /// By somebody else. Before that it is a proposal.
    pub approved: Option<Said>,
    pub stopped: Option<Said>,
}

impl Experiment {
    /// Whether it withholds reminders on `day`.
    pub fn is_on(&self, day: Date) -> bool {
        let Design { starts_on, ends_on, .. } = self.design;
        self.approved.is_some() && self.stopped.is_none() && starts_on <= day && day <= ends_on
    }

    /// The day by which `bill` is to be settled, where it can bring its account
    /// in on `day`: what is looked at must still be to come, and within the
    /// experiment.
    pub fn limit_of(&self, bill: &Bill, day: Date) -> Option<Date> {
        let limit_on = plus_days(bill.due_on, self.design.paid_within_days.into());
        (day <= limit_on && limit_on <= self.design.ends_on).then_some(limit_on)
    }

    pub fn state(&self) -> &'static str {
        match (&self.approved, &self.stopped) {
            (_, Some(_)) => "stopped",
            (Some(_), None) => "approved",
            (None, None) => "proposed",
        }
    }
}

/// What was drawn for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    Reminded,
    Holdout,
}

impl Arm {
    pub const ALL: [Arm; 2] = [Arm::Reminded, Arm::Holdout];

    pub fn as_str(self) -> &'static str {
        match self {
            Arm::Reminded => "reminded",
            Arm::Holdout => "holdout",
        }
    }

    pub fn parse(text: &str) -> Option<Arm> {
        Arm::ALL.into_iter().find(|arm| arm.as_str() == text)
    }
}

/// An account comes in: with the first bill at which a step came as far as the
/// draw. Until there both arms are treated alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub experiment: String,
    pub bucket: Bucket,
    pub account: AccountId,
    pub arm: Arm,
    pub bill: BillId,
    pub on: Date,
    /// The day by which the bill is to be settled.
    pub limit_on: Date,
    pub tier: &'static str,
}

/// Accounts of one arm and value tier, by what came of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub arm: Arm,
    pub tier: String,
    pub accounts: u64,
    /// Those whose day is over.
    pub known: u64,
    /// Those of them whose bill was settled by that day.
    pub paid: u64,
    /// Those who complained of a message or opted out since they came in.
    pub opted_out: u64,
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::*;

    /// Of an experiment in spring 2026.
    pub(crate) fn design() -> Design {
        Design {
            name: "does it work".into(),
            scenario: "standard".into(),
            share: 0.1,
            starts_on: date(2026, 3, 1),
            ends_on: date(2026, 5, 31),
            paid_within_days: 14,
            baseline: 0.7,
            least_effect: 0.05,
            alpha: 0.05,
            power: 0.8,
            harm_most: 0.1,
        }
    }

    #[test]
    fn what_is_impossible_is_named() {
        assert_eq!(design().problems(), []);
        for (key, bad) in [
            ("name", Design { name: " ".into(), ..design() }),
            ("share", Design { share: 0.0, ..design() }),
            ("share", Design { share: 0.6, ..design() }),
            ("share", Design { share: f64::NAN, ..design() }),
            ("paid_within_days", Design { paid_within_days: 0, ..design() }),
            ("ends_on", Design { ends_on: date(2026, 3, 10), ..design() }),
            ("harm_most", Design { harm_most: 1.0, ..design() }),
        ] {
            let keys: Vec<&str> = bad.problems().into_iter().map(|it| it.0).collect();
            assert_eq!(keys, [key]);
        }
    }

    #[test]
    fn a_bill_brings_its_account_in_while_its_outcome_is_to_come_and_within() {
        let said = || Said { by: "Ann".into(), at: Timestamp::UNIX_EPOCH, reason: String::new() };
        let one = Experiment {
            design: design(),
            key: "k".into(),
            proposed: said(),
            approved: Some(said()),
            stopped: None,
        };
        let bill = |due_on: Date| Bill {
            id: "b".into(),
            currency: "EUR".parse().unwrap(),
            amount: 100,
            remaining: 100,
            issued_on: due_on,
            due_on,
            settled_on: None,
        };
        let of = |due_on, day| one.limit_of(&bill(due_on), day);
        assert_eq!(of(date(2026, 3, 5), date(2026, 3, 2)), Some(date(2026, 3, 19)));
        assert_eq!(of(date(2026, 2, 1), date(2026, 3, 2)), None);
        assert_eq!(of(date(2026, 5, 20), date(2026, 5, 21)), None);
        assert!(one.is_on(date(2026, 3, 1)) && one.is_on(date(2026, 5, 31)));
        assert!(!one.is_on(date(2026, 2, 28)) && !one.is_on(date(2026, 6, 1)));
        assert!(!Experiment { approved: None, ..one.clone() }.is_on(date(2026, 3, 1)));
        assert!(!Experiment { stopped: Some(said()), ..one }.is_on(date(2026, 3, 1)));
    }
}
