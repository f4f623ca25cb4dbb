//! Every zone, every day, every preset: an oracle that knows no windows.
//!
//! It walks along the instants of a zone, five minutes at a time, reads the
//! clock there with its own arithmetic and its own reading of the files, and
//! notes which laws, and which wish, let somebody be contacted. No window may hold an instant
//! that was not noted, and, but for days on which clocks change, none may leave
//! out one that was.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use duebell::model::hours::WeekHours;
use duebell::model::{Account, AccountId, Bucket, Channel, Contacts, PhoneNumber, Tier, Wishes};
use duebell::policy::contact::ContactRules;
use duebell::policy::holidays::Holidays;
use duebell::policy::law::Law;
use duebell::policy::{ContactWindow, Scenario};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::support::law::laws;

/// Seconds; every zone's clock is a multiple of a quarter of an hour off UTC.
const TICK: i64 = 300;
const DAY: i64 = 86_400;
const CALENDAR: &str = "AU";
const YEARS: std::ops::RangeInclusive<i16> = 2024..=2036;
/// Zones with odd clocks, which no sample may miss.
const ODD: [&str; 9] = [
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "Asia/Gaza",
    "Pacific/Chatham",
    "Asia/Kathmandu",
];

/// The open minutes of each day of the week, Monday first, as a law's line has them.
fn open_minutes(law: &Law, key: &str) -> Option<[(i64, i64); 7]> {
    let line = law.values.iter().find(|line| line.key == key)?;
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let minutes = |clock: &str| {
        let (hour, minute) = clock.split_once(':').unwrap();
        hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap()
    };
    let mut week = [(0, 0); 7];
    for (days, hours) in line.value.as_object().unwrap() {
        let Some((opens, closes)) = hours.as_str().unwrap().split_once('-') else { continue };
        let mut is_inside = false;
        for (day, name) in names.iter().enumerate() {
            is_inside |= days.starts_with(name);
            if is_inside {
                week[day] = (minutes(opens), minutes(closes));
            }
            is_inside &= !days.ends_with(name);
        }
    }
    Some(week)
}

type Week = [(i64, i64); 7];

/// Whether a law is open at a minute of a day, and the subscriber wishes it so.
struct Open {
    weeks: Vec<[(i64, i64); 7]>,
    minds_holidays: Vec<bool>,
    holidays: std::collections::BTreeSet<i64>,
    years: (i64, i64),
    wish: Option<Week>,
}

impl Open {
    fn new(laws: &[Law], key: &str, wish: Option<Week>) -> Open {
        let file = include_str!("../../../config/holidays/AU.txt");
        let mut holidays = std::collections::BTreeSet::new();
        for line in file.lines().filter(|line| line.starts_with("AU 20")) {
            let year = &line[3..7];
            for day in line[8..].split(' ') {
                holidays.insert(number(&format!("{year}-{}-{}", &day[..2], &day[2..])));
            }
        }
        let closes = |law: &Law| {
            law.values.iter().any(|line| line.key == "holidays" && line.value == "closed")
        };
        Open {
            weeks: laws
                .iter()
                .map(|law| open_minutes(law, key).or(open_minutes(law, "hours")).unwrap())
                .collect(),
            minds_holidays: laws.iter().map(closes).collect(),
            holidays,
            years: (number("2024-01-01"), number("2037-01-01")),
            wish,
        }
    }

    /// One bit for each law; `day` counts from 1970-01-01, a Thursday.
    fn at(&self, day: i64, minute: i64) -> u32 {
        let is_known = self.years.0 <= day && day < self.years.1;
        let is_holiday = !is_known || self.holidays.contains(&day);
        let mut open = 0;
        for (law, week) in self.weeks.iter().enumerate() {
            let (opens, closes) = week[((day + 3) % 7) as usize];
            let wished = self.wish.map_or((0, DAY), |wish| wish[((day + 3) % 7) as usize]);
            let is_wished = wished.0 <= minute && minute < wished.1;
            let may = opens <= minute && minute < closes && is_wished;
            if may && !(is_holiday && self.minds_holidays[law]) {
                open |= 1 << law;
            }
        }
        open
    }
}

fn number(date: &str) -> i64 {
    let date: Date = date.parse().unwrap();
    (date - jiff::civil::date(1970, 1, 1)).get_days().into()
}

