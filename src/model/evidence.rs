//! Evidence: what an operator may know of an account beyond its bills and
//! payments, and so why it does not pay.
//!
//! Every fact carries the day on which it became known, so that whoever judges
//! as of a day can leave out what came later. A source need not have any of
//! these feeds; [`Feeds`] says which it has, because "no complaint" and "nobody
//! told us of complaints" are two things.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::facts::SentItem;
use super::hold::PlacedHold;
use super::{AccountId, Bill, Channel, Currency, Hold, Payment, Tier};

/// Before every row: no date that is read lies so far back.
const BEGINNING: Date = date(1900, 1, 1);

/// A stream of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceFeed {
    /// Since when, with what margin, and how it is paid automatically.
    Contracts,
    Complaints,
    Outages,
    Usage,
    /// Messages and letters that came back.
    Returns,
    /// Automatic payments that did not work.
    Failures,
    /// Requests to take the number to another operator.
    Porting,
    /// Identity and address keys, and who was written off under them.
    Identities,
    WriteOffs,
}

impl EvidenceFeed {
    pub const ALL: [EvidenceFeed; 9] = [
        EvidenceFeed::Contracts,
        EvidenceFeed::Complaints,
        EvidenceFeed::Outages,
        EvidenceFeed::Usage,
        EvidenceFeed::Returns,
        EvidenceFeed::Failures,
        EvidenceFeed::Porting,
        EvidenceFeed::Identities,
        EvidenceFeed::WriteOffs,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            EvidenceFeed::Contracts => "contracts",
            EvidenceFeed::Complaints => "complaints",
            EvidenceFeed::Outages => "outages",
            EvidenceFeed::Usage => "usage",
            EvidenceFeed::Returns => "returns",
            EvidenceFeed::Failures => "failures",
            EvidenceFeed::Porting => "porting",
            EvidenceFeed::Identities => "identities",
            EvidenceFeed::WriteOffs => "write_offs",
        }
    }

    pub fn parse(text: &str) -> Option<EvidenceFeed> {
        EvidenceFeed::ALL.into_iter().find(|feed| feed.as_str() == text)
    }
}

impl fmt::Display for EvidenceFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Days of usage that a judgement looks back on: seven spans of 28, and a
/// week's slack. Older ones are kept and not loaded.
pub const USAGE_DAYS: i32 = 7 * 28 + 7;

/// The feeds of evidence that a source has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feeds(BTreeSet<EvidenceFeed>);

impl Feeds {
    pub fn none() -> Feeds {
        Feeds::default()
    }

    pub fn all() -> Feeds {
        EvidenceFeed::ALL.into_iter().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has(&self, feed: EvidenceFeed) -> bool {
        self.0.contains(&feed)
    }

    pub fn without(mut self, feed: EvidenceFeed) -> Feeds {
        self.0.remove(&feed);
        self
    }
}

impl FromIterator<EvidenceFeed> for Feeds {
    fn from_iter<I: IntoIterator<Item = EvidenceFeed>>(feeds: I) -> Feeds {
        Feeds(feeds.into_iter().collect())
    }
}

/// Everything with a date that is known of one account. Facts may lie here in
/// any order, and later than the day that somebody asks about.
#[derive(Debug, Clone)]
pub struct Dossier {
    pub account: AccountId,
    /// As the source has it; `None` where it has none.
    pub tier: Option<Tier>,
    /// Every bill of the last 24 cycles at least, paid or not.
    pub bills: Vec<Bill>,
    /// Those of the bills, in any state.
    pub payments: Vec<Payment>,
    /// Of the billing system, in force or over.
    pub holds: Vec<Hold>,
    /// Placed here, in force or over.
    pub placed: Vec<PlacedHold>,
    /// What was sent, so that who pays alone can be told from who was reminded.
    pub sent: Vec<SentItem>,
    /// The feeds that the source has: an empty list of one that it lacks says nothing.
    pub feeds: Feeds,
    pub evidence: Evidence,
}

/// What the feeds of evidence say about one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    pub contract: Contract,
    pub complaints: Vec<Complaint>,
    /// Those of the account's area.
    pub outages: Vec<Outage>,
    /// At most one row a day; a day without a row is one without a charge.
    pub usage: Vec<UsageDay>,
    pub returns: Vec<ContactReturn>,
    pub failures: Vec<PaymentFailure>,
    pub porting: Vec<PortRequest>,
    /// Accounts of others that were written off and share a key with this one.
    pub shared: Vec<SharedKey>,
    pub write_offs: Vec<WriteOff>,
}

