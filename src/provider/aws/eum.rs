//! SMS and spoken calls through AWS End User Messaging (API
//! `pinpoint-sms-voice-v2`).
//!
//! Calls go one way: the service speaks and takes no keys, and it does not
//! tell a machine from a person. The attempt's key travels in the context, and
//! events bring it back (`event`).

mod event;
mod refusal;
mod speech;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::ensure;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::outcome;
use super::sns::Events;
use super::{ATTEMPT, Service, no_listener};
use crate::model::{Channel, Content};
use crate::provider::kinds::{Adapter, Connected, Site, Wrong};
use crate::provider::{
    CallbackReader, Capabilities, Delay, Outgoing, Refusal, SendOutcome, Sender,
};

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// Letters in an SMS.
const TEXT_MAX: usize = 1_600;
/// Letters in a call, marks included.
const SPEECH_MAX: usize = 6_000;
/// Seconds for which the service may hold a message.
const TTL_MIN: i64 = 5;
const TTL_MAX: i64 = 259_200;

/// SMS and calls through AWS, in the settings as `[provider.aws_eum]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Such as `eu-central-1`.
    pub region: String,
    /// Another endpoint than the region's own.
    pub url: Option<String>,
    /// A JSON file with `AccessKeyId`, `SecretAccessKey` and, where the keys
    /// are good for some hours, `SessionToken`; read again when it changes.
    pub credentials_file: Option<PathBuf>,
    /// What it carries: sms, voice.
    pub channels: Vec<Channel>,
    /// A number, pool or sender id of the account; calls need one.
    pub origination: Option<String>,
    pub message_type: MessageType,
    /// Names where the service publishes events.
    pub configuration_set: Option<String>,
    /// US dollars for each part of an SMS, such as `0.20`.
    pub max_price: Option<String>,
    /// US dollars for each minute of a call.
    pub max_price_per_minute: Option<String>,
    /// Amazon Polly's voice for each language (BCP 47). `pt` serves `pt-BR`
    /// where there is none of its own.
    pub voices: BTreeMap<String, String>,
    /// ARNs of the SNS topics whose notifications are believed: of events, and
    /// of what subscribers answer. Empty: acceptance is all that is ever known.
    pub topics: Vec<String>,
    /// Where certificates of SNS are fetched from instead; for tests, and on
    /// this machine only.
    pub sns_url: Option<String>,
    /// Submissions each second, as the origination bears.
    pub per_second: Option<u32>,
    /// For the answer, once connected.
    pub timeout_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let voices = [
            ("ar", "ZEINA"),
            ("de", "VICKI"),
            ("en", "JOANNA"),
            ("es", "LUCIA"),
            ("fr", "LEA"),
            ("pt", "INES"),
            ("zh-Hans", "ZHIYU"),
        ];
        Settings {
            region: String::new(),
            url: None,
            credentials_file: None,
            channels: vec![Channel::Sms],
            origination: None,
            message_type: MessageType::Transactional,
            configuration_set: None,
            max_price: None,
            max_price_per_minute: None,
            voices: voices.map(|(language, voice)| (language.into(), voice.into())).into(),
            topics: Vec::new(),
            sns_url: None,
            per_second: None,
            timeout_ms: 10_000,
        }
    }
}

/// What carriers are told of an SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    Transactional,
    Promotional,
}

/// Sends SMS, and speaks.
pub struct Eum {
    name: String,
    service: Service,
    settings: Settings,
}

/// One request: what is asked for, and with what.
struct Request {
    target: &'static str,
    body: Map<String, Value>,
}

fn rejected(because: Refusal, what: &str) -> SendOutcome {
    SendOutcome::Rejected { because, note: format!("aws_eum: {what}") }
}

impl Eum {
    /// Checks the settings and reads the keys; AWS is not called.
    ///
    /// # Errors
    /// What is wrong with the settings, beginning with the key.
    pub fn open(name: &str, settings: Settings) -> anyhow::Result<Eum> {
        let service = Service::open(
            "sms-voice",
            "sms-voice",
            &settings.region,
            settings.url.as_deref(),
            settings.credentials_file.as_ref(),
            settings.timeout_ms,
        )?;
        ensure!(!settings.channels.is_empty(), "channels is empty; list sms, voice or both");
        ensure!(settings.per_second != Some(0), "per_second is 0; allow at least one");
        Ok(Eum { name: name.to_owned(), service, settings })
    }

    /// What AWS gets; `Err` where it is not asked.
    fn request(&self, message: &Outgoing, now: Timestamp) -> Result<Request, SendOutcome> {
        if !self.settings.channels.contains(&message.channel) {
            return Err(rejected(Refusal::BadContent, "the channel is not carried"));
        }
        let Some(phone) = message.to.phone.as_ref() else {
            return Err(rejected(Refusal::BadRecipient, "no usable number"));
        };
        let left = message.expires_at.duration_since(now).as_secs();
        if left < TTL_MIN {
            // It would live longer than it may.
            let note = "aws_eum: it expires too soon".to_owned();
            return Err(SendOutcome::Deferred { because: Delay::Down, wait: None, note });
        }
        let mut body = Map::from_iter([
            ("DestinationPhoneNumber".to_owned(), json!(phone.e164())),
            ("TimeToLive".to_owned(), json!(left.min(TTL_MAX))),
            ("Context".to_owned(), json!({ATTEMPT: message.key.to_string()})),
        ]);
        let (target, more) = match (message.channel, &message.content) {
            (Channel::Sms, Content::Sms { text }) => self.text(text)?,
            (Channel::Voice, Content::Voice(prompt)) => {
                self.call(&message.language, speech::ssml(&prompt.parts))?
            }
            _ => return Err(rejected(Refusal::BadContent, "content of another channel")),
        };
        let settings = &self.settings;
        let ours = [
            ("OriginationIdentity", settings.origination.as_ref()),
            ("ConfigurationSetName", settings.configuration_set.as_ref()),
        ];
        let ours = ours.into_iter().filter_map(|(name, value)| Some((name, json!(value?))));
        body.extend(more.into_iter().chain(ours).map(|(name, value)| (name.to_owned(), value)));
        Ok(Request { target, body })
    }

