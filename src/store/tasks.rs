//! Tasks for people: opened with the judgement that they follow from, and done
//! by somebody with a name.

use jiff::Timestamp;
use serde_json::json;

use crate::model::audit::{Act, Doer};
use crate::model::cause::{DebtClass, SetClass};
use crate::model::task::Done;
use crate::model::{AccountId, Bucket, Task, TaskKind};

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
    tx.run(sql::put_tasks, &[Arg::Set(&rows)]).await.map(drop)
}

fn task(row: &Row) -> Result<Task, StoreError> {
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
    Ok(Task {
        bucket: bucket(row)?,
        id: row.text("task_id")?,
        account: AccountId(row.text("account_id")?),
        kind: kind.ok_or(StoreError::Corrupt { column: "kind" })?,
        reason: row.text("reason")?,
        opened_at: row.instant("opened_at")?,
        due_at: row.opt_instant("due_at")?,
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

    /// All tasks of an account, the oldest first.
    pub async fn tasks_of(&self, whose: &(Bucket, AccountId)) -> Result<Vec<Task>, StoreError> {
        let keys = vec![Key { bucket: whose.0, account_id: &whose.1 }];
        let rows = self.store.engine.rows(sql::load_tasks, &[Arg::Set(&keys)]).await?;
        rows.iter().map(task).collect()
    }

    /// Ends a task; its account and kind, or `None` where none of that name is
    /// open. A care call that is over lets the ladder go on.
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
            if kind == TaskKind::CareCall {
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
