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
        let query = format!("token={TOKEN}");
        let target = format!("/receipts/odd?{query}");
        let timestamp = now().as_second().to_string();
        let signature = signature(SECRET, "m-1", &timestamp, body);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(charset));
        headers.insert("webhook-id", HeaderValue::from_static("m-1"));
        headers.insert("webhook-timestamp", timestamp.parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        let method = &Method::POST;
        let (target, query, headers) = (&target, &query, &headers);
        self.reader().read(&Call { method, target, query, headers, body, now: now() }).await
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
