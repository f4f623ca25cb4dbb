//! Proposals and decisions. Each method is one transaction that reads the
//! evidence again, asks the rules, and writes what they allow.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::watch::ITSELF;
use super::{CaseError, facts};
use crate::model::audit::{Act, Deed, Doer};
use crate::model::review::{CaseFacts, Decision, Instalments, Outcome, Proposal, Verdict, Wanted};
use crate::model::{AccountId, Bucket, Task, TaskKind};
use crate::review::effects::{Effects, effects};
use crate::review::evidence::freeze;
use crate::review::four_eyes::{self, Moment, Refusal};
use crate::review::readiness::readiness;
use crate::review::{Frozen, Readiness, Rules};
use crate::store::StoreError;
use crate::store::advice::put_advice;
use crate::store::assess::put_set;
use crate::store::audit;
use crate::store::desk::Desk;
use crate::store::engine::{Arg, Tx};
use crate::store::facts::{Key, bucket, touch};
use crate::store::holds::put_holds;
use crate::store::row::Row;
use crate::store::set::{Micros, set_row};
use crate::store::statements::sql;
use crate::store::tasks::{put_tasks, task};

/// What a person's word came to.
#[derive(Debug, Clone)]
pub struct Decided {
    pub proposal: Proposal,
    /// What followed; `None` while somebody else must agree.
    pub effects: Option<Effects>,
}

set_row! {
    struct ProposalRow<'a> {
        bucket: Bucket,
        proposal_id: &'a str,
        task_id: &'a str,
        account_id: &'a AccountId,
        outcome: &'static str,
        instalments: Option<u32>,
        first_on: Option<Date>,
        reason: &'a str,
        note: &'a str,
        proposed_by: &'a str,
        proposed_at: Micros,
        expires_at: Micros,
        needs_two: bool,
        evidence: &'a str,
        digest: &'a str,
    }
}

impl Desk<'_> {
    /// Proposes an outcome for a case on the evidence of now. What one person
    /// may decide is decided with it.
    ///
    /// # Errors
    /// [`CaseError::Refused`] with the reason, and then nothing was written.
    pub async fn propose(
        &self,
        id: &str,
        wanted: &Wanted,
        rules: &Rules,
        doer: &Doer,
    ) -> Result<Decided, CaseError> {
        let now = doer.at;
        let mut tx = self.store.engine.begin().await?;
        let case = open_case(&mut tx, id).await?;
        let known = known(&mut tx, &case, wanted.outcome, rules, now).await?;
        let whose = (case.bucket, case.account.clone());
        let mut open = proposals(&mut tx, &whose).await?;
        open.retain(|one| one.task == case.id && one.decided.is_none());
        // One that nobody decided about in time is in nobody's way.
        if let Some(one) = open.pop() {
            match four_eyes::lapse(&one, now, Some(&known.frozen.digest)) {
                None => {
                    let (outcome, by) = (one.outcome, one.proposed_by);
                    return Err(Refusal::Pending { outcome, by }.into());
                }
                Some(verdict) => lapse(&mut tx, &one, verdict, now).await?,
            }
        }
        let today = known.facts.today(now);
        four_eyes::may_propose(wanted, &doer.by, today, &known.readiness, &rules.settings)?;
        let mut one = proposed(&case, wanted, &known, rules, doer);
        put(&mut tx, &one).await?;
        if one.needs_two {
            audit::commit(tx, &[deed(doer, Act::CaseProposed, &one)]).await?;
            return Ok(Decided { proposal: one, effects: None });
        }
        let proposed = deed(doer, Act::CaseProposed, &one);
        let done = approve(&mut tx, &mut one, &known.facts, rules, (doer, "")).await?;
        audit::commit(tx, &[proposed, deed(doer, Act::CaseApproved, &one)]).await?;
        Ok(Decided { proposal: one, effects: Some(done) })
    }

    /// Agrees to a proposal: the evidence is read again and compared, the law
    /// looked at again, and all that follows is written with it.
    ///
    /// # Errors
    /// [`CaseError::Refused`] with the reason, and then nothing was written.
    pub async fn approve(
        &self,
        id: &str,
        note: &str,
        rules: &Rules,
        doer: &Doer,
    ) -> Result<Decided, CaseError> {
        let now = doer.at;
        let mut tx = self.store.engine.begin().await?;
        let mut one = open_proposal(&mut tx, id).await?;
        let case = open_case(&mut tx, &one.task).await?;
        let known = known(&mut tx, &case, one.outcome, rules, now).await?;
        let moment = Moment { now, evidence: &known.frozen, readiness: &known.readiness };
        four_eyes::may_approve(&one, &doer.by, &moment)?;
        let done = approve(&mut tx, &mut one, &known.facts, rules, (doer, note)).await?;
        audit::commit(tx, &[deed(doer, Act::CaseApproved, &one)]).await?;
        Ok(Decided { proposal: one, effects: Some(done) })
    }

    /// Says no to a proposal of somebody else's.
    ///
    /// # Errors
    /// [`CaseError::Refused`] with the reason.
    pub async fn refuse(&self, id: &str, note: &str, doer: &Doer) -> Result<Proposal, CaseError> {
        let mut tx = self.store.engine.begin().await?;
        let mut one = open_proposal(&mut tx, id).await?;
        four_eyes::may_refuse(&one, &doer.by)?;
        decide(&mut tx, &mut one, Verdict::Refused, (&doer.by, note), doer.at).await?;
        audit::commit(tx, &[deed(doer, Act::CaseRefused, &one)]).await?;
        Ok(one)
    }

    /// Takes one's own proposal back.
    ///
    /// # Errors
    /// [`CaseError::Refused`] with the reason.
    pub async fn withdraw(&self, id: &str, note: &str, doer: &Doer) -> Result<Proposal, CaseError> {
        let mut tx = self.store.engine.begin().await?;
        let mut one = open_proposal(&mut tx, id).await?;
        four_eyes::may_withdraw(&one, &doer.by)?;
        decide(&mut tx, &mut one, Verdict::Withdrawn, (&doer.by, note), doer.at).await?;
        audit::commit(tx, &[deed(doer, Act::CaseWithdrawn, &one)]).await?;
        Ok(one)
    }
}

