//! What the daemon does about cases by itself: it ends those of whoever has
//! paid, and the proposals that rest on what is no longer so.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{decide, facts};
use crate::model::review::{Proposal, Verdict};
use crate::model::{AccountId, Bucket, Tenure};
use crate::review::evidence::{differs, freeze};
use crate::review::four_eyes;
use crate::store::buckets::bucket_keys;
use crate::store::engine::{Arg, Tx};
use crate::store::facts::{Key, bucket};
use crate::store::set::set_row;
use crate::store::statements::sql;
use crate::store::tasks::weigh;
use crate::store::{SqlStore, StoreError};

/// Who ends what nobody ends.
pub const ITSELF: &str = "duebell";

/// What looking after cases needs.
#[async_trait]
pub trait CaseStore: Send + Sync {
    /// Accounts of these buckets with an open case that nobody has looked at
    /// on `on`, or whose facts have changed, or a proposal whose time is over;
    /// in order.
    async fn cases_to_look_at(
        &self,
        buckets: &[Bucket],
        on: Date,
        now: Timestamp,
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError>;

    /// Looks at the cases of these accounts, under the leases of their
    /// buckets: says what is at stake on `on`, ends those of whom nothing is
    /// overdue any more, and the proposals whose evidence has changed or that
    /// nobody decided about in time.
    async fn look_at_cases(
        &self,
        tenure: &Tenure,
        accounts: &[(Bucket, AccountId)],
        on: Date,
        now: Timestamp,
    ) -> Result<Looked, StoreError>;
}

/// What came of a look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    pub cured: usize,
    pub voided: usize,
    pub expired: usize,
}

set_row! {
    struct LapsedRow<'a> {
        bucket: Bucket,
        proposal_id: &'a str,
        verdict: &'static str,
        note: String,
    }
}

#[async_trait]
impl CaseStore for SqlStore {
    async fn cases_to_look_at(
        &self,
        buckets: &[Bucket],
        on: Date,
        now: Timestamp,
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError> {
        let (buckets, on) = (bucket_keys(buckets), on.to_string());
        let args = [Arg::Set(&buckets), Arg::Text(&on), Arg::Int(now.as_microsecond())];
        let rows = self.engine.rows(sql::find_cases, &args).await?;
        rows.iter().map(|row| Ok((bucket(row)?, AccountId(row.text("account_id")?)))).collect()
    }

    async fn look_at_cases(
        &self,
        tenure: &Tenure,
        accounts: &[(Bucket, AccountId)],
        on: Date,
        now: Timestamp,
    ) -> Result<Looked, StoreError> {
        let mut tx = self.write(tenure, accounts.iter().map(|(bucket, _)| *bucket)).await?;
        let keys: Vec<Key<'_>> = accounts
            .iter()
            .map(|(bucket, account_id)| Key { bucket: *bucket, account_id })
            .collect();
        let day = on.to_string();
        let at = Arg::Int(now.as_microsecond());
        let cured = tx.rows(sql::cure_cases, &[Arg::Set(&keys), Arg::Text(&day), at]).await?;
        let cured =
            cured.iter().map(|row| row.text("task_id")).collect::<Result<Vec<_>, StoreError>>()?;
        weigh(&mut tx, Arg::Set(&keys), on).await?;
        let rows = tx.rows(sql::load_open_proposals, &[Arg::Set(&keys)]).await?;
        let open = rows.iter().map(decide::proposal).collect::<Result<Vec<_>, StoreError>>()?;
        let lapsed = lapsed(&mut tx, &open, &cured, now).await?;
        if !lapsed.is_empty() {
            tx.run(sql::lapse_proposals, &[Arg::Set(&lapsed), at]).await?;
        }
        tx.commit().await?;
        let is_void = |it: &&LapsedRow<'_>| it.verdict == Verdict::Void.as_str();
        let voided = lapsed.iter().filter(is_void).count();
        Ok(Looked { cured: cured.len(), voided, expired: lapsed.len() - voided })
    }
}

/// Open proposals whose case is cured, whose evidence is another by now, or
/// whose time is over.
async fn lapsed<'a>(
    tx: &mut Tx,
    open: &'a [Proposal],
    cured: &[String],
    now: Timestamp,
) -> Result<Vec<LapsedRow<'a>>, StoreError> {
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let whose: Vec<(Bucket, AccountId)> =
        open.iter().map(|one| (one.bucket, one.account.clone())).collect();
    let facts = facts::load(tx, &whose.iter().collect::<Vec<_>>()).await?;
    let frozen: BTreeMap<_, _> =
        facts.iter().map(|facts| (&facts.account, freeze(facts))).collect();
    let mut lapsed = Vec::new();
    for one in open {
        let Some(frozen) = frozen.get(&one.account) else { continue };
        let (verdict, note) = match four_eyes::lapse(one, now, Some(&frozen.digest)) {
            _ if cured.contains(&one.task) => {
                (Verdict::Void, "nothing is overdue any more".to_owned())
            }
            Some(Verdict::Expired) => (Verdict::Expired, "nobody decided in time".to_owned()),
            Some(verdict) => {
                let what = differs(&one.evidence, &frozen.body).join(", ");
                (verdict, format!("the evidence has changed: {what}"))
            }
            None => continue,
        };
        let (bucket, verdict) = (one.bucket, verdict.as_str());
        lapsed.push(LapsedRow { bucket, proposal_id: &one.id, verdict, note });
    }
    Ok(lapsed)
}
