//! The time zones that a telephone number may ring in.
//!
//! A prefix names a place, or several; the longest that is known counts. The
//! map is that of libphonenumber (`scripts/reference-data`), built in.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::tz::TimeZone;

use crate::model::PhoneNumber;

/// Lines of: zones, and the prefixes that mean any of them.
const FILE: &str = include_str!("../../config/phone_zones.txt");
/// Prefixes may be as long, country code and all.
const PREFIX_MAX: usize = 9;

static ZONES: LazyLock<HashMap<u32, Vec<TimeZone>>> = LazyLock::new(|| {
    let mut map = HashMap::new();
    for line in FILE.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let names = words.next().unwrap_or_default();
        let zones: Vec<TimeZone> =
            names.split(',').filter_map(|name| TimeZone::get(name).ok()).collect();
        map.extend(words.filter_map(|prefix| Some((prefix.parse().ok()?, zones.clone()))));
    }
    map
});

/// Where `number` may ring; empty where nothing is known of it.
pub fn zones(number: &PhoneNumber) -> &'static [TimeZone] {
    let digits = number.e164().trim_start_matches('+');
    let mut prefix = 0;
    let mut found: &[TimeZone] = &[];
    for digit in digits.bytes().take(PREFIX_MAX).filter(u8::is_ascii_digit) {
        prefix = prefix * 10 + u32::from(digit - b'0');
        if let Some(zones) = ZONES.get(&prefix) {
            found = zones;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(number: &str) -> Vec<&'static str> {
        let number = PhoneNumber::from_stored(number.to_owned());
        zones(&number).iter().filter_map(TimeZone::iana_name).collect()
    }

    #[test]
    fn the_longest_prefix_counts() {
        assert_eq!(names("+493012345678"), ["Europe/Berlin"]);
        assert_eq!(names("+12125550123"), ["America/New_York"]);
        assert_eq!(names("+14155550123"), ["America/Los_Angeles"]);
        assert!(names("+551199999999").contains(&"America/Sao_Paulo"));
        // Free of charge, from anywhere in North America.
        assert!(names("+18005550123").len() > 30);
        assert_eq!(names("+999123"), [""; 0]);
    }

    /// A zone that is not known would be left out of the intersection in silence.
    #[test]
    fn every_zone_and_every_prefix_of_the_map_is_read() {
        let mut prefixes = 0;
        for line in FILE.lines().filter(|line| !line.starts_with('#')) {
            let (names, rest) = line.split_once(' ').unwrap();
            for name in names.split(',') {
                assert!(TimeZone::get(name).is_ok(), "{name}");
            }
            for prefix in rest.split(' ') {
                assert!(prefix.len() <= PREFIX_MAX && prefix.parse::<u32>().is_ok(), "{prefix}");
                prefixes += 1;
            }
        }
        assert_eq!(ZONES.len(), prefixes, "a prefix stands twice");
        assert!(prefixes > 2_000, "{prefixes}");
    }
}
