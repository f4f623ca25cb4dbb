//! A billing database in memory, changed by hand between two readings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use duebell::model::BillId;
use duebell::model::feed::{BALANCE, Cell, Column, Cursor, Feed, RawRow};
use duebell::source::{Source, SourceError};
use jiff::civil::Date;

/// A satellite telephone, which may ring anywhere: what its account says of its
/// zone is all that is known.
pub const PHONE: &str = "+870773111632";

type Columns = BTreeMap<String, String>;

#[derive(Default)]
pub struct Billing(Mutex<State>);

#[derive(Default)]
struct State {
    rows: BTreeMap<(Feed, String), Columns>,
    changes: u32,
    failing: BTreeSet<Feed>,
    /// What is answered of a bill, where that is not what its row says.
    answers: BTreeMap<String, Option<String>>,
    is_silent: bool,
}

impl Billing {
    pub fn new() -> Arc<Billing> {
        Arc::new(Billing::default())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Adds a row, or changes these columns of it; the first is its id.
    pub fn put(&self, feed: Feed, columns: &[(&str, &str)]) {
        let mut state = self.state();
        state.changes += 1;
        let (minutes, seconds) = (state.changes / 60, state.changes % 60);
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let stamp = format!("2026-01-01 {hours:02}:{minutes:02}:{seconds:02}");
        let row = state.rows.entry((feed, columns[0].1.to_owned())).or_default();
        row.extend(columns.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        row.insert("changed_at".into(), stamp);
    }

    /// An account that phone and mail reach, in UTC.
    pub fn account(&self, id: &str) {
        let (phone, email) = (("phone", PHONE), ("email", "zoe@example.org"));
        self.put(Feed::Accounts, &[("account_id", id), phone, email, ("language", "en")]);
    }

    /// A bill over 50.00 EUR, issued in February.
    pub fn bill(&self, id: &str, account: &str, due_on: &str) {
        let amounts = [("amount", "50.00"), ("remaining_amount", "50.00"), ("currency", "EUR")];
        let dates = [("issued_on", "2026-02-01"), ("due_on", due_on)];
        let ids = [("bill_id", id), ("account_id", account)];
        self.put(Feed::Bills, &[&ids[..], &amounts[..], &dates[..]].concat());
    }

    pub fn remaining(&self, bill: &str, amount: &str) {
        self.put(Feed::Bills, &[("bill_id", bill), ("remaining_amount", amount)]);
    }

    pub fn payment(&self, id: &str, account: &str, state: &str) {
        let ids = [("payment_id", id), ("account_id", account), ("currency", "EUR")];
        let rest = [("amount", "50.00"), ("paid_on", "2026-03-09"), ("state", state)];
        self.put(Feed::Payments, &[&ids[..], &rest[..]].concat());
    }

    /// A hold on an account since the first of March.
    pub fn hold(&self, id: &str, account: &str, kind: &str, more: &[(&str, &str)]) {
        let ids = [("hold_id", id), ("account_id", account), ("kind", kind)];
        self.put(Feed::Holds, &[&ids[..], &[("starts_on", "2026-03-01")], more].concat());
    }

    /// What the source says of a bill right before sending, whatever the feed
    /// says; `None`: it does not know the bill.
    pub fn answers(&self, bill: &str, remaining: Option<&str>) {
        self.state().answers.insert(bill.into(), remaining.map(str::to_owned));
    }

    /// Right before sending, the source says what the feed says.
    pub fn answers_truly(&self) {
        self.state().answers.clear();
    }

    pub fn fails(&self, feed: Feed) {
        self.state().failing.insert(feed);
    }

    pub fn is_silent(&self, is_silent: bool) {
        self.state().is_silent = is_silent;
    }

    pub fn mends(&self) {
        self.state().failing.clear();
    }
}

fn cells(row: &Columns, columns: &[Column]) -> RawRow {
    let cell = |column: &Column| row.get(column.name).map_or(Cell::Null, |t| Cell::Text(t.clone()));
    RawRow { cells: columns.iter().map(cell).collect() }
}

fn away() -> SourceError {
    SourceError::Unavailable(sqlx::Error::PoolTimedOut)
}

#[async_trait]
impl Source for Billing {
    fn feeds(&self) -> Vec<Feed> {
        Feed::ALL.to_vec()
    }

    async fn page(
        &self,
        feed: Feed,
        after: &Cursor,
        limit: u32,
    ) -> Result<Vec<RawRow>, SourceError> {
        let state = self.state();
        if state.failing.contains(&feed) {
            return Err(away());
        }
        let place = |row: &Columns, id: &String| (row["changed_at"].clone(), id.clone());
        let after = (after.changed_at.clone(), after.id.clone());
        let mut rows: Vec<_> = state
            .rows
            .iter()
            .filter(|((of, id), row)| *of == feed && place(row, id) > after)
            .collect();
        rows.sort_by_key(|((_, id), row)| place(row, id));
        rows.truncate(limit as usize);
        Ok(rows.into_iter().map(|(_, row)| cells(row, feed.columns())).collect())
    }

    async fn balances(&self, bills: &[BillId]) -> Result<Vec<RawRow>, SourceError> {
        let state = self.state();
        if state.is_silent {
            return Err(away());
        }
        let balance = |bill: &BillId| {
            let mut row = state.rows.get(&(Feed::Bills, bill.0.clone()))?.clone();
            if let Some(answer) = state.answers.get(bill.as_str()) {
                row.insert("remaining_amount".into(), answer.clone()?);
            }
            Some(cells(&row, BALANCE))
        };
        Ok(bills.iter().filter_map(balance).collect())
    }

    async fn count(&self, feed: Feed, since: Option<Date>) -> Result<u64, SourceError> {
        let is_kept = |row: &Columns| match (feed.day(), since) {
            (Some(day), Some(since)) => row.get(day).is_some_and(|on| *on >= since.to_string()),
            _ => true,
        };
        let state = self.state();
        let rows = state.rows.iter().filter(|((of, _), row)| *of == feed && is_kept(row));
        Ok(rows.count() as u64)
    }
}
