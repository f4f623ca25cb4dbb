//! SMS and calls through Twilio's REST API.
//!
//! Twilio gives nothing of ours back but the URLs that it is told to call, so
//! the attempt's key travels in them, and a send whose answer was lost waits
//! for its status: no list of Twilio's says which message was which attempt's.
//! A call is steered by what `callback` answers; what is to be said comes
//! back to us sealed in the URL (`script`), and nothing is kept.

mod callback;
mod form;
mod inquiry;
mod outcome;
mod script;
mod signed;
mod twiml;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use self::callback::Callback;
use self::inquiry::Resources;
use self::script::{Script, Seal};
use self::signed::Signatures;
use super::api::{self, ApiClient};
use super::kinds::{Adapter, Connected, Site, Wrong};
use super::secret::Secret;
use super::{Capabilities, Delay, Inquiry, Outgoing, Refusal, SendOutcome, Sender};
use crate::model::{Channel, Content, Prompt};

/// What Twilio lets a message wait at most, in seconds.
const VALIDITY_MAX_S: i64 = 36_000;

/// A call is ended after this time: nobody listens that long.
const CALL_MAX_S: &str = "300";

/// A longer URL is not sure to arrive.
const URL_BYTES_MAX: usize = 4_000;

/// Twilio repeats a status that we could not keep (webhook connection
/// overrides); what it calls during a call is not repeated.
const REPEATED: &str = "rc=5&rp=5xx,ct,rt";

/// An account of Twilio's, in the settings as one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub url: String,
    pub account_sid: String,
    /// A file with the account's auth token; it signs what Twilio posts, too.
    pub auth_token_file: Option<PathBuf>,
    /// Files with the secrets of shared keys, where webhooks are signed with
    /// these.
    pub shared_key_files: Vec<PathBuf>,
    /// What it carries: sms, voice.
    pub channels: Vec<Channel>,
    /// The sender: a number in E.164 or, for SMS, a short code or a name.
    pub from: Option<String>,
    /// The sender of SMS, instead of `from`.
    pub messaging_service_sid: Option<String>,
    /// Requests that the account may make each second; `None` for no bound.
    pub per_second: Option<u32>,
    /// For the answer, once connected.
    pub timeout_ms: u32,
    /// How long a telephone rings, in seconds.
    pub ring_s: u16,
    /// Tells machines from people, which Twilio charges for. Without, a
    /// machine hears what a person would.
    pub detect_machines: bool,
    /// The voice of each language, by the name of its directory of messages.
    pub voices: BTreeMap<String, Voice>,
}

/// A voice, by Twilio's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voice {
    pub language: String,
    pub voice: String,
}

impl Default for Settings {
    fn default() -> Self {
        let voices = [
            ("ar", "arb", "Polly.Zeina"),
            ("de", "de-DE", "Polly.Vicki"),
            ("en", "en-GB", "Polly.Amy"),
            ("es", "es-ES", "Polly.Lucia"),
            ("fr", "fr-FR", "Polly.Lea"),
            ("hi", "hi-IN", "Polly.Aditi"),
            ("pt", "pt-BR", "Polly.Camila"),
            ("zh-Hans", "cmn-CN", "Polly.Zhiyu"),
        ];
        let voice = |(tag, language, voice): (&str, &str, &str)| {
            (tag.to_owned(), Voice { language: language.to_owned(), voice: voice.to_owned() })
        };
        Settings {
            url: "https://api.twilio.com".to_owned(),
            account_sid: String::new(),
            auth_token_file: None,
            shared_key_files: Vec::new(),
            channels: Vec::new(),
            from: None,
            messaging_service_sid: None,
            per_second: None,
            timeout_ms: 10_000,
            ring_s: 30,
            detect_machines: true,
            voices: voices.into_iter().map(voice).collect(),
        }
    }
}

impl Settings {
    fn carries(&self, channel: Channel) -> bool {
        self.channels.contains(&channel)
    }

    /// Where the account's resources are.
    fn resources(&self) -> String {
        let url = self.url.trim_end_matches('/');
        format!("{url}/2010-04-01/Accounts/{}", self.account_sid)
    }

