//! What a subscriber says to us: a text, a key in a call, a complaint.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::wish::Wish;
use super::{AttemptKey, BillId, Bucket, Channel};

/// The subscriber's own page among the providers of replies.
pub const PAGE: &str = "page";

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
    Promise(Pledge),
    /// "I have paid."
    Paid(Proof),
    /// "This is wrong."
    Dispute(Dispute),
    /// "I cannot pay."
    Hardship(Note),
    /// "Call me."
    CallBack(Note),
    /// Somebody of the operator's spoke with the subscriber.
    Conversation(Note),
    /// "Reach me so."
    Wish(Wish),
    Help,
    /// Words as they came; personal data.
    Text(String),
    /// One part of words that came in several; joined before sense is made of them.
    Part(TextPart),
}

/// Which part of which text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextPart {
    /// Personal data.
    #[serde(skip)]
    pub words: String,
    /// The same for all parts of one text from one sender, for a while.
    pub reference: u16,
    /// From 1.
    pub part: u8,
    pub parts: u8,
}

/// What is promised, as far as it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pledge {
    /// Minor units; all that is unpaid where not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// By the end of this day at the subscriber's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Date>,
}

/// How it was paid, in the subscriber's words; personal data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// What is disputed, as far as it was said; the words are personal data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The whole account where not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill: Option<BillId>,
    /// Minor units of that bill; all of it where not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// What a person should know; personal data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

impl Reply {
    /// Whether a call was answered by somebody who acted in it, and who is no
    /// stranger: `meaning` is what the reply came to.
    pub fn is_conversation(&self, provider: &str, meaning: &Meaning) -> bool {
        let is_in_a_call = self.channel == Channel::Voice && self.about.is_some();
        let is_ours = !matches!(
            meaning,
            Meaning::WrongNumber | Meaning::BadAddress | Meaning::Complaint | Meaning::Wish(_)
        );
        is_in_a_call && provider != PAGE && is_ours
    }
}

impl Meaning {
    /// Whether somebody wants to hear no more, or is nobody that we mean.
    pub fn wants_no_more(&self) -> bool {
        matches!(self, Meaning::OptOut | Meaning::Complaint | Meaning::WrongNumber)
    }

    /// The name in databases and `--json`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Meaning::OptOut => "opt_out",
            Meaning::OptIn => "opt_in",
            Meaning::Complaint => "complaint",
            Meaning::WrongNumber => "wrong_number",
            Meaning::BadAddress => "bad_address",
            Meaning::SendLink => "send_link",
            Meaning::Promise(_) => "promise",
            Meaning::Paid(_) => "paid",
            Meaning::Dispute(_) => "dispute",
            Meaning::Hardship(_) => "hardship",
            Meaning::CallBack(_) => "call_back",
            Meaning::Conversation(_) => "conversation",
            Meaning::Wish(_) => "wish",
            Meaning::Help => "help",
            Meaning::Text(_) => "text",
            Meaning::Part(_) => "part",
        }
    }

    /// What was said beyond the bare meaning, as JSON; `None` where nothing was.
    pub fn details(&self) -> Option<String> {
        fn json<T: Serialize + Default + PartialEq>(said: &T) -> Option<String> {
            serde_json::to_string(said).ok().filter(|_| *said != T::default())
        }
        match self {
            Meaning::Promise(pledge) => json(pledge),
            Meaning::Paid(proof) => json(proof),
            Meaning::Dispute(dispute) => json(dispute),
            Meaning::Hardship(note) | Meaning::CallBack(note) | Meaning::Conversation(note) => {
                json(note)
            }
            Meaning::Wish(wish) => serde_json::to_string(wish).ok(),
            Meaning::Part(part) => serde_json::to_string(part).ok(),
            _ => None,
        }
    }

    /// The words that were said, as they came.
    pub fn words(&self) -> Option<&str> {
        match self {
            Meaning::Text(words) | Meaning::Part(TextPart { words, .. }) => Some(words),
            _ => None,
        }
    }

    /// The meaning of that name; words are for `text` and `part` alone, and `details` are
    /// as [`Meaning::details`] gives them. `None` where they are not.
    pub fn parse(name: &str, words: Option<&str>, details: Option<&str>) -> Option<Meaning> {
        fn read<T: for<'a> Deserialize<'a> + Default>(details: Option<&str>) -> Option<T> {
            details.map_or_else(|| Some(T::default()), |text| serde_json::from_str(text).ok())
        }
        Some(match name {
            "opt_out" => Meaning::OptOut,
            "opt_in" => Meaning::OptIn,
            "complaint" => Meaning::Complaint,
            "wrong_number" => Meaning::WrongNumber,
            "bad_address" => Meaning::BadAddress,
            "send_link" => Meaning::SendLink,
            "promise" => Meaning::Promise(read(details)?),
            "paid" => Meaning::Paid(read(details)?),
            "dispute" => Meaning::Dispute(read(details)?),
            "hardship" => Meaning::Hardship(read(details)?),
            "call_back" => Meaning::CallBack(read(details)?),
            "conversation" => Meaning::Conversation(read(details)?),
            "wish" => Meaning::Wish(serde_json::from_str(details?).ok()?),
            "help" => Meaning::Help,
            "text" => Meaning::Text(words.unwrap_or_default().to_owned()),
            "part" => Meaning::Part(TextPart {
                words: words.unwrap_or_default().to_owned(),
                ..serde_json::from_str(details?).ok()?
            }),
            _ => return None,
        })
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
            "dispute",
            "hardship",
            "call_back",
            "conversation",
            "help",
            "text",
        ];
        for name in names {
            assert_eq!(Meaning::parse(name, Some("hm"), None).unwrap().as_str(), name);
        }
        assert_eq!(Meaning::parse("text", Some("hm"), None), Some(Meaning::Text("hm".into())));
        assert_eq!(Meaning::parse("shrug", None, None), None);
    }

    #[test]
    fn what_is_said_beyond_the_meaning_is_read_as_it_was_written() {
        let (amount, by) = (Some(1_250), Some("2026-04-01".parse().unwrap()));
        let words = Some("not \"mine\"\n".to_owned());
        for meaning in [
            Meaning::Part(TextPart { words: String::new(), reference: 513, part: 2, parts: 3 }),
            Meaning::Promise(Pledge { amount, by }),
            Meaning::Paid(Proof { reference: Some("RF18".into()), place: None }),
            Meaning::Dispute(Dispute { bill: Some("b1".into()), amount, words: words.clone() }),
            Meaning::Hardship(Note { words: words.clone() }),
            Meaning::CallBack(Note { words }),
            Meaning::Wish(Wish::Hours(Some("mon-fri=18:00-20:00".parse().unwrap()))),
            Meaning::Wish(Wish::Channel(None)),
        ] {
            let details = meaning.details();
            assert!(details.is_some());
            let read = Meaning::parse(meaning.as_str(), None, details.as_deref());
            assert_eq!(read, Some(meaning));
        }
        assert_eq!(Meaning::Promise(Pledge::default()).details(), None);
        assert_eq!(Meaning::parse("promise", None, Some("{\"by\":\"soon\"}")), None);
        assert_eq!(Meaning::parse("wish", None, None), None);
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
