//! Notifications signed by another's library, and all that may be wrong with
//! them.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use duebell::model::AttemptKey;
use duebell::provider::api::ApiClient;
use duebell::provider::aws::eum::{Eum, Settings};
use duebell::provider::kinds::{Adapter, Site};
use duebell::provider::{Call, CallbackReader, Fate, NotTaken, Posted, Receipt};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::{AMAZON, TOPIC, known};
use crate::provider::{KEY, now};
use crate::support::peer::{Peer, closed_port};

const CERTIFICATE: &str =
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem";

fn reader(port: u16) -> Arc<dyn CallbackReader> {
    let settings = Settings {
        region: "us-east-1".to_owned(),
        credentials_file: Some(known()),
        topics: vec!["arn:aws:sns:eu-west-1:1:other".to_owned(), TOPIC.to_owned()],
        sns_url: Some(format!("http://127.0.0.1:{port}")),
        ..Settings::default()
    };
    Eum::connect("texts", settings, &Site::default()).unwrap().callbacks.unwrap()
}

async fn read_at(
    reader: &dyn CallbackReader,
    body: &[u8],
    now: Timestamp,
) -> Result<Posted, NotTaken> {
    let headers = HeaderMap::new();
    let method = &Method::POST;
    let target = "/receipts/texts";
    reader.read(&Call { method, target, query: "", headers: &headers, body, now }).await
}

async fn read(reader: &dyn CallbackReader, body: &[u8]) -> Result<Posted, NotTaken> {
    read_at(reader, body, now()).await
}

fn notification() -> Value {
    let event = json!({
        "eventType": "TEXT_DELIVERED", "eventTimestamp": 1_772_366_405_000_i64, "isFinal": true,
        "context": {"attempt": KEY}, "messageStatusDescription": "Zugestellt: ü\n\"x\"",
    });
    json!({
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": event.to_string(),
        "Timestamp": "2026-03-01T12:00:06.123Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
    })
}

fn confirmation(subscribe_url: &str) -> Value {
    let mut envelope = notification();
    envelope["Type"] = json!("SubscriptionConfirmation");
    envelope["Message"] = json!("You have chosen to subscribe to the topic.");
    envelope["Token"] = json!("2336412f37");
    envelope["SubscribeURL"] = json!(subscribe_url);
    envelope
}

/// As the peer signs it; a `Signature` that was there goes.
async fn signed(peer: &Peer, envelope: &Value) -> Vec<u8> {
    let api = ApiClient::new(Duration::from_secs(20)).unwrap();
    let url: Url = format!("http://127.0.0.1:{}/sign", peer.port).parse().unwrap();
    api.post_json(url, HeaderMap::new(), envelope).await.unwrap().body
}

fn delivered() -> Posted {
    let key: AttemptKey = KEY.parse().unwrap();
    let at = "2026-03-01T12:00:05Z".parse().unwrap();
    let receipts = vec![Receipt { key, fate: Fate::Delivered, at }];
    let message_id = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324".to_owned();
    Posted { message_id, receipts, ..Posted::default() }
}

#[tokio::test]
async fn both_signatures_are_understood_and_the_certificate_is_kept_for_a_day() {
    let peer = Peer::start(AMAZON, &[]);
    let reader = reader(peer.port);
    let mut envelope = notification();
    let second = signed(&peer, &envelope).await;
    envelope["SignatureVersion"] = json!("1");
    let first = signed(&peer, &envelope).await;
    envelope["Subject"] = json!("Über uns");
    let with_subject = signed(&peer, &envelope).await;
    for body in [&first, &second, &with_subject, &second] {
        assert_eq!(read(&*reader, body).await, Ok(delivered()));
    }
    assert_eq!(peer.kept("json").len(), 1);
    let tomorrow = now() + SignedDuration::from_hours(24);
    assert_eq!(read_at(&*reader, &first, tomorrow).await, Ok(delivered()));
    assert_eq!(peer.kept("json").len(), 2);
}

