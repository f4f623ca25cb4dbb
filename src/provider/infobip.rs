//! SMS and calls through Infobip: `POST /sms/3/messages` and
//! `POST /tts/3/advanced`.
//!
//! The attempt's key is the message's id there, so that a message whose
//! answer was lost can be asked for, and comes back in `callbackData`. The
//! provider does not repeat by itself: `retry` of calls is never set.

mod answer;
mod look_up;
mod report;
mod request;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use self::look_up::Logs;
use self::report::Callback;
use super::api::{ApiClient, base_url, secret};
use super::echo::Tokens;
use super::kinds::{Adapter, Connected, Site, Wrong};
use super::secret::Secret;
use super::{
    CallbackReader, Capabilities, Inquiry, LookUp, Outgoing, Refusal, SendOutcome, Sender,
};
use crate::model::{Channel, Content};

/// In the settings as `[provider.infobip]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Each account has its own: `https://xxxxx.api.infobip.com`.
    pub url: String,
    /// What it carries: sms, voice.
    pub channels: Vec<Channel>,
    /// A file with the key for `Authorization: App`.
    pub api_key_file: Option<PathBuf>,
    /// Whom SMS come from: a number, or up to eleven letters.
    pub sender: String,
    /// The number that calls come from.
    pub caller: String,
    /// The provider's name of a language for calls, by ours, where the two
    /// differ: `zh = "zh-cn"`.
    pub voice_languages: BTreeMap<String, String>,
    /// How long a call rings.
    pub ring_timeout_s: u32,
    /// Hangs up where a machine answers; charged for by the provider.
    pub machine_detection: bool,
    /// It posts receipts to us. Without, acceptance is all that is known.
    pub receipts: bool,
    /// Files with the token that our URL carries; two while they change.
    pub receipt_token_files: Vec<PathBuf>,
    /// For an answer, once connected.
    pub timeout_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            url: String::new(),
            channels: Vec::new(),
            api_key_file: None,
            sender: String::new(),
            caller: String::new(),
            voice_languages: BTreeMap::new(),
            ring_timeout_s: 30,
            machine_detection: true,
            receipts: false,
            receipt_token_files: Vec::new(),
            timeout_ms: 10_000,
        }
    }
}

/// Where the provider is, and as whom we come.
#[derive(Clone)]
struct Account {
    client: ApiClient,
    url: Url,
    authorization: Arc<Secret<HeaderValue>>,
}

impl Account {
    fn open(settings: &Settings) -> anyhow::Result<Account> {
        let file = settings.api_key_file.as_ref().context("api_key_file is not set")?;
        let path = file.clone();
        let authorization = Arc::new(Secret::open(vec![file.clone()], move || {
            let key = secret("api_key_file", &path)?;
            let value = HeaderValue::try_from(format!("App {key}")).ok();
            let mut value = value.context("api_key_file holds no key")?;
            value.set_sensitive(true);
            Ok(value)
        })?);
        let client = ApiClient::new(Duration::from_millis(settings.timeout_ms.into()))?;
        Ok(Account { client, url: base_url("url", &settings.url)?, authorization })
    }

    fn headers(&self) -> HeaderMap {
        let json = HeaderValue::from_static("application/json");
        let authorization = self.authorization.current().as_ref().clone();
        HeaderMap::from_iter([(AUTHORIZATION, authorization), (ACCEPT, json)])
    }

    /// The URL of `path` at the provider.
    fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        // A base that cannot have a path was refused as no http URL.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }
}

/// Sends through Infobip.
pub struct Infobip {
    name: String,
    settings: Settings,
    account: Account,
    /// Where it posts to us, token included.
    notify_url: Option<Url>,
}

fn rejected(because: Refusal, what: &str) -> SendOutcome {
    SendOutcome::Rejected { because, note: format!("infobip: {what}") }
}

