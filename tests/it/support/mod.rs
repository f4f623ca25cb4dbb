//! What several tests share.

pub mod bench;
pub mod billing;
pub mod build;
pub mod carrier;
pub mod data;
pub mod peer;
pub mod postgres;
pub mod reference;
