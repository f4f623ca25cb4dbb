//! What sync may rely on: pages are merged once each, and whatever does not
//! fit is set aside and counted.

use duebell::model::feed::{Cursor, Feed, Reject};
use duebell::model::ledger::{Counts, Rows};
use duebell::model::{AccountId, Bill, Bucket, Owner};
use duebell::store::{LeaseStore, LedgerStore, PlanStore, SqlStore, StoreError};

use super::on_each_engine;
use crate::support::build::*;

on_each_engine![
    a_page_that_comes_twice_changes_nothing_and_touches_nobody,
    a_changed_bill_touches_its_account_alone,
    a_row_without_its_account_waits_and_is_used_once_the_account_comes,
    a_bill_id_of_another_account_is_set_aside,
    a_foreign_claim_to_a_bill_costs_its_owner_nothing,
    of_two_rows_of_one_id_the_last_counts_and_the_other_is_set_aside,
    the_same_row_twice_is_one_row_and_nothing_is_set_aside,
    the_day_on_which_a_bill_is_seen_settled_is_kept,
    a_settlement_day_that_the_source_gives_is_taken,
    a_bill_that_is_open_again_has_no_settlement_day,
    the_feed_mark_moves_with_each_page_and_is_fresh_only_with_the_last,
    a_feed_without_a_single_row_is_fresh_once_it_was_read,
    reading_a_feed_again_starts_from_the_beginning,
    what_was_read_is_what_was_used_and_what_was_set_aside,
    a_row_that_comes_again_mended_is_no_longer_set_aside,
    a_payment_and_a_hold_touch_their_account,
    a_large_page_of_new_rows_among_known_ones_is_merged_as_a_small_one_is,
    an_account_that_comes_again_changed_is_changed,
    an_account_keeps_the_bucket_of_its_first_sight,
];

async fn bills_of(store: &SqlStore, account: &str) -> Vec<Bill> {
    store.desk().bills(&AccountId::from(account)).await.unwrap()
}

/// Feed, row and field of all that is set aside.
async fn set_aside(store: &SqlStore) -> Vec<(String, String)> {
    let lines = store.desk().rejects(100).await.unwrap();
    lines.into_iter().map(|line| (line.row, line.field)).collect()
}

fn counts(read: u64, used: u64, set_aside: u64) -> Counts {
    Counts { read, used, set_aside }
}

async fn a_page_that_comes_twice_changes_nothing_and_touches_nobody(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let rows = [bill("b1", "A", 5_000, "2026-03-09"), bill("b2", "A", 0, "2026-03-01")];
    with_bills(store, &rows).await;
    merged(store, Rows::Payments(vec![payment("p1", "A", Some("b2"), "settled")])).await;
    merged(store, Rows::Holds(vec![hold("h1", "A", "promise", None)])).await;
    look_at_all(store).await;
    let before = bills_of(store, "A").await;

    with_accounts(store, &["A"]).await;
    with_bills(store, &rows).await;
    merged(store, Rows::Payments(vec![payment("p1", "A", Some("b2"), "settled")])).await;
    merged(store, Rows::Holds(vec![hold("h1", "A", "promise", None)])).await;

    assert_eq!(touched(store).await, [""; 0]);
    assert_eq!(bills_of(store, "A").await, before);
    assert_eq!(store.held(Feed::Bills, None).await.unwrap(), 2);
}

async fn a_changed_bill_touches_its_account_alone(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    let (a, b) = (bill("a1", "A", 5_000, "2026-03-09"), bill("b1", "B", 5_000, "2026-03-09"));
    with_bills(store, &[a, b.clone()]).await;
    assert_eq!(touched(store).await, ["A", "B"]);
    look_at_all(store).await;

    with_bills(store, &[bill("a1", "A", 4_999, "2026-03-09"), b]).await;
    assert_eq!(touched(store).await, ["A"]);
}

