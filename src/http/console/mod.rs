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
pub mod people;
mod rules;
mod tasks;
mod today;
mod trail;
mod visit;
mod visitor;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::message::page::Pages;
use crate::model::staff::Permit;
use crate::policy::Scenarios;
use crate::review::RuleBook;
use crate::store::SqlStore;

use self::people::password::Hasher;
use self::today::Count;
use self::visit::room;
use self::visitor::Call;
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

impl Settings {
    /// What keeps there from being a console: (key, what to mend).
    pub fn problems(&self, http: &super::Settings) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if self.enabled && http.listen.is_none() {
            let what = "is true, and nothing listens for those who come; set http.listen";
            problems.push(("enabled", what.to_owned()));
        }
        if TimeZone::get(&self.zone).is_err() {
            let what =
                format!("is {:?}, no IANA time zone; use one such as Asia/Shanghai", self.zone);
            problems.push(("zone", what));
        }
        let words = words::built_in();
        let tags: Vec<&str> = words.languages().map(|(tag, _)| tag).collect();
        if !tags.contains(&&*self.language) {
            let what = format!("is {:?}; the console speaks {}", self.language, tags.join(", "));
            problems.push(("language", what));
        }
        problems
    }
}

/// What the console works with.
pub struct Console {
    pub store: Arc<SqlStore>,
    pub words: Pages,
    /// What stands before every path of ours: the path of the public address,
    /// and `/console`.
    pub base: String,
    /// Host, and port where it says one, of the public address.
    pub host: Option<String>,
    pub zone: TimeZone,
    pub language: String,
    pub hasher: Hasher,
    pub rules: Rules,
    count: Arc<Count>,
}

/// What the pages show and decisions go by.
pub struct Rules {
    pub scenarios: Arc<Scenarios>,
    /// About cases.
    pub book: RuleBook,
    pub limits: Limits,
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

impl Console {
    pub fn new(
        store: Arc<SqlStore>,
        settings: &Settings,
        http: &super::Settings,
        rules: Rules,
    ) -> Console {
        let public = http.public_url.as_deref().and_then(|url| url.split_once("://"));
        let (host, path) = match public.map(|(_, rest)| rest.split_once('/').unwrap_or((rest, "")))
        {
            Some((host, path)) => (Some(host.to_owned()), path.trim_matches('/')),
            None => (None, ""),
        };
        let before = if path.is_empty() { String::new() } else { format!("/{path}") };
        Console {
            store,
            words: words::built_in(),
            base: format!("{before}/console"),
            host,
            zone: TimeZone::get(&settings.zone).unwrap_or(TimeZone::UTC),
            language: settings.language.clone(),
            hasher: Hasher::default(),
            rules,
            count: Arc::default(),
        }
    }
}

/// Something that can be reached.
pub struct Room {
    /// Below the console's own path.
    pub path: &'static str,
    pub method: Method,
    pub permit: Permit,
    /// Whether who they are must have been shown a few minutes ago at most.
    pub fresh: bool,
    route: MethodRouter<Arc<Front>>,
}

impl Room {
    /// Something to look at; looking changes nothing.
    pub fn get<T: 'static, H: Handler<T, Arc<Front>>>(
        path: &'static str,
        permit: Permit,
        handler: H,
    ) -> Room {
        let route = axum::routing::get(handler);
        Room { path, method: Method::GET, permit, fresh: false, route }
    }

    /// Something to do.
    pub fn post<T: 'static, H: Handler<T, Arc<Front>>>(
        path: &'static str,
        permit: Permit,
        handler: H,
    ) -> Room {
        let route = axum::routing::post(handler);
        Room { path, method: Method::POST, permit, fresh: false, route }
    }

    /// The same, for those who have just shown who they are.
    pub fn fresh(self) -> Room {
        Room { fresh: true, ..self }
    }
}

/// All of them.
pub fn rooms() -> Vec<Room> {
    use Permit::{Anyone, Approve, Audit, Look, Propose, SignedIn, Work};
    let own = vec![
        Room::get("/", SignedIn, home),
        Room::get("/today", Look, room(today::show)),
        Room::get("/accounts", Look, room(find::show)),
        Room::get("/accounts/{id}", Look, room(account::show)),
        Room::post("/accounts/{id}/unmask", Look, room(account::unmask)),
        Room::post("/halt", Work, room(today::halt)),
        Room::post("/resume", Work, room(today::resume)),
        Room::post("/release", Work, room(today::release)),
        Room::get("/cases", Look, room(cases::list)),
        Room::get("/cases/{id}", Look, room(cases::show)),
        Room::post("/cases/{id}/propose", Propose, room(cases::propose)),
        Room::post("/cases/{id}/assign", Propose, room(cases::assign)),
        Room::post("/proposals/{id}/approve", Approve, room(cases::approve)).fresh(),
        Room::post("/proposals/{id}/refuse", Approve, room(cases::refuse)),
        Room::post("/proposals/{id}/withdraw", Propose, room(cases::withdraw)),
        Room::get("/tasks", Look, room(tasks::list)),
        Room::post("/tasks/{id}/done", Work, room(tasks::done)),
        Room::get("/held", Look, room(held::show)),
        Room::get("/policy", Look, room(rules::show)),
        Room::get("/audit", Audit, room(trail::show)),
        Room::post("/audit/verify", Audit, room(trail::verify)),
        Room::get("/assets/{name}", Anyone, asset),
    ];
    own.into_iter().chain(people::rooms()).collect()
}

/// The rooms, each behind its gate.
pub fn router(front: &Arc<Front>) -> Router<Arc<Front>> {
    let mut router = Router::new();
    for Room { path, permit, fresh, route, .. } in rooms() {
        let rule = gate::Rule { permit, fresh };
        let gate = from_fn_with_state((front.clone(), rule), gate::open);
        router = router.route(path, route.layer(gate));
    }
    let nowhere = gate::Rule { permit: Permit::SignedIn, fresh: false };
    let gate = from_fn_with_state((front.clone(), nowhere), gate::open);
    router.fallback(nothing.layer(gate)).layer(map_response(frame::armoured))
}

/// The console's own address with a slash at its end.
pub async fn slash(State(front): State<Arc<Front>>) -> Response {
    match &front.console {
        Some(console) => frame::armoured(Call::lead(console, "/")).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The first part of the console that they may see.
async fn home(call: Call) -> Response {
    let frame = call.frame("home", "home");
    call.see(frame.menu().first().map_or("/me", |(path, _)| path))
}

async fn asset(Path(name): Path<String>) -> Response {
    let path = format!("/assets/{name}");
    let asset = frame::ASSETS.iter().find(|asset| asset.path == path);
    asset.map_or_else(|| StatusCode::NOT_FOUND.into_response(), frame::Asset::answer)
}

async fn nothing(call: Call) -> Response {
    call.closed(StatusCode::NOT_FOUND, "error_nothing")
}
