//! What both engines promise of estimates, the watch list and departures.

use duebell::model::cause::{DebtClass, Response, Value, Warning};
use duebell::model::departure::{Departure, How};
use duebell::model::estimate::{Estimate, SelfCure, WayCost};
use duebell::model::evidence::{Fact, Terms};
use duebell::model::ledger::{EvidenceRow, Rows};
use duebell::model::{Bucket, Channel, Reason, Tier};
use duebell::policy::WhyNot;
use duebell::store::{
    AssessStore, Assessed, Departed, Estimated, OutboxStore, PlanStore, RetentionStore, SqlStore,
    Watched,
};

use super::on_each_engine;
use super::outbox::submission;
use crate::support::build::*;

on_each_engine![
    an_estimate_is_a_fact_of_its_account_while_it_is_fresh,
    the_watch_list_has_an_account_once_and_until_its_bill_is_due,
    accounts_are_found_by_the_days_on_which_their_bills_fall_due,
    a_step_that_was_kept_back_counts_as_saved_where_nobody_reminded_of_the_bill,
    a_departure_keeps_the_code_that_staff_chose_and_ends_with_a_return,
    news_of_a_contract_that_is_over_finds_its_account,
];

fn estimate(costs: i64) -> Estimate {
    Estimate {
        value: Value { tier: Tier::Small, says: "small: \"said\"".into() },
        self_cure: Some(SelfCure { of: 8, percent: 100, by_days: 2 }),
        currency: "EUR".parse().ok(),
        loss_percent: 15,
        ways: vec![WayCost { channel: Channel::Sms, costs, saves: 75 }],
        is_binding: true,
        figures: "v1".into(),
        score: None,
        is_called: true,
        estimated_on: day(TODAY),
    }
}

async fn put(store: &SqlStore, page: Assessed) {
    store.record_assessed(&alone(), &page).await.unwrap();
}

async fn estimated(store: &SqlStore, account: &str, costs: i64, touches: bool) {
    let (bucket, account) = key(account);
    let one = Estimated { bucket, account, estimate: estimate(costs), touches };
    put(store, Assessed { estimates: vec![one], ..Assessed::default() }).await;
}

async fn an_estimate_is_a_fact_of_its_account_while_it_is_fresh(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    look_at_all(store).await;
    estimated(store, "A", 7, false).await;
    assert_eq!(touched(store).await, [""; 0]);
    estimated(store, "A", 9, true).await;
    assert_eq!(touched(store).await, ["A"]);
    let of = async |account: &str, on: &str| {
        store.facts(&[key(account)], day(on)).await.unwrap().remove(0).estimate
    };
    assert_eq!(of("A", TODAY).await, Some(estimate(9)));
    let last = estimate(9).expires_on();
    assert_eq!(of("A", &last.to_string()).await, Some(estimate(9)));
    assert_eq!(of("A", "2026-06-01").await, None);
    assert_eq!(of("B", TODAY).await, None);
    // Whoever judges anew knows what was said last, fresh or not.
    let known = store.estimates(&[key("A"), key("B")]).await.unwrap();
    assert_eq!(known.into_iter().collect::<Vec<_>>(), [("A".into(), estimate(9))]);
}

fn warning(rule: &str, response: Response, weight: i32) -> Warning {
    Warning { rule: rule.into(), response, says: "says \"so\"".into(), weight }
}

async fn watched(store: &SqlStore, account: &str, on: &str, warnings: Vec<Warning>) {
    let (bucket, account) = key(account);
    let (watched_on, until_on) = (day(on), day("2026-03-20"));
    let one = Watched { bucket, account, watched_on, until_on, warnings };
    put(store, Assessed { watched: vec![one], ..Assessed::default() }).await;
}

async fn the_watch_list_has_an_account_once_and_until_its_bill_is_due(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    watched(store, "A", "2026-03-09", vec![warning("old", Response::Care, 5)]).await;
    let both = vec![warning("a", Response::Gentle, 30), warning("b", Response::Care, 20)];
    watched(store, "A", TODAY, both.clone()).await;
    watched(store, "B", TODAY, vec![warning("c", Response::Care, 60)]).await;
    let list = store.desk().watch_list(day("2026-03-01"), 10).await.unwrap();
    let names: Vec<&str> = list.iter().map(|one| one.account.as_str()).collect();
    assert_eq!((names, &list[1].warnings), (vec!["B", "A"], &both));
    assert_eq!(store.desk().watch_list(day("2026-03-11"), 10).await.unwrap(), []);
    let is_watched = async |account: &str, on: &str| {
        store.facts(&[key(account)], day(on)).await.unwrap()[0].is_watched
    };
    assert!(is_watched("A", "2026-03-20").await && !is_watched("A", "2026-03-21").await);
    assert!(!is_watched("B", TODAY).await, "care alone looks at it");
}

async fn accounts_are_found_by_the_days_on_which_their_bills_fall_due(store: &SqlStore) {
    with_accounts(store, &["A", "B", "C"]).await;
    let bills = [
        bill("a1", "A", 5_000, "2026-03-16"),
        bill("a2", "A", 5_000, "2026-03-17"),
        bill("b1", "B", 5_000, "2026-03-18"),
        bill("c1", "C", 0, "2026-03-17"),
    ];
    with_bills(store, &bills).await;
    let found = async |from: &str, before: &str| {
        let days = (day(from), day(before));
        let found = store.falling_due(&Bucket::all(), days).await.unwrap();
        found.into_iter().map(|(_, account)| account.0).collect::<Vec<_>>()
    };
    assert_eq!(found("2026-03-16", "2026-03-18").await, ["A"]);
    assert_eq!(found("2026-03-18", "2026-03-19").await, ["B"]);
    assert_eq!(found("2026-03-17", "2026-03-17").await, [""; 0]);
}

