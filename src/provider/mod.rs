//! Providers: who carries a rendered message to a subscriber.
//!
//! Small traits, one per thing that a provider can do. [`Sender`] makes exactly
//! one attempt; [`LookUp`] answers "did you get this attempt?" where a provider
//! can be asked, and [`Inquiry`] "what became of it?"; [`ReceiptReader`] tells
//! that of messages by itself, and
//! [`CallbackReader`] understands a provider that tells it unasked, and
//! [`Listener`] one that tells it over a connection of ours.
//! Retrying, falling back and giving up are `outbox`'s business.
//!
//! May use: model.

pub mod aliyun;
pub mod api;
pub mod asterisk;
pub mod aws;
pub mod echo;
pub mod guard;
pub mod http;
pub mod infobip;
pub mod kannel;
pub mod kinds;
pub mod letters;
pub mod reach;
pub mod route;
pub mod sandbox;
pub mod secret;
pub mod signature;
pub mod smpp;
pub mod smtp;
pub mod tls;
pub mod twilio;
pub mod webhook;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use reqwest::header::HeaderMap;

use crate::model::content::TemplateFacts;
use crate::model::{AttemptKey, Channel, Contacts, Content};

pub use crate::model::receipt::{Fate, PartReceipt, Receipt, Untold};
pub use crate::model::reply::{Meaning, Pledge, Reply};

/// What is handed to a provider: one attempt at one reminder.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Goes to the provider wherever a field carries it.
    pub key: AttemptKey,
    pub channel: Channel,
    /// Who is reached; the sender picks the address of its channel.
    pub to: Contacts,
    /// How the subscriber is addressed; personal data.
    pub name: String,
    /// BCP 47 tag of the texts.
    pub language: String,
    pub content: Content,
    /// Where the provider has templates of its own, what goes into them.
    pub facts: Option<TemplateFacts>,
    /// The provider must not deliver at or after this instant.
    pub expires_at: Timestamp,
    /// Where mail programs may stop e-mails with one click (RFC 8058).
    pub stop_url: Option<String>,
}

impl Outgoing {
    /// The headers of an e-mail by which its reader may stop it: with one
    /// click, by a mail to `mailbox`, or not at all.
    pub fn unsubscribe(&self, mailbox: Option<&str>) -> Vec<(&'static str, String)> {
        let link = self.stop_url.as_ref().map(|url| format!("<{url}>"));
        let mail =
            mailbox.map(|address| format!("<mailto:{address}?subject=unsubscribe%20{}>", self.key));
        let ways: Vec<String> = link.into_iter().chain(mail).collect();
        let mut headers = Vec::new();
        if !ways.is_empty() {
            headers.push(("List-Unsubscribe", ways.join(", ")));
        }
        if self.stop_url.is_some() {
            headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        headers
    }

    /// Why no provider is even asked: nothing good can come of it, whatever
    /// it speaks.
    pub fn fault(&self) -> Option<SendOutcome> {
        let blank = |text: &str| text.trim().is_empty();
        let says_nothing = match &self.content {
            Content::Sms { text } => blank(text),
            Content::Voice(prompt) => blank(&prompt.words()),
            Content::Email { subject, text, html } => blank(subject) || blank(text) || blank(html),
        };
        let Contacts { phone, email, .. } = &self.to;
        let (because, what) = match self.channel {
            _ if says_nothing => (Refusal::BadContent, "there is nothing to say"),
            Channel::Sms | Channel::Voice if phone.as_ref().is_some_and(|it| !it.is_e164()) => {
                (Refusal::BadRecipient, "the number is not one of E.164")
            }
            Channel::Email if email.as_ref().is_some_and(|it| !it.is_whole()) => {
                (Refusal::BadRecipient, "the address is none")
            }
            _ => return None,
        };
        Some(SendOutcome::Rejected { because, note: format!("not sent: {what}") })
    }
}

/// Hands messages to one provider.
///
/// `send` makes exactly one attempt. It never retries, never sleeps for long
/// and never logs the recipient. It returns no error: whatever went wrong, the
/// caller needs to know which of four things is now true.
#[async_trait]
pub trait Sender: Send + Sync {
    /// The provider's name in the settings and in the records.
    fn name(&self) -> &str;
    fn capabilities(&self) -> Capabilities;
    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome;
}

/// What a provider can do and will bear, as plain data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Receipts will tell of delivery. Where not, acceptance is all that will
    /// ever be known.
    pub receipts: bool,
    /// It has templates of its own, and needs [`Outgoing::facts`].
    pub own_templates: bool,
    /// Submissions that it takes each second; `None` for as many as we like.
    pub per_second: Option<u32>,
    /// Submissions that it takes at once; `None` for as many as we like.
    pub in_flight_max: Option<u32>,
}

/// Answers for attempts whose outcome is not known.
#[async_trait]
pub trait LookUp: Send + Sync {
    /// # Errors
    /// When the provider cannot be asked just now.
    async fn look_up(&self, key: AttemptKey) -> anyhow::Result<Found>;
}

/// Can be asked what became of a message that it took and never told of.
#[async_trait]
pub trait Inquiry: Send + Sync {
    /// `None` where it has not come to an end, or nobody knows.
    ///
    /// # Errors
    /// When the provider cannot be asked just now.
    async fn inquire(&self, about: &Untold, now: Timestamp) -> anyhow::Result<Option<Receipt>>;
}

