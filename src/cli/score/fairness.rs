//! `duebell score fairness`: how a card errs with groups of people.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::risk::scorecard::fairness::{FEW, Group, cut, groups};
use crate::risk::scorecard::{Sample, Value};

use super::read_card;
use super::table::{Kind, Table, kinds_of};
use crate::cli::output::print_line;

#[derive(Debug, Args)]
pub struct Fairness {
    /// A card that `duebell score fit` wrote
    card: PathBuf,
    /// Rows whose end is known, best such as the card was not fitted on (CSV, may be gzipped)
    table: PathBuf,
    /// The column that says who belongs together; it may be one that no card is built on
    #[arg(long, value_name = "COLUMN")]
    group: String,
    /// Rows that score less are flagged; by default as many are flagged as ended badly
    #[arg(long, value_name = "SCORE")]
    cut: Option<i32>,
}

pub fn run(args: Fairness) -> anyhow::Result<()> {
    let card = read_card(&args.card)?;
    let of_card = kinds_of(&card);
    let kinds = |name: &str| if name == card.target { Kind::Category } else { of_card(name) };
    let table = Table::read(&args.table, &kinds)?;
    let is_bad = table.ends(&card.target, &card.bad, None)?;
    let names: Vec<String> = table
        .column(&args.group, "--group")?
        .values
        .iter()
        .map(|value| match value {
            Value::Category(name) => name.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Missing => "(empty)".to_owned(),
        })
        .collect();
    let sample = Sample { columns: table.columns, is_bad };
    let scored = card
        .over(&sample.names())
        .with_context(|| format!("could not score {}", args.table.display()))?
        .all(&sample);
    let cut = args.cut.unwrap_or_else(|| cut(&scored, sample.bads()));
    print_line(&format!("card {}, flagged below {cut} points, by {}", card.version, args.group))?;
    print_line(&format!(
        "{:<20} {:>8} {:>7} {:>8} {:>10} {:>10} {:>9} {:>7} {:>7} {:>6}",
        "", "rows", "bad", "flagged", "good,", "bad, not", "foretold", "came", "off by", "AUC"
    ))?;
    print_line(&format!("{:<46} {:>10} {:>10}", "", "flagged", "flagged"))?;
    let groups = groups(&scored, &sample.is_bad, &names, cut);
    for group in &groups {
        print_line(&line(group))?;
    }
    if groups.iter().any(Group::is_small) {
        print_line(&format!("* fewer than {FEW} bad or good rows: says little"))?;
    }
    Ok(())
}

fn line(group: &Group) -> String {
    let share =
        |share: Option<f64>| share.map_or("-".to_owned(), |it| format!("{:.1}%", 100.0 * it));
    let rows = group.rows.rows();
    format!(
        "{:<20} {rows:>8} {:>7} {:>8} {:>10} {:>10} {:>8.1}% {:>6.1}% {:>+7.1} {:>6}",
        format!("{}{}", group.name, if group.is_small() { " *" } else { "" }),
        group.rows.bads,
        share((rows > 0).then(|| group.flagged.rows() as f64 / rows as f64)),
        share(group.false_positives()),
        share(group.false_negatives()),
        100.0 * group.foretold,
        100.0 * group.came(),
        100.0 * group.calibration(),
        group.auc.map_or("-".to_owned(), |auc| format!("{auc:.3}")),
    )
}
