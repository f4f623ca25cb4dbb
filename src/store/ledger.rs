//! Merging feeds into the ledger.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::feed::{Cursor, Feed, Reject};
use crate::model::ledger::{
    AccountRow, BillRow, Counts, FeedMark, HoldRow, Page, PaymentRow, Rows,
};
use crate::model::{AccountId, BillId, Bucket, Currency, Tenure};

use super::engine::{Arg, Tx};
use super::facts::{Key, bucket};
use super::lease::hold;
use super::set::{SetRow, set_row};
use super::statements::sql;
use super::{LedgerStore, SqlStore, StoreError};

/// Rows that waited for their account, merged at a time.
const AWAITED_PAGE: i64 = 5_000;

#[async_trait]
impl LedgerStore for SqlStore {
    async fn feed_mark(&self, feed: Feed) -> Result<Option<FeedMark>, StoreError> {
        let rows = self.engine.rows(sql::load_feed, &[Arg::Text(feed.as_str())]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(FeedMark {
            cursor: Cursor { changed_at: row.text("changed_at")?, id: row.text("row_id")? },
            read_at: Some(row.instant("read_at")?).filter(|at| *at > Timestamp::UNIX_EPOCH),
            moved_at: row.instant("moved_at")?,
            counts: Counts {
                read: row.int("rows_read")? as u64,
                used: row.int("rows_used")? as u64,
                set_aside: row.int("rows_set_aside")? as u64,
            },
        }))
    }

    async fn merge(
        &self,
        tenure: &Tenure,
        page: Page,
        on: Date,
        now: Timestamp,
    ) -> Result<Counts, StoreError> {
        let feed = page.rows.feed();
        let mut tx = self.engine.begin().await?;
        hold(&mut tx, tenure, &[Bucket::FIRST]).await?;
        let mut merge = Merge { tx: &mut tx, on, rejects: page.rejects, repeats: Vec::new() };
        let keys = merge.rows(page.rows).await?;
        let Merge { rejects, repeats, .. } = merge;
        put_rejects(&mut tx, feed, &keys, &rejects, now).await?;

        let used = (keys.len() + used_again(&keys, &repeats)) as u64;
        let set_aside = page.read - used;
        let read_at = if page.is_last { now.as_microsecond() } else { 0 };
        let args = [
            Arg::Text(feed.as_str()),
            Arg::Text(&page.cursor.changed_at),
            Arg::Text(&page.cursor.id),
            Arg::Int(read_at),
            Arg::Int(page.read as i64),
            Arg::Int(used as i64),
            Arg::Int(set_aside as i64),
            Arg::Int(now.as_microsecond()),
        ];
        tx.run(sql::set_feed, &args).await?;
        tx.commit().await?;
        Ok(Counts { read: page.read, used, set_aside })
    }

    async fn merge_awaited(
        &self,
        tenure: &Tenure,
        on: Date,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let rows = self.engine.rows(sql::find_awaited, &[Arg::Int(AWAITED_PAGE)]).await?;
        let mut by_feed: HashMap<String, Vec<String>> = HashMap::new();
        for row in &rows {
            by_feed.entry(row.text("feed")?).or_default().push(row.text("raw")?);
        }
        let mut merged = 0;
        for (feed, raw) in by_feed {
            let rows = match feed.as_str() {
                "bills" => Rows::Bills(stored_rows(&raw)?),
                "payments" => Rows::Payments(stored_rows(&raw)?),
                _ => Rows::Holds(stored_rows(&raw)?),
            };
            let feed = rows.feed();
            let mut tx = self.engine.begin().await?;
            hold(&mut tx, tenure, &[Bucket::FIRST]).await?;
            let mut merge = Merge { tx: &mut tx, on, rejects: Vec::new(), repeats: Vec::new() };
            let used = merge.rows(rows).await?;
            let rejects = merge.rejects;
            put_rejects(&mut tx, feed, &used, &rejects, now).await?;
            tx.commit().await?;
            merged += used.len() as u64;
        }
        Ok(merged)
    }

