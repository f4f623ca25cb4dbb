//! `duebell score fit`: a card from a table of past rows.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail, ensure};
use clap::Args;
use jiff::civil::Date;

use crate::risk::refused;
use crate::risk::scorecard::picture::{self, Shown};
use crate::risk::scorecard::{
    AUC_MAX, Fitted, HeldOut, Sample, Scale, Settings, Target, Trend, Verdict, fit, folds, hold_out,
};

use super::show;
use super::table::{Kind, Table};
use crate::cli::output::print_line;

/// Parts that the rows are dealt into, by row number modulo this.
const FOLDS: usize = 5;

#[derive(Debug, Args)]
pub struct Fit {
    /// A row for each past account or bill whose end is known (CSV, may be gzipped)
    table: PathBuf,
    /// The column that says how a row ended
    #[arg(long, value_name = "COLUMN")]
    target: String,
    /// The target's word for a bad end; where there are 0 and 1 alone, 1
    #[arg(long, value_name = "VALUE")]
    bad: Option<String>,
    /// The target's word for a good end; by default everything that is not bad
    #[arg(long, value_name = "VALUE")]
    good: Option<String>,
    /// Columns that are no characteristics; columns about the person must be named here
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    leave_out: Vec<String>,
    /// Columns whose numbers are names of categories
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    category: Vec<String>,
    /// Numbers with a meaning of their own, each with a bin of its own
    #[arg(long, value_name = "COLUMN=NUMBER,…", value_parser = special)]
    special: Vec<(String, Vec<f64>)>,
    /// Columns whose bins must go one way, or `all`
    #[arg(long, value_name = "COLUMN[=better|worse]", value_parser = monotone)]
    monotone: Vec<(String, Trend)>,
    /// Hold out the rows whose number modulo 5 is this, and fit on the others
    #[arg(long, value_name = "0..4", value_parser = clap::value_parser!(u8).range(0..5))]
    test_fold: Option<u8>,
    /// Fit on rows before this day, and hold out the others
    #[arg(long, value_name = "DATE", requires = "time", conflicts_with = "test_fold")]
    split_before: Option<Date>,
    /// The column with the day of a row
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// Bins of a number, at most
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(2..=100))]
    bins_max: u16,
    /// Information value under which a characteristic is left out
    #[arg(long, value_name = "VALUE", default_value_t = Settings::default().information_min)]
    information_min: f64,
    /// The score at the odds of --odds
    #[arg(long, value_name = "POINTS", default_value_t = Scale::default().base_points)]
    base_points: f64,
    /// Good rows for each bad one at --base-points
    #[arg(long, value_name = "ODDS", default_value_t = Scale::default().odds)]
    odds: f64,
    /// Points that double the odds
    #[arg(long, value_name = "POINTS", default_value_t = Scale::default().points_to_double)]
    points_to_double: f64,
    /// AUC above which to warn of leakage
    #[arg(long, value_name = "AUC", default_value_t = AUC_MAX)]
    auc_max: f64,
    /// Write card.toml and report.html into this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

fn special(text: &str) -> Result<(String, Vec<f64>), String> {
    let (column, numbers) = text.split_once('=').ok_or("write COLUMN=NUMBER, as in late=-1")?;
    let number = |text: &str| text.trim().parse().map_err(|_| format!("{text} is no number"));
    Ok((column.to_owned(), numbers.split(',').map(number).collect::<Result<_, String>>()?))
}

fn monotone(text: &str) -> Result<(String, Trend), String> {
    let (column, trend) = match text.split_once('=') {
        None => (text, Trend::Either),
        Some((column, "better")) => (column, Trend::Better),
        Some((column, "worse")) => (column, Trend::Worse),
        Some((_, other)) => {
            return Err(format!(
                "{other} is no way to go; write better or worse: what a greater number means"
            ));
        }
    };
    Ok((column.to_owned(), trend))
}

pub fn run(args: &Fit) -> anyhow::Result<()> {
    args.check()?;
    let kinds = |name: &str| {
        let is_word = args.category.iter().any(|it| it == name)
            || name == args.target
            || args.time.as_deref() == Some(name)
            || args.leave_out.iter().any(|it| it == name);
        if is_word { Kind::Category } else { Kind::AsTheFirst }
    };
    let table = Table::read(&args.table, &kinds)?;
    args.check_columns(&table)?;
    let target = Target { column: args.target.clone(), bad: args.bad_word(&table)? };
    let is_bad = table.ends(&target.column, &target.bad, args.good.as_deref())?;
    let splits = args.splits(&table)?;
    let out: Vec<&str> = args.left_out().collect();
    let sample = Sample { columns: table.columns, is_bad }.without(&out);
    let settings = args.settings();

    let mut held_out: Vec<HeldOut> = Vec::new();
    for (train, test) in &splits {
        held_out.push(hold_out(&sample, &target, &settings, train, test)?);
    }
    // Where one split was asked for, the card is the one that was judged by it.
    let fitted: Fitted = match splits.as_slice() {
        [(train, _)] => fit(&sample.part(train), &target, &settings)?,
        _ => fit(&sample, &target, &settings)?,
    };
    let verdict = Verdict::of(&held_out);
    let warnings = verdict.warnings(&fitted.card, args.auc_max);
    let shown = Shown { fitted: &fitted, verdict: &verdict, warnings: &warnings };
    print_line(&show::report(&shown))?;
    if let Some(dir) = &args.out {
        let write = |name: &str, text: String| {
            let path = dir.join(name);
            std::fs::write(&path, text)
                .with_context(|| format!("could not write {}", path.display()))?;
            print_line(&format!("wrote {}", path.display()))
        };
        std::fs::create_dir_all(dir)
            .with_context(|| format!("could not create {}", dir.display()))?;
        write("card.toml", fitted.card.to_toml())?;
        write("report.html", picture::page(&shown))?;
    }
    Ok(())
}

