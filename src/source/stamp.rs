//! Change stamps, kept as the source writes them.

use jiff::SignedDuration;
use jiff::civil::{DateTime, datetime};

use crate::model::feed::Cursor;

/// The stamp of [`Cursor::start`].
const FIRST: DateTime = datetime(1, 1, 1, 0, 0, 0, 0);

/// A place `overlap` before `cursor`: rows that were committed late, with an
/// earlier stamp than rows we have read, are read after all. The stamp keeps
/// its shape, so that comparing texts in the source stays right. A stamp that
/// is no date and time stays as it is. Nothing lies before the beginning: there
/// is no year 0 in PostgreSQL.
pub fn earlier(cursor: &Cursor, overlap: SignedDuration) -> Cursor {
    let stamp = &cursor.changed_at;
    let shifted = stamp.get(..19).and_then(|head| {
        let (date, time) = (head.get(..10)?, head.get(11..)?);
        let moment: DateTime = format!("{date}T{time}").parse().ok()?;
        let moment = moment.checked_sub(overlap).ok()?;
        if moment < FIRST {
            return Some(Cursor::start().changed_at);
        }
        let separator = stamp.get(10..11)?;
        let (date, time) = (moment.date(), moment.time().strftime("%H:%M:%S"));
        Some(format!("{date}{separator}{time}{}", stamp.get(19..)?))
    });
    match shifted {
        Some(changed_at) => Cursor { changed_at, id: String::new() },
        None => cursor.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stamp: &str, expected: &str) {
        let cursor = Cursor { changed_at: stamp.into(), id: "7".into() };
        assert_eq!(earlier(&cursor, SignedDuration::from_mins(15)).changed_at, expected);
    }

    #[test]
    fn a_stamp_keeps_its_shape() {
        check("2026-03-01 00:10:00", "2026-02-28 23:55:00");
        check("2026-03-01T12:00:00Z", "2026-03-01T11:45:00Z");
        check("2026-03-01 12:00:00.123456+00", "2026-03-01 11:45:00.123456+00");
    }

    #[test]
    fn before_the_beginning_and_beyond_reading_nothing_is_shifted() {
        check("0001-01-01 00:00:00", "0001-01-01 00:00:00");
        check("0001-01-01T00:10:00Z", "0001-01-01 00:00:00");
        check("1772323200", "1772323200");
    }
}