/// The clock of a zone: from when on it is how many seconds off UTC.
fn offsets(zone: &TimeZone, from: i64, to: i64) -> Vec<(i64, i64)> {
    let begin = Timestamp::from_second(from).unwrap();
    let mut offsets = vec![(from, i64::from(zone.to_offset(begin).seconds()))];
    let changes = zone.following(begin).take_while(|change| change.timestamp().as_second() < to);
    offsets.extend(
        changes
            .map(|change| (change.timestamp().as_second(), i64::from(change.offset().seconds()))),
    );
    offsets
}

/// What was noted of one zone.
struct Walk {
    from: i64,
    open: Vec<u32>,
    /// Of each local day: its ticks, and those that each law is open in.
    days: HashMap<i64, (i64, Vec<i64>)>,
}

fn walk(zone: &TimeZone, open: &Open, years: (i16, i16)) -> Walk {
    let from = (number(&format!("{}-01-01", years.0)) - 3) * DAY;
    let to = (number(&format!("{}-12-31", years.1)) + 4) * DAY;
    let mut changes = offsets(zone, from, to).into_iter().peekable();
    let (mut noted, mut days) = (Vec::new(), HashMap::new());
    let mut offset = 0;
    let (mut slots, mut of_day) = ([0; 288], i64::MIN);
    for at in (from..to).step_by(TICK as usize) {
        while let Some((_, seconds)) = changes.next_if(|(since, _)| *since <= at) {
            offset = seconds;
            assert_eq!(offset % TICK, 0, "{zone:?}");
        }
        let day = (at + offset).div_euclid(DAY);
        if day != of_day {
            of_day = day;
            for (slot, bits) in slots.iter_mut().enumerate() {
                *bits = open.at(day, slot as i64 * 5);
            }
        }
        let bits = slots[((at + offset).rem_euclid(DAY) / TICK) as usize];
        noted.push(bits);
        let count = days.entry(day).or_insert_with(|| (0, vec![0; open.weeks.len()]));
        count.0 += 1;
        for law in 0..open.weeks.len() {
            count.1[law] += i64::from(bits >> law & 1);
        }
    }
    Walk { from, open: noted, days }
}

impl Walk {
    /// How many ticks before each one are closed.
    fn closed(&self, law: usize) -> Vec<u32> {
        let mut sum = 0;
        let mut sums = Vec::with_capacity(self.open.len() + 1);
        sums.push(0);
        for bits in &self.open {
            sum += u32::from(bits >> law & 1 == 0);
            sums.push(sum);
        }
        sums
    }

    fn tick(&self, at: Timestamp) -> usize {
        assert_eq!(at.as_second() % TICK, 0, "{at}");
        ((at.as_second() - self.from) / TICK) as usize
    }
}

fn scenario(window: ContactWindow) -> Scenario {
    let json = serde_json::json!({ "name": "all", "window": window });
    serde_json::from_value(json).unwrap()
}

/// Hours that somebody may wish, in full five minutes: on some days none.
fn some_wish(random: &mut StdRng) -> Week {
    let mut week = [(0, 0); 7];
    week[random.random_range(0..7)] = (9 * 60, 10 * 60);
    for day in &mut week {
        let (opens, length) = (random.random_range(0..280), random.random_range(1..200));
        if random.random_bool(0.7) {
            *day = (opens * 5, 1_440.min((opens + length) * 5));
        }
    }
    week
}

/// As a subscriber's wish is written.
fn written(week: Week) -> WeekHours {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let open = names.iter().zip(week).filter(|(_, (opens, closes))| opens < closes);
    let days: Vec<String> = open
        .map(|(name, (opens, closes))| format!("{name}={}-{}", clock(opens), clock(closes)))
        .collect();
    days.join(",").parse().unwrap()
}

fn account(zone: &TimeZone, phone: Option<&str>, wish: Option<Week>) -> Account {
    Account {
        bucket: Bucket::of("A"),
        id: AccountId::from("A"),
        name: String::new(),
        language: "en".to_owned(),
        zone: zone.clone(),
        tier: Tier::Ordinary,
        segment: String::new(),
        area: String::new(),
        person: None,
        agreed: Vec::new(),
        contacts: Contacts {
            phone: phone.map(|phone| PhoneNumber::from_stored(phone.to_owned())),
            email: None,
            preferred: None,
        },
        suppressed: Vec::new(),
        wishes: Wishes { hours: wish.map(written), ..Wishes::default() },
    }
}

