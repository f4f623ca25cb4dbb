//! The consent ledger: what subscribers agreed to and refused, entry by entry.
//!
//! The last word about reminders on a channel also stands where planning and
//! sending look, as the opt-out of the channel, in force or lifted: there are
//! not two places that could say different things.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::model::audit::Deed;
use crate::model::{AccountId, Bucket, Cause, Channel, Consent, Purpose};

use super::desk::Desk;
use super::engine::{Arg, Tx};
use super::facts::{bucket, touch};
use super::replies::{Said, SaidRow, SettledReply};
use super::row::Row;
use super::set::{Micros, set_row};
use super::statements::sql;
use super::{StoreError, audit};

/// Entries written at a time.
const SET: usize = 1_000;

/// An entry as people see it.
#[derive(Debug, Clone, Serialize)]
pub struct ConsentLine {
    pub channel: String,
    pub purpose: String,
    pub is_given: bool,
    pub said_at: Timestamp,
    pub source: String,
    pub proof: String,
}

set_row! {
struct ConsentRow<'a> {
    bucket: Bucket,
    account_id: &'a AccountId,
    channel: &'static str,
    purpose: &'static str,
    said_at: Micros,
    is_given: bool,
    source: &'a str,
    proof: &'a str,
    noted_at: Micros,
}
}

/// What subscribers want, and not what providers know, is an entry of the ledger.
pub(super) fn said_in(settled: &[SettledReply<'_>]) -> Vec<Consent> {
    let each = settled.iter().flat_map(|one| one.said.iter().map(move |said| (one, said)));
    let entry = |(one, said): (&SettledReply<'_>, &Said)| Consent {
        bucket: said.bucket,
        account: said.account.clone(),
        channel: said.channel,
        purpose: Purpose::Reminder,
        is_given: said.is_lifted,
        at: said.at,
        source: one.kept.provider.clone(),
        proof: format!("reply {}", one.kept.id),
    };
    each.filter(|(_, said)| said.cause.is_wish()).map(entry).collect()
}

/// Adds entries to the ledger, and nothing else.
pub(super) async fn add_consents(
    tx: &mut Tx,
    consents: &[Consent],
    now: Timestamp,
) -> Result<(), StoreError> {
    if consents.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<ConsentRow<'_>> = consents
        .iter()
        .map(|one| ConsentRow {
            bucket: one.bucket,
            account_id: &one.account,
            channel: one.channel.as_str(),
            purpose: one.purpose.as_str(),
            said_at: one.at.into(),
            is_given: one.is_given,
            source: &one.source,
            proof: &one.proof,
            noted_at: now.into(),
        })
        .collect();
    // In the order of the key, as with receipts.
    rows.sort_by(|a, b| (a.bucket, a.account_id).cmp(&(b.bucket, b.account_id)));
    tx.run(sql::put_consents, &[Arg::Set(&rows)]).await.map(drop)
}

/// Of the entries about reminders on a channel the last; of two of one instant
/// the refusal. In the order of the key.
fn last_words(consents: &[Consent]) -> Vec<SaidRow<'_>> {
    let mut last: BTreeMap<(Bucket, &str, Channel), &Consent> = BTreeMap::new();
    for one in consents.iter().filter(|one| one.purpose == Purpose::Reminder) {
        let kept = last.entry((one.bucket, one.account.as_str(), one.channel)).or_insert(one);
        if (one.at, !one.is_given) > (kept.at, !kept.is_given) {
            *kept = one;
        }
    }
    last.into_values()
        .map(|one| SaidRow {
            bucket: one.bucket,
            account_id: &one.account,
            channel: one.channel.as_str(),
            cause: Cause::OptOut.as_str(),
            is_lifted: one.is_given,
            address: None,
            said_at: one.at.into(),
            source: &one.source,
        })
        .collect()
}

impl Desk<'_> {
    /// Adds entries to the ledger, as somebody's deed; accounts of which that is
    /// news are decided about again.
    pub async fn add_consents(&self, consents: &[Consent], deed: Deed) -> Result<(), StoreError> {
        let mut tx = self.store.engine.begin().await?;
        let mut touched = BTreeSet::new();
        for some in consents.chunks(SET) {
            add_consents(&mut tx, some, deed.at).await?;
            let said = last_words(some);
            if said.is_empty() {
                continue;
            }
            for row in tx.rows(sql::put_suppressions, &[Arg::Set(&said)]).await? {
                touched.insert((bucket(&row)?, AccountId(row.text("account_id")?)));
            }
        }
        touch(&mut tx, &touched).await?;
        audit::commit(tx, &[deed]).await
    }

    /// The ledger of an account, in order.
    pub async fn consents(&self, account: &AccountId) -> Result<Vec<ConsentLine>, StoreError> {
        let args = [Arg::Text(account.as_str())];
        let rows = self.store.engine.rows(sql::list_consents, &args).await?;
        rows.iter().map(line).collect()
    }
}

fn line(row: &Row) -> Result<ConsentLine, StoreError> {
    Ok(ConsentLine {
        channel: row.text("channel")?,
        purpose: row.text("purpose")?,
        is_given: row.int("is_given")? == 1,
        said_at: row.instant("said_at")?,
        source: row.text("source")?,
        proof: row.text("proof")?,
    })
}
