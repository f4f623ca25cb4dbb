//! Reports as mail systems write them, and what is made of them.
//!
//! What a real Postfix writes is read in `tests/it/provider/smtp_bounces.rs`.

use super::*;
use crate::provider::smtp::verp::returns;

const SECRET: &str = "a secret of the operator's own";
const KEY: &str = "0123456789abcdef0123456789abcdef.2";

fn key() -> AttemptKey {
    KEY.parse().unwrap()
}

fn ours() -> ReturnAddress {
    returns(SECRET)
}

/// A report to `to`, with these recipients' fields, about a letter of this id.
fn dsn(to: &str, recipients: &str, id: &str) -> String {
    format!(
        "Return-Path: <>\r\nDelivered-To: {to}\r\nFrom: MAILER-DAEMON@mx.example.net\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"A/B=_c\"\r\n\
         \r\nThis is a MIME-encapsulated message.\r\n\r\n--A/B=_c\r\n\
         Content-Type: text/plain\r\n\r\nSorry.\r\nAction: failed\r\n\r\n--A/B=_c\r\n\
         Content-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.net\r\n\r\n{recipients}\r\n\r\n--A/B=_c\r\n\
         Content-Type: message/rfc822\r\n\r\n\
         From: bill@billing.example\r\nTo: =?utf-8?b?Wm/Dqw==?= <zoe@example.net>\r\n\
         Message-ID: <{id}>\r\n\r\nhello\r\n\r\n--A/B=_c--\r\n"
    )
}

fn recipient(action: &str, status: &str) -> String {
    format!("Final-Recipient: rfc822; zoe@example.net\r\nAction: {action}\r\nStatus: {status}")
}

fn to_us() -> String {
    ours().of(key()).to_string()
}

fn our_id() -> String {
    format!("{}@billing.example", ours().message_id(key()))
}

fn says(recipients: &str) -> Option<Says> {
    let report = read(dsn(&to_us(), recipients, "x@y").as_bytes(), &ours());
    report.map(|report| report.says)
}

#[track_caller]
fn check(action: &str, status: &str, expected: Says) {
    assert_eq!(says(&recipient(action, status)), Some(expected), "{action} {status}");
}

#[test]
fn a_bounce_tells_whether_the_address_will_ever_work() {
    let for_good = Says::Failed { is_for_good: true };
    let this_time = Says::Failed { is_for_good: false };
    for status in ["5.1.1", "5.1.2", "5.1.10", "5.1.0", "5.2.1", "5.1.1 (no such user)"] {
        check("failed", status, for_good);
    }
    // A full mailbox, a sender that is refused, a queue that ran out, spam.
    for status in ["5.2.2", "5.1.8", "4.4.7", "4.1.1", "5.7.1", "5.4.4", "5.0.0", "odd", ""] {
        check("failed", status, this_time);
    }
    check("FAILED", "5.1.1", for_good);
    check("delivered", "2.0.0", Says::Delivered);
    for action in ["delayed", "relayed", "expanded"] {
        check(action, "2.0.0", Says::Nothing);
    }
}

#[test]
fn a_status_that_says_nothing_leaves_it_to_the_remote_server() {
    let said =
        |code: &str| says(&format!("{}\r\nDiagnostic-Code: {code}", recipient("failed", "5.0.0")));
    let for_good = Some(Says::Failed { is_for_good: true });
    assert_eq!(said("smtp; 550 5.1.1 <zoe@example.net> unknown"), for_good);
    assert_eq!(said("SMTP;550-5.1.1 The email account does not exist"), for_good);
    let this_time = Some(Says::Failed { is_for_good: false });
    for code in ["X-Postfix; 550 5.1.1 unknown", "smtp; 550 no such user 5.1.1", "smtp;", ""] {
        assert_eq!(said(code), this_time, "{code}");
    }
}

