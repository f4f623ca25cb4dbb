//! Calls over the operator's own trunk, by Asterisk's REST interface (ARI).
//!
//! We ask Asterisk to ring the subscriber, play what a speech engine said, and
//! hear the keys; Asterisk speaks SIP. Nothing but a call that was ordered is
//! accepted: what came of it is told as receipts, and keys as replies, which are
//! answered once they are on record. Asterisk cannot be asked whether it was
//! given an attempt, only whether a call is under way, and one that is not may
//! be over: so there is no look-up.

mod ari;
mod call;
mod cause;
mod event;
mod exchange;
mod news;
mod sounds;
mod wav;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::ensure;
use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use self::ari::Ari;
use self::call::Plan;
use self::exchange::{Exchange, Order, Speeches};
use self::sounds::Sounds;
use super::api::{ApiAnswer, NoAnswer};
use super::kinds::{Adapter, Connected, Site};
use super::{Capabilities, Delay, Listener, Now, Outgoing, Refusal};
use super::{SendOutcome, Sender, Told, our_account};
use crate::model::content::Prompt;
use crate::model::{Channel, Content};

/// A call that may ring for less than this is not worth making.
const RING_MIN_S: u64 = 5;

/// An Asterisk, in the settings as one table of `[provider.asterisk]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub url: String,
    pub user: String,
    pub password_file: Option<PathBuf>,
    /// The Stasis application; one for each daemon.
    pub app: String,
    /// Whom to call: `{number}` is E.164 with its plus, `{digits}` without.
    pub endpoint: String,
    pub caller_id: Option<String>,
    /// Seconds that it may ring.
    pub ring_s: u32,
    /// For a key, once all is said.
    pub key_wait_ms: u32,
    /// Calls at once.
    pub calls_max: u32,
    /// The dialplan's context that finds out whether a machine answered.
    pub detect_context: Option<String>,
    /// Program and arguments that make a WAV, `{file}`, of the words on its
    /// standard input, in `{voice}`.
    pub speech_command: Vec<String>,
    /// The engine's voice for a language, where that is not the language.
    pub voices: BTreeMap<String, String>,
    /// Where sounds lie; Asterisk plays them by the same path.
    pub sounds_dir: PathBuf,
    pub sounds_max_mb: u32,
    /// For each answer of Asterisk's, and for each text to be spoken.
    pub timeout_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let command = ["espeak-ng", "-v", "{voice}", "-s", "150", "-w", "{file}", "--stdin"];
        Settings {
            url: "http://127.0.0.1:8088/ari".to_owned(),
            user: "duebell".to_owned(),
            password_file: None,
            app: "duebell".to_owned(),
            endpoint: String::new(),
            caller_id: None,
            ring_s: 40,
            key_wait_ms: 6_000,
            calls_max: 10,
            detect_context: None,
            speech_command: command.map(str::to_owned).to_vec(),
            voices: BTreeMap::from([("zh-Hans".to_owned(), "cmn".to_owned())]),
            sounds_dir: "/var/lib/duebell/sounds".into(),
            sounds_max_mb: 64,
            timeout_ms: 10_000,
        }
    }
}

/// Makes calls.
pub struct Asterisk {
    name: String,
    endpoint: String,
    caller_id: Option<String>,
    ring: Duration,
    calls_max: u32,
    detects: bool,
    sounds: Sounds,
    places: Arc<Semaphore>,
    exchange: Arc<Exchange>,
    listening: OnceLock<AbortHandle>,
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.get() {
            listening.abort();
        }
    }
}

