//! Composition: the only file that names concrete adapters.
//!
//! May use: everything.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::{Carrier, Loaded, Settings};
use crate::http::inbox::{Inbox, Limits};
use crate::http::{self, Front};
use crate::model::Channel;
use crate::pipeline::Workshop;
use crate::pipeline::lease::Leases;
use crate::policy::{Scenario, Scenarios};
use crate::provider::http::{Callback, Http};
use crate::provider::route::Providers;
use crate::provider::sandbox::Sandbox;
use crate::provider::smtp::Smtp;
use crate::provider::{CallbackReader, LookUp, ReceiptReader, Sender};
use crate::source::sql::SqlSource;
use crate::store::{self, PlanStore, PolicyVersion, SqlStore};

/// Opens our own database, with the password from its file.
pub async fn open_store(settings: &store::Settings) -> anyhow::Result<SqlStore> {
    let password =
        match &settings.password_file {
            Some(file) => Some(std::fs::read_to_string(file).with_context(|| {
                format!("store.password_file: could not read {}", file.display())
            })?),
            None => None,
        };
    let url = store::without_password(&settings.url);
    SqlStore::open(&settings.url, password.as_deref().map(str::trim_end))
        .await
        .with_context(|| format!("could not open the store {url}"))
}

/// Opens the operator's billing database.
pub async fn open_source(settings: &Settings) -> anyhow::Result<SqlSource> {
    let source = settings.source.as_ref().context(
        "the settings have no [source]; name the billing database's url and the directory of its queries",
    )?;
    let url = store::without_password(&source.url);
    SqlSource::open(source)
        .await
        .with_context(|| format!("could not use the billing database {url}"))
}

/// Everything that the stages work with, over real adapters.
pub async fn workshop(loaded: Loaded, now: Timestamp) -> anyhow::Result<(Workshop, Arc<SqlStore>)> {
    let store = Arc::new(open_store(&loaded.settings.store).await?);
    let source = open_source(&loaded.settings).await?;
    let scenarios = adopted(store.as_ref(), loaded.scenarios, now).await?;
    let defaults = loaded.settings.source.as_ref().map(|source| source.defaults.clone());
    // An embedded database is one process's own; `duebell run` sees to that.
    let leases = match loaded.settings.store.url.starts_with("sqlite:") {
        true => Leases::alone(),
        false => Leases::new(store.clone(), loaded.settings.lease.length()),
    };
    let workshop = Workshop {
        source: Arc::new(source),
        ledger: store.clone(),
        plans: store.clone(),
        outbox: store.clone(),
        deadlines: store.clone(),
        inbox: Some(store.clone()),
        control: store.clone(),
        retention: store.clone(),
        scenarios: Arc::new(scenarios),
        messages: Arc::new(loaded.messages),
        providers: providers(&loaded.settings)?,
        operator: Arc::new(loaded.settings.operator),
        defaults: defaults.unwrap_or_default(),
        settings: loaded.settings.pipeline,
        agenda: Arc::default(),
        leases: Arc::new(leases),
    };
    Ok((workshop, store))
}

/// Puts scenarios in force: their versions are kept word for word, and those
/// that open cases began under are found again.
pub async fn adopted(
    plans: &dyn PlanStore,
    current: Vec<Scenario>,
    now: Timestamp,
) -> anyhow::Result<Scenarios> {
    for scenario in &current {
        let scenario = scenario.clone().in_order();
        let policy = PolicyVersion {
            version: scenario.version(),
            scenario: scenario.name.clone(),
            body: serde_json::to_string(&scenario)?,
        };
        plans.adopt_policy(&policy, now).await?;
    }
    let mut earlier = Vec::new();
    for policy in plans.policies().await? {
        let scenario = serde_json::from_str(&policy.body)
            .with_context(|| format!("could not read scenario version {}", policy.version))?;
        earlier.push((policy.version, scenario));
    }
    Ok(Scenarios::new(current, earlier))
}

/// The providers that the settings name; each is connected once.
fn providers(settings: &Settings) -> anyhow::Result<Providers> {
    let carried_by = |carrier: Carrier| {
        Channel::ALL
            .into_iter()
            .filter(move |channel| settings.channels.carrier(*channel) == carrier)
    };
    let mut providers = Providers::default();
    if carried_by(Carrier::Sandbox).next().is_some() {
        let file = &settings.provider.sandbox;
        let sandbox = Sandbox::open(&file.file, file.sandbox.clone()).with_context(|| {
            format!("provider.sandbox.file: could not open {}", file.file.display())
        })?;
        carry_sandbox(&mut providers, &Arc::new(sandbox), carried_by(Carrier::Sandbox));
    }
    if carried_by(Carrier::Smtp).next().is_some() {
        let smtp = Arc::new(Smtp::connect(&settings.provider.smtp)?);
        carried_by(Carrier::Smtp).for_each(|channel| providers.carry(channel, smtp.clone()));
    }
    if carried_by(Carrier::Http).next().is_some() {
        let http = Arc::new(Http::connect(&settings.provider.http)?);
        carried_by(Carrier::Http).for_each(|channel| providers.carry(channel, http.clone()));
    }
    Ok(providers)
}

/// Where others may knock.
pub struct Door {
    listen: SocketAddr,
    callbacks: HashMap<String, Arc<dyn CallbackReader>>,
}

/// The door that the settings ask for, with its secrets read. A gateway that
/// no channel uses any more may still have receipts to give.
pub fn door(settings: &Settings) -> anyhow::Result<Option<Door>> {
    let Some(listen) = settings.http.listen else { return Ok(None) };
    let mut callbacks: HashMap<String, Arc<dyn CallbackReader>> = HashMap::new();
    let gateway = &settings.provider.http;
    if let Some(callback) = Callback::open(gateway).context("provider.http")? {
        callbacks.insert(gateway.name.clone(), Arc::new(callback));
    }
    Ok(Some(Door { listen, callbacks }))
}

impl Door {
    /// Listens, and serves until `stop`; the handle ends with the last answer.
    pub async fn open(
        self,
        store: Arc<SqlStore>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> anyhow::Result<tokio::task::JoinHandle<()>> {
        let listener = TcpListener::bind(self.listen)
            .await
            .with_context(|| format!("http.listen: could not listen on {}", self.listen))?;
        let inbox = Inbox::open(store, Limits::default());
        let front = Front::new(clock, self.callbacks, inbox, stop);
        Ok(tokio::spawn(http::server::serve(listener, front)))
    }
}

/// Every channel carried by one sandbox.
pub fn sandboxed(sandbox: &Arc<Sandbox>) -> Providers {
    let mut providers = Providers::default();
    carry_sandbox(&mut providers, sandbox, Channel::ALL);
    providers
}

fn carry_sandbox(
    providers: &mut Providers,
    sandbox: &Arc<Sandbox>,
    channels: impl IntoIterator<Item = Channel>,
) {
    for channel in channels {
        providers.carry(channel, sandbox.clone() as Arc<dyn Sender>);
    }
    let name = Sender::name(sandbox.as_ref()).to_owned();
    providers.ask(&name, sandbox.clone() as Arc<dyn LookUp>);
    providers.read(&name, sandbox.clone() as Arc<dyn ReceiptReader>);
}
