//! SMS, calls and e-mail through a gateway of the operator's own: one JSON
//! request per attempt.
//!
//! The contract that the gateway must keep is in `docs/PROVIDERS.md`. Nothing
//! is sent twice underneath: redirects are not followed, requests are not
//! repeated, and connections are dropped before a server would drop them.

mod answer;
mod callback;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, Url};
use serde::{Deserialize, Serialize};

use self::answer::{Answer, Body};
pub use self::callback::{Callback, RECEIPTS_MAX};
use super::{Delay, Outgoing, Refusal, SendOutcome, Sender};
use crate::model::{Channel, Content};

/// Servers commonly drop idle connections after five seconds; a request that
/// meets the drop is neither answered nor certainly unread.
const IDLE_MAX: Duration = Duration::from_secs(4);

/// A gateway that cannot be reached in this time counts as down.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// More of an answer is not read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A gateway, in the settings as one table of `[provider.http]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The provider's name in the records.
    pub name: String,
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
            name: "http".to_owned(),
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
    url: Url,
    channels: Vec<Channel>,
    token: Option<HeaderValue>,
    idempotency_header: Option<HeaderName>,
    gives_receipts: bool,
    client: Client,
}

/// What the gateway gets.
#[derive(Serialize)]
struct Request<'a> {
    key: String,
    channel: Channel,
    to: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    language: &'a str,
    #[serde(flatten)]
    content: Words<'a>,
    expires_at: Timestamp,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Words<'a> {
    Sms { text: &'a str },
    Voice { script: &'a str },
    Email { subject: &'a str, text: &'a str, html: &'a str },
}

impl Http {
    /// Checks the settings and reads the token. The gateway is not called: it
    /// may be away when the daemon starts.
    pub fn connect(settings: &Settings) -> anyhow::Result<Http> {
        ensure!(!settings.name.is_empty(), "name is empty; name the gateway");
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
        Ok(Http {
            name: settings.name.clone(),
            url,
            channels: settings.channels.clone(),
            token: token.transpose()?,
            idempotency_header,
            gives_receipts: settings.receipts,
            client: client(settings)?,
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

fn client(settings: &Settings) -> anyhow::Result<Client> {
    // `Err` means that another adapter has chosen already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let timeout = Duration::from_millis(settings.timeout_ms.into());
    let connect_timeout = timeout.min(CONNECT_MAX);
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_idle_timeout(IDLE_MAX)
        // A proxy from the environment would see every subscriber.
        .no_proxy()
        .connect_timeout(connect_timeout)
        // The whole may only run out after the connecting would have, so that
        // a time-out always tells on which side of the request it fell.
        .timeout(connect_timeout + timeout)
        .build()
        .context("could not prepare the http client")
}

/// What the subscriber gets, and where; `Err` where the two do not fit.
fn request(message: &Outgoing) -> Result<Request<'_>, SendOutcome> {
    let to = match message.channel {
        Channel::Sms | Channel::Voice => message.to.phone.as_ref().map(|phone| phone.e164()),
        Channel::Email => message.to.email.as_ref().map(|email| email.as_str()),
    };
    let content = match (message.channel, &message.content) {
        (Channel::Sms, Content::Sms { text }) => Words::Sms { text },
        (Channel::Voice, Content::Voice { script }) => Words::Voice { script },
        (Channel::Email, Content::Email { subject, text, html }) => {
            Words::Email { subject, text, html }
        }
        _ => return Err(Http::rejected(Refusal::BadContent, "content of another channel")),
    };
    Ok(Request {
        key: message.key.to_string(),
        channel: message.channel,
        to: to.ok_or_else(|| Http::rejected(Refusal::BadRecipient, "no usable address"))?,
        name: &message.name,
        language: &message.language,
        content,
        expires_at: message.expires_at,
    })
}

#[async_trait]
impl Sender for Http {
    fn name(&self) -> &str {
        &self.name
    }

    fn gives_receipts(&self) -> bool {
        self.gives_receipts
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        if !self.channels.contains(&message.channel) {
            return Http::rejected(Refusal::BadContent, "the gateway does not carry the channel");
        }
        let body = match request(message) {
            Ok(body) => body,
            Err(outcome) => return outcome,
        };
        let mut request = self.client.post(self.url.clone()).json(&body);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token);
        }
        if let Some(header) = &self.idempotency_header {
            request = request.header(header, &body.key);
        }
        match request.send().await {
            Ok(response) => read(response).await.outcome(now),
            Err(error) if error.is_connect() => SendOutcome::Deferred {
                because: Delay::Down,
                wait: None,
                note: "http: the gateway cannot be reached".to_owned(),
            },
            // The request was on the wire: it may have been acted upon. The
            // error itself would name the URL and is not repeated.
            Err(error) => {
                let what = if error.is_timeout() { "no answer in time" } else { "no answer" };
                SendOutcome::Ambiguous { note: format!("http: {what}") }
            }
        }
    }
}

/// Reads what matters. A body that breaks off or is no JSON says nothing; the
/// status has spoken already.
async fn read(mut response: Response) -> Answer {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_BYTES_MAX {
            bytes.clear();
            break;
        }
    }
    let body: Body = serde_json::from_slice(&bytes).unwrap_or_default();
    Answer { status, retry_after, body }
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
        let error = format!("{:#}", Http::connect(&settings).err().unwrap());
        assert!(error.starts_with(field), "{error}");
    }

    #[test]
    fn a_bad_setting_is_named_with_its_mend() {
        // Twice, as two gateways do: the second finds the cryptography chosen.
        Http::connect(&settings()).unwrap();
        Http::connect(&settings()).unwrap();
        check(|settings| settings.name.clear(), "name ");
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
