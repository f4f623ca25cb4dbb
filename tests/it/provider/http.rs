//! The HTTP gateway against the contract, and against a gateway in Python.

use duebell::model::content::Part;
use duebell::model::{Channel, Content, Prompt};
use duebell::provider::http::{Http, Settings};
use duebell::provider::{Delay, Refusal, SendOutcome, Sender};
use jiff::SignedDuration;
use serde_json::json;

use super::contract::holds_for;
use super::{KEY, mail_to, now};
use crate::support::peer::Peer;

const GATEWAY: &str = "http_gateway.py";

fn settings(port: u16) -> Settings {
    Settings {
        url: format!("http://127.0.0.1:{port}/send"),
        channels: vec![Channel::Sms, Channel::Voice, Channel::Email],
        timeout_ms: 20_000,
        ..Settings::default()
    }
}

fn http(port: u16) -> Http {
    Http::connect("own", &settings(port)).unwrap()
}

fn build(port: u16) -> Box<dyn Sender> {
    // Short: the contract has a gateway that never answers.
    Box::new(Http::connect("own", &Settings { timeout_ms: 750, ..settings(port) }).unwrap())
}

holds_for!("http_gateway.py", build);

#[tokio::test]
async fn a_gateway_gets_what_it_needs_for_each_channel() {
    let peer = Peer::start(GATEWAY, &[]);
    let token_file = peer.dir.path().join("token");
    std::fs::write(&token_file, "t0ken\n").unwrap();
    let settings = Settings { token_file: Some(token_file), ..settings(peer.port) };
    let http = Http::connect("own", &settings).unwrap();

    let words = "Offen: 1.234,50 €".to_owned();
    let mut sms = mail_to("anna");
    sms.channel = Channel::Sms;
    sms.content = Content::Sms { text: words.clone() };
    let mut call = mail_to("anna");
    call.channel = Channel::Voice;
    call.content =
        Content::Voice(Prompt { parts: vec![Part::Text(words.clone())], ..Prompt::default() });
    call.name.clear();
    for (message, id) in [(sms, "m-1"), (call, "m-2"), (mail_to("anna"), "m-3")] {
        let provider_ref = Some(id.to_owned());
        assert_eq!(http.send(&message, now()).await, SendOutcome::Accepted { provider_ref });
    }

    let kept = peer.kept_json();
    assert_eq!(kept[0]["headers"]["authorization"], "Bearer t0ken");
    assert_eq!(kept[0]["headers"]["idempotency-key"], KEY);
    let expires_at = "2026-03-01T19:00:00Z";
    let number = "+4915123456789";
    let sms = json!({
        "key": KEY, "channel": "sms", "to": number, "name": "Zoë Müller-王",
        "language": "de", "text": words, "expires_at": expires_at,
    });
    let call = json!({
        "key": KEY, "channel": "voice", "to": number,
        "language": "de", "script": words, "expires_at": expires_at,
    });
    assert_eq!((&kept[0]["body"], &kept[1]["body"]), (&sms, &call));
    let mail = &kept[2]["body"];
    assert_eq!(mail["subject"], "Ihre Rechnung über 1.234,50 € ist fällig");
    assert!(mail["text"].is_string() && mail["html"].is_string());
}

#[tokio::test]
async fn each_answer_leads_to_its_own_outcome() {
    let peer = Peer::start(GATEWAY, &[]);
    let http = http(peer.port);
    let rejected = |because, note: &str| SendOutcome::Rejected { because, note: note.to_owned() };
    let deferred = |because, seconds: Option<i64>, note: &str| SendOutcome::Deferred {
        because,
        wait: seconds.map(SignedDuration::from_secs),
        note: note.to_owned(),
    };
    let cases = [
        ("unknown", rejected(Refusal::BadRecipient, "http 422 bad_recipient")),
        ("stopped", rejected(Refusal::OptedOut, "http 410 opted_out")),
        ("busy", deferred(Delay::Throttled, Some(30), "http 429")),
        ("paused", deferred(Delay::Down, Some(120), "http 503")),
        ("denied", deferred(Delay::Down, None, "our account: http 401")),
        ("elsewhere", deferred(Delay::Down, None, "wrong url: http 307")),
        ("broken", SendOutcome::Ambiguous { note: "http 500".to_owned() }),
    ];
    let count = cases.len();
    for (who, expected) in cases {
        assert_eq!(http.send(&mail_to(who), now()).await, expected, "{who}");
    }
    assert_eq!(peer.kept("json").len(), count, "nothing is sent twice or elsewhere");
}

#[tokio::test]
async fn a_channel_that_the_gateway_does_not_carry_is_not_sent() {
    let peer = Peer::start(GATEWAY, &[]);
    let settings = Settings { channels: vec![Channel::Sms], ..settings(peer.port) };
    let outcome = Http::connect("own", &settings).unwrap().send(&mail_to("anna"), now()).await;
    assert!(matches!(outcome, SendOutcome::Rejected { because: Refusal::BadContent, .. }));
    assert_eq!(peer.kept("json").len(), 0);
}