async fn a_step_that_was_kept_back_counts_as_saved_where_nobody_reminded_of_the_bill(
    store: &SqlStore,
) {
    with_accounts(store, &["A", "B", "C"]).await;
    for (id, account) in [("a1", "A"), ("b1", "B"), ("c1", "C")] {
        with_bills(store, &[bill(id, account, 5_000, "2026-03-09")]).await;
        let mut one = decided(store, account).await;
        let kept = |reason| WhyNot {
            bill: id.into(),
            step: "late1".into(),
            step_on: day(TODAY),
            limit_on: day("2026-03-15"),
            reason,
            is_open: true,
        };
        one.why_not = vec![kept(Reason::SelfCures)];
        record(store, vec![one]).await;
    }
    // B was reminded after all, and C did not pay.
    let reminder = reminder("B", 0, &[item("b1", "late7")]);
    planned(store, &reminder).await;
    store.submit(&alone(), &[submission(&reminder)], at(NOON)).await.unwrap();
    let paid = [bill("a1", "A", 0, "2026-03-09"), bill("b1", "B", 0, "2026-03-09")];
    with_bills(store, &paid).await;
    let [one] = &store.desk().spared().await.unwrap()[..] else { panic!("one step") };
    assert_eq!((one.step.as_str(), one.kept_back, one.paid_alone), ("late1", 3, 1));
    let (bucket, _) = key("A");
    store.forget_bucket(bucket, day("2027-12-01")).await.unwrap();
    assert!(store.desk().spared().await.unwrap()[0].kept_back < 3);
}

fn went(account: &str, code: &str, offered_on: Option<&str>) -> (Bucket, Departure) {
    let (bucket, account) = key(account);
    let departure = Departure {
        account,
        left_on: day(TODAY),
        how: How::Left,
        code: code.into(),
        says: "nobody said".into(),
        class: DebtClass::Unknown,
        tier: Tier::Ordinary,
        attributed_on: day(TODAY),
        set_by: None,
        offered_on: offered_on.map(day),
        back_on: None,
    };
    (bucket, departure)
}

async fn departs(store: &SqlStore, one: (Bucket, Departure)) {
    let departed = Departed { went: vec![one], back: Vec::new() };
    put(store, Assessed { departed, ..Assessed::default() }).await;
}

async fn a_departure_keeps_the_code_that_staff_chose_and_ends_with_a_return(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    departs(store, went("A", "not_said", Some(TODAY))).await;
    departs(store, went("B", "number_ported", None)).await;
    let desk = store.desk();
    let ann = by("Ann", NOON);
    let chosen = ("better_price", "half the price");
    assert!(desk.set_departure_code(&key("A"), chosen, &ann).await.unwrap());
    assert!(!desk.set_departure_code(&key("C"), chosen, &ann).await.unwrap());
    departs(store, went("A", "network_fault", None)).await;
    let [a] = &store.departures(&[key("A")]).await.unwrap()[..] else { panic!("one departure") };
    assert_eq!((a.code.as_str(), a.says.as_str()), chosen);
    assert_eq!((a.set_by.as_deref(), a.offered_on), (Some("Ann"), Some(day(TODAY))));
    let (bucket, account) = key("A");
    let departed = Departed { went: Vec::new(), back: vec![(bucket, account, day("2026-03-12"))] };
    put(store, Assessed { departed, ..Assessed::default() }).await;
    let since = day("2026-03-01");
    let listed = desk.departures(since, Some("better_price"), 10).await.unwrap();
    assert_eq!(listed[0].back_on, Some(day("2026-03-12")));
    let counts = desk.departures_by_code(since, day("2026-03-11")).await.unwrap();
    let counts: Vec<_> =
        counts.iter().map(|it| (it.code.as_str(), it.went, it.offered, it.came_back)).collect();
    assert_eq!(counts, [("better_price", 1, 1, 1), ("number_ported", 1, 0, 0)]);
    assert_eq!(desk.departures(day("2026-03-11"), None, 10).await.unwrap(), []);
}

async fn news_of_a_contract_that_is_over_finds_its_account(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    look_at_all(store).await;
    let departing = async || {
        let found = store.departing(&Bucket::all()).await.unwrap();
        found.into_iter().map(|(_, account)| account.0).collect::<Vec<_>>()
    };
    let tell = async |account: &str, ended_on: Option<&str>| {
        let terms = Terms { ended_on: ended_on.map(day), ..Terms::default() };
        let row = EvidenceRow {
            row_id: format!("c{account}"),
            account_id: account.into(),
            fact: Fact::Contract(terms),
        };
        let feed = row.fact.feed();
        merged(store, Rows::Evidence(feed, vec![row])).await;
    };
    tell("B", None).await;
    assert_eq!(departing().await, [""; 0]);
    tell("A", Some(TODAY)).await;
    assert_eq!(departing().await, ["A"]);
    departs(store, went("A", "not_said", None)).await;
    look_at_all(store).await;
    assert_eq!(departing().await, [""; 0]);
    // Its return is news as well.
    tell("A", None).await;
    assert_eq!(departing().await, ["A"]);
}
