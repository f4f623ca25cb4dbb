//! The kinds of database that are read, one file each: how one is opened for
//! reading alone, what a query returns, and how its rows arrive as text.

mod mysql;
mod postgres;
mod sqlite;

use async_trait::async_trait;
use sqlx::error::DatabaseError;

use crate::model::feed::{Cell, RawRow};

use super::SourceError;
use super::placeholders::Dialect;
use super::sql::Settings;

/// The billing server has other work: we never take more connections than this.
const CONNECTIONS_MAX: u32 = 4;

/// A database that is open, and only for reading.
#[async_trait]
pub trait Database: Send + Sync {
    fn dialect(&self) -> Dialect;

    /// What the query returns. It is prepared and not run.
    async fn returned(&self, sql: &str) -> Result<Vec<Returned>, sqlx::Error>;

    /// The rows of a query whose every column is written by [`Database::as_text`].
    /// The values are bound in this order.
    async fn rows(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<RawRow>, sqlx::Error>;

    /// The column `column` of `q` as an expression that arrives as UTF-8, or
    /// as bytes that were meant to be: those cost their row, and not the query.
    fn as_text(&self, column: &Returned) -> String;

    /// The column `name` of `q` as text that can be compared with text.
    fn as_sorted_text(&self, name: &str) -> String;

    /// Whether this speaks of the server and not of the query: trying again may help.
    fn is_away(&self, told: &dyn DatabaseError) -> bool;
}

/// A column of a query.
pub struct Returned {
    pub name: String,
    /// A string of characters or of bytes, rather than a number, a date or the like.
    pub is_string: bool,
}

/// What is bound to a placeholder.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    Text(&'a str),
    Number(i64),
}

/// Opens the database that the URL names.
pub async fn open(settings: &Settings) -> Result<Box<dyn Database>, SourceError> {
    // No more of the URL is shown: there may be a password in it.
    let scheme = settings.url.split(':').next().unwrap_or_default();
    Ok(match scheme {
        "sqlite" => Box::new(sqlite::open(settings).await?),
        "postgres" | "postgresql" => Box::new(postgres::open(settings).await?),
        "mysql" | "mariadb" => Box::new(mysql::open(settings).await?),
        other => return Err(SourceError::BadUrl { scheme: other.to_owned() }),
    })
}

/// What stands in the password file, if there is one.
fn password(settings: &Settings) -> Result<Option<String>, SourceError> {
    let Some(file) = &settings.password_file else { return Ok(None) };
    let password = std::fs::read_to_string(file)
        .map_err(|source| SourceError::File { file: file.display().to_string(), source })?;
    Ok(Some(password.trim_end().to_owned()))
}

fn cell(bytes: Option<&[u8]>) -> Cell {
    match bytes.map(std::str::from_utf8) {
        Some(Ok(text)) => Cell::Text(text.trim().to_owned()),
        Some(Err(_)) => Cell::NotUtf8,
        None => Cell::Null,
    }
}
