//! SMS through a Kannel of the operator's, by its `sendsms` interface.
//!
//! Kannel answers a submission without any reference, so receipts come by a
//! URL that we give along with each message and that holds the attempt's key.
//! Nothing that Kannel calls is signed: a token of ours is in the URL.
//!
//! The interface: "Kannel 1.4.5 User's Guide", chapters "Using the SMSBox" and
//! "Delivery Reports".

mod answer;
mod callback;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use self::answer::outcome;
use self::callback::Callback;
use super::api::{ApiClient, base_url, secret};
use super::echo::Tokens;
use super::kinds::{Adapter, Connected, Site, Wrong};
use super::secret::Secret;
use super::{CallbackReader, Capabilities, Delay, Outgoing, Refusal, SendOutcome, Sender};
use crate::model::sms::is_gsm;
use crate::model::{Channel, Content};

/// Everything that Kannel may tell of a message: delivered, not delivered,
/// buffered, and taken or refused by the centre.
const DLR_MASK: &str = "31";
/// Kannel's own default is a day, its limit about a month.
const VALID_MINUTES_MAX: i64 = 30 * 24 * 60;

/// A Kannel, in the settings as `[provider.kannel]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub url: String,
    /// Of Kannel's group `sendsms-user`.
    pub user: String,
    pub password_file: Option<PathBuf>,
    /// The sender: a number, a short code or a name.
    pub from: String,
    /// The `smsc-id` of the way that is to be taken; Kannel's choice where empty.
    pub smsc: String,
    /// Files with the token in the URLs that Kannel calls, one each; two while
    /// it changes. Without any, acceptance is all that is ever known.
    pub receipt_token_files: Vec<PathBuf>,
    pub timeout_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            url: "http://127.0.0.1:13013/cgi-bin/sendsms".into(),
            user: String::new(),
            password_file: None,
            from: String::new(),
            smsc: String::new(),
            receipt_token_files: Vec::new(),
            timeout_ms: 10_000,
        }
    }
}

/// Sends through a Kannel.
pub struct Kannel {
    name: String,
    url: Url,
    api: ApiClient,
    /// What every request begins with: who we are, and how it is to be sent.
    headers: HeaderMap,
    password: Secret<HeaderValue>,
    /// Without what differs from message to message; `None` for no receipts.
    receipt_url: Option<String>,
}

impl Kannel {
    /// Checks the settings and reads the files that they name.
    pub fn connect(name: &str, settings: &Settings, site: &Site) -> anyhow::Result<Kannel> {
        ensure!(!settings.user.is_empty(), "user is empty; name a sendsms-user of Kannel's");
        ensure!(settings.timeout_ms > 0, "timeout_ms is 0; allow some time, such as 10000");
        let password = settings.password_file.as_deref();
        let password = password.context("password_file is missing; name the file that has it")?;
        let path = password.to_owned();
        let password = Secret::open(vec![path.clone()], move || {
            let mut password = value("password_file", &secret("password_file", &path)?)?;
            password.set_sensitive(true);
            Ok(password)
        })?;
        let mut headers = HeaderMap::new();
        headers.insert(header("x-kannel-username"), value("user", &settings.user)?);
        if !settings.from.is_empty() {
            headers.insert(header("x-kannel-from"), value("from", &settings.from)?);
        }
        if !settings.smsc.is_empty() {
            headers.insert(header("x-kannel-smsc"), value("smsc", &settings.smsc)?);
        }
        let receipt_url = match tokens(settings)? {
            None => None,
            Some(tokens) => {
                let url = site.callback_url(name);
                let url = url.context(
                    "receipt_token_files is set, and Kannel cannot be told where to; set http.public_url",
                )?;
                headers.insert(header("x-kannel-dlr-mask"), HeaderValue::from_static(DLR_MASK));
                // Kannel writes the status in place of %d.
                Some(format!("{}&status=%d", tokens.on(url)))
            }
        };
        Ok(Kannel {
            name: name.to_owned(),
            url: base_url("url", &settings.url)?,
            api: ApiClient::new(Duration::from_millis(settings.timeout_ms.into()))?,
            headers,
            password,
            receipt_url,
        })
    }

