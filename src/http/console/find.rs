//! Looking accounts up.

use askama::Template;
use axum::http::StatusCode;

use crate::message::page::masked;
use crate::model::billing::owed;
use crate::model::facts::AccountFacts;
use crate::model::{Money, PhoneNumber};
use crate::store::PlanStore;

use super::frame::{self, Frame};
use super::visit::Visit;
use super::visitor::Answer;

const FOUND_MAX: u32 = 50;

#[derive(Template)]
#[template(path = "find.html")]
struct FindPage<'a> {
    frame: Frame<'a>,
    asked: &'a str,
    found: Vec<AccountFacts>,
}

/// `GET /accounts?q=…`. One that is found alone is opened.
pub async fn show(visit: Visit) -> Answer {
    let asked = visit.asked.get("q");
    let store = &visit.console().store;
    let mut found = Vec::new();
    if !asked.is_empty() {
        let number = PhoneNumber::parse(asked, None);
        let number = number.as_ref().map(PhoneNumber::e164);
        let keys = store.desk().find(asked, number, FOUND_MAX).await?;
        if let [(_, only)] = keys.as_slice() {
            return Ok(visit.see(&format!("/accounts/{}", frame::segment(only.as_str()))));
        }
        found = store.facts(&keys, visit.today()).await?;
    }
    let frame = visit.frame("find_title", "accounts");
    Ok(frame::page(StatusCode::OK, &FindPage { frame, asked, found }))
}

impl FindPage<'_> {
    fn name(&self, facts: &AccountFacts) -> String {
        masked(&facts.account.name)
    }

    fn owed(&self, facts: &AccountFacts) -> Vec<Money> {
        owed(&facts.bills)
    }
}
