//! Providers: who carries a rendered message to a subscriber.
//!
//! Small traits, one per thing that a provider can do. [`Sender`] makes exactly
//! one attempt; [`LookUp`] answers "did you get this attempt?" where a provider
//! can be asked; [`ReceiptReader`] tells what became of messages, and
//! [`CallbackReader`] understands a provider that tells it unasked.
//! Retrying, falling back and giving up are `outbox`'s business.
//!
//! May use: model.

pub mod http;
pub mod route;
pub mod sandbox;
pub mod signature;
pub mod smtp;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;

use crate::model::{AttemptKey, Channel, Contacts, Content};

pub use crate::model::receipt::{Fate, Receipt};

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
    /// The provider must not deliver at or after this instant.
    pub expires_at: Timestamp,
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
    /// Whether receipts will tell of delivery. Where not, acceptance is all
    /// that will ever be known.
    fn gives_receipts(&self) -> bool;
    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome;
}

/// Answers for attempts whose outcome is not known.
#[async_trait]
pub trait LookUp: Send + Sync {
    /// # Errors
    /// When the provider cannot be asked just now.
    async fn look_up(&self, key: AttemptKey) -> anyhow::Result<Found>;
}

/// Tells what became of accepted messages.
#[async_trait]
pub trait ReceiptReader: Send + Sync {
    /// Receipts that have come since the last call, oldest first. The same
    /// receipt may come again, above all after a restart.
    async fn receipts(&self, now: Timestamp, limit: usize) -> anyhow::Result<Vec<Receipt>>;
}

/// Understands what a provider posts to us about messages that it took.
pub trait CallbackReader: Send + Sync {
    /// Judges the bytes as they came; a pure function of what it is given.
    ///
    /// # Errors
    /// Where the provider did not say it, or where it cannot be understood.
    fn read(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Posted, NotTaken>;
}

/// What a provider posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Names the posting: the same one again is a repeat.
    pub message_id: String,
    pub receipts: Vec<Receipt>,
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
}

/// What is true after one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The provider took it.
    Accepted { provider_ref: Option<String> },
    /// The provider refused it, for good.
    Rejected { because: Refusal, note: String },
    /// Certainly not taken; another attempt is safe.
    Deferred { because: Delay, wait: Option<SignedDuration>, note: String },
    /// It may or may not have been taken.
    Ambiguous { note: String },
}

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
