//! Windows of one day, told as tables. Every zone and day: tests/it/contact.

use jiff::civil::date;

use super::*;
use crate::model::{AccountId, Bucket, Contacts, EmailAddress, PhoneNumber, Tier, Wishes};

const SMS: &[Channel] = &[Channel::Sms];
const MAIL: &[Channel] = &[Channel::Email];
const BOTH: &[Channel] = &[Channel::Sms, Channel::Email];

fn account(zone: &str, phone: &str) -> Account {
    let contacts = Contacts {
        phone: Some(PhoneNumber::from_stored(phone.to_owned())),
        email: Some(EmailAddress::from_stored("zoe@example.org".to_owned())),
        preferred: None,
    };
    Account {
        bucket: Bucket::of("A"),
        id: AccountId::from("A"),
        name: "Zoë".to_owned(),
        language: "en".to_owned(),
        zone: TimeZone::get(zone).unwrap(),
        tier: Tier::Ordinary,
        segment: String::new(),
        area: String::new(),
        person: None,
        agreed: Vec::new(),
        contacts,
        suppressed: Vec::new(),
        wishes: Wishes::default(),
    }
}

fn scenario(opens: u16, closes: u16) -> Scenario {
    let json = serde_json::json!({
        "name": "all",
        "window": { "opens": format!("{opens:02}:00"), "closes": format!("{closes:02}:00") },
    });
    serde_json::from_value(json).unwrap()
}

fn rules(terms: serde_json::Value, holidays: &[&str]) -> ContactRules {
    let mut json = serde_json::json!({ "party": "first" });
    json.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
    let terms: Terms = serde_json::from_value(json).unwrap();
    let names: Vec<String> = holidays.iter().map(|name| (*name).to_owned()).collect();
    ContactRules::new(&terms, [], Some(&Arc::new(Holidays::of(&names).unwrap())))
}

/// Monday to Friday from 8 to 20, Saturday until 18, no Sunday.
fn weekdays() -> serde_json::Value {
    serde_json::json!({ "hours": { "mon-fri": "08:00-20:00", "sat": "08:00-18:00" } })
}

/// From when until when something is sent, and until when it may arrive.
fn shown(window: Option<Window>) -> Option<(String, String, String)> {
    let Window { opens, send_before, closes } = window?;
    Some((opens.to_string(), send_before.to_string(), closes.to_string()))
}

#[track_caller]
fn check(window: Option<Window>, expected: Option<(&str, &str, &str)>) {
    let at = |text: &str| text.parse::<Timestamp>().unwrap().to_string();
    assert_eq!(shown(window), expected.map(|(a, b, c)| (at(a), at(b), at(c))));
}

#[test]
fn a_scenario_narrows_the_law_and_never_widens_it() {
    let (rules, berlin) = (rules(weekdays(), &["DE"]), account("Europe/Berlin", "+4930123456"));
    let friday = date(2026, 3, 13);
    for (opens, closes, expected) in [
        (9, 17, Some(("2026-03-13T08:00Z", "2026-03-13T15:55Z", "2026-03-13T16:00Z"))),
        (0, 24, Some(("2026-03-13T07:00Z", "2026-03-13T18:55Z", "2026-03-13T19:00Z"))),
        (6, 10, Some(("2026-03-13T07:00Z", "2026-03-13T08:55Z", "2026-03-13T09:00Z"))),
        (20, 22, None),
    ] {
        check(rules.window(&scenario(opens, closes), &berlin, SMS, friday), expected);
    }
}

#[test]
fn each_day_of_the_week_has_its_own_hours() {
    let (rules, utc) = (rules(weekdays(), &[]), account("UTC", "+870773111632"));
    let all_day = scenario(0, 24);
    let on = |day| shown(rules.window(&all_day, &utc, SMS, day)).map(|(_, _, closes)| closes);
    assert_eq!(on(date(2026, 3, 13)).as_deref(), Some("2026-03-13T20:00:00Z"));
    assert_eq!(on(date(2026, 3, 14)).as_deref(), Some("2026-03-14T18:00:00Z"));
    assert_eq!(on(date(2026, 3, 15)), None);
}

#[test]
fn a_holiday_is_open_closed_or_a_sunday_as_the_law_says() {
    let utc = account("UTC", "+870773111632");
    let all_day = scenario(0, 24);
    // A Friday, 1 May 2026.
    let day = date(2026, 5, 1);
    for (holidays, sunday, expected) in [
        ("open", "10:00-16:00", Some("2026-05-01T08:00:00Z")),
        ("sunday", "10:00-16:00", Some("2026-05-01T10:00:00Z")),
        ("sunday", "closed", None),
        ("closed", "10:00-16:00", None),
    ] {
        let terms = serde_json::json!({
            "hours": { "mon-sat": "08:00-20:00", "sun": sunday }, "holidays": holidays,
        });
        let window = rules(terms, &["DE"]).window(&all_day, &utc, SMS, day);
        let opens = shown(window).map(|(opens, ..)| opens);
        assert_eq!(opens.as_deref(), expected, "{holidays} {sunday}");
    }
}

