//! What became of a message or a call, asked by its sid: where a status was
//! never posted to us.

use std::sync::Arc;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::Deserialize;

use super::Keys;
use super::outcome::is_sid;
use crate::model::Channel;
use crate::provider::api::ApiClient;
use crate::provider::echo::believable;
use crate::provider::secret::Secret;
use crate::provider::{Fate, Inquiry, Receipt, Untold};

/// A message that Twilio gave up because its validity was over.
const EXPIRED: &str = "30036";

/// The resources of one account.
pub struct Resources {
    pub(super) client: ApiClient,
    pub(super) keys: Arc<Secret<Keys>>,
    /// Without what it is asked for.
    pub(super) url: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resource {
    sid: String,
    status: String,
    error_code: Option<i64>,
    answered_by: Option<String>,
    date_updated: Option<String>,
}

#[async_trait]
impl Inquiry for Resources {
    async fn inquire(&self, about: &Untold, now: Timestamp) -> anyhow::Result<Option<Receipt>> {
        let kind = match about.channel {
            Channel::Sms => "Messages",
            Channel::Voice => "Calls",
            Channel::Email | Channel::Letter => return Ok(None),
        };
        let sid = about.provider_ref.as_str();
        if !is_sid(sid) {
            return Ok(None);
        }
        let url: Url = format!("{}/{kind}/{sid}.json", self.url).parse()?;
        let authorization = self.keys.current().authorization.clone();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, authorization)]);
        let answer = self.client.get(url, headers).await?;
        ensure!(answer.status == 200, "http {}", answer.status);
        let resource: Resource =
            serde_json::from_slice(&answer.body).ok().context("no resource of Twilio's")?;
        ensure!(resource.sid == sid, "another resource than was asked for");
        let by = resource.answered_by.as_deref().unwrap_or_default();
        let code = resource.error_code.map(|code| code.to_string());
        let fate = match about.channel {
            Channel::Voice => of_call(&resource.status, is_machine(by)),
            _ => of_message(&resource.status, code.as_deref()),
        };
        let updated = resource.date_updated.as_deref();
        let updated = updated.and_then(|text| rfc2822::parse(text).ok());
        let at = believable(updated.map(|zoned| zoned.timestamp()), now);
        Ok(fate.flatten().map(|fate| Receipt { key: about.key, fate, at }))
    }
}

/// How a message stands by its status, `Some(None)` while it is on its way;
/// `None` for a status that is new to us.
pub fn of_message(status: &str, error_code: Option<&str>) -> Option<Option<Fate>> {
    Some(match status {
        "delivered" | "read" => Some(Fate::Delivered),
        "failed" | "undelivered" if error_code == Some(EXPIRED) => Some(Fate::Expired),
        "failed" | "undelivered" | "canceled" => Some(Fate::Undelivered),
        "accepted" | "queued" | "scheduled" | "sending" | "sent" => None,
        _ => return None,
    })
}

/// The same of a call.
pub fn of_call(status: &str, is_machine: bool) -> Option<Option<Fate>> {
    Some(match status {
        "completed" if is_machine => Some(Fate::Undelivered),
        "completed" => Some(Fate::Answered),
        "busy" | "no-answer" | "failed" | "canceled" => Some(Fate::Undelivered),
        "queued" | "initiated" | "ringing" | "answered" | "in-progress" => None,
        _ => return None,
    })
}

/// Whether a machine or a fax answered. In doubt it is a person.
pub fn is_machine(answered_by: &str) -> bool {
    answered_by.starts_with("machine") || answered_by == "fax"
}
