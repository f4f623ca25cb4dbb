//! What every page has around it: its words, where it stands, whose it is.

use std::fmt::Display;
use std::sync::LazyLock;

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use tracing::error;

use crate::message::page::PageText;
use crate::model::Money;
use crate::model::staff::Permit;

use super::Console;
use super::visitor::Visitor;

/// Nothing but our own style, script and forms; in no frame of anybody's.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
                      base-uri 'none'";

/// The parts of the console, in the order of the menu.
const MENU: [(&str, &str, Permit); 8] = [
    ("/today", "today", Permit::Look),
    ("/cases", "cases", Permit::Look),
    ("/tasks", "tasks", Permit::Look),
    ("/accounts", "accounts", Permit::Look),
    ("/held", "held", Permit::Look),
    ("/policy", "policy", Permit::Look),
    ("/audit", "audit", Permit::Audit),
    ("/people", "people", Permit::Administer),
];

/// What a page is made with.
pub struct Frame<'a> {
    console: &'a Console,
    text: PageText<'a>,
    /// `None` before somebody is signed in.
    pub visitor: Option<&'a Visitor>,
    pub title: String,
    /// The part of the console that is lit in the menu.
    pub here: &'static str,
    now: Timestamp,
}

impl<'a> Frame<'a> {
    /// In the nearest language that there is; `title` and `here` are keys of
    /// the catalogue.
    pub fn new(
        console: &'a Console,
        language: &str,
        visitor: Option<&'a Visitor>,
        title: &str,
        here: &'static str,
        now: Timestamp,
    ) -> Frame<'a> {
        let text = console.words.of(language).or_else(|| console.words.of("en"));
        let text = text.expect("English is built in");
        let title = text.say(title, &[]);
        Frame { console, text, visitor, title, here, now }
    }

    pub fn lang(&self) -> &str {
        self.text.language
    }

    pub fn direction(&self) -> &'static str {
        self.text.direction()
    }

    pub fn say(&self, key: &str) -> String {
        self.text.say(key, &[])
    }

    /// A text with one gap.
    pub fn say_with(&self, key: &str, gap: &str, value: impl Display) -> String {
        self.text.say(key, &[(gap, &value.to_string())])
    }

    /// A text with two gaps.
    pub fn say_two(
        &self,
        key: &str,
        gap: &str,
        value: impl Display,
        other: &str,
        also: impl Display,
    ) -> String {
        self.text.say(key, &[(gap, &value.to_string()), (other, &also.to_string())])
    }

    /// A text with any gaps.
    pub fn say_all(&self, key: &str, gaps: &[(&str, &str)]) -> String {
        self.text.say(key, gaps)
    }

    /// A number as the language writes it.
    pub fn number(&self, number: impl Value<i64>) -> String {
        self.text.number(number.value())
    }

    /// What a word of the records is called: `kind_care_call`.
    pub fn word(&self, group: &str, word: &str) -> String {
        self.text.say(&format!("{group}_{word}"), &[])
    }

    /// A path of the console's own.
    pub fn at(&self, path: &str) -> String {
        format!("{}{}", self.console.base, if path == "/" { "" } else { path })
    }

    pub fn amount(&self, money: impl Value<Money>) -> String {
        self.text.amount(money.value())
    }

    pub fn amounts(&self, sums: impl AsRef<[Money]>) -> String {
        self.text.amounts(sums.as_ref())
    }

    pub fn date(&self, date: impl Value<Date>) -> String {
        self.text.date(date.value())
    }

    /// A moment on the console's clock, to the minute.
    pub fn moment(&self, at: impl Value<Timestamp>) -> String {
        let local = at.value().to_zoned(self.console.zone.clone());
        format!("{} {}", self.text.date(local.date()), local.strftime("%H:%M"))
    }

    /// The same for programs.
    pub fn instant(&self, at: impl Value<Timestamp>) -> String {
        at.value().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The day of a moment on the console's clock.
    pub fn day(&self, at: impl Value<Timestamp>) -> String {
        self.text.date(at.value().to_zoned(self.console.zone.clone()).date())
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn may(&self, permit: Permit) -> bool {
        self.visitor.is_some_and(|visitor| visitor.may(permit))
    }

    pub fn style(&self) -> &str {
        &ASSETS[0].path
    }

    pub fn script(&self) -> &str {
        &ASSETS[1].path
    }

    /// The parts of the console that the visitor may see: path and key.
    pub fn menu(&self) -> Vec<(&'static str, &'static str)> {
        let parts = MENU.iter().filter(|(.., permit)| self.may(*permit));
        parts.map(|(path, key, _)| (*path, *key)).collect()
    }

    /// What every form carries.
    pub fn token(&self) -> &str {
        self.visitor.map_or("", |visitor| &visitor.token)
    }
}

/// A text as one step of a path.
pub fn segment(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    let escaped = |byte: u8| match plain(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(escaped).collect()
}

/// A plain value, however often it was borrowed on its way through a template.
pub trait Value<T> {
    fn value(self) -> T;
}

macro_rules! plain {
    ($($kind:ty),*) => {$(
        impl Value<$kind> for $kind {
            fn value(self) -> $kind {
                self
            }
        }
    )*};
}

plain!(Date, Money, Timestamp, i64);

impl<T, V: Value<T> + Copy> Value<T> for &V {
    fn value(self) -> T {
        (*self).value()
    }
}

/// What goes with every answer of the console.
pub fn headers() -> [(HeaderName, HeaderValue); 6] {
    let plain = HeaderValue::from_static;
    [
        (CONTENT_TYPE, plain("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, plain(POLICY)),
        (CACHE_CONTROL, plain("no-store")),
        (REFERRER_POLICY, plain("same-origin")),
        (X_CONTENT_TYPE_OPTIONS, plain("nosniff")),
        (HeaderName::from_static("x-robots-tag"), plain("noindex, nofollow")),
    ]
}

/// A page, or what is seen where it cannot be made.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, headers(), html).into_response(),
        Err(why) => {
            error!("a page of the console could not be made: {why}");
            (StatusCode::INTERNAL_SERVER_ERROR, "the page could not be made\n").into_response()
        }
    }
}

/// Any answer of the console, errors of its libraries too.
pub async fn armoured(mut response: Response) -> Response {
    for (name, value) in headers() {
        // A file says itself what it is, and how long it may be kept.
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

const STYLE: &str = include_str!("console.css");
const SCRIPT: &str = include_str!("console.js");

/// A file that is named after its content, and may be kept for good.
pub struct Asset {
    pub path: String,
    kind: &'static str,
    body: &'static str,
}

pub static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [
        Asset::new("css", "text/css; charset=utf-8", STYLE),
        Asset::new("js", "text/javascript; charset=utf-8", SCRIPT),
    ]
});

impl Asset {
    fn new(ending: &str, kind: &'static str, body: &'static str) -> Asset {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(body);
        let name: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        Asset { path: format!("/assets/{name}.{ending}"), kind, body }
    }

    pub fn answer(&self) -> Response {
        let headers = [
            (CONTENT_TYPE, self.kind),
            (CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (headers, self.body).into_response()
    }
}
