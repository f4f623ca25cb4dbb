//! Nobody who has paid is reminded: what is owed is asked for right before
//! sending.

use duebell::pipeline::Stage;
use duebell::pipeline::dispatch::Dispatch;

use super::{owing, pair};
use crate::support::build::*;

const PLANNED: &str = "2026-03-10T06:00Z";
const OPEN: &str = "2026-03-10T09:00Z";

#[tokio::test]
async fn a_reminder_leaves_on_its_day_in_its_window_once() {
    let (_, bench) = owing("2026-03-09").await;
    bench.rounds(PLANNED, "2026-03-11T06:00Z").await;
    let messages = bench.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!((messages[0].at, messages[0].expires_at), (at(OPEN), at("2026-03-10T20:00Z")));
    assert!(messages[0].text.contains("50.00"), "{}", messages[0].text);
    assert_eq!(bench.states("A").await, ["submitting", "accepted", "delivered"]);
    assert_eq!(bench.sent().await, [pair("a1", "late1")]);
}

#[tokio::test]
async fn whoever_pays_between_plan_and_dispatch_is_not_reminded() {
    let (billing, bench) = owing("2026-03-09").await;
    bench.round(PLANNED).await;
    // The feed does not show it yet.
    billing.answers("a1", Some("0.00"));
    bench.round(OPEN).await;
    assert_eq!(bench.messages(), []);
    assert_eq!(bench.standing("A").await, [pair("suppressed", "paid_meanwhile")]);
    assert_eq!(bench.sent().await, []);

    billing.remaining("a1", "0.00");
    bench.rounds("2026-03-10T10:00Z", "2026-03-12T06:00Z").await;
    assert_eq!(bench.messages(), []);
    assert!(bench.why_not("A").await.iter().all(|row| !row.is_open));
}

#[tokio::test]
async fn whoever_pays_one_of_two_bills_is_reminded_of_the_other() {
    let (billing, bench) = owing("2026-03-09").await;
    billing.bill("a2", "A", "2026-03-03");
    bench.round(PLANNED).await;
    billing.answers("a1", Some("-1.00"));
    billing.answers("a2", Some("12.34"));
    bench.round(OPEN).await;
    let text = bench.messages().remove(0).text;
    assert!(text.contains("12.34") && !text.contains("50.00"), "{text}");
    assert_eq!(bench.sent().await, [pair("a2", "late7")]);
}

/// A courtesy for one bill and a last warning for another go together, in the
/// latter's voice; with that bill paid there is nothing left to warn of.
#[tokio::test]
async fn a_warning_is_not_given_for_a_bill_that_is_paid() {
    let (billing, bench) = owing("2026-03-09").await;
    bench.rounds(PLANNED, "2026-03-23T09:00Z").await;
    billing.bill("a2", "A", "2026-03-27");
    bench.rounds("2026-03-23T09:00Z", "2026-03-24T06:00Z").await;
    let before = bench.messages().len();
    // 03-24: notice15 for a1, before3 for a2.
    billing.answers("a1", Some("0.00"));
    bench.rounds("2026-03-24T06:00Z", "2026-03-24T20:00Z").await;
    let messages = bench.messages();
    assert_eq!(messages.len(), before + 1);
    assert!(bench.sent().await.contains(&pair("a2", "before3")));
    assert_eq!(messages[before].text, said(&bench.workshop, "courtesy"));
}

/// What a template says to account A about a2.
fn said(workshop: &duebell::pipeline::Workshop, template: &str) -> String {
    use duebell::message::{BillLine, MessageFacts};
    let facts = MessageFacts {
        operator: &workshop.operator,
        name: "",
        account: &"A".into(),
        language: "en",
        on: day("2026-03-24"),
        bills: vec![BillLine {
            bill: "a2".into(),
            remaining: duebell::model::Money::new(5_000, "EUR".parse().unwrap()),
            due_on: day("2026-03-27"),
        }],
        reply_url: "",
        asked: &[],
    };
    let rendered = workshop.messages.render(template, duebell::model::Channel::Sms, &facts);
    rendered.unwrap().content.words().into_owned()
}

#[tokio::test]
async fn a_bill_that_the_source_no_longer_knows_is_not_demanded() {
    let (billing, bench) = owing("2026-03-09").await;
    bench.round(PLANNED).await;
    billing.answers("a1", None);
    bench.round(OPEN).await;
    assert_eq!(bench.messages(), []);
    assert_eq!(bench.standing("A").await, [pair("suppressed", "paid_meanwhile")]);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_waits_for_another_day() {
    let (billing, bench) = owing("2026-03-09").await;
    bench.round(PLANNED).await;
    billing.answers("a1", Some("twelve"));
    bench.round(OPEN).await;
    assert_eq!(bench.messages(), []);
    assert_eq!(bench.standing("A").await, [pair("deferred", "stale_feed")]);

    billing.answers_truly();
    bench.rounds("2026-03-10T10:00Z", "2026-03-12T06:00Z").await;
    let sent: Vec<_> = bench.messages().iter().map(|message| message.at).collect();
    assert_eq!(sent, [at("2026-03-11T09:00Z")]);
}

#[tokio::test]
async fn nothing_is_sent_while_the_source_does_not_answer() {
    let (billing, bench) = owing("2026-03-09").await;
    bench.round("2026-03-10T08:30Z").await;
    billing.is_silent(true);
    let dispatch = Dispatch::new(bench.workshop.clone());
    assert!(dispatch.run_once(at(OPEN)).await.is_err());
    billing.is_silent(false);
    assert_eq!(dispatch.run_once(at("2026-03-10T09:01Z")).await.unwrap(), 1);
    assert_eq!(bench.messages().len(), 1);
}
