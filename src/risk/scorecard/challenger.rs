//! The challenger: boosted trees on the same rows, beside the card.
//!
//! It says how much a model that nobody can explain would know more. No
//! decision is made by it, and it is not kept.

use std::collections::BTreeMap;

use forust_ml::objective::ObjectiveType;
use forust_ml::sampler::SampleMethod;
use forust_ml::{GradientBooster, Matrix};

use super::bins::Counts;
use super::sample::{Column, Sample, Value};

const TREES: usize = 250;
const DEPTH_MAX: usize = 5;
const LEARNING_RATE: f32 = 0.05;
/// In units of the curvature: about 40 rows where one in five is bad.
const LEAF_WEIGHT_MIN: f32 = 6.0;
const L2: f32 = 5.0;
const SUBSAMPLE: f32 = 0.8;
const COLUMNS_PER_TREE: f64 = 0.6;
/// Any number: the same rows give the same trees.
const SEED: u64 = 728;
/// Rows of the average kind added to each category.
const SMOOTHING: f64 = 20.0;

#[derive(Debug, thiserror::Error)]
#[error("the challenger could not be fitted")]
pub struct ChallengerError(#[source] forust_ml::errors::ForustError);

/// Fits on `train` and foretells `test`, whose columns are the same.
pub fn foretell(train: &Sample, test: &Sample) -> Result<Vec<f64>, ChallengerError> {
    let codes: Vec<Codes> = train.columns.iter().map(|it| Codes::of(it, &train.is_bad)).collect();
    // A column that is the same in every row, or empty, has no cut to be made.
    let varied: Vec<usize> =
        (0..codes.len()).filter(|at| codes[*at].varies(&train.columns[*at])).collect();
    let ends: Vec<f64> = train.is_bad.iter().map(|bad| f64::from(u8::from(*bad))).collect();
    let mut booster = GradientBooster::default()
        .set_objective_type(ObjectiveType::LogLoss)
        .set_iterations(TREES)
        .set_learning_rate(LEARNING_RATE)
        .set_max_depth(DEPTH_MAX)
        .set_min_leaf_weight(LEAF_WEIGHT_MIN)
        .set_l2(L2)
        .set_subsample(SUBSAMPLE)
        .set_colsample_bytree(COLUMNS_PER_TREE)
        .set_seed(SEED)
        .set_initialize_base_score(true)
        .set_parallel(false);
    booster.sample_method = SampleMethod::Random;
    let numbers = in_numbers(train, &codes, &varied);
    let matrix = Matrix::new(&numbers, train.rows(), varied.len());
    booster.fit_unweighted(&matrix, &ends, None).map_err(ChallengerError)?;
    let numbers = in_numbers(test, &codes, &varied);
    let matrix = Matrix::new(&numbers, test.rows(), varied.len());
    let log_odds = booster.predict(&matrix, false);
    Ok(log_odds.into_iter().map(|it| 1.0 / (1.0 + (-it).exp())).collect())
}

/// What a category counts as: its share of bad ends in training.
struct Codes {
    rates: BTreeMap<Box<str>, f64>,
    others: f64,
}

impl Codes {
    fn of(column: &Column, is_bad: &[bool]) -> Codes {
        let mut all = Counts::default();
        let mut each: BTreeMap<Box<str>, Counts> = BTreeMap::new();
        for (value, bad) in column.values.iter().zip(is_bad) {
            all.add(*bad);
            if let Value::Category(name) = value {
                each.entry(name.clone()).or_default().add(*bad);
            }
        }
        let others = all.bad_rate().unwrap_or(0.0);
        let rate = |counts: Counts| {
            (counts.bads as f64 + SMOOTHING * others) / (counts.rows() as f64 + SMOOTHING)
        };
        let rates = each.into_iter().map(|(name, counts)| (name, rate(counts))).collect();
        Codes { rates, others }
    }

    fn number(&self, value: &Value) -> f64 {
        match value {
            Value::Number(number) => *number,
            Value::Category(name) => self.rates.get(name).copied().unwrap_or(self.others),
            Value::Missing => f64::NAN,
        }
    }

    fn varies(&self, column: &Column) -> bool {
        let mut known = column.values.iter().map(|it| self.number(it)).filter(|it| !it.is_nan());
        known.next().is_some_and(|first| known.any(|it| it != first))
    }
}

/// Column after column, as the trees take it.
fn in_numbers(sample: &Sample, codes: &[Codes], columns: &[usize]) -> Vec<f64> {
    let numbers = |at: &usize| {
        let codes = &codes[*at];
        sample.columns[*at].values.iter().map(move |it| codes.number(it))
    };
    columns.iter().flat_map(numbers).collect()
}
