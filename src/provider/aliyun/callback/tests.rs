//! What the cloud posts, well and badly formed.

use proptest::prelude::*;
use reqwest::Method;
use reqwest::header::HeaderMap;

use super::*;
use crate::model::AttemptKey;
use crate::provider::SendOutcome;
use crate::provider::aliyun::calls::{Product, token};

const TOKEN: &str = "0123456789abcdef01234567";
const KEY: &str = "0123456789abcdef0123456789abcdef.2";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-03-01T12:00:00Z")
}

fn key() -> AttemptKey {
    KEY.parse().unwrap()
}

/// With one call under way.
fn callback() -> Callback {
    let dir = tempfile::tempdir().unwrap();
    let files = [echo::token_file(dir.path(), TOKEN)];
    let calls = Arc::new(Calls::default());
    calls.begin(key(), Product::Ivr, now());
    calls.ended(key(), &SendOutcome::Accepted { provider_ref: Some("1^2".to_owned()) });
    Callback {
        tokens: Tokens::read("receipt_token_files", &files).unwrap(),
        keys: BTreeMap::from([('1', Meaning::SendLink), ('9', Meaning::OptOut)]),
        calls,
    }
}

fn post(query: &str, body: &[u8]) -> Result<Posted, NotTaken> {
    let target = format!("/receipts/aliyun?{query}");
    let headers = HeaderMap::new();
    let call =
        Call { method: &Method::POST, target: &target, query, headers: &headers, body, now: now() };
    futures_util::FutureExt::now_or_never(callback().read(&call)).expect("it waits for nothing")
}

fn posted(body: &str) -> Posted {
    post(&format!("token={TOKEN}"), body.as_bytes()).unwrap()
}

#[test]
fn a_report_of_many_sms_counts_each_of_ours() {
    let entry = |out_id: &str, more: &str| {
        format!(
            r#"{{"phone_number":"13800000000","send_time":"2026-03-01 18:00:00",
                "report_time":"2026-03-01 18:30:00","sms_size":"1","biz_id":"9^0",
                "out_id":"{out_id}",{more}}}"#
        )
    };
    let delivered = entry(KEY, r#""success":true,"err_code":"DELIVERED","err_msg":"用户接收成功""#);
    let expired = entry(KEY, r#""success":false,"err_code":"EXPIRED""#);
    let failed = entry(KEY, r#""success":false,"err_code":"MK:0001""#);
    let others = entry("order-7", r#""success":true"#);
    let unsaid = entry(KEY, r#""success":"perhaps""#);
    let body = format!("[{delivered},{others},{unsaid},7,null,{expired},{failed}]");
    let got = posted(&body);
    let fates: Vec<Fate> = got.receipts.iter().map(|receipt| receipt.fate).collect();
    assert_eq!(fates, [Fate::Delivered, Fate::Expired, Fate::Undelivered]);
    // Half past six in the evening in China.
    assert!(got.receipts.iter().all(|it| it.at == at("2026-03-01T10:30:00Z") && it.key == key()));
    assert_eq!(got.answer.unwrap().body, r#"{"code":0,"msg":"成功"}"#);
    assert_eq!(got.replies, []);
    assert_eq!(posted(&body).message_id, got.message_id, "the same again is a repeat");
    assert_ne!(posted("[]").message_id, got.message_id);
}

#[test]
fn what_a_subscriber_wrote_keeps_its_words() {
    let body = r#"[{"phone_number":"13800000000","content":" TD ","send_time":"2026-03-01 18:00:00",
        "dest_code":"1069","sequence_id":17}]"#;
    let expected = Reply {
        channel: Channel::Sms,
        about: None,
        from: Some("+8613800000000".to_owned()),
        meaning: Meaning::Text("TD".to_owned()),
        at: at("2026-03-01T10:00:00Z"),
    };
    assert_eq!(posted(body).replies, [expected]);
    assert_eq!(posted(r#"[{"phone_number":"x","content":"TD"}]"#).replies, []);
}

#[test]
fn a_call_that_is_over_is_known_by_its_token() {
    let entry = |out_id: &str, status: &str| {
        format!(
            r#"[{{"call_id":"1^2","status_code":"{status}","end_time":"2026-03-01 18:00:40",
                "duration":"20","out_id":"{out_id}","callee":"13800000000"}}]"#
        )
    };
    let ours = token(key());
    for (status, fate) in [
        ("200000", Some(Fate::Answered)),
        ("200001", Some(Fate::Answered)),
        ("200002", Some(Fate::Undelivered)),
        ("200003", Some(Fate::Undelivered)),
        ("200004", Some(Fate::Undelivered)),
        ("200102", None),
        ("777777", None),
        ("", None),
    ] {
        let receipts = posted(&entry(&ours, status)).receipts;
        let expected =
            fate.map(|fate| Receipt { key: key(), fate, at: at("2026-03-01T10:00:40Z") });
        assert_eq!(receipts, Vec::from_iter(expected), "{status}");
    }
    assert_eq!(posted(&entry("aaaaaaaaaaaaaaa", "200000")).receipts, []);
}

#[test]
fn a_key_that_was_pressed_is_a_reply() {
    let entry = |digit: &str, out_id: &str| {
        format!(
            r#"[{{"call_id":"1^2","status_code":"300000","dtmf":"{digit}",
                "status_time":"2026-03-01 18:00:10","out_id":"{out_id}"}}]"#
        )
    };
    let ours = token(key());
    let replies = posted(&entry("9", &ours)).replies;
    let expected = Reply {
        channel: Channel::Voice,
        about: Some(key()),
        from: None,
        meaning: Meaning::OptOut,
        at: at("2026-03-01T10:00:10Z"),
    };
    assert_eq!(replies, [expected]);
    for (digit, out_id) in [("5", ours.as_str()), ("", &ours), ("9", "nobody")] {
        assert_eq!(posted(&entry(digit, out_id)).replies, [], "{digit}");
    }
}

