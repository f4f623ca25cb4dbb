//! What the daemon does by itself: read the feeds, decide, send, settle, tidy.
//!
//! A stage does a bounded amount of the work that is due and says how much. It
//! takes no input but the time: after a crash, the next run finds everything
//! it needs in the store. The daemon, the demo and replays drive the same
//! stages; only the clock differs.
//!
//! May use: model, policy, outbox, risk, evaluation, message, source, store,
//! provider, clock.

pub mod advise;
pub mod agenda;
pub mod assess;
pub mod brake;
pub mod dispatch;
pub mod drive;
pub mod gate;
pub mod lease;
pub mod listen;
pub mod plan;
mod reach;
pub mod retention;
pub mod review;
pub mod schedule;
pub mod settle;
pub mod sync;
pub mod tend;
pub mod trial;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::message::{Messages, Operator};
use crate::model::Bucket;
use crate::model::id::BUCKETS;
use crate::model::link::Links;
pub use crate::model::reminder::planning_day;
use crate::outbox::RetryLimits;
use crate::policy::{ContactRules, Scenarios, brake as brake_rule};
use crate::provider::guard::Manners;
use crate::provider::route::Providers;
use crate::provider::webhook::Webhook;
use crate::risk::cause::Rules;
use crate::risk::estimate::Yardsticks;
use crate::source::{Defaults, Source};
use crate::store::{
    AdviceStore, AssessStore, CaseStore, ControlStore, DeadlineStore, ExperimentStore, HoldStore,
    LedgerStore, OutboxStore, PartStore, PlanStore, ReceiptStore, ReplyStore, RetentionStore,
};

use self::agenda::Agenda;
use self::lease::{Leases, Shift};

/// One thing that the daemon does, over and over.
#[async_trait]
pub trait Stage: Send + Sync {
    fn name(&self) -> &'static str;

    /// Does a bounded amount of the work that is due, and says how much.
    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize>;
}

/// Everything that the stages work with.
#[derive(Clone)]
pub struct Workshop {
    pub source: Arc<dyn Source>,
    pub ledger: Arc<dyn LedgerStore>,
    pub plans: Arc<dyn PlanStore>,
    pub outbox: Arc<dyn OutboxStore>,
    pub deadlines: Arc<dyn DeadlineStore>,
    /// Receipts that providers posted; `None` where nobody can post any.
    pub inbox: Option<Arc<dyn ReceiptStore>>,
    /// Receipts that name a provider's reference; likewise.
    pub parts: Option<Arc<dyn PartStore>>,
    /// What subscribers said, and what providers say of their addresses.
    pub replies: Arc<dyn ReplyStore>,
    pub holds: Arc<dyn HoldStore>,
    pub assess: Arc<dyn AssessStore>,
    pub cases: Arc<dyn CaseStore>,
    pub advice: Arc<dyn AdviceStore>,
    /// Where advice goes; `None` where it stays in the table.
    pub webhook: Option<Arc<Webhook>>,
    pub control: Arc<dyn ControlStore>,
    pub experiments: Arc<dyn ExperimentStore>,
    pub retention: Arc<dyn RetentionStore>,
    pub scenarios: Arc<Scenarios>,
    /// Why accounts do not pay; `None` where nobody is judged.
    pub causes: Option<Arc<Rules>>,
    /// What accounts and contacts are worth, what is watched, why accounts leave.
    pub yardsticks: Arc<Yardsticks>,
    /// When, and how often, the law lets each scenario contact somebody.
    pub contact: Arc<ContactRules>,
    pub messages: Arc<Messages>,
    pub operator: Arc<Operator>,
    /// Signs the links in messages; `None` where there is no page to lead to.
    pub links: Option<Arc<Links>>,
    pub providers: Providers,
    pub defaults: Defaults,
    pub settings: Settings,
    pub agenda: Arc<Agenda>,
    pub leases: Arc<Leases>,
}

impl Workshop {
    /// Begins a spell of work on the buckets that may be worked on now.
    pub fn shift(&self) -> Shift {
        self.leases.begin(std::time::Instant::now())
    }
}

/// A bill is looked at within a month before and after its due date.
const DAYS_MAX: u32 = 30;
/// More would only wait for the database.
const WORKERS_MAX: usize = 4;
/// No step of a bill is due for longer: it lies within a year of the due date,
/// and so does the next, or it stays due for thirty days more. A key that is
/// older can be missed by nobody.
const RETENTION_MONTHS_MIN: u32 = 14;

