//! Our memory: the ledger, the decisions, and the reminders with all that
//! became of them, in embedded SQLite or in PostgreSQL.
//!
//! Ports, shaped by who calls them: [`LedgerStore`] for sync, [`PlanStore`] for
//! planning, [`OutboxStore`] for dispatch, [`DeadlineStore`] for what follows,
//! [`ReceiptStore`] for what providers post, [`PartStore`] for receipts by the
//! providers' own references, [`ReplyStore`] for what subscribers say,
//! [`HoldStore`] for what follows from it, [`AssessStore`] for why they do not pay,
//! [`CaseStore`] and [`AdviceStore`] for what people decide about them,
//! [`LeaseStore`] for sharing the buckets, [`RetentionStore`] for what is old.
//! One method is one transaction. [`SqlStore`] serves them all; statements
//! are files in `sql/` (both engines), `postgres/` and `sqlite/` (twins).
//!
//! May use: model, review, audit.

mod advice;
mod assess;
mod audit;
mod buckets;
mod cases;
mod consents;
mod contacts;
mod control;
mod deadlines;
mod desk;
mod engine;
mod error;
mod evidence;
mod experiments;
mod facts;
mod file_lock;
mod holds;
mod keys;
mod lease;
mod ledger;
mod merge;
mod moratoriums;
mod notices;
mod outbox;
mod parts;
mod people;
mod placed;
mod plan;
mod receipts;
mod replies;
mod retention;
mod row;
mod set;
mod statements;
mod tallies;
mod tasks;
mod turns;
mod watch;
mod wishes;

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::brake::Tallies;
use crate::model::control::Control;
use crate::model::experiment::Entry;
use crate::model::facts::{AccountFacts, Case, Flag, WhyNot};
use crate::model::feed::{Feed, Reject};
use crate::model::ledger::{Counts, FeedMark, Page};
use crate::model::receipt::Untold;
use crate::model::reminder::{ItemTerms, Transition};
use crate::model::{
    Account, AccountId, Bill, BillId, Bucket, Currency, Payment, Reminder, ReminderId,
    ReminderState, Tenure,
};

pub use advice::AdviceStore;
pub use assess::{AssessStore, Assessed, Changed, CodeCount, Departed, Estimated, Spared, Watched};
pub use audit::AuditPage;
pub use cases::{
    Case as ReviewCase, CaseError, CasePage, CasePlace, CaseStore, Decided as DecidedCase, Looked,
};
pub use consents::ConsentLine;
pub use contacts::Conversation;
pub use deadlines::Standing;
pub use desk::{AttemptLine, Desk, FeedLine, ItemLine, NewCodeLine, SentLine, WhyNotLine};
pub use engine::Engine;
pub use error::StoreError;
pub use experiments::{ExperimentError, ExperimentStore};
pub use file_lock::{FileLock, LockError};
pub use holds::{HoldOver, HoldStore};
pub use lease::{Alone, LeaseStore};
pub use notices::NoticeLine;
pub use outbox::{Submission, Submitted};
pub use parts::{MessagePart, Parked, PartStore, Unparked};
pub use people::{NewSession, People, Person, Session, Start};
pub use receipts::ReceiptStore;
pub use replies::{KeptReply, ReplyLine, ReplyStore, Said, SettledReply, SuppressionLine, Whose};
pub use retention::RetentionStore;
pub use statements::STATEMENTS;
pub use tasks::Ended;
pub use watch::{HeldLine, TaskCount};
pub use wishes::{SaidWish, WishLine};

use turns::Turns;

/// What sync needs: pages of feeds, merged once each.
#[async_trait]
pub trait LedgerStore: Send + Sync {
    async fn feed_mark(&self, feed: Feed) -> Result<Option<FeedMark>, StoreError>;

    /// Merges a page, sets aside what does not fit, touches the accounts whose
    /// facts changed and moves the feed's mark, all in one transaction. The
    /// same page merged again changes nothing.
    /// Written under the lease of the first bucket, whose holder reads the
    /// feeds: a page that is late must not undo a newer one.
    async fn merge(
        &self,
        tenure: &Tenure,
        page: Page,
        on: Date,
        now: Timestamp,
    ) -> Result<Counts, StoreError>;

    /// Merges rows that waited for their account and whose account has come.
    /// Written under the same lease as a page.
    async fn merge_awaited(
        &self,
        tenure: &Tenure,
        on: Date,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// The feed was read to its end at `now` and had nothing more.
    async fn touch_feed(&self, feed: Feed, now: Timestamp) -> Result<(), StoreError>;

    /// Forgets how far a feed was read, so that the next sync reads all of it.
    async fn reread(&self, feed: Feed) -> Result<(), StoreError>;

    /// Rows of a feed that the ledger holds, set aside ones included; where
    /// rows have a [day](Feed::day), those of `since` and later.
    async fn held(&self, feed: Feed, since: Option<Date>) -> Result<u64, StoreError>;
}

/// What planning needs: accounts with something to decide, and a place for decisions.
#[async_trait]
pub trait PlanStore: Send + Sync {
    /// Accounts of these buckets that need a decision for `scope`, in order.
    async fn candidates(
        &self,
        scope: &Scope,
        buckets: &[Bucket],
    ) -> Result<Vec<(Bucket, AccountId)>, StoreError>;

