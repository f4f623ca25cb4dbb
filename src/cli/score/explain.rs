//! `duebell score explain`: where a row's score comes from.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::risk::scorecard::{Against, Card, Reason, Scored, Value};

use super::table::{Table, kinds_of};
use super::{champion, read_card};
use crate::cli::context::Options;
use crate::cli::output::print_line;

#[derive(Debug, Args)]
pub struct Explain {
    /// An account, scored by the card in use; or, before a table, a card that `duebell score fit` wrote
    #[arg(value_name = "ACCOUNT|CARD")]
    what: String,
    /// A table with the card's columns (CSV, may be gzipped)
    #[arg(requires = "row")]
    table: Option<PathBuf>,
    /// Which row, the first after the header being 1
    #[arg(long, value_name = "N", requires = "table")]
    row: Option<usize>,
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
pub struct Explained<'a> {
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

pub async fn run(options: &Options, args: Explain) -> anyhow::Result<()> {
    let against = match args.against {
        Mark::Best => Against::Best,
        Mark::Mean => Against::Mean,
    };
    let (Some(file), Some(number)) = (&args.table, args.row) else {
        return champion::explain(options, &args.what, (against, args.reasons), args.json).await;
    };
    let card = read_card(Path::new(&args.what))?;
    let table = Table::read(file, &kinds_of(&card))?;
    ensure!(
        (1..=table.rows()).contains(&number),
        "there is no row {number}; {} has rows 1 to {}",
        file.display(),
        table.rows()
    );
    let scorer =
        card.over(&table.names()).with_context(|| format!("could not score {}", file.display()))?;
    let row: Vec<Value> =
        table.columns.iter().map(|column| column.values[number - 1].clone()).collect();
    let scored = scorer.scored(&row);
    let explained = explained(&card, &table.names(), &row, &scored, (against, args.reasons));
    if args.json {
        return print_line(&serde_json::to_string_pretty(&explained)?);
    }
    show(&explained)
}

/// The points of a row whose values come in the order of `names`.
pub fn explained<'a, N: AsRef<str>>(
    card: &'a Card,
    names: &[N],
    row: &[Value],
    scored: &Scored,
    (against, most): (Against, usize),
) -> Explained<'a> {
    let characteristics = card.characteristics.iter().zip(&scored.places).map(|(it, place)| {
        let column = names.iter().position(|name| name.as_ref() == it.name);
        let value = column.and_then(|column| match &row[column] {
            Value::Number(number) => Some(number.to_string()),
            Value::Category(name) => Some(name.to_string()),
            Value::Missing => None,
        });
        let bin = &it.bins[*place];
        Part { name: &it.name, value, bin: bin.holds.to_string(), points: bin.points }
    });
    Explained {
        card: &card.version,
        score: scored.score,
        probability_bad: scored.probability,
        start: card.start,
        characteristics: characteristics.collect(),
        reasons: card.reasons(scored, against, most),
    }
}

pub fn show(explained: &Explained) -> anyhow::Result<()> {
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
