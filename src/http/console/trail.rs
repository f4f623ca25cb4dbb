//! The audit trail, to be read and to be verified.

use askama::Template;
use axum::http::StatusCode;

use crate::audit::Break;
use crate::model::audit::{Act, Anchor, Entry};
use crate::store::AuditPage;

use super::frame::{self, Frame};
use super::visit::Visit;
use super::visitor::{Answer, query};

const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "trail.html")]
struct TrailPage<'a> {
    frame: Frame<'a>,
    by: &'a str,
    about: &'a str,
    act: Option<Act>,
    entries: Vec<Entry>,
    more: Option<String>,
    /// Where it was verified: what was found, and whether that is well.
    verified: Option<(String, bool)>,
}

/// `GET /audit`.
pub async fn show(visit: Visit) -> Answer {
    page(&visit, None).await
}

/// `POST /audit/verify`: walks the whole chain.
pub async fn verify(visit: Visit) -> Answer {
    let found = visit.console().store.desk().verify(&[]).await?;
    page(&visit, Some(verdict(&visit, found))).await
}

fn verdict(visit: &Visit, found: Result<Anchor, Break>) -> (String, bool) {
    let frame = visit.frame("audit", "audit");
    match found {
        Ok(end) => (frame.say_with("audit_intact", "count", end.seq), true),
        Err(broken) => (frame.say_with("audit_broken", "how", broken), false),
    }
}

async fn page(visit: &Visit, verified: Option<(String, bool)>) -> Answer {
    let asked = &visit.asked;
    let (by, about, act) = (asked.get("by"), asked.get("about"), Act::parse(asked.get("act")));
    let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let before = asked.get("before").parse().ok();
    let wanted = AuditPage { before, by: named(by), act, about: named(about), limit: PAGE };
    let entries = visit.console().store.desk().audit(&wanted).await?;
    let more = entries.last().filter(|_| entries.len() == PAGE as usize).map(|last| {
        let before = last.seq.to_string();
        let named = |text| Some(text).filter(|text: &&str| !text.is_empty());
        let act = act.map(Act::as_str);
        query(&[
            ("by", named(by)),
            ("about", named(about)),
            ("act", act),
            ("before", Some(&before)),
        ])
    });
    let frame = visit.frame("audit", "audit");
    let page = TrailPage { frame, by, about, act, entries, more, verified };
    Ok(frame::page(StatusCode::OK, &page))
}

impl TrailPage<'_> {
    fn acts(&self) -> &'static [Act] {
        &Act::ALL
    }

    fn is_chosen(&self, act: &Act) -> bool {
        self.act == Some(*act)
    }

    /// What changed, as it is kept; nothing where nothing is.
    fn details(&self, entry: &Entry) -> String {
        let details = &entry.deed.details;
        let is_empty = details.as_object().is_some_and(|it| it.is_empty()) || details.is_null();
        if is_empty { String::new() } else { details.to_string() }
    }

    fn digest(&self, entry: &Entry) -> String {
        entry.digest.to_string().chars().take(12).collect()
    }
}
