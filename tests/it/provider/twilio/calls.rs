//! A call from its first word to its last, as Twilio would lead it.

use duebell::message::{BillLine, MessageFacts, Messages, Operator};
use duebell::model::{AccountId, BillId, Money};
use duebell::provider::{Fate, Meaning, Pledge, Posted};
use jiff::civil::date;
use serde_json::json;

use super::postings::{CALL, posted};
use super::*;

/// As our own messages have it.
pub fn call(language: &str, leaves_a_text: bool) -> Outgoing {
    let (operator, account) = (&Operator::default(), &AccountId::from("471100"));
    let bill = |id: &str, code: &str| BillLine {
        bill: BillId::from(id),
        remaining: Money::new(9_760, code.parse().unwrap()),
        due_on: date(2026, 2, 3),
    };
    let bills = vec![bill("INV-7", "EUR"), bill("INV-8", "CHF")];
    let name = "Wilhelmine Schmidt-Rottluff";
    let (on, reply_url) = (date(2026, 3, 1), "");
    let facts =
        MessageFacts { operator, name, account, language, on, bills, reply_url, asked: &[] };
    let rendered = Messages::built_in().render("hard", Channel::Voice, &facts).unwrap();
    let mut message = sms("1234");
    message.channel = Channel::Voice;
    message.language = rendered.language;
    message.content = rendered.content;
    if let (Content::Voice(prompt), false) = (&mut message.content, leaves_a_text) {
        prompt.to_machine.clear();
    }
    message
}

/// A call that was taken, and what answers Twilio in it.
struct Led {
    connected: Connected,
    url: String,
}

impl Led {
    async fn begin(language: &str, leaves_a_text: bool) -> Led {
        let peer = Peer::start(API, &[]);
        let connected = connected(peer.port, |_| {});
        let outcome = connected.sender.send(&call(language, leaves_a_text), now()).await;
        assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
        let url = super::truth::field(&peer.kept_json()[0], "Url").unwrap();
        Led { connected, url }
    }

    async fn hear(&mut self, more: &[(&str, &str)]) -> (Posted, String) {
        let fields = [&[("CallSid", CALL), ("To", "+4915123001234")], more].concat();
        let reader = self.connected.callbacks.as_deref().unwrap();
        let posted = posted(reader, &self.url, &fields).await.unwrap();
        let answer = posted.answer.clone().unwrap();
        assert_eq!(answer.content_type, "text/xml");
        if let Some(next) = next(&answer.body) {
            self.url = next;
        }
        (posted, answer.body)
    }
}

/// Where Twilio would ask next.
fn next(twiml: &str) -> Option<String> {
    let gather = twiml.split_once("action=\"").and_then(|(_, rest)| rest.split_once('"'));
    let redirect = twiml.split_once("\"POST\">").and_then(|(_, rest)| rest.split_once('<'));
    let url = gather.or(redirect.filter(|_| twiml.contains("<Redirect")))?.0;
    Some(url.replace("&amp;", "&"))
}

#[tokio::test]
async fn a_person_hears_the_message_and_the_keys_do_what_is_said() {
    for (digit, meaning, answer) in [
        ("1", Meaning::SendLink, "sending you the link"),
        ("2", Meaning::Promise(Pledge::default()), "made a note"),
        ("8", Meaning::WrongNumber, "excuse the disturbance"),
        ("9", Meaning::OptOut, "not call you"),
    ] {
        let mut led = Led::begin("en", true).await;
        let (posted, twiml) = led.hear(&[("AnsweredBy", "human")]).await;
        assert!(posted.receipts.is_empty() && posted.replies.is_empty());
        assert!(twiml.contains("97.60 euros") && twiml.contains("press 9"), "{twiml}");
        let (posted, twiml) = led.hear(&[("Digits", digit)]).await;
        assert!(twiml.contains(answer) && next(&twiml).is_none(), "{twiml}");
        assert_eq!(posted.receipts[0].fate, Fate::Answered);
        let reply = &posted.replies[0];
        assert_eq!((&reply.meaning, reply.channel), (&meaning, Channel::Voice));
        assert_eq!(reply.about, Some(KEY.parse().unwrap()));
        assert_eq!(reply.from.as_deref(), Some("+4915123001234"));
    }
}