impl Evidence {
    /// Takes in what one row of a feed says.
    pub fn add(&mut self, fact: Fact) {
        match fact {
            Fact::Contract(terms) => self.contract.add(terms),
            Fact::Complaint(one) => self.complaints.push(one),
            Fact::Usage(one) => self.usage.push(one),
            Fact::Return(one) => self.returns.push(one),
            Fact::Failure(one) => self.failures.push(one),
            Fact::Port(one) => self.porting.push(one),
            Fact::Shared(one) => self.shared.push(one),
            Fact::WriteOff(one) => self.write_offs.push(one),
        }
    }
}

/// What the contract says. Keys are opaque: a keyed hash, made by the operator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contract {
    /// Customer since.
    pub since: Option<Date>,
    /// Of what is billed, how much is left after costs.
    pub margin_percent: Option<i32>,
    /// Direct debits and stored cards, one after the other.
    pub autopay: Vec<Autopay>,
    pub identity: Option<String>,
    pub address: Option<String>,
    /// Its last day, past or to come.
    pub ended_on: Option<Date>,
    /// Since when the service is taken away.
    pub barred_on: Option<Date>,
}

impl Contract {
    /// The earliest beginning counts, and of what else is said the last.
    fn add(&mut self, terms: Terms) {
        self.since = [self.since, terms.since].into_iter().flatten().min();
        self.margin_percent = terms.margin_percent.or(self.margin_percent);
        self.autopay.extend(terms.autopay);
        self.identity = terms.identity.or(self.identity.take());
        self.address = terms.address.or(self.address.take());
        // Whoever is with us again has no end any more.
        (self.ended_on, self.barred_on) = (terms.ended_on, terms.barred_on);
    }
}

/// A mandate to take the money. Its end is known from its beginning, as it
/// stands on a card; an earlier end is a row of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Autopay {
    pub starts_on: Date,
    /// Its last day; `None`: until further notice.
    pub ends_on: Option<Date>,
    /// Withdrawn before its time, on this day.
    pub withdrawn_on: Option<Date>,
}

/// What a complaint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// What the bill says.
    Billing,
    /// What the line does.
    Service,
    /// How somebody was treated.
    Conduct,
    Other,
}

impl Topic {
    pub const ALL: [Topic; 4] = [Topic::Billing, Topic::Service, Topic::Conduct, Topic::Other];

    pub fn as_str(self) -> &'static str {
        match self {
            Topic::Billing => "billing",
            Topic::Service => "service",
            Topic::Conduct => "conduct",
            Topic::Other => "other",
        }
    }

    pub fn parse(text: &str) -> Option<Topic> {
        Topic::ALL.into_iter().find(|topic| topic.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    pub topic: Topic,
    pub opened_on: Date,
    /// `None`: still open.
    pub closed_on: Option<Date>,
    /// What the subscriber said when asked; `None`: not asked, or no answer.
    pub satisfied: Option<bool>,
    /// When that was said; with the closing, where the source does not tell.
    pub answered_on: Option<Date>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// As accounts name their area.
    pub area: String,
    pub starts_on: Date,
    /// The last day of it; `None`: it lasts.
    pub ends_on: Option<Date>,
}

/// What was charged for one day's use, in minor units of the account's bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDay {
    pub on: Date,
    pub charged: i64,
    /// Of it, what the operator pays away at once: premium and far destinations.
    pub expensive: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactReturn {
    pub channel: Channel,
    pub on: Date,
}

/// Why an automatic payment did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The bank said no: no cover, or a mandate withdrawn.
    Declined,
    CardExpired,
}

