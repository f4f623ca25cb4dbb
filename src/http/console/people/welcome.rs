//! The first time: a password of one's own, a second factor, recovery codes.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::http::console::frame::{self, Frame};
use crate::http::console::gate::inner;
use crate::http::console::visitor::{Answer, Call, query};
use crate::http::qr::drawn;

use super::password::{self, Checked, Refused};
use super::sign_in::step;
use super::{Begins, Proof, secrets, totp, with_cookie};

#[derive(Template)]
#[template(path = "welcome.html")]
struct PasswordPage<'a> {
    frame: Frame<'a>,
    token: String,
    next: &'a str,
    chars_min: String,
    name: &'a str,
    bad: Option<String>,
}

#[derive(Template)]
#[template(path = "welcome_code.html")]
struct FactorPage<'a> {
    frame: Frame<'a>,
    token: String,
    next: &'a str,
    /// In groups of four, to be typed.
    secret: String,
    /// The side of the picture in squares, and the dark ones as a path.
    side: usize,
    picture: String,
    bad: Option<String>,
}

#[derive(Template)]
#[template(path = "codes.html")]
pub struct CodesPage<'a> {
    pub frame: Frame<'a>,
    pub codes: Vec<String>,
    /// Where to go from here.
    pub next: &'a str,
}

pub async fn page(call: Call) -> Response {
    call.answer(seen(&call, "/welcome", |call, next| password_page(call, next, None)))
}

/// The page of a step, or the way to the step that they are at.
fn seen(call: &Call, here: &str, page: impl Fn(&Call, &str) -> Answer) -> Answer {
    let next = inner(call.asked.get("next"));
    match step(&call.comer()?.person) {
        step if step == here => page(call, next),
        step => Ok(call.see(&format!("{step}{}", query(&[("next", Some(next))])))),
    }
}

fn password_page(call: &Call, next: &str, bad: Option<String>) -> Answer {
    let person = &call.comer()?.person;
    let frame = call.frame("welcome", "welcome");
    let chars_min = password::chars_min(&person.roles).to_string();
    let status = status(bad.as_ref());
    let (token, name) = (call.token(), &*person.name);
    Ok(frame::page(status, &PasswordPage { frame, token, next, chars_min, name, bad }))
}

fn status(bad: Option<&String>) -> StatusCode {
    if bad.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}

pub async fn password(call: Call) -> Response {
    call.answer(chosen(&call).await)
}

async fn chosen(call: &Call) -> Answer {
    let comer = call.comer()?;
    let next = inner(call.form.get("next"));
    if step(&comer.person) != "/welcome" {
        return Ok(call.see(step(&comer.person)));
    }
    if let Some(bad) = choose(call).await? {
        return password_page(call, next, Some(bad));
    }
    Ok(call.see(&format!("/welcome/code{}", query(&[("next", Some(next))]))))
}

/// Takes the password that they chose, or says why not.
pub async fn choose(call: &Call) -> Result<Option<String>, crate::http::console::visitor::Broken> {
    let comer = call.comer()?;
    let person = &comer.person;
    let say = |key| call.frame("welcome", "welcome").say(key);
    let given = call.form.get("password");
    let refused = match password::check(given, &person.name, &person.roles) {
        _ if given != call.form.get("again") => Some("password_differs"),
        Err(Refused::Short { chars }) => {
            let chars = chars.to_string();
            let frame = call.frame("welcome", "welcome");
            return Ok(Some(frame.say_with("password_short", "chars", &chars)));
        }
        Err(Refused::Long) => Some("password_long"),
        Err(Refused::Common) => Some("password_common"),
        Err(Refused::Name) => Some("password_name"),
        Ok(()) => None,
    };
    if let Some(key) = refused {
        return Ok(Some(say(key)));
    }
    let hasher = &call.console().hasher;
    // Somebody else may have seen the one that they had.
    if hasher.check(given.to_owned(), Some(person.password.clone())).await != Checked::Wrong {
        return Ok(Some(say("password_same")));
    }
    let kept = hasher.hash(given.to_owned()).await;
    let people = call.console().store.people();
    let doer = call.doer(&person.name);
    people.set_password(&person.name, &kept, &comer.session.id, &doer).await?;
    Ok(None)
}

pub async fn factor_page(call: Call) -> Response {
    call.answer(seen(&call, "/welcome/code", |call, next| set_up(call, next, None)))
}

fn set_up(call: &Call, next: &str, bad: Option<String>) -> Answer {
    let comer = call.comer()?;
    let secret = comer.token.new_factor();
    let (side, picture) = drawn(&totp::address(&secret, &comer.person.name)).unwrap_or_default();
    let groups: Vec<&str> = secret.as_bytes().chunks(4).map(ascii).collect();
    let page = FactorPage {
        frame: call.frame("welcome_code", "welcome"),
        token: call.token(),
        next,
        secret: groups.join(" "),
        side,
        picture,
        bad,
    };
    Ok(frame::page(status(page.bad.as_ref()), &page))
}

fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

pub async fn factor(call: Call) -> Response {
    call.answer(shown(&call).await)
}

async fn shown(call: &Call) -> Answer {
    let comer = call.comer()?;
    let (person, next) = (&comer.person, inner(call.form.get("next")));
    if step(person) != "/welcome/code" {
        return Ok(call.see(step(person)));
    }
    let secret = comer.token.new_factor();
    let Some(step) = totp::step_of(&secret, call.form.get("code"), 0, call.now) else {
        let bad = call.frame("welcome", "welcome").say("code_wrong_clock");
        return set_up(call, next, Some(bad));
    };
    let (codes, kept) = secrets::recovery_codes();
    let (people, doer) = (call.console().store.people(), call.doer(&person.name));
    people.set_factor(&person.name, &secret, step, &kept, &doer).await?;
    call.was_good(Proof::Second, &person.name).await?;
    let token = call.begin(&person.name, Begins::SignIn).await?;
    let frame = call.frame("codes", "welcome");
    Ok(with_cookie(frame::page(StatusCode::OK, &CodesPage { frame, codes, next }), Some(&token)))
}
