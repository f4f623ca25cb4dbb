//! Who works here: added, given roles, let in and no more. An admin sees
//! people, and changes nothing about themselves.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::http::console::frame::{self, Frame};
use crate::http::console::visitor::{Answer, Broken, Call};
use crate::model::audit::Doer;
use crate::model::staff::{self, Role, Roles};
use crate::store::{Person, Start};

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage<'a> {
    frame: Frame<'a>,
    people: Vec<Person>,
    roles: Vec<(Role, bool)>,
    name: &'a str,
    bad: Option<String>,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage<'a> {
    frame: Frame<'a>,
    person: &'a Person,
    path: String,
    roles: Vec<(Role, bool)>,
    /// How many are open.
    sessions: String,
    is_own: bool,
    good: Option<&'static str>,
    bad: Option<String>,
}

/// A start password, seen this once.
#[derive(Template)]
#[template(path = "started.html")]
struct StartedPage<'a> {
    frame: Frame<'a>,
    name: &'a str,
    path: String,
    password: String,
    until: String,
}

const SAID: [&str; 4] = ["said_roles", "said_disabled", "said_enabled", "said_sessions"];

impl PeoplePage<'_> {
    fn state(&self, person: &Person) -> &'static str {
        state(person)
    }
}

impl PersonPage<'_> {
    fn state(&self, person: &Person) -> &'static str {
        state(person)
    }
}

/// What there is to say of somebody at a glance.
fn state(person: &Person) -> &'static str {
    match person {
        Person { disabled_at: Some(_), .. } => "state_disabled",
        Person { start_until: Some(_), .. } => "state_new",
        Person { secret: None, .. } => "state_no_factor",
        _ => "state_active",
    }
}

fn path(name: &str) -> String {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("/people/{name}")
}

pub async fn list(call: Call) -> Response {
    call.answer(listed(&call, None).await)
}

async fn listed(call: &Call, bad: Option<String>) -> Answer {
    let (given, people) = (asked_roles(call), call.console().store.people().all().await?);
    let page = PeoplePage {
        frame: call.frame("people", "people"),
        people,
        roles: Role::ALL.map(|role| (role, given.0.contains(&role))).to_vec(),
        name: call.form.get("name"),
        bad,
    };
    let status = if page.bad.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(frame::page(status, &page))
}

/// The roles that were ticked; what is no role is none.
fn asked_roles(call: &Call) -> Roles {
    Roles(call.form.all("role").filter_map(Role::parse).collect())
}

pub async fn add(call: Call) -> Response {
    call.answer(added(&call).await)
}

async fn added(call: &Call) -> Answer {
    let roles = asked_roles(call);
    let say = |key| call.frame("people", "people").say(key);
    let Some(name) = staff::name(call.form.get("name")) else {
        return listed(call, Some(say("name_wrong"))).await;
    };
    if roles.0.is_empty() {
        return listed(call, Some(say("roles_none"))).await;
    }
    let (password, until) = super::start(call.now);
    let kept = call.console().hasher.hash(password.clone()).await;
    let start = Start { password: &kept, until };
    let people = call.console().store.people();
    if !people.add(&name, &roles, start, &admin(call)?).await? {
        let bad = call.frame("people", "people").say_with("name_taken", "name", &name);
        return listed(call, Some(bad)).await;
    }
    Ok(started(call, &name, password, until))
}

fn started(call: &Call, name: &str, password: String, until: jiff::Timestamp) -> Response {
    let frame = call.frame("started", "people");
    let until = frame.moment(until);
    let page = StartedPage { frame, name, path: path(name), password, until };
    frame::page(StatusCode::OK, &page)
}

pub async fn person(call: Call) -> Response {
    call.answer(seen(&call, None).await)
}

async fn seen(call: &Call, bad: Option<&str>) -> Answer {
    let people = call.console().store.people();
    let name = staff::name(&call.named).unwrap_or_default();
    let Some(person) = people.find(&name).await? else {
        return Ok(call.closed(StatusCode::NOT_FOUND, "error_nothing"));
    };
    let sessions = people.sessions(&person.name).await?.len().to_string();
    let frame = call.frame("person", "people");
    let said = call.asked.get("said");
    let page = PersonPage {
        path: path(&person.name),
        roles: Role::ALL.map(|role| (role, person.roles.0.contains(&role))).to_vec(),
        sessions,
        is_own: call.signed_in()?.name == person.name,
        good: SAID.into_iter().find(|key| *key == said).filter(|_| bad.is_none()),
        bad: bad.map(|key| frame.say(key)),
        person: &person,
        frame,
    };
    let status = if page.bad.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(frame::page(status, &page))
}

/// The one that an act is about: nobody changes what they are themselves, and
/// so nobody is left without an admin either.
fn about(call: &Call) -> Option<String> {
    let own = call.visitor.as_ref().map(|visitor| &*visitor.name);
    staff::name(&call.named).filter(|name| Some(&**name) != own)
}

fn admin(call: &Call) -> Result<Doer, Broken> {
    Ok(call.doer(&call.signed_in()?.name))
}

/// Back to the person, where something came of it.
fn done(call: &Call, name: &str, is_done: bool, said: &str) -> Response {
    match is_done {
        true => call.see(&format!("{}?said={said}", path(name))),
        false => call.see(&path(name)),
    }
}

pub async fn roles(call: Call) -> Response {
    call.answer(given(&call).await)
}

async fn given(call: &Call) -> Answer {
    let Some(name) = about(call) else { return seen(call, Some("not_oneself")).await };
    let roles = asked_roles(call);
    if roles.0.is_empty() {
        return seen(call, Some("roles_none")).await;
    }
    let is_done = call.console().store.people().set_roles(&name, &roles, &admin(call)?).await?;
    Ok(done(call, &name, is_done, "said_roles"))
}

pub async fn disable(call: Call) -> Response {
    call.answer(let_in(&call, false).await)
}

pub async fn enable(call: Call) -> Response {
    call.answer(let_in(&call, true).await)
}

async fn let_in(call: &Call, is_let_in: bool) -> Answer {
    let Some(name) = about(call) else { return seen(call, Some("not_oneself")).await };
    let doer = admin(call)?;
    let is_done = call.console().store.people().let_in(&name, is_let_in, &doer).await?;
    Ok(done(call, &name, is_done, if is_let_in { "said_enabled" } else { "said_disabled" }))
}

pub async fn end_sessions(call: Call) -> Response {
    call.answer(ended(&call).await)
}

async fn ended(call: &Call) -> Answer {
    let Some(name) = about(call) else { return seen(call, Some("not_oneself")).await };
    call.console().store.people().end_sessions(&name, &admin(call)?).await?;
    Ok(done(call, &name, true, "said_sessions"))
}

pub async fn reset(call: Call) -> Response {
    call.answer(started_again(&call).await)
}

async fn started_again(call: &Call) -> Answer {
    let Some(name) = about(call) else { return seen(call, Some("not_oneself")).await };
    let (password, until) = super::start(call.now);
    let kept = call.console().hasher.hash(password.clone()).await;
    let people = call.console().store.people();
    match people.reset(&name, Start { password: &kept, until }, &admin(call)?).await? {
        true => Ok(started(call, &name, password, until)),
        false => Ok(call.closed(StatusCode::NOT_FOUND, "error_nothing")),
    }
}
