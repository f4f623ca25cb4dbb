//! The window of one scenario, and where hours of a day begin and end.
//!
//! Local time is always the subscriber's, never the server's. Where clocks
//! change, the narrower reading counts: late opening is allowed, late closing
//! is not. What the law makes of it is in `contact.rs`.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

use crate::model::billing::plus_days;
use crate::model::hours::{Hours, WallTime};

/// Opening and closing, local wall-clock time; closing may be `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactWindow {
    pub opens: WallTime,
    pub closes: WallTime,
}

impl Default for ContactWindow {
    /// 09:00 to 20:00, which most law presets leave as it is.
    fn default() -> Self {
        ContactWindow { opens: WallTime::full_hour(9), closes: WallTime::full_hour(20) }
    }
}

impl ContactWindow {
    /// Open all day long: for replays, never for people.
    pub const ALL_DAY: ContactWindow =
        ContactWindow { opens: WallTime::MIDNIGHT, closes: WallTime::DAY_ENDS };

    /// # Errors
    /// In words, when no moment of the day lies inside.
    pub fn check(&self) -> Result<(), String> {
        if self.opens < self.closes {
            return Ok(());
        }
        Err(format!(
            "opens at {} and closes at {}, so it is never open; let it close after it opens (24:00 is midnight)",
            self.opens, self.closes
        ))
    }

    pub fn hours(&self) -> Hours {
        Hours { opens: self.opens, closes: self.closes }
    }
}

/// These hours of the local day `day`: not before the first instant, and not
/// at or after the second. `None` where clocks leave nothing of them.
pub fn instants(hours: Hours, day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let opens = instant(hours.opens, day, zone, Edge::Opening)?;
    let closes = instant(hours.closes, day, zone, Edge::Closing)?;
    (opens < closes).then_some((opens, closes))
}

enum Edge {
    Opening,
    Closing,
}

fn instant(time: WallTime, day: Date, zone: &TimeZone, edge: Edge) -> Option<Timestamp> {
    let is_midnight = time == WallTime::DAY_ENDS;
    let day = if is_midnight { plus_days(day, 1) } else { day };
    let minutes = time.minutes() % WallTime::DAY_ENDS.minutes();
    let time = Time::new((minutes / 60) as i8, (minutes % 60) as i8, 0, 0).ok()?;
    let local = zone.to_ambiguous_zoned(day.to_datetime(time));
    let is_skipped = matches!(local.offset(), AmbiguousOffset::Gap { .. });
    match edge {
        Edge::Opening => local.later(),
        // A day always ends. Read earlier, a skipped midnight would take an
        // hour off it, and all of it where clocks skip the next day (Samoa).
        Edge::Closing if is_midnight && is_skipped => local.later(),
        Edge::Closing => local.earlier(),
    }
    .ok()
    .map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(zone: &str, day: &str, window: (u16, u16), expected: (&str, &str)) {
        let time = |minutes: u16| WallTime::new(minutes / 60, minutes % 60).unwrap();
        let window = ContactWindow { opens: time(window.0), closes: time(window.1) };
        let zone = TimeZone::get(zone).unwrap();
        let (opens, closes) = instants(window.hours(), day.parse().unwrap(), &zone).unwrap();
        let expected = (expected.0.parse().unwrap(), expected.1.parse().unwrap());
        assert_eq!((opens, closes), expected);
    }

    #[test]
    fn the_subscribers_clock_counts_not_ours() {
        check("Asia/Tokyo", "2026-03-10", (540, 1200), ("2026-03-10T00:00Z", "2026-03-10T11:00Z"));
        check(
            "America/Bahia",
            "2026-03-10",
            (540, 1200),
            ("2026-03-10T12:00Z", "2026-03-10T23:00Z"),
        );
    }

    #[test]
    fn midnight_closes_the_day_it_ends() {
        check("UTC", "2026-03-10", (0, 1440), ("2026-03-10T00:00Z", "2026-03-11T00:00Z"));
    }

    /// Berlin, 2026-03-29: 02:00 to 03:00 does not exist.
    #[test]
    fn an_opening_that_clocks_skip_comes_later_and_a_closing_earlier() {
        check(
            "Europe/Berlin",
            "2026-03-29",
            (150, 1200),
            ("2026-03-29T01:30Z", "2026-03-29T18:00Z"),
        );
        check("Europe/Berlin", "2026-03-29", (0, 150), ("2026-03-28T23:00Z", "2026-03-29T00:30Z"));
    }

    /// Berlin, 2026-10-25: 02:30 happens twice.
    #[test]
    fn a_repeated_hour_is_read_so_that_the_window_is_narrower() {
        check(
            "Europe/Berlin",
            "2026-10-25",
            (150, 1200),
            ("2026-10-25T01:30Z", "2026-10-25T19:00Z"),
        );
        check("Europe/Berlin", "2026-10-25", (0, 150), ("2026-10-24T22:00Z", "2026-10-25T00:30Z"));
    }

    #[test]
    fn an_impossible_window_says_how_to_mend_it() {
        let window =
            ContactWindow { opens: WallTime::full_hour(20), closes: WallTime::full_hour(9) };
        assert!(window.check().unwrap_err().contains("close after it opens"));
    }
}
