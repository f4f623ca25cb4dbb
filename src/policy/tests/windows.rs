//! No civil day is doubled or dropped, whatever the zone and the clocks do.

use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use super::{ContactRules, ContactWindow, Scenario};
use crate::model::Channel;
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

/// Whether a local time lies in hours as they are written.
fn is_in(hours: &[(&str, &str, &str)], local: &jiff::Zoned) -> bool {
    let day = local.strftime("%a").to_string().to_lowercase();
    let clock = local.strftime("%H:%M").to_string();
    hours.iter().any(|(of, from, until)| *of == day && *from <= &*clock && &*clock < *until)
}

/// The wish is the third factor: no minute of a window lies outside it, outside
/// the scenario's or, around changes of clocks, on another day.
#[test]
fn no_window_holds_a_minute_that_is_not_wished() {
    let wish = [
        ("mon", "18:00", "20:00"),
        ("tue", "00:00", "02:30"),
        ("thu", "01:30", "03:30"),
        ("sat", "22:30", "24:00"),
        ("sun", "00:15", "24:00"),
    ];
    let text: Vec<String> =
        wish.iter().map(|(day, from, until)| format!("{day}={from}-{until}")).collect();
    let mut facts = super::facts(Vec::new());
    facts.account.wishes.hours = Some(text.join(",").parse().unwrap());
    let rules = ContactRules::lawless();
    let database = TimeZoneDatabase::bundled();
    let (mut minutes, mut open) = (0, 0);
    for name in database.available().step_by(3) {
        let zone = database.get(name.as_str()).unwrap();
        facts.account.zone = zone.clone();
        for (from, until) in [("00:00", "24:00"), ("01:00", "23:30")] {
            let scenario = Scenario { window: window(from, until), ..super::ladder() };
            let around = |it| days(plus_days(it, -1), plus_days(it, 1));
            for day in changes(&zone).into_iter().flat_map(around) {
                let found = rules.window(&scenario, &facts.account, &[Channel::Email], day);
                let Some(found) = found else { continue };
                let scenarios = wish.map(|(day, _, _)| (day, from, until));
                open += 1;
                let mut at = found.opens;
                while at < found.closes {
                    let local = at.to_zoned(zone.clone());
                    assert!(is_in(&wish, &local), "{local}");
                    assert!(is_in(&scenarios, &local), "{local}");
                    assert_eq!(local.date(), day, "{local}");
                    (at, minutes) = (at + SignedDuration::from_mins(5), minutes + 5);
                }
            }
        }
    }
    assert!(open > 500 && minutes > 100_000, "{open} {minutes}");
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
