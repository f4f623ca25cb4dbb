//! What is one's own: language, sessions, password, recovery codes.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::http::console::frame::{self, Frame};
use crate::http::console::visitor::{Answer, Call};
use crate::store::Session;

use super::password::chars_min;
use super::welcome::{CodesPage, choose};
use super::{Begins, secrets, with_cookie};

#[derive(Template)]
#[template(path = "me.html")]
struct MePage<'a> {
    frame: Frame<'a>,
    name: &'a str,
    roles: Vec<String>,
    /// Tag, name of its own, and whether it is theirs.
    languages: Vec<(&'a str, &'a str, bool)>,
    sessions: Vec<Session>,
    /// The one that this page is seen in.
    here: &'a str,
    codes_left: String,
    chars_min: String,
    good: Option<&'static str>,
    bad: Option<String>,
}

const SAID: [&str; 3] = ["said_language", "said_session", "said_password"];

pub async fn page(call: Call) -> Response {
    call.answer(seen(&call, None).await)
}

async fn seen(call: &Call, bad: Option<String>) -> Answer {
    let (visitor, comer) = (call.signed_in()?, call.comer()?);
    let sessions = call.console().store.people().sessions(&visitor.name).await?;
    let (person, frame) = (&comer.person, call.frame("me", "me"));
    let words = call.console().words.languages();
    let said = call.asked.get("said");
    let page = MePage {
        name: &visitor.name,
        roles: visitor.roles.0.iter().map(|role| frame.word("role", role.as_str())).collect(),
        languages: words.map(|(tag, name)| (tag, name, tag == visitor.language)).collect(),
        sessions,
        here: &comer.session.id,
        codes_left: person.recovery.len().to_string(),
        chars_min: chars_min(&person.roles).to_string(),
        good: SAID.into_iter().find(|key| *key == said).filter(|_| bad.is_none()),
        bad,
        frame,
    };
    let status = match page.bad {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(frame::page(status, &page))
}

pub async fn language(call: Call) -> Response {
    call.answer(spoken(&call).await)
}

async fn spoken(call: &Call) -> Answer {
    let wished = call.form.get("language");
    let mut words = call.console().words.languages();
    if words.any(|(tag, _)| tag == wished) {
        let people = call.console().store.people();
        people.set_language(&call.signed_in()?.name, wished).await?;
    }
    Ok(call.see("/me?said=said_language"))
}

pub async fn end_session(call: Call) -> Response {
    call.answer(ended(&call).await)
}

async fn ended(call: &Call) -> Answer {
    let (comer, id) = (call.comer()?, call.form.get("session"));
    let (name, doer) = (&comer.person.name, call.doer(&comer.person.name));
    call.console().store.people().end_session(name, id, &doer).await?;
    Ok(call.see("/me?said=said_session"))
}

pub async fn password(call: Call) -> Response {
    call.answer(chosen(&call).await)
}

/// Whoever stole the session knows the token: it changes with the password.
async fn chosen(call: &Call) -> Answer {
    if let Some(bad) = choose(call).await? {
        return seen(call, Some(bad)).await;
    }
    let token = call.begin(&call.comer()?.person.name, Begins::Token).await?;
    Ok(with_cookie(call.see("/me?said=said_password"), Some(&token)))
}

pub async fn codes(call: Call) -> Response {
    call.answer(made(&call).await)
}

async fn made(call: &Call) -> Answer {
    let (codes, kept) = secrets::recovery_codes();
    let person = &call.comer()?.person;
    // Somebody else may just have used one of the old codes.
    let (people, doer) = (call.console().store.people(), call.doer(&person.name));
    if !people.set_recovery(person, &kept, &doer).await? {
        return Ok(call.see("/me"));
    }
    let frame = call.frame("codes", "me");
    Ok(frame::page(StatusCode::OK, &CodesPage { frame, codes, next: "/me" }))
}
