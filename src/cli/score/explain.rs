//! `duebell score explain`: where a row's score comes from.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::risk::scorecard::{Against, Reason, Value};

use super::read_card;
use super::table::{Table, kinds_of};
use crate::cli::output::print_line;

#[derive(Debug, Args)]
pub struct Explain {
    /// A card that `duebell score fit` wrote
    card: PathBuf,
    /// A table with the card's columns (CSV, may be gzipped)
    table: PathBuf,
    /// Which row, the first after the header being 1
    #[arg(long, value_name = "N")]
    row: usize,
    /// What points are measured against
    #[arg(long, value_enum, default_value_t = Mark::Best)]
    against: Mark,
    /// Reasons, at most
    #[arg(long, value_name = "N", default_value_t = 4)]
    reasons: usize,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mark {
    /// The best bin of each characteristic
    Best,
    /// The mean of the accounts that the card was fitted on
    Mean,
}

#[derive(Serialize)]
struct Explained<'a> {
    card: &'a str,
    score: i32,
    probability_bad: f64,
    start: i32,
    characteristics: Vec<Part<'a>>,
    reasons: Vec<Reason>,
}

#[derive(Serialize)]
struct Part<'a> {
    name: &'a str,
    value: Option<String>,
    bin: String,
    points: i32,
}

pub fn run(args: Explain) -> anyhow::Result<()> {
    let card = read_card(&args.card)?;
    let table = Table::read(&args.table, &kinds_of(&card))?;
    ensure!(
        (1..=table.rows()).contains(&args.row),
        "there is no row {}; {} has rows 1 to {}",
        args.row,
        args.table.display(),
        table.rows()
    );
    let scorer = card
        .over(&table.names())
        .with_context(|| format!("could not score {}", args.table.display()))?;
    let row: Vec<Value> =
        table.columns.iter().map(|column| column.values[args.row - 1].clone()).collect();
    let scored = scorer.scored(&row);
    let against = match args.against {
        Mark::Best => Against::Best,
        Mark::Mean => Against::Mean,
    };
    let characteristics = card.characteristics.iter().zip(&scored.places).map(|(it, place)| {
        let column = table.columns.iter().position(|column| column.name == it.name);
        let value = column.and_then(|column| match &row[column] {
            Value::Number(number) => Some(number.to_string()),
            Value::Category(name) => Some(name.to_string()),
            Value::Missing => None,
        });
        let bin = &it.bins[*place];
        Part { name: &it.name, value, bin: bin.holds.to_string(), points: bin.points }
    });
    let explained = Explained {
        card: &card.version,
        score: scored.score,
        probability_bad: scored.probability,
        start: card.start,
        characteristics: characteristics.collect(),
        reasons: card.reasons(&scored, against, args.reasons),
    };
    if args.json {
        return print_line(&serde_json::to_string_pretty(&explained)?);
    }
    show(&explained)
}

fn show(explained: &Explained) -> anyhow::Result<()> {
    print_line(&format!(
        "score {} (a bad end: {:.1} %), card {}",
        explained.score,
        100.0 * explained.probability_bad,
        explained.card
    ))?;
    print_line(&format!("{:>6} to start with", explained.start))?;
    for part in &explained.characteristics {
        let value = part.value.as_deref().unwrap_or("-");
        print_line(&format!("{:>+6} {} {} ({value})", part.points, part.name, part.bin))?;
    }
    print_line("what costs most:")?;
    for reason in &explained.reasons {
        print_line(&format!("  {}", reason.words))?;
    }
    Ok(())
}
