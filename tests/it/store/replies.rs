//! What replies may rely on: kept once, settled once, and what they say of a
//! channel is seen by whoever plans and sends.

use duebell::model::ledger::{AccountRow, Rows};
use duebell::model::reply::{Meaning, PostedReply, Reply};
use duebell::model::{AccountId, AttemptKey, Bucket, Cause, Channel, Suppression};
use duebell::store::{
    KeptReply, PlanStore, ReplyStore, RetentionStore, Said, SettledReply, SqlStore,
};

use super::on_each_engine;
use super::outbox::all_due;
use crate::support::build::*;

on_each_engine![
    the_same_posting_again_adds_nothing,
    words_are_kept_as_they_came_as_far_as_a_column_takes_them,
    an_address_is_found_with_every_account_that_has_it,
    a_word_about_a_channel_reaches_planning_and_dispatch_and_touches_the_account,
    a_stop_and_a_start_end_the_same_in_whatever_order_they_come,
    a_bad_address_counts_until_the_account_has_another,
    what_people_are_to_read_waits_until_somebody_has,
    old_replies_go_but_not_those_that_wait,
];

pub const PHONE: &str = "+4915123456789";

pub fn posted(id: &str, from: &str, meaning: Meaning) -> PostedReply {
    PostedReply {
        provider: "carrier".into(),
        message_id: id.into(),
        ordinal: 0,
        reply: Reply {
            channel: Channel::Sms,
            about: None,
            from: Some(from.into()),
            meaning,
            at: at(NOON),
        },
        received_at: at(NOON),
    }
}

async fn kept(store: &SqlStore) -> Vec<KeptReply> {
    store.unsettled_replies(&Bucket::all(), 100).await.unwrap()
}

fn said(account: &str, cause: Cause, is_lifted: bool, when: &str) -> Said {
    let (bucket, account) = key(account);
    let (channel, address) = (Channel::Sms, Some(PHONE.to_owned()));
    Said { bucket, account, channel, cause, is_lifted, address, at: at(when) }
}

/// Keeps a reply and settles it with these words.
async fn settle(store: &SqlStore, id: &str, words: Vec<Said>, for_people: bool) {
    store.keep_replies(&[posted(id, PHONE, Meaning::Text("hm".into()))]).await.unwrap();
    let kept = kept(store).await;
    let settled: Vec<SettledReply<'_>> = kept
        .iter()
        .map(|kept| SettledReply {
            kept,
            meaning: Meaning::OptOut,
            words: None,
            account: Some("A".into()),
            for_people,
            said: words.clone(),
            hold: None,
            wish: None,
            conversation: None,
        })
        .collect();
    store.settle_replies(&alone(), &settled, at(NOON)).await.unwrap();
}

async fn suppressed(store: &SqlStore, account: &str) -> Vec<Suppression> {
    let facts = store.facts(&[key(account)], day(TODAY)).await.unwrap();
    facts[0].account.suppressed.clone()
}

async fn the_same_posting_again_adds_nothing(store: &SqlStore) {
    let one = posted("m1", PHONE, Meaning::Text("hello".into()));
    let other = PostedReply { ordinal: 1, ..one.clone() };
    store.keep_replies(&[one.clone(), other]).await.unwrap();
    let again = PostedReply { received_at: at("2026-03-11T12:00Z"), ..one.clone() };
    store.keep_replies(&[again]).await.unwrap();
    let found = kept(store).await;
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|it| it.received_at == at(NOON) && it.reply == one.reply));

    let settled: Vec<SettledReply<'_>> = found
        .iter()
        .map(|kept| SettledReply {
            kept,
            meaning: Meaning::Help,
            words: None,
            account: None,
            for_people: true,
            said: Vec::new(),
            hold: None,
            wish: None,
            conversation: None,
        })
        .collect();
    store.settle_replies(&alone(), &settled, at(NOON)).await.unwrap();
    store.keep_replies(&[one]).await.unwrap();
    assert_eq!(kept(store).await, []);
    assert_eq!(store.desk().replies(10).await.unwrap().len(), 2);
}

async fn words_are_kept_as_they_came_as_far_as_a_column_takes_them(store: &SqlStore) {
    let words = "إيقاف\n'; drop table reply; -- 🙂 \u{202e}";
    let key: AttemptKey = "0123456789abcdef0123456789abcdef.2".parse().unwrap();
    let mut one = posted("m1", PHONE, Meaning::Text(words.into()));
    one.reply.about = Some(key);
    let zero = posted("m2", "a\0b", Meaning::Text(format!("\0{}", "x".repeat(100_000))));
    store.keep_replies(&[one.clone(), zero]).await.unwrap();
    let found = kept(store).await;
    let same = found.iter().find(|it| it.id == one.id()).unwrap();
    assert_eq!(same.reply, one.reply);
    assert_eq!(same.bucket, key.reminder.bucket());
    let cut = found.iter().find(|it| it.id != one.id()).unwrap();
    assert_eq!(cut.reply.from.as_deref(), Some("a\u{fffd}b"));
    let Meaning::Text(words) = &cut.reply.meaning else { panic!("{cut:?}") };
    assert_eq!(words.chars().count(), 4_000);
    assert!(words.starts_with('\u{fffd}'));
}

