//! The why-not ledger: steps that are due and wait, and what for.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::model::{AccountId, Bucket, Reason};
use crate::store::HeldLine;

use super::frame::{self, Frame, urlencoded};
use super::visit::{Trouble, Visit};

const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "held.html")]
struct HeldPage<'a> {
    frame: Frame<'a>,
    reason: Option<Reason>,
    lines: Vec<HeldLine>,
    /// The query of the next page.
    more: Option<String>,
}

/// `GET /held?reason=…`, by keys from page to page.
pub async fn show(visit: Visit) -> Result<Response, Trouble> {
    let query = &visit.query;
    let reason = Reason::parse(query.get("reason"));
    let after = query.get("bucket").parse().ok().map(|number: i64| HeldLine {
        bucket: Bucket::from_number(number),
        account: AccountId::from(query.get("account")),
        bill: query.get("bill").to_owned(),
        step: query.get("step").to_owned(),
        step_on: visit.today(),
        limit_on: visit.today(),
        reason: Reason::Paid,
    });
    let desk = visit.console().store.desk();
    let lines = desk.held(reason, after.as_ref(), PAGE).await?;
    let more = lines.last().filter(|_| lines.len() == PAGE as usize).map(|last| {
        urlencoded(&[
            ("reason", reason.map_or("", Reason::as_str)),
            ("bucket", &last.bucket.number().to_string()),
            ("account", last.account.as_str()),
            ("bill", &last.bill),
            ("step", &last.step),
        ])
    });
    let frame = visit.frame("held", "held");
    Ok(frame::page(StatusCode::OK, &HeldPage { frame, reason, lines, more }))
}

impl HeldPage<'_> {
    fn reasons(&self) -> &'static [Reason] {
        Reason::ALL
    }

    fn is_chosen(&self, reason: &Reason) -> bool {
        self.reason == Some(*reason)
    }
}
