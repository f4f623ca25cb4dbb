//! Texts with placeholders: `{name}` stands for what the message has.
//!
//! A placeholder whose value is empty stops the message, so that nobody gets
//! half of one; `{name?}` says that it may be. What stands in a text is never
//! read again: values go where the gaps are, and are escaped by whoever asks.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{Channel, Content};
use crate::provider::Outgoing;

/// What a placeholder may stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    Key,
    Channel,
    To,
    ToDigits,
    Name,
    Language,
    Text,
    Script,
    Subject,
    Html,
    ExpiresAt,
    ExpiresAtUnix,
    ExpiresInS,
    ExpiresInMs,
    ExpiresInMin,
    CallbackUrl,
    /// One of the setting `secret_files`.
    Secret(String),
}

const SLOTS: &[(&str, Slot)] = &[
    ("key", Slot::Key),
    ("channel", Slot::Channel),
    ("to", Slot::To),
    ("to_digits", Slot::ToDigits),
    ("name", Slot::Name),
    ("language", Slot::Language),
    ("text", Slot::Text),
    ("script", Slot::Script),
    ("subject", Slot::Subject),
    ("html", Slot::Html),
    ("expires_at", Slot::ExpiresAt),
    ("expires_at_unix", Slot::ExpiresAtUnix),
    ("expires_in_s", Slot::ExpiresInS),
    ("expires_in_ms", Slot::ExpiresInMs),
    ("expires_in_min", Slot::ExpiresInMin),
    ("callback_url", Slot::CallbackUrl),
];

const SECRET: &str = "secret.";

impl Slot {
    fn find(name: &str) -> Option<Slot> {
        if let Some(secret) = name.strip_prefix(SECRET) {
            return Some(Slot::Secret(secret.to_owned()));
        }
        SLOTS.iter().find(|(known, _)| *known == name).map(|(_, slot)| slot.clone())
    }

    /// Whether messages of the channel have it at all.
    pub fn is_of(&self, channel: Channel) -> bool {
        match self {
            Slot::Text => channel != Channel::Voice,
            Slot::Script => channel == Channel::Voice,
            Slot::Subject | Slot::Html => channel == Channel::Email,
            Slot::ToDigits => channel != Channel::Email,
            _ => true,
        }
    }

    /// Whether it says until when the message is good.
    pub fn is_expiry(&self) -> bool {
        matches!(self, Slot::ExpiresAt) || self.is_number()
    }

    fn is_number(&self) -> bool {
        matches!(
            self,
            Slot::ExpiresAtUnix | Slot::ExpiresInS | Slot::ExpiresInMs | Slot::ExpiresInMin
        )
    }
}

/// What the gaps are filled with, for one message.
pub struct Values<'a> {
    pub message: &'a Outgoing,
    pub key: &'a str,
    /// The number or the address of the message's channel.
    pub to: &'a str,
    pub now: Timestamp,
    pub expires_at: Timestamp,
    pub callback_url: &'a str,
    pub secrets: &'a BTreeMap<String, String>,
}

impl Values<'_> {
    fn of(&self, slot: &Slot) -> Cow<'_, str> {
        let content = &self.message.content;
        match slot {
            Slot::Key => self.key.into(),
            Slot::Channel => self.message.channel.as_str().into(),
            Slot::To => self.to.into(),
            Slot::ToDigits => self.to.trim_start_matches('+').into(),
            Slot::Name => self.message.name.as_str().into(),
            Slot::Language => self.message.language.as_str().into(),
            Slot::CallbackUrl => self.callback_url.into(),
            Slot::Secret(name) => self.secrets.get(name).map_or("", String::as_str).into(),
            Slot::ExpiresAt => self.expires_at.to_string().into(),
            slot if slot.is_number() => self.number(slot).to_string().into(),
            slot => match (slot, content) {
                (Slot::Text, Content::Sms { text } | Content::Email { text, .. }) => text.into(),
                (Slot::Script, Content::Voice(_)) => content.words(),
                (Slot::Subject, Content::Email { subject, .. }) => subject.into(),
                (Slot::Html, Content::Email { html, .. }) => html.into(),
                _ => "".into(),
            },
        }
    }

    fn number(&self, slot: &Slot) -> i64 {
        const MINUTE_S: i64 = 60;
        let seconds = self.expires_at.duration_since(self.now).as_secs();
        match slot {
            Slot::ExpiresAtUnix => self.expires_at.as_second(),
            Slot::ExpiresInMs => seconds.saturating_mul(1_000),
            Slot::ExpiresInMin => seconds / MINUTE_S,
            _ => seconds,
        }
    }
}

/// A text with gaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Gap { name: String, slot: Slot, may_be_empty: bool },
}