    /// The facts of these accounts, as far as a decision on `on` needs them.
    async fn facts(
        &self,
        accounts: &[(Bucket, AccountId)],
        on: Date,
    ) -> Result<Vec<AccountFacts>, StoreError>;

    /// What the repeat-debtor rule looks at, for accounts that are not flagged.
    /// Only bills that may have been more than `late_days` late.
    async fn history(
        &self,
        accounts: &[(Bucket, AccountId)],
        late_days: i32,
    ) -> Result<Vec<History>, StoreError>;

    /// Writes a page of decisions, and how far its buckets are planned.
    async fn record(
        &self,
        tenure: &Tenure,
        page: &PlanPage,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// The day through which each bucket is planned; absent before its first plan.
    async fn planned_through(&self) -> Result<HashMap<Bucket, Date>, StoreError>;

    /// Makes every version of a scenario that ever decided available again.
    async fn policies(&self) -> Result<Vec<PolicyVersion>, StoreError>;

    async fn adopt_policy(&self, version: &PolicyVersion, now: Timestamp)
    -> Result<(), StoreError>;
}

/// What dispatch and settling need.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Reminders of these buckets, after this place in the order of bucket and
    /// id, that were planned and may be submitted at `now`.
    async fn due(
        &self,
        buckets: &[Bucket],
        after: Option<ReminderId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueReminder>, StoreError>;

    /// Reminders of these buckets whose retry is due at `now`.
    async fn retries(
        &self,
        buckets: &[Bucket],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueReminder>, StoreError>;

    /// Takes the keys of these submissions and appends their SUBMITTING marks.
    /// Of those that got neither, a key was taken or another transition came
    /// first, and they are cancelled or left alone; or a cap forbids them.
    async fn submit(
        &self,
        tenure: &Tenure,
        submissions: &[Submission],
        now: Timestamp,
    ) -> Result<Submitted, StoreError>;

    /// Appends transitions. One whose place was taken is dropped. Deferred
    /// reminders give their keys back, and their steps stay due: the next day's
    /// plan finds them, even where it was made already.
    async fn append(&self, tenure: &Tenure, transitions: &[Transition]) -> Result<u64, StoreError>;

    /// Where these reminders stand; those of which nothing was submitted are absent.
    async fn standing(&self, reminders: &[ReminderId]) -> Result<Vec<Standing>, StoreError>;
}

/// What must not be waited for any longer.
#[async_trait]
pub trait DeadlineStore: Send + Sync {
    /// Reminders of these buckets in one of `states` whose next moment lies
    /// after `after` and not after `until`.
    async fn waiting(
        &self,
        buckets: &[Bucket],
        states: &[ReminderState],
        after: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Standing>, StoreError>;

    /// Those of these reminders that a provider took and nothing was heard of.
    async fn untold(&self, reminders: &[ReminderId]) -> Result<Vec<Untold>, StoreError>;

    /// Reminders of these buckets, never submitted or waiting for a retry,
    /// whose window closed after `after` and not after `until`.
    async fn missed(
        &self,
        buckets: &[Bucket],
        after: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Standing>, StoreError>;

    /// Reminders of these buckets whose first attempt has no outcome, and whose
    /// window closes after `after` and not after `until`.
    async fn orphans(
        &self,
        buckets: &[Bucket],
        after: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Standing>, StoreError>;
}

/// Switches and marks.
#[async_trait]
pub trait ControlStore: Send + Sync {
    async fn control(&self) -> Result<Control, StoreError>;
    /// Sets a switch, or clears it with `None`, where nobody did: a person's
    /// switch is [`Desk::switch`].
    async fn set_control(
        &self,
        name: &str,
        value: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// What each day from `since` on came to, all buckets together.
    async fn tallies(&self, since: Date) -> Result<Tallies, StoreError>;
    async fn mark(&self, name: &str) -> Result<Option<Timestamp>, StoreError>;
    /// Sets all of these marks, or none.
    async fn set_marks(&self, marks: &[(&str, Timestamp)]) -> Result<(), StoreError>;
}

/// What a plan run looks for.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The day that is planned.
    pub on: Date,
    /// Due dates of which some step, or some lateness, falls on a day not yet planned.
    pub due_on: Vec<Date>,
    /// Also look again at open why-not rows (a new day), not only at touched accounts.
    pub is_new_day: bool,
}

/// Bills and payments of one account that the repeat-debtor rule needs.
#[derive(Debug, Clone)]
pub struct History {
    pub account: AccountId,
    pub bills: Vec<Bill>,
    pub payments: Vec<Payment>,
}

/// The decisions of one page of planning.
#[derive(Debug, Clone, Default)]
pub struct PlanPage {
    pub decisions: Vec<Decided>,
    /// These buckets are planned through that day, where the page is part of a new day's run.
    pub planned: Option<(Vec<Bucket>, Date)>,
    pub on: Option<Date>,
}

/// What was decided about one account.
#[derive(Debug, Clone)]
pub struct Decided {
    pub bucket: Bucket,
    pub account: AccountId,
    pub reminders: Vec<(Reminder, Vec<ItemTerms>)>,
    /// The scenario observes: the reminders are recorded and go nowhere.
    pub is_observed: bool,
    /// Planned reminders that no longer hold.
    pub cancel: Vec<ReminderId>,
    pub why_not: Vec<WhyNot>,
    /// The case as it is from now on, where it changed.
    pub case: Option<CaseChange>,
    pub flag: Option<Flag>,
    /// The account comes into an experiment, where it is not in it yet.
    pub enters: Option<Entry>,
    /// The value of [`AccountFacts::touched`] that this decision has seen.
    pub touched: i64,
}

impl Decided {
    /// With all that was known, nothing is to be done.
    pub fn nothing(bucket: Bucket, account: AccountId, touched: i64) -> Decided {
        Decided {
            bucket,
            account,
            reminders: Vec::new(),
            is_observed: false,
            cancel: Vec::new(),
            why_not: Vec::new(),
            case: None,
            flag: None,
            enters: None,
            touched,
        }
    }
}

/// What happens to the dunning case of an account.
#[derive(Debug, Clone, Default)]
pub struct CaseChange {
    /// The open case ends in this outcome.
    pub ends: Option<&'static str>,
    /// The case is open like this.
    pub opens: Option<Case>,
}

/// A scenario, word for word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    pub version: String,
    pub scenario: String,
    /// The scenario as JSON.
    pub body: String,
}

/// A reminder that may be submitted.
#[derive(Debug, Clone)]
pub struct DueReminder {
    pub reminder: Reminder,
    pub bills: Vec<DueBill>,
    pub account: Account,
    /// Sequence number of its last transition; 0 if it has none.
    pub seq: u32,
    /// Attempts so far.
    pub attempt: u32,
    /// The channel of the attempt to come, where a retry names it.
    pub channel: Option<crate::model::Channel>,
    /// The provider that the last attempt failed at; another is asked first.
    pub failed: Option<String>,
    /// Attempts on that channel so far.
    pub on_channel: u32,
    /// Of those, the ones at which our account was at fault.
    pub spared: u32,
    /// Whether a provider took it on an earlier channel, unheard.
    pub was_taken: bool,
    /// The account's facts changed and were not decided about yet.
    pub is_touched: bool,
}

/// A bill in a due reminder.
#[derive(Debug, Clone)]
pub struct DueBill {
    pub id: BillId,
    pub step: String,
    pub currency: Currency,
    pub due_on: Date,
    /// Disputed minor units on the day of sending.
    pub disputed: i64,
    /// An arrangement is offered, as it was planned.
    pub is_offer: bool,
}

/// The store over SQL, embedded or served.
pub struct SqlStore {
    engine: Engine,
    turns: Turns,
}

impl SqlStore {
    /// Opens `sqlite://PATH` or `postgres://…` and brings its schema up to date.
    ///
    /// # Errors
    /// When the URL is neither, the database is away, or a migration fails.
    pub async fn open(url: &str, password: Option<&str>) -> Result<SqlStore, StoreError> {
        let bad = |_| StoreError::BadUrl { url: without_password(url) };
        let engine = if url.starts_with("sqlite:") {
            Engine::open_sqlite(url.parse().map_err(bad)?).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let mut options: sqlx::postgres::PgConnectOptions = url.parse().map_err(bad)?;
            if let Some(password) = password {
                options = options.password(password);
            }
            Engine::open_postgres(options).await?
        } else {
            return Err(StoreError::BadUrl { url: without_password(url) });
        };
        let store = SqlStore { engine, turns: Turns::default() };
        statements::migrate(&store.engine).await.map_err(StoreError::Migration)?;
        Ok(store)
    }

    pub async fn close(&self) {
        self.engine.close().await;
    }
}

/// A database URL that may be shown.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{host}")
        }
        None => url.to_owned(),
    }
}

/// Counts of reminders by state, for status lines.
pub type StateCounts = BTreeMap<String, u64>;

/// A row that was set aside, as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct RejectLine {
    pub feed: String,
    pub row: String,
    pub field: String,
    pub reason: String,
    pub is_warning: bool,
}

impl From<&Reject> for RejectLine {
    fn from(reject: &Reject) -> Self {
        RejectLine {
            feed: reject.feed.to_string(),
            row: reject.row.clone(),
            field: reject.field.clone(),
            reason: reject.reason.clone(),
            is_warning: reject.is_warning,
        }
    }
}

/// `[store]`: where our memory is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `sqlite:///var/lib/duebell/duebell.db` or `postgres://duebell@host/duebell`; no password in it.
    pub url: String,
    /// File that holds the password alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<std::path::PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { url: "sqlite:///var/lib/duebell/duebell.db".into(), password_file: None }
    }
}