impl Asterisk {
    /// Checks the settings and reads the password. Asterisk is not called: it
    /// may be away when the daemon starts.
    ///
    /// # Errors
    /// What is wrong with the settings, beginning with the key.
    pub fn connect(name: &str, settings: &Settings) -> anyhow::Result<Asterisk> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        ensure!(
            !settings.app.is_empty() && settings.app.chars().all(is_plain),
            "app holds more than letters, digits, - and _, or nothing"
        );
        ensure!(
            settings.endpoint.contains("{number}") || settings.endpoint.contains("{digits}"),
            "endpoint names no {{number}}; write one such as PJSIP/{{number}}@trunk"
        );
        ensure!(
            u64::from(settings.ring_s) >= RING_MIN_S,
            "ring_s is under {RING_MIN_S}; nobody is that quick"
        );
        ensure!(settings.key_wait_ms > 0, "key_wait_ms is 0; allow some time, such as 6000");
        ensure!(settings.calls_max > 0, "calls_max is 0; allow at least one");
        ensure!(settings.sounds_max_mb > 0, "sounds_max_mb is 0; allow some, such as 64");
        ensure!(settings.timeout_ms > 0, "timeout_ms is 0; allow some time, such as 10000");
        let timeout = Duration::from_millis(settings.timeout_ms.into());
        let ari =
            Ari::new(&settings.url, &settings.user, settings.password_file.as_deref(), timeout)?;
        let sounds = Sounds::open(
            &settings.sounds_dir,
            &settings.speech_command,
            &settings.voices,
            u64::from(settings.sounds_max_mb) * 1_000_000,
            timeout,
        )?;
        let key_wait = Duration::from_millis(settings.key_wait_ms.into());
        let detect_context = settings.detect_context.clone().filter(|name| !name.is_empty());
        Ok(Asterisk {
            name: name.to_owned(),
            endpoint: settings.endpoint.clone(),
            caller_id: settings.caller_id.clone(),
            ring: Duration::from_secs(settings.ring_s.into()),
            calls_max: settings.calls_max,
            detects: detect_context.is_some(),
            sounds,
            places: Arc::new(Semaphore::new(settings.calls_max as usize)),
            exchange: Arc::new(Exchange::new(ari, &settings.app, detect_context, key_wait)),
            listening: OnceLock::new(),
        })
    }

    /// Listening begins with the first who asks: making ready calls nobody.
    fn listen(&self) {
        self.listening.get_or_init(|| {
            let listening = self.exchange.clone().listen();
            tokio::spawn(listening).abort_handle()
        });
    }

    async fn speeches(
        &self,
        message: &Outgoing,
        prompt: &Prompt,
    ) -> Result<Speeches, &'static str> {
        let language = message.language.as_str();
        let call = message.key.to_string();
        let mut speeches = Speeches {
            message: self.sounds.own(&format!("{call}-m"), language, &prompt.parts).await?,
            ..Speeches::default()
        };
        if self.detects {
            let call = format!("{call}-a");
            speeches.to_machine = self.sounds.own(&call, language, &prompt.to_machine).await?;
        }
        if let Some(menu) = &prompt.menu {
            speeches.invitation = self.sounds.common(language, &menu.invitation).await?;
            speeches.goodbye = self.sounds.common(language, &menu.goodbye).await?;
            for key in &menu.keys {
                speeches.answers.push(self.sounds.common(language, &key.answer).await?);
            }
        }
        Ok(speeches)
    }
}

impl Adapter for Asterisk {
    const KIND: &'static str = "asterisk";
    type Settings = Settings;

    fn carries(_: &Settings) -> Vec<Channel> {
        vec![Channel::Voice]
    }

    fn connect(name: &str, settings: Settings, _: &Site) -> anyhow::Result<Connected> {
        let asterisk = Arc::new(Asterisk::connect(name, &settings)?);
        Ok(Connected { listener: Some(asterisk.clone()), ..Connected::sending(asterisk) })
    }
}

