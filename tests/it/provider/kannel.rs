//! Kannel against the contract, and the real one from Debian from end to end:
//! sendsms, a telephone, receipts and what the telephone writes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use duebell::model::{Content, PhoneNumber};
use duebell::provider::kannel::{Kannel, Settings};
use duebell::provider::kinds::{Kind, Site, Table};
use duebell::provider::secret::LOOK_EVERY;
use duebell::provider::{
    Call, CallbackReader, Delay, Fate, Meaning, Outgoing, Posted, Refusal, SendOutcome, Sender,
};
use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::contract::holds_for;
use super::texting::{Texting, sms_to};
use super::{KEY, now};
use crate::support::peer::Peer;

const ANSWERS: &str = "kannel_answers.py";
const PREFIX: &str = "+491512345678";
const TOKEN: &str = "0123456789abcdef01234567";

struct Secrets {
    _dir: tempfile::TempDir,
    password: PathBuf,
    token: PathBuf,
}

fn secrets() -> Secrets {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (password, token) = (file("password", "secret\n"), file("token", TOKEN));
    Secrets { _dir: dir, password, token }
}

fn settings(port: u16, secrets: &Secrets) -> Settings {
    Settings {
        url: format!("http://127.0.0.1:{port}/cgi-bin/sendsms"),
        user: "duebell".into(),
        password_file: Some(secrets.password.clone()),
        from: "8080".into(),
        receipt_token_files: vec![secrets.token.clone()],
        ..Settings::default()
    }
}

fn site(port: u16) -> Site {
    Site { public_url: format!("http://127.0.0.1:{port}").parse().ok(), listens: true }
}

fn kannel(port: u16) -> Kannel {
    let secrets = secrets();
    Kannel::connect("kannel", &settings(port, &secrets), &site(1)).unwrap()
}

fn build(port: u16) -> Box<dyn Sender> {
    // Short: the contract has a gateway that never answers.
    let secrets = secrets();
    let settings = Settings { timeout_ms: 750, ..settings(port, &secrets) };
    let sender = Arc::new(Kannel::connect("kannel", &settings, &site(1)).unwrap());
    Box::new(Texting { sender, prefix: PREFIX })
}

// It answers without a reference.
holds_for!(
    "kannel_answers.py",
    build,
    takes: a_refusal_is_final,
    a_busy_provider_is_deferred,
    a_closed_door_means_nothing_left,
    silence_after_sending_is_ambiguous,
    a_connection_lost_after_sending_is_ambiguous,
    no_outcome_names_the_subscriber,
);

fn message(to: &str, text: &str) -> Outgoing {
    let mut message = sms_to("anna", PREFIX);
    message.to.phone = Some(PhoneNumber::from_stored(to.to_owned()));
    message.content = Content::Sms { text: text.to_owned() };
    message
}

#[tokio::test]
async fn kannel_gets_what_it_needs() {
    let peer = Peer::start(ANSWERS, &[]);
    let kannel = kannel(peer.port);
    let accepted = SendOutcome::Accepted { provider_ref: None };
    assert_eq!(kannel.send(&sms_to("anna", PREFIX), now()).await, accepted);
    assert_eq!(kannel.send(&message("+49151234567808", "逾期"), now()).await, accepted);
    let kept = peer.kept_json();
    let headers = &kept[0]["headers"];
    for (name, value) in [
        ("username", "duebell"),
        ("password", "secret"),
        ("from", "8080"),
        ("to", "+49151234567800"),
        ("coding", "0"),
        ("validity", "420"),
        ("dlr-mask", "31"),
    ] {
        assert_eq!(headers[format!("x-kannel-{name}")], value, "{name}");
    }
    let url = format!("http://127.0.0.1:1/receipts/kannel?token={TOKEN}&status=%d&key={KEY}");
    assert_eq!(headers["x-kannel-dlr-url"], url);
    assert_eq!(kept[0]["body"], "Offen: 1.234,50 €");
    assert_eq!(kept[1]["headers"]["x-kannel-coding"], "2");
    assert_eq!(kept[1]["body"], "逾期");
}

#[tokio::test]
async fn each_answer_leads_to_its_own_outcome() {
    let peer = Peer::start(ANSWERS, &[]);
    let kannel = kannel(peer.port);
    let to = |digits: &str| message(&format!("{PREFIX}{digits}"), "x");
    let outcome = kannel.send(&to("05"), now()).await;
    let note = "our account: kannel 403".to_owned();
    assert_eq!(outcome, SendOutcome::Deferred { because: Delay::Down, wait: None, note });
    let outcome = kannel.send(&to("06"), now()).await;
    assert_eq!(outcome, SendOutcome::Ambiguous { note: "kannel 500".to_owned() });
    let outcome = kannel.send(&to("07"), now()).await;
    let note = "kannel 403".to_owned();
    assert_eq!(outcome, SendOutcome::Rejected { because: Refusal::BadRecipient, note });
}

