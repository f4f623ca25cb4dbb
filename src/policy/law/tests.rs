//! Every preset, and everything that can be wrong with one, or with what an
//! operator makes of it.

use serde_json::json;

use super::*;

/// Settings with these `[contact.values]`.
fn settings(values: Value) -> Settings {
    Settings { values: values.as_object().unwrap().clone(), ..Settings::default() }
}

fn signed_off(key: &str, value: Value) -> Override {
    let (by, reason) = ("General Counsel", "case 4711");
    let on = jiff::civil::date(2026, 11, 2);
    Override { key: key.into(), value, signed_off_by: by.into(), on, reason: reason.into() }
}

/// What German law leaves to the operator.
fn german(more: Value) -> Settings {
    let mut given = settings(json!({ "restore_hours": 24, "terminate_days": 60 }));
    given.values.extend(more.as_object().unwrap().clone());
    given
}

fn said(wrong: Result<impl std::fmt::Debug, Vec<Problem>>) -> Vec<String> {
    let problems = wrong.unwrap_err();
    problems.into_iter().map(|one| format!("{} {}", one.field, one.what)).collect()
}

#[test]
fn the_keys_are_those_of_the_terms() {
    let law = Presets::built_in().law("global-strict", &Settings::default()).unwrap();
    let Value::Object(terms) = serde_json::to_value(&law.terms).unwrap() else { panic!() };
    let mut keys: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    keys.sort_unstable();
    assert_eq!(terms.keys().map(String::as_str).collect::<Vec<_>>(), keys);
}

