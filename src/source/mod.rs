//! The operator's billing database, read-only.
//!
//! A [`Source`] gives pages of feeds and, right before sending, the balances
//! of named bills. Rows come as text and are checked here (`rows`), by the
//! same rules whatever the database.
//!
//! May use: model.

pub mod billing_db;
mod database;
mod evidence;
pub mod history;
pub mod import;
mod placeholders;
pub mod population;
pub mod rows;
pub mod sql;
pub mod stamp;
pub mod timeline;

use async_trait::async_trait;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::BillId;
use crate::model::feed::{Cursor, Feed, RawRow};

/// The operator's billing data.
#[async_trait]
pub trait Source: Send + Sync {
    /// The feeds that are mapped; the required ones always are.
    fn feeds(&self) -> Vec<Feed>;

    /// Up to `limit` rows that changed after `after`, ordered by (change stamp, id).
    async fn page(
        &self,
        feed: Feed,
        after: &Cursor,
        limit: u32,
    ) -> Result<Vec<RawRow>, SourceError>;

    /// What is unpaid of these bills at this moment, as rows of
    /// [`BALANCE`](crate::model::feed::BALANCE). A bill that the source no
    /// longer knows is absent.
    async fn balances(&self, bills: &[BillId]) -> Result<Vec<RawRow>, SourceError>;

    /// How many rows the feed holds: all of them, or where rows have a
    /// [day](Feed::day), those of `since` and later.
    async fn count(&self, feed: Feed, since: Option<Date>) -> Result<u64, SourceError>;
}

/// Why the source did not answer.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Away or overloaded; worth another try.
    #[error("billing database is unavailable")]
    Unavailable(#[source] sqlx::Error),

    #[error(
        "{scheme:?} is no database that is read; use sqlite://PATH, \
         postgres://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE"
    )]
    BadUrl { scheme: String },

    /// The operator's query does not fit the database.
    #[error("{file}: the query fails")]
    Query {
        file: String,
        #[source]
        source: sqlx::Error,
    },

    /// The operator's query does not return what is documented.
    #[error("{file}: column `{column}` is missing; add it to the select ({expects})")]
    MissingColumn { file: String, column: &'static str, expects: &'static str },

    #[error("{file}: placeholder `{placeholder}` is missing; without it {consequence}")]
    MissingPlaceholder { file: String, placeholder: &'static str, consequence: &'static str },

    #[error("could not read {file}")]
    File {
        file: String,
        #[source]
        source: std::io::Error,
    },
}

/// What an account is taken to be where the source does not say; `[source.defaults]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// BCP 47 tag.
    pub language: String,
    /// IANA name.
    pub zone: String,
    /// ISO 3166 code of the country whose national numbers come without +.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl Default for Defaults {
    fn default() -> Self {
        Defaults { language: "en".into(), zone: "UTC".into(), region: None }
    }
}
