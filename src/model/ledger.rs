//! Rows of the ledger, as read from a feed and checked: what the source
//! produces and the store merges.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::evidence::{EvidenceFeed, Fact, Outage};
use super::feed::{Cursor, Feed, Reject};
use super::{AccountId, BillId, Bucket, Currency};

/// An account, checked. Contacts are valid or absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub bucket: Bucket,
    pub account_id: AccountId,
    pub name: String,
    pub language: String,
    /// IANA name of a zone that exists.
    pub zone: String,
    pub tier: String,
    pub segment: String,
    pub area: String,
    #[serde(default)]
    pub person_id: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub preferred_channel: Option<String>,
}

/// A bill, checked; `remaining` is never negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillRow {
    pub bill_id: BillId,
    pub account_id: AccountId,
    pub currency: Currency,
    pub amount: i64,
    pub remaining: i64,
    pub issued_on: Date,
    pub due_on: Date,
    pub settled_on: Option<Date>,
}

/// A payment, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRow {
    pub payment_id: String,
    pub account_id: AccountId,
    pub bill_id: Option<BillId>,
    pub currency: Currency,
    pub amount: i64,
    pub paid_on: Date,
    /// pending, settled or reversed.
    pub state: String,
    pub reversed_on: Option<Date>,
}

/// A dated stop, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRow {
    pub hold_id: String,
    pub account_id: AccountId,
    pub bill_id: Option<BillId>,
    pub kind: String,
    pub starts_on: Date,
    pub ends_on: Option<Date>,
    /// Disputed minor units.
    pub amount: Option<i64>,
}

/// What is known of an account beyond its bills, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRow {
    pub row_id: String,
    pub account_id: AccountId,
    pub fact: Fact,
}

/// An outage, checked; it is of an area and of no account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutageRow {
    pub outage_id: String,
    pub outage: Outage,
}

/// The checked rows of one page of one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    Accounts(Vec<AccountRow>),
    Bills(Vec<BillRow>),
    Payments(Vec<PaymentRow>),
    Holds(Vec<HoldRow>),
    /// Of one feed, which is none of outages.
    Evidence(EvidenceFeed, Vec<EvidenceRow>),
    Outages(Vec<OutageRow>),
}

impl Rows {
    pub fn feed(&self) -> Feed {
        match self {
            Rows::Accounts(_) => Feed::Accounts,
            Rows::Bills(_) => Feed::Bills,
            Rows::Payments(_) => Feed::Payments,
            Rows::Holds(_) => Feed::Holds,
            Rows::Evidence(feed, _) => Feed::Evidence(*feed),
            Rows::Outages(_) => Feed::Evidence(EvidenceFeed::Outages),
        }
    }
}

/// One page of a feed, read and checked. What was read is in `rows` or in
/// `rejects`; warnings are in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub rows: Rows,
    pub rejects: Vec<Reject>,
    pub read: u64,
    /// The last row of the page.
    pub cursor: Cursor,
    /// The source had no more rows when this page was read.
    pub is_last: bool,
}

/// How far a feed was read, and when it was last read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedMark {
    pub cursor: Cursor,
    /// `None` until the first reading came to its end.
    pub read_at: Option<Timestamp>,
    /// When the cursor last moved on.
    pub moved_at: Timestamp,
    pub counts: Counts,
}

/// What was read is what was used and what was set aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub read: u64,
    pub used: u64,
    pub set_aside: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.read += other.read;
        self.used += other.used;
        self.set_aside += other.set_aside;
    }
}
