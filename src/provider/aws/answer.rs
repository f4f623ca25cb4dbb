//! What an answer of AWS means for the reminder.
//!
//! A refusal has a name (`ThrottlingException`), in a header or in the body,
//! and sometimes a reason. Only names and reasons are noted: the words beside
//! them may repeat the address.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::provider::api::{ApiAnswer, is_code, is_reference, wait_for};
use crate::provider::{Delay, NEW_TO_US, Refusal, SendOutcome, our_account};

/// An answer, as far as it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    pub status: u16,
    /// Of the message that was taken.
    pub message_id: Option<String>,
    /// The name of what went wrong; empty where AWS itself did not answer.
    pub error: String,
    pub reason: String,
    /// Names of the fields at fault.
    pub fields: Vec<String>,
    /// AWS's words: looked into, never noted.
    pub words: String,
}

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    Refused(Refusal),
    /// Too fast, or too much today; comes with how long to wait at least.
    Throttled(Option<SignedDuration>),
    /// The operator mends it: keys, clock, quota, an identity.
    OurAccount,
    Unknown,
}

impl Said {
    pub fn of(answer: &ApiAnswer) -> Said {
        // One that is no JSON says nothing.
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |names: &[&str]| names.iter().find_map(|name| body.get(name)?.as_str());
        let header = answer.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        let error = header.or(text(&["__type", "code", "Code"])).unwrap_or_default();
        // `com.amazonaws.ses#MessageRejected:http://…` names the same.
        let error = error.rsplit('#').next().unwrap_or_default();
        let error = error.split(':').next().unwrap_or_default();
        let fields = body.get("Fields").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let fields = fields.iter().filter_map(|field| field.get("Name")?.as_str());
        Said {
            status: answer.status,
            message_id: text(&["MessageId"]).filter(|id| is_reference(id)).map(str::to_owned),
            error: code(error),
            reason: code(text(&["Reason", "reason"]).unwrap_or_default()),
            fields: fields.map(str::to_owned).collect(),
            words: text(&["message", "Message"]).unwrap_or_default().to_owned(),
        }
    }
}

/// What is true after AWS answered; `own` is the service's table of refusals,
/// and `kind` begins the note.
pub fn outcome(
    kind: &str,
    answer: &ApiAnswer,
    own: fn(&Said) -> Option<Means>,
    now: Timestamp,
) -> SendOutcome {
    let said = Said::of(answer);
    let theirs = answer.retry_after.as_deref().and_then(|text| wait_for(text, now));
    let mut note = format!("{kind} {}", said.status);
    for more in [&said.error, &said.reason].into_iter().filter(|more| !more.is_empty()) {
        note = format!("{note} {more}");
    }
    if (200..=299).contains(&said.status) {
        return match said.message_id {
            Some(id) => SendOutcome::Accepted { provider_ref: Some(id) },
            // AWS names what it took: somebody else answered, and may or may
            // not have handed it on.
            None => SendOutcome::Ambiguous { note: format!("{note} without a MessageId") },
        };
    }
    let deferred = |because, wait, note| SendOutcome::Deferred { because, wait, note };
    match own(&said).unwrap_or_else(|| common(&said)) {
        Means::Refused(because) => SendOutcome::Rejected { because, note },
        Means::Throttled(wait) => deferred(Delay::Throttled, theirs.max(wait), note),
        Means::OurAccount => deferred(Delay::Down, theirs, our_account(&note)),
        Means::Unknown => match said.status {
            // It promises that it took nothing.
            503 if theirs.is_some() => deferred(Delay::Down, theirs, note),
            301 | 302 | 307 | 308 => deferred(Delay::Down, None, format!("wrong url: {note}")),
            408 => SendOutcome::Ambiguous { note },
            // Refused, and we do not know why: the name is noted, and after
            // some attempts the next channel has its turn.
            400..=499 if said.error.is_empty() => deferred(Delay::Down, theirs, note),
            400..=499 => deferred(Delay::Down, theirs, note + NEW_TO_US),
            _ => SendOutcome::Ambiguous { note },
        },
    }
}

