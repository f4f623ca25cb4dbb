//! Review cases, as people see them: the queue, one case with what it rests
//! on, and whose it is. A case is the open task of kind `review`.

mod decide;
mod facts;
mod watch;

use serde_json::json;

use crate::model::audit::{Act, Doer};
use crate::model::review::{CaseFacts, Proposal};
use crate::model::{AccountId, Bucket, Task, TaskKind};
use crate::review::Refusal;

use super::StoreError;
use super::audit;
use super::desk::Desk;
use super::engine::Arg;
use super::facts::Key;
use super::statements::sql;
use super::tasks::task;

pub use decide::Decided;
pub use watch::{CaseStore, Looked};

/// Why nothing was written about a case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The rules say no, for the person who asked.
    #[error("{0}")]
    Refused(Refusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refusal> for CaseError {
    fn from(refusal: Refusal) -> CaseError {
        CaseError::Refused(refusal)
    }
}

/// Which page of the queue.
#[derive(Debug, Clone, Default)]
pub struct CasePage<'a> {
    /// The last case of the page before; the first page has none.
    pub after: Option<CasePlace>,
    /// Those of this person alone.
    pub assigned_to: Option<&'a str>,
    pub limit: u32,
}

/// A place in the order of the queue: the most arrears first, then by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CasePlace {
    pub arrears: i64,
    pub task: String,
}

impl CasePlace {
    pub fn of(task: &Task) -> CasePlace {
        let arrears = task.arrears.map_or(0, |arrears| arrears.minor);
        CasePlace { arrears, task: task.id.clone() }
    }
}

/// A case with everything that it rests on.
#[derive(Debug, Clone)]
pub struct Case {
    pub task: Task,
    pub facts: CaseFacts,
    /// About this case, the oldest first; the last may be open.
    pub proposals: Vec<Proposal>,
}

impl Desk<'_> {
    /// A page of the open cases, those with the most arrears first.
    pub async fn cases(&self, page: &CasePage<'_>) -> Result<Vec<Task>, StoreError> {
        let first = CasePlace { arrears: i64::MAX, task: String::new() };
        let after = page.after.as_ref().unwrap_or(&first);
        let args = [
            Arg::Int(after.arrears),
            Arg::Text(&after.task),
            Arg::Int(i64::from(page.limit)),
            Arg::Text(page.assigned_to.unwrap_or_default()),
        ];
        let rows = self.store.engine.rows(sql::list_cases, &args).await?;
        rows.iter().map(task).collect()
    }

    /// A task by its id, open or done.
    pub async fn task(&self, id: &str) -> Result<Option<Task>, StoreError> {
        let rows = self.store.engine.rows(sql::find_task, &[Arg::Text(id)]).await?;
        rows.first().map(task).transpose()
    }

    /// A case by the id of its task, or by its account: the open one, or else
    /// the last.
    pub async fn case_of(&self, named: &str) -> Result<Option<Case>, StoreError> {
        let found = match self.task(named).await? {
            Some(task) => Some(task),
            None => self.review_of(named).await?,
        };
        let Some(task) = found.filter(|task| task.kind == TaskKind::Review) else {
            return Ok(None);
        };
        let mut tx = self.store.engine.begin().await?;
        let whose = (task.bucket, task.account.clone());
        let Some(facts) = facts::load(&mut tx, &[&whose]).await?.pop() else { return Ok(None) };
        let mut proposals = decide::proposals(&mut tx, &whose).await?;
        proposals.retain(|proposal| proposal.task == task.id);
        tx.commit().await?;
        Ok(Some(Case { task, facts, proposals }))
    }

    async fn review_of(&self, account: &str) -> Result<Option<Task>, StoreError> {
        let account = AccountId::from(account);
        let Some(bucket) = self.bucket(&account).await? else { return Ok(None) };
        let mut tasks = self.tasks_of(&(bucket, account)).await?;
        tasks.retain(|task| task.kind == TaskKind::Review);
        // The oldest come first, and at most one is open: the last.
        Ok(tasks.pop())
    }

    /// A proposal by its id.
    pub async fn proposal(&self, id: &str) -> Result<Option<Proposal>, StoreError> {
        let rows = self.store.engine.rows(sql::find_proposal, &[Arg::Text(id)]).await?;
        rows.first().map(decide::proposal).transpose()
    }

    /// Every proposal about an account, in whichever case, the oldest first.
    pub async fn proposals_of(
        &self,
        whose: &(Bucket, AccountId),
    ) -> Result<Vec<Proposal>, StoreError> {
        let keys = vec![Key { bucket: whose.0, account_id: &whose.1 }];
        let rows = self.store.engine.rows(sql::load_proposals, &[Arg::Set(&keys)]).await?;
        rows.iter().map(decide::proposal).collect()
    }

    /// Gives a task of any kind to somebody; to nobody where `to` is empty.
    pub async fn assign(&self, id: &str, to: &str, doer: &Doer) -> Result<(), CaseError> {
        let mut tx = self.store.engine.begin().await?;
        let args = [Arg::Text(id), Arg::Text(to.trim()), Arg::Int(doer.at.as_microsecond())];
        let rows = tx.rows(sql::assign_task, &args).await?;
        let account = rows.first().ok_or(Refusal::NoCase)?.text("account_id")?;
        let details = json!({ "task": id, "to": to.trim() });
        let deed = doer.deed(Act::CaseAssigned, account, details);
        Ok(audit::commit(tx, &[deed]).await?)
    }
}
