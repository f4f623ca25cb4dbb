//! End User Messaging against the contract, and against Amazon's client
//! library: moto does not have it.

use async_trait::async_trait;
use duebell::model::content::Part;
use duebell::model::{Channel, Content, PhoneNumber, Prompt};
use duebell::provider::aws::eum::{Eum, MessageType, Settings};
use duebell::provider::{Capabilities, Delay, Outgoing, Refusal, SendOutcome, Sender};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{AMAZON, all_fit, known};
use crate::provider::contract::holds_for;
use crate::provider::{KEY, mail_to, now};
use crate::support::peer::Peer;

fn settings(port: u16) -> Settings {
    Settings {
        region: "us-east-1".to_owned(),
        url: Some(format!("http://127.0.0.1:{port}")),
        credentials_file: Some(known()),
        channels: vec![Channel::Sms, Channel::Voice],
        origination: Some("+12065550152".to_owned()),
        timeout_ms: 20_000,
        ..Settings::default()
    }
}

fn eum(port: u16) -> Eum {
    Eum::open("texts", settings(port)).unwrap()
}

/// Takes the mails of the contract for SMS to numbers that the peer acts on.
struct AsSms(Eum);

#[async_trait]
impl Sender for AsSms {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn send(&self, mail: &Outgoing, now: Timestamp) -> SendOutcome {
        let email = mail.to.email.as_ref().unwrap();
        self.0.send(&sms_to(email.as_str().split('@').next().unwrap()), now).await
    }
}

fn build(port: u16) -> Box<dyn Sender> {
    let settings = Settings { timeout_ms: 1_500, ..settings(port) };
    Box::new(AsSms(Eum::open("texts", settings).unwrap()))
}

holds_for!("aws.py", build);

/// An SMS to the number at which the peer does `what`.
fn sms_to(what: &str) -> Outgoing {
    let whats = [
        "anna", "unknown", "busy", "silent", "drop", "denied", "stopped", "broken", "html",
        "paused", "blocked",
    ];
    let place = whats.iter().position(|one| *one == what).unwrap();
    let mut sms = mail_to("nobody");
    sms.channel = Channel::Sms;
    sms.to.phone = Some(PhoneNumber::from_stored(format!("+49151234567{}", 80 + place)));
    sms.content =
        Content::Sms { text: "Offen: 1.234,50 €. Zahlen? https://pay.example.net/1".into() };
    sms
}

fn call_to(what: &str, language: &str, parts: Vec<Part>) -> Outgoing {
    let mut call = sms_to(what);
    call.channel = Channel::Voice;
    call.language = language.to_owned();
    call.content = Content::Voice(Prompt { parts, ..Prompt::default() });
    call
}

#[tokio::test]
async fn an_sms_carries_its_key_its_end_and_its_price() {
    let peer = Peer::start(AMAZON, &[]);
    let settings = Settings {
        message_type: MessageType::Promotional,
        configuration_set: Some("duebell".to_owned()),
        max_price: Some("0.20".to_owned()),
        ..settings(peer.port)
    };
    let eum = Eum::open("texts", settings).unwrap();
    let provider_ref = Some("m-1".to_owned());
    assert_eq!(eum.send(&sms_to("anna"), now()).await, SendOutcome::Accepted { provider_ref });
    all_fit(&peer, 1);
    let kept = &peer.kept_json()[0];
    assert_eq!(kept["headers"]["x-amz-target"], "PinpointSMSVoiceV2.SendTextMessage");
    let expected = json!({
        "DestinationPhoneNumber": "+4915123456780",
        "OriginationIdentity": "+12065550152",
        "MessageBody": "Offen: 1.234,50 €. Zahlen? https://pay.example.net/1",
        "MessageType": "PROMOTIONAL",
        "ConfigurationSetName": "duebell",
        "MaxPrice": "0.20",
        // From noon until seven.
        "TimeToLive": 25_200,
        "Context": {"attempt": KEY},
    });
    assert_eq!(kept["body"], expected);
}

