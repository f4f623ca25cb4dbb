//! SMPP against the contract, and against an SMSC of npm's.

mod jasmin;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use duebell::model::Channel;
use duebell::provider::kinds::{Kind, Table};
use duebell::provider::smpp::{Settings, Smpp, Tls};
use duebell::provider::{
    Delay, Fate, Inquiry, Listener, Meaning, Outgoing, PartReceipt, Refusal, SendOutcome, Sender,
    Told,
};
use serde_json::json;

use super::contract::holds_for;
use super::texting::{Texting, sms_to};
use super::{now, untold};
use crate::support::peer::{Certificate, Peer};

const SMSC: &str = "smpp_smsc.js";
const PREFIX: &str = "+491512345678";

fn settings(port: u16) -> Settings {
    // Once: who writes a file anew empties it first, and others may read it then.
    static PASSWORD: LazyLock<PathBuf> = LazyLock::new(|| {
        let file = std::env::temp_dir().join(format!("duebell-smpp-{}", std::process::id()));
        std::fs::write(&file, "secret\n").unwrap();
        file
    });
    let password_file = PASSWORD.clone();
    Settings {
        host: "127.0.0.1".into(),
        port,
        system_id: "duebell".into(),
        password_file: Some(password_file),
        source: "Netz AG".into(),
        timeout_ms: 5_000,
        ..Settings::default()
    }
}

fn smpp(port: u16) -> Smpp {
    Smpp::connect("smsc", &settings(port)).unwrap()
}

fn build(port: u16) -> Box<dyn Sender> {
    // Short: the contract has a centre that never answers.
    let settings = Settings { timeout_ms: 750, ..settings(port) };
    let sender = Arc::new(Smpp::connect("smsc", &settings).unwrap());
    Box::new(Texting { sender, prefix: PREFIX })
}

holds_for!("smpp_smsc.js", build);

/// A message of that many characters to a number with these last digits.
fn message(digits: &str, length: usize) -> Outgoing {
    let mut message = sms_to("anna", PREFIX);
    let number = format!("{PREFIX}{digits}");
    message.to.phone = Some(duebell::model::PhoneNumber::from_stored(number));
    message.content = duebell::model::Content::Sms { text: "A".repeat(length) };
    message
}

fn in_parts(refs: &[&str]) -> SendOutcome {
    SendOutcome::AcceptedInParts { refs: refs.iter().map(|it| (*it).to_owned()).collect() }
}

fn delivered(provider_ref: &str) -> Told {
    Told::Receipt(PartReceipt {
        provider_ref: provider_ref.into(),
        fate: Fate::Delivered,
        at: now(),
    })
}

async fn next(smpp: &Smpp) -> Vec<Told> {
    let next = smpp.next(10, &now);
    tokio::time::timeout(Duration::from_secs(20), next).await.expect("something is delivered")
}

