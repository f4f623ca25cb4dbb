//! The one integration binary: the walls against real peers.

mod provider;
mod support;