type Row = (&'static str, &'static str, Option<&'static str>, Option<&'static str>, &'static str);

/// Preset; hours on weekdays, Saturdays and Sundays; what it refuses to start without.
const TABLE: [Row; 17] = [
    ("au", "07:30-21:00", Some("09:00-21:00"), Some("09:00-21:00"), "terminate restore"),
    ("be", "08:00-20:00", Some("08:00-20:00"), None, "restore"),
    ("br", "08:00-20:00", Some("08:00-20:00"), None, "caps"),
    ("ca", "09:00-21:30", Some("10:00-18:00"), Some("10:00-18:00"), "terminate restore"),
    ("cn", "08:00-21:00", Some("08:00-21:00"), Some("08:00-21:00"), ""),
    ("de", "08:00-20:00", Some("08:00-20:00"), None, "terminate restore"),
    ("eu-base", "08:00-20:00", Some("08:00-20:00"), None, "restore"),
    ("global-strict", "10:00-20:00", Some("10:00-18:00"), None, ""),
    ("in", "10:00-21:00", Some("10:00-21:00"), Some("10:00-21:00"), "terminate restore"),
    (
        "jp",
        "09:00-20:00",
        Some("09:00-20:00"),
        Some("09:00-20:00"),
        "caps notice terminate restore",
    ),
    ("uk", "08:00-21:00", Some("08:00-21:00"), None, "restore"),
    (
        "us-first-party",
        "08:00-21:00",
        Some("08:00-21:00"),
        Some("08:00-21:00"),
        "notice terminate restore",
    ),
    ("us-fl", "08:00-21:00", Some("08:00-21:00"), Some("08:00-21:00"), "terminate restore"),
    ("us-ma", "08:00-21:00", Some("08:00-21:00"), Some("08:00-21:00"), "notice terminate restore"),
    ("us-ny", "08:00-21:00", Some("08:00-21:00"), Some("08:00-21:00"), "notice terminate restore"),
    ("us-nyc", "08:00-21:00", Some("08:00-21:00"), Some("08:00-21:00"), "notice terminate restore"),
    ("us-third-party", "08:00-21:00", Some("08:00-21:00"), Some("08:00-21:00"), ""),
];

#[test]
fn every_preset_says_what_the_table_of_laws_says() {
    let presets = Presets::built_in();
    assert_eq!(presets.names(), TABLE.map(|(name, ..)| name));
    for (name, weekday, saturday, sunday, left) in TABLE {
        let left: Vec<&str> = left.split_whitespace().collect();
        let all = [
            ("caps", "caps", json!([])),
            ("notice", "notice_days", json!(14)),
            ("terminate", "terminate_days", json!(60)),
            ("restore", "restore_hours", json!(24)),
        ];
        let asked = all.iter().filter(|(word, ..)| left.contains(word));
        let mut expected: Vec<String> =
            asked.clone().map(|(_, key, _)| format!("contact.values.{key}")).collect();
        expected.sort();
        let refused = presets.law(name, &Settings::default()).err().unwrap_or_default();
        let fields: Vec<String> = refused.into_iter().map(|one| one.field).collect();
        assert_eq!(fields, expected, "{name}");

        let given = asked.map(|(_, key, value)| ((*key).to_owned(), value.clone())).collect();
        let law = presets.law(name, &Settings { values: given, ..Settings::default() }).unwrap();
        use jiff::civil::Weekday::{Monday, Saturday, Sunday};
        let on = |day| law.terms.hours.on(day).map(|hours| hours.to_string());
        let shown = [on(Monday), on(Saturday), on(Sunday)];
        let expected = [Some(weekday), saturday, sunday].map(|hours| hours.map(str::to_owned));
        assert_eq!(shown, expected, "{name}");
        let closes = matches!(name, "au" | "global-strict");
        assert_eq!(law.terms.holidays == OnHolidays::Closed, closes, "{name}");
        let is_third = name == "us-third-party";
        assert_eq!(law.terms.party == Party::Third, is_third, "{name}");
    }
}

#[test]
fn the_strictest_preset_keeps_the_hours_of_every_other() {
    let presets = Presets::built_in();
    let all = json!({ "caps": [], "notice_days": 15, "terminate_days": 60, "restore_hours": 24 });
    let strict = presets.law(STRICTEST, &Settings::default()).unwrap().terms;
    for name in presets.names() {
        let mut given = settings(all.clone());
        given.values.retain(|key, value| {
            presets
                .law(name, &settings(json!({ (key): value })))
                .err()
                .is_none_or(|problems| !problems.iter().any(|one| one.what.contains("looser")))
        });
        let law = presets.law(name, &given).unwrap();
        assert!(strict.hours.keeps(&law.terms.hours), "{name}");
        assert!(strict.content.keeps(&law.terms.content), "{name}");
        assert!(strict.stop_words.keeps(&law.terms.stop_words), "{name}");
    }
}

#[test]
fn a_preset_inherits_what_it_does_not_say_and_tells_where_from() {
    let law = Presets::built_in().law("de", &german(json!({}))).unwrap();
    let line = |key: &str| law.values.iter().find(|line| line.key == key).unwrap();
    assert_eq!((line("hours").from.as_str(), line("min_debt").from.as_str()), ("eu-base", "de"));
    assert_eq!(line("min_debt").certainty, Certainty::Secondary);
    assert_eq!(
        (line("restore_hours").from.as_str(), &line("restore_hours").value),
        ("settings", &json!(24))
    );
    assert_eq!(law.terms.terminate_days, Some(AtLeast(60)));
}

/// Each row: a value that is tighter than German law has it, and one that is looser.
#[test]
fn what_is_stricter_needs_no_record_and_what_is_looser_does() {
    let presets = Presets::built_in();
    let sms = |limit: u16, key: &str, days: u16| json!([{ "channels": ["sms", "voice", "email"], "window_days": days, "limit": limit, "key": key, "counts": "attempts" }]);
    let rows = [
        ("hours", json!({ "mon-fri": "09:00-20:00" }), json!({ "mon-sat": "08:00-20:30" })),
        ("hours", json!({ "mon-sat": "08:00-20:00" }), json!({ "mon-sun": "08:00-20:00" })),
        ("caps", sms(2, "account", 7), sms(4, "account", 7)),
        ("caps", sms(3, "person", 7), sms(3, "debt", 7)),
        ("caps", sms(3, "account", 14), sms(3, "account", 6)),
        ("caps", sms(3, "account", 7), json!([])),
        ("notice_days", json!(21), json!(13)),
        ("min_debt", json!("150 EUR"), json!("99 EUR")),
        ("min_debt", json!("100 EUR"), json!("100 USD")),
        (
            "content",
            json!([
                "identity",
                "amount",
                "due-date",
                "how-to-pay",
                "contact",
                "court-remedy",
                "opt-out"
            ]),
            json!(["identity", "amount"]),
        ),
    ];
    for (key, tighter, looser) in rows {
        let law = presets.law("de", &german(json!({ (key): tighter })));
        assert!(law.is_ok(), "{key} = {tighter}: {law:?}");
        let problems = said(presets.law("de", &german(json!({ (key): looser }))));
        let [problem] = problems.as_slice() else { panic!("{key}: {problems:?}") };
        let ours = looser.to_string();
        assert!(
            problem.starts_with(&format!("contact.values.{key} = {ours} is looser")),
            "{problem}"
        );
        let theirs = law_value(&presets, key).to_string();
        assert!(problem.contains(&theirs) && problem.contains("sign it off"), "{problem}");

        let mut given = german(json!({}));
        given.overrides.push(signed_off(key, looser.clone()));
        let law = presets.law("de", &given).unwrap();
        let line = law.values.iter().find(|line| line.key == key).unwrap();
        assert_eq!(line.value, looser);
        assert_eq!(line.signed_off.as_ref().unwrap().instead_of.to_string(), theirs);
    }
}

fn law_value(presets: &Presets, key: &str) -> Value {
    let law = presets.law("de", &german(json!({}))).unwrap();
    law.values.into_iter().find(|line| line.key == key).unwrap().value
}

#[test]
fn silence_is_on_calls_where_the_law_says_so_and_at_most_as_long_as_we_remember() {
    let presets = Presets::built_in();
    let line = |name: &str, given: &Settings, key: &str| {
        let law = presets.law(name, given).unwrap();
        law.values.into_iter().find(|line| line.key == key).map(|line| line.value)
    };
    let nothing = Settings::default();
    let third = line("us-third-party", &nothing, "silence_channels");
    assert_eq!(third, Some(json!(["voice"])));
    let strict = line("global-strict", &nothing, "silence_channels");
    assert_eq!(strict, Some(json!(["sms", "voice", "email"])));
    assert_eq!(line("de", &german(json!({})), "silence_channels"), None);

    let longer = settings(json!({ "silence_days": 14, "silence_channels": ["voice", "sms"] }));
    assert_eq!(line("us-third-party", &longer, "silence_days"), Some(json!(14)));
    let looser = said(presets.law("global-strict", &settings(json!({ "silence_channels": [] }))));
    assert!(looser[0].contains("is looser than the law"), "{looser:?}");
    let ages = said(presets.law("us-third-party", &settings(json!({ "silence_days": 367 }))));
    assert_eq!(
        ages,
        ["contact.values.silence_days is more than 366; no conversation is kept for longer"]
    );
}

#[test]
fn what_a_law_does_not_mind_an_operator_may() {
    let given = german(json!({ "holidays": "closed", "silence_days": 3, "stop_words": ["halt"] }));
    let law = Presets::built_in().law("de", &given).unwrap();
    assert_eq!(
        (law.terms.holidays, law.terms.silence_days),
        (OnHolidays::Closed, Some(AtLeast(3)))
    );
}

#[test]
fn what_the_operator_left_open_or_misspelt_is_told_with_its_mend() {
    let presets = Presets::built_in();
    let nothing = said(presets.law("de", &Settings::default()));
    assert_eq!(
        nothing,
        [
            "contact.values.restore_hours is not set, and the law de leaves it to you (not specified); set contact.values.restore_hours",
            "contact.values.terminate_days is not set, and the law de leaves it to you (TKG gives no days); set contact.values.terminate_days",
        ]
    );
    let with = |one: Override| {
        let mut given = german(json!({ "notice_days": 20 }));
        given.overrides.push(one);
        given
    };
    let blank =
        Override { reason: " ".into(), ..signed_off("hours", json!({ "mon": "08:00-20:00" })) };
    let nobody =
        Override { signed_off_by: String::new(), ..signed_off("min_debt", json!("1 EUR")) };
    let mut twice = with(signed_off("min_debt", json!("1 EUR")));
    twice.overrides.push(signed_off("min_debt", json!("2 EUR")));
    for (given, expected) in [
        (
            german(json!({ "hour": 1 })),
            "contact.values.hour is no value of a law; use one of party, hours,",
        ),
        (
            german(json!({ "notice_days": "soon" })),
            "contact.values.notice_days = \"soon\": invalid type",
        ),
        (german(json!({ "min_debt": "lots" })), "\"lots\" is no amount; write one such as 100 EUR"),
        (german(json!({ "hours": { "someday": "08:00-20:00" } })), "\"someday\" are no days"),
        (german(json!({ "content": ["threat"] })), "unknown variant `threat`"),
        (german(json!({ "party": "third" })), "is looser than the law de has it, \"first\""),
        (
            with(signed_off("notice_days", json!(1))),
            "contact.override 1 notice_days stands in contact.values too",
        ),
        (with(signed_off("hour", json!(1))), "contact.override 1 \"hour\" is no value of a law"),
        (with(signed_off("min_debt", json!(1))), "contact.override 1 min_debt = 1: "),
        (
            with(signed_off("silence_days", json!(1))),
            "silence_days is overridden already, or nothing that the law says",
        ),
        (with(blank), "contact.override 1 hours: reason is empty"),
        (with(nobody), "contact.override 1 min_debt: signed_off_by is empty"),
        (twice, "contact.override 2 min_debt is overridden already"),
    ] {
        let problems = said(presets.law("de", &given));
        assert!(problems.len() == 1 && problems[0].contains(expected), "{problems:?}\n{expected}");
    }
    let unknown = said(presets.law("atlantis", &Settings::default()));
    assert!(
        unknown[0]
            .starts_with("contact.law is \"atlantis\", which there is not; use one of au, be,"),
        "{unknown:?}"
    );
    assert!(unknown[0].ends_with("global-strict if unsure"), "{unknown:?}");
}

const SMALLEST: &str =
    "about = \"a\"\n[party]\nvalue = \"first\"\nsource = \"s\"\ncertainty = \"memory\"\n";

#[test]
fn each_fault_of_a_preset_file_is_told() {
    let entry = |value: &str| format!("about = \"a\"\n[hours]\n{value}");
    for (text, expected) in [
        ("about = ".to_owned(), ""),
        (String::new(), "about is missing"),
        ("about = 1".to_owned(), "about is 1; write it as a text"),
        (format!("extends = []\n{SMALLEST}"), "extends is []; write it as a text"),
        ("about = \"a\"\nhours = 3".to_owned(), "hours "),
        (
            entry("value = { mon = \"08:00-20:00\" }"),
            "missing field `source`; write value, source and certainty",
        ),
        (entry("value = { mon = \"08:00-20:00\" }\nsource = \"s\""), "missing field `certainty`"),
        (
            entry("value = { mon = \"08:00-20:00\" }\nsource = \"\"\ncertainty = \"memory\""),
            "hours has an empty source",
        ),
        (
            entry("value = { mon = \"08:00-20:00\" }\nsource = \"s\"\ncertainty = \"sure\""),
            "unknown variant `sure`",
        ),
        (
            entry("value = \"always\"\nsource = \"s\"\ncertainty = \"memory\""),
            "hours = \"always\": ",
        ),
        (
            entry("value = 1\nsource = \"s\"\ncertainty = \"memory\"\nwhy = 1"),
            "unknown field `why`",
        ),
        (
            "about = \"a\"\n[quiet]\nvalue = 1\nsource = \"s\"\ncertainty = \"memory\"".to_owned(),
            "quiet is no value of a law",
        ),
    ] {
        let problems = said(Presets::built_in().add("own", "own.toml", &text));
        assert!(problems.len() == 1 && problems[0].contains(expected), "{text}\n{problems:?}");
    }
}

#[test]
fn presets_that_lead_nowhere_are_told() {
    let mut presets = Presets::built_in();
    for (name, extends) in [("a", "b"), ("b", "a"), ("c", "atlantis")] {
        presets.add(name, "own.toml", &format!("extends = \"{extends}\"\n{SMALLEST}")).unwrap();
    }
    presets.add("bare", "own.toml", SMALLEST).unwrap();
    let why = |name: &str| said(presets.law(name, &Settings::default())).remove(0);
    assert!(why("a").starts_with("extends leads back to \"a\""), "{}", why("a"));
    assert!(why("c").starts_with("extends is \"atlantis\", which there is not"), "{}", why("c"));
    assert!(why("bare").contains("missing field `hours`"), "{}", why("bare"));
}

#[test]
fn an_operators_own_file_takes_the_place_of_ours() {
    let mut presets = Presets::built_in();
    let text = format!(
        "{SMALLEST}[hours]\nvalue = {{ mon = \"10:00-11:00\" }}\nsource = \"s\"\ncertainty = \"memory\"\n"
    );
    presets.add("de", "/etc/duebell/law/de.toml", &text).unwrap();
    let law = presets.law("de", &Settings::default()).unwrap();
    assert_eq!(law.values.len(), 2, "nothing of ours is left");
}
