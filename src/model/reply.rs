//! What a subscriber says to us: a text, a key in a call, a complaint.

use jiff::Timestamp;

use super::{AttemptKey, Channel};

/// One thing that a subscriber said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub channel: Channel,
    /// The attempt that it answers, where the provider tells.
    pub about: Option<AttemptKey>,
    /// Who said it: E.164 or an e-mail address; personal data. `None` where
    /// only the attempt is told.
    pub from: Option<String>,
    pub meaning: Meaning,
    pub at: Timestamp,
}

/// What it means, as far as the provider or the key tells. Words are made
/// sense of later, and by people where need be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// No more messages or calls to this address.
    OptOut,
    /// The recipient reported the message as unwanted.
    Complaint,
    /// Somebody else has this number.
    WrongNumber,
    /// The link to pay is wanted.
    SendLink,
    /// "I will pay."
    Promise,
    /// "I have paid."
    Paid,
    Help,
    /// Words as they came; personal data.
    Text(String),
}
