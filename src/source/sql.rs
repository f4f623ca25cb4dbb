//! A billing database over SQL: the operator maps a foreign schema with one
//! query per feed, and we read it page by page.
//!
//! Each query is a SELECT in a file of its own, with placeholders `:changed_at`,
//! `:id` and `:page` (feeds) or `:bills` (balances). We wrap it, so that every
//! documented column arrives as text and may stand in any order.

use std::path::Path;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column as _, Executor, PgPool, Row, SqlSafeStr, SqlitePool, Statement, ValueRef,
};

use crate::model::BillId;
use crate::model::feed::{BALANCE, Cell, Column, Cursor, Feed, RawRow};

use super::placeholders::{Dialect, translate};
use super::{Defaults, Source, SourceError};

/// `[source]`: where the billing database is and how it is mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `sqlite:///var/lib/billing.db` or `postgres://reader@host/billing`; no password in it.
    pub url: String,
    /// File that holds the password alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<std::path::PathBuf>,
    /// Directory with accounts.sql, bills.sql, payments.sql, balances.sql and perhaps holds.sql.
    pub queries: std::path::PathBuf,
    #[serde(default)]
    pub defaults: Defaults,
}

const BALANCES: &str = "balances";
/// The billing server has other work: we never take more connections than this.
const CONNECTIONS_MAX: u32 = 4;

/// The operator's billing database.
pub struct SqlSource {
    database: Database,
    feeds: Vec<(Feed, Query)>,
    balances: Query,
}

enum Database {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// One of the operator's files, ready to run.
struct Query {
    file: String,
    wrapped: String,
    counted: String,
}

impl SqlSource {
    /// Connects and fits every query to the database.
    ///
    /// # Errors
    /// The first of [`SqlSource::faults`].
    pub async fn open(settings: &Settings) -> Result<SqlSource, SourceError> {
        SqlSource::fit(settings).await.map_err(|mut faults| faults.swap_remove(0))
    }

    /// Everything that is wrong with the mapping, each with its file: missing
    /// files, placeholders and columns, and queries that the database refuses.
    pub async fn faults(settings: &Settings) -> Vec<SourceError> {
        SqlSource::fit(settings).await.err().unwrap_or_default()
    }

    /// The error holds at least one fault.
    async fn fit(settings: &Settings) -> Result<SqlSource, Vec<SourceError>> {
        let database = Database::open(settings).await.map_err(|away| vec![away])?;
        let (mut feeds, mut faults) = (Vec::new(), Vec::new());
        for feed in Feed::ALL {
            let path = settings.queries.join(format!("{feed}.sql"));
            if !path.exists() && !feed.is_required() {
                continue;
            }
            match database.fit(&path, feed.columns(), &FEED_PLACEHOLDERS).await {
                Ok(query) => feeds.push((feed, query)),
                Err(wrong) => faults.extend(wrong),
            }
        }
        let path = settings.queries.join(format!("{BALANCES}.sql"));
        match database.fit(&path, BALANCE, &BALANCE_PLACEHOLDERS).await {
            Ok(balances) if faults.is_empty() => Ok(SqlSource { database, feeds, balances }),
            Ok(_) => Err(faults),
            Err(wrong) => {
                faults.extend(wrong);
                Err(faults)
            }
        }
    }

