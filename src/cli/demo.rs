//! `duebell demo`: a made-up operator, lived through on a fast clock.
//!
//! The billing database, the daemon's stages, the store and the messages are
//! the real ones; the subscribers are made up, and a sandbox takes the
//! messages, so nobody is contacted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::app;
use crate::config;
use crate::model::billing::plus_days;
use crate::model::{AccountId, Channel, Reason};
use crate::pipeline::drive::Stages;
use crate::pipeline::{self, Workshop};
use crate::policy::brake;
use crate::provider::sandbox::{self, Message, Sandbox};
use crate::source::billing_db::BillingDb;
use crate::source::population::Population;
use crate::store::{ControlStore, SqlStore};

use super::context::now;
use super::output::print_line;

const SCENARIO: &str = include_str!("../../config/policy/consumer.toml");
/// The queries that map our own billing database.
const QUERIES: [(&str, &str); 5] = [
    ("accounts.sql", include_str!("../../config/source/duebell/accounts.sql")),
    ("bills.sql", include_str!("../../config/source/duebell/bills.sql")),
    ("payments.sql", include_str!("../../config/source/duebell/payments.sql")),
    ("holds.sql", include_str!("../../config/source/duebell/holds.sql")),
    ("balances.sql", include_str!("../../config/source/duebell/balances.sql")),
];

/// Where the links in the messages lead, once somebody is there.
const DOOR: &str = "127.0.0.1:8470";
/// By its name: browsers trust no address with the console's cookie.
const CONSOLE: &str = "localhost:8470/console/";
/// Everybody may know it: it opens the pages of people who do not exist.
const PAGE_KEY: &str = "the key of every demo, and of nothing else\n";

