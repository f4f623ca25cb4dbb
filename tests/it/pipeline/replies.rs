//! What subscribers say, and what providers say of their addresses: it counts
//! at once, also for what is planned already.

use std::sync::Arc;

use duebell::model::reply::{Meaning, PostedReply, Reply};
use duebell::model::{AttemptKey, Bucket, Channel};
use duebell::provider::{Refusal, SendOutcome};
use duebell::store::{OutboxStore, ReplyStore};

use super::{owing, pair};
use crate::support::bench::Bench;
use crate::support::billing::{Billing, PHONE};
use crate::support::build::*;
use crate::support::carrier::{Carrier, refused};

pub const PLANNED: &str = "2026-03-10T06:00Z";
pub const OPEN: &str = "2026-03-10T09:00Z";

pub fn said(
    channel: Channel,
    about: Option<AttemptKey>,
    from: Option<&str>,
    what: Meaning,
) -> Reply {
    let from = from.map(str::to_owned);
    Reply { channel, about, from, meaning: what, at: at("2026-03-10T06:30Z") }
}

pub fn text(words: &str) -> Reply {
    said(Channel::Sms, None, Some(PHONE), Meaning::Text(words.into()))
}

impl Bench {
    pub async fn hear(&self, reply: Reply) {
        let message_id = format!("{reply:?}");
        let posted = PostedReply {
            provider: "carrier".into(),
            message_id: message_id.into(),
            ordinal: 0,
            received_at: reply.at,
            reply,
        };
        self.store.keep_replies(&[posted]).await.unwrap();
    }

    pub async fn waiting(&self) -> Vec<String> {
        let lines = self.store.desk().replies(100).await.unwrap();
        lines.into_iter().map(|line| line.meaning).collect()
    }

    pub async fn reason(&self, account: &str) -> Vec<String> {
        let rows = self.why_not(account).await;
        let open = rows.iter().filter(|row| row.is_open);
        open.map(|row| row.reason.as_str().to_owned()).collect()
    }
}

/// Account A with a reminder planned, and who carries it.
pub async fn planned() -> (Arc<Billing>, Bench, Arc<Carrier>) {
    let (billing, mut bench) = owing("2026-03-09").await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(false);
    bench.round(PLANNED).await;
    (billing, bench, carrier)
}

