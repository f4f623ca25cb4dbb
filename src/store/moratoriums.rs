//! Moratoriums, which are few: every reader has all of them.

use jiff::civil::Date;
use serde_json::json;

use crate::model::Moratorium;
use crate::model::audit::{Act, Doer};

use super::audit;
use super::desk::Desk;
use super::engine::Arg;
use super::statements::sql;
use super::{SqlStore, StoreError};

impl SqlStore {
    /// Those that are in force on `day` or later.
    pub(super) async fn moratoriums(&self, day: Date) -> Result<Vec<Moratorium>, StoreError> {
        let day = day.to_string();
        let rows = self.engine.rows(sql::list_moratoriums, &[Arg::Text(&day)]).await?;
        rows.iter()
            .map(|row| {
                Ok(Moratorium {
                    id: row.text("moratorium_id")?,
                    area: row.opt_text("area")?,
                    segment: row.opt_text("segment")?,
                    starts_on: row.date("starts_on")?,
                    ends_on: row.date("ends_on")?,
                    owner: row.text("owner")?,
                    reason: row.text("reason")?,
                })
            })
            .collect()
    }
}

impl Desk<'_> {
    /// Moratoriums that are in force on `day` or later, those that end first first.
    pub async fn moratoriums(&self, day: Date) -> Result<Vec<Moratorium>, StoreError> {
        self.store.moratoriums(day).await
    }

    /// Declares one. No account is touched for it: it holds in every decision
    /// from now on, and dispatch asks for itself.
    pub async fn declare(&self, one: &Moratorium, doer: &Doer) -> Result<(), StoreError> {
        let (starts_on, ends_on) = (one.starts_on.to_string(), one.ends_on.to_string());
        let args = [
            Arg::Text(&one.id),
            Arg::Text(one.area.as_deref().unwrap_or_default()),
            Arg::Text(one.segment.as_deref().unwrap_or_default()),
            Arg::Text(&starts_on),
            Arg::Text(&ends_on),
            Arg::Text(&one.owner),
            Arg::Text(&one.reason),
            Arg::Int(doer.at.as_microsecond()),
        ];
        let mut tx = self.store.engine.begin().await?;
        if tx.run(sql::put_moratorium, &args).await? == 0 {
            // It is there already.
            return Ok(());
        }
        let details = json!({
            "area": one.area, "segment": one.segment, "starts_on": one.starts_on,
            "ends_on": one.ends_on, "owner": one.owner,
        });
        audit::commit(tx, &[doer.deed(Act::MoratoriumDeclared, one.id.clone(), details)]).await
    }

    /// Ends one before its time; `false` where none of that name is in force.
    pub async fn lift_moratorium(&self, id: &str, doer: &Doer) -> Result<bool, StoreError> {
        let args = [Arg::Text(id), Arg::Text(&doer.by), Arg::Int(doer.at.as_microsecond())];
        let mut tx = self.store.engine.begin().await?;
        if tx.run(sql::lift_moratorium, &args).await? == 0 {
            return Ok(false);
        }
        let deed = doer.deed(Act::MoratoriumLifted, id.to_owned(), json!({}));
        audit::commit(tx, &[deed]).await?;
        Ok(true)
    }
}
