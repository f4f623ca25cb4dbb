//! Statements and migrations.

use std::collections::BTreeSet;

use super::File;
use super::text::{fault, made_up};

/// A file that does not begin by saying what it does.
pub fn opens_with_words(file: &File) -> Vec<String> {
    if file.text.starts_with("-- ") {
        return Vec::new();
    }
    vec![fault(file, 1, "begin with a comment on what this does and what its parameters are")]
}

/// Ways to ask the database what time it is.
const CLOCKS: &[&str] = &[
    "now()",
    "'now'",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "unixepoch()",
    "julianday()",
];

/// Statements of leases, whose times are the database's own: daemons whose
/// clocks disagree must agree on when a lease is over.
const LEASES: &[&str] = &["announce_daemon", "count_daemons", "renew_leases", "take_leases"];
/// The only clock that they may ask: the others stand still in a transaction.
const LEASE_CLOCK: &str = "clock_timestamp";

fn is_of_leases(path: &str) -> bool {
    let name = path.strip_prefix("src/store/postgres/sql/").and_then(|it| it.strip_suffix(".sql"));
    name.is_some_and(|name| LEASES.contains(&name))
}

/// A statement that asks what time it is.
pub fn clock(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    let is_of_leases = is_of_leases(&file.path);
    for (index, line) in file.text.lines().enumerate() {
        let sql = line.split("--").next().unwrap_or_default().to_lowercase();
        let asked =
            |clock: &&&str| sql.contains(**clock) && !(is_of_leases && **clock == LEASE_CLOCK);
        if let Some(clock) = CLOCKS.iter().find(asked) {
            let mend = format!("{clock}: take the instant or the day as a parameter");
            faults.push(fault(file, index + 1, &mend));
        }
    }
    faults
}

/// A statement whose limit is a parameter and nothing else: SQLite looks into
/// such a parameter while it plans (`sqlite3ExprIsInteger` in its sources), and
/// plans the statement again for each run.
pub fn bare_limit(file: &File) -> Vec<String> {
    let is_bare = |line: &str| {
        let limit = line.trim().to_lowercase();
        limit.strip_prefix("limit $").is_some_and(|n| n.chars().all(|it| it.is_ascii_digit()))
    };
    let bare = file.text.lines().enumerate().filter(|(_, line)| is_bare(line));
    bare.map(|(index, line)| {
        fault(
            file,
            index + 1,
            &format!("write `{} + 0`, or SQLite plans it each time", line.trim()),
        )
    })
    .collect()
}

/// Names of the files of one folder, without their ending.
fn names<'f>(files: &'f [File], folder: &str) -> BTreeSet<&'f str> {
    let inside = |file: &'f File| file.path.strip_prefix(folder)?.strip_suffix(".sql");
    files.iter().filter_map(inside).filter(|name| !name.contains('/')).collect()
}

/// A statement without its twin, or that the list of statements does not hold.
pub fn twins(files: &[File], list: &File) -> Vec<String> {
    let postgres = names(files, "src/store/postgres/sql/");
    let sqlite = names(files, "src/store/sqlite/sql/");
    let shared = names(files, "src/store/sql/");
    let all = listed(&list.text, "served:");
    let served: BTreeSet<&str> = postgres.intersection(&all).copied().collect();
    let postgres = &postgres - &served;
    let mut faults = Vec::new();
    for (one, other, folder) in [(&postgres, &sqlite, "sqlite"), (&sqlite, &postgres, "postgres")] {
        faults.extend(one.difference(other).map(|name| {
            format!("src/store/{folder}/sql/{name}.sql:1: write it; its twin is there alone")
        }));
    }
    let both: BTreeSet<&str> = postgres.union(&sqlite).copied().collect();
    faults.extend(both.intersection(&shared).map(|name| {
        format!("src/store/sql/{name}.sql:1: take it out, or its twins; one of them is never used")
    }));
    for (kind, files) in [("twins:", &both), ("shared:", &shared)] {
        let listed = listed(&list.text, kind);
        let line = list.text.lines().position(|line| line.trim() == kind).map_or(1, |at| at + 1);
        faults.extend(files.iter().filter(|name| !listed.contains(*name)).map(|name| {
            fault(list, line, &format!("list {name} under `{kind}`, or remove its file"))
        }));
    }
    faults
}

/// The names under `twins:`, `shared:` or `served:` in the call of `statements!`.
fn listed<'l>(list: &'l str, kind: &str) -> BTreeSet<&'l str> {
    let call = list.find("\nstatements! {").map_or("", |at| &list[at..]);
    let names = call.find(kind).map_or("", |at| &call[at + kind.len()..]);
    names.split(';').next().unwrap_or_default().split([',', ' ', '\n']).collect()
}

/// A statement that no file of the same folder takes in.
pub fn included(statements: &[File], sources: &[File]) -> Vec<String> {
    statements
        .iter()
        .filter(|file| {
            let name = file.path.rsplit('/').next().unwrap_or_default();
            !sources.iter().any(|source| source.text.contains(&format!("sql/{name}\")")))
        })
        .map(|file| fault(file, 1, "remove it, or take it in with include_str!; nothing uses it"))
        .collect()
}

