//! SQLite.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Executor, Row, SqlSafeStr, Statement};

use crate::model::feed::RawRow;
use crate::source::SourceError;
use crate::source::placeholders::Dialect;
use crate::source::sql::Settings;

use super::{CONNECTIONS_MAX, Database, Returned, Value};

/// How long somebody who writes may keep the file to himself.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Sqlite(SqlitePool);

pub(super) async fn open(settings: &Settings) -> Result<Sqlite, SourceError> {
    let options: SqliteConnectOptions = settings.url.parse().map_err(SourceError::Unavailable)?;
    let options = options.read_only(true).busy_timeout(BUSY_TIMEOUT);
    // No upkeep of the pool, which may spin: docs/decisions/0027.
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .idle_timeout(None)
        .max_lifetime(None);
    pool.connect_with(options).await.map(Sqlite).map_err(SourceError::Unavailable)
}

#[async_trait]
impl Database for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn returned(&self, sql: &str) -> Result<Vec<Returned>, sqlx::Error> {
        let statement = self.0.prepare(AssertSqlSafe(sql.to_owned()).into_sql_str()).await?;
        let returned = |column: &<sqlx::Sqlite as sqlx::Database>::Column| Returned {
            name: column.name().to_owned(),
            is_string: false,
        };
        Ok(statement.columns().iter().map(returned).collect())
    }

    async fn rows(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<RawRow>, sqlx::Error> {
        let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        for value in values {
            query = match value {
                Value::Text(text) => query.bind(*text),
                Value::Number(number) => query.bind(*number),
            };
        }
        query.fetch(&self.0).map_ok(|told| row(&told)).try_collect().await
    }

    /// Bytes that are no UTF-8 cost one row as a blob, and the query as text.
    fn as_text(&self, column: &Returned) -> String {
        format!("cast(q.\"{}\" as blob)", column.name)
    }

    fn as_sorted_text(&self, name: &str) -> String {
        format!("cast(q.\"{name}\" as text)")
    }

    /// The file was there when it was opened.
    fn is_away(&self, _: &dyn DatabaseError) -> bool {
        false
    }
}

fn row(row: &SqliteRow) -> RawRow {
    let cell = |index| super::cell(row.try_get_unchecked(index).unwrap_or_default());
    RawRow { cells: (0..row.len()).map(cell).collect() }
}