    /// The headers of one message, and its text.
    fn request(
        &self,
        message: &Outgoing,
        now: Timestamp,
    ) -> Result<(HeaderMap, String), SendOutcome> {
        let rejected = |because, what: &str| SendOutcome::Rejected {
            because,
            note: format!("kannel: {what}"),
        };
        let Content::Sms { text } = &message.content else {
            return Err(rejected(Refusal::BadContent, "it carries SMS alone"));
        };
        let phone = message.to.phone.as_ref().and_then(|it| HeaderValue::from_str(it.e164()).ok());
        let phone = phone.ok_or_else(|| rejected(Refusal::BadRecipient, "no usable number"))?;
        // Kannel counts in minutes, and a part of one would outlive the window.
        let minutes = message.expires_at.duration_since(now).as_mins().min(VALID_MINUTES_MAX);
        if minutes < 1 {
            let note = "kannel: less than a minute is left".to_owned();
            return Err(SendOutcome::Deferred { because: Delay::Down, wait: None, note });
        }
        let mut headers = self.headers.clone();
        let password = self.password.current().as_ref().clone();
        headers.insert(header("x-kannel-password"), password);
        headers.insert(header("x-kannel-to"), phone);
        headers.insert(header("x-kannel-validity"), HeaderValue::from(minutes));
        let coding = if is_gsm(text) { "0" } else { "2" };
        headers.insert(header("x-kannel-coding"), HeaderValue::from_static(coding));
        if let Some(url) = &self.receipt_url {
            let url = format!("{url}&key={}", message.key);
            let url = HeaderValue::try_from(url);
            let url = url.map_err(|_| rejected(Refusal::BadContent, "no URL for its receipts"))?;
            headers.insert(header("x-kannel-dlr-url"), url);
        }
        Ok((headers, text.clone()))
    }
}

/// `None` where there are no receipts.
fn tokens(settings: &Settings) -> anyhow::Result<Option<Tokens>> {
    let files = &settings.receipt_token_files;
    if files.is_empty() {
        return Ok(None);
    }
    Tokens::read("receipt_token_files", files).map(Some)
}

fn header(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

fn value(key: &str, text: &str) -> anyhow::Result<HeaderValue> {
    // The cause is dropped: it would show the text.
    HeaderValue::from_str(text).ok().with_context(|| format!("{key} holds more than plain text"))
}

impl Adapter for Kannel {
    const KIND: &'static str = "kannel";
    type Settings = Settings;

    fn carries(_: &Settings) -> Vec<Channel> {
        vec![Channel::Sms]
    }

    fn problems(settings: &Settings, site: &Site) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if !settings.receipt_token_files.is_empty() {
            if !site.listens {
                let what = "is set, and nothing listens; set http.listen, such as 127.0.0.1:8470";
                wrong.push(("receipt_token_files", what.to_owned()));
            }
            if site.public_url.is_none() {
                let what = "is set, and Kannel cannot be told where to; set http.public_url";
                wrong.push(("receipt_token_files", what.to_owned()));
            }
        }
        wrong
    }

    fn connect(name: &str, settings: Settings, site: &Site) -> anyhow::Result<Connected> {
        let callbacks = tokens(&settings)?.map(Callback::new);
        let callbacks = callbacks.map(|reader| Arc::new(reader) as Arc<dyn CallbackReader>);
        let kannel = Arc::new(Kannel::connect(name, &settings, site)?);
        Ok(Connected { callbacks, ..Connected::sending(kannel) })
    }
}

#[async_trait]
impl Sender for Kannel {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { receipts: self.receipt_url.is_some(), ..Capabilities::default() }
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let (headers, text) = match self.request(message, now) {
            Ok(request) => request,
            Err(outcome) => return outcome,
        };
        let plain = "text/plain; charset=UTF-8";
        let told = self.api.post(self.url.clone(), headers, plain, text.into_bytes()).await;
        self.password.heeded(match told {
            Ok(told) => outcome(told.status, &told.body),
            Err(none) => none.outcome("kannel"),
        })
    }
}