#[async_trait]
impl Sender for Asterisk {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        let in_flight_max = Some(self.calls_max);
        Capabilities { receipts: true, in_flight_max, ..Capabilities::default() }
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let (Content::Voice(prompt), Channel::Voice) = (&message.content, message.channel) else {
            return rejected(Refusal::BadContent, "no call");
        };
        let Some(phone) = message.to.phone.as_ref().map(|phone| phone.e164()) else {
            return rejected(Refusal::BadRecipient, "no number");
        };
        let left = u64::try_from(message.expires_at.duration_since(now).as_secs()).unwrap_or(0);
        if left < RING_MIN_S {
            return deferred(Delay::Down, "it is too late to call");
        }
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            return deferred(Delay::Throttled, "all lines are busy");
        };
        self.listen();
        if let Err(note) = self.exchange.opened().await {
            return deferred(Delay::Down, &note);
        }
        let channel = self.exchange.channel(message.key);
        if self.exchange.is_under_way(message.key) {
            return SendOutcome::Accepted { provider_ref: Some(channel) };
        }
        let speeches = match self.speeches(message, prompt).await {
            Ok(speeches) if speeches.message.media.is_empty() => {
                return rejected(Refusal::BadContent, "there is nothing to say");
            }
            Ok(speeches) => speeches,
            Err(note) => return deferred(Delay::Down, note),
        };
        let keys = prompt.menu.iter().flat_map(|menu| &menu.keys);
        let order = Order {
            key: message.key,
            endpoint: endpoint(&self.endpoint, phone),
            caller_id: self.caller_id.clone(),
            ring: self.ring.min(Duration::from_secs(left)),
            plan: Plan {
                keys: keys.map(|key| (key.digit, key.does)).collect(),
                has_word_for_machine: !speeches.to_machine.media.is_empty(),
                detects: self.detects,
            },
            speeches,
            place,
        };
        outcome(self.exchange.place(order).await, channel)
    }
}

#[async_trait]
impl Listener for Asterisk {
    async fn next(&self, limit: usize, now: Now<'_>) -> Vec<Told> {
        self.listen();
        self.exchange.next(limit, now).await
    }
}

fn endpoint(template: &str, e164: &str) -> String {
    template.replace("{number}", e164).replace("{digits}", e164.trim_start_matches('+'))
}

/// What Asterisk's answer to an order means.
fn outcome(answer: Result<ApiAnswer, NoAnswer>, channel: String) -> SendOutcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(lost) => return lost.outcome(Asterisk::KIND),
    };
    let note = format!("ari {}", answer.status);
    match answer.status {
        200..=299 if !is_its_own(&answer) => ambiguous(&format!("{note}: no answer of ari's")),
        // It has a call of this attempt: no other is made.
        200..=299 | 409 => SendOutcome::Accepted { provider_ref: Some(channel) },
        // What the operator mends; a refusal would use up everybody's step.
        400 => deferred(Delay::Down, &format!("wrong endpoint: {note}")),
        401 | 403 => deferred(Delay::Down, &our_account(&note)),
        300..=399 | 404 | 405 => deferred(Delay::Down, &format!("wrong url: {note}")),
        // No channel could be made, for example as the trunk is unknown.
        500 if has(&answer.body, b"Allocation failed") => {
            deferred(Delay::Down, &format!("no channel: {note}"))
        }
        429 => deferred(Delay::Throttled, &note),
        // Asterisk is not booted yet.
        503 => deferred(Delay::Down, &note),
        _ => ambiguous(&note),
    }
}

/// ARI speaks JSON; an answer that broke off is empty, and its status was said.
fn is_its_own(answer: &ApiAnswer) -> bool {
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_page = kind.is_some_and(|kind| kind.starts_with("text/html"));
    let is_json = serde_json::from_slice::<Value>(&answer.body).is_ok();
    !is_page && (is_json || answer.body.is_empty())
}

fn has(body: &[u8], words: &[u8]) -> bool {
    body.windows(words.len()).any(|window| window == words)
}

fn rejected(because: Refusal, note: &str) -> SendOutcome {
    SendOutcome::Rejected { because, note: format!("asterisk: {note}") }
}

fn deferred(because: Delay, note: &str) -> SendOutcome {
    // Whose fault it is comes first.
    let note = match note.strip_prefix(&our_account("")) {
        Some(note) => our_account(&format!("asterisk: {note}")),
        None => format!("asterisk: {note}"),
    };
    SendOutcome::Deferred { because, wait: None, note }
}

fn ambiguous(note: &str) -> SendOutcome {
    SendOutcome::Ambiguous { note: format!("asterisk: {note}") }
}

#[cfg(test)]
mod tests;
