//! E-mail through Amazon SES (API v2).
//!
//! Text and HTML go as they are; SES makes the letter of them. The attempt's
//! key travels as a tag, and events bring it back (`event`).

mod address;
mod event;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::address::{ascii, mailbox};
use super::answer::{Means, Said, outcome};
use super::sns::Events;
use super::{ATTEMPT, Service, no_listener, tag_of};
use crate::model::{Channel, Content};
use crate::provider::kinds::{Adapter, Connected, Site, Wrong};
use crate::provider::{CallbackReader, Capabilities, Outgoing, Refusal, SendOutcome, Sender};

const PATH: &str = "/v2/email/outbound-emails";

/// SES says that a day's quota may be free again after some minutes.
const QUOTA_WAIT: SignedDuration = SignedDuration::from_mins(10);

/// E-mail through SES, in the settings as `[provider.aws_ses]`.
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
    /// `Name <address>`; its domain or address is verified at SES.
    pub from: String,
    pub reply_to: Option<String>,
    /// The address that reads requests to stop.
    pub unsubscribe: Option<String>,
    /// Names where SES publishes events.
    pub configuration_set: Option<String>,
    /// ARNs of the SNS topics whose notifications are believed. Empty:
    /// acceptance is all that is ever known.
    pub topics: Vec<String>,
    /// Where certificates of SNS are fetched from instead; for tests, and on
    /// this machine only.
    pub sns_url: Option<String>,
    /// Submissions each second, as SES allows the account.
    pub per_second: Option<u32>,
    /// For the answer, once connected.
    pub timeout_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            region: String::new(),
            url: None,
            credentials_file: None,
            from: String::new(),
            reply_to: None,
            unsubscribe: None,
            configuration_set: None,
            topics: Vec::new(),
            sns_url: None,
            per_second: None,
            timeout_ms: 10_000,
        }
    }
}

/// Sends e-mail.
pub struct Ses {
    name: String,
    service: Service,
    from: String,
    reply_to: Option<String>,
    unsubscribe: Option<String>,
    configuration_set: Option<String>,
    capabilities: Capabilities,
}

impl Ses {
    /// Checks the settings and reads the keys; SES is not called.
    ///
    /// # Errors
    /// What is wrong with the settings, beginning with the key.
    pub fn open(name: &str, settings: &Settings) -> anyhow::Result<Ses> {
        let service = Service::open(
            "ses",
            "email",
            &settings.region,
            settings.url.as_deref(),
            settings.credentials_file.as_ref(),
            settings.timeout_ms,
        )?;
        let sender = |key: &'static str, text: &str| {
            let mend = format!("{key} is no mailbox; write one such as Netz AG <bill@example.org>");
            address::read(text).with_context(|| mend)
        };
        if let Some(address) = &settings.unsubscribe {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_+@".contains(c);
            ensure!(
                address.contains('@') && address.chars().all(is_plain),
                "unsubscribe is no plain address; write one such as stop@example.org"
            );
        }
        ensure!(settings.per_second != Some(0), "per_second is 0; allow at least one");
        let reply_to = settings.reply_to.as_deref().map(|text| sender("reply_to", text));
        Ok(Ses {
            name: name.to_owned(),
            service,
            from: sender("from", &settings.from)?,
            reply_to: reply_to.transpose()?,
            unsubscribe: settings.unsubscribe.clone(),
            configuration_set: settings.configuration_set.clone(),
            capabilities: Capabilities {
                receipts: !settings.topics.is_empty(),
                per_second: settings.per_second,
                ..Capabilities::default()
            },
        })
    }

    /// What SES gets; `Err` where no mail can be made of the message.
    fn request(&self, message: &Outgoing) -> Result<Value, SendOutcome> {
        let rejected = |because, what: &str| {
            Err(SendOutcome::Rejected { because, note: format!("aws_ses: {what}") })
        };
        let (Channel::Email, Content::Email { subject, text, html }) =
            (message.channel, &message.content)
        else {
            return rejected(Refusal::BadContent, "the content is no e-mail");
        };
        let Some(to) = message.to.email.as_ref() else {
            return rejected(Refusal::BadRecipient, "no usable address");
        };
        let Some(to) = ascii(to.as_str()) else {
            return rejected(Refusal::BadRecipient, "SES takes no address outside of ASCII");
        };
        let utf8 = |text: &str| json!({"Data": text, "Charset": "UTF-8"});
        // Out-of-office replies would go to a person who owes money an
        // answer they did not ask for (RFC 3834; the second is Exchange's).
        let mut headers = vec![
            json!({"Name": "Auto-Submitted", "Value": "auto-generated"}),
            json!({"Name": "X-Auto-Response-Suppress", "Value": "All"}),
        ];
        for (name, value) in message.unsubscribe(self.unsubscribe.as_deref()) {
            headers.push(json!({"Name": name, "Value": value}));
        }
        let mut request = json!({
            "FromEmailAddress": self.from,
            "Destination": {"ToAddresses": [mailbox(&message.name, &to)]},
            "Content": {"Simple": {
                "Subject": utf8(&address::one_line(subject)),
                "Body": {"Text": utf8(text), "Html": utf8(html)},
                "Headers": headers,
            }},
            "EmailTags": [{"Name": ATTEMPT, "Value": tag_of(message.key)}],
        });
        if let Some(address) = &self.reply_to {
            request["ReplyToAddresses"] = json!([address]);
        }
        if let Some(name) = &self.configuration_set {
            request["ConfigurationSetName"] = json!(name);
        }
        Ok(request)
    }
}

