//! Holds that were placed here: by what subscribers say, and by people.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use crate::model::audit::{Act, Doer};
use crate::model::hold::{Ending, Hold, PlacedHold};
use crate::model::{AccountId, BillId, Bucket, Currency, Tenure};

use super::audit;
use super::buckets::bucket_keys;
use super::desk::Desk;
use super::engine::{Arg, Tx};
use super::facts::{Key, bucket, hold, touch};
use super::row::Row;
use super::set::{Micros, set_row};
use super::statements::sql;
use super::{SqlStore, StoreError};

/// What looking after placed holds needs.
#[async_trait]
pub trait HoldStore: Send + Sync {
    /// Every hold that was ever placed for these accounts, the oldest first.
    async fn placed_holds(
        &self,
        accounts: &[(Bucket, AccountId)],
    ) -> Result<Vec<PlacedHold>, StoreError>;

    /// Holds of these buckets whose last day lies before `day` and of which
    /// nobody has said yet how they ended.
    async fn holds_over(
        &self,
        buckets: &[Bucket],
        day: Date,
        limit: u32,
    ) -> Result<Vec<HoldOver>, StoreError>;

    /// Says how holds ended, under the leases of their buckets. What is said
    /// already stays.
    async fn end_holds(
        &self,
        tenure: &Tenure,
        ended: &[(&PlacedHold, Ending)],
        now: Timestamp,
    ) -> Result<(), StoreError>;
}

/// A hold whose days are over, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldOver {
    pub placed: PlacedHold,
    /// What came for the account's bills while it was in force.
    pub paid: i64,
    /// What was due by its end and is still unpaid.
    pub open: i64,
}

set_row! {
struct HoldRow<'a> {
    bucket: Bucket,
    hold_id: &'a str,
    account_id: &'a AccountId,
    bill_id: Option<&'a BillId>,
    kind: &'static str,
    starts_on: Date,
    ends_on: Option<Date>,
    amount: Option<i64>,
    currency: Option<Currency>,
    owner: &'a str,
    reason: &'a str,
    placed_at: Micros,
}

struct EndedRow<'a> {
    bucket: Bucket,
    hold_id: &'a str,
    ended: &'static str,
}
}

#[async_trait]
impl HoldStore for SqlStore {
    async fn placed_holds(
        &self,
        accounts: &[(Bucket, AccountId)],
    ) -> Result<Vec<PlacedHold>, StoreError> {
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Key<'_>> = accounts
            .iter()
            .map(|(bucket, account_id)| Key { bucket: *bucket, account_id })
            .collect();
        let rows = self.engine.rows(sql::load_placed_holds, &[Arg::Set(&keys)]).await?;
        rows.iter().map(placed).collect()
    }

    async fn holds_over(
        &self,
        buckets: &[Bucket],
        day: Date,
        limit: u32,
    ) -> Result<Vec<HoldOver>, StoreError> {
        let buckets = bucket_keys(buckets);
        let day = day.to_string();
        let args = [Arg::Set(&buckets), Arg::Text(&day), Arg::Int(i64::from(limit))];
        let rows = self.engine.rows(sql::load_holds_over, &args).await?;
        rows.iter()
            .map(|row| {
                let (paid, open) = (row.int("paid")?, row.int("open")?);
                Ok(HoldOver { placed: placed(row)?, paid, open })
            })
            .collect()
    }

