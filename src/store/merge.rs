//! How the rows of a page come into the ledger.
//!
//! One statement finds where the rows stand: in which bucket, and whether they
//! are there already. Those that are new are written in bulk; the others go
//! over what stands, and say of which accounts something has changed.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::evidence::EvidenceFeed;
use crate::model::feed::{Feed, Reject};
use crate::model::ledger::Rows;
use crate::model::{AccountId, Bucket};

use super::StoreError;
use super::engine::{Arg, Tx};
use super::facts::{bucket, touch};
use super::placed::{LedgerRow, Sought};
use super::set::set_row;
use super::statements::sql;

/// Its rows are many, and stay with their account.
const USAGE: Feed = Feed::Evidence(EvidenceFeed::Usage);

/// One merge inside its transaction.
pub struct Merge<'a> {
    pub tx: &'a mut Tx,
    /// The feed that the rows are of.
    pub feed: Feed,
    /// The day on which the rows are seen.
    pub on: Date,
    /// What could not be used, or not as it was.
    pub rejects: Vec<Reject>,
}

/// A row of the page, and where it stands.
struct Entry<T> {
    row: T,
    /// The bucket of its account; `None` where that is not known.
    bucket: Option<Bucket>,
    /// The account that holds it already.
    holder: Option<AccountId>,
    /// How often it came in this page, word for word.
    times: u64,
}

