//! What the provider is asked.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Infobip, rejected};
use crate::model::content::{Does, Menu, Part, Prompt};
use crate::provider::{Delay, Outgoing, Refusal, SendOutcome};

/// The longest that the provider keeps a message.
const VALID_MAX_S: i64 = 48 * 3_600;
/// Characters of a call's text.
const SPOKEN_MAX: usize = 1_400;
/// How long a call waits for a key.
const KEY_TIMEOUT_S: u32 = 8;
/// A comma is half a second of silence.
const COMMA_MS: u32 = 500;

type Request = Result<(&'static str, Value), SendOutcome>;

/// An SMS.
pub fn sms(from: &Infobip, message: &Outgoing, to: &str, text: &str, now: Timestamp) -> Request {
    let seconds = valid_for(message, now, 1)?;
    let key = message.key.to_string();
    let mut body = json!({
        "sender": from.settings.sender,
        "destinations": [{ "to": to, "messageId": key }],
        "content": { "text": text },
        "options": { "validityPeriod": { "amount": seconds, "timeUnit": "SECONDS" } },
    });
    if let Some(url) = from.notify_url() {
        body["webhooks"] = json!({
            "delivery": { "url": url, "intermediateReport": false, "notify": true },
            "contentType": "application/json",
            "callbackData": key,
        });
    }
    Ok(("sms/3/messages", json!({ "messages": [body] })))
}

/// A call. The provider speaks one text and takes one key, without another
/// text for a machine or an answer to the key: where a machine is found it
/// hangs up, and the reply comes with the report.
pub fn call(
    from: &Infobip,
    message: &Outgoing,
    to: &str,
    prompt: &Prompt,
    now: Timestamp,
) -> Request {
    const MINUTE_S: i64 = 60;
    let minutes = valid_for(message, now, MINUTE_S)? / MINUTE_S;
    let settings = &from.settings;
    let key = message.key.to_string();
    let mut text = spoken(&prompt.parts);
    if let Some(menu) = &prompt.menu {
        text = format!("{text},, {}", spoken(&menu.invitation));
    }
    if text.chars().count() > SPOKEN_MAX {
        return Err(rejected(Refusal::BadContent, "more words than a call takes"));
    }
    let mut body = json!({
        "from": settings.caller,
        "destinations": [{ "to": to, "messageId": key }],
        "text": text,
        "language": language(from, &message.language),
        "ringTimeout": settings.ring_timeout_s,
        "validityPeriod": minutes,
    });
    if settings.machine_detection {
        body["machineDetection"] = json!("hangup");
    }
    if let Some(menu) = &prompt.menu {
        body["maxDtmf"] = json!(1);
        body["dtmfTimeout"] = json!(KEY_TIMEOUT_S);
        let repeat = menu.keys.iter().find(|key| key.does == Does::Repeat);
        if let Some(repeat) = repeat {
            body["repeatDtmf"] = json!(repeat.digit.to_string());
        }
    }
    if let Some(url) = from.notify_url() {
        body["notifyUrl"] = json!(url);
        body["notifyContentType"] = json!("application/json");
        body["notifyContentVersion"] = json!(2);
        body["callbackData"] = json!(remembered(&key, prompt.menu.as_ref()));
    }
    Ok(("tts/3/advanced", json!({ "messages": [body] })))
}

/// Whole seconds until the message expires; `Err` where they are too few.
fn valid_for(message: &Outgoing, now: Timestamp, least_s: i64) -> Result<i64, SendOutcome> {
    let seconds = message.expires_at.duration_since(now).as_secs().min(VALID_MAX_S);
    if seconds < least_s {
        let note = "infobip: too late for the provider to keep to the window".to_owned();
        return Err(SendOutcome::Deferred { because: Delay::Down, wait: None, note });
    }
    Ok(seconds)
}

fn language(from: &Infobip, tag: &str) -> String {
    let primary = tag.split('-').next().unwrap_or(tag);
    let named = &from.settings.voice_languages;
    let theirs = named.get(tag).or_else(|| named.get(primary));
    theirs.cloned().unwrap_or_else(|| primary.to_ascii_lowercase())
}

/// The words as plain text: the provider would take marks for SSML.
fn spoken(parts: &[Part]) -> String {
    let word = |part: &Part| match part {
        Part::Pause(ms) => ",".repeat((ms / COMMA_MS).clamp(1, 10) as usize),
        // One by one, and not as one great number.
        Part::Digits(digits) => digits.chars().map(String::from).collect::<Vec<_>>().join(" "),
        other => other.words().replace(['<', '>'], " "),
    };
    parts.iter().map(word).collect()
}

/// The key of the attempt, and what the keys of the telephone do: both come
/// back with the report.
fn remembered(key: &str, menu: Option<&Menu>) -> String {
    let keys = menu.map(|menu| menu.keys.as_slice()).unwrap_or_default();
    let pair = |(digit, word): (char, &str)| format!(" {digit}={word}");
    let pairs = keys.iter().filter_map(|key| Some((key.digit, word(key.does)?))).map(pair);
    format!("{key}{}", pairs.collect::<String>())
}

fn word(does: Does) -> Option<&'static str> {
    Some(match does {
        Does::SendLink => "link",
        Does::Promise => "promise",
        Does::WrongNumber => "wrong",
        Does::OptOut => "stop",
        Does::Repeat => return None,
    })
}