fn rules(law: &Law) -> ContactRules {
    let holidays = Arc::new(Holidays::of(&[CALENDAR.to_owned()]).unwrap());
    ContactRules::new(&law.terms, [], Some(&holidays))
}

/// Checks every window of a zone in these years, of every law; how many there were.
fn check(
    zone: &TimeZone,
    laws: &[Law],
    channel: Channel,
    years: (i16, i16),
    wish: Option<Week>,
) -> u64 {
    let key = if channel == Channel::Email { "hours_email" } else { "hours" };
    let walk = walk(zone, &Open::new(laws, key, wish), years);
    let (scenario, account) = (scenario(ContactWindow::ALL_DAY), account(zone, None, wish));
    let name = zone.iana_name().unwrap_or_default();
    let mut windows = 0;
    for (index, law) in laws.iter().enumerate() {
        let (rules, closed) = (rules(law), walk.closed(index));
        let mut day = jiff::civil::date(years.0, 1, 1);
        while day.year() <= years.1 {
            let place = || format!("{name} {day} {}", law.name);
            let (ticks, open) = match walk.days.get(&number(&day.to_string())) {
                Some((ticks, open)) => (*ticks, open[index]),
                None => (0, 0),
            };
            let window = rules.window(&scenario, &account, &[channel], day);
            let mut length = 0;
            if let Some(window) = window {
                windows += 1;
                let (opens, closes) = (walk.tick(window.opens), walk.tick(window.closes));
                assert_eq!(closed[closes] - closed[opens], 0, "{}: {window:?}", place());
                // Whatever is sent at the last has five minutes to arrive.
                let late = walk.tick(window.send_before) + 1;
                assert_eq!(closed[late] - closed[opens], 0, "{}: {window:?}", place());
                assert!(window.opens < window.send_before && window.send_before <= window.closes);
                length = (closes - opens) as i64;
            }
            // No window is as short as its guard band.
            if ticks == DAY / TICK && (open > 1 || wish.is_none()) {
                assert_eq!(length, open, "{}: {window:?} leaves something out", place());
            }
            day = day.tomorrow().unwrap();
        }
    }
    windows
}

fn zones() -> Vec<TimeZone> {
    let database = TimeZoneDatabase::bundled();
    let names = database.available().map(|name| name.to_string());
    names.map(|name| database.get(&name).unwrap()).collect()
}

/// A sample of the zones; with `DUEBELL_FULL=1` every zone, day and preset, which
/// takes about a quarter of an hour.
#[test]
fn no_window_holds_an_instant_that_is_closed() {
    if std::env::var_os("DUEBELL_FULL").is_some() {
        assert!(everywhere(&laws()) > 40_000_000);
    }
    let mut random = StdRng::seed_from_u64(23);
    let laws = laws();
    let mut sample: Vec<TimeZone> = ODD.map(|name| TimeZone::get(name).unwrap()).to_vec();
    sample.extend(zones().sample(&mut random, 16).cloned());
    let (mut windows, mut wished) = (0, 0);
    for zone in sample {
        let first = random.random_range(*YEARS.start()..=*YEARS.end() - 1);
        windows += check(&zone, &laws, Channel::Sms, (first, first + 1), None);
        windows += check(&zone, &laws, Channel::Email, (first, first), None);
        let wish = some_wish(&mut random);
        wished += check(&zone, &laws, Channel::Sms, (first, first), Some(wish));
        wished += check(&zone, &laws, Channel::Email, (first, first), Some(wish));
    }
    assert!(windows > 300_000 && wished > 50_000, "{windows} {wished}");
}

