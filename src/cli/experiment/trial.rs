//! Experiments that are under way: propose, approve, stop, list, report.

use std::path::Path;

use anyhow::{Context, anyhow, ensure};
use serde_json::json;

use super::Word;
use crate::cli::context::{Options, desk, doer, now};
use crate::cli::output::print_line;
use crate::evaluation::trial::{self, ArmCount, Reading};
use crate::evaluation::{Interval, Shown};
use crate::model::experiment::{Design, Experiment};
use crate::pipeline::planning_day;
use crate::store::{ExperimentError, ExperimentStore};

/// A refusal is for the person who asked; what the store says is not.
fn in_words(error: ExperimentError) -> anyhow::Error {
    match error {
        ExperimentError::Refused(what) => anyhow!(what),
        ExperimentError::Store(error) => error.into(),
    }
}

pub async fn propose(options: &Options, file: &Path, said: &Word) -> anyhow::Result<()> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("could not read {name}"))?;
    let design: Design = toml::from_str(&text).with_context(|| format!("could not read {name}"))?;
    let problems: Vec<String> =
        design.problems().iter().map(|(key, what)| format!("{name}: {key} {what}")).collect();
    ensure!(problems.is_empty(), problems.join("\n"));
    // Says what is wrong with the rest of it: shares that nobody can find.
    let plan = trial::plan(&design).with_context(|| format!("{name}"))?;
    let desk = desk(options).await?;
    let scenarios = &desk.loaded.scenarios;
    ensure!(
        scenarios.iter().any(|one| one.name == design.scenario),
        "{name}: scenario is {:?}; use one of {}",
        design.scenario,
        scenarios.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
    );
    let key = format!("{:032x}", rand::random::<u128>());
    let doer = doer(&said.by, now());
    desk.store
        .desk()
        .propose_experiment(&design, &key, &said.reason, &doer)
        .await
        .map_err(in_words)?;
    let sizes = plan.read_daily();
    print_line(&format!(
        "{} is proposed; it takes {} accounts, {} of them unreminded",
        design.name,
        sizes.all(),
        sizes.control
    ))?;
    print_line(&format!("somebody else: `duebell experiment approve {:?}`", design.name))
}

pub async fn approve(options: &Options, name: &str, said: &Word) -> anyhow::Result<()> {
    let (desk, now) = (desk(options).await?, now());
    let (shelf, doer) = (desk.store.desk(), doer(&said.by, now));
    shelf
        .approve_experiment(name, &said.reason, planning_day(now), &doer)
        .await
        .map_err(in_words)?;
    print_line(&format!("{name} begins on its day; `duebell experiment stop` ends it at once"))
}

pub async fn stop(options: &Options, name: &str, said: &Word) -> anyhow::Result<()> {
    let (desk, doer) = (desk(options).await?, doer(&said.by, now()));
    desk.store.desk().stop_experiment(name, &said.reason, &doer).await.map_err(in_words)?;
    print_line(&format!("{name} is over: nothing is withheld any more"))
}

pub async fn list(options: &Options, json: bool) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let all = desk.store.experiments().await?;
    if json {
        return print_line(&serde_json::to_string_pretty(&all)?);
    }
    for one in &all {
        print_line(&told(one))?;
    }
    if all.is_empty() {
        return print_line("no experiment was ever proposed");
    }
    Ok(())
}

fn told(one: &Experiment) -> String {
    let Design { name, scenario, share, starts_on, ends_on, .. } = &one.design;
    let state = match (&one.stopped, &one.approved) {
        (Some(said), _) => format!("stopped by {}: {}", said.by, said.reason),
        (None, Some(said)) => format!("approved by {}", said.by),
        (None, None) => format!("proposed by {}", one.proposed.by),
    };
    let share = share * 100.0;
    format!("{name}: {share} % of {scenario} unreminded, {starts_on} to {ends_on}; {state}")
        .replace(char::is_control, " ")
}

