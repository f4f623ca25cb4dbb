//! The policy room: what is in force, to be read.

use askama::Template;
use axum::http::StatusCode;

use crate::policy::{Scenario, Step, Versioned};

use super::frame::{self, Frame};
use super::visit::Visit;
use super::visitor::Answer;

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage<'a> {
    frame: Frame<'a>,
    scenarios: &'a [Versioned],
}

/// `GET /policy`.
pub async fn show(visit: Visit) -> Answer {
    let scenarios = visit.console().rules.scenarios.current();
    let page = RulesPage { frame: visit.frame("policy", "policy"), scenarios };
    Ok(frame::page(StatusCode::OK, &page))
}

impl RulesPage<'_> {
    fn day(&self, step: &Step) -> String {
        format!("{:+}", step.offset_days)
    }

    /// All that it says, as it is kept.
    fn body(&self, scenario: &Scenario) -> String {
        serde_json::to_string_pretty(scenario).unwrap_or_default()
    }
}
