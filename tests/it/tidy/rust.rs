//! What Rust of ours begins with, and what it never holds.

use super::File;
use super::text::{code, fault, is_test_file, line_of, made_up, without_tests};

/// A file that does not begin by saying what it holds.
pub fn opens_with_words(file: &File) -> Vec<String> {
    if file.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![fault(file, 1, "begin with `//!` and one line on what this file decides or holds")]
}

/// Written in two parts, so that this file does not accuse itself.
const LATER: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
const STOPGAPS: &[&str] =
    &[concat!("to", "do!("), concat!("unimple", "mented!("), concat!("db", "g!(")];

/// Something that was left for later.
pub fn unfinished(file: &File) -> Vec<String> {
    let named = |words: &'static [&'static str], mend: &'static str| {
        words.iter().flat_map(move |word| {
            file.text.match_indices(word).map(move |(at, _)| {
                fault(file, line_of(&file.text, at), &format!("{word}: {mend}"))
            })
        })
    };
    named(LATER, "what is not done belongs in the issue list")
        .chain(named(STOPGAPS, "take it out, or write what it stands for"))
        .collect()
}

/// A panic that does not name the invariant which makes it impossible.
pub fn panics(file: &File) -> Vec<String> {
    if is_test_file(&file.path) {
        return Vec::new();
    }
    let code = without_tests(&code(&file.text));
    [".unwrap()", ".unwrap_err()", ".expect(\"\")"]
        .iter()
        .flat_map(|what| code.match_indices(what))
        .map(|(at, what)| {
            let mend = format!("{what}: give an error, or say in expect(…) why it cannot happen");
            fault(file, line_of(&code, at), &mend)
        })
        .collect()
}

#[test]
fn a_file_without_a_word_about_itself_is_named() {
    let found = opens_with_words(&made_up("a.rs", "use std::fmt;\n"));
    assert_eq!(found, ["a.rs:1: begin with `//!` and one line on what this file decides or holds"]);
    assert_eq!(opens_with_words(&made_up("a.rs", "//! A.\n")), [""; 0]);
}

#[test]
fn what_is_left_for_later_is_named() {
    for word in LATER.iter().chain(STOPGAPS) {
        let found = unfinished(&made_up("a.rs", &format!("//! A.\n// {word}\n")));
        assert_eq!(found.len(), 1, "{word}");
        assert!(found[0].starts_with(&format!("a.rs:2: {word}")), "{found:?}");
    }
}

#[test]
fn a_panic_without_a_reason_is_named() {
    let bad = "fn a() {\n    b().unwrap();\n    b().expect(\"\");\n    b().unwrap_err();\n}\n";
    let found = panics(&made_up("src/a.rs", bad));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("src/a.rs:2: .unwrap()"), "{found:?}");

    let good = "fn a() {\n    b().expect(\"plain data\").unwrap_or(\".unwrap()\");\n}\n\
                #[cfg(test)]\nmod tests {\n    fn c() { d().unwrap() }\n}\n";
    assert_eq!(panics(&made_up("src/a.rs", good)), [""; 0]);
    assert_eq!(panics(&made_up("src/a/tests.rs", bad)), [""; 0]);
}
