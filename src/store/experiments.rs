//! Experiments: what people propose, approve and stop, who came in, and what
//! became of them.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use crate::model::audit::{Act, Doer};
use crate::model::experiment::{Arm, Design, Entry, Experiment, Said, Tally};
use crate::model::{AccountId, Bucket};
use crate::review::four_eyes::is_same_person;

use super::desk::Desk;
use super::engine::{Arg, Tx};
use super::row::Row;
use super::set::set_row;
use super::statements::sql;
use super::{SqlStore, StoreError, audit};

/// Why an experiment is not what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn refused<T>(what: impl Into<String>) -> Result<T, ExperimentError> {
    Err(ExperimentError::Refused(what.into()))
}

/// What the daemon asks and does of experiments.
#[async_trait]
pub trait ExperimentStore: Send + Sync {
    /// Every experiment that was ever proposed, in that order.
    async fn experiments(&self) -> Result<Vec<Experiment>, StoreError>;

    /// What became of everybody who came into one, as of `on`.
    async fn tally(&self, name: &str, on: Date) -> Result<Vec<Tally>, StoreError>;

    /// Ends one that does harm; `false` where it is over already.
    async fn end_experiment(
        &self,
        name: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}

#[async_trait]
impl ExperimentStore for SqlStore {
    async fn experiments(&self) -> Result<Vec<Experiment>, StoreError> {
        let rows = self.engine.rows(sql::list_experiments, &[]).await?;
        rows.iter().map(experiment).collect()
    }

    async fn tally(&self, name: &str, on: Date) -> Result<Vec<Tally>, StoreError> {
        let on = on.to_string();
        let args = [Arg::Text(name), Arg::Text(&on)];
        let rows = self.engine.rows(sql::tally_experiment, &args).await?;
        rows.iter().map(tally).collect()
    }

    async fn end_experiment(
        &self,
        name: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.engine.begin().await?;
        let stopped = stop(&mut tx, name, ITSELF, reason, now).await?;
        tx.commit().await?;
        Ok(stopped)
    }
}

/// Who stops what does harm.
const ITSELF: &str = "duebell";

impl Desk<'_> {
    /// Writes a design down, for somebody else to approve. `key` draws the lots.
    ///
    /// # Errors
    /// [`ExperimentError::Refused`] where one of that name is there.
    pub async fn propose_experiment(
        &self,
        design: &Design,
        key: &str,
        reason: &str,
        doer: &Doer,
    ) -> Result<(), ExperimentError> {
        if doer.by.trim().is_empty() || reason.trim().is_empty() {
            return refused("name who proposes it, and why");
        }
        let body = serde_json::to_string(design).expect("a design is plain data");
        let args = [
            Arg::Text(&design.name),
            Arg::Text(&body),
            Arg::Text(key),
            Arg::Text(&doer.by),
            Arg::Int(doer.at.as_microsecond()),
            Arg::Text(reason),
        ];
        let mut tx = self.store.engine.begin().await?;
        if tx.run(sql::put_experiment, &args).await? == 0 {
            return refused(format!("{} is there already; take another name", design.name));
        }
        let deed = doer.deed(Act::ExperimentProposed, design.name.clone(), json!(design));
        Ok(audit::commit(tx, &[deed]).await?)
    }

    /// Lets an experiment begin on its day, which must be after `today`: nobody
    /// knows yet what comes of it.
    ///
    /// # Errors
    /// [`ExperimentError::Refused`] where it is no proposal, by the one who
    /// proposed it, too late, or beside another one of its scenario.
    pub async fn approve_experiment(
        &self,
        name: &str,
        reason: &str,
        today: Date,
        doer: &Doer,
    ) -> Result<(), ExperimentError> {
        let all = self.store.experiments().await?;
        let Some(one) = all.iter().find(|one| one.design.name == name) else {
            return refused(format!("no experiment {name}; `duebell experiment list` has all"));
        };
        let Design { scenario, starts_on, ends_on, .. } = &one.design;
        if one.state() != "proposed" {
            return refused(format!("{name} is {} already", one.state()));
        }
        if doer.by.trim().is_empty() || is_same_person(&one.proposed.by, &doer.by) {
            return refused(format!("{} proposed it; somebody else must approve", one.proposed.by));
        }
        if *starts_on <= today {
            return refused(format!(
                "it was to start on {starts_on}, and {today} has begun; propose it again with a later day"
            ));
        }
        let is_beside = |other: &&Experiment| {
            let Design { scenario: its, starts_on: from, ends_on: to, .. } = &other.design;
            other.state() == "approved" && its == scenario && from <= ends_on && starts_on <= to
        };
        if let Some(other) = all.iter().find(is_beside) {
            let other = &other.design;
            return refused(format!(
                "{} withholds reminders of {scenario} until {}; one experiment at a time",
                other.name, other.ends_on
            ));
        }
        let at = Arg::Int(doer.at.as_microsecond());
        let args = [Arg::Text(name), Arg::Text(&doer.by), at, Arg::Text(reason)];
        let mut tx = self.store.engine.begin().await?;
        if tx.run(sql::approve_experiment, &args).await? == 0 {
            return refused(format!("{name} was decided about a moment ago"));
        }
        let deed = doer.deed(Act::ExperimentApproved, name.to_owned(), json!({}));
        Ok(audit::commit(tx, &[deed]).await?)
    }

