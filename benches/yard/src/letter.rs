//! The request that every client here makes: of the shape and the size of
//! those that Duebell sends.

use std::time::Duration;

use reqwest::Client;
use serde::Serialize;

pub const TOKEN: &str = "Bearer 0123456789abcdef0123456789abcdef";
pub const KEY_HEADER: &str = "Idempotency-Key";

#[derive(Serialize)]
pub struct Letter {
    key: String,
    channel: &'static str,
    to: String,
    name: &'static str,
    language: &'static str,
    text: &'static str,
    expires_at: &'static str,
}

impl Letter {
    /// The `number`th; `run` keeps the keys of two runs apart.
    pub fn new(run: u64, number: u64) -> Letter {
        Letter {
            key: format!("{run:016x}{number:016x}.1"),
            channel: "sms",
            to: format!("+49151{:08}", number % 100_000_000),
            name: "Ada Lovelace",
            language: "en",
            text: "Example Telecom: EUR 50.00 of bill B000000001 is due on 3 Apr 2026. \
                   Pay at https://pay.example.net/A000000001 or call +44 20 7946 0000.",
            expires_at: "2026-04-01T10:00:00Z",
        }
    }

    pub fn key(&self) -> &str {
        &self.key
    }
}

/// A client that, like `src/provider/http.rs`, sends nothing twice or elsewhere.
pub fn client() -> reqwest::Result<Client> {
    // `Err` means that another has chosen already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_idle_timeout(Duration::from_secs(4))
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(15))
        .build()
}

/// One request, its answer read to the end.
pub async fn post(client: &Client, url: &reqwest::Url, letter: &Letter) -> reqwest::Result<bool> {
    let mut response = client
        .post(url.clone())
        .json(letter)
        .header("authorization", TOKEN)
        .header(KEY_HEADER, letter.key())
        .send()
        .await?;
    let is_taken = response.status().is_success();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    let answer: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok(is_taken && answer["id"].is_string())
}