#[derive(Debug, Args)]
pub struct Demo {
    /// Accounts to make up
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    accounts: u32,
    /// Days to live through
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    /// Another seed, another population
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Milliseconds that an hour takes at least
    #[arg(long, default_value_t = 15)]
    pace: u64,
    /// Directory for the demo's databases and messages; it is emptied first. By default one for temporary files
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// What the law asks for and only a real operator knows the words of.
const SAID_ELSEWHERE: &str = r#"
caller-name = "elsewhere"
complaint-route = "elsewhere"
court-remedy = "elsewhere"
credit-bureau = "elsewhere"
debt-advice = "elsewhere"
hardship-link = "elsewhere"
header-and-template-id = "elsewhere"
payment-plan = "elsewhere"
reconnection-fee = "elsewhere"
restoration-time = "elsewhere"
suspension-date = "elsewhere"
suspension-rules = "elsewhere"
"#;

/// The made-up operator and the daemon that serves it.
struct Stage {
    dir: PathBuf,
    billing: BillingDb,
    population: Population,
    store: Arc<SqlStore>,
    sandbox: Arc<Sandbox>,
    stages: Stages,
}

/// What a day came to.
#[derive(Default)]
struct Day {
    bills: u64,
    payments: u64,
    read: usize,
    decided: usize,
}

pub async fn run(args: Demo) -> anyhow::Result<()> {
    let today = now().to_zoned(TimeZone::UTC).date();
    let first = plus_days(today, -(args.days as i32));
    let mut stage = set_up(&args, first).await?;

    let mut reminded: BTreeSet<AccountId> = BTreeSet::new();
    let (mut known, mut shown) = (0, false);
    for offset in 0..args.days as i32 {
        let date = plus_days(first, offset);
        let before = stage.sandbox.taken();
        let mut day = Day::default();
        for hour in 0..24 {
            let began = std::time::Instant::now();
            live_an_hour(&mut stage, date, hour, &mut day, &std::mem::take(&mut reminded)).await?;
            if !shown && let Some(message) = stage.sandbox.recent().first() {
                shown = true;
                print_line("\nthe first reminder leaves:\n")?;
                print_message(message)?;
                print_line("")?;
            }
            tokio::time::sleep(Duration::from_millis(args.pace).saturating_sub(began.elapsed()))
                .await;
        }
        let sent = stage.store.desk().sent().await?;
        reminded.extend(
            sent.iter()
                .filter(|line| line.date == date)
                .map(|line| AccountId::from(line.account.as_str())),
        );
        print_line(&format!(
            "{}  {:>4} bills issued  {:>4} payments  {:>5} rows read  {:>4} accounts decided  {:>4} messages sent",
            date.strftime("%a %e %b"),
            day.bills,
            day.payments,
            day.read,
            day.decided,
            stage.sandbox.taken() - before,
        ))?;
        known = sent.len();
    }
    report(&stage, known).await?;
    stage.billing.close().await;
    stage.store.close().await;
    Ok(())
}

async fn live_an_hour(
    stage: &mut Stage,
    date: Date,
    hour: i8,
    day: &mut Day,
    reminded: &BTreeSet<AccountId>,
) -> anyhow::Result<()> {
    let at = date.at(hour, 0, 0, 0).to_zoned(TimeZone::UTC)?.timestamp();
    let before = at - SignedDuration::from_hours(1);
    let lived = stage.population.live_through(&stage.billing, before, at, reminded).await?;
    let round = stage.stages.round(at).await?;
    day.bills += lived.bills;
    day.payments += lived.payments;
    day.read += round.read;
    day.decided += round.decided;
    Ok(())
}

/// Makes up the operator and starts the daemon's stages on it, live.
async fn set_up(args: &Demo, first: Date) -> anyhow::Result<Stage> {
    let dir = args.dir.clone().unwrap_or_else(|| std::env::temp_dir().join("duebell-demo"));
    furnish(&dir)?;
    print_line(&format!(
        "making up {} subscribers of an operator (seed {})",
        args.accounts, args.seed
    ))?;
    let billing = BillingDb::open(&dir.join("billing.db"), true).await?;
    let mut population = Population::new(args.seed, args.accounts as usize, first);
    let lived = population.found(&billing).await?;
    print_line(&format!(
        "  {} bills and {} payments so far, in {}",
        lived.bills,
        lived.payments,
        dir.join("billing.db").display()
    ))?;

    let loaded = config::load(Some(&dir.join("config.toml")), &[]).map_err(config::in_words)?;
    let begins = first.to_zoned(TimeZone::UTC)?.timestamp();
    let store = Arc::new(app::open_store(&loaded.settings.store).await?);
    let source = app::open_source(&loaded.settings).await?;
    // The demo says for itself what an operator says with `duebell live`.
    for scenario in &loaded.scenarios {
        store
            .set_control(&format!("live:{}", scenario.name), Some(&first.to_string()), begins)
            .await?;
    }
    let sandbox = open_sandbox(&dir, args.seed)?;
    let contact = loaded.laws.rules();
    let links = app::links(&loaded.settings)?;
    let scenarios = app::adopted(store.as_ref(), loaded.scenarios, begins).await?;
    let workshop = Workshop {
        source: Arc::new(source),
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
        causes: Some(Arc::new(loaded.causes)),
        yardsticks: Arc::new(loaded.yardsticks),
        parts: None,
        control: store.clone(),
        experiments: store.clone(),
        retention: store.clone(),
        scenarios: Arc::new(scenarios),
        contact: Arc::new(contact),
        messages: Arc::new(loaded.messages),
        operator: Arc::new(loaded.settings.operator),
        links,
        providers: app::sandboxed(&sandbox),
        defaults: loaded.settings.source.map(|source| source.defaults).unwrap_or_default(),
        // Nobody is there to be asked.
        settings: pipeline::Settings { brake: brake::Settings::OFF, ..loaded.settings.pipeline },
        agenda: Arc::default(),
        leases: Arc::new(crate::pipeline::lease::Leases::alone()),
    };
    print_line(&format!(
        "the daemon starts on {first}; an hour takes a blink, and a sandbox takes the messages"
    ))?;
    Ok(Stage { dir, billing, population, store, sandbox, stages: Stages::new(workshop) })
}

/// A provider with bad days: some messages are refused, lost on the way, or
/// taken without an answer.
fn open_sandbox(dir: &Path, seed: u64) -> anyhow::Result<Arc<Sandbox>> {
    let settings = sandbox::Settings {
        reject_per_mille: 10,
        fail_per_mille: 20,
        lose_answer_per_mille: 10,
        undelivered_per_mille: 30,
        receipt_after_s: 30,
        seed,
        ..sandbox::Settings::default()
    };
    let file = dir.join("messages.jsonl");
    Ok(Arc::new(
        Sandbox::open(&file, settings)
            .with_context(|| format!("could not open {}", file.display()))?,
    ))
}

/// An installation of its own, so that every other command works on it too.
fn furnish(dir: &Path) -> anyhow::Result<()> {
    let marker = dir.join("duebell-demo");
    if dir.exists() {
        let is_ours = marker.exists() || std::fs::read_dir(dir)?.next().is_none();
        anyhow::ensure!(
            is_ours,
            "{} is not empty and no demo's; give another --dir",
            dir.display()
        );
        std::fs::remove_dir_all(dir)
            .with_context(|| format!("could not empty {}", dir.display()))?;
    }
    std::fs::create_dir_all(dir.join("policy"))?;
    std::fs::create_dir_all(dir.join("source"))?;
    std::fs::write(marker, "made by `duebell demo`\n")?;
    std::fs::write(dir.join("policy/consumer.toml"), SCENARIO)?;
    for (name, query) in QUERIES {
        std::fs::write(dir.join("source").join(name), query)?;
    }
    let place = |name: &str| dir.join(name).display().to_string();
    let settings = format!(
        "[operator]\nname = \"Hill & Valley Mobile\"\nphone = \"+44 20 7946 0123\"\n\n\
         [operator.content]\n{SAID_ELSEWHERE}\n\
         [paths]\npolicy = {:?}\n\n[store]\nurl = \"sqlite://{}\"\n\n\
         [source]\nurl = \"sqlite://{}\"\nqueries = {:?}\n\n\
         [contact]\nlaw = \"global-strict\"\nholidays = [\"GB-ENG\"]\n\n\
         [[contact.override]]\nkey = \"consent\"\nvalue = []\nsigned_off_by = \"the demo\"\non = 2026-01-01\nreason = \"whoever is made up has agreed\"\n\n\
         [provider.sandbox]\nfile = {:?}\nsimulator = true\n\n\
         [http]\nlisten = \"{DOOR}\"\npublic_url = \"http://{DOOR}\"\n\n\
         [page]\nkey_files = [{:?}]\n\n[console]\nenabled = true\n",
        place("policy"),
        place("duebell.db"),
        place("billing.db"),
        place("source"),
        place("messages.jsonl"),
        place("page-key"),
    );
    std::fs::write(dir.join("page-key"), PAGE_KEY)?;
    std::fs::write(dir.join("config.toml"), settings)?;
    Ok(())
}

/// What it came to: counts, messages in full, and why some were not sent.
async fn report(stage: &Stage, items: usize) -> anyhow::Result<()> {
    let desk = stage.store.desk();
    let messages = sandbox::read_all(&stage.dir.join("messages.jsonl"))?;
    let mut by_channel: BTreeMap<&str, usize> = BTreeMap::new();
    for message in &messages {
        *by_channel.entry(message.channel.as_str()).or_default() += 1;
    }
    print_line("\nsome of the messages, as subscribers get them")?;
    for message in chosen(&messages) {
        print_line("")?;
        print_message(message)?;
    }

    print_line(&format!(
        "\n{items} bills reminded of; the sandbox took {} messages, fallbacks to another channel included, {} of them twice",
        messages.len(),
        stage.sandbox.duplicates()
    ))?;
    print_line(&format!("  by step     {}", listed(&desk.by_step().await?)))?;
    print_line(&format!(
        "  by channel  {}",
        by_channel.iter().map(|(c, n)| format!("{n} {c}")).collect::<Vec<_>>().join(", ")
    ))?;
    print_line(&format!("  by outcome  {}", listed(&desk.by_state().await?)))?;
    print_line("why others were not sent")?;
    for (reason, count) in desk.by_reason().await? {
        let words = Reason::parse(&reason).map_or("", Reason::words);
        print_line(&format!("  {count:>5}  {words}"))?;
    }
    let flags = desk.flags().await?;
    print_line(&format!("{} repeat debtors, for people to review", flags.len()))?;
    print_line("rows of the billing database that were set aside")?;
    for line in desk.rejects(6).await? {
        let kind = if line.is_warning { " (used all the same)" } else { "" };
        print_line(&format!("  {} {}: {} {}{kind}", line.feed, line.row, line.field, line.reason))?;
    }

    let config = stage.dir.join("config.toml");
    let account = messages.last().map(|message| message.key.reminder);
    let account = match account {
        Some(_) => desk.sent().await?.last().map(|line| line.account.clone()).unwrap_or_default(),
        None => String::new(),
    };
    print_line("\nlook further")?;
    print_line(&format!("  duebell explain {account} --config {}", config.display()))?;
    print_line(&format!("  duebell status --config {}", config.display()))?;
    print_line(&format!(
        "  duebell run --config {}, and then a link in a message, or http://{DOOR}/simulator",
        config.display()
    ))?;
    print_line(&format!(
        "  duebell user add ada --role maker --role auditor --config {}, and http://{CONSOLE} while it runs",
        config.display()
    ))?;
    print_line(&format!("  every message: {}", stage.dir.join("messages.jsonl").display()))
}

fn listed(counts: &BTreeMap<String, u64>) -> String {
    counts
        .iter()
        .map(|(name, n)| format!("{n} {}", name.replace('_', " ")))
        .collect::<Vec<_>>()
        .join(", ")
}

/// One message per channel, in different languages where there are.
fn chosen(messages: &[Message]) -> Vec<&Message> {
    let mut languages: BTreeSet<&str> = BTreeSet::new();
    let mut chosen = Vec::new();
    for channel in [Channel::Email, Channel::Sms, Channel::Voice, Channel::Sms] {
        let fresh = messages.iter().find(|message| {
            message.channel == channel && !languages.contains(message.language.as_str())
        });
        if let Some(message) = fresh {
            languages.insert(&message.language);
            chosen.push(message);
        }
    }
    chosen
}

fn print_message(message: &Message) -> anyhow::Result<()> {
    let at: Timestamp = message.at;
    print_line(&format!(
        "  {} to {} ({}), {}",
        message.channel,
        message.to,
        message.language,
        at.strftime("%a %e %b %H:%MZ")
    ))?;
    if let Some(subject) = &message.subject {
        print_line(&format!("  | {subject}\n  |"))?;
    }
    message.text.trim_end().lines().try_for_each(|line| print_line(&format!("  | {line}")))
}
