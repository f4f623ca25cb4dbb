//! The tables of `config/provider/` as they are shipped, against peers that
//! hold each request to the provider's own Python library.

use std::path::Path;
use std::sync::Arc;

use duebell::config;
use duebell::model::PhoneNumber;
use duebell::provider::kinds::{Connected, Kind, Site, Table};
use duebell::provider::{Call, Delay, Fate, Receipt, Refusal, SendOutcome, Sender};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::contract::holds_for;
use super::texting::{Texting, sms_to};
use super::{KEY, now};
use crate::support::peer::Peer;

const APIS: &str = "apis.py";
const PREFIX: &str = "+491512345678";
const TOKEN: &str = "0123456789abcdef01234567";

/// What `apis.py` knows, as base64 where a login is.
const LOGINS: [(&str, &str); 3] = [
    ("vonage", "YWJjZDEyMzQ6czNjcmV0LW9mLXZvbmFnZQ=="),
    ("sinch", "t0ken-of-sinch"),
    ("plivo", "TUFYWFhYWFhYWFhYWFhYWFhYWFg6dDBrZW4tb2YtcGxpdm8="),
];

/// The table of this name, with the peer for its host, its secrets in a
/// directory, and nothing else changed.
fn connect(name: &str, port: u16, timeout_ms: u32) -> Connected {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("config/provider/{name}.toml"));
    let whole: Value = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let Value::Object(mut table) = whole["provider"][name].clone() else { panic!("no table") };
    assert_eq!(table.remove("kind"), Some(json!("http")));
    let url = table["url"].as_str().unwrap();
    let (_, path) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
    let path = path.replace("SERVICE_PLAN_ID", "jd63jf88477ll123ab4567cd89012ef3");
    let path = path.replace("AUTH_ID", "MAXXXXXXXXXXXXXXXXXX");
    table.insert("url".to_owned(), format!("http://127.0.0.1:{port}/{path}").into());
    table.insert("timeout_ms".to_owned(), timeout_ms.into());
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).unwrap();
        json!(dir.path().join(name))
    };
    let login = LOGINS.iter().find(|(known, _)| *known == name).unwrap().1;
    let login = file("login", login);
    match table.contains_key("token_file") {
        true => table.insert("token_file".to_owned(), login),
        false => table.insert("secret_files".to_owned(), json!({"login": login})),
    };
    table.insert("receipt_token_files".to_owned(), json!([file("token", TOKEN)]));
    connected(name, table)
}

fn connected(name: &str, table: Table) -> Connected {
    let public_url = "https://duebell.example.net".parse().ok();
    let site = Site { public_url, listens: true };
    (Kind::find("http").unwrap().connect)(name, table, &site).unwrap()
}

fn texting(name: &str, port: u16) -> Box<dyn Sender> {
    // Short: the contract has a provider that never answers.
    let sender: Arc<dyn Sender> = connect(name, port, 2_000).sender;
    Box::new(Texting { sender, prefix: PREFIX })
}

mod vonage {
    fn build(port: u16) -> Box<dyn super::Sender> {
        super::texting("vonage", port)
    }
    super::holds_for!("apis.py", build);
}

mod sinch {
    fn build(port: u16) -> Box<dyn super::Sender> {
        super::texting("sinch", port)
    }
    super::holds_for!("apis.py", build);
}

mod plivo {
    fn build(port: u16) -> Box<dyn super::Sender> {
        super::texting("plivo", port)
    }
    super::holds_for!("apis.py", build);
}

/// What the provider got for one SMS, once its library found nothing wrong.
async fn fields(name: &str, reference: &str) -> Value {
    let peer = Peer::start(APIS, &[]);
    let sender = connect(name, peer.port, 20_000).sender;
    let outcome = sender.send(&sms_to("anna", PREFIX), now()).await;
    assert_eq!(outcome, SendOutcome::Accepted { provider_ref: Some(reference.to_owned()) });
    let kept = peer.kept_json();
    assert_eq!((kept.len(), &kept[0]["wrong"]), (1, &json!([])), "{}", kept[0]);
    kept[0]["fields"].clone()
}

#[tokio::test]
async fn vonage_gets_what_its_library_would_send() {
    let expected = json!({
        "from": "Netz AG", "to": "49151234567800", "text": "Offen: 1.234,50 €", "type": "unicode",
        "ttl": "25200000", "client-ref": KEY,
    });
    assert_eq!(fields("vonage", "V-1").await, expected);
}

#[tokio::test]
async fn sinch_gets_what_its_library_would_send() {
    let url = format!("https://duebell.example.net/receipts/sinch?token={TOKEN}&key={KEY}");
    let expected = json!({
        "from": "447700900000", "to": ["49151234567800"], "body": "Offen: 1.234,50 €",
        "expire_at": "2026-03-01T19:00:00Z", "delivery_report": "per_recipient_final",
        "client_reference": KEY, "callback_url": url,
    });
    assert_eq!(fields("sinch", "01FC66621VHDBN119Z8PMV1QPU").await, expected);
}

#[tokio::test]
async fn plivo_gets_what_its_library_would_send() {
    let url = format!("https://duebell.example.net/receipts/plivo?token={TOKEN}&key={KEY}");
    let expected = json!({
        "src": "14155550100", "dst": "49151234567800", "text": "Offen: 1.234,50 €",
        "url": url, "method": "POST", "message_expiry": 10_800,
    });
    assert_eq!(fields("plivo", "db3ce55a-7f1d-11e1-8ea7-1231380bc196").await, expected);
}

