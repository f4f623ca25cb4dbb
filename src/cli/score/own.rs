//! `duebell score table`: a table to fit a card to, from the operator's own
//! bills: a row for each whose end is known, with what was known of its account
//! when the day of its issue began.

use std::fs::File;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use jiff::civil::Date;

use crate::cli::context::{Options, desk, now};
use crate::cli::output::print_line;
use crate::model::billing::{days_between, plus_days};
use crate::model::{Bill, Bucket};
use crate::pipeline::planning_day;
use crate::risk::scorecard::Value;
use crate::risk::scorecard::history::{NAMES, as_of};

#[derive(Debug, Args)]
pub struct Own {
    /// A bill ends badly if it is paid more than so many days late, or not at all
    #[arg(long, value_name = "DAYS", default_value_t = 15, value_parser = clap::value_parser!(i32).range(0..=365))]
    late_days: i32,
    /// The table is written to this file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub async fn run(options: &Options, args: &Own) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let today = planning_day(now());
    let shown = args.out.display();
    let file = File::create(&args.out).with_context(|| format!("could not write {shown}"))?;
    let mut table = csv::Writer::from_writer(file);
    table
        .write_record(["issued_on", "currency", "amount"].iter().chain(&NAMES).chain(&["late"]))?;
    let (mut rows, mut bad) = (0, 0);
    for bucket in Bucket::all() {
        for bills in desk.store.desk().bills_by_account(bucket).await? {
            for bill in &bills {
                let Some(is_late) = is_late(bill, args.late_days, today) else { continue };
                table.write_record(row(bill, &bills, is_late))?;
                (rows, bad) = (rows + 1, bad + u64::from(is_late));
            }
        }
    }
    table.flush().with_context(|| format!("could not write {shown}"))?;
    print_line(&format!("{rows} bills whose end is known, {bad} of them late; written to {shown}"))
}

/// How a bill ended; `None` where that is still to come.
fn is_late(bill: &Bill, late_days: i32, today: Date) -> Option<bool> {
    if plus_days(bill.due_on, late_days) >= today {
        return None;
    }
    Some(bill.settled_on.is_none_or(|on| days_between(bill.due_on, on) > late_days))
}

fn row(bill: &Bill, bills: &[Bill], is_late: bool) -> Vec<String> {
    let known = as_of(bills, bill.issued_on).into_iter().map(|value| match value {
        Value::Number(number) => number.to_string(),
        Value::Category(name) => name.into(),
        Value::Missing => String::new(),
    });
    let head = [bill.issued_on.to_string(), bill.currency.to_string(), bill.amount.to_string()];
    head.into_iter().chain(known).chain([u8::from(is_late).to_string()]).collect()
}
