//! What the billing source hands us: feeds of rows, as text, and rows set aside.
//!
//! Every column comes as text and is read strictly by us, so that SQLite,
//! PostgreSQL and CSV obey the same rules and a bad cell costs its row alone.

use std::fmt;

/// A stream of rows from the operator's billing database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    Accounts,
    Bills,
    Payments,
    Holds,
}

/// One documented column of a feed.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub required: bool,
    /// What is expected, for messages to the operator.
    pub expects: &'static str,
}

const fn column(name: &'static str, required: bool, expects: &'static str) -> Column {
    Column { name, required, expects }
}

/// In the order in which a page carries them; the last is the change stamp.
const ACCOUNTS: &[Column] = &[
    column("account_id", true, "the account's id"),
    column("person_id", false, "the payer's id where one person has several accounts"),
    column("name", false, "how the subscriber is addressed"),
    column("language", false, "a language tag such as de or zh-Hans"),
    column("zone", false, "an IANA time zone such as Europe/Berlin"),
    column("tier", false, "key, main, ordinary or small"),
    column("segment", false, "the group of accounts that shares a scenario"),
    column("area", false, "where it is served: a postal or exchange code, say"),
    column(
        "phone",
        false,
        "an international telephone number, or a national one of the region that is set",
    ),
    column("email", false, "an e-mail address"),
    column("preferred_channel", false, "sms, voice, email or letter"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
const BILLS: &[Column] = &[
    column("bill_id", true, "the bill's id"),
    column("account_id", true, "the account's id"),
    column("currency", true, "an ISO 4217 code such as EUR"),
    column("amount", true, "a decimal such as 1234.50"),
    column("remaining_amount", true, "a decimal such as 1234.50"),
    column("issued_on", true, "a date such as 2026-03-01"),
    column("due_on", true, "a date such as 2026-03-01"),
    column("settled_on", false, "a date such as 2026-03-01"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
const PAYMENTS: &[Column] = &[
    column("payment_id", true, "the payment's id"),
    column("account_id", true, "the account's id"),
    column("bill_id", false, "the bill it pays"),
    column("currency", true, "an ISO 4217 code such as EUR"),
    column("amount", true, "a decimal such as 1234.50"),
    column("paid_on", true, "a date such as 2026-03-01"),
    column("state", false, "pending, settled or reversed"),
    column("reversed_on", false, "a date such as 2026-03-01"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
const HOLDS: &[Column] = &[
    column("hold_id", true, "the hold's id"),
    column("account_id", true, "the account's id"),
    column("bill_id", false, "the bill, where only one is held"),
    column("kind", true, "exemption, promise, hardship, moratorium, complaint or dispute"),
    column("starts_on", true, "a date such as 2026-03-01"),
    column("ends_on", false, "a date such as 2026-03-01"),
    column("amount", false, "the disputed part, a decimal such as 12.50"),
    column("currency", false, "an ISO 4217 code, beside an amount"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
/// The columns of the balance query, which is no feed: it answers for named bills.
pub const BALANCE: &[Column] = &[
    column("bill_id", true, "the bill's id"),
    column("currency", true, "an ISO 4217 code such as EUR"),
    column("remaining_amount", true, "a decimal such as 1234.50"),
];

impl Feed {
    /// In the order in which they are read: who, what is owed, what was paid, what is held.
    pub const ALL: [Feed; 4] = [Feed::Accounts, Feed::Bills, Feed::Payments, Feed::Holds];

    pub fn as_str(self) -> &'static str {
        match self {
            Feed::Accounts => "accounts",
            Feed::Bills => "bills",
            Feed::Payments => "payments",
            Feed::Holds => "holds",
        }
    }

    pub fn columns(self) -> &'static [Column] {
        match self {
            Feed::Accounts => ACCOUNTS,
            Feed::Bills => BILLS,
            Feed::Payments => PAYMENTS,
            Feed::Holds => HOLDS,
        }
    }

    /// A source without it cannot be used.
    pub fn is_required(self) -> bool {
        self != Feed::Holds
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One cell: text, nothing, or bytes that are no UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Null,
    Text(String),
    NotUtf8,
}

/// One row of a feed: its cells in the order of [`Feed::columns`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    pub cells: Vec<Cell>,
}

/// Where reading a feed goes on: after the row with this change stamp and id.
///
/// The stamp is kept exactly as the source wrote it, so that comparing in the
/// source's own SQL finds the same place again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub changed_at: String,
    pub id: String,
}

impl Cursor {
    /// Before every row.
    pub fn start() -> Cursor {
        Cursor { changed_at: "0001-01-01 00:00:00".into(), id: String::new() }
    }
}

/// A row, or a part of one, that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub feed: Feed,
    /// The row's own id where it has a usable one, else a name made from its contents.
    pub row: String,
    pub field: String,
    /// What is wrong, what was expected. Without the value where it is personal.
    pub reason: String,
    /// A warning: the row was used all the same.
    pub is_warning: bool,
    /// It waits for this account, and is tried again when the account arrives.
    pub awaits_account: Option<String>,
    /// The row as it came, as a JSON array of text, so that nothing is lost.
    pub raw: String,
}
