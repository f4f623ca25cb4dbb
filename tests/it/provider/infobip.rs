//! Infobip against the contract, and against the models of its own client.

use duebell::model::{AttemptKey, Channel};
use duebell::provider::kinds::{Connected, Kind, Site};
use duebell::provider::{Call, Delay, Fate, Found, Meaning, Posted};
use duebell::provider::{Refusal, SendOutcome, Sender};
use jiff::SignedDuration;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::contract::holds_for;
use super::texting::{Texting, call_to, sms_to};
use super::{KEY, now, untold};
use crate::support::peer::Peer;

const PEER: &str = "infobip.py";
const PREFIX: &str = "+49151234567";
const TOKEN: &str = "0123456789abcdef01234567";

fn site() -> Site {
    let public_url = Some("https://duebell.example.net".parse().unwrap());
    Site { public_url, listens: true }
}

fn connected_with(port: u16, change: Value) -> Connected {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).unwrap();
        dir.path().join(name)
    };
    let kind = Kind::find("infobip").unwrap();
    let mut table = (kind.defaults)();
    let mut settings = json!({
        "url": format!("http://127.0.0.1:{port}"),
        "channels": ["sms", "voice"],
        "api_key_file": file("key", "s3cret\n"),
        "sender": "Netz AG", "caller": "4930123456", "timeout_ms": 20_000,
        "voice_languages": { "zh": "zh-cn" },
        "receipts": true, "receipt_token_files": [file("token", TOKEN)],
    });
    for part in [&mut settings, &mut change.clone()] {
        table.append(part.as_object_mut().unwrap());
    }
    assert_eq!((kind.problems)(table.clone(), &site()), []);
    (kind.connect)("infobip", table, &site()).unwrap()
}

fn connected(port: u16) -> Connected {
    connected_with(port, json!({}))
}

fn build(port: u16) -> Box<dyn Sender> {
    // Short: the contract has a provider that never answers.
    let sender = connected_with(port, json!({ "timeout_ms": 1_500 })).sender;
    Box::new(Texting { sender, prefix: PREFIX })
}

holds_for!("infobip.py", build);

fn no_fault(peer: &Peer) -> Vec<Value> {
    let kept = peer.kept_json();
    for request in &kept {
        assert_eq!(request["fault"], Value::Null, "{request}");
    }
    kept
}

async fn read(connected: &Connected, body: &[u8]) -> Posted {
    let query = format!("token={TOKEN}");
    let target = format!("/receipts/infobip?{query}");
    let headers = HeaderMap::new();
    let now = now() + SignedDuration::from_mins(5);
    let call = Call {
        method: &Method::POST,
        target: &target,
        query: &query,
        headers: &headers,
        body,
        now,
    };
    connected.callbacks.as_ref().unwrap().read(&call).await.unwrap()
}

#[tokio::test]
async fn an_sms_carries_our_key_and_ends_with_the_window() {
    let peer = Peer::start(PEER, &[]);
    let connected = connected(peer.port);
    let outcome = connected.sender.send(&sms_to("anna", PREFIX), now()).await;
    assert_eq!(outcome, SendOutcome::Accepted { provider_ref: Some(KEY.to_owned()) });
    let url = format!("https://duebell.example.net/receipts/infobip?token={TOKEN}");
    let expected = json!({ "messages": [{
        "sender": "Netz AG",
        "destinations": [{ "to": "4915123456700", "messageId": KEY }],
        "content": { "text": "Offen: 1.234,50 €" },
        "options": { "validityPeriod": { "amount": 25_200, "timeUnit": "SECONDS" } },
        "webhooks": {
            "delivery": { "url": url, "intermediateReport": false, "notify": true },
            "contentType": "application/json", "callbackData": KEY,
        },
    }] });
    assert_eq!(no_fault(&peer)[0]["body"], expected);

    let report = std::fs::read(&peer.kept("report")[0]).unwrap();
    let posted = read(&connected, &report).await;
    let key = KEY.parse::<AttemptKey>().unwrap();
    assert_eq!((posted.receipts[0].key, posted.receipts[0].fate), (key, Fate::Delivered));
    assert_eq!(posted.receipts[0].at, "2026-03-01T12:00:30Z".parse().unwrap());
}

#[tokio::test]
async fn a_call_takes_a_key_and_tells_which() {
    let peer = Peer::start(PEER, &[]);
    let connected = connected(peer.port);
    let outcome = connected.sender.send(&call_to("anna", PREFIX), now()).await;
    assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
    let message = &no_fault(&peer)[0]["body"]["messages"][0];
    let text = "Offen sind  1.234,50 € ,,4 7 1 1,, Drücken Sie 1 für den Link.";
    assert_eq!(message["text"], text);
    assert_eq!((&message["maxDtmf"], &message["repeatDtmf"]), (&json!(1), &json!("3")));
    assert_eq!((&message["language"], &message["validityPeriod"]), (&json!("de"), &json!(420)));
    assert_eq!(message["machineDetection"], "hangup");
    assert!(message.get("retry").is_none(), "we are who tries again");

    let report = std::fs::read(&peer.kept("report")[0]).unwrap();
    let posted = read(&connected, &report).await;
    assert_eq!(posted.receipts[0].fate, Fate::Answered);
    let reply = &posted.replies[0];
    assert_eq!((reply.about, &reply.meaning), (KEY.parse().ok(), &Meaning::SendLink));
    assert_eq!(reply.from.as_deref(), Some("+4915123456700"));
}

