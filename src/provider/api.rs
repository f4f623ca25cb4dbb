//! Requests to the HTTPS APIs of providers: exactly one for each call, and
//! whether it left, where there is no answer.
//!
//! Redirects are not followed, proxies of the environment not asked, nothing
//! is sent twice: an idle connection that turns out to be closed before a byte
//! was written is the one case in which a fresh one is tried. The adapters
//! share this; the `http` provider has connections of its own
//! (`docs/decisions/0016-our-own-http-connections.md`).

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, RequestBuilder, Url, redirect, retry};
use serde::Serialize;

use super::reach::{self, Names, Place};
use super::tls::client_config;
use super::{Delay, SendOutcome};

/// A provider that cannot be reached in this time counts as down.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Servers close idle connections; ours are dropped before most do.
const IDLE_MAX: Duration = Duration::from_secs(4);

/// More of an answer is not read.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// A longer wait than this is not believed.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(24);

/// Speaks to the APIs of one provider; connections are kept.
#[derive(Debug, Clone)]
pub struct ApiClient {
    client: Client,
    /// The last place that requests may go to.
    as_far_as: Place,
}

/// What a provider answered, whatever the status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiAnswer {
    pub status: u16,
    /// The header `Retry-After`, as it came; see [`wait_for`].
    pub retry_after: Option<String>,
    /// As they came: some APIs name an error here alone.
    pub headers: HeaderMap,
    /// Empty where it broke off or was too long: the status had been said.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing has left: it may be tried again.
    #[error("the provider cannot be reached")]
    NotSent,
    /// The request may have been acted upon.
    #[error("no answer")]
    Unknown,
}

impl ApiClient {
    /// `answer_for` is the time for an answer, once connected.
    ///
    /// # Errors
    /// When the machine trusts no certificate.
    pub fn new(answer_for: Duration) -> anyhow::Result<ApiClient> {
        let client = builder(answer_for)?.build().context("could not prepare requests")?;
        Ok(ApiClient { client, as_far_as: Place::Never })
    }

    /// For URLs that somebody else wrote: no address beyond `as_far_as` is
    /// connected to; see [`reach`].
    ///
    /// # Errors
    /// When the machine trusts no certificate.
    pub fn within(as_far_as: Place, answer_for: Duration) -> anyhow::Result<ApiClient> {
        let names = Names { look_up: reach::system(), as_far_as };
        let client = builder(answer_for)?.dns_resolver(names).build();
        Ok(ApiClient { client: client.context("could not prepare requests")?, as_far_as })
    }

    /// # Errors
    /// When there was no answer.
    pub async fn get(&self, url: Url, headers: HeaderMap) -> Result<ApiAnswer, NoAnswer> {
        self.may_ask(&url)?;
        answer(self.client.get(url).headers(headers)).await
    }

    /// An address that stands in the URL itself is never looked up.
    fn may_ask(&self, url: &Url) -> Result<(), NoAnswer> {
        let literal = reach::literal(url).map_or(Place::Public, reach::place);
        if literal <= self.as_far_as { Ok(()) } else { Err(NoAnswer::NotSent) }
    }

    /// # Errors
    /// When there was no answer.
    pub async fn delete(&self, url: Url, headers: HeaderMap) -> Result<ApiAnswer, NoAnswer> {
        self.may_ask(&url)?;
        answer(self.client.delete(url).headers(headers)).await
    }

    /// Names may occur more than once.
    ///
    /// # Errors
    /// When there was no answer.
    pub async fn post_form(
        &self,
        url: Url,
        headers: HeaderMap,
        fields: &[(&str, &str)],
    ) -> Result<ApiAnswer, NoAnswer> {
        self.post(url, headers, "application/x-www-form-urlencoded", form(fields).into()).await
    }

    /// # Errors
    /// When there was no answer.
    pub async fn post_json(
        &self,
        url: Url,
        headers: HeaderMap,
        body: &(impl Serialize + Sync),
    ) -> Result<ApiAnswer, NoAnswer> {
        // Nothing has left where no JSON can be made of it.
        let body = serde_json::to_vec(body).map_err(|_| NoAnswer::NotSent)?;
        self.post(url, headers, "application/json", body).await
    }

    /// # Errors
    /// When there was no answer.
    pub async fn post(
        &self,
        url: Url,
        headers: HeaderMap,
        content_type: &'static str,
        body: Vec<u8>,
    ) -> Result<ApiAnswer, NoAnswer> {
        self.may_ask(&url)?;
        let request = self.client.post(url).headers(headers);
        answer(request.header(CONTENT_TYPE, HeaderValue::from_static(content_type)).body(body))
            .await
    }
}

fn builder(answer_for: Duration) -> anyhow::Result<ClientBuilder> {
    let connect_for = answer_for.min(CONNECT_MAX);
    Ok(Client::builder()
        .tls_backend_preconfigured(client_config()?)
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .pool_idle_timeout(IDLE_MAX)
        .connect_timeout(connect_for)
        // Longer than connecting alone: what runs out first tells whether
        // the request may have left.
        .timeout(connect_for + answer_for))
}

async fn answer(request: RequestBuilder) -> Result<ApiAnswer, NoAnswer> {
    let mut response = request.send().await.map_err(|error| {
        // A builder's error is a request that could not even be made.
        let has_not_left = error.is_connect() || error.is_builder();
        if has_not_left { NoAnswer::NotSent } else { NoAnswer::Unknown }
    })?;
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= ANSWER_BYTES_MAX => body.extend(chunk),
            Ok(None) => break,
            _ => {
                body.clear();
                break;
            }
        }
    }
    let headers = std::mem::take(response.headers_mut());
    Ok(ApiAnswer { status: response.status().as_u16(), retry_after, headers, body })
}

