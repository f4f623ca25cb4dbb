//! What is known of accounts beyond their bills: eight feeds in one table, and
//! outages, which are of an area, in another.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::model::billing::plus_days;
use crate::model::evidence::{Evidence, EvidenceFeed, Feeds, Outage, USAGE_DAYS};
use crate::model::ledger::{EvidenceRow, OutageRow};
use crate::model::{AccountId, Bucket};

use super::engine::{Arg, Statement};
use super::facts::Key;
use super::merge::Merge;
use super::placed::LedgerRow;
use super::set::{TableRow, set_row};
use super::statements::sql;
use super::{SqlStore, StoreError};

set_row! {
    pub struct PlacedEvidence<'a> {
        bucket: Bucket,
        feed: &'a str,
        row_id: &'a str,
        account_id: &'a AccountId,
        on_day: Date,
        over_on: Option<Date>,
        body: String,
    }

    struct PlacedOutage<'a> {
        outage_id: &'a str,
        area: &'a str,
        starts_on: Date,
        ends_on: Option<Date>,
    }
}

impl TableRow for PlacedEvidence<'_> {
    const TABLE: &'static str = "evidence";
}

impl LedgerRow for EvidenceRow {
    const FIND: Statement = sql::find_known_evidence;
    const BY_FEED: bool = true;
    const LEAVE: Option<Statement> = Some(sql::leave_evidence);
    const MERGE: Statement = sql::merge_evidence;
    const MOVES: bool = true;
    type Placed<'a> = PlacedEvidence<'a>;

    fn key(&self) -> &str {
        &self.row_id
    }

    /// What somebody used is told every day, and judged with what else is new.
    fn touches(&self) -> bool {
        self.fact.feed() != EvidenceFeed::Usage
    }

    fn account(&self) -> &AccountId {
        &self.account_id
    }

    fn first_bucket(&self) -> Option<Bucket> {
        None
    }

    fn placed(&self, bucket: Bucket, _: Date) -> PlacedEvidence<'_> {
        PlacedEvidence {
            bucket,
            feed: self.fact.feed().as_str(),
            row_id: &self.row_id,
            account_id: &self.account_id,
            on_day: self.fact.known_on(),
            over_on: self.fact.over_on(),
            body: serde_json::to_string(&self.fact).expect("facts are plain data"),
        }
    }
}

impl Merge<'_> {
    /// Merges outages; how many were used. Of several rows with one id the
    /// last counts.
    pub(super) async fn outages(&mut self, rows: Vec<OutageRow>) -> Result<u64, StoreError> {
        self.forget_rejects(rows.iter().map(|row| row.outage_id.as_str())).await?;
        let mut last: HashMap<&str, PlacedOutage<'_>> = HashMap::with_capacity(rows.len());
        for OutageRow { outage_id, outage } in &rows {
            let Outage { area, starts_on, ends_on } = outage;
            let (starts_on, ends_on) = (*starts_on, *ends_on);
            last.insert(outage_id, PlacedOutage { outage_id, area, starts_on, ends_on });
        }
        let placed: Vec<PlacedOutage<'_>> = last.into_values().collect();
        self.tx.run(sql::put_outages, &[Arg::Set(&placed)]).await?;
        Ok(rows.len() as u64)
    }
}

impl SqlStore {
    /// What was known of these accounts by the end of `as_of`: two statements,
    /// whatever their number. An account of which nothing is known is absent.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn load_evidence(
        &self,
        accounts: &[(Bucket, AccountId)],
        as_of: Date,
    ) -> Result<HashMap<AccountId, Evidence>, StoreError> {
        let keys: Vec<Key<'_>> = accounts
            .iter()
            .map(|(bucket, account_id)| Key { bucket: *bucket, account_id })
            .collect();
        let (day, usage) = (as_of.to_string(), plus_days(as_of, -USAGE_DAYS).to_string());
        let mut known: HashMap<AccountId, Evidence> = HashMap::new();
        let args = [Arg::Set(&keys), Arg::Text(&day), Arg::Text(&usage)];
        for row in self.engine.rows(sql::load_evidence, &args).await? {
            let corrupt = |_| StoreError::Corrupt { column: "body" };
            let fact = serde_json::from_str(&row.text("body")?).map_err(corrupt)?;
            known.entry(AccountId(row.text("account_id")?)).or_default().add(fact);
        }
        for row in self.engine.rows(sql::load_outages, &args[..2]).await? {
            let outage = Outage {
                area: row.text("area")?,
                starts_on: row.date("starts_on")?,
                ends_on: row.opt_date("ends_on")?,
            };
            known.entry(AccountId(row.text("account_id")?)).or_default().outages.push(outage);
        }
        Ok(known)
    }

    /// The feeds of evidence that were read to their end, and last no longer
    /// than `age_max` ago. One that is older is as good as missing: what it
    /// does not say may have happened since.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn fresh_evidence(
        &self,
        now: Timestamp,
        age_max: SignedDuration,
    ) -> Result<Feeds, StoreError> {
        let mut fresh = Vec::new();
        for row in self.engine.rows(sql::list_feeds, &[]).await? {
            let Some(feed) = EvidenceFeed::parse(&row.text("name")?) else { continue };
            let read_at = row.instant("read_at")?;
            if read_at > Timestamp::UNIX_EPOCH && now.duration_since(read_at) <= age_max {
                fresh.push(feed);
            }
        }
        Ok(fresh.into_iter().collect())
    }
}
