//! What another API's answer means, as the settings say it.
//!
//! Nothing counts as accepted unless the settings' condition holds, whatever
//! the status: many APIs say 200 and refuse in the body. What the settings do
//! not say is judged as of a gateway that speaks no contract, and where that
//! would be a guess the outcome is ambiguous: looked after, never sent twice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Answer;
use super::pointer::{self, Pointer};
use crate::provider::api::{is_code, is_reference, wait_for};
use crate::provider::kinds::Wrong;
use crate::provider::{Delay, NEW_TO_US, Refusal, SendOutcome, our_account};

/// Stands where a pointer would, for an answer that is plain text.
const TEXT: &str = "text";
/// `[provider.NAME.answer]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The statuses that may mean acceptance; all of 2xx where empty.
    pub statuses: BTreeSet<u16>,
    /// What the body must say besides.
    pub accepted_when: Option<Condition>,
    /// Where the provider's reference lies.
    pub id: Option<String>,
    /// Where a code lies, or `text`.
    pub error: Option<String>,
    /// What the codes mean.
    pub errors: BTreeMap<String, Class>,
}

/// Everything that lies at a place is one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// A JSON pointer, or `text` for the first word of the body.
    pub at: String,
    pub is: Vec<String>,
}

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    BadRecipient,
    OptedOut,
    BadContent,
    OurAccount,
    Throttled,
    Down,
}

#[derive(Debug)]
enum Where {
    Json(Pointer),
    Text,
}

impl Where {
    fn parse(text: &str) -> Result<Where, String> {
        if text == TEXT { Ok(Where::Text) } else { Pointer::parse(text).map(Where::Json) }
    }

    /// What lies there, as text; `None` for each that is not there.
    fn read(&self, body: &[u8], json: &Value) -> Vec<Option<String>> {
        match self {
            Where::Json(pointer) => {
                let found = pointer.all(json).into_iter();
                found.map(|value| value.and_then(pointer::text)).collect()
            }
            Where::Text => words(body).map(Some).collect(),
        }
    }
}

/// The words of a text: letters, digits, `_`, `-` and what lies between.
fn words(body: &[u8]) -> impl Iterator<Item = String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let text = String::from_utf8_lossy(body).into_owned();
    let words: Vec<String> =
        text.split(|c| !is_part(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.into_iter()
}

/// A mapping that was read.
#[derive(Debug)]
pub struct Mapping {
    statuses: BTreeSet<u16>,
    accepted_when: Option<(Where, Vec<String>)>,
    id: Option<Pointer>,
    error: Option<Where>,
    errors: BTreeMap<String, Class>,
}

/// Whether the condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Wholly,
    /// For some parts of a message and not for others.
    InPart,
    Not,
}

/// An answer as it came.
pub struct Raw<'a> {
    pub status: u16,
    pub retry_after: Option<&'a str>,
    pub body: &'a [u8],
    /// A page, or no text.
    pub is_foreign: bool,
}

