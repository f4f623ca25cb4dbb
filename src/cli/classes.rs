//! `duebell classes`: why an account does not pay, and people's own word on it.

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde::Serialize;

use crate::model::cause::{Classed, DebtClass, SetClass, Verdict};
use crate::model::departure::Departure;
use crate::model::estimate::{Estimate, Score, SelfCure, WayCost};
use crate::model::{AccountId, Bucket, Money, Task};
use crate::pipeline::assess::follows;
use crate::pipeline::planning_day;
use crate::store::AssessStore;

use super::churn;
use super::context::{Desk, Options, desk, doer, now};
use super::output::print_line;
use super::story::bucket;
use super::tasks;

#[derive(Debug, Subcommand)]
pub enum Classes {
    /// Show an account's class with its reasons, and what could not be told
    Show {
        account: String,
        #[arg(long)]
        json: bool,
    },
    /// Set an account's class; it wins over the rules until its last day
    Set(Set),
}

#[derive(Debug, Args)]
pub struct Set {
    account: String,
    /// unknown, forgetful, cannot-pay, retaliatory or malicious
    class: String,
    /// Its last day
    #[arg(long, value_name = "DATE")]
    until: Date,
    /// Who sets it
    #[arg(long, value_name = "NAME")]
    by: String,
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub async fn run(options: &Options, command: Classes) -> anyhow::Result<()> {
    match command {
        Classes::Show { account, json } => show(options, &account, json).await,
        Classes::Set(args) => set(options, args).await,
    }
}

/// What `explain` tells of an account's class.
#[derive(Debug, Serialize)]
pub struct ClassStory {
    /// The one that counts today.
    class: DebtClass,
    verdict: Option<Verdict>,
    set: Option<SetClass>,
    estimate: Option<Estimate>,
    /// Minor units that the account owes, in the estimate's currency.
    owed: i64,
    departures: Vec<Departure>,
    tasks: Vec<Task>,
    #[serde(skip)]
    today: Date,
}

pub async fn story(
    desk: &Desk,
    whose: &(Bucket, AccountId),
    today: Date,
) -> anyhow::Result<ClassStory> {
    let classed = desk.store.classed(std::slice::from_ref(whose)).await?.remove(&whose.1);
    let classed = classed.unwrap_or_default();
    let class = classed.class_on(today);
    let Classed { verdict, set, .. } = classed;
    let shelf = desk.store.desk();
    let tasks = shelf.tasks_of(whose).await?;
    let estimate = desk.store.estimates(std::slice::from_ref(whose)).await?.remove(&whose.1);
    let bills = shelf.bills(&whose.1).await?;
    let currency = estimate.as_ref().and_then(|it| it.currency);
    let of_it = bills.iter().filter(|bill| Some(bill.currency) == currency);
    let owed = of_it.map(|bill| bill.remaining).fold(0, i64::saturating_add);
    let departures = shelf.departures_of(whose).await?;
    Ok(ClassStory { class, verdict, set, estimate, owed, departures, tasks, today })
}

impl ClassStory {
    /// Nothing, where nothing is known.
    pub fn print(&self) -> anyhow::Result<()> {
        if let Some(set) = &self.set {
            let over = if set.until < self.today { "; over" } else { "" };
            let SetClass { class, by, until, reason, .. } = set;
            let reason = reason.replace(char::is_control, " ");
            print_line(&format!("class: {class}, set by {by} until {until}: {reason}{over}"))?;
        }
        if let Some(verdict) = &self.verdict {
            print_verdict(verdict, self.today)?;
        }
        if let Some(estimate) = &self.estimate {
            print_estimate(estimate, self.owed)?;
        }
        for one in &self.departures {
            print_line(&churn::told(one))?;
        }
        if !self.tasks.is_empty() {
            print_line("tasks")?;
        }
        self.tasks.iter().try_for_each(|task| print_line(&format!("  {}", tasks::told(task))))
    }
}

fn print_estimate(estimate: &Estimate, owed: i64) -> anyhow::Result<()> {
    let Estimate { value, self_cure, currency, loss_percent, ways, is_binding, score, .. } =
        estimate;
    print_line(&format!("value: {}", value.says))?;
    if let Some(SelfCure { of, percent, by_days }) = self_cure {
        print_line(&format!(
            "pays by itself: {percent} percent of {of} bills that nobody reminded of, {by_days} days late at most; left alone so long"
        ))?;
    }
    if let Some(Score { points, bad_percent, card, reasons }) = score {
        print_line(&format!(
            "score: {points} by card {card}, a bad end in {bad_percent} of a hundred"
        ))?;
        reasons.iter().try_for_each(|says| print_line(&format!("  {says}")))?;
    }
    let Some(currency) = currency.filter(|_| owed > 0) else { return Ok(()) };
    let money = |minor: i64| Money::new(minor, currency).to_string();
    let of_way = |way: &WayCost| {
        let (saves, costs) = (money(way.saves_of(owed)), money(way.costs));
        let worth = if way.is_worth_it(owed) { "" } else { ", not worth it" };
        format!("{} saves {saves} and costs {costs}{worth}", way.channel)
    };
    let ways: Vec<String> = ways.iter().map(of_way).collect();
    let guess = if *is_binding { "" } else { "; guesses, which stop nothing" };
    print_line(&format!(
        "a contact about {}, of which {loss_percent} percent may be lost: {}{guess}",
        money(owed),
        ways.join("; ")
    ))
}

fn print_verdict(verdict: &Verdict, today: Date) -> anyhow::Result<()> {
    let Verdict { class, confidence, judged_on, expires_on, rules, .. } = verdict;
    let sure = if *confidence > 0 { format!(", {confidence} percent sure") } else { String::new() };
    let over = if *expires_on < today { "; over" } else { "" };
    print_line(&format!(
        "class: {class}{sure}, judged on {judged_on} by rules {rules}, good until {expires_on}{over}"
    ))?;
    for ground in &verdict.reasons {
        print_line(&format!("  {} {:+}: {}", ground.class, ground.weight, ground.says))?;
    }
    verdict.untold.iter().try_for_each(|line| print_line(&format!("  not told: {line}")))
}

async fn show(options: &Options, account: &str, json: bool) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let account = AccountId::from(account);
    let bucket = bucket(&desk, &account).await?;
    let story = story(&desk, &(bucket, account), planning_day(now())).await?;
    if json {
        return print_line(&serde_json::to_string_pretty(&story)?);
    }
    print_line(&format!("counts as {}", story.class))?;
    story.print()
}

