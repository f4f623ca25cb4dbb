//! Plan: decides about every account that has something to decide, a page at
//! a time, and writes the reminders and the reasons.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio::task::JoinSet;

use crate::model::billing::{days_between, plus_days};
use crate::model::control::Control;
use crate::model::facts::Flag;
use crate::model::id::BUCKETS;
use crate::model::reminder::ItemTerms;
use crate::model::{Account, AccountId, Bucket, Channel, Item, Reason, Reminder, ReminderId};
use crate::policy::contact::Window;
use crate::policy::repeat_debtor::RepeatDebtorRule;
use crate::policy::{
    self, AccountFacts, Case, ContactRules, Decision, InHand, Planned, Scenario, Scenarios,
    Versioned, WhyNot,
};
use crate::store::{CaseChange, Decided, PlanPage, Scope};

use super::lease::Shift;
use super::reach::Reach;
use super::trial::{self, Trial};
use super::{Stage, Workshop, planning_day};

/// Plans the day that has begun somewhere on earth.
#[derive(Clone)]
pub struct Plan {
    shop: Workshop,
    /// Buckets to a page, so that it holds about `plan_page` accounts.
    per_page: Arc<AtomicUsize>,
    reach: Arc<Reach>,
}

#[async_trait]
impl Stage for Plan {
    fn name(&self) -> &'static str {
        "plan"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        let on = planning_day(now);
        let control = Arc::new(self.shop.control.control().await?);
        let trials = Arc::new(trial::running(self.shop.experiments.experiments().await?));
        let shift = Arc::new(self.shop.shift());
        let mut decided = 0;
        let planned = self.shop.plans.planned_through();
        for (through, buckets) in self.reach.alike(shift.tenure(), planned).await? {
            let run = Arc::new(Run {
                scope: scope(&self.shop.scenarios, through, on),
                control: control.clone(),
                trials: trials.clone(),
                now,
                left: Mutex::new(buckets),
                shift: shift.clone(),
            });
            let mut workers = JoinSet::new();
            for _ in 0..self.shop.settings.workers() {
                workers.spawn(self.clone().work(run.clone()));
            }
            while let Some(worked) = workers.join_next().await {
                decided += worked??;
            }
        }
        self.reach.came(shift.tenure(), on);
        Ok(decided)
    }
}

/// Buckets of the first page, before anybody knows how full they are.
const FIRST_PAGE: usize = 256;

/// What the workers of one run share.
struct Run {
    scope: Scope,
    control: Arc<Control>,
    trials: Arc<Vec<Trial>>,
    now: Timestamp,
    left: Mutex<Vec<Bucket>>,
    shift: Arc<Shift>,
}

impl Run {
    /// The buckets of the next page; empty when none is left.
    fn next_page(&self, per_page: usize) -> Vec<Bucket> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let count = left.len().min(per_page);
        left.drain(..count).collect()
    }
}

impl Plan {
    pub fn new(shop: Workshop) -> Plan {
        let per_page = Arc::new(AtomicUsize::new(FIRST_PAGE));
        Plan { shop, per_page, reach: Arc::default() }
    }

    fn learn(&self, buckets: usize, accounts: usize) {
        let wanted = self.shop.settings.plan_page as usize;
        let per_page = (buckets * wanted).checked_div(accounts).unwrap_or(buckets * 2);
        self.per_page.store(per_page.clamp(1, usize::from(BUCKETS)), Ordering::Relaxed);
    }

    /// Plans pages until none is left; the number of accounts decided about.
    /// Every page is whole buckets and one transaction, so that a run that was
    /// cut short goes on with the next bucket.
    async fn work(self, run: Arc<Run>) -> anyhow::Result<usize> {
        let Workshop { plans, settings, agenda, .. } = &self.shop;
        let Scope { on, is_new_day, .. } = run.scope;
        let mut decided = 0;
        loop {
            let buckets = run.next_page(self.per_page.load(Ordering::Relaxed));
            if buckets.is_empty() {
                return Ok(decided);
            }
            let accounts = plans.candidates(&run.scope, &buckets).await?;
            self.learn(buckets.len(), accounts.len());
            let pages = accounts.chunks(settings.plan_page as usize).collect::<Vec<_>>();
            for (index, accounts) in pages.iter().enumerate() {
                let mut page = self.decide(accounts, &run).await?;
                decided += page.decisions.len();
                page.planned =
                    (is_new_day && index + 1 == pages.len()).then(|| (buckets.clone(), on));
                plans.record(run.shift.tenure(), &page, run.now).await?;
                for (reminder, _) in page.decisions.iter().flat_map(|one| &one.reminders) {
                    let bucket = reminder.bucket();
                    agenda.expect(bucket, reminder.send_after + settings.smear(bucket));
                }
            }
            if is_new_day && pages.is_empty() {
                let page = PlanPage { planned: Some((buckets, on)), ..PlanPage::default() };
                plans.record(run.shift.tenure(), &page, run.now).await?;
            }
        }
    }
}

