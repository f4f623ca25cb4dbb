//! Sets of rows on their way into a statement.
//!
//! A set is one argument to the code above. PostgreSQL takes it as one array
//! for each column, `unnest($1::smallint[], $2::text[]) as k(bucket, account_id)`,
//! and SQLite as one JSON array of objects. Many new rows go straight into
//! their table by COPY.
//!
//! The formats: <https://www.postgresql.org/docs/current/sql-copy.html> for
//! COPY, `array_send` in PostgreSQL's sources for arrays. The fields are the
//! same in both: their length, then their bytes.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde::Serialize;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};

use crate::model::lease::Fence;
use crate::model::{AccountId, BillId, Bucket, Currency, Reason, ReminderId};

/// What PostgreSQL counts its dates and instants from.
pub const EPOCH: Date = date(2000, 1, 1);
pub const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A row of a set. [`set_row`] writes this for a struct.
pub trait SetRow: Serialize + Sync + Sized {
    const COLUMNS: &'static [Column];

    /// Writes the row's fields, in the order of the columns.
    fn write(&self, fields: &mut Fields<'_>);
}

/// A row of a table, as it is written when it is new.
pub trait TableRow: SetRow {
    const TABLE: &'static str;
}

/// A column: its name, and the type of its values.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
}

/// A type of PostgreSQL's: what it is called, and what an array of it is.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    name: &'static str,
    one: u32,
    array: u32,
}

/// A value of a column.
pub trait Field {
    /// As `pg_type` numbers it.
    const KIND: Kind;

    /// The value's length and its bytes.
    fn put(&self, out: &mut Vec<u8>);
}

/// Microseconds since 1970 UTC, as SQLite keeps them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Micros(i64);

impl From<Timestamp> for Micros {
    fn from(at: Timestamp) -> Micros {
        Micros(at.as_microsecond())
    }
}

/// Where the fields of a row go: all into one place, or each column into its own.
pub struct Fields<'a> {
    places: &'a mut [Vec<u8>],
    next: usize,
}

impl Fields<'_> {
    pub fn put(&mut self, field: &impl Field) {
        let place = self.next % self.places.len();
        self.next += 1;
        field.put(&mut self.places[place]);
    }
}

