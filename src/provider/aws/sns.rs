//! Notifications of Amazon SNS over HTTPS: who says so, and what it says.
//!
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>.
//! SNS signs some fields of the JSON and not the bytes, so the envelope is
//! read first: eleven texts, and nothing is made of them before the topic is
//! one of the settings' and the signature fits. A subscription is confirmed
//! here, once it is verified: SNS waits for that and posts nothing before.

mod certificate;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, Url};
use serde::Deserialize;
use tracing::{info, warn};

use self::certificate::Certificates;
use crate::provider::api::base_url;
use crate::provider::signature::Refused;
use crate::provider::{Call, CallbackReader, NotTaken, Posted, Receipt, Reply};

/// Bytes of a notification's name.
const ID_BYTES_MAX: usize = 128;

/// SNS tries for an hour. A day leaves room, and a notification's name is known
/// as a repeat for longer than that: an older one could be played again.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How far the clock of SNS may be ahead of ours.
const AHEAD_MAX: SignedDuration = SignedDuration::from_secs(300);

/// What the message of a notification means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    pub receipts: Vec<Receipt>,
    pub replies: Vec<Reply>,
}

/// Makes sense of a message that was published at the time given.
pub type Understand = fn(message: &str, published_at: Timestamp) -> Result<Told, String>;

/// Understands what a service publishes to its topics.
pub struct Events {
    topics: Vec<String>,
    certificates: Certificates,
    understand: Understand,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    #[serde(rename = "Type")]
    kind: String,
    message_id: String,
    topic_arn: String,
    subject: Option<String>,
    message: String,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    certificate_url: String,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
    token: Option<String>,
}

const NOTIFICATION: &str = "Notification";
const CONFIRMATION: &str = "SubscriptionConfirmation";
const END: &str = "UnsubscribeConfirmation";

impl Events {
    /// `None` where there are no topics. `elsewhere` is where certificates are
    /// fetched from and subscriptions confirmed in tests; nothing else changes
    /// with it.
    ///
    /// # Errors
    /// What is wrong with the settings, beginning with the key.
    pub fn open(
        topics: &[String],
        elsewhere: Option<&str>,
        understand: Understand,
    ) -> anyhow::Result<Option<Events>> {
        if topics.is_empty() {
            return Ok(None);
        }
        for topic in topics {
            anyhow::ensure!(
                topic.starts_with("arn:aws") && topic.split(':').count() == 6,
                "topics has {topic:?}, no ARN; write one such as \
                 arn:aws:sns:eu-central-1:123456789012:duebell"
            );
        }
        let elsewhere = elsewhere.map(|text| -> anyhow::Result<Url> {
            let url = base_url("sns_url", text)?;
            let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            anyhow::ensure!(is_local, "sns_url is another machine; it is for tests, leave it out");
            Ok(url)
        });
        Ok(Some(Events {
            topics: topics.to_vec(),
            certificates: Certificates::new(elsewhere.transpose()?)?,
            understand,
        }))
    }

    /// Whether SNS wrote this for one of our topics.
    async fn verify(&self, envelope: &Envelope, now: Timestamp) -> Result<(), NotTaken> {
        if !self.topics.contains(&envelope.topic_arn) {
            return Err(Refused::Stranger("TopicArn is none of the settings' topics").into());
        }
        let signed = envelope.signed().ok_or(Refused::Stranger("Type is none of SNS"))?;
        let signature = STANDARD.decode(&envelope.signature).map_err(|_| Refused::NoneFits)?;
        let algorithm = certificate::algorithm(&envelope.signature_version)
            .ok_or(Refused::Stranger("SignatureVersion is neither 1 nor 2"))?;
        let age = now.duration_since(envelope.published_at()?);
        if !(-AHEAD_MAX..=AGE_MAX).contains(&age) {
            return Err(Refused::BadTime { what: "Timestamp", age }.into());
        }
        // Asked for last: a stranger is to have us ask for as little as may be.
        let certificate = self.certificates.at(&envelope.certificate_url, now).await?;
        certificate::verify(&certificate, algorithm, signed.as_bytes(), &signature)?;
        Ok(())
    }

    async fn confirm(&self, envelope: &Envelope) -> Result<(), NotTaken> {
        let topic = envelope.topic_arn.as_str();
        let url = envelope.subscribe_url.as_deref().unwrap_or_default();
        let answer = self.certificates.get(url).await?;
        if !(200..=299).contains(&answer.status) {
            let what = format!("the subscription could not be confirmed: {}", answer.status);
            return Err(NotTaken::NotNow(what));
        }
        info!(topic, "the subscription to receipts is confirmed");
        Ok(())
    }
}

