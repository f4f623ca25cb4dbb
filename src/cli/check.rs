//! `duebell check`: what is in force, and what is wrong with it, without starting.

use jiff::tz::TimeZone;

use crate::app;
use crate::pipeline::schedule::Schedule;
use crate::store::without_password;

use super::context::{Options, now};
use super::output::print_line;

/// Fire times shown per schedule.
const FIRES: usize = 3;

pub fn run(options: &Options, json: bool) -> anyhow::Result<()> {
    let loaded = options.load()?;
    let mut settings = loaded.settings;
    // The keys are read, as the daemon would.
    app::links(&settings)?;
    settings.store.url = without_password(&settings.store.url);
    if let Some(source) = &mut settings.source {
        source.url = without_password(&source.url);
    }
    if json {
        let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
        let report = serde_json::json!({
            "settings": settings, "scenarios": loaded.scenarios, "warnings": warnings,
        });
        return print_line(&serde_json::to_string_pretty(&report)?);
    }
    print_line(toml::to_string(&settings)?.trim_end())?;
    print_line("")?;
    for (name, cron, zone) in [
        ("plan", &settings.pipeline.plan_at, &settings.pipeline.plan_zone),
        ("housekeeping", &settings.pipeline.housekeeping_at, &settings.pipeline.housekeeping_zone),
    ] {
        print_line(&format!("# {name} comes at {}", fires(cron, zone)?))?;
    }
    for scenario in &loaded.scenarios {
        let steps: Vec<String> = scenario
            .steps
            .iter()
            .map(|step| format!("{} {:+}d {}", step.name, step.offset_days, step.severity.as_str()))
            .collect();
        print_line(&format!(
            "# scenario {} ({}): {}",
            scenario.name,
            scenario.version(),
            steps.join(", ")
        ))?;
    }
    for warning in &loaded.warnings {
        print_line(&format!("# warning: {warning}"))?;
    }
    print_line("# all is well")
}

fn fires(cron: &str, zone: &str) -> anyhow::Result<String> {
    let schedule = Schedule::parse(cron, zone)?;
    let zone = TimeZone::get(zone)?;
    let mut at = now();
    let mut times = Vec::new();
    while let Some(next) = schedule.next_after(at).filter(|_| times.len() < FIRES) {
        times.push(next.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string());
        at = next;
    }
    Ok(times.join(", "))
}
