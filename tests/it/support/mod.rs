//! What several tests share.

pub mod data;
pub mod reference;
