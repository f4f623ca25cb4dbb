//! SMS, calls and e-mail through a gateway of the operator's own: one JSON
//! request per attempt.
//!
//! The contract that the gateway must keep is in `docs/PROVIDERS.md`. Nothing
//! is sent twice underneath: redirects are not followed, requests are not
//! repeated, and connections are dropped before a server would drop them.
//! Proxies of the environment are not asked: they would see every subscriber.

mod answer;
mod callback;
mod line;
mod pool;
mod transport;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue, RETRY_AFTER};
use jiff::Timestamp;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use self::answer::{Answer, Body};
pub use self::callback::{Callback, RECEIPTS_MAX};
use self::transport::{NoAnswer, Transport};
use super::kinds::{Adapter, Connected, Site, Wrong};
use super::{CallbackReader, Capabilities, Delay, Outgoing, Refusal, SendOutcome, Sender};
use crate::model::{Channel, Content};

/// A gateway that cannot be reached in this time counts as down.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A gateway, in the settings as one table of `[provider.http]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub url: String,
    /// What it carries.
    pub channels: Vec<Channel>,
    /// A file with the token for `Authorization: Bearer`.
    pub token_file: Option<PathBuf>,
    /// For the answer, once connected.
    pub timeout_ms: u32,
    /// The header that carries the attempt's key; empty for none.
    pub idempotency_header: Option<String>,
    /// It posts receipts to us. Without, acceptance is all that is ever known.
    pub receipts: bool,
    /// Files with the secrets that its postings are signed with, `whsec_…`
    /// each; more than one while they change.
    pub receipt_secret_files: Vec<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            url: String::new(),
            channels: Vec::new(),
            token_file: None,
            timeout_ms: 10_000,
            idempotency_header: Some("Idempotency-Key".to_owned()),
            receipts: false,
            receipt_secret_files: Vec::new(),
        }
    }
}

/// Sends through a gateway.
pub struct Http {
    name: String,
    channels: Vec<Channel>,
    idempotency_header: Option<HeaderName>,
    gives_receipts: bool,
    transport: Transport,
}

/// What the gateway gets.
#[derive(Serialize)]
struct Request<'a> {
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

impl Http {
    /// Checks the settings and reads the token. The gateway is not called: it
    /// may be away when the daemon starts.
    pub fn connect(name: &str, settings: &Settings) -> anyhow::Result<Http> {
        ensure!(!settings.channels.is_empty(), "channels is empty; list sms, voice or email");
        ensure!(settings.timeout_ms > 0, "timeout_ms is 0; allow some time, such as 10000");
        let url: Url = settings
            .url
            .parse()
            .context("url is none; write one such as https://gateway.example.org/send")?;
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        ensure!(
            url.scheme() == "https" || url.scheme() == "http",
            "url is neither https nor http; write one such as https://gateway.example.org/send"
        );
        ensure!(
            url.username().is_empty() && url.password().is_none(),
            "url holds a user or password; put the secret into a file and name it in token_file"
        );
        let token = settings.token_file.as_ref().map(|path| -> anyhow::Result<HeaderValue> {
            ensure!(
                url.scheme() == "https" || is_local,
                "url would send the token in clear; write https, or leave out token_file"
            );
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("could not read token_file {}", path.display()))?;
            ensure!(!text.trim().is_empty(), "token_file {} is empty", path.display());
            // The cause is dropped: it must not show what the file holds.
            let mut value =
                HeaderValue::from_str(&format!("Bearer {}", text.trim())).ok().context(format!(
                    "token_file {} holds more than one line of text",
                    path.display()
                ))?;
            value.set_sensitive(true);
            Ok(value)
        });
        let idempotency_header = settings
            .idempotency_header
            .as_deref()
            .filter(|name| !name.is_empty())
            .map(|name| name.parse::<HeaderName>())
            .transpose()
            .context("idempotency_header is no header name; write one such as Idempotency-Key")?;
        let token = token.transpose()?.map(|token| (AUTHORIZATION, token));
        let answer_for = Duration::from_millis(settings.timeout_ms.into());
        Ok(Http {
            name: name.to_owned(),
            channels: settings.channels.clone(),
            idempotency_header,
            gives_receipts: settings.receipts,
            transport: Transport::new(&url, token, answer_for.min(CONNECT_MAX), answer_for)?,
        })
    }

    /// The channels it carries.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    fn rejected(because: Refusal, what: &str) -> SendOutcome {
        SendOutcome::Rejected { because, note: format!("http: {what}") }
    }
}

