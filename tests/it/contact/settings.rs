//! What `[contact]` says, and what is told where it cannot be.

use std::path::Path;
use std::process::Command;

use duebell::config;

use crate::support::installation::text;

/// What `duebell check` says of these settings, over one scenario and, where
/// given, a preset `own` of the operator's.
fn problems(contact: &str, scenario: &str, own: Option<&str>) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    furnish(dir.path(), contact, scenario, own);
    let problems = config::load(Some(&dir.path().join("config.toml")), &[]).err();
    let place = format!("{}/", dir.path().display());
    problems.unwrap_or_default().iter().map(|one| one.to_string().replace(&place, "")).collect()
}

fn furnish(dir: &Path, contact: &str, scenario: &str, own: Option<&str>) {
    for folder in ["policy", "law"] {
        std::fs::create_dir(dir.join(folder)).unwrap();
    }
    let at = |name: &str| dir.join(name).display().to_string();
    let settings = format!(
        "[paths]\npolicy = {:?}\nlaw = {:?}\n[contact]\n{contact}\n",
        at("policy"),
        at("law")
    );
    std::fs::write(dir.join("config.toml"), settings).unwrap();
    let scenario = format!(
        "name = \"all\"\ndefault = true\n{scenario}\n[[step]]\nname = \"late1\"\n\
         offset_days = 1\nseverity = \"soft\"\nchannels = [\"sms\"]\n"
    );
    std::fs::write(dir.join("policy/all.toml"), scenario).unwrap();
    if let Some(own) = own {
        std::fs::write(dir.join("law/own.toml"), own).unwrap();
    }
}

#[test]
fn a_law_must_be_chosen_and_what_it_leaves_open_be_said() {
    let no_law = problems("", "", None);
    assert_eq!(
        no_law,
        [
            "settings: contact.law is not set, and has no default; use one of au, be, br, ca, cn, de, \
             eu-base, global-strict, in, jp, uk, us-first-party, us-fl, us-ma, us-ny, us-nyc, \
             us-third-party; global-strict if unsure"
        ]
    );
    for (contact, expected) in [
        (
            "law = \"uk\"",
            "settings: contact.values.restore_hours is not set, and the law uk leaves it to you (not specified); set contact.values.restore_hours",
        ),
        (
            "law = \"global-strict\"",
            "settings: contact.holidays is empty, and the law global-strict minds public holidays; name the calendars of your subscribers, such as DE or US-NY",
        ),
        (
            "law = \"cn\"\nholidays = [\"DE\", \"XX\"]",
            "settings: contact.holidays names XX, no calendar; ",
        ),
        (
            "law = \"atlantis\"",
            "settings: contact.law is \"atlantis\", which there is not; use one of",
        ),
        (
            "law = \"cn\"\nvalues = { hours = { mon-sun = \"08:00-22:00\" } }",
            "settings: contact.values.hours = {\"mon-sun\":\"08:00-22:00\"} is looser than the law cn has it, {\"mon-sun\":\"08:00-21:00\"}; tighten it, or sign it off",
        ),
        (
            "law = \"cn\"\noverride = [{ key = \"restore_hours\", value = 72, signed_off_by = \"GC\", on = 2026-11-02 }]",
            "missing field `reason`",
        ),
        (
            "law = \"cn\"\noverride = [{ key = \"restore_hours\", value = 72, signed_off_by = \"GC\", on = \"soon\", reason = \"r\" }]",
            "config.toml: contact.override",
        ),
        ("law = \"cn\"\nquiet = true", "config.toml: contact.quiet"),
    ] {
        let told = problems(contact, "", None);
        assert!(told.len() == 1 && told[0].contains(expected), "{contact}\n{told:#?}");
    }
}

#[test]
fn a_scenario_may_have_a_law_of_its_own_and_a_window_inside_it() {
    let cn = "law = \"cn\"";
    assert_eq!(problems(cn, "law = \"us-third-party\"", None), [""; 0]);
    for (scenario, expected) in [
        ("law = \"mars\"", "policy/all.toml: law is \"mars\", which there is not"),
        (
            "law = \"uk\"",
            "settings: contact.values.restore_hours is not set, and the law uk leaves it to you",
        ),
        (
            "law = \"au\"",
            "settings: contact.values.terminate_days is not set, and the law au leaves it to you",
        ),
        (
            "[window]\nopens = \"21:00\"\ncloses = \"23:00\"",
            "policy/all.toml: window is 21:00-23:00, and the law cn is closed then on every day",
        ),
    ] {
        let told = problems(cn, scenario, None);
        assert!(told.iter().any(|one| one.contains(expected)), "{scenario}\n{told:#?}");
    }
}

