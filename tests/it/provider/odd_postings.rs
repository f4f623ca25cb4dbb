//! What is posted in place of a receipt: a page, another charset, nothing.
//! Whoever posts it knows the token or the secret, and has lost its way.
//!
//! Twilio, SNS and Kannel have theirs in tests of their own, as they post in
//! forms of their own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use duebell::model::AttemptKey;
use duebell::provider::kinds::{Kind, Site};
use duebell::provider::{Call, CallbackReader, Fate, NotTaken, Posted};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::{KEY, now};
use crate::receipts::signature;

const TOKEN: &str = "0123456789abcdef01234567";
const SECRET: &[u8; 24] = b"0123456789abcdef01234567";

/// A provider that posts, and a receipt as it would post it, of this attempt.
struct Posts {
    kind: &'static str,
    settings: Value,
    receipt: fn(&str) -> String,
}

fn all(dir: &Path) -> Vec<Posts> {
    let file = |name: &str, text: &str| -> PathBuf {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (token, secret) = (file("token", TOKEN), file("secret", "s3cret"));
    let signing = file("signing", &format!("whsec_{}", base64(SECRET.as_slice())));
    let gateway = json!({
        "url": "https://gateway.example.org/send", "channels": ["sms"], "receipts": true,
    });
    let with = |more: Value| {
        let mut settings = gateway.clone();
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        settings
    };
    let statuses = json!({ "done": "delivered" });
    let mapped = |format: &str, key: &str, status: &str| {
        with(json!({
            "receipt_token_files": [token],
            "receipt": { "format": format, "key": key, "status": status, "statuses": statuses },
        }))
    };
    let ours =
        |key: &str| format!(r#"{{"key":"{key}","fate":"delivered","at":"2026-03-01T12:00:00Z"}}"#);
    vec![
        Posts {
            kind: "aliyun",
            settings: json!({
                "access_key_id": "LTAItest", "access_key_secret_file": secret, "sign_name": "N",
                "templates": [{ "channel": "sms", "template": "soft", "code": "SMS_1" }],
                "receipts": true, "receipt_token_files": [token],
            }),
            receipt: |key| {
                format!(r#"[{{"phone_number":"1380","success":true,"out_id":"{key}"}}]"#)
            },
        },
        Posts {
            kind: "http",
            settings: with(json!({ "receipt_secret_files": [signing] })),
            receipt: ours,
        },
        Posts {
            kind: "http",
            settings: with(json!({ "receipt_token_files": [token] })),
            receipt: ours,
        },
        Posts {
            kind: "http",
            settings: mapped("json", "/ref", "/state"),
            receipt: |key| format!(r#"{{"ref":"{key}","state":"done"}}"#),
        },
        Posts {
            kind: "http",
            settings: mapped("form", "/ref", "/state"),
            receipt: |key| format!("ref={key}&state=done"),
        },
        Posts {
            kind: "infobip",
            settings: json!({
                "url": "https://x.api.infobip.com", "channels": ["sms"], "sender": "N",
                "api_key_file": secret, "receipts": true, "receipt_token_files": [token],
            }),
            receipt: |key| {
                let status = r#"{"groupId":3,"id":5}"#;
                format!(r#"{{"results":[{{"messageId":"{key}","status":{status}}}]}}"#)
            },
        },
    ]
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

impl Posts {
    fn reader(&self) -> Arc<dyn CallbackReader> {
        let kind = Kind::find(self.kind).unwrap();
        let mut table = (kind.defaults)();
        table.extend(self.settings.as_object().unwrap().clone());
        let public_url = "https://duebell.example.net".parse().ok();
        let site = Site { public_url, listens: true };
        (kind.connect)("odd", table, &site).unwrap().callbacks.unwrap()
    }

    /// As whoever knows the token and the secret posts it, with this charset.
    async fn post(&self, body: &[u8], charset: &'static str) -> Result<Posted, NotTaken> {
        self.post_to(self.reader().as_ref(), body, charset).await
    }

    async fn post_to(
        &self,
        reader: &dyn CallbackReader,
        body: &[u8],
        charset: &'static str,
    ) -> Result<Posted, NotTaken> {
        let query = format!("token={TOKEN}");
        let target = format!("/receipts/odd?{query}");
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(charset));
        if self.settings.get("receipt_secret_files").is_some() {
            let timestamp = now().as_second().to_string();
            let signature = signature(SECRET, "m-1", &timestamp, body);
            headers.insert("webhook-id", HeaderValue::from_static("m-1"));
            headers.insert("webhook-timestamp", timestamp.parse().unwrap());
            headers.insert("webhook-signature", signature.parse().unwrap());
        }
        let method = &Method::POST;
        let (target, query, headers) = (&target, &query, &headers);
        reader.read(&Call { method, target, query, headers, body, now: now() }).await
    }
}

#[tokio::test]
async fn a_receipt_is_understood_and_one_of_nothing_that_we_sent_as_well() {
    let dir = tempfile::tempdir().unwrap();
    for posts in all(dir.path()) {
        for key in [KEY, "ffffffffffffffffffffffffffffffff.1"] {
            let body = (posts.receipt)(key);
            let posted = posts.post(body.as_bytes(), "application/json").await.unwrap();
            // Whether it is of anything of ours is asked when it is settled.
            let receipts: Vec<(AttemptKey, Fate)> =
                posted.receipts.iter().map(|receipt| (receipt.key, receipt.fate)).collect();
            assert_eq!(receipts, [(key.parse().unwrap(), Fate::Delivered)], "{}", posts.kind);
        }
    }
}

#[tokio::test]
async fn what_is_no_receipt_is_refused_with_a_word_and_shows_nothing() {
    const PAGE: &str = "<!DOCTYPE html><html><body>+4915100001, Zoe</body></html>";
    let dir = tempfile::tempdir().unwrap();
    for posts in all(dir.path()) {
        let good = (posts.receipt)(KEY);
        let wide: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let odd = good.replace(KEY, "\u{FF}+4915100001");
        // In Latin-1, whatever it says of itself.
        let latin: Vec<u8> = odd.chars().map(|letter| letter as u8).collect();
        let cases: [(&str, &[u8], &'static str); 6] = [
            ("a page", PAGE.as_bytes(), "text/html"),
            ("nothing", b"", "application/json"),
            ("a word", b"\"Welcome\"", "application/json"),
            ("two bytes a letter", &wide, "application/json; charset=utf-8"),
            ("two bytes a letter, as it says", &wide, "application/json; charset=utf-16"),
            ("without end", &[b'['; 256 * 1024], "application/json"),
        ];
        for (what, body, charset) in cases {
            let refused = posts.post(body, charset).await;
            let shown = format!("{}, {what}: {refused:?}", posts.kind);
            assert!(matches!(refused, Err(NotTaken::Unreadable(_))), "{shown}");
            assert!(!shown.contains("4915") && !shown.contains('<'), "{shown}");
            assert!(shown.len() < 200, "{shown}");
        }
        // Some pass over one entry that is not theirs; none makes a receipt of it.
        let posted = posts.post(&latin, "application/json; charset=utf-8").await;
        assert!(posted.is_err() || posted.unwrap().receipts.is_empty(), "{}", posts.kind);
    }
}

/// The same with some places of it cut out, repeated, turned over, or filled
/// with what is hard to read.
fn spoilt(good: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    const HARD: [&[u8]; 12] = [
        b"\"",
        b"\\",
        b"\\ud800",
        b"null",
        b"-1e999",
        b"99999999999999999999",
        b"[",
        b"{\"",
        b"\0",
        b"%",
        b"\xFF\xFE",
        "\u{202E}\u{10FFFF}".as_bytes(),
    ];
    let mut body = good.to_vec();
    for _ in 0..rng.random_range(1..4) {
        let from = rng.random_range(0..=body.len());
        let to = rng.random_range(from..=body.len().min(from + 20));
        match rng.random_range(0..5) {
            0 => drop(body.drain(from..to)),
            1 => drop(body.splice(from..from, good[..to.min(good.len())].to_vec())),
            2 => body[from..to].reverse(),
            3 if from < body.len() => body[from] ^= 1 << rng.random_range(0..8),
            _ => drop(body.splice(from..to, HARD[rng.random_range(0..HARD.len())].to_vec())),
        }
    }
    body
}

/// A panic would fail its task.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_spoilt_postings_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let all = all(dir.path());
    let each = 100_000usize.div_ceil(all.len());
    let run = |(seed, posts): (u64, Posts)| async move {
        let (reader, good) = (posts.reader(), (posts.receipt)(KEY));
        let mut rng = StdRng::seed_from_u64(seed);
        let (mut taken, mut refused) = (0, 0);
        for _ in 0..each {
            let body = spoilt(good.as_bytes(), &mut rng);
            match posts.post_to(reader.as_ref(), &body, "application/json").await {
                Ok(_) => taken += 1,
                Err(NotTaken::Unreadable(why)) => {
                    refused += 1;
                    assert!(!why.is_empty() && why.len() < 500, "{why}");
                }
                Err(other) => panic!("it was signed: {other:?}"),
            }
        }
        // Some of it could still be read, and most could not.
        (posts.kind, taken, refused)
    };
    let runs: Vec<_> = (0..).zip(all).map(|one| tokio::spawn(run(one))).collect();
    for one in runs {
        let (kind, taken, refused) = one.await.unwrap();
        assert!(taken > 100 && refused > 100, "{kind}: {taken} taken, {refused} refused");
    }
}
