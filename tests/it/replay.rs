//! `duebell replay`, the real binary: held to what was counted elsewhere, to
//! the reference where days are missing or events late, and to itself where it
//! is killed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use duebell::model::billing::plus_days;
use duebell::provider::sandbox;
use jiff::civil::{Date, date};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};

use crate::support::data;
use crate::support::postgres;
use crate::support::reference::{Event, EventKind, Outcome, PaymentsArrive, RepeatRule, Replay};

const STEPS: [(&str, i32); 5] =
    [("pre3", -3), ("late1", 1), ("late7", 7), ("late15", 15), ("final30", 30)];

/// One replay in a directory of its own.
struct Run {
    dir: tempfile::TempDir,
    arguments: Vec<String>,
}

impl Run {
    fn new(timeline: &str, payments: PaymentsArrive) -> Run {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("timeline.csv"), timeline).unwrap();
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/replay/ladder.toml");
        let mut run = Run { dir, arguments: Vec::new() };
        let mode = match payments {
            PaymentsArrive::Before => "before",
            PaymentsArrive::After => "after",
        };
        run.with("--timeline", &run.path("timeline.csv").display().to_string());
        run.with("--scenario", &scenario.display().to_string());
        run.with("--payments", mode);
        run.with("--out", &run.path("out").display().to_string());
        run
    }

    fn with(&mut self, option: &str, value: &str) {
        self.arguments.extend([option.to_owned(), value.to_owned()]);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duebell"));
        command.args(["replay", "--json"]).args(&self.arguments).stdin(Stdio::null());
        command
    }

    /// Runs to the end; the summary.
    #[track_caller]
    fn ends(&self) -> serde_json::Value {
        let output = self.command().output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn outcome(&self) -> Outcome {
        let read = |name: &str| std::fs::read_to_string(self.path("out").join(name)).unwrap();
        let sends = data::rows(&read("sends.csv")).into_iter().map(|row| {
            let [day, bill, account, step] =
                ["date", "bill", "account", "step"].map(|c| row[c].clone());
            (day.parse().unwrap(), bill, account, step)
        });
        let flags = data::rows(&read("flags.csv"))
            .into_iter()
            .map(|row| (row["account"].clone(), row["flagged_on"].parse().unwrap()));
        Outcome { sends: sends.collect(), flags: flags.collect() }
    }
}

/// A history as a timeline file, with the day of arrival of each event.
fn timeline(events: &[Event]) -> String {
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record([
        "date",
        "event",
        "invoice",
        "customer",
        "amount",
        "due",
        "currency",
        "arrives_on",
        "event_id",
    ])
    .unwrap();
    let decimal = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
    for (number, event) in events.iter().enumerate() {
        let (name, bill, account, amount, due) = match &event.kind {
            EventKind::Issued { bill, account, amount_minor, due, .. } => {
                ("invoice_issued", bill, account.clone(), *amount_minor, due.to_string())
            }
            EventKind::Payment { bill, amount_minor } => {
                ("payment", bill, account_of(events, bill), *amount_minor, String::new())
            }
        };
        let (date, arrives_on) = (event.date.to_string(), event.arrives_on.to_string());
        let amount = decimal(amount);
        let id = format!("e{number}");
        file.write_record([&date, name, bill, &account, &amount, &due, "USD", &arrives_on, &id])
            .unwrap();
    }
    String::from_utf8(file.into_inner().unwrap()).unwrap()
}

fn account_of(events: &[Event], paid: &str) -> String {
    let issued = events.iter().find_map(|event| match &event.kind {
        EventKind::Issued { bill, account, .. } if bill == paid => Some(account.clone()),
        _ => None,
    });
    issued.unwrap()
}

fn reference(events: Vec<Event>, payments: PaymentsArrive, down: BTreeSet<Date>) -> Outcome {
    let first = events.iter().map(|event| event.date).min().unwrap();
    let last = events.iter().map(|event| match &event.kind {
        EventKind::Issued { due, .. } => plus_days(*due, 30),
        EventKind::Payment { .. } => event.arrives_on,
    });
    let last = last.max().unwrap();
    let steps = STEPS.map(|(name, offset)| (name.to_owned(), offset)).to_vec();
    let repeat = RepeatRule { bills: 3, late_days: 15, window_days: 365 };
    Replay { events, steps, tolerance_minor: 0, repeat, payments, first, last, down }.run()
}

