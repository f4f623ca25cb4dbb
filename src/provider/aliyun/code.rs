//! What the cloud's answer means: its codes, and what is true of an attempt
//! after each.
//!
//! Most refusals come as HTTP 200 with a `Code`. Codes that begin with `isv.`
//! blame the caller: nothing was sent. What is the account's, the signature's
//! or the template's is for the operator to mend, and waits; what is wrong
//! with one number or one text is refused. Codes of the cloud's own trouble
//! may come after it acted.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::Deserialize;

use crate::provider::api::{ApiAnswer, is_code, is_reference, wait_for};
use crate::provider::{Delay, NEW_TO_US, Refusal, SendOutcome, our_account};

/// China's time, the whole year; the cloud writes it without saying so.
pub const CHINA: Offset = Offset::constant(8);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What every answer has, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Body {
    code: String,
    /// Of limits, it says which; else the provider's words.
    message: String,
    biz_id: Option<String>,
    call_id: Option<String>,
}

/// What a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    Refused(Refusal),
    /// The operator mends it.
    Ours,
    /// Too fast, or a limit over a time that passes.
    Throttled(Option<SignedDuration>),
    Down,
    /// It may have been taken.
    Doubt,
    /// Nobody told us of it.
    New {
        may_be_taken: bool,
    },
}

/// What is true after an answer to a request to send or to call.
pub fn outcome(answer: &ApiAnswer, now: Timestamp) -> SendOutcome {
    let body: Body = serde_json::from_slice(&answer.body).unwrap_or_default();
    if body.code == "OK" {
        let id = body.biz_id.or(body.call_id).filter(|id| is_reference(id));
        return SendOutcome::Accepted { provider_ref: id };
    }
    // Others are not the cloud's, and may be anybody's.
    let code = Some(body.code.as_str()).filter(|code| is_code(code));
    let note = match code {
        Some(code) => format!("aliyun {code}"),
        None => format!("aliyun: http {} without a code", answer.status),
    };
    let theirs = answer.retry_after.as_deref().and_then(|text| wait_for(text, now));
    let means = match code {
        Some(code) => means(code, &body.message, now),
        None => bare(answer.status),
    };
    match means {
        Means::Refused(because) => SendOutcome::Rejected { because, note },
        Means::Ours => {
            SendOutcome::Deferred { because: Delay::Down, wait: theirs, note: our_account(&note) }
        }
        Means::Throttled(wait) => {
            SendOutcome::Deferred { because: Delay::Throttled, wait: wait.or(theirs), note }
        }
        Means::Down => SendOutcome::Deferred { because: Delay::Down, wait: theirs, note },
        Means::Doubt => SendOutcome::Ambiguous { note },
        Means::New { may_be_taken: true } => SendOutcome::Ambiguous { note: note + NEW_TO_US },
        Means::New { may_be_taken: false } => {
            SendOutcome::Deferred { because: Delay::Down, wait: theirs, note: note + NEW_TO_US }
        }
    }
}

/// A status without a code: it may come from anything in between.
fn bare(status: u16) -> Means {
    match status {
        429 => Means::Throttled(None),
        401..=405 | 301 | 302 | 307 | 308 => Means::Ours,
        _ => Means::Doubt,
    }
}

/// Published at <https://help.aliyun.com/document_detail/101346.html> (SMS),
/// <https://help.aliyun.com/document_detail/112502.html> (voice).
fn means(code: &str, message: &str, now: Timestamp) -> Means {
    match code {
        // One number, so often a minute, an hour or a day: the message says
        // which of them.
        "isv.BUSINESS_LIMIT_CONTROL" => Means::Throttled(Some(limited_for(message))),
        // The operator's own limits, and the day is China's.
        "isv.DAY_LIMIT_CONTROL" => Means::Throttled(Some(until_midnight(now))),
        "isv.MONTH_LIMIT_CONTROL" => Means::Throttled(Some(DAY)),
        // Calls are not placed at this hour.
        "isv.VOICE_CALL_PERIOD_ERROR" | "isv.VOICE_ROBOT_NOT_PERIOD" => {
            Means::Throttled(Some(SignedDuration::from_hours(1)))
        }

        "isv.MOBILE_NUMBER_ILLEGAL"
        | "isv.MOBILE_COUNT_OVER_LIMIT"
        | "isv.DOMESTIC_NUMBER_NOT_SUPPORTED" => Means::Refused(Refusal::BadRecipient),
        "isv.COMPLAINT_REJECT" => Means::Refused(Refusal::OptedOut),
        "isv.TEMPLATE_PARAMS_ILLEGAL"
        | "isv.INVALID_JSON_PARAM"
        | "isv.PARAM_LENGTH_LIMIT"
        | "isv.PARAM_NOT_SUPPORT_URL"
        | "isv.BLACK_KEY_CONTROL_LIMIT"
        | "isv.SMS_CONTENT_ILLEGAL"
        | "isv.INVALID_PARAMETERS" => Means::Refused(Refusal::BadContent),

        // A nonce is used once: a second copy of the request came, and the
        // first may have been acted upon.
        "SignatureNonceUsed" => Means::Doubt,
        "isp.RAM_PERMISSION_DENY" | "SignatureDoesNotMatch" | "IncompleteSignature" => Means::Ours,
        "isv.VOICE_CALL_FAIL" => Means::Doubt,
        "ServiceUnavailable" => Means::Down,
        _ => of_a_family(code),
    }
}

/// Codes that share a beginning, and those that are new to us.
fn of_a_family(code: &str) -> Means {
    let begins = |families: &[&str]| families.iter().any(|family| code.starts_with(family));
    if begins(&["Throttling"]) {
        return Means::Throttled(None);
    }
    // Signature and template of the operator, their review, their account.
    const OURS: &[&str] = &[
        "InvalidAccessKeyId",
        "InvalidTimeStamp",
        "InvalidSecurityToken",
        "Forbidden",
        "NoPermission",
        "isv.SMS_SIGN",
        "isv.SIGN_",
        "isv.SMS_TEMPLATE",
        "isv.TEMPLATE_",
        "isv.TTS_TEMPLATE",
        "isv.VOICE_FILE",
        "isv.DISPLAY_NUMBER",
        "isv.EXTEND_CODE",
        "isv.ACCOUNT_",
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.OUT_OF_SERVICE",
        "isv.PRODUCT_",
        "isv.DENY_IP",
    ];
    if begins(OURS) {
        return Means::Ours;
    }
    // Refused by the caller's fault, and we do not know which: it uses up an
    // attempt, and after the last one the next channel is tried.
    Means::New { may_be_taken: !begins(&["isv."]) }
}

/// "触发分钟级流控Permits:1", "触发小时级流控Permits:5", "触发天级流控Permits:10".
fn limited_for(message: &str) -> SignedDuration {
    if message.contains("分钟") {
        SignedDuration::from_mins(1)
    } else if message.contains("小时") {
        SignedDuration::from_hours(1)
    } else {
        DAY
    }
}

fn until_midnight(now: Timestamp) -> SignedDuration {
    let local = now.to_zoned(TimeZone::fixed(CHINA));
    let midnight = local.start_of_day().and_then(|start| start.checked_add(1.day()));
    midnight.map_or(DAY, |midnight| midnight.timestamp().duration_since(now))
}

#[cfg(test)]
mod tests;
