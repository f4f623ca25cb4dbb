//! Bounces and complaints, out of a Maildir that the mail server delivers into.
//!
//! A Maildir needs no password and no connection, and every mail server
//! delivers into one. It is looked at every few seconds: letters that come
//! back are few, and nobody waits for them.

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::Settings;
use super::maildir::{Done, Maildir};
use super::report::{self, Report, Says};
use super::verp::ReturnAddress;
use crate::model::Channel;
use crate::provider::{Fate, Listener, Meaning, Now, Receipt, Reply, Told};

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Mails that are read at once, and not yet durable together.
const MAILS_MAX: usize = 100;
/// A name may tell a moment that is none; beyond this it is a mistake.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Reads the mailbox that bounces come back to.
pub struct Bounces {
    provider: String,
    returns: Arc<ReturnAddress>,
    maildir: Arc<Mutex<Maildir>>,
    /// What the last call gave, and the next one says is durable.
    handed: Mutex<Vec<Done>>,
    is_troubled: AtomicBool,
}

impl Bounces {
    /// `None` where nobody reads them here. The mailbox may be missing: many
    /// mail servers make it with the first mail.
    ///
    /// # Errors
    /// What is wrong with the settings, beginning with the key.
    pub fn open(provider: &str, settings: &Settings) -> anyhow::Result<Option<Bounces>> {
        let Some(path) = &settings.bounces_maildir else { return Ok(None) };
        let returns = ReturnAddress::open(settings)?;
        let returns = returns.context("bounces is not set; name the address of the mailbox")?;
        Ok(Some(Bounces {
            provider: provider.to_owned(),
            returns: Arc::new(returns),
            maildir: Arc::new(Mutex::new(Maildir::new(path.clone()))),
            handed: Mutex::default(),
            is_troubled: AtomicBool::new(false),
        }))
    }

    /// Puts away what is durable, and reads what comes next.
    async fn look(&self, limit: usize) -> Look {
        let done = std::mem::take(&mut *locked(&self.handed));
        let (maildir, returns) = (self.maildir.clone(), self.returns.clone());
        let look = move || {
            let mut maildir = locked(&maildir);
            let moved = maildir.put_away(done).context("could not move a mail to cur/");
            let (mails, read) = match maildir.next(limit) {
                Ok(mails) => (mails, Ok(())),
                Err(error) => (Vec::new(), Err(error).context("could not read new/")),
            };
            let reports = mails.into_iter().map(|mail| {
                let report = report_in(mail.bytes.as_deref(), &returns);
                (mail.name, mail.at, report)
            });
            Look { reports: reports.collect(), trouble: moved.and(read).err() }
        };
        tokio::task::spawn_blocking(look).await.unwrap_or_else(|error| {
            let trouble = anyhow::Error::from(error).context("could not look at the mailbox");
            Look { reports: Vec::new(), trouble: Some(trouble) }
        })
    }

    /// Says once what is wrong, until it is right again.
    fn tell(&self, look: &Look) {
        let was_told = self.is_troubled.swap(look.trouble.is_some(), Ordering::Relaxed);
        if let Some(trouble) = look.trouble.as_ref().filter(|_| !was_told) {
            warn!(
                provider.name = %self.provider,
                "the mailbox of bounces cannot be used, and is tried again: {trouble:#}"
            );
        }
        let others = look.reports.iter().filter(|(_, _, report)| report.is_none()).count();
        if others > 0 {
            info!(
                provider.name = %self.provider,
                mails = others,
                "no bounces of ours; people find them in the mailbox, not marked as seen"
            );
        }
    }
}

/// What one look brought.
struct Look {
    /// Each mail, when it was delivered, and what it says.
    reports: Vec<(OsString, Option<Timestamp>, Option<Report>)>,
    trouble: Option<anyhow::Error>,
}

