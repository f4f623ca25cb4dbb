//! Reviews: what people may decide about an account, who must agree, and what
//! follows. A machine never ends a contract, and neither does one person.
//!
//! [`evidence`] is what a decision rests on, [`readiness`] what the law still
//! asks for, [`four_eyes`] who may do what to a proposal, [`effects`] what
//! comes of an approved one, [`advice`] what the billing system is told.
//!
//! May use: model.

pub mod advice;
pub mod effects;
pub mod evidence;
pub mod four_eyes;
pub mod readiness;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

pub use evidence::Frozen;
pub use four_eyes::Refusal;
pub use readiness::{Law, Readiness, Requirement};

/// `[review]`: how long proposals wait, and what one person may decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Hours in which somebody else must decide about a proposal.
    pub approval_hours: u32,
    /// Minor units up to which one person may agree on an arrangement; 0: none.
    pub arrangement_max: i64,
    /// Monthly instalments that an arrangement may have.
    pub instalments_max: u8,
    /// Days for which an exemption lasts.
    pub exempt_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { approval_hours: 72, arrangement_max: 0, instalments_max: 12, exempt_days: 365 }
    }
}

impl Settings {
    /// Everything that makes these settings impossible, as (key, what is wrong and the mend).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        const DAYS_MAX: u32 = 3_650;
        let mut problems = Vec::new();
        let mut say = |key, what: String| problems.push((key, what));
        if !(1..=720).contains(&self.approval_hours) {
            say("approval_hours", format!("is {}; use 1 to 720", self.approval_hours));
        }
        if self.arrangement_max < 0 {
            say("arrangement_max", format!("is {}; use 0 or more", self.arrangement_max));
        }
        if !(1..=60).contains(&self.instalments_max) {
            say("instalments_max", format!("is {}; use 1 to 60", self.instalments_max));
        }
        if !(1..=DAYS_MAX).contains(&self.exempt_days) {
            say("exempt_days", format!("is {}; use 1 to {DAYS_MAX}", self.exempt_days));
        }
        problems
    }
}

/// What decisions about one account go by.
#[derive(Debug, Clone)]
pub struct Rules {
    pub settings: Settings,
    /// The law of the account's scenario.
    pub law: Law,
    /// Hours after which care is to have called back.
    pub care_hours: u32,
    /// Days for which the judging leaves alone what people have decided about.
    pub rest_days: u32,
}

/// What decisions go by, about whomever: the laws of all scenarios.
#[derive(Debug, Clone)]
pub struct RuleBook {
    pub settings: Settings,
    /// For accounts that no scenario serves, and scenarios without a law of their own.
    pub installation: Law,
    pub scenarios: HashMap<String, Law>,
    pub care_hours: u32,
    pub rest_days: u32,
}

impl RuleBook {
    /// Those for accounts of this scenario.
    pub fn rules(&self, scenario: Option<&str>) -> Rules {
        let own = scenario.and_then(|name| self.scenarios.get(name));
        Rules {
            settings: self.settings.clone(),
            law: own.unwrap_or(&self.installation).clone(),
            care_hours: self.care_hours,
            rest_days: self.rest_days,
        }
    }
}