impl FailureKind {
    pub const ALL: [FailureKind; 2] = [FailureKind::Declined, FailureKind::CardExpired];

    pub fn as_str(self) -> &'static str {
        match self {
            FailureKind::Declined => "declined",
            FailureKind::CardExpired => "card_expired",
        }
    }

    pub fn parse(text: &str) -> Option<FailureKind> {
        FailureKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailure {
    pub kind: FailureKind,
    pub on: Date,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortRequest {
    pub on: Date,
    pub withdrawn_on: Option<Date>,
}

/// Which key two accounts share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    Identity,
    Address,
}

impl KeyKind {
    pub const ALL: [KeyKind; 2] = [KeyKind::Identity, KeyKind::Address];

    pub fn as_str(self) -> &'static str {
        match self {
            KeyKind::Identity => "identity",
            KeyKind::Address => "address",
        }
    }

    pub fn parse(text: &str) -> Option<KeyKind> {
        KeyKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Another account, written off, under the same key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedKey {
    pub kind: KeyKind,
    pub with: AccountId,
    pub written_off_on: Date,
}

/// Debt of this account that was given up before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteOff {
    pub on: Date,
    /// Minor units.
    pub amount: i64,
    pub currency: Currency,
}

/// What one row of the feed of contracts says: a contract, and one way of
/// paying automatically.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub since: Option<Date>,
    pub margin_percent: Option<i32>,
    pub autopay: Option<Autopay>,
    pub identity: Option<String>,
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_on: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barred_on: Option<Date>,
}

/// What one row of a feed says of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    Contract(Terms),
    Complaint(Complaint),
    Usage(UsageDay),
    Return(ContactReturn),
    Failure(PaymentFailure),
    Port(PortRequest),
    Shared(SharedKey),
    WriteOff(WriteOff),
}

impl Fact {
    pub fn feed(&self) -> EvidenceFeed {
        match self {
            Fact::Contract(_) => EvidenceFeed::Contracts,
            Fact::Complaint(_) => EvidenceFeed::Complaints,
            Fact::Usage(_) => EvidenceFeed::Usage,
            Fact::Return(_) => EvidenceFeed::Returns,
            Fact::Failure(_) => EvidenceFeed::Failures,
            Fact::Port(_) => EvidenceFeed::Porting,
            Fact::Shared(_) => EvidenceFeed::Identities,
            Fact::WriteOff(_) => EvidenceFeed::WriteOffs,
        }
    }

    /// The day on which it became known. Terms that do not say since when hold
    /// from the beginning.
    pub fn known_on(&self) -> Date {
        match self {
            Fact::Contract(terms) => {
                let starts_on = terms.autopay.as_ref().map(|autopay| autopay.starts_on);
                [terms.since, starts_on].into_iter().flatten().min().unwrap_or(BEGINNING)
            }
            Fact::Complaint(one) => one.opened_on,
            Fact::Usage(one) => one.on,
            Fact::Return(one) => one.on,
            Fact::Failure(one) => one.on,
            Fact::Port(one) => one.on,
            Fact::Shared(one) => one.written_off_on,
            Fact::WriteOff(one) => one.on,
        }
    }

    /// The last day on which something of it happened; `None` while it lasts.
    pub fn over_on(&self) -> Option<Date> {
        match self {
            // Who is barred or left is found by this.
            Fact::Contract(terms) => terms.ended_on.or(terms.barred_on),
            Fact::Complaint(one) => one.closed_on.max(one.closed_on.and(one.answered_on)),
            Fact::Port(one) => one.withdrawn_on.max(Some(one.on)),
            fact => Some(fact.known_on()),
        }
    }
}