#[test]
fn the_answer_to_a_question_tells_the_fate() {
    let answer = |state: &str| {
        format!(
            r#"{{"Code":"OK","Data":"{{\"state\":\"{state}\",\"endDate\":\"2026-03-01 18:00:40\",
                \"gmtCreate\":\"2026-03-01 18:00:00\"}}"}}"#
        )
        .replace("\n", "")
    };
    let fate = |body: &str| detail(body.as_bytes(), now());
    assert_eq!(fate(&answer("200000")), Some((Fate::Answered, at("2026-03-01T10:00:40Z"))));
    assert_eq!(fate(&answer("200003")).unwrap().0, Fate::Undelivered);
    for body in [&answer("200102"), r#"{"Code":"OK","Data":""}"#, r#"{"Code":"OK"}"#, "<html>"] {
        assert_eq!(fate(body), None, "{body}");
    }
}

#[test]
fn whoever_does_not_know_the_token_is_not_even_read() {
    for query in ["", "token=wrong", "token="] {
        let refused = post(query, b"not even JSON").unwrap_err();
        assert!(matches!(refused, NotTaken::Unsigned(_)), "{refused:?}");
    }
}

#[test]
fn a_body_that_is_no_list_is_refused_and_not_repeated() {
    for body in [&b""[..], b"<html>13800000000</html>", b"{}", b"\"13800000000\"", b"[\xff\xfe]"] {
        let refused = post(&format!("token={TOKEN}"), body).unwrap_err();
        assert!(matches!(refused, NotTaken::Unreadable(_)), "{refused:?}");
        assert!(!refused.to_string().contains("138"), "{refused}");
    }
}

proptest! {
    #[test]
    fn whatever_is_posted_nothing_breaks(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = post(&format!("token={TOKEN}"), &bytes);
    }

    #[test]
    fn whatever_the_fields_hold_nothing_breaks(
        name in prop::sample::select(vec!["call_id", "content", "success", "out_id", "dtmf"]),
        value in ".{0,30}",
    ) {
        let body = serde_json::json!([{ name: value, "out_id": KEY, "report_time": value }]);
        let _ = posted(&body.to_string());
    }
}
