//! The audit trail's words: what people did, and the chain that it hangs on.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Who acts, through what, and when. Whatever they do becomes a [`Deed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doer {
    pub by: String,
    pub through: Through,
    pub at: Timestamp,
}

impl Doer {
    /// Something that they did.
    pub fn deed(&self, act: Act, about: impl Into<Option<String>>, details: Value) -> Deed {
        let Doer { by, through, at } = self.clone();
        Deed { at, by, through, act, about: about.into(), details }
    }
}

/// One thing that a person did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deed {
    pub at: Timestamp,
    pub by: String,
    pub through: Through,
    pub act: Act,
    /// The account, where there is one; else the moratorium, scenario or person.
    pub about: Option<String>,
    /// What changed. Neither addresses nor anybody's free words: this is kept
    /// for good, and nothing can be taken out of it.
    pub details: Value,
}

/// A deed in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// From 1, without gaps.
    pub seq: u64,
    #[serde(flatten)]
    pub deed: Deed,
    /// The digest of the entry before; [`Digest::NOTHING`] before the first.
    pub previous: Digest,
    pub digest: Digest,
}

/// What a person's hand was on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Through {
    CommandLine,
    Console,
    Api,
}

impl Through {
    pub const ALL: [Through; 3] = [Through::CommandLine, Through::Console, Through::Api];

    pub fn as_str(self) -> &'static str {
        match self {
            Through::CommandLine => "command_line",
            Through::Console => "console",
            Through::Api => "api",
        }
    }

    pub fn parse(text: &str) -> Option<Through> {
        Through::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// What a person can do. A name that was ever written stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    HoldPlaced,
    HoldLifted,
    MoratoriumDeclared,
    MoratoriumLifted,
    TaskDone,
    ClassSet,
    ClassCleared,
    WishSet,
    WishCleared,
    ReplyDone,
    ConversationAdded,
    Live,
    Observe,
    Halt,
    Resume,
    Released,
    CaseProposed,
    CaseApproved,
    CaseRefused,
    CaseWithdrawn,
    CaseAssigned,
    PersonAdded,
    PersonChanged,
    SignedIn,
    SignInRefused,
    SignedOut,
    /// Saw an address or a name that is hidden otherwise.
    Unmasked,
    Exported,
    AdviceDone,
    ExperimentProposed,
    ExperimentApproved,
    ExperimentStopped,
    ConsentGiven,
    ConsentWithdrawn,
    /// Chose the code for why an account went.
    DepartureCoded,
    /// Put a scorecard in use.
    CardPromoted,
    /// Took the scorecard out of use.
    CardRetired,
}

