//! What the cloud posts to us, as lists in JSON: what became of SMS
//! (`SmsReport`), what subscribers wrote (`SmsUp`), what became of calls
//! (`VoiceReport`) and which keys were pressed.
//!
//! Nothing is signed: the token in our URL is all that tells the cloud from a
//! stranger. One account may serve others than us, so what is not ours is
//! passed over, and one entry that cannot be read does not take the others
//! with it. Times are China's and do not say so.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;
use tracing::debug;

use super::calls::Calls;
use super::code::CHINA;
use crate::model::{Channel, PhoneNumber};
use crate::provider::echo::{self, Tokens, believable, text};
use crate::provider::{Answer, Call, CallbackReader, Fate, Meaning, NotTaken};
use crate::provider::{Posted, Receipt, Reply};

/// A key was pressed.
const KEY_PRESSED: &str = "300000";

/// Understands what the cloud posts.
pub struct Callback {
    pub(super) tokens: Tokens,
    pub(super) keys: BTreeMap<char, Meaning>,
    pub(super) calls: Arc<Calls>,
}

#[async_trait]
impl CallbackReader for Callback {
    async fn read(&self, call: &Call<'_>) -> Result<Posted, NotTaken> {
        self.tokens.check(call.query)?;
        let posted = echo::json(call.body).map_err(NotTaken::Unreadable)?;
        let Value::Array(entries) = posted else {
            return Err(NotTaken::Unreadable("no list".to_owned()));
        };
        let mut posted = Posted { message_id: echo::name_of(call.body), ..Posted::default() };
        for entry in &entries {
            self.take(entry, call.now, &mut posted);
        }
        posted.answer = Some(Answer {
            content_type: "application/json",
            body: r#"{"code":0,"msg":"成功"}"#.to_owned(),
        });
        Ok(posted)
    }
}

impl Callback {
    fn take(&self, entry: &Value, now: Timestamp, posted: &mut Posted) {
        let has = |field| entry.get(field).is_some();
        if has("call_id") {
            let is_key = text(entry, "status_code").as_deref() == Some(KEY_PRESSED);
            match is_key || has("dtmf") {
                true => posted.replies.extend(self.pressed(entry, now)),
                false => posted.receipts.extend(self.called(entry, now)),
            }
        } else if has("content") {
            posted.replies.extend(written(entry, now));
        } else {
            posted.receipts.extend(sent(entry, now));
        }
    }

    /// What became of a call that we placed.
    fn called(&self, entry: &Value, now: Timestamp) -> Option<Receipt> {
        let fate = call_fate(&text(entry, "status_code")?)?;
        let token = text(entry, "out_id")?;
        let key = self.calls.key(&token)?;
        self.calls.over(&token);
        Some(Receipt { key, fate, at: time(entry, &["end_time", "status_time"], now) })
    }

    /// Which key a subscriber pressed; about no attempt where we do not know
    /// it any more.
    fn pressed(&self, entry: &Value, now: Timestamp) -> Option<Reply> {
        let digit = text(entry, "dtmf")?.chars().next()?;
        let Some(meaning) = self.keys.get(&digit) else {
            debug!("a key was pressed that means nothing");
            return None;
        };
        let about = text(entry, "out_id").and_then(|token| self.calls.key(&token));
        let from = text(entry, "callee").and_then(|number| phone(&number));
        // Without either nobody is known who said it.
        (about.is_some() || from.is_some()).then(|| Reply {
            channel: Channel::Voice,
            about,
            from,
            meaning: meaning.clone(),
            at: time(entry, &["status_time"], now),
        })
    }
}

/// What became of an SMS of ours.
fn sent(entry: &Value, now: Timestamp) -> Option<Receipt> {
    let key = echo::key(&text(entry, "out_id")?)?;
    let fate = match entry.get("success").and_then(Value::as_bool) {
        Some(true) => Fate::Delivered,
        Some(false) if text(entry, "err_code").as_deref() == Some("EXPIRED") => Fate::Expired,
        Some(false) => Fate::Undelivered,
        None => {
            debug!(attempt = %key, "a report does not say whether the SMS arrived");
            return None;
        }
    };
    Some(Receipt { key, fate, at: time(entry, &["report_time", "send_time"], now) })
}

/// What a subscriber wrote.
fn written(entry: &Value, now: Timestamp) -> Option<Reply> {
    Some(Reply {
        channel: Channel::Sms,
        about: None,
        from: Some(phone(&text(entry, "phone_number")?)?),
        meaning: Meaning::Text(text(entry, "content")?),
        at: time(entry, &["send_time"], now),
    })
}

/// How a call ended; `None` while it has not, and for codes new to us.
/// <https://help.aliyun.com/document_detail/55085.html>
fn call_fate(status: &str) -> Option<Fate> {
    match status {
        // Listened to, wholly or partly; or no key came.
        "200000" | "200001" | "200008" => Some(Fate::Answered),
        // Busy, no answer, no such number, unreachable, out of the area, off,
        // suspended, restricted, limited, or trouble on the way.
        "200002" | "200003" | "200004" | "200005" | "200006" | "200007" | "200010" | "200011"
        | "200104" | "200105" | "200117" | "200118" | "200119" | "200121" | "400" | "500"
        | "999999" => Some(Fate::Undelivered),
        // It goes on.
        "200100" | "200101" | "200102" | "200201" => None,
        other => {
            let is_code = other.len() <= 8 && other.bytes().all(|byte| byte.is_ascii_digit());
            debug!(status = if is_code { other } else { "" }, "a call's status is new to us");
            None
        }
    }
}

/// How a call ended, by the answer to a question about it.
pub fn detail(body: &[u8], now: Timestamp) -> Option<(Fate, Timestamp)> {
    let answer = echo::json(body).ok()?;
    // A text that holds JSON of its own, empty while nothing is known.
    let data = echo::json(text(&answer, "Data")?.as_bytes()).ok()?;
    let fate = call_fate(&text(&data, "state")?)?;
    Some((fate, time(&data, &["endDate", "gmtCreate"], now)))
}

/// What became of an SMS, by one of the cloud's records; `None` while it is on
/// its way.
pub fn sms_detail(record: &Value, now: Timestamp) -> Option<(Fate, Timestamp)> {
    let fate = match text(record, "SendStatus")?.as_str() {
        "3" => Fate::Delivered,
        "2" if text(record, "ErrCode").as_deref() == Some("EXPIRED") => Fate::Expired,
        "2" => Fate::Undelivered,
        // It waits for the network's word.
        _ => return None,
    };
    Some((fate, time(record, &["ReceiveDate", "SendDate"], now)))
}

/// The first of these fields that holds a time.
fn time(entry: &Value, fields: &[&str], now: Timestamp) -> Timestamp {
    let read = |field: &&str| {
        let at = DateTime::strptime("%Y-%m-%d %H:%M:%S", text(entry, field)?).ok()?;
        Some(at.to_zoned(TimeZone::fixed(CHINA)).ok()?.timestamp())
    };
    believable(fields.iter().find_map(read), now)
}

/// A number as we write it: the cloud leaves out the mainland's country, and
/// the sign before the others'.
fn phone(number: &str) -> Option<String> {
    let number = PhoneNumber::parse(number, Some("CN"))
        .or_else(|| PhoneNumber::parse(&format!("+{number}"), None))?;
    Some(number.e164().to_owned())
}

#[cfg(test)]
mod tests;
