//! Twilio against the contract, and against its own library and description.

mod calls;
mod postings;
mod truth;

use std::sync::Arc;

use async_trait::async_trait;
use duebell::model::{Channel, Content, PhoneNumber};
use duebell::provider::kinds::{Adapter, Connected, Site};
use duebell::provider::twilio::{Settings, Twilio};
use duebell::provider::{Capabilities, Delay, Outgoing, Refusal, SendOutcome, Sender};
use jiff::{SignedDuration, Timestamp};

use super::contract::holds_for;
use super::{KEY, mail_to, now};
use crate::support::peer::{Peer, closed_port};

const API: &str = "twilio_api.py";
const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const SHARED: &str = "shared key of the operator";
const PUBLIC: &str = "https://duebell.example.net/in/receipts/texts";

fn site() -> Site {
    let public_url = Some("https://duebell.example.net/in".parse().unwrap());
    Site { public_url, listens: true }
}

fn settings(port: u16, secrets: &tempfile::TempDir) -> Settings {
    let file = |name: &str, text: &str| {
        let path = secrets.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    Settings {
        url: format!("http://127.0.0.1:{port}"),
        account_sid: ACCOUNT.to_owned(),
        auth_token_file: Some(file("token", &format!("{TOKEN}\n"))),
        shared_key_files: vec![file("shared", SHARED)],
        channels: vec![Channel::Sms, Channel::Voice],
        from: Some("+14155550100".to_owned()),
        timeout_ms: 20_000,
        ..Settings::default()
    }
}

fn connected(port: u16, change: impl FnOnce(&mut Settings)) -> Connected {
    let secrets = tempfile::tempdir().unwrap();
    let mut settings = settings(port, &secrets);
    change(&mut settings);
    Twilio::connect("texts", settings, &site()).unwrap()
}

fn sms(digits: &str) -> Outgoing {
    let mut message = mail_to("anna");
    message.channel = Channel::Sms;
    message.to.phone = PhoneNumber::parse(&format!("+4915123{digits:0>6}"), None);
    message.content = Content::Sms { text: "Offen: 1.234,50 € & mehr".to_owned() };
    message
}

/// The contract speaks of names; the peer knows numbers.
struct ByNumber(Arc<dyn Sender>);

#[async_trait]
impl Sender for ByNumber {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let who = message.to.email.as_ref().unwrap().as_str().split('@').next().unwrap();
        let digits = match who {
            "unknown" => "0001",
            "busy" => "0002",
            "denied" => "0004",
            "silent" => "0007",
            "drop" => "0008",
            _ => "1234",
        };
        self.0.send(&sms(digits), now).await
    }
}

fn build(port: u16) -> Box<dyn Sender> {
    // Short: the contract has a provider that never answers.
    Box::new(ByNumber(connected(port, |settings| settings.timeout_ms = 750).sender))
}

holds_for!("twilio_api.py", build);

#[tokio::test]
async fn what_twilio_says_decides() {
    let peer = Peer::start(API, &[]);
    let sender = connected(peer.port, |_| {}).sender;
    let sent = async |digits: &str| sender.send(&sms(digits), now()).await;
    let refused = |because, note: &str| SendOutcome::Rejected { because, note: note.to_owned() };
    assert_eq!(sent("0001").await, refused(Refusal::BadRecipient, "twilio 400 21211"));
    assert_eq!(sent("0003").await, refused(Refusal::OptedOut, "twilio 400 21610"));
    let deferred =
        |because, note: &str| SendOutcome::Deferred { because, wait: None, note: note.to_owned() };
    assert_eq!(sent("0002").await, deferred(Delay::Throttled, "twilio 429 20429"));
    assert_eq!(sent("0004").await, deferred(Delay::Down, "our account: twilio 401 20003"));
    assert_eq!(sent("0005").await, deferred(Delay::Down, "our account: twilio 400 21408"));
    let note = "twilio 500 20500".to_owned();
    assert_eq!(sent("0006").await, SendOutcome::Ambiguous { note });
    let note = "twilio 200: no sid".to_owned();
    assert_eq!(sent("0009").await, SendOutcome::Ambiguous { note });
}

#[tokio::test]
async fn nothing_is_asked_for_what_makes_no_sense() {
    let sender = connected(closed_port(), |settings| settings.channels = vec![Channel::Sms]).sender;
    let outcome = async |change: fn(&mut Outgoing)| {
        let mut message = sms("1234");
        change(&mut message);
        let outcome = sender.send(&message, now()).await;
        let (SendOutcome::Rejected { note, .. } | SendOutcome::Deferred { note, .. }) = outcome
        else {
            panic!("{outcome:?}")
        };
        note
    };
    assert_eq!(outcome(|_| {}).await, "twilio: the provider cannot be reached");
    assert_eq!(outcome(|message| message.to.phone = None).await, "twilio: no number");
    assert!(outcome(|message| message.expires_at = now()).await.contains("too late"));
    assert!(outcome(|message| message.channel = Channel::Voice).await.contains("not carried"));
    assert!(outcome(|message| message.content = mail_to("a").content).await.contains("another"));
}

#[tokio::test]
async fn a_message_is_not_delivered_after_its_time() {
    let peer = Peer::start(API, &[]);
    let sender = connected(peer.port, |_| {}).sender;
    for left in [1, 3_600, 90_000] {
        let mut message = sms("1234");
        message.expires_at = now() + SignedDuration::from_secs(left);
        let outcome = sender.send(&message, now()).await;
        assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
    }
    let validity = peer.kept_json().into_iter().map(|kept| truth::field(&kept, "ValidityPeriod"));
    assert_eq!(validity.collect::<Vec<_>>(), ["1", "3600", "36000"].map(|text| Some(text.into())));
}

#[test]
fn a_bad_setting_is_named() {
    let secrets = tempfile::tempdir().unwrap();
    let check = |change: fn(&mut Settings), site: &Site, key: &str| {
        let mut settings = settings(1, &secrets);
        change(&mut settings);
        let keys: Vec<_> =
            Twilio::problems(&settings, site).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, [key]);
        let error = Twilio::connect("texts", settings, site).err().unwrap();
        assert!(error.to_string().starts_with(key), "{error:#}");
        assert!(!format!("{error:#}").contains(TOKEN));
    };
    let here = site();
    assert_eq!(Twilio::problems(&settings(1, &secrets), &here), []);
    check(|settings| settings.url = "http://api.twilio.com".to_owned(), &here, "url");
    check(|settings| settings.account_sid = "AC12".to_owned(), &here, "account_sid");
    check(|settings| settings.auth_token_file = None, &here, "auth_token_file");
    check(|settings| settings.channels.push(Channel::Email), &here, "channels");
    check(|settings| settings.from = Some("Netz AG".to_owned()), &here, "from");
    check(|settings| settings.ring_s = 0, &here, "ring_s");
    check(|_| {}, &Site { listens: false, ..site() }, "channels");
    let odd = Site { public_url: Some("https://due_bell.example.net".parse().unwrap()), ..site() };
    check(|_| {}, &odd, "channels");
}
