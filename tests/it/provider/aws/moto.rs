//! SES and SNS against moto, which checks signatures against IAM.

use std::time::Duration;

use duebell::model::AttemptKey;
use duebell::provider::api::ApiClient;
use duebell::provider::aws::ses::{Ses, Settings};
use duebell::provider::kinds::{Adapter, Site};
use duebell::provider::{Call, CallbackReader, Delay, Fate, Receipt, SendOutcome, Sender};
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use serde_json::Value;

use super::{TOPIC, keys};
use crate::provider::{KEY, mail_to, now};
use crate::support::peer::Peer;

const MOTO: &str = "aws_moto.py";

fn settings(peer: &Peer) -> Settings {
    let door = format!("http://127.0.0.1:{}", peer.port);
    Settings {
        region: "us-east-1".to_owned(),
        url: Some(door.clone()),
        sns_url: Some(door),
        topics: vec![TOPIC.to_owned()],
        credentials_file: Some(peer.dir.path().join("keys.json")),
        from: "Netz AG <rechnung@example.org>".to_owned(),
        timeout_ms: 20_000,
        ..Settings::default()
    }
}

fn at(peer: &Peer, path: &str) -> Url {
    format!("http://127.0.0.1:{}{path}", peer.port).parse().unwrap()
}

#[tokio::test]
async fn moto_takes_what_is_signed_and_nothing_else() {
    let peer = Peer::start(MOTO, &[]);
    let settings = settings(&peer);
    let ses = Ses::open("mail", &settings).unwrap();
    let SendOutcome::Accepted { provider_ref: Some(id) } = ses.send(&mail_to("anna"), now()).await
    else {
        panic!("not taken");
    };

    let real = std::fs::read_to_string(peer.dir.path().join("keys.json")).unwrap();
    let real: Value = serde_json::from_str(&real).unwrap();
    let key = real["AccessKeyId"].as_str().unwrap();
    let wrong = keys(&format!(r#"{{"AccessKeyId": "{key}", "SecretAccessKey": "wrong"}}"#));
    let stranger = keys(r#"{"AccessKeyId": "AKIANOBODY", "SecretAccessKey": "s"}"#);
    let nobody = Settings { from: "nobody@example.org".into(), ..settings.clone() };
    for (settings, note) in [
        (Settings { credentials_file: Some(wrong), ..settings.clone() }, "aws_ses 403"),
        (Settings { credentials_file: Some(stranger), ..settings.clone() }, "aws_ses 403"),
        (nobody, "MessageRejected"),
    ] {
        let outcome = Ses::open("mail", &settings).unwrap().send(&mail_to("anna"), now()).await;
        let SendOutcome::Deferred { because: Delay::Down, note: said, .. } = &outcome else {
            panic!("{outcome:?}");
        };
        assert!(said.starts_with("our account: ") && said.ends_with(note), "{outcome:?}");
    }

    let api = ApiClient::new(Duration::from_secs(20)).unwrap();
    let sent = api.get(at(&peer, "/sent"), HeaderMap::new()).await.unwrap();
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    let mails = sent["ses"]["Message"].as_array().unwrap();
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_eq!(mails[0]["id"], id);
    assert_eq!(mails[0]["subject"], "Ihre Rechnung über 1.234,50 € ist fällig");
}

#[tokio::test]
async fn a_notification_that_moto_signed_is_a_receipt() {
    let peer = Peer::start(MOTO, &[]);
    let connected = Ses::connect("mail", settings(&peer), &Site::default()).unwrap();
    let reader = connected.callbacks.unwrap();
    let event = r#"{"eventType": "Delivery", "mail": {"tags":
        {"attempt": ["0123456789abcdef0123456789abcdef_2"]}},
        "delivery": {"timestamp": "2026-03-01T12:00:05Z"}}"#;
    let api = ApiClient::new(Duration::from_secs(20)).unwrap();
    let body = event.as_bytes().to_vec();
    let answer = api.post(at(&peer, "/publish"), HeaderMap::new(), "text/plain", body).await;
    assert_eq!(answer.unwrap().status, 200);

    // moto posts before it answers.
    let posted = std::fs::read(&peer.kept("body")[0]).unwrap();
    let receipts = read(&*reader, &posted).await.unwrap().receipts;
    let key: AttemptKey = KEY.parse().unwrap();
    let at = "2026-03-01T12:00:05Z".parse().unwrap();
    assert_eq!(receipts, [Receipt { key, fate: Fate::Delivered, at }]);

    let changed = String::from_utf8(posted).unwrap().replace("12:00:05", "12:00:06");
    let why = read(&*reader, changed.as_bytes()).await.unwrap_err();
    assert_eq!(why.to_string(), "no signature fits");
}

async fn read(
    reader: &dyn CallbackReader,
    body: &[u8],
) -> Result<duebell::provider::Posted, duebell::provider::NotTaken> {
    let headers = HeaderMap::new();
    let target = "/receipts/mail";
    let method = &Method::POST;
    // moto says what time it is here.
    let envelope: serde_json::Value = serde_json::from_slice(body).unwrap();
    let now = envelope["Timestamp"].as_str().unwrap().parse().unwrap();
    reader.read(&Call { method, target, query: "", headers: &headers, body, now }).await
}
