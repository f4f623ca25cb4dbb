//! A message as a letter: headers, plain text and HTML (RFC 5322, RFC 2045).
//!
//! Names and subjects come from billing data and templates. A line break in
//! them must not become a header of its own, so control characters are gone
//! before lettre encodes the rest.

use std::time::SystemTime;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use lettre::address::{Address, Envelope};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use super::{ReturnAddress, Settings};
use crate::model::{Channel, Content};
use crate::provider::{Outgoing, Refusal, SendOutcome};

/// What all letters have in common.
pub(super) struct Letterhead {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    unsubscribe: Option<Address>,
    return_address: Option<ReturnAddress>,
}

/// A letter ready to be carried.
pub(super) struct Letter {
    /// Whom the mail server tells of a bounce.
    pub from: Address,
    pub to: Address,
    pub bytes: Vec<u8>,
    /// Such an address can only be told to a server with SMTPUTF8 (RFC 6531).
    pub has_unicode_address: bool,
}

/// Why no letter can be made of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unwritable {
    NoAddress,
    NoMail,
}

impl Unwritable {
    pub fn outcome(self) -> SendOutcome {
        let (because, note) = match self {
            Unwritable::NoAddress => (Refusal::BadRecipient, "smtp: no usable address"),
            Unwritable::NoMail => (Refusal::BadContent, "smtp: the content is no e-mail"),
        };
        SendOutcome::Rejected { because, note: note.to_owned() }
    }
}

impl Letterhead {
    pub fn new(settings: &Settings) -> anyhow::Result<Letterhead> {
        let reply_to = settings.reply_to.as_deref().map(|text| mailbox(text, "reply_to"));
        let unsubscribe = settings.unsubscribe.as_deref().map(|text| -> anyhow::Result<Address> {
            // The address becomes part of a mailto URI, where other
            // characters would need an encoding of their own.
            let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_+@".contains(c);
            let address = text.parse().ok().filter(|_| text.chars().all(is_plain));
            address.context("unsubscribe is no plain address; write one such as stop@example.org")
        });
        Ok(Letterhead {
            from: mailbox(&settings.from, "from")?,
            reply_to: reply_to.transpose()?,
            unsubscribe: unsubscribe.transpose()?,
            return_address: ReturnAddress::open(settings)?,
        })
    }

    /// The letter for one attempt, dated `now`.
    pub fn write(&self, message: &Outgoing, now: Timestamp) -> Result<Letter, Unwritable> {
        let (Channel::Email, Content::Email { subject, text, html }) =
            (message.channel, &message.content)
        else {
            return Err(Unwritable::NoMail);
        };
        let to = message.to.email.as_ref().ok_or(Unwritable::NoAddress)?;
        let to: Address = to.as_str().parse().map_err(|_| Unwritable::NoAddress)?;
        let name = one_line(&message.name);
        let name = (!name.is_empty()).then_some(name);
        let key = message.key;
        let (from, id) = match &self.return_address {
            Some(returns) => (returns.of(key), returns.message_id(key)),
            None => (self.from.email.clone(), key.to_string()),
        };
        let envelope = Envelope::new(Some(from.clone()), vec![to.clone()])
            .map_err(|_| Unwritable::NoAddress)?;

        let mut builder = lettre::Message::builder()
            .envelope(envelope)
            .from(self.from.clone())
            .to(Mailbox::new(name, to.clone()))
            .subject(one_line(subject))
            .date(SystemTime::from(now))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            // Out-of-office replies would go to a person who owes money an
            // answer they did not ask for (RFC 3834; the second is Exchange's).
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let mailbox = self.unsubscribe.as_ref().map(Address::to_string);
        for (name, value) in message.unsubscribe(mailbox.as_deref()) {
            builder = builder.raw_header(header(name, &value));
        }
        let body = MultiPart::alternative_plain_html(text.clone(), html.clone());
        let letter = builder.multipart(body).map_err(|_| Unwritable::NoMail)?;
        let has_unicode_address = !to.to_string().is_ascii();
        Ok(Letter { from, to, bytes: letter.formatted(), has_unicode_address })
    }
}

/// A header of ours, plain ASCII without line breaks.
fn header(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}

