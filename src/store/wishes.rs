//! What subscribers wish, the last word of each kind.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::model::audit::{Act, Deed, Doer};
use crate::model::{AccountId, Bucket, Wish, Wishes};

use super::StoreError;
use super::audit;
use super::desk::Desk;
use super::engine::{Arg, Tx};
use super::facts::{bucket, touch};
use super::row::Row;
use super::set::{Micros, set_row};
use super::statements::sql;

/// A wish of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidWish {
    pub bucket: Bucket,
    pub account: AccountId,
    pub wish: Wish,
    pub at: Timestamp,
    /// Who brought it: a provider's name, or somebody's of the operator's.
    pub source: String,
}

/// A wish as people see it.
#[derive(Debug, Clone, Serialize)]
pub struct WishLine {
    pub kind: String,
    /// `None` where it was taken back.
    pub value: Option<String>,
    pub said_at: Timestamp,
    pub source: String,
}

set_row! {
struct WishRow<'a> {
    bucket: Bucket,
    account_id: &'a AccountId,
    kind: &'static str,
    value: Option<String>,
    said_at: Micros,
    source: &'a str,
}
}

/// Writes wishes; whose are news.
pub(super) async fn put_wishes(
    tx: &mut Tx,
    wishes: &[&SaidWish],
) -> Result<BTreeSet<(Bucket, AccountId)>, StoreError> {
    // In the order of the key, and of each the last.
    let mut last: BTreeMap<(Bucket, &AccountId, &str), &SaidWish> = BTreeMap::new();
    for one in wishes {
        let kept = last.entry((one.bucket, &one.account, one.wish.kind())).or_insert(one);
        if (one.at, one.wish.value()) > (kept.at, kept.wish.value()) {
            *kept = one;
        }
    }
    if last.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows: Vec<WishRow<'_>> = last
        .into_values()
        .map(|one| WishRow {
            bucket: one.bucket,
            account_id: &one.account,
            kind: one.wish.kind(),
            value: one.wish.value(),
            said_at: one.at.into(),
            source: &one.source,
        })
        .collect();
    let rows = tx.rows(sql::put_wishes, &[Arg::Set(&rows)]).await?;
    rows.iter().map(|row| Ok((bucket(row)?, AccountId(row.text("account_id")?)))).collect()
}

/// The wishes in an account's row: an object of kinds and values.
pub(super) fn wishes(row: &Row) -> Result<Wishes, StoreError> {
    let corrupt = || StoreError::Corrupt { column: "wishes" };
    let Some(text) = row.opt_text("wishes")? else { return Ok(Wishes::default()) };
    let stored: BTreeMap<String, String> = serde_json::from_str(&text).map_err(|_| corrupt())?;
    let mut wishes = Wishes::default();
    for (kind, value) in &stored {
        wishes.hear(Wish::read(kind, value).ok_or_else(corrupt)?);
    }
    Ok(wishes)
}

/// One for each account: what is wished from now on, or no longer.
fn deeds(said: &[SaidWish], doer: &Doer) -> Vec<Deed> {
    let mut wishes: BTreeMap<&AccountId, BTreeMap<&str, Option<String>>> = BTreeMap::new();
    for one in said {
        wishes.entry(&one.account).or_default().insert(one.wish.kind(), one.wish.value());
    }
    let deed = |(account, wishes): (&AccountId, BTreeMap<&str, Option<String>>)| {
        let is_set = wishes.values().any(Option::is_some);
        let act = if is_set { Act::WishSet } else { Act::WishCleared };
        doer.deed(act, account.0.clone(), json!(wishes))
    };
    wishes.into_iter().map(deed).collect()
}

impl Desk<'_> {
    /// Writes wishes; their accounts are decided about again.
    pub async fn put_wishes(&self, said: &[SaidWish], doer: &Doer) -> Result<(), StoreError> {
        let mut tx = self.store.engine.begin().await?;
        let whose = put_wishes(&mut tx, &said.iter().collect::<Vec<_>>()).await?;
        touch(&mut tx, &whose).await?;
        audit::commit(tx, &deeds(said, doer)).await
    }

    /// What an account wishes, and what it has taken back.
    pub async fn wishes(&self, account: &AccountId) -> Result<Vec<WishLine>, StoreError> {
        let args = [Arg::Text(account.as_str())];
        let rows = self.store.engine.rows(sql::list_wishes, &args).await?;
        let line = |row: &Row| {
            Ok(WishLine {
                kind: row.text("kind")?,
                value: row.opt_text("value")?,
                said_at: row.instant("said_at")?,
                source: row.text("source")?,
            })
        };
        rows.iter().map(line).collect()
    }
}
