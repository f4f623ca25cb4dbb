//! What providers give back to us as they got it: the key of an attempt, and,
//! of those that do not sign what they post, the token in our URL.
//!
//! A token is a secret like a password: whoever knows it can post. It is
//! compared in constant time, and never stands in a log or an error.

use std::path::PathBuf;

use anyhow::ensure;
use jiff::Timestamp;
use reqwest::Url;
use sha2::{Digest, Sha256};

use super::api;
use super::signature::Refused;
use crate::model::AttemptKey;

/// Shorter ones could be guessed.
const TOKEN_LENGTH_MIN: usize = 24;
/// The name of the token in our URL.
const PARAMETER: &str = "token";

/// 2000-01-01: nothing that a provider tells of was before.
pub const FIRST_AT: Timestamp = Timestamp::constant(946_684_800, 0);

/// The tokens that are good at the moment: one, or more while they change.
pub struct Tokens(Vec<String>);

impl Tokens {
    /// Reads one from each file that the setting `key` names.
    ///
    /// # Errors
    /// Where one cannot be read, or is none.
    pub fn read(key: &str, files: &[PathBuf]) -> anyhow::Result<Tokens> {
        ensure!(
            !files.is_empty(),
            "{key} is empty; name a file with the token that the provider's URL carries"
        );
        let read = |file: &PathBuf| {
            let token = api::secret(key, file)?;
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            ensure!(
                token.len() >= TOKEN_LENGTH_MIN && token.bytes().all(is_plain),
                "{key} {} holds no token; make one with: openssl rand -hex 24",
                file.display()
            );
            Ok(token)
        };
        files.iter().map(read).collect::<anyhow::Result<_>>().map(Tokens)
    }

    /// Whether a call with this query came from whom we gave the URL to.
    ///
    /// # Errors
    /// Where not.
    pub fn check(&self, query: &str) -> Result<(), Refused> {
        let given = query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            (name == PARAMETER).then_some(value)
        });
        let given = given.ok_or(Refused::BadToken)?;
        // All of them, so that the time does not tell which one was near.
        let fits = self.0.iter().fold(false, |fits, token| is_same(token, given) | fits);
        if fits { Ok(()) } else { Err(Refused::BadToken) }
    }

    /// `url` with the token that is to be used from now on: the first.
    pub fn on(&self, mut url: Url) -> Url {
        if let Some(token) = self.0.first() {
            url.query_pairs_mut().append_pair(PARAMETER, token);
        }
        url
    }
}

/// Hashes are compared, so that the time tells nothing of the texts.
fn is_same(ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (Sha256::digest(ours), Sha256::digest(theirs));
    ours.iter().zip(theirs.iter()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// The attempt's key where `text` is one exactly as we write it, with a
/// number that our tables hold.
pub fn key(text: &str) -> Option<AttemptKey> {
    let key: AttemptKey = text.parse().ok()?;
    let fits = i32::try_from(key.number).is_ok_and(|number| number > 0);
    (fits && key.to_string() == text).then_some(key)
}

/// A name for a posting whose provider gives it none: the same bytes again
/// are the same posting.
pub fn name_of(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// When something happened, as far as the provider can be believed: not
/// before this millennium, and not after `now`.
pub fn believable(at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    at.filter(|at| *at >= FIRST_AT).map_or(now, |at| at.min(now))
}

/// A field of JSON as text; providers write numbers with and without quotes.
pub fn text(value: &serde_json::Value, field: &str) -> Option<String> {
    match value.get(field)? {
        serde_json::Value::String(text) => Some(text.trim().to_owned()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// JSON that is an object or a list, whatever else it holds.
///
/// # Errors
/// Says where it breaks, and nothing of what it holds.
pub fn json(body: &[u8]) -> Result<serde_json::Value, String> {
    serde_json::from_slice(body)
        .map_err(|error| format!("no JSON: line {}, column {}", error.line(), error.column()))
}

/// A secret's file for tests.
#[cfg(test)]
pub fn token_file(dir: &std::path::Path, token: &str) -> PathBuf {
    let path = dir.join(name_of(token.as_bytes()));
    std::fs::write(&path, format!("{token}\n")).unwrap();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef01234567";
    const OTHER: &str = "another-token_of-long-ago";

    fn tokens() -> Tokens {
        let dir = tempfile::tempdir().unwrap();
        let files = [token_file(dir.path(), TOKEN), token_file(dir.path(), OTHER)];
        Tokens::read("receipt_token_files", &files).unwrap()
    }

    #[test]
    fn whoever_knows_a_token_may_post_and_nobody_else() {
        let tokens = tokens();
        for query in [format!("token={TOKEN}"), format!("a=b&token={OTHER}&c")] {
            assert_eq!(tokens.check(&query), Ok(()), "{query}");
        }
        let upper = format!("token={}", TOKEN.to_uppercase());
        for query in ["", "token", "token=", &upper, "Token=x", "a=b"] {
            assert_eq!(tokens.check(query), Err(Refused::BadToken), "{query}");
        }
        assert_eq!(tokens.check(&format!("token=x&token={TOKEN}")), Err(Refused::BadToken));
    }

    #[test]
    fn one_bit_of_the_token_is_enough_to_be_refused() {
        for bit in 0..TOKEN.len() * 8 {
            let mut spoilt = TOKEN.as_bytes().to_vec();
            spoilt[bit / 8] ^= 1 << (bit % 8);
            let Ok(spoilt) = String::from_utf8(spoilt) else { continue };
            assert!(tokens().check(&format!("token={spoilt}")).is_err(), "{bit}");
        }
    }

    #[test]
    fn a_file_that_holds_no_token_is_named_and_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        for bad in ["short", "0123456789abcdef0123456&", "", "two\nlines-of-a-long-enough-text"] {
            let file = token_file(dir.path(), bad);
            let error = Tokens::read("receipt_token_files", &[file]).err().unwrap();
            let error = format!("{error:#}");
            assert!(error.starts_with("receipt_token_files "), "{error}");
            assert!(bad.is_empty() || !error.contains(bad), "{error}");
        }
        assert!(Tokens::read("receipt_token_files", &[]).is_err());
    }

    #[test]
    fn a_key_that_we_never_wrote_is_none() {
        let hex = "0123456789abcdef0123456789abcdef";
        assert!(key(&format!("{hex}.2")).is_some());
        for text in
            ["", hex, &format!("{hex}.0"), &format!("{hex}.+2"), &format!("{hex}.2 "), "1.1"]
        {
            assert_eq!(key(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_that_cannot_be_is_now() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let now = at("2026-03-01T12:00:00Z");
        assert_eq!(believable(None, now), now);
        assert_eq!(believable(Some(at("2026-03-02T12:00:00Z")), now), now);
        assert_eq!(believable(Some(at("1970-01-01T00:00:00Z")), now), now);
        let before = at("2026-03-01T11:00:00Z");
        assert_eq!(believable(Some(before), now), before);
    }
}
