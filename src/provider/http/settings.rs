//! The table of an HTTP gateway, and what it says when it is read as a whole.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use hyper::header::HeaderValue;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::mapping::{self, Mapping};
use super::receipt;
use super::request::{self, Around, Plan};
use crate::model::Channel;
use crate::provider::api;
use crate::provider::kinds::{Site, Wrong};
use crate::provider::reach::{self, Place};
use crate::provider::secret::Secret;

/// What a table says, read.
type Read = (Option<Plan>, Option<Mapping>);

/// A gateway, in the settings as one table of `[provider.http]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// With `request`, its path and query may have placeholders.
    pub url: String,
    /// What it carries.
    pub channels: Vec<Channel>,
    /// A file with the token for `Authorization: Bearer`.
    pub token_file: Option<PathBuf>,
    /// Files with secrets for the template, by the names it calls them.
    pub secret_files: BTreeMap<String, PathBuf>,
    /// For the answer, once connected.
    pub timeout_ms: u32,
    /// The header that carries the attempt's key; empty for none.
    pub idempotency_header: Option<String>,
    /// Its host may be in a private network, though its name does not say so.
    pub allow_private: bool,
    /// The template of a request; our own contract where left out.
    pub request: Option<request::Settings>,
    /// What the answer to it means.
    pub answer: Option<mapping::Settings>,
    /// It posts receipts to us. Without, acceptance is all that is ever known.
    pub receipts: bool,
    /// Files with the secrets that its postings are signed with, `whsec_…`
    /// each; more than one while they change.
    pub receipt_secret_files: Vec<PathBuf>,
    /// Files with the token that our URL carries, for one that does not sign.
    pub receipt_token_files: Vec<PathBuf>,
    /// What it posts; our own contract where left out.
    pub receipt: Option<receipt::Settings>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            url: String::new(),
            channels: Vec::new(),
            token_file: None,
            secret_files: BTreeMap::new(),
            timeout_ms: 10_000,
            idempotency_header: Some("Idempotency-Key".to_owned()),
            allow_private: false,
            request: None,
            answer: None,
            receipts: false,
            receipt_secret_files: Vec::new(),
            receipt_token_files: Vec::new(),
            receipt: None,
        }
    }
}