async fn a_row_without_its_account_waits_and_is_used_once_the_account_comes(store: &SqlStore) {
    let rows = vec![bill("b1", "A", 5_000, "2026-03-09")];
    assert_eq!(merged(store, Rows::Bills(rows)).await, counts(1, 0, 1));
    let late = vec![payment("p1", "A", None, "pending")];
    assert_eq!(merged(store, Rows::Payments(late)).await, counts(1, 0, 1));
    assert_eq!(store.merge_awaited(&alone(), day(TODAY), at(NOON)).await.unwrap(), 0);
    assert_eq!(set_aside(store).await.len(), 2);

    with_accounts(store, &["A"]).await;
    assert_eq!(store.merge_awaited(&alone(), day(TODAY), at(NOON)).await.unwrap(), 2);
    assert_eq!(store.merge_awaited(&alone(), day(TODAY), at(NOON)).await.unwrap(), 0);
    assert_eq!(set_aside(store).await, []);
    assert_eq!(bills_of(store, "A").await.len(), 1);
    assert_eq!(touched(store).await, ["A"]);
}

async fn a_bill_id_of_another_account_is_set_aside(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    with_bills(store, &[bill("b1", "A", 5_000, "2026-03-09")]).await;
    let foreign = vec![bill("b1", "B", 1, "2026-03-09"), bill("b2", "B", 2, "2026-03-09")];
    assert_eq!(merged(store, Rows::Bills(foreign)).await, counts(2, 1, 1));

    assert_eq!(set_aside(store).await, [("b1".to_owned(), "bill_id".to_owned())]);
    assert_eq!(bills_of(store, "A").await[0].remaining, 5_000);
    assert_eq!(bills_of(store, "B").await.len(), 1);
}

async fn a_foreign_claim_to_a_bill_costs_its_owner_nothing(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    with_bills(store, &[bill("b1", "A", 5_000, "2026-03-09")]).await;
    // One page: the owner pays, and somebody else claims the id.
    let both = vec![bill("b1", "A", 0, "2026-03-09"), bill("b1", "B", 7, "2026-03-09")];
    assert_eq!(merged(store, Rows::Bills(both)).await, counts(2, 1, 1));
    assert_eq!(bills_of(store, "A").await[0].remaining, 0);
    assert_eq!(bills_of(store, "B").await, []);
}

async fn of_two_rows_of_one_id_the_last_counts_and_the_other_is_set_aside(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let rows = vec![bill("b1", "A", 5_000, "2026-03-09"), bill("b1", "A", 3_000, "2026-03-09")];
    assert_eq!(merged(store, Rows::Bills(rows)).await, counts(2, 1, 1));
    assert_eq!(bills_of(store, "A").await[0].remaining, 3_000);
    assert_eq!(set_aside(store).await, [("b1".to_owned(), "bill_id".to_owned())]);
    assert_eq!(store.held(Feed::Bills, None).await.unwrap(), 2);
}

async fn the_same_row_twice_is_one_row_and_nothing_is_set_aside(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let row = bill("b1", "A", 5_000, "2026-03-09");
    assert_eq!(merged(store, Rows::Bills(vec![row.clone(), row])).await, counts(2, 2, 0));
    assert_eq!(bills_of(store, "A").await.len(), 1);
    assert_eq!(set_aside(store).await, []);

    // Where it cannot be used, it is set aside as often as it came.
    let stray = bill("b2", "nobody", 5_000, "2026-03-09");
    assert_eq!(merged(store, Rows::Bills(vec![stray.clone(), stray])).await, counts(2, 0, 2));
}

