//! `duebell status` and `duebell rejects`: where the installation stands.

use jiff::SignedDuration;
use serde::Serialize;

use crate::model::Money;
use crate::model::brake::Alarm;
use crate::model::feed::Feed;
use crate::pipeline;
use crate::risk::value::Way;
use crate::store::{ControlStore, FeedLine, NewCodeLine, Spared, StateCounts};

use super::context::{Desk, Options, desk, now};
use super::output::print_line;

/// For so long a code that a provider answered, and that is new to us, is shown.
const NEW_CODES_OF: SignedDuration = SignedDuration::from_hours(7 * 24);
/// More would be as much as none.
const TASKS_MAX: u32 = 100_000;

#[derive(Serialize)]
struct Status {
    scenarios: Vec<ScenarioLine>,
    kill_switch: bool,
    brake: Option<Alarm>,
    stopped: Vec<String>,
    planned_through: Option<jiff::civil::Date>,
    feeds: Vec<FeedLine>,
    reminders: StateCounts,
    items_sent: StateCounts,
    why_not: StateCounts,
    /// Of the last days.
    new_codes: Vec<NewCodeLine>,
    left_alone: Vec<LeftAlone>,
    tasks_open: usize,
    tasks_overdue: usize,
}

/// What leaving alone came to of those who pay alone.
#[derive(Serialize)]
struct LeftAlone {
    #[serde(flatten)]
    spared: Spared,
    /// What the contacts that nobody needed would have cost by the step's first
    /// channel; `None` where there is no figure.
    saved: Option<String>,
}

#[derive(Serialize)]
struct ScenarioLine {
    name: String,
    version: String,
    live_since: Option<jiff::civil::Date>,
}

pub async fn status(options: &Options, json: bool) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let control = desk.store.control().await?;
    let shelf = desk.store.desk();
    let tasks = shelf.tasks(TASKS_MAX).await?;
    let scenarios = desk.scenarios.current().iter().map(|one| ScenarioLine {
        name: one.scenario.name.clone(),
        version: one.version.clone(),
        live_since: control.live_since(&one.scenario.name),
    });
    let status = Status {
        scenarios: scenarios.collect(),
        kill_switch: control.kill_switch,
        brake: control.brake,
        stopped: control.stopped.iter().map(ToString::to_string).collect(),
        planned_through: shelf.planned_through().await?,
        feeds: shelf.feeds().await?,
        reminders: shelf.by_state().await?,
        items_sent: shelf.by_step().await?,
        why_not: shelf.by_reason().await?,
        new_codes: shelf.new_codes(now() - NEW_CODES_OF).await?,
        left_alone: shelf.spared().await?.into_iter().map(|it| left_alone(&desk, it)).collect(),
        tasks_open: tasks.len(),
        tasks_overdue: tasks.iter().filter(|task| task.is_overdue(now())).count(),
    };
    if json {
        return print_line(&serde_json::to_string_pretty(&status)?);
    }
    status.print(&desk.loaded.settings.pipeline)
}

impl Status {
    fn print(&self, limits: &pipeline::Settings) -> anyhow::Result<()> {
        for scenario in &self.scenarios {
            let mode = match scenario.live_since {
                Some(since) => format!("live since {since}"),
                None => "observing: nothing is sent".into(),
            };
            print_line(&format!("scenario   {} ({}): {mode}", scenario.name, scenario.version))?;
        }
        if self.kill_switch {
            print_line("sending    halted by the kill switch; `duebell resume` clears it")?;
        }
        if let Some(alarm) = &self.brake {
            print_line(&format!("brake      on: {alarm}; `duebell release` lets sending go on"))?;
        }
        for what in &self.stopped {
            print_line(&format!("stopped    {what}; `duebell resume --{what}` lets it go on"))?;
        }
        match self.planned_through {
            Some(day) => print_line(&format!("planned    through {day}"))?,
            None => print_line("planned    not yet; `duebell run` plans")?,
        }
        for feed in &self.feeds {
            let age = now().duration_since(feed.read_at).as_secs().max(0);
            let (age_max_s, what) = match Feed::parse(&feed.feed) {
                Some(Feed::Evidence(_)) => {
                    (limits.evidence_age_max_s, "; stale, so it counts as missing")
                }
                _ => (limits.feed_age_max_s, "; stale, so sending waits"),
            };
            let stale = if age > i64::from(age_max_s) { what } else { "" };
            print_line(&format!(
                "feed       {}: {} read = {} used + {} set aside, {} ago{stale}",
                feed.feed,
                feed.read,
                feed.used,
                feed.set_aside,
                in_words(age)
            ))?;
        }
        for (what, counts) in [
            ("reminders", &self.reminders),
            ("items sent", &self.items_sent),
            ("not sent", &self.why_not),
        ] {
            let listed: Vec<String> =
                counts.iter().map(|(name, n)| format!("{n} {name}")).collect();
            let listed = if listed.is_empty() { "none".to_owned() } else { listed.join(", ") };
            print_line(&format!("{what:<10} {listed}"))?;
        }
        for NewCodeLine { provider, code, count, last_at } in &self.new_codes {
            print_line(&format!(
                "new code   {provider}: {code}, {count} in the last 7 days, last at {last_at}"
            ))?;
        }
        for LeftAlone { spared, saved } in &self.left_alone {
            let Spared { step, kept_back, paid_alone, .. } = spared;
            let saved = saved.as_ref().map_or(String::new(), |it| format!(", {it} saved"));
            print_line(&format!(
                "left alone {step} for {kept_back} bills of who pays alone; {paid_alone} paid without a word{saved}"
            ))?;
        }
        if self.tasks_open > 0 {
            let overdue = match self.tasks_overdue {
                0 => String::new(),
                n => format!(", {n} overdue: `duebell tasks --overdue`"),
            };
            print_line(&format!("tasks      {} open{overdue}", self.tasks_open))?;
        }
        Ok(())
    }
}

fn left_alone(desk: &Desk, spared: Spared) -> LeftAlone {
    let scenarios = desk.scenarios.current().iter();
    let steps = scenarios.filter_map(|one| one.scenario.step(&spared.step));
    let channel = steps.filter_map(|step| step.channels.first()).next();
    let figures = &desk.loaded.yardsticks.figures;
    let cost = channel.and_then(|it| figures.way(spared.currency, Way::Channel(*it)));
    let saved = cost.map(|(costs, _)| costs.saturating_mul(spared.paid_alone));
    LeftAlone { saved: saved.map(|it| Money::new(it, spared.currency).to_string()), spared }
}

fn in_words(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

pub async fn rejects(options: &Options, limit: u32, json: bool) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let lines = desk.store.desk().rejects(limit).await?;
    if json {
        return print_line(&serde_json::to_string_pretty(&lines)?);
    }
    for line in &lines {
        let kind = if line.is_warning { "warning " } else { "aside   " };
        print_line(&format!("{kind} {} {}: {} {}", line.feed, line.row, line.field, line.reason))?;
    }
    if lines.is_empty() {
        print_line("nothing was set aside")?;
    }
    Ok(())
}
