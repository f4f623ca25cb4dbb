//! How long a replay takes: wall time, CPU time, memory.
//!
//! `cargo bench --bench replay [-- BILLS [STORE]]`: a made-up operator with
//! one bill a month for each customer over twenty months, 100,000 bills unless
//! said otherwise; six of ten are paid in time, the rest late, some in parts,
//! a few never. STORE is a URL such as `postgres://…` of an empty database.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use duebell::model::id::spread;
use jiff::civil::{Date, date};

const FIRST: Date = date(2024, 1, 1);
const MONTHS: u64 = 20;
const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/replay/ladder.toml");
/// What Linux counts CPU time in, on every machine that we know of.
const TICKS_PER_SECOND: f64 = 100.0;

fn plus(day: Date, days: u64) -> Date {
    day.saturating_add(jiff::Span::new().days(days as i64))
}

/// The events of one bill: its issue, and how it is paid.
fn bill(customer: u64, month: u64, events: &mut Vec<(Date, String)>) {
    let draw = |what: &str, below: u64| spread(&format!("{customer} {month} {what}")) % below;
    let cycle = spread(&format!("{customer}")) % 28;
    let issued = plus(FIRST.saturating_add(jiff::Span::new().months(month as i64)), cycle);
    let due = plus(issued, 21);
    let (id, account) = (format!("B{customer:05}-{month:02}"), format!("C{customer:05}"));
    let cents = 1_000 + draw("amount", 9_000);
    let amount = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
    events.push((issued, format!("invoice_issued,{id},{account},{},{due}", amount(cents))));

    let mut pay = |days: u64, cents: u64| {
        events.push((plus(issued, days), format!("payment,{id},{account},{},", amount(cents))));
    };
    match draw("manner", 100) {
        0..60 => pay(draw("day", 22), cents),
        60..90 => pay(22 + draw("day", 30), cents),
        90..97 => {
            pay(draw("day", 22), cents / 2);
            pay(22 + draw("rest", 30), cents - cents / 2);
        }
        _ => {}
    }
}

fn timeline(bills: u64) -> String {
    let mut events = Vec::new();
    for number in 0..bills {
        bill(number / MONTHS, number % MONTHS, &mut events);
    }
    events.sort();
    let mut text = String::from("date,event,invoice,customer,amount,due\n");
    for (day, rest) in events {
        let _ = writeln!(text, "{day},{rest}");
    }
    text
}

/// What a process has used, as Linux tells.
#[derive(Default)]
struct Used {
    user_s: f64,
    system_s: f64,
    peak_mib: f64,
}

impl Used {
    /// Watches `child` to its end. The last words on its CPU time come from
    /// the zombie, those on its memory from just before.
    fn watch(child: &mut Child) -> Used {
        let mut used = Used::default();
        let proc = format!("/proc/{}", child.id());
        loop {
            let stat = std::fs::read_to_string(format!("{proc}/stat")).unwrap();
            // The name, in brackets, may hold anything.
            let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
            let seconds = |field: &str| field.parse::<f64>().unwrap() / TICKS_PER_SECOND;
            (used.user_s, used.system_s) = (seconds(fields[11]), seconds(fields[12]));
            let status = std::fs::read_to_string(format!("{proc}/status")).unwrap_or_default();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            if let Some(peak) = peak.and_then(|it| it.trim().strip_suffix(" kB")) {
                used.peak_mib = peak.trim().parse::<f64>().unwrap() / 1024.0;
            }
            if fields[0] == "Z" {
                assert!(child.wait().unwrap().success(), "the replay failed");
                return used;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn replay(timeline: &Path, out: &Path, store: Option<&str>) -> (Duration, Used) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duebell"));
    command.args(["replay", "--payments", "before", "--json", "--scenario", SCENARIO]);
    command.arg("--timeline").arg(timeline).arg("--out").arg(out);
    if let Some(store) = store {
        command.args(["--store", store]);
    }
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let used = Used::watch(&mut child);
    (began.elapsed(), used)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let bills = args.first().map_or(100_000, |bills| bills.parse().expect("BILLS is a number"));
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("timeline.csv");
    std::fs::write(&file, timeline(bills)).unwrap();

    let out = scratch.path().join("out");
    let (took, used) = replay(&file, &out, args.get(1).map(String::as_str));
    let sends = std::fs::read_to_string(out.join("sends.csv")).unwrap().lines().count() - 1;
    let flags = std::fs::read_to_string(out.join("flags.csv")).unwrap().lines().count() - 1;
    let wall = took.as_secs_f64();
    println!("{bills} bills, {sends} items sent, {flags} customers flagged");
    println!(
        "{wall:.1} s wall, {:.1} s user, {:.1} s system, {:.0} MiB at most, {:.0} bills/s",
        used.user_s,
        used.system_s,
        used.peak_mib,
        bills as f64 / wall
    );
}