/// `[pipeline]`: sizes, intervals and limits of the stages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Seconds between two readings of the feeds.
    pub sync_every_s: u32,
    /// Rows of a feed read at a time.
    pub sync_page: u32,
    /// Seconds that each reading goes back, for rows that were committed late.
    pub sync_overlap_s: u32,
    /// A feed that was not read to its end for this many seconds stops sending.
    pub feed_age_max_s: u32,
    /// A feed of evidence that was not read to its end for this many seconds
    /// counts as missing where somebody is judged.
    pub evidence_age_max_s: u32,
    /// Accounts decided about at a time.
    pub plan_page: u32,
    /// When the next day is planned: cron, in the zone `plan_zone`.
    pub plan_at: String,
    /// A day begins first at UTC+14, which the IANA database calls Etc/GMT-14.
    pub plan_zone: String,
    /// When feeds are counted and gaps are looked for: cron, in `housekeeping_zone`.
    pub housekeeping_at: String,
    pub housekeeping_zone: String,
    /// Whole months for which history is kept; 0 keeps it for ever.
    pub retention_months: u32,
    /// Reminders read, marked and recorded at a time.
    pub dispatch_batch: u32,
    /// Submissions under way at once, to each provider that has no limit of its own.
    pub in_flight_max: u32,
    /// Seconds in which a provider with a rate comes to it after a start.
    pub slow_start_s: u32,
    /// Seconds over which the opening of a window is spread.
    pub smear_s: u32,
    /// Seconds after which a submission without an outcome counts as unknown.
    pub submit_deadline_s: u32,
    /// Seconds that a receipt is waited for, and an unknown outcome looked up.
    pub receipt_deadline_s: u32,
    /// Hours after which care is to have called back whoever is angry.
    pub care_hours: u32,
    /// Days for which the rules leave alone whom care is done with.
    pub care_rest_days: u32,
    /// Days before its due date on which the account of a bill is watched; 0: never.
    pub watch_days: u32,
    /// Days overdue after which a key account is called in person.
    pub key_call_days: u32,
    pub retry: RetryLimits,
    pub brake: brake_rule::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            sync_every_s: 60,
            sync_page: 5_000,
            sync_overlap_s: 900,
            feed_age_max_s: 3_600,
            evidence_age_max_s: 259_200,
            plan_page: 2_000,
            plan_at: "0 0 * * *".into(),
            plan_zone: "Etc/GMT-14".into(),
            housekeeping_at: "30 3 * * *".into(),
            housekeeping_zone: "UTC".into(),
            retention_months: 36,
            dispatch_batch: 500,
            in_flight_max: 64,
            slow_start_s: 30,
            smear_s: 0,
            submit_deadline_s: 900,
            receipt_deadline_s: 259_200,
            care_hours: 24,
            care_rest_days: 30,
            watch_days: 7,
            key_call_days: 4,
            retry: RetryLimits::default(),
            brake: brake_rule::Settings::default(),
        }
    }
}

impl Settings {
    /// Tasks that share the work of a stage: one for each core.
    pub fn workers(&self) -> usize {
        std::thread::available_parallelism().map_or(1, |cores| cores.get().min(WORKERS_MAX))
    }

    /// How providers are treated that have no limits of their own.
    pub fn manners(&self) -> Manners {
        Manners { in_flight_max: self.in_flight_max, slow_start_s: self.slow_start_s }
    }

    /// How long after its windows open a bucket's turn comes: the same on every
    /// day, and no two thousandths of the subscribers at once.
    pub fn smear(&self, bucket: Bucket) -> SignedDuration {
        let share = f64::from(bucket.number()) / f64::from(BUCKETS);
        SignedDuration::from_secs_f64(f64::from(self.smear_s) * share)
    }

    /// Everything that makes these settings impossible, as (key, what is wrong and the mend).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let positive = [
            ("sync_every_s", self.sync_every_s),
            ("sync_page", self.sync_page),
            ("feed_age_max_s", self.feed_age_max_s),
            ("evidence_age_max_s", self.evidence_age_max_s),
            ("plan_page", self.plan_page),
            ("dispatch_batch", self.dispatch_batch),
            ("in_flight_max", self.in_flight_max),
            ("submit_deadline_s", self.submit_deadline_s),
            ("receipt_deadline_s", self.receipt_deadline_s),
            ("care_hours", self.care_hours),
            ("care_rest_days", self.care_rest_days),
            ("key_call_days", self.key_call_days),
        ];
        for (key, value) in positive {
            if value == 0 {
                problems.push((key, "is 0; use 1 or more".to_owned()));
            }
        }
        for (key, days) in [("watch_days", self.watch_days), ("key_call_days", self.key_call_days)]
        {
            if days > DAYS_MAX {
                problems.push((key, format!("is {days}; use {DAYS_MAX} or less")));
            }
        }
        if (1..RETENTION_MONTHS_MIN).contains(&self.retention_months) {
            let what = format!(
                "is {}, and a step may still be due after that; use {RETENTION_MONTHS_MIN} or more, or 0 to keep everything",
                self.retention_months
            );
            problems.push(("retention_months", what));
        }
        if self.feed_age_max_s <= self.sync_every_s {
            let what = format!(
                "is {}, not above sync_every_s ({}), so sending would stop between two readings; use more",
                self.feed_age_max_s, self.sync_every_s
            );
            problems.push(("feed_age_max_s", what));
        }
        problems.extend(self.brake.problems());
        for (key, cron, zone) in [
            ("plan_at", &self.plan_at, &self.plan_zone),
            ("housekeeping_at", &self.housekeeping_at, &self.housekeeping_zone),
        ] {
            if let Err(error) = schedule::Schedule::parse(cron, zone) {
                problems.push((key, format!("{cron:?} in {zone:?}: {error}")));
            }
        }
        problems
    }
}
