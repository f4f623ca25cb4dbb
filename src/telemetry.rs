//! Logs: what the daemon does, for people and for journald.
//!
//! May use: nothing of ours.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Writes logs to standard error, as text or as JSON lines. `RUST_LOG`, where
/// set, comes before `filter`.
pub fn start(filter: &str, as_json: bool) {
    let filter = EnvFilter::try_from_default_env()
        .or_else(|_| EnvFilter::try_new(filter))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second start, in tests, leaves the first in place.
    let _ = if as_json { logs.json().try_init() } else { logs.with_target(false).try_init() };
}
