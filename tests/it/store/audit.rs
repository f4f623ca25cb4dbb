//! What both engines promise of the audit trail: one chain however many write,
//! nothing that is taken back, and nothing that somebody with all rights over
//! the database can do to it unseen.
//!
//! `DUEBELL_AUDIT_ENTRIES=10000` has each of the writers side by side append so many.

use std::sync::Arc;
use std::time::Instant;

use duebell::audit::Break;
use duebell::model::Wish;
use duebell::model::audit::{Act, Anchor, Deed, Digest, Entry};
use duebell::store::{AuditPage, ControlStore, SaidWish, SqlStore};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use crate::support::build::*;

const WRITERS: usize = 16;

/// Runs each case on both engines, with the store's URL.
macro_rules! on_each_url {
    ($($case:ident),* $(,)?) => {
        $(mod $case {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                let scratch = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}", scratch.path().join("store.db").display());
                super::$case(&url).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$case(&crate::support::postgres::database().await).await;
            }
        })*
    };
}

on_each_url![
    many_writers_side_by_side_leave_one_chain,
    an_action_and_its_entry_come_together_or_not_at_all,
    the_newest_come_first_page_by_page_and_by_what_is_asked,
    the_database_refuses_to_change_or_remove_what_was_written,
    what_somebody_with_all_rights_does_to_an_entry_is_found,
    an_end_that_was_cut_off_is_found_and_with_the_head_moved_along_by_an_anchor,
    a_trail_that_was_made_anew_is_found_by_an_anchor_alone,
    a_trail_without_its_head_takes_no_entry,
];

async fn open(url: &str) -> SqlStore {
    SqlStore::open(url, None).await.unwrap()
}

/// A clock tells more than either engine keeps.
const PRECISELY: &str = "2026-03-10T12:00:00.123456789Z";

fn deed(whose: &str, n: usize) -> Deed {
    by(whose, PRECISELY).deed(
        Act::HoldPlaced,
        format!("A{n}"),
        json!({ "hold": n, "kind": "staff" }),
    )
}

async fn write(store: &SqlStore, whose: &str, count: usize) {
    for n in 0..count {
        store.desk().note(&deed(whose, n)).await.unwrap();
    }
}

async fn all(store: &SqlStore) -> Vec<Entry> {
    let page = AuditPage { limit: u32::MAX, ..AuditPage::default() };
    store.desk().audit(&page).await.unwrap()
}

fn anchor(entry: &Entry) -> Anchor {
    Anchor { seq: entry.seq, digest: entry.digest }
}

async fn verified(store: &SqlStore, anchors: &[Anchor]) -> Result<Anchor, Break> {
    store.desk().verify(anchors).await.unwrap()
}

/// Somebody beside the store who may do everything, the triggers gone.
enum Superuser {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Superuser {
    async fn of(url: &str) -> Superuser {
        if url.starts_with("postgres") {
            Superuser::Postgres(PgConnection::connect(url).await.unwrap())
        } else {
            Superuser::Sqlite(SqliteConnection::connect(url).await.unwrap())
        }
    }

    async fn runs(&mut self, sql: &str) -> Result<(), String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Superuser::Postgres(it) => it.execute(sqlx::raw_sql(sql)).await.map(drop),
            Superuser::Sqlite(it) => it.execute(sqlx::raw_sql(sql)).await.map(drop),
        }
        .map_err(|error| error.to_string())
    }

    async fn disables_triggers(&mut self) {
        let sql = match self {
            Superuser::Postgres(_) => {
                "alter table audit_entry disable trigger all; alter table audit_head disable trigger all"
            }
            Superuser::Sqlite(_) => {
                "drop trigger audit_entry_is_not_changed; drop trigger audit_entry_is_not_deleted; \
                 drop trigger audit_entry_is_not_replaced; drop trigger audit_head_is_not_deleted; \
                 drop trigger audit_head_is_not_another"
            }
        };
        self.runs(sql).await.unwrap();
    }
}