async fn set(options: &Options, args: Set) -> anyhow::Result<()> {
    let Set { account, class, until, by, reason } = args;
    ensure!(!by.trim().is_empty(), "--by is empty; name who sets it");
    ensure!(!reason.trim().is_empty(), "--reason is empty; say why");
    let class = DebtClass::parse(&class).with_context(|| {
        let classes: Vec<&str> = DebtClass::ALL.into_iter().map(DebtClass::as_str).collect();
        format!("{class} is no class; use {}", classes.join(", "))
    })?;
    let (now, today) = (now(), planning_day(now()));
    ensure!(until >= today, "--until {until} is over; it is {today} where the day begins first");
    let desk = desk(options).await?;
    let account = AccountId::from(account);
    let whose = (bucket(&desk, &account).await?, account);
    let why = format!("{class}, set by {by}: {reason}");
    let settings = &desk.loaded.settings.pipeline;
    let tasks: Vec<Task> = follows(whose.clone(), class, why, settings, now).into_iter().collect();
    let doer = doer(&by, now);
    let set = SetClass { class, set_on: today, until, by, reason };
    desk.store.desk().set_class(&whose, &set, &tasks, &doer).await?;
    print_line(&format!("{}: {class} until {until}", whose.1))?;
    tasks.iter().try_for_each(|task| print_line(&tasks::told(task)))
}