async fn the_day_on_which_a_bill_is_seen_settled_is_kept(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let paid = || page(Rows::Bills(vec![bill("b1", "A", 0, "2026-03-01")]));
    with_bills(store, &[bill("b1", "A", 5_000, "2026-03-01")]).await;
    store.merge(&alone(), paid(), day("2026-03-12"), at("2026-03-12T12:00Z")).await.unwrap();
    // The overlap brings it again; an adjusted amount changes the row.
    let mut adjusted = bill("b1", "A", 0, "2026-03-01");
    adjusted.amount = 4_000;
    store.merge(&alone(), paid(), day("2026-03-13"), at("2026-03-13T12:00Z")).await.unwrap();
    let adjusted = page(Rows::Bills(vec![adjusted]));
    store.merge(&alone(), adjusted, day("2026-03-14"), at("2026-03-14T12:00Z")).await.unwrap();

    let kept = bills_of(store, "A").await.remove(0);
    assert_eq!((kept.amount, kept.settled_on), (4_000, Some(day("2026-03-12"))));
}

async fn a_settlement_day_that_the_source_gives_is_taken(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let mut paid = bill("b1", "A", 0, "2026-03-01");
    paid.settled_on = Some(day("2026-02-27"));
    with_bills(store, &[paid]).await;
    assert_eq!(bills_of(store, "A").await[0].settled_on, Some(day("2026-02-27")));
}

async fn a_bill_that_is_open_again_has_no_settlement_day(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    with_bills(store, &[bill("b1", "A", 0, "2026-03-01")]).await;
    assert_eq!(bills_of(store, "A").await[0].settled_on, Some(day(TODAY)));
    // The payment bounced.
    with_bills(store, &[bill("b1", "A", 5_000, "2026-03-01")]).await;
    assert_eq!(bills_of(store, "A").await[0].settled_on, None);
}

async fn the_feed_mark_moves_with_each_page_and_is_fresh_only_with_the_last(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    assert_eq!(store.feed_mark(Feed::Bills).await.unwrap(), None);

    let cursor = |id: &str| Cursor { changed_at: "2026-03-10 10:00:00".into(), id: id.into() };
    let mut first = page(Rows::Bills(vec![bill("b1", "A", 1, "2026-03-09")]));
    (first.cursor, first.is_last) = (cursor("b1"), false);
    store.merge(&alone(), first.clone(), day(TODAY), at(NOON)).await.unwrap();
    let mark = store.feed_mark(Feed::Bills).await.unwrap().unwrap();
    assert_eq!((mark.cursor, mark.read_at), (cursor("b1"), None));

    let mut last = page(Rows::Bills(vec![bill("b2", "A", 1, "2026-03-09")]));
    last.cursor = cursor("b2");
    store.merge(&alone(), last, day(TODAY), at(NOON)).await.unwrap();
    let mark = store.feed_mark(Feed::Bills).await.unwrap().unwrap();
    assert_eq!((mark.cursor, mark.read_at), (cursor("b2"), Some(at(NOON))));
    assert_eq!(mark.counts, counts(2, 2, 0));

    // A later reading that is cut short leaves the feed as old as it was.
    first.cursor = cursor("b3");
    store.merge(&alone(), first, day(TODAY), at("2026-03-10T13:00Z")).await.unwrap();
    let mark = store.feed_mark(Feed::Bills).await.unwrap().unwrap();
    assert_eq!((mark.cursor, mark.read_at), (cursor("b3"), Some(at(NOON))));
    store.touch_feed(Feed::Bills, at("2026-03-10T14:00Z")).await.unwrap();
    let mark = store.feed_mark(Feed::Bills).await.unwrap().unwrap();
    assert_eq!((mark.cursor, mark.read_at), (cursor("b3"), Some(at("2026-03-10T14:00Z"))));
}

/// Nobody has a hold yet: that must not look like a feed that fails.
async fn a_feed_without_a_single_row_is_fresh_once_it_was_read(store: &SqlStore) {
    store.touch_feed(Feed::Holds, at(NOON)).await.unwrap();
    let mark = store.feed_mark(Feed::Holds).await.unwrap().unwrap();
    assert_eq!((mark.cursor, mark.read_at), (Cursor::start(), Some(at(NOON))));
    assert_eq!(mark.counts, Counts::default());
}

