//! The contract's subscribers as telephone numbers, for providers that carry
//! no e-mail: the peers act on a number's last two digits.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use duebell::model::content::{Does, FACTS, Key, Menu, Part, TemplateFacts};
use duebell::model::{Channel, Content, PhoneNumber, Prompt};
use duebell::provider::{Capabilities, Outgoing, SendOutcome, Sender};
use jiff::Timestamp;

use super::mail_to;

const SUBSCRIBERS: [&str; 6] = ["anna", "unknown", "busy", "silent", "drop", "denied"];

/// An SMS to the number of `who` among those that begin with `prefix`.
pub fn sms_to(who: &str, prefix: &str) -> Outgoing {
    let index = SUBSCRIBERS.iter().position(|name| *name == who).expect("a subscriber");
    let mut message = mail_to(who);
    message.to.phone = Some(PhoneNumber::from_stored(format!("{prefix}{index:02}")));
    message.channel = Channel::Sms;
    message.content = Content::Sms { text: "Offen: 1.234,50 €".to_owned() };
    message.facts = Some(facts());
    message
}

/// A call to the same number, with a menu.
pub fn call_to(who: &str, prefix: &str) -> Outgoing {
    let text = |text: &str| vec![Part::Text(text.to_owned())];
    let key = |digit, does| Key { digit, does, answer: text("Danke.") };
    let menu = Menu {
        invitation: text("Drücken Sie 1 für den Link."),
        keys: vec![key('1', Does::SendLink), key('3', Does::Repeat), key('9', Does::OptOut)],
        goodbye: text("Auf Wiederhören."),
    };
    let mut parts = text("Offen sind <1.234,50 €>");
    parts.extend([Part::Pause(1_000), Part::Digits("4711".to_owned())]);
    let mut message = sms_to(who, prefix);
    message.channel = Channel::Voice;
    message.content = Content::Voice(Prompt { parts, menu: Some(menu), ..Prompt::default() });
    message
}

fn facts() -> TemplateFacts {
    let words: BTreeMap<&'static str, String> =
        FACTS.iter().map(|name| (*name, format!("{name} + ü&=~*"))).collect();
    TemplateFacts { template: "soft".to_owned(), words }
}

/// Sends the contract's mails as SMS.
pub struct Texting {
    pub sender: Arc<dyn Sender>,
    pub prefix: &'static str,
}

#[async_trait]
impl Sender for Texting {
    fn name(&self) -> &str {
        self.sender.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.sender.capabilities()
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let email = message.to.email.as_ref().map(|email| email.as_str());
        let who = email.and_then(|email| email.split('@').next()).expect("a mail of the contract");
        let outcome = self.sender.send(&sms_to(who, self.prefix), now).await;
        assert!(!format!("{outcome:?}").contains(&self.prefix[3..]), "{outcome:?}");
        outcome
    }
}