#[test]
fn an_address_with_several_behind_it_works_as_long_as_one_does() {
    let both = |a: (&str, &str), b: (&str, &str)| {
        says(&format!("{}\r\n\r\n{}", recipient(a.0, a.1), recipient(b.0, b.1)))
    };
    let gone = ("failed", "5.1.1");
    assert_eq!(both(gone, gone), Some(Says::Failed { is_for_good: true }));
    let this_time = Some(Says::Failed { is_for_good: false });
    assert_eq!(both(gone, ("failed", "5.2.2")), this_time);
    assert_eq!(both(("delayed", "4.2.2"), gone), this_time);
    assert_eq!(both(gone, ("delivered", "2.0.0")), Some(Says::Delivered));
    assert_eq!(both(("odd", "2.0.0"), gone), Some(Says::Failed { is_for_good: true }));
}

#[test]
fn the_attempt_is_found_in_the_address_and_else_in_the_returned_letter() {
    let failed = recipient("failed", "5.1.1");
    let found = |mail: String| read(mail.as_bytes(), &ours()).map(|report| report.key);
    assert_eq!(found(dsn(&to_us(), &failed, "x@y")), Some(key()));
    assert_eq!(found(dsn("bill@billing.example", &failed, &our_id())), Some(key()));
    let elsewhere = dsn("bill@billing.example", &failed, "x@y");
    for header in ["To", "X-Original-To", "Envelope-To"] {
        let mail = format!("{header}: \"Bounces\" <{}>\r\n{elsewhere}", to_us());
        assert_eq!(found(mail), Some(key()), "{header}");
    }
    // With lines that end as in a file of Unix, and with its end cut off.
    let mail = dsn(&to_us(), &failed, "x@y");
    assert_eq!(found(mail.replace("\r\n", "\n")), Some(key()));
    let cut = mail.find("hello").unwrap();
    let report = read(&mail.as_bytes()[..cut], &ours()).unwrap();
    assert_eq!(report.to.unwrap().as_str(), "zoe@example.net");
    // The headers alone, as many systems return them.
    let mail = dsn("x@y", &failed, &our_id()).replace("message/rfc822", "text/rfc822-headers");
    assert_eq!(found(mail), Some(key()));
}

#[test]
fn what_is_not_signed_or_no_report_says_nothing() {
    let failed = recipient("failed", "5.1.1");
    let nothing = |mail: &str| assert_eq!(read(mail.as_bytes(), &ours()), None, "{mail}");
    nothing(&dsn("bounce@billing.example", &failed, &format!("{KEY}@billing.example")));
    let theirs = returns("a secret of somebody else's");
    nothing(&dsn(theirs.of(key()).as_ref(), &failed, "x@y"));
    let mail = dsn(&to_us(), &failed, &our_id());
    // Somebody passes a report on; somebody is out of office.
    nothing(&mail.replace("multipart/report", "multipart/mixed"));
    nothing(&format!(
        "To: {}\r\nAuto-Submitted: auto-replied\r\nSubject: out of office\r\n\r\nAction: failed\r\n",
        to_us()
    ));
    nothing(&mail.replace("message/delivery-status", "message/disposition-notification"));
    nothing(&dsn(&to_us(), "Final-Recipient: rfc822; zoe@example.net", "x@y"));
    nothing("");
}

/// The example of RFC 5965, appendix B.2, about a letter of ours.
fn complaint(kind: &str, from: &str, id: &str) -> String {
    format!(
        "From: <abusedesk@example.com>\r\nDate: Thu, 8 Mar 2005 17:40:36 EDT\r\n\
         Subject: FW: Earn money\r\nTo: <abuse@example.net>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report;\r\n\
         \x20    boundary=\"part1_13d.2e68ed54_boundary\"\r\n\r\n\
         --part1_13d.2e68ed54_boundary\r\nContent-Type: text/plain; charset=\"US-ASCII\"\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\nThis is an email abuse report.\r\n\r\n\
         --part1_13d.2e68ed54_boundary\r\nContent-Type: message/feedback-report\r\n\r\n\
         Feedback-Type: {kind}\r\nUser-Agent: SomeGenerator/1.0\r\nVersion: 1\r\n\
         Original-Mail-From: <{from}>\r\nOriginal-Rcpt-To: <user@example.com>\r\n\
         Arrival-Date: Thu, 8 Mar 2005 14:00:00 EDT\r\nSource-IP: 192.0.2.1\r\n\
         Reported-Domain: example.net\r\n\r\n\
         --part1_13d.2e68ed54_boundary\r\nContent-Type: message/rfc822\r\n\
         Content-Disposition: inline\r\n\r\nFrom: <somespammer@example.net>\r\n\
         To: <Undisclosed Recipients>\r\nSubject: Earn money\r\nMessage-ID: <{id}>\r\n\r\n\
         Spam Spam Spam\r\n--part1_13d.2e68ed54_boundary--\r\n"
    )
}

