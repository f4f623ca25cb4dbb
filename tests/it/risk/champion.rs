//! The scorecard in use: put there by somebody with a reason, and then every
//! account that is looked at is scored.

use std::fmt::Write as _;

use duebell::model::audit::{Act, Doer, Through};
use duebell::model::control::CARD;
use duebell::model::id::spread;
use duebell::risk::scorecard::own::{Champion, names};
use duebell::risk::scorecard::{Card, Settings, fit};
use duebell::store::{AssessStore, PlanStore};
use serde_json::json;

use super::{sample, target};
use crate::daemon::{due_yesterday, installation};
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::build::*;

/// A table as `duebell score table` writes it: who had bills open, and was
/// late before, is late.
fn past() -> String {
    let mut text = format!("issued_on,{},late\n", names().join(","));
    for row in 0..900_u64 {
        let draw = |what: &str, below: u64| spread(&format!("{row} {what}")) % below;
        let (open, mean) = (draw("open", 4), draw("mean", 30));
        let late = u8::from(20 * open + 2 * mean + draw("luck", 60) > 110);
        let _ = writeln!(
            text,
            "2025-06-{:02},EUR,{},12,{mean},0.5,1,{},{mean},{open},{},{open},{late}",
            1 + row % 28,
            2_000 + draw("amount", 5_000),
            mean + 5,
            open * 3_000,
        );
    }
    text
}

fn card() -> Card {
    let sample = sample(&past(), ("late", "1"), &["issued_on"]);
    fit(&sample, &target("late", "1"), &Settings::default()).unwrap().card
}

#[tokio::test]
async fn whoever_is_looked_at_is_scored_by_the_card_in_use_and_the_loss_follows_it() {
    let billing = Billing::new();
    billing.account("A");
    billing.bill("a1", "A", "2026-03-09");
    let bench = Bench::live(billing).await.judging();
    bench.round("2026-03-10T06:00Z").await;
    let estimate = async || bench.store.estimates(&[key("A")]).await.unwrap().remove(&"A".into());
    let before = estimate().await.unwrap();
    assert_eq!((before.score, before.loss_percent), (None, 15));

    let card = card();
    let doer = Doer { by: "Ann".into(), through: Through::CommandLine, at: at(NOON) };
    let deed = doer.deed(Act::CardPromoted, card.version.clone(), json!({}));
    bench.store.desk().switch(CARD, Some(&card.to_toml()), deed).await.unwrap();
    // It is looked at again when a key account would be called.
    bench.round("2026-03-13T06:00Z").await;
    let after = estimate().await.unwrap();
    let score = after.score.unwrap();
    let bills = bench.store.desk().bills(&"A".into()).await.unwrap();
    let champion = Champion::new(card.clone()).unwrap();
    let (_, scored) = champion.scored(&bills, day("2026-03-13")).unwrap();
    assert_eq!((score.points, &score.card), (i64::from(scored.score), &card.version));
    assert_eq!(after.loss_percent, score.bad_percent);
    // A score decides nothing by itself: the class is as it was.
    let facts = bench.store.facts(&[key("A")], day("2026-03-13")).await.unwrap();
    assert_eq!(facts[0].class.as_str(), "unknown");
}

#[test]
fn a_card_is_promoted_by_somebody_with_a_reason_and_explains_an_account() {
    let installation = installation(&[("B1", due_yesterday())], "");
    installation.says(&["sync"]);
    let (past_csv, out) = (installation.at("past.csv"), installation.at("card"));
    std::fs::write(&past_csv, past()).unwrap();
    let fit = ["score", "fit", &past_csv, "--target", "late", "--leave-out", "issued_on"];
    installation.says(&[&fit[..], &["--out", &out]].concat());
    let card = format!("{out}/card.toml");
    let told = installation.says(&["score", "promote", &card, "--by", "Ann", "--reason", "tried"]);
    assert!(told.contains("is in use"), "{told}");
    let told = installation.says(&["score", "explain", "A1"]);
    assert!(told.contains("a bad end:") && told.contains("to start with"), "{told}");
    let audit = installation.says(&["audit", "list"]);
    assert!(audit.contains("card promoted") && audit.contains("Ann"), "{audit}");
    let told = installation.says(&["score", "retire", "--by", "Ann", "--reason", "too old"]);
    assert!(told.contains("nobody is scored"), "{told}");
}

#[test]
fn a_card_that_asks_for_what_no_bill_says_is_not_put_in_use() {
    let text = past().replace("open_amount", "credit_limit");
    let sample = sample(&text, ("late", "1"), &["issued_on"]);
    let card = fit(&sample, &target("late", "1"), &Settings::default()).unwrap().card;
    assert!(card.characteristics.iter().any(|it| it.name == "credit_limit"));
    let refused = Champion::new(card).unwrap_err().to_string();
    assert_eq!(refused, "there is no column credit_limit, which the card asks for");
}
