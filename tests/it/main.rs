//! The one integration binary.

mod replay_reference;
mod scenarios;
mod support;