#[tokio::test]
async fn a_stop_takes_its_channel_from_what_is_planned_already() {
    let (_, bench, carrier) = planned().await;
    bench.hear(text("Stop.")).await;
    bench.rounds("2026-03-10T07:00Z", "2026-03-10T12:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Email]);
    assert_eq!(bench.waiting().await, [""; 0]);
}

#[tokio::test]
async fn who_wants_no_channel_is_not_reminded_and_the_reason_is_told() {
    let (_, bench, carrier) = planned().await;
    bench.hear(text("STOP")).await;
    bench.hear(said(Channel::Email, None, Some("Zoe@Example.org"), Meaning::Complaint)).await;
    bench.rounds("2026-03-10T07:00Z", "2026-03-10T12:00Z").await;
    assert_eq!(carrier.given(), []);
    assert_eq!(bench.standing("A").await, [pair("cancelled", "replanned")]);
    assert_eq!(bench.reason("A").await, ["no_consent"]);
    let lines = bench.store.desk().suppressions(&"A".into()).await.unwrap();
    let in_force: Vec<_> =
        lines.iter().map(|it| (it.channel.as_str(), it.cause.as_str())).collect();
    assert_eq!(in_force, [("email", "complaint"), ("sms", "opt_out")]);

    let mut start = text("START");
    start.at = at("2026-03-10T12:30Z");
    bench.hear(start).await;
    bench.rounds("2026-03-10T13:00Z", "2026-03-10T15:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
}

#[tokio::test]
async fn a_stop_counts_for_every_account_that_has_the_address() {
    let (billing, bench, carrier) = planned().await;
    billing.account("B");
    billing.bill("b1", "B", "2026-03-09");
    bench.round("2026-03-10T06:10Z").await;
    let due = bench.store.due(&Bucket::all(), None, at(OPEN), 10).await.unwrap();
    let of_a = due.into_iter().find(|it| it.account.id.as_str() == "A").unwrap();
    // Said about A's reminder, without an address.
    let about = AttemptKey { reminder: of_a.reminder.id, number: 1 };
    bench.hear(said(Channel::Sms, Some(about), None, Meaning::OptOut)).await;
    bench.round("2026-03-10T07:00Z").await;
    bench.round(OPEN).await;
    assert_eq!(carrier.taken(), [Channel::Email, Channel::Email]);
}

#[tokio::test]
async fn a_wrong_number_is_neither_written_to_nor_called() {
    let (billing, bench, carrier) = planned().await;
    bench.hear(said(Channel::Voice, None, Some(PHONE), Meaning::WrongNumber)).await;
    bench.rounds("2026-03-10T07:00Z", "2026-03-10T10:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Email]);
    let lines = bench.store.desk().suppressions(&"A".into()).await.unwrap();
    let channels: Vec<_> = lines.iter().map(|it| it.channel.as_str()).collect();
    assert_eq!(channels, ["sms", "voice"]);

    // Another number is another matter.
    billing.put(
        duebell::model::feed::Feed::Accounts,
        &[("account_id", "A"), ("phone", "+4915123456780")],
    );
    bench.round("2026-03-11T06:00Z").await;
    let lines = bench.store.desk().suppressions(&"A".into()).await.unwrap();
    assert!(lines.iter().all(|line| !line.is_in_force));
}

#[tokio::test]
async fn an_address_that_a_provider_refuses_is_not_tried_again() {
    let (billing, bench, carrier) = planned().await;
    carrier.will([refused()]);
    bench.rounds(OPEN, "2026-03-10T12:00Z").await;
    assert_eq!(carrier.given().len(), 2);
    billing.bill("a2", "A", "2026-03-11");
    bench.rounds("2026-03-11T23:00Z", "2026-03-12T12:00Z").await;
    let channels: Vec<Channel> = carrier.given().iter().map(|(_, channel, _)| *channel).collect();
    assert_eq!(channels, [Channel::Sms, Channel::Email, Channel::Email]);
    assert_eq!(bench.waiting().await, [""; 0]);
}

#[tokio::test]
async fn a_provider_that_knows_of_an_opt_out_is_believed() {
    let (_, bench, carrier) = planned().await;
    let opted_out = || SendOutcome::Rejected { because: Refusal::OptedOut, note: "21610".into() };
    let no_fault = || SendOutcome::Rejected { because: Refusal::BadContent, note: "x".into() };
    carrier.will([opted_out(), no_fault()]);
    bench.rounds(OPEN, "2026-03-10T12:00Z").await;
    let lines = bench.store.desk().suppressions(&"A".into()).await.unwrap();
    let of: Vec<_> = lines.iter().map(|it| (&*it.channel, &*it.cause, &*it.source)).collect();
    assert_eq!(of, [("sms", "opt_out", "carrier")]);
}

#[tokio::test]
async fn what_needs_a_person_waits_for_one_and_changes_nothing() {
    let (_, bench, carrier) = planned().await;
    for words in ["help", "When is my bill due? I will stop by on Friday."] {
        bench.hear(text(words)).await;
    }
    bench.hear(said(Channel::Voice, None, Some(PHONE), Meaning::SendLink)).await;
    // A stop in words of one's own counts, and is read; one of a stranger is read.
    bench.hear(text("stop it now")).await;
    bench
        .hear(said(Channel::Sms, None, Some("+4915100000009"), Meaning::Text("STOP".into())))
        .await;
    bench.rounds("2026-03-10T07:00Z", "2026-03-10T10:00Z").await;
    let mut waiting = bench.waiting().await;
    waiting.sort();
    let expected = ["help", "opt_out", "opt_out", "send_link", "text"];
    assert_eq!(waiting, expected);
    assert_eq!(carrier.taken(), [Channel::Email]);
    let own = bench.store.desk().replies_of(&"A".into()).await.unwrap();
    assert_eq!(own.len(), 4);
}
