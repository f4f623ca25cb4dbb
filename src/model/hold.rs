//! Holds: dated stops with a reason and an owner. Several may coexist; the
//! strictest wins.

use jiff::civil::Date;

use super::BillId;

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
    /// Takes the disputed part (or all) off a bill rather than stopping the account.
    Dispute,
}

impl HoldKind {
    pub const ALL: [HoldKind; 6] = [
        HoldKind::Exemption,
        HoldKind::Promise,
        HoldKind::Hardship,
        HoldKind::Moratorium,
        HoldKind::Complaint,
        HoldKind::Dispute,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            HoldKind::Exemption => "exemption",
            HoldKind::Promise => "promise",
            HoldKind::Hardship => "hardship",
            HoldKind::Moratorium => "moratorium",
            HoldKind::Complaint => "complaint",
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