#[tokio::test]
async fn a_call_is_spoken_by_a_voice_of_its_language() {
    let peer = Peer::start(AMAZON, &[]);
    let settings =
        Settings { max_price_per_minute: Some("1.00".to_owned()), ..settings(peer.port) };
    let eum = Eum::open("texts", settings).unwrap();
    let parts = || vec![Part::Text("Müller & Söhne. ".into()), Part::Digits("42".into())];
    for language in ["ar", "de", "en", "es", "fr", "pt", "zh-Hans"] {
        let outcome = eum.send(&call_to("anna", language, parts()), now()).await;
        assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{language}: {outcome:?}");
    }
    // The peer knows the voices that there are.
    all_fit(&peer, 7);
    let kept = &peer.kept_json()[1];
    assert_eq!(kept["headers"]["x-amz-target"], "PinpointSMSVoiceV2.SendVoiceMessage");
    let expected = json!({
        "DestinationPhoneNumber": "+4915123456780",
        "OriginationIdentity": "+12065550152",
        "MessageBody": "<speak>Müller &amp; Söhne. \
                        <say-as interpret-as=\"digits\">42</say-as></speak>",
        "MessageBodyTextType": "SSML",
        "VoiceId": "VICKI",
        "MaxPricePerMinute": "1.00",
        "TimeToLive": 25_200,
        "Context": {"attempt": KEY},
    });
    assert_eq!(kept["body"], expected);
}

#[tokio::test]
async fn each_answer_leads_to_its_own_outcome() {
    let peer = Peer::start(AMAZON, &[]);
    let eum = eum(peer.port);
    let rejected = |because, note: &str| SendOutcome::Rejected { because, note: note.to_owned() };
    let deferred = |because, seconds: Option<i64>, note: &str| SendOutcome::Deferred {
        because,
        wait: seconds.map(SignedDuration::from_secs),
        note: note.to_owned(),
    };
    let unknown = "aws_eum 400 ValidationException FIELD_VALIDATION_FAILED";
    let stopped = "aws_eum 400 ConflictException DESTINATION_PHONE_NUMBER_OPTED_OUT";
    let blocked = "aws_eum 400 ValidationException PRICE_OVER_THRESHOLD";
    let denied = "our account: aws_eum 400 AccessDeniedException ACCOUNT_DISABLED";
    let broken = "aws_eum 500 InternalServerException".to_owned();
    let cases = [
        ("unknown", rejected(Refusal::BadRecipient, unknown)),
        ("stopped", rejected(Refusal::OptedOut, stopped)),
        ("blocked", rejected(Refusal::OurAccount, blocked)),
        ("busy", deferred(Delay::Throttled, None, "aws_eum 400 ThrottlingException")),
        ("denied", deferred(Delay::Down, None, denied)),
        ("paused", deferred(Delay::Down, Some(120), "aws_eum 503 ServiceUnavailable")),
        ("broken", SendOutcome::Ambiguous { note: broken }),
        ("html", SendOutcome::Ambiguous { note: "aws_eum 200 without a MessageId".to_owned() }),
    ];
    let count = cases.len();
    for (what, expected) in cases {
        assert_eq!(eum.send(&sms_to(what), now()).await, expected, "{what}");
    }
    all_fit(&peer, count);
}

#[tokio::test]
async fn what_cannot_be_said_or_would_come_too_late_is_not_sent() {
    let peer = Peer::start(AMAZON, &[]);
    let eum = eum(peer.port);
    let content = |because, note: &str| SendOutcome::Rejected { because, note: note.to_owned() };
    let mut empty = sms_to("anna");
    empty.content = Content::Sms { text: " \n".into() };
    let mut long = sms_to("anna");
    long.content = Content::Sms { text: "ü".repeat(1_601) };
    let endless = call_to("anna", "de", vec![Part::Text("a".repeat(6_000))]);
    let mute = call_to("anna", "de", vec![Part::Pause(500)]);
    let mut unreachable = sms_to("anna");
    unreachable.to.phone = None;
    for (message, because, note) in [
        (empty, Refusal::BadContent, "aws_eum: there is nothing to say"),
        (mute, Refusal::BadContent, "aws_eum: there is nothing to say"),
        (long, Refusal::BadContent, "aws_eum: it is too long"),
        (endless, Refusal::BadContent, "aws_eum: it is too long"),
        (mail_to("anna"), Refusal::BadContent, "aws_eum: the channel is not carried"),
        (unreachable, Refusal::BadRecipient, "aws_eum: no usable number"),
    ] {
        assert_eq!(eum.send(&message, now()).await, content(because, note));
    }
    let mut late = sms_to("anna");
    late.expires_at = now() + SignedDuration::from_secs(4);
    let strange = call_to("anna", "eu", vec![Part::Text("Kaixo".into())]);
    for message in [late, strange] {
        let outcome = eum.send(&message, now()).await;
        let is_down = matches!(outcome, SendOutcome::Deferred { because: Delay::Down, .. });
        assert!(is_down, "{outcome:?}");
    }
    assert_eq!(peer.kept("json").len(), 0);
}
