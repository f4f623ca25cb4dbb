//! Holidays and changes of clocks that were collected independently of us.

use duebell::model::hours::WallTime;
use duebell::policy::ContactWindow;
use duebell::policy::holidays::Holidays;
use duebell::policy::window::instants;
use jiff::civil::Date;
use jiff::tz::TimeZoneDatabase;
use jiff::{SignedDuration, Timestamp};

use crate::support::data;

#[test]
fn every_holiday_of_the_vectors_is_one() {
    let Some(text) = data::file("vectors/holidays.csv") else { return };
    let rows = data::rows(&text);
    assert_eq!(rows.len(), 690);
    for row in rows {
        let (country, part, day) = (&row["country"], &row["subdiv"], &row["date"]);
        let calendar = match part.is_empty() {
            true => country.clone(),
            false => format!("{country}-{part}"),
        };
        let known = Holidays::of(std::slice::from_ref(&calendar)).unwrap();
        assert!(known.contains(day.parse().unwrap()), "{calendar} {day} {}", row["name"]);
    }
}

/// A window that opens or closes in an hour that is skipped or repeated is the
/// narrower one: it opens when that hour is over, and closes before it begins.
#[test]
fn a_window_that_begins_or_ends_in_a_change_of_clocks_is_the_narrower() {
    let Some(text) = data::file("vectors/dst_transitions.csv") else { return };
    let rows = data::rows(&text);
    assert_eq!(rows.len(), 81);
    // The machine's own may be older, and not know that Morocco stays at UTC.
    let database = TimeZoneDatabase::bundled();
    for row in rows {
        let zone = database.get(&row["zone"]).unwrap();
        let change: Timestamp = row["utc_instant"].parse().unwrap();
        let [before, after] = ["wall_before", "wall_after"]
            .map(|wall| row[wall].parse::<jiff::civil::DateTime>().unwrap());
        let seconds = |column: &str| row[column].parse::<i64>().unwrap();
        let shift =
            SignedDuration::from_secs(seconds("offset_after_s") - seconds("offset_before_s"));
        assert_eq!(after.duration_since(before), shift, "{row:?}");
        let inside = before.min(after) + shift.abs() / 2;
        let (day, time): (Date, _) = (inside.date(), inside.time());
        let time = WallTime::new(time.hour() as u16, time.minute() as u16).unwrap();

        let late = ContactWindow { opens: time, closes: WallTime::DAY_ENDS };
        let opens = instants(late.hours(), day, &zone).map(|(opens, _)| opens);
        assert!(opens.is_some_and(|opens| opens > change), "{row:?}: opens at {opens:?}");
        let early = ContactWindow { opens: WallTime::MIDNIGHT, closes: time };
        // Nothing is left of one that would begin in the hour that is skipped.
        let closes = instants(early.hours(), day, &zone).map(|(_, closes)| closes);
        assert!(closes.is_none_or(|closes| closes < change), "{row:?}: closes at {closes:?}");
    }
}
