//! What Twilio posts to us: statuses of messages and calls, texts of
//! subscribers, and the question what to say next in a call.
//!
//! A call goes like this; `round` and all the rest is in the URLs.
//!
//! ```text
//! answered ─ person ── message, menu ── key ── its answer, end
//!     │                     └─ none, wrong or "again": once more, then goodbye
//!     └───── machine ── its text ── ?left=1: it was left
//! ```

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Url;
use tracing::debug;

use super::form::Form;
use super::outcome::is_sid;
use super::script::Script;
use super::{Keys, inquiry, twiml, with};
use crate::model::content::{Does, REPEATS_MAX};
use crate::model::{AttemptKey, Channel};
use crate::provider::secret::Secret;
use crate::provider::{
    Answer, Call, CallbackReader, Fate, Meaning, NotTaken, Pledge, Posted, Receipt, Reply,
};

pub struct Callback {
    name: String,
    url: Url,
    keys: Arc<Secret<Keys>>,
}

/// One posting of Twilio's.
struct Heard<'a> {
    query: Form,
    form: Form,
    /// The attempt that it is about, where the URL was given with one.
    key: Option<AttemptKey>,
    call: &'a Call<'a>,
}

impl Callback {
    pub(super) fn new(name: &str, url: Url, keys: Arc<Secret<Keys>>) -> Callback {
        Callback { name: name.to_owned(), url, keys }
    }
}

#[async_trait]
impl CallbackReader for Callback {
    async fn read(&self, call: &Call<'_>) -> Result<Posted, NotTaken> {
        let (query, form) = self.keys.current().signatures.checked(call)?;
        let key = query.get("key").map(key).transpose()?;
        let heard = Heard { query, form, key, call };
        if let Some(sid) = heard.sid("CallSid") {
            return self.of_call(&heard, sid);
        }
        let sid = heard.sid("MessageSid").or_else(|| heard.sid("SmsSid"));
        let sid = sid.ok_or_else(|| unreadable("neither a message nor a call is named"))?;
        match heard.form.get("MessageStatus") {
            Some(status) => Ok(self.of_message(&heard, sid, status)),
            None => text(&heard, sid),
        }
    }
}

impl Callback {
    /// The status of a message of ours.
    fn of_message(&self, heard: &Heard<'_>, sid: &str, status: &str) -> Posted {
        let fate = inquiry::of_message(status, heard.form.get("ErrorCode")).unwrap_or_else(|| {
            self.unknown("status", status);
            None
        });
        if let Some(code) = heard.form.get("ErrorCode") {
            debug!(provider.name = %self.name, code = %plain(code), "a message failed");
        }
        heard.posted(format!("{sid}/{}", plain(status)), fate)
    }

    /// The status of a call, or the question what to say in it.
    fn of_call(&self, heard: &Heard<'_>, sid: &str) -> Result<Posted, NotTaken> {
        // A call to our number, or one of somebody else's.
        let Some(key) = heard.key else {
            let answer = Some(xml(twiml::hang_up()));
            return Ok(Posted { message_id: format!("{sid}/other"), answer, ..Posted::default() });
        };
        if heard.query.get("left").is_some() {
            let answer = Some(xml(twiml::hang_up()));
            let posted = heard.posted(format!("{sid}/left"), Some(Fate::Delivered));
            return Ok(Posted { answer, ..posted });
        }
        match heard.query.get("script") {
            Some(sealed) => {
                let script = self.keys.current().seal.open(sealed, key);
                let script = script.ok_or_else(|| unreadable("the script is not of this call"))?;
                self.next(heard, sid, key, sealed, &script)
            }
            None => {
                let status = heard.form.get("CallStatus");
                let status = status.ok_or_else(|| unreadable("CallStatus is missing"))?;
                Ok(heard.posted(format!("{sid}/{}", plain(status)), self.fate(heard, status)))
            }
        }
    }

    fn fate(&self, heard: &Heard<'_>, status: &str) -> Option<Fate> {
        // That a text was left on a machine, `?left=1` has told.
        inquiry::of_call(status, is_machine(heard)).unwrap_or_else(|| {
            self.unknown("status", status);
            None
        })
    }

