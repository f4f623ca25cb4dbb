//! Assess: judges why accounts do not pay, and opens what people are to do.
//!
//! It comes before planning and looks at few accounts of a day: those whose
//! bill became overdue or will soon be due, those whose facts changed, those
//! whose class ends, those who left. A class that changes touches its account,
//! so that the plan that follows decides about it again.

mod beside;

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use crate::model::billing::{days_between, plus_days};
use crate::model::cause::{Classed, DebtClass, Response, SetClass, Verdict};
use crate::model::departure::Departure;
use crate::model::evidence::{Dossier, Feeds};
use crate::model::{AccountId, Bucket, Task, TaskKind, Tenure};
use crate::risk::cause::Rules;
use crate::risk::estimate::{Means, Yardsticks};
use crate::risk::scorecard::Card;
use crate::risk::scorecard::own::Champion;
use crate::store::{Assessed, Changed, Watched};

use self::beside::Look;
use super::reach::Reach;
use super::{Settings, Stage, Workshop, planning_day};

/// Few enough that what is found in them fits into memory.
const BUCKETS_PER_READ: usize = 256;
/// Before the first judgement every bill that is overdue is news.
const EVER: Date = date(1970, 1, 1);

/// Judges accounts that are in arrears.
pub struct Assess {
    shop: Workshop,
    reach: Reach,
}

#[async_trait]
impl Stage for Assess {
    fn name(&self) -> &'static str {
        "assess"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        let Workshop { assess, causes, yardsticks, settings, .. } = &self.shop;
        let Some(rules) = causes else { return Ok(0) };
        let on = planning_day(now);
        let shift = self.shop.shift();
        let age_max = SignedDuration::from_secs(settings.evidence_age_max_s.into());
        let feeds = &assess.evidence_feeds(now, age_max).await?;
        let assessed = assess.assessed_through();
        let mut judged = 0;
        for (through, buckets) in self.reach.alike(shift.tenure(), assessed).await? {
            for buckets in buckets.chunks(BUCKETS_PER_READ) {
                let tenure = shift.tenure();
                let run = Run { rules, yardsticks, feeds, tenure, through, on, now };
                judged += self.buckets(&run, buckets).await?;
            }
        }
        self.reach.came(shift.tenure(), on);
        Ok(judged)
    }
}

/// What one run works by.
struct Run<'a> {
    rules: &'a Rules,
    yardsticks: &'a Yardsticks,
    feeds: &'a Feeds,
    tenure: &'a Tenure,
    /// The day through which these buckets are assessed.
    through: Option<Date>,
    on: Date,
    now: Timestamp,
}

impl Run<'_> {
    fn is_new_day(&self) -> bool {
        self.through.is_none_or(|through| through < self.on)
    }
}

impl Assess {
    pub fn new(shop: Workshop) -> Assess {
        Assess { shop, reach: Reach::default() }
    }

    /// Judges whole buckets, a page and a transaction at a time. They are
    /// assessed with the last page: a run that was cut short finds the others
    /// again. The watch list is cut for all of them together.
    async fn buckets(&self, run: &Run<'_>, buckets: &[Bucket]) -> anyhow::Result<usize> {
        let Workshop { assess, settings, .. } = &self.shop;
        let accounts = self.accounts(run, buckets).await?;
        let champion = if accounts.is_empty() { None } else { self.champion().await? };
        let pages: Vec<_> = accounts.chunks(settings.plan_page as usize).collect();
        let mut watched = Vec::new();
        for page in &pages {
            let (page, warned) = self.page(run, page, champion.as_ref()).await?;
            watched.extend(warned);
            if !page.is_empty() {
                assess.record_assessed(run.tenure, &page).await?;
            }
        }
        if run.is_new_day() {
            let mut done = Assessed { watched, ..Assessed::default() };
            if !done.watched.is_empty() {
                let among = accounts.len() as u64;
                done.watched = run.yardsticks.watch.cut(done.watched, among, Watched::weight);
            }
            let care = done.watched.iter().filter(|one| one.asks_for(Response::Care));
            done.tasks = care.map(|one| beside::concern(one, run.now)).collect();
            done.through = Some((buckets.to_vec(), run.on));
            assess.record_assessed(run.tenure, &done).await?;
        }
        Ok(accounts.len())
    }

    /// Who is looked at: who must be judged, whose contract is over, and on a
    /// new day whose bill will soon be due, and who may be due for a call.
    async fn accounts(
        &self,
        run: &Run<'_>,
        buckets: &[Bucket],
    ) -> anyhow::Result<Vec<(Bucket, AccountId)>> {
        let Workshop { assess, settings, .. } = &self.shop;
        let is_new_day = run.is_new_day();
        let since = if is_new_day { run.through.unwrap_or(EVER) } else { run.on };
        let mut accounts: BTreeSet<(Bucket, AccountId)> =
            assess.to_judge(buckets, since, run.on).await?.into_iter().collect();
        accounts.extend(assess.departing(buckets).await?);
        let ahead = settings.watch_days.cast_signed();
        let behind = settings.key_call_days.cast_signed();
        for (days, asked) in [(ahead, ahead > 0), (-behind, behind > 1)] {
            let moved = |day: Date| plus_days(day, days + 1);
            if is_new_day && asked {
                let days = (moved(since), moved(run.on));
                accounts.extend(assess.falling_due(buckets, days).await?);
            }
        }
        Ok(accounts.into_iter().collect())
    }

