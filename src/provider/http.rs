//! SMS, calls and e-mail through an HTTP API: a gateway of the operator's own
//! with our contract, or any other by template.
//!
//! The contract and the templates are in `docs/PROVIDERS.md`. Nothing is sent
//! twice underneath: redirects are not followed, requests are not repeated,
//! and connections are dropped before a server would drop them. Proxies of the
//! environment are not asked: they would see every subscriber.

mod answer;
mod callback;
mod contract;
mod line;
pub mod mapping;
mod pointer;
mod pool;
pub mod receipt;
pub mod request;
mod settings;
mod template;
mod transport;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Method, Response, Uri};
use jiff::Timestamp;
use reqwest::Url;

use self::answer::{Answer, Body};
pub use self::callback::{Callback, RECEIPTS_MAX};
use self::line::Gateway;
use self::mapping::{Mapping, Raw};
use self::request::Plan;
pub use self::settings::Settings;
use self::transport::{Heard, NoAnswer, Transport};
use super::echo::Tokens;
use super::kinds::{Adapter, Connected, Site, Wrong};
use super::reach;
use super::secret::Secret;
use super::{CallbackReader, Capabilities, Delay, Outgoing, Refusal, SendOutcome, Sender};
use crate::model::{Channel, Content};

/// A gateway that cannot be reached in this time counts as down.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Sends through a gateway.
pub struct Http {
    name: String,
    channels: Vec<Channel>,
    idempotency_header: Option<HeaderName>,
    gives_receipts: bool,
    transport: Transport,
    token: Option<Secret<HeaderValue>>,
    speaks: Speaks,
    mapping: Option<Mapping>,
}

/// What a request looks like.
enum Speaks {
    Contract(Uri),
    Template(Box<Filling>),
}

/// A template, and what it is filled with besides the message.
struct Filling {
    plan: Plan,
    secrets: Secret<BTreeMap<String, String>>,
    callback_url: Option<Url>,
}

/// The first of what is wrong, as an error that begins with the key.
fn first(wrong: Vec<Wrong>) -> anyhow::Error {
    let mut wrong = wrong.into_iter();
    let said = wrong.next().map_or(String::new(), |(key, what)| format!("{key} {what}"));
    anyhow::anyhow!(said)
}

impl Http {
    /// Checks the settings and reads the secrets. The gateway is not called:
    /// it may be away when the daemon starts.
    pub fn connect(name: &str, settings: &Settings) -> anyhow::Result<Http> {
        Http::told_back_at(None, name, settings)
    }

    /// Likewise, for one that is given the URL at which it may post to us.
    pub fn told_back_at(
        callback_url: Option<Url>,
        name: &str,
        settings: &Settings,
    ) -> anyhow::Result<Http> {
        ensure!(!settings.channels.is_empty(), "channels is empty; list sms, voice or email");
        ensure!(settings.timeout_ms > 0, "timeout_ms is 0; allow some time, such as 10000");
        let url = settings.base()?;
        let (plan, mapping) = settings.read(callback_url.is_some()).map_err(first)?;
        let token = settings.token(&url)?;
        let idempotency_header = settings
            .idempotency_header
            .as_deref()
            .filter(|name| !name.is_empty())
            .map(|name| name.parse::<HeaderName>())
            .transpose()
            .context("idempotency_header is no header name; write one such as Idempotency-Key")?;
        let answer_for = Duration::from_millis(settings.timeout_ms.into());
        let connect_for = answer_for.min(CONNECT_MAX);
        let gateway = Gateway::new(&url, reach::system(), settings.as_far_as(&url))?;
        let transport = Transport::new(&url, gateway, connect_for, answer_for)?;
        let speaks = match plan {
            Some(plan) => {
                let secrets = settings.secrets()?;
                Speaks::Template(Box::new(Filling { plan, secrets, callback_url }))
            }
            None => {
                let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
                let target = format!("{}{query}", url.path());
                Speaks::Contract(target.parse().context("url cannot be asked for")?)
            }
        };
        Ok(Http {
            name: name.to_owned(),
            channels: settings.channels.clone(),
            idempotency_header,
            gives_receipts: settings.receipts,
            transport,
            token,
            speaks,
            mapping,
        })
    }

