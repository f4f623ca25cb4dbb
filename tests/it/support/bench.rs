//! A bench: the daemon's stages over a store, a sandbox and a source, stepped
//! by hand.

use std::sync::Arc;

use duebell::app;
use duebell::message::{Messages, Operator};
use duebell::pipeline::drive::Stages;
use duebell::pipeline::{Settings, Workshop};
use duebell::policy::{ContactRules, Scenario};
use duebell::provider::sandbox::{self, Message, Sandbox};
use duebell::risk::cause::Rules;
use duebell::risk::estimate::Yardsticks;
use duebell::source::{Defaults, Source};
use duebell::store::{AttemptLine, ControlStore, SqlStore, WhyNotLine};
use jiff::Timestamp;

use super::build::at;

/// The daemon's parts.
pub struct Bench {
    pub store: Arc<SqlStore>,
    pub sandbox: Arc<Sandbox>,
    pub workshop: Workshop,
    _scratch: tempfile::TempDir,
}

/// A ladder that says what tests need: -3, +1, +7 and a hard +15.
pub const LADDER: &str = r#"
name = "standard"
default = true
[window]
opens = "09:00"
closes = "20:00"
[[step]]
name = "before3"
offset_days = -3
severity = "courtesy"
channels = ["sms", "email"]
[[step]]
name = "late1"
offset_days = 1
severity = "soft"
channels = ["sms", "email"]
[[step]]
name = "late7"
offset_days = 7
severity = "soft"
channels = ["sms", "email"]
[[step]]
name = "notice15"
offset_days = 15
severity = "hard"
channels = ["sms", "email"]
notice_gap_days = 5
"#;

pub fn scenario(text: &str) -> Scenario {
    toml::from_str::<Scenario>(text).unwrap().in_order()
}

impl Bench {
    /// Over `source`, with the ladder, live since long ago.
    pub async fn live(source: Arc<dyn Source>) -> Bench {
        let bench = Bench::observing(source).await;
        bench.go_live("2020-01-01").await;
        bench
    }

    /// As a new installation, over SQLite: nothing is live.
    pub async fn observing(source: Arc<dyn Source>) -> Bench {
        let scratch = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", scratch.path().join("store.db").display());
        Bench::over(&url, scratch, source).await
    }

    /// As a new installation, over PostgreSQL.
    pub async fn served(url: &str, source: Arc<dyn Source>) -> Bench {
        Bench::over(url, tempfile::tempdir().unwrap(), source).await
    }

    async fn over(url: &str, scratch: tempfile::TempDir, source: Arc<dyn Source>) -> Bench {
        let store = Arc::new(SqlStore::open(url, None).await.unwrap());
        let settings = sandbox::Settings { receipt_after_s: 60, ..Default::default() };
        let sandbox = Sandbox::open(&scratch.path().join("sandbox.jsonl"), settings).unwrap();
        let sandbox = Arc::new(sandbox);
        let current = vec![scenario(LADDER)];
        let scenarios = app::adopted(store.as_ref(), current, Timestamp::UNIX_EPOCH).await;
        let workshop = Workshop {
            source,
            ledger: store.clone(),
            plans: store.clone(),
            outbox: store.clone(),
            deadlines: store.clone(),
            inbox: Some(store.clone()),
            replies: store.clone(),
            holds: store.clone(),
            assess: store.clone(),
            cases: store.clone(),
            advice: store.clone(),
            webhook: None,
            causes: None,
            yardsticks: Arc::new(Yardsticks::built_in()),
            parts: Some(store.clone()),
            control: store.clone(),
            experiments: store.clone(),
            retention: store.clone(),
            scenarios: Arc::new(scenarios.unwrap()),
            contact: Arc::new(ContactRules::lawless()),
            messages: Arc::new(Messages::built_in()),
            operator: Arc::new(Operator::default()),
            links: None,
            providers: app::sandboxed(&sandbox),
            defaults: Defaults::default(),
            settings: Settings::default(),
            agenda: Arc::default(),
            leases: Arc::new(duebell::pipeline::lease::Leases::alone()),
        };
        Bench { store, sandbox, workshop, _scratch: scratch }
    }

    /// The accounts are judged by the rules that come with Duebell.
    pub fn judging(mut self) -> Bench {
        self.workshop.causes = Some(Arc::new(Rules::built_in()));
        self
    }

    pub async fn go_live(&self, since: &str) {
        self.store.set_control("live:standard", Some(since), Timestamp::UNIX_EPOCH).await.unwrap();
    }

    /// Puts another scenario of that name in force.
    pub async fn edit(&mut self, text: &str) {
        let current = vec![scenario(text)];
        let now = at("2026-03-01T00:00Z");
        let scenarios = app::adopted(self.store.as_ref(), current, now).await.unwrap();
        self.workshop.scenarios = Arc::new(scenarios);
    }

    pub fn stages(&self) -> Stages {
        Stages::new(self.workshop.clone())
    }

    /// One round through all stages.
    pub async fn round(&self, now: &str) {
        self.stages().round(at(now)).await.unwrap();
    }

    /// A round at each full hour from `first` up to, and without, `last`.
    pub async fn rounds(&self, first: &str, last: &str) {
        let stages = self.stages();
        let (mut now, last) = (at(first), at(last));
        while now < last {
            stages.round(now).await.unwrap();
            now += jiff::SignedDuration::from_hours(1);
        }
    }

    /// Everything that left, in order.
    pub fn messages(&self) -> Vec<Message> {
        sandbox::read_all(self.sandbox.path()).unwrap()
    }

    /// Bill and step of all that counts as sent.
    pub async fn sent(&self) -> Vec<(String, String)> {
        let lines = self.store.desk().sent().await.unwrap();
        lines.into_iter().map(|line| (line.bill, line.step)).collect()
    }

    /// Where each reminder of an account stands now, and why.
    pub async fn standing(&self, account: &str) -> Vec<(String, String)> {
        let mut last: Vec<AttemptLine> = Vec::new();
        for line in self.attempts(account).await {
            last.retain(|earlier| earlier.reminder != line.reminder);
            last.push(line);
        }
        last.into_iter().map(|line| (line.state, line.reason.unwrap_or_default())).collect()
    }

    pub async fn attempts(&self, account: &str) -> Vec<AttemptLine> {
        self.store.desk().attempts(&account.into()).await.unwrap()
    }

    /// The states that an account's reminders went through.
    pub async fn states(&self, account: &str) -> Vec<String> {
        self.attempts(account).await.into_iter().map(|line| line.state).collect()
    }

    pub async fn why_not(&self, account: &str) -> Vec<WhyNotLine> {
        self.store.desk().why_not(&account.into()).await.unwrap()
    }
}
