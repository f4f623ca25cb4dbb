//! What people do by command is in the audit trail, which can be looked at and
//! verified: the real command line.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::daemon::{due_yesterday, installation};
use crate::support::installation::{Installation, text};

/// No test outlives it.
const FAR: &str = "2099-12-31";

#[track_caller]
fn listed(installation: &Installation, more: &[&str]) -> Vec<serde_json::Value> {
    let said = installation.says(&[&["audit", "list", "--json"], more].concat());
    serde_json::from_str(&said).unwrap()
}

/// The newest entry as act, who and about what.
#[track_caller]
fn newest(installation: &Installation) -> (String, String, serde_json::Value) {
    let entry = listed(installation, &["--limit", "1"]).remove(0);
    assert_eq!(entry["through"], "command_line");
    let word = |name: &str| entry[name].as_str().unwrap().to_owned();
    (word("act"), word("by"), entry["about"].clone())
}

async fn runs(installation: &Installation, sql: &str) {
    let url = format!("sqlite://{}", installation.at("duebell.db"));
    let mut side = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut side).await.unwrap();
    side.close().await.unwrap();
}

/// The first word of what a command says: the name of what it made.
#[track_caller]
fn made(installation: &Installation, arguments: &[&str]) -> String {
    installation.says(arguments).split(':').next().unwrap().to_owned()
}

#[tokio::test]
async fn every_command_by_which_a_person_changes_something_leaves_an_entry() {
    let installation = installation(&[("B1", due_yesterday())], "");
    installation.says(&["sync"]);
    assert!(installation.says(&["audit", "list"]).contains("nobody did anything"));
    let mut count = 0;
    let mut leaves = |act: &str, about: Option<&str>| {
        count += 1;
        let (found, by, of) = newest(&installation);
        assert_eq!((found.as_str(), by.as_str()), (act, "Ann"));
        assert_eq!(of.as_str(), about, "{act}");
        assert_eq!(listed(&installation, &[]).len(), count, "{act}");
    };
    let ann = ["--by", "Ann"];
    let because = ["--until", FAR, "--by", "Ann", "--reason", "said at the desk"];

    let hold = made(&installation, &[&["holds", "place", "A1"], &because[..]].concat());
    leaves("hold_placed", Some("A1"));
    installation.says(&[&["holds", "lift", &hold], &ann[..]].concat());
    leaves("hold_lifted", Some("A1"));
    let all = made(&installation, &[&["holds", "place", "--area", "21*"], &because[..]].concat());
    leaves("moratorium_declared", Some(&all));
    installation.says(&[&["holds", "lift", &all], &ann[..]].concat());
    leaves("moratorium_lifted", Some(&all));
    installation.says(&[&["classes", "set", "A1", "retaliatory"], &because[..]].concat());
    leaves("class_set", Some("A1"));
    let tasks: serde_json::Value =
        serde_json::from_str(&installation.says(&["tasks", "--json"])).unwrap();
    let task = tasks[0]["id"].as_str().unwrap();
    installation.says(&[&["tasks", "done", task, "--outcome", "credited"], &ann[..]].concat());
    leaves("task_done", Some("A1"));
    installation.says(&[&["wishes", "set", "A1", "--channel", "email"], &ann[..]].concat());
    leaves("wish_set", Some("A1"));
    installation.says(&[&["wishes", "clear", "A1"], &ann[..]].concat());
    leaves("wish_cleared", Some("A1"));
    let spoke = ["replies", "add", "A1", "conversation", "--note", "pays on Friday"];
    installation.says(&[&spoke[..], &ann[..]].concat());
    leaves("conversation_added", Some("A1"));
    let reply = "insert into reply (bucket, reply_id, provider, channel, meaning, at, \
        received_at, account_id, settled_at, for_people) \
        values (1, 'r1', 'carrier', 'sms', 'call_back', 0, 0, 'A1', 0, 1)";
    runs(&installation, reply).await;
    installation.says(&[&["replies", "done", "r1"], &ann[..]].concat());
    leaves("reply_done", Some("A1"));
    installation.says(&[&["live", "all"], &ann[..]].concat());
    leaves("live", Some("all"));
    installation.says(&[&["halt", "--channel", "sms"], &ann[..]].concat());
    leaves("halt", Some("channel sms"));
    installation.says(&[&["resume", "--channel", "sms"], &ann[..]].concat());
    leaves("resume", Some("channel sms"));
    installation.says(&[&["halt"], &ann[..]].concat());
    leaves("halt", None);
    installation.says(&[&["resume"], &ann[..]].concat());
    leaves("resume", None);
    installation.says(&[&["observe", "all"], &ann[..]].concat());
    leaves("observe", Some("all"));

    // What people say in words of their own is not kept for good.
    let trail = installation.says(&["audit", "list", "--json"]);
    for words in ["said at the desk", "credited", "pays on Friday", "@", "+49"] {
        assert!(!trail.contains(words), "{words}");
    }
    let said = installation.says(&["audit", "verify"]);
    assert!(said.starts_with("whole: 16 entries; the trail ends with 16:"), "{said}");
}

