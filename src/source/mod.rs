//! The operator's billing data: our own billing database for those who have
//! nothing else, and the import of files into it.
//!
//! May use: `model`.

pub mod billing_db;
pub mod import;
