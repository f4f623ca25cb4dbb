//! What another API posts about a message, as the settings say it.
//!
//! A status that is not in the table says nothing, as most of them do: on its
//! way, buffered, taken by the carrier. A posting in which nothing lies where
//! the settings say is refused, so that a wrong setting shows at the provider
//! and not as silence.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::callback::RECEIPTS_MAX;
use super::pointer::Pointer;
use crate::model::AttemptKey;
use crate::model::receipt::{Fate, Receipt};
use crate::provider::kinds::Wrong;
use crate::provider::{Call, echo};

/// The key of the attempt in a callback URL of ours.
pub const KEY: &str = "key";

/// `[provider.NAME.receipt]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub format: Format,
    /// Where several lie; one posting is one receipt where left out.
    pub each: Option<String>,
    /// Where the attempt's key lies; in the URL that we gave where left out.
    pub key: Option<String>,
    pub status: String,
    pub statuses: BTreeMap<String, Fate>,
    /// When it happened: RFC 3339, or seconds or milliseconds since 1970.
    pub at: Option<String>,
}

/// What a posting is written in; a form or a query is read as a flat object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    #[default]
    Json,
    Form,
    Query,
}

/// A mapping that was read.
#[derive(Debug)]
pub struct Mapping {
    format: Format,
    each: Option<Pointer>,
    key: Option<Pointer>,
    status: Pointer,
    statuses: BTreeMap<String, Fate>,
    at: Option<Pointer>,
}

impl Mapping {
    /// # Errors
    /// All that is wrong, by key.
    pub fn read(settings: &Settings) -> Result<Mapping, Vec<Wrong>> {
        let mut wrong: Vec<Wrong> = Vec::new();
        let mut pointer = |key, text: Option<&str>| {
            let read = Pointer::parse(text?);
            read.map_err(|what| wrong.push((key, format!("= {what}")))).ok()
        };
        let each = pointer("receipt.each", settings.each.as_deref());
        let key = pointer("receipt.key", settings.key.as_deref());
        let at = pointer("receipt.at", settings.at.as_deref());
        let status = pointer("receipt.status", Some(&settings.status));
        if settings.statuses.is_empty() {
            let what = "is empty; name the words that mean delivered, undelivered or expired";
            wrong.push(("receipt.statuses", what.to_owned()));
        }
        let statuses = settings.statuses.clone();
        match status {
            Some(status) if wrong.is_empty() => {
                Ok(Mapping { format: settings.format, each, key, status, statuses, at })
            }
            _ => Err(wrong),
        }
    }

    /// The receipts of a posting.
    ///
    /// # Errors
    /// What is wrong with it, without what it holds.
    pub fn receipts(&self, call: &Call<'_>) -> Result<Vec<Receipt>, String> {
        let root = match self.format {
            Format::Json => echo::json(call.body)?,
            Format::Form => fields(call.body),
            Format::Query => fields(call.query.as_bytes()),
        };
        let items: Vec<&Value> = match (&self.each, &root) {
            (Some(each), root) => each.all(root).into_iter().flatten().collect(),
            (None, Value::Array(list)) => list.iter().collect(),
            (None, one) => vec![one],
        };
        if items.is_empty() {
            return Err("nothing lies where receipt.each says".to_owned());
        }
        if items.len() > RECEIPTS_MAX {
            return Err(format!("{} receipts; post up to {RECEIPTS_MAX} at once", items.len()));
        }
        let read = items.into_iter().map(|item| self.receipt(item, call));
        Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// `None` where it says nothing, or is about nothing of ours.
    fn receipt(&self, item: &Value, call: &Call<'_>) -> Result<Option<Receipt>, String> {
        let status = self.status.text(item).ok_or("nothing lies where receipt.status says")?;
        let key = match &self.key {
            Some(key) => key.text(item).ok_or("nothing lies where receipt.key says")?,
            None => in_query(call.query).ok_or("the URL has no key; use {callback_url}")?,
        };
        let at = self.at.as_ref().and_then(|at| instant(&at.text(item)?));
        let key: Option<AttemptKey> = echo::key(&key);
        let fate = self.statuses.get(&status);
        Ok(key.zip(fate).map(|(key, fate)| Receipt {
            key,
            fate: *fate,
            at: echo::believable(at, call.now),
        }))
    }
}

fn in_query(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == KEY).map(|(_, value)| value.into_owned())
}

fn fields(encoded: &[u8]) -> Value {
    let pairs = form_urlencoded::parse(encoded);
    let table: Map<String, Value> =
        pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect();
    Value::Object(table)
}

