//! Why an account does not pay, as it was judged: the verdict and its reasons.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Tier;
use super::billing::plus_days;

/// Why an account does not pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DebtClass {
    Unknown,
    Forgetful,
    CannotPay,
    Retaliatory,
    Malicious,
}

impl DebtClass {
    pub const ALL: [DebtClass; 5] = [
        DebtClass::Unknown,
        DebtClass::Forgetful,
        DebtClass::CannotPay,
        DebtClass::Retaliatory,
        DebtClass::Malicious,
    ];

    /// Those that something is known about.
    pub const KNOWN: [DebtClass; 4] =
        [DebtClass::Forgetful, DebtClass::CannotPay, DebtClass::Retaliatory, DebtClass::Malicious];

    pub fn as_str(self) -> &'static str {
        match self {
            DebtClass::Unknown => "unknown",
            DebtClass::Forgetful => "forgetful",
            DebtClass::CannotPay => "cannot-pay",
            DebtClass::Retaliatory => "retaliatory",
            DebtClass::Malicious => "malicious",
        }
    }

    pub fn parse(text: &str) -> Option<DebtClass> {
        DebtClass::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

impl fmt::Display for DebtClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One rule that applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// Its name in the rules.
    pub rule: String,
    /// What it speaks for, and how much; below zero, against.
    pub class: DebtClass,
    pub weight: i32,
    /// In words that a clerk can read out.
    pub says: String,
}

/// What an account was judged to be on a day. It changes who is spoken to and
/// how, and never what is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub class: DebtClass,
    /// Percent; 0 where the class is unknown.
    pub confidence: u8,
    /// Those of the class, the weightiest first, and after them the others.
    pub reasons: Vec<Ground>,
    /// What could not be told and why, in words: a feed is missing, a history
    /// is too short, a class was ruled out.
    pub untold: Vec<String>,
    /// The version of the rules.
    pub rules: String,
    pub judged_on: Date,
    /// The last day on which it may be acted upon.
    pub expires_on: Date,
}

impl Verdict {
    /// The class, while it is good; unknown afterwards.
    pub fn class_on(&self, date: Date) -> DebtClass {
        if date <= self.expires_on { self.class } else { DebtClass::Unknown }
    }
}

/// A class that somebody of the operator's set by hand. It wins over the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetClass {
    pub class: DebtClass,
    pub set_on: Date,
    /// The last day on which it wins.
    pub until: Date,
    pub by: String,
    pub reason: String,
}

impl SetClass {
    /// What an account counts as once care is done with it: nothing that the
    /// rules say sends it back at once.
    pub fn after_care(by: &str, outcome: &str, on: Date, days: u32) -> SetClass {
        SetClass {
            class: DebtClass::Unknown,
            set_on: on,
            until: plus_days(on, i32::try_from(days).unwrap_or(i32::MAX)),
            by: by.to_owned(),
            reason: format!("care is done: {outcome}"),
        }
    }
}

/// All that stands written about an account's class, over or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classed {
    pub verdict: Option<Verdict>,
    pub set: Option<SetClass>,
    /// Care has a call to make, and has not said how it went.
    pub is_in_care: bool,
}

impl Classed {
    /// The class that counts on `date`.
    pub fn class_on(&self, date: Date) -> DebtClass {
        let set = self.set.as_ref().filter(|set| date <= set.until);
        let judged = || self.verdict.as_ref().map(|verdict| verdict.class_on(date));
        set.map(|set| set.class).or_else(judged).unwrap_or(DebtClass::Unknown)
    }

    /// The class that counted last, over or not.
    pub fn last(&self) -> DebtClass {
        let judged = || self.verdict.as_ref().map(|verdict| verdict.class);
        self.set.as_ref().map(|set| set.class).or_else(judged).unwrap_or(DebtClass::Unknown)
    }
}

/// What a warning asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Response {
    /// A friendly word before the due date.
    Gentle,
    /// Somebody of care looks at it.
    Care,
}

impl Response {
    pub const ALL: [Response; 2] = [Response::Gentle, Response::Care];

    pub fn as_str(self) -> &'static str {
        match self {
            Response::Gentle => "gentle",
            Response::Care => "care",
        }
    }

    pub fn parse(text: &str) -> Option<Response> {
        Response::ALL.into_iter().find(|response| response.as_str() == text)
    }
}

/// A watch rule that applied before there were any arrears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub rule: String,
    pub response: Response,
    /// The measure and its threshold, in words.
    pub says: String,
    /// How urgent, among others; the watch list is capped from the top.
    pub weight: i32,
}

/// What an account is worth, and by which figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    pub tier: Tier,
    pub says: String,
}

/// Whether a contact brings in more than it costs. Minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worth {
    /// Of the arrears, what the contact can be expected to save.
    pub saves: i64,
    pub costs: i64,
}

impl Worth {
    pub fn is_worth_it(self) -> bool {
        self.saves > self.costs
    }
}