/// A day for what SNS repeats, and five minutes for clocks that are apart.
#[tokio::test]
async fn one_that_is_played_again_later_is_refused_and_says_how_late() {
    let peer = Peer::start(AMAZON, &[]);
    let reader = reader(peer.port);
    let mut envelope = notification();
    envelope["Timestamp"] = json!("2026-03-01T12:00:00.000Z");
    let body = signed(&peer, &envelope).await;
    for (off, why) in [
        (-301, Some("Timestamp is 301 seconds ahead of our clock")),
        (-299, None),
        (86_399, None),
        (86_401, Some("Timestamp is 86401 seconds behind our clock")),
    ] {
        let read = read_at(&*reader, &body, now() + SignedDuration::from_secs(off)).await;
        match why {
            None => assert_eq!(read, Ok(delivered())),
            Some(why) => assert_eq!(read.unwrap_err().to_string(), why),
        }
    }
    envelope["Timestamp"] = json!("yesterday");
    let body = signed(&peer, &envelope).await;
    let why = read_at(&*reader, &body, now()).await.unwrap_err();
    assert_eq!(why.to_string(), "Timestamp is no instant");
}

#[tokio::test]
async fn no_flipped_bit_changes_what_is_said() {
    let peer = Peer::start(AMAZON, &[]);
    let reader = reader(peer.port);
    let body = signed(&peer, &notification()).await;
    assert_eq!(read(&*reader, &body).await, Ok(delivered()));
    let text = String::from_utf8(body.clone()).unwrap();
    // SNS signs some fields and not the bytes: what is not signed is the way
    // to unsubscribe, and the certificate's region, which the test's SNS has
    // no use for. There a flip may pass, and must change nothing.
    let unsigned = ["UnsubscribeURL", "SigningCertURL"].map(|field| {
        let start = text.find(field).unwrap();
        start..start + text[start..].find(", \"").unwrap_or(text.len() - start)
    });
    let mut passed = 0;
    for at in 0..body.len() {
        for bit in 0..8 {
            let mut flipped = body.clone();
            flipped[at] ^= 1 << bit;
            match read(&*reader, &flipped).await {
                Err(_) => {}
                Ok(posted) => {
                    assert_eq!(posted, delivered());
                    let is_space = body[at].is_ascii_whitespace();
                    let is_free = is_space || unsigned.iter().any(|range| range.contains(&at));
                    assert!(is_free, "bit {bit} of byte {at}, {:?}", body[at] as char);
                    passed += 1;
                }
            }
        }
    }
    assert!(passed < body.len(), "{passed} of {} bits are not looked at", body.len() * 8);
}

#[tokio::test]
async fn what_somebody_else_says_is_refused_with_its_reason() {
    let peer = Peer::start(AMAZON, &[]);
    let reader = reader(peer.port);
    let cases = [
        ("TopicArn", json!("arn:aws:sns:us-east-1:666:duebell"), "none of the settings' topics"),
        ("SignatureVersion", json!("3"), "neither 1 nor 2"),
        ("Type", json!("Greeting"), "Type is none of SNS"),
        ("SigningCertURL", json!("https://evil.example.org/x.pem"), "no certificate of SNS"),
        ("SigningCertURL", json!(format!("{CERTIFICATE}?x")), "no certificate of SNS"),
        ("SigningCertURL", json!(CERTIFICATE.replace("https", "http")), "no certificate of SNS"),
    ];
    for (field, value, why) in cases {
        let mut envelope = notification();
        envelope[field] = value;
        let envelope = signed(&peer, &envelope).await;
        let said = read(&*reader, &envelope).await.unwrap_err();
        assert!(matches!(said, NotTaken::Unsigned(_)), "{field}: {said:?}");
        assert!(said.to_string().contains(why), "{field}: {said}");
    }
    // None of these made us ask anybody.
    assert_eq!(peer.kept("json").len(), 0);

    let mut envelope = notification();
    for signature in ["", "AAAA", "no base64"] {
        envelope["Signature"] = json!(signature);
        let said = read(&*reader, envelope.to_string().as_bytes()).await.unwrap_err();
        assert_eq!(said.to_string(), "no signature fits");
    }
}

