//! Why accounts do not pay, and what is likely to come of it: judged from
//! dated facts, as of a day, and never from what came later.
//!
//! May use: model.

mod bills;
pub mod cause;
pub mod churn;
pub mod estimate;
pub mod profile;
mod refused;
mod rules;
pub mod scorecard;
pub mod signals;
pub mod value;
pub mod watch;

pub use refused::refused;
pub use rules::Problem;

#[cfg(test)]
mod tests;
