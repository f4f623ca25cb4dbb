//! The front of the flow: reads what is due, round after round.
//!
//! In one round nothing is read twice. Before the next, everything that was
//! read is marked or let go: what is read again while an earlier reading of it
//! is in somebody's hands would have to be told from it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::model::id::BUCKETS;
use crate::model::{Bucket, ReminderId};
use crate::pipeline::Workshop;
use crate::pipeline::lease::Shift;

use super::{Dispatch, Page};

/// A round ends after this long: with the retries that came due, another begins.
const ROUND_FOR: Duration = Duration::from_secs(5);
/// So long as anything is under way, rounds follow each other: a slow provider
/// must not keep the others waiting for its last answer. Then the flow runs dry.
const ROUNDS_FOR: Duration = Duration::from_secs(60);
/// Between two rounds.
const PAUSE: Duration = Duration::from_millis(500);

/// What the reading hands on.
pub enum Read {
    Page(Page),
    /// All that was read is to be marked or let go, and that is to be told.
    Over(oneshot::Sender<()>),
}

/// What is due at the beginning of a round.
pub struct Round {
    retries: Page,
    buckets: Vec<Bucket>,
}

impl Round {
    /// `None` where nothing is due.
    pub async fn begin(shop: &Workshop, now: Timestamp) -> anyhow::Result<Option<Round>> {
        let shift = Arc::new(shop.shift());
        let held: Vec<Bucket> = shift.tenure().buckets().collect();
        let due = shop.outbox.retries(&held, now, shop.settings.dispatch_batch).await?;
        let buckets = shop.agenda.due(held, now);
        let is_any = !due.is_empty() || !buckets.is_empty();
        Ok(is_any.then_some(Round { retries: Page { due, shift }, buckets }))
    }
}

pub struct Reading {
    pub dispatch: Dispatch,
    pub clock: Arc<dyn Clock>,
    pub stop: CancellationToken,
}

impl Reading {
    pub async fn work(self, first: Round, pages: Sender<Read>) -> anyhow::Result<usize> {
        let (began, began_with) = (Instant::now(), first.retries.shift.clone());
        let mut next = Some(first);
        loop {
            if let Some(Round { retries, buckets }) = next {
                if !retries.due.is_empty() && pages.send(Read::Page(retries)).await.is_err() {
                    return Ok(0);
                }
                self.read(&buckets, &pages).await?;
            }
            if !self.is_to_go_on(began, &began_with).await {
                return Ok(0);
            }
            let (told, tells) = oneshot::channel();
            if pages.send(Read::Over(told)).await.is_err() || tells.await.is_err() {
                return Ok(0);
            }
            next = Round::begin(&self.dispatch.shop, self.clock.now()).await?;
        }
    }

    /// Whether another round follows, once there may be something for it.
    async fn is_to_go_on(&self, began: Instant, began_with: &Shift) -> bool {
        let Workshop { providers, .. } = &self.dispatch.shop;
        if !providers.is_anything_under_way() {
            return false;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = providers.ended() => {}
            () = self.stop.cancelled() => {}
        }
        // Of buckets that came to us, what others left open is settled first.
        let shift = self.dispatch.shop.shift();
        let has_gained = !shift.tenure().without(began_with.tenure()).is_empty();
        providers.is_anything_under_way()
            && !self.stop.is_cancelled()
            && !has_gained
            && began.elapsed() < ROUNDS_FOR
    }

    /// Reads what is due, bucket after bucket. A page that was cut by the
    /// limit goes on after its last reminder.
    async fn read(&self, buckets: &[Bucket], pages: &Sender<Read>) -> anyhow::Result<()> {
        let Dispatch { shop: Workshop { outbox, agenda, settings, .. }, per_page, .. } =
            &self.dispatch;
        let batch = settings.dispatch_batch as usize;
        let (mut left, mut looked) = (buckets, 0);
        let mut after: Option<ReminderId> = None;
        let began = Instant::now();
        while !left.is_empty() && !self.stop.is_cancelled() && began.elapsed() < ROUND_FOR {
            let count = per_page.load(Ordering::Relaxed).min(left.len());
            let now = self.clock.now();
            agenda.look(&left[looked.min(count)..count], now);
            looked = looked.max(count);
            let shift = Arc::new(self.dispatch.shop.shift());
            let held = |bucket: &&Bucket| shift.tenure().fence(**bucket).is_some();
            let page: Vec<Bucket> = left[..count].iter().filter(held).copied().collect();
            let due = outbox.due(&page, after, now, settings.dispatch_batch).await?;
            after = due.last().filter(|_| due.len() == batch).map(|last| last.reminder.id);
            // Of a page that was cut, the last bucket goes on; those before it
            // were as many as make a page.
            let through = |last: ReminderId| left.iter().position(|it| *it == last.bucket());
            let done = after.map_or(count, |last| through(last).unwrap_or(count));
            let wanted = match (after, (count * batch).checked_div(due.len() * 2)) {
                (Some(_), _) => done.max(1),
                (None, Some(wanted)) => wanted,
                (None, None) => count * 2,
            };
            per_page.store(wanted.clamp(1, usize::from(BUCKETS)), Ordering::Relaxed);
            (left, looked) = (&left[done..], looked - done);
            if !due.is_empty() && pages.send(Read::Page(Page { due, shift })).await.is_err() {
                break;
            }
        }
        agenda.again(left);
        Ok(())
    }
}
