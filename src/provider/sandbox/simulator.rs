//! The sandbox as a telephone and a mailbox: shows what it was given, and
//! posts what people answer on the page, by the door of real providers.
//!
//! The page carries a secret of this process. Whoever does not know it, such
//! as another page in the same browser, posts nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::{Message, REPEAT, Sandbox};
use crate::provider::signature::Refused;
use crate::provider::{Call, CallbackReader, Meaning, NotTaken, Posted, Reply};

/// Bytes of one answer.
pub const WORDS_BYTES_MAX: usize = 1_000;

/// What the page works with.
pub struct Simulator {
    sandbox: Arc<Sandbox>,
    token: String,
    /// Names the answers that a page may give, so that one is given once.
    pages: AtomicU64,
}

/// What a form of the page holds.
#[derive(Default)]
struct Form {
    token: String,
    /// Names the answer.
    once: String,
    key: String,
    /// One of the three.
    words: Option<String>,
    digit: Option<String>,
    unwanted: Option<String>,
}

impl Form {
    fn read(body: &[u8]) -> Form {
        let mut form = Form::default();
        for (name, value) in form_urlencoded::parse(body) {
            let value = value.into_owned();
            match &*name {
                "token" => form.token = value,
                "once" => form.once = value,
                "key" => form.key = value,
                "words" => form.words = Some(value),
                "digit" => form.digit = Some(value),
                "unwanted" => form.unwanted = Some(value),
                _ => {}
            }
        }
        form
    }
}

impl Simulator {
    pub fn new(sandbox: Arc<Sandbox>) -> Simulator {
        let token = format!("{:032x}", rand::random::<u128>());
        Simulator { sandbox, token, pages: AtomicU64::new(0) }
    }

    /// The last messages, the newest first.
    pub fn messages(&self) -> Vec<Message> {
        let mut messages = self.sandbox.recent();
        messages.reverse();
        messages
    }

