//! `/p/{token}`: the subscriber's own page, behind a signed link.
//!
//! Looking changes nothing: programs that follow every link of a message see a
//! page, and that is all. What is said there is written down as a reply, like a
//! text or a key in a call, and settled later; the page shows what follows from
//! it by the same rules. Whoever has the link has the permission, so nothing on
//! the page tells who somebody is or how to reach them.

mod ledger;
mod pace;
mod said;
mod view;

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{HOST, LOCATION, ORIGIN, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::{debug, error};

use crate::message::{Messages, Operator};
use crate::model::link::{BadLink, Link, Links, Purpose};
use crate::model::reply::{Meaning, PAGE, PostedReply, Reply};
use crate::model::{AttemptKey, Channel};

pub use self::ledger::Ledger;
use self::ledger::Standing;
use self::pace::Pace;
use self::said::{Act, Form, Mistake};
use self::view::View;
use super::Front;
use super::body::{self, NotRead};

/// The longest form in the longest script, percent-encoded, with room.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// What RFC 8058 has mail programs post.
const ONE_CLICK: (&str, &str) = ("List-Unsubscribe", "One-Click");
const HOUR_S: &str = "3600";

/// `[page]`: the subscriber's own page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Files with the keys that sign links; the first signs, all are believed.
    /// There is no page without.
    pub key_files: Vec<PathBuf>,
    /// What stands before the token; `[http] public_url` and `/p/` where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Days that a link lasts after the day of its message.
    pub valid_days: u16,
    /// What may be said on one page in an hour.
    pub posts_per_hour: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { key_files: Vec::new(), url: None, valid_days: 30, posts_per_hour: 20 }
    }
}

impl Settings {
    pub fn is_on(&self) -> bool {
        !self.key_files.is_empty()
    }

    /// What stands before the token.
    pub fn url(&self, http: &super::Settings) -> Option<String> {
        match (&self.url, &http.public_url) {
            (Some(url), _) => Some(url.clone()),
            (None, Some(url)) => Some(format!("{}/p/", url.trim_end_matches('/'))),
            (None, None) => None,
        }
    }

    /// What keeps there from being a page: (key, what to mend).
    pub fn problems(&self, http: &super::Settings) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if !(1..=365).contains(&self.valid_days) {
            problems.push(("valid_days", format!("is {}; use 1 to 365", self.valid_days)));
        }
        if self.posts_per_hour == 0 {
            problems.push(("posts_per_hour", "is 0; use 1 or more".to_owned()));
        }
        let url = self.url(http);
        if let Some(url) = &url
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            problems.push(("url", "must start with https:// or http://".to_owned()));
        }
        if self.is_on() && url.is_none() {
            let what = "is not set, and neither is http.public_url; write where subscribers \
                        reach the page, such as https://reminders.example.net/p/";
            problems.push(("url", what.to_owned()));
        }
        if self.is_on() && http.listen.is_none() {
            let what =
                "is set, and nothing listens for those who follow the links; set http.listen";
            problems.push(("key_files", what.to_owned()));
        }
        problems
    }
}

/// What the page works with.
pub struct Page {
    links: Arc<Links>,
    ledger: Ledger,
    messages: Arc<Messages>,
    operator: Arc<Operator>,
    pace: Pace,
}

impl Page {
    pub fn new(
        links: Arc<Links>,
        settings: &Settings,
        ledger: Ledger,
        messages: Arc<Messages>,
        operator: Arc<Operator>,
    ) -> Page {
        let pace = Pace::new(settings.posts_per_hour);
        Page { links, ledger, messages, operator, pace }
    }
}

/// A page that was asked for.
struct Visit<'a> {
    front: &'a Front,
    page: &'a Page,
    link: Link,
    /// In which another language than the account's may be asked for.
    query: String,
    now: Timestamp,
}

/// Shows what there is to see.
pub async fn show(
    State(front): State<Arc<Front>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    match Visit::of(&front, &token, &request) {
        Ok(visit) => visit.show().await,
        Err(closed) => *closed,
    }
}

