//! Times of day on a subscriber's own clock, and the hours of a week.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Weekday;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MINUTES_PER_DAY: u16 = 24 * 60;

/// Minutes since local midnight, written `HH:MM`; a day ends at `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WallTime(u16);

impl WallTime {
    pub const MIDNIGHT: WallTime = WallTime(0);
    pub const DAY_ENDS: WallTime = WallTime(MINUTES_PER_DAY);

    /// `None` beyond 24:00.
    pub fn new(hour: u16, minute: u16) -> Option<WallTime> {
        (minute < 60 && hour * 60 + minute <= MINUTES_PER_DAY)
            .then_some(WallTime(hour * 60 + minute))
    }

    pub const fn full_hour(hour: u16) -> WallTime {
        assert!(hour <= 24);
        WallTime(hour * 60)
    }

    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for WallTime {
    type Err = String;

    fn from_str(text: &str) -> Result<WallTime, String> {
        let parsed = text.split_once(':').and_then(|(hours, minutes)| {
            let two_digits = |part: &str| (part.len() == 2).then(|| part.parse::<u16>().ok())?;
            WallTime::new(two_digits(hours)?, two_digits(minutes)?)
        });
        parsed.ok_or_else(|| format!("{text:?} is no time of day; write HH:MM, 00:00 to 24:00"))
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One open time of a day: from `opens` until before `closes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    pub opens: WallTime,
    pub closes: WallTime,
}

impl Hours {
    pub const ALL_DAY: Hours = Hours { opens: WallTime::MIDNIGHT, closes: WallTime::DAY_ENDS };

    /// What is open in both; `None` where nothing is.
    pub fn within(self, other: Hours) -> Option<Hours> {
        let both =
            Hours { opens: self.opens.max(other.opens), closes: self.closes.min(other.closes) };
        (both.opens < both.closes).then_some(both)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.opens, self.closes)
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Hours, String> {
        let (opens, closes) = text
            .split_once('-')
            .ok_or_else(|| format!("{text:?} are no hours; write HH:MM-HH:MM, or closed"))?;
        let hours = Hours { opens: opens.parse()?, closes: closes.parse()? };
        match hours.opens < hours.closes {
            true => Ok(hours),
            false => Err(format!("{text:?} is never open; close after opening")),
        }
    }
}

/// The names of the days, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const CLOSED: &str = "closed";

/// The hours of each day of the week, Monday first; `None` for a closed day.
///
/// Written by days or spans of days: `{ mon-fri = "08:00-20:00", sat = "closed" }`.
/// Days that are not named are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekHours([Option<Hours>; 7]);

impl WeekHours {
    pub const ALL_DAY: WeekHours = WeekHours([Some(Hours::ALL_DAY); 7]);

    pub fn on(&self, day: Weekday) -> Option<Hours> {
        self.0[day.to_monday_zero_offset() as usize]
    }

    /// What is open in both.
    pub fn within(&self, other: &WeekHours) -> WeekHours {
        let both = |day: usize| self.0[day].zip(other.0[day]).and_then(|(a, b)| a.within(b));
        WeekHours(std::array::from_fn(both))
    }

    /// The same hours on these days, and none on the others; `None` where no
    /// day is named.
    pub fn same(days: impl IntoIterator<Item = Weekday>, hours: Hours) -> Option<WeekHours> {
        let mut week = [None; 7];
        for day in days {
            week[day.to_monday_zero_offset() as usize] = Some(hours);
        }
        week.iter().any(Option::is_some).then_some(WeekHours(week))
    }

    /// Days that follow each other with the same hours, `mon-fri`, and those.
    pub fn spans(&self) -> impl Iterator<Item = (String, Option<Hours>)> {
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for day in 0..7 {
            match spans.last_mut() {
                Some((first, last)) if self.0[*first] == self.0[day] => *last = day,
                _ => spans.push((day, day)),
            }
        }
        spans.into_iter().map(|(first, last)| {
            let days = match first == last {
                true => DAYS[first].to_owned(),
                false => format!("{}-{}", DAYS[first], DAYS[last]),
            };
            (days, self.0[first])
        })
    }

    fn read<'a>(given: impl Iterator<Item = (&'a str, &'a str)>) -> Result<WeekHours, String> {
        let mut week = [None; 7];
        let mut is_named = [false; 7];
        for (days, hours) in given {
            let hours = match hours {
                CLOSED => None,
                text => Some(text.parse()?),
            };
            for day in span(days)? {
                if std::mem::replace(&mut is_named[day], true) {
                    return Err(format!("{} stands twice; name each day once", DAYS[day]));
                }
                week[day] = hours;
            }
        }
        match week.iter().any(Option::is_some) {
            true => Ok(WeekHours(week)),
            false => Err("is closed on every day; open it on one".to_owned()),
        }
    }
}

/// `mon`, or `mon-fri`.
fn span(text: &str) -> Result<std::ops::RangeInclusive<usize>, String> {
    let wrong = || format!("{text:?} are no days; write mon, or a span such as mon-fri");
    let place = |name: &str| DAYS.iter().position(|day| *day == name).ok_or_else(wrong);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (place(first)?, place(last)?);
    if first <= last { Ok(first..=last) } else { Err(wrong()) }
}

impl Serialize for WeekHours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let open = |hours: Option<Hours>| hours.map_or(CLOSED.to_owned(), |it| it.to_string());
        serializer.collect_map(self.spans().map(|(days, hours)| (days, open(hours))))
    }
}

impl<'de> Deserialize<'de> for WeekHours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = std::collections::BTreeMap::<String, String>::deserialize(deserializer)?;
        let given = given.iter().map(|(days, hours)| (days.as_str(), hours.as_str()));
        WeekHours::read(given).map_err(serde::de::Error::custom)
    }
}

/// On one line, without the closed days: `mon-fri=18:00-20:00,sat=10:00-12:00`.
impl fmt::Display for WeekHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.spans().filter_map(|(days, hours)| Some((days, hours?)));
        for (index, (days, hours)) in open.enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{days}={hours}")?;
        }
        Ok(())
    }
}

impl FromStr for WeekHours {
    type Err = String;

    fn from_str(text: &str) -> Result<WeekHours, String> {
        let wrong = |part: &str| {
            format!("{part:?} are no hours of days; write mon-fri=18:00-20:00,sat=10:00-12:00")
        };
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let given: Result<Vec<(&str, &str)>, String> =
            parts.iter().map(|part| part.split_once('=').ok_or_else(|| wrong(part))).collect();
        WeekHours::read(given?.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(json: &str) -> Result<WeekHours, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_week_is_read_by_days_and_spans_and_written_as_it_was() {
        let text = r#"{"mon-fri":"10:00-20:00","sat":"10:00-18:00","sun":"closed"}"#;
        let hours = week(text).unwrap();
        assert_eq!(hours.on(Weekday::Sunday), None);
        assert_eq!(hours.on(Weekday::Saturday).unwrap().to_string(), "10:00-18:00");
        assert_eq!(serde_json::to_string(&hours).unwrap(), text);
        assert_eq!(week(r#"{"mon-sun":"00:00-24:00"}"#), Ok(WeekHours::ALL_DAY));
        assert_eq!(week(r#"{"sat":"10:00-18:00"}"#).unwrap().on(Weekday::Monday), None);
    }

    #[test]
    fn a_week_fits_on_one_line() {
        let text = "mon-fri=18:00-20:00,sun=10:00-12:00";
        let hours: WeekHours = text.parse().unwrap();
        assert_eq!(hours.to_string(), text);
        assert_eq!(hours.on(Weekday::Saturday), None);
        assert_eq!(
            " mon=18:00-20:00, tue=18:00-20:00".parse::<WeekHours>().unwrap().to_string(),
            "mon-tue=18:00-20:00"
        );
        let evening = "18:00-20:00".parse().unwrap();
        let same = WeekHours::same([Weekday::Tuesday, Weekday::Monday], evening).unwrap();
        assert_eq!(same.to_string(), "mon-tue=18:00-20:00");
        assert_eq!(WeekHours::same([], evening), None);
        for (text, said) in [
            ("", "are no hours of days"),
            ("mon", "are no hours of days"),
            ("mon=18:00-20:00;tue=18:00-20:00", "write HH:MM"),
            ("mon=18:00-20:00,mon-fri=09:00-10:00", "mon stands twice"),
            ("mon-sun=closed", "open it on one"),
        ] {
            let problem = text.parse::<WeekHours>().unwrap_err();
            assert!(problem.contains(said), "{text}: {problem}");
        }
    }

    #[test]
    fn a_week_that_says_two_things_or_nothing_is_refused() {
        for (text, said) in [
            (r#"{"mon-fri":"08:00-20:00","tue":"closed"}"#, "tue stands twice"),
            (r#"{"mon":"20:00-08:00"}"#, "close after opening"),
            (r#"{"mon":"8-20"}"#, "write HH:MM, 00:00 to 24:00"),
            (r#"{"mon":"always"}"#, "are no hours"),
            (r#"{"fri-mon":"08:00-20:00"}"#, "are no days"),
            (r#"{"mon-sun":"closed"}"#, "open it on one"),
        ] {
            let problem = week(text).unwrap_err();
            assert!(problem.contains(said), "{text}: {problem}");
        }
    }
}
