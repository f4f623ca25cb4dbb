//! A scenario: the ordered steps that hang on a bill's due date.
//!
//! Scenarios are files of the operator's (`config/policy/*.toml`); this file
//! holds their shape, what makes one impossible, and which step of a bill
//! counts on a day.

use jiff::SignedDuration;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::billing::plus_days;
use crate::model::notice::MessageClass;
use crate::model::{Bill, Channel, Severity};

use super::claim::ClaimRules;
use super::repeat_debtor::RepeatDebtorRule;
use super::window::ContactWindow;

/// Days that the last step stays due (DESIGN section 5).
const LAST_STEP_LATENESS_DAYS: i32 = 30;

/// A named strategy (TMF728 DunningScenario).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    /// Segments of accounts that it serves.
    #[serde(default)]
    pub segments: Vec<String>,
    /// It also serves every account whose segment no scenario names.
    #[serde(default)]
    pub default: bool,
    /// Minor units; a bill with no more than this unpaid does not count.
    #[serde(default)]
    pub tolerance: i64,
    #[serde(default)]
    pub window: ContactWindow,
    /// The law preset, where it is not the installation's. No part of the
    /// version: a law holds for everybody at once, open cases included.
    #[serde(default, skip_serializing)]
    pub law: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_debtor: Option<RepeatDebtorRule>,
    /// What follows when a subscriber promises, or says that it is paid.
    #[serde(default, skip_serializing_if = "ClaimRules::is_default")]
    pub claims: ClaimRules,
    /// In the order of their offsets, once read.
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
}

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub name: String,
    /// Days after the due date; negative before it.
    pub offset_days: i32,
    pub severity: Severity,
    #[serde(default, skip_serializing_if = "MessageClass::is_reminder")]
    pub class: MessageClass,
    /// Only whoever stands on the watch list hears it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub watched: bool,
    /// In order of preference.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// The message set; the severity's own where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Hard steps: days that must pass after the soft notice was sent.
    #[serde(default)]
    pub notice_gap_days: i32,
    /// Minutes after which the next channel is tried, where a provider took the
    /// reminder and no receipt came; the deadline of receipts where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience_min: Option<u32>,
}

impl Step {
    pub fn template(&self) -> &str {
        self.template.as_deref().unwrap_or(self.severity.as_str())
    }

    pub fn is_notice(&self) -> bool {
        self.class == MessageClass::Statutory
    }

    pub fn patience(&self) -> Option<SignedDuration> {
        self.patience_min.map(|minutes| SignedDuration::from_mins(minutes.into()))
    }

    /// What makes this step impossible by itself: the field, and the rest.
    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let offset = self.offset_days;
        if self.channels.is_empty() {
            problems.push(("channels", "is empty; name sms, voice, email or letter".into()));
        }
        if self.is_notice() && !self.channels.contains(&Channel::Letter) {
            let what = "have no letter; a statutory notice must reach who stopped all else, add it";
            problems.push(("channels", what.into()));
        }
        if self.is_notice() && self.severity == Severity::Courtesy {
            problems
                .push(("class", "is statutory; nothing is due yet, make it soft or hard".into()));
        }
        if self.watched && self.severity != Severity::Courtesy {
            let what = "is for the watch list, where nothing is overdue; make the step courtesy";
            problems.push(("watched", what.into()));
        }
        if !(-365..=365).contains(&offset) {
            problems.push(("offset_days", format!("is {offset}; use -365 to 365")));
        }
        match self.severity {
            Severity::Courtesy if offset > 0 => problems.push((
                "offset_days",
                format!(
                    "is {offset}, after the due date; a courtesy step needs 0 or less, or make it soft"
                ),
            )),
            Severity::Soft | Severity::Hard if offset <= 0 => problems.push((
                "offset_days",
                format!(
                    "is {offset}, when nothing is overdue; a {} step needs 1 or more, or make it courtesy",
                    self.severity.as_str()
                ),
            )),
            _ => {}
        }
        if let Some(minutes) = self.patience_min.filter(|it| !(5..=1440).contains(it)) {
            problems.push(("patience_min", format!("is {minutes}; use 5 to 1440")));
        }
        if !(0..=365).contains(&self.notice_gap_days) {
            let what = format!("is {}; use 0 to 365", self.notice_gap_days);
            problems.push(("notice_gap_days", what));
        }
        problems
    }

    /// What cannot be beside the steps that come after it.
    fn clashes(&self, later: &[Step]) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        for later in later {
            if later.name == self.name {
                problems.push(("name", "stands twice; give each step its own name".into()));
            }
            if later.offset_days == self.offset_days {
                let what = format!(
                    "{} is also that of {:?}; give each step its own day",
                    self.offset_days, later.name
                );
                problems.push(("offset_days", what));
            }
            if later.severity < self.severity {
                let what = format!(
                    "{} comes before the milder step {:?}; severity may only rise",
                    self.severity.as_str(),
                    later.name
                );
                problems.push(("severity", what));
            }
        }
        problems
    }
}

