//! The debt class: why an account does not pay, by weighed rules.
//!
//! Every rule that holds speaks for a class, or against it, with its weight.
//! The class with the greatest sum is the verdict, if the sum is large enough
//! and far enough from the next; otherwise the class is unknown. The rules are
//! `config/classify.toml`, and a file of the operator's takes their place.
//!
//! Two things are no rules and cannot be configured: nobody is malicious on
//! non-payment alone where there is a dispute or an open complaint, and what a
//! missing feed leaves open is said.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::billing::plus_days;
use crate::model::cause::{DebtClass, Ground, Verdict};
use crate::model::evidence::{Dossier, EvidenceFeed, Feeds};

use super::bills::Books;
use super::rules::{Problem, Test, parse, tests, version};
use super::signals::{self, Signals};

const BUILT_IN: &str = include_str!("../../config/classify.toml");

/// Nobody is surer than that of another's reasons.
const CONFIDENCE_MAX: i64 = 95;
const WEIGHT_MAX: i32 = 1_000;

/// `classify.toml`, as it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tolerance: i64,
    least: i32,
    doubt: i32,
    confidence_min: u8,
    valid_days: u16,
    rule: Vec<Rule>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    class: DebtClass,
    weight: i32,
    when: Vec<String>,
    says: String,
}

/// The rules of the debt class, checked.
#[derive(Debug, Clone)]
pub struct Rules {
    file: File,
    /// One for each rule.
    tests: Vec<Test>,
    version: String,
}

impl Rules {
    /// Those that come with Duebell.
    pub fn built_in() -> Rules {
        Rules::read(BUILT_IN).expect("the rules that are built in are tested")
    }

