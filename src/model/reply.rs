//! What a subscriber says to us: a text, a key in a call, a complaint.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{AttemptKey, Bucket, Channel};

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
    /// Messages are wanted again.
    OptIn,
    /// The recipient reported the message as unwanted.
    Complaint,
    /// Somebody else has this number.
    WrongNumber,
    /// Not the subscriber but the provider says: this address never works.
    BadAddress,
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

impl Meaning {
    /// The name in databases and `--json`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Meaning::OptOut => "opt_out",
            Meaning::OptIn => "opt_in",
            Meaning::Complaint => "complaint",
            Meaning::WrongNumber => "wrong_number",
            Meaning::BadAddress => "bad_address",
            Meaning::SendLink => "send_link",
            Meaning::Promise => "promise",
            Meaning::Paid => "paid",
            Meaning::Help => "help",
            Meaning::Text(_) => "text",
        }
    }

    /// The meaning of that name; words are for `text` alone.
    pub fn parse(name: &str, words: Option<&str>) -> Option<Meaning> {
        let plain = [
            Meaning::OptOut,
            Meaning::OptIn,
            Meaning::Complaint,
            Meaning::WrongNumber,
            Meaning::BadAddress,
            Meaning::SendLink,
            Meaning::Promise,
            Meaning::Paid,
            Meaning::Help,
            Meaning::Text(words.unwrap_or_default().to_owned()),
        ];
        plain.into_iter().find(|meaning| meaning.as_str() == name)
    }
}

/// A reply as a provider posted it, before anything is made of it.
///
/// Provider, message and ordinal name it: the same one posted again is not a
/// second one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedReply {
    pub provider: Arc<str>,
    /// The provider's own name for what it posted.
    pub message_id: Arc<str>,
    /// Its place in what was posted.
    pub ordinal: u32,
    pub reply: Reply,
    pub received_at: Timestamp,
}

impl PostedReply {
    /// A short name for people, of the three that name it.
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.provider.as_bytes());
        hash.update([0]);
        hash.update(self.message_id.as_bytes());
        hash.update([0]);
        hash.update(self.ordinal.to_be_bytes());
        hash.finalize()[..ID_BYTES].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Where it lies: with the reminder that it answers, else in a bucket of
    /// the address's own, as nobody knows yet whose that is.
    pub fn bucket(&self) -> Bucket {
        match (&self.reply.about, &self.reply.from) {
            (Some(key), _) => key.reminder.bucket(),
            (None, Some(address)) => Bucket::of(address),
            (None, None) => Bucket::FIRST,
        }
    }
}

/// Few enough to be typed, and enough that no two replies share them.
const ID_BYTES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meaning_has_a_name_of_its_own() {
        let names = [
            "opt_out",
            "opt_in",
            "complaint",
            "wrong_number",
            "bad_address",
            "send_link",
            "promise",
            "paid",
            "help",
            "text",
        ];
        for name in names {
            assert_eq!(Meaning::parse(name, Some("hm")).unwrap().as_str(), name);
        }
        assert_eq!(Meaning::parse("text", Some("hm")), Some(Meaning::Text("hm".into())));
        assert_eq!(Meaning::parse("shrug", None), None);
    }

    #[test]
    fn two_replies_never_share_a_name() {
        let posted = |provider: &str, message: &str, ordinal| PostedReply {
            provider: provider.into(),
            message_id: message.into(),
            ordinal,
            reply: Reply {
                channel: Channel::Sms,
                about: None,
                from: None,
                meaning: Meaning::Help,
                at: Timestamp::UNIX_EPOCH,
            },
            received_at: Timestamp::UNIX_EPOCH,
        };
        let names = [("a", "bc", 0), ("ab", "c", 0), ("a", "bc", 1), ("a", "b", 0)];
        let ids = names.map(|(provider, message, ordinal)| posted(provider, message, ordinal).id());
        let distinct: std::collections::BTreeSet<&String> = ids.iter().collect();
        assert_eq!(distinct.len(), names.len());
        assert_eq!(ids[0], posted("a", "bc", 0).id());
    }
}
