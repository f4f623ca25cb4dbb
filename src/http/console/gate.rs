//! The gate before every room: who comes, and whether they may.
//!
//! A request is somebody's by its cookie alone, and counts as a form of ours by
//! what the browser says of its origin and by the token that the form carries.
//! What is refused is refused before anything else is read.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{COOKIE, HOST, ORIGIN, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use tracing::error;

use crate::http::Front;
use crate::http::body::{self, NotRead};
use crate::model::staff::Permit;
use crate::store::StoreError;

use super::Console;
use super::people::secrets::{Token, is_same};
use super::visitor::{Call, Comer, Form, Visitor, query};

/// `__Host-`: browsers take it over TLS alone, for this host and no other.
pub const COOKIE_NAME: &str = "__Host-duebell";
/// Without a request for so long, a session is over.
pub const IDLE: SignedDuration = SignedDuration::from_mins(15);
/// Acts that ask for it ask again who it is after so long.
pub const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// Seeing somebody is written down this often at most.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(30);
const BODY_BYTES_MAX: usize = 64 * 1024;
const NEXT_CHARS_MAX: usize = 512;

/// What a room asks of whoever comes.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    pub permit: Permit,
    pub fresh: bool,
}

/// Lets a request in that may come, with its [`Visitor`] and its [`Form`] as
/// extensions.
pub async fn open(
    State((front, rule)): State<(Arc<Front>, Rule)>,
    request: Request,
    next: Next,
) -> Response {
    let Some(console) = &front.console else { return StatusCode::NOT_FOUND.into_response() };
    let now = front.clock.now();
    let (mut head, body) = request.into_parts();
    let comer = match comer(console, &head.headers, now).await {
        Ok(comer) => comer,
        Err(why) => {
            error!("could not look up who comes: {:#}", anyhow::Error::new(why));
            return refused(&front, head, StatusCode::SERVICE_UNAVAILABLE, "error_away").await;
        }
    };
    if let Some(comer) = &comer {
        if comer.session.is_whole {
            head.extensions.insert(Visitor::of(comer, console, now));
        }
        head.extensions.insert(comer.clone());
    }
    let visitor = head.extensions.get::<Visitor>();
    let may = match rule.permit {
        Permit::Anyone => true,
        Permit::Entering => comer.is_some() && visitor.is_none(),
        permit => visitor.is_some_and(|visitor| visitor.may(permit)),
    };
    let is_look = head.method.is_safe();
    let is_fresh = !rule.fresh || visitor.is_some_and(|visitor| visitor.is_fresh);
    let place = head.uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
    match (may, visitor.is_some()) {
        (true, _) => {}
        (false, true) if rule.permit == Permit::Entering => return leads(console, "/", None),
        (false, true) => {
            return refused(&front, head, StatusCode::FORBIDDEN, "error_may_not").await;
        }
        (false, false) if is_look => return leads(console, "/sign-in", Some(&place)),
        (false, false) => {
            return refused(&front, head, StatusCode::UNAUTHORIZED, "error_signed_out").await;
        }
    }
    if is_look {
        return match is_fresh {
            true => next.run(Request::from_parts(head, body)).await,
            false => leads(console, "/confirm", Some(&place)),
        };
    }
    let form = match form(&front, console, &head, body).await {
        Ok(form) => form,
        Err((status, key)) => return refused(&front, head, status, key).await,
    };
    // Whoever signs in has no session whose token a form could carry.
    let token = comer.filter(|_| rule.permit != Permit::Anyone).map(|it| it.token.of_forms());
    if token.is_some_and(|token| !is_same(form.get("token"), &token)) {
        return refused(&front, head, StatusCode::FORBIDDEN, "error_again").await;
    }
    if !is_fresh {
        return leads(console, "/confirm", Some(&came_from(console, &head.headers)));
    }
    head.extensions.insert(form);
    next.run(Request::from_parts(head, Body::empty())).await
}

/// Whose cookie it is, where the session lasts and they are still let in.
async fn comer(
    console: &Console,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<Comer>, StoreError> {
    let Some(token) = cookie(headers) else { return Ok(None) };
    let people = console.store.people();
    let Some((session, person)) = people.session(&token.id()).await? else { return Ok(None) };
    let is_over = now >= session.expires_at || now.duration_since(session.seen_at) >= IDLE;
    if is_over || person.disabled_at.is_some() {
        return Ok(None);
    }
    if now.duration_since(session.seen_at) >= SEEN_EVERY {
        people.see(&session.id, now).await?;
    }
    Ok(Some(Comer { token, session, person }))
}

fn cookie(headers: &HeaderMap) -> Option<Token> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut pairs = pairs.flat_map(|text| text.split(';')).filter_map(|it| it.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim() == COOKIE_NAME)?;
    Token::read(value.trim())
}