async fn many_writers_side_by_side_leave_one_chain(url: &str) {
    let each = std::env::var("DUEBELL_AUDIT_ENTRIES").map_or(100, |it| it.parse().unwrap());
    // Two processes' worth: each store has connections of its own.
    let stores = [Arc::new(open(url).await), Arc::new(open(url).await)];
    let began = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = stores[writer % 2].clone();
            tokio::spawn(async move { write(&store, &format!("W{writer}"), each).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let (wrote, began) = (began.elapsed(), Instant::now());
    let end = verified(&stores[0], &[]).await.unwrap();
    assert_eq!(end.seq as usize, WRITERS * each);
    let scheme = url.split(':').next().unwrap();
    eprintln!("{scheme}: {} entries in {wrote:?}, verified in {:?}", end.seq, began.elapsed());
    for writer in 0..WRITERS {
        let by = Some(format!("W{writer}"));
        let page = AuditPage { by, limit: u32::MAX, ..AuditPage::default() };
        let its = stores[1].desk().audit(&page).await.unwrap();
        // In the order in which it wrote them, and none of them lost.
        let numbers = its.iter().rev().map(|entry| entry.deed.details["hold"].as_u64().unwrap());
        assert!(numbers.eq(0..each as u64), "{writer}");
    }
}

async fn an_action_and_its_entry_come_together_or_not_at_all(url: &str) {
    let store = open(url).await;
    with_accounts(&store, &["A"]).await;
    let (desk, ann) = (store.desk(), by("Ann", PRECISELY));
    let wish = |account: &str, wish| {
        let (bucket, account) = key(account);
        SaidWish { bucket, account, wish, at: at(NOON), source: "Ann".into() }
    };
    let german = Wish::Language(Some("de".into()));
    desk.put_wishes(&[wish("A", german.clone()), wish("B", Wish::Hours(None))], &ann)
        .await
        .unwrap();
    // What was refused or done already is no deed.
    assert!(!desk.lift_hold("h1", &ann).await.unwrap());
    assert!(!desk.lift_moratorium("m1", &ann).await.unwrap());
    assert!(!desk.end_reply("r1", true, &ann).await.unwrap());
    let entries = all(&store).await;
    let told: Vec<_> = entries.iter().map(|it| (it.deed.act, it.deed.about.as_deref())).collect();
    assert_eq!(told, [(Act::WishCleared, Some("B")), (Act::WishSet, Some("A"))]);
    assert_eq!(entries[1].deed.details, json!({ "language": "de" }));

    let mut side = Superuser::of(url).await;
    side.disables_triggers().await;
    side.runs("delete from audit_head").await.unwrap();
    let lost = desk.put_wishes(&[wish("A", Wish::Language(Some("fr".into())))], &ann).await;
    assert!(lost.is_err());
    let halt = desk.switch("kill_switch", Some("on"), deed("Ann", 1)).await;
    assert!(halt.is_err() && !store.control().await.unwrap().kill_switch);
    assert_eq!(desk.wishes(&"A".into()).await.unwrap()[0].value.as_deref(), Some("de"));
    assert_eq!(all(&store).await, entries);
}

async fn the_newest_come_first_page_by_page_and_by_what_is_asked(url: &str) {
    let store = open(url).await;
    assert_eq!(verified(&store, &[Anchor::START]).await, Ok(Anchor::START));
    assert_eq!(all(&store).await, []);
    write(&store, "Ann", 3).await;
    store.desk().note(&by("Bob", PRECISELY).deed(Act::Halt, None, json!({}))).await.unwrap();
    write(&store, "Ann", 1).await;

    let entries = all(&store).await;
    assert_eq!(entries.iter().map(|it| it.seq).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
    let kept = Deed { at: at("2026-03-10T12:00:00.123456Z"), ..deed("Ann", 2) };
    assert_eq!(entries[2].deed, kept);
    assert_eq!(entries[4].previous, Digest::NOTHING);
    assert_eq!(entries[1].deed.about, None);
    let ask = |page: AuditPage| {
        let store = &store;
        async move {
            let page = AuditPage { limit: page.limit.max(2), ..page };
            let found = store.desk().audit(&page).await.unwrap();
            found.iter().map(|it| it.seq).collect::<Vec<_>>()
        }
    };
    let none = AuditPage::default;
    assert_eq!(ask(none()).await, [5, 4]);
    assert_eq!(ask(AuditPage { before: Some(4), ..none() }).await, [3, 2]);
    assert_eq!(ask(AuditPage { before: Some(1), ..none() }).await, [0_u64; 0]);
    assert_eq!(ask(AuditPage { by: Some("Bob".into()), ..none() }).await, [4]);
    assert_eq!(
        ask(AuditPage { act: Some(Act::HoldPlaced), limit: 9, ..none() }).await,
        [5, 3, 2, 1]
    );
    assert_eq!(ask(AuditPage { about: Some("A0".into()), ..none() }).await, [5, 1]);
    assert_eq!(ask(AuditPage { act: Some(Act::Live), ..none() }).await, [0_u64; 0]);
}

async fn the_database_refuses_to_change_or_remove_what_was_written(url: &str) {
    let store = open(url).await;
    write(&store, "Ann", 3).await;
    let mut side = Superuser::of(url).await;
    let again = "audit_entry select * from audit_entry where seq = 2";
    let mut refused = vec![
        "update audit_entry set by_whom = 'Eve' where seq = 2".to_owned(),
        "update audit_entry set details = details".to_owned(),
        "delete from audit_entry where seq = 3".to_owned(),
        "delete from audit_entry".to_owned(),
        "delete from audit_head".to_owned(),
        "insert into audit_head select * from audit_head".to_owned(),
    ];
    match side {
        Superuser::Postgres(_) => {
            refused.push("truncate audit_entry".into());
            refused.push("truncate audit_head".into());
            refused.push(format!("insert into {again} on conflict (seq) do update set act = 'x'"));
        }
        Superuser::Sqlite(_) => {
            refused.push(format!("insert or replace into {again}"));
            refused.push(format!("replace into {again}"));
            refused.push(format!("insert into {again} on conflict (seq) do update set act = 'x'"));
        }
    }
    for sql in refused {
        let error = side.runs(&sql).await.unwrap_err();
        assert!(error.contains("the audit trail is only ever added to"), "{sql}: {error}");
    }
    assert_eq!(verified(&store, &[]).await.unwrap().seq, 3);
}

async fn what_somebody_with_all_rights_does_to_an_entry_is_found(url: &str) {
    let store = open(url).await;
    write(&store, "Ann", 5).await;
    let head = anchor(&all(&store).await[0]);
    let mut side = Superuser::of(url).await;
    side.disables_triggers().await;
    side.runs("create table kept as select * from audit_entry").await.unwrap();
    let later = match side {
        Superuser::Postgres(_) => "at = at + interval '1 microsecond'",
        Superuser::Sqlite(_) => "at = at + 1",
    };
    let set = |what: &str| format!("update audit_entry set {what} where seq = 3");
    let columns = "seq, at, by_whom, through, act, about, details, previous, digest";
    let insert = |seq: i64, of: i64| {
        let rest = columns.trim_start_matches("seq, ");
        format!(
            "insert into audit_entry ({columns}) select {seq}, {rest} from kept where seq = {of}"
        )
    };
    let exchanged = "update audit_entry set seq = 77 where seq = 3; \
        update audit_entry set seq = 3 where seq = 4; update audit_entry set seq = 4 where seq = 77";
    for (sql, broken) in [
        (set("by_whom = 'Eve'"), Break::Changed { seq: 3 }),
        (set(later), Break::Changed { seq: 3 }),
        (set("through = 'console'"), Break::Changed { seq: 3 }),
        // Not even a word that nobody knows stops the verifier.
        (set("act = 'hold_eaten'"), Break::Changed { seq: 3 }),
        (set("about = null"), Break::Changed { seq: 3 }),
        (set("about = ''"), Break::Changed { seq: 3 }),
        (set("details = details || ' '"), Break::Changed { seq: 3 }),
        (set("previous = digest"), Break::Changed { seq: 3 }),
        (set("digest = upper(digest)"), Break::Changed { seq: 3 }),
        (set("digest = previous"), Break::Changed { seq: 3 }),
        (set("seq = 9"), Break::Missing { seq: 3, next: 4 }),
        ("delete from audit_entry where seq = 1".into(), Break::Missing { seq: 1, next: 2 }),
        ("delete from audit_entry where seq = 3".into(), Break::Missing { seq: 3, next: 4 }),
        ("delete from audit_entry where seq < 5".into(), Break::Missing { seq: 1, next: 5 }),
        (exchanged.into(), Break::OutOfPlace { seq: 3 }),
        (insert(6, 5), Break::OutOfPlace { seq: 6 }),
        (insert(7, 2), Break::Missing { seq: 6, next: 7 }),
    ] {
        side.runs(&sql).await.unwrap();
        assert_eq!(verified(&store, &[]).await, Err(broken), "{sql}");
        side.runs("delete from audit_entry; insert into audit_entry select * from kept")
            .await
            .unwrap();
        assert_eq!(verified(&store, &[]).await, Ok(head), "put right after {sql}");
    }
    // In front of the first, where a number may be below one.
    let unbound = match side {
        Superuser::Postgres(_) => "alter table audit_entry drop constraint audit_entry_seq_check",
        Superuser::Sqlite(_) => "pragma ignore_check_constraints = on",
    };
    side.runs(unbound).await.unwrap();
    side.runs(&insert(-4, 2)).await.unwrap();
    assert_eq!(verified(&store, &[]).await, Err(Break::OutOfPlace { seq: -4 }));
}

async fn an_end_that_was_cut_off_is_found_and_with_the_head_moved_along_by_an_anchor(url: &str) {
    let store = open(url).await;
    write(&store, "Ann", 5).await;
    let entries = all(&store).await;
    let mut side = Superuser::of(url).await;
    side.disables_triggers().await;
    side.runs("delete from audit_entry where seq > 3").await.unwrap();
    assert_eq!(verified(&store, &[]).await, Err(Break::Cut { last: 3, head: 5 }));

    let moved =
        "update audit_head set seq = 3, digest = (select digest from audit_entry where seq = 3)";
    side.runs(moved).await.unwrap();
    // Nothing in the database knows that there were more.
    assert_eq!(verified(&store, &[]).await, Ok(anchor(&entries[2])));
    assert_eq!(verified(&store, &[anchor(&entries[2])]).await, Ok(anchor(&entries[2])));
    let told = Err(Break::BeforeAnchor { seq: 5, last: 3 });
    assert_eq!(verified(&store, &[anchor(&entries[0])]).await, told);
    // Nor is it undone by others that come after.
    write(&store, "Eve", 4).await;
    assert!(verified(&store, &[]).await.is_ok());
    let told = Err(Break::OffAnchor { seq: 5 });
    assert_eq!(verified(&store, &[anchor(&entries[0])]).await, told);

    side.runs("delete from audit_entry").await.unwrap();
    assert_eq!(verified(&store, &[]).await, Err(Break::Cut { last: 0, head: 7 }));
    let nothing = format!("update audit_head set seq = 0, digest = '{}'", Digest::NOTHING);
    side.runs(&nothing).await.unwrap();
    assert_eq!(verified(&store, &[]).await, Ok(Anchor::START));
    let told = Err(Break::BeforeAnchor { seq: 1, last: 0 });
    assert_eq!(verified(&store, &[anchor(&entries[4])]).await, told);
}

async fn a_trail_that_was_made_anew_is_found_by_an_anchor_alone(url: &str) {
    let store = open(url).await;
    write(&store, "Ann", 3).await;
    let known = anchor(&all(&store).await[0]);
    // Somebody writes another story, with the means that we have ourselves.
    let mut side = Superuser::of(url).await;
    side.disables_triggers().await;
    let nothing = format!("update audit_head set seq = 0, digest = '{}'", Digest::NOTHING);
    side.runs(&format!("delete from audit_entry; {nothing}")).await.unwrap();
    write(&store, "Eve", 3).await;
    assert!(verified(&store, &[]).await.is_ok());
    assert_eq!(verified(&store, &[known]).await, Err(Break::OffAnchor { seq: 3 }));
}

async fn a_trail_without_its_head_takes_no_entry(url: &str) {
    let store = open(url).await;
    write(&store, "Ann", 2).await;
    let mut side = Superuser::of(url).await;
    side.disables_triggers().await;
    let head =
        "update audit_head set seq = 1, digest = (select digest from audit_entry where seq = 1)";
    side.runs(head).await.unwrap();
    assert_eq!(verified(&store, &[]).await, Err(Break::OffHead { last: 2 }));
    // The place is taken: no second branch grows.
    assert!(store.desk().note(&deed("Eve", 1)).await.is_err());
    for head in ["update audit_head set digest = 'none'", "delete from audit_head"] {
        side.runs(head).await.unwrap();
        assert_eq!(verified(&store, &[]).await, Err(Break::NoHead { last: 2 }), "{head}");
        assert!(store.desk().note(&deed("Eve", 1)).await.is_err());
    }
    assert_eq!(all(&store).await.len(), 2);
}
