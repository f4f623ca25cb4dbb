//! What the operator's people write down by command, on the real binary.

use crate::daemon::{due_yesterday, installation};
use crate::support::installation::text;

#[test]
fn what_a_subscriber_wishes_is_written_down_shown_and_taken_back() {
    let installation = installation(&[("B1", due_yesterday())], "");
    installation.says(&["sync"]);
    let none = installation.says(&["wishes", "show", "A1"]);
    assert!(none.contains("nothing is wished"), "{none}");

    let set = ["wishes", "set", "A1", "--by", "Ann", "--language", "fr", "--channel", "email"];
    let said = installation.says(&[&set[..], &["--hours", "mon-fri=18:00-20:00"]].concat());
    for line in ["language: fr, since", "channel: email", "hours: mon-fri=18:00-20:00", "Ann"] {
        assert!(said.contains(line), "{line} is missing in:\n{said}");
    }
    let story = installation.says(&["explain", "A1"]);
    assert!(story.contains("wishes\n  channel: email, since"), "{story}");
    let preview = installation.says(&["message", "preview", "--account", "A1", "--json"]);
    assert!(preview.contains("\"fr\"") && !preview.contains("\"de\""), "{preview}");

    installation.says(&["wishes", "clear", "A1", "--hours", "--by", "Bob"]);
    let lines: serde_json::Value =
        serde_json::from_str(&installation.says(&["wishes", "show", "A1", "--json"])).unwrap();
    let values: Vec<(&str, Option<&str>)> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["kind"].as_str().unwrap(), line["value"].as_str()))
        .collect();
    assert_eq!(values, [("channel", Some("email")), ("hours", None), ("language", Some("fr"))]);
    let none = installation.says(&["wishes", "clear", "A1", "--by", "Bob"]);
    assert!(none.contains("nothing is wished"), "{none}");
}

#[test]
fn a_wish_that_cannot_be_kept_is_refused_with_words() {
    let law = "[contact.values]\nhours = { mon-sat = \"08:00-20:00\" }\n";
    let installation = installation(&[("B1", due_yesterday())], law);
    installation.says(&["sync"]);
    for (account, wish, said) in [
        ("A1", ["--hours", "sun=10:00-12:00"], "--hours sun=10:00-12:00 leave no time"),
        ("A1", ["--hours", "mon-fri=20:00-23:00"], "leave no time"),
        ("A1", ["--hours", "evenings"], "are no hours of days; write mon-fri=18:00-20:00"),
        ("A1", ["--language", "xx"], "--language xx is none of the messages; use ar, de, en"),
        ("A1", ["--channel", "pigeon"], "--channel pigeon is none; use sms, voice or email"),
        ("A2", ["--channel", "email"], "--channel email: the account has no address for it"),
        ("A9", ["--channel", "email"], "no account A9 in the ledger"),
    ] {
        let output =
            installation.ends(&["wishes", "set", account, wish[0], wish[1], "--by", "Ann"]);
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains(said), "{wish:?}: {error}");
    }
    let output = installation.ends(&["wishes", "set", "A1", "--by", "Ann"]);
    assert!(text(&output.stderr).contains("nothing is wished"));
}

#[test]
fn a_conversation_is_written_down_and_told() {
    let installation = installation(&[("B1", due_yesterday())], "");
    installation.says(&["sync"]);
    let add = ["replies", "add", "A1", "conversation", "--by", "Ann"];
    let said = installation.says(&[&add[..], &["--note", "pays on Friday"]].concat());
    assert!(said.contains("a conversation with A1, written down by Ann"), "{said}");
    let story = installation.says(&["explain", "A1"]);
    let told = "conversation by voice through staff {\"words\":\"pays on Friday\"}; seen to on";
    assert!(story.contains(told), "{story}");
    assert!(installation.says(&["replies"]).contains("nothing waits to be read"));
    for (more, why) in [
        (["--at", "2999-01-01T00:00Z"], "is still to come"),
        (["--at", "yesterday"], "invalid value"),
    ] {
        let output = installation.ends(&[&add[..], &more[..]].concat());
        assert!(!output.status.success() && text(&output.stderr).contains(why), "{more:?}");
    }
}

#[test]
fn people_of_the_console_are_added_listed_and_shut_out() {
    let installation = installation(&[("B1", due_yesterday())], "");
    assert!(installation.says(&["user", "list"]).contains("duebell user add NAME"));
    let said = installation.says(&["user", "add", "Ann", "--role", "admin", "--role", "viewer"]);
    assert!(
        said.contains("ann: added as viewer,admin") && said.contains("shown this once"),
        "{said}"
    );
    let password = said.lines().last().unwrap().trim().to_owned();
    assert_eq!(password.len(), 31, "{said}");
    let listed = installation.says(&["user", "list", "--json"]);
    assert!(listed.contains("\"has a start password\"") && !listed.contains("argon2"), "{listed}");
    installation.says(&["user", "roles", "ann", "--role", "checker"]);
    installation.says(&["user", "disable", "ann"]);
    assert!(installation.says(&["user", "list"]).contains("ann  checker  disabled"));
    installation.says(&["user", "enable", "ann"]);
    let again = installation.says(&["user", "reset", "ann", "--by", "Root"]);
    assert_ne!(again.lines().last().unwrap().trim(), password);
    let trail = installation.says(&["audit", "list", "--about", "ann"]);
    assert_eq!(
        trail.matches("person changed").count() + trail.matches("person_changed").count(),
        4,
        "{trail}"
    );
    assert!(!trail.contains(&password), "{trail}");
    for (args, said) in [
        (["user", "add", "ann", "--role", "viewer"], "ann is there already"),
        (["user", "add", "a b", "--role", "viewer"], "is no name"),
        (["user", "add", "bob", "--role", "owner"], "invalid value"),
        (["user", "roles", "bob", "--role", "viewer"], "there is no bob"),
    ] {
        let output = installation.ends(&args);
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains(said), "{args:?}: {error}");
    }
}