#[tokio::test]
async fn each_answer_leads_to_its_own_outcome() {
    let peer = Peer::start(PEER, &[]);
    let sender = connected(peer.port).sender;
    let note = "infobip status 52".to_owned();
    let unknown = SendOutcome::Rejected { because: Refusal::BadRecipient, note };
    assert_eq!(sender.send(&sms_to("unknown", PREFIX), now()).await, unknown);
    let wait = Some(SignedDuration::from_secs(30));
    let note = "infobip http 429".to_owned();
    let busy = SendOutcome::Deferred { because: Delay::Throttled, wait, note };
    assert_eq!(sender.send(&sms_to("busy", PREFIX), now()).await, busy);
    assert_eq!(no_fault(&peer).len(), 2, "nothing is sent twice");
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_found_in_the_logs() {
    let peer = Peer::start(PEER, &[]);
    let connected = connected(peer.port);
    let look_up = connected.look_up.unwrap();
    let key = KEY.parse::<AttemptKey>().unwrap();
    assert!(look_up.look_up(key).await.is_err(), "it may only not be there yet");
    for message in [sms_to("drop", PREFIX), call_to("drop", PREFIX)] {
        let outcome = connected.sender.send(&message, now()).await;
        assert!(matches!(outcome, SendOutcome::Ambiguous { .. }), "{outcome:?}");
        let provider_ref = Some(KEY.to_owned());
        assert_eq!(look_up.look_up(key).await.unwrap(), Found::Taken { provider_ref });
    }
}

#[tokio::test]
async fn the_logs_tell_what_became_of_a_message_of_which_no_report_came() {
    let peer = Peer::start(PEER, &[]);
    let connected = connected(peer.port);
    let inquiry = connected.inquiry.unwrap();
    let inquire = async |channel| {
        let about = untold("infobip", channel, KEY);
        inquiry.inquire(&about, now()).await.unwrap().map(|receipt| (receipt.key, receipt.fate))
    };
    assert_eq!(inquire(Channel::Sms).await, None, "it was never sent");
    connected.sender.send(&sms_to("anna", PREFIX), now()).await;
    assert_eq!(inquire(Channel::Sms).await, None, "it is on its way");
    connected.sender.send(&sms_to("denied", PREFIX), now()).await;
    let key = KEY.parse::<AttemptKey>().unwrap();
    assert_eq!(inquire(Channel::Sms).await, Some((key, Fate::Delivered)));
    assert_eq!(inquire(Channel::Voice).await, None, "of calls there is another log");
}

#[tokio::test]
async fn a_wrong_key_waits_for_the_operator_and_shows_nothing() {
    let peer = Peer::start(PEER, &[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    std::fs::write(&file, "wr0ng").unwrap();
    let connected = connected_with(peer.port, json!({ "api_key_file": file }));
    let outcome = connected.sender.send(&sms_to("anna", PREFIX), now()).await;
    let note = "our account: infobip http 401".to_owned();
    assert_eq!(outcome, SendOutcome::Deferred { because: Delay::Down, wait: None, note });
    let error = connected.look_up.unwrap().look_up(KEY.parse().unwrap()).await.unwrap_err();
    assert!(!format!("{error:#}").contains("wr0ng"), "{error:#}");
}

#[tokio::test]
async fn what_the_window_leaves_no_time_for_is_not_sent() {
    let peer = Peer::start(PEER, &[]);
    let sender = connected(peer.port).sender;
    let last = sms_to("anna", PREFIX).expires_at;
    let minute = SignedDuration::from_secs(59);
    for (message, at) in [(sms_to("anna", PREFIX), last), (call_to("anna", PREFIX), last - minute)]
    {
        let outcome = sender.send(&message, at).await;
        assert!(
            matches!(outcome, SendOutcome::Deferred { because: Delay::Down, .. }),
            "{outcome:?}"
        );
    }
    assert_eq!(peer.kept("json").len(), 0);
}

#[test]
fn settings_that_cannot_hold_are_named() {
    let kind = Kind::find("infobip").unwrap();
    let mut table = (kind.defaults)();
    table.insert("channels".to_owned(), json!(["sms", "voice", "email"]));
    table.insert("receipts".to_owned(), json!(true));
    let wrong = (kind.problems)(table, &Site::default());
    let keys: Vec<&str> = wrong.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys, ["channels", "sender", "caller", "url", "receipts", "receipt_token_files"]);
}
