//! `duebell check`: what is in force, and what is wrong with it, without starting.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::app;
use crate::config::{Laws, Settings};
use crate::model::law::{Line, SignOff};
use crate::pipeline::schedule::Schedule;
use crate::policy::law::Law;
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
            "settings": settings, "scenarios": loaded.scenarios, "laws": laws_as_json(&loaded.laws),
            "warnings": warnings,
        });
        return print_line(&serde_json::to_string_pretty(&report)?);
    }
    print_line(as_toml(&settings)?.trim_end())?;
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
    let laws = &loaded.laws;
    print_law(&laws.installation, "in force")?;
    for (scenario, law) in &laws.scenarios {
        print_law(law, &format!("for scenario {scenario}"))?;
    }
    for warning in &loaded.warnings {
        print_line(&format!("# warning: {warning}"))?;
    }
    print_line("# all is well")
}

/// As the file would say it. Tables of providers are JSON, and TOML knows no
/// null: what has no value is left out.
fn as_toml(settings: &Settings) -> anyhow::Result<String> {
    let mut json = serde_json::to_value(settings)?;
    without_nulls(&mut json);
    Ok(toml::to_string(&json)?)
}

fn without_nulls(json: &mut Value) {
    match json {
        Value::Object(table) => {
            table.retain(|_, value| !value.is_null());
            table.values_mut().for_each(without_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(without_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// By scenario, where one has a law of its own.
fn laws_as_json(laws: &Laws) -> Value {
    serde_json::json!({ "installation": laws.installation, "scenarios": laws.scenarios })
}

/// Every value of a law, how sure it is, and where it comes from.
fn print_law(law: &Law, place: &str) -> anyhow::Result<()> {
    print_line(&format!("# law {} {place}: {}", law.name, law.about))?;
    for Line { key, value, source, certainty, from, signed_off } in &law.values {
        let value = toml::Value::try_from(value)?;
        print_line(&format!("#   {key} = {value}"))?;
        print_line(&format!("#     {certainty}, {from}: {source}"))?;
        if let Some(SignOff { by, on, reason, instead_of }) = signed_off {
            let instead_of = toml::Value::try_from(instead_of)?;
            print_line(&format!(
                "#     looser than {instead_of}; signed off by {by} on {on}: {reason}"
            ))?;
        }
    }
    Ok(())
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