/// Reads `Name <address>` or a bare address.
fn mailbox(text: &str, field: &str) -> anyhow::Result<Mailbox> {
    let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<'))
    {
        Some((name, address)) => (one_line(name.trim().trim_matches('"')), address),
        None => (String::new(), text.trim()),
    };
    let mend = format!("{field} is no mailbox; write one such as Netz AG <rechnung@example.org>");
    let address: Address = address.parse().ok().context(mend)?;
    ensure!(
        address.to_string().is_ascii(),
        "{field} is not plain ASCII; write its domain in the xn-- form"
    );
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// Control characters and line separators become spaces.
fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.split(is_break).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttemptKey, Contacts, EmailAddress};

    const KEY: &str = "00000000000000000000000000000000.2";

    fn outgoing(name: &str, subject: &str) -> Outgoing {
        Outgoing {
            key: KEY.parse::<AttemptKey>().unwrap(),
            channel: Channel::Email,
            to: Contacts { email: EmailAddress::parse("zoe@example.net"), ..Contacts::default() },
            name: name.to_owned(),
            language: "de".to_owned(),
            content: Content::Email {
                subject: subject.to_owned(),
                text: "Offen: 1.234,50 €".to_owned(),
                html: "<p>Offen: <b>1.234,50 €</b></p>".to_owned(),
            },
            facts: None,
            expires_at: Timestamp::from_second(1_772_400_000).unwrap(),
            stop_url: None,
        }
    }

    fn written(name: &str, subject: &str) -> Vec<u8> {
        let settings = Settings {
            from: "Müller & Söhne Inc. <bill@example.org>".to_owned(),
            unsubscribe: Some("stop@example.org".to_owned()),
            ..Settings::default()
        };
        let letterhead = Letterhead::new(&settings).unwrap();
        let now = Timestamp::from_second(1_772_366_400).unwrap();
        letterhead.write(&outgoing(name, subject), now).unwrap().bytes
    }

    #[test]
    fn a_name_or_subject_cannot_add_a_header() {
        let evil = "a\r\nBcc: victim@example.net\r\n\r\nbody";
        let bytes = written(evil, evil);
        let mail = mail_parser::MessageParser::default().parse(&bytes).unwrap();
        assert!(mail.bcc().is_none());
        assert_eq!(mail.to().unwrap().iter().count(), 1);
        assert_eq!(mail.to().unwrap().first().unwrap().address(), Some("zoe@example.net"));
        assert_eq!(mail.subject(), Some("a Bcc: victim@example.net body"));
        assert_eq!(mail.headers().iter().filter(|header| header.name() == "Subject").count(), 1);
    }

    #[test]
    fn names_that_look_like_addresses_stay_names() {
        for name in
            ["Zoë Müller", "王小明", "\"O'Neil\", Jr. <x@y.z>", "a, b", "Ωμέγα ".repeat(20).trim()]
        {
            let bytes = written(name, "s");
            let mail = mail_parser::MessageParser::default().parse(&bytes).unwrap();
            let to = mail.to().unwrap().first().unwrap();
            assert_eq!((to.name(), to.address()), (Some(name), Some("zoe@example.net")));
        }
    }

    #[test]
    fn a_mail_program_may_stop_mails_with_one_click() {
        let settings = Settings { from: "bill@example.org".to_owned(), ..Settings::default() };
        let letterhead = Letterhead::new(&settings).unwrap();
        let url = "https://reminders.example.net/p/AaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAa";
        let header = |stop_url: Option<&str>, name: &str| {
            let message =
                Outgoing { stop_url: stop_url.map(str::to_owned), ..outgoing("Zoë", "s") };
            let bytes = letterhead.write(&message, Timestamp::UNIX_EPOCH).unwrap().bytes;
            let mail = mail_parser::MessageParser::default().parse(&bytes).unwrap();
            mail.header_raw(name).map(|it| it.trim().to_owned())
        };
        assert_eq!(header(Some(url), "List-Unsubscribe"), Some(format!("<{url}>")));
        let post = header(Some(url), "List-Unsubscribe-Post");
        assert_eq!(post.as_deref(), Some("List-Unsubscribe=One-Click"));
        for name in ["List-Unsubscribe", "List-Unsubscribe-Post"] {
            assert_eq!(header(None, name), None);
        }
    }

    #[test]
    fn a_letter_is_dated_by_the_caller_and_named_by_its_attempt() {
        let bytes = written("Zoë", "Rechnung über 1.234,50 €");
        assert!(bytes.is_ascii());
        let mail = mail_parser::MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(mail.message_id(), Some(format!("{KEY}@example.org").as_str()));
        assert_eq!(mail.date().unwrap().to_timestamp(), 1_772_366_400);
        assert_eq!(mail.from().unwrap().first().unwrap().name(), Some("Müller & Söhne Inc."));
        assert_eq!(mail.subject(), Some("Rechnung über 1.234,50 €"));
        let unsubscribe = format!("<mailto:stop@example.org?subject=unsubscribe%20{KEY}>");
        assert!(String::from_utf8(bytes.clone()).unwrap().contains(&unsubscribe));
    }
}
