//! Whoever has come through the gate, and the form that they brought along.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use tracing::error;

use crate::http::Front;
use crate::http::server::Peer;
use crate::model::staff::{Permit, Roles};
use crate::store::{Person, Session, StoreError};

use super::Console;
use super::frame::{self, Frame};
use super::gate::FRESH;
use super::people::secrets::Token;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The name that stands in every record of what was done.
    pub name: String,
    pub roles: Roles,
    /// The tag of the language that the pages speak to them.
    pub language: String,
    /// Stands in every form; the gate refuses one without it.
    pub token: String,
    /// Whether who they are was shown again just now, as sensitive acts ask.
    pub is_fresh: bool,
}

impl Visitor {
    pub fn may(&self, permit: Permit) -> bool {
        self.roles.may(permit)
    }

    pub fn of(comer: &Comer, console: &Console, now: Timestamp) -> Visitor {
        let Comer { token, session, person } = comer;
        Visitor {
            name: person.name.clone(),
            roles: person.roles.clone(),
            language: person.language.clone().unwrap_or_else(|| console.language.clone()),
            token: token.of_forms(),
            is_fresh: now.duration_since(session.shown_at) < FRESH,
        }
    }
}

/// Whose session it is, whole or not.
#[derive(Clone)]
pub struct Comer {
    pub token: Token,
    pub session: Session,
    pub person: Person,
}

/// What a form posted, field by field.
#[derive(Debug, Clone, Default)]
pub struct Form(pub Vec<(String, String)>);

impl Form {
    pub fn read(body: &[u8]) -> Form {
        Form(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A field without the space around it; empty where it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    /// Every value of a field that may be there several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// One request that came through the gate, with all that a room answers it by.
#[derive(Clone)]
pub struct Call {
    front: Arc<Front>,
    pub visitor: Option<Visitor>,
    pub comer: Option<Comer>,
    pub form: Form,
    /// What stands after the question mark.
    pub asked: Form,
    /// The part of the path that names something.
    pub named: String,
    /// Where they are, as far as we can tell.
    pub address: IpAddr,
    pub now: Timestamp,
}

impl FromRequestParts<Arc<Front>> for Call {
    type Rejection = StatusCode;

    async fn from_request_parts(head: &mut Parts, front: &Arc<Front>) -> Result<Call, StatusCode> {
        if front.console.is_none() {
            return Err(StatusCode::NOT_FOUND);
        }
        type Named = axum::extract::Path<String>;
        let named = Named::from_request_parts(head, front).await;
        let extensions = &head.extensions;
        let peer = extensions.get::<Peer>().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0);
        Ok(Call {
            front: front.clone(),
            visitor: extensions.get().cloned(),
            comer: extensions.get().cloned(),
            form: extensions.get().cloned().unwrap_or_default(),
            asked: Form::read(head.uri.query().unwrap_or_default().as_bytes()),
            named: named.map(|it| it.0).unwrap_or_default(),
            address: address(peer, &head.headers),
            now: front.clock.now(),
        })
    }
}

/// Where a request comes from. A proxy writes its neighbour at the end of
/// `X-Forwarded-For`; who comes to us directly, from the world, may write there
/// what they like.
fn address(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_near = match peer {
        IpAddr::V4(it) => it.is_loopback() || it.is_private(),
        IpAddr::V6(it) => it.is_loopback() || it.is_unique_local(),
    };
    let last = headers.get_all("x-forwarded-for").iter().next_back();
    let last = last.and_then(|it| it.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    if is_near { last.unwrap_or(peer) } else { peer }
}

/// A page that says what went wrong.
#[derive(Template)]
#[template(path = "closed.html")]
struct Closed<'a> {
    frame: Frame<'a>,
    key: &'static str,
}

/// Why a room has no answer of its own.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("the store did not answer")]
    Store(#[from] StoreError),
    /// Nobody and nothing is named so.
    #[error("there is no such thing")]
    Missing,
    /// Nobody is signed in where the gate lets nobody else in.
    #[error("nobody is there")]
    Nobody,
}

pub type Answer = Result<Response, Broken>;

impl Call {
    pub fn console(&self) -> &Console {
        self.front.console.as_ref().expect("a call is read where there is a console")
    }

    /// Whose session it is.
    pub fn comer(&self) -> Result<&Comer, Broken> {
        self.comer.as_ref().ok_or(Broken::Nobody)
    }

    /// The frame of a page for whoever comes.
    pub fn frame(&self, title: &str, here: &'static str) -> Frame<'_> {
        let console = self.console();
        let own = self.comer.as_ref().and_then(|comer| comer.person.language.as_deref());
        let language = own.unwrap_or(&console.language);
        Frame::new(console, language, self.visitor.as_ref(), title, here, self.now)
    }

    /// What every form of theirs carries.
    pub fn token(&self) -> String {
        self.comer.as_ref().map(|comer| comer.token.of_forms()).unwrap_or_default()
    }

    /// On to another page.
    pub fn see(&self, path: &str) -> Response {
        Call::lead(self.console(), path)
    }

    pub fn lead(console: &Console, path: &str) -> Response {
        let place = format!("{}{}", console.base, path.trim_end_matches('/'));
        (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response()
    }

    pub fn closed(&self, status: StatusCode, key: &'static str) -> Response {
        frame::page(status, &Closed { frame: self.frame("error", "error"), key })
    }

    /// What a room came to, or a page that says that it came to nothing.
    pub fn answer(&self, answer: Answer) -> Response {
        answer.unwrap_or_else(|why| {
            error!("the console could not answer: {:#}", anyhow::Error::new(why));
            self.closed(StatusCode::SERVICE_UNAVAILABLE, "error_away")
        })
    }
}

/// What stands after a path, of what there is.
pub fn query(parts: &[(&str, Option<&str>)]) -> String {
    let mut written = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parts {
        if let Some(value) = value {
            written.append_pair(name, value);
        }
    }
    let written = written.finish();
    if written.is_empty() { written } else { format!("?{written}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_the_nearest_proxy_says_and_no_stranger() {
        let check = |peer: &str, forwarded: &[&'static str], expected: &str| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let found = address(peer.parse().unwrap(), &headers);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {forwarded:?}");
        };
        check("127.0.0.1", &["203.0.113.9"], "203.0.113.9");
        check("10.0.0.2", &["198.51.100.1, 203.0.113.9"], "203.0.113.9");
        check("::1", &["198.51.100.1", "2001:db8::7"], "2001:db8::7");
        check("127.0.0.1", &[], "127.0.0.1");
        check("127.0.0.1", &["unknown"], "127.0.0.1");
        check("203.0.113.5", &["198.51.100.1"], "203.0.113.5");
    }
}
