//! Cases as people decide them by command: the real command line.

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

fn json(installation: &Installation, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&installation.says(&[arguments, &["--json"]].concat())).unwrap()
}

/// An installation in which account A1 is to be reviewed, and its case.
fn reviewed() -> (Installation, String) {
    let installation = installation(&[BILL], "");
    installation.says(&["sync"]);
    let set = ["classes", "set", "A1", "malicious", "--until", FAR, "--by", "Ann"];
    installation.says(&[&set[..], &["--reason", "a forged contract"]].concat());
    let id = json(&installation, &["cases"])[0]["id"].as_str().unwrap().to_owned();
    (installation, id)
}

fn propose<'a>(id: &'a str, outcome: &'a str, by: &'a str) -> Vec<&'a str> {
    let what = ["cases", "propose", id, "--outcome", outcome, "--reason", "fraud_signs"];
    [&what[..], &["--note", "the papers are false", "--by", by]].concat()
}

#[test]
fn two_people_decide_and_the_billing_system_is_advised() {
    let (installation, id) = reviewed();
    let cases = installation.says(&["cases"]);
    assert!(cases.contains("1234.50 EUR overdue, ordinary account, nobody's"), "{cases}");
    installation.says(&["cases", "assign", &id, "--to", "Ann", "--by", "Dan"]);
    assert_eq!(json(&installation, &["cases", "--of", "Ann"])[0]["assigned"]["to"], "Ann");
    assert!(installation.says(&["cases", "--of", "Bob"]).contains("no case waits"));

    let said = refused(&installation, &propose(&id, "dismiss", "Ann"));
    assert!(said.contains("--outcome dismiss is none; use return_to_ladder"), "{said}");
    let said = installation.says(&propose(&id, "write_off", "Ann"));
    assert!(said.contains("waits for somebody else until"), "{said}");
    let shown = json(&installation, &["cases", "show", "A1"]);
    let proposal = shown["proposals"][0]["id"].as_str().unwrap();
    assert_eq!(shown["evidence"]["unpaid"]["EUR"], 123_450);
    assert_eq!(shown["proposals"][0]["digest"], shown["digest"]);

    let said = refused(&installation, &["cases", "approve", proposal, "--by", "ann"]);
    assert!(said.contains("Ann proposed it, and somebody else must decide"), "{said}");
    let said = refused(&installation, &["tasks", "done", &id, "--by", "Bob", "--outcome", "seen"]);
    assert!(said.contains(&format!("duebell cases propose {id}")), "{said}");
    assert!(installation.says(&["advice", "list"]).contains("has all advice"));

    let said = installation.says(&["cases", "approve", proposal, "--by", "Bob"]);
    assert!(said.contains("write_off") && said.contains("approved by Bob"), "{said}");
    assert!(installation.says(&["cases"]).contains("no case waits"));
    let advice = json(&installation, &["advice", "list"]);
    assert_eq!(advice[0]["body"]["outcome"], "write_off");
    assert_eq!(advice[0]["body"]["approved_by"], "Bob");
    let name = advice[0]["id"].as_str().unwrap();
    installation.says(&["advice", "done", name, "--by", "Cem"]);
    let said = refused(&installation, &["advice", "done", name, "--by", "Cem"]);
    assert!(said.contains("is left to do"), "{said}");

    let acts = json(&installation, &["audit", "list"]);
    let acts: Vec<&str> =
        acts.as_array().unwrap().iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    let newest = ["advice_done", "case_approved", "case_proposed", "case_assigned", "class_set"];
    assert_eq!(acts, newest);
}

#[test]
fn what_is_not_proposed_whole_is_refused_and_an_own_proposal_can_be_taken_back() {
    let (installation, id) = reviewed();
    let bad = |place: usize, value: &'static str| {
        let mut arguments = propose(&id, "write_off", "Ann");
        arguments[place] = value;
        refused(&installation, &arguments)
    };
    assert!(bad(6, "He lied").contains("is no code"));
    assert!(bad(8, " ").contains("the note is empty"));
    assert!(bad(10, " ").contains("it has no name"));
    assert!(bad(2, "unknown").contains("no case unknown"));
    assert!(bad(4, "arrangement").contains("has instalments and a first day"));

    let parts = ["--instalments", "3", "--first", FAR];
    let said = installation.says(&[&propose(&id, "arrangement", "Ann")[..], &parts].concat());
    let proposal = said.split(' ').next().unwrap();
    assert!(said.contains("arrangement in 3 parts from 2099-12-31"), "{said}");
    let said = refused(&installation, &["cases", "withdraw", proposal, "--by", "Bob"]);
    assert!(said.contains("only Ann, who proposed it, may withdraw it"), "{said}");
    installation.says(&["cases", "withdraw", proposal, "--by", "Ann", "--note", "a slip"]);
    let said = installation.says(&propose(&id, "return_to_ladder", "Ann"));
    assert!(said.contains("counts as unknown until"), "{said}");
    let shown = installation.says(&["cases", "show", "A1"]);
    assert!(shown.contains("withdrawn by Ann") && shown.contains("approved by Ann"), "{shown}");
}
