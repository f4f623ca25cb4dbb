//! What SES says of a mail later.
//!
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use tracing::debug;

use crate::model::Channel;
use crate::provider::aws::sns::Told;
use crate::provider::aws::{ATTEMPT, key_of};
use crate::provider::{Fate, Meaning, Receipt, Reply};

/// What SES publishes when a topic is set up.
const GREETING: &str = "Successfully validated SNS topic";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    /// The second is that of feedback without a configuration set.
    #[serde(alias = "notificationType")]
    event_type: String,
    mail: Mail,
    delivery: Option<Detail>,
    bounce: Option<Detail>,
    complaint: Option<Complaint>,
}

#[derive(Deserialize)]
struct Mail {
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Detail {
    timestamp: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    timestamp: Timestamp,
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

/// What an event means; `published_at` is when SNS got it.
///
/// # Errors
/// Where it is no event of SES.
pub fn told(message: &str, published_at: Timestamp) -> Result<Told, String> {
    if message.starts_with(GREETING) {
        return Ok(Told::default());
    }
    let event: Event = serde_json::from_str(message).map_err(|error| error.to_string())?;
    let key = event.mail.tags.get(ATTEMPT).and_then(|tags| key_of(tags.first()?));
    let missing = |what: &str| format!("{} without {what}", event.event_type);
    let receipt = |fate, at| key.map(|key| Receipt { key, fate, at });
    let mut told = Told::default();
    match event.event_type.as_str() {
        "Delivery" => {
            let delivery = event.delivery.ok_or_else(|| missing("delivery"))?;
            told.receipts.extend(receipt(Fate::Delivered, delivery.timestamp));
        }
        // SES has tried for hours before it calls a bounce transient.
        "Bounce" => {
            let bounce = event.bounce.ok_or_else(|| missing("bounce"))?;
            told.receipts.extend(receipt(Fate::Undelivered, bounce.timestamp));
        }
        // SES took the mail and then found what it does not carry.
        "Reject" => told.receipts.extend(receipt(Fate::Undelivered, published_at)),
        "Complaint" => {
            let complaint = event.complaint.ok_or_else(|| missing("complaint"))?;
            let reply = |from| Reply {
                channel: Channel::Email,
                about: key,
                from,
                meaning: Meaning::Complaint,
                at: complaint.timestamp,
            };
            let from = complaint.complained_recipients;
            told.replies.extend(from.into_iter().map(|one| reply(Some(one.email_address))));
            if told.replies.is_empty() && key.is_some() {
                told.replies.push(reply(None));
            }
        }
        other => debug!(event = ?other, "an event of SES that counts as nothing"),
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TAG: &str = "0123456789abcdef0123456789abcdef_2";
    const AT: &str = "2026-03-01T12:00:05.123Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn published() -> Timestamp {
        at("2026-03-01T12:00:06Z")
    }

    fn event(kind: &str, detail: &str) -> String {
        format!(
            r#"{{"eventType": "{kind}", "mail": {{"messageId": "m-1", "source": "bill@example.org",
                "tags": {{"ses:caller-identity": ["x"], "attempt": ["{TAG}"]}}}}, {detail}}}"#
        )
    }

    fn delivery() -> String {
        event("Delivery", &format!(r#""delivery": {{"timestamp": "{AT}"}}"#))
    }

    #[track_caller]
    fn fates(message: &str, expected: &[Fate]) {
        let told = told(message, published()).unwrap();
        let fates: Vec<Fate> = told.receipts.iter().map(|receipt| receipt.fate).collect();
        assert_eq!(fates, expected, "{message}");
        assert_eq!(told.replies, []);
    }

    #[test]
    fn a_delivery_and_every_bounce_is_a_receipt_of_its_attempt() {
        let receipt = &told(&delivery(), published()).unwrap().receipts[0];
        assert_eq!((receipt.key, receipt.at), (key_of(TAG).unwrap(), at(AT)));
        fates(&delivery(), &[Fate::Delivered]);
        for kind in ["Permanent", "Transient", "Undetermined"] {
            let detail = format!(r#""bounce": {{"bounceType": "{kind}", "timestamp": "{AT}"}}"#);
            fates(&event("Bounce", &detail), &[Fate::Undelivered]);
        }
        fates(&event("Reject", r#""reject": {"reason": "Bad content"}"#), &[Fate::Undelivered]);
    }

    #[test]
    fn what_says_nothing_of_the_end_counts_as_nothing() {
        for kind in ["Send", "Open", "Click", "DeliveryDelay", "Subscription", "Brand New"] {
            fates(&event(kind, r#""x": {}"#), &[]);
        }
        fates(&delivery().replace(TAG, "summer-sale"), &[]);
        fates(&delivery().replace("attempt", "campaign"), &[]);
        fates("Successfully validated SNS topic for Amazon SES event publishing.", &[]);
    }

    #[test]
    fn a_complaint_is_a_reply_and_changes_no_fate() {
        let detail = format!(
            r#""complaint": {{"timestamp": "{AT}", "complaintFeedbackType": "abuse",
               "complainedRecipients": [{{"emailAddress": "zoe@example.net"}}]}}"#
        );
        let told = told(&event("Complaint", &detail), published()).unwrap();
        assert_eq!(told.receipts, []);
        let reply = Reply {
            channel: Channel::Email,
            about: key_of(TAG),
            from: Some("zoe@example.net".to_owned()),
            meaning: Meaning::Complaint,
            at: at(AT),
        };
        assert_eq!(told.replies, [reply]);
    }

    #[test]
    fn what_is_no_event_is_refused_with_its_reason() {
        for (message, why) in [
            ("<html>", "expected value"),
            ("{}", "missing field"),
            (r#"{"eventType": "Delivery"}"#, "missing field `mail`"),
            (r#"{"eventType": "Delivery", "mail": {}}"#, "Delivery without delivery"),
            (r#"{"eventType": "Bounce", "mail": {}, "bounce": {}}"#, "missing field `timestamp`"),
        ] {
            let said = told(message, published()).unwrap_err();
            assert!(said.contains(why), "{message}: {said}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*", at in 0..250_usize, letter in any::<char>()) {
            let _ = told(&text, published());
            let mut letters: Vec<char> = delivery().chars().collect();
            let at = at % letters.len();
            letters[at] = letter;
            let _ = told(&String::from_iter(letters), published());
        }
    }
}