    fn problems(&self, site: &Site) -> Vec<Wrong> {
        // A table that carries nothing is not in use.
        if self.channels.is_empty() {
            return Vec::new();
        }
        let is_set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let mut wrong: Vec<(&'static str, &str)> = Vec::new();
        if let Err(error) = api::base_url("url", &self.url) {
            return vec![("url", error.to_string().trim_start_matches("url ").to_owned())];
        }
        let hex = self.account_sid.strip_prefix("AC").unwrap_or_default();
        if hex.len() != 32 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            wrong.push(("account_sid", "is no account; write AC and the 32 digits of yours"));
        }
        if self.auth_token_file.is_none() {
            wrong.push(("auth_token_file", "is missing; name a file with the auth token"));
        }
        if self.carries(Channel::Email) {
            wrong.push(("channels", "has email, which is not carried; list sms, voice or both"));
        }
        if self.carries(Channel::Sms) && !is_set(&self.from) && !is_set(&self.messaging_service_sid)
        {
            wrong.push(("from", "is missing; write the number that messages come from"));
        }
        let calls_from = self.from.as_deref().unwrap_or_default();
        if self.carries(Channel::Voice) && !calls_from.starts_with('+') {
            wrong.push(("from", "is no number to call from; write it as +49…"));
        }
        if self.carries(Channel::Voice) && (site.public_url.is_none() || !site.listens) {
            let what = "has voice, and Twilio asks us what to say; set http.listen and public_url";
            wrong.push(("channels", what));
        }
        let host = site.public_url.as_ref().and_then(Url::host_str).unwrap_or_default();
        if host.contains('_') {
            wrong.push(("channels", "cannot be told of: Twilio calls no host with an underscore"));
        }
        if self.timeout_ms == 0 || self.per_second == Some(0) {
            wrong.push(("timeout_ms", "or per_second is 0; allow some, or leave it out"));
        }
        if !(5..=600).contains(&self.ring_s) {
            wrong.push(("ring_s", "is not 5 to 600 seconds"));
        }
        wrong.into_iter().map(|(key, what)| (key, what.to_owned())).collect()
    }
}

/// Sends through Twilio.
pub struct Twilio {
    name: String,
    settings: Settings,
    client: ApiClient,
    keys: Arc<Secret<Keys>>,
    /// Where Twilio posts to us, if it can.
    callback: Option<Url>,
}

/// What the auth token and the shared keys are good for.
struct Keys {
    authorization: HeaderValue,
    signatures: Signatures,
    seal: Seal,
}

impl Keys {
    fn read(settings: &Settings, callback: Option<&Url>) -> anyhow::Result<Keys> {
        let file = settings.auth_token_file.as_ref().context("auth_token_file is missing")?;
        let token = api::secret("auth_token_file", file)?;
        let shared = settings.shared_key_files.iter();
        let shared = shared
            .map(|file| api::secret("shared_key_files", file))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let authorization = api::basic_auth(&settings.account_sid, &token)
            .context("auth_token_file holds no token")?;
        let signatures = Signatures::new(callback, &token, &shared);
        Ok(Keys { authorization, signatures, seal: Seal::new(&token) })
    }
}

impl Adapter for Twilio {
    const KIND: &'static str = "twilio";
    type Settings = Settings;

    fn carries(settings: &Settings) -> Vec<Channel> {
        settings.channels.clone()
    }

    fn problems(settings: &Settings, site: &Site) -> Vec<Wrong> {
        settings.problems(site)
    }

    fn connect(name: &str, settings: Settings, site: &Site) -> anyhow::Result<Connected> {
        ensure!(!settings.channels.is_empty(), "channels is empty; list sms, voice or both");
        if let Some((key, what)) = settings.problems(site).into_iter().next() {
            anyhow::bail!("{key} {what}");
        }
        let callback = site.callback_url(name).filter(|_| site.listens);
        let files = settings.auth_token_file.iter().chain(&settings.shared_key_files);
        let (all, url) = (settings.clone(), callback.clone());
        let keys = Secret::open(files.cloned().collect(), move || Keys::read(&all, url.as_ref()))?;
        let keys = Arc::new(keys);
        let callbacks = callback
            .as_ref()
            .map(|url| Arc::new(Callback::new(name, url.clone(), keys.clone())) as Arc<_>);
        let client = ApiClient::new(Duration::from_millis(settings.timeout_ms.into()))?;
        let resources =
            Resources { client: client.clone(), keys: keys.clone(), url: settings.resources() };
        let inquiry = Some(Arc::new(resources) as Arc<dyn Inquiry>);
        let name = name.to_owned();
        let twilio = Twilio { name, settings, client, keys, callback };
        Ok(Connected { callbacks, inquiry, ..Connected::sending(Arc::new(twilio)) })
    }
}

