//! Advice for the billing system: an outbox that is written with the decision,
//! and read by whoever carries it there.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;

use crate::model::audit::{Act, Doer};
use crate::model::review::{Advice, AdviceLine, Outcome};
use crate::model::{AccountId, Bucket, Tenure};

use super::audit;
use super::buckets::bucket_keys;
use super::desk::Desk;
use super::engine::{Arg, Tx};
use super::facts::bucket;
use super::row::Row;
use super::set::{Micros, set_row};
use super::statements::sql;
use super::{SqlStore, StoreError};

/// What sending advice needs.
#[async_trait]
pub trait AdviceStore: Send + Sync {
    /// Advice of these buckets whose attempt is due, the first first.
    async fn advice_due(
        &self,
        buckets: &[Bucket],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<AdviceLine>, StoreError>;

    /// The billing system has taken it.
    async fn advice_taken(
        &self,
        tenure: &Tenure,
        advice: &Advice,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// An attempt failed; the next is at `next_at`, or there is none.
    async fn advice_failed(
        &self,
        tenure: &Tenure,
        advice: &Advice,
        error: &str,
        next_at: Option<Timestamp>,
    ) -> Result<(), StoreError>;
}

set_row! {
    struct AdviceRow<'a> {
        bucket: Bucket,
        advice_id: &'a str,
        account_id: &'a AccountId,
        outcome: &'static str,
        body: &'a str,
        made_at: Micros,
        next_at: Option<Micros>,
    }
}

/// Writes advice, due at once.
pub(super) async fn put_advice(tx: &mut Tx, advice: &Advice) -> Result<(), StoreError> {
    let rows = vec![AdviceRow {
        bucket: advice.bucket,
        advice_id: &advice.id,
        account_id: &advice.account,
        outcome: advice.outcome.as_str(),
        body: &advice.body,
        made_at: advice.made_at.into(),
        next_at: Some(advice.made_at.into()),
    }];
    tx.run(sql::put_advice, &[Arg::Set(&rows)]).await.map(drop)
}

#[async_trait]
impl AdviceStore for SqlStore {
    async fn advice_due(
        &self,
        buckets: &[Bucket],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<AdviceLine>, StoreError> {
        let buckets = bucket_keys(buckets);
        let limit = Arg::Int(i64::from(limit));
        let args = [Arg::Set(&buckets), Arg::Int(now.as_microsecond()), limit];
        let rows = self.engine.rows(sql::load_advice_due, &args).await?;
        rows.iter().map(line).collect()
    }

    async fn advice_taken(
        &self,
        tenure: &Tenure,
        advice: &Advice,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write(tenure, [advice.bucket]).await?;
        let bucket = Arg::Int(advice.bucket.number().into());
        let args = [Arg::Text(&advice.id), Arg::Int(now.as_microsecond()), bucket];
        tx.run(sql::take_advice, &args).await?;
        tx.commit().await
    }

    async fn advice_failed(
        &self,
        tenure: &Tenure,
        advice: &Advice,
        error: &str,
        next_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let next_at = Arg::Int(next_at.map_or(-1, Timestamp::as_microsecond));
        let mut tx = self.write(tenure, [advice.bucket]).await?;
        let bucket = Arg::Int(advice.bucket.number().into());
        let args = [Arg::Text(&advice.id), next_at, Arg::Text(error), bucket];
        tx.run(sql::put_off_advice, &args).await?;
        tx.commit().await
    }
}

fn line(row: &Row) -> Result<AdviceLine, StoreError> {
    let outcome = Outcome::parse(&row.text("outcome")?);
    Ok(AdviceLine {
        advice: Advice {
            bucket: bucket(row)?,
            id: row.text("advice_id")?,
            account: AccountId(row.text("account_id")?),
            outcome: outcome.ok_or(StoreError::Corrupt { column: "outcome" })?,
            body: row.text("body")?,
            made_at: row.instant("made_at")?,
        },
        attempts: row.int("attempts")? as u32,
        next_at: row.opt_instant("next_at")?,
        sent_at: row.opt_instant("sent_at")?,
        last_error: row.opt_text("last_error")?,
    })
}

impl Desk<'_> {
    /// Advice that nobody has taken yet, the oldest first; all of it where
    /// `is_all`.
    pub async fn advice(&self, is_all: bool, limit: u32) -> Result<Vec<AdviceLine>, StoreError> {
        let args = [Arg::Int(i64::from(is_all)), Arg::Int(i64::from(limit))];
        let rows = self.store.engine.rows(sql::list_advice, &args).await?;
        rows.iter().map(line).collect()
    }

    /// Somebody has seen to it by hand; `false` where none of that name is
    /// left to do.
    pub async fn advice_done(&self, id: &str, doer: &Doer) -> Result<bool, StoreError> {
        let mut tx = self.store.engine.begin().await?;
        let args = [Arg::Text(id), Arg::Int(doer.at.as_microsecond())];
        let rows = tx.rows(sql::end_advice, &args).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        let deed = doer.deed(Act::AdviceDone, row.text("account_id")?, json!({ "advice": id }));
        audit::commit(tx, &[deed]).await?;
        Ok(true)
    }
}
