//! What a provider later says of a message.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AttemptKey, Channel};

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub key: AttemptKey,
    pub fate: Fate,
    pub at: Timestamp,
}

/// What became of a message, or of one of its parts, by the reference that
/// the provider gave it: its receipts do not name our key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartReceipt {
    pub provider_ref: String,
    pub fate: Fate,
    pub at: Timestamp,
}

/// A message that a provider took, and of which nothing has been heard since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    pub key: AttemptKey,
    pub channel: Channel,
    pub provider: String,
    /// The provider's own name for it; several where it went in parts.
    pub provider_ref: String,
    /// As the account has it now; personal data.
    pub phone: Option<String>,
    pub taken_at: Timestamp,
}

/// How a message ended.
///
/// In this order a later one says more: providers correct themselves, and
/// what has arrived has arrived, whatever else was said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// The provider gave up when the message expired.
    Expired,
    Undelivered,
    Delivered,
    /// A person or a machine answered the call.
    Answered,
}

impl Fate {
    pub const ALL: [Fate; 4] = [Fate::Expired, Fate::Undelivered, Fate::Delivered, Fate::Answered];

    pub fn as_str(self) -> &'static str {
        match self {
            Fate::Expired => "expired",
            Fate::Undelivered => "undelivered",
            Fate::Delivered => "delivered",
            Fate::Answered => "answered",
        }
    }

    pub fn parse(text: &str) -> Option<Fate> {
        Fate::ALL.into_iter().find(|fate| fate.as_str() == text)
    }

    /// The subscriber, or a machine of theirs, has it.
    pub fn has_arrived(self) -> bool {
        matches!(self, Fate::Delivered | Fate::Answered)
    }
}

/// A receipt as a provider posted it, before anything is made of it.
///
/// Provider, message and ordinal name it: the same one posted again is not a
/// second one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedReceipt {
    pub provider: Arc<str>,
    /// The provider's own name for what it posted.
    pub message_id: Arc<str>,
    /// Its place in what was posted.
    pub ordinal: u32,
    pub receipt: Receipt,
    pub received_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fate_has_a_name_of_its_own_which_is_that_of_the_contract() {
        for fate in Fate::ALL {
            assert_eq!(Fate::parse(fate.as_str()), Some(fate));
            let in_json = serde_json::to_string(&fate).unwrap();
            assert_eq!(in_json, format!("{:?}", fate.as_str()));
        }
    }
}
