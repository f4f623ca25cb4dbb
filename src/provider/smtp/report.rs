//! What a mail in the bounce mailbox says of a letter of ours: a delivery
//! status (RFC 3464), or a complaint (RFC 5965).
//!
//! Anybody can write to that mailbox. So only the outermost parts are looked
//! at, however deep a mail is nested, and nothing counts that does not carry
//! an attempt with our signature.

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

use super::reply::{Status, status};
use super::verp::ReturnAddress;
use crate::model::{AttemptKey, EmailAddress};

/// A report has three parts (RFC 6522).
const PARTS_MAX: usize = 8;
/// A letter has one recipient; a list behind its address may have more.
const RECIPIENTS_MAX: usize = 100;
/// Where the address that a mail came to is written down, the envelope's first.
const ADDRESSED: [&str; 4] = ["Delivered-To", "X-Original-To", "Envelope-To", "To"];

/// One report about one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub key: AttemptKey,
    pub says: Says,
    /// Whom the letter was for, where it was returned; personal data.
    pub to: Option<EmailAddress>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// It did not arrive. `is_for_good`: nor will any other at this address.
    Failed {
        is_for_good: bool,
    },
    Delivered,
    /// The recipient reported it as unwanted.
    Complaint,
    /// It is on its way, or went on to where nobody tells; or the recipient
    /// wants such letters after all.
    Nothing,
}

/// Reads a mail, or as much of its beginning as there is; `None` where it is
/// no report, or none of ours.
pub(super) fn read(mail: &[u8], returns: &ReturnAddress) -> Option<Report> {
    let whole = headers(mail)?;
    let kind = whole.content_type()?;
    let is_report = kind.ctype().eq_ignore_ascii_case("multipart")
        && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("report"));
    let boundary = kind.attribute("boundary").filter(|_| is_report)?;
    let (mut says, mut reported, mut returned) = (None, None, None);
    for part in parts(body(&whole, mail), boundary) {
        let Some(head) = headers(part) else { continue };
        match kind_of(&head).as_str() {
            "message/delivery-status" | "message/global-delivery-status" => {
                says = says.or(delivery(&text(part)?));
            }
            "message/feedback-report" => {
                let fields = fields(&text(part)?)?;
                says = says.or(feedback(&fields));
                reported = Some(fields);
            }
            "message/rfc822"
            | "message/global"
            | "text/rfc822-headers"
            | "message/global-headers" => {
                returned = headers(body(&head, part)).map(Message::into_owned)
            }
            _ => {}
        }
    }
    let says = says?;
    let addressed = ADDRESSED.iter().flat_map(|name| values(&whole, name));
    let sent_from = reported.iter().flat_map(|fields| values(fields, "Original-Mail-From"));
    let ids = returned.iter().flat_map(|letter| values(letter, "Message-ID"));
    let key = addressed
        .chain(sent_from)
        .flat_map(addresses)
        .find_map(|address| returns.key_of_address(address))
        .or_else(|| ids.flat_map(addresses).find_map(|id| returns.key_of_message_id(id)))?;
    let to = returned.iter().flat_map(|letter| values(letter, "To")).flat_map(addresses).last();
    Some(Report { key, says, to: to.and_then(EmailAddress::parse) })
}

/// What the recipients' fields say together. An address behind which there are
/// several works as long as one of them does.
fn delivery(text: &str) -> Option<Says> {
    let mut says = None;
    for block in blocks(text).take(RECIPIENTS_MAX) {
        let Some(fields) = fields(block) else { continue };
        let Some(action) = value(&fields, "Action") else { continue };
        let one = match action.to_ascii_lowercase().as_str() {
            "failed" => Says::Failed { is_for_good: status_of(&fields).is_some_and(is_for_good) },
            "delivered" => Says::Delivered,
            // Delayed: the mail server goes on trying. Relayed: handed to one
            // that tells nothing, which is no more than acceptance. Expanded:
            // to a list, each of which may still fail.
            "delayed" | "relayed" | "expanded" => Says::Nothing,
            _ => continue,
        };
        says = Some(match (says, one) {
            (None, one) => one,
            (Some(Says::Delivered), _) | (_, Says::Delivered) => Says::Delivered,
            (Some(Says::Failed { is_for_good: a }), Says::Failed { is_for_good: b }) => {
                Says::Failed { is_for_good: a && b }
            }
            (Some(Says::Failed { .. }), _) | (_, Says::Failed { .. }) => {
                Says::Failed { is_for_good: false }
            }
            (Some(says), _) => says,
        });
    }
    says
}

