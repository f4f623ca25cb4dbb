//! The operator's billing data: our own billing database for those who have
//! nothing else, the import of files into it, and a made-up population.
//!
//! May use: `model`.

pub mod billing_db;
pub mod import;
pub mod population;
