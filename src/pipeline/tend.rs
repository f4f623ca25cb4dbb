//! Tend: deadlines, closed windows, and the nightly count of the feeds.
//!
//! What has a deadline is found from how far tending came before, so that the
//! work follows what has ended since and never the size of the tables.

mod inquiries;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use crate::model::billing::plus_days;
use crate::model::hold::{Ending, PlacedHold};
use crate::model::reminder::Transition;
use crate::model::{Bucket, Reason, ReminderState, Tenure};
use crate::policy::claim;
use crate::store::Standing;

use super::gate::{Gate, all_stopped};
use super::retention::evidence_kept_from;
use super::settle::{after_receipt, follow, next_channel};
use super::{Stage, Workshop, planning_day};

const PAGE: u32 = 1_000;
/// The planned day has begun somewhere on earth; the day so long before it may
/// still be under way elsewhere.
const HOLD_LATE_DAYS: i32 = 2;
/// Marks in the store.
const WINDOWS: &str = "tend:windows";
const DEADLINES: &str = "tend:deadlines";
pub const WINDOWS_AGAIN: &str = "tend:windows-again";
const PROMISES: &str = "tend:promises";
const DEADLINES_AGAIN: &str = "tend:deadlines-again";
const INQUIRIES: &str = "tend:inquiries";
/// Longer than any batch takes. What a batch writes when it ends bears the
/// time of its beginning, and may lie behind the marks by then: everything is
/// looked at once more, this much later.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// Ends what has reached its end.
pub struct Tend {
    shop: Workshop,
    /// How far this process came, by mark, and in which buckets: those that it
    /// had at the time.
    came: Mutex<HashMap<&'static str, (Tenure, Timestamp)>>,
    /// The day on which holds were last looked through.
    holds_seen: Mutex<Option<Date>>,
}

#[async_trait]
impl Stage for Tend {
    fn name(&self) -> &'static str {
        "tend"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        let shift = self.shop.shift();
        let tenure = shift.tenure();
        let (mut ended, mut marks) = (0, Vec::new());
        for (deadlines, windows, until) in
            [(DEADLINES, WINDOWS, now), (DEADLINES_AGAIN, WINDOWS_AGAIN, now - LATE)]
        {
            for (after, buckets) in self.after(deadlines, tenure, until).await? {
                let span = Span { tenure, buckets, after, until, now };
                ended += self.deadlines(&span).await?;
            }
            self.reached(deadlines, tenure, until);
            for (after, buckets) in self.after(windows, tenure, until).await? {
                let span = Span { tenure, buckets, after, until, now };
                ended += self.windows(&span).await?;
                if windows == WINDOWS_AGAIN {
                    ended += self.orphans(&span).await?;
                }
            }
            self.reached(windows, tenure, until);
            marks.extend([(deadlines, until), (windows, until)]);
        }
        if let Some(before) = self.asks_before() {
            let until = now + before;
            for (after, buckets) in self.after(INQUIRIES, tenure, until).await? {
                ended += self.inquire(&Span { tenure, buckets, after, until, now }).await?;
            }
            self.reached(INQUIRIES, tenure, until);
            marks.push((INQUIRIES, until));
        }
        // All at once, after all of it: what is looked at twice is ended once.
        self.shop.control.set_marks(&marks).await?;
        self.promises(tenure, now).await?;
        Ok(ended + self.holds(tenure, now).await?)
    }
}

/// What is looked through: moments of some buckets.
struct Span<'a> {
    tenure: &'a Tenure,
    buckets: Vec<Bucket>,
    after: Timestamp,
    until: Timestamp,
    now: Timestamp,
}

impl Tend {
    pub fn new(shop: Workshop) -> Tend {
        Tend { shop, came: Mutex::default(), holds_seen: Mutex::default() }
    }

