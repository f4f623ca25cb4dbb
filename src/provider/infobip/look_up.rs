//! Asks the provider's logs whether it has a message of ours, and what became
//! of it.
//!
//! The logs go back two days, and nobody says how soon a message stands in
//! them. So an attempt counts as not taken only when it is not there a while
//! after the first look.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::{Account, report};
use crate::model::{AttemptKey, Channel};
use crate::provider::{Found, Inquiry, LookUp, Receipt, Untold, echo};

/// From the first look to believing that there is nothing.
const BELIEVED_AFTER: Duration = Duration::from_mins(5);
/// First looks that are remembered; beyond, all begin anew.
const LOOKS_MAX: usize = 10_000;

fn path(channel: Channel) -> Option<&'static str> {
    match channel {
        Channel::Sms => Some("sms/3/logs"),
        Channel::Voice => Some("tts/3/logs"),
        Channel::Email | Channel::Letter => None,
    }
}

/// The provider's logs.
pub struct Logs {
    account: Account,
    paths: Vec<&'static str>,
    believed_after: Duration,
    first_looks: Mutex<HashMap<AttemptKey, Instant>>,
}

impl Logs {
    pub(super) fn new(account: Account, channels: &[Channel]) -> Logs {
        Logs {
            account,
            paths: channels.iter().copied().filter_map(path).collect(),
            believed_after: BELIEVED_AFTER,
            first_looks: Mutex::default(),
        }
    }

    /// What one of the logs has of the message.
    async fn of(&self, path: &str, key: &str) -> anyhow::Result<Option<Value>> {
        let mut url = self.account.at(path);
        url.query_pairs_mut().append_pair("messageId", key);
        let answer = self.account.client.get(url, self.account.headers()).await?;
        ensure!(answer.status == 200, "the logs answer http {}", answer.status);
        let mut logs = echo::json(&answer.body).map_err(anyhow::Error::msg)?;
        let results = logs.get_mut("results").and_then(Value::as_array_mut).context("no logs")?;
        // Whatever the filter does: only our own id counts.
        let is_it = |log: &Value| echo::text(log, "messageId").as_deref() == Some(key);
        Ok(results.iter().position(is_it).map(|place| results.swap_remove(place)))
    }

    /// How long ago this attempt was first looked for.
    fn looked_for(&self, key: AttemptKey) -> Duration {
        let mut looks = self.first_looks.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= LOOKS_MAX {
            looks.clear();
        }
        looks.entry(key).or_insert_with(Instant::now).elapsed()
    }
}

#[async_trait]
impl Inquiry for Logs {
    async fn inquire(&self, about: &Untold, now: Timestamp) -> anyhow::Result<Option<Receipt>> {
        let Some(path) = path(about.channel) else { return Ok(None) };
        let log = self.of(path, &about.key.to_string()).await?;
        let receipt = log.as_ref().and_then(|log| report::receipt(log, log.get("status")?, now));
        Ok(receipt.filter(|receipt| receipt.key == about.key))
    }
}

#[async_trait]
impl LookUp for Logs {
    async fn look_up(&self, key: AttemptKey) -> anyhow::Result<Found> {
        let since = self.looked_for(key);
        let text = key.to_string();
        for path in &self.paths {
            if self.of(path, &text).await?.is_some() {
                return Ok(Found::Taken { provider_ref: Some(text) });
            }
        }
        if since < self.believed_after {
            bail!("the message is not in the logs yet; they are asked again");
        }
        Ok(Found::NotTaken)
    }
}
