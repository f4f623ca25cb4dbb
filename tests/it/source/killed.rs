//! A first reading that is killed with no warning, between pages or within
//! one, and begun again.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use duebell::model::feed::Feed;
use duebell::model::ledger::Counts;
use duebell::store::{LedgerStore, SqlStore};
use sqlx::{Connection, Executor, PgConnection};

use super::foreign::Foreign;
use crate::support::postgres;

const BILLS: u64 = 600;
const KILLS: usize = 3;

/// `duebell sync` over the foreign database, three rows at a time.
struct Reader {
    dir: tempfile::TempDir,
    foreign: Foreign,
}

impl Reader {
    async fn new(store_url: &str) -> Reader {
        let dir = tempfile::tempdir().unwrap();
        let mut foreign = Foreign::on_sqlite().await;
        foreign.customers(&["C"]).await;
        let numbers = format!(
            "with recursive n(n) as (values (1) union all select n + 1 from n where n < {BILLS})
             insert into invoice select printf('b%04d', n), 'C', 'EUR', '50.00', '50.00', '2026-02-01',
                 '2026-03-01', '2026-03-10 12:00:00' from n"
        );
        foreign.run(&numbers).await;
        let billing = foreign.settings();
        let settings = format!(
            "[paths]\npolicy = {:?}\nmessages = {:?}\n[store]\nurl = \"{store_url}\"\n\
             [source]\nurl = \"{}\"\nqueries = {:?}\n[pipeline]\nsync_page = 3\n\
             [contact]\nlaw = \"cn\"\n\
             [provider.sandbox]\nfile = {:?}\n",
            Path::new(env!("CARGO_MANIFEST_DIR")).join("config/policy"),
            Path::new(env!("CARGO_MANIFEST_DIR")).join("config/messages"),
            billing.url,
            billing.queries,
            dir.path().join("sandbox.jsonl"),
        );
        std::fs::write(dir.path().join("config.toml"), settings).unwrap();
        Reader { dir, foreign }
    }

    fn start(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_duebell"))
            .arg("--config")
            .arg(self.dir.path().join("config.toml"))
            .arg("sync")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }
}

/// How far the bills were read, and how many of them there are.
async fn standing(store: &SqlStore) -> (u64, u64) {
    let mark = store.feed_mark(Feed::Bills).await.unwrap();
    (mark.map_or(0, |mark| mark.counts.read), store.held(Feed::Bills, None).await.unwrap())
}

/// As if the leases of the process that was killed had run out.
async fn lapse(store_url: &str) {
    if store_url.starts_with("postgres") {
        let mut connection = PgConnection::connect(store_url).await.unwrap();
        let lapse = "update bucket_lease set expires_at = 'epoch' where owner is not null";
        connection.execute(lapse).await.unwrap();
        connection.execute("update daemon set seen_until = 'epoch'").await.unwrap();
    }
}

async fn resumes(store_url: &str) {
    let store = SqlStore::open(store_url, None).await.unwrap();
    let reader = Reader::new(store_url).await;
    for _ in 0..KILLS {
        let (before, _) = standing(&store).await;
        let mut child = reader.start();
        let began = Instant::now();
        while standing(&store).await.0 < before + 30 {
            assert!(began.elapsed() < Duration::from_secs(60), "no page was merged");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        lapse(store_url).await;

        let (read, held) = standing(&store).await;
        assert!(read < BILLS, "it was killed too late to show anything");
        assert_eq!(read, held, "the mark moves with its page, and with nothing else");
    }
    assert!(reader.start().wait().unwrap().success());
    let mark = store.feed_mark(Feed::Bills).await.unwrap().unwrap();
    // No row was read twice: a reading that is cut short does not go back.
    assert_eq!(mark.counts, Counts { read: BILLS, used: BILLS, set_aside: 0 });
    assert!(mark.read_at.is_some());
    assert_eq!(store.held(Feed::Bills, None).await.unwrap(), BILLS);
    drop(reader.foreign);
}

#[tokio::test]
async fn a_killed_reading_goes_on_after_its_last_page_on_sqlite() {
    let scratch = tempfile::tempdir().unwrap();
    resumes(&format!("sqlite://{}", scratch.path().join("store.db").display())).await;
}

#[tokio::test]
async fn a_killed_reading_goes_on_after_its_last_page_on_postgres() {
    resumes(&postgres::database().await).await;
}