    fn query(&self, feed: Feed) -> Option<&Query> {
        self.feeds.iter().find(|(mapped, _)| *mapped == feed).map(|(_, query)| query)
    }
}

/// Placeholders in the order of their numbers, and what their absence would do.
type Placeholders = [(&'static str, &'static str)];
const FEED_PLACEHOLDERS: [(&str, &str); 3] = [
    ("changed_at", "every reading would start from the beginning"),
    ("id", "rows with equal stamps would be read for ever or lost"),
    ("page", "the whole table would be read at once"),
];
const BALANCE_PLACEHOLDERS: [(&str, &str); 1] =
    [("bills", "the balances of the whole table would be read")];

impl Database {
    async fn open(settings: &Settings) -> Result<Database, SourceError> {
        let unavailable = SourceError::Unavailable;
        if settings.url.starts_with("sqlite:") {
            let options: SqliteConnectOptions = settings.url.parse().map_err(unavailable)?;
            let options = options.read_only(true).busy_timeout(std::time::Duration::from_secs(10));
            let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS_MAX);
            return pool.connect_with(options).await.map(Database::Sqlite).map_err(unavailable);
        }
        if !settings.url.starts_with("postgres:") && !settings.url.starts_with("postgresql:") {
            // Not the whole of it: there may be a password in it.
            let scheme = settings.url.split(':').next().unwrap_or_default().to_owned();
            return Err(SourceError::BadUrl { scheme });
        }
        let mut options: PgConnectOptions = settings.url.parse().map_err(unavailable)?;
        if let Some(file) = &settings.password_file {
            let password = std::fs::read_to_string(file)
                .map_err(|source| SourceError::File { file: file.display().to_string(), source })?;
            options = options.password(password.trim_end());
        }
        // Read-only whatever the role may do; dates as ISO text.
        let options = options.application_name("duebell").options([
            ("default_transaction_read_only", "on"),
            ("datestyle", "ISO"),
            ("timezone", "UTC"),
        ]);
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS_MAX);
        pool.connect_with(options).await.map(Database::Postgres).map_err(unavailable)
    }

    /// The error holds at least one fault.
    async fn fit(
        &self,
        path: &Path,
        columns: &'static [Column],
        placeholders: &Placeholders,
    ) -> Result<Query, Vec<SourceError>> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| vec![SourceError::File { file: file.clone(), source }])?;
        let names: Vec<&str> = placeholders.iter().map(|(name, _)| *name).collect();
        let dialect = match self {
            Database::Postgres(_) => Dialect::Postgres,
            Database::Sqlite(_) => Dialect::Sqlite,
        };
        let (sql, used) = translate(text.trim().trim_end_matches(';'), &names, dialect);
        let mut faults: Vec<SourceError> = placeholders
            .iter()
            .zip(used)
            .filter(|(_, used)| !used)
            .map(|((placeholder, consequence), _)| SourceError::MissingPlaceholder {
                file: file.clone(),
                placeholder,
                consequence,
            })
            .collect();

        let present = match self.column_names(&sql).await {
            Ok(present) => present,
            Err(source) => {
                faults.push(SourceError::Query { file, source });
                return Err(faults);
            }
        };
        let mut selected = Vec::with_capacity(columns.len());
        for column in columns {
            let Column { name, expects, required } = *column;
            if present.iter().any(|there| there == name) {
                selected.push(self.as_text(name));
            } else if required {
                faults.push(SourceError::MissingColumn {
                    file: file.clone(),
                    column: name,
                    expects,
                });
            } else {
                selected.push("null".to_owned());
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Query {
            wrapped: format!("select {} from (\n{sql}\n) as q", selected.join(", ")),
            counted: format!("select count(*) from (\n{sql}\n) as q"),
            file,
        })
    }

    /// SQLite may hold bytes that are no UTF-8: as a blob they cost one row, as text the query.
    fn as_text(&self, column: &str) -> String {
        match self {
            Database::Postgres(_) => format!("cast(q.\"{column}\" as text)"),
            Database::Sqlite(_) => format!("cast(q.\"{column}\" as blob)"),
        }
    }

    async fn column_names(&self, sql: &str) -> Result<Vec<String>, sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
        let names = match self {
            Database::Postgres(pool) => {
                let statement = pool.prepare(sql).await?;
                statement.columns().iter().map(|column| column.name().to_owned()).collect()
            }
            Database::Sqlite(pool) => {
                let statement = pool.prepare(sql).await?;
                statement.columns().iter().map(|column| column.name().to_owned()).collect()
            }
        };
        Ok(names)
    }

    async fn page(
        &self,
        query: &Query,
        after: &Cursor,
        limit: i64,
    ) -> Result<Vec<RawRow>, SourceError> {
        let sql = AssertSqlSafe(query.wrapped.clone());
        match self {
            Database::Postgres(pool) => sqlx::query(sql)
                .bind(&after.changed_at)
                .bind(&after.id)
                .bind(limit)
                .fetch_all(pool)
                .await
                .map(|rows| rows.iter().map(postgres_row).collect()),
            Database::Sqlite(pool) => sqlx::query(sql)
                .bind(&after.changed_at)
                .bind(&after.id)
                .bind(limit)
                .fetch_all(pool)
                .await
                .map(|rows| rows.iter().map(sqlite_row).collect()),
        }
        .map_err(|error| classified(&query.file, error))
    }
}

