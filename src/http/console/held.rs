//! The why-not ledger: steps that are due and wait, and what for.

use askama::Template;
use axum::http::StatusCode;

use crate::model::{AccountId, Bucket, Reason};
use crate::store::HeldLine;

use super::frame::{self, Frame};
use super::visit::Visit;
use super::visitor::{Answer, query};

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
pub async fn show(visit: Visit) -> Answer {
    let asked = &visit.asked;
    let reason = Reason::parse(asked.get("reason"));
    let after = asked.get("bucket").parse().ok().map(|number: i64| HeldLine {
        bucket: Bucket::from_number(number),
        account: AccountId::from(asked.get("account")),
        bill: asked.get("bill").to_owned(),
        step: asked.get("step").to_owned(),
        step_on: visit.today(),
        limit_on: visit.today(),
        reason: Reason::Paid,
    });
    let desk = visit.console().store.desk();
    let lines = desk.held(reason, after.as_ref(), PAGE).await?;
    let more = lines.last().filter(|_| lines.len() == PAGE as usize).map(|last| {
        let bucket = last.bucket.number().to_string();
        query(&[
            ("reason", reason.map(Reason::as_str)),
            ("bucket", Some(&bucket)),
            ("account", Some(last.account.as_str())),
            ("bill", Some(&last.bill)),
            ("step", Some(&last.step)),
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
