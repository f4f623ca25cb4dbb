//! SMTP against the contract, and against aiosmtpd.

use duebell::model::EmailAddress;
use duebell::provider::smtp::{Settings, Smtp, Tls};
use duebell::provider::{Delay, Refusal, SendOutcome, Sender};
use mail_parser::{Message, MessageParser};

use super::contract::holds_for;
use super::{KEY, mail_to, now};
use crate::support::peer::{Certificate, Peer};

const SINK: &str = "smtp_sink.py";

fn settings(port: u16) -> Settings {
    Settings {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        from: "Müller Netz AG <rechnung@example.org>".to_owned(),
        reply_to: Some("Hilfe <hilfe@example.org>".to_owned()),
        unsubscribe: Some("stop@example.org".to_owned()),
        hello_name: Some("duebell.example.org".to_owned()),
        timeout_ms: 20_000,
        ..Settings::default()
    }
}

fn smtp(port: u16) -> Smtp {
    Smtp::connect("smtp", &settings(port)).unwrap()
}

/// One that does not wait long for a server that says nothing.
fn hasty(port: u16) -> Smtp {
    Smtp::connect("smtp", &Settings { timeout_ms: 1_500, ..settings(port) }).unwrap()
}

fn build(port: u16) -> Box<dyn Sender> {
    Box::new(hasty(port))
}

holds_for!("smtp_sink.py", build);

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let peer = Peer::start(SINK, &[]);
    let outcome = smtp(peer.port).send(&mail_to("anna"), now()).await;
    assert_eq!(outcome, SendOutcome::Accepted { provider_ref: Some("Q1".to_owned()) });

    let envelope = &peer.kept_json()[0];
    assert_eq!(envelope["from"], "rechnung@example.org");
    assert_eq!(envelope["to"], serde_json::json!(["anna@example.net"]));
    assert_eq!(envelope["hello"], "duebell.example.org");

    let bytes = std::fs::read(&peer.kept("eml")[0]).unwrap();
    let mail = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(mail.subject(), Some("Ihre Rechnung über 1.234,50 € ist fällig"));
    assert_eq!(mail.from().unwrap().first().unwrap().name(), Some("Müller Netz AG"));
    assert_eq!(mail.to().unwrap().first().unwrap().name(), Some("Zoë Müller-王"));
    assert_eq!(mail.reply_to().unwrap().first().unwrap().address(), Some("hilfe@example.org"));
    assert_eq!(mail.message_id(), Some(format!("{KEY}@example.org").as_str()));
    assert_eq!(mail.date().unwrap().to_timestamp(), now().as_second());
    assert_eq!(header(&mail, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&mail, "X-Auto-Response-Suppress"), "All");
    let stop = format!("<mailto:stop@example.org?subject=unsubscribe%20{KEY}>");
    assert_eq!(header(&mail, "List-Unsubscribe"), stop);

    let lines = |text: std::borrow::Cow<'_, str>| text.replace("\r\n", "\n");
    let text = "Guten Tag Zoë,\n\noffen sind 1.234,50 €.\n.\n..\n.Netz AG\n";
    let html = "<p>Guten Tag Zoë,</p>\n<p>offen sind <b>1.234,50 €</b>.</p>\n";
    assert_eq!(lines(mail.body_text(0).unwrap()), text);
    assert_eq!(lines(mail.body_html(0).unwrap()), html);
    assert_eq!((mail.text_body_count(), mail.html_body_count()), (1, 1));
}

fn header<'a>(mail: &'a Message<'_>, name: &'a str) -> &'a str {
    mail.header_raw(name).unwrap().trim()
}

#[tokio::test]
async fn each_refusal_names_who_is_at_fault() {
    let peer = Peer::start(SINK, &[]);
    let smtp = smtp(peer.port);
    let cases = [
        ("unknown", Refusal::BadRecipient, "smtp 550 5.1.1 before the content"),
        ("spam", Refusal::BadContent, "smtp 554 5.7.1 after the content"),
    ];
    for (who, because, note) in cases {
        let note = note.to_owned();
        assert_eq!(smtp.send(&mail_to(who), now()).await, SendOutcome::Rejected { because, note });
    }
    // Ours, and the operator's to mend.
    let note = "our account: smtp 550 5.7.1 before the content".to_owned();
    let deferred = SendOutcome::Deferred { because: Delay::Down, wait: None, note };
    assert_eq!(smtp.send(&mail_to("denied"), now()).await, deferred);
    assert_eq!(peer.kept("eml").len(), 0);
}

#[tokio::test]
async fn each_delay_is_told_apart() {
    let peer = Peer::start(SINK, &[]);
    let smtp = smtp(peer.port);
    let cases = [
        ("busy", Delay::Down, "smtp 450 4.2.0 before the content"),
        ("throttle", Delay::Throttled, "smtp 451 4.7.0 before the content"),
        ("later", Delay::Down, "smtp 451 4.3.0 after the content"),
        ("hangup", Delay::Down, "smtp: the connection was lost before the content"),
    ];
    for (who, because, note) in cases {
        let note = note.to_owned();
        let wait = None;
        assert_eq!(
            smtp.send(&mail_to(who), now()).await,
            SendOutcome::Deferred { because, wait, note }
        );
    }
    assert_eq!(peer.kept("eml").len(), 0);
}

#[tokio::test]
async fn a_conversation_is_taken_up_again_even_after_a_refusal() {
    let peer = Peer::start(SINK, &[]);
    let smtp = smtp(peer.port);
    for who in ["anna", "unknown", "spam", "later", "bert"] {
        smtp.send(&mail_to(who), now()).await;
    }
    let kept = peer.kept_json();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0]["conversation"], kept[1]["conversation"]);
}

