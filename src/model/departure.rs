//! Accounts that left or were barred: why, by a code, and whether they came back.

use jiff::civil::Date;
use serde::Serialize;

use super::cause::DebtClass;
use super::{AccountId, Tier};

/// How an account went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// The contract ended.
    Left,
    /// The operator took the service away.
    Barred,
}

impl How {
    pub const ALL: [How; 2] = [How::Left, How::Barred];

    pub fn as_str(self) -> &'static str {
        match self {
            How::Left => "left",
            How::Barred => "barred",
        }
    }

    pub fn parse(text: &str) -> Option<How> {
        How::ALL.into_iter().find(|how| how.as_str() == text)
    }
}

/// One account that went, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Departure {
    pub account: AccountId,
    pub left_on: Date,
    pub how: How,
    /// In the list of codes.
    pub code: String,
    /// What the code was told from, in words.
    pub says: String,
    /// Why it did not pay, as it counted then.
    pub class: DebtClass,
    pub tier: Tier,
    pub attributed_on: Date,
    /// Where staff chose the code.
    pub set_by: Option<String>,
    /// A way back was offered on this day, once.
    pub offered_on: Option<Date>,
    /// It is with us again since.
    pub back_on: Option<Date>,
}
