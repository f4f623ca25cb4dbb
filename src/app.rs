//! Composition: the only file that names concrete adapters.
//!
//! May use: everything.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::Channel;
use crate::policy::{Scenario, Scenarios};
use crate::provider::Sender;
use crate::provider::route::Providers;
use crate::provider::sandbox::Sandbox;
use crate::store::{PlanStore, PolicyVersion};

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
        earlier.push((policy.version, serde_json::from_str(&policy.body)?));
    }
    Ok(Scenarios::new(current, earlier))
}

/// Every channel carried by one sandbox.
pub fn sandboxed(sandbox: &Arc<Sandbox>) -> Providers {
    let mut providers = Providers::default();
    for channel in Channel::ALL {
        providers.carry(channel, sandbox.clone());
    }
    let name = Sender::name(sandbox.as_ref()).to_owned();
    providers.ask(&name, sandbox.clone());
    providers.read(&name, sandbox.clone());
    providers
}