#[tokio::test]
async fn a_message_that_would_outlive_its_window_is_not_sent() {
    let peer = Peer::start(ANSWERS, &[]);
    let mut late = sms_to("anna", PREFIX);
    late.expires_at = now() + jiff::SignedDuration::from_secs(59);
    let outcome = kannel(peer.port).send(&late, now()).await;
    assert!(matches!(outcome, SendOutcome::Deferred { because: Delay::Down, .. }), "{outcome:?}");
    assert_eq!(peer.kept("json").len(), 0);
}

/// A door for what Kannel calls: what was understood of each call.
async fn door(reader: Arc<dyn CallbackReader>, listener: TcpListener) -> mpsc::Receiver<Posted> {
    let (told, posted) = mpsc::channel(100);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (reader, told) = (reader.clone(), told.clone());
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    let mut header = line.clone();
                    while header != "\r\n" {
                        header.clear();
                        stream.read_line(&mut header).await.unwrap();
                    }
                    let call = Call {
                        method: &Method::GET,
                        target: &target,
                        query: target.split_once('?').map_or("", |(_, query)| query),
                        headers: &HeaderMap::new(),
                        body: b"",
                        now: now(),
                    };
                    let posted = reader.read(&call).await.unwrap();
                    let body = posted.answer.clone().unwrap().body;
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    told.send(posted).await.unwrap();
                    line.clear();
                }
            });
        }
    });
    posted
}

/// What follows until `is_it` says so.
async fn until(posted: &mut mpsc::Receiver<Posted>, is_it: impl Fn(&Posted) -> bool) -> Posted {
    let found = async {
        loop {
            let one = posted.recv().await.expect("the door is open");
            if is_it(&one) {
                return one;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), found).await.expect("Kannel calls")
}

#[tokio::test]
async fn a_real_kannel_sends_tells_and_hears() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let get_url = format!("http://127.0.0.1:{port}/receipts/kannel?token={TOKEN}");
    let peer = Peer::start("kannel.py", &[&get_url, "STOP please"]);
    let secrets = secrets();
    let settings = serde_json::to_value(settings(peer.port, &secrets)).unwrap();
    let table: Table = serde_json::from_value(settings).unwrap();
    let connected = (Kind::find("kannel").unwrap().connect)("kannel", table, &site(port)).unwrap();
    let mut posted = door(connected.callbacks.clone().unwrap(), listener).await;

    // The telephone wrote.
    let heard = until(&mut posted, |one| !one.replies.is_empty()).await;
    assert_eq!(heard.replies[0].meaning, Meaning::Text("STOP please".into()));
    assert_eq!(heard.replies[0].from.as_deref(), Some("15558675310"));

    // A password that is not Kannel's any more, and a file that is mended.
    std::fs::write(&secrets.password, "another\n").unwrap();
    tokio::time::sleep(LOOK_EVERY).await;
    let refused = connected.sender.send(&message("+15558675310", "due"), now()).await;
    let note = "our account: kannel 403".to_owned();
    assert_eq!(refused, SendOutcome::Deferred { because: Delay::Down, wait: None, note });
    std::fs::write(&secrets.password, "secret\n").unwrap();
    tokio::time::sleep(LOOK_EVERY).await;

    // A short one, one in three parts, and one in UCS-2: each is delivered.
    let accepted = SendOutcome::Accepted { provider_ref: None };
    let long = "A".repeat(400);
    let texts = ["Offen: 1.234,50 €", &long, "您的账单已逾期"];
    for (number, text) in (1..).zip(texts) {
        let mut message = message("+15558675310", text);
        message.key.number = number;
        assert_eq!(connected.sender.send(&message, now()).await, accepted);
        let told =
            until(&mut posted, |one| one.receipts.iter().any(|receipt| receipt.key == message.key))
                .await;
        assert_eq!(told.receipts[0].fate, Fate::Delivered);
    }
    // What the telephone saw: the long one in three parts.
    let log = peer.dir.path().join("phone.log");
    let part = |count| format!(" data {}>", "A".repeat(count));
    for _ in 0..100 {
        let seen = std::fs::read_to_string(&log).unwrap();
        if seen.matches("Got message").count() == 5 {
            assert_eq!(seen.matches(&part(153)).count(), 2);
            assert_eq!(seen.matches(&part(94)).count(), 1);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the telephone did not get all of it");
}
