//! What commands that work on an installation have in common: the settings,
//! the store, and what the stages need.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app;
use crate::config::{self, Loaded};
use crate::model::audit::{Doer, Through};
use crate::model::control::Control;
use crate::pipeline::plan::Deciding;
use crate::pipeline::trial::Trial;
use crate::policy::{ContactRules, Scenarios};
use crate::store::{PlanStore, SqlStore};
use crate::telemetry;

/// Options that every command on an installation takes.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Settings file; /etc/duebell/config.toml where it exists
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Override one setting, for example pipeline.sync_every_s=30; may be given several times
    #[arg(long, value_name = "KEY=VALUE", global = true)]
    pub set: Vec<String>,
}

impl Options {
    /// # Errors
    /// Everything that is wrong with settings, scenarios and messages, at once.
    pub fn load(&self) -> anyhow::Result<Loaded> {
        let loaded = config::load(self.config.as_deref(), &self.set);
        let mut loaded = loaded.map_err(config::in_words)?;
        let today = now().to_zoned(TimeZone::UTC).date();
        loaded.warnings.extend(loaded.laws.warnings(today));
        Ok(loaded)
    }
}

/// An installation, as far as reading its store goes.
pub struct Desk {
    pub loaded: Loaded,
    pub store: Arc<SqlStore>,
    pub scenarios: Arc<Scenarios>,
    pub contact: ContactRules,
}

/// Opens the store of an installation. The scenarios of the files are in
/// force; versions that open cases began under come from the store.
pub async fn desk(options: &Options) -> anyhow::Result<Desk> {
    let loaded = options.load()?;
    telemetry::start_for_commands();
    let store = Arc::new(app::open_store(&loaded.settings.store).await?);
    let mut earlier = Vec::new();
    for policy in store.policies().await? {
        let scenario = serde_json::from_str(&policy.body)
            .with_context(|| format!("could not read scenario version {}", policy.version))?;
        earlier.push((policy.version, scenario));
    }
    let scenarios = Arc::new(Scenarios::new(loaded.scenarios.clone(), earlier));
    let contact = loaded.laws.rules();
    Ok(Desk { loaded, store, scenarios, contact })
}

impl Desk {
    /// What the daemon decides by.
    pub fn deciding<'a>(&'a self, control: &'a Control, trials: &'a [Trial]) -> Deciding<'a> {
        Deciding { scenarios: &self.scenarios, contact: &self.contact, control, trials }
    }
}

/// Who gives a command.
#[derive(Debug, Args)]
pub struct By {
    /// Who does; where left out, the operating system's user (SUDO_USER, then
    /// USER). It stands in the audit trail
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl By {
    /// # Errors
    /// When a name is given that is none.
    pub fn doer(&self, now: Timestamp) -> anyhow::Result<Doer> {
        let by = match &self.by {
            Some(by) => by.clone(),
            None => system_user(),
        };
        ensure!(!by.trim().is_empty(), "--by is empty; name who does it");
        Ok(doer(&by, now))
    }
}

/// Whoever is named works on the command line.
pub fn doer(by: &str, now: Timestamp) -> Doer {
    Doer { by: by.to_owned(), through: Through::CommandLine, at: now }
}

/// Nobody is refused a halt for want of a name: without one, the number counts.
fn system_user() -> String {
    let names = ["SUDO_USER", "USER"].into_iter().filter_map(|name| std::env::var(name).ok());
    let number = || std::fs::metadata("/proc/self").map(|it| format!("uid {}", it.uid()));
    let mut names = names.filter(|name| !name.trim().is_empty());
    names.next().or_else(|| number().ok()).unwrap_or_else(|| "somebody".to_owned())
}

/// The present, for commands: the one place of the command line that asks.
pub fn now() -> Timestamp {
    use crate::clock::Clock;
    crate::clock::SystemClock.now()
}
