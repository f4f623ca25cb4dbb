//! The scenarios in force, and every earlier version that still decides.

use std::collections::HashMap;
use std::sync::Arc;

use super::ladder::Scenario;
use crate::model::facts::AccountFacts;

/// A scenario and the name of its content.
#[derive(Debug, Clone)]
pub struct Versioned {
    pub version: String,
    pub scenario: Arc<Scenario>,
}

/// Which scenario serves whom. An open case keeps the version under which it
/// opened, so versions are never forgotten.
#[derive(Debug, Clone, Default)]
pub struct Scenarios {
    current: Vec<Versioned>,
    versions: HashMap<String, Arc<Scenario>>,
}

impl Scenarios {
    /// `current` are in force; `earlier` decided once and may still be named.
    pub fn new(
        current: Vec<Scenario>,
        earlier: impl IntoIterator<Item = (String, Scenario)>,
    ) -> Scenarios {
        let mut versions: HashMap<String, Arc<Scenario>> = earlier
            .into_iter()
            .map(|(version, scenario)| (version, Arc::new(scenario.in_order())))
            .collect();
        let current: Vec<Versioned> = current
            .into_iter()
            .map(|scenario| {
                let scenario = scenario.in_order();
                Versioned { version: scenario.version(), scenario: Arc::new(scenario) }
            })
            .collect();
        for Versioned { version, scenario } in &current {
            versions.insert(version.clone(), scenario.clone());
        }
        Scenarios { current, versions }
    }

    /// The scenario for accounts of `segment`: the one that names it, else the
    /// default. `None` where there is neither: such accounts are not reminded.
    pub fn serving(&self, segment: &str) -> Option<&Versioned> {
        self.current
            .iter()
            .find(|one| one.scenario.segments.iter().any(|name| name == segment))
            .or_else(|| self.current.iter().find(|one| one.scenario.default))
    }

    /// The scenario that decides about an account: that of the open case, else
    /// the one in force.
    pub fn deciding(&self, facts: &AccountFacts) -> Option<Versioned> {
        let pinned = facts.case.as_ref().and_then(|case| self.version(&case.policy));
        pinned.or_else(|| self.serving(&facts.account.segment).cloned())
    }

    /// The scenario of a version; `None` where nobody knows it any more.
    pub fn scenario(&self, version: &str) -> Option<&Scenario> {
        self.versions.get(version).map(Arc::as_ref)
    }

    pub fn version(&self, version: &str) -> Option<Versioned> {
        let scenario = self.versions.get(version)?.clone();
        Some(Versioned { version: version.to_owned(), scenario })
    }

    pub fn current(&self) -> &[Versioned] {
        &self.current
    }

    /// Days after a due date on which some version has something to decide:
    /// its steps, and the day on which lateness is known.
    pub fn offsets(&self) -> Vec<i32> {
        let mut offsets: Vec<i32> = self
            .versions
            .values()
            .flat_map(|scenario| {
                let steps = scenario.steps.iter().map(|step| step.offset_days);
                steps.chain(scenario.repeat_debtor.map(|rule| rule.late_days + 1))
            })
            .collect();
        offsets.sort_unstable();
        offsets.dedup();
        offsets
    }
}
