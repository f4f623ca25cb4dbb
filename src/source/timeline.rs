//! A billing history as a source: what the operator's database would have
//! shown on each day of it.
//!
//! Replays run over this. Events are applied day by day; between two days the
//! daemon's own pipeline reads feeds and balances from here as it would from
//! a database.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::civil::Date;

use crate::model::feed::{Cell, Column, Cursor, Feed, RawRow};
use crate::model::{AccountId, BillId, Currency, Money};

use super::{Source, SourceError};

/// Something that happened at the operator's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub date: Date,
    /// When the operator's database shows it; not before `date`.
    pub arrives_on: Date,
    pub bill: BillId,
    pub account: AccountId,
    pub kind: EventKind,
    /// Minor units.
    pub amount: i64,
    pub currency: Currency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    Issued {
        due_on: Date,
    },
    Paid,
    /// A payment taken back.
    Reversed,
}

/// The billing database of a history, as of the events applied so far.
#[derive(Default)]
pub struct TimelineSource {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    accounts: Table<()>,
    bills: Table<BillState>,
    payments: Table<PaymentState>,
    /// Paid minor units, also of bills that are not issued yet.
    paid: HashMap<String, Paid>,
    payments_seen: u64,
}

/// Records by id, and by the order in which they changed.
struct Table<T> {
    records: HashMap<String, (String, T)>,
    changes: BTreeSet<(String, String)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { records: HashMap::new(), changes: BTreeSet::new() }
    }
}

#[derive(Default)]
struct Paid {
    total: i64,
    last_on: Option<Date>,
}

struct BillState {
    account: AccountId,
    currency: Currency,
    amount: i64,
    issued_on: Date,
    due_on: Date,
}

struct PaymentState {
    bill: BillId,
    account: AccountId,
    amount: i64,
    currency: Currency,
    paid_on: Date,
    reversed_on: Option<Date>,
}

impl<T> Table<T> {
    fn put(&mut self, id: &str, stamp: &str, record: T) {
        if let Some((before, _)) = self.records.get(id) {
            self.changes.remove(&(before.clone(), id.to_owned()));
        }
        self.changes.insert((stamp.to_owned(), id.to_owned()));
        self.records.insert(id.to_owned(), (stamp.to_owned(), record));
    }

    fn touch(&mut self, id: &str, stamp: &str) {
        if let Some((before, record)) = self.records.remove(id) {
            self.changes.remove(&(before, id.to_owned()));
            self.put(id, stamp, record);
        }
    }

    fn after(&self, cursor: &Cursor, limit: u32) -> impl Iterator<Item = (&str, &str, &T)> {
        let start = (cursor.changed_at.clone(), cursor.id.clone());
        let later = (std::ops::Bound::Excluded(start), std::ops::Bound::Unbounded);
        self.changes.range(later).take(limit as usize).filter_map(|(stamp, id)| {
            self.records.get(id).map(|(_, record)| (stamp.as_str(), id.as_str(), record))
        })
    }
}

