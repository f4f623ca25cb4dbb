//! A request by template: any JSON or form API, as the settings say it.
//!
//! Values are put into the tree of a JSON body, into the fields of a form, and
//! percent-encoded into the URL, never into text that is read afterwards: no
//! name and no message can become a field, a header or another host.

use std::collections::BTreeMap;

use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Uri};
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::template::{Slot, Template, Values, percent, plain};
use crate::model::Channel;
use crate::provider::api::form;
use crate::provider::kinds::Wrong;
use crate::provider::{Delay, Outgoing, Refusal, SendOutcome};

/// `[provider.NAME.request]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub method: Verb,
    pub headers: BTreeMap<String, String>,
    /// A body whose texts are templates; other values go as they are.
    pub json: Option<Value>,
    /// Fields of a form; a list is a field that occurs more than once.
    pub form: Option<BTreeMap<String, Field>>,
    /// How long a message must be good for at least, where the template says
    /// until when; with less left it waits for another day.
    pub valid_min_s: u32,
    /// The longest that the provider takes; more is cut down to it.
    pub valid_max_s: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    #[default]
    Post,
    Put,
    Get,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Field {
    One(String),
    Several(Vec<String>),
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            method: Verb::Post,
            headers: BTreeMap::new(),
            json: None,
            form: None,
            valid_min_s: 1,
            valid_max_s: None,
        }
    }
}

/// Headers that say how the request itself travels; they are ours.
const OURS: [&str; 6] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te"];

/// A template that was read, and holds nothing that there is not.
#[derive(Debug)]
pub struct Plan {
    method: Method,
    /// Path and query.
    target: Template,
    headers: Vec<(HeaderName, Template)>,
    body: Body,
    valid_min: SignedDuration,
    valid_max: Option<SignedDuration>,
}

#[derive(Debug)]
enum Body {
    None,
    Json(Node),
    Form(Vec<(String, Template)>),
}

/// A JSON body with gaps.
#[derive(Debug)]
enum Node {
    Fixed(Value),
    Text(Template),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

/// What is sent.
pub struct Ready {
    pub method: Method,
    pub uri: Uri,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Vec<u8>,
}

/// What the settings beside the template say of it.
pub struct Around<'a> {
    pub url: &'a str,
    pub channels: &'a [Channel],
    pub secrets: Vec<&'a str>,
    pub has_token: bool,
    pub has_callback: bool,
}

/// `url` without its path and query, and these: the host is the operator's
/// alone.
///
/// # Errors
/// What is wrong with the key `url`.
pub fn split(url: &str) -> Result<(Url, String), String> {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    let (base, rest) = url.split_at(end);
    if base.contains(['{', '}']) {
        return Err("has a placeholder before its path; write the host out".to_owned());
    }
    if rest.contains('#') {
        return Err("has a #; leave it out, or write %23 for one that is meant".to_owned());
    }
    let parsed = base.parse::<Url>().ok().filter(|url| url.has_host());
    let parsed = parsed.ok_or("is none; write one such as https://api.example.org/messages")?;
    let slash = if rest.starts_with('/') { "" } else { "/" };
    Ok((parsed, format!("{slash}{rest}")))
}

impl Plan {
    /// Reads a template.
    ///
    /// # Errors
    /// All that is wrong, by key.
    pub fn read(settings: &Settings, around: &Around<'_>) -> Result<Plan, Vec<Wrong>> {
        let mut reader = Reader { around, wrong: Vec::new(), slots: Vec::new() };
        let target = match split(around.url) {
            Ok((_, target)) => reader.template("url", "", &target),
            Err(what) => reader.refuse("url", what),
        };
        let headers = settings.headers.iter();
        let headers = headers.map(|(name, text)| reader.header(name, text)).collect();
        let body = match (&settings.json, &settings.form) {
            (None, None) => Body::None,
            (Some(json), None) => Body::Json(reader.node(json, "")),
            (None, Some(fields)) => Body::Form(reader.form(fields)),
            (Some(_), Some(_)) => {
                reader.refuse("request.form", "stands beside json; keep one of them".to_owned());
                Body::None
            }
        };
        if settings.method == Verb::Get && !matches!(body, Body::None) {
            let what = "is GET, which carries no body; write the fields into the query of url";
            reader.refuse("request.method", what.to_owned());
        }
        if settings.valid_max_s.is_some_and(|max| max < settings.valid_min_s.max(1)) {
            let what = "is less than valid_min_s; nothing would ever be sent".to_owned();
            reader.refuse("request.valid_max_s", what);
        }
        let names_somebody =
            reader.slots.iter().any(|slot| matches!(slot, Slot::To | Slot::ToDigits));
        if reader.wrong.is_empty() && !names_somebody {
            let what = "says nowhere whom the message is for; write {to} where the API takes it";
            reader.refuse("request", what.to_owned());
        }
        if !reader.wrong.is_empty() {
            return Err(reader.wrong);
        }
        let mut valid_min = i64::from(settings.valid_min_s.max(1));
        if reader.slots.contains(&Slot::ExpiresInMin) {
            // A part of a minute would become none.
            valid_min = valid_min.max(60);
        }
        // Without such a gap nothing depends on it.
        if !reader.slots.iter().any(Slot::is_expiry) {
            valid_min = i64::MIN;
        }
        Ok(Plan {
            method: match settings.method {
                Verb::Post => Method::POST,
                Verb::Put => Method::PUT,
                Verb::Get => Method::GET,
            },
            target,
            headers,
            body,
            valid_min: SignedDuration::from_secs(valid_min),
            valid_max: settings.valid_max_s.map(|max| SignedDuration::from_secs(max.into())),
        })
    }

