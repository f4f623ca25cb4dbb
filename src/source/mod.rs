//! The operator's billing data: our own billing database for those who have
//! nothing else.
//!
//! May use: `model`.

pub mod billing_db;