/// Due dates of which some step, or some lateness, falls on a day after
/// `through` and not after `on`. Before the first plan there is nothing to
/// catch up with: every bill that sync brought has touched its account.
pub fn scope(scenarios: &Scenarios, through: Option<Date>, on: Date) -> Scope {
    let is_new_day = through.is_none_or(|through| through < on);
    let mut due_on = BTreeSet::new();
    if let Some(through) = through {
        for day in 1..=days_between(through, on) {
            let day = plus_days(through, day);
            due_on.extend(scenarios.offsets().into_iter().map(|offset| plus_days(day, -offset)));
        }
    }
    Scope { on, due_on: due_on.into_iter().collect(), is_new_day }
}

impl Plan {
    async fn decide(
        &self,
        accounts: &[(Bucket, AccountId)],
        run: &Run,
    ) -> anyhow::Result<PlanPage> {
        let Run { control, trials, now, .. } = run;
        let on = run.scope.on;
        if accounts.is_empty() {
            return Ok(PlanPage::default());
        }
        let facts = self.shop.plans.facts(accounts, on).await?;
        let mut flags = self.flags(&facts, on).await?;
        let mut decisions = Vec::with_capacity(facts.len());
        for facts in facts {
            let flag = flags.remove(&facts.account.id);
            let (bucket, account, touched) =
                (facts.account.bucket, facts.account.id.clone(), facts.touched);
            let Workshop { scenarios, contact, .. } = &self.shop;
            let by = Deciding { scenarios, contact, control, trials };
            let mut decided = decide_account(facts, &by, on, *now)
                .unwrap_or_else(|| Decided::nothing(bucket, account, touched));
            decided.flag = flag;
            decisions.push(decided);
        }
        Ok(PlanPage { decisions, planned: None, on: Some(on) })
    }

    /// Repeat debtors among these accounts, newly known.
    async fn flags(
        &self,
        facts: &[AccountFacts],
        on: Date,
    ) -> anyhow::Result<HashMap<AccountId, Flag>> {
        type Group<'a> = (RepeatDebtorRule, i64, Vec<&'a AccountFacts>);
        let mut groups: HashMap<String, Group<'_>> = HashMap::new();
        for facts in facts {
            let Some(one) = self.shop.scenarios.deciding(facts) else { continue };
            let Some(rule) = one.scenario.repeat_debtor else { continue };
            let may_be_late = |bill: &crate::model::Bill| rule.known_on(bill) <= on;
            if facts.touched > 0 || facts.bills.iter().any(may_be_late) {
                let tolerance = one.scenario.tolerance;
                groups.entry(one.version).or_insert((rule, tolerance, Vec::new())).2.push(facts);
            }
        }
        let mut flags = HashMap::new();
        for (rule, tolerance, members) in groups.into_values() {
            let keys: Vec<(Bucket, AccountId)> =
                members.iter().map(|f| (f.account.bucket, f.account.id.clone())).collect();
            for history in self.shop.plans.history(&keys, rule.late_days).await? {
                if let Some(flag) = rule.flag(&history.bills, &history.payments, tolerance, on) {
                    flags.insert(history.account, flag);
                }
            }
        }
        Ok(flags)
    }
}

/// What accounts are decided about by.
#[derive(Clone, Copy)]
pub struct Deciding<'a> {
    pub scenarios: &'a Scenarios,
    pub contact: &'a ContactRules,
    pub control: &'a Control,
    pub trials: &'a [Trial],
}

