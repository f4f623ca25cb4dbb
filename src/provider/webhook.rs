//! What we post to the operator's own systems: signed by the Standard Webhooks
//! scheme, so that they can know that it is ours.
//!
//! One call is one attempt. Whoever receives it may get it twice, and knows it
//! by its `webhook-id`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use super::api::{self, ApiClient, wait_for};
use super::secret::Secret;
use super::signature::Secrets;

/// `[advice]`: where decisions of people's are told to the billing system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A file with the secret, `whsec_` and base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// For the answer, once connected.
    pub timeout_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { url: None, secret_file: None, timeout_ms: 15_000 }
    }
}

impl Settings {
    /// Everything that makes these settings impossible, as (key, what is wrong and the mend).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if let Some(url) = &self.url {
            if let Err(error) = api::base_url("url", url) {
                let what = error.to_string();
                problems.push(("url", what.trim_start_matches("url ").to_owned()));
            }
            if self.secret_file.is_none() {
                let what = "is not set, and nobody could know that it is us; name a file with whsec_ and base64";
                problems.push(("secret_file", what.to_owned()));
            }
        }
        if self.timeout_ms == 0 {
            problems.push(("timeout_ms", "is 0; use 1 or more".to_owned()));
        }
        problems
    }
}

/// What one call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// Answered with 2xx.
    Taken,
    /// Not, or nobody knows: it is posted again.
    Failed { error: String, wait: Option<SignedDuration> },
}

/// Posts to one address.
pub struct Webhook {
    url: Url,
    client: ApiClient,
    secrets: Secret<Secrets>,
}

impl Webhook {
    /// `None` where no address is set.
    ///
    /// # Errors
    /// When the secret cannot be read, or the address is none.
    pub fn connect(settings: &Settings) -> anyhow::Result<Option<Webhook>> {
        let Some(url) = &settings.url else { return Ok(None) };
        let file = settings.secret_file.clone().context("advice.secret_file is not set")?;
        let answer_for = Duration::from_millis(settings.timeout_ms.into());
        let read = {
            let file = file.clone();
            move || {
                let text = api::secret("advice.secret_file", &file)?;
                Secrets::parse([text.as_str()]).context("advice.secret_file")
            }
        };
        Ok(Some(Webhook {
            url: api::base_url("advice.url", url)?,
            client: ApiClient::new(answer_for)?,
            secrets: Secret::open(vec![file], read)?,
        }))
    }

    /// Posts a JSON body under an id that stays the same.
    pub async fn post(&self, id: &str, body: &str, now: Timestamp) -> Posted {
        let failed = |error: String, wait| Posted::Failed { error, wait };
        let timestamp = now.as_second().to_string();
        let Some(signature) = self.secrets.current().sign(id, &timestamp, body.as_bytes()) else {
            return failed("no secret to sign with".to_owned(), None);
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", id),
            ("webhook-timestamp", &timestamp),
            ("webhook-signature", &signature),
        ] {
            let Ok(value) = HeaderValue::from_str(value) else {
                return failed(format!("{name} cannot be a header"), None);
            };
            headers.insert(HeaderName::from_static(name), value);
        }
        let body = body.as_bytes().to_vec();
        match self.client.post(self.url.clone(), headers, "application/json", body).await {
            Ok(answer) if (200..300).contains(&answer.status) => Posted::Taken,
            Ok(answer) => {
                let wait = answer.retry_after.and_then(|text| wait_for(&text, now));
                failed(format!("the billing system answered {}", answer.status), wait)
            }
            Err(no_answer) => failed(format!("the billing system: {no_answer}"), None),
        }
    }
}
