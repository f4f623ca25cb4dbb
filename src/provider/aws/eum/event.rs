//! What AWS End User Messaging says of a message later, and what subscribers
//! answer.
//!
//! <https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-types.html>.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use tracing::debug;

use crate::model::Channel;
use crate::provider::aws::sns::Told;
use crate::provider::aws::{ATTEMPT, key_of};
use crate::provider::{Fate, Meaning, Receipt, Reply};

/// Either kind of message; which one it is, its fields tell.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Event(Event),
    Inbound(Inbound),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    event_type: String,
    /// Milliseconds since 1970.
    event_timestamp: i64,
    #[serde(default)]
    is_final: bool,
    #[serde(default)]
    context: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inbound {
    origination_number: String,
    message_body: String,
}

/// What a message means; `published_at` is when SNS got it.
///
/// # Errors
/// Where it is none of the service.
pub fn told(message: &str, published_at: Timestamp) -> Result<Told, String> {
    let message = serde_json::from_str(message)
        .map_err(|_| "neither an event nor what a subscriber wrote".to_owned())?;
    let mut told = Told::default();
    match message {
        Message::Event(event) => told.receipts.extend(receipt(&event)?),
        Message::Inbound(inbound) => told.replies.push(Reply {
            channel: Channel::Sms,
            about: None,
            from: Some(inbound.origination_number),
            meaning: Meaning::Text(inbound.message_body),
            at: published_at,
        }),
    }
    Ok(told)
}

fn receipt(event: &Event) -> Result<Option<Receipt>, String> {
    let at = Timestamp::from_millisecond(event.event_timestamp)
        .map_err(|_| "eventTimestamp is no instant".to_owned())?;
    let context = event.context.as_ref();
    let key = context.and_then(|context| key_of(context.get(ATTEMPT)?));
    let fate = fate(&event.event_type, event.is_final);
    if fate.is_none() {
        debug!(event = ?event.event_type, "an event of a message that counts as nothing");
    }
    Ok(key.zip(fate).map(|(key, fate)| Receipt { key, fate, at }))
}

/// How the message ended, if it did.
fn fate(event: &str, is_final: bool) -> Option<Fate> {
    Some(match event {
        "TEXT_DELIVERED" => Fate::Delivered,
        // The carrier took it. Where carriers say no more, AWS calls that the
        // end, and uses either word for it.
        "TEXT_SUCCESSFUL" if is_final => Fate::Delivered,
        "VOICE_ANSWERED" | "VOICE_COMPLETED" => Fate::Answered,
        "TEXT_TTL_EXPIRED" | "VOICE_TTL_EXPIRED" => Fate::Expired,
        "TEXT_BLOCKED"
        | "TEXT_CARRIER_BLOCKED"
        | "TEXT_CARRIER_UNREACHABLE"
        | "TEXT_INVALID"
        | "TEXT_INVALID_MESSAGE"
        | "TEXT_PROTECT_BLOCKED"
        | "TEXT_SPAM"
        | "TEXT_UNREACHABLE"
        | "VOICE_BUSY"
        | "VOICE_FAILED"
        | "VOICE_NO_ANSWER" => Fate::Undelivered,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef.2";

    fn published() -> Timestamp {
        "2026-03-01T12:00:06Z".parse().unwrap()
    }

    /// The example of the documentation, with our context.
    fn event(kind: &str, is_final: bool) -> String {
        format!(
            r#"{{"eventType": "{kind}", "eventVersion": "1.0", "eventTimestamp": 1772366405123,
                "isFinal": {is_final}, "originationPhoneNumber": "+12065550152",
                "destinationPhoneNumber": "+4915123456789", "isInternationalSend": false,
                "messageId": "862a8790", "messageRequestTimestamp": 1772366405000,
                "messageEncoding": "GSM", "messageType": "TRANSACTIONAL",
                "messageStatus": "x", "messageStatusDescription": "x",
                "context": {{"account": "bar", "attempt": "{KEY}"}},
                "totalMessageParts": 1, "totalMessagePrice": 0.09582, "totalCarrierFee": 0.0}}"#
        )
    }

    #[test]
    fn every_event_has_its_fate_or_none() {
        for (kind, is_final, expected) in [
            ("TEXT_DELIVERED", true, Some(Fate::Delivered)),
            ("TEXT_SUCCESSFUL", true, Some(Fate::Delivered)),
            ("TEXT_SUCCESSFUL", false, None),
            ("TEXT_UNREACHABLE", true, Some(Fate::Undelivered)),
            ("TEXT_SPAM", true, Some(Fate::Undelivered)),
            ("TEXT_TTL_EXPIRED", true, Some(Fate::Expired)),
            ("VOICE_ANSWERED", false, Some(Fate::Answered)),
            ("VOICE_COMPLETED", true, Some(Fate::Answered)),
            ("VOICE_BUSY", true, Some(Fate::Undelivered)),
            ("VOICE_NO_ANSWER", true, Some(Fate::Undelivered)),
            ("TEXT_SENT", false, None),
            ("TEXT_PENDING", false, None),
            ("TEXT_QUEUED", false, None),
            ("TEXT_UNKNOWN", true, None),
            ("VOICE_INITIATED", false, None),
            ("VOICE_RINGING", false, None),
            ("BRAND_NEW", true, None),
        ] {
            let told = told(&event(kind, is_final), published()).unwrap();
            let at = "2026-03-01T12:00:05.123Z".parse().unwrap();
            let receipt = expected.map(|fate| Receipt { key: KEY.parse().unwrap(), fate, at });
            assert_eq!(told.receipts, Vec::from_iter(receipt), "{kind}");
        }
    }

    #[test]
    fn an_event_of_somebody_elses_message_counts_as_nothing() {
        let strangers = event("TEXT_DELIVERED", true).replace(KEY, "order-17");
        assert_eq!(told(&strangers, published()), Ok(Told::default()));
        let bare = r#"{"eventType": "TEXT_DELIVERED", "eventTimestamp": 0, "context": null}"#;
        assert_eq!(told(bare, published()), Ok(Told::default()));
    }

    #[test]
    fn what_a_subscriber_wrote_is_a_reply() {
        let inbound = r#"{"originationNumber": "+4915123456789", "destinationNumber": "+4930123456",
            "messageKeyword": "KEYWORD_1", "messageBody": "Ich habe bezahlt",
            "inboundMessageId": "i-1", "previousPublishedMessageId": "m-1"}"#;
        let reply = Reply {
            channel: Channel::Sms,
            about: None,
            from: Some("+4915123456789".to_owned()),
            meaning: Meaning::Text("Ich habe bezahlt".to_owned()),
            at: published(),
        };
        assert_eq!(told(inbound, published()).unwrap().replies, [reply]);
    }

    #[test]
    fn what_is_neither_is_refused() {
        let beyond = r#"{"eventType": "TEXT_DELIVERED", "eventTimestamp": 9223372036854775807}"#;
        for message in ["", "<html>", "{}", "[]", r#"{"eventType": "TEXT_DELIVERED"}"#, beyond] {
            assert!(told(message, published()).is_err(), "{message}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*", at in 0..600_usize, letter in any::<char>()) {
            let _ = told(&text, published());
            let mut letters: Vec<char> = event("TEXT_DELIVERED", true).chars().collect();
            let at = at % letters.len();
            letters[at] = letter;
            let _ = told(&String::from_iter(letters), published());
        }
    }
}