/// A migration without its twin, or that never runs. What spreads the tables
/// over servers is run by people, and by nobody else.
pub fn pairs(files: &[File], list: &File) -> Vec<String> {
    let postgres = names(files, "migrations/postgres/");
    let sqlite = names(files, "migrations/sqlite/");
    let mut faults: Vec<String> = postgres
        .symmetric_difference(&sqlite)
        .map(|name| format!("migrations/*/{name}.sql:1: write it for both engines"))
        .collect();
    faults.extend(
        files
            .iter()
            .filter(|file| !file.path.starts_with("migrations/citus/"))
            .filter(|file| !list.text.contains(&file.path))
            .map(|file| fault(file, 1, "list it in src/store/statements.rs; it never runs")),
    );
    faults
}

fn made(paths: &[&str]) -> Vec<File> {
    paths.iter().map(|path| made_up(path, "-- A.\n")).collect()
}

#[test]
fn a_statement_without_a_word_about_itself_is_named() {
    assert_eq!(opens_with_words(&made_up("a.sql", "select 1\n")).len(), 1);
    assert_eq!(opens_with_words(&made_up("a.sql", "-- One.\nselect 1\n")), [""; 0]);
}

#[test]
fn a_limit_that_makes_sqlite_plan_each_time_is_named() {
    let found = bare_limit(&made_up("a.sql", "-- A.\nselect 1\nlimit $1\n"));
    assert!(found.len() == 1 && found[0].starts_with("a.sql:3: "), "{found:?}");
    assert!(bare_limit(&made_up("a.sql", "-- A.\nselect 1\nlimit $1 + 0\n")).is_empty());
}

#[test]
fn a_statement_that_asks_for_the_time_is_named() {
    for sql in ["select NOW()", "default current_timestamp", "datetime('now')", "unixepoch()"] {
        let found = clock(&made_up("a.sql", &format!("-- A.\n{sql}\n")));
        assert_eq!(found.len(), 1, "{sql}");
        assert!(found[0].starts_with("a.sql:2: "), "{found:?}");
    }
    assert_eq!(clock(&made_up("a.sql", "-- not now()\nselect 1 -- now()\n")), [""; 0]);
}

#[test]
fn only_a_lease_may_ask_the_database_and_only_one_clock() {
    let asks = |path: &str, what: &str| clock(&made_up(path, &format!("-- A.\nselect {what}\n")));
    assert_eq!(asks("src/store/postgres/sql/renew_leases.sql", "clock_timestamp()"), [""; 0]);
    for path in ["src/store/postgres/sql/hold_leases.sql", "src/store/sqlite/sql/take_leases.sql"] {
        assert_eq!(asks(path, "clock_timestamp()").len(), 1, "{path}");
    }
    // The same at the end of a long transaction as at its start.
    assert_eq!(asks("src/store/postgres/sql/renew_leases.sql", "now()").len(), 1);
}

#[test]
fn a_statement_alone_unlisted_or_written_twice_is_named() {
    let list = |text: &str| made_up("list.rs", text);
    let good = list(
        "macro\nstatements! {\n    twins:\n        a, b\n    ;\n    shared:\n        c\n    ;\n}",
    );
    let pg = ["src/store/postgres/sql/a.sql", "src/store/postgres/sql/b.sql"];
    let lite = ["src/store/sqlite/sql/a.sql", "src/store/sqlite/sql/b.sql"];
    let all = made(&[&pg[..], &lite[..], &["src/store/sql/c.sql"]].concat());
    assert_eq!(twins(&all, &good), [""; 0]);

    let alone = made(&[&pg[..], &lite[..1], &["src/store/sql/c.sql"]].concat());
    assert_eq!(
        twins(&alone, &good),
        ["src/store/sqlite/sql/b.sql:1: write it; its twin is there alone"]
    );
    let served = list(
        "\nstatements! {\n    twins:\n        a\n    ;\n    shared:\n        c\n    ;\n    served:\n        b\n    ;\n}",
    );
    assert_eq!(twins(&alone, &served), [""; 0]);
    let unlisted = list("\nstatements! {\n    twins:\n        a\n    ;\n    shared:\n    ;\n}");
    assert_eq!(
        twins(&all, &unlisted),
        [
            "list.rs:3: list b under `twins:`, or remove its file",
            "list.rs:6: list c under `shared:`, or remove its file"
        ]
    );
    let twice =
        made(&[&pg[..], &lite[..], &["src/store/sql/a.sql", "src/store/sql/c.sql"]].concat());
    assert!(twins(&twice, &good)[0].starts_with("src/store/sql/a.sql:1: take it out"));
}

#[test]
fn a_statement_that_nobody_takes_in_is_named() {
    let statements = made(&["src/source/sql/a.sql", "src/source/sql/b.sql"]);
    let sources = [made_up("src/source/x.rs", "include_str!(\"sql/a.sql\")")];
    let found = included(&statements, &sources);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("src/source/sql/b.sql:1: remove it"));
}

#[test]
fn a_migration_for_one_engine_alone_is_named() {
    let paths = ["migrations/postgres/0001_a.sql", "migrations/sqlite/0001_a.sql"];
    let list = made_up("list.rs", &paths.join(" "));
    assert_eq!(pairs(&made(&paths), &list), [""; 0]);
    assert_eq!(
        pairs(&made(&paths[..1]), &list),
        ["migrations/*/0001_a.sql:1: write it for both engines"]
    );
    let by_hand = made(&[&paths[..], &["migrations/citus/distribute.sql"]].concat());
    assert_eq!(pairs(&by_hand, &list), [""; 0]);
    let found = pairs(&made(&paths), &made_up("list.rs", paths[0]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("migrations/sqlite/0001_a.sql:1: list it"));
}