fn instant(text: &str) -> Option<Timestamp> {
    /// The year 2286 in seconds, and 1970 in milliseconds.
    const SECONDS_MAX: i64 = 9_999_999_999;
    match text.trim().parse::<i64>() {
        Ok(number) if number <= SECONDS_MAX => Timestamp::from_second(number).ok(),
        Ok(number) => Timestamp::from_millisecond(number).ok(),
        Err(_) => text.trim().parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use reqwest::header::HeaderMap;
    use serde_json::json;

    use super::*;

    const OURS: &str = "0123456789abcdef0123456789abcdef.2";

    fn read(settings: Value, query: &str, body: &str) -> Result<Vec<String>, String> {
        let mapping = Mapping::read(&serde_json::from_value(settings).unwrap()).unwrap();
        let headers = HeaderMap::new();
        let call = Call {
            method: &Method::POST,
            target: "",
            query,
            headers: &headers,
            body: body.as_bytes(),
            now: "2026-03-01T12:00:00Z".parse().unwrap(),
        };
        let receipts = mapping.receipts(&call)?;
        let told = |it: Receipt| format!("{} {:?} {}", it.key.number, it.fate, it.at);
        Ok(receipts.into_iter().map(told).collect())
    }

    fn statuses() -> Value {
        json!({"delivered": "delivered", "failed": "undelivered", "2": "expired"})
    }

    #[test]
    fn one_in_json_and_a_list_are_understood() {
        let one = json!({"key": "/ref", "status": "/status", "statuses": statuses(), "at": "/ts"});
        let item =
            |status: &str, ts: &str| format!(r#"{{"ref":"{OURS}","status":{status},"ts":{ts}}}"#);
        let early = item("\"delivered\"", "\"2026-03-01T12:30:00+01:00\"");
        let expected = "2 Delivered 2026-03-01T11:30:00Z".to_owned();
        assert_eq!(read(one.clone(), "", &early), Ok(vec![expected.clone()]));
        let seconds = item("2", "1772362800");
        let list = format!("[{early}, {seconds}, {}]", item("\"failed\"", "1772362800000"));
        let both = ["2 Expired 2026-03-01T11:00:00Z", "2 Undelivered 2026-03-01T11:00:00Z"];
        let expected = [expected, both[0].to_owned(), both[1].to_owned()];
        assert_eq!(read(one, "", &list), Ok(expected.to_vec()));

        let each = json!({"each": "/r/*", "key": "/ref", "status": "/status",
                          "statuses": statuses()});
        let within = format!(r#"{{"r": [{}]}}"#, item("\"failed\"", "\"soon\""));
        let expected = "2 Undelivered 2026-03-01T12:00:00Z".to_owned();
        assert_eq!(read(each.clone(), "", &within), Ok(vec![expected]));
        assert_eq!(read(each, "", "{}"), Err("nothing lies where receipt.each says".to_owned()));
    }

    #[test]
    fn a_form_and_a_query_are_understood_with_the_key_of_our_url() {
        let form = json!({"format": "form", "status": "/MessageStatus", "statuses": statuses()});
        let query = format!("token=x&key={OURS}");
        let expected = Ok(vec!["2 Delivered 2026-03-01T12:00:00Z".to_owned()]);
        assert_eq!(read(form, &query, "To=%2B49&MessageStatus=delivered"), expected);
        let get = json!({"format": "query", "status": "/s", "statuses": statuses()});
        assert_eq!(read(get, &format!("{query}&s=delivered"), ""), expected);
    }

    #[test]
    fn what_says_nothing_is_taken_and_what_is_not_there_is_refused() {
        let one = json!({"key": "/ref", "status": "/status", "statuses": statuses()});
        let read = |body: &str| read(one.clone(), "", body);
        assert_eq!(read(&format!(r#"{{"ref":"{OURS}","status":"sent"}}"#)), Ok(vec![]));
        assert_eq!(read(r#"{"ref":"another's","status":"delivered"}"#), Ok(vec![]));
        for (body, what) in [
            (format!(r#"{{"ref":"{OURS}"}}"#), "receipt.status"),
            (r#"{"status":"delivered"}"#.to_owned(), "receipt.key"),
            ("status=delivered".to_owned(), "no JSON"),
            (format!("[{}]", vec!["{}"; RECEIPTS_MAX + 1].join(",")), "1001 receipts"),
        ] {
            let error = read(&body).unwrap_err();
            assert!(error.contains(what), "{error}");
        }
    }

    #[test]
    fn a_mapping_that_cannot_be_is_named_with_its_mend() {
        let settings: Settings = serde_json::from_value(json!({"status": "s"})).unwrap();
        let wrong = Mapping::read(&settings).unwrap_err();
        let keys: Vec<&str> = wrong.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["receipt.status", "receipt.statuses"]);
    }
}