/// Decides about one account: on `on`, and, where its facts have changed, on
/// the earlier days that are still under way at its place. `None` where no
/// scenario serves it.
pub fn decide_account(
    mut facts: AccountFacts,
    by: &Deciding<'_>,
    on: Date,
    now: Timestamp,
) -> Option<Decided> {
    let Deciding { scenarios, contact, .. } = *by;
    let mut decided =
        Decided::nothing(facts.account.bucket, facts.account.id.clone(), facts.touched);
    for day in days_to_decide(&facts, on, now) {
        let mut one = scenarios.deciding(&facts)?;
        let mut under = Under::of(&one, by, day);
        let mut decision = under.decide(&mut facts, &one, day);
        let mut change = CaseChange::default();
        if decision.cures {
            // What follows is a new episode, under the scenario in force.
            facts.case = None;
            change.ends = Some("cured");
            one = scenarios.deciding(&facts)?;
            under = Under::of(&one, by, day);
            decision = under.decide(&mut facts, &one, day);
        }
        let Under { live_since, trial, .. } = under;
        decided.is_observed = live_since.is_none();
        let Decision { reminder, why_not, drawn, .. } = decision;
        if let (Some(trial), Some(bill)) = (trial, drawn) {
            decided.enters = decided.enters.or_else(|| trial.entry(&facts, &bill, day));
        }
        remember(&mut facts, &why_not);
        decided.why_not.extend(why_not);
        if let Some(case) = place(&mut facts, &mut decided, &one, contact, reminder, day, now) {
            change.opens = Some(case);
        }
        if change.ends.is_some() || change.opens.is_some() {
            decided.case = Some(change);
        }
    }
    Some(decided)
}

/// What a scenario decides under on a day.
struct Under<'a> {
    contact: &'a ContactRules,
    live_since: Option<Date>,
    trial: Option<&'a Trial>,
}

