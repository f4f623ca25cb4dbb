//! The contract of our own: one JSON request, as `docs/PROVIDERS.md` has it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

use super::{Http, address};
use crate::model::{Channel, Content};
use crate::provider::{Outgoing, Refusal, SendOutcome};

/// What the gateway gets.
#[derive(Serialize)]
pub struct Request<'a> {
    key: &'a str,
    channel: Channel,
    to: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    language: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<Cow<'a, str>>,
    expires_at: Timestamp,
}

/// What the subscriber gets, and where; `Err` where the two do not fit.
pub fn request<'a>(message: &'a Outgoing, key: &'a str) -> Result<Request<'a>, SendOutcome> {
    let mut request = Request {
        key,
        channel: message.channel,
        to: address(message)?,
        name: &message.name,
        language: &message.language,
        subject: None,
        text: None,
        html: None,
        script: None,
        expires_at: message.expires_at,
    };
    match (message.channel, &message.content) {
        (Channel::Sms, Content::Sms { text }) => request.text = Some(text),
        (Channel::Voice, Content::Voice(_)) => request.script = Some(message.content.words()),
        (Channel::Email, Content::Email { subject, text, html }) => {
            request.subject = Some(subject);
            request.text = Some(text);
            request.html = Some(html);
        }
        _ => return Err(Http::rejected(Refusal::BadContent, "content of another channel")),
    }
    Ok(request)
}

impl Request<'_> {
    /// Room for it as JSON, unless much of it is to be escaped.
    pub fn bytes(&self) -> usize {
        const AROUND: usize = 256;
        let words = [
            Some(self.to),
            Some(self.name),
            self.subject,
            self.text,
            self.html,
            self.script.as_deref(),
        ];
        words.into_iter().flatten().map(str::len).sum::<usize>() + AROUND
    }
}