impl Settings {
    /// What is wrong though every key could be read.
    pub fn problems(&self, site: &Site) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if self.receipts && !site.listens {
            let what =
                "is true, and nothing listens for them; set http.listen, such as 127.0.0.1:8470";
            wrong.push(("receipts", what.to_owned()));
        }
        let is_signed = !self.receipt_secret_files.is_empty();
        let has_token = !self.receipt_token_files.is_empty();
        if self.receipts && !is_signed && !has_token {
            let what = "is empty; name a file with the secret that the gateway signs receipts with";
            wrong.push(("receipt_secret_files", what.to_owned()));
        }
        if is_signed && has_token {
            let what =
                "stands beside receipt_secret_files; keep the latter where receipts are signed";
            wrong.push(("receipt_token_files", what.to_owned()));
        }
        if self.answer.is_some() && self.request.is_none() {
            let what = "belongs to a template; add request, or leave it out";
            wrong.push(("answer", what.to_owned()));
        }
        if let Err(more) = self.read(site.public_url.is_some()) {
            wrong.extend(more);
        }
        if let Some(Err(more)) = self.receipt.as_ref().map(receipt::Mapping::read) {
            wrong.extend(more);
        }
        wrong
    }

    /// Reads the template and the mapping of answers.
    pub fn read(&self, has_callback: bool) -> Result<Read, Vec<Wrong>> {
        let around = Around {
            url: &self.url,
            channels: &self.channels,
            secrets: self.secret_files.keys().map(String::as_str).collect(),
            has_token: self.token_file.is_some(),
            has_callback: has_callback && self.receipts,
        };
        let plan = self.request.as_ref().map(|request| Plan::read(request, &around)).transpose();
        let mapping = self.answer.as_ref().map(Mapping::read).transpose();
        match (plan, mapping) {
            (Ok(plan), Ok(mapping)) => Ok((plan, mapping)),
            (plan, mapping) => {
                let wrong = plan.err().into_iter().chain(mapping.err());
                Err(wrong.flatten().collect())
            }
        }
    }

    /// The URL without what placeholders may stand in.
    pub fn base(&self) -> anyhow::Result<Url> {
        let url: Url = match &self.request {
            Some(_) => request::split(&self.url).map_err(|what| anyhow::anyhow!("url {what}"))?.0,
            None => self
                .url
                .parse()
                .context("url is none; write one such as https://gateway.example.org/send")?,
        };
        ensure!(
            url.scheme() == "https" || url.scheme() == "http",
            "url is neither https nor http; write one such as https://gateway.example.org/send"
        );
        ensure!(
            url.username().is_empty() && url.password().is_none(),
            "url holds a user or password; put the secret into a file and name it in token_file"
        );
        if let Some(address) = reach::literal(&url) {
            ensure!(
                reach::place(address) < Place::Never,
                "url leads to a link, a group or a cloud's metadata; no gateway is there"
            );
        }
        Ok(url)
    }

    /// How far requests may go. A gateway of the operator's own is in a
    /// private network more often than not, and one that is written as an
    /// address is meant to be there. Another's API by its name is not.
    pub fn as_far_as(&self, url: &Url) -> Place {
        let is_meant = reach::literal(url).is_some() || url.host_str() == Some("localhost");
        if self.allow_private || self.request.is_none() || is_meant {
            Place::Private
        } else {
            Place::Public
        }
    }

    /// The header with the token, where there is one.
    pub fn token(&self, url: &Url) -> anyhow::Result<Option<Secret<HeaderValue>>> {
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let is_closed = url.scheme() == "https" || is_local;
        ensure!(
            is_closed || self.secret_files.is_empty(),
            "url would send secrets in clear; write https, or leave out secret_files"
        );
        let Some(path) = &self.token_file else { return Ok(None) };
        ensure!(
            is_closed,
            "url would send the token in clear; write https, or leave out token_file"
        );
        let file = path.clone();
        let token = Secret::open(vec![path.clone()], move || {
            let token = api::secret("token_file", &file)?;
            // The cause is dropped: it must not show what the file holds.
            let value = HeaderValue::from_str(&format!("Bearer {token}")).ok();
            let mut value = value.with_context(|| {
                format!("token_file {} holds more than plain text", file.display())
            })?;
            value.set_sensitive(true);
            Ok(value)
        });
        token.map(Some)
    }

    /// The secrets of the template, by their names.
    pub fn secrets(&self) -> anyhow::Result<Secret<BTreeMap<String, String>>> {
        let files = self.secret_files.clone();
        Secret::open(self.secret_files.values().cloned().collect(), move || {
            let read = |(name, path): (&String, &PathBuf)| {
                Ok((name.clone(), api::secret(&format!("secret_files {name}"), path)?))
            };
            files.iter().map(read).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(url: &str, is_template: bool, allow_private: bool) -> Place {
        let request = is_template.then(request::Settings::default);
        let settings =
            Settings { url: url.to_owned(), request, allow_private, ..Settings::default() };
        settings.as_far_as(&settings.base().unwrap())
    }

    #[test]
    fn anothers_api_is_a_public_one_unless_the_operator_says_otherwise() {
        let name = "https://api.example.org/send";
        assert_eq!(reach(name, true, false), Place::Public);
        assert_eq!(reach(name, true, true), Place::Private);
        // A gateway of the operator's own, and an address that is written out.
        assert_eq!(reach(name, false, false), Place::Private);
        for meant in ["http://10.0.0.5/", "http://[fd12::1]:8080/", "http://localhost:80/{to}"] {
            assert_eq!(reach(meant, true, false), Place::Private, "{meant}");
        }
    }

    #[test]
    fn nobody_sends_to_a_link_a_group_or_a_clouds_metadata() {
        for url in [
            "http://169.254.169.254/",
            "http://[fd00:ec2::254]/",
            "http://0.0.0.0/",
            "http://0/",
            "http://[::ffff:169.254.169.254]/",
            "http://2852039166/",
            "http://[ff02::1]/",
        ] {
            for request in [None, Some(request::Settings::default())] {
                let settings = Settings { url: url.to_owned(), request, ..Settings::default() };
                let error = settings.base().unwrap_err().to_string();
                assert!(error.starts_with("url leads to a link"), "{url}: {error}");
            }
        }
    }
}
