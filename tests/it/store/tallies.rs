//! What days came to: counted once, whoever plans again, and kept for a year.

use duebell::model::brake::{Alarm, Because, Released, Sign, Tally};
use duebell::model::reply::Meaning;
use duebell::model::{Bucket, audit::Act};
use duebell::store::{ControlStore, ReplyStore, RetentionStore, SettledReply, SqlStore};
use serde_json::json;

use super::on_each_engine;
use super::replies::{PHONE, posted};
use crate::support::build::*;

on_each_engine![
    an_account_that_is_planned_again_counts_once_a_day,
    whoever_wants_no_more_counts_once,
    the_brake_is_released_with_a_finding,
];

async fn tally(store: &SqlStore, on: &str) -> Tally {
    let tallies = store.tallies(day("2026-01-01")).await.unwrap();
    tallies.get(&day(on)).copied().unwrap_or_default()
}

async fn an_account_that_is_planned_again_counts_once_a_day(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    for (account, revision) in [("A", 0), ("A", 1), ("B", 0)] {
        planned(store, &reminder(account, revision, &[item("a1", "late1")])).await;
    }
    assert_eq!(tally(store, TODAY).await, Tally { planned: 2, stops: 0 });
    assert!(store.tallies(day("2026-03-11")).await.unwrap().is_empty());
    for bucket in Bucket::all() {
        store.forget_contacts(bucket, day(TODAY)).await.unwrap();
    }
    assert_eq!(tally(store, TODAY).await.planned, 2);
    for bucket in Bucket::all() {
        store.forget_contacts(bucket, day("2026-03-11")).await.unwrap();
    }
    assert_eq!(tally(store, TODAY).await.planned, 0);
}

async fn whoever_wants_no_more_counts_once(store: &SqlStore) {
    let meanings =
        [Meaning::OptOut, Meaning::Complaint, Meaning::WrongNumber, Meaning::Help, Meaning::OptIn];
    for (n, meaning) in meanings.into_iter().enumerate() {
        store.keep_replies(&[posted(&format!("m{n}"), PHONE, meaning)]).await.unwrap();
    }
    let kept = store.unsettled_replies(&Bucket::all(), 10).await.unwrap();
    let settled = |kept| -> SettledReply<'_> {
        let one: &duebell::store::KeptReply = kept;
        SettledReply {
            kept: one,
            meaning: one.reply.meaning.clone(),
            words: None,
            account: None,
            for_people: false,
            said: Vec::new(),
            hold: None,
            wish: None,
            conversation: None,
        }
    };
    let settled: Vec<SettledReply<'_>> = kept.iter().map(settled).collect();
    for _ in 0..2 {
        store.settle_replies(&alone(), &settled, at(NOON)).await.unwrap();
    }
    assert_eq!(tally(store, TODAY).await, Tally { planned: 0, stops: 3 });
}

async fn the_brake_is_released_with_a_finding(store: &SqlStore) {
    let alarm = Alarm { sign: Sign::Planned, on: day(TODAY), seen: 9, at_most: 4 };
    let value = serde_json::to_string(&alarm).unwrap();
    store.set_control("brake", Some(&value), at(NOON)).await.unwrap();
    assert_eq!(store.control().await.unwrap().brake.as_ref(), Some(&alarm));
    let tallies = store.tallies(alarm.on).await.unwrap();
    let released = Released::of(&alarm, &tallies, day("2026-03-11"), Because::Mended);
    let deed = by("Ann", NOON).deed(Act::Released, None, json!(released));
    store.desk().release(&released, deed).await.unwrap();
    let control = store.control().await.unwrap();
    assert_eq!((control.brake, control.released), (None, vec![released]));
}
