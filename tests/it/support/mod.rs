//! What several tests share.

pub mod asterisk;
pub mod bench;
pub mod billing;
pub mod browser;
pub mod build;
pub mod carrier;
pub mod cut;
pub mod data;
pub mod installation;
pub mod law;
pub mod mariadb;
pub mod node;
pub mod peer;
pub mod postfix;
pub mod postgres;
pub mod python;
pub mod reference;
pub mod relay;
pub mod server;
pub mod spoil;

use std::io::Write;

/// Says that a test has nothing to run on: straight to the terminal, since what
/// a passing test prints is not shown. `scripts/test` counts these lines.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
