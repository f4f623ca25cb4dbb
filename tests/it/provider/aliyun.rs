//! Alibaba Cloud against the contract, and against its own SDK's signer and
//! models.

use duebell::model::{AttemptKey, Channel};
use duebell::provider::kinds::{Connected, Kind, Site};
use duebell::provider::{Call, Delay, Fate, Receipt, Refusal, SendOutcome, Sender};
use jiff::SignedDuration;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::contract::holds_for;
use super::texting::{Texting, call_to, sms_to};
use super::{KEY, now, untold};
use crate::support::peer::Peer;

const PEER: &str = "aliyun.py";
const PREFIX: &str = "+86138000000";
const TOKEN: &str = "0123456789abcdef01234567";

fn table(
    port: u16,
    secret: &str,
    change: Value,
) -> (serde_json::Map<String, Value>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).unwrap();
        dir.path().join(name)
    };
    let url = format!("http://127.0.0.1:{port}/");
    let kind = Kind::find("aliyun").unwrap();
    let mut table = (kind.defaults)();
    let mut settings = json!({
        "url": url, "voice_url": url,
        "access_key_id": "LTAItest", "access_key_secret_file": file("secret", secret),
        "sign_name": "某某通信", "caller": "057112345678", "timeout_ms": 20_000,
        "receipts": true, "receipt_token_files": [file("token", TOKEN)],
        "templates": [
            { "channel": "sms", "template": "soft", "language": "de", "code": "SMS_1",
              "variables": { "money": "total", "day": "due_on" } },
            { "channel": "voice", "template": "soft", "code": "TTS_1",
              "variables": { "money": "total" },
              "menu": [{ "key": "1", "means": "send_link", "code": "TTS_2" },
                       { "key": "9", "means": "opt_out", "code": "TTS_3",
                         "variables": { "who": "operator.name" } }],
              "bye": { "code": "TTS_4" } },
            { "channel": "voice", "template": "hard", "code": "TTS_5" },
        ],
    });
    for part in [&mut settings, &mut change.clone()] {
        table.append(part.as_object_mut().unwrap());
    }
    (table, dir)
}

fn connected_with(port: u16, secret: &str, change: Value) -> Connected {
    let (table, _dir) = table(port, secret, change);
    let kind = Kind::find("aliyun").unwrap();
    let site = Site { public_url: None, listens: true };
    assert_eq!((kind.problems)(table.clone(), &site), []);
    (kind.connect)("aliyun", table, &site).unwrap()
}

fn connected(port: u16) -> Connected {
    connected_with(port, "s3cret\n", json!({}))
}

fn build(port: u16) -> Box<dyn Sender> {
    // Short: the contract has a provider that never answers.
    let sender = connected_with(port, "s3cret", json!({ "timeout_ms": 1_500 })).sender;
    Box::new(Texting { sender, prefix: PREFIX })
}

holds_for!("aliyun.py", build);

fn no_fault(peer: &Peer) -> Vec<Value> {
    let kept = peer.kept_json();
    for request in &kept {
        assert_eq!(request["fault"], Value::Null, "{request}");
    }
    kept
}

#[tokio::test]
async fn an_sms_is_one_of_their_templates_signed_as_their_sdk_signs() {
    let peer = Peer::start(PEER, &[]);
    let sender = connected(peer.port).sender;
    assert!(sender.capabilities().own_templates);
    let outcome = sender.send(&sms_to("anna", PREFIX), now()).await;
    assert_eq!(outcome, SendOutcome::Accepted { provider_ref: Some("901^0".to_owned()) });
    let expected = json!({
        "PhoneNumbers": "13800000000" , "SignName": "某某通信", "TemplateCode": "SMS_1",
        "TemplateParam": r#"{"day":"due_on + ü&=~*","money":"total + ü&=~*"}"#, "OutId": KEY,
    });
    let request = &no_fault(&peer)[0];
    assert_eq!((&request["action"], &request["query"]), (&json!("SendSms"), &expected));
}

