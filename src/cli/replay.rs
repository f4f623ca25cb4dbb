//! `duebell replay`: a real history in virtual time, through the very pipeline
//! of the daemon.
//!
//! A replay that was stopped, by whatever means, goes on where it was when it
//! is started again with the same arguments: its store and the sandbox's file
//! hold all that it needs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::app;
use crate::model::Currency;
use crate::model::billing::{days_between, plus_days};
use crate::pipeline::drive::Stages;
use crate::pipeline::{Settings, Workshop};
use crate::policy::{ContactRules, ContactWindow, Scenario, brake};
use crate::provider::sandbox::{self, Sandbox};
use crate::source::history::{self, History};
use crate::source::timeline::{Event, EventKind, TimelineSource};
use crate::store::{ControlStore, SqlStore};

use super::output::{Progress, print_line};

/// The switch that marks a store as a replay's, with what it replays.
const FINGERPRINT: &str = "replay";
/// The day that is being replayed, in the store's marks.
const DAY: &str = "replay:day";
/// Steps of a history are never before going live.
const ALWAYS: &str = "1990-01-01";

/// Whether a day's payments are known to that day's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Payments {
    /// A day's payments are posted before that day's run.
    Before,
    /// The run comes first.
    After,
}

#[derive(Debug, Args)]
pub struct Replay {
    /// CSV, plain or gzip: date,event,invoice,customer,amount,due[,currency][,event_id][,arrives_on]
    #[arg(long, value_name = "FILE")]
    timeline: PathBuf,
    /// The scenario to follow (TOML), for example examples/replay/ladder.toml
    #[arg(long, value_name = "FILE")]
    scenario: PathBuf,
    /// Whether a day's payments are posted before or after that day's run
    #[arg(long)]
    payments: Payments,
    /// Currency of amounts that name none
    #[arg(long, value_name = "CCY", default_value = "USD")]
    currency: String,
    /// Where to keep the replay's memory: sqlite://PATH or postgres://…; by default a file in the output directory
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Days on which the daemon does not run: DATE or FIRST..LAST; may be given several times
    #[arg(long, value_name = "DATES")]
    down: Vec<String>,
    /// Directory for sends.csv, flags.csv, rejects.csv and the sandbox's messages
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// What a replay came to. It adds up: see [`Summary::check`].
#[derive(Debug, Serialize)]
struct Summary {
    events: Events,
    first_day: Date,
    last_day: Date,
    days_run: u64,
    days_down: u64,
    items_sent: u64,
    items_by_step: BTreeMap<String, u64>,
    reminders: BTreeMap<String, u64>,
    reminders_planned: u64,
    messages_taken: u64,
    messages_twice: u64,
    flagged: u64,
    why_not: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct Events {
    read: u64,
    used: u64,
    repeats: u64,
    set_aside: u64,
    due_before_issue: u64,
}

/// The days of a replay.
struct Calendar {
    first: Date,
    last: Date,
    down: Vec<(Date, Date)>,
}

impl Calendar {
    fn is_down(&self, day: Date) -> bool {
        self.down.iter().any(|(from, to)| (*from..=*to).contains(&day))
    }
}

pub async fn run(args: Replay) -> anyhow::Result<()> {
    let currency: Currency =
        args.currency.parse().with_context(|| format!("--currency {:?}", args.currency))?;
    let scenario = scenario(&args.scenario)?;
    let history = history::read(&args.timeline, currency)?;
    ensure!(!history.events.is_empty(), "{} holds no usable event", args.timeline.display());
    let calendar = calendar(&history, &args.down)?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("could not create {}", args.out.display()))?;
    write_rejects(&args.out.join("rejects.csv"), &history)?;

    let (store, sandbox) = memory(&args, &fingerprint(&args, &scenario)?).await?;
    let source = Arc::new(TimelineSource::default());
    let stages = Stages::new(workshop(source.clone(), &store, &sandbox, scenario.clone()).await?);
    let days_run = replay(&args, &history, &calendar, &source, &stages, &store).await?;

