//! `/simulator`: the sandbox's messages as a telephone and a mailbox, and
//! people's answers to them.
//!
//! Plain HTML without scripts. An answer goes the way of a real provider's
//! posting, and the browser is sent back to the page. The page shows whole
//! messages, so it is off unless the sandbox says so, and a browser gets it
//! only by an address of numbers or as `localhost`: the name of a foreign page
//! that was made to lead here does not.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use minijinja::{Environment, Value, context};
use tracing::error;

use crate::provider::sandbox::{self, Message, REPEAT, Simulator};

use super::{Front, receipts};

/// The page, and what it may do: no scripts, nothing from elsewhere, and forms
/// that come back here. Mails bring styles of their own.
const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
    ),
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// The sandbox that is shown, by its name in the records.
#[derive(Clone)]
pub struct Shown {
    pub provider: String,
    pub simulator: Arc<Simulator>,
}

/// A message as the page shows it.
fn card(message: Message) -> Value {
    let (invitation, keys) = match message.menu {
        Some(menu) => (Some(menu.invitation), menu.keys),
        None => (None, Vec::new()),
    };
    context! {
        key => message.key.to_string(),
        channel => message.channel.as_str(),
        at => message.at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        to => message.to,
        name => message.name,
        language => message.language,
        subject => message.subject,
        pieces => pieces(&message.text),
        html => message.html,
        invitation,
        keys => keys.into_iter().map(cap).collect::<Vec<Value>>(),
    }
}

/// A text with its links apart, so that they can be followed.
fn pieces(text: &str) -> Vec<Value> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(begin) = rest.find("https://").into_iter().chain(rest.find("http://")).min() {
        let link = &rest[begin..];
        let end = link.find(|c: char| !c.is_ascii_graphic() || "<>\"".contains(c));
        let link = link[..end.unwrap_or(link.len())].trim_end_matches(['.', ',', ')', ':', ';']);
        pieces.push(context! { text => &rest[..begin] });
        pieces.push(context! { text => link, is_link => true });
        rest = &rest[begin + link.len()..];
    }
    pieces.push(context! { text => rest });
    pieces
}

/// A key of a call. One that says nothing cannot be pressed here.
fn cap(key: sandbox::Key) -> Value {
    context! {
        digit => key.digit,
        speaks => key.does != REPEAT,
        does => key.does.replace('_', " "),
        answer => key.answer,
    }
}

/// The page. After an answer its query is `said`.
pub async fn page(State(front): State<Arc<Front>>, request: Request) -> Response {
    let Some(shown) = front.shown(request.headers()) else { return nothing() };
    let said = request.uri().query() == Some("said");
    let made = rendered(&shown.simulator, said);
    match made {
        Ok(html) => (HEADERS, html).into_response(),
        Err(error) => {
            error!("could not make the simulator's page: {error:#}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn rendered(simulator: &Simulator, said: bool) -> Result<String, minijinja::Error> {
    let cards: Vec<Value> = simulator.messages().into_iter().map(card).collect();
    let mut templates = Environment::new();
    // The ending of its name has it escape whatever is put in.
    templates.add_template("simulator.html", include_str!("simulator.html"))?;
    templates.get_template("simulator.html")?.render(context! {
        cards,
        said,
        token => simulator.token(),
        once => simulator.next_page(),
        most => sandbox::RECENT_MAX,
        words_max => sandbox::WORDS_BYTES_MAX,
    })
}

/// An answer: posted as the provider would post it, and back to the page.
pub async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    let Some(shown) = front.shown(request.headers()) else { return nothing() };
    let response =
        receipts::call(State(front.clone()), Path(shown.provider.clone()), request).await;
    match response.status().is_success() {
        true => (StatusCode::SEE_OTHER, [(LOCATION, "/simulator?said")]).into_response(),
        false => response,
    }
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "no simulator here\n").into_response()
}

impl Front {
    /// The simulator, for a browser that came by no name.
    fn shown(&self, headers: &HeaderMap) -> Option<&Shown> {
        let host = headers.get(HOST)?.to_str().ok()?;
        self.shown.as_ref().filter(|_| is_no_name(host))
    }
}

/// Whether a host is `localhost` or an address of numbers, with or without a port.
fn is_no_name(host: &str) -> bool {
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = without_port.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_a_text_is_told_from_its_words() {
        let read = |text: &str| -> Vec<(String, bool)> {
            let piece = |it: Value| {
                let is_link = it.get_attr("is_link").is_ok_and(|it| it.is_true());
                (it.get_attr("text").unwrap().to_string(), is_link)
            };
            pieces(text).into_iter().map(piece).collect()
        };
        let [words, link] = [false, true].map(|is| move |text: &str| (text.to_owned(), is));
        assert_eq!(read("a: b"), [words("a: b")]);
        assert_eq!(
            read("Pay: https://a.example/x. Or：http://b/p/Q-_"),
            [
                words("Pay: "),
                link("https://a.example/x"),
                words(". Or："),
                link("http://b/p/Q-_"),
                words("")
            ]
        );
        assert_eq!(
            read("http://\"><b>"),
            [words(""), link("http://"), words("\"><b>")][..].to_vec()
        );
    }

    #[test]
    fn a_name_that_leads_here_is_no_address_of_ours() {
        for host in
            ["localhost", "LOCALHOST:80", "127.0.0.1:8470", "[::1]:8470", "[::1]", "10.0.0.7"]
        {
            assert!(is_no_name(host), "{host}");
        }
        for host in
            ["", "evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "a:b"]
        {
            assert!(!is_no_name(host), "{host}");
        }
    }
}