#[async_trait]
impl Sender for Twilio {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            receipts: self.callback.is_some(),
            per_second: self.settings.per_second,
            in_flight_max: None,
            ..Capabilities::default()
        }
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let (resource, fields) = match self.request(message, now) {
            Ok(request) => request,
            Err(outcome) => return outcome,
        };
        let url = format!("{}/{resource}", self.settings.resources());
        let Ok(url) = url.parse::<Url>() else { return deferred("no url") };
        let headers =
            HeaderMap::from_iter([(AUTHORIZATION, self.keys.current().authorization.clone())]);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.keys.heeded(match self.client.post_form(url, headers, &fields).await {
            Ok(answer) => outcome::of(&answer, now),
            Err(none) => none.outcome("twilio"),
        })
    }
}

type Fields = Vec<(&'static str, String)>;

impl Twilio {
    /// The resource to be made, and of what; `Err` where there is no sense in
    /// asking.
    fn request(
        &self,
        message: &Outgoing,
        now: Timestamp,
    ) -> Result<(&'static str, Fields), SendOutcome> {
        if !self.settings.carries(message.channel) {
            return Err(rejected(Refusal::BadContent, "channel not carried"));
        }
        let to = message.to.phone.as_ref().map(|phone| phone.e164().to_owned());
        let to = to.ok_or_else(|| rejected(Refusal::BadRecipient, "no number"))?;
        let left_s = message.expires_at.duration_since(now).as_secs();
        if left_s < 1 {
            return Err(deferred("too late to be delivered in time"));
        }
        let key = message.key.to_string();
        let callback = self.callback.as_ref().map(|url| with(url, &[("key", &key)]));
        let mut fields = vec![("To", to)];
        match &message.content {
            Content::Sms { text } if message.channel == Channel::Sms => {
                fields.push(self.sender());
                fields.push(("Body", text.clone()));
                fields.push(("ValidityPeriod", left_s.min(VALIDITY_MAX_S).to_string()));
                if let Some(mut url) = callback {
                    url.set_fragment(Some(REPEATED));
                    fields.push(("StatusCallback", url.into()));
                }
                Ok(("Messages.json", fields))
            }
            Content::Voice(prompt) if message.channel == Channel::Voice => {
                let callback = callback.ok_or_else(|| deferred("no url to be called at"))?;
                fields.extend(self.call(prompt, message, callback)?);
                Ok(("Calls.json", fields))
            }
            _ => Err(rejected(Refusal::BadContent, "content of another channel")),
        }
    }

    fn sender(&self) -> (&'static str, String) {
        let service = self.settings.messaging_service_sid.clone().filter(|sid| !sid.is_empty());
        match service {
            Some(sid) => ("MessagingServiceSid", sid),
            None => ("From", self.settings.from.clone().unwrap_or_default()),
        }
    }

    fn call(
        &self,
        prompt: &Prompt,
        message: &Outgoing,
        callback: Url,
    ) -> Result<Fields, SendOutcome> {
        let script = Script::of(prompt, &message.language, self.voice(&message.language));
        let sealed = self.keys.current().seal.close(&script, message.key);
        let sealed = sealed.ok_or_else(|| deferred("what is to be said cannot be sealed"))?;
        let url = with(&callback, &[("script", &sealed)]);
        // Everything that is added later has its room, too.
        if url.as_str().len() > URL_BYTES_MAX {
            return Err(rejected(Refusal::BadContent, "too much to be said"));
        }
        let mut status = callback;
        status.set_fragment(Some(REPEATED));
        let mut fields = vec![
            ("From", self.settings.from.clone().unwrap_or_default()),
            ("Url", url.into()),
            ("StatusCallback", status.into()),
            ("Timeout", self.settings.ring_s.to_string()),
            ("TimeLimit", CALL_MAX_S.to_owned()),
        ];
        if self.settings.detect_machines {
            let until = if prompt.to_machine.is_empty() { "Enable" } else { "DetectMessageEnd" };
            fields.push(("MachineDetection", until.to_owned()));
        }
        Ok(fields)
    }

    /// That of the language or, where there is none, of its first part.
    fn voice(&self, language: &str) -> Option<&Voice> {
        let voices = &self.settings.voices;
        let first = language.split('-').next().unwrap_or_default();
        voices.get(language).or_else(|| voices.get(first))
    }
}

/// The URL with more in its query.
fn with(url: &Url, pairs: &[(&str, &str)]) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().extend_pairs(pairs);
    url
}

fn rejected(because: Refusal, what: &str) -> SendOutcome {
    SendOutcome::Rejected { because, note: format!("twilio: {what}") }
}

fn deferred(what: &str) -> SendOutcome {
    SendOutcome::Deferred { because: Delay::Down, wait: None, note: format!("twilio: {what}") }
}
