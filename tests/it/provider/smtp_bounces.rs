//! What comes back by mail, from a real Postfix: bounces, delays and
//! confirmations that nobody here wrote.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use duebell::model::EmailAddress;
use duebell::provider::smtp::{Settings, Smtp};
use duebell::provider::{Fate, Listener, Meaning, Outgoing, SendOutcome, Sender, Told};
use tokio::time::{Instant, timeout};

use super::{mail_to, now};
use crate::support::peer::Peer;
use crate::support::postfix::Postfix;

const SINK: &str = "smtp_sink.py";
/// The longest that any of it may take; a letter that is deferred is given up
/// after six seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The `number`th attempt, to this address.
fn letter(number: u32, address: &str) -> Outgoing {
    let mut letter = mail_to("anna");
    letter.key.number = number;
    letter.to.email = Some(EmailAddress::from_stored(address.to_owned()));
    letter
}

/// What is told of each attempt, in words.
#[derive(Default)]
struct Heard(BTreeMap<u32, Vec<String>>);

impl Heard {
    fn take(&mut self, told: Vec<Told>) {
        for one in told {
            let (number, what) = match one {
                Told::OfAttempt { receipt, .. } => {
                    (receipt.key.number, receipt.fate.as_str().to_owned())
                }
                Told::Reply { reply, .. } => {
                    let words = format!("{} {:?}", reply.meaning.as_str(), reply.from);
                    (reply.about.unwrap().number, words)
                }
                Told::Receipt(receipt) => panic!("{receipt:?}"),
            };
            self.0.entry(number).or_default().push(what);
        }
    }

    fn about(&self, number: u32) -> Vec<&str> {
        self.0.get(&number).into_iter().flatten().map(String::as_str).collect()
    }
}

/// Reads until `count` mails lie in `cur/`, which is when all that they say
/// has been acknowledged.
async fn heard(listener: &dyn Listener, postfix: &Postfix, count: usize) -> Heard {
    let (mut heard, until) = (Heard::default(), Instant::now() + PATIENCE);
    while postfix.names("cur").len() < count {
        assert!(Instant::now() < until, "{:?} of {count}", postfix.names("cur"));
        if let Ok(told) = timeout(Duration::from_secs(7), listener.next(1_000, &now)).await {
            heard.take(told);
        }
    }
    heard
}

/// Hands a mail to Postfix as somebody else does, with these options of ESMTP.
fn hand_over(postfix: &Postfix, from: &str, to: &str, options: &str) {
    let script = "import smtplib, sys\n\
                  port, sender, to, options = sys.argv[1:]\n\
                  mail = f'From: a@b.example\\r\\nTo: {to}\\r\\nSubject: x\\r\\n\\r\\nhello\\r\\n'\n\
                  server = smtplib.SMTP('127.0.0.1', int(port))\n\
                  server.sendmail(sender, [to], mail, rcpt_options=options.split())\n";
    let status = Command::new("/usr/bin/python3")
        .args(["-c", script, &postfix.port.to_string(), from, to, options])
        .status();
    assert!(status.unwrap().success());
}

