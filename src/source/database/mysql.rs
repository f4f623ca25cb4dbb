//! MariaDB and MySQL.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPool, MySqlPoolOptions, MySqlRow};
use sqlx::{AssertSqlSafe, Column, Executor, Row, SqlSafeStr, Statement, TypeInfo};

use crate::model::feed::RawRow;
use crate::source::SourceError;
use crate::source::placeholders::Dialect;
use crate::source::sql::Settings;

use super::{CONNECTIONS_MAX, Database, Returned, Value};

/// Types, by the ends of their names, that the server sends in our character
/// set by itself (`varchar`, `text`, …), or without touching them (`blob`, …).
const STRINGS: [&str; 4] = ["CHAR", "TEXT", "BINARY", "BLOB"];

/// Classes of SQLSTATE: connection, who may come in, somebody stopped the query.
const AWAY_CLASSES: [&str; 3] = ["08", "28", "70"];

/// Errors whose SQLSTATE says too little. Of the server's resources: 1021 disk
/// full, 1037, 1038 and 1041 memory, 1053 shutdown, 1135 no thread, 1203 and
/// 1226 what the user may take. Of other sessions: 1205 lock, 1213 deadlock.
/// Of the time the query may take: 3024 (MySQL). Of the database as a whole:
/// 1044 closed to us, 1049 gone.
const AWAY_NUMBERS: [u16; 13] =
    [1021, 1037, 1038, 1041, 1044, 1049, 1053, 1135, 1203, 1205, 1213, 1226, 3024];

pub(super) struct MySql(MySqlPool);

pub(super) async fn open(settings: &Settings) -> Result<MySql, SourceError> {
    let mut options: MySqlConnectOptions =
        settings.url.parse().map_err(SourceError::Unavailable)?;
    if let Some(password) = super::password(settings)? {
        options = options.password(&password);
    }
    let options = options.charset("utf8mb4").timezone(Some("+00:00".to_owned()));
    // No upkeep of the pool, which may spin: docs/decisions/0027.
    let pool = MySqlPoolOptions::new().idle_timeout(None).max_lifetime(None);
    let pool = pool.max_connections(CONNECTIONS_MAX).after_connect(|connection, _| {
        Box::pin(async move {
            // Read-only whatever the user may do.
            connection.execute("set session transaction read only").await?;
            Ok(())
        })
    });
    pool.connect_with(options).await.map(MySql).map_err(SourceError::Unavailable)
}

#[async_trait]
impl Database for MySql {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    async fn returned(&self, sql: &str) -> Result<Vec<Returned>, sqlx::Error> {
        let statement = self.0.prepare(AssertSqlSafe(sql.to_owned()).into_sql_str()).await?;
        let returned = |column: &<sqlx::MySql as sqlx::Database>::Column| Returned {
            name: column.name().to_owned(),
            is_string: STRINGS.iter().any(|end| column.type_info().name().ends_with(end)),
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

    /// A cast turns bytes that are no UTF-8 into NULL, as if nothing had been
    /// there: strings go without.
    fn as_text(&self, column: &Returned) -> String {
        match column.is_string {
            true => format!("q.`{}`", column.name),
            false => format!("cast(q.`{}` as char character set utf8mb4)", column.name),
        }
    }

    fn as_sorted_text(&self, name: &str) -> String {
        format!("cast(q.`{name}` as char)")
    }

    fn is_away(&self, told: &dyn DatabaseError) -> bool {
        let number = told.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number);
        number.is_some_and(|number| AWAY_NUMBERS.contains(&number))
            || told
                .code()
                .is_some_and(|code| AWAY_CLASSES.iter().any(|class| code.starts_with(class)))
    }
}

fn row(row: &MySqlRow) -> RawRow {
    let cell = |index| super::cell(row.try_get_unchecked(index).unwrap_or_default());
    RawRow { cells: (0..row.len()).map(cell).collect() }
}
