//! The house rules as tests. A fault names its file, its line and the mend.
//!
//! The rules themselves are in `tidy/`, each beside a made-up text on which it
//! must fail: a rule that nobody has seen fail guards nothing.

mod layers;
mod length;
mod rust;
mod sql;
mod text;

use std::path::Path;

/// For each module: the others that it may use. Anything not named here is
/// forbidden. Read top to bottom, this is the architecture.
const MAY_USE: &[(&str, &[&str])] = &[
    // the words
    ("model", &[]),
    // pure rules
    ("policy", &["model"]),
    ("outbox", &["model"]),
    ("risk", &["model"]),
    ("review", &["model"]),
    ("evaluation", &["model"]),
    ("message", &["model"]),
    ("audit", &["model"]),
    // the only one that asks what time it is; signals and systemd; logs
    ("clock", &[]),
    ("lifecycle", &[]),
    ("telemetry", &[]),
    // the walls
    ("source", &["model"]),
    ("store", &["model", "review", "audit"]),
    ("provider", &["model"]),
    // the door that works by itself
    (
        "pipeline",
        &[
            "model",
            "policy",
            "outbox",
            "risk",
            "evaluation",
            "message",
            "source",
            "store",
            "provider",
            "clock",
        ],
    ),
    // the door that is knocked at; it decides nothing
    (
        "http",
        &["model", "policy", "risk", "review", "audit", "message", "store", "provider", "clock"],
    ),
    // start-up: `config` puts together the settings types of the others
    (
        "config",
        &[
            "model", "policy", "risk", "review", "message", "source", "store", "provider",
            "pipeline", "http",
        ],
    ),
    ("app", EVERYTHING),
    ("cli", EVERYTHING),
];

const EVERYTHING: &[&str] = &["everything"];

/// A text file of the house, by its path from the top.
struct File {
    path: String,
    text: String,
}

/// Every file with this ending in these folders, in order.
fn files(folders: &[&str], ending: &str) -> Vec<File> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders: Vec<_> = folders.iter().map(|folder| top.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the house can be read") {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == ending) {
                let name = path.strip_prefix(top).unwrap().display().to_string();
                found.push(File { path: name, text: std::fs::read_to_string(&path).unwrap() });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no *.{ending} was found: nothing was checked");
    found
}

fn rust() -> Vec<File> {
    files(&["src", "tests", "benches"], "rs")
}

/// Applies a rule to files.
#[track_caller]
fn hold(files: &[File], rule: impl Fn(&File) -> Vec<String>) {
    none(files.iter().flat_map(rule).collect());
}

#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_module_uses_only_what_the_table_allows() {
    hold(&files(&["src"], "rs"), |file| layers::uses(MAY_USE, file));
}

#[test]
fn every_module_is_in_the_table_and_says_what_it_may_use() {
    let sources = files(&["src"], "rs");
    none(layers::rows(MAY_USE, &sources));
    hold(&sources, |file| layers::says(MAY_USE, file));
}

#[test]
fn databases_mail_and_http_stay_in_their_rooms() {
    hold(&files(&["src"], "rs"), layers::rooms);
}

#[test]
fn every_file_says_what_it_holds() {
    hold(&rust(), rust::opens_with_words);
}

#[test]
fn a_file_and_a_function_fit_in_a_head() {
    hold(&rust(), length::file);
    hold(&files(&["src"], "rs"), length::functions);
}

#[test]
fn nothing_is_left_for_later() {
    hold(&rust(), rust::unfinished);
    hold(&files(&["src", "migrations", "config"], "sql"), rust::unfinished);
}

#[test]
fn nothing_panics_without_saying_why() {
    hold(&files(&["src"], "rs"), rust::panics);
}

#[test]
fn every_statement_says_what_it_does_and_reads_no_clock() {
    hold(&files(&["src", "migrations", "config"], "sql"), sql::opens_with_words);
    hold(&files(&["src", "migrations"], "sql"), sql::clock);
    hold(&files(&["src/store/sql", "src/store/sqlite"], "sql"), sql::bare_limit);
}

#[test]
fn every_statement_has_its_twin_and_its_constant() {
    let statements = files(&["src/store"], "sql");
    let list = text::of("src/store/statements.rs");
    none(sql::twins(&statements, &list));
    none(sql::included(&files(&["src/source"], "sql"), &files(&["src/source"], "rs")));
}

#[test]
fn migrations_come_in_pairs() {
    none(sql::pairs(&files(&["migrations"], "sql"), &text::of("src/store/statements.rs")));
}
