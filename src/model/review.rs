//! Reviews: what people decide about an account that rules must not decide
//! about, what they decide it on, and who agreed.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::cause::Classed;
use super::facts::Flag;
use super::{AccountId, Bill, Bucket, Hold, Payment, Tier};

/// How a review may end, or go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is reminded as before.
    ReturnToLadder,
    /// It pays in instalments.
    Arrangement,
    /// Care calls first; until that is done, nothing is demanded.
    CareTransfer,
    /// Those who look into fraud have it.
    FraudTransfer,
    /// It is left alone for long.
    Exempt,
    /// Its service is limited; the case stays open.
    Restrict,
    /// Its contract ends.
    Terminate,
    /// Nobody asks for the money any more.
    WriteOff,
}

impl Outcome {
    pub const ALL: [Outcome; 8] = [
        Outcome::ReturnToLadder,
        Outcome::Arrangement,
        Outcome::CareTransfer,
        Outcome::FraudTransfer,
        Outcome::Exempt,
        Outcome::Restrict,
        Outcome::Terminate,
        Outcome::WriteOff,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::ReturnToLadder => "return_to_ladder",
            Outcome::Arrangement => "arrangement",
            Outcome::CareTransfer => "care_transfer",
            Outcome::FraudTransfer => "fraud_transfer",
            Outcome::Exempt => "exempt",
            Outcome::Restrict => "restrict",
            Outcome::Terminate => "terminate",
            Outcome::WriteOff => "write_off",
        }
    }

    pub fn parse(text: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// The law must have been kept before it.
    pub fn needs_notice(self) -> bool {
        matches!(self, Outcome::Restrict | Outcome::Terminate)
    }

    /// A restriction is on the way to something else: whoever pays is cured,
    /// and about whoever does not, somebody decides again.
    pub fn ends_case(self) -> bool {
        self != Outcome::Restrict
    }

    /// The billing system has something to do about it.
    pub fn is_advised(self) -> bool {
        matches!(
            self,
            Outcome::Arrangement
                | Outcome::FraudTransfer
                | Outcome::Restrict
                | Outcome::Terminate
                | Outcome::WriteOff
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Monthly parts that an arrangement pays in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalments {
    pub count: u8,
    pub first_on: Date,
}

/// What somebody wants to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub outcome: Outcome,
    pub instalments: Option<Instalments>,
    /// A word that can be counted: `never_paid`.
    pub reason: String,
    /// Why, in the proposer's words; personal data.
    pub note: String,
}

/// What was proposed about a case, on what, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    #[serde(skip)]
    pub bucket: Bucket,
    pub id: String,
    /// The task that is the case.
    pub task: String,
    pub account: AccountId,
    pub outcome: Outcome,
    pub instalments: Option<Instalments>,
    pub reason: String,
    pub note: String,
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    pub expires_at: Timestamp,
    /// Somebody else must agree.
    pub needs_two: bool,
    /// What it rests on: canonical JSON, frozen, and its SHA-256 in hex.
    pub evidence: String,
    pub digest: String,
    pub decided: Option<Decision>,
}

/// What came of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub verdict: Verdict,
    pub by: String,
    pub at: Timestamp,
    pub note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Approved,
    Refused,
    /// Its proposer thought better of it.
    Withdrawn,
    /// What it rested on has changed.
    Void,
    /// Nobody decided in time.
    Expired,
}

impl Verdict {
    pub const ALL: [Verdict; 5] =
        [Verdict::Approved, Verdict::Refused, Verdict::Withdrawn, Verdict::Void, Verdict::Expired];

    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Approved => "approved",
            Verdict::Refused => "refused",
            Verdict::Withdrawn => "withdrawn",
            Verdict::Void => "void",
            Verdict::Expired => "expired",
        }
    }

    pub fn parse(text: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == text)
    }
}

/// What the ledger knows of an account under review. Only what is written
/// down: nothing here is reckoned from the day of the look.
#[derive(Debug, Clone)]
pub struct CaseFacts {
    pub bucket: Bucket,
    pub account: AccountId,
    pub zone: TimeZone,
    pub tier: Tier,
    /// Those with something unpaid.
    pub bills: Vec<Bill>,
    /// Those of these bills, and those on their way.
    pub payments: Vec<Payment>,
    /// Every hold, the billing system's, ours and of everybody, over or not.
    /// One that was lifted ends on the day on which it was.
    pub holds: Vec<Hold>,
    pub classed: Classed,
    pub flag: Option<Flag>,
    pub notices: Vec<GivenNotice>,
    /// When a restriction was decided in this case.
    pub restricted_at: Option<Timestamp>,
}

impl CaseFacts {
    /// The day at the subscriber's place.
    pub fn today(&self, now: Timestamp) -> Date {
        now.to_zoned(self.zone.clone()).date()
    }
}

/// One attempt at a statutory notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GivenNotice {
    pub reminder: String,
    pub attempt: i64,
    pub channel: String,
    /// Bills and steps.
    pub items: Vec<(String, String)>,
    /// When it is known to have arrived: a receipt says so, or none will ever
    /// come and it was accepted.
    pub proved_at: Option<Timestamp>,
}

/// What the billing system is advised to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    #[serde(skip)]
    pub bucket: Bucket,
    /// The same however often it is sent.
    pub id: String,
    pub account: AccountId,
    pub outcome: Outcome,
    /// The JSON that is sent, word for word.
    pub body: String,
    pub made_at: Timestamp,
}

/// Advice, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdviceLine {
    #[serde(flatten)]
    pub advice: Advice,
    pub attempts: u32,
    /// The next attempt; `None` where there will be none.
    pub next_at: Option<Timestamp>,
    /// Taken by the billing system, or seen to by somebody.
    pub sent_at: Option<Timestamp>,
    pub last_error: Option<String>,
}