#[test]
fn a_complaint_is_one_and_a_letter_that_was_no_spam_is_none() {
    let found = |mail: String| read(mail.as_bytes(), &ours()).map(|it| (it.key, it.says, it.to));
    let complained = Some((key(), Says::Complaint, None));
    assert_eq!(found(complaint("abuse", &to_us(), "x@y")), complained);
    assert_eq!(found(complaint("ABUSE", "somespammer@example.net", &our_id())), complained);
    assert_eq!(found(complaint("not-spam", &to_us(), "x@y")), Some((key(), Says::Nothing, None)));
    for kind in ["fraud", "virus", "auth-failure", "other"] {
        assert_eq!(found(complaint(kind, &to_us(), "x@y")), None, "{kind}");
    }
    assert_eq!(found(complaint("abuse", "x@y", "x@y")), None);
}

/// A generator of numbers for mutations, the same on every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

/// Bytes that mean something to parsers.
const TELLING: &[u8] = b"\r\n\0\xFF:;=\"<>()@+-?./ ";

fn mutated(mail: &[u8], draw: &mut Draw) -> Vec<u8> {
    let mut mail = mail.to_vec();
    for _ in 0..=draw.below(8) {
        let at = draw.below(mail.len());
        let length = draw.below(40).min(mail.len() - at);
        match draw.below(6) {
            0 => mail.truncate(at),
            1 => drop(mail.drain(at..at + length)),
            2 => {
                let again = mail[at..at + length].to_vec();
                let to = draw.below(mail.len());
                mail.splice(to..to, again);
            }
            3 => mail.insert(at, TELLING[draw.below(TELLING.len())]),
            _ if mail.is_empty() => {}
            4 => mail[at] = TELLING[draw.below(TELLING.len())],
            _ => mail[at] ^= 1 << draw.below(8),
        }
    }
    mail
}

#[test]
fn ten_thousand_broken_reports_name_no_other_attempt() {
    let failed = recipient("failed", "5.1.1");
    let signed = [
        dsn(&to_us(), &failed, &our_id()),
        dsn("bounce@billing.example", &failed, &our_id()),
        complaint("abuse", &to_us(), &our_id()),
    ];
    let theirs = returns("a secret of somebody else's");
    let unsigned = [
        dsn(theirs.of(key()).as_ref(), &failed, &format!("{KEY}@billing.example")),
        complaint("abuse", theirs.of(key()).as_ref(), &format!("{KEY}.aaaaaaaa@b.example")),
    ];
    let (ours, mut draw, mut found) = (ours(), Draw(1), 0);
    for round in 0..10_000 {
        let mail = mutated(signed[round % signed.len()].as_bytes(), &mut draw);
        if let Some(report) = read(&mail, &ours) {
            assert_eq!(report.key, key());
            found += 1;
        }
        let mail = mutated(unsigned[round % unsigned.len()].as_bytes(), &mut draw);
        assert_eq!(read(&mail, &ours), None);
    }
    // Most of them are still read: the mutations are no mere noise.
    assert!((2_000..9_900).contains(&found), "{found}");
}

#[test]
fn a_mail_that_is_nested_without_end_is_not_followed_down() {
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(8_000);
    let mail = dsn(&to_us(), &recipient("failed", "5.1.1"), "x@y");
    let deep = mail.replace("From: bill@billing.example", &nested);
    assert_eq!(read(deep.as_bytes(), &ours()).unwrap().key, key());
    // More groups of fields than anybody is told of.
    let long = mail.replace("Reporting-MTA", &format!("{nested}Reporting-MTA"));
    assert_eq!(read(long.as_bytes(), &ours()), None);
    assert_eq!(read(nested.as_bytes(), &ours()), None);
}
