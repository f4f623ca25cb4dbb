//! A room that somebody who is signed in looks at.

use std::ops::Deref;

use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::audit::{Doer, Through};

use super::visitor::{Answer, Broken, Call, Visitor};

/// A call whose visitor the gate knows.
pub struct Visit {
    call: Call,
    pub visitor: Visitor,
}

impl Deref for Visit {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

impl Visit {
    fn of(call: Call) -> Result<Visit, Broken> {
        let visitor = call.visitor.clone().ok_or(Broken::Nobody)?;
        Ok(Visit { call, visitor })
    }

    /// The day on which facts are read: that of UTC, as everywhere.
    pub fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    /// Whoever is here, for the audit trail.
    pub fn doer(&self) -> Doer {
        Doer { by: self.visitor.name.clone(), through: Through::Console, at: self.now }
    }
}

/// A room's handler, made of one that may come to nothing.
pub fn room<F, Told>(show: F) -> impl Fn(Call) -> BoxFuture + Clone + Send + Sync + 'static
where
    F: Fn(Visit) -> Told + Clone + Send + Sync + 'static,
    Told: Future<Output = Answer> + Send + 'static,
{
    move |call: Call| {
        let show = show.clone();
        Box::pin(async move {
            let answer = match Visit::of(call.clone()) {
                Ok(visit) => show(visit).await,
                Err(broken) => Err(broken),
            };
            match answer {
                Err(Broken::Missing) => call.closed(StatusCode::NOT_FOUND, "error_nothing"),
                answer => call.answer(answer),
            }
        })
    }
}

pub type BoxFuture = std::pin::Pin<Box<dyn Future<Output = Response> + Send>>;