impl Act {
    pub const ALL: [Act; 37] = [
        Act::HoldPlaced,
        Act::HoldLifted,
        Act::MoratoriumDeclared,
        Act::MoratoriumLifted,
        Act::TaskDone,
        Act::ClassSet,
        Act::ClassCleared,
        Act::WishSet,
        Act::WishCleared,
        Act::ReplyDone,
        Act::ConversationAdded,
        Act::Live,
        Act::Observe,
        Act::Halt,
        Act::Resume,
        Act::Released,
        Act::CaseProposed,
        Act::CaseApproved,
        Act::CaseRefused,
        Act::CaseWithdrawn,
        Act::CaseAssigned,
        Act::PersonAdded,
        Act::PersonChanged,
        Act::SignedIn,
        Act::SignInRefused,
        Act::SignedOut,
        Act::Unmasked,
        Act::Exported,
        Act::AdviceDone,
        Act::ExperimentProposed,
        Act::ExperimentApproved,
        Act::ExperimentStopped,
        Act::ConsentGiven,
        Act::ConsentWithdrawn,
        Act::DepartureCoded,
        Act::CardPromoted,
        Act::CardRetired,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Act::HoldPlaced => "hold_placed",
            Act::HoldLifted => "hold_lifted",
            Act::MoratoriumDeclared => "moratorium_declared",
            Act::MoratoriumLifted => "moratorium_lifted",
            Act::TaskDone => "task_done",
            Act::ClassSet => "class_set",
            Act::ClassCleared => "class_cleared",
            Act::WishSet => "wish_set",
            Act::WishCleared => "wish_cleared",
            Act::ReplyDone => "reply_done",
            Act::ConversationAdded => "conversation_added",
            Act::Live => "live",
            Act::Observe => "observe",
            Act::Halt => "halt",
            Act::Resume => "resume",
            Act::Released => "released",
            Act::CaseProposed => "case_proposed",
            Act::CaseApproved => "case_approved",
            Act::CaseRefused => "case_refused",
            Act::CaseWithdrawn => "case_withdrawn",
            Act::CaseAssigned => "case_assigned",
            Act::PersonAdded => "person_added",
            Act::PersonChanged => "person_changed",
            Act::SignedIn => "signed_in",
            Act::SignInRefused => "sign_in_refused",
            Act::SignedOut => "signed_out",
            Act::Unmasked => "unmasked",
            Act::Exported => "exported",
            Act::AdviceDone => "advice_done",
            Act::ExperimentProposed => "experiment_proposed",
            Act::ExperimentApproved => "experiment_approved",
            Act::ExperimentStopped => "experiment_stopped",
            Act::ConsentGiven => "consent_given",
            Act::ConsentWithdrawn => "consent_withdrawn",
            Act::DepartureCoded => "departure_coded",
            Act::CardPromoted => "card_promoted",
            Act::CardRetired => "card_retired",
        }
    }

    pub fn parse(text: &str) -> Option<Act> {
        Act::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A SHA-256, written as 64 small hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// What the first entry follows on.
    pub const NOTHING: Digest = Digest([0; 32]);
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Digest, Self::Err> {
        let wrong = "a digest has 64 digits, 0 to 9 and a to f";
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 64 || !text.bytes().all(is_digit) {
            return Err(wrong);
        }
        let mut digest = Digest::NOTHING;
        for (byte, at) in digest.0.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong)?;
        }
        Ok(digest)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How far the chain went at some time, written `SEQ:DIGEST`. Kept elsewhere,
/// it tells whether the trail was made anew or cut short since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Anchor {
    pub seq: u64,
    pub digest: Digest,
}

impl Anchor {
    /// Before the first entry.
    pub const START: Anchor = Anchor { seq: 0, digest: Digest::NOTHING };
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.digest)
    }
}

impl FromStr for Anchor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Anchor, Self::Err> {
        let (seq, digest) = text.split_once(':').ok_or("an anchor is written SEQ:DIGEST")?;
        let seq = seq.parse().map_err(|_| "an anchor begins with the number of an entry")?;
        Ok(Anchor { seq, digest: digest.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_it_is_written() {
        for act in Act::ALL {
            assert_eq!(Act::parse(act.as_str()), Some(act));
            assert_eq!(serde_json::to_value(act).unwrap(), act.as_str());
        }
        for through in Through::ALL {
            assert_eq!(Through::parse(through.as_str()), Some(through));
            assert_eq!(serde_json::to_value(through).unwrap(), through.as_str());
        }
        assert_eq!(Act::parse("hold_eaten"), None);
    }

    #[test]
    fn an_anchor_is_read_as_it_is_written_and_nothing_else_is_one() {
        let digest = Digest(std::array::from_fn(|n| n as u8 * 7));
        let anchor = Anchor { seq: 17, digest };
        assert_eq!(anchor.to_string().parse(), Ok(anchor));
        let digest = digest.to_string();
        let capitals = digest.to_uppercase();
        for wrong in ["", "17", ":", &digest, &format!("17:{capitals}"), &format!("-1:{digest}")] {
            assert!(wrong.parse::<Anchor>().is_err(), "{wrong}");
        }
        assert!(format!("17:{}é", &digest[..62]).parse::<Anchor>().is_err());
    }
}
