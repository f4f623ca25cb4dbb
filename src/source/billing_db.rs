//! Our own billing database, for operators who have nothing else: written
//! here, read like any other source, through the SQL files in
//! `config/source/duebell`.
//!
//! Rows are written in sets: one [`Batch`] is one transaction of a few
//! statements, whatever its size. A row that says nothing new changes
//! nothing, so whoever is not sure may write it again. What is left of a bill
//! follows from its payments (`sql/billing_schema.sql`).
//!
//! May use: model.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};

use crate::model::evidence::EvidenceFeed;
use crate::model::{Channel, Currency, HoldKind, PaymentState, Tier};

#[allow(non_upper_case_globals, reason = "a constant is named after its file")]
mod sql {
    pub const billing_schema: &str = include_str!("sql/billing_schema.sql");
    pub const read_header: &str = include_str!("sql/read_header.sql");
    pub const billing_schema_2: &str = include_str!("sql/billing_schema_2.sql");
    pub const billing_schema_3: &str = include_str!("sql/billing_schema_3.sql");
    pub const fill_currencies: &str = include_str!("sql/fill_currencies.sql");
    pub const put_accounts: &str = include_str!("sql/put_accounts.sql");
    pub const add_bare_accounts: &str = include_str!("sql/add_bare_accounts.sql");
    pub const put_bills: &str = include_str!("sql/put_bills.sql");
    pub const put_payments: &str = include_str!("sql/put_payments.sql");
    pub const put_holds: &str = include_str!("sql/put_holds.sql");
    pub const put_evidence: &str = include_str!("sql/put_evidence.sql");
    pub const make_import_seen: &str = include_str!("sql/make_import_seen.sql");
    pub const note_seen: &str = include_str!("sql/note_seen.sql");
    pub const forget_seen: &str = include_str!("sql/forget_seen.sql");
    pub const known_accounts: &str = include_str!("sql/known_accounts.sql");
    pub const known_bills: &str = include_str!("sql/known_bills.sql");
}

/// The largest amount that the tables take, in minor units, either sign.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// `application_id` and `user_version` in the file's header, as the schema sets them.
const APPLICATION: i64 = 0x4475_654C;
const VERSION: i64 = SCHEMA.len() as i64;
/// What makes each version of the one before, the first of nothing.
const SCHEMA: [&str; 3] = [sql::billing_schema, sql::billing_schema_2, sql::billing_schema_3];

/// How long another process (a daemon that reads, the operator's own tool
/// that writes) may keep the file to itself before we give up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Memory for pages, in SQLite's own notation (KiB, negative). The default of
/// 2 MiB spills in the middle of a large batch.
const CACHE_SIZE: &str = "-65536";

/// An account as the table holds it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AccountRow {
    pub id: String,
    pub person_id: Option<String>,
    pub name: Option<String>,
    pub language: Option<String>,
    pub zone: Option<String>,
    pub tier: Option<Tier>,
    pub segment: Option<String>,
    pub area: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub preferred_channel: Option<Channel>,
    #[serde(serialize_with = "as_stamp")]
    pub changed_at: Timestamp,
}

/// A bill as the table holds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BillRow {
    pub id: String,
    pub account_id: String,
    /// A code; text, because the table takes unknown ones too.
    pub currency: String,
    /// Minor units.
    pub amount: i64,
    /// What another system says is left; `None`: it follows from the payments.
    pub stated_remaining: Option<i64>,
    pub issued_on: Date,
    pub due_on: Date,
    pub settled_on: Option<Date>,
    #[serde(serialize_with = "as_stamp")]
    pub changed_at: Timestamp,
}

/// A payment as the table holds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PaymentRow {
    pub id: String,
    pub account_id: String,
    pub bill_id: Option<String>,
    pub currency: Currency,
    /// Minor units.
    pub amount: i64,
    pub paid_on: Date,
    #[serde(serialize_with = "as_state")]
    pub state: PaymentState,
    pub reversed_on: Option<Date>,
    #[serde(serialize_with = "as_stamp")]
    pub changed_at: Timestamp,
}

/// A hold as the table holds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HoldRow {
    pub id: String,
    pub account_id: String,
    pub bill_id: Option<String>,
    #[serde(serialize_with = "as_kind")]
    pub kind: HoldKind,
    pub starts_on: Date,
    pub ends_on: Option<Date>,
    /// The disputed part in minor units; only with a bill.
    pub amount: Option<i64>,
    #[serde(serialize_with = "as_stamp")]
    pub changed_at: Timestamp,
}