/// What goes into the audit trail: nobody's free words.
fn deed(doer: &Doer, act: Act, one: &Proposal) -> Deed {
    let details = json!({
        "case": one.task,
        "proposal": one.id,
        "outcome": one.outcome,
        "instalments": one.instalments,
        "reason": one.reason,
        "evidence": one.digest,
    });
    doer.deed(act, one.account.0.clone(), details)
}

/// What is known of a case within the transaction.
struct Known {
    facts: CaseFacts,
    frozen: Frozen,
    readiness: Readiness,
}

async fn known(
    tx: &mut Tx,
    case: &Task,
    outcome: Outcome,
    rules: &Rules,
    now: Timestamp,
) -> Result<Known, CaseError> {
    let whose = (case.bucket, case.account.clone());
    let facts = facts::load(tx, &[&whose]).await?.pop().ok_or(Refusal::NoCase)?;
    let frozen = freeze(&facts);
    let readiness = readiness(outcome, &facts, &rules.law, facts.today(now));
    Ok(Known { facts, frozen, readiness })
}

async fn open_case(tx: &mut Tx, id: &str) -> Result<Task, CaseError> {
    let rows = tx.rows(sql::find_task, &[Arg::Text(id)]).await?;
    let task = rows.first().map(task).transpose()?;
    let is_open = |task: &Task| task.kind == TaskKind::Review && task.done.is_none();
    Ok(task.filter(is_open).ok_or(Refusal::NoCase)?)
}

async fn open_proposal(tx: &mut Tx, id: &str) -> Result<Proposal, CaseError> {
    let rows = tx.rows(sql::find_proposal, &[Arg::Text(id)]).await?;
    let one = rows.first().map(proposal).transpose()?;
    Ok(one.filter(|one| one.decided.is_none()).ok_or(Refusal::NoProposal)?)
}

/// All proposals about an account, the oldest first.
pub async fn proposals(
    tx: &mut Tx,
    whose: &(Bucket, AccountId),
) -> Result<Vec<Proposal>, StoreError> {
    let keys = vec![Key { bucket: whose.0, account_id: &whose.1 }];
    let rows = tx.rows(sql::load_proposals, &[Arg::Set(&keys)]).await?;
    rows.iter().map(proposal).collect()
}

fn proposed(case: &Task, wanted: &Wanted, known: &Known, rules: &Rules, doer: &Doer) -> Proposal {
    let now = doer.at;
    let named = format!("{}/{}/{}/{now}", case.id, wanted.outcome, doer.by);
    let id = Sha256::digest(named)[..10].iter().map(|byte| format!("{byte:02x}")).collect();
    Proposal {
        bucket: case.bucket,
        id,
        task: case.id.clone(),
        account: case.account.clone(),
        outcome: wanted.outcome,
        instalments: wanted.instalments,
        reason: wanted.reason.clone(),
        note: wanted.note.trim().to_owned(),
        proposed_by: doer.by.trim().to_owned(),
        proposed_at: now,
        expires_at: four_eyes::expires_at(now, &rules.settings),
        needs_two: four_eyes::needs_two(wanted.outcome, &known.facts, &rules.settings),
        evidence: known.frozen.body.clone(),
        digest: known.frozen.digest.clone(),
        decided: None,
    }
}

