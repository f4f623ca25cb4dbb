//! `duebell score`: fit a scorecard to a table, and look at what it says.

mod champion;
mod explain;
mod fairness;
mod fit;
mod own;
mod show;
mod table;

use std::path::Path;

use anyhow::Context;
use clap::Subcommand;

use crate::cli::context::Options;
use crate::risk::scorecard::Card;

#[derive(Debug, Subcommand)]
pub enum Score {
    /// Fit a card to rows whose end is known, and judge it on rows it has not seen
    Fit(Box<fit::Fit>),
    /// Write a table of the ledger's own bills to fit a card to
    Table(own::Own),
    /// Show where the score of an account, or of a row, comes from
    Explain(explain::Explain),
    /// Put a card in use: accounts are scored by it from then on
    Promote(champion::Promote),
    /// Take the card out of use: nobody is scored any more
    Retire(champion::Retire),
    /// Show how a card errs with groups of people
    Fairness(fairness::Fairness),
}

pub async fn run(options: &Options, command: Score) -> anyhow::Result<()> {
    match command {
        Score::Fit(args) => fit::run(&args),
        Score::Table(args) => own::run(options, &args).await,
        Score::Explain(args) => explain::run(options, args).await,
        Score::Promote(args) => champion::promote(options, args).await,
        Score::Retire(args) => champion::retire(options, args).await,
        Score::Fairness(args) => fairness::run(args),
    }
}

fn read_card(file: &Path) -> anyhow::Result<Card> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("could not read {}", file.display()))?;
    Card::parse(&text).with_context(|| format!("{} is no card to be used", file.display()))
}