    /// The request for one message, or what is true without one.
    pub fn fill(
        &self,
        message: &Outgoing,
        to: &str,
        now: Timestamp,
        callback_url: &str,
        secrets: &BTreeMap<String, String>,
    ) -> Result<Ready, SendOutcome> {
        let left = message.expires_at.duration_since(now);
        if left < self.valid_min {
            let note = "http: too late for the provider to keep to the window".to_owned();
            return Err(SendOutcome::Deferred { because: Delay::Down, wait: None, note });
        }
        let left = self.valid_max.map_or(left, |max| left.min(max));
        let key = message.key.to_string();
        let values = Values {
            message,
            key: &key,
            to,
            now,
            expires_at: now.checked_add(left).unwrap_or(message.expires_at),
            callback_url,
            secrets,
        };
        Ok(Ready {
            method: self.method.clone(),
            uri: self.uri(&values)?,
            headers: self.headers(&values)?,
            body: self.body.fill(&values)?,
        })
    }

    fn uri(&self, values: &Values<'_>) -> Result<Uri, SendOutcome> {
        let target = self.target.fill(values, percent).map_err(|gap| empty("url", gap))?;
        let target = target.unwrap_or_default();
        // A server may take these for another path than the operator's.
        let path = target.split('?').next().unwrap_or_default();
        if path.split('/').any(|part| part == "." || part == "..") {
            return Err(unfit("url"));
        }
        target.parse().map_err(|_| unfit("url"))
    }

    fn headers(&self, values: &Values<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, SendOutcome> {
        let mut headers = Vec::new();
        if let Some(kind) = self.body.content_type() {
            headers.push((CONTENT_TYPE, HeaderValue::from_static(kind)));
        }
        for (name, template) in &self.headers {
            let place = || format!("request.headers {name}");
            let text = template.fill(values, plain).map_err(|gap| empty(&place(), gap))?;
            let Some(text) = text else { continue };
            // No line ends: a value cannot become another header.
            let mut value = HeaderValue::from_str(&text).map_err(|_| unfit(&place()))?;
            value.set_sensitive(template.slots().any(|(slot, _)| matches!(slot, Slot::Secret(_))));
            headers.push((name.clone(), value));
        }
        Ok(headers)
    }
}

impl Body {
    fn content_type(&self) -> Option<&'static str> {
        match self {
            Body::None => None,
            Body::Json(_) => Some("application/json"),
            Body::Form(_) => Some("application/x-www-form-urlencoded"),
        }
    }

    fn fill(&self, values: &Values<'_>) -> Result<Vec<u8>, SendOutcome> {
        match self {
            Body::None => Ok(Vec::new()),
            Body::Json(node) => {
                let value = node.fill(values, "")?.unwrap_or_default();
                serde_json::to_vec(&value).map_err(|_| unfit("request.json"))
            }
            Body::Form(fields) => {
                let mut pairs = Vec::with_capacity(fields.len());
                for (name, template) in fields {
                    let text = template.fill(values, plain);
                    let text = text.map_err(|gap| empty(&format!("request.form {name}"), gap))?;
                    pairs.extend(text.map(|text| (name.as_str(), text)));
                }
                let pairs: Vec<(&str, &str)> =
                    pairs.iter().map(|(name, text)| (*name, text.as_str())).collect();
                Ok(form(&pairs).into())
            }
        }
    }
}

impl Node {
    /// `None` where it is left out.
    fn fill(&self, values: &Values<'_>, at: &str) -> Result<Option<Value>, SendOutcome> {
        Ok(Some(match self {
            Node::Fixed(value) => value.clone(),
            Node::Text(template) => match template.number(values) {
                Some(number) => number.into(),
                None => {
                    let text = template.fill(values, plain);
                    let place = || format!("request.json {at}");
                    return Ok(text.map_err(|gap| empty(&place(), gap))?.map(Value::String));
                }
            },
            Node::List(nodes) => {
                let mut list = Vec::with_capacity(nodes.len());
                for (index, node) in nodes.iter().enumerate() {
                    list.extend(node.fill(values, &format!("{at}/{index}"))?);
                }
                list.into()
            }
            Node::Table(nodes) => {
                let mut table = Map::new();
                for (name, node) in nodes {
                    if let Some(value) = node.fill(values, &format!("{at}/{name}"))? {
                        table.insert(name.clone(), value);
                    }
                }
                table.into()
            }
        }))
    }
}

