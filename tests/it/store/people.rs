//! People, sessions and tries to sign in, on each engine.

use duebell::model::audit::{Act, Doer, Through};
use duebell::model::staff::Roles;
use duebell::store::{AuditPage, NewSession, SqlStore, Start};
use jiff::{SignedDuration, Timestamp};

use super::on_each_engine;
use crate::support::build::at;

on_each_engine![
    a_person_is_kept_as_they_were_added,
    a_reset_leaves_neither_second_factor_nor_session,
    of_two_who_come_with_one_code_one_is_let_in,
    a_recovery_code_is_used_once,
    a_session_is_found_with_its_person_and_ends,
    of_tries_at_once_none_is_missed,
    what_changes_a_person_stands_in_the_audit_trail,
];

fn doer() -> Doer {
    Doer { by: "root".to_owned(), through: Through::CommandLine, at: at(NOW) }
}

const NOW: &str = "2026-03-10T09:00Z";

async fn ann(store: &SqlStore) {
    let start = Start { password: "$a", until: at("2026-03-17T09:00Z") };
    let roles = Roles::parse("maker,viewer").unwrap();
    assert!(store.people().add("ann", &roles, start, &doer()).await.unwrap());
}

async fn session(store: &SqlStore, id: &str, made_at: Timestamp, instead_of: Option<&str>) {
    let expires_at = made_at + SignedDuration::from_hours(10);
    let new = NewSession { id, person: "ann", is_whole: true, made_at, expires_at };
    store.people().begin_session(new, instead_of, None).await.unwrap();
}

async fn a_person_is_kept_as_they_were_added(store: &SqlStore) {
    ann(store).await;
    let people = store.people();
    let start = Start { password: "$b", until: at(NOW) };
    assert!(!people.add("ann", &Roles::default(), start, &doer()).await.unwrap());
    let ann = people.find("ann").await.unwrap().unwrap();
    assert_eq!((ann.roles.to_string(), &*ann.password), ("viewer,maker".to_owned(), "$a"));
    assert_eq!((ann.start_until, ann.disabled_at), (Some(at("2026-03-17T09:00Z")), None));
    assert_eq!(people.all().await.unwrap(), [ann]);
    people.set_password("ann", "$c", "", &doer()).await.unwrap();
    people.rehash("ann", "$b", "$d").await.unwrap();
    people.set_language("ann", "zh-Hans").await.unwrap();
    assert!(people.let_in("ann", false, &doer()).await.unwrap());
    assert!(!people.let_in("ann", false, &doer()).await.unwrap());
    let ann = people.find("ann").await.unwrap().unwrap();
    assert_eq!((&*ann.password, ann.start_until), ("$c", None));
    assert_eq!((ann.language.as_deref(), ann.disabled_at), (Some("zh-Hans"), Some(at(NOW))));
    assert!(people.let_in("ann", true, &doer()).await.unwrap());
    assert!(!people.let_in("bob", true, &doer()).await.unwrap());
    assert_eq!(people.find("bob").await.unwrap(), None);
}

async fn a_reset_leaves_neither_second_factor_nor_session(store: &SqlStore) {
    ann(store).await;
    let people = store.people();
    people.set_password("ann", "$c", "", &doer()).await.unwrap();
    people.set_factor("ann", "SECRET", 7, &["x".to_owned()], &doer()).await.unwrap();
    session(store, "s", at(NOW), None).await;
    let start = Start { password: "$e", until: at("2026-04-01T00:00Z") };
    assert!(people.reset("ann", start, &doer()).await.unwrap());
    let ann = people.find("ann").await.unwrap().unwrap();
    assert_eq!((ann.secret, ann.last_step, ann.recovery.len()), (None, 0, 0));
    assert_eq!((&*ann.password, ann.start_until), ("$e", Some(start.until)));
    assert_eq!(people.session("s").await.unwrap(), None);
    assert!(!people.reset("bob", start, &doer()).await.unwrap());
}

async fn of_two_who_come_with_one_code_one_is_let_in(store: &SqlStore) {
    ann(store).await;
    let people = store.people();
    people.set_factor("ann", "SECRET", 7, &[], &doer()).await.unwrap();
    assert!(!people.use_step("ann", 7).await.unwrap());
    let both = tokio::join!(people.use_step("ann", 8), people.use_step("ann", 8));
    assert!(both.0.unwrap() != both.1.unwrap());
    assert!(!people.use_step("ann", 6).await.unwrap());
}

async fn a_recovery_code_is_used_once(store: &SqlStore) {
    ann(store).await;
    let people = store.people();
    let codes = ["x".to_owned(), "y".to_owned()];
    people.set_factor("ann", "SECRET", 7, &codes, &doer()).await.unwrap();
    let ann = people.find("ann").await.unwrap().unwrap();
    let (left, doer) = (&codes[1..], doer());
    let both = tokio::join!(
        people.set_recovery(&ann, left, &doer),
        people.set_recovery(&ann, left, &doer)
    );
    assert!(both.0.unwrap() != both.1.unwrap());
    assert_eq!(people.find("ann").await.unwrap().unwrap().recovery, left);
}