impl TimelineSource {
    /// Lets events happen at `stamp`, which must not lie before an earlier one.
    pub fn apply<'a>(&self, events: impl IntoIterator<Item = &'a Event>, stamp: &str) {
        let mut state = self.lock();
        for event in events {
            state.apply(event, stamp);
        }
    }

    /// Minor units paid on bills that were never issued.
    pub fn unallocated(&self) -> i64 {
        let state = self.lock();
        let orphan = |bill: &&String| !state.bills.records.contains_key(*bill);
        state.paid.keys().filter(orphan).map(|bill| state.paid[bill].total).sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl State {
    fn apply(&mut self, event: &Event, stamp: &str) {
        let (bill, account) = (event.bill.as_str(), event.account.as_str());
        if !self.accounts.records.contains_key(account) {
            self.accounts.put(account, stamp, ());
        }
        match event.kind {
            EventKind::Issued { due_on } => {
                let record = BillState {
                    account: event.account.clone(),
                    currency: event.currency,
                    amount: event.amount,
                    issued_on: event.date,
                    due_on,
                };
                self.bills.put(bill, stamp, record);
            }
            EventKind::Paid => {
                let paid = self.paid.entry(bill.to_owned()).or_default();
                paid.total += event.amount;
                paid.last_on = paid.last_on.max(Some(event.date));
                self.bills.touch(bill, stamp);
                self.payments_seen += 1;
                let record = PaymentState {
                    bill: event.bill.clone(),
                    account: event.account.clone(),
                    amount: event.amount,
                    currency: event.currency,
                    paid_on: event.date,
                    reversed_on: None,
                };
                let id = format!("{bill}#{:08}", self.payments_seen);
                self.payments.put(&id, stamp, record);
            }
            EventKind::Reversed => self.reverse(event, stamp),
        }
    }

    /// Takes back the bill's latest payment of this amount; without one there
    /// is nothing to take back.
    fn reverse(&mut self, event: &Event, stamp: &str) {
        let reversible = |payment: &PaymentState| {
            payment.bill == event.bill
                && payment.amount == event.amount
                && payment.reversed_on.is_none()
        };
        let latest = self
            .payments
            .records
            .iter()
            .filter(|(_, (_, payment))| reversible(payment))
            .map(|(id, _)| id.clone())
            .max();
        let Some(id) = latest else { return };
        if let Some((_, payment)) = self.payments.records.get_mut(&id) {
            payment.reversed_on = Some(event.date);
        }
        self.payments.touch(&id, stamp);
        if let Some(paid) = self.paid.get_mut(event.bill.as_str()) {
            paid.total -= event.amount;
        }
        self.bills.touch(event.bill.as_str(), stamp);
    }

    /// Unpaid minor units; negative where more was paid than billed.
    fn remaining(&self, id: &str, bill: &BillState) -> i64 {
        bill.amount - self.paid.get(id).map_or(0, |paid| paid.total)
    }
}

fn text(value: impl ToString) -> Cell {
    Cell::Text(value.to_string())
}

fn decimal(minor: i64, currency: Currency) -> Cell {
    Cell::Text(Money::new(minor, currency).decimal())
}

/// A replay reaches everybody: a sandbox contact for every account.
fn account_row((stamp, id, _): (&str, &str, &())) -> RawRow {
    let cell = |column: &Column| match column.name {
        "account_id" => text(id),
        "phone" => text("+4915123456789"),
        "email" => text("replay@example.org"),
        "changed_at" => text(stamp),
        _ => Cell::Null,
    };
    RawRow { cells: Feed::Accounts.columns().iter().map(cell).collect() }
}

fn payment_row((stamp, id, payment): (&str, &str, &PaymentState)) -> RawRow {
    let (state, reversed_on) = match payment.reversed_on {
        Some(day) => ("reversed", text(day)),
        None => ("settled", Cell::Null),
    };
    RawRow {
        cells: vec![
            text(id),
            text(&payment.account),
            text(&payment.bill),
            text(payment.currency),
            decimal(payment.amount, payment.currency),
            text(payment.paid_on),
            text(state),
            reversed_on,
            text(stamp),
        ],
    }
}

impl State {
    fn bill_row(&self, (stamp, id, bill): (&str, &str, &BillState)) -> RawRow {
        let remaining = self.remaining(id, bill);
        let settled_on = match self.paid.get(id).and_then(|paid| paid.last_on) {
            Some(day) if remaining <= 0 => text(day),
            _ if remaining <= 0 => text(bill.issued_on),
            _ => Cell::Null,
        };
        RawRow {
            cells: vec![
                text(id),
                text(&bill.account),
                text(bill.currency),
                decimal(bill.amount, bill.currency),
                decimal(remaining, bill.currency),
                text(bill.issued_on),
                text(bill.due_on),
                settled_on,
                text(stamp),
            ],
        }
    }
}

#[async_trait]
impl Source for TimelineSource {
    fn feeds(&self) -> Vec<Feed> {
        vec![Feed::Accounts, Feed::Bills, Feed::Payments]
    }

    async fn page(
        &self,
        feed: Feed,
        after: &Cursor,
        limit: u32,
    ) -> Result<Vec<RawRow>, SourceError> {
        let state = self.lock();
        Ok(match feed {
            Feed::Accounts => state.accounts.after(after, limit).map(account_row).collect(),
            Feed::Bills => state.bills.after(after, limit).map(|row| state.bill_row(row)).collect(),
            Feed::Payments => state.payments.after(after, limit).map(payment_row).collect(),
            Feed::Holds | Feed::Evidence(_) => Vec::new(),
        })
    }

    async fn balances(&self, bills: &[BillId]) -> Result<Vec<RawRow>, SourceError> {
        let state = self.lock();
        let balance = |bill: &BillId| {
            let (_, record) = state.bills.records.get(bill.as_str())?;
            let remaining = decimal(state.remaining(bill.as_str(), record), record.currency);
            Some(RawRow { cells: vec![text(bill), text(record.currency), remaining] })
        };
        Ok(bills.iter().filter_map(balance).collect())
    }

    async fn count(&self, feed: Feed, _: Option<Date>) -> Result<u64, SourceError> {
        let state = self.lock();
        Ok(match feed {
            Feed::Accounts => state.accounts.records.len(),
            Feed::Bills => state.bills.records.len(),
            Feed::Payments => state.payments.records.len(),
            Feed::Holds | Feed::Evidence(_) => 0,
        } as u64)
    }
}
