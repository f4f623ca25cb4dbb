//! `/receipts/{provider}`: verify, write down, answer.
//!
//! Nothing is decided here and nothing is looked up: whether a receipt is
//! about anything of ours is settling's question. The answer is 204 only after
//! receipts and replies are durable, so a provider that repeats what was not
//! answered with it loses none.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use tracing::{debug, warn};

use crate::model::receipt::PostedReceipt;
use crate::model::reply::PostedReply;
use crate::provider::{self, Call, NotTaken};

use super::Front;
use super::body::{self, NotRead};
use super::inbox::NotKept;

/// A thousand receipts with room for a gateway's own fields.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// When to come again after a 503, in seconds.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");

/// Refusals are told of this often at most.
const REFUSALS_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// What came of a request.
enum Answer {
    /// Durable; told in the provider's own form, where it has one.
    Kept(Option<provider::Answer>),
    UnknownProvider,
    NotRead(NotRead),
    NotTaken(NotTaken),
    NotKept(NotKept),
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let said = |status: StatusCode, what: String| (status, format!("{what}\n")).into_response();
        let again = |what: String| {
            let mut response = said(StatusCode::SERVICE_UNAVAILABLE, what);
            response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S);
            response
        };
        match self {
            Answer::Kept(None) => StatusCode::NO_CONTENT.into_response(),
            Answer::Kept(Some(told)) => {
                ([(CONTENT_TYPE, told.content_type)], told.body).into_response()
            }
            Answer::UnknownProvider => {
                said(StatusCode::NOT_FOUND, "no provider of that name posts receipts".into())
            }
            Answer::NotRead(NotRead::TooLong) => {
                said(StatusCode::PAYLOAD_TOO_LARGE, format!("more than {BODY_BYTES_MAX} bytes"))
            }
            Answer::NotRead(NotRead::TooSlow) => {
                said(StatusCode::REQUEST_TIMEOUT, "the body did not come".into())
            }
            Answer::NotRead(NotRead::BrokenOff) => {
                said(StatusCode::BAD_REQUEST, "the body broke off".into())
            }
            Answer::NotTaken(why @ NotTaken::Unsigned(_)) => {
                said(StatusCode::UNAUTHORIZED, why.to_string())
            }
            Answer::NotTaken(why @ NotTaken::Unreadable(_)) => {
                said(StatusCode::BAD_REQUEST, why.to_string())
            }
            Answer::NotTaken(why @ NotTaken::NotNow(_)) => again(why.to_string()),
            Answer::NotKept(why) => again(why.to_string()),
        }
    }
}

pub(super) async fn call(
    State(front): State<Arc<Front>>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    let began = Instant::now();
    // A name that is not in the settings is the caller's words, and not logged.
    let Some((name, _)) = front.callbacks.get_key_value(&provider) else {
        return Answer::UnknownProvider.into_response();
    };
    let answer = taken(&front, name, request).await;
    if let Answer::NotTaken(why @ (NotTaken::Unsigned(_) | NotTaken::NotNow(_))) = &answer
        && is_worth_telling(&front)
    {
        warn!(provider.name = %name, "receipts are refused: {why}");
    }
    let response = answer.into_response();
    let (status, duration_ms) = (response.status().as_u16(), began.elapsed().as_millis() as u64);
    debug!(provider.name = %name, status, duration_ms, "receipts");
    response
}

/// Once in a while: a wrong secret must show, and a stranger not fill the log.
fn is_worth_telling(front: &Front) -> bool {
    let now = front.clock.now();
    let mut told_at = front.refusal_told_at.lock().unwrap_or_else(PoisonError::into_inner);
    let is_due = told_at.is_none_or(|told| now.duration_since(told) >= REFUSALS_EVERY);
    if is_due {
        *told_at = Some(now);
    }
    is_due
}

async fn taken(front: &Front, provider: &str, request: Request) -> Answer {
    let Some(callback) = front.callbacks.get(provider) else { return Answer::UnknownProvider };
    let (head, body) = request.into_parts();
    let body = match body::whole(body, BODY_BYTES_MAX, front.waits.body).await {
        Ok(body) => body,
        Err(why) => return Answer::NotRead(why),
    };
    let now = front.clock.now();
    let call = Call {
        method: &head.method,
        target: head.uri.path_and_query().map_or("", PathAndQuery::as_str),
        query: head.uri.query().unwrap_or_default(),
        headers: &head.headers,
        body: &body,
        now,
    };
    let posted = match callback.read(&call).await {
        Ok(posted) => posted,
        Err(why) => return Answer::NotTaken(why),
    };
    let (provider, message_id): (Arc<str>, Arc<str>) = (provider.into(), posted.message_id.into());
    let receipts = posted
        .receipts
        .into_iter()
        .zip(0..)
        .map(|(receipt, ordinal)| PostedReceipt {
            provider: provider.clone(),
            message_id: message_id.clone(),
            ordinal,
            receipt,
            received_at: now,
        })
        .collect();
    let replies = posted
        .replies
        .into_iter()
        .zip(0..)
        .map(|(reply, ordinal)| PostedReply {
            provider: provider.clone(),
            message_id: message_id.clone(),
            ordinal,
            reply,
            received_at: now,
        })
        .collect();
    let kept = front.inbox.keep(receipts).await;
    match kept.and(front.replies.keep(replies).await) {
        Ok(()) => Answer::Kept(posted.answer),
        Err(why) => Answer::NotKept(why),
    }
}
