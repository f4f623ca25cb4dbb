//! `duebell live`, `observe`, `halt` and `resume`: what may be sent at all.

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;

use crate::model::Channel;
use crate::model::audit::Act;
use crate::model::billing::plus_days;
use crate::model::brake::{Because, Released};
use crate::model::control::{KILL_SWITCH, Stopped};
use crate::pipeline::planning_day;
use crate::store::ControlStore;

use super::context::{By, Desk, Options, desk, now};
use super::output::print_line;

/// The scenarios meant: the one named, or all.
fn meant(desk: &Desk, scenario: Option<&str>) -> anyhow::Result<Vec<String>> {
    let all: Vec<String> =
        desk.scenarios.current().iter().map(|one| one.scenario.name.clone()).collect();
    match scenario {
        None => Ok(all),
        Some(name) => {
            ensure!(
                all.iter().any(|known| known == name),
                "no scenario {name:?}; there are: {}",
                all.join(", ")
            );
            Ok(vec![name.to_owned()])
        }
    }
}

/// Which scenarios; all where none is named.
#[derive(Debug, Args)]
pub struct Which {
    scenario: Option<String>,
    #[command(flatten)]
    by: By,
}

/// From the first day that was not planned while observing, reminders are sent.
pub async fn live(options: &Options, Which { scenario, by }: &Which) -> anyhow::Result<()> {
    let doer = by.doer(now())?;
    let desk = desk(options).await?;
    let control = desk.store.control().await?;
    let after_plan =
        desk.store.desk().planned_through().await?.map(|through| plus_days(through, 1));
    let since = planning_day(now()).max(after_plan.unwrap_or(jiff::civil::Date::MIN));
    for name in meant(&desk, scenario.as_deref())? {
        let since = match control.live_since(&name) {
            Some(already) => already,
            None => {
                let deed = doer.deed(Act::Live, name.clone(), json!({ "since": since }));
                let (switch, since_on) = (format!("live:{name}"), since.to_string());
                desk.store.desk().switch(&switch, Some(&since_on), deed).await?;
                since
            }
        };
        print_line(&format!(
            "{name} is live: steps that fall due from {since} on are sent; earlier ones count as superseded"
        ))?;
    }
    if control.kill_switch {
        print_line("the kill switch is set all the same: nothing is sent until `duebell resume`")?;
    }
    Ok(())
}

pub async fn observe(options: &Options, Which { scenario, by }: &Which) -> anyhow::Result<()> {
    let doer = by.doer(now())?;
    let desk = desk(options).await?;
    for name in meant(&desk, scenario.as_deref())? {
        let deed = doer.deed(Act::Observe, name.clone(), json!({}));
        desk.store.desk().switch(&format!("live:{name}"), None, deed).await?;
        print_line(&format!(
            "{name} observes: reminders are planned and recorded, and nothing is sent"
        ))?;
    }
    Ok(())
}

/// A part of what is sent; all of it where nothing is named.
#[derive(Debug, Args)]
pub struct Part {
    /// sms, voice, email or letter; reminders go by the other channels of their step
    #[arg(long, value_name = "CHANNEL", group = "part")]
    channel: Option<String>,
    /// By its name in the settings; others of its channels take its place
    #[arg(long, value_name = "NAME", group = "part")]
    provider: Option<String>,
    #[arg(long, value_name = "NAME", group = "part")]
    scenario: Option<String>,
    #[command(flatten)]
    by: By,
}

impl Part {
    /// `None` for all of it.
    fn meant(&self, desk: &Desk) -> anyhow::Result<Option<Stopped>> {
        if let Some(name) = &self.channel {
            let channel = Channel::parse(name);
            let channel = channel
                .with_context(|| format!("no channel {name}; use sms, voice, email or letter"))?;
            return Ok(Some(Stopped::Channel(channel)));
        }
        if let Some(name) = &self.provider {
            let known = desk.loaded.settings.provider.contains_key(name);
            ensure!(known, "no provider {name} in the settings; `duebell check` lists them");
            return Ok(Some(Stopped::Provider(name.clone())));
        }
        match &self.scenario {
            Some(name) => Ok(meant(desk, Some(name))?.pop().map(Stopped::Scenario)),
            None => Ok(None),
        }
    }
}

/// What was found when the brake had asked.
#[derive(Debug, Args)]
pub struct Release {
    /// expected: it is as it should be, and usual from now on; mended: something
    /// was wrong, and those days are no measure
    #[arg(long, value_name = "WHAT")]
    because: String,
    #[command(flatten)]
    by: By,
}

pub async fn release(options: &Options, Release { because, by }: &Release) -> anyhow::Result<()> {
    let doer = by.doer(now())?;
    let because = Because::parse(because)
        .with_context(|| format!("no such finding {because}; use expected or mended"))?;
    let desk = desk(options).await?;
    let Some(alarm) = desk.store.control().await?.brake else {
        return print_line("the brake is not on: nothing is held back by it");
    };
    let tallies = desk.store.tallies(alarm.on).await?;
    let released = Released::of(&alarm, &tallies, planning_day(now()), because);
    let deed = doer.deed(Act::Released, None, json!(released));
    desk.store.desk().release(&released, deed).await?;
    print_line(&format!("the brake is off; it was: {alarm}"))
}

pub async fn halt(options: &Options, part: &Part) -> anyhow::Result<()> {
    let doer = part.by.doer(now())?;
    let desk = desk(options).await?;
    match part.meant(&desk)? {
        None => {
            let deed = doer.deed(Act::Halt, None, json!({}));
            desk.store.desk().switch(KILL_SWITCH, Some("on"), deed).await?;
            print_line("the kill switch is set: nothing is sent until `duebell resume`")
        }
        Some(what) => {
            let deed = doer.deed(Act::Halt, what.to_string(), json!({}));
            desk.store.desk().switch(&format!("stop:{what}"), Some("on"), deed).await?;
            print_line(&format!("{what} is stopped until `duebell resume --{what}`"))
        }
    }
}

pub async fn resume(options: &Options, part: &Part) -> anyhow::Result<()> {
    let doer = part.by.doer(now())?;
    let desk = desk(options).await?;
    match part.meant(&desk)? {
        None => {
            let deed = doer.deed(Act::Resume, None, json!({}));
            desk.store.desk().switch(KILL_SWITCH, None, deed).await?;
            print_line("the kill switch is cleared")?;
        }
        Some(what) => {
            let deed = doer.deed(Act::Resume, what.to_string(), json!({}));
            desk.store.desk().switch(&format!("stop:{what}"), None, deed).await?;
            print_line(&format!("{what} goes on"))?;
        }
    }
    let control = desk.store.control().await?;
    if control.kill_switch {
        print_line("the kill switch is still set: nothing is sent until `duebell resume`")?;
    }
    if let Some(alarm) = &control.brake {
        print_line(&format!("the brake is on, and `duebell release` lets go: {alarm}"))?;
    }
    for what in &control.stopped {
        print_line(&format!("{what} is still stopped; `duebell resume --{what}` lets it go on"))?;
    }
    Ok(())
}
