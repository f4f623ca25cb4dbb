//! The one integration binary.

mod replay_reference;
mod replay_rules;
mod scenarios;
mod support;
