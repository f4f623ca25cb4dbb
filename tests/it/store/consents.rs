//! The consent ledger: every entry stays, and the latest of each channel counts.

use duebell::model::audit::{Act, Deed};
use duebell::model::reply::Meaning;
use duebell::model::{Bucket, Cause, Channel, Consent, Purpose, Suppression};
use duebell::store::{PlanStore, ReplyStore, Said, SettledReply, SqlStore};
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::on_each_engine;
use super::replies::{PHONE, posted};
use crate::support::build::*;

on_each_engine![
    of_each_channel_the_latest_counts_and_every_entry_stays,
    a_purpose_of_its_own_says_nothing_about_reminders,
    a_stop_and_a_start_are_entries_with_their_reply_as_proof,
    an_entry_reaches_planning_and_touches_the_account_once,
];

fn entry(channel: Channel, is_given: bool, when: &str) -> Consent {
    let (bucket, account) = key("A");
    let (source, proof) = ("Ann".to_owned(), "contract 7".to_owned());
    let purpose = Purpose::Reminder;
    Consent { bucket, account, channel, purpose, is_given, at: at(when), source, proof }
}

fn deed() -> Deed {
    by("Ann", NOON).deed(Act::ConsentGiven, "A".to_owned(), json!({}))
}

async fn add(store: &SqlStore, entries: &[Consent]) {
    store.desk().add_consents(entries, deed()).await.unwrap();
}

async fn agreed(store: &SqlStore) -> (Vec<Channel>, Vec<Suppression>) {
    let facts = store.facts(&[key("A")], day(TODAY)).await.unwrap();
    let account = &facts[0].account;
    let mut agreed = account.agreed.clone();
    agreed.sort_unstable();
    (agreed, account.suppressed.clone())
}

async fn of_each_channel_the_latest_counts_and_every_entry_stays(store: &SqlStore) {
    let hours: Vec<String> = (10..16).map(|hour| format!("2026-03-10T{hour}:00Z")).collect();
    // Whatever is said in whatever order, against what reads it in the order of time.
    let mut runner = TestRunner::new(Config::with_cases(12));
    let strategy = proptest::collection::vec((0..6usize, proptest::bool::ANY, 0..2usize), 1..10);
    for _ in 0..12 {
        use proptest::strategy::{Strategy, ValueTree};
        let said = strategy.new_tree(&mut runner).unwrap().current();
        store.erase().await.unwrap();
        with_accounts(store, &["A"]).await;
        let channels = [Channel::Sms, Channel::Email];
        let entries: Vec<Consent> = said
            .iter()
            .map(|(hour, is_given, channel)| entry(channels[*channel], *is_given, &hours[*hour]))
            .collect();
        for some in entries.chunks(3) {
            add(store, some).await;
        }
        let mut expected = Vec::new();
        for channel in channels {
            let mut of_it: Vec<&Consent> =
                entries.iter().filter(|one| one.channel == channel).collect();
            of_it.sort_by_key(|one| (one.at, !one.is_given));
            if of_it.last().is_some_and(|last| last.is_given) {
                expected.push(channel);
            }
        }
        assert_eq!(agreed(store).await.0, expected, "{said:?}");
        let mut distinct: Vec<_> =
            entries.iter().map(|one| (one.channel, one.at, one.is_given)).collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(store.desk().consents(&"A".into()).await.unwrap().len(), distinct.len());
    }
}

async fn a_purpose_of_its_own_says_nothing_about_reminders(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let offers = Consent { purpose: Purpose::Marketing, ..entry(Channel::Sms, true, NOON) };
    add(store, &[offers]).await;
    assert_eq!(agreed(store).await, (Vec::new(), Vec::new()));
    add(store, &[entry(Channel::Sms, true, NOON)]).await;
    let no_offers = Consent { purpose: Purpose::Marketing, ..entry(Channel::Sms, false, NOON) };
    add(store, &[no_offers]).await;
    assert_eq!(agreed(store).await, (vec![Channel::Sms], Vec::new()));
}

async fn a_stop_and_a_start_are_entries_with_their_reply_as_proof(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    store.keep_replies(&[posted("m1", PHONE, Meaning::OptOut)]).await.unwrap();
    let kept = store.unsettled_replies(&Bucket::all(), 10).await.unwrap();
    let (bucket, account) = key("A");
    let said = |cause| Said {
        bucket,
        account: account.clone(),
        channel: Channel::Sms,
        cause,
        is_lifted: false,
        address: Some(PHONE.into()),
        at: at(NOON),
    };
    let settled = SettledReply {
        kept: &kept[0],
        meaning: Meaning::OptOut,
        words: None,
        account: Some(account.clone()),
        for_people: false,
        // That a number is dead is no word of the subscriber's.
        said: vec![said(Cause::OptOut), said(Cause::BadAddress)],
        hold: None,
        wish: None,
        conversation: None,
    };
    for _ in 0..2 {
        store.settle_replies(&alone(), std::slice::from_ref(&settled), at(NOON)).await.unwrap();
    }
    let lines = store.desk().consents(&account).await.unwrap();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((lines[0].is_given, lines[0].channel.as_str()), (false, "sms"));
    assert_eq!(lines[0].proof, format!("reply {}", kept[0].id));
    // Somebody wrote down later that they agree again.
    add(store, &[entry(Channel::Sms, true, "2026-03-10T13:00Z")]).await;
    let (channels, suppressed) = agreed(store).await;
    assert_eq!(channels, [Channel::Sms]);
    assert!(suppressed.iter().all(|one| one.cause == Cause::BadAddress), "{suppressed:?}");
}

async fn an_entry_reaches_planning_and_touches_the_account_once(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    look_at_all(store).await;
    add(store, &[entry(Channel::Voice, true, NOON)]).await;
    assert_eq!(touched(store).await, ["A"]);
    look_at_all(store).await;
    add(store, &[entry(Channel::Voice, true, NOON)]).await;
    assert_eq!(touched(store).await, [""; 0]);
}