impl<'a> Under<'a> {
    fn of(one: &Versioned, by: &Deciding<'a>, day: Date) -> Under<'a> {
        let name = &one.scenario.name;
        let live_since = by.control.live_since(name);
        // A scenario that observes reminds nobody, so nothing can be withheld.
        let of_it = by.trials.iter().find(|it| it.is_about(name, day));
        let trial = of_it.filter(|_| live_since.is_some());
        Under { contact: by.contact, live_since, trial }
    }

    fn decide(&self, facts: &mut AccountFacts, one: &Versioned, day: Date) -> Decision {
        facts.account.ask_first(self.contact.consent(&one.scenario.name));
        facts.arm = self.trial.map(|trial| trial.arm(&facts.account.id));
        policy::decide(facts, &one.scenario, self.live_since, day)
    }
}

/// `on`, preceded by the days that are not over at the account's place, if
/// its facts changed: a dispute must reach a reminder that is planned already,
/// and a bill that comes at noon may be due the same day.
fn days_to_decide(facts: &AccountFacts, on: Date, now: Timestamp) -> Vec<Date> {
    let mut days = vec![on];
    if facts.touched > 0 {
        let today = now.to_zoned(facts.account.zone.clone()).date();
        days.extend(
            facts
                .in_hand
                .iter()
                .map(|reminder| reminder.day)
                .filter(|day| *day >= today && *day < on),
        );
        if today < on {
            days.push(today);
        }
    }
    days.sort_unstable();
    days.dedup();
    days
}

fn remember(facts: &mut AccountFacts, why_not: &[WhyNot]) {
    for row in why_not {
        facts.recorded.retain(|old| (&old.bill, &old.step) != (&row.bill, &row.step));
        facts.recorded.push(row.clone());
    }
}

/// Puts the decision for `day` in the place of what is in hand for it. Gives
/// the case that it opens or raises.
fn place(
    facts: &mut AccountFacts,
    decided: &mut Decided,
    one: &Versioned,
    contact: &ContactRules,
    mut planned: Option<Planned>,
    day: Date,
    now: Timestamp,
) -> Option<Case> {
    let (held, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut facts.in_hand).into_iter().partition(|reminder| reminder.day == day);
    facts.in_hand = others;
    let items = planned.iter().flat_map(|planned| &planned.items);
    let terms: Vec<ItemTerms> =
        items.filter_map(|item| item_terms(facts, one, item, day)).collect();
    let scenario = &one.scenario;
    let window = planned
        .as_mut()
        .and_then(|it| open_on(day, contact, scenario, &facts.account, &mut it.channels));
    if let (Some(planned), [held]) = (&planned, held.as_slice())
        && (&planned.items, &terms, &one.version) == (&held.items, &held.terms, &held.policy)
        && goes_as(held, planned, window)
        && !decided.is_observed
    {
        facts.in_hand.push(held.clone());
        return None;
    }
    decided.cancel.extend(held.iter().map(|reminder| reminder.reminder));
    let planned = planned?;

    let Some(window) = window.filter(|window| window.send_before > now) else {
        // The day is closed, or over, at the account's place: its steps stay due.
        decided.why_not.extend(planned.items.iter().zip(&terms).map(too_late));
        return None;
    };
    let revision = facts.revisions.get(&day).copied().unwrap_or(0);
    facts.revisions.insert(day, revision + 1);
    let account = &facts.account;
    let reminder = Reminder {
        id: ReminderId::derive(account.bucket, &account.id, day, revision),
        account: account.id.clone(),
        day,
        revision,
        scenario: scenario.name.clone(),
        policy: one.version.clone(),
        step: planned.step,
        severity: planned.severity,
        channels: planned.channels,
        items: planned.items,
        planned_at: now,
        send_after: window.opens,
        send_before: window.send_before,
    };
    let case = (!decided.is_observed).then(|| raised(facts, one, &reminder)).flatten();
    if !decided.is_observed {
        facts.in_hand.push(in_hand(&reminder, &terms));
    }
    decided.reminders.push((reminder, terms));
    case
}

fn in_hand(reminder: &Reminder, terms: &[ItemTerms]) -> InHand {
    InHand {
        reminder: reminder.id,
        day: reminder.day,
        revision: reminder.revision,
        items: reminder.items.clone(),
        terms: terms.to_vec(),
        policy: reminder.policy.clone(),
        channels: reminder.channels.clone(),
        window: (reminder.send_after, reminder.send_before),
    }
}

/// Whether a reminder in hand goes the ways that are planned, in that order, and
/// at these hours: a wish may have changed them. A channel less is no news, as
/// dispatch passes over it.
fn goes_as(held: &InHand, planned: &Planned, window: Option<Window>) -> bool {
    let ways = held.channels.iter().filter(|it| planned.channels.contains(*it));
    ways.eq(&planned.channels) && window.is_some_and(|it| (it.opens, it.send_before) == held.window)
}

/// The window of the day. Where no hour suits every place that the telephone
/// may be in, e-mail and letters are what is left.
fn open_on(
    day: Date,
    contact: &ContactRules,
    scenario: &Scenario,
    account: &Account,
    channels: &mut Vec<Channel>,
) -> Option<Window> {
    contact.window(scenario, account, channels, day).or_else(|| {
        channels.retain(|channel| matches!(channel, Channel::Email | Channel::Letter));
        if channels.is_empty() { None } else { contact.window(scenario, account, channels, day) }
    })
}

fn too_late((item, terms): (&Item, &ItemTerms)) -> WhyNot {
    WhyNot {
        bill: item.bill.clone(),
        step: item.step.clone(),
        step_on: terms.step_on,
        limit_on: terms.limit_on,
        reason: Reason::OutsideWindow,
        is_open: true,
    }
}

/// The case as this reminder leaves it, where that is news.
fn raised(facts: &mut AccountFacts, one: &Versioned, reminder: &Reminder) -> Option<Case> {
    let case = match &facts.case {
        Some(case) if reminder.severity <= case.stage => return None,
        Some(case) => Case { stage: reminder.severity, ..case.clone() },
        None => {
            Case { opened_on: reminder.day, stage: reminder.severity, policy: one.version.clone() }
        }
    };
    facts.case = Some(case.clone());
    Some(case)
}

/// What is true of an item on `day`. It is about a bill among the facts: what
/// the policy plans, it plans from these.
fn item_terms(facts: &AccountFacts, one: &Versioned, item: &Item, day: Date) -> Option<ItemTerms> {
    let bill = facts.bills.iter().find(|bill| bill.id == item.bill)?;
    let due = one.scenario.place(&item.step, bill);
    Some(ItemTerms {
        step_on: due.map_or(day, |due| due.on),
        limit_on: due.map_or(day, |due| due.limit_on),
        due_on: bill.due_on,
        currency: bill.currency,
        disputed: policy::disputed(facts, bill, day),
        is_offer: policy::is_offer(facts, one.scenario.step(&item.step)?),
    })
}