    let summary = summary(&history, &calendar, days_run, &store, &sandbox).await?;
    write_sends(&args.out.join("sends.csv"), &store).await?;
    write_flags(&args.out.join("flags.csv"), &store).await?;
    store.close().await;
    summary.check()?;
    summary.print(args.json)
}

fn scenario(path: &Path) -> anyhow::Result<Scenario> {
    let mut scenario = crate::config::read_scenario(path).map_err(crate::config::in_words)?;
    scenario.window = ContactWindow::ALL_DAY;
    Ok(scenario)
}

/// Every day from the first event through the last due date + 30, whatever is
/// paid after that.
fn calendar(history: &History, down: &[String]) -> anyhow::Result<Calendar> {
    let first = history.events.iter().map(|event| event.date).min();
    let due = history.events.iter().filter_map(|event| match event.kind {
        EventKind::Issued { due_on } => Some(due_on),
        EventKind::Paid | EventKind::Reversed => None,
    });
    let (Some(first), Some(last_due)) = (first, due.max()) else {
        anyhow::bail!("the timeline issues no bill");
    };
    let last = plus_days(last_due, 30);
    // A bill that fell due long before it was issued.
    let last = last.max(first);
    let span = |text: &String| -> anyhow::Result<(Date, Date)> {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let day = |part: &str| {
            part.parse().with_context(|| format!("--down {text:?}: write DATE or FIRST..LAST"))
        };
        Ok((day(from)?, day(to)?))
    };
    Ok(Calendar { first, last, down: down.iter().map(span).collect::<anyhow::Result<_>>()? })
}

/// Names what is replayed: another timeline, scenario or mode is another replay.
fn fingerprint(args: &Replay, scenario: &Scenario) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    let timeline = std::fs::read(&args.timeline)?;
    hash.update(Sha256::digest(&timeline));
    hash.update(format!(
        "{} {:?} {} {:?}",
        scenario.version(),
        args.payments,
        args.currency,
        args.down
    ));
    Ok(hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Opens the store and the sandbox of this replay: those of an earlier start
/// of the same replay, or empty ones. A store of a daemon is left alone.
async fn memory(args: &Replay, fingerprint: &str) -> anyhow::Result<(Arc<SqlStore>, Arc<Sandbox>)> {
    let url = match &args.store {
        Some(url) => url.clone(),
        None => format!("sqlite://{}", args.out.join("replay.db").display()),
    };
    let store = SqlStore::open(&url, None).await.context("could not open the store")?;
    let messages = args.out.join("sandbox.jsonl");
    let stored = store.control_value(FINGERPRINT).await?;
    let is_same = stored.as_deref() == Some(fingerprint) && messages.exists();
    if !is_same {
        ensure!(
            stored.is_some() || store.is_empty().await?,
            "the store {} is in use and is no replay's; give an empty one",
            crate::store::without_password(&url)
        );
        store.erase().await?;
        match std::fs::remove_file(&messages) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error)
                    .with_context(|| format!("could not remove {}", messages.display()));
            }
            _ => {}
        }
    }
    // The file before the mark: a crash between them starts anew.
    let settings = sandbox::Settings::default();
    let sandbox = Sandbox::open(&messages, settings)
        .with_context(|| format!("could not open {}", messages.display()))?;
    store.set_control(FINGERPRINT, Some(fingerprint), Timestamp::UNIX_EPOCH).await?;
    Ok((Arc::new(store), Arc::new(sandbox)))
}

