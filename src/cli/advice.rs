//! `duebell advice`: what the billing system is advised to do, for whoever
//! takes it there by hand.

use anyhow::ensure;
use clap::Subcommand;
use serde_json::Value;

use crate::model::review::AdviceLine;

use super::context::{Options, desk, doer, now};
use super::output::print_line;

#[derive(Debug, Subcommand)]
pub enum Advice {
    /// List advice that the billing system has not taken, the oldest first
    List {
        /// That which it has taken as well
        #[arg(long)]
        all: bool,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        #[arg(long)]
        json: bool,
    },
    /// Say that somebody has seen to it by hand
    Done {
        id: String,
        /// Who has
        #[arg(long, value_name = "NAME")]
        by: String,
    },
}

pub async fn run(options: &Options, command: Advice) -> anyhow::Result<()> {
    match command {
        Advice::List { all, limit, json } => list(options, all, limit, json).await,
        Advice::Done { id, by } => done(options, &id, &by).await,
    }
}

async fn list(options: &Options, all: bool, limit: u32, json: bool) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let lines = desk.store.desk().advice(all, limit).await?;
    if json {
        let mut shown = Vec::with_capacity(lines.len());
        for line in &lines {
            // The body stands as what it is, and not as a text in a text.
            let mut value = serde_json::to_value(line)?;
            value["body"] = serde_json::from_str::<Value>(&line.advice.body)?;
            shown.push(value);
        }
        return print_line(&serde_json::to_string_pretty(&shown)?);
    }
    for line in &lines {
        print_line(&told(line))?;
    }
    if lines.is_empty() {
        print_line("the billing system has all advice")?;
    }
    Ok(())
}

fn told(line: &AdviceLine) -> String {
    let time = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%MZ").to_string();
    let advice = &line.advice;
    let stands = match (line.sent_at, line.next_at) {
        (Some(at), _) => format!("taken on {}", time(at)),
        (None, Some(at)) if line.attempts > 0 => format!("tried again on {}", time(at)),
        (None, Some(_)) => "not sent yet".to_owned(),
        (None, None) => "given up; somebody must see to it".to_owned(),
    };
    let error = line.last_error.as_ref().map_or(String::new(), |error| format!(": {error}"));
    let made = time(advice.made_at);
    let words =
        format!("{}  {}  {} of {made}; {stands}{error}", advice.id, advice.account, advice.outcome);
    words.replace(char::is_control, " ")
}

async fn done(options: &Options, id: &str, by: &str) -> anyhow::Result<()> {
    ensure!(!by.trim().is_empty(), "--by is empty; name who has seen to it");
    let desk = desk(options).await?;
    let doer = doer(by, now());
    let is_done = desk.store.desk().advice_done(id, &doer).await?;
    ensure!(is_done, "no advice {id} is left to do; `duebell advice list` has those that are");
    print_line(&format!("{id}: seen to by {by}"))
}
