//! One row that came back; columns are asked for by name.
//!
//! Both engines' ways of writing a value are read here, so that statements
//! need no casts: PostgreSQL's binary integers, dates, instants and ids, and
//! SQLite's integers, texts and blobs.

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, ValueRef};

use crate::model::ReminderId;

use super::StoreError;
use super::set::{EPOCH, EPOCH_MICROS};

pub enum Row {
    Postgres(PgRow),
    Sqlite(SqliteRow),
}

impl Row {
    pub fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or(StoreError::Corrupt { column })
    }

    pub fn opt_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        match self {
            Row::Postgres(row) => row.try_get(column),
            Row::Sqlite(row) => row.try_get(column),
        }
        .map_err(|_| StoreError::Corrupt { column })
    }

    /// A number of any width, or a truth as 0 or 1.
    pub fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or(StoreError::Corrupt { column })
    }

    pub fn opt_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        match self {
            Row::Postgres(row) => Ok(match binary(row, column)? {
                None => None,
                Some([one]) => Some(i64::from(*one)),
                Some([a, b]) => Some(i64::from(i16::from_be_bytes([*a, *b]))),
                Some([a, b, c, d]) => Some(i64::from(i32::from_be_bytes([*a, *b, *c, *d]))),
                Some(bytes) => Some(wide(bytes, column)?),
            }),
            Row::Sqlite(row) => row.try_get(column).map_err(|_| StoreError::Corrupt { column }),
        }
    }

    pub fn date(&self, column: &'static str) -> Result<Date, StoreError> {
        self.opt_date(column)?.ok_or(StoreError::Corrupt { column })
    }

    pub fn opt_date(&self, column: &'static str) -> Result<Option<Date>, StoreError> {
        let Row::Postgres(_) = self else { return self.opt_parsed(column) };
        let Some(days) = self.opt_int(column)? else { return Ok(None) };
        let corrupt = |_| StoreError::Corrupt { column };
        let span = jiff::Span::new().try_days(days).map_err(corrupt)?;
        EPOCH.checked_add(span).map(Some).map_err(corrupt)
    }

    pub fn instant(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.opt_instant(column)?.ok_or(StoreError::Corrupt { column })
    }

    pub fn opt_instant(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let Some(micros) = self.opt_micros(column)? else { return Ok(None) };
        Timestamp::from_microsecond(micros).map(Some).map_err(|_| StoreError::Corrupt { column })
    }

    /// An instant as the number that it is kept as, whatever that is.
    pub fn micros(&self, column: &'static str) -> Result<i64, StoreError> {
        self.opt_micros(column)?.ok_or(StoreError::Corrupt { column })
    }

    fn opt_micros(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        let epoch = match self {
            Row::Postgres(_) => EPOCH_MICROS,
            Row::Sqlite(_) => 0,
        };
        Ok(self.opt_int(column)?.map(|micros| micros.saturating_add(epoch)))
    }

    pub fn reminder(&self, column: &'static str) -> Result<ReminderId, StoreError> {
        let bytes = match self {
            Row::Postgres(row) => binary(row, column)?.and_then(|bytes| bytes.try_into().ok()),
            Row::Sqlite(row) => {
                row.try_get::<&[u8], _>(column).ok().and_then(|bytes| bytes.try_into().ok())
            }
        };
        bytes.map(ReminderId::from_bytes).ok_or(StoreError::Corrupt { column })
    }

    /// A column that holds the text form of one of our values.
    pub fn parsed<T: std::str::FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.opt_parsed(column)?.ok_or(StoreError::Corrupt { column })
    }

    pub fn opt_parsed<T: std::str::FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        match self.opt_text(column)? {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| StoreError::Corrupt { column }),
        }
    }
}

/// A value as PostgreSQL sent it; statements of ours are prepared, so it is binary.
fn binary<'r>(row: &'r PgRow, column: &'static str) -> Result<Option<&'r [u8]>, StoreError> {
    let value = row.try_get_raw(column).map_err(|_| StoreError::Corrupt { column })?;
    if value.is_null() {
        return Ok(None);
    }
    value.as_bytes().map(Some).map_err(|_| StoreError::Corrupt { column })
}

fn wide(bytes: &[u8], column: &'static str) -> Result<i64, StoreError> {
    bytes.try_into().map(i64::from_be_bytes).map_err(|_| StoreError::Corrupt { column })
}
