//! Pages by watermark, and what keeps rows from being lost between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use duebell::model::BillId;
use duebell::model::feed::{Cell, Cursor, Feed, RawRow};
use duebell::pipeline::Stage;
use duebell::pipeline::sync::{Reading, Sync};
use duebell::pipeline::tend::Tend;
use duebell::source::{Source, SourceError};
use duebell::store::LedgerStore;
use jiff::civil::Date;
use tokio_util::sync::CancellationToken;

use super::foreign::Foreign;
use super::on_each_database;
use crate::support::bench::Bench;
use crate::support::build::*;

on_each_database![
    rows_of_one_stamp_are_all_read_page_by_page,
    a_row_that_was_committed_late_is_read_with_the_overlap,
    the_nightly_count_finds_what_the_overlap_did_not,
    a_feed_that_fails_does_not_stop_the_others,
    a_reading_that_was_cut_short_goes_on_where_it_stopped,
    a_reading_that_is_to_stop_ends_with_the_page_that_is_merged,
    balances_are_those_of_the_moment,
    an_empty_database_is_a_fresh_one,
];

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

fn ids(rows: &[RawRow]) -> Vec<String> {
    rows.iter().map(|row| text(&row.cells[0])).collect()
}

async fn bench(foreign: &Foreign) -> Bench {
    Bench::live(Arc::new(foreign.open().await.unwrap())).await
}

async fn sync(bench: &Bench, now: &str) -> anyhow::Result<usize> {
    Sync(bench.workshop.clone()).run_once(at(now)).await
}

async fn bills(bench: &Bench) -> Vec<String> {
    let bills = bench.store.desk().bills(&"C".into()).await.unwrap();
    let mut ids: Vec<String> = bills.into_iter().map(|bill| bill.id.0).collect();
    ids.sort();
    ids
}