    async fn touch_feed(&self, feed: Feed, now: Timestamp) -> Result<(), StoreError> {
        let start = Cursor::start();
        let args = [
            Arg::Text(feed.as_str()),
            Arg::Int(now.as_microsecond()),
            Arg::Text(&start.changed_at),
        ];
        self.engine.run(sql::touch_feed, &args).await.map(drop)
    }

    async fn reread(&self, feed: Feed) -> Result<(), StoreError> {
        self.engine.run(sql::reread_feed, &[Arg::Text(feed.as_str())]).await.map(drop)
    }

    async fn held(&self, feed: Feed) -> Result<u64, StoreError> {
        let rows = self.engine.rows(sql::count_held, &[Arg::Text(feed.as_str())]).await?;
        rows.first().map_or(Ok(0), |row| row.int("held").map(|held| held as u64))
    }
}

fn stored_rows<T: DeserializeOwned>(raw: &[String]) -> Result<Vec<T>, StoreError> {
    raw.iter()
        .map(|row| serde_json::from_str(row).map_err(|_| StoreError::Corrupt { column: "raw" }))
        .collect()
}

/// One merge inside its transaction.
struct Merge<'a> {
    tx: &'a mut Tx,
    on: Date,
    rejects: Vec<Reject>,
    /// Keys of rows that stood once more, word for word.
    repeats: Vec<String>,
}

/// What the merging of a kind of row needs to know about it.
trait LedgerRow: Serialize + Clone + PartialEq {
    const FEED: Feed;
    const KEY: &'static str;
    fn key(&self) -> &str;
    fn account(&self) -> &AccountId;
}

macro_rules! ledger_row {
    ($row:ident, $feed:ident, $key:ident) => {
        impl LedgerRow for $row {
            const FEED: Feed = Feed::$feed;
            const KEY: &'static str = stringify!($key);
            fn key(&self) -> &str {
                self.$key.as_ref()
            }
            fn account(&self) -> &AccountId {
                &self.account_id
            }
        }
    };
}
ledger_row!(AccountRow, Accounts, account_id);
ledger_row!(BillRow, Bills, bill_id);
ledger_row!(PaymentRow, Payments, payment_id);
ledger_row!(HoldRow, Holds, hold_id);

set_row! {
    struct PlacedBill<'a> {
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

    struct PlacedPayment<'a> {
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

    struct PlacedHold<'a> {
        bucket: Bucket,
        hold_id: &'a str,
        account_id: &'a AccountId,
        bill_id: Option<&'a BillId>,
        kind: &'a str,
        starts_on: Date,
        ends_on: Option<Date>,
        amount: Option<i64>,
    }

    struct PlacedAccount<'a> {
        bucket: Bucket,
        account_id: &'a AccountId,
        name: &'a str,
        language: &'a str,
        zone: &'a str,
        tier: &'a str,
        segment: &'a str,
        phone: Option<&'a str>,
        email: Option<&'a str>,
        preferred_channel: Option<&'a str>,
    }

    struct RowId<'a> {
        row_id: &'a str,
    }

    struct BillKey<'a> {
        bill_id: &'a BillId,
    }

    pub struct AccountKey<'a> {
        pub account_id: &'a AccountId,
    }
}

/// A row with the bucket of its account, as its statement takes it.
fn placed_bill(bucket: Bucket, row: &BillRow) -> PlacedBill<'_> {
    let BillRow { bill_id, account_id, currency, amount, remaining, issued_on, due_on, settled_on } =
        row;
    PlacedBill {
        bucket,
        bill_id,
        account_id,
        currency: *currency,
        amount: *amount,
        remaining: *remaining,
        issued_on: *issued_on,
        due_on: *due_on,
        settled_on: *settled_on,
    }
}

fn placed_payment(bucket: Bucket, row: &PaymentRow) -> PlacedPayment<'_> {
    PlacedPayment {
        bucket,
        payment_id: &row.payment_id,
        account_id: &row.account_id,
        bill_id: row.bill_id.as_ref(),
        currency: row.currency,
        amount: row.amount,
        paid_on: row.paid_on,
        state: &row.state,
        reversed_on: row.reversed_on,
    }
}