impl Adapter for Ses {
    const KIND: &'static str = "aws_ses";
    type Settings = Settings;

    fn carries(_: &Settings) -> Vec<Channel> {
        vec![Channel::Email]
    }

    fn problems(settings: &Settings, site: &Site) -> Vec<Wrong> {
        let mut wrong = Vec::from_iter(no_listener(&settings.topics, site));
        if !settings.topics.is_empty() && settings.configuration_set.is_none() {
            let what = "is not set, and without it events do not name the attempt; \
                        name the configuration set that publishes to the topics";
            wrong.push(("configuration_set", what.to_owned()));
        }
        wrong
    }

    fn connect(name: &str, settings: Settings, _: &Site) -> anyhow::Result<Connected> {
        let events = Events::open(&settings.topics, settings.sns_url.as_deref(), event::told)?;
        let callbacks = events.map(|events| Arc::new(events) as Arc<dyn CallbackReader>);
        let ses = Arc::new(Ses::open(name, &settings)?);
        Ok(Connected { callbacks, ..Connected::sending(ses) })
    }
}

#[async_trait]
impl Sender for Ses {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let request = match self.request(message) {
            Ok(request) => request,
            Err(outcome) => return outcome,
        };
        let body = request.to_string().into_bytes();
        let answer = self.service.post(PATH, "application/json", None, body, now).await;
        self.service.credentials.heeded(match answer {
            Ok(answer) => outcome(Ses::KIND, &answer, means, now),
            Err(none) => none.outcome(Ses::KIND),
        })
    }
}

/// What the refusals of SES mean.
fn means(said: &Said) -> Option<Means> {
    Some(match said.error.as_str() {
        // An identity that nobody verified, in the words of SES; with an
        // account that is in its sandbox this can be the recipient's.
        "MessageRejected" if said.words.contains("not verified") => Means::OurAccount,
        "MessageRejected" | "BadRequestException" => Means::Refused(Refusal::BadContent),
        "AccountSuspendedException"
        | "LimitExceededException"
        | "MailFromDomainNotVerifiedException"
        | "NotFoundException"
        | "SendingPausedException" => Means::OurAccount,
        "Throttling" | "ThrottlingException" | "TooManyRequestsException"
            if said.words.contains("quota exceeded") =>
        {
            Means::Throttled(Some(QUOTA_WAIT))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::aws::answer::check;

    #[test]
    fn each_refusal_of_ses_leads_to_its_own_outcome() {
        let said =
            |error: &str, words: &str| format!(r#"{{"__type":"{error}","message":"{words}"}}"#);
        let rejected = "Email address is not verified. The following identities failed: +49@x";
        for (status, error, words, expected) in [
            (429, "TooManyRequestsException", "+49", "Throttled"),
            (400, "ThrottlingException", "Maximum sending rate exceeded.", "Throttled"),
            (400, "LimitExceededException", "", "Down, ours"),
            (400, "AccountSuspendedException", "", "Down, ours"),
            (400, "SendingPausedException", "", "Down, ours"),
            (400, "MailFromDomainNotVerifiedException", "", "Down, ours"),
            (404, "NotFoundException", "Configuration set x does not exist", "Down, ours"),
            (400, "MessageRejected", rejected, "Down, ours"),
            (400, "MessageRejected", "Address +49@x", "BadContent"),
            (400, "BadRequestException", "+49", "BadContent"),
            (403, "SignatureDoesNotMatch", "", "Down, ours"),
            (403, "ExpiredToken", "", "Down, ours"),
            (500, "InternalFailure", "", "Ambiguous"),
        ] {
            check(means, status, &said(error, words), expected);
        }
    }

    #[test]
    fn a_days_quota_is_waited_for() {
        let words = "Daily message quota exceeded.".to_owned();
        let said = Said { error: "ThrottlingException".into(), words, ..Said::default() };
        assert_eq!(means(&said), Some(Means::Throttled(Some(QUOTA_WAIT))));
    }
}