impl NoAnswer {
    /// What is true of an attempt that got none; `kind` begins the note.
    pub fn outcome(self, kind: &str) -> SendOutcome {
        let note = format!("{kind}: {self}");
        match self {
            NoAnswer::NotSent => SendOutcome::Deferred { because: Delay::Down, wait: None, note },
            NoAnswer::Unknown => SendOutcome::Ambiguous { note },
        }
    }
}

/// `application/x-www-form-urlencoded`.
pub fn form(fields: &[(&str, &str)]) -> String {
    // A URL's query has that form, and is the one writer of it that we have.
    let mut url = Url::parse("form:").expect("a scheme alone is a URL");
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

/// How long `Retry-After` asks to wait: seconds or a date (RFC 9110 section
/// 10.2.3), a day at most.
pub fn wait_for(retry_after: &str, now: Timestamp) -> Option<SignedDuration> {
    let text = retry_after.trim();
    let wait = match text.parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(seconds.into()),
        Err(_) => jiff::fmt::rfc2822::parse(text).ok()?.timestamp().duration_since(now),
    };
    Some(wait.clamp(SignedDuration::ZERO, WAIT_MAX))
}

/// `Authorization: Basic`; `None` where the two cannot be a header.
pub fn basic_auth(user: &str, password: &str) -> Option<HeaderValue> {
    let pair = STANDARD.encode(format!("{user}:{password}"));
    let mut value = HeaderValue::try_from(format!("Basic {pair}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Whether a text can be kept as a provider's reference.
pub fn is_reference(text: &str) -> bool {
    const LENGTH_MAX: usize = 128;
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain && text.len() <= LENGTH_MAX
}

/// Whether a text is a code that may be noted: no text, no address, and no
/// number that somebody can be called at.
pub fn is_code(text: &str) -> bool {
    const LENGTH_MAX: usize = 80;
    const DIGITS_MAX: usize = 6;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (1..=LENGTH_MAX).contains(&text.len()) && text.bytes().all(is_plain) && digits <= DIGITS_MAX
}

/// Likewise of a number.
pub fn is_code_number(number: i64) -> bool {
    const LARGEST: i64 = 999_999;
    (-LARGEST..=LARGEST).contains(&number)
}

/// The setting `key` as the URL of an API that is given secrets: https, or
/// this machine itself.
///
/// # Errors
/// What is wrong, beginning with the key.
pub fn base_url(key: &str, text: &str) -> anyhow::Result<Url> {
    let url: Url =
        text.parse().with_context(|| format!("{key} is no URL; write one such as https://…"))?;
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    ensure!(
        url.scheme() == "https" || (url.scheme() == "http" && is_local),
        "{key} would send secrets in clear; write https"
    );
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "{key} holds a user or password; put the secret into a file"
    );
    Ok(url)
}

/// What the file that the setting `key` names holds: one line, without the
/// space around it.
///
/// # Errors
/// What is wrong, without what the file holds.
pub fn secret(key: &str, path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("could not read {key} {}", path.display()))?;
    let text = text.trim();
    ensure!(!text.is_empty(), "{key} {} is empty", path.display());
    ensure!(
        !text.contains(char::is_control),
        "{key} {} holds more than one line of text",
        path.display()
    );
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_escaped_and_may_repeat_a_name() {
        let fields = [("To", "+49 1&2=3%"), ("E", "ü"), ("E", "")];
        assert_eq!(form(&fields), "To=%2B49+1%262%3D3%25&E=%C3%BC&E=");
        assert_eq!(form(&[]), "");
    }

    #[test]
    fn secrets_leave_this_machine_encrypted_only() {
        for good in ["https://api.example.org", "http://127.0.0.1:1", "http://[::1]/x"] {
            base_url("url", good).unwrap();
        }
        for bad in
            ["http://api.example.org", "ftp://localhost", "https://a:b@example.org", "", "example"]
        {
            let error = base_url("url", bad).unwrap_err().to_string();
            assert!(error.starts_with("url "), "{bad}: {error}");
        }
    }

    #[tokio::test]
    async fn what_others_wrote_does_not_lead_home() {
        let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        door.set_nonblocking(true).unwrap();
        let port = door.local_addr().unwrap().port();
        let client = ApiClient::within(Place::Public, Duration::from_millis(200)).unwrap();
        // By address, by address in other clothes, and by a name.
        for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "localhost"] {
            let url: Url = format!("http://{host}:{port}/").parse().unwrap();
            let answer = client.get(url, HeaderMap::new()).await;
            assert_eq!(answer, Err(NoAnswer::NotSent), "{host}");
        }
        assert!(door.accept().is_err(), "nobody came");
    }

    #[tokio::test]
    async fn a_closed_door_means_that_nothing_left() {
        let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url: Url = format!("http://{}/", door.local_addr().unwrap()).parse().unwrap();
        let client = ApiClient::new(Duration::from_millis(200)).unwrap();
        // The system takes the connection, and nobody answers.
        let late = client.post_form(url.clone(), HeaderMap::new(), &[("a", "b")]).await;
        assert_eq!(late, Err(NoAnswer::Unknown));
        drop(door);
        let closed = client.get(url, HeaderMap::new()).await;
        assert_eq!(closed, Err(NoAnswer::NotSent));
    }
}