    /// # Errors
    /// Everything that is wrong with them.
    pub fn read(text: &str) -> Result<Rules, Vec<Problem>> {
        let file: File = parse(text)?;
        let mut problems = file.problems();
        let rules = file.rule.iter().map(|it| (it.name.as_str(), &it.when[..], it.says.as_str()));
        let tests = tests("rule", rules).unwrap_or_else(|wrong| {
            problems.extend(wrong);
            Vec::new()
        });
        if !problems.is_empty() {
            return Err(problems);
        }
        let version = version(&file);
        Ok(Rules { file, tests, version })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// Minor units that do not count as owed.
    pub fn tolerance(&self) -> i64 {
        self.file.tolerance
    }

    /// Why the account does not pay, as known at the end of `as_of`; `None`
    /// where nothing is overdue.
    pub fn judge(&self, dossier: &Dossier, as_of: Date) -> Option<Verdict> {
        let books = Books::open(dossier, as_of, self.file.tolerance);
        books.unpaid().next()?;
        let signals = signals::of(&books);
        let mut untold = self.untold(&dossier.feeds);
        let mut grounds = self.grounds(&signals);
        if is_contested(&books, &signals) && !self.has_more_than_payment(&grounds) {
            let before = grounds.len();
            grounds.retain(|ground| ground.class != DebtClass::Malicious || ground.weight < 0);
            if grounds.len() < before {
                let why = "malicious is ruled out: the debt is contested, and nothing but non-payment speaks for it";
                untold.push(why.to_owned());
            }
        }
        let (class, confidence) = self.weigh(&grounds);
        grounds.sort_by_key(|one| (one.class != class, -one.weight, one.rule.clone()));
        Some(Verdict {
            class,
            confidence,
            reasons: grounds,
            untold,
            rules: self.version.clone(),
            judged_on: as_of,
            expires_on: plus_days(as_of, self.file.valid_days.into()),
        })
    }

    fn grounds(&self, signals: &Signals) -> Vec<Ground> {
        let rules = self.file.rule.iter().zip(&self.tests);
        let holding = rules.filter(|(_, test)| test.holds(signals));
        let ground = |(rule, test): (&Rule, &Test)| Ground {
            rule: rule.name.clone(),
            class: rule.class,
            weight: rule.weight,
            says: test.says(signals),
        };
        holding.map(ground).collect()
    }

    /// Whether anything beside how bills were paid speaks for malice.
    fn has_more_than_payment(&self, grounds: &[Ground]) -> bool {
        let rules = self.file.rule.iter().zip(&self.tests);
        let mut speaking = rules.filter(|(rule, test)| {
            let speaks = rule.class == DebtClass::Malicious && rule.weight > 0;
            speaks && !test.is_payment_alone()
        });
        speaking.any(|(rule, _)| grounds.iter().any(|ground| ground.rule == rule.name))
    }

    fn weigh(&self, grounds: &[Ground]) -> (DebtClass, u8) {
        let sum = |class: DebtClass| {
            let of_it = grounds.iter().filter(|ground| ground.class == class);
            of_it.map(|ground| i64::from(ground.weight)).sum::<i64>()
        };
        let mut sums = DebtClass::KNOWN.map(|class| (sum(class), class));
        // Where two weigh the same, the milder one comes first.
        sums.sort_by_key(|(sum, class)| (-sum, *class));
        let [(most, class), (next, _), ..] = sums;
        if most < i64::from(self.file.least) {
            return (DebtClass::Unknown, 0);
        }
        let of = most + next.max(0) + i64::from(self.file.doubt);
        let confidence = (most * 100 / of).min(CONFIDENCE_MAX) as u8;
        if confidence < self.file.confidence_min {
            return (DebtClass::Unknown, 0);
        }
        (class, confidence)
    }

    /// What missing feeds leave open, in words.
    fn untold(&self, feeds: &Feeds) -> Vec<String> {
        DebtClass::KNOWN.into_iter().filter_map(|class| self.untold_of(class, feeds)).collect()
    }

    fn untold_of(&self, class: DebtClass, feeds: &Feeds) -> Option<String> {
        let rules = self.file.rule.iter().zip(&self.tests);
        let speaking = || rules.clone().filter(|(rule, _)| rule.class == class && rule.weight > 0);
        let missing: BTreeSet<EvidenceFeed> =
            speaking().flat_map(|(_, test)| test.missing(feeds)).collect();
        if missing.is_empty() {
            return None;
        }
        let able = speaking().filter(|(_, test)| test.missing(feeds).next().is_none());
        let most: i32 = able.map(|(rule, _)| rule.weight).sum();
        let names: Vec<&str> = missing.iter().map(|feed| feed.as_str()).collect();
        let feeds = if names.len() == 1 { "feed" } else { "feeds" };
        let so = if most < self.file.least {
            "cannot be told"
        } else {
            "is told from less, and more rarely"
        };
        Some(format!("no {feeds} of {}: {class} {so}", names.join(", ")))
    }
}

/// Whether there is a dispute, ended or not, of what is unpaid, or a complaint
/// that is open.
fn is_contested(books: &Books, signals: &Signals) -> bool {
    let is_open = |name: &str| signals.get(name).is_some_and(|open| open > 0);
    is_open("disputes_open")
        || is_open("complaint_holds")
        || is_open("complaints_open")
        || books.unpaid().any(|one| one.was_disputed)
}

impl File {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |field: &str, what: String| {
            problems.push(Problem { field: field.to_owned(), what });
        };
        if self.tolerance < 0 {
            say("tolerance", format!("is {}; use 0 or more minor units", self.tolerance));
        }
        if !(1..=WEIGHT_MAX).contains(&self.least) {
            say("least", format!("is {}; use 1 to {WEIGHT_MAX}", self.least));
        }
        if !(1..=WEIGHT_MAX).contains(&self.doubt) {
            say("doubt", format!("is {}; use 1 to {WEIGHT_MAX}", self.doubt));
        }
        if i64::from(self.confidence_min) > CONFIDENCE_MAX {
            let what = format!("is {}; use 0 to {CONFIDENCE_MAX}", self.confidence_min);
            say("confidence_min", what);
        }
        if !(1..=365).contains(&self.valid_days) {
            say("valid_days", format!("is {}; use 1 to 365", self.valid_days));
        }
        let mut seen = BTreeSet::new();
        for rule in &self.rule {
            let place = format!("rule {}:", rule.name);
            if rule.name.is_empty() || !seen.insert(&rule.name) {
                say(&place, "needs a name of its own".to_owned());
            }
            if rule.class == DebtClass::Unknown {
                say(
                    &place,
                    "speaks for unknown; that is what is left when no rule speaks".to_owned(),
                );
            }
            if rule.weight == 0 || rule.weight.abs() > WEIGHT_MAX {
                let what = format!(
                    "weight is {}; use 1 to {WEIGHT_MAX}, or the same below zero",
                    rule.weight
                );
                say(&place, what);
            }
        }
        problems
    }
}
