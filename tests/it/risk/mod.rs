//! Scorecards against data that nobody here made, and against made-up tables.

mod champion;
mod command;
mod ibm;
mod uci;

use duebell::risk::scorecard::{Column, Sample, Target, Value};

use crate::support::data;

/// A table as a sample: these columns, and a column that says who is bad.
fn sample(text: &str, target: (&str, &str), leave_out: &[&str]) -> Sample {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut columns: Vec<Vec<Value>> = vec![Vec::new(); names.len()];
    for row in reader.records() {
        for (column, cell) in columns.iter_mut().zip(row.unwrap().iter()) {
            column.push(cell.parse().map_or_else(|_| Value::category(cell), Value::number));
        }
    }
    let at = names.iter().position(|name| name == target.0).unwrap();
    let bad: Value = target.1.parse().map_or_else(|_| Value::category(target.1), Value::number);
    let is_bad = columns[at].iter().map(|value| *value == bad).collect();
    let columns = names.into_iter().zip(columns).map(|(name, values)| Column::new(name, values));
    let sample = Sample { columns: columns.collect(), is_bad };
    sample.without(&[leave_out, &[target.0]].concat())
}

fn target(column: &str, bad: &str) -> Target {
    Target { column: column.to_owned(), bad: bad.to_owned() }
}
