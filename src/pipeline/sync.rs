//! Sync: reads what changed at the source, page by page, into the ledger.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use crate::model::feed::{Cursor, Feed};
use crate::model::ledger::{Counts, FeedMark};
use crate::model::{Bucket, Tenure};
use crate::source::{rows, stamp};

use super::{Stage, Workshop};

/// Reads every mapped feed to its end.
pub struct Sync(pub Workshop);

#[async_trait]
impl Stage for Sync {
    fn name(&self) -> &'static str {
        "sync"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        let shift = self.0.shift();
        // Of several daemons one reads the feeds: who has the first bucket.
        if shift.tenure().fence(Bucket::FIRST).is_none() {
            return Ok(0);
        }
        let mut changed = 0;
        let mut failure = None;
        for feed in self.0.source.feeds() {
            // One feed that fails does not stop the others; the freshness
            // gate sees to it that nothing is sent on half of the facts.
            match self.read(feed, shift.tenure(), now).await {
                Ok(counts) => changed += counts.used as usize,
                Err(error) => {
                    warn!(feed = %feed, "could not read the feed: {error:#}");
                    failure = Some(error.context(format!("could not read feed {feed}")));
                }
            }
        }
        failure.map_or(Ok(changed), Err)
    }
}

impl Sync {
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

    async fn read(&self, feed: Feed, tenure: &Tenure, now: Timestamp) -> anyhow::Result<Counts> {
        let Workshop { source, ledger, settings, .. } = &self.0;
        let on = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let mark = ledger.feed_mark(feed).await?;
        let mut after = mark.as_ref().map_or_else(Cursor::start, |mark| self.start(mark));

        let mut total = Counts::default();
        loop {
            let raw = source.page(feed, &after, settings.sync_page).await?;
            let is_last = raw.len() < settings.sync_page as usize;
            let Some(page) = rows::checked_page(feed, &raw, &self.0.defaults, is_last) else {
                anyhow::ensure!(
                    raw.is_empty(),
                    "the last row of a page has no changed_at; give every row one"
                );
                ledger.touch_feed(feed, now).await?;
                break;
            };
            anyhow::ensure!(
                page.cursor != after,
                "the same page comes again; the query must return only rows after :changed_at and :id"
            );
            after = page.cursor.clone();
            total += ledger.merge(tenure, page, on, now).await?;
            if is_last {
                break;
            }
        }
        if feed == Feed::Accounts && total.used > 0 {
            while ledger.merge_awaited(on, now).await? > 0 {}
        }
        if total.set_aside > 0 {
            info!(feed = %feed, read = total.read, set_aside = total.set_aside, "rows were set aside; see `duebell rejects`");
        }
        Ok(total)
    }
}
