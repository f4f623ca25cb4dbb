//! Statutory notices: what the law wants to have been said before a service is
//! restricted, and the proof that it was.

use serde::{Deserialize, Serialize};

/// What a step's message is before the law.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageClass {
    /// May be suppressed, capped and left out.
    #[default]
    Reminder,
    /// Must reach the account: an opt-out sends it by letter, a cap gives way
    /// to it, and what was said is kept.
    Statutory,
}

impl MessageClass {
    pub fn is_reminder(&self) -> bool {
        *self == MessageClass::Reminder
    }
}

/// What one attempt at a notice said, kept for whoever must prove it. Where and
/// when it went, and what came of it, is told by the attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub template: String,
    /// Names the content of the template's files.
    pub template_version: String,
    /// BCP 47 tag of the text.
    pub language: String,
    /// The number or address that it went to; personal data. A letter has none.
    pub address: Option<String>,
    pub subject: Option<String>,
    pub body: String,
}