#[tokio::test]
async fn a_call_speaks_a_template_and_its_keys_others() {
    let peer = Peer::start(PEER, &[]);
    let sender = connected(peer.port).sender;
    let plain = {
        let mut message = call_to("anna", PREFIX);
        message.facts.as_mut().unwrap().template = "hard".to_owned();
        message
    };
    for message in [call_to("anna", PREFIX), plain] {
        let outcome = sender.send(&message, now()).await;
        assert!(matches!(outcome, SendOutcome::Accepted { provider_ref: Some(_) }), "{outcome:?}");
    }
    let kept = no_fault(&peer);
    assert_eq!(
        (&kept[0]["action"], &kept[1]["action"]),
        (&json!("IvrCall"), &json!("SingleCallByTts"))
    );
    let menu = &kept[0]["query"];
    assert_eq!(menu["MenuKeyMap.2.Key"], "9");
    assert_eq!(menu["MenuKeyMap.2.TtsParams"], r#"{"who":"operator.name + ü&=~*"}"#);
    assert_eq!((&menu["ByeCode"], &menu["Timeout"]), (&json!("TTS_4"), &json!("5000")));
    assert_eq!(kept[1]["query"]["TtsCode"], "TTS_5");
}

#[tokio::test]
async fn each_answer_leads_to_its_own_outcome() {
    let peer = Peer::start(PEER, &[]);
    let sender = connected(peer.port).sender;
    let note = |code: &str| format!("aliyun {code}");
    let limited = "isv.BUSINESS_LIMIT_CONTROL";
    let cases = [
        (
            "unknown",
            SendOutcome::Rejected {
                because: Refusal::BadRecipient,
                note: note("isv.MOBILE_NUMBER_ILLEGAL"),
            },
        ),
        (
            "busy",
            SendOutcome::Deferred {
                because: Delay::Throttled,
                wait: Some(SignedDuration::from_hours(1)),
                note: note(limited),
            },
        ),
        (
            "denied",
            SendOutcome::Deferred {
                because: Delay::Down,
                wait: None,
                note: format!("our account: {}", note("InvalidTimeStamp.Expired")),
            },
        ),
    ];
    for (who, expected) in cases {
        assert_eq!(sender.send(&sms_to(who, PREFIX), now()).await, expected, "{who}");
    }
    assert_eq!(no_fault(&peer).len(), 3, "nothing is sent twice");
}

#[tokio::test]
async fn a_wrong_secret_waits_for_the_operator() {
    let peer = Peer::start(PEER, &[]);
    let sender = connected_with(peer.port, "wrong", json!({})).sender;
    let outcome = sender.send(&sms_to("anna", PREFIX), now()).await;
    let note = "our account: aliyun SignatureDoesNotMatch".to_owned();
    assert_eq!(outcome, SendOutcome::Deferred { because: Delay::Down, wait: None, note });
}

#[tokio::test]
async fn what_no_template_says_is_not_sent() {
    let peer = Peer::start(PEER, &[]);
    let sender = connected(peer.port).sender;
    let mut unknown = sms_to("anna", PREFIX);
    unknown.facts.as_mut().unwrap().template = "courtesy".to_owned();
    let mut foreign = sms_to("anna", PREFIX);
    foreign.language = "en".to_owned();
    for message in [unknown, foreign] {
        let outcome = sender.send(&message, now()).await;
        assert!(matches!(outcome, SendOutcome::Deferred { because: Delay::Down, .. }));
    }
    for word in ["", " \t"] {
        let mut empty = sms_to("anna", PREFIX);
        empty.facts.as_mut().unwrap().words.insert("total", word.to_owned());
        let outcome = sender.send(&empty, now()).await;
        assert!(matches!(outcome, SendOutcome::Rejected { because: Refusal::BadContent, .. }));
    }
    let abroad = sender.send(&call_to("anna", "+491512345670"), now()).await;
    assert!(matches!(abroad, SendOutcome::Rejected { because: Refusal::BadRecipient, .. }));
    assert_eq!(peer.kept("json").len(), 0);
}

async fn posted(connected: &Connected, body: &str) -> duebell::provider::Posted {
    let query = format!("token={TOKEN}");
    let target = format!("/receipts/aliyun?{query}");
    let call = Call {
        method: &Method::POST,
        target: &target,
        query: &query,
        headers: &HeaderMap::new(),
        body: body.as_bytes(),
        now: now(),
    };
    connected.callbacks.as_ref().unwrap().read(&call).await.unwrap()
}

#[tokio::test]
async fn a_call_is_found_again_by_the_fifteen_bytes_that_it_carries() {
    let peer = Peer::start(PEER, &[]);
    let connected = connected(peer.port);
    connected.sender.send(&call_to("anna", PREFIX), now()).await;
    let token = no_fault(&peer)[0]["query"]["OutId"].as_str().unwrap().to_owned();
    let report = format!(
        r#"[{{"call_id":"1^1","status_code":"300000","dtmf":"1","out_id":"{token}"}},
            {{"call_id":"1^1","status_code":"200000","out_id":"{token}"}}]"#
    );
    let posted = posted(&connected, &report).await;
    let key = KEY.parse::<AttemptKey>().unwrap();
    assert_eq!((posted.receipts[0].key, posted.receipts[0].fate), (key, Fate::Answered));
    assert_eq!((posted.replies[0].about, posted.replies[0].channel), (Some(key), Channel::Voice));
    // It is over: nobody asks any more.
    let reader = connected.reader.unwrap();
    let later = now() + SignedDuration::from_hours(1);
    assert_eq!(reader.receipts(later, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_call_that_nothing_is_heard_of_is_asked_about() {
    let peer = Peer::start(PEER, &[]);
    let connected = connected(peer.port);
    connected.sender.send(&call_to("anna", PREFIX), now()).await;
    let reader = connected.reader.unwrap();
    let at = |minutes| now() + SignedDuration::from_mins(minutes);
    assert_eq!(reader.receipts(at(9), 10).await.unwrap(), []);
    let receipts = reader.receipts(at(10), 10).await.unwrap();
    assert_eq!((receipts.len(), receipts[0].fate), (1, Fate::Undelivered));
    assert_eq!(reader.receipts(at(20), 10).await.unwrap(), []);
    let kept = no_fault(&peer);
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[1]["query"]["CallId"], "1^1");
    assert_eq!(kept[1]["query"]["ProdId"], "11000000300005");
}

#[tokio::test]
async fn after_a_restart_a_call_is_asked_about_by_the_clouds_name_for_it() {
    let peer = Peer::start(PEER, &[]);
    // This process has placed no call.
    let inquiry = connected(peer.port).inquiry.unwrap();
    let inquire = async |call: &str| {
        inquiry.inquire(&untold("aliyun", Channel::Voice, call), now()).await.unwrap()
    };
    let fate = |receipt: Option<Receipt>| receipt.map(|it| (it.key, it.fate));
    let undelivered = Some((KEY.parse().unwrap(), Fate::Undelivered));
    assert_eq!(fate(inquire("1^1").await), undelivered);
    // What the one product does not know may be the other's.
    assert_eq!(fate(inquire("2^1").await), undelivered);
    let kept = no_fault(&peer);
    let asked: Vec<_> = kept.iter().map(|it| it["query"]["ProdId"].as_str().unwrap()).collect();
    assert_eq!(asked, ["11010000138001", "11010000138001", "11000000300005"]);
}

#[tokio::test]
async fn an_sms_of_which_no_report_came_is_asked_about() {
    let peer = Peer::start(PEER, &[]);
    let inquiry = connected(peer.port).inquiry.unwrap();
    for (sms, fate) in
        [("90^1", Some(Fate::Delivered)), ("90^2", Some(Fate::Undelivered)), ("90^3", None)]
    {
        let receipt = inquiry.inquire(&untold("aliyun", Channel::Sms, sms), now()).await.unwrap();
        assert_eq!(receipt.map(|it| it.fate), fate, "{sms}");
    }
    let query = &no_fault(&peer)[0]["query"];
    assert_eq!((&query["PhoneNumber"], &query["BizId"]), (&json!("15123456700"), &json!("90^1")));
    assert_eq!(query["SendDate"], "20260301");
    // No answer that says so is no word of it.
    let wrong = connected_with(peer.port, "another\n", json!({})).inquiry.unwrap();
    assert!(wrong.inquire(&untold("aliyun", Channel::Sms, "90^1"), now()).await.is_err());
}

#[test]
fn settings_that_cannot_hold_are_named() {
    #[track_caller]
    fn check(change: Value, key: &str, what: &str) {
        let (table, _dir) = table(1, "s3cret", change);
        let kind = Kind::find("aliyun").unwrap();
        let site = Site { public_url: None, listens: true };
        let wrong = (kind.problems)(table, &site);
        assert!(wrong.iter().any(|(at, said)| *at == key && said.contains(what)), "{wrong:?}");
    }
    let template = |more: Value| {
        let mut template = json!({ "channel": "voice", "template": "soft", "code": "TTS_1" });
        template.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
        json!({ "templates": [template] })
    };
    check(template(json!({ "variables": { "a": "amount" } })), "templates", "amount");
    check(template(json!({ "channel": "email" })), "templates", "no email");
    check(
        template(json!({ "menu": [{ "key": "x", "means": "promise", "code": "T" }] })),
        "templates",
        "no key",
    );
    check(json!({ "sign_name": "" }), "sign_name", "empty");
    check(json!({ "play_times": 4 }), "play_times", "1 to 3");
    check(json!({ "receipt_token_files": [] }), "receipt_token_files", "empty");
}
