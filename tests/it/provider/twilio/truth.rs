//! Our requests beside those that Twilio's library makes, and under Twilio's
//! description of its API.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use duebell::provider::{Fate, SendOutcome, Sender};
use serde_json::{Value, json};

use super::super::untold;
use super::*;
use crate::support::{python, skipped};

const SCRIPT: &str = "twilio_truth.py";

/// What Twilio's own say to each of these.
#[track_caller]
pub fn ask(questions: &[Value]) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/peers").join(SCRIPT);
    let mut child = Command::new(python::of(SCRIPT))
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = child.stdin.take().unwrap();
    let text: String = questions.iter().map(|question| format!("{question}\n")).collect();
    let writer = std::thread::spawn(move || lines.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

/// A field of what the peer has kept.
pub fn field(kept: &Value, name: &str) -> Option<String> {
    let fields = kept["fields"].as_array().unwrap();
    let found = fields.iter().find(|pair| pair[0] == name);
    found.map(|pair| pair[1].as_str().unwrap().to_owned())
}

async fn kept(sender: &dyn Sender, peer: &Peer, message: &Outgoing) -> Value {
    let outcome = sender.send(message, now()).await;
    assert!(matches!(outcome, SendOutcome::Accepted { provider_ref: Some(_) }), "{outcome:?}");
    peer.kept_json().pop().unwrap()
}

/// Twilio's library, given the same, sends the same; Twilio's description has
/// nothing against it.
#[track_caller]
fn is_as_twilios(resource: &str, kept: &Value) {
    let fields: serde_json::Map<String, Value> = kept["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()))
        .collect();
    let answers = ask(&[
        json!({"request": resource, "account": ACCOUNT, "token": TOKEN, "fields": fields}),
        json!({"described": kept["path"], "fields": kept["fields"]}),
        json!({"described": kept["path"], "fields": [["To", "+49"], ["Timeout", "soon"]]}),
    ]);
    assert_eq!(answers[0]["path"], kept["path"]);
    assert_eq!(answers[0]["authorization"], kept["headers"]["authorization"]);
    assert_eq!(answers[0]["fields"], Value::Object(fields));
    if answers[1].is_null() {
        skipped("requests under Twilio's OpenAPI description; npm does not give it");
        return;
    }
    assert_eq!(answers[1], json!([]));
    assert_ne!(answers[2], json!([]), "the description finds nothing wrong with what is");
}

#[tokio::test]
async fn a_message_is_asked_for_as_twilios_own_library_does() {
    let peer = Peer::start(API, &[]);
    let sent = kept(&*connected(peer.port, |_| {}).sender, &peer, &sms("1234")).await;
    is_as_twilios("messages", &sent);
    assert_eq!(field(&sent, "Body").unwrap(), "Offen: 1.234,50 € & mehr");
    assert_eq!(field(&sent, "From").unwrap(), "+14155550100");
    let callback = format!("{PUBLIC}?key={KEY}#rc=5&rp=5xx,ct,rt");
    assert_eq!(field(&sent, "StatusCallback").unwrap(), callback);

    let service = "MG0123456789abcdef0123456789abcdef";
    let with_service =
        connected(peer.port, |settings| settings.messaging_service_sid = Some(service.to_owned()));
    let sent = kept(&*with_service.sender, &peer, &sms("1234")).await;
    is_as_twilios("messages", &sent);
    assert_eq!(field(&sent, "From"), None);
}

#[tokio::test]
async fn what_became_of_it_is_asked_as_twilios_own_library_asks() {
    let peer = Peer::start(API, &[&format!("{ACCOUNT}:{TOKEN}")]);
    let inquiry = connected(peer.port, |_| {}).inquiry.unwrap();
    let sid = |kind: &str, last: u8| format!("{kind}0123456789abcdef0123456789abcde{last}");
    let (sms, voice) = (Channel::Sms, Channel::Voice);
    for (channel, kind, last, fate) in [
        (sms, "SM", 1, Some(Fate::Delivered)),
        (sms, "SM", 2, Some(Fate::Undelivered)),
        (sms, "SM", 3, Some(Fate::Expired)),
        (sms, "SM", 4, None),
        (voice, "CA", 5, Some(Fate::Answered)),
        (voice, "CA", 6, Some(Fate::Undelivered)),
        (voice, "CA", 7, Some(Fate::Undelivered)),
        (sms, "SM", 8, None),
    ] {
        let about = untold("texts", channel, &sid(kind, last));
        let receipt = inquiry.inquire(&about, now()).await.unwrap();
        assert_eq!(receipt.as_ref().map(|it| it.fate), fate, "{kind} {last}");
        let at = "2026-03-01T11:59:30Z".parse().unwrap();
        assert!(receipt.is_none_or(|it| it.at == at && it.key == KEY.parse().unwrap()));
    }
    let kept = peer.kept_json();
    for (index, what, sid) in [(0, "messages", sid("SM", 1)), (4, "calls", sid("CA", 5))] {
        let answer = ask(&[json!({"fetch": what, "account": ACCOUNT, "token": TOKEN, "sid": sid})]);
        assert_eq!(
            (&answer[0]["method"], &answer[0]["path"]),
            (&json!("GET"), &kept[index]["path"])
        );
        assert_eq!(answer[0]["authorization"], kept[index]["headers"]["authorization"]);
    }
    // Nobody knows it there, and what is no sid is not asked for.
    let gone = inquiry.inquire(&untold("texts", sms, &sid("SM", 9)), now()).await;
    assert_eq!(gone.unwrap_err().to_string(), "http 404");
    assert_eq!(inquiry.inquire(&untold("texts", sms, "../x"), now()).await.unwrap(), None);
    assert_eq!(peer.kept_json().len(), 9);
}

#[tokio::test]
async fn a_call_is_asked_for_as_twilios_own_library_does() {
    let peer = Peer::start(API, &[]);
    let sender = connected(peer.port, |_| {}).sender;
    let sent = kept(&*sender, &peer, &calls::call("en", true)).await;
    is_as_twilios("calls", &sent);
    assert_eq!(field(&sent, "MachineDetection").unwrap(), "DetectMessageEnd");
    assert!(!sent.to_string().contains("97.60"), "what is owed stands in the clear: {sent}");
    let sent = kept(&*sender, &peer, &calls::call("en", false)).await;
    is_as_twilios("calls", &sent);
    assert_eq!(field(&sent, "MachineDetection").unwrap(), "Enable");
}
