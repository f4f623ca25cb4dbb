//! Why the store could not do as asked.

use crate::model::Bucket;

/// Why the store could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Away or overloaded. Worth another try.
    #[error("database is unavailable")]
    Unavailable(#[source] sqlx::Error),

    /// A bug or a broken row: trying again will not help.
    #[error("statement `{statement}` failed")]
    Statement {
        statement: &'static str,
        #[source]
        source: sqlx::Error,
    },

    /// A stored value that this version cannot read.
    #[error("column `{column}` holds a value that cannot be read")]
    Corrupt { column: &'static str },

    /// Somebody else works on this bucket by now; nothing was changed.
    #[error("the lease on bucket {} was lost", bucket.number())]
    LeaseLost { bucket: Bucket },

    #[error("migration failed")]
    Migration(#[source] sqlx::migrate::MigrateError),

    #[error("{url:?} is no store; use sqlite://PATH or postgres://USER@HOST/DATABASE")]
    BadUrl { url: String },
}

impl StoreError {
    pub(super) fn of(statement: &'static str, source: sqlx::Error) -> StoreError {
        match source {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                StoreError::Unavailable(source)
            }
            source => StoreError::Statement { statement, source },
        }
    }
}
