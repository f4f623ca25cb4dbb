//! Tend: deadlines, closed windows, and the nightly count of the feeds.
//!
//! What has a deadline is found from how far tending came before, so that the
//! work follows what has ended since and never the size of the tables.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use crate::model::reminder::Transition;
use crate::model::{Reason, ReminderState};
use crate::store::Standing;

use super::gate::Gate;
use super::settle::follow;
use super::{Stage, Workshop};

const PAGE: u32 = 1_000;
/// Marks in the store.
const WINDOWS: &str = "tend:windows";
const DEADLINES: &str = "tend:deadlines";
pub const WINDOWS_AGAIN: &str = "tend:windows-again";
const DEADLINES_AGAIN: &str = "tend:deadlines-again";
/// Longer than any batch takes. What a batch writes when it ends bears the
/// time of its beginning, and may lie behind the marks by then: everything is
/// looked at once more, this much later.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// Ends what has reached its end.
pub struct Tend(pub Workshop);

#[async_trait]
impl Stage for Tend {
    fn name(&self) -> &'static str {
        "tend"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        let (mut ended, mut came) = (0, Vec::new());
        for (deadlines, windows, until) in
            [(DEADLINES, WINDOWS, now), (DEADLINES_AGAIN, WINDOWS_AGAIN, now - LATE)]
        {
            if let Some(after) = self.after(deadlines, until).await? {
                ended += self.deadlines(after, until, now).await?;
                came.push((deadlines, until));
            }
            if let Some(after) = self.after(windows, until).await? {
                ended += self.windows(after, until, now).await?;
                if windows == WINDOWS_AGAIN {
                    ended += self.orphans(after, until, now).await?;
                }
                came.push((windows, until));
            }
        }
        // All at once, after all of it: what is looked at twice is ended once.
        self.0.control.set_marks(&came).await?;
        Ok(ended)
    }
}

impl Tend {
    /// How far tending came by this mark, if there is anything before `until` to look at.
    async fn after(&self, mark: &str, until: Timestamp) -> anyhow::Result<Option<Timestamp>> {
        let after = self.0.control.mark(mark).await?.unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(Some(after).filter(|after| *after < until))
    }

    /// Submissions without an outcome become unknown; receipts that did not
    /// come by their deadline are no longer waited for.
    async fn deadlines(
        &self,
        after: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        let Workshop { outbox, deadlines, settings, .. } = &self.0;
        let buckets = self.0.buckets();
        let receipt_deadline =
            now + SignedDuration::from_secs(i64::from(settings.receipt_deadline_s));
        let states = [ReminderState::Submitting, ReminderState::Accepted, ReminderState::Unknown];
        let ended = |standing: &Standing| match standing.state {
            ReminderState::Submitting => Transition {
                next_at: Some(receipt_deadline),
                note: Some("no outcome by its deadline".into()),
                ..follow(standing, ReminderState::Unknown, now)
            },
            _ => follow(standing, ReminderState::Expired, now),
        };
        let mut count = 0;
        loop {
            let waiting = deadlines.waiting(&buckets, &states, after, until, PAGE).await?;
            if waiting.is_empty() {
                break;
            }
            count += outbox.append(&waiting.iter().map(ended).collect::<Vec<_>>()).await? as usize;
        }
        Ok(count)
    }

    /// Reminders whose window closed before they could be sent: their steps
    /// stay due, and the next day's plan looks at them again.
    async fn windows(
        &self,
        after: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        let Workshop { outbox, deadlines, control, .. } = &self.0;
        let buckets = self.0.buckets();
        let gate = Gate::at(&self.0, &control.control().await?, now).await?;
        let reason = gate.reason();
        let mut count = 0;
        loop {
            let missed = deadlines.missed(&buckets, after, until, PAGE).await?;
            if missed.is_empty() {
                break;
            }
            let deferred = |standing: &Standing| Transition {
                reason: Some(reason),
                ..follow(standing, ReminderState::Deferred, now)
            };
            count +=
                outbox.append(&missed.iter().map(deferred).collect::<Vec<_>>()).await? as usize;
        }
        if count > 0 && reason != Reason::OutsideWindow {
            warn!(reminders = count, "not sent on their day: {}", gate.words());
        }
        Ok(count)
    }

    /// First attempts of which nothing was heard until long after their windows
    /// closed: their batch is over, and nobody knows what became of them.
    async fn orphans(
        &self,
        after: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        let Workshop { outbox, deadlines, settings, .. } = &self.0;
        let receipt_deadline =
            now + SignedDuration::from_secs(i64::from(settings.receipt_deadline_s));
        let unknown = |standing: &Standing| Transition {
            next_at: Some(receipt_deadline),
            note: Some("no outcome by its deadline".into()),
            ..follow(standing, ReminderState::Unknown, now)
        };
        let (buckets, mut count) = (self.0.buckets(), 0);
        loop {
            let orphans = deadlines.orphans(&buckets, after, until, PAGE).await?;
            if orphans.is_empty() {
                return Ok(count);
            }
            count +=
                outbox.append(&orphans.iter().map(unknown).collect::<Vec<_>>()).await? as usize;
        }
    }

    /// Counts every feed at the source and in the ledger. A gap means that
    /// rows were committed later than the overlap reaches: the feed is read again.
    pub async fn count(&self) -> anyhow::Result<()> {
        for feed in self.0.source.feeds() {
            let at_source = self.0.source.count(feed).await?;
            let held = self.0.ledger.held(feed).await?;
            if at_source > held {
                warn!(feed = %feed, at_source, held, "rows are missing from the ledger; the feed is read from the beginning");
                self.0.ledger.reread(feed).await?;
            } else {
                info!(feed = %feed, rows = at_source, "the count agrees");
            }
        }
        Ok(())
    }
}