    /// The channels it carries.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    fn rejected(because: Refusal, what: &str) -> SendOutcome {
        SendOutcome::Rejected { because, note: format!("http: {what}") }
    }

    /// What came of the request for a message; `Err` where there is none.
    async fn ask(
        &self,
        message: &Outgoing,
        now: Timestamp,
    ) -> Result<Result<Response<Heard>, NoAnswer>, SendOutcome> {
        let key = message.key.to_string();
        let token = self.token.as_ref().map(|token| token.current().as_ref().clone());
        let token = token.map(|token| (AUTHORIZATION, token));
        let header = |key: String| {
            let key = self.idempotency_header.clone().zip(HeaderValue::try_from(key).ok());
            key.into_iter().chain(token)
        };
        match &self.speaks {
            Speaks::Contract(uri) => {
                let request = contract::request(message, &key)?;
                let mut body = Vec::with_capacity(request.bytes());
                if serde_json::to_writer(&mut body, &request).is_err() {
                    return Err(Http::rejected(Refusal::BadContent, "no JSON can be made of it"));
                }
                let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
                let headers = [json].into_iter().chain(header(key));
                Ok(self.transport.ask(Method::POST, uri.clone(), headers, body).await)
            }
            Speaks::Template(filling) => {
                let ready = filling.fill(message, &key, now)?;
                let headers = header(key).chain(ready.headers);
                Ok(self.transport.ask(ready.method, ready.uri, headers, ready.body).await)
            }
        }
    }
}

impl Filling {
    fn fill(
        &self,
        message: &Outgoing,
        key: &str,
        now: Timestamp,
    ) -> Result<request::Ready, SendOutcome> {
        let to = address(message)?;
        if !fits(message) {
            return Err(Http::rejected(Refusal::BadContent, "content of another channel"));
        }
        let url = self.callback_url.clone().map(|mut url| {
            url.query_pairs_mut().append_pair(receipt::KEY, key);
            url
        });
        let url = url.as_ref().map_or("", Url::as_str);
        self.plan.fill(message, to, now, url, &self.secrets.current())
    }
}

/// Where the message's channel reaches the subscriber.
fn address(message: &Outgoing) -> Result<&str, SendOutcome> {
    let to = match message.channel {
        Channel::Sms | Channel::Voice => message.to.phone.as_ref().map(|phone| phone.e164()),
        Channel::Email => message.to.email.as_ref().map(|email| email.as_str()),
        Channel::Letter => None,
    };
    to.ok_or_else(|| Http::rejected(Refusal::BadRecipient, "no usable address"))
}

fn fits(message: &Outgoing) -> bool {
    matches!(
        (message.channel, &message.content),
        (Channel::Sms, Content::Sms { .. })
            | (Channel::Voice, Content::Voice(_))
            | (Channel::Email, Content::Email { .. })
    )
}

impl Adapter for Http {
    const KIND: &'static str = "http";
    type Settings = Settings;

    fn carries(settings: &Settings) -> Vec<Channel> {
        settings.channels.clone()
    }

    fn problems(settings: &Settings, site: &Site) -> Vec<Wrong> {
        settings.problems(site)
    }

    fn connect(name: &str, settings: Settings, site: &Site) -> anyhow::Result<Connected> {
        let callbacks = Callback::open(&settings)?;
        let callbacks = callbacks.map(|read| Arc::new(read) as Arc<dyn CallbackReader>);
        let mut url = site.callback_url(name);
        if !settings.receipt_token_files.is_empty() {
            let tokens = Tokens::read("receipt_token_files", &settings.receipt_token_files)?;
            url = url.map(|url| tokens.on(url));
        }
        let http = Arc::new(Http::told_back_at(url, name, &settings)?);
        Ok(Connected { callbacks, ..Connected::sending(http) })
    }
}

impl Http {
    async fn attempt(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let deferred = |note: &str| SendOutcome::Deferred {
            because: Delay::Down,
            wait: None,
            note: note.into(),
        };
        let response = match self.ask(message, now).await {
            Ok(Ok(response)) => response,
            Ok(Err(NoAnswer::NotSent)) => return deferred("http: the gateway cannot be reached"),
            Ok(Err(NoAnswer::Barred)) => {
                return deferred("wrong url: the host is in a private network; see allow_private");
            }
            Ok(Err(NoAnswer::Late)) => {
                return SendOutcome::Ambiguous { note: "http: no answer in time".to_owned() };
            }
            Ok(Err(NoAnswer::Lost)) => {
                return SendOutcome::Ambiguous { note: "http: no answer".to_owned() };
            }
            Err(outcome) => return outcome,
        };
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok());
        let (body, is_foreign) = (response.body().whole(), response.body().is_foreign());
        match &self.mapping {
            Some(mapping) => mapping.outcome(&Raw { status, retry_after, body, is_foreign }, now),
            None => {
                let retry_after = retry_after.map(str::to_owned);
                // One that is no JSON says nothing.
                let body = serde_json::from_slice::<Body>(body).unwrap_or_default();
                Answer { status, retry_after, body, is_foreign }.outcome(now)
            }
        }
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
        let outcome = self.attempt(message, now).await;
        let outcome = match &self.token {
            Some(token) => token.heeded(outcome),
            None => outcome,
        };
        match &self.speaks {
            Speaks::Template(filling) => filling.secrets.heeded(outcome),
            Speaks::Contract(_) => outcome,
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
        check(|settings| settings.url = "http://169.254.169.254/x".into(), "url leads to");
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
