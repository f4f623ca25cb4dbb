//! When the daemon's own runs are due: cron expressions, matched in civil
//! time and resolved to instants by us.
//!
//! The cron crate alone loses a run in the hour that clocks skip and repeats
//! one in the hour that they repeat (its times come from chrono). Here the
//! expression is matched against civil time; a time that does not exist comes
//! when the gap is over, one that exists twice comes the first time, so each
//! civil time fires once.

use std::str::FromStr;

use chrono::{Datelike, TimeZone as _, Timelike, Utc};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A cron expression in a time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: cron::Schedule,
    zone: TimeZone,
}

/// Why a schedule cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum BadSchedule {
    #[error(
        "no cron expression (expected minute, hour, day, month and weekday, such as `30 3 * * *`)"
    )]
    Cron,
    #[error("it never comes")]
    Never,
    #[error("no IANA time zone (expected one such as Europe/Berlin)")]
    Zone,
}

impl Schedule {
    /// Reads five fields as cron(5) means them: weekday 0 and 7 are Sunday.
    ///
    /// # Errors
    /// When the expression or the zone cannot be read, or no day matches.
    pub fn parse(expression: &str, zone: &str) -> Result<Schedule, BadSchedule> {
        let zone = TimeZone::get(zone).map_err(|_| BadSchedule::Zone)?;
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(BadSchedule::Cron);
        };
        let weekday = quartz_weekdays(weekday).ok_or(BadSchedule::Cron)?;
        let with_seconds = format!("0 {minute} {hour} {day} {month} {weekday}");
        let cron = cron::Schedule::from_str(&with_seconds).map_err(|_| BadSchedule::Cron)?;
        let schedule = Schedule { cron, zone };
        match schedule.next_after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(BadSchedule::Never),
        }
    }

    /// The first run after `now`.
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        // Start a day early in civil time: an earlier civil time may resolve
        // to a later instant where clocks went back.
        let start = now
            .to_zoned(self.zone.clone())
            .datetime()
            .checked_sub(jiff::Span::new().days(1))
            .ok()?;
        self.civil_after(start).map(|civil| self.resolve(civil)).find(|at| *at > now)
    }

    /// The last run at or before `now`, and after `since`.
    pub fn latest(&self, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
        // Only the last one matters: what was missed is caught up once.
        let mut found = None;
        let mut at =
            since.max(now.checked_sub(jiff::SignedDuration::from_hours(24 * 40)).unwrap_or(since));
        while let Some(next) = self.next_after(at).filter(|next| *next <= now) {
            found = Some(next);
            at = next;
        }
        found
    }

    /// Civil times that match, read through UTC so that chrono sees no gaps.
    fn civil_after(&self, start: DateTime) -> impl Iterator<Item = DateTime> + '_ {
        let start = Utc
            .with_ymd_and_hms(
                i32::from(start.year()),
                start.month() as u32,
                start.day() as u32,
                start.hour() as u32,
                start.minute() as u32,
                start.second() as u32,
            )
            .single()
            .unwrap_or_default();
        self.cron.after_owned(start).filter_map(|at| {
            let (month, day) = (at.month() as i8, at.day() as i8);
            let (hour, minute, second) = (at.hour() as i8, at.minute() as i8, at.second() as i8);
            DateTime::new(at.year() as i16, month, day, hour, minute, second, 0).ok()
        })
    }

    fn resolve(&self, civil: DateTime) -> Timestamp {
        // "Compatible": a gap resolves after it, a fold to its first time.
        self.zone
            .to_ambiguous_zoned(civil)
            .compatible()
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }
}

/// cron(5) weekdays (0 to 7, Sunday twice) as the crate counts them (1 to 7 from Sunday).
fn quartz_weekdays(field: &str) -> Option<String> {
    let day = |text: &str| -> Option<String> {
        match text.parse::<u8>() {
            Ok(number @ 0..=7) => Some((number % 7 + 1).to_string()),
            Ok(_) => None,
            Err(_) => Some(text.to_owned()),
        }
    };
    let part = |text: &str| -> Option<String> {
        let (range, step) = text.split_once('/').map_or((text, None), |(r, s)| (r, Some(s)));
        let range = match range.split_once('-') {
            // "5-7" and "6-0" end on Sunday: counted from Sunday they wrap.
            Some((from, "7" | "0")) if from.parse::<u8>().is_ok_and(|from| from > 0) => {
                format!("1,{}-7", day(from)?)
            }
            Some((from, to)) => format!("{}-{}", day(from)?, day(to)?),
            None => day(range)?,
        };
        Some(step.map_or(range.clone(), |step| format!("{range}/{step}")))
    };
    field.split(',').map(part).collect::<Option<Vec<_>>>().map(|parts| parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cron: &str, zone: &str, after: &str, expected: &[&str]) {
        let schedule = Schedule::parse(cron, zone).unwrap();
        let mut at: Timestamp = after.parse().unwrap();
        for expected in expected {
            at = schedule.next_after(at).unwrap();
            assert_eq!(at, expected.parse().unwrap());
        }
    }

    #[test]
    fn a_run_in_the_hour_that_clocks_skip_comes_when_the_gap_is_over() {
        check(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00Z",
            &["2026-03-29T01:30Z", "2026-03-30T00:30Z"],
        );
    }

    #[test]
    fn a_run_in_the_hour_that_clocks_repeat_comes_once() {
        check(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00Z",
            &["2026-10-25T00:30Z", "2026-10-26T01:30Z"],
        );
    }

    #[test]
    fn the_first_minute_of_each_day_begins_at_the_date_line() {
        check(
            "0 0 * * *",
            "Etc/GMT-14",
            "2026-03-01T09:59Z",
            &["2026-03-01T10:00Z", "2026-03-02T10:00Z"],
        );
    }

    #[test]
    fn weekdays_are_those_of_cron() {
        // 2026-03-02 is a Monday.
        check("0 6 * * 1", "UTC", "2026-03-01T00:00Z", &["2026-03-02T06:00Z", "2026-03-09T06:00Z"]);
        check("0 6 * * 0", "UTC", "2026-03-02T00:00Z", &["2026-03-08T06:00Z"]);
        check(
            "0 6 * * 6-7",
            "UTC",
            "2026-03-02T00:00Z",
            &["2026-03-07T06:00Z", "2026-03-08T06:00Z"],
        );
    }

    #[test]
    fn a_missed_schedule_is_caught_up_once() {
        let schedule = Schedule::parse("0 3 * * *", "UTC").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let latest = schedule.latest(at("2026-03-01T03:00Z"), at("2026-03-05T02:00Z"));
        assert_eq!(latest, Some(at("2026-03-04T03:00Z")));
        assert_eq!(schedule.latest(at("2026-03-04T03:00Z"), at("2026-03-05T02:00Z")), None);
    }

    #[test]
    fn a_schedule_that_never_comes_is_refused() {
        assert!(matches!(Schedule::parse("0 0 31 2 *", "UTC"), Err(BadSchedule::Never)));
        assert!(matches!(Schedule::parse("* * *", "UTC"), Err(BadSchedule::Cron)));
        assert!(matches!(Schedule::parse("0 0 * * *", "Mars/Olympus"), Err(BadSchedule::Zone)));
    }
}
