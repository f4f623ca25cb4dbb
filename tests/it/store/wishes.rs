//! What subscribers wish: of each kind the last word, seen by whoever plans and
//! sends.

use duebell::model::hours::WeekHours;
use duebell::model::reply::Meaning;
use duebell::model::{Bucket, Channel, Wish, Wishes};
use duebell::store::{PlanStore, ReplyStore, SaidWish, SettledReply, SqlStore};

use super::on_each_engine;
use super::outbox::all_due;
use super::replies::{PHONE, posted};
use crate::support::build::*;

on_each_engine![
    of_each_kind_the_last_word_counts_in_whatever_order_they_come,
    a_wish_reaches_planning_and_dispatch_and_touches_the_account,
    a_wish_comes_with_its_reply_and_once,
];

fn said(account: &str, wish: Wish, when: &str) -> SaidWish {
    let (bucket, account) = key(account);
    SaidWish { bucket, account, wish, at: at(when), source: "Ann".into() }
}

fn language(tag: &str) -> Wish {
    Wish::Language(Some(tag.into()))
}

async fn wishes(store: &SqlStore, account: &str) -> Wishes {
    let facts = store.facts(&[key(account)], day(TODAY)).await.unwrap();
    facts[0].account.wishes.clone()
}

async fn of_each_kind_the_last_word_counts_in_whatever_order_they_come(store: &SqlStore) {
    let (early, late) = ("2026-03-10T10:00Z", "2026-03-10T11:00Z");
    let pairs = [
        (said("A", language("fr"), early), said("A", language("es"), late), Some("es")),
        (said("A", language("fr"), early), said("A", Wish::Language(None), late), None),
        (said("A", language("fr"), late), said("A", Wish::Language(None), early), Some("fr")),
        (said("A", language("fr"), early), said("A", language("es"), early), Some("fr")),
    ];
    for (one, other, expected) in pairs {
        for [first, second] in [[&one, &other], [&other, &one]] {
            for is_one_set in [true, false] {
                store.erase().await.unwrap();
                with_accounts(store, &["A", "B"]).await;
                let both = [first.clone(), second.clone()];
                for set in both.chunks(if is_one_set { 2 } else { 1 }) {
                    store.desk().put_wishes(set, &by("Ann", NOON)).await.unwrap();
                }
                let found = wishes(store, "A").await;
                assert_eq!(found.language.as_deref(), expected, "{first:?} {second:?}");
                assert_eq!(wishes(store, "B").await, Wishes::default());
            }
        }
    }
    let lines = store.desk().wishes(&"A".into()).await.unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].kind.as_str(), lines[0].source.as_str()), ("language", "Ann"));
    assert_eq!(lines[0].said_at, at(early));
}

async fn a_wish_reaches_planning_and_dispatch_and_touches_the_account(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    with_bills(store, &[bill("a1", "A", 5_000, "2026-03-09")]).await;
    let one = reminder("A", 0, &[item("a1", "late1")]);
    planned(store, &one).await;
    look_at_all(store).await;
    let hours: WeekHours = "mon-fri=18:00-20:00,sun=10:00-12:00".parse().unwrap();
    let all = [
        said("A", language("fr"), NOON),
        said("A", Wish::Channel(Some(Channel::Email)), NOON),
        said("A", Wish::Hours(Some(hours)), NOON),
    ];
    store.desk().put_wishes(&all, &by("Ann", NOON)).await.unwrap();
    assert_eq!(touched(store).await, ["A"]);

    let expected =
        Wishes { language: Some("fr".into()), channel: Some(Channel::Email), hours: Some(hours) };
    assert_eq!(wishes(store, "A").await, expected);
    let due = all_due(store, at(NOON)).await;
    assert_eq!((due.len(), &due[0].account.wishes), (1, &expected));
    assert_eq!((due[0].account.speaks(), due[0].account.language.as_str()), ("fr", "de"));
    // Whoever answers in words, answers in that language.
    let found = store.reminded(&[one.id]).await.unwrap();
    assert_eq!(found[0].1.language, "fr");
    let found = store.at_addresses(&[PHONE]).await.unwrap();
    let mut languages: Vec<&str> = found.iter().map(|(_, it)| it.language.as_str()).collect();
    languages.sort_unstable();
    assert_eq!(languages, ["de", "fr"]);

    // The same word once more is no news.
    look_at_all(store).await;
    store.desk().put_wishes(&all, &by("Ann", NOON)).await.unwrap();
    assert_eq!(touched(store).await, [""; 0]);
}

async fn a_wish_comes_with_its_reply_and_once(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    look_at_all(store).await;
    let meaning = Meaning::Wish(Wish::Hours(Some("sat=10:00-12:00".parse().unwrap())));
    store.keep_replies(&[posted("m1", PHONE, meaning.clone())]).await.unwrap();
    let kept = store.unsettled_replies(&Bucket::all(), 10).await.unwrap();
    assert_eq!(kept[0].reply.meaning, meaning);
    let Meaning::Wish(wish) = meaning.clone() else { unreachable!() };
    let settled = SettledReply {
        kept: &kept[0],
        meaning,
        words: None,
        account: Some("A".into()),
        for_people: false,
        said: Vec::new(),
        hold: None,
        wish: Some(said("A", wish, NOON)),
        conversation: None,
    };
    for _ in 0..2 {
        store.settle_replies(&alone(), std::slice::from_ref(&settled), at(NOON)).await.unwrap();
    }
    assert_eq!(touched(store).await, ["A"]);
    assert_eq!(wishes(store, "A").await.hours.unwrap().to_string(), "sat=10:00-12:00");
}
