//! What both engines promise of holds that were placed here.

use duebell::model::hold::{Ending, Hold, HoldKind, PlacedHold};
use duebell::model::ledger::Rows;
use duebell::model::reply::{Meaning, Pledge};
use duebell::model::{Bucket, Moratorium};
use duebell::store::{HoldStore, PlanStore, ReplyStore, SettledReply, SqlStore};

use super::on_each_engine;
use super::replies::{PHONE, posted};
use crate::support::build::*;

fn placed(id: &str, kind: HoldKind, from: &str, to: &str) -> PlacedHold {
    PlacedHold {
        bucket: Bucket::of("A"),
        account: "A".into(),
        hold: Hold {
            id: id.into(),
            kind,
            bill: None,
            starts_on: day(from),
            ends_on: Some(day(to)),
            amount: Some(5_000),
        },
        currency: Some("EUR".parse().unwrap()),
        owner: "subscriber".into(),
        reason: "said by sms through carrier".into(),
        placed_at: at(NOON),
        ended: None,
    }
}

on_each_engine![
    a_placed_hold_stops_its_account_until_it_is_over_or_lifted,
    a_hold_comes_with_the_reply_that_it_follows_from_and_once,
    what_came_while_a_promise_ran_is_told_when_it_is_over,
    what_a_hold_came_to_is_said_once,
    a_moratorium_holds_whoever_lives_there,
];

async fn held(store: &SqlStore, on: &str) -> Vec<String> {
    let facts = store.facts(&[key("A")], day(on)).await.unwrap();
    let holds = facts[0].holds.iter().filter(|hold| hold.is_on(day(on)));
    holds.map(|hold| hold.id.clone()).collect()
}

async fn a_placed_hold_stops_its_account_until_it_is_over_or_lifted(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    look_at_all(store).await;
    let one = placed("h1", HoldKind::Staff, "2026-03-10", "2026-03-12");
    store.desk().place_hold(&one, &by("Ann", NOON)).await.unwrap();
    assert_eq!(touched(store).await, ["A"]);
    // The same again is not another.
    look_at_all(store).await;
    store.desk().place_hold(&one, &by("Ann", NOON)).await.unwrap();
    assert_eq!(touched(store).await, [""; 0]);
    for (on, expected) in
        [("2026-03-09", 0), ("2026-03-10", 1), ("2026-03-12", 1), ("2026-03-13", 0)]
    {
        assert_eq!(held(store, on).await.len(), expected, "{on}");
    }
    assert_eq!(store.desk().holds(10).await.unwrap(), [one]);

    assert!(store.desk().lift_hold("h1", &by("Ann", NOON)).await.unwrap());
    assert!(!store.desk().lift_hold("h1", &by("Ann", NOON)).await.unwrap());
    assert!(!store.desk().lift_hold("h2", &by("Ann", NOON)).await.unwrap());
    assert_eq!(touched(store).await, ["A"]);
    assert_eq!(held(store, "2026-03-11").await, [""; 0]);
    let past = store.placed_holds(&[key("A"), key("B")]).await.unwrap();
    assert_eq!(past.len(), 1);
    assert_eq!(past[0].ended, Some(Ending::Lifted));
}

async fn a_hold_comes_with_the_reply_that_it_follows_from_and_once(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    look_at_all(store).await;
    let pledge = Pledge { amount: Some(5_000), by: Some(day("2026-03-14")) };
    let meaning = Meaning::Promise(pledge);
    store.keep_replies(&[posted("m1", PHONE, meaning.clone())]).await.unwrap();
    let kept = store.unsettled_replies(&Bucket::all(), 10).await.unwrap();
    assert_eq!(kept[0].reply.meaning, meaning);
    let settled = SettledReply {
        kept: &kept[0],
        meaning,
        words: None,
        account: Some("A".into()),
        for_people: false,
        said: Vec::new(),
        hold: Some(placed(&kept[0].id, HoldKind::Promise, "2026-03-10", "2026-03-17")),
        wish: None,
        conversation: None,
    };
    for _ in 0..2 {
        store.settle_replies(&alone(), std::slice::from_ref(&settled), at(NOON)).await.unwrap();
    }
    assert_eq!(touched(store).await, ["A"]);
    assert_eq!(held(store, "2026-03-15").await, [kept[0].id.clone()]);
}

