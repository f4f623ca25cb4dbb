//! What the provider posts, well and badly formed.

use proptest::prelude::*;
use reqwest::Method;
use reqwest::header::HeaderMap;

use super::*;

const TOKEN: &str = "0123456789abcdef01234567";
const KEY: &str = "0123456789abcdef0123456789abcdef.2";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key() -> AttemptKey {
    KEY.parse().unwrap()
}

fn post(query: &str, body: &[u8]) -> Result<Posted, NotTaken> {
    let dir = tempfile::tempdir().unwrap();
    let files = [echo::token_file(dir.path(), TOKEN)];
    let callback = Callback { tokens: Tokens::read("receipt_token_files", &files).unwrap() };
    let target = format!("/receipts/infobip?{query}");
    let headers = HeaderMap::new();
    let now = at("2026-03-01T12:00:00Z");
    let call = Call { method: &Method::POST, target: &target, query, headers: &headers, body, now };
    futures_util::FutureExt::now_or_never(callback.read(&call)).expect("it waits for nothing")
}

fn posted(body: &str) -> Posted {
    post(&format!("token={TOKEN}"), body.as_bytes()).unwrap()
}

/// One result, in the form of the provider's own example.
fn result(group: i64, id: i64, more: &str) -> String {
    format!(
        r#"{{"bulkId":"b","messageId":"{KEY}","to":"4915123456789","callbackData":"{KEY} 1=link 9=stop",
            "sentAt":"2026-03-01T11:00:00.000+0000","doneAt":"2026-03-01T12:30:00.500+0100",
            "status":{{"groupId":{group},"id":{id},"name":"X"}}{more}}}"#
    )
}

#[test]
fn each_status_of_an_sms_has_its_fate() {
    for (group, id, fate) in [
        (3, 5, Some(Fate::Delivered)),
        (3, 2, None),
        (1, 7, None),
        (2, 9, Some(Fate::Undelivered)),
        (5, 6, Some(Fate::Undelivered)),
        (4, 15, Some(Fate::Expired)),
        (77, 1, None),
    ] {
        let got = posted(&format!(r#"{{"results":[{}]}}"#, result(group, id, "")));
        let at = at("2026-03-01T11:30:00.5Z");
        let expected = fate.map(|fate| Receipt { key: key(), fate, at });
        assert_eq!(got.receipts, Vec::from_iter(expected), "{group} {id}");
        assert_eq!((got.replies, got.answer), (Vec::new(), None));
    }
}

#[test]
fn a_call_tells_who_answered_and_which_key_was_pressed() {
    let call = |error: &str, codes: &str| {
        let more = format!(
            r#","voiceCall":{{"answerTime":"2026-03-01T11:00:00.000+0000",
                "endTime":"2026-03-01T11:01:00.000+0000","dtmfCodes":{codes}}},
                "error":{{"groupId":0,"id":0,"name":"{error}","permanent":false}}"#
        );
        posted(&format!(r#"{{"results":[{}]}}"#, result(3, 5, &more)))
    };
    let heard = call("NO_ERROR", r#""9""#);
    assert_eq!(heard.receipts[0].fate, Fate::Answered);
    let expected = Reply {
        channel: Channel::Voice,
        about: Some(key()),
        from: Some("+4915123456789".to_owned()),
        meaning: Meaning::OptOut,
        at: at("2026-03-01T11:01:00Z"),
    };
    assert_eq!(heard.replies, [expected]);
    for codes in ["null", r#""""#, r#""5""#] {
        assert_eq!(call("NO_ERROR", codes).replies, [], "{codes}");
    }
    assert_eq!(call("EC_VOICE_MACHINE_DETECTED", "null").receipts[0].fate, Fate::Undelivered);
}

#[test]
fn one_result_that_is_not_ours_does_not_take_the_others_with_it() {
    let foreign = result(3, 5, "").replace(KEY, "somebody-elses");
    let body = format!(r#"{{"results":[{foreign},7,null,{{}},{}]}}"#, result(3, 5, ""));
    let got = posted(&body);
    assert_eq!(got.receipts.len(), 1);
    assert_eq!(posted(&body).message_id, got.message_id, "the same again is a repeat");
}

#[test]
fn what_a_subscriber_wrote_keeps_its_words() {
    let body = r#"{"results":[{"messageId":"817790313235066447","from":"4915123456789","to":"4930",
        "text":"STOP please","cleanText":"please","keyword":"STOP",
        "receivedAt":"2026-03-01T11:00:00.000+0000","smsCount":1,"callbackData":null}],
        "messageCount":1,"pendingMessageCount":0}"#;
    let expected = Reply {
        channel: Channel::Sms,
        about: None,
        from: Some("+4915123456789".to_owned()),
        meaning: Meaning::Text("STOP please".to_owned()),
        at: at("2026-03-01T11:00:00Z"),
    };
    assert_eq!(posted(body).replies, [expected]);
}

#[test]
fn whoever_does_not_know_the_token_is_not_even_read() {
    for query in ["", "token=wrong"] {
        assert!(matches!(post(query, b"x"), Err(NotTaken::Unsigned(_))), "{query}");
    }
}

#[test]
fn a_body_without_results_is_refused_and_not_repeated() {
    for body in [&b""[..], b"<html>4915123456789</html>", b"[]", b"{\"results\":7}", b"\xff"] {
        let refused = post(&format!("token={TOKEN}"), body).unwrap_err();
        assert!(matches!(refused, NotTaken::Unreadable(_)), "{refused:?}");
        assert!(!refused.to_string().contains("4915"), "{refused}");
    }
}

proptest! {
    #[test]
    fn whatever_is_posted_nothing_breaks(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = post(&format!("token={TOKEN}"), &bytes);
    }

    #[test]
    fn whatever_the_fields_hold_nothing_breaks(
        name in prop::sample::select(vec!["callbackData", "doneAt", "from", "voiceCall", "status"]),
        value in ".{0,30}",
        digits in ".{0,4}",
    ) {
        let body = serde_json::json!({ "results": [
            { "messageId": KEY, "status": { "groupId": 3 }, "voiceCall": { "dtmfCodes": digits } },
            { "messageId": KEY, name: value },
        ] });
        let _ = posted(&body.to_string());
    }
}
