//! A debt episode from its first reminder to its cure, and the version of the
//! scenario that decides it.

use duebell::model::Severity;
use duebell::model::facts::Case;
use duebell::store::PlanStore;

use super::{owing, pair};
use crate::support::bench::{Bench, LADDER};
use crate::support::billing::Billing;
use crate::support::build::*;
use crate::support::carrier::{Carrier, misworded};

async fn case(bench: &Bench) -> Option<Case> {
    bench.store.facts(&[key("A")], day("2026-04-20")).await.unwrap().remove(0).case
}

async fn stage(bench: &Bench) -> Option<(String, Severity)> {
    case(bench).await.map(|case| (case.opened_on.to_string(), case.stage))
}

fn opened(on: &str, stage: Severity) -> Option<(String, Severity)> {
    Some((on.to_owned(), stage))
}

#[tokio::test]
async fn a_case_opens_rises_and_is_cured() {
    let (billing, bench) = owing("2026-03-13").await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(stage(&bench).await, opened(TODAY, Severity::Courtesy));
    bench.rounds("2026-03-11T06:00Z", "2026-03-15T06:00Z").await;
    assert_eq!(stage(&bench).await, opened(TODAY, Severity::Soft));
    bench.rounds("2026-03-15T06:00Z", "2026-03-29T06:00Z").await;
    assert_eq!(stage(&bench).await, opened(TODAY, Severity::Hard));
    let steps: Vec<String> = bench.sent().await.into_iter().map(|(_, step)| step).collect();
    assert_eq!(steps, ["before3", "late1", "late7", "notice15"]);

    billing.remaining("a1", "0.00");
    bench.round("2026-03-29T06:00Z").await;
    assert_eq!(stage(&bench).await, None);
    // The next bill is another episode.
    billing.bill("a2", "A", "2026-04-05");
    bench.rounds("2026-03-29T07:00Z", "2026-04-07T06:00Z").await;
    assert_eq!(stage(&bench).await, opened("2026-04-02", Severity::Soft));
}

/// A courtesy case ends with its bill; nothing hard may lean on it.
#[tokio::test]
async fn a_courtesy_that_was_heeded_leaves_no_case() {
    let (billing, bench) = owing("2026-03-13").await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    billing.remaining("a1", "0.00");
    bench.round("2026-03-11T06:00Z").await;
    assert_eq!(stage(&bench).await, None);
    assert_eq!(bench.messages().len(), 1);
}

#[tokio::test]
async fn an_open_case_keeps_its_version_and_the_next_follows_the_edit() {
    let (billing, mut bench) = owing("2026-03-09").await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    let before = case(&bench).await.unwrap().policy;
    // late7 becomes late5, and only mail is used.
    let edited = LADDER
        .replace("late7", "late5")
        .replace("offset_days = 7", "offset_days = 5")
        .replace("\"sms\", \"email\"", "\"email\"");
    bench.edit(&edited).await;
    billing.account("B");
    billing.bill("b1", "B", "2026-03-09");
    bench.rounds("2026-03-11T06:00Z", "2026-03-17T06:00Z").await;

    let sent = bench.sent().await;
    let of = |bill: &str| -> Vec<&str> {
        sent.iter().filter(|(of, _)| of == bill).map(|(_, step)| step.as_str()).collect()
    };
    assert_eq!(of("a1"), ["late1", "late7"]);
    assert_eq!(of("b1"), ["late1", "late5"]);
    assert_eq!(case(&bench).await.unwrap().policy, before);

    billing.remaining("a1", "0.00");
    bench.round("2026-03-17T06:00Z").await;
    billing.bill("a2", "A", "2026-03-20");
    bench.rounds("2026-03-17T07:00Z", "2026-03-27T06:00Z").await;
    let sent = bench.sent().await;
    let steps: Vec<_> = sent.iter().filter(|(bill, _)| bill == "a2").map(|(_, s)| s).collect();
    assert_eq!(steps, ["before3", "late1", "late5"]);
    assert_ne!(case(&bench).await.unwrap().policy, before);
}