/// Takes what is said.
pub async fn take(
    State(front): State<Arc<Front>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let visit = match Visit::of(&front, &token, &request) {
        Ok(visit) => visit,
        Err(closed) => return *closed,
    };
    let (head, body) = request.into_parts();
    if !visit.page.pace.admits(visit.link.reminder, visit.now) {
        let mut response = visit.refused(StatusCode::TOO_MANY_REQUESTS, "error_many").await;
        response.headers_mut().insert(RETRY_AFTER, axum::http::HeaderValue::from_static(HOUR_S));
        return response;
    }
    match visit.link.purpose {
        Purpose::Stop => visit.stop(body).await,
        Purpose::Page => visit.take(&head.headers, body).await,
    }
}

impl<'a> Visit<'a> {
    /// A visit, or what whoever has no link of ours sees. Nothing is looked up
    /// for them, whichever way the token is wrong.
    fn of(front: &'a Front, token: &str, request: &Request) -> Result<Visit<'a>, Box<Response>> {
        let nothing = || (StatusCode::NOT_FOUND, "no page here\n").into_response();
        let Some(page) = &front.page else { return Err(Box::new(nothing())) };
        let now = front.clock.now();
        match page.links.read(token, now) {
            Ok(link) => {
                let query = request.uri().query().unwrap_or_default().to_owned();
                Ok(Visit { front, page, link, query, now })
            }
            Err(why) => Err(Box::new(closed(page, why, request.headers()))),
        }
    }

    /// `None` where the reminder is forgotten by now.
    async fn standing(&self) -> Result<Standing, Response> {
        match self.page.ledger.standing(self.link, self.now).await {
            Ok(Some(standing)) => Ok(standing),
            Ok(None) => Err(closed(self.page, BadLink::Forged, &HeaderMap::new())),
            Err(error) => {
                let reason = anyhow::Error::new(error);
                error!("could not look up whose page it is: {reason:#}");
                let view = self.view("en");
                Err(view.closed(StatusCode::SERVICE_UNAVAILABLE, "error", "error_away"))
            }
        }
    }

    fn view(&self, language: &str) -> View<'a> {
        let asked = said::parameter(self.query.as_bytes(), "l");
        let has = |tag: &String| self.page.messages.pages().languages().any(|(it, _)| it == tag);
        let asked = asked.filter(has);
        View::new(&self.page.messages, &self.page.operator, language, asked)
    }

    async fn show(&self) -> Response {
        let standing = match self.standing().await {
            Ok(standing) => standing,
            Err(response) => return response,
        };
        let view = self.view(standing.facts.account.speaks());
        if self.link.purpose == Purpose::Stop {
            return view.stop(&standing);
        }
        let said = said::parameter(self.query.as_bytes(), "said").and_then(|it| Act::parse(&it));
        view.page(StatusCode::OK, &standing, self.link, &self.form(), said, None)
    }

    fn form(&self) -> String {
        self.page.links.form(self.link, self.now)
    }

    /// The page with what went wrong, for those who have done nothing wrong.
    async fn refused(&self, status: StatusCode, key: &'static str) -> Response {
        match self.standing().await {
            Ok(standing) => {
                let view = self.view(standing.facts.account.speaks());
                view.closed(status, "error", key)
            }
            Err(response) => response,
        }
    }

    /// One click, of a mail program or on the page: nothing else is asked, and
    /// nobody is sent elsewhere (RFC 8058).
    async fn stop(&self, body: Body) -> Response {
        let body = match body::whole(body, BODY_BYTES_MAX, self.front.waits.body).await {
            Ok(body) => body,
            Err(why) => return not_read(why),
        };
        if !is_one_click(&body) {
            return (StatusCode::BAD_REQUEST, "List-Unsubscribe=One-Click is missing\n")
                .into_response();
        }
        let mut standing = match self.standing().await {
            Ok(standing) => standing,
            Err(response) => return response,
        };
        // A program that asks twice within the minute has asked once.
        let name = format!("stop {}", self.now.as_second() / 60);
        let said = vec![(Channel::Email, Meaning::OptOut)];
        if let Err(response) = self.keep(&mut standing, said, &name).await {
            return response;
        }
        self.view(standing.facts.account.speaks()).stop(&standing)
    }

