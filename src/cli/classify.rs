//! `duebell classify`: how well the rules of the debt class tell causes where
//! the causes are known, in made-up populations, with and without each feed.
//!
//! It measures rules against a generator, which says whether they do what they
//! are meant to; how they do on real subscribers it cannot say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use jiff::civil::{Date, date};

use crate::model::billing::plus_days;
use crate::model::cause::DebtClass;
use crate::model::evidence::{EvidenceFeed, Feeds};
use crate::risk::cause::Rules;
use crate::source::population::{Habit, Population, Subject};

use super::output::{Progress, print_line};

#[derive(Debug, Args)]
pub struct Classify {
    /// Seed of a made-up population; may be given several times
    #[arg(long, value_name = "SEED", required = true)]
    population: Vec<u64>,
    /// Accounts in each
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    accounts: u32,
    /// Rules to measure instead of those in config/classify.toml
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
}

/// Any day does; a population is as old on each of them.
const TODAY: Date = date(2026, 3, 10);

/// How often each cause was given each class.
#[derive(Debug, Default)]
struct Confusion(BTreeMap<(DebtClass, DebtClass), u32>);

impl Confusion {
    fn count(&self, is_it: impl Fn(DebtClass, DebtClass) -> bool) -> u32 {
        let cells = self.0.iter().filter(|((cause, class), _)| is_it(*cause, *class));
        cells.map(|(_, count)| count).sum()
    }

    /// Of those who were given the class, percent whose cause it is.
    fn precision(&self, of: DebtClass) -> String {
        let right = self.count(|cause, class| cause == of && class == of);
        percent(right, self.count(|_, class| class == of))
    }

    /// Of those whose cause it is, percent who were given the class.
    fn recall(&self, of: DebtClass) -> String {
        let right = self.count(|cause, class| cause == of && class == of);
        percent(right, self.count(|cause, _| cause == of))
    }

    fn cell(&self, cause: DebtClass, class: DebtClass) -> u32 {
        self.0.get(&(cause, class)).copied().unwrap_or_default()
    }
}

fn percent(part: u32, whole: u32) -> String {
    match whole {
        0 => "none".to_owned(),
        _ => format!("{:.0}", f64::from(part) * 100.0 / f64::from(whole)),
    }
}

/// Those who mean to pay and are late by oversight are one cause, whatever
/// their usual way to pay is.
fn cause(habit: Habit) -> DebtClass {
    match habit {
        Habit::Prompt | Habit::OnTheDay | Habit::Forgetful => DebtClass::Forgetful,
        Habit::CannotPay => DebtClass::CannotPay,
        Habit::Disputing => DebtClass::Retaliatory,
        Habit::NeverPayer => DebtClass::Malicious,
    }
}

pub fn run(args: &Classify) -> anyhow::Result<()> {
    let rules = rules(args)?;
    let mut subjects = Vec::new();
    let mut progress = Progress::new("making up", args.population.len() as u64, false);
    for seed in &args.population {
        subjects.extend(Population::subjects(*seed, args.accounts as usize, TODAY)?);
        progress.advance("");
    }
    progress.finish();
    let as_of = plus_days(TODAY, -1);
    let whole = measure(&mut subjects, &rules, as_of, &Feeds::all());
    let judged = whole.count(|_, _| true);
    ensure!(judged > 0, "nobody owes anything; use more accounts");

    print_line(&format!(
        "Rules {}; {judged} accounts that owe, of {}.\n",
        rules.version(),
        subjects.len()
    ))?;
    print_confusion(&whole)?;
    print_line("")?;
    print_head()?;
    print_row("all feeds", &whole)?;
    for feed in EvidenceFeed::ALL {
        let without = Feeds::all().without(feed);
        let measured = measure(&mut subjects, &rules, as_of, &without);
        print_row(&format!("without {feed}"), &measured)?;
    }
    print_row("no feed", &measure(&mut subjects, &rules, as_of, &Feeds::none()))
}

fn rules(args: &Classify) -> anyhow::Result<Rules> {
    let Some(path) = &args.rules else { return Ok(Rules::built_in()) };
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("could not read {file}"))?;
    Rules::read(&text).map_err(|wrong| {
        let lines: Vec<String> =
            wrong.iter().map(|problem| format!("  {file}: {problem}")).collect();
        anyhow::anyhow!("the rules need mending:\n{}", lines.join("\n"))
    })
}

fn measure(subjects: &mut [Subject], rules: &Rules, as_of: Date, feeds: &Feeds) -> Confusion {
    let mut confusion = Confusion::default();
    for subject in subjects {
        subject.dossier.feeds = feeds.clone();
        if let Some(verdict) = rules.judge(&subject.dossier, as_of) {
            *confusion.0.entry((cause(subject.habit), verdict.class)).or_default() += 1;
        }
    }
    confusion
}

fn print_confusion(confusion: &Confusion) -> anyhow::Result<()> {
    let names: Vec<String> = DebtClass::ALL.iter().map(|class| format!("{class} |")).collect();
    print_line(&format!("| cause \\ class | {}", names.join(" ")))?;
    print_line(&format!("|---|{}", "---|".repeat(names.len())))?;
    for cause in DebtClass::KNOWN {
        let cells: Vec<String> = DebtClass::ALL
            .iter()
            .map(|class| format!("{} |", confusion.cell(cause, *class)))
            .collect();
        print_line(&format!("| {cause} | {}", cells.join(" ")))?;
    }
    Ok(())
}

fn print_head() -> anyhow::Result<()> {
    let names: Vec<String> = DebtClass::KNOWN.iter().map(|class| format!("{class} |")).collect();
    print_line(&format!("| precision / recall, percent | {} unknown |", names.join(" ")))?;
    print_line(&format!("|---|{}", "---|".repeat(names.len() + 1)))
}

fn print_row(name: &str, confusion: &Confusion) -> anyhow::Result<()> {
    let cell = |class| format!("{} / {} |", confusion.precision(class), confusion.recall(class));
    let cells: Vec<String> = DebtClass::KNOWN.into_iter().map(cell).collect();
    let unknown = confusion.count(|_, class| class == DebtClass::Unknown);
    let unknown = percent(unknown, confusion.count(|_, _| true));
    print_line(&format!("| {name} | {} {unknown} |", cells.join(" ")))
}
