//! Amazon Web Services: what its e-mail ([`ses`]) and its SMS and calls
//! ([`eum`]) have in common.
//!
//! Requests are signed by us ([`sigv4`]): three calls do not earn an SDK.
//! What became of messages comes as Amazon SNS notifications ([`sns`]).

mod answer;
mod credentials;
pub mod eum;
pub mod ses;
pub mod sigv4;
pub mod sns;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use self::sigv4::{Keys, Request, Scope};
use super::api::{ApiAnswer, ApiClient, NoAnswer, base_url};
use super::echo;
use super::kinds::{Site, Wrong};
use super::secret::Secret;
use crate::model::AttemptKey;

/// The name of what we give to AWS so that receipts bring it back: a tag of a
/// mail, an entry in the context of an SMS or a call.
const ATTEMPT: &str = "attempt";

/// One service of one region, as these credentials may use it.
struct Service {
    api: ApiClient,
    url: Url,
    /// As the header `Host` has it.
    host: String,
    region: String,
    /// As signatures name it.
    name: &'static str,
    credentials: Secret<Keys>,
}

impl Service {
    /// # Errors
    /// What is wrong with the settings, beginning with the key.
    fn open(
        name: &'static str,
        host: &str,
        region: &str,
        url: Option<&str>,
        credentials_file: Option<&PathBuf>,
        timeout_ms: u32,
    ) -> anyhow::Result<Service> {
        ensure!(is_region(region), "region is {region:?}, none; write one such as eu-central-1");
        ensure!(timeout_ms > 0, "timeout_ms is 0; allow some time, such as 10000");
        let own = format!("https://{host}.{region}.{}", domain(region));
        let url = base_url("url", url.unwrap_or(&own))?;
        ensure!(
            url.path() == "/" && url.query().is_none(),
            "url has a path; write the scheme and the host alone"
        );
        let host = url.host_str().context("url names no host")?;
        let host = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        let file = credentials_file.context(
            "credentials_file is not set; name a file with AccessKeyId and SecretAccessKey",
        )?;
        Ok(Service {
            api: ApiClient::new(Duration::from_millis(timeout_ms.into()))?,
            host,
            url,
            region: region.to_owned(),
            name,
            credentials: credentials::open(file)?,
        })
    }

    /// One signed request.
    ///
    /// # Errors
    /// When there was no answer; the error tells whether the request left.
    async fn post(
        &self,
        path: &str,
        content_type: &'static str,
        target: Option<&'static str>,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<ApiAnswer, NoAnswer> {
        let keys = self.credentials.current();
        let date = sigv4::date(now);
        let mut headers = vec![
            ("content-type", content_type),
            ("host", self.host.as_str()),
            ("x-amz-date", &date),
        ];
        headers.extend(keys.session_token.as_deref().map(|token| ("x-amz-security-token", token)));
        headers.extend(target.map(|target| ("x-amz-target", target)));
        let scope = Scope { region: &self.region, service: self.name };
        let request = Request { method: "POST", path, query: "", headers: &headers, body: &body };
        let authorization = sigv4::authorization(&keys, scope, now, &request);
        // The client itself writes the first two, as they were signed.
        let sent = headers.iter().skip(2).copied().chain([("authorization", &*authorization)]);
        let mut map = HeaderMap::new();
        for (name, value) in sent {
            let mut value = HeaderValue::from_str(value).map_err(|_| NoAnswer::NotSent)?;
            value.set_sensitive(name != "x-amz-date" && name != "x-amz-target");
            map.insert(HeaderName::from_static(name), value);
        }
        let url = self.url.join(path).map_err(|_| NoAnswer::NotSent)?;
        self.api.post(url, map, content_type, body).await
    }
}

/// `eu-central-1` and the like; it becomes part of a host's name.
fn is_region(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (3..=32).contains(&text.len()) && text.chars().all(is_plain) && !text.starts_with('-')
}

/// China is a world of its own.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// What stands in the way of receipts.
fn no_listener(topics: &[String], site: &Site) -> Option<Wrong> {
    let is_deaf = !topics.is_empty() && !site.listens;
    is_deaf.then(|| {
        let what = "is set, and nothing listens for them; set http.listen, such as 127.0.0.1:8470";
        ("topics", what.to_owned())
    })
}

/// The attempt's key in the letters that a tag may have: no full stop.
fn tag_of(key: AttemptKey) -> String {
    key.to_string().replace('.', "_")
}

/// The key that a tag or a context brings back. `None` where it is none of
/// ours: others may use the account and the name as well.
fn key_of(text: &str) -> Option<AttemptKey> {
    echo::key(&text.replace('_', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef.2";

    #[test]
    fn a_key_comes_back_from_a_tag_and_nothing_else_is_a_key() {
        let key: AttemptKey = KEY.parse().unwrap();
        assert_eq!(tag_of(key), "0123456789abcdef0123456789abcdef_2");
        assert_eq!(key_of(&tag_of(key)), Some(key));
        assert_eq!(key_of(KEY), Some(key));
        let hex = &KEY[..32];
        for text in ["", "x", hex, &format!("{hex}_0"), &format!("{hex}_+2"), &KEY.to_uppercase()] {
            assert_eq!(key_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_region_cannot_lead_elsewhere() {
        for good in ["eu-central-1", "us-gov-west-1", "cn-north-1"] {
            assert!(is_region(good), "{good}");
        }
        for bad in ["", "eu central 1", "evil.example.org/", "EU-CENTRAL-1", "-x-1"] {
            assert!(!is_region(bad), "{bad}");
        }
        assert_eq!(domain("cn-north-1"), "amazonaws.com.cn");
        assert_eq!(domain("us-east-1"), "amazonaws.com");
    }
}