    /// What a form must give back.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A name for what is answered on a page that is made now.
    pub fn next_page(&self) -> String {
        // With the token in front it is new after a restart as well.
        format!("{}-{}", &self.token[..8], self.pages.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether somebody knows the token; takes as long wherever it differs.
    fn is_known(&self, token: &str) -> bool {
        let pairs = token.bytes().zip(self.token.bytes());
        token.len() == self.token.len() && pairs.fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
    }
}

fn unreadable(what: &str) -> NotTaken {
    NotTaken::Unreadable(what.to_owned())
}

#[async_trait]
impl CallbackReader for Simulator {
    async fn read(&self, call: &Call<'_>) -> Result<Posted, NotTaken> {
        let form = Form::read(call.body);
        if !self.is_known(&form.token) {
            return Err(NotTaken::Unsigned(Refused::NoneFits));
        }
        if form.once.is_empty() || form.once.len() > 64 {
            return Err(unreadable("once is not 1 to 64 bytes"));
        }
        let messages = self.sandbox.recent();
        let message = messages.iter().find(|message| message.key.to_string() == form.key);
        let message = message.ok_or_else(|| unreadable("the message is not shown any more"))?;
        let reply = |meaning| Reply {
            channel: message.channel,
            about: Some(message.key),
            from: Some(message.to.clone()),
            meaning,
            at: call.now,
        };
        let meaning = meaning(message, &form)?;
        Ok(Posted {
            message_id: format!("{}/{}", form.once, message.key),
            replies: meaning.map(reply).into_iter().collect(),
            ..Posted::default()
        })
    }
}

/// What an answer means; `None` where a key says nothing.
fn meaning(message: &Message, form: &Form) -> Result<Option<Meaning>, NotTaken> {
    if let Some(digit) = &form.digit {
        let keys = message.menu.iter().flat_map(|menu| &menu.keys);
        let key = keys.into_iter().find(|key| digit.chars().eq([key.digit]));
        let key = key.ok_or_else(|| unreadable("the call has no such key"))?;
        if key.does == REPEAT {
            return Ok(None);
        }
        let meaning = Meaning::parse(&key.does, None, None);
        return meaning.map(Some).ok_or_else(|| unreadable("the key does nothing that we know"));
    }
    if form.unwanted.is_some() {
        return Ok(Some(Meaning::Complaint));
    }
    let words = form.words.as_deref().unwrap_or_default();
    if words.trim().is_empty() || words.len() > WORDS_BYTES_MAX {
        return Err(unreadable("an answer is 1 to 1,000 bytes"));
    }
    Ok(Some(Meaning::Text(words.to_owned())))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use reqwest::Method;
    use reqwest::header::HeaderMap;

    use super::*;
    use crate::model::Channel;
    use crate::provider::sandbox::{Key, Menu, Settings};

    const KEY: &str = "0123456789abcdef0123456789abcdef.1";

    /// A simulator of one call, with keys.
    fn simulator() -> (tempfile::TempDir, Simulator) {
        let dir = tempfile::tempdir().unwrap();
        let key = |digit, does: &str| Key { digit, does: does.into(), answer: String::new() };
        let message = Message {
            key: KEY.parse().unwrap(),
            channel: Channel::Voice,
            at: Timestamp::UNIX_EPOCH,
            language: "en".into(),
            to: "+4915123456789".into(),
            name: "Zoe".into(),
            subject: None,
            text: "Hello.".into(),
            html: None,
            menu: Some(Menu {
                invitation: "Press 1.".into(),
                keys: vec![key('1', "send_link"), key('3', "repeat"), key('9', "opt_out")],
            }),
            expires_at: Timestamp::UNIX_EPOCH,
        };
        let path = dir.path().join("sandbox.jsonl");
        std::fs::write(&path, format!("{}\n", serde_json::to_string(&message).unwrap())).unwrap();
        let sandbox = Sandbox::open(&path, Settings::default()).unwrap();
        (dir, Simulator::new(Arc::new(sandbox)))
    }

    fn read(simulator: &Simulator, body: &[u8]) -> Result<Posted, NotTaken> {
        let call = Call {
            method: &Method::POST,
            target: "/receipts/sandbox",
            query: "",
            headers: &HeaderMap::new(),
            body,
            now: Timestamp::UNIX_EPOCH,
        };
        futures_util::FutureExt::now_or_never(simulator.read(&call)).unwrap()
    }

    #[test]
    fn what_is_pressed_and_written_is_a_reply_of_the_one_who_was_called() {
        let (_dir, simulator) = simulator();
        let token = simulator.token();
        for (said, means) in [
            ("digit=9", Some(Meaning::OptOut)),
            ("digit=1", Some(Meaning::SendLink)),
            ("digit=3", None),
            ("unwanted=1", Some(Meaning::Complaint)),
            ("words=no+%26+yes%0A", Some(Meaning::Text("no & yes\n".into()))),
        ] {
            let form = format!("token={token}&once=p1&key={KEY}&{said}");
            let posted = read(&simulator, form.as_bytes()).unwrap();
            assert_eq!(posted.message_id, format!("p1/{KEY}"));
            let reply = posted.replies.first();
            assert_eq!(reply.map(|it| &it.meaning), means.as_ref(), "{said}");
            assert!(reply.is_none_or(|it| it.from.as_deref() == Some("+4915123456789")));
        }
    }

    #[test]
    fn what_does_not_come_from_the_page_is_refused() {
        let (_dir, simulator) = simulator();
        let token = simulator.token().to_owned();
        let mut spoilt = token.clone().into_bytes();
        spoilt[31] ^= 1;
        for wrong in ["", "0", &token[..31], std::str::from_utf8(&spoilt).unwrap()] {
            let form = format!("token={wrong}&once=p1&key={KEY}&digit=9");
            let refused = read(&simulator, form.as_bytes());
            assert!(matches!(refused, Err(NotTaken::Unsigned(_))), "{refused:?}");
        }
        let long = "x".repeat(WORDS_BYTES_MAX + 1);
        for wrong in [
            format!("key={KEY}&digit=9"),
            format!("once={long}&key={KEY}&digit=9"),
            "once=p&key=0123456789abcdef0123456789abcdef.2&digit=9".into(),
            format!("once=p&key={KEY}&digit=7"),
            format!("once=p&key={KEY}&digit="),
            format!("once=p&key={KEY}&words=+"),
            format!("once=p&key={KEY}&words={long}"),
            format!("once=p&key={KEY}"),
        ] {
            let refused = read(&simulator, format!("token={token}&{wrong}").as_bytes());
            assert!(matches!(refused, Err(NotTaken::Unreadable(_))), "{wrong}: {refused:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_whatever_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200), knows: bool) {
            let (_dir, simulator) = simulator();
            let mut bytes = Vec::new();
            if knows {
                let head = format!("token={}&once=p&key={KEY}&", simulator.token());
                bytes.extend_from_slice(head.as_bytes());
            }
            bytes.extend_from_slice(&body);
            let _ = read(&simulator, &bytes);
        }
    }
}
