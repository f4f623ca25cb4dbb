//! Rust as the rules see it: without comments, without what stands in quotes,
//! and, where a rule says so, without tests.

use std::path::Path;

use super::File;

/// A file of the house.
pub fn of(path: &str) -> File {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(top.join(path)).unwrap_or_else(|_| panic!("no {path}"));
    File { path: path.to_owned(), text }
}

/// `file:line: mend`.
pub fn fault(file: &File, line: usize, mend: &str) -> String {
    format!("{}:{line}: {mend}", file.path)
}

/// The code alone: comments become blanks and quoted text becomes
/// underscores, so that lines and columns stay where they are.
pub fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let (length, filler) = match quiet(rest, out.chars().last()) {
            Some(found) => found,
            None => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
                continue;
            }
        };
        let (part, after) = rest.split_at(length);
        let is_quote = filler == '_';
        let last = part.chars().count().saturating_sub(1);
        out.extend(part.chars().enumerate().map(|(index, c)| match c {
            '\n' => '\n',
            c if is_quote && (index == 0 || index == last) => c,
            _ => filler,
        }));
        rest = after;
    }
    out
}

/// Length of a comment or of quoted text that starts here, and what fills it.
fn quiet(rest: &str, before: Option<char>) -> Option<(usize, char)> {
    let end = |close: &str, from: usize| {
        rest[from..].find(close).map_or(rest.len(), |at| from + at + close.len())
    };
    if rest.starts_with("//") {
        return Some((rest.find('\n').unwrap_or(rest.len()), ' '));
    }
    if rest.starts_with("/*") {
        return Some((end("*/", 2), ' '));
    }
    let is_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if let Some(raw) = rest.strip_prefix('r').filter(|_| !is_name) {
        let hashes = raw.bytes().take_while(|b| *b == b'#').count();
        if raw[hashes..].starts_with('"') {
            return Some((end(&format!("\"{}", "#".repeat(hashes)), hashes + 2), '_'));
        }
    }
    if rest.starts_with('"') {
        return Some((closing(rest, '"'), '_'));
    }
    // A quote that another closes; the rest are lifetimes.
    let is_char = rest.starts_with("'\\") || rest.chars().nth(2) == Some('\'');
    (rest.starts_with('\'') && is_char).then(|| (closing(rest, '\''), '_'))
}

/// Up to and with the quote that closes the one at the start.
fn closing(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// A file of tests alone, which some `#[cfg(test)] mod …;` names.
pub fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.starts_with("tests/")
}

/// Code with every `#[cfg(test)]` item blanked.
pub fn without_tests(code: &str) -> String {
    blanked(code, |code, from| code[from..].find("#[cfg(test)]").map(|at| from + at))
}

/// Code with every `mod … { }` blanked.
pub fn without_inner_modules(code: &str) -> String {
    blanked(code, |code, mut from| {
        while let Some(at) = code[from..].find("mod ").map(|at| from + at) {
            let is_word = code[..at].chars().last().is_none_or(|c| c.is_whitespace());
            let after =
                code[at + 4..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            if is_word && after.starts_with(" {") {
                return Some(at);
            }
            from = at + 4;
        }
        None
    })
}

/// Blanks items from where `starts` finds one to its closing brace or semicolon.
fn blanked(code: &str, starts: impl Fn(&str, usize) -> Option<usize>) -> String {
    let mut out = code.to_owned();
    let mut from = 0;
    while let Some(start) = starts(code, from) {
        let end = item_end(code, start);
        let blank: String =
            code[start..end].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        // Quoted text is blanked already, so what is left is one byte a character.
        if blank.len() == end - start {
            out.replace_range(start..end, &blank);
        }
        from = end;
    }
    out
}

/// The end of the item that begins at `start`: after the brace that closes its
/// first one, or after its semicolon, whichever comes first.
pub fn item_end(code: &str, start: usize) -> usize {
    let (mut braces, mut others) = (0_i32, 0_i32);
    for (at, c) in code[start..].char_indices() {
        match c {
            '{' => braces += 1,
            '}' => {
                braces -= 1;
                if braces == 0 {
                    return start + at + 1;
                }
            }
            '(' | '[' => others += 1,
            ')' | ']' => others -= 1,
            ';' if braces == 0 && others == 0 => return start + at + 1,
            _ => {}
        }
    }
    code.len()
}

/// The line, from 1, on which `at` lies.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where `word` stands as a word of its own.
pub fn places(code: &str, word: &str) -> Vec<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| !code[..*at].chars().last().is_some_and(is_part))
        .collect()
}

/// A file of the rules' own tests.
pub fn made_up(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn comments_and_quoted_text_are_no_code() {
    let seen = |text: &str| {
        let seen = code(text);
        assert_eq!(seen.len(), text.len());
        seen
    };
    assert_eq!(seen("a // b\n/* c */ d"), "a     \n        d");
    assert_eq!(seen("\"a\\\" b\" c \"\""), "\"_____\" c \"\"");
    assert_eq!(seen("r#\"a \" b\"# c"), "r________# c");
    assert_eq!(seen("'a' '\\'' &'b c"), "'_' '__' &'b c");
}

#[test]
fn tests_are_taken_out_and_what_follows_stays() {
    let seen = without_tests("a();\n#[cfg(test)]\nmod tests {\n fn b() { c() }\n}\nd();\n");
    assert_eq!(seen.split_whitespace().collect::<Vec<_>>(), ["a();", "d();"]);
    let seen = without_tests("#[cfg(test)]\nmod tests;\nd();\n");
    assert_eq!(seen.trim(), "d();");
    assert_eq!(line_of(&seen, seen.find('d').unwrap()), 3);
    assert_eq!(without_inner_modules("mod a {\n b\n}\nmod c;").trim(), "mod c;");
}