/// A row of evidence as the table holds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvidenceRow {
    #[serde(serialize_with = "as_name")]
    pub feed: EvidenceFeed,
    pub id: String,
    /// `None` for outages.
    pub account_id: Option<String>,
    /// The other columns by name, as a JSON object of texts.
    pub says: String,
    #[serde(serialize_with = "as_stamp")]
    pub changed_at: Timestamp,
}

/// Rows that are written together, accounts first: who, what is owed, what
/// was paid, what is held.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Accounts of which only the id is known. Existing ones stay as they are.
    pub bare_accounts: Vec<String>,
    /// The stamp of the bare accounts.
    pub bare_at: Timestamp,
    pub accounts: Vec<AccountRow>,
    pub bills: Vec<BillRow>,
    pub payments: Vec<PaymentRow>,
    pub holds: Vec<HoldRow>,
    pub evidence: Vec<EvidenceRow>,
}

impl Batch {
    /// How many rows it would write.
    pub fn len(&self) -> usize {
        self.bare_accounts.len()
            + self.accounts.len()
            + self.bills.len()
            + self.payments.len()
            + self.holds.len()
            + self.evidence.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The billing database, open for writing. One connection: SQLite has one writer.
#[derive(Debug)]
pub struct BillingDb {
    pool: SqlitePool,
    /// Numbers the runs that keep track of ids.
    runs: AtomicI64,
}

impl BillingDb {
    /// Opens the database in `path`. With `create`, an absent or empty file
    /// becomes one; without, it must be one already.
    pub async fn open(path: &Path, create: bool) -> anyhow::Result<BillingDb> {
        let shown = path.display();
        if !create && !path.exists() {
            bail!("there is no billing database at {shown} (`duebell import` makes one)");
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .pragma("cache_size", CACHE_SIZE);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            // The ids that a run has met live in this connection.
            .idle_timeout(None)
            .max_lifetime(None)
            // A future that was dropped in the middle of a write may have left
            // its transaction open; outside one, the rollback fails harmlessly.
            .before_acquire(|connection, _| {
                Box::pin(async move {
                    let _ = sqlx::query("rollback").execute(connection).await;
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .with_context(|| format!("could not open the billing database {shown}"))?;

        let db = BillingDb { pool, runs: AtomicI64::new(0) };
        db.furnish(create).await.with_context(|| format!("could not use {shown}"))?;
        Ok(db)
    }

    /// Checks that the file is ours, and makes it so where it is empty and may be filled.
    async fn furnish(&self, create: bool) -> anyhow::Result<()> {
        let (application, version, tables): (i64, i64, i64) =
            sqlx::query_as(sql::read_header).fetch_one(&self.pool).await?;
        match (application, version, tables) {
            (APPLICATION, version @ 1..=VERSION, _) => self.upgrade(version as usize).await?,
            (APPLICATION, other, _) => {
                bail!("it has version {other} of the billing tables, this program knows {VERSION}")
            }
            (0, 0, 0) if create => self.upgrade(0).await?,
            _ => bail!("it is not a billing database of this program"),
        }
        sqlx::query(sql::make_import_seen).execute(&self.pool).await?;
        Ok(())
    }

    /// Brings the tables from this version to ours; 0 has none.
    async fn upgrade(&self, version: usize) -> anyhow::Result<()> {
        if version == SCHEMA.len() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        for step in &SCHEMA[version..] {
            sqlx::raw_sql(*step).execute(&mut *tx).await?;
        }
        if version == 0 {
            let currencies = serde_json::to_string(&currencies())?;
            sqlx::query(sql::fill_currencies).bind(currencies).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The one place that begins a transaction. Immediate: waiting for the
    /// writer's turn at the start cannot fail halfway through.
    async fn begin(&self) -> anyhow::Result<sqlx::Transaction<'static, sqlx::Sqlite>> {
        self.pool.begin_with("begin immediate").await.context("could not begin to write")
    }

    /// Writes all of `batch`, or nothing.
    pub async fn write(&self, batch: &Batch) -> anyhow::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let bare_accounts = serde_json::to_string(&batch.bare_accounts)?;
        let sets = [
            (sql::put_accounts, serde_json::to_string(&batch.accounts)?),
            (sql::put_bills, serde_json::to_string(&batch.bills)?),
            (sql::put_payments, serde_json::to_string(&batch.payments)?),
            (sql::put_holds, serde_json::to_string(&batch.holds)?),
            (sql::put_evidence, serde_json::to_string(&batch.evidence)?),
        ];
        let mut tx = self.begin().await?;
        sqlx::query(sql::add_bare_accounts)
            .bind(bare_accounts)
            .bind(stamp(batch.bare_at))
            .execute(&mut *tx)
            .await
            .context("could not add bare accounts")?;
        for (statement, rows) in sets {
            let what = statement.lines().next().unwrap_or_default();
            sqlx::query(statement)
                .bind(rows)
                .execute(&mut *tx)
                .await
                .with_context(|| format!("could not write a batch ({what})"))?;
        }
        tx.commit().await.context("could not commit a batch")
    }

    /// Which of `ids` are accounts.
    pub async fn known_accounts(&self, ids: &[&str]) -> anyhow::Result<HashSet<String>> {
        self.known(sql::known_accounts, ids).await
    }

    /// Which of `ids` are bills.
    pub async fn known_bills(&self, ids: &[&str]) -> anyhow::Result<HashSet<String>> {
        self.known(sql::known_bills, ids).await
    }

    async fn known(
        &self,
        statement: &'static str,
        ids: &[&str],
    ) -> anyhow::Result<HashSet<String>> {
        let found = sqlx::query_scalar(statement)
            .bind(serde_json::to_string(ids)?)
            .fetch_all(&self.pool)
            .await
            .context("could not look ids up")?;
        Ok(found.into_iter().collect())
    }

    /// Begins to keep track of the ids in one file.
    pub(super) fn begin_run(&self) -> i64 {
        self.runs.fetch_add(1, Ordering::Relaxed)
    }

    /// Those of `ids` (without repeats) that `run` had not met before. From
    /// now on it has.
    pub(super) async fn first_met(
        &self,
        run: i64,
        ids: &HashSet<&str>,
    ) -> anyhow::Result<HashSet<String>> {
        let fresh = sqlx::query_scalar(sql::note_seen)
            .bind(run)
            .bind(serde_json::to_string(ids)?)
            .fetch_all(&self.pool)
            .await
            .context("could not note the ids of the file")?;
        Ok(fresh.into_iter().collect())
    }

    pub(super) async fn end_run(&self, run: i64) -> anyhow::Result<()> {
        sqlx::query(sql::forget_seen).bind(run).execute(&self.pool).await?;
        Ok(())
    }

    /// Closes the file, so that its write-ahead log is merged into it.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

#[derive(Serialize)]
struct CurrencyRow {
    code: String,
    exponent: u32,
    unit: i64,
}

/// Every currency that a bill can be in. ISO 4217 codes are three capital
/// letters, so asking for all of them finds every one.
fn currencies() -> Vec<CurrencyRow> {
    let letters = || 'A'..='Z';
    letters()
        .flat_map(|first| letters().map(move |second| (first, second)))
        .flat_map(|(first, second)| letters().map(move |third| format!("{first}{second}{third}")))
        .filter_map(|code| {
            let exponent = code.parse::<Currency>().ok()?.exponent();
            Some(CurrencyRow { code, exponent, unit: 10_i64.pow(exponent) })
        })
        .collect()
}

/// `changed_at` as the tables hold it.
pub fn stamp(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

fn as_stamp<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&stamp(*at))
}

fn as_state<S: serde::Serializer>(state: &PaymentState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.as_str())
}

fn as_name<S: serde::Serializer>(feed: &EvidenceFeed, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(feed.as_str())
}

fn as_kind<S: serde::Serializer>(kind: &HoldKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_currency_of_the_house_can_be_written_as_a_decimal() {
        let all = currencies();
        let exponent = |code: &str| all.iter().find(|row| row.code == code).map(|row| row.exponent);
        assert_eq!(exponent("EUR"), Some(2));
        assert_eq!(exponent("JPY"), Some(0));
        assert_eq!(exponent("KWD"), Some(3));
        assert_eq!(exponent("XXX"), None);
        assert!(all.len() > 150, "{}", all.len());
    }

    #[test]
    fn stamps_in_text_order_are_in_order_of_time() {
        let at = |text: &str| stamp(text.parse().unwrap());
        assert_eq!(at("2026-03-01T12:00:00Z"), "2026-03-01 12:00:00.000000");
        assert!(at("2026-03-01T12:00:00.000001Z") > at("2026-03-01T13:00:00+01:00"));
    }
}