pub async fn report(options: &Options, name: &str, json: bool) -> anyhow::Result<()> {
    let (desk, on) = (desk(options).await?, planning_day(now()));
    let all = desk.store.experiments().await?;
    let one = all.iter().find(|one| one.design.name == name);
    let one =
        one.with_context(|| format!("no experiment {name}; `duebell experiment list` has all"))?;
    let tallies = desk.store.tally(name, on).await?;
    let reading = Reading::of(&one.design, &tallies);
    if json {
        let of = |interval: Option<Interval>| interval.map(|it| [it.low, it.high]);
        return print_line(&serde_json::to_string_pretty(&json!({
            "experiment": one,
            "state": one.state(),
            "reminded": reading.reminded,
            "holdout": reading.holdout,
            "strata": tallies,
            "difference": reading.difference,
            "interval": of(reading.interval),
            "sure_percent": reading.sure(),
            "shown": reading.shown().to_string(),
            "saved": reading.saved().map(|it| it.0),
            "saved_interval": of(reading.saved().map(|it| it.1)),
            "opt_outs": reading.opt_outs.map(|it| it.0),
            "opt_outs_interval": of(reading.opt_outs.map(|it| it.1)),
            "arms_fit_p": reading.fit.p,
        }))?);
    }
    for line in words(one, &reading) {
        print_line(&line)?;
    }
    Ok(())
}

fn words(one: &Experiment, reading: &Reading) -> Vec<String> {
    let days = one.design.paid_within_days;
    let mut lines = vec![
        told(one),
        format!("looked at: whether the bill is settled {days} days after its due date"),
        String::new(),
        format!(
            "{:<12} {:>10} {:>10} {:>10} {:>8} {:>12}",
            "", "accounts", "day over", "settled", "share", "opted out"
        ),
    ];
    for (name, arm) in [("reminded", reading.reminded), ("unreminded", reading.holdout)] {
        let ArmCount { accounts, known, paid, opted_out } = arm;
        let share = match known {
            0 => "-".to_owned(),
            known => format!("{:.1} %", 100.0 * paid as f64 / known as f64),
        };
        lines.push(format!(
            "{name:<12} {accounts:>10} {known:>10} {paid:>10} {share:>8} {opted_out:>12}"
        ));
    }
    lines.push(String::new());
    if reading.fit.is_alarm() {
        lines.push(format!(
            "the arms are not as large as they were drawn (p = {:.2e}): something lost accounts of \
             one of them, and nothing below can be relied on",
            reading.fit.p
        ));
    }
    lines.push(effect(reading));
    if let Some((saved, interval)) = reading.saved().filter(|_| reading.shown() == Shown::More) {
        lines.push(format!(
            "of the reminded, about {saved:.0} paid in time who would not have ({:.0} to {:.0})",
            interval.low, interval.high
        ));
    }
    if let Some((difference, interval)) = reading.opt_outs {
        lines.push(format!(
            "complaints and opt-outs: {} points more of the reminded ({} to {}, to be read once, at \
             the end)",
            points(difference),
            points(interval.low),
            points(interval.high)
        ));
    }
    lines
}

fn effect(reading: &Reading) -> String {
    let (Some(difference), Some(interval)) = (reading.difference, reading.interval) else {
        return "too few days are over to say anything".to_owned();
    };
    let (low, high) = (points(interval.low), points(interval.high));
    let between = format!("{low} to {high} points, {} % sure on every day", reading.sure());
    match reading.shown() {
        Shown::Nothing => format!(
            "no effect shown: {} points more of the reminded settled in time ({between})",
            points(difference)
        ),
        Shown::More => {
            format!(
                "{} points more of the reminded settled in time ({between})",
                points(difference)
            )
        }
        Shown::Less => {
            format!(
                "{} points fewer of the reminded settled in time ({between})",
                points(-difference)
            )
        }
    }
}

fn points(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}
