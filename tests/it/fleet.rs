//! Several daemons on one PostgreSQL, as processes, with force: they share the
//! work, and what is killed, stopped or late neither loses a reminder nor sends
//! one twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use duebell::model::billing::plus_days;
use jiff::civil::Date;

use crate::support::peer::Peer;
use crate::support::postgres;
use crate::support::relay::Relay;

const ACCOUNTS: usize = 600;
const LEASE_S: u64 = 5;
/// Where the day that is planned is always the local one.
const ZONE: &str = "Pacific/Kiritimati";

const SCENARIO: &str = r#"
name = "all"
default = true
[window]
opens = "00:00"
closes = "24:00"
[[step]]
name = "late1"
offset_days = 1
severity = "soft"
channels = ["sms"]
"#;

const MAPPING: &str = r#"
[accounts]
columns = { account_id = "id", zone = "zone", phone = "phone" }
[bills]
columns = { bill_id = "bill", account_id = "account", amount = "amount", issued_on = "issued", due_on = "due" }
constants = { currency = "EUR" }
"#;

#[allow(clippy::disallowed_methods, reason = "daemons under test run on the machine's clock")]
fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::get(ZONE).unwrap()).date()
}

/// One installation that several daemons run from.
struct Fleet {
    dir: tempfile::TempDir,
    gateway: Peer,
    /// Where the store is.
    store: String,
}

struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    fn terminate(mut self) -> bool {
        self.signal("-TERM");
        self.child.wait().unwrap().success()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Fleet {
    /// Everybody owes a bill whose step is due today; the gateway takes a
    /// second for each answer, and each daemon has 20 under way.
    fn new() -> Fleet {
        let gateway = Peer::start("http_gateway.py", &["1.0"]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let store = runtime.block_on(postgres::database());
        let fleet = Fleet { dir: tempfile::tempdir().unwrap(), gateway, store };
        let store = &fleet.store;
        let at = |name: &str| fleet.path(name).display().to_string();
        let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/source/duebell");
        let settings = format!(
            "[paths]\npolicy = {:?}\n[store]\nurl = {store:?}\n[lease]\nlength_s = {LEASE_S}\n\
             [source]\nurl = \"sqlite://{}\"\nqueries = {:?}\n\
             [pipeline]\nsync_every_s = 1\nin_flight_max = 20\n\
             [channels]\nsms = \"http\"\nvoice = \"http\"\nemail = \"http\"\n\
             [provider.http]\nurl = \"http://127.0.0.1:{}/\"\nchannels = [\"sms\", \"voice\", \"email\"]\n",
            at("policy"),
            at("billing.db"),
            queries.display().to_string(),
            fleet.gateway.port,
        );
        std::fs::create_dir(fleet.path("policy")).unwrap();
        std::fs::write(fleet.path("policy/all.toml"), SCENARIO).unwrap();
        std::fs::write(fleet.path("config.toml"), settings).unwrap();
        std::fs::write(fleet.path("mapping.toml"), MAPPING).unwrap();
        let due = plus_days(today(), -1);
        let (mut accounts, mut bills) =
            ("id,zone,phone\n".to_owned(), "bill,account,amount,issued,due\n".to_owned());
        for n in 0..ACCOUNTS {
            accounts.push_str(&format!("A{n},{ZONE},+49151{:08}\n", 10_000_000 + n));
            bills.push_str(&format!("B{n},A{n},12.50,{},{due}\n", plus_days(due, -20)));
        }
        std::fs::write(fleet.path("accounts.csv"), accounts).unwrap();
        std::fs::write(fleet.path("bills.csv"), bills).unwrap();
        let files = [
            ["--into", &at("billing.db")],
            ["--mapping", &at("mapping.toml")],
            ["--accounts", &at("accounts.csv")],
            ["--bills", &at("bills.csv")],
        ];
        let import = Command::new(env!("CARGO_BIN_EXE_duebell"))
            .arg("import")
            .args(files.iter().flatten())
            .output()
            .unwrap();
        assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
        fleet.says(&["sync"]);
        fleet.says(&["live"]);
        fleet
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duebell"));
        command.arg("--config").arg(self.path("config.toml"));
        command
    }

    fn says(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn start(&self, name: &str) -> Daemon {
        self.start_over(name, &self.store)
    }

    /// A daemon that reaches the store by that URL.
    fn start_over(&self, name: &str, store: &str) -> Daemon {
        let log = self.path(&format!("{name}.log"));
        let file = std::fs::File::create(&log).unwrap();
        let mut command = self.command();
        command.args(["--set", &format!("store.url={store}"), "run"]);
        let child = command.stdin(Stdio::null()).stderr(file).spawn().unwrap();
        Daemon { child, log }
    }

    /// The way to the store, as something that can be cut.
    fn relay(&self) -> (Relay, String) {
        let mut store: reqwest::Url = self.store.parse().unwrap();
        let relay = Relay::to(store.port().unwrap());
        store.set_port(Some(relay.port)).unwrap();
        (relay, store.into())
    }

    /// How many messages the gateway took by now.
    fn taken(&self) -> usize {
        self.gateway.kept("json").len()
    }

    fn states(&self) -> BTreeMap<String, usize> {
        let status: serde_json::Value =
            serde_json::from_str(&self.says(&["status", "--json"])).unwrap();
        serde_json::from_value(status["reminders"].clone()).unwrap()
    }

    #[track_caller]
    fn eventually(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < Duration::from_secs(120), "{what}: {:?}", self.states());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Every reminder went out once, or is one of at most `unknown` in doubt.
    #[track_caller]
    fn check(&self, unknown: usize) {
        let states = self.states();
        let count = |state: &str| states.get(state).copied().unwrap_or(0);
        assert_eq!(states.values().sum::<usize>(), ACCOUNTS, "{states:?}");
        assert_eq!(count("accepted") + count("unknown"), ACCOUNTS, "{states:?}");
        assert!(count("unknown") <= unknown, "{states:?}");
        let keys: Vec<String> = self
            .gateway
            .kept_json()
            .iter()
            .map(|kept| kept["body"]["key"].as_str().unwrap().to_owned())
            .collect();
        let distinct: BTreeSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len(), "nothing is sent twice");
        assert!(keys.len() >= count("accepted"), "what counts as sent was taken");
    }
}

#[test]
fn a_killed_a_frozen_and_a_late_daemon_lose_nothing_and_send_nothing_twice() {
    let fleet = Fleet::new();
    let [killed, frozen, steady] = ["killed", "frozen", "steady"].map(|name| fleet.start(name));
    fleet.eventually("the first messages", || fleet.taken() >= 60);
    killed.signal("-KILL");
    frozen.signal("-STOP");
    // Past its lease, its buckets are others'.
    std::thread::sleep(Duration::from_secs(LEASE_S + 2));
    frozen.signal("-CONT");
    let late = fleet.start("late");
    fleet.eventually("the last message", || {
        let states = fleet.states();
        !["planned", "submitting", "retry_later"].iter().any(|state| states.contains_key(*state))
    });
    // What two processes had under way, and had marked to go next.
    fleet.check(2 * 3 * 20);
    // Both kinds of loss were told.
    fleet.eventually("word of what was lost", || frozen.log().contains("buckets were lost"));
    for daemon in [frozen, steady, late] {
        assert!(daemon.terminate());
    }
}

/// The provider is still reached, the store is not: what is under way is
/// finished, nothing new is sent, and others take over within the lease.
#[test]
fn a_daemon_that_is_cut_off_from_the_store_stops_and_comes_back() {
    let fleet = Fleet::new();
    let (relay, store) = fleet.relay();
    let (cut_off, steady) = (fleet.start_over("cut-off", &store), fleet.start("steady"));
    fleet.eventually("a share for each", || cut_off.log().contains("took over buckets"));
    fleet.eventually("the first messages", || fleet.taken() >= 60);
    relay.cut();
    std::thread::sleep(Duration::from_secs(LEASE_S + 2));
    relay.mend();
    fleet.eventually("word of what was lost", || cut_off.log().contains("buckets were lost"));
    fleet.eventually("the last message", || {
        let states = fleet.states();
        !["planned", "submitting", "retry_later"].iter().any(|state| states.contains_key(*state))
    });
    // What it had under way, and had marked to go next.
    fleet.check(3 * 20);
    for daemon in [cut_off, steady] {
        assert!(daemon.terminate());
    }
}

#[test]
fn daemons_share_the_buckets_and_a_clean_stop_frees_them_at_once() {
    let fleet = Fleet::new();
    let [one, two] = ["one", "two"].map(|name| fleet.start(name));
    fleet.eventually("the first messages", || fleet.taken() >= 40);
    for daemon in [&one, &two] {
        fleet.eventually("a share for each", || daemon.log().contains("took over buckets"));
    }
    assert!(one.terminate());
    fleet.eventually("the last message", || !fleet.states().contains_key("planned"));
    fleet.eventually("the last outcome", || !fleet.states().contains_key("submitting"));
    fleet.check(0);
    assert!(two.terminate());
}