    /// What to say now, and what a key has told.
    fn next(
        &self,
        heard: &Heard<'_>,
        sid: &str,
        key: AttemptKey,
        sealed: &str,
        script: &Script,
    ) -> Result<Posted, NotTaken> {
        let attempt = key.to_string();
        let url = |more: &[(&str, &str)]| with(&with(&self.url, &[("key", &attempt)]), more);
        let again = |round: u32| url(&[("script", sealed), ("round", &round.to_string())]);
        let quiet = |what: &str, answer: String| {
            let answer = Some(xml(answer));
            Posted { message_id: format!("{sid}/{what}"), answer, ..Posted::default() }
        };
        let said = |texts: &[&str], next: Option<&Url>| twiml::said(script, texts, next);
        let Some(round) = heard.query.get("round") else {
            let answer = match (is_machine(heard), script.keys.is_empty()) {
                (true, _) if script.to_machine.is_empty() || is_fax(heard) => twiml::hang_up(),
                (true, _) => twiml::left(script, &url(&[("left", "1")])),
                (false, true) => said(&[&script.message], None),
                (false, false) => said(&[&script.message, &script.invitation], Some(&again(0))),
            };
            return Ok(quiet("answered", answer));
        };
        let round: u32 = round.parse().map_err(|_| unreadable("round is no number"))?;
        let pressed = heard.form.get("Digits").unwrap_or_default();
        let found = script.keys.iter().find(|(digit, ..)| pressed == digit.to_string());
        let what = format!("key/{round}");
        let once_more = Some(again(round.saturating_add(1)));
        let once_more = once_more.as_ref().filter(|_| round < REPEATS_MAX);
        let goodbye = || quiet(&what, said(&[&script.goodbye], None));
        let (meaning, answer) = match found {
            Some((_, deed, answer)) => match meaning(deed.0) {
                Some(meaning) => (meaning, answer),
                None if once_more.is_none() => return Ok(goodbye()),
                None => {
                    let texts = [script.message.as_str(), &script.invitation];
                    return Ok(quiet(&what, said(&texts, once_more)));
                }
            },
            None if once_more.is_none() => return Ok(goodbye()),
            None => return Ok(quiet(&what, said(&[&script.invitation], once_more))),
        };
        let reply = Reply {
            channel: Channel::Voice,
            about: Some(key),
            from: heard.form.get("To").map(str::to_owned),
            meaning,
            at: heard.call.now,
        };
        // Only a person presses a key that means something.
        let posted = heard.posted(format!("{sid}/{what}"), Some(Fate::Answered));
        let answer = Some(xml(said(&[answer], None)));
        Ok(Posted { replies: vec![reply], answer, ..posted })
    }

    fn unknown(&self, what: &str, word: &str) {
        debug!(provider.name = %self.name, word = %plain(word), "an unknown {what} is passed over");
    }
}

impl Heard<'_> {
    fn sid(&self, name: &str) -> Option<&str> {
        self.form.get(name).filter(|sid| is_sid(sid))
    }

    /// One that is about no attempt of ours tells nothing.
    fn posted(&self, message_id: String, fate: Option<Fate>) -> Posted {
        let receipt =
            self.key.zip(fate).map(|(key, fate)| Receipt { key, fate, at: self.call.now });
        Posted { message_id, receipts: receipt.into_iter().collect(), ..Posted::default() }
    }
}

/// A text that a subscriber sent.
fn text(heard: &Heard<'_>, sid: &str) -> Result<Posted, NotTaken> {
    let from = heard.form.get("From").ok_or_else(|| unreadable("From is missing"))?;
    let meaning = match heard.form.get("OptOutType") {
        Some("STOP") => Meaning::OptOut,
        Some("HELP") => Meaning::Help,
        _ => Meaning::Text(heard.form.get("Body").unwrap_or_default().to_owned()),
    };
    let reply = Reply {
        channel: Channel::Sms,
        about: None,
        from: Some(from.to_owned()),
        meaning,
        at: heard.call.now,
    };
    Ok(Posted {
        message_id: format!("{sid}/received"),
        receipts: Vec::new(),
        replies: vec![reply],
        answer: Some(xml(twiml::NOTHING.to_owned())),
    })
}

fn meaning(does: Does) -> Option<Meaning> {
    match does {
        Does::SendLink => Some(Meaning::SendLink),
        Does::Promise => Some(Meaning::Promise(Pledge::default())),
        Does::WrongNumber => Some(Meaning::WrongNumber),
        Does::OptOut => Some(Meaning::OptOut),
        Does::Repeat => None,
    }
}

fn is_fax(heard: &Heard<'_>) -> bool {
    heard.form.get("AnsweredBy") == Some("fax")
}

fn is_machine(heard: &Heard<'_>) -> bool {
    inquiry::is_machine(heard.form.get("AnsweredBy").unwrap_or_default())
}

/// As we write it, and with a number that our tables hold.
fn key(text: &str) -> Result<AttemptKey, NotTaken> {
    let key = text.parse::<AttemptKey>().ok().filter(|key| {
        i32::try_from(key.number).is_ok_and(|number| number > 0) && key.to_string() == text
    });
    key.ok_or_else(|| unreadable("key is no attempt key"))
}

/// A word of Twilio's for our records: short, and nothing but a word.
fn plain(word: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    word.chars().filter(is_plain).take(32).collect()
}

fn xml(body: String) -> Answer {
    Answer { content_type: "text/xml", body }
}

fn unreadable(what: &str) -> NotTaken {
    NotTaken::Unreadable(what.to_owned())
}
