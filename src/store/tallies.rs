//! What each day came to: counted in the transactions in which it happens, in
//! the bucket of whoever it happens to.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::Bucket;
use crate::model::brake::{Sign, Tallies};

use super::engine::{Arg, Tx};
use super::facts::bucket;
use super::replies::SettledReply;
use super::row::Row;
use super::set::set_row;
use super::statements::sql;
use super::{SqlStore, StoreError};

set_row! {
struct TallyRow {
    bucket: Bucket,
    day: Date,
    sign: &'static str,
    n: i64,
}
}

/// Counts one for each of these.
pub(super) async fn add_tallies(
    tx: &mut Tx,
    sign: Sign,
    seen: impl Iterator<Item = (Bucket, Date)>,
) -> Result<(), StoreError> {
    // In the order of the key, as with receipts.
    let mut counts: BTreeMap<(Bucket, Date), i64> = BTreeMap::new();
    for one in seen {
        *counts.entry(one).or_default() += 1;
    }
    if counts.is_empty() {
        return Ok(());
    }
    let row = |((bucket, day), n)| TallyRow { bucket, day, sign: sign.as_str(), n };
    let rows: Vec<TallyRow> = counts.into_iter().map(row).collect();
    tx.run(sql::add_tallies, &[Arg::Set(&rows)]).await.map(drop)
}

/// Counts those of `settled` who want no more, and who are among `news`: what
/// is settled once more is none.
pub(super) async fn add_stops(
    tx: &mut Tx,
    settled: &[SettledReply<'_>],
    news: &[Row],
    now: Timestamp,
) -> Result<(), StoreError> {
    let wants_no_more = |one: &&SettledReply<'_>| one.meaning.wants_no_more();
    let stops: HashSet<&str> =
        settled.iter().filter(wants_no_more).map(|one| one.kept.id.as_str()).collect();
    let (today, mut seen) = (now.to_zoned(TimeZone::UTC).date(), Vec::new());
    for row in news {
        if stops.contains(row.text("reply_id")?.as_str()) {
            seen.push((bucket(row)?, today));
        }
    }
    add_tallies(tx, Sign::Stops, seen.into_iter()).await
}

impl SqlStore {
    pub(super) async fn load_tallies(&self, since: Date) -> Result<Tallies, StoreError> {
        let since = since.to_string();
        let mut tallies = Tallies::new();
        for row in self.engine.rows(sql::load_tallies, &[Arg::Text(&since)]).await? {
            let sign = Sign::parse(&row.text("sign")?);
            let sign = sign.ok_or(StoreError::Corrupt { column: "sign" })?;
            tallies.entry(row.date("day")?).or_default().add(sign, row.int("n")?.unsigned_abs());
        }
        Ok(tallies)
    }
}
