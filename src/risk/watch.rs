//! Early warning: signs that an account will not pay, or will leave, before
//! anything is overdue.
//!
//! The rules are `config/watch.toml`; each warning names its measure and its
//! threshold. Once something is overdue, [`super::cause`] judges instead.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::AccountId;
use crate::model::cause::{Response, Warning};
use crate::model::evidence::Dossier;

use super::bills::Books;
use super::rules::{Problem, Test, parse, tests, version};
use super::signals;

const BUILT_IN: &str = include_str!("../../config/watch.toml");

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tolerance: i64,
    list_max: u32,
    watch: Vec<Rule>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    response: Response,
    weight: i32,
    when: Vec<String>,
    says: String,
}

/// The watch rules, checked.
#[derive(Debug, Clone)]
pub struct Rules {
    file: File,
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
        let rules = file.watch.iter().map(|it| (it.name.as_str(), &it.when[..], it.says.as_str()));
        let tests = tests("watch", rules).unwrap_or_else(|wrong| {
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

    /// What is to be watched in an account, the weightiest first; nothing
    /// where something is overdue.
    pub fn watch(&self, dossier: &Dossier, as_of: Date) -> Vec<Warning> {
        let books = Books::open(dossier, as_of, self.file.tolerance);
        if books.unpaid().next().is_some() {
            return Vec::new();
        }
        let signals = signals::of(&books);
        let rules = self.file.watch.iter().zip(&self.tests);
        let mut warnings: Vec<Warning> = rules
            .filter(|(_, test)| test.holds(&signals))
            .map(|(rule, test)| Warning {
                rule: rule.name.clone(),
                response: rule.response,
                says: test.says(&signals),
                weight: rule.weight,
            })
            .collect();
        warnings.sort_by(|a, b| (-a.weight, &a.rule).cmp(&(-b.weight, &b.rule)));
        warnings
    }

    /// The day's list of an operator with so many accounts: the weightiest
    /// first, by their sums, and cut where people could not follow any more.
    pub fn list(
        &self,
        mut watched: Vec<(AccountId, Vec<Warning>)>,
        accounts: u64,
    ) -> Vec<(AccountId, Vec<Warning>)> {
        watched.retain(|(_, warnings)| !warnings.is_empty());
        watched.sort_by(|a, b| a.0.cmp(&b.0));
        let weight =
            |one: &(AccountId, Vec<Warning>)| one.1.iter().map(|it| i64::from(it.weight)).sum();
        self.cut(watched, accounts, weight)
    }

    /// The weightiest of these first, and no more than people could follow.
    pub fn cut<T>(&self, mut all: Vec<T>, accounts: u64, weight: impl Fn(&T) -> i64) -> Vec<T> {
        all.sort_by_key(|one| -weight(one));
        let most = accounts.saturating_mul(self.file.list_max.into()).div_ceil(1_000);
        all.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        all
    }
}

impl File {
    fn problems(&self) -> Vec<Problem> {
        let (mut problems, mut seen) = (Vec::new(), BTreeSet::new());
        let mut say = |field: &str, what: String| {
            problems.push(Problem { field: field.to_owned(), what });
        };
        if self.tolerance < 0 {
            say("tolerance", format!("is {}; use 0 or more minor units", self.tolerance));
        }
        if !(1..=1_000).contains(&self.list_max) {
            say("list_max", format!("is {}; use 1 to 1000", self.list_max));
        }
        for rule in &self.watch {
            let place = format!("watch {}:", rule.name);
            if rule.name.is_empty() || !seen.insert(&rule.name) {
                say(&place, "needs a name of its own".to_owned());
            }
            if rule.weight <= 0 {
                say(&place, format!("weight is {}; use 1 or more", rule.weight));
            }
        }
        problems
    }
}
