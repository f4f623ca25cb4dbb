//! `duebell score promote`, `retire` and `explain ACCOUNT`: the scorecard in use.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::cli::context::{By, Desk, Options, desk, now};
use crate::cli::output::print_line;
use crate::cli::story::bucket;
use crate::model::AccountId;
use crate::model::audit::Act;
use crate::model::control::CARD;
use crate::pipeline::planning_day;
use crate::risk::scorecard::own::{Champion, names};
use crate::risk::scorecard::{Against, Card};

use super::explain::{explained, show};
use super::read_card;

#[derive(Debug, Args)]
pub struct Promote {
    /// A card that `duebell score fit` wrote, from a table of `duebell score table`
    card: PathBuf,
    /// Why it takes the place of the one in use
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct Retire {
    /// Why nobody is to be scored any more
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    by: By,
}

async fn in_use(desk: &Desk) -> anyhow::Result<Option<Card>> {
    let text = desk.store.control_value(CARD).await?;
    let card = text.map(|text| Card::parse(&text)).transpose();
    card.context("the card in use cannot be read; promote another")
}

pub async fn promote(options: &Options, args: Promote) -> anyhow::Result<()> {
    let Promote { card, reason, by } = args;
    ensure!(!reason.trim().is_empty(), "--reason is empty; say why this card is the better one");
    let file = card.display().to_string();
    let card = read_card(&card)?;
    let champion = Champion::new(card).with_context(|| {
        format!("{file} asks for more than the ledger knows of an account: {}", names().join(", "))
    })?;
    let desk = desk(options).await?;
    let before = in_use(&desk).await.ok().flatten().map(|card| card.version);
    let card = champion.card();
    let details = json!({ "before": before, "reason": reason });
    let deed = by.doer(now())?.deed(Act::CardPromoted, card.version.clone(), details);
    desk.store.desk().switch(CARD, Some(&card.to_toml()), deed).await?;
    print_line(&format!(
        "card {} is in use: accounts are scored when they are looked at next",
        card.version
    ))
}

pub async fn retire(options: &Options, args: Retire) -> anyhow::Result<()> {
    let Retire { reason, by } = args;
    ensure!(!reason.trim().is_empty(), "--reason is empty; say why");
    let desk = desk(options).await?;
    let before = in_use(&desk).await.ok().flatten().map(|card| card.version);
    let deed = by.doer(now())?.deed(Act::CardRetired, before, json!({ "reason": reason }));
    desk.store.desk().switch(CARD, None, deed).await?;
    print_line("no card is in use: nobody is scored")
}

#[derive(Serialize)]
struct Nothing {
    score: Option<i32>,
}

/// Where an account's score comes from, by the card in use.
pub async fn explain(
    options: &Options,
    account: &str,
    how: (Against, usize),
    json: bool,
) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let account = AccountId::from(account);
    bucket(&desk, &account).await?;
    let card = in_use(&desk).await?;
    let card = card.context("no card is in use; `duebell score promote` puts one")?;
    let champion =
        Champion::new(card).context("the card in use cannot be used; promote another")?;
    let bills = desk.store.desk().bills(&account).await?;
    let Some((row, scored)) = champion.scored(&bills, planning_day(now())) else {
        return match json {
            true => print_line(&serde_json::to_string_pretty(&Nothing { score: None })?),
            false => print_line(&format!("{account} owes nothing, so it has no score")),
        };
    };
    let explained = explained(champion.card(), &names(), &row, &scored, how);
    if json {
        return print_line(&serde_json::to_string_pretty(&explained)?);
    }
    show(&explained)
}
