//! An installation of Duebell in a directory of its own, and daemons that run
//! from it: the real binary.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// A law of the operator's own, for daemons that run on the machine's clock and
/// must send at whatever hour that shows.
const OPEN_ALL_HOURS: &str = include_str!("../../../benches/scale/law/open-all-hours.toml");

pub struct Installation {
    dir: tempfile::TempDir,
    /// How long another process may take for what it is to bring about.
    patience: Duration,
}

impl Installation {
    pub fn new(patience_s: u64) -> Installation {
        let dir = tempfile::tempdir().unwrap();
        let installation = Installation { dir, patience: Duration::from_secs(patience_s) };
        installation.write("law/open-all-hours.toml", OPEN_ALL_HOURS);
        installation
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// As settings and command lines want it.
    pub fn at(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Writes a file, and the folder that it lies in.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Imports accounts and bills into `billing.db`.
    #[track_caller]
    pub fn import(&self, mapping: &str, accounts: &str, bills: &str) {
        self.write("mapping.toml", mapping);
        self.write("accounts.csv", accounts);
        self.write("bills.csv", bills);
        let output = Command::new(env!("CARGO_BIN_EXE_duebell"))
            .args(["import", "--into", &self.at("billing.db")])
            .args(["--mapping", &self.at("mapping.toml")])
            .args(["--accounts", &self.at("accounts.csv"), "--bills", &self.at("bills.csv")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duebell"));
        command.arg("--config").arg(self.path("config.toml"));
        command.args(["--set", "contact.law=open-all-hours"]);
        command.args(["--set", &format!("paths.law={}", self.at("law"))]);
        command
    }

    pub fn ends(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// Runs a command to its end; its standard output.
    #[track_caller]
    pub fn says(&self, arguments: &[&str]) -> String {
        let output = self.ends(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// How many reminders stand in each state.
    #[track_caller]
    pub fn states(&self) -> BTreeMap<String, usize> {
        let status: serde_json::Value =
            serde_json::from_str(&self.says(&["status", "--json"])).unwrap();
        serde_json::from_value(status["reminders"].clone()).unwrap()
    }

    pub fn start(&self) -> Daemon {
        self.start_as("daemon", &[])
    }

    /// One of several, with more on its command line.
    pub fn start_as(&self, name: &str, more: &[&str]) -> Daemon {
        let log = self.path(&format!("{name}.log"));
        let file = std::fs::File::create(&log).unwrap();
        let mut command = self.command();
        command.args(more).arg("run").stdin(Stdio::null()).stderr(file);
        Daemon { child: command.spawn().unwrap(), log }
    }

    /// What [`Installation::start`]'s daemon wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("daemon.log")).unwrap_or_default()
    }

    /// Waits for what another process is to bring about.
    #[track_caller]
    pub fn eventually(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(
                began.elapsed() < self.patience,
                "{what} did not come: {:?}\n{}",
                self.states(),
                self.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A running daemon; killed if the test gives up.
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub fn terminate(mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.wait().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
