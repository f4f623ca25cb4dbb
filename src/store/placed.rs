//! Rows of the ledger as its tables take them: in the bucket of their account.

use jiff::civil::Date;
use serde::Serialize;

use crate::model::ledger::{AccountRow, BillRow, HoldRow, PaymentRow};
use crate::model::{AccountId, BillId, Bucket, Currency};

use super::engine::Statement;
use super::set::{TableRow, set_row};
use super::statements::sql;

/// What the merging of a kind of row needs to know about it.
pub trait LedgerRow: Serialize + PartialEq + Send + Sync {
    /// Finds the bucket of each row's account, and who holds the row already.
    const FIND: Statement;
    /// Several feeds are in the table: finding takes the feed's name as well.
    const BY_FEED: bool = false;
    /// Takes rows out of all buckets but the one where they belong now.
    const LEAVE: Option<Statement> = None;
    /// Writes rows over those that stand; returns the accounts of which
    /// something to decide about has changed.
    const MERGE: Statement;
    /// An account is decided about again when a new row of this kind comes.
    fn touches(&self) -> bool;
    /// A row may go over from one account to another.
    const MOVES: bool;
    type Placed<'a>: TableRow
    where
        Self: 'a;

    fn key(&self) -> &str;
    fn account(&self) -> &AccountId;
    /// The bucket of a row whose account is not known; `None` where it waits.
    fn first_bucket(&self) -> Option<Bucket>;
    /// The row in its bucket; `on` is the day on which it is seen.
    fn placed(&self, bucket: Bucket, on: Date) -> Self::Placed<'_>;
}

set_row! {
    /// A row that is looked for: its number in the page, its key, its account.
    pub struct Sought<'a> {
        pub n: u32,
        pub row_id: &'a str,
        pub account_id: &'a AccountId,
    }

    pub struct PlacedAccount<'a> {
        bucket: Bucket,
        account_id: &'a AccountId,
        name: &'a str,
        language: &'a str,
        zone: &'a str,
        tier: &'a str,
        segment: &'a str,
        area: &'a str,
        person_id: Option<&'a str>,
        phone: Option<&'a str>,
        email: Option<&'a str>,
        preferred_channel: Option<&'a str>,
    }

    pub struct PlacedBill<'a> {
        bucket: Bucket,
        bill_id: &'a BillId,
        account_id: &'a AccountId,
        currency: Currency,
        amount: i64,
        remaining: i64,
        issued_on: Date,
        due_on: Date,
        settled_on: Option<Date>,
    }

    pub struct PlacedPayment<'a> {
        bucket: Bucket,
        payment_id: &'a str,
        account_id: &'a AccountId,
        bill_id: Option<&'a BillId>,
        currency: Currency,
        amount: i64,
        paid_on: Date,
        state: &'a str,
        reversed_on: Option<Date>,
    }

    pub struct PlacedHold<'a> {
        bucket: Bucket,
        hold_id: &'a str,
        account_id: &'a AccountId,
        bill_id: Option<&'a BillId>,
        kind: &'a str,
        starts_on: Date,
        ends_on: Option<Date>,
        amount: Option<i64>,
    }
}

impl TableRow for PlacedAccount<'_> {
    const TABLE: &'static str = "account";
}

impl TableRow for PlacedBill<'_> {
    const TABLE: &'static str = "bill";
}

impl TableRow for PlacedPayment<'_> {
    const TABLE: &'static str = "payment";
}

impl TableRow for PlacedHold<'_> {
    const TABLE: &'static str = "hold";
}

impl LedgerRow for AccountRow {
    const FIND: Statement = sql::find_known_accounts;
    const MERGE: Statement = sql::merge_accounts;
    const MOVES: bool = false;
    type Placed<'a> = PlacedAccount<'a>;

    fn key(&self) -> &str {
        self.account_id.as_str()
    }

    fn touches(&self) -> bool {
        false
    }

    fn account(&self) -> &AccountId {
        &self.account_id
    }

    fn first_bucket(&self) -> Option<Bucket> {
        Some(self.bucket)
    }

    fn placed(&self, bucket: Bucket, _: Date) -> PlacedAccount<'_> {
        PlacedAccount {
            bucket,
            account_id: &self.account_id,
            name: &self.name,
            language: &self.language,
            zone: &self.zone,
            tier: &self.tier,
            segment: &self.segment,
            area: &self.area,
            person_id: self.person_id.as_deref(),
            phone: self.phone.as_deref(),
            email: self.email.as_deref(),
            preferred_channel: self.preferred_channel.as_deref(),
        }
    }
}

impl LedgerRow for BillRow {
    const FIND: Statement = sql::find_known_bills;
    const MERGE: Statement = sql::merge_bills;
    const MOVES: bool = false;
    type Placed<'a> = PlacedBill<'a>;

    fn key(&self) -> &str {
        self.bill_id.as_str()
    }

    fn touches(&self) -> bool {
        true
    }

    fn account(&self) -> &AccountId {
        &self.account_id
    }

    fn first_bucket(&self) -> Option<Bucket> {
        None
    }

    /// A settlement without a day of its own is of the day on which it is seen.
    fn placed(&self, bucket: Bucket, on: Date) -> PlacedBill<'_> {
        PlacedBill {
            bucket,
            bill_id: &self.bill_id,
            account_id: &self.account_id,
            currency: self.currency,
            amount: self.amount,
            remaining: self.remaining,
            issued_on: self.issued_on,
            due_on: self.due_on,
            settled_on: self.settled_on.or(Some(on)).filter(|_| self.remaining == 0),
        }
    }
}

impl LedgerRow for PaymentRow {
    const FIND: Statement = sql::find_known_payments;
    const MERGE: Statement = sql::merge_payments;
    const MOVES: bool = true;
    type Placed<'a> = PlacedPayment<'a>;

    fn key(&self) -> &str {
        &self.payment_id
    }

    fn touches(&self) -> bool {
        true
    }

    fn account(&self) -> &AccountId {
        &self.account_id
    }

    fn first_bucket(&self) -> Option<Bucket> {
        None
    }

    fn placed(&self, bucket: Bucket, _: Date) -> PlacedPayment<'_> {
        PlacedPayment {
            bucket,
            payment_id: &self.payment_id,
            account_id: &self.account_id,
            bill_id: self.bill_id.as_ref(),
            currency: self.currency,
            amount: self.amount,
            paid_on: self.paid_on,
            state: &self.state,
            reversed_on: self.reversed_on,
        }
    }
}

impl LedgerRow for HoldRow {
    const FIND: Statement = sql::find_known_holds;
    const MERGE: Statement = sql::merge_holds;
    const MOVES: bool = true;
    type Placed<'a> = PlacedHold<'a>;

    fn key(&self) -> &str {
        &self.hold_id
    }

    fn touches(&self) -> bool {
        true
    }

    fn account(&self) -> &AccountId {
        &self.account_id
    }

    fn first_bucket(&self) -> Option<Bucket> {
        None
    }

    fn placed(&self, bucket: Bucket, _: Date) -> PlacedHold<'_> {
        PlacedHold {
            bucket,
            hold_id: &self.hold_id,
            account_id: &self.account_id,
            bill_id: self.bill_id.as_ref(),
            kind: &self.kind,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            amount: self.amount,
        }
    }
}