fn placed_hold(bucket: Bucket, row: &HoldRow) -> PlacedHold<'_> {
    PlacedHold {
        bucket,
        hold_id: &row.hold_id,
        account_id: &row.account_id,
        bill_id: row.bill_id.as_ref(),
        kind: &row.kind,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        amount: row.amount,
    }
}

fn placed_account(row: &AccountRow) -> PlacedAccount<'_> {
    PlacedAccount {
        bucket: row.bucket,
        account_id: &row.account_id,
        name: &row.name,
        language: &row.language,
        zone: &row.zone,
        tier: &row.tier,
        segment: &row.segment,
        phone: row.phone.as_deref(),
        email: row.email.as_deref(),
        preferred_channel: row.preferred_channel.as_deref(),
    }
}

impl Merge<'_> {
    /// Merges rows; the ids of those that were used.
    async fn rows(&mut self, rows: Rows) -> Result<Vec<String>, StoreError> {
        match rows {
            Rows::Accounts(rows) => {
                let rows = self.distinct(rows);
                let placed: Vec<_> = rows.iter().map(placed_account).collect();
                self.tx.run(sql::merge_accounts, &[Arg::Set(&placed)]).await?;
                Ok(keys(&rows))
            }
            Rows::Bills(rows) => {
                // Owners first: a foreign claim later in the page must not
                // displace the row of the account that holds the bill.
                let rows = self.owned(rows).await?;
                let rows = self.distinct(rows);
                let on = self.on.to_string();
                self.placed(&rows, placed_bill, sql::merge_bills, &[Arg::Text(&on)]).await
            }
            Rows::Payments(rows) => {
                let rows = self.distinct(rows);
                self.placed(&rows, placed_payment, sql::merge_payments, &[]).await
            }
            Rows::Holds(rows) => {
                let rows = self.distinct(rows);
                self.placed(&rows, placed_hold, sql::merge_holds, &[]).await
            }
        }
    }

    /// Of several rows with one id in a page, the last counts: it changed last.
    /// The same row twice is one row.
    fn distinct<T: LedgerRow>(&mut self, rows: Vec<T>) -> Vec<T> {
        let mut last: HashMap<String, usize> = HashMap::with_capacity(rows.len());
        let mut kept: Vec<Option<T>> = Vec::with_capacity(rows.len());
        for row in rows {
            let place = kept.len();
            if let Some(earlier) = last.insert(row.key().to_owned(), place)
                && let Some(earlier) = kept[earlier].take()
            {
                if earlier == row {
                    self.repeats.push(row.key().to_owned());
                    kept.push(Some(row));
                    continue;
                }
                let reason = format!(
                    "stands twice with different contents in one page; the row that changed last counts (one row per {} is expected)",
                    T::KEY
                );
                self.set_aside(&earlier, T::KEY, reason, None, false);
            }
            kept.push(Some(row));
        }
        kept.into_iter().flatten().collect()
    }

    /// Sets aside bills whose id another account holds already.
    async fn owned(&mut self, rows: Vec<BillRow>) -> Result<Vec<BillRow>, StoreError> {
        let keys: Vec<_> = rows.iter().map(|row| BillKey { bill_id: &row.bill_id }).collect();
        let found = self.tx.rows(sql::find_bill_owners, &[Arg::Set(&keys)]).await?;
        let mut owners: HashMap<String, String> = HashMap::with_capacity(found.len());
        for row in found {
            owners.insert(row.text("bill_id")?, row.text("account_id")?);
        }
        let (kept, foreign): (Vec<BillRow>, Vec<BillRow>) = rows.into_iter().partition(|row| {
            owners.get(row.bill_id.as_str()).is_none_or(|owner| *owner == row.account_id.0)
        });
        for row in foreign {
            let owner = &owners[row.bill_id.as_str()];
            let reason = format!("belongs to account {owner} already; bill ids must be unique");
            self.set_aside(&row, "bill_id", reason, None, false);
        }
        Ok(kept)
    }

    /// Merges rows whose accounts are known, touching accounts that changed;
    /// the others wait for theirs.
    async fn placed<'r, T: LedgerRow, P: SetRow>(
        &mut self,
        rows: &'r [T],
        place: fn(Bucket, &'r T) -> P,
        statement: super::engine::Statement,
        more: &[Arg<'_>],
    ) -> Result<Vec<String>, StoreError> {
        let keys: Vec<_> =
            rows.iter().map(|row| AccountKey { account_id: row.account() }).collect();
        let found = self.tx.rows(sql::find_accounts, &[Arg::Set(&keys)]).await?;
        let mut buckets: HashMap<String, Bucket> = HashMap::with_capacity(found.len());
        for row in found {
            buckets.insert(row.text("account_id")?, Bucket::from_number(row.int("bucket")?));
        }
        let mut placed: Vec<P> = Vec::with_capacity(rows.len());
        let mut used = Vec::with_capacity(rows.len());
        for row in rows {
            match buckets.get(row.account().as_str()) {
                Some(bucket) => {
                    placed.push(place(*bucket, row));
                    used.push(row.key().to_owned());
                }
                None => {
                    let reason = format!(
                        "no such account: {}; the row is used once the account comes",
                        row.account()
                    );
                    let account = Some(row.account().0.clone());
                    self.set_aside(row, "account_id", reason, account, false);
                }
            }
        }

        let mut args = vec![Arg::Set(&placed)];
        args.extend_from_slice(more);
        let mut changed = BTreeSet::new();
        for row in self.tx.rows(statement, &args).await? {
            changed.insert((bucket(&row)?, AccountId(row.text("account_id")?)));
        }
        touch(self.tx, &changed).await?;
        Ok(used)
    }

    fn set_aside<T: LedgerRow>(
        &mut self,
        row: &T,
        field: &str,
        reason: String,
        awaits_account: Option<String>,
        is_warning: bool,
    ) {
        self.rejects.push(Reject {
            feed: T::FEED,
            row: row.key().to_owned(),
            field: field.to_owned(),
            reason,
            is_warning,
            awaits_account,
            raw: serde_json::to_string(row).unwrap_or_default(),
        });
    }
}

