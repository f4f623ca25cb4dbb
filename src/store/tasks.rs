//! Tasks for people: opened with the judgement that they follow from, and done
//! by somebody with a name.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::model::audit::{Act, Doer};
use crate::model::cause::{DebtClass, SetClass};
use crate::model::task::{Assigned, Done};
use crate::model::{AccountId, Bucket, Money, Task, TaskKind, Tier};

use super::StoreError;
use super::assess::put_set;
use super::audit;
use super::desk::Desk;
use super::engine::{Arg, Tx};
use super::facts::{Key, bucket};
use super::row::Row;
use super::set::{Micros, set_row};
use super::statements::sql;

set_row! {
    struct TaskRow<'a> {
        bucket: Bucket,
        task_id: &'a str,
        account_id: &'a AccountId,
        kind: &'static str,
        reason: &'a str,
        opened_at: Micros,
        due_at: Option<Micros>,
    }
}

/// Opens tasks, one of an account and kind; one that is open gets the new
/// reason beside its own.
pub(super) async fn put_tasks(tx: &mut Tx, tasks: &[Task]) -> Result<(), StoreError> {
    if tasks.is_empty() {
        return Ok(());
    }
    let rows: Vec<TaskRow<'_>> = tasks
        .iter()
        .map(|task| TaskRow {
            bucket: task.bucket,
            task_id: &task.id,
            account_id: &task.account,
            kind: task.kind.as_str(),
            reason: &task.reason,
            opened_at: task.opened_at.into(),
            due_at: task.due_at.map(Micros::from),
        })
        .collect();
    tx.run(sql::put_tasks, &[Arg::Set(&rows)]).await?;
    let mut reviews: BTreeMap<Date, Vec<Key<'_>>> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.kind == TaskKind::Review) {
        let day = task.opened_at.to_zoned(TimeZone::UTC).date();
        let key = Key { bucket: task.bucket, account_id: &task.account };
        reviews.entry(day).or_default().push(key);
    }
    for (day, keys) in reviews {
        weigh(tx, Arg::Set(&keys), day).await?;
    }
    Ok(())
}

/// Says what is at stake in the open reviews of these accounts, as of a day.
pub(super) async fn weigh(tx: &mut Tx, keys: Arg<'_>, on: Date) -> Result<(), StoreError> {
    tx.run(sql::weigh_cases, &[keys, Arg::Text(&on.to_string())]).await.map(drop)
}

pub(super) fn task(row: &Row) -> Result<Task, StoreError> {
    let kind = TaskKind::parse(&row.text("kind")?);
    let done = match row.opt_instant("done_at")? {
        None => None,
        Some(at) => Some(Done {
            at,
            by: row.text("done_by")?,
            outcome: row.text("outcome")?,
            satisfied: row.opt_int("satisfied")?.map(|is| is == 1),
        }),
    };
    let tier = row.opt_text("tier")?;
    let tier = tier.map(|tier| Tier::parse(&tier).ok_or(StoreError::Corrupt { column: "tier" }));
    let (arrears, currency) = (row.int("arrears")?, row.opt_parsed("currency")?);
    let to = row.opt_text("assigned_to")?.zip(row.opt_instant("assigned_at")?);
    Ok(Task {
        bucket: bucket(row)?,
        id: row.text("task_id")?,
        account: AccountId(row.text("account_id")?),
        kind: kind.ok_or(StoreError::Corrupt { column: "kind" })?,
        reason: row.text("reason")?,
        opened_at: row.instant("opened_at")?,
        due_at: row.opt_instant("due_at")?,
        arrears: currency.map(|currency| Money::new(arrears, currency)),
        tier: tier.transpose()?,
        assigned: to.map(|(to, at)| Assigned { to, at }),
        done,
    })
}

/// Who says that a task is done, and how it went.
#[derive(Debug, Clone)]
pub struct Ended<'a> {
    pub done: Done,
    /// What the account counts as from then on, where care is done with it:
    /// the ladder goes on, and the rules do not send it back at once.
    pub rests: &'a SetClass,
}

impl Desk<'_> {
    /// Open tasks: those promised first first, then the oldest.
    pub async fn tasks(&self, limit: u32) -> Result<Vec<Task>, StoreError> {
        let rows = self.store.engine.rows(sql::list_tasks, &[Arg::Int(i64::from(limit))]).await?;
        rows.iter().map(task).collect()
    }

    /// Open tasks that are no reviews: those promised first first, then the oldest.
    pub async fn tasks_to_do(&self, limit: u32) -> Result<Vec<Task>, StoreError> {
        let rows = self.store.engine.rows(sql::list_work, &[Arg::Int(i64::from(limit))]).await?;
        rows.iter().map(task).collect()
    }

    /// All tasks of an account, the oldest first.
    pub async fn tasks_of(&self, whose: &(Bucket, AccountId)) -> Result<Vec<Task>, StoreError> {
        let keys = vec![Key { bucket: whose.0, account_id: &whose.1 }];
        let rows = self.store.engine.rows(sql::load_tasks, &[Arg::Set(&keys)]).await?;
        rows.iter().map(task).collect()
    }

    /// Ends a task; its account and kind, or `None` where none of that name is
    /// open. A review ends by a decision and not by this. A care call, or talk of
    /// an arrangement, that is over lets the ladder go on.
    pub async fn end_task(
        &self,
        id: &str,
        ended: &Ended<'_>,
        doer: &Doer,
    ) -> Result<Option<(AccountId, TaskKind)>, StoreError> {
        let Done { at, by, outcome, satisfied } = &ended.done;
        let says = Arg::Int(satisfied.map_or(-1, i64::from));
        let at = Arg::Int(Timestamp::as_microsecond(*at));
        let args = [Arg::Text(id), Arg::Text(by), at, Arg::Text(outcome), says];
        let mut tx = self.store.engine.begin().await?;
        let mut whose = None;
        for row in tx.rows(sql::end_task, &args).await? {
            let kind = TaskKind::parse(&row.text("kind")?);
            let kind = kind.ok_or(StoreError::Corrupt { column: "kind" })?;
            let account = AccountId(row.text("account_id")?);
            if matches!(kind, TaskKind::CareCall | TaskKind::Arrangement) {
                debug_assert_eq!(ended.rests.class, DebtClass::Unknown);
                put_set(&mut tx, &(bucket(&row)?, account.clone()), ended.rests).await?;
            }
            whose = Some((account, kind));
        }
        let done = |(account, kind): &(AccountId, TaskKind)| {
            let details = json!({ "task": id, "kind": kind.as_str(), "satisfied": satisfied });
            doer.deed(Act::TaskDone, account.0.clone(), details)
        };
        audit::commit(tx, &whose.iter().map(done).collect::<Vec<_>>()).await?;
        Ok(whose)
    }
}
