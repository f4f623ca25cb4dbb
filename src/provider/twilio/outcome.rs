//! What Twilio's answer means: its error codes
//! (<https://www.twilio.com/docs/api/errors>) and, where there is none, the
//! status.

use jiff::Timestamp;
use serde::Deserialize;

use crate::provider::api::{ApiAnswer, is_code_number, wait_for};
use crate::provider::{Delay, NEW_TO_US, Refusal, SendOutcome, our_account};

/// The fields of an answer that matter, of a resource or of an error.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    sid: Option<String>,
    code: Option<i64>,
    /// A number for errors, a word for resources.
    status: serde_json::Value,
    error_code: Option<i64>,
}

/// What a code says of the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Refused(Refusal),
    Throttled,
    /// The operator mends it: account, sender, permission or URL.
    OurAccount,
}

fn says(code: i64) -> Option<Says> {
    Some(match code {
        // No number; not one that can be called; no SMS there; a landline;
        // barred; unknown; out of reach for good.
        13_224 | 21_211 | 21_214 | 21_217 | 21_614 | 21_635 | 30_004..=30_006 => {
            Says::Refused(Refusal::BadRecipient)
        }
        // It is not reached from this sender, and may be from another.
        21_612 | 30_003 => Says::Refused(Refusal::OurAccount),
        21_610 => Says::Refused(Refusal::OptedOut),
        // Too long, empty or filtered.
        21_602 | 21_617 | 21_619 | 21_620 | 30_007 => Says::Refused(Refusal::BadContent),
        // Too many requests, too many calls, the sender's queue is full.
        20_429 | 10_004 | 21_611 | 30_001 => Says::Throttled,
        // Credentials, a suspended account, a trial, a region that was not
        // allowed, a sender that is not ours, a URL that is none, no
        // registration.
        20_003 | 20_005 | 20_008 | 21_205 | 21_210 | 21_212 | 21_213 | 21_215 | 21_216 | 21_219
        | 21_408 | 21_601 | 21_603 | 21_606 | 21_608 | 21_609 | 21_659 | 21_660 | 21_701
        | 21_703 | 21_705 | 30_002 | 30_034 | 30_450 => Says::OurAccount,
        _ => return None,
    })
}

/// What is true after this answer.
pub fn of(answer: &ApiAnswer, now: Timestamp) -> SendOutcome {
    let status = answer.status;
    let body: Option<Body> = serde_json::from_slice(&answer.body).ok();
    if (200..=299).contains(&status) {
        return taken(status, body.unwrap_or_default());
    }
    let code = body.as_ref().and_then(|body| body.code).filter(|code| is_code_number(*code));
    let note = code.map_or(format!("twilio {status}"), |code| format!("twilio {status} {code}"));
    let wait = answer.retry_after.as_deref().and_then(|text| wait_for(text, now));
    let deferred = |because, note| SendOutcome::Deferred { because, wait, note };
    match (status, code.and_then(says)) {
        // It may have failed before or after it acted.
        (500.., _) | (408, _) => SendOutcome::Ambiguous { note },
        (429, _) | (_, Some(Says::Throttled)) => deferred(Delay::Throttled, note),
        (_, Some(Says::Refused(because))) => SendOutcome::Rejected { because, note },
        (401 | 403, _) | (_, Some(Says::OurAccount)) => deferred(Delay::Down, our_account(&note)),
        (300..=399 | 404 | 405, _) => deferred(Delay::Down, format!("wrong url: {note}")),
        // Something in between refused it, or Twilio did and we do not know
        // why: it may be of everybody, and after some attempts the next
        // channel has its turn.
        (400..=499, _) if code.is_some() => deferred(Delay::Down, note + NEW_TO_US),
        (400..=499, _) => deferred(Delay::Down, note),
        _ => SendOutcome::Ambiguous { note },
    }
}

