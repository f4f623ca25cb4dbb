//! Churn accounting: the codes by which an account that left, or was barred,
//! is attributed to a cause.
//!
//! The codes are `config/churn.toml`; an operator's file adds to them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::billing::days_between;
use crate::model::cause::DebtClass;
use crate::model::departure::How;
use crate::model::evidence::{Dossier, EvidenceFeed, Topic};

use super::bills::Books;
use super::rules::{Problem, parse};

const BUILT_IN: &str = include_str!("../../config/churn.toml");

/// What the management report counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Natural,
    Competitive,
    OurFault,
    NonMalicious,
    Retaliatory,
    Malicious,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Natural => "natural",
            Kind::Competitive => "competitive",
            Kind::OurFault => "our fault",
            Kind::NonMalicious => "non-malicious",
            Kind::Retaliatory => "retaliatory",
            Kind::Malicious => "malicious",
        }
    }

    /// Whether the subscriber chose to leave.
    pub fn is_active(self) -> bool {
        matches!(self, Kind::Natural | Kind::Competitive | Kind::OurFault)
    }
}

/// One reason for leaving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub name: String,
    pub kind: Kind,
    /// Accounts barred under this class get this code by themselves.
    pub class: Option<DebtClass>,
    /// Whether there is a way back.
    pub win_back: bool,
    pub says: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    code: Vec<Code>,
}

/// Every code.
#[derive(Debug, Clone)]
pub struct Codes(BTreeMap<String, Code>);

impl Codes {
    /// Those that come with Duebell.
    pub fn built_in() -> Codes {
        let mut codes = Codes(BTreeMap::new());
        codes.add(BUILT_IN).expect("the codes that are built in are tested");
        codes
    }

    /// Adds a file of codes; one of a known name takes the place of that.
    ///
    /// # Errors
    /// Everything that is wrong with it; nothing is added then.
    pub fn add(&mut self, text: &str) -> Result<(), Vec<Problem>> {
        let file: File = parse(text)?;
        let mut codes = self.0.clone();
        let mut problems: Vec<Problem> = file.code.iter().flat_map(Code::problems).collect();
        codes.extend(file.code.into_iter().map(|code| (code.name.clone(), code)));
        for class in DebtClass::ALL {
            let of_it: Vec<&str> = codes
                .values()
                .filter(|code| code.class == Some(class))
                .map(|code| code.name.as_str())
                .collect();
            if of_it.len() != 1 {
                let what = format!(
                    "{class} belongs to {} codes ({}); let one code have it",
                    of_it.len(),
                    of_it.join(", ")
                );
                problems.push(Problem { field: "class".to_owned(), what });
            }
        }
        if problems.is_empty() {
            self.0 = codes;
            return Ok(());
        }
        Err(problems)
    }

    pub fn get(&self, name: &str) -> Option<&Code> {
        self.0.get(name)
    }

    pub fn all(&self) -> impl Iterator<Item = &Code> {
        self.0.values()
    }

    /// The code of an account that is barred under this class.
    pub fn barred(&self, class: DebtClass) -> &Code {
        let mut codes = self.0.values();
        codes
            .find(|code| code.class == Some(class))
            .expect("each class has one code, as add checks")
    }
}

/// What speaks for a cause may lie so far back.
const CAUSE_DAYS: i32 = 180;
/// Days without service, of those, that drive somebody away.
const OUTAGE_DAYS: i32 = 3;

/// An account that went, and why, as far as that can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    pub left_on: Date,
    pub how: How,
    pub code: Code,
    /// What the code was told from.
    pub says: String,
}

impl Codes {
    /// Why the account went; `None` where it did not, or nobody tells us of
    /// contracts. Whoever goes owing is attributed by the debt class, of
    /// everybody else what we did wrong goes before what others do better.
    pub fn attribute(
        &self,
        dossier: &Dossier,
        class: DebtClass,
        tolerance: i64,
        as_of: Date,
    ) -> Option<Attribution> {
        let contract = &dossier.evidence.contract;
        let has_contracts = dossier.feeds.has(EvidenceFeed::Contracts);
        let ended = contract.ended_on.map(|day| (day, How::Left));
        let barred = contract.barred_on.map(|day| (day, How::Barred));
        let (left_on, how) = ended.or(barred).filter(|_| has_contracts)?;
        let owes = Books::open(dossier, as_of, tolerance).overdue().next().is_some();
        let (code, says) = if owes || how == How::Barred {
            (self.barred(class), format!("{} while it counted as {class}", how.as_str()))
        } else {
            let (name, says) = why_left(dossier, left_on);
            (self.get(name).unwrap_or_else(|| self.barred(DebtClass::Unknown)), says)
        };
        Some(Attribution { left_on, how, code: code.clone(), says })
    }
}

/// The name of a code that comes with Duebell, and what was seen.
fn why_left(dossier: &Dossier, left_on: Date) -> (&'static str, String) {
    let is_near = |day: Date| (0..=CAUSE_DAYS).contains(&days_between(day, left_on));
    let evidence = &dossier.evidence;
    let complaints = || evidence.complaints.iter().filter(|one| is_near(one.opened_on));
    let mut bad = complaints().filter(|one| {
        let is_open = one.closed_on.is_none_or(|closed| closed > left_on);
        is_open || one.satisfied == Some(false)
    });
    if let Some(one) = bad.next() {
        let name = match one.topic {
            Topic::Billing => "billing_fault",
            Topic::Service => "network_fault",
            Topic::Conduct | Topic::Other => "care_fault",
        };
        return (name, format!("complained on {}, and it was not put right", one.opened_on));
    }
    let outage_days: i32 = evidence
        .outages
        .iter()
        .filter(|one| is_near(one.starts_on))
        .map(|one| days_between(one.starts_on, one.ends_on.unwrap_or(left_on).min(left_on)) + 1)
        .sum();
    if outage_days >= OUTAGE_DAYS {
        return ("network_fault", format!("had {outage_days} days of outages before"));
    }
    let ported = evidence.porting.iter().find(|one| is_near(one.on) && one.withdrawn_on.is_none());
    match ported {
        Some(one) => ("number_ported", format!("asked on {} to take the number away", one.on)),
        None => ("not_said", "nothing that we know of says why".to_owned()),
    }
}

impl Code {
    fn problems(&self) -> Vec<Problem> {
        let problem =
            |what: &str| Problem { field: format!("code {}:", self.name), what: what.to_owned() };
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let mut problems = Vec::new();
        if self.name.is_empty() || !self.name.chars().all(is_plain) {
            problems.push(problem("needs a name of small letters, digits and underscores"));
        }
        if self.says.trim().is_empty() {
            problems.push(problem("says nothing; write what staff will choose it by"));
        }
        if self.class.is_some() && self.kind.is_active() {
            problems.push(problem("has a class, and active churn has none; take one out"));
        }
        if self.win_back && self.kind == Kind::Malicious {
            problems.push(problem("offers a way back to the malicious; set win_back = false"));
        }
        problems
    }
}
