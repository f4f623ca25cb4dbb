//! What a gateway posts to us: receipts as JSON, one or a list of them, or in
//! another API's form (`receipt.rs`).
//!
//! A posting counts as a whole or not at all, so that a gateway which posts it
//! again after a refusal loses nothing. It is signed, or comes to the URL with
//! the token that only the provider was given.

use anyhow::{Context, ensure};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::Settings;
use super::receipt::Mapping;
use crate::model::receipt::{Fate, Receipt};
use crate::provider::echo::{self, FIRST_AT, Tokens};
use crate::provider::signature::{Refused, Secrets, Signed};
use crate::provider::{Call, CallbackReader, NotTaken, Posted};

/// Receipts in one posting.
pub const RECEIPTS_MAX: usize = 1_000;
/// Bytes of a posting's name.
const ID_BYTES_MAX: usize = 128;
/// A gateway's clock may be wrong, and receipts old; beyond this they are
/// not times but mistakes.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);

/// Understands what the gateway posts.
pub struct Callback {
    proof: Proof,
    /// Where the settings say what a posting means.
    mapping: Option<Mapping>,
}

/// How we know who posts.
enum Proof {
    Signature(Secrets),
    Token(Tokens),
}

/// One receipt of the contract; other fields are the gateway's own.
#[derive(Deserialize)]
struct Said {
    key: String,
    fate: Fate,
    at: Timestamp,
}

impl Callback {
    /// Reads the secrets; `None` where the gateway gives no receipts.
    pub fn open(settings: &Settings) -> anyhow::Result<Option<Callback>> {
        if !settings.receipts {
            return Ok(None);
        }
        let mapping = settings.receipt.as_ref().map(Mapping::read).transpose();
        let mapping = mapping.map_err(super::first)?;
        if !settings.receipt_token_files.is_empty() {
            let tokens = Tokens::read("receipt_token_files", &settings.receipt_token_files)?;
            return Ok(Some(Callback { proof: Proof::Token(tokens), mapping }));
        }
        ensure!(
            !settings.receipt_secret_files.is_empty(),
            "receipt_secret_files is empty; name a file with the secret that the gateway signs with"
        );
        let mut texts = Vec::new();
        for file in &settings.receipt_secret_files {
            let text = std::fs::read_to_string(file).with_context(|| {
                format!("could not read receipt_secret_files {}", file.display())
            })?;
            Secrets::parse([text.as_str()])
                .with_context(|| format!("receipt_secret_files {}", file.display()))?;
            texts.push(text);
        }
        let secrets = Secrets::parse(texts.iter().map(String::as_str))?;
        Ok(Some(Callback { proof: Proof::Signature(secrets), mapping }))
    }
}

#[async_trait]
impl CallbackReader for Callback {
    async fn read(&self, call: &Call<'_>) -> Result<Posted, NotTaken> {
        let message_id = match &self.proof {
            Proof::Signature(secrets) => signed(secrets, call)?,
            Proof::Token(tokens) => {
                tokens.check(call.query)?;
                echo::name_of(&[call.target.as_bytes(), b"\n", call.body].concat())
            }
        };
        let receipts = match &self.mapping {
            Some(mapping) => mapping.receipts(call),
            None => receipts(call.body, call.now),
        };
        let receipts = receipts.map_err(NotTaken::Unreadable)?;
        Ok(Posted { message_id, receipts, ..Posted::default() })
    }
}

/// The name of a posting whose signature fits.
fn signed(secrets: &Secrets, call: &Call<'_>) -> Result<String, NotTaken> {
    let header = |name: &'static str| {
        let value = call.headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or(Refused::Missing(name))
    };
    let signed = Signed {
        id: header("webhook-id")?,
        timestamp: header("webhook-timestamp")?,
        signatures: header("webhook-signature")?,
    };
    secrets.check(&signed, call.body, call.now)?;
    let is_plain = signed.id.bytes().all(|byte| byte.is_ascii_graphic());
    if signed.id.is_empty() || signed.id.len() > ID_BYTES_MAX || !is_plain {
        let what = format!("webhook-id is not 1 to {ID_BYTES_MAX} visible ASCII characters");
        return Err(NotTaken::Unreadable(what));
    }
    Ok(signed.id.to_owned())
}

