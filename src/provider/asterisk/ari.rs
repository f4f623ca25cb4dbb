//! Asterisk's REST interface (ARI): requests, and the socket of events.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use rustls::ClientConfig;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use crate::provider::api::{ApiAnswer, ApiClient, NoAnswer, base_url, basic_auth, secret};
use crate::provider::our_account;
use crate::provider::secret::Secret;
use crate::provider::tls::client_config;

/// Of one event.
const EVENT_BYTES_MAX: usize = 1024 * 1024;

pub type Events = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Talks to one Asterisk.
pub struct Ari {
    client: ApiClient,
    url: Url,
    pub authorization: Secret<HeaderValue>,
    tls: Option<Arc<ClientConfig>>,
    timeout: Duration,
}

impl Ari {
    /// Reads the password. Asterisk is not called.
    ///
    /// # Errors
    /// What is wrong with the settings, beginning with the key.
    pub fn new(
        url: &str,
        user: &str,
        password_file: Option<&Path>,
        timeout: Duration,
    ) -> anyhow::Result<Ari> {
        let url = base_url("url", url)?;
        ensure!(!user.is_empty() && !user.contains(':'), "user is empty or holds a colon");
        let file = password_file
            .context("password_file is missing; name the file with the password of ari.conf")?;
        let (user, path) = (user.to_owned(), file.to_owned());
        let authorization = Secret::open(vec![path.clone()], move || {
            let password = secret("password_file", &path)?;
            basic_auth(&user, &password).context("user cannot be sent")
        })?;
        let tls = (url.scheme() == "https").then(client_config).transpose()?;
        let client = ApiClient::new(timeout)?;
        Ok(Ari { client, url, authorization, tls: tls.map(Arc::new), timeout })
    }

    fn at(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    fn headers(&self) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, self.authorization.current().as_ref().clone())])
    }

    /// # Errors
    /// When there was no answer, as of the others.
    pub async fn get(&self, path: &[&str]) -> Result<ApiAnswer, NoAnswer> {
        self.client.get(self.at(path, &[]), self.headers()).await
    }

    pub async fn post(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<ApiAnswer, NoAnswer> {
        self.client.post_json(self.at(path, query), self.headers(), body).await
    }

    pub async fn delete(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<ApiAnswer, NoAnswer> {
        self.client.delete(self.at(path, query), self.headers()).await
    }

    /// Opens the socket on which the events of `app` come. There is one for
    /// each application: the last one has it.
    ///
    /// # Errors
    /// A word for the notes, such as `ari 401`.
    pub async fn events(&self, app: &str) -> Result<Events, String> {
        let mut url = self.at(&["events"], &[("app", app), ("subscribeAll", "false")]);
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        url.set_scheme(scheme).map_err(|()| "no such url")?;
        let mut request = url.as_str().into_client_request().map_err(|_| "no such url")?;
        request.headers_mut().extend(self.headers());
        let limits = WebSocketConfig::default()
            .max_message_size(Some(EVENT_BYTES_MAX))
            .max_frame_size(Some(EVENT_BYTES_MAX));
        let connector = self.tls.clone().map_or(Connector::Plain, Connector::Rustls);
        let opening = tokio_tungstenite::connect_async_tls_with_config(
            request,
            Some(limits),
            true,
            Some(connector),
        );
        match tokio::time::timeout(self.timeout, opening).await {
            Ok(Ok((events, _))) => Ok(events),
            Ok(Err(tungstenite::Error::Http(answer))) => {
                let note = format!("ari {}", answer.status().as_u16());
                Err(match answer.status().as_u16() {
                    401 | 403 => our_account(&note),
                    _ => note,
                })
            }
            Ok(Err(_)) => Err("ari cannot be reached".to_owned()),
            Err(_) => Err("ari is silent".to_owned()),
        }
    }
}

/// Whether Asterisk did as it was asked.
pub fn is_done(answer: &ApiAnswer) -> bool {
    (200..=299).contains(&answer.status)
}
