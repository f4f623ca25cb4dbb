//! Database servers of the tests' own, one of each kind for the whole run.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub struct Server {
    pub port: u16,
    /// The server stops when our end of its standard input closes, at the end
    /// of the tests.
    _script: Child,
}

impl Server {
    /// Starts `tests/it/peers/<script>` and waits until the server answers;
    /// `packages` are Debian's, for whoever has none.
    #[allow(clippy::zombie_processes, reason = "the server ends with the tests, as its input does")]
    pub fn start(script: &str, packages: &str) -> Server {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/peers").join(script);
        let mut child = Command::new(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{script} does not run: {error}"));
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse();
        let port = port.unwrap_or_else(|_| panic!("no server: apt-get install {packages}"));
        Server { port, _script: child }
    }
}
