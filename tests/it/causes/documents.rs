//! `docs/CAUSES.md` says what is: the table of signals, and the figures, made
//! again by the command that it names.

use std::process::Command;

use duebell::risk::signals::SIGNALS;

pub fn document() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CAUSES.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_signal_stands_in_the_document_as_it_is_defined() {
    let rows: Vec<String> = SIGNALS
        .iter()
        .map(|one| {
            let feed = one.feed.map_or("bills, payments, holds", |feed| feed.as_str());
            format!("| `{}` | {} | {feed} | {} |", one.name, one.unit.as_str(), one.about)
        })
        .collect();
    let table = rows.join("\n");
    assert!(document().contains(&table), "docs/CAUSES.md needs this table:\n{table}");
}

#[test]
fn the_figures_on_held_out_populations_are_those_of_the_command() {
    let command = "duebell classify --population 8 --population 9 --population 10";
    assert!(document().contains(&format!("`{command}`")));
    let output = Command::new(env!("CARGO_BIN_EXE_duebell"))
        .args(command.split(' ').skip(1))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let figures = String::from_utf8(output.stdout).unwrap();
    assert!(document().contains(figures.trim()), "docs/CAUSES.md needs these figures:\n{figures}");
}

#[test]
fn rules_that_cannot_be_are_told_with_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("classify.toml");
    std::fs::write(&file, "tolerance = 0\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_duebell"))
        .args(["classify", "--population", "1", "--rules"])
        .arg(&file)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(told.contains("classify.toml: line 1: missing field `least`"), "{told}");
}