/// The address that bounces of the `number`th attempt come back to, as a mail
/// server sees it.
async fn return_address(postfix: &Postfix, number: u32) -> String {
    let sink = Peer::start(SINK, &[]);
    let settings = Settings { port: sink.port, ..postfix.settings() };
    let smtp = Smtp::connect("smtp", &settings).unwrap();
    smtp.send(&letter(number, "anna@example.net"), now()).await;
    sink.kept_json()[0]["from"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_mail_that_postfix_sends_back_is_understood() {
    let relay = Peer::start(SINK, &[]);
    let Some(postfix) = Postfix::start(relay.port) else { return };
    let connected = postfix.connected();
    let listener = connected.listener.clone().unwrap();
    let letters = [
        (1, "zoe@gone.example"),
        (2, "unknown@example.net"),
        (3, "spam@example.net"),
        (4, "busy@example.net"),
        (5, "zoë@gone.example"),
        (6, "anna@example.net"),
    ];
    for (number, address) in letters {
        let outcome = connected.sender.send(&letter(number, address), now()).await;
        assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{address}: {outcome:?}");
    }
    let asked = "NOTIFY=SUCCESS,FAILURE";
    let (relayed, delivered) =
        (return_address(&postfix, 7).await, return_address(&postfix, 8).await);
    hand_over(&postfix, &relayed, "bert@example.net", asked);
    hand_over(&postfix, &delivered, "reader@billing.example", asked);
    // Nobody's bounces: of a stranger, and of one who left the tag out.
    hand_over(&postfix, "stranger@gone.example", "bounce@billing.example", "");
    hand_over(&postfix, "bounce@billing.example", "zoe@gone.example", "");

    // One for each of 1, 2, 3, 5, 7 and 8, two for the one that is deferred.
    let heard = heard(listener.as_ref(), &postfix, 8 + 2).await;
    for (number, address) in letters {
        let bad = format!("bad_address Some({address:?})");
        let expected = match number {
            1 | 2 | 5 => vec!["undelivered", bad.as_str()],
            3 | 4 => vec!["undelivered"],
            _ => vec![],
        };
        assert_eq!(heard.about(number), expected, "{address}");
    }
    assert_eq!(heard.about(7), [""; 0], "relayed is no more than accepted");
    assert_eq!(heard.about(8), [Fate::Delivered.as_str()]);
    assert_eq!(postfix.names("new"), [""; 0]);
    let names = postfix.names("cur");
    let unseen = names.iter().filter(|name| name.ends_with(":2,")).count();
    let seen = names.iter().filter(|name| name.ends_with(":2,S")).count();
    assert_eq!((seen, unseen), (8, 2), "{names:?}");
}

#[tokio::test]
async fn what_was_told_and_not_acknowledged_is_told_again() {
    let relay = Peer::start(SINK, &[]);
    let Some(postfix) = Postfix::start(relay.port) else { return };
    let connected = postfix.connected();
    connected.sender.send(&letter(1, "zoe@gone.example"), now()).await;
    let first = connected.listener.unwrap().next(1_000, &now).await;
    let [Told::OfAttempt { message_id, receipt }, Told::Reply { reply, .. }] = first.as_slice()
    else {
        panic!("{first:?}")
    };
    assert_eq!(message_id, &format!("bounce/{}/undelivered", receipt.key));
    assert_eq!(reply.meaning, Meaning::BadAddress);
    // A daemon that was killed right then, and started again.
    let again = postfix.connected().listener.unwrap().next(1_000, &now).await;
    assert_eq!(again, first);
    assert_eq!(postfix.names("cur"), [""; 0]);
}

#[tokio::test]
async fn the_sender_stays_and_the_returned_letter_is_signed() {
    let sink = Peer::start(SINK, &[]);
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "a secret of the tests' own").unwrap();
    let settings = Settings {
        host: "127.0.0.1".to_owned(),
        port: sink.port,
        tls: duebell::provider::smtp::Tls::None,
        from: "Netz <rechnung@billing.example>".to_owned(),
        bounces: Some("bounce@billing.example".to_owned()),
        bounces_secret_file: Some(secret),
        ..Settings::default()
    };
    let message = mail_to("anna");
    Smtp::connect("smtp", &settings).unwrap().send(&message, now()).await;
    let from = sink.kept_json()[0]["from"].as_str().unwrap().to_owned();
    assert!(from.starts_with("bounce+") && from.ends_with("@billing.example"), "{from}");
    let bytes = std::fs::read(&sink.kept("eml")[0]).unwrap();
    let mail = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    let sender = mail.from().unwrap().first().unwrap().address();
    assert_eq!(sender, Some("rechnung@billing.example"));
    let id = mail.message_id().unwrap();
    assert!(id.starts_with(&format!("{}.", message.key)), "{id}");
}
