//! Answers of other APIs, and what they mean.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn mapping(settings: Value) -> Mapping {
    Mapping::read(&serde_json::from_value(settings).unwrap()).unwrap()
}

/// Statuses in a list, one for each part, as some APIs answer.
fn in_parts() -> Mapping {
    mapping(json!({
        "statuses": [200],
        "accepted_when": {"at": "/messages/*/status", "is": ["0"]},
        "id": "/messages/0/id",
        "error": "/messages/*/status",
        "errors": {"1": "throttled", "4": "our_account", "6": "bad_recipient", "7": "opted_out",
                   "8": "down", "12": "bad_content"},
    }))
}

#[track_caller]
fn check(mapping: &Mapping, status: u16, body: &str, expected: &str, note: &str) {
    let raw = Raw { status, retry_after: None, body: body.as_bytes(), is_foreign: false };
    let outcome = mapping.outcome(&raw, now());
    assert_eq!(outcome.in_a_word(), expected, "{status} {body}");
    let said = match outcome {
        SendOutcome::Rejected { note, .. }
        | SendOutcome::Deferred { note, .. }
        | SendOutcome::Ambiguous { note } => note,
        _ => String::new(),
    };
    assert_eq!(said, note, "{status} {body}");
}

#[test]
fn a_refusal_within_a_200_is_understood() {
    let mapping = in_parts();
    let one = |status: &str| format!(r#"{{"messages":[{{"status":{status},"id":"m-1"}}]}}"#);
    check(&mapping, 200, &one(r#""0""#), r#"Some("m-1")"#, "");
    check(&mapping, 200, &one("0"), r#"Some("m-1")"#, "");
    check(&mapping, 200, &one("1"), "Throttled", "http 200 1");
    check(&mapping, 200, &one("4"), "Down, ours", "our account: http 200 4");
    check(&mapping, 200, &one("6"), "BadRecipient", "http 200 6");
    check(&mapping, 200, &one("7"), "OptedOut", "http 200 7");
    check(&mapping, 200, &one("8"), "Down", "http 200 8");
    check(&mapping, 200, &one("12"), "BadContent", "http 200 12");
}

#[test]
fn a_message_that_was_taken_in_part_is_not_sent_again() {
    let body = r#"{"messages":[{"status":"0","id":"m-1"},{"status":"1"}]}"#;
    check(&in_parts(), 200, body, "Ambiguous", "http 200 1");
    let body = r#"{"messages":[{"status":"0","id":"m-1"},{}]}"#;
    check(&in_parts(), 200, body, "Ambiguous", "http 200 0");
    let body = r#"{"messages":[{"status":"0","id":"m-1"},{"status":"0","id":"m-2"}]}"#;
    check(&in_parts(), 200, body, r#"Some("m-1")"#, "");
}

#[test]
fn what_nobody_has_mapped_stays_in_doubt_and_is_noted_if_it_is_a_code() {
    let mapping = in_parts();
    for (body, note) in [
        (r#"{"messages":[{"status":"99"}]}"#, "http 200 99, new to us"),
        (r#"{"messages":[{"status":"NO_ROUTE"}]}"#, "http 200 NO_ROUTE, new to us"),
        // Not told: they may be somebody's.
        (r#"{"messages":[{"status":"4915123456789"}]}"#, "http 200 ?"),
        (r#"{"messages":[{"status":"anna@example.net"}]}"#, "http 200 ?"),
        (r#"{"messages":[{"status":"Hello Anna"}]}"#, "http 200 ?"),
        (r#"{"messages":[]}"#, "http 200"),
        ("{}", "http 200"),
        ("", "http 200"),
        ("<html>", "http 200"),
    ] {
        check(&mapping, 200, body, "Ambiguous", note);
    }
    // A good body with a status that is none of the settings'.
    check(&mapping, 202, r#"{"messages":[{"status":"0"}]}"#, "Ambiguous", "http 202 0");
}

#[test]
fn a_status_alone_is_judged_as_without_a_mapping() {
    let mapping = mapping(json!({"error": "/code"}));
    check(&mapping, 202, "", "None", "");
    check(&mapping, 200, r#"{"code": null}"#, "None", "");
    check(&mapping, 200, r#"{"code": "full"}"#, "Ambiguous", "http 200 full");
    check(&mapping, 400, r#"{"code": "bad_number"}"#, "BadContent", "http 400 bad_number");
    check(&mapping, 401, "", "Down, ours", "our account: http 401");
    check(&mapping, 302, "", "Down", "wrong url: http 302");
    check(&mapping, 429, "", "Throttled", "http 429");
    check(&mapping, 200, "<html>", "Ambiguous", "http 200");
    check(&mapping, 409, "", "Ambiguous", "http 409");
    check(&mapping, 500, r#"{"code": "e5"}"#, "Ambiguous", "http 500 e5");
    // The words of our own contract are another's here.
    check(&mapping, 422, r#"{"error": "opted_out"}"#, "BadContent", "http 422");
}

#[test]
fn a_code_counts_whatever_the_status() {
    let mapping = mapping(json!({"error": "/code", "errors": {"21": "bad_recipient"}}));
    for status in [200, 400, 404, 500] {
        let note = format!("http {status} 21");
        check(&mapping, status, r#"{"code": 21}"#, "BadRecipient", &note);
    }
}

#[test]
fn plain_text_is_read_by_the_word() {
    let mapping = mapping(json!({
        "accepted_when": {"at": "text", "is": ["OK", "ID"]},
        "error": "text",
        "errors": {"105": "bad_recipient", "121": "opted_out"},
    }));
    check(&mapping, 200, "ID: 5f3a\n", "None", "");
    check(&mapping, 200, "ERR: 105, Invalid destination", "BadRecipient", "http 200 105");
    check(&mapping, 200, "ERR: 1050", "Ambiguous", "http 200");
    check(&mapping, 200, "NOT OK", "Ambiguous", "http 200");
    check(&mapping, 200, "OKAY", "Ambiguous", "http 200");
    check(&mapping, 200, "", "Ambiguous", "http 200");
}

#[test]
fn a_provider_may_say_how_long_to_wait() {
    let body = br#"{"messages":[{"status":1}]}"#;
    let raw = Raw { status: 200, retry_after: Some("30"), body, is_foreign: false };
    let SendOutcome::Deferred { wait, .. } = in_parts().outcome(&raw, now()) else { panic!() };
    assert_eq!(wait.map(|wait| wait.as_secs()), Some(30));
}

#[test]
fn a_mapping_that_cannot_be_is_named_with_its_mend() {
    let check = |settings: Value, key: &str, what: &str| {
        let settings: Settings = serde_json::from_value(settings).unwrap();
        let wrong = Mapping::read(&settings).unwrap_err();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].0 == key && wrong[0].1.contains(what), "{wrong:?}");
    };
    check(json!({"id": "id"}), "answer.id", "no JSON pointer");
    check(json!({"error": "code"}), "answer.error", "no JSON pointer");
    check(json!({"errors": {"1": "down"}}), "answer.errors", "set it");
    check(json!({"accepted_when": {"at": "/x", "is": []}}), "answer.accepted_when", "name what");
    check(json!({"accepted_when": {"at": "x", "is": ["1"]}}), "answer.accepted_when", "pointer");
    check(json!({"statuses": [200, 404]}), "answer.statuses", "404");
}

/// JSON of any shape, in which what the mapping looks for is not rare.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!("0")),
        Just(json!(0)),
        Just(json!("1")),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("messages".to_owned()),
        Just("status".to_owned()),
        Just("id".to_owned()),
        any::<String>(),
    ];
    leaf.prop_recursive(6, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner.clone(), 0..4)
                .prop_map(|table| Value::Object(table.into_iter().collect())),
            prop::collection::vec(inner, 0..3)
                .prop_map(|list| json!({"messages": list.into_iter().map(|status|
                    json!({"status": status})).collect::<Vec<_>>()})),
        ]
    })
}

/// An answer: whole JSON, JSON with a flaw, or bytes.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let flawed =
        (any_json(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(json, at, by)| {
            let mut bytes = json.to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = by;
            bytes
        });
    let cut = (any_json(), any::<prop::sample::Index>()).prop_map(|(json, at)| {
        let mut bytes = json.to_string().into_bytes();
        bytes.truncate(at.index(bytes.len()));
        bytes
    });
    prop_oneof![
        4 => any_json().prop_map(|json| json.to_string().into_bytes()),
        1 => flawed,
        1 => cut,
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

/// The condition of [`in_parts`], said once more without its code.
fn is_taken(status: u16, body: &[u8]) -> bool {
    let Ok(json) = serde_json::from_slice::<Value>(body) else { return false };
    let parts = json["messages"].as_array().cloned().unwrap_or_default();
    let is_zero = |part: &Value| part["status"] == json!("0") || part["status"] == json!(0);
    status == 200 && !parts.is_empty() && parts.iter().all(is_zero)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_answer_is_accepted_without_the_condition(
        status in prop_oneof![3 => Just(200_u16), 1 => 100..600_u16],
        retry_after in prop::option::of(any::<String>()),
        body in any_body(),
    ) {
        let raw = Raw { status, retry_after: retry_after.as_deref(), body: &body, is_foreign: false };
        let outcome = in_parts().outcome(&raw, now());
        let is_accepted = matches!(outcome, SendOutcome::Accepted { .. });
        prop_assert_eq!(is_accepted, is_taken(status, &body), "{:?}", outcome);
    }
}
