//! The one integration binary.

mod billing_db;
mod import;
mod population;
