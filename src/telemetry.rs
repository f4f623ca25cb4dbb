//! Logs: what the daemon does, for people and for journald; and of commands,
//! where they leave the audit trail.
//!
//! May use: nothing of ours.

use std::io::{self, IsTerminal, Write};
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use tracing_subscriber::EnvFilter;

/// Where the audit trail goes on. Always logged: it is the anchor that lies
/// outside of the database.
const AUDIT: &str = "duebell::audit=info";

/// Where the machine's log listens: journald, or another syslog.
const SYSLOG: &str = "/dev/log";
/// authpriv and info, as RFC 5424 numbers them.
const PRIORITY: u8 = 10 * 8 + 6;

/// Writes logs to standard error, as text or as JSON lines. `RUST_LOG`, where
/// set, comes before `filter`.
pub fn start(filter: &str, as_json: bool) {
    let filter = EnvFilter::try_from_default_env()
        .or_else(|_| EnvFilter::try_new(filter))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = match AUDIT.parse() {
        Ok(audit) => filter.add_directive(audit),
        Err(_) => filter,
    };
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second start, in tests, leaves the first in place.
    let _ = if as_json { logs.json().try_init() } else { logs.with_target(false).try_init() };
}

/// Of a command, only where it leaves the audit trail: to the machine's log,
/// since standard error ends with the terminal. Where no log listens, it has
/// to do.
pub fn start_for_commands() {
    let logs = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("off,{AUDIT}")))
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_writer(|| Syslog { socket: Path::new(SYSLOG), otherwise: io::stderr() });
    // A second start, in tests, leaves the first in place.
    let _ = logs.try_init();
}

/// Lines of the machine's log, each written at once.
struct Syslog<'a, W> {
    socket: &'a Path,
    otherwise: W,
}

impl<W: Write> Write for Syslog<'_, W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut sent = format!("<{PRIORITY}>duebell[{}]: ", std::process::id()).into_bytes();
        sent.extend_from_slice(line.trim_ascii_end());
        let is_sent =
            UnixDatagram::unbound().and_then(|socket| socket.send_to(&sent, self.socket)).is_ok();
        if !is_sent {
            self.otherwise.write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.otherwise.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_to_the_machines_log_and_where_none_listens_to_its_other_place() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("log");
        let mut otherwise = Vec::new();
        let mut write = |line: &[u8]| {
            Syslog { socket: &path, otherwise: &mut otherwise }.write_all(line).unwrap();
        };
        write(b"entry 1\n");
        let log = UnixDatagram::bind(&path).unwrap();
        write(b"entry 2\n");
        let mut line = [0; 100];
        let length = log.recv(&mut line).unwrap();
        let expected = format!("<86>duebell[{}]: entry 2", std::process::id());
        assert_eq!(String::from_utf8_lossy(&line[..length]), expected);
        assert_eq!(otherwise, b"entry 1\n");
    }
}