    /// The scorecard in use. Without one that can be read nobody is scored, and
    /// everything else goes on.
    async fn champion(&self) -> anyhow::Result<Option<Champion>> {
        let Some(text) = self.shop.assess.card().await? else { return Ok(None) };
        let card = Card::parse(&text).map_err(anyhow::Error::from);
        let champion = card.and_then(|card| Ok(Champion::new(card)?));
        Ok(champion.inspect_err(|error| warn!(%error, "the scorecard is not used")).ok())
    }

    /// One page, and whom early warning names in it.
    async fn page(
        &self,
        run: &Run<'_>,
        accounts: &[(Bucket, AccountId)],
        champion: Option<&Champion>,
    ) -> anyhow::Result<(Assessed, Vec<Watched>)> {
        let Workshop { assess, settings, .. } = &self.shop;
        let mut classed = assess.classed(accounts).await?;
        let estimates = assess.estimates(accounts).await?;
        let mut went: HashMap<AccountId, Vec<Departure>> = HashMap::new();
        for one in assess.departures(accounts).await? {
            went.entry(one.account.clone()).or_default().push(one);
        }
        let dossiers = assess.dossiers(accounts, run.on, run.feeds).await?;
        let buckets: HashMap<&AccountId, Bucket> =
            accounts.iter().map(|(bucket, account)| (account, *bucket)).collect();
        let (mut page, mut watched) = (Assessed::default(), Vec::new());
        for dossier in &dossiers {
            let Some(bucket) = buckets.get(&dossier.account) else { continue };
            let before = classed.remove(&dossier.account).unwrap_or_default();
            let after = judged(run.rules, dossier, &before, run.on);
            let means = Means { yardsticks: run.yardsticks, tolerance: run.rules.tolerance() };
            let look = Look {
                means,
                champion,
                settings,
                bucket: *bucket,
                dossier,
                classed: &after,
                before: estimates.get(&dossier.account),
                on: run.on,
                now: run.now,
            };
            let (estimate, call) = look.estimated();
            page.estimates.extend(estimate);
            page.tasks.extend(call);
            // The list is a day's, written with its end.
            if run.is_new_day() {
                watched.extend(look.watched());
            }
            let known = went.get(&dossier.account).map(Vec::as_slice).unwrap_or_default();
            let (departure, offer, is_back) = look.departed(known);
            page.departed.went.extend(departure.map(|one| (*bucket, one)));
            page.tasks.extend(offer);
            if is_back {
                page.departed.back.push((*bucket, dossier.account.clone(), run.on));
            }
            page.add_class((*bucket, dossier.account.clone()), &before, after, run, settings);
        }
        Ok((page, watched))
    }
}

impl Assessed {
    /// Takes in what is new about an account's class, and what follows from it.
    fn add_class(
        &mut self,
        (bucket, account): (Bucket, AccountId),
        before: &Classed,
        after: Classed,
        run: &Run<'_>,
        settings: &Settings,
    ) {
        if after == *before {
            return;
        }
        let class = after.class_on(run.on);
        if class != before.last() {
            let whose = (bucket, account.clone());
            self.tasks.extend(follows(whose, class, reason(&after), settings, run.now));
        }
        self.changed.push(Changed {
            bucket,
            account,
            verdict: after.verdict,
            drops_set: before.set.is_some() && after.set.is_none(),
            touches: class != before.class_on(run.on),
        });
    }
}

/// What is to stand written about the account from `on`.
fn judged(rules: &Rules, dossier: &Dossier, before: &Classed, on: Date) -> Classed {
    let fresh = rules.judge(dossier, on);
    let verdict = match &before.verdict {
        Some(old) if before.is_in_care && old.class == DebtClass::Retaliatory => match fresh {
            Some(fresh) if fresh.class == DebtClass::Retaliatory => Some(fresh),
            // Whatever the facts say by now: care began it, and care ends it.
            _ => Some(prolonged(old, on)),
        },
        _ => fresh,
    };
    let set = before.set.clone().filter(|set| on <= set.until);
    Classed { verdict, set, is_in_care: before.is_in_care }
}

/// The same, good for as long again.
fn prolonged(old: &Verdict, on: Date) -> Verdict {
    let days = days_between(old.judged_on, old.expires_on);
    Verdict { judged_on: on, expires_on: plus_days(on, days), ..old.clone() }
}

/// What people are to do where this class is news.
pub fn follows(
    whose: (Bucket, AccountId),
    class: DebtClass,
    reason: String,
    settings: &Settings,
    now: Timestamp,
) -> Option<Task> {
    match class {
        DebtClass::Retaliatory => {
            let call_at = now + SignedDuration::from_hours(settings.care_hours.into());
            Some(Task::open(whose, TaskKind::CareCall, reason, now, Some(call_at)))
        }
        DebtClass::Malicious => Some(Task::open(whose, TaskKind::Review, reason, now, None)),
        DebtClass::CannotPay => Some(Task::open(whose, TaskKind::Arrangement, reason, now, None)),
        DebtClass::Unknown | DebtClass::Forgetful => None,
    }
}

/// Why the class is what it is, in words.
fn reason(classed: &Classed) -> String {
    if let Some(SetClass { class, by, reason, .. }) = &classed.set {
        return format!("{class}, set by {by}: {reason}");
    }
    let Some(verdict) = &classed.verdict else { return String::new() };
    let of_it = verdict.reasons.iter().filter(|ground| ground.class == verdict.class);
    let says: Vec<&str> = of_it.map(|ground| ground.says.as_str()).collect();
    format!("{}: {}", verdict.class, says.join(", "))
}