#[tokio::test]
async fn what_is_no_notification_is_refused_with_its_reason() {
    let peer = Peer::start(AMAZON, &[]);
    let reader = reader(peer.port);
    let whole = signed(&peer, &notification()).await;
    let latin: Vec<u8> = String::from_utf8(whole.clone())
        .unwrap()
        .replace("Zugestellt", "Z\u{fc}")
        .chars()
        .map(|letter| letter as u8)
        .collect();
    let twice = String::from_utf8(whole.clone()).unwrap();
    let twice = twice.replacen("\"Type\"", "\"Type\": \"Greeting\", \"Type\"", 1);
    let without = |field: &str| {
        let mut envelope: Value = serde_json::from_slice(&whole).unwrap();
        envelope.as_object_mut().unwrap().remove(field);
        envelope.to_string().into_bytes()
    };
    let mut bodies = vec![
        b"".to_vec(),
        b"<html><body>Welcome</body></html>".to_vec(),
        b"[]".to_vec(),
        latin,
        twice.into_bytes(),
        whole[..whole.len() - 1].to_vec(),
        vec![b'a'; 10_000_000],
    ];
    for field in ["Type", "MessageId", "TopicArn", "Message", "Timestamp", "Signature"] {
        bodies.push(without(field));
    }
    for body in bodies {
        let said = read(&*reader, &body).await.unwrap_err();
        assert!(matches!(said, NotTaken::Unreadable(_)), "{said:?}");
    }
    let mut envelope = notification();
    envelope["Message"] = json!("<html>");
    let body = signed(&peer, &envelope).await;
    let said = read(&*reader, &body).await.unwrap_err();
    assert!(said.to_string().starts_with("Message: "), "{said}");

    let headers = HeaderMap::new();
    let method = &Method::GET;
    let target = "/receipts/texts";
    let call = Call { method, target, query: "", headers: &headers, body: &whole, now: now() };
    assert!(reader.read(&call).await.is_err());
}

#[tokio::test]
async fn a_subscription_is_confirmed_at_sns_and_nowhere_else() {
    let peer = Peer::start(AMAZON, &[]);
    let reader = reader(peer.port);
    let url = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37";
    let body = signed(&peer, &confirmation(url)).await;
    let posted = read(&*reader, &body).await.unwrap();
    assert_eq!((posted.receipts, posted.replies), (vec![], vec![]));
    let kept = peer.kept_json();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[1]["query"]["Token"], "2336412f37");

    let elsewhere = format!("http://127.0.0.1:{}/?Token=1", peer.port);
    for url in [elsewhere.as_str(), "https://evil.example.org/?Token=1", ""] {
        let body = signed(&peer, &confirmation(url)).await;
        assert!(matches!(read(&*reader, &body).await, Err(NotTaken::Unsigned(_))), "{url}");
    }
    let mut forged: Value = serde_json::from_slice(&body).unwrap();
    forged["SubscribeURL"] = json!("https://sns.us-east-1.amazonaws.com/?Token=2");
    assert!(read(&*reader, forged.to_string().as_bytes()).await.is_err());
    assert_eq!(peer.kept("json").len(), 2);

    let mut end = confirmation(url);
    end["Type"] = json!("UnsubscribeConfirmation");
    let end = signed(&peer, &end).await;
    assert_eq!(read(&*reader, &end).await.unwrap().receipts, []);
    assert_eq!(peer.kept("json").len(), 2);
}

#[tokio::test]
async fn where_sns_cannot_be_asked_it_is_to_come_again() {
    let peer = Peer::start(AMAZON, &[]);
    let away = reader(closed_port());
    let body = signed(&peer, &notification()).await;
    assert!(matches!(read(&*away, &body).await, Err(NotTaken::NotNow(_))));
    let mut envelope = notification();
    envelope["SigningCertURL"] = json!("https://sns.us-east-1.amazonaws.com/absent.pem");
    let absent = signed(&peer, &envelope).await;
    let reader = reader(peer.port);
    assert!(matches!(read(&*reader, &absent).await, Err(NotTaken::NotNow(_))));
    let url = "https://sns.us-east-1.amazonaws.com/?Action=Other";
    let unconfirmed = signed(&peer, &confirmation(url)).await;
    assert!(matches!(read(&*reader, &unconfirmed).await, Err(NotTaken::NotNow(_))));
}

/// Reading the machine's certificates takes longer than all the rest.
static READER: LazyLock<Arc<dyn CallbackReader>> = LazyLock::new(|| reader(1));

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        prop_assert!(runtime.block_on(read(&**READER, &bytes)).is_err());
    }
}
