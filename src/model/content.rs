//! What a subscriber reads or hears.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Money;

/// A rendered message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Sms { text: String },
    Voice(Prompt),
    Email { subject: String, text: String, html: String },
}

impl Content {
    /// The words, for records and terminals; of a mail, the plain text.
    pub fn words(&self) -> Cow<'_, str> {
        match self {
            Content::Sms { text } | Content::Email { text, .. } => text.into(),
            Content::Voice(prompt) => prompt.words().into(),
        }
    }
}

/// What a message says, piece by piece: for providers that have templates of
/// their own and take only what goes into the gaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateFacts {
    /// Which of our templates the message was made of.
    pub template: String,
    /// By the names that our templates use, see [`FACTS`]; personal data.
    pub words: BTreeMap<&'static str, String>,
}

/// The pieces that there are, as written in the message's language.
pub const FACTS: &[&str] = &[
    "name",
    "account",
    "total",
    "due_on",
    "days_past_due",
    "bill_count",
    "operator.name",
    "operator.phone",
    "operator.pay_url",
    "operator.pay_site",
];

/// A short call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// What is said to a person.
    pub parts: Vec<Part>,
    /// What the keys do; a call without speaks and ends.
    pub menu: Option<Menu>,
    /// What is left on a machine, which others may hear: no debt, no amount.
    /// Nothing is, where this is empty.
    pub to_machine: Vec<Part>,
}

impl Prompt {
    /// What is said to a person, as one text.
    pub fn words(&self) -> String {
        in_words(&self.parts)
    }
}

/// Parts as one text.
pub fn in_words(parts: &[Part]) -> String {
    parts.iter().map(Part::words).collect()
}

/// A piece of what is said. Voices that know what an amount, a date or digits
/// are say them well; others read the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Text(String),
    Amount {
        money: Money,
        words: String,
    },
    Date {
        date: Date,
        words: String,
    },
    /// Said one by one, such as an account's number.
    Digits(String),
    /// Milliseconds of silence.
    Pause(u32),
}

impl Part {
    pub fn words(&self) -> &str {
        match self {
            Part::Text(words) | Part::Amount { words, .. } | Part::Date { words, .. } => words,
            Part::Digits(digits) => digits,
            Part::Pause(_) => " ",
        }
    }
}

/// What the keys of the telephone do once the message is said. Texts are in
/// the language of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// "Press 1 for …": said after the message, and again when nothing or a
    /// wrong key was pressed, up to [`REPEATS_MAX`] times.
    pub invitation: Vec<Part>,
    pub keys: Vec<Key>,
    /// Said where no key came.
    pub goodbye: Vec<Part>,
}

/// A message is said again this often at most.
pub const REPEATS_MAX: u32 = 2;

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// `0` to `9`.
    pub digit: char,
    pub does: Does,
    /// Said once it was pressed, before the call ends; of `Repeat`, nothing.
    pub answer: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    SendLink,
    Promise,
    Repeat,
    WrongNumber,
    OptOut,
}