impl Mapping {
    /// # Errors
    /// All that is wrong, by key.
    pub fn read(settings: &Settings) -> Result<Mapping, Vec<Wrong>> {
        let mut wrong: Vec<Wrong> = Vec::new();
        let mut refuse = |key, what| wrong.push((key, what));
        let accepted_when = settings.accepted_when.as_ref().and_then(|condition| {
            if condition.is.is_empty() {
                refuse("answer.accepted_when", "is = []: name what it says then".to_owned());
            }
            let at = Where::parse(&condition.at);
            let at = at.map_err(|what| refuse("answer.accepted_when", format!("at = {what}")));
            Some((at.ok()?, condition.is.clone()))
        });
        let id = settings.id.as_deref().and_then(|text| {
            Pointer::parse(text).map_err(|what| refuse("answer.id", format!("= {what}"))).ok()
        });
        let error = settings.error.as_deref().and_then(|text| {
            Where::parse(text).map_err(|what| refuse("answer.error", format!("= {what}"))).ok()
        });
        if settings.error.is_none() && !settings.errors.is_empty() {
            let what = "say what codes mean, and error does not say where one lies; set it";
            refuse("answer.errors", what.to_owned());
        }
        for status in &settings.statuses {
            if !(200..=299).contains(status) {
                let what = format!("has {status}; only statuses from 200 to 299 say yes");
                refuse("answer.statuses", what);
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let statuses = settings.statuses.clone();
        Ok(Mapping { statuses, accepted_when, id, error, errors: settings.errors.clone() })
    }

    /// Whether a code stands in no table, though there is one.
    fn is_new(&self, code: &str) -> bool {
        let is_yes = |(_, is): &(Where, Vec<String>)| is.iter().any(|word| word == code);
        !self.errors.is_empty() && is_code(code) && !self.accepted_when.as_ref().is_some_and(is_yes)
    }

    /// What is true after this answer.
    pub fn outcome(&self, raw: &Raw<'_>, now: Timestamp) -> SendOutcome {
        // Text that is no JSON has nothing in it that a pointer could find.
        let json: Option<Value> = serde_json::from_slice(raw.body).ok();
        let is_foreign =
            raw.is_foreign || (self.reads_json() && json.is_none() && !raw.body.is_empty());
        let json = json.unwrap_or_default();
        let (code, class) = self.code(raw.body, &json);
        let code = match class {
            None => code.map(|code| if self.is_new(&code) { code + NEW_TO_US } else { code }),
            Some(_) => code,
        };
        let note = match &code {
            Some(code) => format!("http {} {code}", raw.status),
            None => format!("http {}", raw.status),
        };
        let is_good_status = (200..=299).contains(&raw.status)
            && (self.statuses.is_empty() || self.statuses.contains(&raw.status));
        let holds = self.accepted_when.as_ref().map(|(at, is)| holds(at, is, raw.body, &json));
        // Where nothing else is said, an error that is named is none of yes,
        // and neither is what another answers in its place.
        let is_bare_yes = code.is_none() && class.is_none() && !is_foreign;
        let is_yes = holds.map_or(is_bare_yes, |it| it == Holds::Wholly);
        if is_good_status && is_yes {
            let id = self.id.as_ref().and_then(|pointer| pointer.text(&json));
            return SendOutcome::Accepted { provider_ref: id.filter(|id| is_reference(id)) };
        }
        match class {
            // A part is on its way: another attempt would send it twice.
            _ if holds == Some(Holds::InPart) => SendOutcome::Ambiguous { note },
            Some(class) => class.outcome(note, raw, now),
            None if (200..=299).contains(&raw.status) => SendOutcome::Ambiguous { note },
            None => {
                let retry_after = raw.retry_after.map(str::to_owned);
                let answer = Answer { status: raw.status, retry_after, ..Answer::default() };
                with_code(answer.outcome(now), code.as_deref())
            }
        }
    }

    fn reads_json(&self) -> bool {
        self.id.is_some() || matches!(self.error, Some(Where::Json(_)))
    }

    /// The code that the answer names, as far as it may be told, and what it
    /// means.
    fn code(&self, body: &[u8], json: &Value) -> (Option<String>, Option<Class>) {
        let Some(error) = &self.error else { return (None, None) };
        let found: Vec<String> = error.read(body, json).into_iter().flatten().collect();
        let known = found.iter().find_map(|code| Some((code.clone(), *self.errors.get(code)?)));
        if let Some((code, class)) = known {
            return (Some(code).filter(|code| is_code(code)), Some(class));
        }
        // Of a text nobody knows which word would be the code.
        if matches!(error, Where::Text) {
            return (None, None);
        }
        let said = found.into_iter().find(|code| !code.is_empty() && code != "null");
        (said.map(|code| if is_code(&code) { code } else { "?".to_owned() }), None)
    }
}

fn holds(at: &Where, is: &[String], body: &[u8], json: &Value) -> Holds {
    let mut found = at.read(body, json);
    if matches!(at, Where::Text) {
        found.truncate(1);
    }
    let fits = found.iter().flatten().filter(|said| is.contains(said)).count();
    match fits {
        0 => Holds::Not,
        fits if fits == found.len() => Holds::Wholly,
        _ => Holds::InPart,
    }
}

fn with_code(outcome: SendOutcome, code: Option<&str>) -> SendOutcome {
    let with = |note: String| code.map_or(note.clone(), |code| format!("{note} {code}"));
    match outcome {
        SendOutcome::Rejected { because, note } => {
            SendOutcome::Rejected { because, note: with(note) }
        }
        SendOutcome::Deferred { because, wait, note } => {
            SendOutcome::Deferred { because, wait, note: with(note) }
        }
        SendOutcome::Ambiguous { note } => SendOutcome::Ambiguous { note: with(note) },
        accepted => accepted,
    }
}

impl Class {
    fn outcome(self, note: String, raw: &Raw<'_>, now: Timestamp) -> SendOutcome {
        let rejected = |because, note| SendOutcome::Rejected { because, note };
        let wait = raw.retry_after.and_then(|text| wait_for(text, now));
        let deferred = |because, note| SendOutcome::Deferred { because, wait, note };
        match self {
            Class::BadRecipient => rejected(Refusal::BadRecipient, note),
            Class::OptedOut => rejected(Refusal::OptedOut, note),
            Class::BadContent => rejected(Refusal::BadContent, note),
            Class::OurAccount => deferred(Delay::Down, our_account(&note)),
            Class::Throttled => deferred(Delay::Throttled, note),
            Class::Down => deferred(Delay::Down, note),
        }
    }
}

#[cfg(test)]
mod tests;