    async fn end_holds(
        &self,
        tenure: &Tenure,
        ended: &[(&PlacedHold, Ending)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let rows: Vec<EndedRow<'_>> = ended
            .iter()
            .map(|(placed, ending)| EndedRow {
                bucket: placed.bucket,
                hold_id: &placed.hold.id,
                ended: ending.as_str(),
            })
            .collect();
        let mut tx = self.write(tenure, rows.iter().map(|row| row.bucket)).await?;
        tx.run(sql::end_holds, &[Arg::Set(&rows), Arg::Int(now.as_microsecond())]).await?;
        tx.commit().await
    }
}

/// Places holds; whose are new.
pub(super) async fn put_holds(
    tx: &mut Tx,
    holds: &[&PlacedHold],
) -> Result<BTreeSet<(Bucket, AccountId)>, StoreError> {
    if holds.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut sorted = holds.to_vec();
    // In the order of the key, as with receipts.
    sorted.sort_unstable_by_key(|placed| (placed.bucket, &placed.hold.id));
    let rows: Vec<HoldRow<'_>> = sorted
        .iter()
        .map(|placed| {
            let PlacedHold { bucket, account, hold, .. } = *placed;
            HoldRow {
                bucket: *bucket,
                hold_id: &hold.id,
                account_id: account,
                bill_id: hold.bill.as_ref(),
                kind: hold.kind.as_str(),
                starts_on: hold.starts_on,
                ends_on: hold.ends_on,
                amount: hold.amount,
                currency: placed.currency,
                owner: &placed.owner,
                reason: &placed.reason,
                placed_at: placed.placed_at.into(),
            }
        })
        .collect();
    let rows = tx.rows(sql::put_holds, &[Arg::Set(&rows)]).await?;
    rows.iter().map(|row| Ok((bucket(row)?, AccountId(row.text("account_id")?)))).collect()
}

pub(super) fn placed(row: &Row) -> Result<PlacedHold, StoreError> {
    let ended = row.opt_text("ended")?;
    let ended = ended
        .map(|text| Ending::parse(&text).ok_or(StoreError::Corrupt { column: "ended" }))
        .transpose()?;
    Ok(PlacedHold {
        bucket: bucket(row)?,
        account: AccountId(row.text("account_id")?),
        hold: hold(row)?,
        currency: row.opt_parsed("currency")?,
        owner: row.text("owner")?,
        reason: row.text("reason")?,
        placed_at: row.instant("placed_at")?,
        ended,
    })
}

impl Desk<'_> {
    /// Holds that were placed here and of which nobody has said how they
    /// ended, those that end first first.
    pub async fn holds(&self, limit: u32) -> Result<Vec<PlacedHold>, StoreError> {
        let rows = self.store.engine.rows(sql::list_holds, &[Arg::Int(i64::from(limit))]).await?;
        rows.iter().map(placed).collect()
    }

    /// Places a hold; its account is decided about again.
    pub async fn place_hold(&self, placed: &PlacedHold, doer: &Doer) -> Result<(), StoreError> {
        let mut tx = self.store.engine.begin().await?;
        let whose = put_holds(&mut tx, &[placed]).await?;
        if whose.is_empty() {
            // It is there already.
            return Ok(());
        }
        touch(&mut tx, &whose).await?;
        let Hold { id, kind, bill, starts_on, ends_on, amount } = &placed.hold;
        let details = json!({
            "hold": id, "kind": kind.as_str(), "bill": bill.as_ref().map(BillId::as_str),
            "starts_on": starts_on, "ends_on": ends_on, "amount": amount,
        });
        audit::commit(tx, &[doer.deed(Act::HoldPlaced, placed.account.0.clone(), details)]).await
    }

    /// Ends a hold before its time; `false` where none of that name is in force.
    pub async fn lift_hold(&self, id: &str, doer: &Doer) -> Result<bool, StoreError> {
        let mut tx = self.store.engine.begin().await?;
        let args = [Arg::Text(id), Arg::Text(&doer.by), Arg::Int(doer.at.as_microsecond())];
        let mut whose = BTreeSet::new();
        for row in tx.rows(sql::lift_hold, &args).await? {
            whose.insert((bucket(&row)?, AccountId(row.text("account_id")?)));
        }
        touch(&mut tx, &whose).await?;
        let lifted = |(_, account): &(Bucket, AccountId)| {
            doer.deed(Act::HoldLifted, account.0.clone(), json!({ "hold": id }))
        };
        audit::commit(tx, &whose.iter().map(lifted).collect::<Vec<_>>()).await?;
        Ok(!whose.is_empty())
    }
}
