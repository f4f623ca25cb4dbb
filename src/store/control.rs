//! Switches and marks.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde::de::DeserializeOwned;

use crate::model::audit::Deed;
use crate::model::brake::{BRAKE, RELEASED, Released, Tallies};
use crate::model::control::{Control, KILL_SWITCH, Stopped};

use super::audit;
use super::desk::Desk;
use super::engine::{Arg, Tx};
use super::statements::sql;
use super::{ControlStore, SqlStore, StoreError};

impl Desk<'_> {
    /// Lets go what the brake had stopped, as somebody's deed.
    pub async fn release(&self, released: &Released, deed: Deed) -> Result<(), StoreError> {
        let value = serde_json::to_string(released).unwrap_or_default();
        let mut tx = self.store.engine.begin().await?;
        set(&mut tx, &released.switch(), Some(&value), deed.at).await?;
        set(&mut tx, BRAKE, None, deed.at).await?;
        audit::commit(tx, &[deed]).await
    }

    /// Sets a switch, or clears it with `None`, as somebody's deed.
    pub async fn switch(
        &self,
        name: &str,
        value: Option<&str>,
        deed: Deed,
    ) -> Result<(), StoreError> {
        let mut tx = self.store.engine.begin().await?;
        set(&mut tx, name, value, deed.at).await?;
        audit::commit(tx, &[deed]).await
    }
}

async fn set(
    tx: &mut Tx,
    name: &str,
    value: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let at = Arg::Int(now.as_microsecond());
    match value {
        Some(value) => tx.run(sql::put_control, &[Arg::Text(name), Arg::Text(value), at]).await,
        None => tx.run(sql::drop_control, &[Arg::Text(name)]).await,
    }
    .map(drop)
}

/// What a switch says besides being set.
fn told<T: DeserializeOwned>(value: &str) -> Result<T, StoreError> {
    serde_json::from_str(value).map_err(|_| StoreError::Corrupt { column: "value" })
}

/// Every moratorium ends later.
const EVER: Date = date(1, 1, 1);

#[async_trait]
impl ControlStore for SqlStore {
    async fn control(&self) -> Result<Control, StoreError> {
        let mut control = Control::default();
        for row in self.engine.rows(sql::load_control, &[]).await? {
            let (name, value) = (row.text("name")?, row.text("value")?);
            if let Some(scenario) = name.strip_prefix("live:") {
                let since = value.parse().map_err(|_| StoreError::Corrupt { column: "value" })?;
                control.live_since.insert(scenario.to_owned(), since);
            } else if let Some(what) = name.strip_prefix("stop:") {
                let what = Stopped::parse(what).ok_or(StoreError::Corrupt { column: "name" })?;
                control.stopped.insert(what);
            } else if name.starts_with(RELEASED) {
                control.released.push(told(&value)?);
            } else if name == BRAKE {
                control.brake = Some(told(&value)?);
            } else if name == KILL_SWITCH {
                control.kill_switch = true;
            }
        }
        control.moratoriums = self.moratoriums(EVER).await?;
        Ok(control)
    }

    async fn set_control(
        &self,
        name: &str,
        value: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.engine.begin().await?;
        set(&mut tx, name, value, now).await?;
        tx.commit().await
    }

    async fn tallies(&self, since: Date) -> Result<Tallies, StoreError> {
        self.load_tallies(since).await
    }

    async fn mark(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.engine.rows(sql::load_mark, &[Arg::Text(name)]).await?;
        rows.first().map(|row| row.instant("at")).transpose()
    }

    async fn set_marks(&self, marks: &[(&str, Timestamp)]) -> Result<(), StoreError> {
        let mut tx = self.engine.begin().await?;
        for (name, at) in marks {
            tx.run(sql::put_mark, &[Arg::Text(name), Arg::Int(at.as_microsecond())]).await?;
        }
        tx.commit().await
    }
}
