//! `/console`: where the operator's people work.
//!
//! Server-rendered pages over what the store tells; a script of a few lines
//! makes the keyboard quicker, and nothing needs it. Everything that can be
//! reached stands in `rooms`, each with what it asks of whoever comes: a room
//! without a permit cannot be built, and a permit that nobody has opens
//! nothing.

mod account;
mod cases;
mod find;
mod frame;
mod gate;
mod held;
mod rules;
mod tasks;
mod today;
mod trail;
mod visit;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::message::page::Pages;
use crate::model::staff::Permit;
use crate::policy::Scenarios;
use crate::review::RuleBook;
use crate::store::SqlStore;

pub use today::Count;

use super::Front;

/// `[console]`: the pages for the operator's people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether there is a console, at `/console` on `[http] listen`.
    pub enabled: bool,
    /// IANA name of the zone in which times are shown.
    pub zone: String,
    /// The language of people who have chosen none.
    pub language: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { enabled: false, zone: "UTC".to_owned(), language: "en".to_owned() }
    }
}

/// What the console works with.
pub struct Console {
    pub store: Arc<SqlStore>,
    pub words: Pages,
    /// What stands before every path of ours: the path of the public address,
    /// and `/console`.
    pub base: String,
    pub zone: TimeZone,
    pub language: String,
    pub scenarios: Arc<Scenarios>,
    /// What decisions about cases go by.
    pub book: RuleBook,
    pub limits: Limits,
    pub count: Arc<Count>,
}

/// Ages in seconds from which on a feed is too old to be relied on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Sending waits for it.
    pub feed_age_max_s: u32,
    /// It counts as missing.
    pub evidence_age_max_s: u32,
    /// Days that an account is left alone by the rules once care is done with it.
    pub care_rest_days: u32,
}

/// Something that can be reached.
pub struct Room {
    /// Below the console's own path.
    pub path: &'static str,
    pub method: Method,
    pub permit: Permit,
    route: MethodRouter<Arc<Front>>,
}

impl Room {
    fn get(path: &'static str, permit: Permit, route: MethodRouter<Arc<Front>>) -> Room {
        Room { path, method: Method::GET, permit, route }
    }

    fn post(path: &'static str, permit: Permit, route: MethodRouter<Arc<Front>>) -> Room {
        Room { path, method: Method::POST, permit, route }
    }
}

/// All of them.
pub fn rooms() -> Vec<Room> {
    use Permit::{Approve, Audit, Look, Propose, Work};
    vec![
        Room::get("/", Look, get(today::show)),
        Room::get("/accounts", Look, get(find::show)),
        Room::get("/accounts/{id}", Look, get(account::show)),
        Room::post("/accounts/{id}/unmask", Look, post(account::unmask)),
        Room::post("/halt", Work, post(today::halt)),
        Room::post("/resume", Work, post(today::resume)),
        Room::get("/cases", Look, get(cases::list)),
        Room::get("/cases/{id}", Look, get(cases::show)),
        Room::post("/cases/{id}/propose", Propose, post(cases::propose)),
        Room::post("/cases/{id}/assign", Propose, post(cases::assign)),
        Room::post("/proposals/{id}/approve", Approve, post(cases::approve)),
        Room::post("/proposals/{id}/refuse", Approve, post(cases::refuse)),
        Room::post("/proposals/{id}/withdraw", Propose, post(cases::withdraw)),
        Room::get("/tasks", Look, get(tasks::list)),
        Room::post("/tasks/{id}/done", Work, post(tasks::done)),
        Room::get("/held", Look, get(held::show)),
        Room::get("/policy", Look, get(rules::show)),
        Room::get("/audit", Audit, get(trail::show)),
        Room::post("/audit/verify", Audit, post(trail::verify)),
    ]
}

/// The rooms, each behind its gate.
pub fn router(front: &Arc<Front>) -> Router<Arc<Front>> {
    let mut router = Router::new();
    for Room { path, permit, route, .. } in rooms() {
        let gate = from_fn_with_state((front.clone(), permit), gate::open);
        router = router.route(path, route.layer(gate));
    }
    router
}