#[tokio::test]
async fn ten_days_down_are_followed_by_one_reminder_for_each_account() {
    let billing = Billing::new();
    let accounts: Vec<String> = (0..20).map(|n| format!("account {n}")).collect();
    for (n, account) in accounts.iter().enumerate() {
        billing.account(account);
        // Due around the outage, two bills each.
        let (one, other) = (1 + n % 15, 1 + (n + 5) % 15);
        billing.bill(&format!("{account}/1"), account, &format!("2026-03-{one:02}"));
        billing.bill(&format!("{account}/2"), account, &format!("2026-03-{other:02}"));
    }
    let bench = Bench::live(billing).await;
    bench.rounds("2026-03-01T00:00Z", "2026-03-05T00:00Z").await;
    let before = bench.messages().len();
    let stages = bench.stages();
    stages.recover(at("2026-03-15T12:00Z")).await.unwrap();
    bench.rounds("2026-03-15T12:00Z", "2026-03-17T00:00Z").await;

    let messages = bench.messages();
    let mut since: Vec<String> =
        messages[before..].iter().map(|m| m.key.reminder.to_string()).collect();
    let count = since.len();
    since.sort();
    since.dedup();
    assert_eq!(since.len(), count, "nobody twice");
    let mut reached = 0;
    for account in &accounts {
        let attempts = bench.attempts(account).await;
        let submitted = attempts.iter().filter(|line| line.state == "submitting");
        let today = submitted.filter(|line| line.at > at("2026-03-15T00:00Z")).count();
        assert!(today <= 1, "{account}");
        reached += today;
    }
    assert_eq!(reached, count);
    assert!(count >= 10, "{count}");
}

/// Nobody is threatened unwarned: first a soft word that arrived, then time.
#[tokio::test]
async fn a_hard_step_waits_for_a_soft_one_and_for_its_gap() {
    let billing = Billing::new();
    billing.account("A");
    // The bill comes late: all soft steps were missed.
    billing.bill("a1", "A", "2026-02-23");
    let bench = Bench::live(billing).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-20T06:00Z").await;
    let sent: Vec<_> = bench.store.desk().sent().await.unwrap();
    let sent: Vec<_> =
        sent.iter().map(|line| (line.date.to_string(), line.step.as_str())).collect();
    assert_eq!(sent, [(TODAY.to_owned(), "late7"), ("2026-03-15".to_owned(), "notice15")]);
}

#[tokio::test]
async fn a_soft_word_that_nobody_would_carry_counts_as_tried() {
    let (_, mut bench) = owing("2026-02-23").await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(true);
    carrier.will([misworded(), misworded()]);
    bench.rounds("2026-03-10T06:00Z", "2026-03-15T06:00Z").await;
    assert_eq!(bench.standing("A").await[0], pair("rejected", "undeliverable"));
    assert_eq!(bench.sent().await, [pair("a1", "late7")]);
    bench.rounds("2026-03-15T06:00Z", "2026-03-16T06:00Z").await;
    assert_eq!(bench.sent().await.len(), 2);
}

#[tokio::test]
async fn a_soft_word_that_is_still_under_way_holds_the_hard_one_back() {
    let (_, mut bench) = owing("2026-02-23").await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(true);
    // Accepted, and no receipt for longer than the gap.
    bench.workshop.settings.receipt_deadline_s = 10 * 86_400;
    bench.rounds("2026-03-10T06:00Z", "2026-03-20T06:00Z").await;
    assert_eq!(bench.sent().await, [pair("a1", "late7")]);
    let held = bench.why_not("A").await;
    assert!(held.iter().any(|row| row.step == "notice15" && row.reason.as_str() == "notice_gap"));
    // The deadline passes: every way was tried.
    bench.rounds("2026-03-20T06:00Z", "2026-03-22T06:00Z").await;
    assert_eq!(bench.sent().await.len(), 2);
}
