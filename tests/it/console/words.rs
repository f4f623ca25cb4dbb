//! The catalogue and the pages: each page's words are there, none is there for
//! nothing, and every word of the records has a name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use duebell::model::audit::{Act, Through};
use duebell::model::cause::DebtClass;
use duebell::model::evidence::{FailureKind, Topic};
use duebell::model::hold::Ending;
use duebell::model::review::{Outcome, Verdict};
use duebell::model::staff::Role;
use duebell::model::{Channel, HoldKind, Reason, ReminderState, TaskKind, Tier};

fn english() -> BTreeMap<String, String> {
    toml::from_str(include_str!("../../../config/console/en.toml")).unwrap()
}

/// The text of all pages and of what makes them.
fn pages() -> String {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/console")];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|it| it.to_str()) {
                None if path.is_dir() => folders.push(path),
                Some("rs" | "html") => text.push_str(&std::fs::read_to_string(path).unwrap()),
                _ => {}
            }
        }
    }
    text
}

/// What stands in quotes right behind one of these words.
fn quoted<'t>(text: &'t str, before: &[&str]) -> BTreeSet<&'t str> {
    let after = before.iter().flat_map(|word| text.split(word).skip(1));
    let quoted = after.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    quoted.collect()
}

#[test]
fn what_a_page_says_is_in_the_catalogue_and_nothing_else_is() {
    let (english, pages) = (english(), pages());
    let says = quoted(&pages, &[".say(", ".say_with(", ".say_two(", ".say_all("]);
    let missing: Vec<_> = says.iter().filter(|key| !english.contains_key(**key)).collect();
    assert!(missing.is_empty() && says.len() > 100, "{missing:?}");

    let groups = quoted(&pages, &[".word("]);
    let is_said = |key: &String| {
        let of_group = |group: &&str| key.strip_prefix(group).is_some_and(|it| it.starts_with('_'));
        pages.contains(&format!("\"{key}\"")) || groups.iter().any(of_group)
    };
    let idle: Vec<_> =
        english.keys().filter(|key| *key != "language_name" && !is_said(key)).collect();
    assert_eq!(idle, [""; 0], "nobody says these");
}

#[test]
fn every_word_of_the_records_has_a_name() {
    let english = english();
    let check = |group: &str, words: &mut dyn Iterator<Item = &str>| {
        let words: Vec<&str> = words.collect();
        let has = |word: &&str| english.contains_key(&format!("{group}_{word}"));
        let missing: Vec<_> = words.iter().filter(|word| !has(word)).collect();
        assert!(missing.is_empty() && words.len() > 1, "{group}: {missing:?}");
    };
    check("act", &mut Act::ALL.iter().map(|it| it.as_str()));
    check("through", &mut Through::ALL.iter().map(|it| it.as_str()));
    check("class", &mut DebtClass::ALL.iter().map(|it| it.as_str()));
    check("failure", &mut FailureKind::ALL.iter().map(|it| it.as_str()));
    check("complaint", &mut Topic::ALL.iter().map(|it| it.as_str()));
    check("hold", &mut HoldKind::ALL.iter().map(|it| it.as_str()));
    check("ending", &mut Ending::ALL.iter().map(|it| it.as_str()));
    check("outcome", &mut Outcome::ALL.iter().map(|it| it.as_str()));
    check("verdict", &mut Verdict::ALL.iter().map(|it| it.as_str()));
    check("role", &mut Role::ALL.iter().map(|it| it.as_str()));
    check("channel", &mut Channel::ALL.iter().map(|it| it.as_str()));
    check("reason", &mut Reason::ALL.iter().map(|it| it.as_str()));
    check("state", &mut ReminderState::ALL.iter().map(|it| it.as_str()));
    check("kind", &mut TaskKind::ALL.iter().map(|it| it.as_str()));
    check("tier", &mut Tier::ALL.iter().map(|it| it.as_str()));
}