async fn an_address_is_found_with_every_account_that_has_it(store: &SqlStore) {
    let mine = AccountRow { phone: Some("+4915100000001".into()), ..account("B") };
    let mailed = AccountRow { phone: None, email: Some("Ann@Example.org".into()), ..account("C") };
    merged(store, Rows::Accounts(vec![account("A"), mine, mailed, account("D")])).await;
    let addresses = [PHONE, "ann@EXAMPLE.org", "+4915199999999"];
    let mut found: Vec<(String, AccountId)> = store
        .at_addresses(&addresses)
        .await
        .unwrap()
        .into_iter()
        .map(|(address, whose)| (address, whose.account))
        .collect();
    found.sort();
    let expected = [(PHONE, "A"), (PHONE, "D"), ("ann@EXAMPLE.org", "C")];
    let expected = expected.map(|(address, id)| (address.to_owned(), AccountId::from(id)));
    assert_eq!(found, expected);
}

async fn a_word_about_a_channel_reaches_planning_and_dispatch_and_touches_the_account(
    store: &SqlStore,
) {
    with_accounts(store, &["A", "B"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2026-03-09")]).await;
    let planned_one = reminder("A", 0, &[item("a1", "late1")]);
    planned(store, &planned_one).await;
    look_at_all(store).await;
    let found = store.reminded(&[planned_one.id]).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0, found[0].1.account.as_str()), (planned_one.id, "A"));

    settle(store, "m1", vec![said("A", Cause::OptOut, false, NOON)], false).await;
    assert_eq!(touched(store).await, ["A"]);
    let stopped = [Suppression { channel: Channel::Sms, cause: Cause::OptOut }];
    assert_eq!(suppressed(store, "A").await, stopped);
    assert_eq!(suppressed(store, "B").await, []);
    let due = all_due(store, at(NOON)).await;
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].account.suppressed, stopped);
    assert!(!due[0].account.reaches(Channel::Sms) && due[0].account.reaches(Channel::Email));

    // The same word once more is no news.
    look_at_all(store).await;
    settle(store, "m2", vec![said("A", Cause::OptOut, false, NOON)], false).await;
    assert_eq!(touched(store).await, [""; 0]);
}

async fn a_stop_and_a_start_end_the_same_in_whatever_order_they_come(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    let (early, late) = ("2026-03-10T10:00Z", "2026-03-10T11:00Z");
    // A: stop, then start. B: start, then stop. Each comes in both orders.
    let words = [
        ("A", false, early, true, late, false),
        ("A", true, late, false, early, false),
        ("B", true, early, false, late, true),
        ("B", false, late, true, early, true),
        ("A", true, early, false, early, true),
    ];
    for (n, (account, first, first_at, second, second_at, is_stopped)) in
        words.into_iter().enumerate()
    {
        store.erase().await.unwrap();
        with_accounts(store, &["A", "B"]).await;
        let one = said(account, Cause::OptOut, first, first_at);
        let two = said(account, Cause::OptOut, second, second_at);
        settle(store, "m1", vec![one.clone()], false).await;
        settle(store, "m2", vec![two.clone()], false).await;
        assert_eq!(suppressed(store, account).await.len(), usize::from(is_stopped), "{n}");
        // And both in one set.
        store.erase().await.unwrap();
        with_accounts(store, &["A", "B"]).await;
        settle(store, "m1", vec![one, two], false).await;
        assert_eq!(suppressed(store, account).await.len(), usize::from(is_stopped), "{n}");
    }
}

async fn a_bad_address_counts_until_the_account_has_another(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let bad = |cause| said("A", cause, false, NOON);
    settle(store, "m1", vec![bad(Cause::BadAddress)], false).await;
    assert_eq!(suppressed(store, "A").await.len(), 1);
    let moved = AccountRow { phone: Some("+4915100000001".into()), ..account("A") };
    merged(store, Rows::Accounts(vec![moved])).await;
    assert_eq!(suppressed(store, "A").await, []);
    let lines = store.desk().suppressions(&"A".into()).await.unwrap();
    assert!(lines.len() == 1 && !lines[0].is_in_force);

    // A wish is about the channel, not the address.
    settle(store, "m2", vec![bad(Cause::OptOut)], false).await;
    assert_eq!(suppressed(store, "A").await.len(), 1);
    let lines = store.desk().suppressions(&"A".into()).await.unwrap();
    assert_eq!(lines.iter().filter(|line| line.is_in_force).count(), 1);
}

async fn what_people_are_to_read_waits_until_somebody_has(store: &SqlStore) {
    settle(store, "m1", Vec::new(), true).await;
    settle(store, "m2", Vec::new(), false).await;
    let lines = store.desk().replies(10).await.unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].words.as_deref(), Some("hm"));
    assert_eq!(lines[0].meaning, "opt_out");
    let id = lines[0].id.clone();
    assert!(!store.desk().end_reply("0000", true, &by("Ann", NOON)).await.unwrap());
    assert!(store.desk().end_reply(&id, true, &by("Ann", NOON)).await.unwrap());
    assert!(!store.desk().end_reply(&id, true, &by("Bob", NOON)).await.unwrap());
    assert!(store.desk().replies(10).await.unwrap().is_empty());
    let of_account = store.desk().replies_of(&"A".into()).await.unwrap();
    assert_eq!(of_account.len(), 2);
    assert!(of_account.iter().any(|line| line.done_by.as_deref() == Some("Ann")));
}

async fn old_replies_go_but_not_those_that_wait(store: &SqlStore) {
    settle(store, "m1", Vec::new(), true).await;
    settle(store, "m2", Vec::new(), false).await;
    store.keep_replies(&[posted("m3", PHONE, Meaning::Help)]).await.unwrap();
    let bucket = Bucket::of(PHONE);
    assert_eq!(store.forget_bucket(bucket, day(TODAY)).await.unwrap(), 0);
    assert_eq!(store.forget_bucket(bucket, day("2026-03-11")).await.unwrap(), 1);
    assert_eq!(store.desk().replies(10).await.unwrap().len(), 1);
    assert_eq!(kept(store).await.len(), 1);
}