/// What a subscriber agreed to, by hand and from a file, and what the brake let go.
#[tokio::test]
async fn a_consent_and_a_release_leave_entries_and_are_shown() {
    let installation = installation(&[("B1", due_yesterday())], "");
    installation.says(&["sync"]);
    let ann = ["--proof", "contract 7", "--by", "Ann"];
    let give = ["consent", "give", "A1", "--channel", "sms", "--at", "2026-01-02T10:00Z"];
    let shown = installation.says(&[&give[..], &ann[..]].concat());
    let entry = "2026-01-02 10:00:00Z agreed to reminder by sms, through Ann: contract 7";
    assert!(shown.contains(entry), "{shown}");
    assert_eq!(newest(&installation).0, "consent_given");
    installation.says(&[&["consent", "withdraw", "A1", "--channel", "sms"], &ann[..]].concat());
    assert_eq!(newest(&installation).0, "consent_withdrawn");

    let file = installation.at("consents.csv");
    let head = "account_id,channel,purpose,given,said_at,proof\n";
    let row = "A1,email,reminder,yes,2026-01-03T10:00:00Z,letter 9\n";
    std::fs::write(&file, format!("{head}{row}A9,email,reminder,yes,2026-01-03T10:00:00Z,x\n"))
        .unwrap();
    let import = ["consent", "import", &file, "--by", "Ann"];
    let refused = installation.ends(&import);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && told.contains("row 3"), "{told}");
    std::fs::write(&file, format!("{head}{row}{row}")).unwrap();
    assert!(installation.says(&import).contains("2 entries, 2 of them agreed"));
    let ledger = installation.says(&["consent", "show", "A1"]);
    assert_eq!(ledger.lines().count(), 3, "what came twice is one entry: {ledger}");
    assert!(installation.says(&["explain", "A1"]).contains("letter 9"));

    assert!(installation.says(&["release", "--because", "expected"]).contains("not on"));
    let alarm = r#"{"sign":"planned","on":"2026-03-10","seen":9000,"at_most":3000}"#;
    let pulled = format!("insert into control (name, value, at) values ('brake', '{alarm}', 0)");
    runs(&installation, &pulled).await;
    let status = installation.says(&["status"]);
    assert!(status.contains("brake      on: 9000 reminders for 2026-03-10"), "{status}");
    installation.says(&["release", "--because", "mended", "--by", "Ann"]);
    assert_eq!(newest(&installation).0, "released");
    assert!(!installation.says(&["status"]).contains("brake"));
    assert!(installation.says(&["audit", "verify"]).starts_with("whole: 4 entries"));
}