impl Template {
    /// Reads `{…}` as gaps; `{{` and `}}` are braces.
    ///
    /// # Errors
    /// What is wrong, and how to mend it.
    pub fn parse(text: &str) -> Result<Template, String> {
        let (mut pieces, mut plain) = (Vec::new(), String::new());
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, found) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = found.strip_prefix("{{").or_else(|| found.strip_prefix("}}")) {
                plain.push_str(&found[..1]);
                rest = after;
                continue;
            }
            let inside = found.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let Some((name, after)) = inside else {
                return Err(
                    "has a brace that is alone; write {{ or }} for one that is meant".into()
                );
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(gap(name)?);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Template(pieces))
    }

    /// What stands in its gaps, and whether each may be empty.
    pub fn slots(&self) -> impl Iterator<Item = (&Slot, bool)> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Gap { slot, may_be_empty, .. } => Some((slot, *may_be_empty)),
            Piece::Text(_) => None,
        })
    }

    /// The text with its gaps filled, each value through `escape`; `None`
    /// where nothing is left of it because a gap that may be empty is.
    ///
    /// # Errors
    /// The name of a gap that is empty and may not be.
    pub fn fill(
        &self,
        values: &Values<'_>,
        escape: impl Fn(&str, &mut String),
    ) -> Result<Option<String>, &str> {
        let mut text = String::new();
        let mut is_left_open = false;
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Gap { name, slot, may_be_empty } => {
                    let value = values.of(slot);
                    match (value.trim().is_empty(), may_be_empty) {
                        (false, _) => escape(&value, &mut text),
                        (true, true) => is_left_open = true,
                        (true, false) => return Err(name),
                    }
                }
            }
        }
        Ok((!text.is_empty() || !is_left_open).then_some(text))
    }

    /// The number that it is, where it is one gap that holds a number.
    pub fn number(&self, values: &Values<'_>) -> Option<i64> {
        match self.0.as_slice() {
            [Piece::Gap { slot, .. }] if slot.is_number() => Some(values.number(slot)),
            _ => None,
        }
    }
}

fn gap(inside: &str) -> Result<Piece, String> {
    let name = inside.strip_suffix('?');
    let (name, may_be_empty) = (name.unwrap_or(inside), name.is_some());
    let Some(slot) = Slot::find(name) else {
        let names: Vec<&str> = SLOTS.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "there is no {{{name}}}; write one of {}, or {SECRET} and a name of secret_files; \
             {{{{ for a brace",
            names.join(", ")
        ));
    };
    Ok(Piece::Gap { name: name.to_owned(), slot, may_be_empty })
}

/// As it is.
pub fn plain(value: &str, out: &mut String) {
    out.push_str(value);
}

/// Nothing but letters, digits and `-._~` as they are (RFC 3986 section 2.3).
pub fn percent(value: &str, out: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str, text: &str) -> Outgoing {
        Outgoing::sms(name, text, "2026-03-01T12:10:30Z")
    }

    fn filled(template: &str, message: &Outgoing) -> Result<Option<String>, String> {
        let secrets = BTreeMap::from([("a".to_owned(), "s3cret".to_owned())]);
        let values = Values {
            message,
            key: "k.2",
            to: "+4915123456789",
            now: "2026-03-01T12:00:00Z".parse().unwrap(),
            expires_at: message.expires_at,
            callback_url: "",
            secrets: &secrets,
        };
        let template = Template::parse(template).unwrap();
        template.fill(&values, plain).map_err(str::to_owned)
    }

    #[track_caller]
    fn check(template: &str, expected: &str) {
        let message = message("Zoë", "Offen: {to} 1 €");
        assert_eq!(filled(template, &message), Ok(Some(expected.to_owned())), "{template}");
    }

    #[test]
    fn gaps_are_filled_and_values_are_not_read_again() {
        check("{key}/{channel} {to} {to_digits}", "k.2/sms +4915123456789 4915123456789");
        check("{text} an {name}!", "Offen: {to} 1 € an Zoë!");
        check("Basic {secret.a}", "Basic s3cret");
        check("{{to}} }}{{", "{to} }{");
        check("", "");
        check("{subject?}x{html?}", "x");
    }

    #[test]
    fn how_long_a_message_is_good_can_be_said_in_five_ways() {
        check("{expires_at}", "2026-03-01T12:10:30Z");
        check("{expires_at_unix}", "1772367030");
        check("{expires_in_s} {expires_in_ms} {expires_in_min}", "630 630000 10");
    }

    #[test]
    fn an_empty_value_stops_the_message_unless_it_may_be_empty() {
        let blank = message("  ", "x");
        assert_eq!(filled("Dear {name}", &blank), Err("name".to_owned()));
        assert_eq!(filled("{subject}", &blank), Err("subject".to_owned()));
        assert_eq!(filled("Dear {name?}", &blank), Ok(Some("Dear ".to_owned())));
        assert_eq!(filled("{name?}", &blank), Ok(None));
    }

    #[test]
    fn a_placeholder_that_there_is_not_is_named_with_those_that_there_are() {
        for (text, what) in [
            ("{tu}", "there is no {tu}; write one of key, channel, to,"),
            ("{TO}", "there is no {TO}"),
            ("{ to }", "there is no { to }"),
            ("{}", "there is no {}"),
            ("{to", "a brace that is alone"),
            ("to}", "a brace that is alone"),
            ("{{{to}}", "a brace that is alone"),
        ] {
            let error = Template::parse(text).unwrap_err();
            assert!(error.contains(what), "{text}: {error}");
        }
    }

    #[test]
    fn in_a_url_a_value_stays_within_its_place() {
        let mut out = String::new();
        percent("a/../b?c=d&e#f ü+%", &mut out);
        assert_eq!(out, "a%2F..%2Fb%3Fc%3Dd%26e%23f%20%C3%BC%2B%25");
    }
}
