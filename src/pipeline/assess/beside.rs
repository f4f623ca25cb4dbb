//! What is looked at beside the class: what an account is worth and how it
//! pays, what early warning says of it, and whether it went.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::billing::days_between;
use crate::model::cause::{Classed, DebtClass, Warning};
use crate::model::departure::Departure;
use crate::model::estimate::Estimate;
use crate::model::evidence::{Dossier, EvidenceFeed};
use crate::model::{AccountId, Bucket, Task, TaskKind, Tier};
use crate::pipeline::Settings;
use crate::risk::estimate::{Means, estimate, worth_of_call};
use crate::risk::scorecard::own::Champion;
use crate::store::{Estimated, Watched};

/// A friendly word may follow a warning for so long, where no bill is to come.
const WATCHED_DAYS: i32 = 14;

/// One account and what was known of it before.
pub struct Look<'a> {
    pub means: Means<'a>,
    /// The scorecard in use.
    pub champion: Option<&'a Champion>,
    pub settings: &'a Settings,
    pub bucket: Bucket,
    pub dossier: &'a Dossier,
    /// As it was judged just now.
    pub classed: &'a Classed,
    pub before: Option<&'a Estimate>,
    pub on: Date,
    pub now: Timestamp,
}

impl Look<'_> {
    fn whose(&self) -> (Bucket, AccountId) {
        (self.bucket, self.dossier.account.clone())
    }

    fn class(&self) -> DebtClass {
        self.classed.class_on(self.on)
    }

    /// The estimate where it is news, and the personal call that follows.
    pub fn estimated(&self) -> (Option<Estimated>, Option<Task>) {
        let score = self.champion.and_then(|card| card.score(&self.dossier.bills, self.on));
        let mut fresh = estimate(&self.means, self.dossier, self.class(), score, self.on);
        let is_in_arrears = self.classed.verdict.is_some();
        let was_called = self.before.is_some_and(|before| before.is_called);
        fresh.is_called = is_in_arrears && was_called;
        let call = if fresh.is_called { None } else { self.call(&fresh) };
        fresh.is_called |= call.is_some();
        // Written anew in time, so that it does not run out between two bills.
        let is_old = |it: &Estimate| days_between(it.estimated_on, self.on) >= WATCHED_DAYS;
        if self.before.is_some_and(|before| before.says_like(&fresh) && !is_old(before)) {
            return (None, call);
        }
        let decides_alike = self.before.is_some_and(|before| before.decides_like(&fresh));
        let touches = is_in_arrears && !decides_alike;
        let (bucket, account) = self.whose();
        (Some(Estimated { bucket, account, estimate: fresh, touches }), call)
    }

    /// A key account that owes for days is called in person, once in these
    /// arrears. Care and reviews have people of their own.
    fn call(&self, estimate: &Estimate) -> Option<Task> {
        let has_others = matches!(self.class(), DebtClass::Retaliatory | DebtClass::Malicious);
        if estimate.value.tier != Tier::Key || has_others {
            return None;
        }
        let days = self.settings.key_call_days.cast_signed();
        let (owed, worth) = worth_of_call(&self.means, self.dossier, estimate, days, self.on)?;
        let currency = estimate.currency.map_or(String::new(), |it| it.to_string());
        let mut why = format!("{}; owes {owed} minor units {currency}", estimate.value.says);
        if let Some(worth) = worth {
            why.push_str(&format!("; a call saves {} and costs {}", worth.saves, worth.costs));
        }
        Some(Task::open(self.whose(), TaskKind::KeyCall, why, self.now, None))
    }

    /// What early warning says; nothing where something is overdue.
    pub fn watched(&self) -> Option<Watched> {
        let warnings = self.means.yardsticks.watch.watch(self.dossier, self.on);
        let falls_due = self.dossier.bills.iter().filter(|bill| bill.remaining > 0);
        let next = falls_due.map(|bill| bill.due_on).filter(|day| *day >= self.on).max();
        let until_on = next.unwrap_or(crate::model::billing::plus_days(self.on, WATCHED_DAYS));
        let (bucket, account) = self.whose();
        let watched = Watched { bucket, account, watched_on: self.on, until_on, warnings };
        Some(watched).filter(|one| !one.warnings.is_empty())
    }

    /// The departure where it is news, and a way back where it may have one;
    /// true for those who are with us again.
    pub fn departed(&self, known: &[Departure]) -> (Option<Departure>, Option<Task>, bool) {
        let codes = &self.means.yardsticks.codes;
        let (class, tolerance) = (self.classed.last(), self.means.tolerance);
        let Some(went) = codes.attribute(self.dossier, class, tolerance, self.on) else {
            let has_contracts = self.dossier.feeds.has(EvidenceFeed::Contracts);
            let is_gone = known.iter().any(|one| one.back_on.is_none());
            return (None, None, is_gone && has_contracts);
        };
        let is_it = |one: &&Departure| (one.left_on, one.how) == (went.left_on, went.how);
        if known.iter().find(is_it).is_some_and(|one| one.back_on.is_none()) {
            return (None, None, false);
        }
        let value = self.means.yardsticks.figures.value(self.dossier, self.on);
        let was_offered = known.iter().any(|one| one.offered_on.is_some());
        let offer = went.code.win_back && value.tier != Tier::Small && !was_offered;
        let why = format!(
            "{}: {}; {}; ask why, and offer a way back",
            went.code.name, went.says, value.says
        );
        let task = offer.then(|| Task::open(self.whose(), TaskKind::WinBack, why, self.now, None));
        let departure = Departure {
            account: self.dossier.account.clone(),
            left_on: went.left_on,
            how: went.how,
            code: went.code.name,
            says: went.says,
            class,
            tier: value.tier,
            attributed_on: self.on,
            set_by: None,
            offered_on: offer.then_some(self.on),
            back_on: None,
        };
        (Some(departure), task, false)
    }
}

/// What care is asked to look at.
pub fn concern(one: &Watched, now: Timestamp) -> Task {
    let says: Vec<&str> = one.warnings.iter().map(|it: &Warning| it.says.as_str()).collect();
    Task::open((one.bucket, one.account.clone()), TaskKind::Concern, says.join("; "), now, None)
}