async fn reading_a_feed_again_starts_from_the_beginning(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    store.reread(Feed::Accounts).await.unwrap();
    let mark = store.feed_mark(Feed::Accounts).await.unwrap().unwrap();
    assert_eq!((mark.cursor, mark.read_at), (Cursor::start(), Some(at(NOON))));
}

async fn what_was_read_is_what_was_used_and_what_was_set_aside(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let unreadable = Reject {
        feed: Feed::Bills,
        row: "b9".into(),
        field: "amount".into(),
        reason: "\"many\" is not a decimal number".into(),
        is_warning: false,
        awaits_account: None,
        raw: "[\"b9\"]".into(),
    };
    let warning = Reject { row: "b1".into(), is_warning: true, ..unreadable.clone() };
    let mut mixed = page(Rows::Bills(vec![
        bill("b1", "A", 1, "2026-03-09"),
        bill("b2", "nobody", 1, "2026-03-09"),
    ]));
    (mixed.read, mixed.rejects) = (3, vec![unreadable, warning]);
    let got = store.merge(&alone(), mixed, day(TODAY), at(NOON)).await.unwrap();
    assert_eq!(got, counts(3, 1, 2));
    assert_eq!(store.held(Feed::Bills, None).await.unwrap(), 3);
    let line = &store.desk().feeds().await.unwrap()[1];
    assert_eq!((line.feed.as_str(), line.read, line.used, line.set_aside), ("bills", 3, 1, 2));
    let lines = store.desk().rejects(100).await.unwrap();
    let shown: Vec<_> = lines.iter().map(|l| (l.row.as_str(), l.is_warning)).collect();
    assert_eq!(shown, [("b2", false), ("b9", false), ("b1", true)]);
}

async fn a_row_that_comes_again_mended_is_no_longer_set_aside(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    with_bills(store, &[bill("b1", "A", 1, "2026-03-09")]).await;
    with_bills(store, &[bill("b1", "B", 1, "2026-03-09")]).await;
    assert_eq!(set_aside(store).await.len(), 1);
    with_bills(store, &[bill("b1", "A", 1, "2026-03-09")]).await;
    assert_eq!(set_aside(store).await, []);
}

async fn a_payment_and_a_hold_touch_their_account(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    let mut pending = payment("p1", "A", None, "pending");
    merged(store, Rows::Payments(vec![pending.clone()])).await;
    merged(store, Rows::Holds(vec![hold("h1", "B", "complaint", None)])).await;
    assert_eq!(touched(store).await, ["A", "B"]);
    look_at_all(store).await;

    let facts = store.facts(&[key("A"), key("B")], day(TODAY)).await.unwrap();
    let of = |id: &str| facts.iter().find(|facts| facts.account.id.as_str() == id).unwrap();
    assert_eq!((of("A").pending.len(), of("B").holds.len()), (1, 1));

    // It arrives after all, and the complaint is closed.
    pending.state = "settled".into();
    merged(store, Rows::Payments(vec![pending])).await;
    let closed = hold("h1", "B", "complaint", Some("2026-03-05"));
    merged(store, Rows::Holds(vec![closed])).await;
    assert_eq!(touched(store).await, ["A", "B"]);
    let facts = store.facts(&[key("A"), key("B")], day(TODAY)).await.unwrap();
    assert!(facts.iter().all(|facts| facts.pending.is_empty() && facts.holds.is_empty()));
}

async fn an_account_keeps_the_bucket_of_its_first_sight(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let mut of_a_person = account("A");
    of_a_person.bucket = duebell::model::Bucket::of("person 7");
    of_a_person.name = "Zoë Schmidt".into();
    merged(store, Rows::Accounts(vec![of_a_person])).await;
    let facts = store.facts(&[key("A")], day(TODAY)).await.unwrap();
    assert_eq!(facts[0].account.name, "Zoë Schmidt");
    assert_eq!(store.held(Feed::Accounts, None).await.unwrap(), 1);
}

