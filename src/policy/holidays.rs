//! Public holidays: the days on which some laws close the contact window.
//!
//! The calendars are data of others (`scripts/reference-data`), built in. Of a
//! day beyond their years nobody knows anything, so it counts as a holiday.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};

macro_rules! calendars {
    ($($country:literal)*) => {
        &[$(include_str!(concat!("../../config/holidays/", $country, ".txt"))),*]
    };
}

/// Lines of: calendar, year, and MMDD for each of its days.
const FILES: &[&str] = calendars![
    "AT" "AU" "BE" "BG" "BR" "CA" "CN" "CY" "CZ" "DE" "DK" "EE" "EG" "ES" "FI" "FR" "GB" "GR"
    "HR" "HU" "ID" "IE" "IN" "IT" "JP" "KE" "LT" "LU" "LV" "MT" "MX" "NG" "NL" "PH" "PL" "PT"
    "RO" "SE" "SI" "SK" "TW" "US" "ZA"
];

/// The days of one or more calendars together, and days of the operator's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holidays {
    days: BTreeSet<Date>,
    /// The span of which all calendars know something.
    known: std::ops::RangeInclusive<Date>,
}

impl Holidays {
    /// Those of `names`: calendars (`DE`, `DE-BY`), and days (`2026-12-24`).
    ///
    /// # Errors
    /// The names that are neither.
    pub fn of(names: &[String]) -> Result<Holidays, Vec<String>> {
        let mut found = Holidays { days: BTreeSet::new(), known: Date::MIN..=Date::MAX };
        let mut unknown = Vec::new();
        for name in names {
            let known = match name.parse() {
                Ok(day) => found.days.insert(day).then_some(()).or(Some(())),
                Err(_) => found.add(name),
            };
            if known.is_none() {
                unknown.push(name.clone());
            }
        }
        if unknown.is_empty() { Ok(found) } else { Err(unknown) }
    }

    fn add(&mut self, calendar: &str) -> Option<()> {
        let mut years = Vec::new();
        for (year, days) in years_of(calendar) {
            years.push(year);
            self.days.extend(days);
        }
        let (first, last) = (*years.iter().min()?, *years.iter().max()?);
        let (first, last) = (date(first, 1, 1), date(last, 12, 31));
        self.known = *self.known.start().max(&first)..=*self.known.end().min(&last);
        Some(())
    }

    pub fn contains(&self, day: Date) -> bool {
        !self.known.contains(&day) || self.days.contains(&day)
    }

    /// The last day that the calendars know of.
    pub fn known_through(&self) -> Date {
        *self.known.end()
    }
}

/// The calendars that there are, in order.
pub fn calendars() -> BTreeSet<&'static str> {
    let lines = FILES.iter().flat_map(|file| file.lines());
    lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').next()).collect()
}

fn years_of(calendar: &str) -> impl Iterator<Item = (i16, Vec<Date>)> {
    FILES.iter().flat_map(|file| file.lines()).filter_map(move |line| {
        let mut words = line.strip_prefix(calendar)?.strip_prefix(' ')?.split(' ');
        let year: i16 = words.next()?.parse().ok()?;
        let day = |word: &str| {
            let (month, day) = word.split_at_checked(2)?;
            Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
        };
        Some((year, words.filter_map(day).collect()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn every_calendar_has_plausible_days_in_each_of_its_years() {
        let calendars = calendars();
        assert!(calendars.len() > 200, "{}", calendars.len());
        for calendar in calendars {
            let years: Vec<_> = years_of(calendar).collect();
            let last = years.last().unwrap().0;
            let expected: Vec<i16> = (2024..=last).collect();
            assert!(last >= 2035, "{calendar} ends in {last}");
            assert_eq!(years.iter().map(|(year, _)| *year).collect::<Vec<_>>(), expected);
            for (year, days) in years {
                assert!((3..=45).contains(&days.len()), "{calendar} {year}: {}", days.len());
                assert!(days.is_sorted(), "{calendar} {year}");
            }
        }
    }

    #[test]
    fn several_calendars_close_on_the_days_of_each() {
        let both = Holidays::of(&names(&["DE", "DE-BY", "2026-12-24"])).unwrap();
        // Unity Day, Epiphany of Bavaria, and the operator's own.
        for day in [date(2026, 10, 3), date(2026, 1, 6), date(2026, 12, 24)] {
            assert!(both.contains(day), "{day}");
        }
        assert!(!both.contains(date(2026, 1, 7)));
        let whole = Holidays::of(&names(&["DE"])).unwrap();
        assert!(!whole.contains(date(2026, 1, 6)));
    }

    #[test]
    fn beyond_what_is_known_every_day_is_a_holiday() {
        let known = Holidays::of(&names(&["DE", "IN"])).unwrap();
        assert_eq!(known.known_through(), date(2035, 12, 31));
        assert!(known.contains(date(2036, 1, 2)) && known.contains(date(2023, 12, 29)));
        assert!(!known.contains(date(2035, 12, 28)));
    }

    #[test]
    fn a_name_that_is_no_calendar_is_told() {
        let unknown = Holidays::of(&names(&["DE", "DE-XX", "2026-02-30"])).unwrap_err();
        assert_eq!(unknown, ["DE-XX", "2026-02-30"]);
        // A prefix of a name is not the name.
        assert_eq!(Holidays::of(&names(&["D"])).unwrap_err(), ["D"]);
    }
}
