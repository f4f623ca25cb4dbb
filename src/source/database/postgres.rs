//! PostgreSQL.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Column, Executor, Row, SqlSafeStr, Statement, ValueRef};

use crate::model::feed::{Cell, RawRow};
use crate::source::SourceError;
use crate::source::placeholders::Dialect;
use crate::source::sql::Settings;

use super::{CONNECTIONS_MAX, Database, Returned, Value};

pub(super) struct Postgres(PgPool);

pub(super) async fn open(settings: &Settings) -> Result<Postgres, SourceError> {
    let mut options: PgConnectOptions = settings.url.parse().map_err(SourceError::Unavailable)?;
    if let Some(password) = super::password(settings)? {
        options = options.password(&password);
    }
    // Read-only whatever the role may do; dates as ISO text.
    let options = options.application_name("duebell").options([
        ("default_transaction_read_only", "on"),
        ("datestyle", "ISO"),
        ("timezone", "UTC"),
    ]);
    // No upkeep of the pool, which may spin: docs/decisions/0027.
    let pool =
        PgPoolOptions::new().max_connections(CONNECTIONS_MAX).idle_timeout(None).max_lifetime(None);
    pool.connect_with(options).await.map(Postgres).map_err(SourceError::Unavailable)
}

#[async_trait]
impl Database for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn returned(&self, sql: &str) -> Result<Vec<Returned>, sqlx::Error> {
        let statement = self.0.prepare(AssertSqlSafe(sql.to_owned()).into_sql_str()).await?;
        let returned = |column: &<sqlx::Postgres as sqlx::Database>::Column| Returned {
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

    fn as_text(&self, column: &Returned) -> String {
        format!("cast(q.\"{}\" as text)", column.name)
    }

    fn as_sorted_text(&self, name: &str) -> String {
        format!("cast(q.\"{name}\" as text)")
    }

    /// Classes of SQLSTATE: connection, resources, shutdown (PostgreSQL, appendix A).
    fn is_away(&self, told: &dyn DatabaseError) -> bool {
        told.code().is_some_and(|code| ["08", "53", "57"].iter().any(|it| code.starts_with(it)))
    }
}

fn row(row: &PgRow) -> RawRow {
    let cell = |index| match row.try_get_raw(index) {
        Ok(value) if value.is_null() => Cell::Null,
        Ok(value) => value.as_bytes().map_or(Cell::NotUtf8, |bytes| super::cell(Some(bytes))),
        Err(_) => Cell::Null,
    };
    RawRow { cells: (0..row.len()).map(cell).collect() }
}
