//! What integration tests share.

pub mod peer;
