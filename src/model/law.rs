//! What a law asks of those who remind: plain values, as presets give them.
//!
//! A preset says each of them with its source and its certainty
//! (`policy::law`). The hours and the holidays make the contact window today;
//! each other value names the part that will keep it.

use std::fmt;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::hours::WeekHours;
use crate::model::{Channel, Severity};

/// The values in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    pub party: Party,
    /// When somebody may be contacted, by day of the week, on his own clock.
    pub hours: WeekHours,
    /// Those of e-mail, where the law has others for it.
    pub hours_email: Option<WeekHours>,
    #[serde(default)]
    pub holidays: OnHolidays,
    /// How often in how many days; kept by dispatch.
    #[serde(default)]
    pub caps: AllOf<Cap>,
    /// Days without contact after a conversation, its own the first; kept by dispatch.
    pub silence_days: Option<AtLeast>,
    /// On these channels; on every one where none is named.
    #[serde(default)]
    pub silence_channels: AllOf<Channel>,
    /// Channels that somebody must have agreed to beforehand; kept by planning and dispatch.
    #[serde(default)]
    pub consent: AllOf<Channel>,
    /// For the reading of replies: words that always mean STOP, besides ours.
    #[serde(default)]
    pub stop_words: AllOf<String>,
    /// What each message must hold, see [`Block::belongs`]; looked for at start.
    #[serde(default)]
    pub content: AllOf<Block>,
    /// For notices before suspension: days that one goes ahead.
    pub notice_days: Option<AtLeast>,
    /// The same in working days, where the law counts these.
    pub notice_working_days: Option<AtLeast>,
    /// Hours that a second notice goes ahead.
    pub second_notice_hours: Option<AtLeast>,
    /// No suspension for less.
    pub min_debt: Option<Debt>,
    /// No suspension before so many days past due.
    pub min_overdue_days: Option<AtLeast>,
    /// For the review: days from suspension to termination.
    pub terminate_days: Option<AtLeast>,
    /// For the advice to the billing system: hours from payment to restoration.
    pub restore_hours: Option<AtMost>,
    /// For retention: days that records are kept.
    pub retention_days: Option<AtLeast>,
    /// For people: what else the law asks, in words.
    #[serde(default)]
    pub duties: AllOf<String>,
}

/// For whom a preset speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    /// Who collects what is owed to himself.
    First,
    /// Who collects for others.
    Third,
}

/// How sure a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// Read in the primary source.
    Verified,
    /// From somebody who quotes it.
    Secondary,
    /// To be checked before anybody relies on it.
    Memory,
    /// Policy, and no law.
    Adopted,
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Certainty::Verified => "verified",
            Certainty::Secondary => "secondary",
            Certainty::Memory => "from memory",
            Certainty::Adopted => "adopted",
        })
    }
}

/// What public holidays are, from the loosest to the strictest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnHolidays {
    /// Days like any other.
    #[default]
    Open,
    /// Open at most in the hours of a Sunday.
    Sunday,
    Closed,
}

/// At most `limit` in any `window_days` days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    pub channels: Vec<Channel>,
    pub window_days: u16,
    pub limit: u16,
    pub key: CapKey,
    pub counts: Counts,
    /// The case that it is confined to, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

/// Whose contacts are counted together: a person has accounts, and an account debts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CapKey {
    Debt,
    Account,
    Person,
    Number,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counts {
    /// Where somebody was reached.
    Contacts,
    Attempts,
}

/// What a message must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    Identity,
    CallerName,
    Amount,
    DueDate,
    SuspensionDate,
    Reason,
    HowToPay,
    PaymentPlan,
    OptOut,
    Contact,
    ComplaintRoute,
    CourtRemedy,
    DebtAdvice,
    HardshipLink,
    SuspensionRules,
    CreditBureau,
    RestorationTime,
    ReconnectionFee,
    HeaderAndTemplateId,
}

impl Block {
    /// Whether a message of this severity by this channel is one that the laws
    /// ask the block of: what is about suspension belongs into the notice of
    /// it, and debt advice (Ofcom) into what is about arrears. The caller says
    /// his name in calls (940 CMR 7.04), and headers and templates are
    /// registered for short messages (TCCCPR).
    pub fn belongs(self, severity: Severity, channel: Channel) -> bool {
        match self {
            Block::SuspensionDate
            | Block::Reason
            | Block::PaymentPlan
            | Block::ComplaintRoute
            | Block::CourtRemedy
            | Block::SuspensionRules
            | Block::CreditBureau
            | Block::RestorationTime
            | Block::ReconnectionFee => severity == Severity::Hard,
            Block::DebtAdvice => severity > Severity::Courtesy,
            Block::CallerName => channel == Channel::Voice,
            Block::HeaderAndTemplateId => channel == Channel::Sms,
            Block::Identity
            | Block::Amount
            | Block::DueDate
            | Block::HowToPay
            | Block::Contact
            | Block::HardshipLink => true,
            // Letters are not stopped.
            Block::OptOut => channel != Channel::Letter,
        }
    }