/// The form of a request, where it is one of ours.
async fn form(
    front: &Front,
    console: &Console,
    head: &Parts,
    body: Body,
) -> Result<Form, (StatusCode, &'static str)> {
    if !is_ours(&head.headers, console.host.as_deref()) {
        return Err((StatusCode::FORBIDDEN, "error_other_site"));
    }
    match body::whole(body, BODY_BYTES_MAX, front.waits.body).await {
        Ok(body) => Ok(Form::read(&body)),
        Err(NotRead::TooLong) => Err((StatusCode::PAYLOAD_TOO_LARGE, "error_long")),
        Err(NotRead::TooSlow) => Err((StatusCode::REQUEST_TIMEOUT, "error_slow")),
        Err(NotRead::BrokenOff) => Err((StatusCode::BAD_REQUEST, "error_slow")),
    }
}

/// Whether a form was sent from a page of ours. Every browser says so in one of
/// two ways; what says neither is none.
fn is_ours(headers: &HeaderMap, host: Option<&str>) -> bool {
    let text = |name: &str| headers.get(name).map(|it| it.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return site.is_some() };
    let from = origin.split_once("://").map(|(_, host)| host);
    from.is_some() && (from == text(HOST.as_str()) || from == host)
}

/// Where the page was that sent a form.
fn came_from(console: &Console, headers: &HeaderMap) -> String {
    let text = headers.get(REFERER).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let path = text.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let inside = path.and_then(|path| path.strip_prefix(&*console.base));
    inside.map_or("/", inner).to_owned()
}

/// A place in the console, below its own path; its front where it is none.
pub fn inner(next: &str) -> &str {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let is_inner = next.starts_with('/')
        && next.len() <= NEXT_CHARS_MAX
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !path.contains("//")
        && !path.split('/').any(|part| part.replace("%2e", ".").replace("%2E", ".") == "..");
    if is_inner { next } else { "/" }
}

/// Leads to another room, from which to come back.
fn leads(console: &Console, path: &str, back: Option<&str>) -> Response {
    let back = back.map(inner).filter(|back| *back != "/");
    Call::lead(console, &format!("{path}{}", query(&[("next", back)])))
}

/// The answer to who may not, as a page in their language.
async fn refused(
    front: &Arc<Front>,
    mut head: Parts,
    status: StatusCode,
    key: &'static str,
) -> Response {
    use axum::extract::FromRequestParts as _;
    match Call::from_request_parts(&mut head, front).await {
        Ok(call) => call.closed(status, key),
        Err(status) => status.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_form_of_our_own_pages_counts() {
        let check = |headers: &[(&'static str, &'static str)], expected| {
            let map = headers.iter().map(|(name, value)| {
                (axum::http::HeaderName::from_static(name), value.parse().unwrap())
            });
            let is_ours = is_ours(&map.collect(), Some("d.example.net"));
            assert_eq!(is_ours, expected, "{headers:?}");
        };
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("origin", "https://d.example.net")], true);
        check(&[("origin", "http://10.0.0.7:8470"), ("host", "10.0.0.7:8470")], true);
        check(&[], false);
        check(&[("sec-fetch-site", "none")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        check(&[("sec-fetch-site", "cross-site"), ("origin", "https://d.example.net")], false);
        check(&[("origin", "null")], false);
        check(&[("origin", "null"), ("sec-fetch-site", "same-origin")], false);
        check(&[("origin", "")], false);
        check(&[("origin", "https://d.example.net.evil.example")], false);
        check(&[("origin", "https://evil.example"), ("host", "d.example.net")], false);
    }

    #[test]
    fn a_way_back_leads_into_the_console_and_nowhere_else() {
        for next in ["/", "/people", "/people/ann?said=roles", "/a?next=https://x/../y"] {
            assert_eq!(inner(next), next);
        }
        for next in [
            "",
            "people",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/../p/token",
            "/a/%2e%2E/b",
            "/a/..",
            "/a//b",
            "/a\r\nset-cookie: x",
            "/ü",
        ] {
            assert_eq!(inner(next), "/", "{next}");
        }
        assert_eq!(inner(&format!("/{}", "a".repeat(512))), "/");
    }
}
