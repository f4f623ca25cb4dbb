//! What the operator has switched: which scenarios are live, and the kill switch.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// The operator's switches. A new installation has none set: it observes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Control {
    /// Since when each scenario is live. Steps that fell due before that day
    /// count as superseded.
    pub live_since: BTreeMap<String, Date>,
    /// Set while nothing may be sent at all.
    pub kill_switch: bool,
}

impl Control {
    pub fn live_since(&self, scenario: &str) -> Option<Date> {
        self.live_since.get(scenario).copied()
    }
}
