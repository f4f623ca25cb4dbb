//! The brake: what was out of the ordinary and stopped sending by itself, and
//! what people said of it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The switch that the brake sets, and people clear.
pub const BRAKE: &str = "brake";

/// What is counted for each day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Accounts with a reminder planned for the day, at their places.
    Planned,
    /// Those who asked to be left alone, complained, or are somebody else.
    Stops,
}

impl Sign {
    pub fn as_str(self) -> &'static str {
        match self {
            Sign::Planned => "planned",
            Sign::Stops => "stops",
        }
    }

    pub fn parse(text: &str) -> Option<Sign> {
        [Sign::Planned, Sign::Stops].into_iter().find(|sign| sign.as_str() == text)
    }
}

/// What one day came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub planned: u64,
    pub stops: u64,
}

impl Tally {
    pub fn of(&self, sign: Sign) -> u64 {
        match sign {
            Sign::Planned => self.planned,
            Sign::Stops => self.stops,
        }
    }

    pub fn add(&mut self, sign: Sign, n: u64) {
        match sign {
            Sign::Planned => self.planned += n,
            Sign::Stops => self.stops += n,
        }
    }
}

pub type Tallies = BTreeMap<Date, Tally>;

/// Why sending stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    pub sign: Sign,
    pub on: Date,
    /// How many there were when the brake was pulled.
    pub seen: u64,
    /// How many nobody is asked about.
    pub at_most: u64,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Alarm { sign, on, seen, at_most } = self;
        match sign {
            Sign::Planned => {
                write!(f, "{seen} reminders for {on}, where up to {at_most} are nothing unusual")
            }
            Sign::Stops => write!(
                f,
                "{seen} asked on {on} to be left alone, where up to {at_most} are nothing unusual"
            ),
        }
    }
}

/// What people found when they were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// It is as it should be, and a measure for the days to come.
    Expected,
    /// Something was wrong and is mended; those days are no measure.
    Mended,
}

impl Because {
    pub fn as_str(self) -> &'static str {
        match self {
            Because::Expected => "expected",
            Because::Mended => "mended",
        }
    }

    pub fn parse(text: &str) -> Option<Because> {
        [Because::Expected, Because::Mended].into_iter().find(|one| one.as_str() == text)
    }
}

/// Somebody let go what the brake had stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    pub sign: Sign,
    /// From the day of the alarm through that of the release.
    pub from: Date,
    pub through: Date,
    /// The most on one of these days until then.
    pub seen: u64,
    pub because: Because,
}

/// Before the sign and the day in the name of the switch that keeps a release.
pub const RELEASED: &str = "released:";

impl Released {
    /// What is said today of an alarm, and of the days since.
    pub fn of(alarm: &Alarm, tallies: &Tallies, today: Date, because: Because) -> Released {
        let through = today.max(alarm.on);
        let since = tallies.range(alarm.on..=through).map(|(_, tally)| tally.of(alarm.sign));
        let seen = since.fold(alarm.seen, u64::max);
        Released { sign: alarm.sign, from: alarm.on, through, seen, because }
    }

    /// The switch that keeps it. A later one of the same day takes its place.
    pub fn switch(&self) -> String {
        format!("{RELEASED}{}:{}", self.sign.as_str(), self.from)
    }

    pub fn is_about(&self, sign: Sign, day: Date) -> bool {
        self.sign == sign && (self.from..=self.through).contains(&day)
    }
}