/// The errors that all services have in common.
fn common(said: &Said) -> Means {
    match said.error.as_str() {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "TooManyRequestsException" => Means::Throttled(None),
        "AccessDenied"
        | "AccessDeniedException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "OptInRequired"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "SignatureDoesNotMatch"
        | "UnknownOperationException"
        | "UnrecognizedClientException" => Means::OurAccount,
        _ => match said.status {
            429 => Means::Throttled(None),
            401 | 403 | 404 | 405 => Means::OurAccount,
            _ => Means::Unknown,
        },
    }
}

/// A name or reason of AWS, and nothing that is neither.
fn code(text: &str) -> String {
    if is_code(text) { text.to_owned() } else { String::new() }
}

/// For the tables of the services: what an answer leads to, in one word.
#[cfg(test)]
#[track_caller]
pub fn check(own: fn(&Said) -> Option<Means>, status: u16, body: &str, expected: &str) {
    let answer = ApiAnswer { status, body: body.into(), ..ApiAnswer::default() };
    let outcome = outcome("aws", &answer, own, Timestamp::UNIX_EPOCH);
    assert_eq!(outcome.in_a_word(), expected, "{status} {body}");
    assert!(!format!("{outcome:?}").contains("+49"), "{outcome:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing_own(_: &Said) -> Option<Means> {
        None
    }

    fn named(error: &str) -> String {
        format!(r#"{{"__type": "{error}", "message": "+49 15 is wrong"}}"#)
    }

    #[test]
    fn what_the_operator_mends_uses_up_nobodys_step() {
        for error in [
            "RequestTimeTooSkewed",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "ExpiredTokenException",
            "com.amazon.coral.service#UnrecognizedClientException",
            "AccessDeniedException:http://internal.amazon.com/coral/",
        ] {
            check(nothing_own, 400, &named(error), "Down, ours");
            check(nothing_own, 403, &named(error), "Down, ours");
        }
        for status in [401, 403, 404, 405] {
            check(nothing_own, status, "<html>", "Down, ours");
        }
        check(nothing_own, 307, "", "Down");
    }

    #[test]
    fn a_doubt_stays_a_doubt() {
        for status in [408, 500, 502, 503, 504, 303, 100] {
            check(nothing_own, status, &named("InternalFailure"), "Ambiguous");
        }
        check(nothing_own, 200, "<html>Welcome</html>", "Ambiguous");
        check(nothing_own, 200, "{}", "Ambiguous");
        check(nothing_own, 200, r#"{"MessageId": "a line\nbreak"}"#, "Ambiguous");
        check(nothing_own, 200, r#"{"MessageId": "m-1"}"#, r#"Some("m-1")"#);
    }

    #[test]
    fn too_fast_costs_nothing_and_an_unknown_name_is_tried_again_and_noted() {
        check(nothing_own, 400, &named("ThrottlingException"), "Throttled");
        check(nothing_own, 429, "", "Throttled");
        check(nothing_own, 400, &named("BrandNewException"), "Down");
        check(nothing_own, 400, r#"{"__type": "+49 15 is wrong"}"#, "Down");
        check(nothing_own, 400, r#"{"__type": 7}"#, "Down");
    }

    #[test]
    fn the_header_names_the_error_where_the_body_does_not() {
        let mut answer = ApiAnswer { status: 400, ..ApiAnswer::default() };
        answer.body = br#"{"message": "why"}"#.to_vec();
        answer.headers.insert("x-amzn-errortype", "MessageRejected:http://x/".parse().unwrap());
        let said = Said::of(&answer);
        assert_eq!((said.error.as_str(), said.words.as_str()), ("MessageRejected", "why"));
    }

    #[test]
    fn a_promise_to_have_taken_nothing_and_a_wait_are_believed() {
        let answer =
            ApiAnswer { status: 503, retry_after: Some("30".into()), ..Default::default() };
        let outcome = outcome("aws", &answer, nothing_own, Timestamp::UNIX_EPOCH);
        let wait = Some(SignedDuration::from_secs(30));
        let note = "aws 503".to_owned();
        assert_eq!(outcome, SendOutcome::Deferred { because: Delay::Down, wait, note });
    }
}
