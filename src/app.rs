//! Composition: the only file that names concrete adapters.
//!
//! May use: everything.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::clock::Clock;
use crate::config::{Loaded, Settings};
use crate::http::console::{self, Console};
use crate::http::inbox::{Inbox, Limits};
use crate::http::page::{Ledger, Page};
use crate::http::simulator::Shown;
use crate::http::{self, Front};
use crate::model::Channel;
use crate::model::link::Links;
use crate::model::receipt::PostedReceipt;
use crate::model::reply::PostedReply;
use crate::pipeline::Workshop;
use crate::pipeline::lease::Leases;
use crate::policy::{Scenario, Scenarios};
use crate::provider::CallbackReader;
use crate::provider::api;
use crate::provider::kinds::Kind;
use crate::provider::route::Providers;
use crate::provider::sandbox::Sandbox;
use crate::provider::webhook::Webhook;
use crate::review::RuleBook;
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
pub async fn workshop(
    loaded: Loaded,
    providers: Providers,
    now: Timestamp,
) -> anyhow::Result<(Workshop, Arc<SqlStore>)> {
    let store = Arc::new(open_store(&loaded.settings.store).await?);
    let source = open_source(&loaded.settings).await?;
    let contact = loaded.laws.rules();
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
        replies: store.clone(),
        holds: store.clone(),
        assess: store.clone(),
        cases: store.clone(),
        advice: store.clone(),
        webhook: Webhook::connect(&loaded.settings.advice)?.map(Arc::new),
        causes: Some(Arc::new(loaded.causes)),
        yardsticks: Arc::new(loaded.yardsticks),
        parts: Some(store.clone()),
        control: store.clone(),
        experiments: store.clone(),
        retention: store.clone(),
        scenarios: Arc::new(scenarios),
        contact: Arc::new(contact),
        messages: Arc::new(loaded.messages),
        providers,
        links: links(&loaded.settings)?,
        operator: Arc::new(loaded.settings.operator),
        defaults: defaults.unwrap_or_default(),
        settings: loaded.settings.pipeline,
        agenda: Arc::default(),
        leases: Arc::new(leases),
    };
    Ok((workshop, store))
}

/// What signs the links to the subscriber's own page; `None` where there is no
/// page.
pub fn links(settings: &Settings) -> anyhow::Result<Option<Arc<Links>>> {
    let page = &settings.page;
    let Some(url) = page.url(&settings.http).filter(|_| page.is_on()) else { return Ok(None) };
    let read = |file: &PathBuf| api::secret("page.key_files", file);
    let keys: Vec<String> = page.key_files.iter().map(read).collect::<anyhow::Result<_>>()?;
    let links = Links::new(&keys, &url, page.valid_days).context("a file of page.key_files")?;
    Ok(Some(Arc::new(links)))
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

/// The providers that the settings name, and what each of them may post to us.
pub struct Carriers {
    pub providers: Providers,
    callbacks: HashMap<String, Arc<dyn CallbackReader>>,
    shown: Option<Shown>,
}

/// Connects the providers that carry a channel, and those whose table is filled
/// in: one that no channel uses any more may still have receipts to give.
pub fn carriers(settings: &Settings) -> anyhow::Result<Carriers> {
    let site = settings.site();
    let mut connected = BTreeMap::new();
    for (name, table) in &settings.provider {
        let carries = |channel: &Channel| settings.channels.carriers(*channel).contains(name);
        let is_used = Channel::ALL.iter().any(carries);
        let kind = Kind::find(&table.kind).context("no such kind")?;
        if !is_used && table.settings == (kind.defaults)() {
            continue;
        }
        let made = (kind.connect)(name, table.settings.clone(), &site);
        let made = made.with_context(|| format!("provider.{name}"))?;
        connected.insert(name, (made, table.limits));
    }
    let mut providers = Providers::new(settings.pipeline.manners());
    for channel in Channel::ALL {
        for name in settings.channels.carriers(channel) {
            if let Some((made, limits)) = connected.get(name) {
                providers.carry_within(channel, made.sender.clone(), *limits);
            }
        }
    }
    let (mut callbacks, mut shown) = (HashMap::new(), None);
    for (name, (made, _)) in connected {
        providers.hear(&made);
        if let Some(reader) = made.callbacks {
            callbacks.insert(name.clone(), reader);
        }
        if let Some(simulator) = made.simulator {
            shown = Some(Shown { provider: name.clone(), simulator });
        }
    }
    Ok(Carriers { providers, callbacks, shown })
}

/// The subscriber's own page, over what the stages work with.
pub fn page(workshop: &Workshop, settings: &http::page::Settings) -> Option<Page> {
    let links = workshop.links.clone()?;
    Some(Page::new(
        links,
        settings,
        Ledger {
            plans: workshop.plans.clone(),
            replies: workshop.replies.clone(),
            holds: workshop.holds.clone(),
            scenarios: workshop.scenarios.clone(),
            contact: workshop.contact.clone(),
        },
        workshop.messages.clone(),
        workshop.operator.clone(),
    ))
}

/// The pages for the operator's people, where the settings ask for them.
pub async fn console(
    settings: &Settings,
    store: &Arc<SqlStore>,
    workshop: &Workshop,
    book: RuleBook,
) -> anyhow::Result<Option<Console>> {
    if !settings.console.enabled {
        return Ok(None);
    }
    if store.people().all().await?.is_empty() {
        warn!("nobody may sign in to the console yet: `duebell user add NAME --role admin`");
    }
    let pipeline = &settings.pipeline;
    let rules = console::Rules {
        scenarios: workshop.scenarios.clone(),
        book,
        limits: console::Limits {
            feed_age_max_s: pipeline.feed_age_max_s,
            evidence_age_max_s: pipeline.evidence_age_max_s,
            care_rest_days: pipeline.care_rest_days,
        },
    };
    Ok(Some(Console::new(store.clone(), &settings.console, &settings.http, rules)))
}

/// Where others may knock.
pub struct Door {
    listen: SocketAddr,
    callbacks: HashMap<String, Arc<dyn CallbackReader>>,
    shown: Option<Shown>,
}

/// The door that the settings ask for.
pub fn door(settings: &Settings, carriers: &Carriers) -> Option<Door> {
    let listen = settings.http.listen?;
    Some(Door { listen, callbacks: carriers.callbacks.clone(), shown: carriers.shown.clone() })
}

impl Door {
    /// Listens, and serves until `stop`; the handle ends with the last answer.
    pub async fn open(
        self,
        store: Arc<SqlStore>,
        pages: (Option<Page>, Option<Console>),
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> anyhow::Result<tokio::task::JoinHandle<()>> {
        let listener = TcpListener::bind(self.listen)
            .await
            .with_context(|| format!("http.listen: could not listen on {}", self.listen))?;
        let inbox = Inbox::<PostedReceipt>::open(store.clone(), Limits::default());
        let replies = Inbox::<PostedReply>::open(store, Limits::default());
        let mut front = Front::new(clock, self.callbacks, inbox, replies, stop);
        if self.shown.is_some() {
            warn!("the simulator shows whole messages at http://{}/simulator", self.listen);
        }
        front.shown = self.shown;
        (front.page, front.console) = pages;
        Ok(tokio::spawn(http::server::serve(listener, front)))
    }
}

/// Every channel carried by one sandbox.
pub fn sandboxed(sandbox: &Arc<Sandbox>) -> Providers {
    let (mut providers, connected) = (Providers::default(), sandbox.connected());
    for channel in Channel::ALL {
        providers.carry(channel, connected.sender.clone());
    }
    providers.hear(&connected);
    providers
}
