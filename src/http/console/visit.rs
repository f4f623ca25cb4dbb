//! A room that is being looked at: who looks, what they asked for, and when.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tracing::error;

use crate::http::Front;
use crate::model::audit::{Doer, Through};
use crate::store::StoreError;

use super::Console;
use super::frame::{self, Frame};
use super::visitor::{Form, Visitor};

pub struct Visit {
    front: Arc<Front>,
    pub visitor: Visitor,
    /// What stands after the question mark.
    pub query: Form,
    /// What was posted; empty where nothing was.
    pub form: Form,
    pub now: Timestamp,
}

impl Visit {
    /// Rooms are only there where a console is.
    pub fn console(&self) -> &Console {
        self.front.console.as_ref().expect("its rooms are in the router because it is there")
    }

    /// `title` and `here` are keys of the catalogue.
    pub fn frame(&self, title: &str, here: &'static str) -> Frame<'_> {
        Frame::new(self.console(), Some(&self.visitor), title, here, self.now)
    }

    /// The day on which facts are read: that of UTC, as everywhere.
    pub fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    /// Whoever is here, for the audit trail.
    pub fn doer(&self) -> Doer {
        Doer { by: self.visitor.name.clone(), through: Through::Console, at: self.now }
    }

    /// Goes on to another room, after something was done.
    pub fn see(&self, path: &str) -> Response {
        see(&format!("{}{path}", self.console().base))
    }
}

/// Leads a browser to `place` by a GET, whatever it did before.
pub fn see(place: &str) -> Response {
    match HeaderValue::from_str(place) {
        Ok(place) => (StatusCode::SEE_OTHER, frame::headers(), [(LOCATION, place)]).into_response(),
        Err(_) => Trouble::Missing.into_response(),
    }
}

impl FromRequestParts<Arc<Front>> for Visit {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, front: &Arc<Front>) -> Result<Visit, Trouble> {
        let visitor = parts.extensions.get::<Visitor>().cloned().ok_or(Trouble::Stranger)?;
        let form = parts.extensions.get::<Form>().cloned().unwrap_or_default();
        let query = Form::read(parts.uri.query().unwrap_or_default().as_bytes());
        let now = front.clock.now();
        Ok(Visit { front: front.clone(), visitor, query, form, now })
    }
}

/// Why there is no page.
#[derive(Debug)]
pub enum Trouble {
    /// Nobody of that name.
    Missing,
    /// The gate was not gone through. It cannot be, but if it were: nothing is shown.
    Stranger,
    /// What was asked for makes no sense here.
    Senseless(&'static str),
    Store(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Trouble {
        Trouble::Store(error)
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (status, says) = match self {
            Trouble::Missing => (StatusCode::NOT_FOUND, "There is no such thing here."),
            Trouble::Stranger => (StatusCode::UNAUTHORIZED, "Sign in first."),
            Trouble::Senseless(why) => (StatusCode::BAD_REQUEST, why),
            Trouble::Store(error) => {
                error!("a page of the console could not be read: {:#}", anyhow::Error::new(error));
                (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer. Try again.")
            }
        };
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Duebell</title>\
             <main><h1>{says}</h1></main></html>"
        );
        (status, frame::headers(), html).into_response()
    }
}
