//! Bulk writing on PostgreSQL: binary COPY straight into a table.
//!
//! Rows that are new, as nearly all are, cost half of what an insert with a
//! conflict clause costs. So COPY is tried first, and only where a key turns
//! out to be taken does the statement that minds conflicts do the same rows
//! again.
//!
//! The format: <https://www.postgresql.org/docs/current/sql-copy.html>.

use jiff::civil::{Date, date};

use crate::model::{Bucket, ReminderId};

/// A row that can be written in bulk.
pub trait CopyRow {
    /// `copy table (columns) from stdin (format binary)`.
    const INTO: &'static str;

    /// Writes the fields in the order of the columns.
    fn write(&self, row: &mut Fields<'_>);
}

/// The rows in PostgreSQL's binary format.
pub fn encode<T: CopyRow>(rows: &[T]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * BYTES_PER_ROW);
    out.extend_from_slice(SIGNATURE);
    for row in rows {
        let at = out.len();
        out.extend_from_slice(&[0; 2]);
        let mut fields = Fields { out: &mut out, count: 0 };
        row.write(&mut fields);
        let count = fields.count.to_be_bytes();
        out[at..at + 2].copy_from_slice(&count);
    }
    out.extend_from_slice(&(-1i16).to_be_bytes());
    out
}

/// The signature, no flags, no extension.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What a row is guessed to need.
const BYTES_PER_ROW: usize = 320;
const EPOCH: Date = date(2000, 1, 1);
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// The fields of one row, each its length and its bytes.
pub struct Fields<'a> {
    out: &'a mut Vec<u8>,
    count: i16,
}

impl Fields<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
        self.out.extend_from_slice(bytes);
        self.count += 1;
        self
    }

    fn null(&mut self) -> &mut Self {
        self.out.extend_from_slice(&(-1i32).to_be_bytes());
        self.count += 1;
        self
    }

    /// `smallint`.
    pub fn bucket(&mut self, bucket: Bucket) -> &mut Self {
        self.bytes(&bucket.number().to_be_bytes())
    }

    /// `integer`.
    pub fn int(&mut self, number: u32) -> &mut Self {
        self.bytes(&number.to_be_bytes())
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub fn opt_text(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// `uuid`.
    pub fn reminder(&mut self, id: ReminderId) -> &mut Self {
        self.bytes(&id.as_bytes())
    }

    pub fn date(&mut self, day: Date) -> &mut Self {
        self.bytes(&(day - EPOCH).get_days().to_be_bytes())
    }

    /// `timestamptz`, from microseconds since 1970.
    pub fn instant(&mut self, micros: i64) -> &mut Self {
        self.bytes(&(micros - EPOCH_MICROS).to_be_bytes())
    }

    pub fn opt_instant(&mut self, micros: Option<i64>) -> &mut Self {
        match micros {
            Some(micros) => self.instant(micros),
            None => self.null(),
        }
    }
}