async fn put(tx: &mut Tx, one: &Proposal) -> Result<(), StoreError> {
    let rows = vec![ProposalRow {
        bucket: one.bucket,
        proposal_id: &one.id,
        task_id: &one.task,
        account_id: &one.account,
        outcome: one.outcome.as_str(),
        instalments: one.instalments.map(|parts| parts.count.into()),
        first_on: one.instalments.map(|parts| parts.first_on),
        reason: &one.reason,
        note: &one.note,
        proposed_by: &one.proposed_by,
        proposed_at: one.proposed_at.into(),
        expires_at: one.expires_at.into(),
        needs_two: one.needs_two,
        evidence: &one.evidence,
        digest: &one.digest,
    }];
    tx.run(sql::put_proposals, &[Arg::Set(&rows)]).await.map(drop)
}

async fn lapse(
    tx: &mut Tx,
    one: &Proposal,
    verdict: Verdict,
    now: Timestamp,
) -> Result<(), CaseError> {
    let why = match verdict {
        Verdict::Expired => "nobody decided in time",
        _ => "the evidence has changed",
    };
    decide(tx, &mut one.clone(), verdict, (ITSELF, why), now).await
}

/// Writes a verdict. Whoever else decided meanwhile was first, and then this
/// transaction writes nothing.
async fn decide(
    tx: &mut Tx,
    one: &mut Proposal,
    verdict: Verdict,
    (by, note): (&str, &str),
    now: Timestamp,
) -> Result<(), CaseError> {
    let by = by.trim();
    let at = Arg::Int(now.as_microsecond());
    let args =
        [Arg::Text(&one.id), Arg::Text(verdict.as_str()), Arg::Text(by), at, Arg::Text(note)];
    if tx.run(sql::decide_proposal, &args).await? != 1 {
        return Err(Refusal::NoProposal.into());
    }
    let (by, note) = (by.to_owned(), note.to_owned());
    one.decided = Some(Decision { verdict, by, at: now, note });
    Ok(())
}

async fn approve(
    tx: &mut Tx,
    one: &mut Proposal,
    facts: &CaseFacts,
    rules: &Rules,
    (doer, note): (&Doer, &str),
) -> Result<Effects, CaseError> {
    let (by, now) = (doer.by.trim(), doer.at);
    decide(tx, one, Verdict::Approved, (by, note), now).await?;
    let done = effects(one, facts, rules, by, now);
    let whose = (one.bucket, one.account.clone());
    if done.ends_case {
        let at = Arg::Int(now.as_microsecond());
        let args = [Arg::Text(&one.task), Arg::Text(by), at, Arg::Text(one.outcome.as_str())];
        if tx.run(sql::close_case, &args).await? != 1 {
            return Err(Refusal::NoCase.into());
        }
    }
    if let Some(class) = &done.class {
        put_set(tx, &whose, class).await?;
    }
    if let Some(hold) = &done.hold {
        put_holds(tx, &[hold]).await?;
    }
    put_tasks(tx, done.task.as_slice()).await?;
    if let Some(advice) = &done.advice {
        put_advice(tx, advice).await?;
    }
    // Whatever was decided, the ladder is to be looked at in its light.
    touch(tx, &BTreeSet::from([whose])).await?;
    Ok(done)
}

pub fn proposal(row: &Row) -> Result<Proposal, StoreError> {
    let corrupt = |column| StoreError::Corrupt { column };
    let decided = match row.opt_text("verdict")? {
        None => None,
        Some(verdict) => Some(Decision {
            verdict: Verdict::parse(&verdict).ok_or(corrupt("verdict"))?,
            by: row.text("decided_by")?,
            at: row.instant("decided_at")?,
            note: row.opt_text("decided_note")?.unwrap_or_default(),
        }),
    };
    let instalments = match row.opt_int("instalments")?.zip(row.opt_date("first_on")?) {
        None => None,
        Some((count, first_on)) => {
            let count = u8::try_from(count).map_err(|_| corrupt("instalments"))?;
            Some(Instalments { count, first_on })
        }
    };
    Ok(Proposal {
        bucket: bucket(row)?,
        id: row.text("proposal_id")?,
        task: row.text("task_id")?,
        account: AccountId(row.text("account_id")?),
        outcome: Outcome::parse(&row.text("outcome")?).ok_or(corrupt("outcome"))?,
        instalments,
        reason: row.text("reason")?,
        note: row.text("note")?,
        proposed_by: row.text("proposed_by")?,
        proposed_at: row.instant("proposed_at")?,
        expires_at: row.instant("expires_at")?,
        needs_two: row.int("needs_two")? == 1,
        evidence: row.text("evidence")?,
        digest: row.text("digest")?,
        decided,
    })
}