/// Large enough for the way that only many new rows take.
async fn a_large_page_of_new_rows_among_known_ones_is_merged_as_a_small_one_is(store: &SqlStore) {
    let names: Vec<String> = (0..30).map(|n| format!("A{n:02}")).collect();
    with_accounts(store, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let row =
        |n: usize, remaining| bill(&format!("b{n:04}"), &names[n / 150], remaining, "2026-03-09");
    let known: Vec<_> = (0..1_500).map(|n| row(n, 5_000)).collect();
    with_bills(store, &known).await;
    look_at_all(store).await;

    // A03 has paid one of its bills; all the others are as they were, and the
    // second half of the accounts has its first bills. One row twice, and one
    // of nobody's.
    let mut rows: Vec<_> = (0..4_500).map(|n| row(n, if n == 450 { 0 } else { 5_000 })).collect();
    rows.push(row(4_499, 5_000));
    rows.push(bill("b9999", "nobody", 5_000, "2026-03-09"));
    let page = || Rows::Bills(rows.clone());
    assert_eq!(merged(store, page()).await, counts(4_502, 4_501, 1));
    assert_eq!(store.held(Feed::Bills, None).await.unwrap(), 4_501);
    let mut changed = vec![names[3].clone()];
    changed.extend_from_slice(&names[10..]);
    assert_eq!(touched(store).await, changed);
    let paid = bills_of(store, &names[3]).await;
    let paid: Vec<_> = paid.iter().filter(|bill| bill.remaining == 0).collect();
    assert_eq!((paid.len(), paid[0].settled_on), (1, Some(day(TODAY))));

    look_at_all(store).await;
    merged(store, page()).await;
    assert_eq!(touched(store).await, [""; 0]);
    assert_eq!(bills_of(store, &names[29]).await.len(), 150);
}

async fn an_account_that_comes_again_changed_is_changed(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    let mut moved = account("A");
    moved.name = "Zoe".into();
    merged(store, Rows::Accounts(vec![moved, account("B")])).await;
    with_bills(store, &[bill("b1", "A", 1, "2026-03-09"), bill("b2", "B", 1, "2026-03-09")]).await;
    let facts = store.facts(&[key("A"), key("B")], day(TODAY)).await.unwrap();
    let names: Vec<&str> = facts.iter().map(|facts| facts.account.name.as_str()).collect();
    assert_eq!(names, ["Zoe", account("B").name.as_str()]);
}

/// A page and what waited are written by who has the first bucket now.
#[tokio::test]
async fn who_lost_the_first_bucket_merges_nothing_on_postgres() {
    let store = super::on_postgres().await;
    merged(&store, Rows::Bills(vec![bill("b1", "A", 5_000, "2026-03-09")])).await;
    with_accounts(&store, &["A"]).await;
    let (late, next) = (Owner(1), Owner(2));
    let length = std::time::Duration::from_secs(600);
    let held = store.heartbeat(late, length).await.unwrap().tenure;
    store.release_all(late).await.unwrap();
    let taken = store.heartbeat(next, length).await.unwrap().tenure;

    let lost = |error| matches!(error, StoreError::LeaseLost { bucket: Bucket::FIRST });
    let refused = store.merge_awaited(&held, day(TODAY), at(NOON)).await;
    assert!(refused.is_err_and(lost));
    let row = page(Rows::Bills(vec![bill("b2", "A", 5_000, "2026-03-09")]));
    assert!(store.merge(&held, row, day(TODAY), at(NOON)).await.is_err_and(lost));
    assert_eq!(bills_of(&store, "A").await, []);

    assert_eq!(store.merge_awaited(&taken, day(TODAY), at(NOON)).await.unwrap(), 1);
    assert_eq!(bills_of(&store, "A").await.len(), 1);
}
