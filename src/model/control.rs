//! What the operator has switched: which scenarios are live, and the kill switch.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;

use super::brake::{Alarm, Released};
use super::{Account, Channel, Moratorium};

/// The switch that stops all of it.
pub const KILL_SWITCH: &str = "kill_switch";

/// Holds the scorecard that somebody promoted, word for word.
pub const CARD: &str = "card";

/// The operator's switches. A new installation has none set: it observes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Control {
    /// Since when each scenario is live. Steps that fell due before that day
    /// count as superseded.
    pub live_since: BTreeMap<String, Date>,
    /// Set while nothing may be sent at all.
    pub kill_switch: bool,
    /// Set while somebody is asked whether sending may go on.
    pub brake: Option<Alarm>,
    /// What people said when they were asked.
    pub released: Vec<Released>,
    /// What is stopped while everything else goes on.
    pub stopped: BTreeSet<Stopped>,
    /// Those that are not lifted; over or to come as well.
    pub moratoriums: Vec<Moratorium>,
}

/// A part of what is sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stopped {
    Channel(Channel),
    /// By its name in the settings.
    Provider(String),
    Scenario(String),
}

impl Stopped {
    /// As [`fmt::Display`] writes it: `channel sms`, `provider NAME`.
    pub fn parse(text: &str) -> Option<Stopped> {
        let (what, name) = text.split_once(' ')?;
        match what {
            "channel" => Channel::parse(name).map(Stopped::Channel),
            "provider" => Some(Stopped::Provider(name.to_owned())),
            "scenario" => Some(Stopped::Scenario(name.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Channel(channel) => write!(f, "channel {channel}"),
            Stopped::Provider(name) => write!(f, "provider {name}"),
            Stopped::Scenario(name) => write!(f, "scenario {name}"),
        }
    }
}

impl Control {
    pub fn live_since(&self, scenario: &str) -> Option<Date> {
        self.live_since.get(scenario).copied()
    }

    /// Whether a moratorium holds the account back on its local day `day`.
    pub fn spares(&self, account: &Account, day: Date) -> bool {
        self.moratoriums.iter().any(|one| one.is_on(day) && one.covers(account))
    }

    pub fn stops_channel(&self, channel: Channel) -> bool {
        self.stopped.contains(&Stopped::Channel(channel))
    }

    pub fn stops_provider(&self, name: &str) -> bool {
        let is_it = |one: &Stopped| matches!(one, Stopped::Provider(it) if it == name);
        self.stopped.iter().any(is_it)
    }

    pub fn stops_scenario(&self, name: &str) -> bool {
        let is_it = |one: &Stopped| matches!(one, Stopped::Scenario(it) if it == name);
        self.stopped.iter().any(is_it)
    }
}
