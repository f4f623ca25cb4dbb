//! Sync: reads what changed at the source, page by page, into the ledger.
//!
//! While a page is merged the next one is read and checked, one ahead and no
//! more: that bounds the memory. Accounts come first, for every other row
//! waits for its account; the feeds after them are read side by side.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::model::Bucket;
use crate::model::feed::{Cursor, Feed};
use crate::model::ledger::{Counts, FeedMark, Page};
use crate::source::{rows, stamp};

use super::lease::Shift;
use super::{Stage, Workshop};

/// Reads every mapped feed to its end.
pub struct Sync(pub Workshop);

/// How far a reading has come, for whoever looks on, and whether it is to stop.
#[derive(Default)]
pub struct Reading {
    merged: [AtomicU64; Feed::ALL.len()],
    stop: CancellationToken,
}

impl Reading {
    /// One that ends early, after a whole page, once `stop` is cancelled.
    pub fn until(stop: &CancellationToken) -> Reading {
        Reading { stop: stop.clone(), ..Reading::default() }
    }

    /// Rows of a feed that were read and are in the ledger, or set aside there.
    pub fn merged(&self, feed: Feed) -> u64 {
        self.merged[feed.place()].load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Stage for Sync {
    fn name(&self) -> &'static str {
        "sync"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        self.read(now, &Reading::default()).await
    }
}

impl Sync {
    /// Reads every feed to its end; the number of rows that were used.
    ///
    /// # Errors
    /// When a feed cannot be read, or a page cannot be merged.
    pub async fn read(&self, now: Timestamp, reading: &Reading) -> anyhow::Result<usize> {
        let (mut used, mut failure) = (0, None);
        let (first, then): (Vec<Feed>, Vec<Feed>) =
            self.0.source.feeds().into_iter().partition(|feed| *feed == Feed::Accounts);
        for feeds in [first, then] {
            let read = feeds
                .into_iter()
                .map(|feed| async move { (feed, self.feed(feed, now, reading).await) });
            for (feed, read) in join_all(read).await {
                // One feed that fails does not stop the others; the freshness
                // gate sees to it that nothing is sent on half of the facts.
                match read {
                    Ok(counts) => used += counts.used as usize,
                    Err(error) => {
                        warn!(feed = %feed, "could not read the feed: {error:#}");
                        failure = Some(error.context(format!("could not read feed {feed}")));
                    }
                }
            }
        }
        failure.map_or(Ok(used), Err)
    }

    /// A spell of work on the first bucket: of several daemons, the one that
    /// has it reads the feeds. A page long, and on no bucket besides, so that
    /// a long reading keeps no bucket from those who are to have it.
    fn shift(&self) -> Option<Shift> {
        let shift = self.0.leases.begin_on(Bucket::FIRST, Instant::now());
        (!shift.tenure().is_empty()).then_some(shift)
    }

    /// Where reading goes on. Rows that were committed late have stamps before
    /// the cursor, so reading goes back by the overlap, until the feed was once
    /// read to its end with the overlap passed since the cursor last moved:
    /// then none can be missing. A first reading that was cut short goes on
    /// where it stopped.
    fn start(&self, mark: &FeedMark) -> Cursor {
        let overlap = SignedDuration::from_secs(i64::from(self.0.settings.sync_overlap_s));
        match mark.read_at {
            Some(read_at) if read_at.duration_since(mark.moved_at) < overlap => {
                stamp::earlier(&mark.cursor, overlap)
            }
            _ => mark.cursor.clone(),
        }
    }

    /// Reads one feed to its end, or until somebody else is to read it.
    async fn feed(&self, feed: Feed, now: Timestamp, reading: &Reading) -> anyhow::Result<Counts> {
        let Workshop { ledger, .. } = &self.0;
        let on = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let mut total = Counts::default();
        if self.shift().is_none() {
            return Ok(total);
        }
        let mark = ledger.feed_mark(feed).await?;
        let after = mark.as_ref().map_or_else(Cursor::start, |mark| self.start(mark));

        let mut ahead = JoinSet::new();
        ahead.spawn(page_after(self.0.clone(), feed, after));
        while let Some(page) = ahead.join_next().await {
            let page = page??;
            let Some(shift) = self.shift().filter(|_| !reading.stop.is_cancelled()) else { break };
            let Some(page) = page else {
                ledger.touch_feed(feed, now).await?;
                break;
            };
            if !page.is_last {
                ahead.spawn(page_after(self.0.clone(), feed, page.cursor.clone()));
            }
            let counts = ledger.merge(shift.tenure(), page, on, now).await?;
            reading.merged[feed.place()].fetch_add(counts.read, Ordering::Relaxed);
            total += counts;
        }
        if feed == Feed::Accounts && total.used > 0 {
            while let Some(shift) = self.shift()
                && ledger.merge_awaited(shift.tenure(), on, now).await? > 0
            {}
        }
        if total.set_aside > 0 {
            info!(feed = %feed, read = total.read, set_aside = total.set_aside, "rows were set aside; see `duebell rejects`");
        }
        Ok(total)
    }
}

/// The next page, checked; `None` where the feed ends. A task of its own, so
/// that decoding rows does not keep the page before from being merged.
async fn page_after(shop: Workshop, feed: Feed, after: Cursor) -> anyhow::Result<Option<Page>> {
    let size = shop.settings.sync_page;
    let raw = shop.source.page(feed, &after, size).await?;
    let is_last = raw.len() < size as usize;
    let Some(page) = rows::checked_page(feed, &raw, &shop.defaults, is_last) else {
        anyhow::ensure!(
            raw.is_empty(),
            "the last row of a page has no changed_at; give every row one"
        );
        return Ok(None);
    };
    anyhow::ensure!(
        page.cursor != after,
        "the same page comes again; the query must return only rows after :changed_at and :id"
    );
    Ok(Some(page))
}
