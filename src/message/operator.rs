//! Who is calling, as subscribers are told: the settings `[operator]`.

use serde::{Deserialize, Serialize};

use super::note::Notes;
use crate::model::AccountId;

/// The operator's own words and addresses. Every message names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Operator {
    /// The name that subscribers know, as on the bill.
    pub name: String,
    /// The number to call with questions, written as people read it.
    pub phone: String,
    /// Where to pay online; `{account}` becomes the account's id, URL-encoded.
    pub pay_url: String,
    /// Where to transfer to, on one line; empty where transfers are not taken.
    pub bank: String,
    /// What laws ask messages to say and only the operator knows.
    pub content: Notes,
}

impl Default for Operator {
    /// Names that nobody mistakes for real ones: the domain is reserved by
    /// RFC 2606, the number by Ofcom for drama.
    fn default() -> Self {
        Operator {
            name: "Example Telecom".to_owned(),
            phone: "+44 20 7946 0000".to_owned(),
            pay_url: "https://pay.example.net/{account}".to_owned(),
            bank: "Example Bank, IBAN XX00 0000 0000 0000".to_owned(),
            content: Notes::default(),
        }
    }
}

impl Operator {
    /// The link under which `account` is paid.
    pub fn pay_link(&self, account: &AccountId) -> String {
        self.pay_url.replace("{account}", &url_encoded(account.as_str()))
    }

    /// The site of the link, for texts that are spoken: nobody notes down a
    /// path while listening.
    pub fn pay_site(&self) -> &str {
        let rest = self.pay_url.split_once("://").map_or(self.pay_url.as_str(), |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or(rest)
    }

    /// What keeps these settings from being sent to people: (key, what to mend).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        for (key, value) in [("name", &self.name), ("phone", &self.phone)] {
            if value.trim().is_empty() {
                problems.push((key, "is empty; every message must say it".to_owned()));
            }
        }
        if !self.pay_url.starts_with("https://") && !self.pay_url.starts_with("http://") {
            problems.push(("pay_url", "must start with https:// or http://".to_owned()));
        }
        let mut placeholders = self.pay_url.replace("{account}", "");
        placeholders.retain(|letter| letter == '{' || letter == '}');
        if !placeholders.is_empty() {
            let what = "has a placeholder that is not known; {account} is the only one";
            problems.push(("pay_url", what.to_owned()));
        }
        problems.extend(self.content.problems().into_iter().map(|what| ("content", what)));
        problems
    }
}

/// Every byte outside RFC 3986's unreserved set, percent-encoded.
fn url_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_cannot_bend_the_pay_link() {
        let operator = Operator::default();
        let link = operator.pay_link(&AccountId::from("../a b?x=é&{account}"));
        assert_eq!(link, "https://pay.example.net/..%2Fa%20b%3Fx%3D%C3%A9%26%7Baccount%7D");
    }

    #[test]
    fn the_spoken_site_has_no_path() {
        let mut operator = Operator::default();
        assert_eq!(operator.pay_site(), "pay.example.net");
        operator.pay_url = "https://example.net?to={account}".to_owned();
        assert_eq!(operator.pay_site(), "example.net");
    }

    #[test]
    fn settings_that_would_mislead_people_are_named() {
        assert_eq!(Operator::default().problems(), []);
        let broken = Operator {
            name: " ".to_owned(),
            pay_url: "pay.example.net/{acount}".to_owned(),
            ..Operator::default()
        };
        let keys: Vec<_> = broken.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["name", "pay_url", "pay_url"]);
    }

    #[test]
    fn a_setting_that_is_not_known_is_refused() {
        assert!(toml::from_str::<Operator>("nmae = 'x'").is_err());
        assert_eq!(toml::from_str::<Operator>("").unwrap(), Operator::default());
    }
}
