//! Several daemons on one PostgreSQL, as processes, with force: they share the
//! work, and what is killed, stopped or late neither loses a reminder nor sends
//! one twice.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use duebell::model::billing::plus_days;
use jiff::civil::Date;

use crate::support::installation::{Daemon, Installation};
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
    home: Installation,
    gateway: Peer,
    /// Where the store is.
    store: String,
}

impl Fleet {
    /// Everybody owes a bill whose step is due today; the gateway takes a
    /// second for each answer, and each daemon has 20 under way.
    fn new() -> Fleet {
        let gateway = Peer::start("http_gateway.py", &["1.0"]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let store = runtime.block_on(postgres::database());
        let fleet = Fleet { home: Installation::new(120), gateway, store };
        let store = &fleet.store;
        let at = |name: &str| fleet.home.at(name);
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
        fleet.home.write("policy/all.toml", SCENARIO);
        fleet.home.write("config.toml", &settings);
        let due = plus_days(today(), -1);
        let (mut accounts, mut bills) =
            ("id,zone,phone\n".to_owned(), "bill,account,amount,issued,due\n".to_owned());
        for n in 0..ACCOUNTS {
            accounts.push_str(&format!("A{n},{ZONE},+49151{:08}\n", 10_000_000 + n));
            bills.push_str(&format!("B{n},A{n},12.50,{},{due}\n", plus_days(due, -20)));
        }
        fleet.home.import(MAPPING, &accounts, &bills);
        fleet.home.says(&["sync"]);
        fleet.home.says(&["live"]);
        fleet
    }

    fn start(&self, name: &str) -> Daemon {
        self.start_over(name, &self.store)
    }

    /// A daemon that reaches the store by that URL.
    fn start_over(&self, name: &str, store: &str) -> Daemon {
        self.home.start_as(name, &["--set", &format!("store.url={store}")])
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

    /// Every reminder went out once, or is one of at most `unknown` in doubt.
    #[track_caller]
    fn check(&self, unknown: usize) {
        let states = self.home.states();
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
    fleet.home.eventually("the first messages", || fleet.taken() >= 60);
    killed.signal("-KILL");
    frozen.signal("-STOP");
    // Past its lease, its buckets are others'.
    std::thread::sleep(Duration::from_secs(LEASE_S + 2));
    frozen.signal("-CONT");
    let late = fleet.start("late");
    fleet.home.eventually("the last message", || {
        let states = fleet.home.states();
        !["planned", "submitting", "retry_later"].iter().any(|state| states.contains_key(*state))
    });
    // What two processes had under way, and had marked to go next.
    fleet.check(2 * 3 * 20);
    // Both kinds of loss were told.
    fleet.home.eventually("word of what was lost", || frozen.log().contains("buckets were lost"));
    for daemon in [frozen, steady, late] {
        assert!(daemon.terminate().success());
    }
}

/// The provider is still reached, the store is not: what is under way is
/// finished, nothing new is sent, and others take over within the lease.
#[test]
fn a_daemon_that_is_cut_off_from_the_store_stops_and_comes_back() {
    let fleet = Fleet::new();
    let (relay, store) = fleet.relay();
    let (cut_off, steady) = (fleet.start_over("cut-off", &store), fleet.start("steady"));
    fleet.home.eventually("a share for each", || cut_off.log().contains("took over buckets"));
    fleet.home.eventually("the first messages", || fleet.taken() >= 60);
    relay.cut();
    std::thread::sleep(Duration::from_secs(LEASE_S + 2));
    relay.mend();
    fleet.home.eventually("word of what was lost", || cut_off.log().contains("buckets were lost"));
    fleet.home.eventually("the last message", || {
        let states = fleet.home.states();
        !["planned", "submitting", "retry_later"].iter().any(|state| states.contains_key(*state))
    });
    // What it had under way, and had marked to go next.
    fleet.check(3 * 20);
    for daemon in [cut_off, steady] {
        assert!(daemon.terminate().success());
    }
}

#[test]
fn daemons_share_the_buckets_and_a_clean_stop_frees_them_at_once() {
    let fleet = Fleet::new();
    let [one, two] = ["one", "two"].map(|name| fleet.start(name));
    fleet.home.eventually("the first messages", || fleet.taken() >= 40);
    for daemon in [&one, &two] {
        fleet.home.eventually("a share for each", || daemon.log().contains("took over buckets"));
    }
    assert!(one.terminate().success());
    fleet.home.eventually("the last message", || !fleet.home.states().contains_key("planned"));
    fleet.home.eventually("the last outcome", || !fleet.home.states().contains_key("submitting"));
    fleet.check(0);
    assert!(two.terminate().success());
}