/// Other kinds of feedback (fraud, virus, failed authentication) are for people.
fn feedback(fields: &Message<'_>) -> Option<Says> {
    match value(fields, "Feedback-Type")?.to_ascii_lowercase().as_str() {
        "abuse" => Some(Says::Complaint),
        "not-spam" => Some(Says::Nothing),
        _ => None,
    }
}

/// `Status`, or the remote server's own where `Status` names no subject.
fn status_of(fields: &Message<'_>) -> Option<Status> {
    let given = value(fields, "Status")?.split_whitespace().next().and_then(status)?;
    if given.1 != 0 {
        return Some(given);
    }
    let words = value(fields, "Diagnostic-Code")?;
    let (kind, words) = words.split_once(';')?;
    let is_smtp = kind.trim().eq_ignore_ascii_case("smtp");
    let mut found = words.split([' ', '-', '\t']).filter(|word| !word.is_empty()).take(2);
    found.find_map(status).filter(|_| is_smtp)
}

/// Bad addresses (RFC 3463, section 3.2), save those that are about the sender
/// or say that the address is good; and mailboxes that are shut.
fn is_for_good(status: Status) -> bool {
    matches!(status, (5, 1, 0..=4 | 6 | 10) | (5, 2, 1))
}

/// The mail's or part's own headers, without looking at what they head.
fn headers(bytes: &[u8]) -> Option<Message<'_>> {
    MessageParser::new().with_mime_headers().default_header_raw().parse_headers(bytes)
}

/// What comes after the headers.
fn body<'a>(head: &Message<'_>, bytes: &'a [u8]) -> &'a [u8] {
    let end = head.headers().last().map_or(0, |last| last.offset_end() as usize);
    bytes.get(end..).unwrap_or_default().trim_ascii_start()
}

fn kind_of(head: &Message<'_>) -> String {
    let Some(kind) = head.content_type() else { return String::new() };
    format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
}

/// The parts of a multipart body; the last may lack its end.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let (mut parts, mut start, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let rest = line.strip_prefix(b"--").and_then(|it| it.strip_prefix(boundary.as_bytes()));
        let rest = rest.map(<[u8]>::trim_ascii);
        let is_end = rest == Some(b"--");
        if is_end || rest == Some(b"") {
            parts.extend(start.map(|start| &body[start..at]));
            start = (!is_end).then_some(at + line.len());
        }
        at += line.len();
        if is_end || parts.len() == PARTS_MAX {
            return parts;
        }
    }
    parts.extend(start.map(|start| &body[start..]));
    parts
}

/// A part that holds no others, out of its encoding.
fn text(part: &[u8]) -> Option<String> {
    let part = MessageParser::new().with_mime_headers().default_header_raw().parse(part)?;
    match &part.parts.first()?.body {
        PartType::Text(text) => Some(text.to_string()),
        PartType::Binary(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    }
}

/// Groups of fields, parted by empty lines.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").flat_map(|block| block.split("\n\r\n"))
}

fn fields(block: &str) -> Option<Message<'static>> {
    headers(format!("{}\n\n", block.trim()).as_bytes()).map(Message::into_owned)
}

/// The values of a header, which may stand there more than once.
fn values<'a>(message: &'a Message<'_>, name: &'a str) -> impl Iterator<Item = &'a str> {
    let is_named = move |(other, _): &(&str, &str)| other.eq_ignore_ascii_case(name);
    message.headers_raw().filter(is_named).map(|(_, value)| value.trim())
}

fn value<'a>(message: &'a Message<'_>, name: &'a str) -> Option<&'a str> {
    values(message, name).next()
}

/// What looks like an address or an id in a header.
fn addresses(value: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| c.is_whitespace() || "<>,;:\"()".contains(c);
    value.split(is_between).filter(|word| word.contains('@'))
}

#[cfg(test)]
mod tests;
