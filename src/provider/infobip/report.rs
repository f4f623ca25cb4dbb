//! What the provider posts to us: what became of SMS and calls, the keys that
//! were pressed, and what subscribers wrote.
//!
//! It was not seen to sign: the token in our URL is all that tells it from a
//! stranger. An account may serve others than us, so what is not ours is
//! passed over, and one result that cannot be read does not take the others
//! with it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use tracing::debug;

use crate::model::{AttemptKey, Channel, PhoneNumber};
use crate::provider::echo::{self, Tokens, believable, text};
use crate::provider::{
    Call, CallbackReader, Fate, Meaning, NotTaken, Pledge, Posted, Receipt, Reply,
};

/// Handed to the operator's network, and not yet to the subscriber.
const DELIVERED_TO_OPERATOR: i64 = 2;

/// Understands what the provider posts.
pub struct Callback {
    pub(super) tokens: Tokens,
}

#[async_trait]
impl CallbackReader for Callback {
    async fn read(&self, call: &Call<'_>) -> Result<Posted, NotTaken> {
        self.tokens.check(call.query)?;
        let posted = echo::json(call.body).map_err(NotTaken::Unreadable)?;
        let results = posted.get("results").and_then(Value::as_array);
        let results = results.ok_or_else(|| NotTaken::Unreadable("no results".to_owned()))?;
        let mut posted = Posted { message_id: echo::name_of(call.body), ..Posted::default() };
        for result in results {
            match result.get("status") {
                Some(status) => {
                    posted.receipts.extend(receipt(result, status, call.now));
                    posted.replies.extend(pressed(result, call.now));
                }
                None => posted.replies.extend(written(result, call.now)),
            }
        }
        Ok(posted)
    }
}

/// What came back of what we gave along: the attempt, and what the keys do.
fn remembered(result: &Value) -> Option<(AttemptKey, String)> {
    let data = text(result, "callbackData").unwrap_or_default();
    let (key, keys) = data.split_once(' ').unwrap_or((data.as_str(), ""));
    let key = echo::key(key).or_else(|| echo::key(&text(result, "messageId")?))?;
    Some((key, keys.to_owned()))
}

/// What became of a message of ours; `None` while it is on its way.
pub fn receipt(result: &Value, status: &Value, now: Timestamp) -> Option<Receipt> {
    let (key, _) = remembered(result)?;
    let number = |of: &Value, field| of.get(field).and_then(Value::as_i64);
    let is_call = result.get("voiceCall").is_some_and(Value::is_object);
    let error = result.get("error").and_then(|error| text(error, "name"));
    let fate = match (number(status, "groupId"), number(status, "id")) {
        // A machine, and we hung up: nobody was told.
        _ if error.as_deref().is_some_and(|error| error.contains("MACHINE_DETECTED")) => {
            Fate::Undelivered
        }
        (Some(3), _) if is_call => Fate::Answered,
        (Some(0 | 1), _) | (Some(3), Some(DELIVERED_TO_OPERATOR)) => return None,
        (Some(3), _) => Fate::Delivered,
        (Some(2 | 5), _) => Fate::Undelivered,
        (Some(4), _) => Fate::Expired,
        (group, id) => {
            debug!(attempt = %key, ?group, ?id, "a status is new to us");
            return None;
        }
    };
    Some(Receipt { key, fate, at: time(result, now) })
}

/// The key that was pressed in a call.
fn pressed(result: &Value, now: Timestamp) -> Option<Reply> {
    let codes = text(result.get("voiceCall")?, "dtmfCodes")?;
    let (key, keys) = remembered(result)?;
    let digit = codes.chars().next()?;
    let does = keys.split(' ').find_map(|pair| pair.strip_prefix(digit)?.strip_prefix('='));
    let meaning = match does {
        Some("link") => Meaning::SendLink,
        Some("promise") => Meaning::Promise(Pledge::default()),
        Some("wrong") => Meaning::WrongNumber,
        Some("stop") => Meaning::OptOut,
        _ => return None,
    };
    let from = text(result, "to").and_then(|number| phone(&number));
    Some(Reply { channel: Channel::Voice, about: Some(key), from, meaning, at: time(result, now) })
}

/// What a subscriber wrote.
fn written(result: &Value, now: Timestamp) -> Option<Reply> {
    Some(Reply {
        channel: Channel::Sms,
        about: remembered(result).map(|(key, _)| key),
        from: Some(phone(&text(result, "from")?)?),
        meaning: Meaning::Text(text(result, "text")?),
        at: time(result, now),
    })
}

/// When it happened: `2026-03-01T12:00:00.000+0000`.
fn time(result: &Value, now: Timestamp) -> Timestamp {
    let ended = result.get("voiceCall").and_then(|call| text(call, "endTime"));
    let fields = ["doneAt", "receivedAt", "sentAt"].into_iter();
    let times = ended.into_iter().chain(fields.filter_map(|field| text(result, field)));
    let read = |text: String| {
        let plain: Result<Timestamp, _> = text.parse();
        plain.or_else(|_| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &text)).ok()
    };
    believable(times.filter_map(read).next(), now)
}

/// A number as we write it; the provider leaves out the sign.
fn phone(number: &str) -> Option<String> {
    let number = PhoneNumber::parse(&format!("+{}", number.trim_start_matches('+')), None)?;
    Some(number.e164().to_owned())
}

#[cfg(test)]
mod tests;