/// The whole product, zone by zone on two threads.
fn everywhere(laws: &[Law]) -> u64 {
    let zones = zones();
    let years = (*YEARS.start(), *YEARS.end());
    let count = |half: &[TimeZone]| {
        half.iter().map(|zone| check(zone, laws, Channel::Sms, years, None)).sum::<u64>()
    };
    let count = &count;
    let windows = std::thread::scope(|scope| {
        let halves = zones.chunks(zones.len().div_ceil(2));
        let threads: Vec<_> = halves.map(|half| scope.spawn(move || count(half))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{} zones, {} laws, {windows} windows, no instant outside", zones.len(), laws.len());
    windows
}

/// Zones of a number, by the file and the longest prefix.
fn zones_of(number: &str) -> Vec<TimeZone> {
    let file = include_str!("../../../config/phone_zones.txt");
    let mut best: (&str, &str) = ("", "");
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let (zones, prefixes) = line.split_once(' ').unwrap();
        for prefix in prefixes.split(' ') {
            if number[1..].starts_with(prefix) && prefix.len() > best.0.len() {
                best = (prefix, zones);
            }
        }
    }
    best.1.split(',').filter(|it| !it.is_empty()).map(|it| TimeZone::get(it).unwrap()).collect()
}

/// The longest time of the local day in which every law of every zone is open,
/// found tick by tick; `None` where there is none longer than the guard.
fn longest(zones: &[TimeZone], day: Date, open: &Open, law: usize) -> Option<(i64, i64)> {
    let middle = number(&day.to_string()) * DAY;
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for at in (middle - DAY..middle + 2 * DAY).step_by(TICK as usize) {
        let local = |zone: &TimeZone| {
            at + i64::from(zone.to_offset(Timestamp::from_second(at).unwrap()).seconds())
        };
        let is_open = |zone: &TimeZone| {
            let local = local(zone);
            open.at(local.div_euclid(DAY), local.rem_euclid(DAY) / 60) >> law & 1 == 1
        };
        if local(&zones[0]).div_euclid(DAY) * DAY == middle && zones.iter().all(is_open) {
            match runs.last_mut() {
                Some((_, until)) if *until == at => *until += TICK,
                _ => runs.push((at, at + TICK)),
            }
        }
    }
    runs.into_iter().rev().max_by_key(|(opens, closes)| closes - opens)
}

const NUMBERS: [&str; 12] = [
    "+12125550123",
    "+14155550123",
    "+18085550123",
    "+18005550123",
    "+7001234567",
    "+61891234567",
    "+5592991234567",
    "+442079460000",
    "+33140000000",
    "+81312345678",
    "+6421234567",
    "+351291123456",
];

/// A number of anywhere, an account of anywhere else.
#[test]
fn where_number_and_account_differ_only_what_is_open_in_both_is_used() {
    let mut random = StdRng::seed_from_u64(47);
    let (laws, zones) = (laws(), zones());
    let (mut narrowed, mut wished, mut empty) = (0, 0, 0);
    let mut by_number: BTreeMap<&str, Vec<TimeZone>> = BTreeMap::new();
    for _ in 0..900 {
        let home = zones.choose(&mut random).unwrap();
        let phone = *NUMBERS.choose(&mut random).unwrap();
        let others = by_number.entry(phone).or_insert_with(|| zones_of(phone)).clone();
        let first = jiff::civil::date(2024, 1, 3);
        let day = first + jiff::Span::new().days(random.random_range(0..4_740));
        // Days on which clocks change are read narrower than instants are.
        let changes = |zone: &TimeZone| {
            let noon = |offset: i64| (number(&day.to_string()) + offset) * DAY + DAY / 2;
            offsets(zone, noon(-2), noon(2)).len() > 1
        };
        if changes(home) || others.iter().any(changes) {
            continue;
        }
        let law = random.random_range(0..laws.len());
        let wish = random.random_bool(0.5).then(|| some_wish(&mut random));
        let open = Open::new(&laws, "hours", wish);
        let is_at_home = others.iter().any(|other| other.iana_name() == home.iana_name());
        let mut all = vec![home.clone()];
        all.extend(others.into_iter().filter(|_| !is_at_home));
        let expected = longest(&all, day, &open, law);
        let window = rules(&laws[law]).window(
            &scenario(ContactWindow::ALL_DAY),
            &account(home, Some(phone), wish),
            &[Channel::Voice],
            day,
        );
        let found = window.map(|it| (it.opens.as_second(), it.closes.as_second()));
        let expected = expected.filter(|(opens, closes)| closes - opens > TICK);
        assert_eq!(found, expected, "{home:?} {phone} {day} {}", laws[law].name);
        narrowed += usize::from(found.is_some() && all.len() > 1);
        wished += usize::from(found.is_some() && wish.is_some());
        empty += usize::from(found.is_none());
    }
    assert!(narrowed > 50 && wished > 30 && empty > 50, "{narrowed} {wished} {empty}");
}