    /// Buckets with something before `until` to look at, with how far they were
    /// looked through. Where this process was not before, another was: it came
    /// about as far as the common mark says, which all daemons push on.
    async fn after(
        &self,
        mark: &'static str,
        tenure: &Tenure,
        until: Timestamp,
    ) -> anyhow::Result<Vec<(Timestamp, Vec<Bucket>)>> {
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner).get(mark).cloned();
        let (had, came) = came.unwrap_or((tenure.with([]), until));
        let new = if had == *tenure { tenure.with([]) } else { tenure.without(&had) };
        let old = if new.is_empty() { tenure.clone() } else { tenure.without(&new) };
        let mut spans = vec![(came, old)];
        if !new.is_empty() {
            let common = self.shop.control.mark(mark).await?;
            spans.push((common.map_or(Timestamp::UNIX_EPOCH, |mark| mark - LATE), new));
        }
        spans.retain(|(after, buckets)| *after < until && !buckets.is_empty());
        Ok(spans.into_iter().map(|(after, it)| (after, it.buckets().collect())).collect())
    }

    /// Tells once of each task that was promised to be done by now and is not.
    /// One daemon tells it of all buckets.
    async fn promises(&self, tenure: &Tenure, now: Timestamp) -> anyhow::Result<()> {
        if tenure.fence(Bucket::FIRST).is_none() {
            return Ok(());
        }
        let Workshop { assess, control, .. } = &self.shop;
        let told = control.mark(PROMISES).await?.unwrap_or(Timestamp::UNIX_EPOCH);
        let tasks = assess.tasks_due(told, now).await?;
        if tasks > 0 {
            warn!(tasks, "promised by now and not done; `duebell tasks --overdue` lists them");
            control.set_marks(&[(PROMISES, now)]).await?;
        }
        Ok(())
    }

    /// Says, once a day, how holds ended whose days are over wherever their
    /// accounts are.
    async fn holds(&self, tenure: &Tenure, now: Timestamp) -> anyhow::Result<usize> {
        let day = plus_days(planning_day(now), -HOLD_LATE_DAYS);
        let seen = *self.holds_seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen == Some(day) {
            return Ok(0);
        }
        let holds = &self.shop.holds;
        let buckets: Vec<Bucket> = tenure.buckets().collect();
        let mut count = 0;
        loop {
            let over = holds.holds_over(&buckets, day, PAGE).await?;
            let ended: Vec<(&PlacedHold, Ending)> = over
                .iter()
                .map(|one| (&one.placed, claim::ending(&one.placed, one.paid, one.open)))
                .collect();
            if !ended.is_empty() {
                holds.end_holds(tenure, &ended, now).await?;
            }
            count += ended.len();
            if ended.len() < PAGE as usize {
                break;
            }
        }
        *self.holds_seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(day);
        Ok(count)
    }

    fn reached(&self, mark: &'static str, tenure: &Tenure, until: Timestamp) {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.insert(mark, (tenure.clone(), until));
    }

    /// Submissions without an outcome become unknown; receipts that did not
    /// come by their deadline are no longer waited for, and where the step's
    /// patience set it, the next channel is tried.
    async fn deadlines(&self, span: &Span<'_>) -> anyhow::Result<usize> {
        let Workshop { outbox, deadlines, settings, .. } = &self.shop;
        let Span { tenure, buckets, after, until, now } = span;
        let (after, until, now) = (*after, *until, *now);
        let receipt_deadline =
            now + SignedDuration::from_secs(i64::from(settings.receipt_deadline_s));
        let states = [ReminderState::Submitting, ReminderState::Accepted, ReminderState::Unknown];
        let ended = |standing: &Standing| match standing.state {
            ReminderState::Submitting => Transition {
                next_at: Some(receipt_deadline),
                note: Some("no outcome by its deadline".into()),
                ..follow(standing, ReminderState::Unknown, now)
            },
            ReminderState::Accepted => match next_channel(standing, now) {
                // Its patience is over, and the window is open.
                Some(channel) => Transition {
                    channel: Some(channel),
                    next_at: Some(now),
                    note: Some("no receipt came; the next channel is tried".into()),
                    ..follow(standing, ReminderState::Unheard, now)
                },
                None => follow(standing, ReminderState::Expired, now),
            },
            _ => follow(standing, ReminderState::Expired, now),
        };
        let mut count = 0;
        loop {
            let waiting = deadlines.waiting(buckets, &states, after, until, PAGE).await?;
            if waiting.is_empty() {
                break;
            }
            let told = self.told(&waiting, now).await?;
            let next = |standing: &Standing| match told.get(&standing.reminder) {
                Some(receipt) => after_receipt(standing, receipt, now),
                None => ended(standing),
            };
            count += outbox.append(tenure, &waiting.iter().map(next).collect::<Vec<_>>()).await?
                as usize;
        }
        Ok(count)
    }

    /// Reminders whose window closed before they could be sent: their steps
    /// stay due, and the next day's plan looks at them again.
    async fn windows(&self, span: &Span<'_>) -> anyhow::Result<usize> {
        let Workshop { outbox, deadlines, control, .. } = &self.shop;
        let Span { tenure, buckets, after, until, now } = span;
        let (after, until, now) = (*after, *until, *now);
        let control = control.control().await?;
        let gate = Gate::at(&self.shop, &control, now).await?;
        let reason = gate.reason();
        let why = |standing: &Standing| {
            let ways = standing.channels.iter().copied();
            match all_stopped(&self.shop, &control, &standing.scenario, ways) {
                true if gate == Gate::Open => Reason::KillSwitch,
                _ => reason,
            }
        };
        let mut count = 0;
        loop {
            let missed = deadlines.missed(buckets, after, until, PAGE).await?;
            if missed.is_empty() {
                break;
            }
            let deferred = |standing: &Standing| Transition {
                reason: Some(why(standing)),
                ..follow(standing, ReminderState::Deferred.where_taken(standing.was_taken), now)
            };
            count += outbox.append(tenure, &missed.iter().map(deferred).collect::<Vec<_>>()).await?
                as usize;
        }
        if count > 0 && reason != Reason::OutsideWindow {
            warn!(reminders = count, "not sent on their day: {}", gate.words());
        }
        Ok(count)
    }

    /// First attempts of which nothing was heard until long after their windows
    /// closed: their batch is over, and nobody knows what became of them.
    async fn orphans(&self, span: &Span<'_>) -> anyhow::Result<usize> {
        let Workshop { outbox, deadlines, settings, .. } = &self.shop;
        let Span { tenure, buckets, after, until, now } = span;
        let (after, until, now) = (*after, *until, *now);
        let receipt_deadline =
            now + SignedDuration::from_secs(i64::from(settings.receipt_deadline_s));
        let unknown = |standing: &Standing| Transition {
            next_at: Some(receipt_deadline),
            note: Some("no outcome by its deadline".into()),
            ..follow(standing, ReminderState::Unknown, now)
        };
        let mut count = 0;
        loop {
            let orphans = deadlines.orphans(buckets, after, until, PAGE).await?;
            if orphans.is_empty() {
                return Ok(count);
            }
            count += outbox.append(tenure, &orphans.iter().map(unknown).collect::<Vec<_>>()).await?
                as usize;
        }
    }

    /// Counts every feed at the source and in the ledger. A gap means that
    /// rows were committed later than the overlap reaches: the feed is read again.
    /// Of evidence, what is kept is counted.
    pub async fn count(&self, now: Timestamp) -> anyhow::Result<()> {
        let since = Some(evidence_kept_from(planning_day(now)));
        for feed in self.shop.source.feeds() {
            let at_source = self.shop.source.count(feed, since).await?;
            let held = self.shop.ledger.held(feed, since).await?;
            if at_source > held {
                warn!(feed = %feed, at_source, held, "rows are missing from the ledger; the feed is read from the beginning");
                self.shop.ledger.reread(feed).await?;
            } else {
                info!(feed = %feed, rows = at_source, "the count agrees");
            }
        }
        Ok(())
    }
}
