//! Every code that we know, and answers that are none.

use super::*;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn answered(status: u16, body: &str) -> SendOutcome {
    let answer = ApiAnswer { status, body: body.as_bytes().to_vec(), ..ApiAnswer::default() };
    outcome(&answer, now())
}

#[track_caller]
fn check(status: u16, code: &str, expected: &str) {
    let body = format!(r#"{{"Code":"{code}","Message":"13800000000","RequestId":"A-1"}}"#);
    let outcome = answered(status, &body);
    assert_eq!(outcome.in_a_word(), expected, "{status} {code}");
    assert!(!format!("{outcome:?}").contains("13800000000"), "{outcome:?}");
}

#[test]
fn each_code_has_its_outcome() {
    for code in ["isv.MOBILE_NUMBER_ILLEGAL", "isv.MOBILE_COUNT_OVER_LIMIT"] {
        check(200, code, "BadRecipient");
    }
    check(200, "isv.COMPLAINT_REJECT", "OptedOut");
    for code in ["isv.PARAM_LENGTH_LIMIT", "isv.SMS_CONTENT_ILLEGAL", "isv.PARAM_NOT_SUPPORT_URL"] {
        check(200, code, "BadContent");
    }
    for code in [
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.TEMPLATE_MISSING_PARAMETERS",
        "isv.TTS_TEMPLATE_ILLEGAL",
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.OUT_OF_SERVICE",
        "isv.DENY_IP_RANGE",
        "isp.RAM_PERMISSION_DENY",
    ] {
        check(200, code, "Down, ours");
    }
    check(404, "InvalidAccessKeyId.NotFound", "Down, ours");
    check(400, "InvalidTimeStamp.Expired", "Down, ours");
    check(400, "SignatureDoesNotMatch", "Down, ours");
    check(400, "SignatureNonceUsed", "Ambiguous");
    check(400, "Throttling.User", "Throttled");
    check(503, "ServiceUnavailable", "Down");
    check(200, "isp.SYSTEM_ERROR", "Ambiguous");
    check(500, "InternalError", "Ambiguous");
    check(200, "isv.SOMETHING_NEW", "Down");
    check(200, "SomethingNew", "Ambiguous");
}

#[test]
fn limits_say_how_long_to_wait() {
    let limited = |code: &str, message: &str| match answered(
        200,
        &format!(r#"{{"Code":"{code}","Message":"{message}"}}"#),
    ) {
        SendOutcome::Deferred { because: Delay::Throttled, wait, .. } => {
            wait.map(|wait| wait.as_secs())
        }
        other => panic!("{other:?}"),
    };
    let business = "isv.BUSINESS_LIMIT_CONTROL";
    assert_eq!(limited(business, "触发分钟级流控Permits:1"), Some(60));
    assert_eq!(limited(business, "触发小时级流控Permits:5"), Some(3_600));
    assert_eq!(limited(business, "触发天级流控Permits:10"), Some(86_400));
    // Noon in London is eight in the evening in Hangzhou.
    assert_eq!(limited("isv.DAY_LIMIT_CONTROL", ""), Some(4 * 3_600));
}

#[test]
fn what_was_taken_has_a_reference() {
    let sms = r#"{"Code":"OK","Message":"OK","RequestId":"A","BizId":"900^0"}"#;
    let call = r#"{"Code":"OK","Message":"OK","RequestId":"A","CallId":"1^2"}"#;
    for (body, expected) in [(sms, "900^0"), (call, "1^2")] {
        let provider_ref = Some(expected.to_owned());
        assert_eq!(answered(200, body), SendOutcome::Accepted { provider_ref });
    }
}

#[test]
fn an_answer_without_a_code_stays_a_doubt() {
    for (status, body) in [
        (200, "<html>welcome</html>"),
        (200, ""),
        (200, "[]"),
        (200, r#"{"Code":7}"#),
        (200, r#"{"Code":"+86 138 is no number"}"#),
        (502, "<html>bad gateway</html>"),
        (400, "{}"),
    ] {
        let outcome = answered(status, body);
        assert!(matches!(outcome, SendOutcome::Ambiguous { .. }), "{body}: {outcome:?}");
    }
    let closed = answered(403, "<html>forbidden</html>");
    assert!(matches!(closed, SendOutcome::Deferred { because: Delay::Down, .. }), "{closed:?}");
}
