//! SES against the contract, and against Amazon's client library.

use duebell::provider::aws::ses::{Ses, Settings};
use duebell::provider::{Delay, Outgoing, Refusal, SendOutcome, Sender};
use jiff::SignedDuration;
use serde_json::json;

use super::{AMAZON, ROLE, all_fit, keys, known};
use crate::provider::contract::holds_for;
use crate::provider::{mail_to, now};
use crate::support::peer::Peer;

fn settings(port: u16) -> Settings {
    Settings {
        region: "us-east-1".to_owned(),
        url: Some(format!("http://127.0.0.1:{port}")),
        credentials_file: Some(known()),
        from: "Müller Netz AG <rechnung@example.org>".to_owned(),
        timeout_ms: 20_000,
        ..Settings::default()
    }
}

fn ses(port: u16) -> Ses {
    Ses::open("mail", &settings(port)).unwrap()
}

fn build(port: u16) -> Box<dyn Sender> {
    // Short: the contract has a provider that never answers.
    Box::new(Ses::open("mail", &Settings { timeout_ms: 1_500, ..settings(port) }).unwrap())
}

holds_for!("aws.py", build);

#[tokio::test]
async fn a_mail_arrives_as_it_was_written_and_signed() {
    let peer = Peer::start(AMAZON, &[]);
    let settings = Settings {
        credentials_file: Some(keys(ROLE)),
        reply_to: Some("Hilfe <hilfe@example.org>".to_owned()),
        unsubscribe: Some("stop@example.org".to_owned()),
        configuration_set: Some("duebell".to_owned()),
        ..settings(peer.port)
    };
    let ses = Ses::open("mail", &settings).unwrap();
    let provider_ref = Some("m-1".to_owned());
    let stop_url = Some("https://r.example.net/p/x".to_owned());
    let mail = Outgoing { stop_url, ..mail_to("anna") };
    assert_eq!(ses.send(&mail, now()).await, SendOutcome::Accepted { provider_ref });

    all_fit(&peer, 1);
    let kept = &peer.kept_json()[0];
    assert_eq!(kept["path"], "/v2/email/outbound-emails");
    let utf8 = |text: &str| json!({"Data": text, "Charset": "UTF-8"});
    let stop = "<https://r.example.net/p/x>, <mailto:stop@example.org?subject=unsubscribe%20\
                0123456789abcdef0123456789abcdef.2>";
    let expected = json!({
        "FromEmailAddress": "=?UTF-8?B?TcO8bGxlciBOZXR6IEFH?= <rechnung@example.org>",
        "ReplyToAddresses": ["\"Hilfe\" <hilfe@example.org>"],
        "Destination": {"ToAddresses": ["=?UTF-8?B?Wm/DqyBNw7xsbGVyLeeOiw==?= <anna@example.net>"]},
        "ConfigurationSetName": "duebell",
        "EmailTags": [{"Name": "attempt", "Value": "0123456789abcdef0123456789abcdef_2"}],
        "Content": {"Simple": {
            "Subject": utf8("Ihre Rechnung über 1.234,50 € ist fällig"),
            "Body": {
                "Text": utf8("Guten Tag Zoë,\n\noffen sind 1.234,50 €.\n.\n..\n.Netz AG\n"),
                "Html": utf8("<p>Guten Tag Zoë,</p>\n<p>offen sind <b>1.234,50 €</b>.</p>\n"),
            },
            "Headers": [
                {"Name": "Auto-Submitted", "Value": "auto-generated"},
                {"Name": "X-Auto-Response-Suppress", "Value": "All"},
                {"Name": "List-Unsubscribe", "Value": stop},
                {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
            ],
        }},
    });
    assert_eq!(kept["body"], expected);
}

#[tokio::test]
async fn each_answer_leads_to_its_own_outcome() {
    let peer = Peer::start(AMAZON, &[]);
    let ses = ses(peer.port);
    let deferred = |because, seconds: Option<i64>, note: &str| SendOutcome::Deferred {
        because,
        wait: seconds.map(SignedDuration::from_secs),
        note: note.to_owned(),
    };
    let rejected = SendOutcome::Rejected {
        because: Refusal::BadContent,
        note: "aws_ses 400 BadRequestException".to_owned(),
    };
    let busy = "aws_ses 429 TooManyRequestsException";
    let skewed = "our account: aws_ses 403 InvalidSignatureException";
    let unverified = "our account: aws_ses 400 MessageRejected";
    let cases = [
        ("unknown", rejected),
        ("busy", deferred(Delay::Throttled, Some(30), busy)),
        ("quota", deferred(Delay::Throttled, Some(600), "aws_ses 400 ThrottlingException")),
        ("denied", deferred(Delay::Down, None, "our account: aws_ses 403 ExpiredTokenException")),
        ("skewed", deferred(Delay::Down, None, skewed)),
        ("unverified", deferred(Delay::Down, None, unverified)),
        ("paused", deferred(Delay::Down, Some(120), "aws_ses 503 ServiceUnavailable")),
        ("broken", SendOutcome::Ambiguous { note: "aws_ses 500 InternalFailure".to_owned() }),
        ("html", SendOutcome::Ambiguous { note: "aws_ses 200 without a MessageId".to_owned() }),
    ];
    let count = cases.len();
    for (who, expected) in cases {
        assert_eq!(ses.send(&mail_to(who), now()).await, expected, "{who}");
    }
    all_fit(&peer, count);
}

#[tokio::test]
async fn keys_that_are_changed_under_way_sign_the_next_mail() {
    let peer = Peer::start(AMAZON, &[]);
    let file = keys(r#"{"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "an-old-one"}"#);
    let settings = Settings { credentials_file: Some(file.clone()), ..settings(peer.port) };
    let ses = Ses::open("mail", &settings).unwrap();
    let note = "our account: aws_ses 403 InvalidSignatureException".to_owned();
    let refused = SendOutcome::Deferred { because: Delay::Down, wait: None, note };
    assert_eq!(ses.send(&mail_to("anna"), now()).await, refused);
    std::fs::write(&file, ROLE).unwrap();
    let outcome = ses.send(&mail_to("anna"), now()).await;
    assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
}

#[test]
fn a_bad_setting_is_named_with_its_mend() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Settings), field: &str) {
        let mut settings = settings(1);
        change(&mut settings);
        let error = format!("{:#}", Ses::open("mail", &settings).err().unwrap());
        assert!(error.starts_with(field), "{error}");
    }
    check(|settings| settings.region = "Frankfurt".into(), "region ");
    check(|settings| settings.url = Some("http://ses.example.org".into()), "url ");
    check(|settings| settings.url = Some("https://ses.example.org/v2".into()), "url ");
    check(|settings| settings.credentials_file = None, "credentials_file ");
    check(|settings| settings.credentials_file = Some("/nowhere".into()), "could not read cred");
    check(|settings| settings.from = "nobody".into(), "from ");
    check(|settings| settings.reply_to = Some("nobody".into()), "reply_to ");
    check(|settings| settings.unsubscribe = Some("a b@c.d".into()), "unsubscribe ");
    check(|settings| settings.per_second = Some(0), "per_second ");
    check(|settings| settings.timeout_ms = 0, "timeout_ms ");
}