async fn rows_of_one_stamp_are_all_read_page_by_page(mut foreign: Foreign) {
    foreign.customers(&["g", "c", "a", "f", "b", "e", "d"]).await;
    let source = foreign.open().await.unwrap();
    let mut after = Cursor::start();
    let mut pages = Vec::new();
    loop {
        let page = source.page(Feed::Accounts, &after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Cursor { changed_at: text(last.cells.last().unwrap()), id: text(&last.cells[0]) };
        pages.push(ids(&page));
    }
    assert_eq!(pages, [vec!["a", "b", "c"], vec!["d", "e", "f"], vec!["g"]]);
    assert_eq!(source.count(Feed::Accounts, None).await.unwrap(), 7);
}

async fn a_row_that_was_committed_late_is_read_with_the_overlap(mut foreign: Foreign) {
    foreign.customers(&["C"]).await;
    foreign.invoice("b1", "2026-03-10 12:00:00").await;
    let bench = bench(&foreign).await;
    sync(&bench, "2026-03-10T12:01Z").await.unwrap();
    // A long transaction ends: its stamp is 14 minutes old.
    foreign.invoice("b0", "2026-03-10 11:46:00").await;
    sync(&bench, "2026-03-10T12:02Z").await.unwrap();
    assert_eq!(bills(&bench).await, ["b0", "b1"]);
}

async fn the_nightly_count_finds_what_the_overlap_did_not(mut foreign: Foreign) {
    foreign.customers(&["C"]).await;
    foreign.invoice("b1", "2026-03-10 12:00:00").await;
    let bench = bench(&foreign).await;
    sync(&bench, "2026-03-10T12:01Z").await.unwrap();
    foreign.invoice("b0", "2026-03-10 09:00:00").await;
    sync(&bench, "2026-03-10T12:02Z").await.unwrap();
    assert_eq!(bills(&bench).await, ["b1"]);
    Tend::new(bench.workshop.clone()).count(at(NOON)).await.unwrap();
    sync(&bench, "2026-03-10T12:03Z").await.unwrap();
    assert_eq!(bills(&bench).await, ["b0", "b1"]);
    // Now it agrees: the next reading is short again.
    Tend::new(bench.workshop.clone()).count(at(NOON)).await.unwrap();
    let mark = bench.store.feed_mark(Feed::Bills).await.unwrap().unwrap();
    assert_eq!(mark.cursor.changed_at, "2026-03-10 12:00:00");
}

async fn a_feed_that_fails_does_not_stop_the_others(mut foreign: Foreign) {
    foreign.customers(&["C"]).await;
    foreign.invoice("b1", "2026-03-10 12:00:00").await;
    let bench = bench(&foreign).await;
    foreign.run("alter table customer rename to customers").await;
    let error = sync(&bench, "2026-03-10T12:01Z").await.unwrap_err();
    let told = format!("{error:#}");
    assert!(told.contains("feed accounts") && told.contains("accounts.sql"), "{told}");
    foreign.run("alter table customers rename to customer").await;
    assert!(bench.store.feed_mark(Feed::Bills).await.unwrap().unwrap().read_at.is_some());
    assert_eq!(bench.store.feed_mark(Feed::Accounts).await.unwrap(), None);

    // The bill waited for its account.
    sync(&bench, "2026-03-10T12:02Z").await.unwrap();
    assert_eq!(bills(&bench).await, ["b1"]);
}

async fn a_reading_that_was_cut_short_goes_on_where_it_stopped(mut foreign: Foreign) {
    foreign.customers(&["C"]).await;
    for n in 1..=5 {
        foreign.invoice(&format!("b{n}"), "2026-03-10 12:00:00").await;
    }
    let mut bench = bench(&foreign).await;
    bench.workshop.settings.sync_page = 2;
    sync(&bench, "2026-03-10T12:01Z").await.unwrap();
    assert_eq!(bills(&bench).await.len(), 5);
    let mark = bench.store.feed_mark(Feed::Bills).await.unwrap().unwrap();
    assert_eq!((mark.cursor.id.as_str(), mark.counts.read), ("b5", 5));
    assert_eq!(mark.read_at, Some(at("2026-03-10T12:01Z")));
}

/// Somebody asks for a stop while the third page of bills is read.
struct StoppedAtTheThird {
    source: Arc<dyn Source>,
    pages: AtomicU32,
    stop: CancellationToken,
}

#[async_trait]
impl Source for StoppedAtTheThird {
    fn feeds(&self) -> Vec<Feed> {
        self.source.feeds()
    }

    async fn page(
        &self,
        feed: Feed,
        after: &Cursor,
        limit: u32,
    ) -> Result<Vec<RawRow>, SourceError> {
        if feed == Feed::Bills && self.pages.fetch_add(1, Ordering::Relaxed) == 2 {
            self.stop.cancel();
        }
        self.source.page(feed, after, limit).await
    }

    async fn balances(&self, bills: &[BillId]) -> Result<Vec<RawRow>, SourceError> {
        self.source.balances(bills).await
    }

    async fn count(&self, feed: Feed, since: Option<Date>) -> Result<u64, SourceError> {
        self.source.count(feed, since).await
    }
}

async fn a_reading_that_is_to_stop_ends_with_the_page_that_is_merged(mut foreign: Foreign) {
    foreign.customers(&["C"]).await;
    for n in 1..=7 {
        foreign.invoice(&format!("b{n}"), "2026-03-10 12:00:00").await;
    }
    let mut bench = bench(&foreign).await;
    bench.workshop.settings.sync_page = 2;
    let stop = CancellationToken::new();
    let reading = Reading::until(&stop);
    bench.workshop.source = Arc::new(StoppedAtTheThird {
        source: bench.workshop.source.clone(),
        pages: AtomicU32::new(0),
        stop,
    });
    Sync(bench.workshop.clone()).read(at("2026-03-10T12:01Z"), &reading).await.unwrap();
    // The third was read ahead, while the second was merged.
    assert_eq!((reading.merged(Feed::Accounts), reading.merged(Feed::Bills)), (1, 4));
    let mark = bench.store.feed_mark(Feed::Bills).await.unwrap().unwrap();
    assert_eq!((mark.cursor.id.as_str(), mark.counts.read, mark.read_at), ("b4", 4, None));

    sync(&bench, "2026-03-10T12:02Z").await.unwrap();
    assert_eq!(bills(&bench).await.len(), 7);
    let mark = bench.store.feed_mark(Feed::Bills).await.unwrap().unwrap();
    assert_eq!((mark.counts.read, mark.read_at), (7, Some(at("2026-03-10T12:02Z"))));
}

async fn balances_are_those_of_the_moment(mut foreign: Foreign) {
    foreign.invoice("b1", "2026-03-10 12:00:00").await;
    foreign.invoice("b2", "2026-03-10 12:00:00").await;
    let source = foreign.open().await.unwrap();
    let ask = ["b1".into(), "b2".into(), "never".into(), "o'clock \"x\"".into()];
    foreign.run("update invoice set open = 12.5 where no = 'b2'").await;
    let mut found: Vec<(String, i64)> = Vec::new();
    for row in source.balances(&ask).await.unwrap() {
        let (bill, money) = duebell::source::rows::balance(&row).unwrap();
        found.push((bill.0, money.minor));
    }
    found.sort();
    assert_eq!(found, [("b1".into(), 5_000), ("b2".into(), 1_250)]);
    assert_eq!(source.balances(&[]).await.unwrap(), []);
}

async fn an_empty_database_is_a_fresh_one(foreign: Foreign) {
    let bench = bench(&foreign).await;
    for now in ["2026-03-10T12:01Z", "2026-03-10T12:02Z"] {
        assert_eq!(sync(&bench, now).await.unwrap(), 0);
        for feed in [Feed::Accounts, Feed::Bills, Feed::Payments] {
            let mark = bench.store.feed_mark(feed).await.unwrap().unwrap();
            assert_eq!(mark.read_at, Some(at(now)), "{feed}");
        }
    }
}