async fn what_came_while_a_promise_ran_is_told_when_it_is_over(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let bills = [bill("a1", "A", 3_000, "2026-03-09"), bill("a2", "A", 2_000, "2026-04-09")];
    with_bills(store, &bills).await;
    let paid = |id: &str, bill: Option<&str>, on: &str, state: &str| {
        let settled = payment(id, "A", bill, state);
        duebell::model::ledger::PaymentRow { paid_on: day(on), amount: 700, ..settled }
    };
    let payments = vec![
        paid("p0", Some("a1"), "2026-03-09", "settled"),
        paid("p1", Some("a1"), "2026-03-10", "settled"),
        paid("p2", Some("a2"), "2026-03-17", "settled"),
        paid("p3", Some("a1"), "2026-03-18", "settled"),
        paid("p4", Some("a1"), "2026-03-12", "pending"),
    ];
    merged(store, Rows::Payments(payments)).await;
    let one = placed("h1", HoldKind::Promise, "2026-03-10", "2026-03-17");
    let later = placed("h2", HoldKind::Paid, "2026-03-10", "2026-03-18");
    for hold in [&one, &later] {
        store.desk().place_hold(hold, &by("Ann", NOON)).await.unwrap();
    }
    assert_eq!(store.holds_over(&Bucket::all(), day("2026-03-17"), 10).await.unwrap(), []);
    let over = store.holds_over(&Bucket::all(), day("2026-03-18"), 10).await.unwrap();
    // Of the two bills the second is not due yet.
    let expected = duebell::store::HoldOver { placed: one, paid: 1_400, open: 3_000 };
    assert_eq!(over, [expected]);
    let elsewhere: Vec<Bucket> =
        Bucket::all().into_iter().filter(|it| *it != Bucket::of("A")).collect();
    assert_eq!(store.holds_over(&elsewhere, day("2026-04-01"), 10).await.unwrap(), []);
    assert_eq!(store.holds_over(&Bucket::all(), day("2026-04-01"), 1).await.unwrap().len(), 1);
}

async fn what_a_hold_came_to_is_said_once(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let one = placed("h1", HoldKind::Promise, "2026-03-10", "2026-03-17");
    store.desk().place_hold(&one, &by("Ann", NOON)).await.unwrap();
    for ending in [Ending::Broken, Ending::Kept] {
        store.end_holds(&alone(), &[(&one, ending)], at(NOON)).await.unwrap();
    }
    let past = store.placed_holds(&[key("A")]).await.unwrap();
    assert_eq!(past[0].ended, Some(Ending::Broken));
    assert_eq!(store.holds_over(&Bucket::all(), day("2026-04-01"), 10).await.unwrap(), []);
    assert_eq!(store.desk().holds(10).await.unwrap(), []);
}

async fn a_moratorium_holds_whoever_lives_there(store: &SqlStore) {
    let mut there = account("A");
    there.area = "21073".into();
    merged(store, Rows::Accounts(vec![there, account("B")])).await;
    let one = Moratorium {
        id: "m1".into(),
        area: Some("21*".into()),
        segment: None,
        starts_on: day("2026-03-10"),
        ends_on: day("2026-03-12"),
        owner: "Ann".into(),
        reason: "the flood".into(),
    };
    let desk = store.desk();
    for _ in 0..2 {
        desk.declare(&one, &by("Ann", NOON)).await.unwrap();
    }
    assert_eq!(desk.moratoriums(day("2026-03-12")).await.unwrap(), [one]);
    assert_eq!(desk.moratoriums(day("2026-03-13")).await.unwrap(), []);
    for (on, expected) in [("2026-03-09", 0), ("2026-03-12", 1), ("2026-03-13", 0)] {
        assert_eq!(held(store, on).await.len(), expected, "{on}");
    }
    let facts = store.facts(&[key("B")], day("2026-03-11")).await.unwrap();
    assert_eq!(facts[0].holds, []);
    assert!(desk.lift_moratorium("m1", &by("Ann", NOON)).await.unwrap());
    assert_eq!(held(store, "2026-03-11").await, [""; 0]);
}