    /// Ends it for good: nothing is withheld any more.
    ///
    /// # Errors
    /// [`ExperimentError::Refused`] where there is none of that name, or it is over.
    pub async fn stop_experiment(
        &self,
        name: &str,
        reason: &str,
        doer: &Doer,
    ) -> Result<(), ExperimentError> {
        if doer.by.trim().is_empty() || reason.trim().is_empty() {
            return refused("name who stops it, and why");
        }
        let mut tx = self.store.engine.begin().await?;
        if !stop(&mut tx, name, &doer.by, reason, doer.at).await? {
            return refused(format!("no experiment {name} that could be stopped"));
        }
        let deed = doer.deed(Act::ExperimentStopped, name.to_owned(), json!({}));
        Ok(audit::commit(tx, &[deed]).await?)
    }
}

async fn stop(
    tx: &mut Tx,
    name: &str,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let at = Arg::Int(now.as_microsecond());
    let args = [Arg::Text(name), Arg::Text(by), at, Arg::Text(reason)];
    Ok(tx.run(sql::stop_experiment, &args).await? > 0)
}

set_row! {
    struct EntryRow<'a> {
        bucket: Bucket,
        experiment: &'a str,
        account_id: &'a AccountId,
        arm: &'static str,
        bill_id: &'a str,
        entered_on: Date,
        limit_on: Date,
        tier: &'static str,
    }
}

/// Keeps who comes in; who is in stays as it came.
pub(super) async fn put_entries<'a>(
    tx: &mut Tx,
    entries: impl Iterator<Item = &'a Entry>,
) -> Result<(), StoreError> {
    let rows: Vec<EntryRow<'_>> = entries
        .map(|one| EntryRow {
            bucket: one.bucket,
            experiment: &one.experiment,
            account_id: &one.account,
            arm: one.arm.as_str(),
            bill_id: one.bill.as_str(),
            entered_on: one.on,
            limit_on: one.limit_on,
            tier: one.tier,
        })
        .collect();
    if !rows.is_empty() {
        tx.run(sql::put_entries, &[Arg::Set(&rows)]).await?;
    }
    Ok(())
}

fn experiment(row: &Row) -> Result<Experiment, StoreError> {
    type Column = &'static str;
    let said = |by: Column, at: Column, reason: Column| -> Result<Option<Said>, StoreError> {
        let Some(by) = row.opt_text(by)? else { return Ok(None) };
        let reason = row.opt_text(reason)?.unwrap_or_default();
        Ok(Some(Said { by, at: row.instant(at)?, reason }))
    };
    let corrupt = |column| StoreError::Corrupt { column };
    Ok(Experiment {
        design: serde_json::from_str(&row.text("design")?).map_err(|_| corrupt("design"))?,
        key: row.text("lot_key")?,
        proposed: said("proposed_by", "proposed_at", "reason")?.ok_or(corrupt("proposed_by"))?,
        approved: said("approved_by", "approved_at", "approval")?,
        stopped: said("stopped_by", "stopped_at", "stop_reason")?,
    })
}

fn tally(row: &Row) -> Result<Tally, StoreError> {
    let count = |column| Ok::<_, StoreError>(row.int(column)? as u64);
    Ok(Tally {
        arm: Arm::parse(&row.text("arm")?).ok_or(StoreError::Corrupt { column: "arm" })?,
        tier: row.text("tier")?,
        accounts: count("accounts")?,
        known: count("known")?,
        paid: count("paid")?,
        opted_out: count("opted_out")?,
    })
}