/// Of what was made. There is no callback for the status it begins with.
fn taken(status: u16, body: Body) -> SendOutcome {
    let sid = body.sid.filter(|sid| is_sid(sid));
    let Some(sid) = sid else {
        // Somebody else's page, or an answer that broke off.
        return SendOutcome::Ambiguous { note: format!("twilio {status}: no sid") };
    };
    if !matches!(body.status.as_str(), Some("failed" | "undelivered" | "canceled")) {
        return SendOutcome::Accepted { provider_ref: Some(sid) };
    }
    let code = body.error_code.filter(|code| is_code_number(*code)).unwrap_or_default();
    let note = format!("twilio {status} {code}");
    match says(code) {
        Some(Says::Refused(because)) => SendOutcome::Rejected { because, note },
        Some(Says::Throttled) => {
            SendOutcome::Deferred { because: Delay::Throttled, wait: None, note }
        }
        Some(Says::OurAccount) => {
            let note = our_account(&note);
            SendOutcome::Deferred { because: Delay::Down, wait: None, note }
        }
        None if code == 0 => SendOutcome::Rejected { because: Refusal::BadContent, note },
        None => {
            let note = note + NEW_TO_US;
            SendOutcome::Deferred { because: Delay::Down, wait: None, note }
        }
    }
}

/// Two letters and 32 hexadecimal digits.
pub fn is_sid(text: &str) -> bool {
    let (kind, hex) = text.split_at_checked(2).unwrap_or_default();
    kind.bytes().all(|byte| byte.is_ascii_uppercase())
        && hex.len() == 32
        && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, expected: &str) {
        let answer = ApiAnswer {
            status,
            retry_after: Some("7".into()),
            body: body.into(),
            ..ApiAnswer::default()
        };
        let outcome = of(&answer, "2026-03-01T12:00:00Z".parse().unwrap());
        assert_eq!(outcome.in_a_word(), expected, "{status} {body}");
        assert!(!format!("{outcome:?}").contains("+49"), "{outcome:?}");
    }

    #[test]
    fn a_code_decides_where_there_is_one() {
        for (status, code, expected) in [
            (400, 21_211, "BadRecipient"),
            (400, 21_614, "BadRecipient"),
            (400, 21_217, "BadRecipient"),
            (400, 21_612, "OurAccount"),
            (400, 21_610, "OptedOut"),
            (400, 21_617, "BadContent"),
            // New to us.
            (400, 99_999, "Down"),
            (400, 21_408, "Down, ours"),
            (400, 21_606, "Down, ours"),
            (400, 21_659, "Down, ours"),
            (403, 20_005, "Down, ours"),
            (401, 20_003, "Down, ours"),
            (404, 20_404, "Down"),
            (429, 20_429, "Throttled"),
            (400, 20_429, "Throttled"),
            (429, 21_611, "Throttled"),
            (500, 20_500, "Ambiguous"),
            (503, 20_503, "Ambiguous"),
        ] {
            let body = format!(r#"{{"code":{code},"message":"+49 is bad","status":{status}}}"#);
            check(status, &body, expected);
        }
    }

    #[test]
    fn an_answer_that_is_not_twilios_is_judged_with_care() {
        let page = "<html>+49</html>";
        check(200, page, "Ambiguous");
        check(201, "{}", "Ambiguous");
        check(201, r#"{"sid":"<b>"}"#, "Ambiguous");
        check(302, page, "Down");
        check(400, page, "Down");
        check(401, page, "Down, ours");
        check(404, page, "Down");
        check(408, page, "Ambiguous");
        check(413, "", "Down");
        check(429, page, "Throttled");
        check(502, page, "Ambiguous");
        check(101, page, "Ambiguous");
    }

    #[test]
    fn what_failed_at_once_was_not_accepted() {
        let sid = "SM0123456789abcdef0123456789abcdef";
        let body = |status: &str, code: &str| {
            format!(r#"{{"sid":"{sid}","status":"{status}","error_code":{code}}}"#)
        };
        let accepted = format!("Some({sid:?})");
        for status in ["queued", "accepted", "scheduled", "sending", "new word"] {
            check(201, &body(status, "null"), &accepted);
        }
        check(201, &body("failed", "21610"), "OptedOut");
        check(201, &body("failed", "30001"), "Throttled");
        check(201, &body("failed", "null"), "BadContent");
        check(201, &body("failed", "99999"), "Down");
    }
}
