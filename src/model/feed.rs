//! What the billing source hands us: feeds of rows, as text, and rows set aside.
//!
//! Every column comes as text and is read strictly by us, so that SQLite,
//! PostgreSQL and CSV obey the same rules and a bad cell costs its row alone.

use std::fmt;

use super::evidence::EvidenceFeed;

/// A stream of rows from the operator's billing database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    Accounts,
    Bills,
    Payments,
    Holds,
    /// What is known beyond bills and payments; a source need not have it.
    Evidence(EvidenceFeed),
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
const CONTRACTS: &[Column] = &[
    column("contract_id", true, "the contract's id"),
    column("account_id", true, "the account's id"),
    column("since", false, "customer since, a date such as 2026-03-01"),
    column("margin_percent", false, "what is left of the bills after costs, from -100 to 100"),
    column("autopay_starts_on", false, "since when it is paid automatically, a date"),
    column("autopay_ends_on", false, "the last day of that, as it stands on a card"),
    column("autopay_withdrawn_on", false, "the day on which that was withdrawn before its time"),
    column("identity_key", false, "a keyed hash of who the payer is"),
    column("address_key", false, "a keyed hash of where the payer lives"),
    column("ended_on", false, "its last day, where it was ended"),
    column("barred_on", false, "since when the service is taken away"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
const COMPLAINTS: &[Column] = &[
    column("complaint_id", true, "the complaint's id"),
    column("account_id", true, "the account's id"),
    column("topic", true, "billing, service, conduct or other"),
    column("opened_on", true, "a date such as 2026-03-01"),
    column("closed_on", false, "a date such as 2026-03-01"),
    column("satisfied", false, "yes or no, as the subscriber said when asked"),
    column("answered_on", false, "the day on which that was said"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
const OUTAGES: &[Column] = &[
    column("outage_id", true, "the outage's id"),
    column("area", true, "the area, as accounts name theirs"),
    column("starts_on", true, "a date such as 2026-03-01"),
    column("ends_on", false, "its last day, a date such as 2026-03-01"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
const USAGE: &[Column] = &[
    column("usage_id", true, "the row's id: one row for each account and day"),
    column("account_id", true, "the account's id"),
    column("used_on", true, "a date such as 2026-03-01"),
    column("currency", true, "an ISO 4217 code such as EUR"),
    column("charged", true, "what the day's use costs, a decimal such as 12.50"),
    column("expensive", false, "of it, premium and far destinations, a decimal such as 12.50"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
const RETURNS: &[Column] = &[
    column("return_id", true, "the row's id"),
    column("account_id", true, "the account's id"),
    column("channel", true, "sms, voice, email or letter"),
    column("returned_on", true, "a date such as 2026-03-01"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
const FAILURES: &[Column] = &[
    column("failure_id", true, "the row's id"),
    column("account_id", true, "the account's id"),
    column("kind", true, "declined or card_expired"),
    column("failed_on", true, "a date such as 2026-03-01"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
const PORTING: &[Column] = &[
    column("request_id", true, "the request's id"),
    column("account_id", true, "the account's id"),
    column("requested_on", true, "a date such as 2026-03-01"),
    column("withdrawn_on", false, "a date such as 2026-03-01"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
const IDENTITIES: &[Column] = &[
    column("share_id", true, "the row's id: one row for each account and account that shares"),
    column("account_id", true, "the account's id"),
    column("kind", true, "identity or address"),
    column("shared_with", true, "the other account's id"),
    column("written_off_on", true, "the day on which the other account was written off"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
const WRITE_OFFS: &[Column] = &[
    column("write_off_id", true, "the row's id"),
    column("account_id", true, "the account's id"),
    column("written_off_on", true, "a date such as 2026-03-01"),
    column("currency", true, "an ISO 4217 code such as EUR"),
    column("amount", true, "a decimal such as 1234.50"),
    column("changed_at", true, "a time stamp such as 2026-03-01 12:00:00"),
];
/// The columns of the balance query, which is no feed: it answers for named bills.
pub const BALANCE: &[Column] = &[
    column("bill_id", true, "the bill's id"),
    column("currency", true, "an ISO 4217 code such as EUR"),
    column("remaining_amount", true, "a decimal such as 1234.50"),
];

impl Feed {
    /// In the order in which they are read: who, what is owed, what was paid,
    /// what is held, what else is known.
    pub const ALL: [Feed; 13] = [
        Feed::Accounts,
        Feed::Bills,
        Feed::Payments,
        Feed::Holds,
        Feed::Evidence(EvidenceFeed::Contracts),
        Feed::Evidence(EvidenceFeed::Complaints),
        Feed::Evidence(EvidenceFeed::Outages),
        Feed::Evidence(EvidenceFeed::Usage),
        Feed::Evidence(EvidenceFeed::Returns),
        Feed::Evidence(EvidenceFeed::Failures),
        Feed::Evidence(EvidenceFeed::Porting),
        Feed::Evidence(EvidenceFeed::Identities),
        Feed::Evidence(EvidenceFeed::WriteOffs),
    ];

    /// Those that say what is owed: without all of them nothing is sent.
    pub const LEDGER: [Feed; 4] = [Feed::Accounts, Feed::Bills, Feed::Payments, Feed::Holds];

    pub fn as_str(self) -> &'static str {
        match self {
            Feed::Accounts => "accounts",
            Feed::Bills => "bills",
            Feed::Payments => "payments",
            Feed::Holds => "holds",
            Feed::Evidence(feed) => feed.as_str(),
        }
    }

    pub fn parse(text: &str) -> Option<Feed> {
        Feed::ALL.into_iter().find(|feed| feed.as_str() == text)
    }

    /// Its place in [`Feed::ALL`].
    pub fn place(self) -> usize {
        Feed::ALL.iter().position(|feed| *feed == self).unwrap_or_default()
    }

    pub fn columns(self) -> &'static [Column] {
        match self {
            Feed::Accounts => ACCOUNTS,
            Feed::Bills => BILLS,
            Feed::Payments => PAYMENTS,
            Feed::Holds => HOLDS,
            Feed::Evidence(EvidenceFeed::Contracts) => CONTRACTS,
            Feed::Evidence(EvidenceFeed::Complaints) => COMPLAINTS,
            Feed::Evidence(EvidenceFeed::Outages) => OUTAGES,
            Feed::Evidence(EvidenceFeed::Usage) => USAGE,
            Feed::Evidence(EvidenceFeed::Returns) => RETURNS,
            Feed::Evidence(EvidenceFeed::Failures) => FAILURES,
            Feed::Evidence(EvidenceFeed::Porting) => PORTING,
            Feed::Evidence(EvidenceFeed::Identities) => IDENTITIES,
            Feed::Evidence(EvidenceFeed::WriteOffs) => WRITE_OFFS,
        }
    }

    /// The column with a row's own id.
    pub fn key(self) -> &'static str {
        self.columns()[0].name
    }

    /// The column with the day of a row that is forgotten when it is old;
    /// `None` where rows are kept.
    pub fn day(self) -> Option<&'static str> {
        match self {
            Feed::Accounts | Feed::Bills | Feed::Payments | Feed::Holds => None,
            Feed::Evidence(feed) => match feed {
                EvidenceFeed::Contracts => None,
                EvidenceFeed::Complaints => Some("opened_on"),
                EvidenceFeed::Outages => Some("starts_on"),
                EvidenceFeed::Usage => Some("used_on"),
                EvidenceFeed::Returns => Some("returned_on"),
                EvidenceFeed::Failures => Some("failed_on"),
                EvidenceFeed::Porting => Some("requested_on"),
                EvidenceFeed::Identities | EvidenceFeed::WriteOffs => Some("written_off_on"),
            },
        }
    }

    /// A source without it cannot be used.
    pub fn is_required(self) -> bool {
        matches!(self, Feed::Accounts | Feed::Bills | Feed::Payments)
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
