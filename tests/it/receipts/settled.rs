//! What becomes of what was posted: in any order, more than once, too early,
//! or about nothing of ours.

use duebell::model::reminder::Transition;
use duebell::model::{Channel, ReminderId, ReminderState};
use duebell::pipeline::Stage;
use duebell::pipeline::settle::Settle;
use duebell::store::{OutboxStore, Submission};
use jiff::SignedDuration;

use super::*;
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::carrier::Carrier;

const PLANNED: &str = "2026-03-10T08:30Z";
const OPEN: &str = "2026-03-10T09:00Z";

/// Accounts with a reminder planned for the tenth, and the carrier.
async fn planned(accounts: usize) -> (Bench, Arc<Carrier>, Door) {
    let billing = Billing::new();
    for number in 0..accounts {
        let account = format!("P{number:03}");
        billing.account(&account);
        billing.bill(&format!("b{number:03}"), &account, "2026-03-09");
    }
    let mut bench = Bench::live(billing).await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(false);
    bench.round(PLANNED).await;
    let door = Door::open(bench.store.clone()).await;
    (bench, carrier, door)
}

impl Bench {
    async fn settle(&self, now: Timestamp) -> usize {
        Settle(self.workshop.clone()).run_once(now).await.unwrap()
    }
}

/// All orders of 0..5.
fn orders() -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..5 {
        let longer = |order: &Vec<usize>| {
            let rest = (0..5).filter(|next| !order.contains(next));
            rest.map(|next| [&order[..], &[next]].concat()).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    assert_eq!(orders.len(), 120);
    orders
}

/// Five receipts about one attempt, which contradict each other.
const FATES: [Fate; 5] =
    [Fate::Expired, Fate::Undelivered, Fate::Delivered, Fate::Delivered, Fate::Undelivered];

/// Each of 120 accounts gets the five in an order of its own, settled after
/// each and some posted twice.
async fn all_orders_end_delivered(at_hour: &str) {
    let (bench, carrier, door) = planned(120).await;
    bench.round(OPEN).await;
    let given = carrier.given();
    assert_eq!(given.len(), 120);
    let now = at(at_hour);
    door.clock.set(now);
    let mut caller = door.caller().await;
    let orders = orders();
    for round in 0..5 {
        for (order, (key, _, _)) in orders.iter().zip(&given) {
            // The one before comes again with it.
            for one in order[round.max(1) - 1..=round].iter().rev() {
                let id = format!("{}-{one}", key.reminder);
                let body = said(*key, FATES[*one], at_hour);
                let posting = Posting::signed_at(&id, &body, now);
                assert_eq!(caller.ask(&posting.request()).await.unwrap().status, 204);
            }
        }
        bench.settle(now).await;
    }
    assert_eq!(unsettled(&bench.store).await, []);
    for (number, order) in orders.iter().enumerate() {
        let standing = bench.standing(&format!("P{number:03}")).await;
        assert_eq!(standing, [("delivered".to_owned(), String::new())], "{order:?}");
    }
    // What fell back to mail on a first bad word is not sent after all.
    bench.stages().send(now).await.unwrap();
    assert_eq!(carrier.given().len(), 120);
}

#[tokio::test]
async fn in_whatever_order_receipts_come_they_end_in_one_state() {
    all_orders_end_delivered("2026-03-10T21:00:00Z").await;
}

#[tokio::test]
async fn nor_does_the_order_matter_while_another_channel_could_be_tried() {
    all_orders_end_delivered("2026-03-10T10:00:00Z").await;
}

#[tokio::test]
async fn the_same_posting_ten_times_has_one_effect() {
    let (bench, carrier, door) = planned(1).await;
    bench.round(OPEN).await;
    let posting = Posting::signed("msg_1", &said(carrier.given()[0].0, Fate::Delivered, NOON));
    for _ in 0..10 {
        assert_eq!(door.post(&posting).await, 204);
        bench.settle(at(NOON)).await;
    }
    assert_eq!(bench.states("P000").await, ["submitting", "accepted", "delivered"]);
    assert_eq!(unsettled(&bench.store).await, []);
}

#[tokio::test]
async fn a_receipt_that_is_faster_than_our_own_writing_is_settled_after_it() {
    let (bench, carrier, door) = planned(1).await;
    let due = bench
        .store
        .due(&duebell::model::Bucket::all(), None, at(OPEN), 10)
        .await
        .unwrap()
        .remove(0);
    let key = AttemptKey { reminder: due.reminder.id, number: 1 };
    let posting = Posting::signed("msg_1", &said(key, Fate::Delivered, NOON));
    assert_eq!(door.post(&posting).await, 204);
    assert_eq!(bench.settle(at(NOON)).await, 0);
    assert_eq!(unsettled(&bench.store).await.len(), 1);

    let mark = Transition {
        reminder: key.reminder,
        seq: 0,
        state: ReminderState::Submitting,
        at: at(NOON),
        attempt: 1,
        channel: Some(Channel::Sms),
        provider: Some(PROVIDER.into()),
        provider_ref: None,
        refs: Vec::new(),
        reason: None,
        note: None,
        next_at: Some(at("2026-03-10T12:15Z")),
    };
    let (account, day) = (due.reminder.account, due.reminder.day);
    let items = vec![crate::support::build::item("b000", "late1")];
    let submission = Submission {
        reminder: key.reminder,
        account,
        day,
        items,
        counted: None,
        proof: None,
        has_another: false,
        was_taken: false,
        mark,
    };
    assert_eq!(
        bench
            .store
            .submit(&crate::support::build::alone(), &[submission], at(NOON))
            .await
            .unwrap()
            .marked
            .len(),
        1
    );

    assert_eq!(bench.settle(at(NOON) + SignedDuration::from_secs(1)).await, 1);
    assert_eq!(bench.states("P000").await, ["submitting", "delivered"]);
    assert_eq!(unsettled(&bench.store).await, []);
    assert_eq!(carrier.given(), []);
}

#[tokio::test]
async fn only_the_provider_that_was_given_it_may_speak_of_it() {
    let (bench, carrier, _) = planned(1).await;
    bench.round(OPEN).await;
    let receipt = duebell::provider::Receipt {
        key: carrier.given()[0].0,
        fate: Fate::Delivered,
        at: at(NOON),
    };
    let posted = |provider: &str| PostedReceipt {
        provider: provider.into(),
        message_id: "m".into(),
        ordinal: 0,
        receipt: receipt.clone(),
        received_at: at(NOON),
    };
    bench.store.keep(&[posted("stranger")]).await.unwrap();
    assert_eq!(bench.settle(at(NOON)).await, 0);
    bench.store.keep(&[posted(PROVIDER)]).await.unwrap();
    assert_eq!(bench.settle(at(NOON)).await, 1);
    assert_eq!(unsettled(&bench.store).await, [posted("stranger")]);
}

/// More than are read at a time, from another installation on one gateway.
#[tokio::test]
async fn strangers_receipts_hide_no_other_and_go_after_a_week() {
    let (bench, carrier, _) = planned(1).await;
    bench.round(OPEN).await;
    let posted = |ordinal: u32, key: AttemptKey, received_at: Timestamp| PostedReceipt {
        provider: PROVIDER.into(),
        message_id: "m".into(),
        ordinal,
        receipt: duebell::provider::Receipt { key, fate: Fate::Delivered, at: at(NOON) },
        received_at,
    };
    let strangers: Vec<PostedReceipt> = (0..2_500)
        .map(|number| {
            let reminder: ReminderId = format!("{number:032x}").parse().unwrap();
            posted(number, AttemptKey { reminder, number: 1 }, at(NOON))
        })
        .collect();
    bench.store.keep(&strangers).await.unwrap();
    let now = at(NOON) + SignedDuration::from_secs(1);
    bench.store.keep(&[posted(9_999, carrier.given()[0].0, now)]).await.unwrap();
    assert_eq!(bench.settle(now).await, 1);
    assert_eq!(unsettled(&bench.store).await.len(), 2_500);

    // Looked at ever less often.
    let mut looks = 0;
    let mut now = at(NOON);
    while now < at("2026-03-17T12:00:00Z") {
        let due = bench.store.unsettled(&duebell::model::Bucket::all(), now, 1).await.unwrap();
        looks += due.len();
        bench.settle(now).await;
        now += SignedDuration::from_mins(30);
    }
    assert!(looks < 200, "{looks} looks in a week");
    assert_eq!(unsettled(&bench.store).await.len(), 2_500);
    bench.settle(at("2026-03-17T13:00:00Z")).await;
    assert_eq!(unsettled(&bench.store).await, []);
    // Remembered as repeats for another week, and then no longer.
    assert_eq!(bench.store.forget(at("2026-03-18T00:00:00Z"), 1).await.unwrap(), 1);
    bench.settle(at("2026-03-24T13:00:01Z")).await;
    assert_eq!(bench.store.forget(at("2026-12-01T00:00:00Z"), 9).await.unwrap(), 0);
}