#[tokio::test]
async fn a_message_is_repeated_twice_and_no_more() {
    for digits in ["3", "", "7", "12"] {
        let mut led = Led::begin("en", true).await;
        led.hear(&[]).await;
        let mut names = Vec::new();
        for round in 0..3 {
            let (posted, twiml) = led.hear(&[("Digits", digits)]).await;
            assert_eq!(twiml.contains("press 9"), round < 2, "{digits}: {twiml}");
            assert_eq!(twiml.contains("97.60"), round < 2 && digits == "3", "{digits}: {twiml}");
            assert_eq!(twiml.contains("Goodbye"), round == 2);
            assert!(posted.receipts.is_empty() && posted.replies.is_empty());
            names.push(posted.message_id);
        }
        names.dedup();
        assert_eq!(names.len(), 3);
    }
}

#[tokio::test]
async fn a_machine_is_told_nothing_of_a_debt() {
    for by in ["machine_end_beep", "machine_end_silence", "machine_start"] {
        let mut led = Led::begin("en", true).await;
        let (posted, twiml) = led.hear(&[("AnsweredBy", by)]).await;
        assert!(twiml.contains("call us back") && !twiml.contains("97"), "{twiml}");
        assert!(posted.receipts.is_empty(), "it is not left yet");
        let (posted, twiml) = led.hear(&[]).await;
        assert_eq!(posted.receipts[0].fate, Fate::Delivered);
        assert!(twiml.contains("<Hangup/>"), "{twiml}");
    }
    for (by, leaves_a_text) in [("fax", true), ("machine_start", false)] {
        let mut led = Led::begin("en", leaves_a_text).await;
        let (_, twiml) = led.hear(&[("AnsweredBy", by)]).await;
        assert!(!twiml.contains("<Say") && twiml.contains("<Hangup/>"), "{by}: {twiml}");
    }
}

#[tokio::test]
async fn every_language_fits_and_is_said_in_a_voice_of_its_own() {
    let mut voices = Vec::new();
    for language in ["ar", "de", "en", "es", "fr", "hi", "pt", "zh-Hans"] {
        let mut led = Led::begin(language, true).await;
        let longest = led.url.len();
        assert!(longest < 3_000, "{language}: {longest}");
        let (_, twiml) = led.hear(&[("AnsweredBy", "human")]).await;
        let voice = twiml.split_once("voice=\"").and_then(|(_, rest)| rest.split_once('"'));
        voices.push(voice.unwrap().0.to_owned());
        assert!(twiml.contains("<break time="), "{twiml}");
    }
    voices.sort();
    voices.dedup();
    assert_eq!(voices.len(), 8);
}

#[tokio::test]
async fn the_twiml_is_what_twilios_own_library_makes() {
    let mut plain = call("en", true);
    let Content::Voice(prompt) = &mut plain.content else { panic!("a call") };
    let say = |text: &str| vec![duebell::model::content::Part::Text(text.to_owned())];
    prompt.parts = say("Ana & \"Bo\" <b> owe 97.60 €");
    prompt.menu.as_mut().unwrap().invitation = say("Press 1");
    prompt.to_machine = say("Call us");
    let peer = Peer::start(API, &[]);
    let connected = connected(peer.port, |_| {});
    connected.sender.send(&plain, now()).await;
    let url = super::truth::field(&peer.kept_json()[0], "Url").unwrap();
    let mut led = Led { connected, url: url.clone() };
    let (_, person) = led.hear(&[]).await;
    led.url = url;
    let (_, machine) = led.hear(&[("AnsweredBy", "machine_end_beep")]).await;
    let (language, voice) = ("en-GB", "Polly.Amy");
    let gather = json!({
        "input": "dtmf", "num_digits": 1, "timeout": 8, "action_on_empty_result": true,
        "method": "POST", "action": next(&person),
    });
    let says = ["Ana & \"Bo\" <b> owe 97.60 €", "Press 1"];
    let answers = super::truth::ask(&[
        json!({"gather": gather, "says": says, "language": language, "voice": voice,
               "ours": person}),
        json!({"leave": "Call us", "next": next(&machine), "language": language,
               "voice": voice, "ours": machine}),
    ]);
    assert_eq!(answers, [json!(true), json!(true)]);
}