#[async_trait]
impl Source for SqlSource {
    fn feeds(&self) -> Vec<Feed> {
        self.feeds.iter().map(|(feed, _)| *feed).collect()
    }

    async fn page(
        &self,
        feed: Feed,
        after: &Cursor,
        limit: u32,
    ) -> Result<Vec<RawRow>, SourceError> {
        match self.query(feed) {
            Some(query) => self.database.page(query, after, i64::from(limit)).await,
            None => Ok(Vec::new()),
        }
    }

    async fn balances(&self, bills: &[BillId]) -> Result<Vec<RawRow>, SourceError> {
        let ids: Vec<&str> = bills.iter().map(BillId::as_str).collect();
        let json = serde_json::to_string(&ids).unwrap_or_default();
        let sql = AssertSqlSafe(self.balances.wrapped.clone());
        match &self.database {
            Database::Postgres(pool) => sqlx::query(sql)
                .bind(&json)
                .fetch_all(pool)
                .await
                .map(|rows| rows.iter().map(postgres_row).collect()),
            Database::Sqlite(pool) => sqlx::query(sql)
                .bind(&json)
                .fetch_all(pool)
                .await
                .map(|rows| rows.iter().map(sqlite_row).collect()),
        }
        .map_err(|error| classified(&self.balances.file, error))
    }

    async fn count(&self, feed: Feed) -> Result<u64, SourceError> {
        let Some(query) = self.query(feed) else { return Ok(0) };
        let sql = AssertSqlSafe(query.counted.clone());
        let start = Cursor::start();
        let counted: Result<i64, sqlx::Error> = match &self.database {
            Database::Postgres(pool) => {
                sqlx::query_scalar(sql)
                    .bind(&start.changed_at)
                    .bind(&start.id)
                    .bind(i64::MAX)
                    .fetch_one(pool)
                    .await
            }
            Database::Sqlite(pool) => {
                sqlx::query_scalar(sql)
                    .bind(&start.changed_at)
                    .bind(&start.id)
                    .bind(i64::MAX)
                    .fetch_one(pool)
                    .await
            }
        };
        counted.map(|n| n.max(0) as u64).map_err(|error| classified(&query.file, error))
    }
}

fn classified(file: &str, error: sqlx::Error) -> SourceError {
    let is_query = match &error {
        sqlx::Error::Database(told) => !told.code().is_some_and(|code| is_away(&code)),
        error => matches!(error, sqlx::Error::ColumnNotFound(_)),
    };
    if is_query {
        SourceError::Query { file: file.to_owned(), source: error }
    } else {
        SourceError::Unavailable(error)
    }
}

/// Classes of SQLSTATE that speak of the server and not of the query:
/// connection, resources, shutdown (PostgreSQL, appendix A).
fn is_away(code: &str) -> bool {
    code.len() == 5 && ["08", "53", "57"].iter().any(|class| code.starts_with(class))
}

fn postgres_row(row: &PgRow) -> RawRow {
    let cell = |index| match row.try_get_raw(index) {
        Ok(value) if value.is_null() => Cell::Null,
        Ok(value) => value.as_bytes().map_or(Cell::NotUtf8, text_cell),
        Err(_) => Cell::Null,
    };
    RawRow { cells: (0..row.len()).map(cell).collect() }
}

fn sqlite_row(row: &SqliteRow) -> RawRow {
    let cell = |index| match row.try_get_unchecked::<Option<&[u8]>, _>(index) {
        Ok(Some(bytes)) => text_cell(bytes),
        Ok(None) | Err(_) => Cell::Null,
    };
    RawRow { cells: (0..row.len()).map(cell).collect() }
}

fn text_cell(bytes: &[u8]) -> Cell {
    std::str::from_utf8(bytes).map_or(Cell::NotUtf8, |text| Cell::Text(text.trim().to_owned()))
}
