//! Churn accounting: the codes by which an account that left, or was barred,
//! is attributed to a cause.
//!
//! The codes are `config/churn.toml`; an operator's file adds to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::cause::DebtClass;

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
