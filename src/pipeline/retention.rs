//! Retention: history's months are made ahead, and dropped when they are old.

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use tracing::info;

use crate::model::Bucket;
use crate::model::billing::plus_days;
use crate::model::law::CAP_DAYS_MAX;

use super::{Workshop, planning_day};

/// Months that are made ahead, this one included. More than one, so that a
/// night on which they could not be made costs nothing.
const MONTHS_AHEAD: i32 = 3;
/// No judgement looks back on more than 24 cycles.
const EVIDENCE_MONTHS: i32 = 26;
/// Nights in which each bucket has its turn: no month has fewer.
const NIGHTS: u16 = 28;

/// The planned day has begun before it does in UTC, and the clock of whoever
/// counts may be behind.
const COUNTED_LATE_DAYS: i32 = 2;

/// Keeps the tables from growing for ever.
pub struct Retention(pub Workshop);

impl Retention {
    /// Makes room for what is planned from now on: a month whose first row
    /// finds none of its own stays among the rest for good.
    pub async fn make_room(&self, now: Timestamp) -> anyhow::Result<()> {
        let month = planning_day(now).first_of_month();
        for ahead in 0..MONTHS_AHEAD {
            let first = month.saturating_add(Span::new().months(ahead));
            let made = self.0.retention.make_month(first).await;
            made.with_context(|| format!("could not make room for the month of {first}"))?;
        }
        Ok(())
    }

    /// Drops what is older than it is to be kept: months of history as a whole,
    /// and what else is old from those buckets whose turn it is tonight.
    /// Contacts are kept for no longer than a cap may count them, and evidence
    /// for no longer than a judgement may look back.
    pub async fn forget(&self, now: Timestamp) -> anyhow::Result<()> {
        let day = planning_day(now);
        let countable = plus_days(day, -i32::from(CAP_DAYS_MAX) - COUNTED_LATE_DAYS);
        for bucket in tonight(day) {
            self.0.retention.forget_contacts(bucket, countable).await?;
        }
        let known_from = evidence_kept_from(day);
        for bucket in tonight(day) {
            self.0.retention.forget_evidence(bucket, known_from).await?;
        }
        let Some(before) = kept_from(day, self.0.settings.retention_months) else {
            return Ok(());
        };
        let months = self.0.retention.drop_months(before).await;
        let months = months.context("could not drop months of history")?;
        let mut rows = 0;
        for bucket in tonight(day) {
            rows += self.0.retention.forget_bucket(bucket, before).await?;
        }
        if months + rows > 0 {
            info!(before = %before, partitions = months, rows, "dropped what was old");
        }
        Ok(())
    }
}

/// The day from which on evidence is kept that is over. The nightly count
/// leans on it: what was forgotten here is not missed.
pub fn evidence_kept_from(day: Date) -> Date {
    day.first_of_month().saturating_sub(Span::new().months(EVIDENCE_MONTHS))
}

/// The day from which on history is kept; `None` where all of it is.
fn kept_from(day: Date, months: u32) -> Option<Date> {
    let months = i32::try_from(months).ok().filter(|months| *months > 0)?;
    Some(day.first_of_month().saturating_sub(Span::new().months(months)))
}

/// The buckets that have their turn on this night, about a 28th of them.
fn tonight(day: Date) -> impl Iterator<Item = Bucket> {
    let night = u16::from(day.day().unsigned_abs()) % NIGHTS;
    Bucket::all().into_iter().filter(move |bucket| bucket.number() % NIGHTS == night)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::*;

    #[test]
    fn whole_months_are_kept_and_zero_keeps_everything() {
        assert_eq!(kept_from(date(2026, 3, 31), 36), Some(date(2023, 3, 1)));
        assert_eq!(kept_from(date(2026, 3, 1), 14), Some(date(2025, 1, 1)));
        assert_eq!(kept_from(date(2026, 3, 31), 0), None);
    }

    #[test]
    fn every_bucket_has_its_turn_in_the_shortest_month() {
        let turns: BTreeSet<Bucket> =
            (1..=28).flat_map(|day| tonight(date(2026, 2, day)).collect::<Vec<_>>()).collect();
        assert_eq!(turns.into_iter().collect::<Vec<_>>(), Bucket::all());
        assert!((1..=31).all(|day| tonight(date(2026, 3, day)).count() <= 37));
    }
}