/// What is wrong with a scenario: the field, the value, and the mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub field: String,
    pub what: String,
}

/// A step of a bill that counts on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueStep<'a> {
    pub step: &'a Step,
    /// Its place in the scenario.
    pub index: usize,
    /// Its offset day.
    pub on: Date,
    /// The last day on which it may go out.
    pub limit_on: Date,
}

impl Scenario {
    /// Puts the steps in order. Every scenario passes through here once.
    pub fn in_order(mut self) -> Scenario {
        self.steps.sort_by_key(|step| step.offset_days);
        self
    }

    /// Names this content of the scenario: any change gives another version.
    pub fn version(&self) -> String {
        let json = serde_json::to_vec(self).expect("a scenario is plain data");
        let digest = Sha256::digest(&json);
        digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The step with whose voice a reminder of these speaks: a notice before
    /// any other, then the most severe, then the latest.
    pub fn voice<'a>(&self, steps: impl Iterator<Item = &'a Step>) -> Option<&'a Step> {
        steps.max_by_key(|step| (step.class, step.severity, step.offset_days))
    }

    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// Everything that makes this scenario impossible to follow.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |field: String, what: String| problems.push(Problem { field, what });

        if self.name.is_empty() {
            say("name".into(), "is empty; give the scenario a name".into());
        }
        if self.tolerance < 0 {
            say("tolerance".into(), format!("is {}; use 0 or more minor units", self.tolerance));
        }
        if self.steps.is_empty() {
            say("step".into(), "has no entry; add at least one [[step]]".into());
        }
        for (index, step) in self.steps.iter().enumerate() {
            if step.name.is_empty() {
                say(format!("step {}: name", index + 1), "is empty; name the step".into());
            }
            let later = &self.steps[index + 1..];
            for (field, what) in step.problems().into_iter().chain(step.clashes(later)) {
                say(format!("step {:?}: {field}", step.name), what);
            }
        }
        let has_soft = self.steps.iter().any(|step| step.severity == Severity::Soft);
        if !has_soft && self.steps.iter().any(|step| step.severity == Severity::Hard) {
            say(
                "step".into(),
                "has a hard step and no soft one; nobody is threatened unwarned, add a soft step"
                    .into(),
            );
        }
        if let Err(what) = self.window.check() {
            say("window".into(), what);
        }
        if let Some(rule) = &self.repeat_debtor
            && let Err(what) = rule.check()
        {
            say("repeat_debtor".into(), what);
        }
        if let Err((key, what)) = self.claims.check() {
            say(format!("claims.{key}"), what);
        }
        problems
    }

    /// The step of `bill` that counts on `on`: the latest whose day has come
    /// and does not lie before the bill's issue. It may be past its limit.
    pub fn due_step(&self, bill: &Bill, on: Date) -> Option<DueStep<'_>> {
        let past_due = bill.days_past_due(on);
        let index = self.steps.iter().rposition(|step| step.offset_days <= past_due)?;
        self.placed(index, bill)
    }

    /// The next step of `bill` after `on`, for those who ask what comes.
    pub fn next_step(&self, bill: &Bill, on: Date) -> Option<DueStep<'_>> {
        (0..self.steps.len()).filter_map(|index| self.placed(index, bill)).find(|step| step.on > on)
    }

    /// The step named `name` on this bill; `None` where there is none, or the
    /// bill's issue dropped it.
    pub fn place(&self, name: &str, bill: &Bill) -> Option<DueStep<'_>> {
        self.placed(self.steps.iter().position(|step| step.name == name)?, bill)
    }

    /// The `index`th step on the days of `bill`; `None` where it lies before
    /// the bill's issue, which drops it.
    pub fn placed(&self, index: usize, bill: &Bill) -> Option<DueStep<'_>> {
        let step = &self.steps[index];
        let on = plus_days(bill.due_on, step.offset_days);
        if on < bill.issued_on {
            return None;
        }
        let before_next = match self.steps.get(index + 1) {
            Some(next) => plus_days(bill.due_on, next.offset_days - 1),
            None => plus_days(on, LAST_STEP_LATENESS_DAYS),
        };
        let limit_on = match step.severity {
            Severity::Courtesy => before_next.min(bill.due_on),
            Severity::Soft | Severity::Hard => before_next,
        };
        Some(DueStep { step, index, on, limit_on })
    }
}
