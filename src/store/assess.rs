//! Why accounts do not pay: their dossiers, and what they were judged to be.

mod departures;
mod dossiers;
mod early;
mod estimates;

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::model::audit::{Act, Doer};
use crate::model::cause::{Classed, SetClass, Verdict};
use crate::model::control::CARD;
use crate::model::departure::Departure;
use crate::model::estimate::Estimate;
use crate::model::evidence::{Dossier, Feeds};
use crate::model::{AccountId, Bucket, Task, Tenure};

use super::audit;
use super::buckets::bucket_keys;
use super::desk::Desk;
use super::engine::{Arg, Tx};
use super::facts::{Key, bucket, debt_class, touch};
use super::row::Row;
use super::set::set_row;
use super::statements::sql;
use super::tasks::put_tasks;
use super::{SqlStore, StoreError};

pub use departures::{CodeCount, Departed};
pub use early::Watched;
pub(super) use estimates::estimate;
pub use estimates::{Estimated, Spared};

/// What judging accounts needs.
#[async_trait]
pub trait AssessStore: Send + Sync {
    /// Accounts of these buckets that must be judged on `on`, in order: those
    /// with a bill that was due from `since` on and is overdue, those whose
    /// facts changed and who are in arrears or were judged before, and those
    /// whose class ends.
    async fn to_judge(
        &self,
        buckets: &[Bucket],
        since: Date,
        on: Date,
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError>;

    /// Accounts of these buckets with something unpaid that falls due, or fell
    /// due, in the days from the first and before the second; in order.
    async fn falling_due(
        &self,
        buckets: &[Bucket],
        days: (Date, Date),
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError>;

    /// Accounts of these buckets whose facts changed, and whose contract ended,
    /// or who are barred, or went before; in order.
    async fn departing(&self, buckets: &[Bucket]) -> Result<Vec<(Bucket, AccountId)>, StoreError>;

    /// What was estimated of these accounts, fresh or not; those of whom
    /// nothing was are absent.
    async fn estimates(
        &self,
        accounts: &[(Bucket, AccountId)],
    ) -> Result<HashMap<AccountId, Estimate>, StoreError>;

    /// When and why these accounts went.
    async fn departures(
        &self,
        accounts: &[(Bucket, AccountId)],
    ) -> Result<Vec<Departure>, StoreError>;

    /// The scorecard that somebody promoted, as text.
    async fn card(&self) -> Result<Option<String>, StoreError>;

    /// The feeds of evidence that were read to their end, and last no longer
    /// than `age_max` ago. One that is older is as good as missing: what it
    /// does not say may have happened since.
    async fn evidence_feeds(
        &self,
        now: Timestamp,
        age_max: SignedDuration,
    ) -> Result<Feeds, StoreError>;

    /// Everything with a date that is known of these accounts, for judging
    /// them as of a day: 24 cycles, what is older and unpaid, and what these
    /// feeds say.
    async fn dossiers(
        &self,
        accounts: &[(Bucket, AccountId)],
        as_of: Date,
        feeds: &Feeds,
    ) -> Result<Vec<Dossier>, StoreError>;

    /// What stands written about the class of these accounts; those of whom
    /// nothing does are absent.
    async fn classed(
        &self,
        accounts: &[(Bucket, AccountId)],
    ) -> Result<HashMap<AccountId, Classed>, StoreError>;

    /// Writes what accounts were judged to be, opens the tasks that follow,
    /// touches those whose class has changed, and says how far their buckets
    /// are assessed: all of it, under the leases, or nothing.
    async fn record_assessed(&self, tenure: &Tenure, page: &Assessed) -> Result<(), StoreError>;

    /// Tasks that were promised for a time after `after` and not after `until`,
    /// and are not done.
    async fn tasks_due(&self, after: Timestamp, until: Timestamp) -> Result<u64, StoreError>;

    /// The day through which each bucket is assessed; absent before the first time.
    async fn assessed_through(&self) -> Result<HashMap<Bucket, Date>, StoreError>;
}

/// What came of judging a page of accounts.
#[derive(Debug, Clone, Default)]
pub struct Assessed {
    pub changed: Vec<Changed>,
    pub estimates: Vec<Estimated>,
    pub watched: Vec<Watched>,
    pub departed: Departed,
    pub tasks: Vec<Task>,
    /// These buckets are assessed through that day.
    pub through: Option<(Vec<Bucket>, Date)>,
}

impl Assessed {
    /// Nothing is new.
    pub fn is_empty(&self) -> bool {
        let Assessed { changed, estimates, watched, departed, tasks, through } = self;
        let has_none = changed.is_empty() && estimates.is_empty() && watched.is_empty();
        let stays = departed.went.is_empty() && departed.back.is_empty();
        has_none && stays && tasks.is_empty() && through.is_none()
    }
}

/// What is new about one account.
#[derive(Debug, Clone)]
pub struct Changed {
    pub bucket: Bucket,
    pub account: AccountId,
    /// In the place of the one before; `None`: nothing is overdue any more.
    pub verdict: Option<Verdict>,
    /// What staff set is over.
    pub drops_set: bool,
    /// Another class counts, so that it must be decided about again.
    pub touches: bool,
}

const RULES: &str = "rules";
const STAFF: &str = "staff";
/// Whoever sets a class knows.
const SURE: u32 = 100;

set_row! {
    struct ClassRow<'a> {
        bucket: Bucket,
        account_id: &'a AccountId,
        source: &'static str,
        class: &'static str,
        confidence: u32,
        verdict: Option<String>,
        judged_on: Date,
        expires_on: Date,
        set_by: Option<&'a str>,
        reason: Option<&'a str>,
    }

    struct OverRow<'a> {
        bucket: Bucket,
        account_id: &'a AccountId,
        source: &'static str,
    }
}

