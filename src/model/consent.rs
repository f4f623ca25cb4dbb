//! Consent: what a subscriber agreed to, or refused, before and after.

use jiff::Timestamp;
use serde::Serialize;

use super::{AccountId, Bucket, Channel};

/// What somebody is contacted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Of bills, the notices of a law included.
    Reminder,
    /// Offers, and winning back: kept for whoever makes them. Duebell makes none.
    Marketing,
}

impl Purpose {
    pub const ALL: [Purpose; 2] = [Purpose::Reminder, Purpose::Marketing];

    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Reminder => "reminder",
            Purpose::Marketing => "marketing",
        }
    }

    pub fn parse(text: &str) -> Option<Purpose> {
        Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}

/// An entry of the ledger. It is never changed: the latest counts, and of two
/// of one instant a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub bucket: Bucket,
    pub account: AccountId,
    pub channel: Channel,
    pub purpose: Purpose,
    pub is_given: bool,
    pub at: Timestamp,
    /// Who brought it: a provider's name, or somebody's of the operator's.
    pub source: String,
    /// Where it can be shown: a reply, a document, a recording.
    pub proof: String,
}