impl Infobip {
    /// Checks the settings and reads the key. `notify_url` is where it posts
    /// receipts to.
    ///
    /// # Errors
    /// What is wrong with them, beginning with the key.
    pub fn connect(
        name: &str,
        settings: &Settings,
        notify_url: Option<Url>,
    ) -> anyhow::Result<Infobip> {
        ensure!(!settings.channels.is_empty(), "channels is empty; list sms or voice");
        ensure!(settings.timeout_ms > 0, "timeout_ms is 0; allow some time, such as 10000");
        Ok(Infobip {
            name: name.to_owned(),
            settings: settings.clone(),
            account: Account::open(settings)?,
            notify_url,
        })
    }

    fn notify_url(&self) -> Option<&str> {
        self.notify_url.as_ref().map(Url::as_str)
    }
}

impl Adapter for Infobip {
    const KIND: &'static str = "infobip";
    type Settings = Settings;

    fn carries(settings: &Settings) -> Vec<Channel> {
        settings.channels.clone()
    }

    fn problems(settings: &Settings, site: &Site) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let mut say = |key, what: &str| wrong.push((key, what.to_owned()));
        let carries = |channel| settings.channels.contains(&channel);
        if carries(Channel::Email) {
            say("channels", "names email; it carries sms and voice here");
        }
        if carries(Channel::Sms) && settings.sender.is_empty() {
            say("sender", "is empty; write whom SMS come from");
        }
        if carries(Channel::Voice) && settings.caller.is_empty() {
            say("caller", "is empty; write the number that calls come from");
        }
        if !settings.channels.is_empty() && settings.url.is_empty() {
            say("url", "is empty; write the account's own, https://xxxxx.api.infobip.com");
        }
        if settings.receipts && (!site.listens || site.public_url.is_none()) {
            say(
                "receipts",
                "is true, and it cannot post here; set http.listen and http.public_url",
            );
        }
        if settings.receipts && settings.receipt_token_files.is_empty() {
            say("receipt_token_files", "is empty; name a file with the token of our URL");
        }
        wrong
    }

    fn connect(name: &str, settings: Settings, site: &Site) -> anyhow::Result<Connected> {
        let mut notify_url = None;
        let mut callbacks: Option<Arc<dyn CallbackReader>> = None;
        if settings.receipts {
            let tokens = Tokens::read("receipt_token_files", &settings.receipt_token_files)?;
            let url = site.callback_url(name);
            let url = url.context("receipts is true, and http.public_url is not set")?;
            notify_url = Some(tokens.on(url));
            callbacks = Some(Arc::new(Callback { tokens }));
        }
        let infobip = Infobip::connect(name, &settings, notify_url)?;
        let logs = Arc::new(Logs::new(infobip.account.clone(), &settings.channels));
        let look_up = Some(logs.clone() as Arc<dyn LookUp>);
        let inquiry = Some(logs as Arc<dyn Inquiry>);
        Ok(Connected { look_up, inquiry, callbacks, ..Connected::sending(Arc::new(infobip)) })
    }
}

#[async_trait]
impl Sender for Infobip {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { receipts: self.settings.receipts, ..Capabilities::default() }
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        if !self.settings.channels.contains(&message.channel) {
            return rejected(Refusal::BadContent, "it does not carry the channel");
        }
        let phone = message.to.phone.as_ref().map(|phone| phone.e164().trim_start_matches('+'));
        let Some(to) = phone else {
            return rejected(Refusal::BadRecipient, "no usable number");
        };
        let request = match (message.channel, &message.content) {
            (Channel::Sms, Content::Sms { text }) => request::sms(self, message, to, text, now),
            (Channel::Voice, Content::Voice(prompt)) => {
                request::call(self, message, to, prompt, now)
            }
            _ => Err(rejected(Refusal::BadContent, "content of another channel")),
        };
        let (path, body) = match request {
            Ok(request) => request,
            Err(outcome) => return outcome,
        };
        let account = &self.account;
        let answer = account.client.post_json(account.at(path), account.headers(), &body).await;
        account.authorization.heeded(match answer {
            Ok(answer) => answer::outcome(&answer, message.key, now),
            Err(none) => none.outcome("infobip"),
        })
    }
}