/// Defines structs and makes rows of sets of them: the columns are the fields,
/// by name and in order.
macro_rules! set_row {
    ($($(#[$meta:meta])* $vis:vis struct $row:ident $(<$life:lifetime>)? {
        $($(#[$about:meta])* $seen:vis $field:ident: $kind:ty),* $(,)?
    })*) => {$(
        $(#[$meta])*
        #[derive(serde::Serialize)]
        $vis struct $row $(<$life>)? { $($(#[$about])* $seen $field: $kind),* }

        impl $(<$life>)? $crate::store::set::SetRow for $row $(<$life>)? {
            const COLUMNS: &'static [$crate::store::set::Column] = &[$(
                $crate::store::set::Column {
                    name: stringify!($field),
                    kind: <$kind as $crate::store::set::Field>::KIND,
                },
            )*];

            fn write(&self, fields: &mut $crate::store::set::Fields<'_>) {
                $(fields.put(&self.$field);)*
            }
        }
    )*};
}
pub(super) use set_row;

/// Rows of any kind, as one argument of a statement.
pub trait Rows: Sync {
    fn columns(&self) -> &'static [Column];
    fn to_json(&self) -> Cow<'_, str>;
    /// One array for each column.
    fn to_arrays(&self) -> Vec<Array>;
}

impl<T: SetRow> Rows for Vec<T> {
    fn columns(&self) -> &'static [Column] {
        T::COLUMNS
    }

    fn to_json(&self) -> Cow<'_, str> {
        serde_json::to_string(self).expect("rows of ours are plain data").into()
    }

    fn to_arrays(&self) -> Vec<Array> {
        let mut values: Vec<Vec<u8>> =
            T::COLUMNS.iter().map(|_| Vec::with_capacity(self.len() * BYTES_PER_FIELD)).collect();
        for row in self {
            row.write(&mut Fields { places: &mut values, next: 0 });
        }
        let array = |(column, values): (&Column, _)| Array {
            kind: column.kind,
            count: self.len() as i32,
            values,
        };
        T::COLUMNS.iter().zip(values).map(array).collect()
    }
}

/// What a field is guessed to need.
const BYTES_PER_FIELD: usize = 24;

/// The values of one column.
pub struct Array {
    kind: Kind,
    count: i32,
    /// Each with its length before it.
    values: Vec<u8>,
}

impl Type<Postgres> for Array {
    fn type_info() -> PgTypeInfo {
        // Never asked for: each array tells its own.
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Array {
    fn encode_by_ref(&self, out: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let dimensions = i32::from(self.count > 0);
        out.extend_from_slice(&dimensions.to_be_bytes());
        // That nulls may be among them is a hint that is never wrong to give.
        out.extend_from_slice(&1i32.to_be_bytes());
        out.extend_from_slice(&self.kind.one.to_be_bytes());
        if self.count > 0 {
            out.extend_from_slice(&self.count.to_be_bytes());
            out.extend_from_slice(&1i32.to_be_bytes());
            out.extend_from_slice(&self.values);
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_oid(Oid(self.kind.array)))
    }
}

fn names<T: SetRow>() -> String {
    T::COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

/// The statement that takes in what [`copy_data`] makes.
pub fn copy_statement<T: TableRow>() -> String {
    format!("copy {} ({}) from stdin (format binary)", T::TABLE, names::<T>())
}

/// The statement that writes a set of new rows, and fails where one is not.
pub fn insert_statement<T: TableRow>() -> String {
    let arrays: Vec<String> = (1..)
        .zip(T::COLUMNS)
        .map(|(place, column)| format!("${place}::{}[]", column.kind.name))
        .collect();
    let (names, arrays) = (names::<T>(), arrays.join(", "));
    format!("insert into {} ({names}) select * from unnest({arrays})", T::TABLE)
}

/// Rows in the binary format of COPY.
pub fn copy_data<T: TableRow>(rows: &[T]) -> Vec<u8> {
    let count = (T::COLUMNS.len() as i16).to_be_bytes();
    let mut out = Vec::with_capacity(rows.len() * T::COLUMNS.len() * BYTES_PER_FIELD);
    out.extend_from_slice(COPY_SIGNATURE);
    for row in rows {
        out.extend_from_slice(&count);
        row.write(&mut Fields { places: std::slice::from_mut(&mut out), next: 0 });
    }
    out.extend_from_slice(&(-1i16).to_be_bytes());
    out
}

/// The signature, no flags, no extension.
const COPY_SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Fields by what PostgreSQL calls them, how it numbers the type and arrays of
/// it, and which bytes the value is.
macro_rules! fields {
    ($($name:literal $one:literal $array:literal { $($kind:ty => |$value:ident| $bytes:expr),* $(,)? })*) => {
        $($(impl Field for $kind {
            const KIND: Kind = Kind { name: $name, one: $one, array: $array };

            fn put(&self, out: &mut Vec<u8>) {
                let $value = self;
                put_bytes(out, $bytes);
            }
        })*)*
    };
}

fields! {
    "boolean" 16 1000 { bool => |it| &[u8::from(*it)] }
    "smallint" 21 1005 { Bucket => |it| &it.number().to_be_bytes() }
    "integer" 23 1007 { u32 => |it| &it.to_be_bytes() }
    "bigint" 20 1016 {
        i64 => |it| &it.to_be_bytes(),
        Fence => |it| &it.0.to_be_bytes(),
    }
    "text" 25 1009 {
        &str => |it| it.as_bytes(),
        String => |it| it.as_bytes(),
        &String => |it| it.as_bytes(),
        &AccountId => |it| it.as_str().as_bytes(),
        &BillId => |it| it.as_str().as_bytes(),
        Currency => |it| it.code().as_bytes(),
        Reason => |it| it.as_str().as_bytes(),
    }
    "date" 1082 1182 { Date => |it| &(*it - EPOCH).get_days().to_be_bytes() }
    "timestamptz" 1184 1185 { Micros => |it| &(it.0 - EPOCH_MICROS).to_be_bytes() }
    "uuid" 2950 2951 { ReminderId => |it| &it.as_bytes() }
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;

    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.put(out),
            None => out.extend_from_slice(&(-1i32).to_be_bytes()),
        }
    }
}