async fn workshop(
    source: Arc<TimelineSource>,
    store: &Arc<SqlStore>,
    sandbox: &Arc<Sandbox>,
    scenario: Scenario,
) -> anyhow::Result<Workshop> {
    let name = scenario.name.clone();
    store.set_control(&format!("live:{name}"), Some(ALWAYS), Timestamp::UNIX_EPOCH).await?;
    let scenarios = app::adopted(store.as_ref(), vec![scenario], Timestamp::UNIX_EPOCH).await?;
    Ok(Workshop {
        source,
        ledger: store.clone(),
        plans: store.clone(),
        outbox: store.clone(),
        deadlines: store.clone(),
        inbox: None,
        replies: store.clone(),
        holds: store.clone(),
        assess: store.clone(),
        cases: store.clone(),
        advice: store.clone(),
        webhook: None,
        // The history is replayed under the ladder alone.
        causes: None,
        yardsticks: Arc::new(crate::risk::estimate::Yardsticks::built_in()),
        parts: None,
        control: store.clone(),
        experiments: store.clone(),
        retention: store.clone(),
        scenarios: Arc::new(scenarios),
        // Nobody is contacted, so there is no law to keep.
        contact: Arc::new(ContactRules::lawless()),
        messages: Arc::new(crate::message::Messages::built_in()),
        operator: Arc::new(crate::message::Operator::default()),
        links: None,
        providers: app::sandboxed(sandbox),
        defaults: crate::source::Defaults::default(),
        settings: Settings {
            dispatch_batch: 1_000,
            // A history is never committed late.
            sync_overlap_s: 0,
            // Nobody is there to be asked.
            brake: brake::Settings::OFF,
            ..Settings::default()
        },
        agenda: Arc::default(),
        leases: Arc::new(crate::pipeline::lease::Leases::alone()),
    })
}

/// Lives through the days; the number of days on which the daemon ran.
async fn replay(
    args: &Replay,
    history: &History,
    calendar: &Calendar,
    source: &TimelineSource,
    stages: &Stages,
    store: &SqlStore,
) -> anyhow::Result<u64> {
    let resume = store.mark(DAY).await?.map(|at| at.to_zoned(TimeZone::UTC).date());
    let mut events = history.events.as_slice();
    let days = i64::from(days_between(calendar.first, calendar.last)) + 1;
    let mut progress = Progress::new("replaying", days as u64, args.json);
    let mut day = calendar.first;
    let mut ran = 0;
    while day <= calendar.last {
        let arrived = events.partition_point(|event| event.arrives_on <= day);
        let (today, later) = events.split_at(arrived);
        events = later;
        let known_at_once = |event: &&Event| {
            args.payments == Payments::Before || matches!(event.kind, EventKind::Issued { .. })
        };
        source.apply(today.iter().filter(known_at_once), &format!("{day} 06:00:00"));
        if !calendar.is_down(day) {
            ran += 1;
            if resume.is_none_or(|resume| resume <= day) {
                run_day(day, resume == Some(day), stages, store).await?;
            }
        }
        source
            .apply(today.iter().filter(|event| !known_at_once(event)), &format!("{day} 18:00:00"));
        progress.advance(&day.to_string());
        day = plus_days(day, 1);
    }
    // The receipts of the last day.
    stages.send(midnight(day)).await?;
    progress.finish();
    Ok(ran)
}

async fn run_day(
    day: Date,
    was_begun: bool,
    stages: &Stages,
    store: &SqlStore,
) -> anyhow::Result<()> {
    let now = midnight(day);
    // Written first: what this day's run reads belongs to no earlier day.
    store.set_marks(&[(DAY, now)]).await?;
    if was_begun {
        stages.recover(now).await?;
    }
    stages.round(now).await.with_context(|| format!("could not run {day}"))?;
    Ok(())
}

