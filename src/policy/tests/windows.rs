//! No civil day is doubled or dropped, whatever the zone and the clocks do.

use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use super::ContactWindow;
use crate::model::billing::plus_days;
use crate::policy::window::instants;

fn window(opens: &str, closes: &str) -> ContactWindow {
    serde_json::from_value(serde_json::json!({ "opens": opens, "closes": closes })).unwrap()
}

/// What an operator would choose, what a replay chooses, and what is asking for trouble.
fn windows() -> Vec<ContactWindow> {
    vec![
        ContactWindow::default(),
        ContactWindow::ALL_DAY,
        window("00:30", "23:30"),
        window("22:15", "24:00"),
        window("00:00", "03:00"),
        window("02:15", "02:45"),
    ]
}

/// Whether the zone's calendar has the day at all (Samoa had no 2011-12-30).
fn exists(day: Date, zone: &TimeZone) -> bool {
    day.at(12, 0, 0, 0).to_zoned(zone.clone()).unwrap().date() == day
}

/// Checks every window on each of `days`, which follow each other.
#[track_caller]
fn check(zone: &TimeZone, days: impl Iterator<Item = Date> + Clone) {
    for window in windows() {
        let by_day = window == ContactWindow::default() || window == ContactWindow::ALL_DAY;
        let mut closed: Option<Timestamp> = None;
        for day in days.clone() {
            let name = zone.iana_name().unwrap_or_default();
            let found = instants(window.hours(), day, zone);
            if by_day {
                assert_eq!(found.is_some(), exists(day, zone), "{name} {day} {window:?}");
            }
            let Some((opens, closes)) = found else { continue };
            let last = closes - SignedDuration::from_nanos(1);
            for inside in [opens, last] {
                let local = inside.to_zoned(zone.clone());
                assert_eq!(local.date(), day, "{name} {window:?} at {local}");
            }
            assert!(opens < closes, "{name} {day} {window:?}");
            assert!(closed.is_none_or(|closed| closed <= opens), "{name} {day} {window:?}");
            closed = Some(closes);
        }
    }
}

fn days(from: Date, through: Date) -> impl Iterator<Item = Date> + Clone {
    from.series(jiff::Span::new().days(1)).take_while(move |day| *day <= through)
}

/// The days around each change of clocks in the years 2024 to 2028.
fn changes(zone: &TimeZone) -> Vec<Date> {
    let [from, to] = [date(2024, 1, 1), date(2029, 1, 1)]
        .map(|day| day.to_zoned(TimeZone::UTC).unwrap().timestamp());
    let changes = zone.following(from).map(|change| change.timestamp());
    let changes = changes.take_while(|at| *at < to);
    changes.map(|at| at.to_zoned(TimeZone::UTC).date()).collect()
}

#[test]
fn no_zone_doubles_or_drops_a_day() {
    let database = TimeZoneDatabase::bundled();
    let mut zones = 0;
    for name in database.available() {
        let zone = database.get(name.as_str()).unwrap();
        for change in changes(&zone) {
            check(&zone, days(plus_days(change, -3), plus_days(change, 3)));
        }
        for month in date(2024, 1, 30).series(jiff::Span::new().days(61)).take(30) {
            check(&zone, days(month, plus_days(month, 2)));
        }
        zones += 1;
    }
    assert!(zones > 400, "only {zones} zones are bundled");
}

#[test]
fn zones_with_odd_clocks_have_every_day_of_five_years() {
    let database = TimeZoneDatabase::bundled();
    for name in ["Australia/Lord_Howe", "America/Santiago", "Asia/Beirut", "Africa/Cairo"] {
        let zone = database.get(name).unwrap();
        check(&zone, days(date(2024, 1, 1), date(2028, 12, 31)));
    }
}

#[test]
fn samoa_loses_the_day_that_it_never_had_and_no_other() {
    let zone = TimeZoneDatabase::bundled().get("Pacific/Apia").unwrap();
    assert!(!exists(date(2011, 12, 30), &zone));
    check(&zone, days(date(2011, 12, 1), date(2012, 1, 31)));
}
