//! Classes and tasks as people see and change them: the real command line.

use jiff::civil::date;

use crate::daemon::installation;
use crate::support::installation::{Installation, text};

const BILL: (&str, jiff::civil::Date) = ("B1", date(2026, 3, 9));
/// No test outlives it.
const FAR: &str = "2099-12-31";

fn refused(installation: &Installation, arguments: &[&str]) -> String {
    let output = installation.ends(arguments);
    assert!(!output.status.success(), "{arguments:?} was taken");
    text(&output.stderr)
}

fn set(class: &str) -> Vec<&str> {
    vec!["classes", "set", "A1", class, "--until", FAR, "--by", "Ann", "--reason", "no service"]
}

#[test]
fn staff_set_a_class_care_sees_to_the_task_and_explain_tells_it_all() {
    let installation = installation(&[BILL], "");
    installation.says(&["sync"]);
    assert!(installation.says(&["tasks"]).contains("nothing is to be done"));
    assert!(installation.says(&["classes", "show", "A1"]).contains("counts as unknown"));

    let said = installation.says(&set("retaliatory"));
    assert!(said.contains("care call since") && said.contains("promised by"), "{said}");
    let tasks = installation.says(&["tasks", "--json"]);
    let tasks: serde_json::Value = serde_json::from_str(&tasks).unwrap();
    let id = tasks[0]["id"].as_str().unwrap();
    assert_eq!(tasks[0]["kind"], "care_call");
    assert!(installation.says(&["tasks", "--overdue"]).contains("nothing is to be done"));
    assert!(installation.says(&["status"]).contains("1 open"));
    assert!(installation.says(&["cases"]).contains("no case waits"));
    let story = installation.says(&["explain", "A1"]);
    assert!(story.contains("class: retaliatory, set by Ann"), "{story}");
    assert!(story.contains("set by Ann: no service"), "{story}");

    let done = ["tasks", "done", id, "--by", "Bea", "--outcome", "credited", "--satisfied", "true"];
    assert!(installation.says(&done).contains("the ladder goes on"));
    assert!(refused(&installation, &done).contains("no task"));
    let story = installation.says(&["explain", "A1"]);
    assert!(story.contains("class: unknown, set by Bea"), "{story}");
    assert!(story.contains("by Bea: credited, satisfied"), "{story}");

    installation.says(&set("malicious"));
    let cases = installation.says(&["cases"]);
    assert!(cases.contains("A1  review since") && cases.contains("no service"), "{cases}");
}

#[test]
fn a_class_needs_a_name_a_reason_and_a_day_to_come() {
    let installation = installation(&[BILL], "");
    installation.says(&["sync"]);
    assert!(refused(&installation, &set("angry")).contains("use unknown, forgetful"));
    for (place, value, told) in
        [(5, "2020-01-01", "is over"), (7, " ", "--by is empty"), (9, " ", "--reason is empty")]
    {
        let mut arguments = set("malicious");
        arguments[place] = value;
        let said = refused(&installation, &arguments);
        assert!(said.contains(told), "{said}");
    }
    assert!(installation.says(&["classes", "show", "A1"]).contains("counts as unknown"));
}

#[test]
fn the_operators_own_rules_are_read_at_the_start_with_all_that_is_wrong() {
    let installation = installation(&[BILL], "");
    let own = format!("paths.classify={}", installation.at("classify.toml"));
    let check = ["--set", &own, "check"];
    assert!(refused(&installation, &check).contains("paths.classify could not be read"));
    let built_in = include_str!("../../config/classify.toml");
    installation.write("classify.toml", built_in);
    installation.says(&check);
    let wrong = built_in
        .replace("least = 30", "least = 0")
        .replace("when = [\"card_expired >= 1\"]", "when = [\"cards_expired >= 1\"]");
    installation.write("classify.toml", &wrong);
    let said = refused(&installation, &check);
    assert!(said.contains("least") && said.contains("cards_expired"), "{said}");
}