const OWN: &str = "about = \"Atlantis, over federal law\"\nextends = \"us-third-party\"\n\
    [hours]\nvalue = { mon-fri = \"09:00-17:00\" }\nsource = \"Atlantis Code 1\"\ncertainty = \"verified\"\n";

#[test]
fn an_operator_adds_a_preset_of_his_own() {
    assert_eq!(problems("law = \"own\"", "", Some(OWN)), [""; 0]);
    let spoilt = OWN.replace("verified", "certain");
    let told = problems("law = \"cn\"", "", Some(&spoilt));
    assert!(told[0].starts_with("law/own.toml: hours unknown variant `certain`"), "{told:#?}");
    let told = problems("law = \"cn\"", "", Some("about = "));
    assert!(told[0].starts_with("law/own.toml:1: "), "{told:#?}");
}

fn checked(contact: &str, more: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    furnish(dir.path(), contact, "", Some(OWN));
    let output = Command::new(env!("CARGO_BIN_EXE_duebell"))
        .arg("--config")
        .arg(dir.path().join("config.toml"))
        .arg("check")
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

const LOOSENED: &str = "law = \"own\"\nvalues = { silence_days = 10 }\n\
    override = [{ key = \"hours\", value = { mon-sat = \"09:00-18:00\" }, \
    signed_off_by = \"General Counsel\", on = 2026-11-02, reason = \"case 4711\" }]";

#[test]
fn check_shows_every_value_its_source_and_who_answers_for_what_is_looser() {
    let told = checked(LOOSENED, &[]);
    for line in [
        "# law own in force: Atlantis, over federal law",
        "#   hours = { mon-sat = \"09:00-18:00\" }",
        "#     adopted, settings: contact.override",
        "#     looser than { mon-fri = \"09:00-17:00\" }; signed off by General Counsel on 2026-11-02: case 4711",
        "#   silence_days = 10",
        "#     adopted, settings: contact.values",
        "#   retention_days = 1096",
        "#     from memory, us-third-party: 12 CFR 1006.100: three years after the last collection activity",
    ] {
        assert!(told.lines().any(|one| one == line), "{line}\n{told}");
    }
    let report: serde_json::Value = serde_json::from_str(&checked(LOOSENED, &["--json"])).unwrap();
    let law = &report["laws"]["installation"];
    assert_eq!(law["name"], "own");
    let hours =
        law["values"].as_array().unwrap().iter().find(|line| line["key"] == "hours").unwrap();
    assert_eq!(hours["signed_off"]["by"], "General Counsel");
    assert_eq!(hours["signed_off"]["instead_of"]["mon-fri"], "09:00-17:00");
}

#[test]
fn calendars_that_end_soon_and_records_of_the_future_are_warned_of() {
    let dir = tempfile::tempdir().unwrap();
    let contact = "law = \"global-strict\"\nholidays = [\"IN\"]\n\
        override = [{ key = \"restore_hours\", value = 72, signed_off_by = \"GC\", on = 2027-01-01, reason = \"r\" }]\n\
        [operator.content]\nhardship-link = \"elsewhere\"\ndebt-advice = \"elsewhere\"\n\
        header-and-template-id = \"elsewhere\"";
    furnish(dir.path(), contact, "", None);
    let loaded = config::load(Some(&dir.path().join("config.toml")), &[]).unwrap();
    let warnings = |day: &str| {
        let warnings = loaded.laws.warnings(day.parse().unwrap());
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(warnings("2028-01-01"), [""; 0]);
    let early = warnings("2026-12-31");
    assert!(
        early.len() == 1 && early[0].contains("signed off on 2027-01-01, which has not come"),
        "{early:?}"
    );
    let late = warnings("2035-02-01");
    assert!(late.len() == 1 && late[0].contains("known through 2035-12-31"), "{late:?}");
}
