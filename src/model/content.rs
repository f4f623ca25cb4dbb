//! What a subscriber reads or hears.

/// A rendered message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Sms {
        text: String,
    },
    /// Spoken text.
    Voice {
        script: String,
    },
    Email {
        subject: String,
        text: String,
        html: String,
    },
}

impl Content {
    /// The words, for records and terminals; of a mail, the plain text.
    pub fn words(&self) -> &str {
        match self {
            Content::Sms { text } | Content::Email { text, .. } => text,
            Content::Voice { script } => script,
        }
    }
}