fn wishing(mut account: Account, hours: &str) -> Account {
    account.wishes.hours = Some(hours.parse().unwrap());
    account
}

#[test]
fn a_wish_narrows_law_and_scenario_and_never_widens_them() {
    let (rules, day) = (rules(weekdays(), &[]), scenario(9, 20));
    let on = |hours, day_of_march| {
        let utc = wishing(account("UTC", "+870773111632"), hours);
        rules.window(&day, &utc, BOTH, date(2026, 3, day_of_march))
    };
    let evening = Some(("2026-03-13T18:00Z", "2026-03-13T19:55Z", "2026-03-13T20:00Z"));
    check(on("mon-fri=18:00-20:00", 13), evening);
    check(on("mon-sun=18:00-23:00", 13), evening);
    check(on("mon-fri=18:00-20:00", 14), None);
    check(on("mon-sun=06:00-09:00", 13), None);
    // No Sunday in the law.
    check(on("sun=10:00-12:00", 15), None);
}

/// A wish is about the days that calendars call Friday, whatever the law makes
/// of them; where the telephone may be elsewhere, it counts on the clock there too.
#[test]
fn a_wish_is_kept_on_holidays_and_in_every_place() {
    let terms = serde_json::json!({
        "hours": { "mon-sat": "08:00-20:00", "sun": "10:00-16:00" }, "holidays": "sunday",
    });
    let by_sundays = rules(terms, &["DE"]);
    let utc = wishing(account("UTC", "+870773111632"), "fri=09:00-18:00");
    let may_first = Some(("2026-05-01T10:00Z", "2026-05-01T15:55Z", "2026-05-01T16:00Z"));
    check(by_sundays.window(&scenario(0, 24), &utc, SMS, date(2026, 5, 1)), may_first);

    let rules = rules(serde_json::json!({ "hours": { "mon-sun": "08:00-21:00" } }), &[]);
    let on = |hours| {
        // New York's telephone, Los Angeles' account.
        let account = wishing(account("America/Los_Angeles", "+12125550123"), hours);
        rules.window(&scenario(0, 24), &account, SMS, date(2026, 1, 14))
    };
    let both = Some(("2026-01-14T20:00Z", "2026-01-14T22:55Z", "2026-01-14T23:00Z"));
    check(on("mon-sun=12:00-18:00"), both);
    check(on("mon-sun=18:00-20:00"), None);
}

#[test]
fn a_wish_that_leaves_no_time_is_told_from_one_that_leaves_little() {
    let (rules, day, on) = (rules(weekdays(), &[]), scenario(9, 20), date(2026, 3, 13));
    let leaves = |account: Account, hours| rules.leaves_time(&day, &wishing(account, hours), on);
    for (hours, expected) in [
        ("mon=10:00-11:00", true),
        ("sat=17:00-24:00", true),
        ("mon-sun=20:00-24:00", false),
        ("sun=10:00-12:00", false),
        // The last minutes before closing are the providers'.
        ("mon=10:00-10:05", false),
    ] {
        assert_eq!(leaves(account("UTC", "+870773111632"), hours), expected, "{hours}");
    }
    // Mail is enough, where the telephone leaves nothing.
    let anywhere = account("America/Los_Angeles", "+7001234567");
    assert!(leaves(anywhere.clone(), "mon=10:00-11:00"));
    let no_mail = Contacts { email: None, ..anywhere.contacts.clone() };
    assert!(!leaves(Account { contacts: no_mail, ..anywhere }, "mon=10:00-11:00"));
}

#[test]
fn midnight_between_two_open_days_needs_no_guard() {
    let terms = serde_json::json!({ "hours": { "mon-fri": "00:00-24:00" } });
    let (rules, utc) = (rules(terms, &[]), account("UTC", "+870773111632"));
    let (thursday, friday) = (date(2026, 3, 12), date(2026, 3, 13));
    let day = scenario(0, 24);
    let midnight = ("2026-03-12T00:00Z", "2026-03-13T00:00Z", "2026-03-13T00:00Z");
    check(rules.window(&day, &utc, SMS, thursday), Some(midnight));
    let guarded = ("2026-03-13T00:00Z", "2026-03-13T23:55Z", "2026-03-14T00:00Z");
    check(rules.window(&day, &utc, SMS, friday), Some(guarded));
}