/// Tells what became of accepted messages.
#[async_trait]
pub trait ReceiptReader: Send + Sync {
    /// Receipts that have come since the last call, oldest first. The same
    /// receipt may come again, above all after a restart.
    async fn receipts(&self, now: Timestamp, limit: usize) -> anyhow::Result<Vec<Receipt>>;
}

/// Understands what a provider posts to us: receipts for messages that it
/// took, and what subscribers answered.
#[async_trait]
pub trait CallbackReader: Send + Sync {
    /// Judges the bytes as they came, the signature before anything else. It
    /// decides nothing, and changes nothing here.
    ///
    /// # Errors
    /// Where the provider did not say it, or where it cannot be understood.
    async fn read(&self, call: &Call<'_>) -> Result<Posted, NotTaken>;
}

/// Hears what a provider tells unasked over a connection of ours.
#[async_trait]
pub trait Listener: Send + Sync {
    /// Waits for what comes next, oldest first. The next call says that all of
    /// what the last one gave is durable: only then is it acknowledged, and
    /// what is not comes again.
    async fn next(&self, limit: usize, now: Now<'_>) -> Vec<Told>;
}

/// Tells what time it is, to whoever waits for long.
pub type Now<'a> = &'a (dyn Fn() -> Timestamp + Send + Sync);

/// One thing that a [`Listener`] heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// By a reference of the provider's.
    Receipt(PartReceipt),
    /// By the key of the attempt.
    OfAttempt {
        /// The same where it comes again.
        message_id: String,
        receipt: Receipt,
    },
    Reply {
        /// The same where it comes again.
        message_id: String,
        reply: Reply,
    },
}

/// One request of a provider to us.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub method: &'a Method,
    /// Path and query, as they came.
    pub target: &'a str,
    /// After the `?`, still encoded; empty where there is none.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub now: Timestamp,
}

/// What a provider posted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posted {
    /// Names the posting: the same one again is a repeat.
    pub message_id: String,
    pub receipts: Vec<Receipt>,
    pub replies: Vec<Reply>,
    /// What the provider wants to hear once all of it is durable; 204 and
    /// nothing where it does not say.
    pub answer: Option<Answer>,
}

/// An answer in a provider's own form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub content_type: &'static str,
    pub body: String,
}

/// Why a posting was not taken; the words are for whoever posted it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Anybody may have written it.
    #[error("{0}")]
    Unsigned(#[from] signature::Refused),
    /// The provider's, and not what the contract says.
    #[error("{0}")]
    Unreadable(String),
    /// It cannot be judged just now; whoever posted it does so again.
    #[error("{0}")]
    NotNow(String),
}

/// What is true after one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The provider took it.
    Accepted { provider_ref: Option<String> },
    /// The provider took it as one message or several, and its receipts will
    /// name these references of its own, not our key: one for each part.
    AcceptedInParts { refs: Vec<String> },
    /// The provider refused it, for good.
    Rejected { because: Refusal, note: String },
    /// Certainly not taken; another attempt is safe.
    Deferred { because: Delay, wait: Option<SignedDuration>, note: String },
    /// It may or may not have been taken.
    Ambiguous { note: String },
}

#[cfg(test)]
impl Outgoing {
    /// For the adapters' own tests: an SMS to nobody in particular.
    pub fn sms(name: &str, text: &str, expires_at: &str) -> Outgoing {
        let phone = crate::model::PhoneNumber::parse("+4915123456789", None);
        Outgoing {
            key: "0123456789abcdef0123456789abcdef.2".parse().unwrap(),
            channel: Channel::Sms,
            to: Contacts { phone, email: None, preferred: None },
            name: name.to_owned(),
            language: "de".to_owned(),
            content: Content::Sms { text: text.to_owned() },
            facts: None,
            expires_at: expires_at.parse().unwrap(),
            stop_url: None,
        }
    }
}

#[cfg(test)]
impl SendOutcome {
    /// For the adapters' tables: the reference, or why there is none. A delay
    /// that the operator has to mend ends in ", ours".
    pub fn in_a_word(&self) -> String {
        match self {
            Self::Accepted { provider_ref } => format!("{provider_ref:?}"),
            Self::AcceptedInParts { refs } => format!("{refs:?}"),
            Self::Rejected { because, .. } => format!("{because:?}"),
            Self::Deferred { because, note, .. } if note.starts_with(OUR_ACCOUNT) => {
                format!("{because:?}, ours")
            }
            Self::Deferred { because, .. } => format!("{because:?}"),
            Self::Ambiguous { .. } => "Ambiguous".to_owned(),
        }
    }
}

/// How the note of what is deferred begins where the operator has to mend it:
/// credentials, a balance, a sender.
pub const OUR_ACCOUNT: &str = "our account";

/// The note of what is deferred until the operator has mended it.
pub fn our_account(note: &str) -> String {
    format!("{OUR_ACCOUNT}: {note}")
}

/// How a note ends that has a code of which nobody told us what it means. They
/// are counted, so that somebody finds out.
pub const NEW_TO_US: &str = ", new to us";

/// Why a provider refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// This address will never work.
    BadRecipient,
    OptedOut,
    BadContent,
    /// Our credentials, quota or sender are at fault, not the recipient.
    OurAccount,
}

/// Why a provider did not take it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delay {
    /// Too fast; does not use up an attempt.
    Throttled,
    /// Away or failing.
    Down,
}

/// What a provider knows of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Taken {
        provider_ref: Option<String>,
    },
    /// The provider never got it: another attempt is safe.
    NotTaken,
}