#[async_trait]
impl Listener for Bounces {
    async fn next(&self, limit: usize, now: Now<'_>) -> Vec<Told> {
        loop {
            let look = self.look(limit.min(MAILS_MAX)).await;
            self.tell(&look);
            if look.reports.is_empty() {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
            let (now, mut told) = (now(), Vec::new());
            let mut handed = Vec::new();
            for (name, at, report) in look.reports {
                handed.push(Done { name, is_seen: report.is_some() });
                let is_likely = |at: &Timestamp| *at <= now && now.duration_since(*at) < AGE_MAX;
                let at = at.filter(is_likely).unwrap_or(now);
                told.extend(report.into_iter().flat_map(|report| said(report, at)));
            }
            // Not before: a call that is given up has handed nothing over.
            locked(&self.handed).append(&mut handed);
            return told;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a mail says; what cannot be read says nothing.
fn report_in(bytes: Option<&[u8]>, returns: &ReturnAddress) -> Option<Report> {
    // Strangers write these mails. One that the parser stumbles over must not
    // keep the others from being read.
    let read = AssertUnwindSafe(|| report::read(bytes?, returns));
    std::panic::catch_unwind(read).unwrap_or(None)
}

/// A report as we tell it. One that comes again, from whomever, is the same.
fn said(report: Report, at: Timestamp) -> Vec<Told> {
    let Report { key, says, to } = report;
    let receipt = |fate: Fate| Told::OfAttempt {
        message_id: format!("bounce/{key}/{}", fate.as_str()),
        receipt: Receipt { key, fate, at },
    };
    // What the report says of the address is a stranger's word: it may speak of
    // the one that this attempt was for, and of nobody else's.
    let reply = |meaning: Meaning, from| {
        let message_id = format!("bounce/{key}/{}", meaning.as_str());
        let reply = Reply { channel: Channel::Email, about: Some(key), from, meaning, at };
        Told::Reply { message_id, reply }
    };
    match says {
        Says::Nothing => Vec::new(),
        Says::Delivered => vec![receipt(Fate::Delivered)],
        Says::Failed { is_for_good: false } => vec![receipt(Fate::Undelivered)],
        Says::Failed { is_for_good: true } => {
            let to = to.map(|to| to.as_str().to_owned());
            vec![receipt(Fate::Undelivered), reply(Meaning::BadAddress, to)]
        }
        // It counts for all who share the address, so it must be the one that
        // the attempt's account has.
        Says::Complaint => vec![reply(Meaning::Complaint, None)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AttemptKey;
    use crate::provider::smtp::verp::returns;

    const SECRET: &str = "a secret of the operator's own";
    const DELIVERED_AT: &str = "2026-03-01T12:00:00Z";

    fn key() -> AttemptKey {
        "0123456789abcdef0123456789abcdef.2".parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A mailbox with this mail, delivered at [`DELIVERED_AT`].
    fn with(mail: &[u8]) -> (tempfile::TempDir, Bounces) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("new")).unwrap();
        std::fs::create_dir(dir.path().join("cur")).unwrap();
        let name = format!("new/{}.V1", at(DELIVERED_AT).as_second());
        std::fs::write(dir.path().join(name), mail).unwrap();
        let bounces = Bounces {
            provider: "smtp".to_owned(),
            returns: Arc::new(returns(SECRET)),
            maildir: Arc::new(Mutex::new(Maildir::new(dir.path().to_owned()))),
            handed: Mutex::default(),
            is_troubled: AtomicBool::new(false),
        };
        (dir, bounces)
    }

    fn report(kind: &str, fields: &str) -> Vec<u8> {
        let to = returns(SECRET).of(key());
        format!(
            "To: {to}\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\
             Content-Type: message/{kind}\r\n\r\n{fields}\r\n\r\n--b\r\n\
             Content-Type: message/rfc822\r\n\r\nTo: <bob@example.net>\r\n\r\nhello\r\n"
        )
        .into_bytes()
    }

    #[tokio::test]
    async fn a_complaint_speaks_for_whoever_has_the_accounts_address_and_for_nobody_it_names() {
        let (_dir, bounces) = with(&report("feedback-report", "Feedback-Type: abuse"));
        let now = || at("2026-03-03T00:00:00Z");
        let told = bounces.next(10, &now).await;
        let [Told::Reply { message_id, reply }] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(message_id, &format!("bounce/{}/complaint", key()));
        assert_eq!(
            (&reply.about, &reply.from, &reply.meaning, reply.at),
            (&Some(key()), &None, &Meaning::Complaint, at(DELIVERED_AT))
        );
    }

    #[tokio::test]
    async fn a_moment_that_cannot_be_is_when_it_was_read() {
        let fields = "Action: failed\r\nStatus: 5.2.2";
        for now in ["2026-02-28T00:00:00Z", "2027-01-01T00:00:00Z"] {
            let (_dir, bounces) = with(&report("delivery-status", fields));
            let told = bounces.next(10, &|| at(now)).await;
            let [Told::OfAttempt { receipt, .. }] = told.as_slice() else { panic!("{told:?}") };
            assert_eq!((receipt.fate, receipt.at), (Fate::Undelivered, at(now)));
        }
    }

    /// Ten megabytes, of which the beginning tells enough.
    #[tokio::test]
    async fn a_large_bounce_counts_and_a_large_stranger_is_left_to_people() {
        let padding = vec![b'x'; 10 << 20];
        let bounce = report("delivery-status", "Action: failed\r\nStatus: 5.1.1");
        for (mail, count, name) in
            [([bounce, padding.clone()].concat(), 2, ":2,S"), (padding, 0, ":2,")]
        {
            let (dir, bounces) = with(&mail);
            let now = || at(DELIVERED_AT);
            assert_eq!(bounces.next(10, &now).await.len(), count);
            // Asked for more, it puts away what was told, and waits.
            let waits = tokio::time::timeout(Duration::from_millis(500), bounces.next(10, &now));
            waits.await.unwrap_err();
            let put_away = std::fs::read_dir(dir.path().join("cur")).unwrap().next().unwrap();
            assert!(put_away.unwrap().file_name().to_str().unwrap().ends_with(name), "{name}");
        }
    }
}
