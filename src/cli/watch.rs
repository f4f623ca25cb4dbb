//! `duebell watch`: whom early warning names before anything is overdue.

use clap::Args;

use crate::model::billing::plus_days;
use crate::model::cause::Response;
use crate::pipeline::planning_day;

use super::context::{Options, desk, now};
use super::output::print_line;

#[derive(Debug, Args)]
pub struct Watch {
    /// The lists of so many days, today's first
    #[arg(long, default_value_t = 1)]
    days: u16,
    /// At most so many accounts
    #[arg(long, default_value_t = 100)]
    limit: u32,
    #[arg(long)]
    json: bool,
}

pub async fn run(options: &Options, args: Watch) -> anyhow::Result<()> {
    let Watch { days, limit, json } = args;
    let desk = desk(options).await?;
    let since = plus_days(planning_day(now()), 1 - i32::from(days.max(1)));
    let list = desk.store.desk().watch_list(since, limit).await?;
    if json {
        return print_line(&serde_json::to_string_pretty(&list)?);
    }
    for one in &list {
        let care =
            if one.asks_for(Response::Care) { "care looks at it" } else { "a friendly word" };
        print_line(&format!(
            "{}  {}  until {}: {care}",
            one.watched_on, one.account, one.until_on
        ))?;
        for warning in &one.warnings {
            print_line(&format!("    {} {}: {}", warning.weight, warning.rule, warning.says))?;
        }
    }
    if list.is_empty() {
        print_line("nobody is on the watch list")?;
    }
    Ok(())
}
