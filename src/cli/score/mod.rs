//! `duebell score`: fit a scorecard to a table, and look at what it says.

mod explain;
mod fairness;
mod fit;
mod show;
mod table;

use std::path::Path;

use anyhow::Context;
use clap::Subcommand;

use crate::risk::scorecard::Card;

#[derive(Debug, Subcommand)]
pub enum Score {
    /// Fit a card to rows whose end is known, and judge it on rows it has not seen
    Fit(Box<fit::Fit>),
    /// Show where a row's score comes from
    Explain(explain::Explain),
    /// Show how a card errs with groups of people
    Fairness(fairness::Fairness),
}

pub fn run(command: Score) -> anyhow::Result<()> {
    match command {
        Score::Fit(args) => fit::run(&args),
        Score::Explain(args) => explain::run(args),
        Score::Fairness(args) => fairness::run(args),
    }
}

fn read_card(file: &Path) -> anyhow::Result<Card> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("could not read {}", file.display()))?;
    Card::parse(&text).with_context(|| format!("{} is no card to be used", file.display()))
}
