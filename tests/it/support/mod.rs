//! What several tests share.

pub mod bench;
pub mod build;
pub mod data;
pub mod peer;
pub mod postgres;
pub mod reference;
