//! Who may post: whoever knows a secret, just now, and nobody else.

use std::io::Write;
use std::process::{Command, Stdio};

use duebell::provider::signature::{Secrets, Signed};
use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

/// What Python's hmac makes of these messages.
fn as_python_signs(messages: &[(Vec<u8>, String, i64, Vec<u8>)]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/peers/webhook_sign.py");
    let mut python = Command::new("/usr/bin/python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("apt-get install python3");
    let mut lines = String::new();
    for (secret, id, timestamp, body) in messages {
        let line = serde_json::json!({
            "secret": STANDARD.encode(secret), "id": id, "timestamp": timestamp.to_string(),
            "body": STANDARD.encode(body),
        });
        lines.push_str(&format!("{line}\n"));
    }
    let mut input = python.stdin.take().unwrap();
    // From a thread: Python answers while it reads, and pipes are short.
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = python.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn message() -> impl Strategy<Value = (Vec<u8>, String, i64, Vec<u8>)> {
    let secret = prop::collection::vec(any::<u8>(), 24..=64);
    let body = prop::collection::vec(any::<u8>(), 0..300);
    (secret, "[!-~]{1,40}", 946_684_800i64..4_102_444_800, body)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn what_python_signs_we_accept_and_sign_alike(
        messages in prop::collection::vec(message(), 100),
    ) {
        let theirs = as_python_signs(&messages);
        prop_assert_eq!(theirs.len(), messages.len());
        for ((secret, id, seconds, body), theirs) in messages.iter().zip(&theirs) {
            let timestamp = seconds.to_string();
            prop_assert_eq!(&signature(secret, id, &timestamp, body), theirs);
            let text = format!("whsec_{}", STANDARD.encode(secret));
            let secrets = Secrets::parse([text.as_str()]).unwrap();
            let signed = Signed { id, timestamp: &timestamp, signatures: theirs };
            let now = Timestamp::from_second(*seconds).unwrap();
            prop_assert_eq!(secrets.check(&signed, body, now), Ok(()));
        }
    }
}

#[tokio::test]
async fn one_bit_of_anything_signed_is_enough_to_be_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let store = new_store(&scratch).await;
    let door = Door::open(store.clone()).await;
    let mut caller = door.caller().await;
    let whole = posting("msg_1");
    let parts: [fn(&mut Posting) -> &mut Vec<u8>; 4] =
        [|it| &mut it.id, |it| &mut it.timestamp, |it| &mut it.signature, |it| &mut it.body];
    for (index, part) in parts.into_iter().enumerate() {
        for bit in 0..part(&mut whole.clone()).len() * 8 {
            let mut spoilt = whole.clone();
            part(&mut spoilt)[bit / 8] ^= 1 << (bit % 8);
            // Some bits make it no HTTP at all, and some end the connection.
            let status = caller.ask(&spoilt.request()).await.map_or(400, |it| it.status);
            assert!(status == 401 || status == 400, "part {index}, bit {bit}: {status}");
        }
    }
    assert_eq!(unsettled(&store).await, []);
    assert_eq!(door.post(&whole).await, 204, "and with none it is taken");
    assert_eq!(unsettled(&store).await.len(), 1);
}

#[tokio::test]
async fn five_minutes_either_way_are_the_limit() {
    let scratch = tempfile::tempdir().unwrap();
    let door = Door::open(new_store(&scratch).await).await;
    for (seconds, status) in [(-301, 401), (-299, 204), (0, 204), (299, 204), (301, 401)] {
        let signed_at = at(NOON) + SignedDuration::from_secs(seconds);
        let body = said(stray(1), Fate::Delivered, NOON);
        let posting = Posting::signed_at(&format!("msg{seconds}"), &body, signed_at);
        assert_eq!(door.post(&posting).await, status, "{seconds} s");
    }
    // It is the door's clock that counts: what was good is so no longer.
    door.clock.set(at(NOON) + SignedDuration::from_secs(301));
    assert_eq!(door.post(&posting("msg_1")).await, 401);
}

#[tokio::test]
async fn while_secrets_change_either_is_good() {
    let scratch = tempfile::tempdir().unwrap();
    let door = Door::open(new_store(&scratch).await).await;
    let with = |secret: &[u8], before: &str| {
        let mut posting = posting("msg_1");
        let timestamp = String::from_utf8(posting.timestamp.clone()).unwrap();
        let signature = signature(secret, "msg_1", &timestamp, &posting.body);
        posting.signature = format!("{before}{signature}").into();
        posting
    };
    assert_eq!(door.post(&with(SECRET, "")).await, 204);
    assert_eq!(door.post(&with(OTHER_SECRET, "")).await, 204);
    assert_eq!(door.post(&with(OTHER_SECRET, "v1a,e30= v1,AAAA ")).await, 204);
    assert_eq!(door.post(&with(b"a secret of nobody we know", "")).await, 401);
}