#[tokio::test]
async fn each_answer_leads_to_its_own_outcome() {
    let peer = Peer::start(APIS, &[]);
    let rejected = |because, note: &str| SendOutcome::Rejected { because, note: note.to_owned() };
    let deferred =
        |because, note: &str| SendOutcome::Deferred { because, wait: None, note: note.to_owned() };
    let ambiguous = |note: &str| SendOutcome::Ambiguous { note: note.to_owned() };
    let bad_format = "http 400 syntax_invalid_parameter_format";
    for (name, who, expected) in [
        ("vonage", "01", rejected(Refusal::BadRecipient, "http 200 6")),
        ("vonage", "02", deferred(Delay::Throttled, "http 200 1")),
        ("vonage", "05", deferred(Delay::Down, "our account: http 200 4")),
        // One of two parts was taken.
        ("vonage", "06", ambiguous("http 200 1")),
        // An error inside, which the table leaves open.
        ("vonage", "07", ambiguous("http 200 5, new to us")),
        ("sinch", "01", rejected(Refusal::BadContent, bad_format)),
        ("sinch", "02", deferred(Delay::Throttled, "http 429")),
        ("sinch", "05", deferred(Delay::Down, "our account: http 401")),
        ("plivo", "01", rejected(Refusal::BadContent, "http 400")),
        ("plivo", "02", deferred(Delay::Throttled, "http 429")),
        ("plivo", "05", deferred(Delay::Down, "our account: http 401")),
    ] {
        let mut message = sms_to("anna", PREFIX);
        message.to.phone = Some(PhoneNumber::from_stored(format!("{PREFIX}{who}")));
        let sender = connect(name, peer.port, 20_000).sender;
        assert_eq!(sender.send(&message, now()).await, expected, "{name} {who}");
    }
}

/// The receipts of one posting, by its documentation.
async fn posted(name: &str, query: &str, body: &str) -> Result<Vec<(Fate, String)>, String> {
    let callbacks = connect(name, 1, 1_000).callbacks.unwrap();
    let headers = HeaderMap::new();
    let target = format!("/receipts/{name}?{query}");
    let call = Call {
        method: &Method::POST,
        target: &target,
        query,
        headers: &headers,
        body: body.as_bytes(),
        now: now(),
    };
    let posted = callbacks.read(&call).await.map_err(|why| why.to_string())?;
    let told = |it: Receipt| {
        assert_eq!(it.key.to_string(), KEY);
        (it.fate, it.at.to_string())
    };
    Ok(posted.receipts.into_iter().map(told).collect())
}

#[tokio::test]
async fn receipts_are_understood_as_the_providers_write_them() {
    let token = format!("token={TOKEN}");
    let ours = format!("{token}&key={KEY}");
    let vonage = |status: &str| {
        json!({"msisdn": "491512345678", "to": "Netz AG", "network-code": "26201",
               "messageId": "V-1", "price": "0.1", "status": status, "scts": "2603011159",
               "err-code": "0", "client-ref": KEY, "message-timestamp": "2026-03-01 11:59:00"})
    };
    let sinch = |status: &str| {
        json!({"type": "recipient_delivery_report_sms", "batch_id": "01FC66621VHDBN119Z8PMV1QPU",
               "recipient": "491512345678", "code": 0, "status": status, "client_reference": KEY,
               "at": "2026-03-01T11:59:00.123Z", "operator_status_at": "2026-03-01T11:58:00Z"})
    };
    let plivo = |status: &str| {
        format!("From=14155550100&To=491512345678&Status={status}&MessageUUID=u&Units=1")
    };
    let at_once = "2026-03-01T12:00:00Z";
    let told_at = "2026-03-01T11:59:00.123Z";
    for (name, query, body, expected) in [
        ("vonage", &token, vonage("delivered").to_string(), Some((Fate::Delivered, at_once))),
        ("vonage", &token, vonage("expired").to_string(), Some((Fate::Expired, at_once))),
        ("vonage", &token, vonage("rejected").to_string(), Some((Fate::Undelivered, at_once))),
        ("vonage", &token, vonage("buffered").to_string(), None),
        ("sinch", &ours, sinch("Delivered").to_string(), Some((Fate::Delivered, told_at))),
        ("sinch", &ours, sinch("Failed").to_string(), Some((Fate::Undelivered, told_at))),
        ("sinch", &ours, sinch("Dispatched").to_string(), None),
        ("plivo", &ours, plivo("delivered"), Some((Fate::Delivered, at_once))),
        ("plivo", &ours, plivo("undelivered"), Some((Fate::Undelivered, at_once))),
        ("plivo", &ours, plivo("sent"), None),
    ] {
        let expected: Vec<_> =
            expected.into_iter().map(|(fate, at)| (fate, at.to_owned())).collect();
        assert_eq!(posted(name, query, &body).await, Ok(expected), "{name} {body}");
        // Whoever does not know the token says what he likes.
        let other = query.replace(TOKEN, "0123456789abcdef01234568");
        assert!(posted(name, &other, &body).await.unwrap_err().contains("token"), "{name}");
    }
}

#[test]
fn the_examples_are_settings_without_a_fault() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/provider");
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/policy");
    let mut count = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap();
        let overrides = [
            format!("paths.policy={}", policy.display()),
            format!("channels.sms={name}"),
            "contact.law=cn".to_owned(),
            "http.listen=127.0.0.1:8470".to_owned(),
            "http.public_url=https://duebell.example.net".to_owned(),
        ];
        config::load(Some(&file), &overrides).unwrap_or_else(|wrong| panic!("{name}: {wrong:#?}"));
        count += 1;
    }
    assert_eq!(count, LOGINS.len());
}
