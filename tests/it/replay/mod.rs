//! `duebell replay`, the real binary: held to what was counted elsewhere, to
//! the reference on ledgers of every shape, and to itself where it is killed.

mod files;
mod ibm;
mod kills;
mod ledgers;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use duebell::model::Money;
use duebell::model::billing::plus_days;
use jiff::civil::{Date, date};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::support::data;
use crate::support::reference::{Event, EventKind, Outcome, PaymentsArrive, RepeatRule, Replay};

const MODES: [PaymentsArrive; 2] = [PaymentsArrive::Before, PaymentsArrive::After];

const STEPS: [(&str, i32); 5] =
    [("pre3", -3), ("late1", 1), ("late7", 7), ("late15", 15), ("final30", 30)];

/// One replay in a directory of its own.
struct Run {
    dir: tempfile::TempDir,
    arguments: Vec<String>,
}

impl Run {
    fn new(timeline: impl AsRef<[u8]>, payments: PaymentsArrive) -> Run {
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

    /// Follows the ladder and the days down of `replay`.
    fn follow(&mut self, replay: &Replay) {
        let RepeatRule { bills, late_days, window_days } = replay.repeat;
        let mut scenario =
            format!("name = \"own\"\ndefault = true\ntolerance = {}\n", replay.tolerance_minor);
        for (name, offset) in &replay.steps {
            let severity = if *offset > 0 { "soft" } else { "courtesy" };
            scenario += &format!(
                "[[step]]\nname = \"{name}\"\noffset_days = {offset}\nseverity = \"{severity}\"\nchannels = [\"sms\"]\n"
            );
        }
        scenario += &format!(
            "[repeat_debtor]\nbills = {bills}\nlate_days = {late_days}\nwindow_days = {window_days}\n"
        );
        std::fs::write(self.path("own.toml"), scenario).unwrap();
        let place = self.arguments.iter().position(|argument| argument == "--scenario").unwrap();
        self.arguments[place + 1] = self.path("own.toml").display().to_string();
        for day in &replay.down {
            self.with("--down", &day.to_string());
        }
    }

    fn option(&self, option: &str) -> Option<String> {
        let place = self.arguments.iter().position(|argument| argument == option)?;
        self.arguments.get(place + 1).cloned()
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

/// A history as a timeline file with every column there is.
fn timeline(events: &[Event]) -> String {
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record(COLUMNS).unwrap();
    for (number, event) in events.iter().enumerate() {
        let (name, bill, minor, due) = match &event.kind {
            EventKind::Issued { bill, amount_minor, due, .. } => {
                ("invoice_issued", bill, *amount_minor, due.to_string())
            }
            EventKind::Payment { bill, amount_minor } => {
                ("payment", bill, *amount_minor, String::new())
            }
        };
        let (account, currency) = issuer_of(events, bill);
        let amount = Money::new(minor, currency.parse().unwrap()).decimal();
        let (date, arrives_on) = (event.date.to_string(), event.arrives_on.to_string());
        let id = format!("e{number}");
        file.write_record([&date, name, bill, account, &amount, &due, currency, &arrives_on, &id])
            .unwrap();
    }
    String::from_utf8(file.into_inner().unwrap()).unwrap()
}

const COLUMNS: [&str; 9] =
    ["date", "event", "invoice", "customer", "amount", "due", "currency", "arrives_on", "event_id"];

/// Account and currency of a bill.
fn issuer_of<'a>(events: &'a [Event], wanted: &str) -> (&'a str, &'a str) {
    let issued = events.iter().find_map(|event| match &event.kind {
        EventKind::Issued { bill, account, currency, .. } if bill == wanted => {
            Some((account.as_str(), currency.as_str()))
        }
        _ => None,
    });
    issued.unwrap_or(("Nobody", "USD"))
}

fn issued(bill: &str, account: &str, on: Date, due: Date, amount_minor: i64) -> Event {
    let (bill, account, currency) = (bill.to_owned(), account.to_owned(), "USD".to_owned());
    let kind = EventKind::Issued { bill, account, amount_minor, currency, due };
    Event { date: on, arrives_on: on, kind }
}

fn paid(bill: &str, on: Date, amount_minor: i64) -> Event {
    let kind = EventKind::Payment { bill: bill.to_owned(), amount_minor };
    Event { date: on, arrives_on: on, kind }
}

/// What the reference says of a history under the ladder of the examples.
fn ladder(events: Vec<Event>, payments: PaymentsArrive) -> Replay {
    let first = events.iter().map(|event| event.date).min().unwrap();
    let due = events.iter().filter_map(|event| match &event.kind {
        EventKind::Issued { due, .. } => Some(*due),
        EventKind::Payment { .. } => None,
    });
    let last = plus_days(due.max().unwrap(), 30);
    let steps = STEPS.map(|(name, offset)| (name.to_owned(), offset)).to_vec();
    let repeat = RepeatRule { bills: 3, late_days: 15, window_days: 365 };
    let down = BTreeSet::new();
    Replay { events, steps, tolerance_minor: 0, repeat, payments, first, last, down }
}

/// Replays a history under the ladder, and holds it to the reference.
#[track_caller]
fn check(events: &[Event]) {
    for payments in MODES {
        let run = Run::new(timeline(events), payments);
        let summary = run.ends();
        assert_eq!(summary["events"]["set_aside"], 0);
        assert_eq!(run.outcome(), ladder(events.to_vec(), payments).run());
    }
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
