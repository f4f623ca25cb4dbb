//! What is said on the telephone, cut into typed parts.
//!
//! Templates make text, and a voice wants to know which words are an amount, a
//! date or a number. So values are marked where they are written, and the
//! rendered text is cut along the marks. They are noncharacters of Unicode:
//! [`super::name::cleaned`] takes them out of everything that comes from
//! outside, so that nobody else can write one.

use jiff::civil::Date;

use crate::model::Money;
use crate::model::content::Part;

/// Opens a mark: kind and value, [`WORDS`], the words, [`END`].
const BEGIN: char = '\u{FDD0}';
const WORDS: char = '\u{FDD1}';
const END: char = '\u{FDD2}';

/// What `{{ pause }}` is, in milliseconds.
const PAUSE_MS: u32 = 500;

pub fn amount(money: Money, words: &str) -> String {
    mark(&format!("a{} {}", money.minor, money.currency.code()), words)
}

pub fn date(date: Date, words: &str) -> String {
    mark(&format!("d{date}"), words)
}

/// An identifier: digits are said one by one, anything else is read.
pub fn identifier(text: &str) -> String {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { mark("n", text) } else { text.to_owned() }
}

pub fn pause() -> String {
    mark(&format!("p{PAUSE_MS}"), "")
}

fn mark(value: &str, words: &str) -> String {
    format!("{BEGIN}{value}{WORDS}{words}{END}")
}

/// The parts of a rendered text. A mark that a template broke, with a filter
/// say, is read as the words that it still has.
pub fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut pieces = text.split(BEGIN);
    push_text(&mut parts, pieces.next().unwrap_or_default());
    for piece in pieces {
        let (marked, after) = piece.split_once(END).unwrap_or((piece, ""));
        match marked.split_once(WORDS).and_then(|(value, words)| part(value, words)) {
            Some(part) => parts.push(part),
            None => push_text(&mut parts, marked.split_once(WORDS).map_or("", |(_, words)| words)),
        }
        push_text(&mut parts, after);
    }
    parts
}

fn part(value: &str, words: &str) -> Option<Part> {
    let kind = value.chars().next()?;
    let value = &value[kind.len_utf8()..];
    let words = words.to_owned();
    Some(match kind {
        'a' => {
            let (minor, code) = value.split_once(' ')?;
            Part::Amount { money: Money::new(minor.parse().ok()?, code.parse().ok()?), words }
        }
        'd' => Part::Date { date: value.parse().ok()?, words },
        'n' => Part::Digits(words),
        'p' => Part::Pause(value.parse().ok()?),
        _ => return None,
    })
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    // A pause is a space already.
    let text = if matches!(parts.last(), Some(Part::Pause(_))) { text.trim_start() } else { text };
    let text = text.replace([WORDS, END], "");
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(before)) => before.push_str(&text),
        _ => parts.push(Part::Text(text)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::name::cleaned;
    use crate::model::content::in_words;

    #[test]
    fn a_text_is_cut_where_its_values_are() {
        let money = Money::new(9_760, "EUR".parse().unwrap());
        let day = jiff::civil::date(2026, 3, 3);
        let text = format!(
            "You owe {}, due {}. {} Account {}, bill {}.",
            amount(money, "97.60 euros"),
            date(day, "3 March 2026"),
            pause(),
            identifier("4711"),
            identifier("INV-7"),
        );
        let text_of = |text: &str| Part::Text(text.to_owned());
        assert_eq!(
            parts(&text),
            [
                text_of("You owe "),
                Part::Amount { money, words: "97.60 euros".to_owned() },
                text_of(", due "),
                Part::Date { date: day, words: "3 March 2026".to_owned() },
                text_of(". "),
                Part::Pause(500),
                text_of("Account "),
                Part::Digits("4711".to_owned()),
                text_of(", bill INV-7."),
            ]
        );
    }

    #[test]
    fn a_mark_that_a_template_broke_is_read_as_its_words() {
        let broken = amount(Money::new(1, "EUR".parse().unwrap()), "1 cent").to_uppercase();
        assert_eq!(parts(&format!("Pay {broken} now")), [Part::Text("Pay 1 CENT now".to_owned())]);
        let cut: String = broken.chars().take(4).collect();
        assert_eq!(parts(&cut), []);
    }

    proptest! {
        #[test]
        fn whatever_is_said_no_mark_is_left_and_nobody_else_makes_one(text in any::<String>()) {
            let said = in_words(&parts(&text));
            prop_assert!(!said.contains([BEGIN, WORDS, END]));
            let clean = cleaned(&text);
            prop_assert_eq!(in_words(&parts(&clean)), clean);
        }
    }
}
