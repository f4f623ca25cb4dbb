//! What a mail server's reply means for the reminder (RFC 5321, RFC 3463).
//!
//! The phase matters as much as the code. Before a recipient is named, every
//! refusal is about us; and once the content has left, only a reply tells
//! what became of it.

use std::error::Error;
use std::{fmt, io};

use lettre::transport::smtp::response::Response;

use crate::provider::{Delay, Refusal, SendOutcome, our_account};

/// How far the conversation had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Greeting, encryption, login, sender.
    Session,
    /// The recipient, and the request to hand over the content.
    Recipient,
    /// The content was on its way.
    Content,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    Unreachable,
    /// The connection broke, or what came was no SMTP.
    Lost,
    /// No answer in time.
    Silent,
    /// The server cannot be used as it is set up; says how.
    Ours(&'static str),
    AddressNeedsUtf8,
    Said(Reply),
}

/// Enhanced status (RFC 3463): class, subject, detail.
pub(super) type Status = (u8, u16, u16);

/// A negative reply, without its words: they may repeat the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reply {
    code: u16,
    status: Option<Status>,
    speaks_of_rate: bool,
}

impl From<lettre::transport::smtp::Error> for Trouble {
    fn from(error: lettre::transport::smtp::Error) -> Trouble {
        let Some(code) = error.status() else {
            return if is_tls(&error) { Trouble::Ours("tls failed") } else { Trouble::Lost };
        };
        let words = error.source().map(ToString::to_string).unwrap_or_default();
        Trouble::Said(Reply::read(code.into(), &words))
    }
}

impl Trouble {
    pub fn is_reply(&self) -> bool {
        matches!(self, Trouble::Said(_))
    }

    /// Whether the server will not go on after this.
    pub fn ends_conversation(&self) -> bool {
        matches!(self, Trouble::Lost | Trouble::Said(Reply { code: 421, .. }))
    }

    pub fn outcome(&self, phase: Phase) -> SendOutcome {
        let what = match self {
            Trouble::Said(reply) => return reply.outcome(phase),
            Trouble::AddressNeedsUtf8 => {
                let note = "smtp: the address needs SMTPUTF8, which the server does not offer";
                return SendOutcome::Rejected { because: Refusal::BadRecipient, note: note.into() };
            }
            Trouble::Unreachable => "the server cannot be reached",
            Trouble::Lost => "the connection was lost",
            Trouble::Silent => "no answer in time",
            Trouble::Ours(what) => what,
        };
        let note = format!("smtp: {what} {phase}");
        match phase {
            // Also where the content was cut short: a server that has all of
            // it but the reply's way back looks just the same from here.
            Phase::Content => SendOutcome::Ambiguous { note },
            Phase::Session | Phase::Recipient => down(note),
        }
    }
}

impl Reply {
    fn read(code: u16, words: &str) -> Reply {
        let status = words.split_whitespace().next().and_then(status);
        let words = words.to_lowercase();
        let speaks_of_rate =
            ["throttl", "rate limit", "rate exceeded", "too many", "too fast", "slow down"]
                .iter()
                .any(|word| words.contains(word));
        Reply { code, status, speaks_of_rate }
    }

    /// Whether the server only asks for a slower pace. 4.7.0 is how the large
    /// mail hosts say so; 4.7.1 is greylisting, which wants another attempt.
    fn is_throttle(self) -> bool {
        self.speaks_of_rate || matches!((self.code, self.status), (421 | 451, Some((4, 7, 0 | 28))))
    }

    fn is_login(self) -> bool {
        matches!(self.code, 530 | 534 | 535 | 538) || self.status == Some((5, 7, 8))
    }

    fn outcome(self, phase: Phase) -> SendOutcome {
        let note = format!("smtp {self} {phase}");
        if self.code < 500 {
            let because = if self.is_throttle() { Delay::Throttled } else { Delay::Down };
            return SendOutcome::Deferred { because, wait: None, note };
        }
        // A wrong password or a barred sender is mended by the operator, not
        // by giving up on subscribers: a refusal would use up the step of
        // everyone who was due that day.
        if phase == Phase::Session || self.is_login() {
            return down(our_account(&note));
        }
        let full_mailbox = (phase, self.code, self.status);
        if matches!(full_mailbox, (_, _, Some((5, 2, 2))) | (Phase::Recipient, 552, None)) {
            return down(note);
        }
        match self.refusal(phase) {
            Refusal::OurAccount => down(our_account(&note)),
            because => SendOutcome::Rejected { because, note },
        }
    }

    fn refusal(self, phase: Phase) -> Refusal {
        match (self.status, phase) {
            // Bad sender address; our mail failed SPF, DKIM or DMARC.
            (Some((5, 1, 7 | 8)) | Some((5, 7, 20..=30)), _) => Refusal::OurAccount,
            (Some((5, 1, _)) | Some((5, 2, 0 | 1)) | Some((5, 4, _)), _) => Refusal::BadRecipient,
            (Some((5, 2 | 3, 3 | 4)) | Some((5, 6, _)), _) => Refusal::BadContent,
            // Policy: against the sender until the content was seen.
            (Some((5, 7, _)), Phase::Content) => Refusal::BadContent,
            (Some((5, 7, _)), _) => Refusal::OurAccount,
            (_, Phase::Content) => Refusal::BadContent,
            _ if matches!(self.code, 501 | 550 | 551 | 553) => Refusal::BadRecipient,
            _ => Refusal::OurAccount,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Session => "before the recipient was named",
            Phase::Recipient => "before the content",
            Phase::Content => "after the content",
        })
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some((class, subject, detail)) => {
                write!(f, "{} {class}.{subject}.{detail}", self.code)
            }
            None => write!(f, "{}", self.code),
        }
    }
}