/// A small ledger: parts paid, too much paid, nothing paid, odd ids, bills
/// due before they were issued, events that arrive days late.
fn ledger(seed: u64, bills: usize, late_arrivals: bool) -> Vec<Event> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut events = Vec::new();
    let start = date(2026, 1, 5);
    let arrival = |rng: &mut StdRng, day: Date| {
        let late = late_arrivals && rng.random_bool(0.3);
        plus_days(day, if late { rng.random_range(1..9) } else { 0 })
    };
    for number in 0..bills {
        let bill = format!("B-{number}, \"{}\"", ["x", "é", "王"][number % 3]);
        let account = format!("A {}", rng.random_range(0..bills / 5 + 1));
        let issued = plus_days(start, rng.random_range(0..45));
        let due = plus_days(issued, rng.random_range(-2..20));
        let amount_minor = rng.random_range(100..9_000);
        let currency = "USD".to_owned();
        let kind = EventKind::Issued { bill: bill.clone(), account, amount_minor, currency, due };
        events.push(Event { date: issued, arrives_on: arrival(&mut rng, issued), kind });
        let parts: &[(i64, i32)] = match rng.random_range(0..5) {
            0 => &[],
            1 => &[(100, 5)],
            2 => &[(50, 3), (50, 19)],
            3 => &[(30, -1), (90, 9)],
            _ => &[(100, 17)],
        };
        for (percent, after_due) in parts {
            let paid = plus_days(due, *after_due).max(issued);
            // Rounded up, so that a hundred parts of a hundred are the whole.
            let amount_minor = (amount_minor * percent + 99) / 100;
            let kind = EventKind::Payment { bill: bill.clone(), amount_minor };
            events.push(Event { date: paid, arrives_on: arrival(&mut rng, paid), kind });
        }
    }
    events.sort_by_key(|event| event.arrives_on);
    events
}

/// The IBM sample against the oracle, on this store, in both modes.
fn check_ibm(payments: PaymentsArrive, store: Option<&str>) {
    let Some(events) = data::ibm_events() else { return };
    let Some(file) = data::file("ibm_ar/oracle/ibm_ar_timeline.csv") else { return };
    let mut run = Run::new(&file, payments);
    if let Some(url) = store {
        run.with("--store", url);
    }
    let summary = run.ends();
    let total = if payments == PaymentsArrive::Before { 2_560 } else { 2_767 };
    assert_eq!(summary["items_sent"], total);
    assert_eq!(summary["flagged"], 21);
    assert_eq!(
        (&summary["events"]["read"], &summary["messages_twice"]),
        (&4_932.into(), &0.into())
    );
    // The reference is held to the oracle's lists, day by day, in its own tests.
    assert_eq!(run.outcome(), reference(events, payments, BTreeSet::new()));
}

#[test]
fn the_ibm_sample_is_replayed_as_counted_elsewhere_on_sqlite() {
    check_ibm(PaymentsArrive::Before, None);
    check_ibm(PaymentsArrive::After, None);
}

#[tokio::test]
async fn the_ibm_sample_is_replayed_as_counted_elsewhere_on_postgres() {
    check_ibm(PaymentsArrive::Before, Some(&postgres::database().await));
    check_ibm(PaymentsArrive::After, Some(&postgres::database().await));
}

#[test]
fn the_ibm_sample_sends_the_oracles_very_list() {
    let Some(file) = data::file("ibm_ar/oracle/ibm_ar_timeline.csv") else { return };
    let Some(list) = data::file("ibm_ar/oracle/ibm_ar_sends_posted.csv.gz") else { return };
    let run = Run::new(&file, PaymentsArrive::Before);
    run.ends();
    let mut expected: Vec<_> = data::rows(&list)
        .into_iter()
        .map(|row| {
            let [day, bill, account, step] =
                ["date", "invoice", "customer", "step"].map(|c| row[c].clone());
            (day.parse::<Date>().unwrap(), bill, account, step)
        })
        .collect();
    expected.sort_by(|a, b| (a.0, &a.1, &a.3).cmp(&(b.0, &b.1, &b.3)));
    assert_eq!(run.outcome().sends, expected);
}