    fn text(&self, text: &str) -> Result<(&'static str, Fields), SendOutcome> {
        is_said(text, TEXT_MAX)?;
        let kind = match self.settings.message_type {
            MessageType::Transactional => "TRANSACTIONAL",
            MessageType::Promotional => "PROMOTIONAL",
        };
        let mut fields = vec![("MessageBody", json!(text)), ("MessageType", json!(kind))];
        fields.extend(self.settings.max_price.iter().map(|price| ("MaxPrice", json!(price))));
        Ok(("PinpointSMSVoiceV2.SendTextMessage", fields))
    }

    fn call(
        &self,
        language: &str,
        ssml: Option<String>,
    ) -> Result<(&'static str, Fields), SendOutcome> {
        is_said(ssml.as_deref().unwrap_or_default(), SPEECH_MAX)?;
        let Some(voice) = speech::voice(&self.settings.voices, language) else {
            let note = "our account: aws_eum: voices has none for the language".to_owned();
            return Err(SendOutcome::Deferred { because: Delay::Down, wait: None, note });
        };
        let mut fields = vec![
            ("MessageBody", json!(ssml)),
            ("MessageBodyTextType", json!("SSML")),
            ("VoiceId", json!(voice)),
        ];
        let price = self.settings.max_price_per_minute.iter();
        fields.extend(price.map(|price| ("MaxPricePerMinute", json!(price))));
        Ok(("PinpointSMSVoiceV2.SendVoiceMessage", fields))
    }
}

type Fields = Vec<(&'static str, Value)>;

fn is_said(text: &str, max: usize) -> Result<(), SendOutcome> {
    match text.chars().count() {
        _ if text.trim().is_empty() => {
            Err(rejected(Refusal::BadContent, "there is nothing to say"))
        }
        letters if letters > max => Err(rejected(Refusal::BadContent, "it is too long")),
        _ => Ok(()),
    }
}

/// US dollars as AWS writes them: `.2`, `0.20`, `12.00000`.
fn is_price(text: &str) -> bool {
    let Some((whole, part)) = text.split_once('.') else { return false };
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    whole.len() <= 2 && (1..=5).contains(&part.len()) && is_number(whole) && is_number(part)
}

impl Adapter for Eum {
    const KIND: &'static str = "aws_eum";
    type Settings = Settings;

    fn carries(settings: &Settings) -> Vec<Channel> {
        settings.channels.iter().copied().filter(|channel| *channel != Channel::Email).collect()
    }

    fn problems(settings: &Settings, site: &Site) -> Vec<Wrong> {
        let mut wrong = Vec::from_iter(no_listener(&settings.topics, site));
        let mut say = |key, what: &str| wrong.push((key, what.to_owned()));
        if settings.channels.contains(&Channel::Email) {
            say("channels", "has email; list sms, voice or both");
        }
        if settings.channels.contains(&Channel::Voice) && settings.origination.is_none() {
            say("origination", "is not set, and calls need one; name a number of the account");
        }
        let prices = [
            ("max_price", &settings.max_price),
            ("max_price_per_minute", &settings.max_price_per_minute),
        ];
        for (key, price) in prices {
            if price.as_deref().is_some_and(|price| !is_price(price)) {
                say(key, "is no amount of US dollars; write one such as 0.20");
            }
        }
        wrong
    }

    fn connect(name: &str, settings: Settings, _: &Site) -> anyhow::Result<Connected> {
        let events = Events::open(&settings.topics, settings.sns_url.as_deref(), event::told)?;
        let callbacks = events.map(|events| Arc::new(events) as Arc<dyn CallbackReader>);
        let eum = Arc::new(Eum::open(name, settings)?);
        Ok(Connected { callbacks, ..Connected::sending(eum) })
    }
}

#[async_trait]
impl Sender for Eum {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            receipts: !self.settings.topics.is_empty(),
            per_second: self.settings.per_second,
            ..Capabilities::default()
        }
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let Request { target, body } = match self.request(message, now) {
            Ok(request) => request,
            Err(outcome) => return outcome,
        };
        let body = Value::Object(body).to_string().into_bytes();
        let answer = self.service.post("/", CONTENT_TYPE, Some(target), body, now).await;
        self.service.credentials.heeded(match answer {
            Ok(answer) => outcome(Eum::KIND, &answer, refusal::means, now),
            Err(none) => none.outcome(Eum::KIND),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_written_as_aws_reads_them() {
        for good in ["0.20", ".5", "12.00001"] {
            assert!(is_price(good), "{good}");
        }
        for bad in ["", "1", "0,20", "100.0", "0.", "0.123456", "-.1", "+1.0"] {
            assert!(!is_price(bad), "{bad}");
        }
    }

    #[test]
    fn settings_that_cannot_be_are_named() {
        let settings = Settings {
            channels: vec![Channel::Voice, Channel::Email],
            max_price: Some("20 cents".to_owned()),
            topics: vec!["arn:aws:sns:eu-central-1:123456789012:duebell".to_owned()],
            ..Settings::default()
        };
        let wrong = Eum::problems(&settings, &Site::default());
        let keys: Vec<&str> = wrong.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["topics", "channels", "origination", "max_price"]);
        assert_eq!(Eum::carries(&settings), [Channel::Voice]);
        assert_eq!(Eum::problems(&Settings::default(), &Site::default()), []);
    }
}