/// Not sent, because a gap of the template has nothing to stand in it.
fn empty(place: &str, gap: &str) -> SendOutcome {
    let note = format!("http: {place} has an empty {{{gap}}}");
    SendOutcome::Rejected { because: Refusal::BadContent, note }
}

fn unfit(place: &str) -> SendOutcome {
    let note = format!("http: {place} cannot hold what the message has");
    SendOutcome::Rejected { because: Refusal::BadContent, note }
}

/// Reads templates and remembers what is wrong.
struct Reader<'a> {
    around: &'a Around<'a>,
    wrong: Vec<Wrong>,
    slots: Vec<Slot>,
}

impl Reader<'_> {
    fn refuse(&mut self, key: &'static str, what: String) -> Template {
        self.wrong.push((key, what));
        Template::default()
    }

    fn header(&mut self, name: &str, text: &str) -> (HeaderName, Template) {
        const KEY: &str = "request.headers";
        let template = self.template(KEY, name, text);
        let Ok(parsed) = name.parse::<HeaderName>() else {
            let template = self.refuse(KEY, format!("has {name:?}, no header's name"));
            return (CONTENT_TYPE, template);
        };
        if OURS.contains(&parsed.as_str()) {
            self.refuse(KEY, format!("has {name:?}, which is set by itself; leave it out"));
        }
        let has_secret = template.slots().any(|(slot, _)| matches!(slot, Slot::Secret(_)));
        if parsed == AUTHORIZATION && !has_secret {
            let what = format!("has {name:?} written out; put it into a file of secret_files");
            self.refuse(KEY, what);
        }
        if parsed == AUTHORIZATION && self.around.has_token {
            self.refuse(KEY, format!("has {name:?} beside token_file; keep one of them"));
        }
        if text.chars().any(|c| c.is_control() || !c.is_ascii()) {
            self.refuse(KEY, format!("{name} = {text:?}: a header is one line of ASCII"));
        }
        (parsed, template)
    }

    fn form(&mut self, fields: &BTreeMap<String, Field>) -> Vec<(String, Template)> {
        let mut read = Vec::new();
        for (name, field) in fields {
            let texts = match field {
                Field::One(text) => std::slice::from_ref(text),
                Field::Several(texts) => texts,
            };
            for text in texts {
                read.push((name.clone(), self.template("request.form", name, text)));
            }
        }
        read
    }

    fn node(&mut self, value: &Value, at: &str) -> Node {
        match value {
            Value::String(text) => Node::Text(self.template("request.json", at, text)),
            Value::Array(list) => {
                let inside = list.iter().enumerate();
                Node::List(inside.map(|(i, it)| self.node(it, &format!("{at}/{i}"))).collect())
            }
            Value::Object(table) => {
                let inside = table.iter();
                let node = |(name, it): (&String, &Value)| {
                    (name.clone(), self.node(it, &format!("{at}/{name}")))
                };
                Node::Table(inside.map(node).collect())
            }
            fixed => Node::Fixed(fixed.clone()),
        }
    }

    fn template(&mut self, key: &'static str, at: &str, text: &str) -> Template {
        let at = if at.is_empty() { String::new() } else { format!("{at} ") };
        let named = |what: &str| format!("{at}= {text:?}: {what}");
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(what) => return self.refuse(key, named(&what)),
        };
        for (slot, may_be_empty) in template.slots() {
            if let Some(what) = self.misfit(slot, may_be_empty) {
                self.wrong.push((key, named(&what)));
            }
            self.slots.push(slot.clone());
        }
        template
    }

    /// Why this cannot stand here, and what to write.
    fn misfit(&self, slot: &Slot, may_be_empty: bool) -> Option<String> {
        match slot {
            Slot::Secret(name) if !self.around.secrets.contains(&name.as_str()) => {
                Some(format!("secret_files has no {name}; name its file there"))
            }
            Slot::CallbackUrl if !self.around.has_callback => Some(
                "there is no callback URL; set receipts = true here, and public_url in [http]"
                    .to_owned(),
            ),
            _ if may_be_empty => None,
            slot => {
                let channel = self.around.channels.iter().find(|channel| !slot.is_of(**channel))?;
                Some(format!(
                    "{channel} has nothing for it; write a ? before the brace, or a table of \
                     another name for that channel"
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests;
