//! Moratoriums, which are few: every reader has all of them.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::Moratorium;

use super::desk::Desk;
use super::engine::Arg;
use super::row::Row;
use super::statements::sql;
use super::{SqlStore, StoreError};

impl SqlStore {
    /// Those that are in force on `day` or later.
    pub(super) async fn moratoriums(&self, day: Date) -> Result<Vec<Moratorium>, StoreError> {
        let day = day.to_string();
        let rows = self.engine.rows(sql::list_moratoriums, &[Arg::Text(&day)]).await?;
        rows.iter().map(moratorium).collect()
    }
}

pub(super) fn moratorium(row: &Row) -> Result<Moratorium, StoreError> {
    Ok(Moratorium {
        id: row.text("moratorium_id")?,
        area: row.opt_text("area")?,
        segment: row.opt_text("segment")?,
        starts_on: row.date("starts_on")?,
        ends_on: row.date("ends_on")?,
        owner: row.text("owner")?,
        reason: row.text("reason")?,
    })
}

impl Desk<'_> {
    /// Moratoriums that are in force on `day` or later, those that end first first.
    pub async fn moratoriums(&self, day: Date) -> Result<Vec<Moratorium>, StoreError> {
        self.store.moratoriums(day).await
    }

    /// Declares one. No account is touched for it: it holds in every decision
    /// from now on, and dispatch asks for itself.
    pub async fn declare(&self, one: &Moratorium, now: Timestamp) -> Result<(), StoreError> {
        let (starts_on, ends_on) = (one.starts_on.to_string(), one.ends_on.to_string());
        let args = [
            Arg::Text(&one.id),
            Arg::Text(one.area.as_deref().unwrap_or_default()),
            Arg::Text(one.segment.as_deref().unwrap_or_default()),
            Arg::Text(&starts_on),
            Arg::Text(&ends_on),
            Arg::Text(&one.owner),
            Arg::Text(&one.reason),
            Arg::Int(now.as_microsecond()),
        ];
        self.store.engine.run(sql::put_moratorium, &args).await.map(drop)
    }

    /// Ends one before its time; `false` where none of that name is in force.
    pub async fn lift_moratorium(
        &self,
        id: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let args = [Arg::Text(id), Arg::Text(by), Arg::Int(now.as_microsecond())];
        Ok(self.store.engine.run(sql::lift_moratorium, &args).await? > 0)
    }
}