#[tokio::test]
async fn a_server_that_hung_up_in_between_is_called_anew() {
    let peer = Peer::start(SINK, &[]);
    let smtp = hasty(peer.port);
    for who in ["bye", "anna", "drop", "silent", "bert"] {
        smtp.send(&mail_to(who), now()).await;
    }
    let taken: Vec<_> = peer.kept_json().iter().map(|kept| kept["to"][0].clone()).collect();
    let expected =
        ["bye", "anna", "drop", "silent", "bert"].map(|who| format!("{who}@example.net"));
    assert_eq!(taken, expected);
}

/// A send that is given up half-way must not leave its replies to the next.
#[tokio::test]
async fn an_abandoned_send_does_not_answer_for_the_next() {
    let peer = Peer::start(SINK, &[]);
    let smtp = smtp(peer.port);
    smtp.send(&mail_to("anna"), now()).await;
    let (silent, now) = (mail_to("silent"), now());
    let abandoned = smtp.send(&silent, now);
    let _ = tokio::time::timeout(std::time::Duration::from_millis(200), abandoned).await;
    let outcome = smtp.send(&mail_to("unknown"), now).await;
    assert!(matches!(outcome, SendOutcome::Rejected { .. }), "{outcome:?}");
    let outcome = smtp.send(&mail_to("bert"), now).await;
    assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
}

#[tokio::test]
async fn more_mails_than_connections_all_arrive() {
    let peer = Peer::start(SINK, &[]);
    let smtp =
        Smtp::connect("smtp", &Settings { connections_max: 2, ..settings(peer.port) }).unwrap();
    let mails: Vec<_> = (0..12).map(|index| mail_to(&format!("anna{index}"))).collect();
    let sends = mails.iter().map(|mail| smtp.send(mail, now()));
    for outcome in futures_util::future::join_all(sends).await {
        assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
    }
    let kept = peer.kept_json();
    assert_eq!(kept.len(), 12);
    assert!(kept.iter().all(|kept| kept["conversation"].as_u64().unwrap() < 2));
}

#[tokio::test]
async fn an_address_in_unicode_needs_a_server_that_takes_it() {
    let mut mail = mail_to("anna");
    mail.to.email = EmailAddress::parse("zoë@example.net");

    let peer = Peer::start(SINK, &[]);
    let outcome = smtp(peer.port).send(&mail, now()).await;
    assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(peer.kept_json()[0]["to"][0], "zoë@example.net");

    let peer = Peer::start(SINK, &["--ascii-only"]);
    let outcome = smtp(peer.port).send(&mail, now()).await;
    let because = Refusal::BadRecipient;
    assert!(matches!(outcome, SendOutcome::Rejected { because: b, .. } if b == because));
}

async fn sent_encrypted(tls: Tls, flag: &str, is_trusted: bool) -> (SendOutcome, Peer) {
    let certificate = Certificate::generate();
    let (path, key) = (certificate.path(), certificate.key());
    let arguments = ["--certificate", path.to_str().unwrap(), "--key", key.to_str().unwrap()];
    let login = ["--user", "duebell", "--password", "geheim"];
    let peer = Peer::start(SINK, &[&["--tls", flag], &arguments[..], &login].concat());
    let password_file = peer.dir.path().join("password");
    std::fs::write(&password_file, "geheim\n").unwrap();
    let settings = Settings {
        tls,
        ca_file: is_trusted.then_some(path),
        user: Some("duebell".to_owned()),
        password_file: Some(password_file),
        ..settings(peer.port)
    };
    let outcome = Smtp::connect("smtp", &settings).unwrap().send(&mail_to("anna"), now()).await;
    (outcome, peer)
}

#[tokio::test]
async fn an_encrypted_letter_arrives_encrypted_and_logged_in() {
    for (tls, flag) in [(Tls::Starttls, "starttls"), (Tls::Implicit, "implicit")] {
        let (outcome, peer) = sent_encrypted(tls, flag, true).await;
        assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
        let kept = &peer.kept_json()[0];
        assert_eq!((&kept["encrypted"], &kept["user"]), (&true.into(), &"duebell".into()));
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_letter() {
    for (tls, flag) in [(Tls::Starttls, "starttls"), (Tls::Implicit, "implicit")] {
        let (outcome, peer) = sent_encrypted(tls, flag, false).await;
        let note = "smtp: tls failed before the recipient was named".to_owned();
        assert_eq!(outcome, SendOutcome::Deferred { because: Delay::Down, wait: None, note });
        assert_eq!(peer.kept("eml").len(), 0);
    }
}

#[tokio::test]
async fn a_server_without_encryption_gets_no_letter_where_it_is_asked_for() {
    let peer = Peer::start(SINK, &[]);
    let settings = Settings { tls: Tls::Starttls, ..settings(peer.port) };
    let outcome = Smtp::connect("smtp", &settings).unwrap().send(&mail_to("anna"), now()).await;
    assert!(matches!(outcome, SendOutcome::Deferred { because: Delay::Down, .. }), "{outcome:?}");
    assert_eq!(peer.kept("eml").len(), 0);
}

#[tokio::test]
async fn a_wrong_password_leaves_the_step_to_another_day() {
    let peer = Peer::start(SINK, &["--user", "duebell", "--password", "geheim"]);
    let password_file = peer.dir.path().join("password");
    std::fs::write(&password_file, "falsch").unwrap();
    let settings = Settings {
        user: Some("duebell".to_owned()),
        password_file: Some(password_file),
        ..settings(peer.port)
    };
    let outcome = Smtp::connect("smtp", &settings).unwrap().send(&mail_to("anna"), now()).await;
    let note = "our account: smtp 535 5.7.8 before the recipient was named".to_owned();
    assert_eq!(outcome, SendOutcome::Deferred { because: Delay::Down, wait: None, note });
}