#[async_trait]
impl AssessStore for SqlStore {
    async fn to_judge(
        &self,
        buckets: &[Bucket],
        since: Date,
        on: Date,
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError> {
        let (buckets, since, on) = (bucket_keys(buckets), since.to_string(), on.to_string());
        let args = [Arg::Set(&buckets), Arg::Text(&since), Arg::Text(&on)];
        let rows = self.engine.rows(sql::find_to_judge, &args).await?;
        rows.iter().map(|row| Ok((bucket(row)?, AccountId(row.text("account_id")?)))).collect()
    }

    async fn falling_due(
        &self,
        buckets: &[Bucket],
        days: (Date, Date),
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError> {
        self.find_falling_due(buckets, days).await
    }

    async fn departing(&self, buckets: &[Bucket]) -> Result<Vec<(Bucket, AccountId)>, StoreError> {
        self.find_departing(buckets).await
    }

    async fn estimates(
        &self,
        accounts: &[(Bucket, AccountId)],
    ) -> Result<HashMap<AccountId, Estimate>, StoreError> {
        self.load_estimates(accounts).await
    }

    async fn departures(
        &self,
        accounts: &[(Bucket, AccountId)],
    ) -> Result<Vec<Departure>, StoreError> {
        self.load_departures(accounts).await
    }

    async fn card(&self) -> Result<Option<String>, StoreError> {
        self.control_value(CARD).await
    }

    async fn evidence_feeds(
        &self,
        now: Timestamp,
        age_max: SignedDuration,
    ) -> Result<Feeds, StoreError> {
        self.fresh_evidence(now, age_max).await
    }

    async fn dossiers(
        &self,
        accounts: &[(Bucket, AccountId)],
        as_of: Date,
        feeds: &Feeds,
    ) -> Result<Vec<Dossier>, StoreError> {
        self.load_dossiers(accounts, as_of, feeds).await
    }

    async fn classed(
        &self,
        accounts: &[(Bucket, AccountId)],
    ) -> Result<HashMap<AccountId, Classed>, StoreError> {
        let keys: Vec<Key<'_>> = accounts
            .iter()
            .map(|(bucket, account_id)| Key { bucket: *bucket, account_id })
            .collect();
        let mut classed: HashMap<AccountId, Classed> = HashMap::new();
        for row in self.engine.rows(sql::load_classes, &[Arg::Set(&keys)]).await? {
            let one = classed.entry(AccountId(row.text("account_id")?)).or_default();
            add_class(one, &row)?;
        }
        Ok(classed)
    }

    async fn record_assessed(&self, tenure: &Tenure, page: &Assessed) -> Result<(), StoreError> {
        let through = page.through.iter().flat_map(|(buckets, _)| buckets.iter().copied());
        let changed = page.changed.iter().map(|one| one.bucket);
        let tasks = page.tasks.iter().map(|task| task.bucket);
        let beside = page.estimates.iter().map(|one| one.bucket);
        let watched = page.watched.iter().map(|one| one.bucket);
        let went = page.departed.went.iter().map(|(bucket, _)| *bucket);
        let back = page.departed.back.iter().map(|(bucket, ..)| *bucket);
        let beside = beside.chain(watched).chain(went).chain(back);
        let all = through.chain(changed).chain(tasks).chain(beside);
        let mut tx = self.write(tenure, all).await?;
        let (mut judged, mut over, mut whose) = (Vec::new(), Vec::new(), BTreeSet::new());
        for one in &page.changed {
            let Changed { bucket, account: account_id, .. } = one;
            let mut ends = |source| over.push(OverRow { bucket: *bucket, account_id, source });
            match &one.verdict {
                Some(verdict) => judged.push(ClassRow::judged(*bucket, account_id, verdict)),
                None => ends(RULES),
            }
            if one.drops_set {
                ends(STAFF);
            }
            if one.touches {
                whose.insert((*bucket, account_id.clone()));
            }
        }
        if !judged.is_empty() {
            tx.run(sql::put_classes, &[Arg::Set(&judged)]).await?;
        }
        if !over.is_empty() {
            tx.run(sql::drop_classes, &[Arg::Set(&over)]).await?;
        }
        let news = page.estimates.iter().filter(|one| one.touches);
        whose.extend(news.map(|one| (one.bucket, one.account.clone())));
        estimates::put_estimates(&mut tx, &page.estimates).await?;
        early::put_watched(&mut tx, &page.watched).await?;
        departures::put_departed(&mut tx, &page.departed).await?;
        put_tasks(&mut tx, &page.tasks).await?;
        touch(&mut tx, &whose).await?;
        if let Some((buckets, day)) = &page.through {
            let (buckets, day) = (bucket_keys(buckets), day.to_string());
            tx.run(sql::set_assessed, &[Arg::Set(&buckets), Arg::Text(&day)]).await?;
        }
        tx.commit().await
    }

    async fn tasks_due(&self, after: Timestamp, until: Timestamp) -> Result<u64, StoreError> {
        let args = [Arg::Int(after.as_microsecond()), Arg::Int(until.as_microsecond())];
        let rows = self.engine.rows(sql::count_tasks_due, &args).await?;
        rows.first().map_or(Ok(0), |row| row.int("n").map(i64::unsigned_abs))
    }

    async fn assessed_through(&self) -> Result<HashMap<Bucket, Date>, StoreError> {
        let rows = self.engine.rows(sql::load_assessed, &[]).await?;
        rows.iter().map(|row| Ok((bucket(row)?, row.date("assessed_through")?))).collect()
    }
}

impl<'a> ClassRow<'a> {
    fn judged(bucket: Bucket, account_id: &'a AccountId, verdict: &Verdict) -> ClassRow<'a> {
        ClassRow {
            bucket,
            account_id,
            source: RULES,
            class: verdict.class.as_str(),
            confidence: u32::from(verdict.confidence),
            verdict: serde_json::to_string(verdict).ok(),
            judged_on: verdict.judged_on,
            expires_on: verdict.expires_on,
            set_by: None,
            reason: None,
        }
    }

    fn set(bucket: Bucket, account_id: &'a AccountId, set: &'a SetClass) -> ClassRow<'a> {
        ClassRow {
            bucket,
            account_id,
            source: STAFF,
            class: set.class.as_str(),
            confidence: SURE,
            verdict: None,
            judged_on: set.set_on,
            expires_on: set.until,
            set_by: Some(&set.by),
            reason: Some(&set.reason),
        }
    }
}

/// Takes in one row of what is written about an account's class.
pub(super) fn add_class(one: &mut Classed, row: &Row) -> Result<(), StoreError> {
    one.is_in_care = row.int("is_in_care")? == 1;
    match row.text("source")?.as_str() {
        STAFF => one.set = Some(set(row)?),
        _ => one.verdict = Some(verdict(row)?),
    }
    Ok(())
}

fn set(row: &Row) -> Result<SetClass, StoreError> {
    Ok(SetClass {
        class: debt_class(row)?,
        set_on: row.date("judged_on")?,
        until: row.date("expires_on")?,
        by: row.text("set_by")?,
        reason: row.text("reason")?,
    })
}

fn verdict(row: &Row) -> Result<Verdict, StoreError> {
    serde_json::from_str(&row.text("verdict")?)
        .map_err(|_| StoreError::Corrupt { column: "verdict" })
}

impl Desk<'_> {
    /// Sets an account's class by hand and opens the tasks that follow; the
    /// account is decided about again.
    pub async fn set_class(
        &self,
        whose: &(Bucket, AccountId),
        set: &SetClass,
        tasks: &[Task],
        doer: &Doer,
    ) -> Result<(), StoreError> {
        let mut tx = self.store.engine.begin().await?;
        put_set(&mut tx, whose, set).await?;
        put_tasks(&mut tx, tasks).await?;
        let details = json!({ "class": set.class.as_str(), "until": set.until });
        audit::commit(tx, &[doer.deed(Act::ClassSet, whose.1.0.clone(), details)]).await
    }
}

/// Sets a class by hand, within a transaction.
pub(super) async fn put_set(
    tx: &mut Tx,
    whose: &(Bucket, AccountId),
    set: &SetClass,
) -> Result<(), StoreError> {
    let rows = vec![ClassRow::set(whose.0, &whose.1, set)];
    tx.run(sql::put_classes, &[Arg::Set(&rows)]).await?;
    touch(tx, &BTreeSet::from([whose.clone()])).await
}
