//! What is estimated of accounts, and the steps that were kept back from those
//! who pay alone.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::model::estimate::Estimate;
use crate::model::{AccountId, Bucket, Currency};

use crate::store::desk::Desk;
use crate::store::engine::{Arg, Tx};
use crate::store::facts::Key;
use crate::store::row::Row;
use crate::store::set::set_row;
use crate::store::statements::sql;
use crate::store::{SqlStore, StoreError};

set_row! {
    struct EstimateRow<'a> {
        bucket: Bucket,
        account_id: &'a AccountId,
        body: String,
        expires_on: Date,
    }
}

/// What is newly estimated of an account.
#[derive(Debug, Clone)]
pub struct Estimated {
    pub bucket: Bucket,
    pub account: AccountId,
    pub estimate: Estimate,
    /// Decisions may come out otherwise, so that it must be decided about again.
    pub touches: bool,
}

/// Steps of one name that were kept back from those who pay alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spared {
    pub step: String,
    pub currency: Currency,
    pub kept_back: i64,
    /// Of them, those whose bill is paid, and nobody ever reminded of it.
    pub paid_alone: i64,
}

/// Puts each estimate in the place of the one before.
pub(super) async fn put_estimates(tx: &mut Tx, estimates: &[Estimated]) -> Result<(), StoreError> {
    if estimates.is_empty() {
        return Ok(());
    }
    let rows: Vec<EstimateRow<'_>> = estimates
        .iter()
        .map(|one| EstimateRow {
            bucket: one.bucket,
            account_id: &one.account,
            body: serde_json::to_string(&one.estimate).expect("an estimate is plain data"),
            expires_on: one.estimate.expires_on(),
        })
        .collect();
    tx.run(sql::put_estimates, &[Arg::Set(&rows)]).await.map(drop)
}

pub fn estimate(row: &Row, column: &'static str) -> Result<Option<Estimate>, StoreError> {
    let read = |text: String| serde_json::from_str(&text);
    row.opt_text(column)?.map(read).transpose().map_err(|_| StoreError::Corrupt { column })
}

impl SqlStore {
    pub(super) async fn load_estimates(
        &self,
        accounts: &[(Bucket, AccountId)],
    ) -> Result<HashMap<AccountId, Estimate>, StoreError> {
        let keys: Vec<Key<'_>> = accounts
            .iter()
            .map(|(bucket, account_id)| Key { bucket: *bucket, account_id })
            .collect();
        let mut estimates = HashMap::new();
        for row in self.engine.rows(sql::load_estimates, &[Arg::Set(&keys)]).await? {
            if let Some(estimate) = estimate(&row, "body")? {
                estimates.insert(AccountId(row.text("account_id")?), estimate);
            }
        }
        Ok(estimates)
    }
}

impl Desk<'_> {
    /// What leaving alone those who pay alone came to, by step and currency.
    pub async fn spared(&self) -> Result<Vec<Spared>, StoreError> {
        let rows = self.store.engine.rows(sql::count_spared, &[]).await?;
        let line = |row: &Row| {
            Ok(Spared {
                step: row.text("step")?,
                currency: row.parsed("currency")?,
                kept_back: row.int("n")?,
                paid_alone: row.int("saved")?,
            })
        };
        rows.iter().map(line).collect()
    }
}
