//! Whether reminding works: who is drawn into which arm, how many it takes,
//! and what may be said of what came, with how much doubt.
//!
//! Numbers in, numbers out: no ledger, no clock, no chance of its own.
//! `docs/EVALUATION.md` says what is estimated how, and against what it was
//! checked.
//!
//! May use: model.

pub mod assignment;
pub mod cuped;
pub mod distribution;
mod exact;
mod interval;
pub mod mean;
pub mod mismatch;
pub mod plan;
pub mod proportion;
pub mod sequential;
pub mod several;
pub mod survival;
pub mod trial;
pub mod uplift;

pub use interval::{Estimate, Interval, Shown};