#[test]
fn events_that_come_twice_or_in_another_order_change_nothing() {
    for payments in [PaymentsArrive::Before, PaymentsArrive::After] {
        let events = ledger(1, 40, false);
        let expected = reference(events.clone(), payments, BTreeSet::new());
        let file = timeline(&events);
        let (header, lines) = file.split_once('\n').unwrap();
        let mut lines: Vec<&str> = lines.lines().collect();
        lines.extend(lines.clone());
        lines.shuffle(&mut StdRng::seed_from_u64(2));
        let run = Run::new(&format!("\u{feff}{header}\r\n{}\r\n", lines.join("\r\n")), payments);
        let summary = run.ends();
        assert_eq!(summary["events"]["repeats"], events.len());
        assert_eq!(run.outcome(), expected);
    }
}

#[test]
fn after_one_three_and_ten_days_down_the_latest_fitting_step_goes_out_once() {
    for (seed, length) in [(3, 1), (4, 3), (5, 10)] {
        let events = ledger(seed, 40, true);
        let from = date(2026, 1, 28);
        let to = plus_days(from, length - 1);
        let down = (0..length).map(|n| plus_days(from, n)).collect();
        for payments in [PaymentsArrive::Before, PaymentsArrive::After] {
            let mut run = Run::new(&timeline(&events), payments);
            run.with("--down", &format!("{from}..{to}"));
            let summary = run.ends();
            assert_eq!(summary["days_down"], length);
            assert_eq!(run.outcome(), reference(events.clone(), payments, BTreeSet::clone(&down)));
        }
    }
}

#[test]
fn any_ledger_is_replayed_as_the_reference_says() {
    for seed in 10..16 {
        let events = ledger(seed, 50, seed % 2 == 0);
        let payments = if seed % 3 == 0 { PaymentsArrive::After } else { PaymentsArrive::Before };
        let run = Run::new(&timeline(&events), payments);
        run.ends();
        assert_eq!(run.outcome(), reference(events, payments, BTreeSet::new()), "seed {seed}");
    }
}

#[test]
fn another_replay_into_the_same_directory_starts_anew() {
    let events = ledger(6, 20, false);
    let mut run = Run::new(&timeline(&events), PaymentsArrive::Before);
    run.ends();
    let before = run.outcome();
    // The same again changes nothing; another mode is another replay.
    run.ends();
    assert_eq!(run.outcome(), before);
    let mode = run.arguments.iter().position(|argument| argument == "before").unwrap();
    run.arguments[mode] = "after".to_owned();
    run.ends();
    assert_eq!(run.outcome(), reference(events, PaymentsArrive::After, BTreeSet::new()));
}

/// Kills a replay at random instants, over and over, until it ends by itself;
/// how often it was killed.
fn killed_until_done(run: &Run, rng: &mut impl Rng) -> u32 {
    let mut kills = 0;
    loop {
        let mut child = run.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(rng.random_range(30..450)));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return kills;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        assert!(kills < 2_000, "it never ends");
    }
}

/// Kills replays of small ledgers until there were `kills` in all. After each
/// the list is the uninterrupted one, and the sandbox has every message once.
fn check_kills(mut rng: StdRng, kills: u32, store: impl Fn() -> Option<String>) {
    let (mut killed, mut inside, mut seed) = (0, 0, 100);
    while killed < kills {
        seed += 1;
        let payments = if seed % 2 == 0 { PaymentsArrive::After } else { PaymentsArrive::Before };
        let events = ledger(seed, 40, false);
        let mut run = Run::new(&timeline(&events), payments);
        if let Some(url) = store() {
            run.with("--store", &url);
        }
        let kills_here = killed_until_done(&run, &mut rng);
        killed += kills_here;
        let summary = run.ends();
        assert_eq!(run.outcome(), reference(events, payments, BTreeSet::new()), "seed {seed}");

        let messages = sandbox::read_all(&run.path("out/sandbox.jsonl")).unwrap();
        let keys: BTreeSet<String> = messages.iter().map(|m| m.key.reminder.to_string()).collect();
        assert_eq!(keys.len(), messages.len(), "a reminder went out twice");
        assert_eq!(summary["reminders"]["delivered"], messages.len());
        // More than one kill for one replay: some came after its first day.
        inside += kills_here.saturating_sub(1);
    }
    assert!(inside * 2 > killed, "only {inside} of {killed} kills fell inside a replay");
}

#[test]
fn a_replay_killed_at_random_instants_loses_nothing_and_sends_nothing_twice_on_sqlite() {
    check_kills(StdRng::seed_from_u64(7), 180, || None);
}

#[test]
fn a_replay_killed_at_random_instants_loses_nothing_and_sends_nothing_twice_on_postgres() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    check_kills(StdRng::seed_from_u64(8), 30, || Some(runtime.block_on(postgres::database())));
}