/// The receipts of a body; `Err` says what is wrong with it.
fn receipts(body: &[u8], now: Timestamp) -> Result<Vec<Receipt>, String> {
    let is_list = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let said: Vec<Said> = match is_list {
        true => serde_json::from_slice(body),
        false => serde_json::from_slice(body).map(|one| vec![one]),
    }
    .map_err(|error| error.to_string())?;
    if said.len() > RECEIPTS_MAX {
        return Err(format!("{} receipts; post up to {RECEIPTS_MAX} at once", said.len()));
    }
    let receipt = |(index, said): (usize, &Said)| {
        receipt(said, now).map_err(|what| format!("receipt {}: {what}", index + 1))
    };
    said.iter().enumerate().map(receipt).collect()
}

fn receipt(said: &Said, now: Timestamp) -> Result<Receipt, &'static str> {
    let key = echo::key(&said.key).ok_or("key is no attempt key; give it back as it was sent")?;
    if said.at < FIRST_AT || said.at > now + AHEAD_MAX {
        return Err("at is not when it can have happened");
    }
    Ok(Receipt { key, fate: said.fate, at: said.at })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef.2";

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn one(key: &str, fate: &str, at: &str) -> String {
        format!(r#"{{"key": "{key}", "fate": "{fate}", "at": "{at}"}}"#)
    }

    #[track_caller]
    fn refused(body: &str, why: &str) {
        let said = receipts(body.as_bytes(), now()).unwrap_err();
        assert!(said.contains(why), "{body}: {said}");
    }

    #[test]
    fn one_receipt_or_a_list_and_fields_of_their_own_are_understood() {
        let at = "2026-03-01T12:59:00+01:00";
        let single =
            format!("\n {{\"id\": [1], \"key\": {KEY:?}, \"fate\": \"answered\", \"at\": {at:?}}}");
        let expected = Receipt {
            key: KEY.parse().unwrap(),
            fate: Fate::Answered,
            at: "2026-03-01T11:59:00Z".parse().unwrap(),
        };
        assert_eq!(receipts(single.as_bytes(), now()), Ok(vec![expected.clone()]));
        let list = format!(" [{single}, {}]", one(KEY, "expired", at));
        let both = receipts(list.as_bytes(), now()).unwrap();
        assert_eq!(both, [expected.clone(), Receipt { fate: Fate::Expired, ..expected }]);
        assert_eq!(receipts(b"[]", now()), Ok(Vec::new()));
    }

    #[test]
    fn a_body_that_is_not_of_the_contract_is_refused_with_its_reason() {
        let at = "2026-03-01T12:00:00Z";
        refused("", "EOF");
        refused("{}", "missing field `key`");
        refused("7", "invalid type");
        refused(&format!("{} x", one(KEY, "delivered", at)), "trailing characters");
        refused(&one(KEY, "read", at), "unknown variant `read`");
        refused(&one(KEY, "delivered", "yesterday"), "as year");
        refused(&one(KEY, "delivered", "2026-03-03T12:00:00Z"), "at is not when");
        refused(&one(KEY, "delivered", "-009998-01-01T00:00:00Z"), "at is not when");
        let list = format!("[{}, {}]", one(KEY, "delivered", at), one("x.1", "delivered", at));
        refused(&list, "receipt 2: key");
        let many = vec![one(KEY, "delivered", at); RECEIPTS_MAX + 1];
        refused(&format!("[{}]", many.join(",")), "1001 receipts");
    }

    #[test]
    fn a_key_that_we_never_wrote_is_refused() {
        let at = "2026-03-01T12:00:00Z";
        let upper = KEY.to_uppercase();
        let hex = &KEY[..32];
        let beyond = format!("{hex}.2147483648");
        let zero = format!("{hex}.0");
        for key in [upper.as_str(), &beyond, &zero, "1.1", &format!("{hex}.+2"), hex, ""] {
            refused(&one(key, "delivered", at), "key is no attempt key");
        }
    }
}