impl Fit {
    fn check(&self) -> anyhow::Result<()> {
        for (option, value) in
            [("--odds", self.odds), ("--points-to-double", self.points_to_double)]
        {
            ensure!(value.is_finite() && value > 0.0, "{option} is {value}; give a number above 0");
        }
        ensure!(
            self.base_points.abs() < 1e6,
            "--base-points is {}; give a number below a million",
            self.base_points
        );
        ensure!(
            self.points_to_double < 1e6,
            "--points-to-double is {}; give a number below a million",
            self.points_to_double
        );
        let needs_time = self.time.is_some() && self.split_before.is_none();
        ensure!(!needs_time, "--time names the day of a row for --split-before; give that too");
        Ok(())
    }

    /// The target, the day, and what was named.
    fn left_out(&self) -> impl Iterator<Item = &str> {
        let named = self.leave_out.iter().map(String::as_str);
        named.chain([self.target.as_str()]).chain(self.time.as_deref())
    }

    /// Names that are not there, and columns that no card may be built on.
    fn check_columns(&self, table: &Table) -> anyhow::Result<()> {
        let options = [
            ("--leave-out", self.leave_out.iter().collect::<Vec<_>>()),
            ("--category", self.category.iter().collect()),
            ("--special", self.special.iter().map(|it| &it.0).collect()),
            (
                "--monotone",
                self.monotone.iter().map(|it| &it.0).filter(|it| *it != "all").collect(),
            ),
        ];
        for (option, names) in options {
            for name in names {
                table.column(name, option)?;
            }
        }
        let out: BTreeSet<&str> = self.left_out().collect();
        let names = table.names();
        let bad: Vec<(&str, &str)> = names
            .iter()
            .filter(|name| !out.contains(**name))
            .filter_map(|name| Some((*name, refused(name)?)))
            .collect();
        if bad.is_empty() {
            return Ok(());
        }
        let reasons: Vec<String> =
            bad.iter().map(|(name, why)| format!("  {name}: {why}")).collect();
        let names: Vec<&str> = bad.iter().map(|it| it.0).collect();
        bail!(
            "no card is built on what a person is:\n{}\nLeave them out with --leave-out {}. A column \
             that is about something else (the age of a contract) needs another name (tenure).",
            reasons.join("\n"),
            names.join(",")
        )
    }

    /// The word for a bad end.
    fn bad_word(&self, table: &Table) -> anyhow::Result<String> {
        let words: BTreeSet<&str> =
            table.words(&self.target, "--target")?.into_iter().flatten().collect();
        let some: Vec<&str> = words.iter().take(6).copied().collect();
        if let Some(bad) = &self.bad {
            let is_there = words.contains(bad.as_str());
            ensure!(
                is_there,
                "no row of {} is \"{bad}\" (--bad); it has {}",
                self.target,
                some.join(", ")
            );
            return Ok(bad.clone());
        }
        let rest: Vec<&str> =
            words.iter().copied().filter(|it| self.good.as_deref() != Some(it)).collect();
        match (some.as_slice(), rest.as_slice(), &self.good) {
            (["0", "1"], _, None) => Ok("1".to_owned()),
            (_, [bad], Some(_)) => Ok((*bad).to_owned()),
            _ => Err(anyhow!(
                "{} has {}; say with --bad which of them is a bad end",
                self.target,
                some.join(", ")
            )),
        }
    }

    /// Rows to fit on and rows held out, for each split.
    fn splits(&self, table: &Table) -> anyhow::Result<Vec<(Vec<usize>, Vec<usize>)>> {
        let mut all = folds(table.rows(), FOLDS);
        if let Some(fold) = self.test_fold {
            return Ok(vec![all.swap_remove(fold.into())]);
        }
        let (Some(day), Some(time)) = (self.split_before, &self.time) else { return Ok(all) };
        let mut split = (Vec::new(), Vec::new());
        for (row, word) in table.words(time, "--time")?.into_iter().enumerate() {
            let word = word.unwrap_or_default();
            // A time of day after the date does not matter.
            let on: Date = word.get(..10).unwrap_or(word).parse().map_err(|_| {
                table.fault(row, time, &format!("is \"{word}\"; write days as 2026-03-31"))
            })?;
            if on < day { split.0.push(row) } else { split.1.push(row) }
        }
        ensure!(!split.0.is_empty(), "no row is before {day}; choose a later --split-before");
        ensure!(!split.1.is_empty(), "all rows are before {day}; choose an earlier --split-before");
        Ok(vec![split])
    }

    fn settings(&self) -> Settings {
        let named = self.monotone.iter().filter(|it| it.0 != "all");
        Settings {
            bins_max: self.bins_max.into(),
            information_min: self.information_min,
            scale: Scale {
                base_points: self.base_points,
                odds: self.odds,
                points_to_double: self.points_to_double,
            },
            monotone: named.cloned().collect(),
            monotone_all: self.monotone.iter().any(|it| it.0 == "all"),
            special: self.special.iter().cloned().collect(),
            ..Settings::default()
        }
    }
}
