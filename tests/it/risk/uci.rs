//! The card-default sample of UCI: 30,000 real accounts, folds by row number
//! modulo 5, as the published results have it.

use duebell::risk::refused;
use duebell::risk::scorecard::{
    AUC_MAX, Column, HeldOut, Sample, Settings, Value, Verdict, fit, folds, hold_out,
};

use super::{data, sample, target};

const TARGET: (&str, &str) = ("default_next_month", "1");

fn uci(leave_out: &[&str]) -> Option<Sample> {
    let text = data::file("uci_default/uci_default_named.csv.gz")?;
    Some(sample(&text, TARGET, &[leave_out, &["ID"]].concat()))
}

/// Out of fold: bins, weights and points of each card come from the other
/// four fifths.
fn out_of_fold(sample: &Sample, settings: &Settings) -> Verdict {
    let target = target(TARGET.0, TARGET.1);
    let splits: Vec<HeldOut> = folds(sample.rows(), 5)
        .iter()
        .map(|(train, test)| hold_out(sample, &target, settings, train, test).unwrap())
        .collect();
    Verdict::of(&splits)
}

#[track_caller]
fn check(verdict: &Verdict) {
    let [card, challenger] = [verdict.champion_auc, verdict.challenger_auc].map(|auc| auc.unwrap());
    assert!((0.764..=0.776).contains(&card), "card {card}");
    assert!((0.783..=AUC_MAX).contains(&challenger), "challenger {challenger}");
}

/// The published comparison takes all 23 columns, those of the person too. The
/// product refuses these; here they go straight into the core.
#[test]
fn on_all_columns_the_card_comes_to_what_is_published_and_no_more() {
    let Some(sample) = uci(&[]) else { return };
    assert_eq!((sample.rows(), sample.bads(), sample.columns.len()), (30_000, 6_636, 23));
    let settings = Settings { information_min: 0.0, ..Settings::default() };
    let verdict = out_of_fold(&sample, &settings);
    check(&verdict);
    assert!(verdict.champion.calibration_error() <= 0.02, "{:?}", verdict.champion.calibration);
    assert!(verdict.champion.brier < 0.138 && verdict.challenger.brier < 0.135);
    assert!(verdict.stability < 0.1, "folds are alike: {}", verdict.stability);
}

#[test]
fn without_what_the_person_is_the_card_knows_as_much() {
    let person = ["SEX", "AGE", "MARRIAGE"];
    let Some(sample) = uci(&person) else { return };
    assert_eq!(sample.columns.len(), 20);
    assert!(sample.names().iter().all(|name| refused(name).is_none()), "{:?}", sample.names());
    let verdict = out_of_fold(&sample, &Settings::default());
    check(&verdict);
    let fitted = fit(&sample, &target(TARGET.0, TARGET.1), &Settings::default()).unwrap();
    assert_eq!(verdict.warnings(&fitted.card, AUC_MAX), [""; 0]);
}

#[test]
fn a_column_that_was_written_after_the_end_is_too_good() {
    let Some(mut sample) = uci(&["SEX", "AGE", "MARRIAGE"]) else { return };
    // Known for one default in three, and then it says all.
    let leak =
        |(row, bad): (usize, &bool)| Value::number(f64::from(u8::from(*bad && row % 3 == 0)));
    let values = sample.is_bad.iter().enumerate().map(leak).collect();
    sample.columns.push(Column::new("collections_calls", values));
    let (train, test) = folds(sample.rows(), 5).swap_remove(0);
    let target = target(TARGET.0, TARGET.1);
    let split = hold_out(&sample, &target, &Settings::default(), &train, &test).unwrap();
    let card = split.card.clone();
    let verdict = Verdict::of(&[split]);
    assert!(verdict.champion_auc.unwrap() > AUC_MAX, "{:?}", verdict.champion_auc);
    let warnings = verdict.warnings(&card, AUC_MAX);
    assert!(warnings[0].starts_with("too good: look for leakage"), "{warnings:?}");
    assert!(warnings[0].contains("collections_calls"), "{warnings:?}");
}
