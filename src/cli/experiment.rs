//! `duebell experiment`: how many accounts it takes to find out whether
//! reminding works, and what an experiment came to.

mod trial;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::evaluation::plan::{Plan, Sizes, Wish};
use crate::evaluation::{Estimate, Interval};

use super::context::Options;
use super::output::print_line;

#[derive(Debug, Subcommand)]
pub enum Experiment {
    /// Say how many accounts an experiment takes, and how long that is
    Plan(Planned),
    /// Write an experiment down, for somebody else to approve
    Propose {
        /// What it asks: docs/EVALUATION.md lists the keys
        #[arg(value_name = "FILE.toml")]
        file: PathBuf,
        #[command(flatten)]
        said: Word,
    },
    /// Let an experiment that somebody else proposed begin on its day
    Approve {
        name: String,
        #[command(flatten)]
        said: Word,
    },
    /// End an experiment for good: nothing is withheld any more
    Stop {
        name: String,
        #[command(flatten)]
        said: Word,
    },
    /// List every experiment that was ever proposed
    List {
        #[arg(long)]
        json: bool,
    },
    /// Say what an experiment came to so far; it may be looked at every day
    Report {
        name: String,
        #[arg(long)]
        json: bool,
    },
}

/// Who says so, and why.
#[derive(Debug, Args)]
pub struct Word {
    /// Who says so
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why, in some words
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct Planned {
    /// The share of accounts that does it anyway, say pays by the day that is looked at
    #[arg(long, value_name = "SHARE")]
    baseline: f64,
    /// The least effect worth finding, as a difference of shares: 0.02 is two points more
    #[arg(long, value_name = "DIFFERENCE", allow_negative_numbers = true)]
    effect: f64,
    /// How often the effect is to be found where it is there
    #[arg(long, value_name = "SHARE", default_value_t = 0.8)]
    power: f64,
    /// How often an effect may be claimed where there is none
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    alpha: f64,
    /// The share of accounts in the control arm, which is left as it is or unreminded
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    share: f64,
    /// Accounts that come into the experiment each month
    #[arg(long, value_name = "ACCOUNTS", value_parser = clap::value_parser!(u32).range(1..))]
    monthly: Option<u32>,
    #[arg(long)]
    json: bool,
}

/// One way to read an experiment, and what it takes.
struct Way {
    name: &'static str,
    sizes: Sizes,
    /// How far the interval goes to either side in the end.
    reach: f64,
    days: Option<u64>,
}

pub async fn run(options: &Options, command: Experiment) -> anyhow::Result<()> {
    match command {
        Experiment::Plan(args) => plan(&args),
        Experiment::Propose { file, said } => trial::propose(options, &file, &said).await,
        Experiment::Approve { name, said } => trial::approve(options, &name, &said).await,
        Experiment::Stop { name, said } => trial::stop(options, &name, &said).await,
        Experiment::List { json } => trial::list(options, json).await,
        Experiment::Report { name, json } => trial::report(options, &name, json).await,
    }
}

fn plan(args: &Planned) -> anyhow::Result<()> {
    let Planned { baseline, effect, power, alpha, share, .. } = *args;
    let wish = Wish { baseline, effect, alpha, power, share };
    let plan = Plan::new(wish).context("could not plan this")?;
    let way = |name, sizes: Sizes, interval: fn(&Plan, f64, f64) -> Interval| {
        let error = plan.standard_error(sizes.all() as f64);
        let reach = interval(&plan, error, alpha).high;
        Way { name, sizes, reach, days: args.monthly.map(|monthly| days(sizes, monthly)) }
    };
    let once = way("once", plan.read_once(), |_, standard_error, alpha| {
        Estimate { difference: 0.0, standard_error }.interval(alpha)
    });
    let daily = way("daily", plan.read_daily(), |plan, standard_error, alpha| {
        let estimate = Estimate { difference: 0.0, standard_error };
        plan.mixture().interval(&estimate, alpha)
    });
    if args.json {
        return print_line(&serde_json::to_string_pretty(&as_json(args, &[once, daily]))?);
    }
    for line in words(args, &once, &daily) {
        print_line(&line)?;
    }
    Ok(())
}

const DAYS_A_YEAR: f64 = 365.25;

/// Days until so many accounts have come in.
fn days(sizes: Sizes, monthly: u32) -> u64 {
    (sizes.all() as f64 * DAYS_A_YEAR / 12.0 / f64::from(monthly)).ceil() as u64
}

fn as_json(args: &Planned, ways: &[Way]) -> Value {
    let mut plan = json!({
        "baseline": args.baseline,
        "effect": args.effect,
        "power": args.power,
        "alpha": args.alpha,
        "share": args.share,
        "monthly": args.monthly,
    });
    for way in ways {
        plan[format!("read_{}", way.name)] = json!({
            "control": way.sizes.control,
            "treated": way.sizes.treated,
            "all": way.sizes.all(),
            "interval_reach": way.reach,
            "days": way.days,
        });
    }
    plan
}

fn words(args: &Planned, once: &Way, daily: &Way) -> Vec<String> {
    let points = |share: f64| format!("{:.1}", share * 100.0);
    let mut lines = vec![
        format!(
            "to find that {} % become {} %, in {} of 100 experiments, and to claim an effect where \
             there is none in {} of 100",
            points(args.baseline),
            points(args.baseline + args.effect),
            plain(args.power * 100.0),
            plain(args.alpha * 100.0),
        ),
        String::new(),
        format!("{:<24} {:>12} {:>12} {:>12} {:>12}", "", "control", "treated", "all", "interval"),
    ];
    for (name, way) in [("read once, at its end", once), ("looked at every day", daily)] {
        lines.push(format!(
            "{name:<24} {:>12} {:>12} {:>12} {:>12}",
            grouped(way.sizes.control),
            grouped(way.sizes.treated),
            grouped(way.sizes.all()),
            format!("+/- {}", points(way.reach)),
        ));
    }
    lines.push(String::new());
    if let (Some(monthly), Some(once), Some(daily)) = (args.monthly, once.days, daily.days) {
        lines.push(format!(
            "at {} accounts a month they have come in after {} read once, {} at most looked at every \
             day; add the days until each one's outcome is known",
            grouped(u64::from(monthly)),
            long(once),
            long(daily),
        ));
    }
    lines.push(
        "whoever reads it once sets the day of reading before it starts, and looks at nothing until \
         then; whoever looks every day may stop as soon as the interval leaves out zero, which is \
         mostly well before the end"
            .to_owned(),
    );
    let missed = once.sizes.control as f64 * args.effect.abs();
    lines.push(format!(
        "if the effect is there, it is missing for about {} accounts of the control arm when it is \
         read once",
        grouped(missed.round() as u64),
    ));
    lines
}

/// A whole number without its decimals.
fn plain(number: f64) -> String {
    let tenths = (number * 10.0).round() / 10.0;
    tenths.to_string()
}

fn long(days: u64) -> String {
    match days {
        1 => "1 day".to_owned(),
        2..=90 => format!("{days} days"),
        _ => format!("{:.1} months", days as f64 * 12.0 / DAYS_A_YEAR),
    }
}

/// Digits in threes.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([7, 999, 1_000, 1_234_567].map(grouped), ["7", "999", "1,000", "1,234,567"]);
        assert_eq!([80.0, 97.5, 5.0, 0.1].map(plain), ["80", "97.5", "5", "0.1"]);
        assert_eq!([1, 15, 90, 365].map(long), ["1 day", "15 days", "90 days", "12.0 months"]);
    }
}
