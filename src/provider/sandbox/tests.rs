//! The sandbox keeps what it is given, and tells the truth about it.

use super::*;
use crate::model::Prompt;
use crate::model::content::Part;
use crate::model::{AccountId, Bucket, Contacts, EmailAddress, PhoneNumber, ReminderId};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn outgoing(revision: u32, channel: Channel) -> Outgoing {
    let day = jiff::civil::date(2026, 3, 1);
    let reminder = ReminderId::derive(Bucket::FIRST, &AccountId::from("A"), day, revision);
    let (subject, text) = ("Rechnung".to_owned(), "1.234,50 €\nbitte".to_owned());
    let content = match channel {
        Channel::Sms => Content::Sms { text },
        Channel::Voice => {
            Content::Voice(Prompt { parts: vec![Part::Text(text)], ..Prompt::default() })
        }
        Channel::Email | Channel::Letter => {
            Content::Email { subject, text, html: "<p>1.234,50 €</p>".into() }
        }
    };
    Outgoing {
        key: AttemptKey { reminder, number: 1 },
        channel,
        to: Contacts {
            phone: Some(PhoneNumber::from_stored("+4915123456789".into())),
            email: Some(EmailAddress::from_stored("zoe@example.org".into())),
            preferred: None,
        },
        name: "Zoë Müller".into(),
        language: "de".into(),
        content,
        facts: None,
        expires_at: at(3600),
        stop_url: None,
    }
}

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        Bench { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("sandbox.jsonl")
    }

    fn open(&self, settings: Settings) -> Sandbox {
        Sandbox::open(&self.path(), settings).unwrap()
    }
}

#[tokio::test]
async fn kept_messages_survive_reopening() {
    let bench = Bench::new();
    let sandbox = bench.open(Settings::default());
    for (revision, channel) in [(0, Channel::Sms), (1, Channel::Voice), (2, Channel::Email)] {
        let outcome = sandbox.send(&outgoing(revision, channel), at(0)).await;
        assert!(matches!(outcome, SendOutcome::Accepted { provider_ref: Some(_) }));
    }
    sandbox.send(&outgoing(0, Channel::Sms), at(1)).await;
    let recent = sandbox.recent();
    drop(sandbox);

    let sandbox = bench.open(Settings::default());
    assert_eq!((sandbox.taken(), sandbox.duplicates()), (4, 1));
    assert_eq!(sandbox.recent(), recent);
    assert_eq!(read_all(&bench.path()).unwrap(), recent);
    assert_eq!(recent[2].subject.as_deref(), Some("Rechnung"));
    assert_eq!(
        (recent[2].to.as_str(), recent[1].to.as_str()),
        ("zoe@example.org", "+4915123456789")
    );
    assert_eq!(recent[0].text, "1.234,50 €\nbitte");
}

#[tokio::test]
async fn a_torn_last_line_is_dropped() {
    let bench = Bench::new();
    let sandbox = bench.open(Settings::default());
    sandbox.send(&outgoing(0, Channel::Sms), at(0)).await;
    sandbox.send(&outgoing(1, Channel::Sms), at(0)).await;
    drop(sandbox);
    let length = std::fs::metadata(bench.path()).unwrap().len();
    OpenOptions::new().write(true).open(bench.path()).unwrap().set_len(length - 5).unwrap();

    let sandbox = bench.open(Settings::default());
    assert_eq!(sandbox.taken(), 1);
    assert_eq!(sandbox.look_up(outgoing(1, Channel::Sms).key).await.unwrap(), Found::NotTaken);
    sandbox.send(&outgoing(1, Channel::Sms), at(0)).await;
    assert_eq!(read_all(&bench.path()).unwrap().len(), 2);
}

#[tokio::test]
async fn a_lost_answer_is_found_by_look_up() {
    let bench = Bench::new();
    let sandbox = bench.open(Settings { lose_answer_per_mille: 1000, ..Settings::default() });
    let message = outgoing(0, Channel::Email);
    assert!(matches!(sandbox.send(&message, at(0)).await, SendOutcome::Ambiguous { .. }));
    assert!(matches!(sandbox.look_up(message.key).await.unwrap(), Found::Taken { .. }));
}

#[tokio::test]
async fn what_is_refused_or_deferred_leaves_no_trace() {
    let bench = Bench::new();
    let refuses = Settings { reject_per_mille: 1000, ..Settings::default() };
    let fails = Settings { fail_per_mille: 1000, ..Settings::default() };
    for settings in [refuses, fails] {
        let sandbox = bench.open(settings);
        let outcome = sandbox.send(&outgoing(0, Channel::Sms), at(0)).await;
        assert!(!matches!(outcome, SendOutcome::Accepted { .. } | SendOutcome::Ambiguous { .. }));
    }
    assert_eq!(read_all(&bench.path()).unwrap(), []);
}

#[tokio::test]
async fn receipts_come_when_due_and_not_before() {
    let bench = Bench::new();
    let sandbox = bench.open(Settings::default());
    sandbox.send(&outgoing(1, Channel::Voice), at(2)).await;
    sandbox.send(&outgoing(0, Channel::Sms), at(0)).await;

    assert_eq!(sandbox.receipts(at(4), 9).await.unwrap(), []);
    let receipts = sandbox.receipts(at(7), 1).await.unwrap();
    assert_eq!((receipts[0].fate, receipts[0].at), (Fate::Delivered, at(5)));
    assert_eq!(sandbox.receipts(at(7), 9).await.unwrap()[0].fate, Fate::Answered);
    assert_eq!(sandbox.receipts(at(99), 9).await.unwrap(), []);

    drop(sandbox);
    assert_eq!(bench.open(Settings::default()).receipts(at(99), 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_fates() {
    let settings = Settings {
        reject_per_mille: 100,
        fail_per_mille: 100,
        lose_answer_per_mille: 100,
        undelivered_per_mille: 300,
        ..Settings::default()
    };
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let bench = Bench::new();
        let sandbox = bench.open(Settings { seed, ..settings.clone() });
        let mut outcomes = Vec::new();
        for revision in 0..200 {
            outcomes.push(sandbox.send(&outgoing(revision, Channel::Sms), at(0)).await);
        }
        let receipts = sandbox.receipts(at(9), 999).await.unwrap();
        assert!(receipts.iter().any(|receipt| receipt.fate == Fate::Undelivered));
        runs.push((outcomes, receipts));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[test]
fn the_file_is_for_its_owner_and_for_one_process() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let _held = bench.open(Settings::default());
    let mode = std::fs::metadata(bench.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(Sandbox::open(&bench.path(), Settings::default()).is_err());
}
