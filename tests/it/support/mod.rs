//! What several tests share.

pub mod asterisk;
pub mod bench;
pub mod billing;
pub mod build;
pub mod carrier;
pub mod data;
pub mod mariadb;
pub mod node;
pub mod peer;
pub mod postgres;
pub mod python;
pub mod reference;
pub mod relay;
pub mod server;
