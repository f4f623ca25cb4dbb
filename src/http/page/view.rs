//! The page as HTML: plain, without scripts, in the subscriber's language.

use std::sync::LazyLock;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Weekday;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use sha2::{Digest, Sha256};
use tracing::error;

use crate::http::qr;
use crate::message::page::{PageText, masked};
use crate::message::{Messages, Operator};
use crate::model::billing::plus_days;
use crate::model::hold::PlacedHold;
use crate::model::hours::{DAYS, Hours, WallTime, WeekHours};
use crate::model::link::Link;
use crate::model::{Channel, HoldKind, Money};

use super::ledger::Standing;
use super::said::{self, Act, Form, Mistake};

/// The page is to load over a slow network: a link that needs a larger code has
/// its button alone.
const CODE_BYTES_MAX: usize = 10_000;
const STYLE: &str = include_str!("page.css");

/// Nothing but our own style and forms: no scripts, nothing from elsewhere.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::try_from(policy).expect("base64 is plain ASCII")
});

/// What goes with every answer: it is kept by nobody, found by no search, and
/// no other site learns the link.
pub fn headers() -> [(HeaderName, HeaderValue); 6] {
    let plain = HeaderValue::from_static;
    [
        (CONTENT_TYPE, plain("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, POLICY.clone()),
        (CACHE_CONTROL, plain("no-store")),
        (REFERRER_POLICY, plain("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, plain("nosniff")),
        (HeaderName::from_static("x-robots-tag"), plain("noindex, nofollow")),
    ]
}

/// How the page speaks to one reader.
pub struct View<'a> {
    messages: &'a Messages,
    operator: &'a Operator,
    /// The tag that words, amounts and days are looked up by.
    language: String,
    /// The language that the reader asked for, instead of the account's.
    asked: Option<String>,
}

impl<'a> View<'a> {
    pub fn new(
        messages: &'a Messages,
        operator: &'a Operator,
        language: &str,
        asked: Option<String>,
    ) -> View<'a> {
        let language = asked.clone().unwrap_or_else(|| language.to_owned());
        View { messages, operator, language, asked }
    }

    pub fn asked(&self) -> Option<&str> {
        self.asked.as_deref()
    }

    fn text(&self) -> Option<PageText<'a>> {
        self.messages.pages().of(&self.language)
    }

    /// A page that says one thing.
    pub fn closed(&self, status: StatusCode, title: &str, words: &str) -> Response {
        let Some(text) = self.text() else { return status.into_response() };
        let closed = text.say(words, &[]);
        let own = context! { kind => "closed", title => text.say(title, &[]), closed };
        self.answer(status, &text, &[], None, own)
    }

    /// What the link in an e-mail's header leads to.
    pub fn stop(&self, standing: &Standing) -> Response {
        let Some(text) = self.text() else { return StatusCode::OK.into_response() };
        let is_stopped = standing.stopped.contains(&Channel::Email);
        let own = context! { kind => "stop", title => text.say("stop", &[]), is_stopped };
        self.answer(StatusCode::OK, &text, &[], None, own)
    }

    /// The page of an account. `said` was done just now; or `wrong` was tried.
    pub fn page(
        &self,
        status: StatusCode,
        standing: &Standing,
        link: Link,
        form: &str,
        said: Option<Act>,
        wrong: Option<(&Form, Mistake)>,
    ) -> Response {
        let Some(text) = self.text() else { return status.into_response() };
        let title = text.say("title", &[]);
        // Somebody else learns nothing more of whoever was meant.
        if standing.strangers.contains(&link.channel) {
            let own = context! { kind => "stranger", title };
            return self.answer(status, &text, &[], None, own);
        }
        let claimable = standing.claimable();
        let days = standing.promise_days();
        let [first, _, last] = days.map(|day| text.date(day));
        let amount = claimable.map_or(String::new(), |money| text.amount(money));
        let currency = claimable.map_or(String::new(), |money| money.currency.to_string());
        let name = masked(&standing.facts.account.name);
        let open = standing.open_hours().map_or(String::new(), between);
        let gaps = [
            ("first", &*first),
            ("last", &last),
            ("amount", &amount),
            ("currency", &currency),
            ("open", &open),
        ];
        let named = (!name.is_empty()).then(|| text.say("for_name", &[("name", &name)]));
        let own = context! {
            kind => "page",
            title,
            form,
            name => named,
            owed => text.amounts(&standing.owed()),
            due => standing.due_on().map(|day| text.date(day)),
            lines => lines(standing, &text),
            references => standing.unpaid().iter().map(|id| id.to_string()).collect::<Vec<_>>(),
            promise => context! {
                first => days[0].to_string(),
                usual => days[1].to_string(),
                last => days[2].to_string(),
                currency => currency.as_str(),
            },
            may => may(standing, link, &text),
            pay_code => self.pay_code(standing),
            wish => self.wish(standing, &text, wrong.map(|(form, _)| form)),
            said => said.map(|act| thanks(act, standing, &text)),
            wrong => wrong.map(|(form, mistake)| what_is_wrong(form, mistake, &text, &gaps)),
            most => context! {
                words => said::WORDS_MAX,
                amount => said::AMOUNT_MAX,
                reference => said::REFERENCE_MAX,
                place => said::PLACE_MAX,
            },
        };
        self.answer(status, &text, &gaps, Some(standing), own)
    }

    /// The link to pay by as a code, for whoever pays with another telephone, or
    /// on whose the page is not.
    fn pay_code(&self, standing: &Standing) -> Option<Value> {
        let code = qr::drawn(&self.operator.pay_link(&standing.facts.account.id));
        let (side, path) = code.filter(|(_, path)| path.len() <= CODE_BYTES_MAX)?;
        Some(context! { side, path })
    }

    /// What the subscriber may wish, and wishes, or tried to.
    fn wish(&self, standing: &Standing, text: &PageText<'_>, tried: Option<&Form>) -> Value {
        let tried = tried.filter(|form| form.act == Act::Hours);
        let hours = standing.facts.account.wishes.hours;
        let is_on = |day: Weekday| match tried {
            Some(form) => form.days.contains(&day),
            None => hours.is_some_and(|hours| hours.on(day).is_some()),
        };
        let days = Weekday::Monday.cycle_forward().zip(DAYS);
        let day = |(day, name): (Weekday, &'static str)| {
            context! {
                name,
                says => text.say(name, &[]),
                is_on => is_on(day),
            }
        };
        // Those of the first day that has any: the page knows one time for all.
        let usual = hours.and_then(|hours| hours.spans().find_map(|(_, hours)| hours));
        let (from, until) = match (tried, usual) {
            (Some(form), _) => (form.from.clone(), form.until.clone()),
            (None, Some(Hours { opens, closes })) => (opens.to_string(), clock(closes)),
            (None, None) => (String::new(), String::new()),
        };
        let channel = |channel: Channel| {
            context! {
                name => channel.as_str(),
                says => text.say(&format!("channel_{channel}"), &[]),
                is_on => standing.facts.account.wishes.channel == Some(channel),
            }
        };
        let languages = super::offered(self.messages).into_iter();
        let language =
            |(tag, name): (&str, &str)| context! { tag, name, is_on => tag == text.language };
        context! {
            languages => languages.map(language).collect::<Vec<_>>(),
            channels => standing.choice().into_iter().map(channel).collect::<Vec<_>>(),
            days => days.map(day).collect::<Vec<_>>(),
            from,
            until,
            has_hours => hours.is_some(),
        }
    }

    fn answer(
        &self,
        status: StatusCode,
        text: &PageText<'_>,
        gaps: &[(&str, &str)],
        standing: Option<&Standing>,
        own: Value,
    ) -> Response {
        let operator = self.operator;
        let languages = self.messages.pages().languages();
        let common = context! {
            language => text.language,
            direction => text.direction(),
            t => text.all(gaps),
            style => Value::from_safe_string(STYLE.to_owned()),
            keep => self.asked.as_ref().map_or(String::new(), |tag| format!("l={tag}")),
            languages => languages.map(|(tag, name)| context! { tag, name }).collect::<Vec<_>>(),
            operator => context! {
                name => operator.name.as_str(),
                phone => operator.phone.as_str(),
                tel => operator.phone.replace(|c: char| !c.is_ascii_digit() && c != '+', ""),
                bank => operator.bank.as_str(),
                pay_url => standing.map(|it| operator.pay_link(&it.facts.account.id)),
            },
        };
        match rendered(context! { ..own, ..common }) {
            Ok(html) => (status, headers(), html).into_response(),
            Err(error) => {
                error!("could not make a subscriber's page: {error:#}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

fn rendered(context: Value) -> Result<String, minijinja::Error> {
    static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        // Most visits have nothing wrong to tell of.
        templates.set_undefined_behavior(UndefinedBehavior::Chainable);
        templates
            .add_template("page.html", include_str!("page.html"))
            .expect("every test of the page renders this template");
        templates
    });
    TEMPLATES.get_template("page.html")?.render(context)
}

/// What the subscriber said and what follows, a sentence or two for each.
fn lines(standing: &Standing, text: &PageText<'_>) -> Vec<String> {
    let mut lines: Vec<String> =
        standing.in_force().into_iter().map(|one| line(one, standing, text)).collect();
    let reached = standing.channels();
    let stopped = standing.stopped.iter().filter(|channel| reached.contains(channel));
    lines.extend(stopped.map(|channel| text.say(stopped_key(*channel), &[])));
    let wishes = &standing.facts.account.wishes;
    let first = wishes.channel.filter(|channel| standing.choice().contains(channel));
    lines.extend(first.map(|channel| text.say(&format!("wished_{channel}"), &[])));
    let hours =
        wishes.hours.map(|hours| text.say("wished_hours", &[("hours", &week(hours, text))]));
    lines.extend(hours);
    lines
}

/// Days and hours in words: `Monday – Friday, 18:00–20:00`.
fn week(hours: WeekHours, text: &PageText<'_>) -> String {
    let span = |(days, hours): (String, Option<Hours>)| {
        let names: Vec<String> = days.split('-').map(|day| text.say(day, &[])).collect();
        Some(format!("{} {}", names.join(" – "), between(hours?)))
    };
    hours.spans().filter_map(span).collect::<Vec<_>>().join("; ")
}

fn between(hours: Hours) -> String {
    format!("{}–{}", hours.opens, hours.closes)
}

/// As a field for a time takes it, which has no 24:00.
fn clock(time: WallTime) -> String {
    if time == WallTime::DAY_ENDS { WallTime::MIDNIGHT.to_string() } else { time.to_string() }
}

fn line(one: &PlacedHold, standing: &Standing, text: &PageText<'_>) -> String {
    let amount = one.hold.amount.zip(one.currency).map(|(minor, code)| Money::new(minor, code));
    let amount = match amount {
        Some(money) => text.amount(money),
        None => text.amounts(&standing.owed()),
    };
    let key = match one.hold.kind {
        HoldKind::Promise => "promised",
        HoldKind::Paid => "claimed_paid",
        HoldKind::Dispute => "disputed",
        _ => "cannot_pay",
    };
    let said = text.say(key, &[("amount", &amount)]);
    let until = one.hold.ends_on.map(|last| text.date(plus_days(last, 1)));
    match until {
        // Of a bill that is disputed, others may still be reminded of.
        Some(until) if one.hold.bill.is_none() => {
            format!("{said} {}", text.say("quiet", &[("date", &until)]))
        }
        _ => said,
    }
}

fn stopped_key(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "stopped_sms",
        Channel::Voice => "stopped_voice",
        Channel::Email | Channel::Letter => "stopped_email",
    }
}

/// What is said of what was done just now. What came of it stands below.
fn thanks(act: Act, standing: &Standing, text: &PageText<'_>) -> String {
    let noted = |kind| if standing.has(kind) { "thanks" } else { "for_people" };
    let key = match act {
        Act::Promise => noted(HoldKind::Promise),
        Act::Paid => noted(HoldKind::Paid),
        Act::Dispute => noted(HoldKind::Dispute),
        Act::Hardship => noted(HoldKind::Hardship),
        Act::Start => "started",
        Act::Call => return format!("{} {}", text.say("thanks", &[]), text.say("will_call", &[])),
        Act::StopThis | Act::StopAll | Act::Wrong => "thanks",
        Act::Language | Act::Channel | Act::Hours | Act::AnyTime => "thanks",
    };
    text.say(key, &[])
}

/// The forms that there are.
fn may(standing: &Standing, link: Link, text: &PageText<'_>) -> Value {
    let channels = standing.channels();
    let goes_on = |channel: &Channel| !standing.stopped.contains(channel);
    let this = match link.channel {
        Channel::Sms => "stop_this_sms",
        Channel::Voice => "stop_this_voice",
        Channel::Email | Channel::Letter => "stop_this_email",
    };
    let may_stop_this = channels.contains(&link.channel) && goes_on(&link.channel);
    context! {
        promise => standing.may_say(HoldKind::Promise),
        paid => standing.may_say(HoldKind::Paid),
        dispute => standing.may_say(HoldKind::Dispute),
        hardship => standing.may_say(HoldKind::Hardship),
        stop => channels.iter().any(goes_on),
        stop_this => may_stop_this.then(|| text.say(this, &[])),
        start => !said::may_start(standing).is_empty(),
        channel => standing.choice().len() > 1,
    }
}

/// What was tried, and what is to be done about it. What was written is kept.
fn what_is_wrong(
    form: &Form,
    mistake: Mistake,
    text: &PageText<'_>,
    gaps: &[(&str, &str)],
) -> Value {
    let about = match mistake {
        Mistake::Date => "by",
        Mistake::Amount => "amount",
        Mistake::Words => "words",
        Mistake::Hours | Mistake::Closed => "from",
        Mistake::Long | Mistake::Again => "",
    };
    let field = match about {
        "words" => format!("{}_words", form.act),
        other => other.to_owned(),
    };
    context! {
        act => form.act.as_str(),
        about,
        field,
        says => text.say(mistake.key(), gaps),
        by => form.by.as_str(),
        amount => form.amount.as_str(),
        reference => form.reference.as_str(),
        place => form.place.as_str(),
        words => form.words.as_str(),
    }
}
