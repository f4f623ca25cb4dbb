//! A secret that is no longer good, and a file that is replaced while we run.
//!
//! The peer knows one secret and our file holds another: what is to be sent
//! waits, and the operator is told. Once the file is the right one the next
//! attempt goes through, and back again, without a restart.

use std::sync::Arc;
use std::time::Duration;

use duebell::provider::secret::LOOK_EVERY;
use duebell::provider::{Delay, SendOutcome, Sender};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::ground::Ground;
use super::subjects::{self, Door, Subject};
use crate::provider::now;

/// A session takes its time to be made anew.
const PATIENCE: Duration = Duration::from_secs(20);
const PATIENT_MS: u32 = 20_000;
/// Others are called at the same Asterisk.
const NUMBERS: u32 = 91_001;
const WRONG: &str = "not the one\n";

/// The note of a refusal that is the operator's to mend.
fn mended_by_the_operator(outcome: &SendOutcome) -> &str {
    match outcome {
        SendOutcome::Deferred { because: Delay::Down, note, .. }
            if note.contains("our account") || note.contains("ari 401") =>
        {
            note
        }
        other => panic!("{other:?}"),
    }
}

struct Tried<'a> {
    subject: &'a Subject,
    sender: Arc<dyn Sender>,
    attempts: u32,
}

impl Tried<'_> {
    /// The next attempt at somebody.
    async fn send(&mut self, address: u32) -> SendOutcome {
        self.attempts += 1;
        self.sender.send(&self.subject.attempt(address, address, self.attempts), now()).await
    }

    /// Until it is neither refused for the secret nor waits for a session.
    async fn taken(&mut self, address: u32) {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.send(address).await {
                SendOutcome::Accepted { .. } | SendOutcome::AcceptedInParts { .. } => return,
                SendOutcome::Deferred { note, .. } if Instant::now() >= until => panic!("{note}"),
                SendOutcome::Deferred { .. } => sleep(LOOK_EVERY / 10).await,
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn replaced(subject: &Subject, wrong: &str) {
    let Some(ground) = Ground::of(subject) else { return };
    ground.replace_secret(wrong);
    let sender = ground.sender_to(ground.port, PATIENT_MS);
    let mut tried = Tried { subject, sender, attempts: 0 };
    let (first, second, third) = (NUMBERS, NUMBERS + 1, NUMBERS + 2);
    mended_by_the_operator(&tried.send(first).await);

    // Half of one, and none at all, are as bad as the wrong one, and no worse.
    ground.replace_secret("");
    sleep(LOOK_EVERY).await;
    mended_by_the_operator(&tried.send(first).await);

    ground.replace_secret(subject.secret);
    tried.taken(second).await;
    if !subject.has_session {
        ground.replace_secret(wrong);
        sleep(LOOK_EVERY).await;
        mended_by_the_operator(&tried.send(third).await);
        ground.replace_secret(subject.secret);
        tried.taken(third).await;
    }
    // Asterisk's telephone writes down who called once it has picked up.
    let until = Instant::now() + PATIENCE;
    while !ground.took().contains_key(&second) && Instant::now() < until {
        sleep(LOOK_EVERY / 10).await;
    }
    let took = ground.took();
    assert_eq!((took.get(&first), took.get(&second)), (None, Some(&1)), "{took:?}");
}

#[tokio::test]
async fn aliyun() {
    replaced(&subjects::aliyun(), WRONG).await;
}

#[tokio::test]
async fn asterisk() {
    replaced(&subjects::asterisk(), WRONG).await;
}

#[tokio::test]
async fn aws() {
    let wrong = r#"{"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "another"}"#;
    replaced(&subjects::aws_ses(), wrong).await;
    replaced(&subjects::aws_eum(), wrong).await;
}

#[tokio::test]
async fn http_token() {
    let settings = |door: &Door| {
        let mut settings = (subjects::http().settings)(door);
        settings["token_file"] = json!(door.secret);
        settings
    };
    let arguments = &["s3cret"];
    replaced(&Subject { settings, arguments, ..subjects::http() }, WRONG).await;
}

#[tokio::test]
async fn http_secret_of_a_template() {
    let arguments = &["s3cret"];
    replaced(&Subject { arguments, ..subjects::http_template() }, WRONG).await;
}

#[tokio::test]
async fn infobip() {
    replaced(&subjects::infobip(), WRONG).await;
}

#[tokio::test]
async fn smpp() {
    replaced(&subjects::smpp(), WRONG).await;
}

#[tokio::test]
async fn smtp() {
    let settings = |door: &Door| -> Value {
        let mut settings = (subjects::smtp().settings)(door);
        settings["user"] = json!("duebell");
        settings["password_file"] = json!(door.secret);
        settings
    };
    let arguments = &["--user", "duebell", "--password", "s3cret"];
    replaced(&Subject { settings, arguments, ..subjects::smtp() }, WRONG).await;
}

#[tokio::test]
async fn twilio() {
    let arguments = &["AC0123456789abcdef0123456789abcdef:s3cret"];
    replaced(&Subject { arguments, ..subjects::twilio() }, WRONG).await;
}
