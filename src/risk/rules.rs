//! The language of the rule files: conditions on signals, and what is said
//! where they hold.
//!
//! A condition is `signal comparison number`, such as `days_past_due >= 30`. A
//! signal that is not known satisfies no condition, so a rule never fires for
//! want of knowledge.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::model::evidence::{EvidenceFeed, Feeds};

use super::refused;
use super::signals::{self, Definition, SIGNALS, Signals};

/// Something wrong in a rule file: which key, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub field: String,
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.what)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    AtLeast,
    AtMost,
    More,
    Less,
    Equal,
}

const COMPARISONS: &[(&str, Comparison)] = &[
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    (">", Comparison::More),
    ("<", Comparison::Less),
    ("=", Comparison::Equal),
];

/// One condition on one signal.
#[derive(Debug, Clone, Copy)]
struct Condition {
    /// In [`SIGNALS`].
    signal: usize,
    comparison: Comparison,
    limit: i64,
}

impl Condition {
    fn read(text: &str) -> Result<Condition, String> {
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [name, comparison, limit] = parts[..] else {
            return Err(format!("{text:?} is no condition; write it as days_past_due >= 30"));
        };
        let signal = signals::position(name).ok_or_else(|| not_a_signal(name))?;
        let comparison = COMPARISONS.iter().find(|(sign, _)| *sign == comparison);
        let comparison = comparison.ok_or_else(|| {
            format!("{text:?} compares by none of >=, <=, >, < and =; use one of them")
        })?;
        let limit = limit.parse().map_err(|_| format!("{text:?} needs a whole number"))?;
        Ok(Condition { signal, comparison: comparison.1, limit })
    }

    fn holds(&self, signals: &Signals) -> bool {
        signals.at(self.signal).is_some_and(|value| match self.comparison {
            Comparison::AtLeast => value >= self.limit,
            Comparison::AtMost => value <= self.limit,
            Comparison::More => value > self.limit,
            Comparison::Less => value < self.limit,
            Comparison::Equal => value == self.limit,
        })
    }

    fn definition(&self) -> &'static Definition {
        &SIGNALS[self.signal]
    }
}

fn not_a_signal(name: &str) -> String {
    if let Some(why) = refused(name) {
        return format!(
            "{name:?} is refused: why somebody does not pay is never judged by it, as {why}; take the condition out"
        );
    }
    let names: Vec<&str> = SIGNALS.iter().map(|one| one.name).collect();
    format!("{name:?} is no signal; use one of {}", names.join(", "))
}

/// A rule's conditions and words, read and checked.
#[derive(Debug, Clone)]
pub struct Test {
    all: Vec<Condition>,
    says: String,
}

impl Test {
    /// # Errors
    /// Everything that is wrong with them; `place` is the rule, as problems name it.
    fn read(place: &str, when: &[String], says: &str) -> Result<Test, Vec<Problem>> {
        let problem = |key: &str, what: String| Problem { field: format!("{place}{key}"), what };
        let (mut all, mut problems) = (Vec::new(), Vec::new());
        for text in when {
            match Condition::read(text) {
                Ok(condition) => all.push(condition),
                Err(what) => problems.push(problem("when", what)),
            }
        }
        if when.is_empty() {
            problems.push(problem("when", "is empty; a rule needs a condition".to_owned()));
        }
        if says.trim().is_empty() {
            let what = "is empty; say in words what a clerk can read out";
            problems.push(problem("says", what.to_owned()));
        }
        for name in names(says) {
            if !when.iter().any(|text| text.split_whitespace().next() == Some(name)) {
                let what =
                    format!("{{{name}}} is no signal of its conditions; add one or take it out");
                problems.push(problem("says", what));
            }
        }
        if problems.is_empty() { Ok(Test { all, says: says.to_owned() }) } else { Err(problems) }
    }

    pub fn holds(&self, signals: &Signals) -> bool {
        self.all.iter().all(|condition| condition.holds(signals))
    }

    /// Whether it hangs on nothing but how bills were paid.
    pub fn is_payment_alone(&self) -> bool {
        self.all.iter().all(|condition| condition.definition().is_payment)
    }

    /// The feeds that it cannot hold without and that are not there.
    pub fn missing(&self, feeds: &Feeds) -> impl Iterator<Item = EvidenceFeed> {
        let needed = self.all.iter().filter_map(|condition| condition.definition().feed);
        needed.filter(|feed| !feeds.has(*feed))
    }

    /// What it says of these signals; it must hold for them.
    pub fn says(&self, signals: &Signals) -> String {
        let mut says = self.says.clone();
        for condition in &self.all {
            let definition = condition.definition();
            if let Some(value) = signals.at(condition.signal) {
                let words = definition.unit.in_words(value);
                says = says.replace(&format!("{{{}}}", definition.name), &words);
            }
        }
        says
    }
}

/// The tests of rules, each a name, conditions and words; `kind` is what the
/// file calls a rule.
///
/// # Errors
/// Everything that is wrong with any of them.
pub(super) fn tests<'a>(
    kind: &str,
    rules: impl Iterator<Item = (&'a str, &'a [String], &'a str)>,
) -> Result<Vec<Test>, Vec<Problem>> {
    let (mut tests, mut problems) = (Vec::new(), Vec::new());
    for (name, when, says) in rules {
        match Test::read(&format!("{kind} {name}: "), when, says) {
            Ok(test) => tests.push(test),
            Err(wrong) => problems.extend(wrong),
        }
    }
    if problems.is_empty() { Ok(tests) } else { Err(problems) }
}

/// The names in braces.
fn names(says: &str) -> impl Iterator<Item = &str> {
    says.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

/// Reads a file of rules as TOML.
pub(super) fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Vec<Problem>> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        let what = error.message().trim().to_owned();
        vec![Problem { field: format!("line {line}:"), what }]
    })
}

/// Names this content: any change gives another version, a comment does not.
pub(super) fn version<T: Serialize>(file: &T) -> String {
    let json = serde_json::to_vec(file).expect("a rule file is plain data");
    let digest = Sha256::digest(&json);
    digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}
