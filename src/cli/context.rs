//! What commands that work on an installation have in common: the settings,
//! the store, and what the stages need.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app;
use crate::config::{self, Loaded};
use crate::policy::{ContactRules, Scenarios};
use crate::store::{PlanStore, SqlStore};

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

/// The present, for commands: the one place of the command line that asks.
pub fn now() -> Timestamp {
    use crate::clock::Clock;
    crate::clock::SystemClock.now()
}