/// A row that was used was used as often as it stood in the page.
fn used_again(keys: &[String], repeats: &[String]) -> usize {
    if repeats.is_empty() {
        return 0;
    }
    let used: HashSet<&str> = keys.iter().map(String::as_str).collect();
    repeats.iter().filter(|key| used.contains(key.as_str())).count()
}

fn keys<T: LedgerRow>(rows: &[T]) -> Vec<String> {
    rows.iter().map(|row| row.key().to_owned()).collect()
}

/// Marks accounts for a decision.
async fn touch(tx: &mut Tx, accounts: &BTreeSet<(Bucket, AccountId)>) -> Result<(), StoreError> {
    if accounts.is_empty() {
        return Ok(());
    }
    let keys: Vec<Key<'_>> =
        accounts.iter().map(|(bucket, account_id)| Key { bucket: *bucket, account_id }).collect();
    tx.run(sql::touch, &[Arg::Set(&keys)]).await.map(drop)
}

async fn put_rejects(
    tx: &mut Tx,
    feed: Feed,
    used: &[String],
    rejects: &[Reject],
    now: Timestamp,
) -> Result<(), StoreError> {
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
    let again: Vec<RowId<'_>> = used.iter().map(|row_id| RowId { row_id }).collect();
    tx.run(sql::clear_rejects, &[Arg::Text(feed.as_str()), Arg::Set(&again)]).await?;
    if rejects.is_empty() {
        return Ok(());
    }
    // One reason per row and field: the last said of it stands.
    let mut distinct: HashMap<(&str, &str), Stored<'_>> = HashMap::new();
    for reject in rejects {
        let stored = Stored {
            feed: feed.as_str(),
            row_id: &reject.row,
            field: &reject.field,
            reason: &reject.reason,
            is_warning: reject.is_warning,
            awaits_account: reject.awaits_account.as_deref(),
            raw: &reject.raw,
        };
        distinct.insert((stored.row_id, stored.field), stored);
    }
    let rows: Vec<Stored<'_>> = distinct.into_values().collect();
    tx.run(sql::put_rejects, &[Arg::Set(&rows), Arg::Int(now.as_microsecond())]).await.map(drop)
}
