//! SIGKILL at random instants: nothing is lost, nothing is sent twice.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::{Duration, Instant};

use duebell::model::ReminderState;
use duebell::provider::sandbox;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::{MODES, Run, ladder, ledger, timeline};
use crate::support::postgres;

/// Where the kills fell.
#[derive(Debug, Default)]
struct Kills {
    all: u32,
    /// When something had been sent, and something was still to be sent.
    inside: u32,
    /// Submissions that were under way when the process died.
    submissions: i64,
}

/// Kills a replay at random instants, over and over, until it ends by itself.
/// Half of the instants are the next after a random one at which a message was
/// just taken: its outcome is most likely not yet recorded.
fn killed_until_done(run: &Run, whole: Duration, rng: &mut impl Rng, kills: &mut Kills) {
    let sent = || run.path("out/sandbox.jsonl").metadata().map_or(0, |file| file.len());
    for _ in 0..1_000 {
        let mut child = run.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(rng.random_range(0.01..0.3)));
        if rng.random_bool(0.5) {
            let before = sent();
            while sent() == before && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_micros(100));
            }
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills.all += 1;
        kills.inside += u32::from(sent() > 0);
    }
    panic!("it never ends");
}

/// Kills replays of small ledgers until there were `wanted` kills in all. Each
/// ends with the list of the reference and every message once.
fn check_kills(seed: u64, wanted: u32, store: impl Fn() -> Option<String>) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut kills = Kills::default();
    let mut whole = None;
    for number in 0.. {
        if kills.all >= wanted {
            break;
        }
        let payments = MODES[number % 2];
        let events = ledger(100 + number as u64, 60, false);
        let run_on_new_store = || {
            let mut run = Run::new(timeline(&events), payments);
            if let Some(url) = store() {
                run.with("--store", &url);
            }
            run
        };
        let expected = ladder(events.clone(), payments).run();
        // How long it takes undisturbed; the ledgers are of one size.
        let whole = *whole.get_or_insert_with(|| {
            let (began, clean) = (Instant::now(), run_on_new_store());
            clean.ends();
            assert_eq!(clean.outcome(), expected);
            began.elapsed()
        });

        let run = run_on_new_store();
        killed_until_done(&run, whole, &mut rng, &mut kills);
        // Once more, to be told: a replay that is over stays as it is.
        let told = run.ends();
        assert_eq!(run.outcome(), expected, "ledger {number}");
        let mut by_step: BTreeMap<&str, u64> = BTreeMap::new();
        expected.sends.iter().for_each(|(_, _, _, step)| *by_step.entry(step).or_default() += 1);
        assert_eq!(told["items_by_step"], serde_json::json!(by_step));
        kills.submissions += cut_short(&run);
        check_messages(&run, &told);
    }
    // Or they prove little.
    assert!(kills.inside * 2 > kills.all, "{kills:?}");
    assert!(kills.submissions * 10 > i64::from(kills.all), "{kills:?}");
}

/// Submissions whose outcome was not known when the next process began.
fn cut_short(run: &Run) -> i64 {
    const SQL: &str = "select count(*) from transition where state = 'unknown'";
    let store = run.option("--store").unwrap_or_else(|| {
        let path = run.path("out/replay.db");
        format!("sqlite://{}", path.display())
    });
    let count = async {
        if store.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&store).await?;
            sqlx::query_scalar(SQL).fetch_one(&mut connection).await
        } else {
            let mut connection = PgConnection::connect(&store).await?;
            sqlx::query_scalar(SQL).fetch_one(&mut connection).await
        }
    };
    tokio::runtime::Runtime::new().unwrap().block_on(count).unwrap()
}

/// Every reminder that counts as sent has its one message, and none is on its way.
#[track_caller]
fn check_messages(run: &Run, told: &serde_json::Value) {
    let messages = sandbox::read_all(&run.path("out/sandbox.jsonl")).unwrap();
    let reminders: BTreeSet<_> = messages.iter().map(|message| message.key.reminder).collect();
    assert_eq!(reminders.len(), messages.len(), "a reminder went out twice");
    let states: BTreeMap<String, usize> =
        serde_json::from_value(told["reminders"].clone()).unwrap();
    let state = |name: &str| ReminderState::parse(name).unwrap();
    let open = states.keys().find(|name| {
        matches!(
            state(name),
            ReminderState::Submitting | ReminderState::Unknown | ReminderState::RetryLater
        )
    });
    assert_eq!(open, None);
    let sent = states.iter().filter(|(name, _)| state(name).counts_as_sent());
    assert_eq!(sent.map(|(_, count)| count).sum::<usize>(), messages.len());
}

#[test]
fn killed_at_random_instants_on_sqlite() {
    check_kills(7, 180, || None);
}

#[test]
fn killed_at_random_instants_on_postgres() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    check_kills(8, 30, || Some(runtime.block_on(postgres::database())));
}