    /// Whether templates say it by themselves. Of the others only the operator
    /// knows the words.
    pub fn is_fact(self) -> bool {
        matches!(
            self,
            Block::Identity
                | Block::Amount
                | Block::DueDate
                | Block::Reason
                | Block::HowToPay
                | Block::OptOut
                | Block::Contact
        )
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// An amount of money, written `100 EUR`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Debt {
    pub units: u32,
    pub currency: crate::model::Currency,
}

impl TryFrom<String> for Debt {
    type Error = String;

    fn try_from(text: String) -> Result<Debt, String> {
        let parts = text.split_once(' ');
        let read = parts.and_then(|(units, currency)| {
            Some(Debt { units: units.parse().ok()?, currency: currency.parse().ok()? })
        });
        read.ok_or_else(|| format!("{text:?} is no amount; write one such as 100 EUR"))
    }
}

impl From<Debt> for String {
    fn from(debt: Debt) -> String {
        format!("{} {}", debt.units, debt.currency)
    }
}

/// A floor: more is stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AtLeast(pub u32);

/// A ceiling: less is stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AtMost(pub u32);

/// Demands that hold together: more of them are stricter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AllOf<T>(pub Vec<T>);

impl<T> Default for AllOf<T> {
    fn default() -> Self {
        AllOf(Vec::new())
    }
}

/// A value that another may tighten or loosen.
pub trait Term: DeserializeOwned {
    /// Whoever keeps this keeps `other` too.
    fn keeps(&self, other: &Self) -> bool;
}

impl Term for Party {
    fn keeps(&self, other: &Self) -> bool {
        self == other
    }
}

impl Term for WeekHours {
    fn keeps(&self, other: &Self) -> bool {
        self.within(other) == *self
    }
}

impl Term for OnHolidays {
    fn keeps(&self, other: &Self) -> bool {
        self >= other
    }
}

impl Term for AtLeast {
    fn keeps(&self, other: &Self) -> bool {
        self.0 >= other.0
    }
}

impl Term for AtMost {
    fn keeps(&self, other: &Self) -> bool {
        self.0 <= other.0
    }
}

impl Term for Debt {
    fn keeps(&self, other: &Self) -> bool {
        self.currency == other.currency && self.units >= other.units
    }
}

impl Term for Channel {
    fn keeps(&self, other: &Self) -> bool {
        self == other
    }
}

impl Term for Block {
    fn keeps(&self, other: &Self) -> bool {
        self == other
    }
}

impl Term for String {
    fn keeps(&self, other: &Self) -> bool {
        self == other
    }
}

/// The longest time that contacts are counted over, and conversations kept.
pub const CAP_DAYS_MAX: u16 = 366;

impl Cap {
    /// # Errors
    /// What is impossible, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.channels.is_empty() {
            return Err("has no channels; name those that count together".into());
        }
        if !(1..=CAP_DAYS_MAX).contains(&self.window_days) {
            let days = self.window_days;
            return Err(format!("has window_days = {days}; use 1 to {CAP_DAYS_MAX}"));
        }
        if self.limit == 0 {
            return Err("has limit = 0; to contact nobody, halt the channel".into());
        }
        Ok(())
    }
}

impl Term for Cap {
    fn keeps(&self, other: &Self) -> bool {
        let is_whole = |key: CapKey| key != CapKey::Number;
        let is_wider = match is_whole(self.key) && is_whole(other.key) {
            true => self.key >= other.key,
            false => self.key == other.key,
        };
        other.channels.iter().all(|channel| self.channels.contains(channel))
            && self.window_days >= other.window_days
            && self.limit <= other.limit
            && is_wider
            && self.counts >= other.counts
            && (self.only.is_none() || self.only == other.only)
    }
}

impl<T: Term> Term for AllOf<T> {
    fn keeps(&self, other: &Self) -> bool {
        other.0.iter().all(|asked| self.0.iter().any(|one| one.keeps(asked)))
    }
}

/// One value as it is in force, and why it is what it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    pub key: String,
    pub value: serde_json::Value,
    pub source: String,
    pub certainty: Certainty,
    /// The preset that says it, or the settings.
    pub from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_off: Option<SignOff>,
}

/// Who answers for a value that is looser than the law's preset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOff {
    pub by: String,
    pub on: Date,
    pub reason: String,
    /// What the preset asks for.
    pub instead_of: serde_json::Value,
}