    async fn take(&self, headers: &HeaderMap, body: Body) -> Response {
        if !is_ours(headers, self.page.links.url()) {
            return (StatusCode::FORBIDDEN, "this form is another site's\n").into_response();
        }
        let body = match body::whole(body, BODY_BYTES_MAX, self.front.waits.body).await {
            Ok(body) => body,
            Err(why) => return not_read(why),
        };
        let Some(form) = Form::read(&body) else {
            return (StatusCode::BAD_REQUEST, "no form of this page\n").into_response();
        };
        let mut standing = match self.standing().await {
            Ok(standing) => standing,
            Err(response) => return response,
        };
        let view = self.view(standing.facts.account.speaks());
        let made_at = self.page.links.read_form(self.link, &form.form, self.now);
        let said = match made_at {
            Some(_) => form.said(&standing, self.link, &offered(&self.page.messages)),
            None => Err(Mistake::Again),
        };
        let said = match said {
            Ok(said) => said,
            Err(mistake) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                let wrong = Some((&form, mistake));
                return view.page(status, &standing, self.link, &self.form(), None, wrong);
            }
        };
        // The same said twice on a day is said once. Stops and starts, and
        // wishes, follow each other, so there each page that was opened counts.
        let name = match form.act.is_last_word() {
            true => format!("{} {}", form.act, form.form),
            false => format!("{} {}", form.act, standing.today),
        };
        // Whoever wishes for a language sees it.
        let asked = view.asked().filter(|_| form.act != Act::Language);
        match self.keep(&mut standing, said, &name).await {
            Ok(()) => see(&form, asked),
            Err(response) => response,
        }
    }

    /// Writes down what was said; `name` tells it from what was said before.
    async fn keep(
        &self,
        standing: &mut Standing,
        said: Vec<(Channel, Meaning)>,
        name: &str,
    ) -> Result<(), Response> {
        let about = AttemptKey { reminder: self.link.reminder, number: 1 };
        let posted = |(channel, meaning): (Channel, Meaning)| PostedReply {
            provider: PAGE.into(),
            message_id: self.name_of(channel, &meaning, name).into(),
            ordinal: 0,
            reply: Reply { channel, about: Some(about), from: None, meaning, at: self.now },
            received_at: self.now,
        };
        let posted: Vec<PostedReply> = said.into_iter().map(posted).collect();
        debug!(reminder.id = %self.link.reminder, replies = posted.len(), "the page was answered");
        let replies: Vec<Reply> = posted.iter().map(|one| one.reply.clone()).collect();
        if self.front.replies.keep(posted).await.is_err() {
            return Err(self.refused(StatusCode::SERVICE_UNAVAILABLE, "error_away").await);
        }
        replies.iter().for_each(|reply| standing.hears(reply));
        Ok(())
    }

    fn name_of(&self, channel: Channel, meaning: &Meaning, name: &str) -> String {
        let mut hash = Sha256::new();
        let details = meaning.details().unwrap_or_default();
        let reminder = self.link.reminder.to_string();
        for part in [&reminder, channel.as_str(), meaning.as_str(), &details, name] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Languages that may be wished for, and what they call themselves: those that
/// the page and the messages have.
fn offered(messages: &Messages) -> Vec<(&str, &str)> {
    let spoken = messages.spoken();
    messages.pages().languages().filter(|(tag, _)| spoken.contains(tag)).collect()
}

/// Back to the page, with what to say of it.
fn see(form: &Form, language: Option<&str>) -> Response {
    let language = language.map_or(String::new(), |tag| format!("&l={tag}"));
    let place = format!("?said={}{language}", form.act);
    (StatusCode::SEE_OTHER, view::headers(), [(LOCATION, place)]).into_response()
}

/// What is seen with a link that opens nothing.
fn closed(page: &Page, why: BadLink, headers: &HeaderMap) -> Response {
    let accepted = headers.get("accept-language").and_then(|it| it.to_str().ok());
    let language = accepted.map_or("", |text| first_language(text, &page.messages));
    let view = View::new(&page.messages, &page.operator, language, None);
    match why {
        BadLink::Expired => view.closed(StatusCode::GONE, "expired_title", "expired"),
        BadLink::Forged => view.closed(StatusCode::NOT_FOUND, "unknown_title", "unknown"),
    }
}

/// The first language of `Accept-Language` that the page has.
fn first_language<'t>(text: &'t str, messages: &Messages) -> &'t str {
    let tags = text.split(',').take(10).map(|part| part.split(';').next().unwrap_or("").trim());
    let has = |tag: &&str| {
        let found = messages.pages().of(tag).map(|page| page.language.to_ascii_lowercase());
        let primary = tag.split('-').next().unwrap_or(tag).to_ascii_lowercase();
        found.is_some_and(|found| found.split('-').next() == Some(&primary))
    };
    tags.into_iter().find(has).unwrap_or("")
}

