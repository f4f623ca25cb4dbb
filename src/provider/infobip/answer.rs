//! What the provider's answer means: its status, and the state of the one
//! message that we asked for.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::model::AttemptKey;
use crate::provider::api::{ApiAnswer, is_code_number, is_reference, wait_for};
use crate::provider::{Delay, NEW_TO_US, Refusal, SendOutcome};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    messages: Vec<Message>,
    /// Of a refusal: which fields were wrong.
    violations: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Message {
    message_id: Option<String>,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    group_id: Option<i64>,
    id: Option<i64>,
}

/// What is true after an answer to a request to send or to call.
pub fn outcome(answer: &ApiAnswer, key: AttemptKey, now: Timestamp) -> SendOutcome {
    let body: Option<Body> = serde_json::from_slice(&answer.body).ok();
    let note = format!("infobip http {}", answer.status);
    let wait = answer.retry_after.as_deref().and_then(|text| wait_for(text, now));
    let down = |note| SendOutcome::Deferred { because: Delay::Down, wait, note };
    match answer.status {
        200..=299 => match body.as_ref().and_then(|body| body.messages.first()) {
            Some(message) => of_message(message, key, wait),
            // It was taken, or something else answered.
            None => SendOutcome::Ambiguous { note },
        },
        400 => {
            let names_the_number = body.is_some_and(|body| body.names("destinations"));
            let because =
                if names_the_number { Refusal::BadRecipient } else { Refusal::BadContent };
            SendOutcome::Rejected { because, note }
        }
        // Our key, our rights, our quota, our URL.
        401..=403 => down(format!("our account: {note}")),
        404 | 405 | 301 | 302 | 307 | 308 => down(format!("wrong url: {note}")),
        429 => SendOutcome::Deferred { because: Delay::Throttled, wait, note },
        503 if answer.retry_after.is_some() => down(note),
        _ => SendOutcome::Ambiguous { note },
    }
}

impl Body {
    /// Whether a field of that name was found wrong.
    fn names(&self, field: &str) -> bool {
        let property = |violation: &Value| violation.get("property").map(Value::to_string);
        self.violations.iter().filter_map(property).any(|name| name.contains(field))
    }
}

/// What a refusal by status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    Taken,
    Refused(Refusal),
    Ours,
    Throttled,
    Down,
    /// Refused, and nobody told us of the code.
    New,
    Unknown,
}

fn of_message(
    message: &Message,
    key: AttemptKey,
    wait: Option<jiff::SignedDuration>,
) -> SendOutcome {
    let Status { group_id, id } = message.status;
    let note = match id {
        Some(id) if is_code_number(id) => format!("infobip status {id}"),
        _ => "infobip: no status".to_owned(),
    };
    match means(group_id, id) {
        Means::Taken => {
            let theirs = message.message_id.clone().filter(|id| is_reference(id));
            SendOutcome::Accepted { provider_ref: theirs.or_else(|| Some(key.to_string())) }
        }
        Means::Refused(because) => SendOutcome::Rejected { because, note },
        Means::Ours => SendOutcome::Deferred {
            because: Delay::Down,
            wait,
            note: format!("our account: {note}"),
        },
        Means::Throttled => SendOutcome::Deferred { because: Delay::Throttled, wait, note },
        Means::Down => SendOutcome::Deferred { because: Delay::Down, wait, note },
        Means::New => SendOutcome::Deferred { because: Delay::Down, wait, note: note + NEW_TO_US },
        Means::Unknown if id.is_some() => SendOutcome::Ambiguous { note: note + NEW_TO_US },
        Means::Unknown => SendOutcome::Ambiguous { note },
    }
}

/// <https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes>
fn means(group: Option<i64>, id: Option<i64>) -> Means {
    match (group, id) {
        // 23 is a duplicate of our id, which no other attempt has: an earlier
        // copy of this very request was taken.
        (Some(0 | 1 | 3), _) | (Some(5), Some(23)) => Means::Taken,
        (Some(5), Some(id)) => match id {
            // No such prefix, number missing, no such number.
            8 | 51 | 52 => Means::Refused(Refusal::BadRecipient),
            // Do not disturb; on a list of those who are not to be sent to.
            10 | 14 => Means::Refused(Refusal::OptedOut),
            // Malformed, too long; no text, bad SSML.
            24 | 25 | 55 | 91 => Means::Refused(Refusal::BadContent),
            // Network not set up, sender not registered, no credit, sender
            // blocked, package over, test account, no route, bad settings of
            // a call, fraud filter.
            6 | 11 | 12 | 13 | 17 | 18 | 19 | 53 | 54 | 56..=64 | 83 | 87 => Means::Ours,
            // So many for one number in an hour.
            20 => Means::Throttled,
            21 | 100 => Means::Down,
            // Refused, whatever the reason: it uses up an attempt.
            _ => Means::New,
        },
        // It will not arrive; nothing says that the number is bad.
        (Some(2 | 4 | 5), _) => Means::Down,
        _ => Means::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> SendOutcome {
        let key = "0123456789abcdef0123456789abcdef.2".parse().unwrap();
        let answer = ApiAnswer { status, body: body.as_bytes().to_vec(), ..ApiAnswer::default() };
        outcome(&answer, key, "2026-03-01T12:00:00Z".parse().unwrap())
    }

    #[track_caller]
    fn check(status: u16, body: &str, expected: &str) {
        let outcome = answered(status, body);
        assert_eq!(outcome.in_a_word(), expected, "{status} {body}");
        assert!(!format!("{outcome:?}").contains("4915"), "{outcome:?}");
    }

    fn message(group: i64, id: i64) -> String {
        format!(
            r#"{{"bulkId":"b","messages":[{{"messageId":"m","destination":"4915123456789",
                "status":{{"groupId":{group},"id":{id},"name":"X","description":"4915"}}}}]}}"#
        )
    }

    #[test]
    fn each_status_of_a_message_has_its_outcome() {
        for (group, id) in [(1, 26), (1, 7), (3, 5), (0, 0), (5, 23)] {
            check(200, &message(group, id), r#"Some("m")"#);
        }
        for (id, expected) in [
            (8, "BadRecipient"),
            (52, "BadRecipient"),
            (10, "OptedOut"),
            (14, "OptedOut"),
            (25, "BadContent"),
            (6, "Down, ours"),
            (12, "Down, ours"),
            (19, "Down, ours"),
            (20, "Throttled"),
            (21, "Down"),
            (4_711, "Down"),
        ] {
            check(200, &message(5, id), expected);
        }
        check(200, &message(2, 4), "Down");
        check(200, &message(17, 1), "Ambiguous");
    }

    #[test]
    fn each_http_status_has_its_outcome() {
        let number = r#"{"errorCode":"E400","violations":[
            {"property":"messages[0].destinations[0].to","violation":"4915 is none"}]}"#;
        check(400, number, "BadRecipient");
        check(400, "{}", "BadContent");
        check(401, "{}", "Down, ours");
        check(403, "<html>", "Down, ours");
        check(404, "{}", "Down");
        check(429, "{}", "Throttled");
        check(500, "{}", "Ambiguous");
        check(503, "{}", "Ambiguous");
        for body in ["", "<html>hello</html>", "{}", r#"{"messages":[]}"#, r#"{"messages":7}"#] {
            check(200, body, "Ambiguous");
        }
        check(200, r#"{"messages":[{}]}"#, "Ambiguous");
    }
}