#[test]
fn what_only_looks_or_is_refused_leaves_none() {
    let installation = installation(&[("B1", due_yesterday())], "");
    for command in ["sync", "status", "holds", "tasks", "replies"] {
        installation.says(&[command]);
    }
    installation.says(&["explain", "A1"]);
    for refused in [
        &["holds", "lift", "h1", "--by", "Ann"][..],
        &["replies", "done", "r1", "--by", "Ann"],
        &["tasks", "done", "t1", "--by", "Ann", "--outcome", "none"],
        &["wishes", "set", "A9", "--channel", "sms", "--by", "Ann"],
        &["live", "nothing", "--by", "Ann"],
        &["halt", "--by", " "],
    ] {
        assert!(!installation.ends(refused).status.success(), "{refused:?}");
    }
    assert_eq!(listed(&installation, &[]), [] as [serde_json::Value; 0]);
}

#[test]
fn whoever_gives_no_name_is_the_systems_user() {
    let installation = installation(&[("B1", due_yesterday())], "");
    for (sudo, user, expected) in [
        (Some("zoe"), Some("root"), "zoe"),
        (None, Some("ops"), "ops"),
        (Some(""), Some("ops"), "ops"),
    ] {
        let mut command = installation.command();
        for (name, value) in [("SUDO_USER", sudo), ("USER", user)] {
            command.env_remove(name);
            value.map(|value| command.env(name, value));
        }
        assert!(command.arg("halt").status().unwrap().success());
        assert_eq!(newest(&installation).1, expected);
    }
    let mut command = installation.command();
    command.env_remove("SUDO_USER").env_remove("USER").arg("resume");
    assert!(command.status().unwrap().success());
    assert!(newest(&installation).1.starts_with("uid "));
    for command in ["live", "observe", "halt", "resume"] {
        let help = installation.says(&[command, "--help"]);
        assert!(help.contains("--by") && help.contains("SUDO_USER"), "{command}: {help}");
    }
}

#[tokio::test]
async fn a_trail_is_listed_by_what_is_asked_and_verified_with_the_anchors_that_were_logged() {
    let installation = installation(&[("B1", due_yesterday())], "");
    let mut anchors = Vec::new();
    for (command, by) in [("halt", "Ann"), ("resume", "Bob"), ("halt", "Ann")] {
        let told = text(&installation.ends(&[command, "--by", by]).stderr);
        let said = installation.says(&["audit", "verify"]);
        let anchor = said.trim().rsplit(' ').next().unwrap().to_owned();
        // Where the machine has a log, it is there instead.
        let (seq, digest) = anchor.split_once(':').unwrap();
        let is_told = told.contains(&format!("seq={seq}")) && told.contains(digest);
        assert!(is_told || Path::new("/dev/log").exists(), "{told}");
        anchors.push(anchor);
    }
    let numbers = |more: &[&str]| {
        let entries = listed(&installation, more);
        entries.iter().map(|it| it["seq"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&[]), [3, 2, 1]);
    assert_eq!(numbers(&["--by", "Ann"]), [3, 1]);
    assert_eq!(numbers(&["--act", "resume"]), [2]);
    assert_eq!(numbers(&["--before", "3", "--limit", "1"]), [2]);
    assert_eq!(numbers(&["--about", "A1"]), [0_u64; 0]);
    let line = installation.says(&["audit", "list", "--limit", "1"]);
    assert!(line.starts_with("3  ") && line.contains("halt by Ann through command line"), "{line}");
    let wrong = text(&installation.ends(&["audit", "list", "--act", "eat"]).stderr);
    assert!(wrong.contains("--act eat is none; use hold_placed, "), "{wrong}");

    let with = |anchor: &str| installation.ends(&["audit", "verify", "--anchor", anchor]);
    assert!(anchors.iter().all(|anchor| with(anchor).status.success()));
    let cut = "drop trigger audit_entry_is_not_deleted; delete from audit_entry where seq = 3";
    runs(&installation, cut).await;
    let output = installation.ends(&["audit", "verify"]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.contains("the end was cut off: entry 2 is the last, and there were 3"),
        "{error}"
    );
    let moved =
        "update audit_head set seq = 2, digest = (select digest from audit_entry where seq = 2)";
    runs(&installation, moved).await;
    assert!(installation.ends(&["audit", "verify"]).status.success());
    let output = with(&anchors[2]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("the anchor names entry 3, and 2 is the last"));
    assert!(text(&with("3:abc").stderr).contains("a digest has 64 digits"));
}