fn not_read(why: NotRead) -> Response {
    match why {
        NotRead::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "too long\n").into_response(),
        NotRead::TooSlow => (StatusCode::REQUEST_TIMEOUT, "it did not come\n").into_response(),
        NotRead::BrokenOff => (StatusCode::BAD_REQUEST, "it broke off\n").into_response(),
    }
}

/// Whether a form was sent from a page of ours, as far as the browser tells.
/// Ours send no referrer, so their origin is `null`; old ones say nothing. The
/// token in the form's address is what counts.
fn is_ours(headers: &HeaderMap, url: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|it| it.to_str().unwrap_or("?"));
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    let host = origin.split_once("://").map(|(_, host)| host);
    let own = url.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    origin == "null" || (host.is_some() && (host == text(HOST.as_str()) || host == own))
}

/// Both forms that RFC 8058 allows: a URL-encoded body, and one in parts.
fn is_one_click(body: &[u8]) -> bool {
    let (name, value) = ONE_CLICK;
    if said::parameter(body, name).as_deref() == Some(value) {
        return true;
    }
    let text = String::from_utf8_lossy(body);
    let part = text.split(&format!("name=\"{name}\"")).nth(1);
    part.is_some_and(|part| part.trim_start().starts_with(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_another_site_is_told_by_what_browsers_say() {
        let url = "https://r.example.net/p/";
        let check = |headers: &[(&'static str, &'static str)], expected| {
            let map = headers.iter().map(|(name, value)| {
                (axum::http::HeaderName::from_static(name), value.parse().unwrap())
            });
            assert_eq!(is_ours(&map.collect(), url), expected, "{headers:?}");
        };
        check(&[], true);
        check(&[("origin", "null")], true);
        check(&[("origin", "https://r.example.net")], true);
        check(&[("origin", "http://10.0.0.7:8470"), ("host", "10.0.0.7:8470")], true);
        check(&[("origin", "null"), ("sec-fetch-site", "same-origin")], true);
        check(&[("origin", "null"), ("sec-fetch-site", "cross-site")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        check(&[("origin", "https://evil.example"), ("host", "r.example.net")], false);
        check(&[("origin", "https://r.example.net.evil.example")], false);
        check(&[("origin", "")], false);
    }

    #[test]
    fn settings_that_lead_nowhere_are_named() {
        let wrong = |page: &Settings, http: &crate::http::Settings| -> Vec<&str> {
            page.problems(http).into_iter().map(|(key, _)| key).collect()
        };
        let mut http = crate::http::Settings::default();
        let mut page = Settings::default();
        assert_eq!(wrong(&page, &http), [""; 0]);
        page.key_files = vec!["key".into()];
        assert_eq!(wrong(&page, &http), ["url", "key_files"]);
        http.listen = Some("127.0.0.1:1".parse().unwrap());
        http.public_url = Some("https://a.example/reminders/".to_owned());
        assert_eq!(wrong(&page, &http), [""; 0]);
        assert_eq!(page.url(&http).as_deref(), Some("https://a.example/reminders/p/"));
        page.url = Some("r.example/".to_owned());
        (page.valid_days, page.posts_per_hour) = (0, 0);
        assert_eq!(wrong(&page, &http), ["valid_days", "posts_per_hour", "url"]);
    }

    #[test]
    fn one_click_comes_in_two_forms() {
        assert!(is_one_click(b"List-Unsubscribe=One-Click"));
        let parts = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\n\
                     One-Click\r\n--x--\r\n";
        assert!(is_one_click(parts.as_bytes()));
        for body in ["", "List-Unsubscribe=", "List-Unsubscribe", "a=One-Click"] {
            assert!(!is_one_click(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn a_browser_names_its_languages() {
        let messages = Messages::built_in();
        for (text, expected) in [
            ("de-AT,de;q=0.9,en;q=0.8", "de-AT"),
            ("xx, zh-CN;q=0.7", "zh-CN"),
            ("EN-us", "EN-us"),
            ("xx", ""),
            ("", ""),
        ] {
            assert_eq!(first_language(text, &messages), expected, "{text}");
        }
    }
}