fn down(note: String) -> SendOutcome {
    SendOutcome::Deferred { because: Delay::Down, wait: None, note }
}

/// Whether encryption failed, most likely over a certificate: for the
/// operator that is another thing than a cable.
fn is_tls(error: &lettre::transport::smtp::Error) -> bool {
    let chain = std::iter::successors(error.source(), |&cause| cause.source());
    chain
        .filter_map(|cause| cause.downcast_ref::<io::Error>()?.get_ref())
        .any(|inner| inner.is::<rustls::Error>())
}

/// Reads `5.1.1`.
pub(super) fn status(word: &str) -> Option<Status> {
    let mut parts = word.split('.');
    let status =
        (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(status)
}

/// The server's own name for a mail, as Postfix (`queued as …`) and Exim
/// (`id=…`) give it. Other words are left alone: they may hold an address.
pub(super) fn reference(reply: &Response) -> Option<String> {
    let line = reply.first_line()?;
    let start = ["queued as ", "id="]
        .iter()
        .find_map(|mark| line.find(mark).map(|index| index + mark.len()))?;
    let is_id = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let reference: String = line[start..].chars().take_while(is_id).take(64).collect();
    (!reference.is_empty()).then_some(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outcome in one word, for tables.
    fn named(phase: Phase, code: u16, words: &str) -> String {
        let outcome = Trouble::Said(Reply::read(code, words)).outcome(phase);
        assert!(!format!("{outcome:?}").contains('@'), "{outcome:?}");
        match outcome {
            SendOutcome::Rejected { because, .. } => format!("{because:?}"),
            SendOutcome::Deferred { because, .. } => format!("{because:?}"),
            other => format!("{other:?}"),
        }
    }

    #[track_caller]
    fn check(code: u16, words: &str, at_recipient: &str, after_content: &str) {
        assert_eq!(named(Phase::Recipient, code, words), at_recipient, "{code} {words}");
        assert_eq!(named(Phase::Content, code, words), after_content, "{code} {words}");
    }

    #[test]
    fn refusals_tell_who_is_at_fault() {
        check(550, "5.1.1 <zoe@example.net>: unknown", "BadRecipient", "BadRecipient");
        check(550, "no such user", "BadRecipient", "BadContent");
        check(550, "5.7.1 relaying denied", "Down", "BadContent");
        check(552, "5.3.4 too big", "BadContent", "BadContent");
        check(554, "blocked", "Down", "BadContent");
    }

    #[test]
    fn busy_servers_and_full_mailboxes_are_tried_again() {
        check(450, "4.2.0 mailbox busy", "Down", "Down");
        check(451, "4.7.1 greylisted", "Down", "Down");
        check(421, "closing", "Down", "Down");
        check(421, "4.7.0 try later", "Throttled", "Throttled");
        check(452, "4.5.3 too many recipients this hour", "Throttled", "Throttled");
        check(552, "5.2.2 mailbox full", "Down", "Down");
    }

    #[test]
    fn a_fault_of_our_account_does_not_use_up_a_subscribers_step() {
        check(530, "5.7.0 authentication required", "Down", "Down");
        check(535, "5.7.8 bad credentials", "Down", "Down");
        check(550, "5.1.8 bad sender", "Down", "Down");
        check(550, "5.7.26 unauthenticated", "Down", "Down");
        assert_eq!(named(Phase::Session, 554, "5.7.1 your address is listed"), "Down");
        assert_eq!(named(Phase::Session, 550, "5.1.1 sender"), "Down");
    }

    #[test]
    fn a_lost_connection_is_harmless_only_before_the_content() {
        for trouble in [Trouble::Lost, Trouble::Silent] {
            for phase in [Phase::Session, Phase::Recipient] {
                let outcome = trouble.outcome(phase);
                assert!(matches!(outcome, SendOutcome::Deferred { because: Delay::Down, .. }));
            }
            let outcome = trouble.outcome(Phase::Content);
            assert!(matches!(outcome, SendOutcome::Ambiguous { .. }));
        }
    }

    #[test]
    fn a_queue_id_is_the_reference_and_other_words_are_not() {
        #[track_caller]
        fn check(line: &str, expected: Option<&str>) {
            let reply: Response = format!("250 {line}\r\n").parse().unwrap();
            assert_eq!(reference(&reply).as_deref(), expected);
        }
        check("2.0.0 Ok: queued as 4F2A9C", Some("4F2A9C"));
        check("OK id=1vYabc-000Kx-2B", Some("1vYabc-000Kx-2B"));
        check("2.0.0 zoe@example.net is served", None);
    }
}
