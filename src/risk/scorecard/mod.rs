//! Risk: who is likely to pay late, and why, in points that can be added up.
//!
//! A [`Card`] is fitted to rows whose end is known ([`fit`]), and scores rows
//! by points for bins of their characteristics. It knows nothing of where rows
//! come from: characteristics have names, values are numbers, categories or
//! missing. What it must not be used for: docs/RISK.md.

mod bins;
mod card;
mod challenger;
pub mod fairness;
mod fit;
mod held_out;
pub mod history;
mod logistic;
mod measure;
pub mod own;
pub mod picture;
mod sample;
#[cfg(test)]
mod tests;
mod words;

pub use self::bins::{Counts, Holds};
pub use self::card::{
    Against, BadCard, Bin, Card, Characteristic, NoColumn, Reason, Scale, Scored, Scorer,
};
pub use self::fit::{FitError, Fitted, Left, Settings, Target, Trend, Why, fit};
pub use self::held_out::{AUC_MAX, HeldOut, SplitError, Verdict, folds, hold_out};
pub use self::measure::{Decile, Foretold, Measures};
pub use self::sample::{Column, Sample, Value};
