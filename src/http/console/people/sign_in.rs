//! In and out: name and password, then the second factor.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use crate::http::console::frame::{self, Frame};
use crate::http::console::gate::inner;
use crate::http::console::visitor::{Answer, Call, query};
use crate::model::staff;
use crate::store::Person;

use super::password::Checked;
use super::{Begins, Proof, secrets, totp, with_cookie};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    frame: Frame<'a>,
    next: &'a str,
    name: &'a str,
    /// What went well before, and what went wrong.
    good: Option<&'static str>,
    bad: Option<String>,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage<'a> {
    frame: Frame<'a>,
    token: String,
    next: &'a str,
    bad: Option<String>,
}

pub async fn page(call: Call) -> Response {
    if call.visitor.is_some() {
        return call.see("/");
    }
    let said = call.asked.get("said");
    let good = (said == "signed_out").then_some("signed_out");
    let frame = call.frame("sign_in", "sign_in");
    let next = inner(call.asked.get("next"));
    frame::page(StatusCode::OK, &SignInPage { frame, next, name: "", good, bad: None })
}

pub async fn knock(call: Call) -> Response {
    call.answer(knocked(&call).await)
}

async fn knocked(call: &Call) -> Answer {
    // What is no name is nobody's, and takes as long to find out.
    let name = staff::name(call.form.get("name")).unwrap_or_default();
    let people = call.console().store.people();
    if let Some(wait) = call.tries(Proof::Password, &name).await? {
        return Ok(again(call, Some(wait)));
    }
    let person = people.find(&name).await?;
    let kept = person.as_ref().map(|person| person.password.clone());
    let given = call.form.get("password").to_owned();
    let checked = call.console().hasher.check(given, kept).await;
    let Some(person) = person else { return Ok(again(call, None)) };
    if let Some(because) = why_not(&person, &checked, call.now) {
        call.was_refused(&person.name, because).await?;
        return Ok(again(call, None));
    }
    if let Checked::RightAs(better) = checked {
        people.rehash(&person.name, &person.password, &better).await?;
    }
    call.was_good(Proof::Password, &person.name).await?;
    let token = call.begin(&person.name, Begins::Half).await?;
    let next = Some(inner(call.form.get("next"))).filter(|next| *next != "/");
    let on = call.see(&format!("{}{}", step(&person), query(&[("next", next)])));
    Ok(with_cookie(on, Some(&token)))
}

/// Why somebody is not let in, for the audit trail alone.
fn why_not(person: &Person, checked: &Checked, now: Timestamp) -> Option<&'static str> {
    match person {
        _ if *checked == Checked::Wrong => Some("password"),
        Person { disabled_at: Some(_), .. } => Some("disabled"),
        Person { start_until: Some(until), .. } if now >= *until => Some("start_password_too_old"),
        _ => None,
    }
}

/// Where somebody goes whose password was right.
pub fn step(person: &Person) -> &'static str {
    match (person.start_until, &person.secret) {
        (Some(_), _) => "/welcome",
        (None, None) => "/welcome/code",
        (None, Some(_)) => "/sign-in/code",
    }
}

/// The page again, with what was wrong: not what of it.
fn again(call: &Call, wait: Option<SignedDuration>) -> Response {
    let frame = call.frame("sign_in", "sign_in");
    let bad = Some(said(call, &frame, wait, "sign_in_wrong"));
    let (next, name) = (inner(call.form.get("next")), call.form.get("name"));
    waiting(frame::page(refusal(wait), &SignInPage { frame, next, name, good: None, bad }), wait)
}

pub fn refusal(wait: Option<SignedDuration>) -> StatusCode {
    if wait.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// What is said of a try that was wrong, or came too soon.
pub fn said(call: &Call, frame: &Frame<'_>, wait: Option<SignedDuration>, wrong: &str) -> String {
    match wait {
        Some(wait) => frame.say_with("sign_in_wait", "minutes", call.minutes(wait)),
        None => frame.say(wrong),
    }
}

pub fn waiting(mut response: Response, wait: Option<SignedDuration>) -> Response {
    if let Some(wait) = wait {
        response.headers_mut().insert(RETRY_AFTER, (wait.as_secs().max(1) as u64).into());
    }
    response
}

pub async fn code_page(call: Call) -> Response {
    call.answer(code_seen(&call))
}

fn code_seen(call: &Call) -> Answer {
    let step = step(&call.comer()?.person);
    if step != "/sign-in/code" {
        return Ok(call.see(step));
    }
    let (frame, token) = (call.frame("sign_in_code", "sign_in"), call.token());
    let next = inner(call.asked.get("next"));
    Ok(frame::page(StatusCode::OK, &CodePage { frame, token, next, bad: None }))
}

pub async fn code(call: Call) -> Response {
    call.answer(coded(&call).await)
}

async fn coded(call: &Call) -> Answer {
    let person = &call.comer()?.person;
    let step = step(person);
    if step != "/sign-in/code" {
        return Ok(call.see(step));
    }
    let wait = call.tries(Proof::Second, &person.name).await?;
    if wait.is_some() || !is_shown(call, person, call.form.get("code")).await? {
        if wait.is_none() {
            call.was_refused(&person.name, "second_factor").await?;
        }
        let (frame, token) = (call.frame("sign_in_code", "sign_in"), call.token());
        let bad = Some(said(call, &frame, wait, "code_wrong"));
        let next = inner(call.form.get("next"));
        return Ok(waiting(
            frame::page(refusal(wait), &CodePage { frame, token, next, bad }),
            wait,
        ));
    }
    call.was_good(Proof::Second, &person.name).await?;
    let token = call.begin(&person.name, Begins::SignIn).await?;
    Ok(with_cookie(call.see(inner(call.form.get("next"))), Some(&token)))
}

/// Whether this is the code of the moment, or a recovery code; it is used then.
pub async fn is_shown(
    call: &Call,
    person: &Person,
    code: &str,
) -> Result<bool, crate::store::StoreError> {
    let people = call.console().store.people();
    let secret = person.secret.as_deref().unwrap_or_default();
    if let Some(step) = totp::step_of(secret, code, person.last_step, call.now) {
        return people.use_step(&person.name, step).await;
    }
    match secrets::without(code, &person.recovery) {
        Some(left) => people.set_recovery(person, &left, &call.doer(&person.name)).await,
        None => Ok(false),
    }
}

pub async fn out(call: Call) -> Response {
    call.answer(gone(&call).await)
}

async fn gone(call: &Call) -> Answer {
    let comer = call.comer()?;
    let (name, doer) = (&comer.person.name, call.doer(&comer.person.name));
    call.console().store.people().end_session(name, &comer.session.id, &doer).await?;
    Ok(with_cookie(call.see("/sign-in?said=signed_out"), None))
}