/// What the subscriber gets, and where; `Err` where the two do not fit.
fn request<'a>(message: &'a Outgoing, key: &'a str) -> Result<Request<'a>, SendOutcome> {
    let to = match message.channel {
        Channel::Sms | Channel::Voice => message.to.phone.as_ref().map(|phone| phone.e164()),
        Channel::Email => message.to.email.as_ref().map(|email| email.as_str()),
    };
    let mut request = Request {
        key,
        channel: message.channel,
        to: to.ok_or_else(|| Http::rejected(Refusal::BadRecipient, "no usable address"))?,
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
    fn bytes(&self) -> usize {
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

impl Adapter for Http {
    const KIND: &'static str = "http";
    type Settings = Settings;

    fn carries(settings: &Settings) -> Vec<Channel> {
        settings.channels.clone()
    }

    fn problems(settings: &Settings, site: &Site) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if settings.receipts && !site.listens {
            let what =
                "is true, and nothing listens for them; set http.listen, such as 127.0.0.1:8470";
            wrong.push(("receipts", what.to_owned()));
        }
        if settings.receipts && settings.receipt_secret_files.is_empty() {
            let what = "is empty; name a file with the secret that the gateway signs receipts with";
            wrong.push(("receipt_secret_files", what.to_owned()));
        }
        wrong
    }

    fn connect(name: &str, settings: Settings, _: &Site) -> anyhow::Result<Connected> {
        let callbacks = Callback::open(&settings)?;
        let callbacks = callbacks.map(|read| Arc::new(read) as Arc<dyn CallbackReader>);
        let http = Arc::new(Http::connect(name, &settings)?);
        Ok(Connected { callbacks, ..Connected::sending(http) })
    }
}

#[async_trait]
impl Sender for Http {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { receipts: self.gives_receipts, ..Capabilities::default() }
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        if !self.channels.contains(&message.channel) {
            return Http::rejected(Refusal::BadContent, "the gateway does not carry the channel");
        }
        let key = message.key.to_string();
        let request = match request(message, &key) {
            Ok(request) => request,
            Err(outcome) => return outcome,
        };
        let mut body = Vec::with_capacity(request.bytes());
        if serde_json::to_writer(&mut body, &request).is_err() {
            return Http::rejected(Refusal::BadContent, "no JSON can be made of it");
        }
        let header = self.idempotency_header.clone();
        let header = header.zip(HeaderValue::try_from(key).ok());
        match self.transport.post(header, body).await {
            Ok(response) => {
                let retry_after = response.headers().get(RETRY_AFTER);
                let retry_after = retry_after.and_then(|value| value.to_str().ok());
                let answer = Answer {
                    status: response.status().as_u16(),
                    retry_after: retry_after.map(str::to_owned),
                    // One that is no JSON says nothing.
                    body: serde_json::from_slice::<Body>(response.body()).unwrap_or_default(),
                };
                answer.outcome(now)
            }
            Err(NoAnswer::NotSent) => SendOutcome::Deferred {
                because: Delay::Down,
                wait: None,
                note: "http: the gateway cannot be reached".to_owned(),
            },
            Err(NoAnswer::Late) => {
                SendOutcome::Ambiguous { note: "http: no answer in time".to_owned() }
            }
            Err(NoAnswer::Lost) => SendOutcome::Ambiguous { note: "http: no answer".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            url: "https://gateway.example.org/send".into(),
            channels: vec![Channel::Sms],
            ..Settings::default()
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Settings), field: &str) {
        let mut settings = settings();
        change(&mut settings);
        let error = format!("{:#}", Http::connect("http", &settings).err().unwrap());
        assert!(error.starts_with(field), "{error}");
    }

    #[test]
    fn a_bad_setting_is_named_with_its_mend() {
        Http::connect("http", &settings()).unwrap();
        check(|settings| settings.url = "gateway".into(), "url ");
        check(|settings| settings.url = "ftp://gateway.example.org".into(), "url ");
        check(|settings| settings.url = "https://me:secret@gateway.example.org".into(), "url ");
        check(|settings| settings.channels.clear(), "channels ");
        check(|settings| settings.timeout_ms = 0, "timeout_ms ");
        check(|settings| settings.idempotency_header = Some("a b".into()), "idempotency_header ");
        check(
            |settings| settings.token_file = Some("/nowhere".into()),
            "could not read token_file",
        );
    }

    #[test]
    fn a_token_does_not_travel_in_clear() {
        let clear = |settings: &mut Settings| {
            settings.url = "http://gateway.example.org/send".into();
            settings.token_file = Some("/nowhere".into());
        };
        check(clear, "url would send the token in clear");
    }
}
