//! What is wrong with the manner of a message: words that sell or threaten,
//! shouting, links that look like a fraud's. Findings warn and stop nothing.
//!
//! Read off the templates themselves, so that each has its line, and off the
//! operator's notes and links.

mod literal;
pub mod size;
pub mod words;

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::{Messages, Operator};
use literal::{literal, without_code};
use words::{Kind, Words};

/// Words in capitals of this length are shouted, and of two in a row those of
/// [`PAIR_LETTERS_MIN`].
const SHOUT_LETTERS_MIN: usize = 4;
const PAIR_LETTERS_MIN: usize = 2;

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Path below the directory of templates, or the key of the settings.
    pub place: String,
    /// `None` in the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What stands there.
    pub word: String,
    /// Why it is a finding, and what to do.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { place, line, word, what } = self;
        let line = line.map_or(String::new(), |line| format!(":{line}"));
        // As it is read: escapes would make a riddle of accents and vowel signs.
        write!(f, "{place}{line}: \"{word}\" {what}")
    }
}

impl Messages {
    /// Everything to look at, in the templates and in what the operator says.
    pub fn lint(&self, operator: &Operator) -> Vec<Finding> {
        let mut found = BTreeSet::new();
        for (file, template) in self.templates.templates() {
            let language = file.split_once('/').map_or("", |(language, _)| language);
            let (code, text) = (without_code(template.source()), literal(file, template.source()));
            let mut look = self.look(file, true, &mut found);
            look.manner(&text, language);
            look.shorteners(&code);
            if file.ends_with("/sms.txt") {
                look.one_link(&code, template.source().contains("operator.pay_url"));
            }
        }
        for (block, language, text) in operator.content.texts() {
            let place = format!("operator.content.{block}.{language}");
            let mut look = self.look(&place, false, &mut found);
            look.manner(text, language);
            look.shorteners(text);
        }
        self.look("operator.pay_url", false, &mut found).shorteners(&operator.pay_url);
        found.into_iter().collect()
    }

    fn look<'a>(
        &'a self,
        place: &'a str,
        has_lines: bool,
        found: &'a mut BTreeSet<Finding>,
    ) -> Look<'a> {
        Look { words: &self.words, place, has_lines, found }
    }
}

/// A look at one text.
struct Look<'a> {
    words: &'a Words,
    place: &'a str,
    /// Settings have none that could be told.
    has_lines: bool,
    found: &'a mut BTreeSet<Finding>,
}

impl Look<'_> {
    fn add(&mut self, line: usize, word: &str, what: String) {
        let line = Some(line).filter(|_| self.has_lines);
        let (place, word) = (self.place.to_owned(), word.to_owned());
        self.found.insert(Finding { place, line, word, what });
    }

    /// What sells, what threatens, and what is loud.
    fn manner(&mut self, text: &str, language: &str) {
        let mut marks = 0;
        for (line, text) in (1..).zip(text.lines()) {
            for (word, kind, source) in self.words.found(text, language) {
                let what = match kind {
                    Kind::Marketing => "sells, and a reminder must not; take it out",
                    Kind::Threat => "presses or threatens; say calmly what may happen and when",
                };
                self.add(line, word, format!("{what} ({source})"));
            }
            for word in shouted(text, self.words) {
                self.add(line, &word, "is shouted; write it in small letters".to_owned());
            }
            let here = text.chars().filter(|letter| matches!(letter, '!' | '！')).count();
            if here > 0 && marks + here > 1 {
                self.add(line, "!", "stands there more than once; one is loud enough".into());
            }
            marks += here;
        }
    }

    fn shorteners(&mut self, text: &str) {
        for (line, text) in (1..).zip(text.lines()) {
            let hosts = text.split(is_no_link).map(host).map(str::to_ascii_lowercase);
            let is_short = |host: &String| self.words.shorteners.hosts.contains(host);
            for host in hosts.filter(is_short).collect::<Vec<_>>() {
                let source = &self.words.shorteners.source;
                let what =
                    format!("shortens links, and looks like a fraud's; write your own ({source})");
                self.add(line, &host, what);
            }
        }
    }

    /// The link to pay is the one, and the subscriber's own page is there to
    /// answer.
    fn one_link(&mut self, code: &str, mut has_one: bool) {
        for (line, text) in (1..).zip(code.lines()) {
            for word in text.split(is_no_link).filter(|word| is_link(word)) {
                if has_one {
                    let what = "is one link more than the one to pay; put it on your page";
                    self.add(line, word, what.to_owned());
                }
                has_one = true;
            }
        }
    }
}

/// What parts links from the words around them.
fn is_no_link(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '"' | '\'' | '<' | '>' | '(' | ')' | ',')
}

fn is_link(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.contains("http://") || word.contains("https://") || word.starts_with("www.")
}

fn host(word: &str) -> &str {
    let rest = word.split_once("://").map_or(word, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or(rest);
    host.trim_start_matches("www.").trim_end_matches('.')
}

/// Words in capitals, where the script has any.
fn shouted(line: &str, words: &Words) -> Vec<String> {
    let mut shouted = Vec::new();
    let mut before: Option<&str> = None;
    for word in line.split(|it: char| !it.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let is_large = word.chars().all(char::is_uppercase) && !words.may_be_large(word);
        let letters = word.chars().count();
        if is_large && letters >= SHOUT_LETTERS_MIN {
            shouted.push(word.to_owned());
        } else if is_large && letters >= PAIR_LETTERS_MIN {
            shouted.extend(before.map(|before| format!("{before} {word}")));
        }
        before = (is_large && letters >= PAIR_LETTERS_MIN).then_some(word);
    }
    shouted
}

#[cfg(test)]
mod tests;
