//! Who they are, shown again before an act that asks for it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::http::console::frame::{self, Frame};
use crate::http::console::gate::inner;
use crate::http::console::visitor::{Answer, Call};

use super::Proof;
use super::password::Checked;
use super::sign_in::{is_shown, refusal, said, waiting};

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    frame: Frame<'a>,
    next: &'a str,
    bad: Option<String>,
}

pub async fn page(call: Call) -> Response {
    let frame = call.frame("confirm", "confirm");
    let next = inner(call.asked.get("next"));
    frame::page(StatusCode::OK, &ConfirmPage { frame, next, bad: None })
}

pub async fn confirm(call: Call) -> Response {
    call.answer(confirmed(&call).await)
}

async fn confirmed(call: &Call) -> Answer {
    let comer = call.comer()?;
    let (person, next) = (&comer.person, inner(call.form.get("next")));
    let wait = call.tries(Proof::Second, &person.name).await?;
    if wait.is_some() || !is_right(call).await? {
        if wait.is_none() {
            call.was_refused(&person.name, "confirmation").await?;
        }
        let frame = call.frame("confirm", "confirm");
        let bad = Some(said(call, &frame, wait, "confirm_wrong"));
        return Ok(waiting(frame::page(refusal(wait), &ConfirmPage { frame, next, bad }), wait));
    }
    call.was_good(Proof::Second, &person.name).await?;
    call.console().store.people().show(&comer.session.id, call.now).await?;
    Ok(call.see(next))
}

/// Whether it is the code of the moment, or the password.
async fn is_right(call: &Call) -> Result<bool, crate::http::console::visitor::Broken> {
    let (person, proof) = (&call.comer()?.person, call.form.get("proof"));
    if is_shown(call, person, proof).await? {
        return Ok(true);
    }
    let kept = Some(person.password.clone());
    Ok(call.console().hasher.check(proof.to_owned(), kept).await != Checked::Wrong)
}