#[test]
fn mail_has_hours_of_its_own_where_the_law_gives_it_some() {
    let terms = serde_json::json!({
        "hours": { "mon-sun": "08:00-21:00" }, "hours_email": { "mon-sun": "00:00-24:00" },
    });
    let (rules, utc) = (rules(terms, &[]), account("UTC", "+870773111632"));
    let (day, on) = (scenario(0, 24), date(2026, 3, 13));
    let by_phone = Some(("2026-03-13T08:00Z", "2026-03-13T20:55Z", "2026-03-13T21:00Z"));
    check(rules.window(&day, &utc, SMS, on), by_phone);
    check(rules.window(&day, &utc, BOTH, on), by_phone);
    let by_mail = Some(("2026-03-13T00:00Z", "2026-03-14T00:00Z", "2026-03-14T00:00Z"));
    check(rules.window(&day, &utc, MAIL, on), by_mail);
}

#[test]
fn a_number_of_another_place_narrows_what_may_ring_and_leaves_mail_alone() {
    let terms = serde_json::json!({ "hours": { "mon-sun": "08:00-21:00" } });
    let (rules, day, on) = (rules(terms, &[]), scenario(0, 24), date(2026, 1, 14));
    let at_home = Some(("2026-01-14T16:00Z", "2026-01-15T04:55Z", "2026-01-15T05:00Z"));
    let in_both = Some(("2026-01-14T16:00Z", "2026-01-15T01:55Z", "2026-01-15T02:00Z"));
    for (phone, channels, expected) in [
        // Los Angeles, as the account says; New York; a satellite.
        ("+14155550123", SMS, at_home),
        ("+12125550123", SMS, in_both),
        ("+12125550123", BOTH, in_both),
        ("+12125550123", &[Channel::Voice][..], in_both),
        ("+12125550123", MAIL, at_home),
        ("+870773111632", SMS, at_home),
        // Anywhere from Bucharest to Anadyr: together they leave 06:00 to 09:00
        // UTC, when it is night in Los Angeles.
        ("+7001234567", SMS, None),
    ] {
        let account = account("America/Los_Angeles", phone);
        check(rules.window(&day, &account, channels, on), expected);
    }
}

/// In Auckland it is tomorrow: what is a working day there is a Sunday in Hawaii.
#[test]
fn the_other_place_has_a_day_of_the_week_of_its_own() {
    let terms = serde_json::json!({ "hours": { "mon-fri": "08:00-20:00" } });
    let (rules, day) = (rules(terms, &[]), scenario(0, 24));
    let account = account("Pacific/Auckland", "+18085550123");
    // Tuesday: Monday morning in Honolulu, from 08:00 there.
    let tuesday = Some(("2026-07-13T20:00Z", "2026-07-14T05:55Z", "2026-07-14T06:00Z"));
    check(rules.window(&day, &account, SMS, date(2026, 7, 14)), tuesday);
    check(rules.window(&day, &account, SMS, date(2026, 7, 13)), None);
}

/// From which day on a conversation still silences a call, by the clock of UTC.
fn silent_since(rules: &ContactRules, account: &Account, channel: Channel, now: &str) -> String {
    let since = rules.silent_since("all", account, channel, now.parse().unwrap());
    since.map_or("never".to_owned(), |at| (at + SignedDuration::from_micros(1)).to_string())
}

#[test]
fn the_day_of_a_conversation_is_the_first_of_its_days_of_silence() {
    let terms = serde_json::json!({
        "hours": { "mon-sun": "08:00-21:00" }, "silence_days": 7, "silence_channels": ["voice"],
    });
    let (rules, berlin) = (rules(terms, &[]), account("Europe/Berlin", "+4930123456"));
    let on = |channel, now| silent_since(&rules, &berlin, channel, now);
    // Sunday the 15th is the seventh day of a conversation on Monday the 9th.
    assert_eq!(on(Channel::Voice, "2026-03-15T20:00Z"), "2026-03-08T23:00:00Z");
    assert_eq!(on(Channel::Voice, "2026-03-15T23:00Z"), "2026-03-09T23:00:00Z");
    for channel in [Channel::Sms, Channel::Email] {
        assert_eq!(on(channel, "2026-03-15T20:00Z"), "never");
    }
    // Over a change of clocks days have 23 hours.
    assert_eq!(on(Channel::Voice, "2026-03-30T10:00Z"), "2026-03-23T23:00:00Z");
}

#[test]
fn where_no_channel_is_named_silence_is_on_all_and_in_every_place() {
    let terms = serde_json::json!({ "hours": { "mon-sun": "08:00-21:00" }, "silence_days": 1 });
    let (one, two) = (rules(terms.clone(), &[]), rules(weekdays(), &[]));
    // Midnight in Los Angeles and in New York, of the day that it is there.
    let away = account("America/New_York", "+14155550123");
    let on = |channel| silent_since(&one, &away, channel, "2026-01-14T06:00Z");
    assert_eq!(on(Channel::Voice), "2026-01-13T08:00:00Z");
    assert_eq!(on(Channel::Email), "2026-01-14T05:00:00Z");
    assert_eq!(silent_since(&two, &away, Channel::Voice, "2026-01-14T06:00Z"), "never");
}