fn midnight(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

async fn summary(
    history: &History,
    calendar: &Calendar,
    days_run: u64,
    store: &SqlStore,
    sandbox: &Sandbox,
) -> anyhow::Result<Summary> {
    let desk = store.desk();
    let (items_by_step, reminders) = (desk.by_step().await?, desk.by_state().await?);
    let days = days_between(calendar.first, calendar.last) as u64 + 1;
    Ok(Summary {
        events: Events {
            read: history.read,
            used: history.events.len() as u64,
            repeats: history.repeats,
            set_aside: history.set_aside.len() as u64,
            due_before_issue: history.due_before_issue,
        },
        first_day: calendar.first,
        last_day: calendar.last,
        days_run,
        days_down: days - days_run,
        items_sent: items_by_step.values().sum(),
        items_by_step,
        reminders_planned: reminders.values().sum(),
        reminders,
        messages_taken: sandbox.taken(),
        messages_twice: sandbox.duplicates(),
        flagged: desk.flags().await?.len() as u64,
        why_not: desk.by_reason().await?,
    })
}

impl Summary {
    /// # Errors
    /// When the accounting does not add up: a bug, told before anyone relies on the figures.
    fn check(&self) -> anyhow::Result<()> {
        let Events { read, used, repeats, set_aside, .. } = self.events;
        ensure!(read == used + repeats + set_aside, "the events do not add up: {:?}", self.events);
        let sent: u64 = self
            .reminders
            .iter()
            .filter(|(state, _)| {
                crate::model::ReminderState::parse(state).is_some_and(|s| s.counts_as_sent())
            })
            .map(|(_, count)| count)
            .sum();
        ensure!(
            sent == self.messages_taken && self.messages_twice == 0,
            "{sent} reminders count as sent, but the sandbox took {} messages, {} of them twice",
            self.messages_taken,
            self.messages_twice
        );
        Ok(())
    }

    fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            return print_line(&serde_json::to_string_pretty(self)?);
        }
        let e = &self.events;
        print_line(&format!(
            "events     {} read = {} used + {} repeats + {} set aside",
            e.read, e.used, e.repeats, e.set_aside
        ))?;
        if e.due_before_issue > 0 {
            print_line(&format!(
                "           {} bills fell due before they were issued",
                e.due_before_issue
            ))?;
        }
        print_line(&format!(
            "days       {} to {}: {} run, {} down",
            self.first_day, self.last_day, self.days_run, self.days_down
        ))?;
        print_line(&format!(
            "reminders  {} planned: {}",
            self.reminders_planned,
            listed(&self.reminders)
        ))?;
        print_line(&format!(
            "items      {} sent: {}",
            self.items_sent,
            listed(&self.items_by_step)
        ))?;
        print_line(&format!(
            "messages   {} taken by the sandbox, {} twice",
            self.messages_taken, self.messages_twice
        ))?;
        print_line(&format!("not sent   {}", listed(&self.why_not)))?;
        print_line(&format!("flagged    {} repeat debtors", self.flagged))
    }
}

fn listed(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return "none".into();
    }
    counts.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

fn write_rejects(path: &Path, history: &History) -> anyhow::Result<()> {
    let mut file = csv::Writer::from_path(path)?;
    file.write_record(["line", "field", "reason"])?;
    for set_aside in &history.set_aside {
        file.write_record([&set_aside.line.to_string(), set_aside.field, &set_aside.reason])?;
    }
    Ok(file.flush()?)
}

async fn write_sends(path: &Path, store: &SqlStore) -> anyhow::Result<()> {
    let mut file = csv::Writer::from_path(path)?;
    file.write_record(["date", "bill", "account", "step"])?;
    for line in store.desk().sent().await? {
        file.write_record([&line.date.to_string(), &line.bill, &line.account, &line.step])?;
    }
    Ok(file.flush()?)
}

async fn write_flags(path: &Path, store: &SqlStore) -> anyhow::Result<()> {
    let mut file = csv::Writer::from_path(path)?;
    file.write_record(["account", "flagged_on"])?;
    for (account, flagged_on) in store.desk().flags().await? {
        file.write_record([account, flagged_on.to_string()])?;
    }
    Ok(file.flush()?)
}