async fn a_session_is_found_with_its_person_and_ends(store: &SqlStore) {
    ann(store).await;
    let people = store.people();
    session(store, "a", at(NOW), None).await;
    session(store, "b", at(NOW), Some("a")).await;
    assert_eq!(people.session("a").await.unwrap(), None);
    people.see("b", at("2026-03-10T09:10Z")).await.unwrap();
    people.show("b", at("2026-03-10T09:05Z")).await.unwrap();
    let (found, ann) = people.session("b").await.unwrap().unwrap();
    assert_eq!((&*found.id, found.is_whole, &*ann.name), ("b", true, "ann"));
    assert_eq!((found.made_at, found.expires_at), (at(NOW), at("2026-03-10T19:00Z")));
    assert_eq!(found.seen_at, at("2026-03-10T09:10Z"));
    assert_eq!(found.shown_at, at("2026-03-10T09:05Z"));
    session(store, "c", at("2026-03-10T09:20Z"), None).await;
    let ids = |all: Vec<duebell::store::Session>| -> Vec<String> {
        all.into_iter().map(|one| one.id).collect()
    };
    assert_eq!(ids(people.sessions("ann").await.unwrap()), ["c", "b"]);
    // Nobody ends what is another's.
    assert!(!people.end_session("bob", "b", &doer()).await.unwrap());
    assert!(people.end_session("ann", "c", &doer()).await.unwrap());
    assert_eq!(ids(people.sessions("ann").await.unwrap()), ["b"]);
    // One that begins later finds it over, and nothing is left of it.
    session(store, "d", at("2026-03-10T19:00Z"), None).await;
    assert_eq!(ids(people.sessions("ann").await.unwrap()), ["d"]);
}

async fn of_tries_at_once_none_is_missed(store: &SqlStore) {
    let people = store.people();
    let subjects = [("b".to_owned(), 5), ("a".to_owned(), 5)];
    let tries = (0..8).map(|_| people.try_sign_in(&subjects, at(NOW)));
    let tried = futures_util::future::join_all(tries).await;
    let let_in = tried.into_iter().filter(|one| one.as_ref().unwrap().is_ok()).count();
    assert_eq!(let_in, 5);
    let until = people.try_sign_in(&subjects[..1], at(NOW)).await.unwrap();
    assert_eq!(until, Err(at("2026-03-10T09:01Z")));
    people.forget_tries(&["b".to_owned()]).await.unwrap();
    assert!(people.try_sign_in(&subjects[..1], at(NOW)).await.unwrap().is_ok());
    assert!(people.try_sign_in(&subjects, at(NOW)).await.unwrap().is_err());
    // After a day nothing is known of any.
    assert!(people.try_sign_in(&subjects, at("2026-03-11T09:00Z")).await.unwrap().is_ok());
}

async fn what_changes_a_person_stands_in_the_audit_trail(store: &SqlStore) {
    ann(store).await;
    let (people, doer) = (store.people(), doer());
    people.set_password("ann", "$c", "", &doer).await.unwrap();
    people.set_factor("ann", "SECRET", 7, &["x".to_owned()], &doer).await.unwrap();
    people.set_roles("ann", &Roles::parse("admin").unwrap(), &doer).await.unwrap();
    let expires_at = at("2026-03-10T19:00Z");
    let new = NewSession { id: "s", person: "ann", is_whole: true, made_at: at(NOW), expires_at };
    people.begin_session(new, None, Some(&doer)).await.unwrap();
    people.end_session("ann", "s", &doer).await.unwrap();
    people.let_in("ann", false, &doer).await.unwrap();
    let start = Start { password: "$e", until: expires_at };
    people.reset("ann", start, &doer).await.unwrap();
    // What changes nothing is no deed.
    people.let_in("ann", false, &doer).await.unwrap();
    people.set_roles("bob", &Roles::default(), &doer).await.unwrap();
    people.end_sessions("ann", &doer).await.unwrap();
    people.add("ann", &Roles::default(), start, &doer).await.unwrap();
    let page = AuditPage { limit: 100, ..AuditPage::default() };
    let mut entries = store.desk().audit(&page).await.unwrap();
    entries.reverse();
    let told: Vec<(Act, String)> =
        entries.iter().map(|one| (one.deed.act, one.deed.details.to_string())).collect();
    let expected = [
        (Act::PersonAdded, r#"{"roles":"viewer,maker"}"#),
        (Act::PersonChanged, r#"{"change":"password"}"#),
        (Act::PersonChanged, r#"{"change":"second_factor"}"#),
        (Act::PersonChanged, r#"{"change":"roles","roles":"admin"}"#),
        (Act::SignedIn, "{}"),
        (Act::SignedOut, "{}"),
        (Act::PersonChanged, r#"{"change":"disabled"}"#),
        (Act::PersonChanged, r#"{"change":"reset"}"#),
    ];
    assert_eq!(told, expected.map(|(act, details)| (act, details.to_owned())));
    assert!(entries.iter().all(|one| one.deed.about.as_deref() == Some("ann")));
    assert!(!serde_json::to_string(&entries).unwrap().contains("SECRET"));
}
