//! How long it takes to score a million rows, on one core.
//!
//! `cargo bench --bench score [-- ROWS]`: a card of twelve characteristics,
//! fitted to made-up accounts, over as many more. A row is twelve values, as
//! they come from a feed: numbers, categories, some missing.

use std::hint::black_box;
use std::time::Instant;

use duebell::model::id::spread;
use duebell::risk::scorecard::{Card, Column, Sample, Settings, Target, Value, fit};

const FITTED_ON: u64 = 30_000;
const NUMBERS: u64 = 9;
const CATEGORIES: u64 = 3;
const ROUNDS: usize = 5;

/// One account: the same in every run. The late and the big are bad more often.
fn row(number: u64) -> (Vec<Value>, bool) {
    let draw = |what: u64, below: u64| spread(&format!("{number} {what}")) % below;
    let mut values = Vec::with_capacity((NUMBERS + CATEGORIES) as usize);
    let mut fear = 0;
    for what in 0..NUMBERS {
        let drawn = draw(what, 1_000);
        fear += drawn;
        let is_missing = drawn % 25 == 0;
        values.push(if is_missing { Value::Missing } else { Value::number(drawn as f64) });
    }
    for what in NUMBERS..NUMBERS + CATEGORIES {
        let drawn = draw(what, 8);
        fear += 60 * drawn;
        values.push(Value::category(&format!("kind {drawn}")));
    }
    (values, fear + draw(99, 3_000) > 7_600)
}

fn card(names: &[String]) -> Card {
    let rows: Vec<(Vec<Value>, bool)> = (0..FITTED_ON).map(row).collect();
    let column = |(at, name): (usize, &String)| {
        Column::new(name.as_str(), rows.iter().map(|row| row.0[at].clone()).collect())
    };
    let sample = Sample {
        columns: names.iter().enumerate().map(column).collect(),
        is_bad: rows.iter().map(|row| row.1).collect(),
    };
    let target = Target { column: "is_bad".to_owned(), bad: "true".to_owned() };
    let settings = Settings { information_min: 0.0, ..Settings::default() };
    let start = Instant::now();
    let fitted = fit(&sample, &target, &settings).expect("the bad are told from the good");
    println!(
        "fit: {FITTED_ON} rows, {} bad, {} characteristics: {:.3} s",
        sample.bads(),
        fitted.card.characteristics.len(),
        start.elapsed().as_secs_f64(),
    );
    fitted.card
}

/// The most memory that was ever resident, in MiB, as Linux tells.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or(0.0) / 1024.0
}

fn main() {
    let asked = std::env::args().skip(1).find_map(|word| word.parse::<u64>().ok());
    let rows = asked.unwrap_or(1_000_000);
    let names: Vec<String> =
        (0..NUMBERS + CATEGORIES).map(|number| format!("column {number}")).collect();
    let card = card(&names);
    let accounts: Vec<Vec<Value>> =
        (FITTED_ON..FITTED_ON + rows).map(|number| row(number).0).collect();
    let before = peak_mib();
    let scorer = card.over(&names).expect("the card asks for these columns");
    let best = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let scores: Vec<i32> = accounts.iter().map(|row| scorer.score(row)).collect();
            black_box(scores);
            start.elapsed()
        })
        .min()
        .expect("there is a round");
    println!(
        "score: {rows} rows in {:.3} s, {:.0} ns a row (best of {ROUNDS}, one core); {before:.0} MiB \
         with the rows, {:.0} MiB at most",
        best.as_secs_f64(),
        best.as_nanos() as f64 / rows as f64,
        peak_mib(),
    );
}
