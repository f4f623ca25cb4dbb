//! What Twilio posts, signed by Twilio's own library, and what strangers do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use duebell::provider::api::form;
use duebell::provider::signature::Refused;
use duebell::provider::{Call, CallbackReader, Fate, Meaning, NotTaken, Posted};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::*;

pub const CALL: &str = "CA0123456789abcdef0123456789abcdef";
const TEXT: &str = "SM0123456789abcdef0123456789abcdef";
const FORM: &str = "application/x-www-form-urlencoded";

/// As the scheme has it; Twilio's library is asked whether it agrees.
fn sign(url: &str, fields: &[(&str, &str)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

async fn read(
    reader: &dyn CallbackReader,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Posted, NotTaken> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    // A proxy took `/in` away.
    let target = format!("/receipts/texts?{query}");
    let header = |(name, value): &(&str, &str)| {
        (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
    };
    let headers: HeaderMap = headers.iter().map(header).collect();
    let method = &Method::POST;
    reader.read(&Call { method, target: &target, query, headers: &headers, body, now: now() }).await
}

/// What becomes of these fields, posted by Twilio.
pub async fn posted(
    reader: &dyn CallbackReader,
    url: &str,
    fields: &[(&str, &str)],
) -> Result<Posted, NotTaken> {
    let signature = sign(url, fields);
    let headers = [("Content-Type", FORM), ("X-Twilio-Signature", &signature)];
    read(reader, url, &headers, form(fields).as_bytes()).await
}

fn reader() -> std::sync::Arc<dyn CallbackReader> {
    connected(closed_port(), |_| {}).callbacks.unwrap()
}

fn with_key() -> String {
    format!("{PUBLIC}?key={KEY}")
}

#[tokio::test]
async fn what_twilios_library_signs_is_taken_and_every_other_bit_is_not() {
    let reader = reader();
    let fields = [
        ("MessageSid", TEXT),
        ("MessageStatus", "delivered"),
        ("To", "+4915123001234"),
        ("Body", "ü & 1=1 +"),
        ("New", ""),
    ];
    let as_json = json!(fields.iter().copied().collect::<std::collections::BTreeMap<_, _>>());
    let url = with_key();
    let with_port = url.replace(".net/", ".net:443/");
    let question = |url: &str, key: &str, algorithm: &str| json!({"sign": url, "fields": as_json, "key": key, "algorithm": algorithm});
    let signed = super::truth::ask(&[
        question(&url, TOKEN, "HMAC_SHA1"),
        question(&with_port, TOKEN, "HMAC_SHA1"),
        question(&url, SHARED, "HMAC_SHA256"),
        question(&with_port, SHARED, "HMAC_SHA256"),
    ]);
    let signed: Vec<&str> = signed.iter().map(|answer| answer.as_str().unwrap()).collect();
    assert_eq!(signed[0], sign(&url, &fields));
    let sha1 = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA1";
    let sha256 = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256";
    let sha512 = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA512";
    let body = form(&fields);
    let ask = async |signature: &str, settings: Option<&str>, url: &str, body: &[u8]| {
        let mut headers = vec![("Content-Type", FORM), ("X-Twilio-Signature", signature)];
        headers.extend(settings.map(|text| ("X-Twilio-Webhooks-Signature-Settings", text)));
        read(&*reader, url, &headers, body).await
    };
    for (signature, settings, is_taken) in [
        (signed[0], None, true),
        (signed[1], None, true),
        (signed[0], Some(sha1), true),
        (signed[2], Some(sha256), true),
        (signed[3], Some(sha256), true),
        (signed[2], None, false),
        (signed[0], Some(sha256), false),
        (signed[2], Some(sha512), false),
        ("", None, false),
    ] {
        let taken = ask(signature, settings, &url, body.as_bytes()).await;
        assert_eq!(taken.is_ok(), is_taken, "{signature} {settings:?}");
    }
    // What changes nothing that was signed: `%2b` is `%2B`.
    let whole = ask(signed[0], None, &url, body.as_bytes()).await.unwrap();
    let mut refused = 0;
    for bit in 0..body.len() * 8 {
        let mut flipped = body.clone().into_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match ask(signed[0], None, &url, &flipped).await {
            Ok(taken) => {
                assert_eq!(taken, whole);
                assert!(flipped.eq_ignore_ascii_case(body.as_bytes()), "bit {bit}");
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > body.len() * 7, "{refused}");
    let other = url.replace(".2", ".3");
    assert!(ask(signed[0], None, &other, body.as_bytes()).await.is_err());
    assert!(ask(signed[0], None, PUBLIC, body.as_bytes()).await.is_err());
}

#[tokio::test]
async fn a_posting_that_is_not_as_it_has_to_be_is_refused_with_a_reason() {
    let reader = reader();
    let url = with_key();
    let signature = sign(&url, &[]);
    let check = async |headers: &[(&str, &str)], body: &[u8], what: &str| {
        let refused = read(&*reader, &url, headers, body).await.unwrap_err().to_string();
        assert!(refused.contains(what), "{refused}");
    };
    let signed = ("X-Twilio-Signature", signature.as_str());
    check(&[("Content-Type", FORM)], b"", "x-twilio-signature is missing").await;
    check(&[("Content-Type", "text/html"), signed], b"<html>", "neither a form nor JSON").await;
    let odd = "application/x-www-form-urlencoded; charset=utf-16";
    check(&[("Content-Type", odd), signed], b"", "charset").await;
    check(&[("Content-Type", FORM), signed], &vec![b'a'; 10 << 20], "more than").await;
    check(&[("Content-Type", FORM), signed], b"a=%ff", "no signature fits").await;
    check(&[("Content-Type", FORM), signed], b"", "neither a message nor a call").await;
    check(&[("Content-Type", "application/json"), signed], b"{}", "no signature fits").await;

    let refused = async |url: &str, fields: &[(&str, &str)]| {
        posted(&*reader, url, fields).await.unwrap_err().to_string()
    };
    let other = format!("{PUBLIC}?key={KEY}0a");
    assert!(refused(&other, &[("MessageSid", TEXT)]).await.contains("no attempt key"));
    let html = [("MessageSid", "<b>"), ("MessageStatus", "sent")];
    assert!(refused(&url, &html).await.contains("neither"));
    assert!(refused(PUBLIC, &[("MessageSid", TEXT)]).await.contains("From is missing"));
    assert!(refused(&url, &[("CallSid", CALL)]).await.contains("CallStatus is missing"));
    let script = format!("{url}&script=AAAA");
    assert!(refused(&script, &[("CallSid", CALL)]).await.contains("not of this call"));
}

#[tokio::test]
async fn json_is_checked_by_its_digest() {
    let reader = reader();
    // Of `{"a": 1}`, by sha256sum.
    let digest = "f9d86028c6e0d64e225186f96acb69338b2c59764df79162107f5c4bb34d1310";
    let url = format!("{PUBLIC}?bodySHA256={digest}");
    let signature = sign(&url, &[]);
    let headers =
        [("Content-Type", "application/json"), ("X-Twilio-Signature", signature.as_str())];
    let other = read(&*reader, &url, &headers, b"{\"a\": 2}").await.unwrap_err();
    assert_eq!(other, NotTaken::Unsigned(Refused::NoneFits));
    // Twilio wrote it, and it is nothing that we asked for.
    let ours = read(&*reader, &url, &headers, b"{\"a\": 1}").await.unwrap_err();
    assert!(matches!(ours, NotTaken::Unreadable(_)), "{ours}");
}

#[tokio::test]
async fn a_status_is_a_receipt_once_it_is_final() {
    let reader = reader();
    for (status, code, fate) in [
        ("queued", "", None),
        ("sent", "", None),
        ("partially_delivered", "", None),
        ("a new word", "", None),
        ("delivered", "", Some(Fate::Delivered)),
        ("read", "", Some(Fate::Delivered)),
        ("undelivered", "30003", Some(Fate::Undelivered)),
        ("failed", "30036", Some(Fate::Expired)),
        ("failed", "what", Some(Fate::Undelivered)),
    ] {
        let fields = [("MessageSid", TEXT), ("MessageStatus", status), ("ErrorCode", code)];
        let posting = posted(&*reader, &with_key(), &fields).await.unwrap();
        let fates: Vec<_> = posting.receipts.iter().map(|receipt| receipt.fate).collect();
        assert_eq!(fates, Vec::from_iter(fate), "{status}");
        assert!(posting.receipts.iter().all(|receipt| receipt.key.to_string() == KEY));
        assert!(posting.message_id.starts_with(TEXT) && posting.answer.is_none());
        let again = posted(&*reader, &with_key(), &fields).await.unwrap();
        assert_eq!(again.message_id, posting.message_id);
        // One of somebody else's, on the same account.
        assert_eq!(posted(&*reader, PUBLIC, &fields).await.unwrap().receipts, []);
    }
    for (status, by, fate) in [
        ("ringing", "", None),
        ("completed", "", Some(Fate::Answered)),
        ("completed", "human", Some(Fate::Answered)),
        ("completed", "unknown", Some(Fate::Answered)),
        ("completed", "machine_end_beep", Some(Fate::Undelivered)),
        ("completed", "fax", Some(Fate::Undelivered)),
        ("busy", "", Some(Fate::Undelivered)),
        ("no-answer", "", Some(Fate::Undelivered)),
        ("failed", "", Some(Fate::Undelivered)),
        ("a new word", "", None),
    ] {
        let fields = [("CallSid", CALL), ("CallStatus", status), ("AnsweredBy", by)];
        let posting = posted(&*reader, &with_key(), &fields).await.unwrap();
        let fates: Vec<_> = posting.receipts.iter().map(|receipt| receipt.fate).collect();
        assert_eq!(fates, Vec::from_iter(fate), "{status} {by}");
    }
}

#[tokio::test]
async fn what_a_subscriber_writes_is_a_reply() {
    let reader = reader();
    for (kind, meaning) in [
        ("", Meaning::Text("STOP it, é".to_owned())),
        ("START", Meaning::Text("STOP it, é".to_owned())),
        ("STOP", Meaning::OptOut),
        ("HELP", Meaning::Help),
    ] {
        let fields = [
            ("MessageSid", TEXT),
            ("From", "+4915123001234"),
            ("Body", "STOP it, é"),
            ("OptOutType", kind),
            ("SmsStatus", "received"),
        ];
        let posting = posted(&*reader, PUBLIC, &fields).await.unwrap();
        let [reply] = posting.replies.as_slice() else { panic!("{posting:?}") };
        assert_eq!(reply.meaning, meaning);
        assert_eq!((reply.from.as_deref(), reply.about), (Some("+4915123001234"), None));
        assert!(posting.answer.unwrap().body.ends_with("<Response/>"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_is_posted_does_no_harm(
        query in "(key=[0-9a-f.]{0,40})?(&(script|round|left)=[0-9A-Za-z%_-]{0,20}){0,3}",
        fields in prop::collection::vec(("[A-Z][A-Za-z]{2,12}|CallSid|MessageSid|CallStatus|Digits", any::<String>()), 0..6),
        names_a_call in any::<bool>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let reader = reader();
        let url = if query.is_empty() { PUBLIC.to_owned() } else { format!("{PUBLIC}?{query}") };
        let sid = if names_a_call { ("CallSid", CALL) } else { ("MessageSid", TEXT) };
        let own = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<(&str, &str)> = std::iter::once(sid).chain(own).collect();
        let taken = runtime.block_on(posted(&*reader, &url, &fields));
        // What cannot be read is said to be so; the signature is never at fault.
        let is_unsigned = matches!(taken, Err(NotTaken::Unsigned(_)));
        let is_readable = !query.contains('%');
        prop_assert!(!is_unsigned || !is_readable, "{:?}", taken);
        let signature = sign(&url, &[]);
        let headers = [("Content-Type", FORM), ("X-Twilio-Signature", signature.as_str())];
        prop_assert!(runtime.block_on(read(&*reader, &url, &headers, &body)).is_err());
    }
}
