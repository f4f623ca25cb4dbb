//! What a gateway's answer means for the reminder.
//!
//! A gateway that speaks our contract says why it refused, in `error`. One
//! that does not is judged by its status alone, and then a doubt stays a
//! doubt: most statuses can also come from a proxy in between.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::provider::api::{is_reference, wait_for};
use crate::provider::{Delay, Refusal, SendOutcome, our_account};

/// An answer, as far as it matters.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Body,
    /// A page, or bytes that are no text: something in between answered.
    pub is_foreign: bool,
}

/// The fields of the contract; others are the gateway's own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Body {
    id: serde_json::Value,
    error: serde_json::Value,
}

/// The words of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Refused(Refusal, &'static str),
    OurAccount,
}

impl Body {
    fn id(self) -> Option<String> {
        let id = match self.id {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(id).filter(|id| is_reference(id))
    }

    fn word(&self) -> Option<Word> {
        Some(match self.error.as_str()? {
            "bad_recipient" => Word::Refused(Refusal::BadRecipient, "bad_recipient"),
            "opted_out" => Word::Refused(Refusal::OptedOut, "opted_out"),
            "bad_content" => Word::Refused(Refusal::BadContent, "bad_content"),
            "our_account" => Word::OurAccount,
            _ => return None,
        })
    }
}

impl Answer {
    pub fn outcome(self, now: Timestamp) -> SendOutcome {
        if (200..=299).contains(&self.status) {
            if self.is_foreign {
                let note = format!("http {}: no answer of a gateway's", self.status);
                return SendOutcome::Ambiguous { note };
            }
            return SendOutcome::Accepted { provider_ref: self.body.id() };
        }
        // The gateway's own words are not noted: they may repeat the address.
        let note = format!("http {}", self.status);
        let down =
            |note| SendOutcome::Deferred { because: Delay::Down, wait: self.wait(now), note };
        match (self.status, self.body.word()) {
            (429, _) => {
                SendOutcome::Deferred { because: Delay::Throttled, wait: self.wait(now), note }
            }
            (503, _) if self.retry_after.is_some() => down(note),

            // Our token, our quota, our URL. The operator mends it; a refusal
            // would meanwhile use up the step of everyone who was due.
            (401..=403, None) | (400..=499, Some(Word::OurAccount)) => down(our_account(&note)),
            (404 | 405 | 301 | 302 | 307 | 308, None) => down(format!("wrong url: {note}")),

            (400..=499, Some(Word::Refused(because, word))) => {
                SendOutcome::Rejected { because, note: format!("{note} {word}") }
            }
            // With a key, 409 says that a request of that key is on its way
            // or done (draft-ietf-httpapi-idempotency-key-header).
            (408 | 409, None) => SendOutcome::Ambiguous { note },
            (400..=499, None) => SendOutcome::Rejected { because: Refusal::BadContent, note },
            // It may have failed before or after it acted.
            _ => SendOutcome::Ambiguous { note },
        }
    }

    fn wait(&self, now: Timestamp) -> Option<SignedDuration> {
        wait_for(self.retry_after.as_deref()?, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn answered(status: u16, retry_after: Option<&str>, body: &str) -> SendOutcome {
        let body = serde_json::from_str(body).unwrap();
        let retry_after = retry_after.map(str::to_owned);
        Answer { status, retry_after, body, is_foreign: false }.outcome(now())
    }

    #[track_caller]
    fn check(status: u16, body: &str, expected: &str) {
        let outcome = answered(status, None, body);
        assert_eq!(outcome.in_a_word(), expected, "{status} {body}");
        assert!(!format!("{outcome:?}").contains("+49"), "{outcome:?}");
    }

    #[test]
    fn the_words_of_the_contract_are_understood() {
        check(202, r#"{"id":"m-1"}"#, r#"Some("m-1")"#);
        check(200, r#"{"id":17,"more":[]}"#, r#"Some("17")"#);
        check(204, r#"{"id":"a line\nbreak"}"#, "None");
        check(422, r#"{"error":"bad_recipient","why":"+49 is unknown"}"#, "BadRecipient");
        check(409, r#"{"error":"opted_out"}"#, "OptedOut");
        check(404, r#"{"error":"bad_recipient"}"#, "BadRecipient");
        check(403, r#"{"error":"opted_out"}"#, "OptedOut");
        check(422, r#"{"error":"our_account"}"#, "Down, ours");
    }

    #[test]
    fn a_bare_status_is_judged_with_care() {
        check(400, r#"{"error":"+49 is unknown"}"#, "BadContent");
        check(422, "{}", "BadContent");
        check(409, "{}", "Ambiguous");
        check(429, "{}", "Throttled");
        for status in [500, 502, 503, 504, 303, 408] {
            check(status, "{}", "Ambiguous");
        }
    }

    #[test]
    fn a_fault_of_our_account_does_not_use_up_a_subscribers_step() {
        for status in [401, 403] {
            check(status, "{}", "Down, ours");
        }
        for status in [404, 405, 308] {
            check(status, "{}", "Down");
        }
    }

    #[test]
    fn a_gateway_may_say_how_long_to_wait() {
        #[track_caller]
        fn check(status: u16, retry_after: &str, expected: Option<i64>) {
            let outcome = answered(status, Some(retry_after), "{}");
            let SendOutcome::Deferred { wait, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!(wait.map(|wait| wait.as_secs()), expected);
        }
        check(429, "30", Some(30));
        check(503, "120", Some(120));
        check(503, "Sun, 01 Mar 2026 12:05:00 GMT", Some(300));
        check(429, "Sun, 01 Mar 2026 11:00:00 GMT", Some(0));
        check(429, "4000000000", Some(86_400));
        check(429, "soon", None);
    }
}