impl Merge<'_> {
    /// Merges rows; how many were used.
    pub async fn rows(&mut self, rows: Rows) -> Result<u64, StoreError> {
        match rows {
            Rows::Accounts(rows) => self.merge(rows).await,
            Rows::Bills(rows) => self.merge(rows).await,
            Rows::Payments(rows) => self.merge(rows).await,
            Rows::Holds(rows) => self.merge(rows).await,
            Rows::Evidence(_, rows) => self.merge(rows).await,
            Rows::Outages(rows) => self.outages(rows).await,
        }
    }

    async fn merge<T: LedgerRow>(&mut self, rows: Vec<T>) -> Result<u64, StoreError> {
        self.forget_rejects(rows.iter().map(LedgerRow::key)).await?;
        let entries = self.found(rows).await?;
        // Owners first: a foreign claim later in the page must not displace
        // the row of the account that holds it.
        let entries = self.owned(entries);
        let mut entries = self.distinct(entries);
        // Every key leads with the bucket: rows of one bucket go into the same
        // leaves of every index, and find them where the one before left them.
        entries.sort_by_key(|entry| entry.bucket);
        self.leave_others(&entries).await?;
        let (mut new, mut known, mut used) = (Vec::with_capacity(entries.len()), Vec::new(), 0);
        let mut changed = Vec::new();
        // A page is of one feed, whose rows all do or none does.
        let touches = entries.iter().any(|entry| entry.row.touches());
        for Entry { row, bucket, holder, times } in &entries {
            let Some(bucket) = *bucket else {
                self.wait(row);
                continue;
            };
            used += times;
            let placed = row.placed(bucket, self.on);
            if holder.is_some() {
                known.push(placed);
                continue;
            }
            new.push(placed);
            if touches {
                changed.push((bucket, row.account().clone()));
            }
        }
        if !self.tx.insert(&new).await? {
            known.append(&mut new);
        }
        if !known.is_empty() {
            let rows = self.tx.rows(T::MERGE, &[Arg::Set(&known)]).await?;
            for row in rows.iter().filter(|_| touches) {
                changed.push((bucket(row)?, AccountId(row.text("account_id")?)));
            }
        }
        touch(self.tx, &changed.into_iter().collect()).await?;
        Ok(used)
    }

    /// Finds where each row stands.
    async fn found<T: LedgerRow>(&mut self, rows: Vec<T>) -> Result<Vec<Entry<T>>, StoreError> {
        let sought: Vec<Sought<'_>> = (0..)
            .zip(&rows)
            .map(|(n, row)| Sought { n, row_id: row.key(), account_id: row.account() })
            .collect();
        let args = [Arg::Set(&sought), Arg::Text(self.feed.as_str())];
        let found = self.tx.rows(T::FIND, &args[..if T::BY_FEED { 2 } else { 1 }]).await?;
        let mut entries: Vec<Entry<T>> = rows
            .into_iter()
            .map(|row| Entry { bucket: row.first_bucket(), holder: None, times: 1, row })
            .collect();
        for row in found {
            let corrupt = StoreError::Corrupt { column: "n" };
            let entry = entries.get_mut(row.int("n")? as usize).ok_or(corrupt)?;
            if let Some(number) = row.opt_int("bucket")? {
                entry.bucket = Some(Bucket::from_number(number));
            }
            entry.holder = row.opt_text("holder")?.map(AccountId);
        }
        Ok(entries)
    }

    /// Rows that went over to an account in another bucket leave the one where
    /// they were.
    async fn leave_others<T: LedgerRow>(&mut self, rows: &[Entry<T>]) -> Result<(), StoreError> {
        set_row! {
            struct Placed<'a> {
                bucket: Bucket,
                row_id: &'a str,
            }
        }
        let Some(statement) = T::LEAVE.filter(|_| self.feed != USAGE) else { return Ok(()) };
        let known = rows.iter().filter_map(|entry| Some((entry.bucket?, entry.row.key())));
        let known: Vec<Placed<'_>> =
            known.map(|(bucket, row_id)| Placed { bucket, row_id }).collect();
        if !known.is_empty() {
            self.tx.run(statement, &[Arg::Text(self.feed.as_str()), Arg::Set(&known)]).await?;
        }
        Ok(())
    }

    /// Sets aside rows that another account holds already.
    fn owned<T: LedgerRow>(&mut self, entries: Vec<Entry<T>>) -> Vec<Entry<T>> {
        if T::MOVES {
            return entries;
        }
        let is_owned =
            |entry: &Entry<T>| entry.holder.as_ref().is_none_or(|it| it == entry.row.account());
        let (owned, foreign): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_owned);
        for Entry { row, holder, .. } in foreign {
            let holder = holder.unwrap_or_else(|| row.account().clone());
            let reason = format!("belongs to account {holder} already; bill ids must be unique");
            self.set_aside(&row, self.feed.key(), reason, None);
        }
        owned
    }

    /// Of several rows with one id in a page, the last counts: it changed last.
    /// The same row twice is one row.
    fn distinct<T: LedgerRow>(&mut self, entries: Vec<Entry<T>>) -> Vec<Entry<T>> {
        let mut last: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
        let mut times = vec![0; entries.len()];
        let mut displaced = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            times[place] = 1;
            let Some(earlier) = last.insert(entry.row.key(), place) else { continue };
            let count = std::mem::take(&mut times[earlier]);
            if entries[earlier].row == entry.row {
                times[place] += count;
            } else {
                displaced.push(earlier);
            }
        }
        for place in displaced {
            let reason = format!(
                "stands twice with different contents in one page; the row that changed last counts (one row per {} is expected)",
                self.feed.key()
            );
            self.set_aside(&entries[place].row, self.feed.key(), reason, None);
        }
        let counted = entries.into_iter().zip(times).filter(|(_, times)| *times > 0);
        counted.map(|(entry, times)| Entry { times, ..entry }).collect()
    }

    /// The row is used once its account comes.
    fn wait<T: LedgerRow>(&mut self, row: &T) {
        let account = row.account();
        let reason = format!("no such account: {account}; the row is used once the account comes");
        self.set_aside(row, "account_id", reason, Some(account.0.clone()));
    }

    fn set_aside<T: LedgerRow>(
        &mut self,
        row: &T,
        field: &str,
        reason: String,
        awaits_account: Option<String>,
    ) {
        self.rejects.push(Reject {
            feed: self.feed,
            row: row.key().to_owned(),
            field: field.to_owned(),
            reason,
            is_warning: false,
            awaits_account,
            raw: serde_json::to_string(row).unwrap_or_default(),
        });
    }

    /// What was said of these rows when they came before.
    pub(super) async fn forget_rejects(
        &mut self,
        keys: impl Iterator<Item = &str>,
    ) -> Result<(), StoreError> {
        set_row! {
            struct RowId<'a> {
                row_id: &'a str,
            }
        }
        let again: Vec<RowId<'_>> = keys.map(|row_id| RowId { row_id }).collect();
        let args = [Arg::Text(self.feed.as_str()), Arg::Set(&again)];
        self.tx.run(sql::clear_rejects, &args).await.map(drop)
    }

    /// Keeps what could not be used, with the reasons.
    pub async fn put_rejects(self, now: Timestamp) -> Result<(), StoreError> {
        set_row! {
            struct Stored<'a> {
                feed: &'a str,
                row_id: &'a str,
                field: &'a str,
                reason: &'a str,
                is_warning: bool,
                awaits_account: Option<&'a str>,
                raw: &'a str,
            }
        }
        // One reason per row and field: the last said of it stands.
        let mut distinct: HashMap<(&str, &str), Stored<'_>> = HashMap::new();
        for reject in &self.rejects {
            let stored = Stored {
                feed: self.feed.as_str(),
                row_id: &reject.row,
                field: &reject.field,
                reason: &reject.reason,
                is_warning: reject.is_warning,
                awaits_account: reject.awaits_account.as_deref(),
                raw: &reject.raw,
            };
            distinct.insert((stored.row_id, stored.field), stored);
        }
        if distinct.is_empty() {
            return Ok(());
        }
        let rows: Vec<Stored<'_>> = distinct.into_values().collect();
        let args = [Arg::Set(&rows), Arg::Int(now.as_microsecond())];
        self.tx.run(sql::put_rejects, &args).await.map(drop)
    }
}
