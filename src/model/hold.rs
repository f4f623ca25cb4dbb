//! Holds: dated stops with a reason and an owner. Several may coexist; the
//! strictest wins.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{AccountId, BillId, Bucket, Currency};

/// Why an account or a bill is left alone. In the order of strictness in
/// which a decision names them (DESIGN section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldKind {
    /// Open-ended: never reminded.
    Exemption,
    Promise,
    Hardship,
    Moratorium,
    Complaint,
    /// The subscriber says that it is paid, and that is being looked into.
    Paid,
    /// Somebody of the operator's holds it back.
    Staff,
    /// Takes the disputed part (or all) off a bill rather than stopping the account.
    Dispute,
}

impl HoldKind {
    pub const ALL: [HoldKind; 8] = [
        HoldKind::Exemption,
        HoldKind::Promise,
        HoldKind::Hardship,
        HoldKind::Moratorium,
        HoldKind::Complaint,
        HoldKind::Paid,
        HoldKind::Staff,
        HoldKind::Dispute,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            HoldKind::Exemption => "exemption",
            HoldKind::Promise => "promise",
            HoldKind::Hardship => "hardship",
            HoldKind::Moratorium => "moratorium",
            HoldKind::Complaint => "complaint",
            HoldKind::Paid => "paid",
            HoldKind::Staff => "staff",
            HoldKind::Dispute => "dispute",
        }
    }

    pub fn parse(text: &str) -> Option<HoldKind> {
        HoldKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One dated stop, on an account or on one of its bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub id: String,
    pub kind: HoldKind,
    /// `None`: the whole account.
    pub bill: Option<BillId>,
    /// First day of the hold.
    pub starts_on: Date,
    /// Last day of the hold; `None`: until it is lifted.
    pub ends_on: Option<Date>,
    /// Disputed minor units; `None`: the whole bill. Only for disputes.
    pub amount: Option<i64>,
}

impl Hold {
    pub fn is_on(&self, date: Date) -> bool {
        self.starts_on <= date && self.ends_on.is_none_or(|last| date <= last)
    }

    pub fn covers(&self, bill: &BillId) -> bool {
        self.bill.as_ref().is_none_or(|held| held == bill)
    }
}

/// A hold that was placed here, by the subscriber or by somebody of the
/// operator's, and not by the billing system. It always has a last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedHold {
    pub bucket: Bucket,
    pub account: AccountId,
    /// For a promise, its amount is what was promised.
    pub hold: Hold,
    pub currency: Option<Currency>,
    /// Who placed it: `subscriber`, or a name.
    pub owner: String,
    /// Why, in the owner's words or ours; personal data.
    pub reason: String,
    pub placed_at: Timestamp,
    /// How it ended; `None` until somebody has looked.
    pub ended: Option<Ending>,
}

/// How a hold ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The promise was.
    Kept,
    Broken,
    /// What the subscriber said was paid.
    Found,
    NotFound,
    /// Its days were over.
    Over,
    /// Somebody ended it before its time.
    Lifted,
}

impl Ending {
    pub const ALL: [Ending; 6] = [
        Ending::Kept,
        Ending::Broken,
        Ending::Found,
        Ending::NotFound,
        Ending::Over,
        Ending::Lifted,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Ending::Kept => "kept",
            Ending::Broken => "broken",
            Ending::Found => "found",
            Ending::NotFound => "not_found",
            Ending::Over => "over",
            Ending::Lifted => "lifted",
        }
    }

    pub fn parse(text: &str) -> Option<Ending> {
        Ending::ALL.into_iter().find(|ending| ending.as_str() == text)
    }
}
