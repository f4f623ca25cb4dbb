//! What Kannel's answer to a submission means.
//!
//! Its words are fixed (gw/smsbox.c), and say more than the status: 403 is a
//! wrong password as well as a number that no way leads to.

use crate::provider::{Delay, Refusal, SendOutcome};

pub fn outcome(status: u16, body: &[u8]) -> SendOutcome {
    let words = String::from_utf8_lossy(&body[..body.len().min(200)]).to_lowercase();
    let note = format!("kannel {status}");
    let deferred = |note| SendOutcome::Deferred { because: Delay::Down, wait: None, note };
    match status {
        // A page is nothing that Kannel says.
        202 if words.trim_start().starts_with('<') => SendOutcome::Ambiguous { note },
        202 => SendOutcome::Accepted { provider_ref: None },
        403 if words.contains("not routable") => {
            SendOutcome::Rejected { because: Refusal::BadRecipient, note }
        }
        400 if words.contains("receiver") || words.contains("destination") => {
            SendOutcome::Rejected { because: Refusal::BadRecipient, note }
        }
        // The sender, an unknown smsc: the operator's to mend.
        400 if words.contains("sender") || words.contains("smsc") => {
            deferred(format!("our account: {note}"))
        }
        400 | 415 => SendOutcome::Rejected { because: Refusal::BadContent, note },
        401 | 403 => deferred(format!("our account: {note}")),
        301..=308 | 404 | 405 => deferred(format!("wrong url: {note}")),
        // Said of what it did not take, in its own words.
        503 if words.contains("temporal failure") => deferred(note),
        // "Sending failed.", or somebody in between.
        _ => SendOutcome::Ambiguous { note },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_leads_to_its_own_outcome() {
        let accepted = SendOutcome::Accepted { provider_ref: None };
        let deferred = |note: &str| SendOutcome::Deferred {
            because: Delay::Down,
            wait: None,
            note: note.to_owned(),
        };
        let rejected =
            |because, note: &str| SendOutcome::Rejected { because, note: note.to_owned() };
        let ambiguous = |note: &str| SendOutcome::Ambiguous { note: note.to_owned() };
        for (status, words, is) in [
            (202, "0: Accepted for delivery", accepted.clone()),
            (202, "3: Queued for later delivery", accepted.clone()),
            (202, "Sent. Message splits: 3", accepted),
            (403, "Authorization failed for sendsms", deferred("our account: kannel 403")),
            (403, "Not routable. Do not try again.", rejected(Refusal::BadRecipient, "kannel 403")),
            (
                400,
                "Empty receiver number not allowed, rejected",
                rejected(Refusal::BadRecipient, "kannel 400"),
            ),
            (
                400,
                "Sender missing and no global set, rejected",
                deferred("our account: kannel 400"),
            ),
            (400, "Something else", rejected(Refusal::BadContent, "kannel 400")),
            (415, "", rejected(Refusal::BadContent, "kannel 415")),
            (404, "<html>", deferred("wrong url: kannel 404")),
            (302, "", deferred("wrong url: kannel 302")),
            (503, "Temporal failure, try again later.", deferred("kannel 503")),
            (503, "<html>a proxy</html>", ambiguous("kannel 503")),
            (500, "Sending failed.", ambiguous("kannel 500")),
            (200, "what is this", ambiguous("kannel 200")),
            (202, "\n<html>a proxy</html>", ambiguous("kannel 202")),
        ] {
            assert_eq!(outcome(status, words.as_bytes()), is, "{status} {words}");
        }
        assert_eq!(outcome(504, b"\xFF\xFE"), ambiguous("kannel 504"));
    }
}