impl Envelope {
    fn published_at(&self) -> Result<Timestamp, NotTaken> {
        let none = |_| NotTaken::Unreadable("Timestamp is no instant".to_owned());
        self.timestamp.parse().map_err(none)
    }

    /// The text that is signed: these fields, in the order of their names.
    fn signed(&self) -> Option<String> {
        let ends = [("Timestamp", Some(&self.timestamp))];
        let middle = match self.kind.as_str() {
            NOTIFICATION => vec![("Subject", self.subject.as_ref()), ends[0]],
            CONFIRMATION | END => {
                let (url, token) = (self.subscribe_url.as_ref()?, self.token.as_ref()?);
                vec![("SubscribeURL", Some(url)), ends[0], ("Token", Some(token))]
            }
            _ => return None,
        };
        let first = [("Message", Some(&self.message)), ("MessageId", Some(&self.message_id))];
        let last = [("TopicArn", Some(&self.topic_arn)), ("Type", Some(&self.kind))];
        let fields = first.into_iter().chain(middle).chain(last);
        let lines = fields.filter_map(|(name, value)| Some(format!("{name}\n{}\n", value?)));
        Some(lines.collect())
    }
}

#[async_trait]
impl CallbackReader for Events {
    async fn read(&self, call: &Call<'_>) -> Result<Posted, NotTaken> {
        if call.method != Method::POST {
            return Err(NotTaken::Unreadable("SNS posts; this is another method".to_owned()));
        }
        let envelope: Envelope = serde_json::from_slice(call.body)
            .map_err(|error| NotTaken::Unreadable(format!("no envelope of SNS: {error}")))?;
        self.verify(&envelope, call.now).await?;
        let message_id = envelope.message_id.clone();
        let is_plain = message_id.bytes().all(|byte| byte.is_ascii_graphic());
        if message_id.is_empty() || message_id.len() > ID_BYTES_MAX || !is_plain {
            return Err(NotTaken::Unreadable("MessageId is no name".to_owned()));
        }
        let told = match envelope.kind.as_str() {
            CONFIRMATION => {
                self.confirm(&envelope).await?;
                Told::default()
            }
            END => {
                let topic = envelope.topic_arn.as_str();
                warn!(topic, "the subscription has ended: no receipts will come");
                Told::default()
            }
            _ => {
                let told = (self.understand)(&envelope.message, envelope.published_at()?);
                told.map_err(|what| NotTaken::Unreadable(format!("Message: {what}")))?
            }
        };
        let Told { receipts, replies } = told;
        Ok(Posted { message_id, receipts, replies, answer: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(kind: &str) -> Envelope {
        Envelope {
            kind: kind.to_owned(),
            message_id: "i".to_owned(),
            topic_arn: "t".to_owned(),
            subject: None,
            message: "m".to_owned(),
            timestamp: "d".to_owned(),
            signature_version: "2".to_owned(),
            signature: String::new(),
            certificate_url: String::new(),
            subscribe_url: Some("u".to_owned()),
            token: Some("k".to_owned()),
        }
    }

    #[test]
    fn the_signed_text_has_the_fields_of_its_kind_in_order() {
        let mut notification = envelope(NOTIFICATION);
        let text = "Message\nm\nMessageId\ni\nTimestamp\nd\nTopicArn\nt\nType\nNotification\n";
        assert_eq!(notification.signed().as_deref(), Some(text));
        notification.subject = Some("s".to_owned());
        let text = text.replace("Timestamp", "Subject\ns\nTimestamp");
        assert_eq!(notification.signed(), Some(text));
        let text = "Message\nm\nMessageId\ni\nSubscribeURL\nu\nTimestamp\nd\nToken\nk\nTopicArn\nt\n\
                    Type\nSubscriptionConfirmation\n";
        assert_eq!(envelope(CONFIRMATION).signed().as_deref(), Some(text));
        assert_eq!(envelope("Greeting").signed(), None);
        assert_eq!(Envelope { token: None, ..envelope(CONFIRMATION) }.signed(), None);
    }

    #[test]
    fn settings_that_would_believe_others_are_refused() {
        let topic = ["arn:aws:sns:eu-central-1:123456789012:duebell".to_owned()];
        let open = |topics: &[String], elsewhere| {
            Events::open(topics, elsewhere, |_, _| Ok(Told::default()))
        };
        assert!(open(&topic, Some("http://127.0.0.1:1")).unwrap().is_some());
        assert!(open(&[], None).unwrap().is_none());
        for (topics, elsewhere, key) in [
            (&["duebell".to_owned()], None, "topics "),
            (&topic, Some("https://sns.example.org"), "sns_url "),
            (&topic, Some("http://10.0.0.1"), "sns_url "),
        ] {
            let error = open(topics, elsewhere).err().unwrap().to_string();
            assert!(error.starts_with(key), "{error}");
        }
    }
}