/// What the centre was told of its deliveries, once there are that many.
async fn acks(peer: &Peer, count: usize) -> Vec<serde_json::Value> {
    for _ in 0..200 {
        let kept = peer.kept("ack");
        if kept.len() >= count {
            let read = |path| serde_json::from_slice(&std::fs::read(path).unwrap());
            if let Ok(acks) = kept.iter().map(read).collect() {
                return acks;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("fewer than {count} answers")
}

#[tokio::test]
async fn the_centre_gets_what_it_needs() {
    let peer = Peer::start(SMSC, &[]);
    let smpp = smpp(peer.port);
    assert_eq!(smpp.send(&sms_to("anna", PREFIX), now()).await, in_parts(&["m1"]));
    let expected = json!({
        "to": "49151234567800", "from": "Netz AG", "ton": [5, 0, 1, 1],
        "text": "Offen: 1.234,50 €", "udh": [], "data_coding": 0, "esm_class": 0,
        "registered_delivery": 1, "validity": peer.kept_json()[0]["validity"],
    });
    assert_eq!(peer.kept_json()[0], expected);
}

#[tokio::test]
async fn a_long_text_is_split_and_each_part_has_its_reference() {
    let peer = Peer::start(SMSC, &[]);
    let smpp = smpp(peer.port);
    assert_eq!(smpp.send(&message("00", 400), now()).await, in_parts(&["m1", "m2", "m3"]));
    let kept = peer.kept_json();
    let lengths: Vec<usize> = kept.iter().map(|it| it["text"].as_str().unwrap().len()).collect();
    assert_eq!(lengths, [153, 153, 94]);
    for (number, part) in (1..).zip(&kept) {
        let udh = part["udh"][0].as_str().unwrap();
        assert!(udh.starts_with("0003") && udh.ends_with(&format!("030{number}")), "{udh}");
        assert_eq!(part["esm_class"], 0x40);
    }
}

#[tokio::test]
async fn a_text_beyond_the_alphabet_is_read_as_it_was_written() {
    let peer = Peer::start(SMSC, &[]);
    let smpp = smpp(peer.port);
    let mut chinese = message("00", 0);
    let text = "您的账单已逾期7天😀".repeat(8);
    chinese.content = duebell::model::Content::Sms { text: text.clone() };
    let outcome = smpp.send(&chinese, now()).await;
    assert!(matches!(outcome, SendOutcome::AcceptedInParts { .. }), "{outcome:?}");
    let kept = peer.kept_json();
    let read: String = kept.iter().map(|it| it["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!((read, kept[0]["data_coding"].as_i64()), (text, Some(8)));
}

#[tokio::test]
async fn each_refusal_leads_to_its_own_outcome() {
    let peer = Peer::start(SMSC, &[]);
    let smpp = smpp(peer.port);
    let outcome = smpp.send(&sms_to("unknown", PREFIX), now()).await;
    let note = "smpp 0x0B".to_owned();
    assert_eq!(outcome, SendOutcome::Rejected { because: Refusal::BadRecipient, note });
    let outcome = smpp.send(&sms_to("denied", PREFIX), now()).await;
    let note = "our account: smpp 0x0A".to_owned();
    assert_eq!(outcome, SendOutcome::Deferred { because: Delay::Down, wait: None, note });
    let outcome = smpp.send(&message("13", 1), now()).await;
    assert!(matches!(outcome, SendOutcome::Deferred { because: Delay::Down, .. }), "{outcome:?}");
    let outcome = smpp.send(&sms_to("busy", PREFIX), now()).await;
    let is_throttled = matches!(outcome, SendOutcome::Deferred { because: Delay::Throttled, .. });
    assert!(is_throttled, "{outcome:?}");
    // Without an id no receipt can be told.
    let outcome = smpp.send(&message("14", 1), now()).await;
    assert_eq!(outcome, SendOutcome::Accepted { provider_ref: None });
}

#[tokio::test]
async fn a_message_is_completed_where_it_can_be() {
    let peer = Peer::start(SMSC, &[]);
    let smpp = smpp(peer.port);
    // The second part was throttled, and came again.
    assert_eq!(smpp.send(&message("08", 300), now()).await, in_parts(&["m1", "m3"]));
    // Here it is refused, and the first is gone.
    let note = "smpp 0x45; 1 of 2 parts were taken".to_owned();
    assert_eq!(smpp.send(&message("09", 300), now()).await, SendOutcome::Ambiguous { note });
}

#[tokio::test]
async fn a_wrong_password_is_the_operators_to_mend() {
    let peer = Peer::start(SMSC, &[]);
    let settings = Settings { password_file: None, ..settings(peer.port) };
    let smpp = Smpp::connect("smsc", &settings).unwrap();
    let outcome = smpp.send(&message("00", 1), now()).await;
    let note = "our account: smpp bind 0x0E".to_owned();
    assert_eq!(outcome, SendOutcome::Deferred { because: Delay::Down, wait: None, note });
    assert_eq!(peer.kept("json").len(), 0);
}

#[tokio::test]
async fn a_delivery_is_acknowledged_once_what_it_said_is_taken() {
    let peer = Peer::start(SMSC, &[]);
    let smpp = smpp(peer.port);
    assert_eq!(smpp.send(&message("06", 1), now()).await, in_parts(&["m1"]));
    assert_eq!(next(&smpp).await, [delivered("m1")]);
    // It was read, and nobody said yet that it is safe.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(peer.kept("ack").len(), 0);
    let more = smpp.next(10, &now);
    let acks = tokio::select! {
        _ = more => panic!("nothing else is delivered"),
        acks = acks(&peer, 1) => acks,
    };
    assert_eq!(acks, [json!({"status": 0})]);
}

#[tokio::test]
async fn an_id_is_known_again_in_another_form() {
    let peer = Peer::start(SMSC, &[]);
    let mut table: Table = match serde_json::to_value(settings(peer.port)).unwrap() {
        serde_json::Value::Object(table) => table,
        other => panic!("{other}"),
    };
    table.insert("response_ids".into(), "hex".into());
    table.insert("receipt_ids".into(), "decimal".into());
    let kind = Kind::find("smpp").unwrap();
    let connected = (kind.connect)("smsc", table, &Default::default()).unwrap();
    let outcome = connected.sender.send(&message("07", 1), now()).await;
    assert_eq!(outcome, in_parts(&["256"]));
    let told = connected.listener.unwrap().next(10, &now).await;
    assert_eq!(told, [delivered("256")]);
}

#[tokio::test]
async fn what_a_subscriber_writes_comes_with_their_number() {
    let peer = Peer::start(SMSC, &[]);
    let smpp = smpp(peer.port);
    assert_eq!(smpp.send(&message("10", 1), now()).await, in_parts(&["m1"]));
    let told = next(&smpp).await;
    let [Told::Reply { reply, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(reply.from.as_deref(), Some("+49151234567810"));
    assert_eq!(reply.meaning, Meaning::Text("STOP".into()));
}

#[tokio::test]
async fn of_a_text_in_parts_each_says_which_it_is() {
    let peer = Peer::start(SMSC, &[]);
    for digits in ["17", "18"] {
        let smpp = smpp(peer.port);
        assert!(matches!(
            smpp.send(&message(digits, 1), now()).await,
            SendOutcome::AcceptedInParts { .. }
        ));
        let (mut told, mut names) = (Vec::new(), BTreeSet::new());
        while told.len() < 2 {
            for one in next(&smpp).await {
                let Told::Reply { message_id, reply } = one else { panic!("{one:?}") };
                let Meaning::Part(part) = reply.meaning else { panic!("{:?}", reply.meaning) };
                names.insert(message_id);
                told.push((part.part, part.parts, part.reference, part.words));
            }
        }
        told.sort();
        assert_eq!(told, [(1, 2, 300, "I will ".to_owned()), (2, 2, 300, "pay".to_owned())]);
        assert_eq!(names.len(), 2);
    }
}

#[tokio::test]
async fn what_became_of_a_message_can_be_asked_part_by_part() {
    let peer = Peer::start(SMSC, &[]);
    let smpp = Smpp::connect("smsc", &Settings { queries: true, ..settings(peer.port) }).unwrap();
    for (refs, fate) in [
        ("m1", Some(Fate::Delivered)),
        ("m1 m2", Some(Fate::Delivered)),
        ("m1 m3", Some(Fate::Undelivered)),
        ("m5 m3 m1", Some(Fate::Undelivered)),
        ("m5", Some(Fate::Expired)),
        ("m1 m4", None),
        ("m9", None),
    ] {
        let receipt = smpp.inquire(&untold("smsc", Channel::Sms, refs), now()).await.unwrap();
        assert_eq!(receipt.map(|it| it.fate), fate, "{refs}");
    }
    let last: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&peer.kept("query")[0]).unwrap()).unwrap();
    assert_eq!(last, json!({"id": "m9", "from": "Netz AG"}));
    // Between two questions messages leave as before.
    assert_eq!(smpp.send(&message("00", 1), now()).await, in_parts(&["m1"]));
}

#[tokio::test]
async fn a_session_that_ended_is_made_anew() {
    let peer = Peer::start(SMSC, &[]);
    let smpp = smpp(peer.port);
    for digits in ["12", "15", "04"] {
        let _ = smpp.send(&message(digits, 1), now()).await;
        let mut tries = 0;
        // While there is no session, nothing is handed over.
        loop {
            match smpp.send(&message("00", 1), now()).await {
                SendOutcome::AcceptedInParts { .. } => break,
                SendOutcome::Deferred { because: Delay::Down, .. } if tries < 100 => tries += 1,
                // What was under way when it ended is in doubt.
                SendOutcome::Ambiguous { .. } if tries < 100 => tries += 1,
                other => panic!("{digits}: {other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn a_silent_line_is_asked_whether_it_is_alive() {
    let peer = Peer::start(SMSC, &[]);
    let settings = Settings { enquire_link_s: 1, ..settings(peer.port) };
    let smpp = Smpp::connect("smsc", &settings).unwrap();
    assert_eq!(smpp.send(&message("00", 1), now()).await, in_parts(&["m1"]));
    for _ in 0..100 {
        if !peer.kept("alive").is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it was never asked");
}

#[tokio::test]
async fn the_window_bounds_what_is_under_way_and_loses_nothing() {
    let peer = Peer::start(SMSC, &[]);
    let smpp = Arc::new(smpp(peer.port));
    let sends = (0..500).map(|_| {
        let smpp = smpp.clone();
        async move { smpp.send(&message("00", 1), now()).await }
    });
    let outcomes = futures_util::future::join_all(sends).await;
    let refs: BTreeSet<String> = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            SendOutcome::AcceptedInParts { refs } => refs.concat(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((refs.len(), peer.kept("json").len()), (500, 500));
}

#[tokio::test]
async fn the_way_to_the_centre_can_be_encrypted() {
    let certificate = Certificate::generate();
    let (path, key) = (certificate.path(), certificate.key());
    let peer = Peer::start(SMSC, &[path.to_str().unwrap(), key.to_str().unwrap()]);
    let encrypted = Settings { tls: Tls::Implicit, ca_file: Some(path), ..settings(peer.port) };
    let smpp = Smpp::connect("smsc", &encrypted).unwrap();
    assert_eq!(smpp.send(&message("00", 1), now()).await, in_parts(&["m1"]));
    // Nobody vouches for it.
    let stranger = Settings { ca_file: None, ..encrypted };
    let outcome = Smpp::connect("smsc", &stranger).unwrap().send(&message("00", 1), now()).await;
    assert!(matches!(outcome, SendOutcome::Deferred { because: Delay::Down, .. }), "{outcome:?}");
}
