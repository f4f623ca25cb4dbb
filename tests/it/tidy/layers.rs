//! Who may use whom, and which room which library belongs to.

use super::text::{
    code, fault, is_test_file, line_of, made_up, places, without_inner_modules, without_tests,
};
use super::{EVERYTHING, File};

type Table = [(&'static str, &'static [&'static str])];

/// The module that a file of `src` belongs to; `None` for `lib.rs` and `main.rs`.
fn module(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let first = inside.split('/').next()?.trim_end_matches(".rs");
    (first != "lib" && first != "main").then_some(first)
}

/// `src/<module>.rs` or `src/<module>/mod.rs`.
fn is_first(path: &str) -> bool {
    let parts = path.matches('/').count();
    module(path).is_some() && (parts == 1 || (parts == 2 && path.ends_with("/mod.rs")))
}

fn row<'t>(table: &'t Table, module: &str) -> Option<&'t [&'static str]> {
    table.iter().find(|(name, _)| *name == module).map(|(_, may)| *may)
}

/// A file that names a module which its own may not use.
pub fn uses(table: &Table, file: &File) -> Vec<String> {
    let Some(own) = module(&file.path) else { return Vec::new() };
    let Some(may) = row(table, own) else { return Vec::new() };
    if may == EVERYTHING {
        return Vec::new();
    }
    let code = code(&file.text);
    let mut faults = Vec::new();
    for at in places(&code, "crate::") {
        let rest = &code[at + "crate::".len()..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let used = &rest[..end];
        let line = line_of(&code, at);
        if used.is_empty() {
            let mend = "write one `use crate::<module>::…` for each module; a group hides them";
            faults.push(fault(file, line, mend));
        } else if used != own && !may.contains(&used) {
            let mend = format!("{own} may not use {used}; move what both need to model");
            faults.push(fault(file, line, &mend));
        }
    }
    for at in places(&code, "super::super") {
        let mend =
            "write `crate::<module>::…` instead of `super::super`, so that it can be checked";
        faults.push(fault(file, line_of(&code, at), mend));
    }
    // In a module's first file, `super` is the whole house.
    if is_first(&file.path) {
        let outer = without_inner_modules(&code);
        faults.extend(places(&outer, "super::").into_iter().map(|at| {
            fault(file, line_of(&outer, at), "write `crate::<module>::…` instead of `super::` here")
        }));
    }
    faults
}

/// A module that the table does not know, and that nothing holds back.
pub fn rows(table: &Table, files: &[File]) -> Vec<String> {
    let is_new = |file: &&File| {
        is_first(&file.path) && module(&file.path).is_some_and(|name| row(table, name).is_none())
    };
    let mend = "add a row to MAY_USE in tests/it/tidy.rs, and a paragraph to docs/ARCHITECTURE.md";
    files.iter().filter(is_new).map(|file| fault(file, 1, mend)).collect()
}

/// A `May use:` line that is missing, or says anything but the table.
pub fn says(table: &Table, file: &File) -> Vec<String> {
    let Some(may) = module(&file.path).and_then(|name| row(table, name)) else { return Vec::new() };
    let expected = match may {
        [] => "May use: nothing of ours.".to_owned(),
        names => format!("May use: {}.", names.join(", ")),
    };
    let head: Vec<&str> =
        file.text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let start = head.iter().position(|line| line.starts_with("May use:"));
    let said = start.map(|at| {
        let end = head[at..].iter().position(|line| line.is_empty()).map_or(head.len(), |n| at + n);
        head[at..end].join(" ")
    });
    match said {
        None if !is_first(&file.path) => Vec::new(),
        Some(said) if said == expected => Vec::new(),
        _ => {
            let mend = format!("let the head of the file end with `//! {expected}`");
            vec![fault(file, start.map_or(1, |at| at + 1), &mend)]
        }
    }
}

/// What stands only where `is_home` says.
struct Room {
    what: &'static str,
    is_home: fn(&str) -> bool,
    mend: &'static str,
}

const ROOMS: &[Room] = &[
    Room {
        what: "sqlx::",
        is_home: |path| path.starts_with("src/store/") || path.starts_with("src/source/"),
        mend: "sqlx belongs in store and source",
    },
    Room {
        what: "lettre::",
        is_home: |path| path.starts_with("src/provider/"),
        mend: "lettre belongs in provider",
    },
    Room {
        what: "reqwest::",
        is_home: |path| path.starts_with("src/provider/"),
        mend: "reqwest belongs in provider",
    },
    Room {
        what: "axum::",
        is_home: |path| path.starts_with("src/http/"),
        mend: "axum belongs in http",
    },
    Room {
        what: "hyper::",
        is_home: |path| path.starts_with("src/http/") || path.starts_with("src/provider/http"),
        mend: "hyper belongs in http and provider/http",
    },
    Room {
        what: "Timestamp::now",
        is_home: |path| path == "src/clock.rs",
        mend: "take `now` as an argument; only clock.rs asks what time it is",
    },
    Room {
        what: "Zoned::now",
        is_home: |path| path == "src/clock.rs",
        mend: "take `now` as an argument; only clock.rs asks what time it is",
    },
    Room {
        what: "SystemTime::now",
        is_home: |path| path == "src/clock.rs",
        mend: "take `now` as an argument; only clock.rs asks what time it is",
    },
    Room { what: ".begin(", is_home: begins, mend: BEGIN },
    Room { what: ".begin_with(", is_home: begins, mend: BEGIN },
];

/// Whether a transaction may be opened here, so that two files tell that none
/// is opened under a time-out or `select!` (a cancelled begin leaks in sqlx
/// 0.9.0). Where sqlx may not be, something else begins.
fn begins(path: &str) -> bool {
    let has_sqlx = path.starts_with("src/store/") || path.starts_with("src/source/");
    !has_sqlx || path == "src/store/engine.rs" || path == "src/source/billing_db.rs"
}

const BEGIN: &str = "open transactions with Engine::begin, in store/engine.rs";

/// The one library type that the words may borrow: what an address looks like.
const BORROWED: (&str, &str) = ("src/model/contact.rs", "lettre::Address");

/// Something outside of its room.
pub fn rooms(file: &File) -> Vec<String> {
    // What tests do with a clock or a database is their own affair.
    if is_test_file(&file.path) {
        return Vec::new();
    }
    let code = without_tests(&code(&file.text));
    let mut faults = Vec::new();
    for room in ROOMS.iter().filter(|room| !(room.is_home)(&file.path)) {
        for (at, _) in code.match_indices(room.what) {
            let is_borrowed = file.path == BORROWED.0 && code[at..].starts_with(BORROWED.1);
            // `self.engine.begin()` is the door that the rule asks for.
            let is_door = code[..at].ends_with("engine") && file.path.starts_with("src/store/");
            let is_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                || room.what.starts_with('.');
            if is_word && !is_borrowed && !is_door {
                faults.push(fault(file, line_of(&code, at), room.mend));
            }
        }
    }
    faults
}

const SMALL: &Table = &[("model", &[]), ("policy", &["model"]), ("app", EVERYTHING)];

#[track_caller]
fn refuses(found: Vec<String>, expected: &str) {
    assert!(found.iter().any(|fault| fault.contains(expected)), "{found:?}");
}

#[test]
fn a_module_that_reaches_too_far_is_named() {
    let bad = |text: &str| uses(SMALL, &made_up("src/policy/window.rs", text));
    refuses(
        bad("//! a\n\nuse crate::store::X;"),
        "src/policy/window.rs:3: policy may not use store",
    );
    refuses(bad("fn a() { crate::store::x() }"), ":1: policy may not use store");
    refuses(bad("use crate::{model, store};"), "one `use crate::<module>::…` for each");
    refuses(bad("use super::super::store;"), "instead of `super::super`");
    let first = |text: &str| uses(SMALL, &made_up("src/policy/mod.rs", text));
    refuses(first("fn a() { super::store::x() }"), "instead of `super::`");
    assert_eq!(first("mod tests {\n use super::*;\n}"), [""; 0]);
    let good = "use crate::model::A;\nuse crate::policy::B;\n// crate::store\nuse super::C;";
    assert_eq!(bad(good), [""; 0]);
    assert_eq!(uses(SMALL, &made_up("src/app.rs", "use crate::{model, store};")), [""; 0]);
}

#[test]
fn a_module_without_a_row_is_named() {
    let house = ["src/model/mod.rs", "src/policy/mod.rs", "src/policy/a.rs", "src/attic.rs"];
    let files: Vec<File> = house.iter().map(|path| made_up(path, "")).collect();
    let found = rows(SMALL, &files);
    assert_eq!(found.len(), 1, "{found:?}");
    refuses(found, "src/attic.rs:1: add a row");
}

#[test]
fn a_head_that_says_anything_but_the_table_is_named() {
    let says = |path: &str, text: &str| says(SMALL, &made_up(path, text));
    refuses(says("src/policy/mod.rs", "//! Rules.\n"), ":1: let the head of the file end with");
    refuses(says("src/policy/mod.rs", "//! Rules.\n//! May use: store.\n"), "mod.rs:2: ");
    refuses(says("src/policy/a.rs", "//! A.\n//! May use: all.\n"), "`//! May use: model.`");
    assert_eq!(says("src/policy/mod.rs", "//! Rules.\n//!\n//! May use: model.\n"), [""; 0]);
    assert_eq!(says("src/model/mod.rs", "//! May use: nothing of ours.\n"), [""; 0]);
    assert_eq!(says("src/policy/a.rs", "//! A.\n"), [""; 0]);
}

#[test]
fn a_library_outside_its_room_is_named() {
    let rooms = |path: &str, text: &str| rooms(&made_up(path, text));
    for (text, mend) in [
        ("use sqlx::Row;", "sqlx belongs"),
        ("use lettre::Address;", "lettre belongs"),
        ("let c = reqwest::Client::new();", "reqwest belongs"),
        ("use axum::Router;", "axum belongs"),
        ("use hyper::Request;", "hyper belongs"),
        ("let now = jiff::Timestamp::now();", "take `now` as an argument"),
        ("let now = Zoned::now();", "take `now` as an argument"),
        ("let now = std::time::SystemTime::now();", "take `now` as an argument"),
    ] {
        refuses(rooms("src/policy/a.rs", text), mend);
    }
    refuses(rooms("src/store/plan.rs", "pool.begin().await"), "Engine::begin");
    refuses(rooms("src/source/sql.rs", "writer.begin_with(sql).await"), "Engine::begin");
    assert_eq!(rooms("src/store/plan.rs", "self.engine.begin().await; sqlx::x()"), [""; 0]);
    assert_eq!(rooms("src/model/contact.rs", "lettre::Address"), [""; 0]);
    refuses(rooms("src/model/contact.rs", "lettre::Message"), "lettre belongs");
    assert_eq!(rooms("src/clock.rs", "Timestamp::now()"), [""; 0]);
}
