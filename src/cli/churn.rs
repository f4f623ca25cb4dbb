//! `duebell churn`: who left or was barred, why, and who came back.

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde::Serialize;

use crate::model::AccountId;
use crate::model::billing::plus_days;
use crate::model::departure::Departure;
use crate::pipeline::planning_day;
use crate::risk::churn::{Code, Codes, Kind};
use crate::store::CodeCount;

use super::context::{By, Options, desk, now};
use super::output::print_line;
use super::story::bucket;

/// Days that are told of where nobody says since when.
const DAYS: i32 = 30;

#[derive(Debug, Subcommand)]
pub enum Churn {
    /// List the accounts that went, the latest first, each with its reason
    List {
        /// From this day on; thirty days ago where left out
        #[arg(long, value_name = "DATE")]
        since: Option<Date>,
        /// Only those with this code
        #[arg(long)]
        code: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        #[arg(long)]
        json: bool,
    },
    /// Count them by reason: how many went, were offered a way back, and are back
    Count {
        #[arg(long, value_name = "DATE")]
        since: Option<Date>,
        /// Up to this day, and without it; tomorrow where left out
        #[arg(long, value_name = "DATE")]
        before: Option<Date>,
        #[arg(long)]
        json: bool,
    },
    /// Write down why an account went, as it said; it stays whatever the rules say
    Set(Set),
    /// The codes, and what each is chosen by
    Codes {
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Set {
    account: String,
    /// As `duebell churn codes` lists them
    code: String,
    /// What the subscriber said
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    by: By,
}

/// One line of the count, by what the management report counts by.
#[derive(Debug, Serialize)]
struct Line {
    kind: Option<Kind>,
    is_active: bool,
    #[serde(flatten)]
    count: CodeCount,
}

pub async fn run(options: &Options, command: Churn) -> anyhow::Result<()> {
    match command {
        Churn::List { since, code, limit, json } => {
            list(options, since, code.as_deref(), limit, json).await
        }
        Churn::Count { since, before, json } => count(options, since, before, json).await,
        Churn::Set(args) => set(options, args).await,
        Churn::Codes { json } => codes(&options.load()?.yardsticks.codes, json),
    }
}

fn first_day(since: Option<Date>) -> Date {
    since.unwrap_or_else(|| plus_days(planning_day(now()), -DAYS))
}

async fn list(
    options: &Options,
    since: Option<Date>,
    code: Option<&str>,
    limit: u32,
    json: bool,
) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let went = desk.store.desk().departures(first_day(since), code, limit).await?;
    if json {
        return print_line(&serde_json::to_string_pretty(&went)?);
    }
    for one in &went {
        print_line(&format!("{}  {}", one.account, told(one)))?;
    }
    if went.is_empty() {
        print_line("nobody left and nobody was barred, as far as the feed of contracts says")?;
    }
    Ok(())
}

/// A departure on one line, without its account.
pub fn told(one: &Departure) -> String {
    let Departure { left_on, how, code, says, tier, set_by, offered_on, back_on, .. } = one;
    let by = set_by.as_ref().map_or(String::new(), |by| format!(", chosen by {by}"));
    let offered = offered_on.map_or(String::new(), |day| format!("; a way back offered on {day}"));
    let back = back_on.map_or(String::new(), |day| format!("; back since {day}"));
    let (how, tier) = (how.as_str(), tier.as_str());
    let line = format!("{how} on {left_on}, {tier}: {code}{by} ({says}){offered}{back}");
    line.replace(char::is_control, " ")
}

async fn count(
    options: &Options,
    since: Option<Date>,
    before: Option<Date>,
    json: bool,
) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let before = before.unwrap_or_else(|| plus_days(planning_day(now()), 1));
    let counts = desk.store.desk().departures_by_code(first_day(since), before).await?;
    let known = &desk.loaded.yardsticks.codes;
    let line = |count: CodeCount| {
        let kind = known.get(&count.code).map(|code| code.kind);
        Line { kind, is_active: kind.is_some_and(Kind::is_active), count }
    };
    let lines: Vec<Line> = counts.into_iter().map(line).collect();
    if json {
        return print_line(&serde_json::to_string_pretty(&lines)?);
    }
    for Line { kind, is_active, count } in &lines {
        let CodeCount { code, how, went, offered, came_back } = count;
        let kind = kind.map_or("no longer known", Kind::as_str);
        let active = if *is_active { "active" } else { "passive" };
        print_line(&format!(
            "{went:>6}  {code:<22} {how}, {active}, {kind}; {offered} offered a way back, {came_back} back"
        ))?;
    }
    if lines.is_empty() {
        print_line("nobody left and nobody was barred, as far as the feed of contracts says")?;
    }
    Ok(())
}

fn codes(codes: &Codes, json: bool) -> anyhow::Result<()> {
    let all: Vec<&Code> = codes.all().collect();
    if json {
        return print_line(&serde_json::to_string_pretty(&all)?);
    }
    all.iter().try_for_each(|code| {
        let back = if code.win_back { "" } else { "; no way back" };
        print_line(&format!("{:<22} {}: {}{back}", code.name, code.kind.as_str(), code.says))
    })
}

async fn set(options: &Options, args: Set) -> anyhow::Result<()> {
    let Set { account, code, reason, by } = args;
    ensure!(!reason.trim().is_empty(), "--reason is empty; write what the subscriber said");
    let desk = desk(options).await?;
    let codes = &desk.loaded.yardsticks.codes;
    let known = codes.get(&code);
    let known =
        known.with_context(|| format!("{code} is no code; `duebell churn codes` lists them"))?;
    let doer = by.doer(now())?;
    let account = AccountId::from(account);
    let whose = (bucket(&desk, &account).await?, account);
    let shelf = desk.store.desk();
    if !shelf.set_departure_code(&whose, (&known.name, &reason), &doer).await? {
        bail!("{} neither left nor was barred, as far as the feed of contracts says", whose.1);
    }
    print_line(&format!("{}: {}", whose.1, known.name))
}
