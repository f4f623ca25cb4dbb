//! The middle of the flow: lets reminders through, judges them, and marks what
//! may leave.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::model::control::Control;
use crate::model::reminder::Transition;
use crate::model::{Bucket, Channel, ReminderId};
use crate::pipeline::gate::Gate;
use crate::pipeline::lease::Shift;
use crate::store::{DueReminder, Submission};

use super::line::{Batch, Line};
use super::read::Read;
use super::record::Outcome;
use super::verdict::Ready;
use super::{Dispatch, Marked, Page};

/// Switches and feeds are looked at again after this long.
const GATE_FOR: Duration = Duration::from_millis(500);
/// That every provider fails is said this often.
const TOLD_EVERY: SignedDuration = SignedDuration::from_secs(60);

pub struct Submitting {
    dispatch: Dispatch,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    /// The switches and the gate, and until when they count.
    seen: Option<(Control, Gate, tokio::time::Instant)>,
    line: Line,
}

/// What there is to do next.
enum Next {
    Read(Read),
    /// There is room for some of those in line.
    Room,
    Nothing,
}

impl Submitting {
    pub fn new(dispatch: Dispatch, clock: Arc<dyn Clock>, stop: CancellationToken) -> Submitting {
        let line = Line::new(dispatch.shop.clone());
        Submitting { dispatch, clock, stop, seen: None, line }
    }

    pub async fn work(
        mut self,
        mut pages: Receiver<Read>,
        senders: Vec<Sender<Marked>>,
        outcomes: Sender<Outcome>,
    ) -> anyhow::Result<usize> {
        let (mut turn, mut submitted, mut not_sent, mut is_read) = (0, 0, 0, false);
        loop {
            let page = match self.next(&mut pages, &mut is_read).await {
                Next::Read(Read::Page(page)) => Some(page),
                Next::Read(Read::Over(told)) => {
                    self.tell().await;
                    let waiting = self.line.disperse();
                    self.again(&waiting);
                    // Nobody to tell is somebody who has stopped reading.
                    let _ = told.send(());
                    continue;
                }
                Next::Room => None,
                Next::Nothing => break,
            };
            let batches = match self.batches(page).await {
                Ok(batches) => batches,
                Err(error) => return Err(self.all_again(error)),
            };
            for batch in batches {
                let shift = batch.shift.clone();
                let (marked, ended) = match self.submit(batch).await {
                    Ok(done) => done,
                    Err(error) => return Err(self.all_again(error)),
                };
                (submitted, not_sent) = (submitted + marked.len(), not_sent + ended.len());
                for transition in ended {
                    outcomes.send(Outcome { transition, said: None, shift: shift.clone() }).await?;
                }
                for marked in marked {
                    turn = (turn + 1) % senders.len();
                    senders[turn].send(marked).await?;
                }
            }
        }
        self.tell().await;
        if submitted + not_sent > 0 {
            info!(submitted, not_sent, "sent what was due");
        }
        Ok(0)
    }

    /// `is_read`: nothing more is read in this flow.
    async fn next(&self, pages: &mut Receiver<Read>, is_read: &mut bool) -> Next {
        let providers = &self.dispatch.shop.providers;
        loop {
            let (waits, reads) = (!self.line.is_empty(), !*is_read && self.line.wants_more());
            if !waits && *is_read {
                return Next::Nothing;
            }
            tokio::select! {
                biased;
                () = providers.freed(), if waits => return Next::Room,
                read = pages.recv(), if reads => match read {
                    Some(read) => return Next::Read(read),
                    None => *is_read = true,
                },
            }
        }
    }

    /// Those of a page, or of those in line, who may leave now.
    async fn batches(&mut self, page: Option<Page>) -> anyhow::Result<Vec<Batch>> {
        let now = self.clock.now();
        let control = self.control(now).await?.filter(|_| !self.stop.is_cancelled());
        let Some(control) = control else {
            let waiting = self.line.disperse();
            self.again(&waiting);
            self.again(&page.map_or(Vec::new(), |page| page.due));
            return Ok(Vec::new());
        };
        let Some(Page { due, shift }) = page else { return Ok(self.line.move_up(&control, now)) };
        let (due, over) = self.dispatch.in_window(due, now);
        let mut batch = self.line.admit(Page { due, shift }, &control, now);
        batch.over.extend(over);
        Ok(vec![batch])
    }

    /// Judges one batch and takes the keys of what may leave.
    async fn submit(&mut self, batch: Batch) -> anyhow::Result<(Vec<Marked>, Vec<Transition>)> {
        let Batch { mut admitted, mut over, shift } = batch;
        let now = self.clock.now();
        // Whoever slept since the page was read may have lost its buckets.
        admitted.retain(|one| shift.may_act(one.due.reminder.bucket(), Instant::now()));
        if admitted.is_empty() {
            return Ok((Vec::new(), over));
        }
        let Some(control) = self.control(now).await? else {
            let due: Vec<DueReminder> = admitted.into_iter().map(|one| one.due).collect();
            self.again(&due);
            return Ok((Vec::new(), over));
        };
        let mut all_marked = Vec::new();
        // Once for nearly everybody; a cap sends a few to their next channel.
        while !admitted.is_empty() {
            let (ready, ended) = self.dispatch.judge(admitted, &control, now).await?;
            over.extend(ended);
            let (marked, capped) = self.mark(ready, &shift, now).await?;
            all_marked.extend(marked);
            admitted = self.line.turn(capped, &control, now);
        }
        Ok((all_marked, over))
    }

    /// Takes the keys of what is ready. Gives what may leave, and what a cap
    /// forbids on this channel and not, so far, on another.
    async fn mark(
        &self,
        ready: Vec<(Ready, Submission)>,
        shift: &Arc<Shift>,
        now: Timestamp,
    ) -> anyhow::Result<(Vec<Marked>, Vec<(DueReminder, Channel)>)> {
        let (ready, submissions): (Vec<Ready>, Vec<Submission>) = ready.into_iter().unzip();
        let outbox = &self.dispatch.shop.outbox;
        let submitted = outbox.submit(shift.tenure(), &submissions, now).await?;
        let won: HashSet<ReminderId> = submitted.marked.into_iter().collect();
        let over: HashSet<ReminderId> = submitted.capped.into_iter().collect();
        let (mut marked, mut capped) = (Vec::with_capacity(won.len()), Vec::new());
        for (ready, Submission { reminder, mark, .. }) in ready.into_iter().zip(submissions) {
            if won.contains(&reminder) {
                marked.push(Marked { ready, mark, at: now, shift: shift.clone() });
            } else if over.contains(&reminder) {
                capped.push((ready.due, ready.channel));
            }
        }
        Ok((marked, capped))
    }

    /// These are to be read again.
    fn again(&self, due: &[DueReminder]) {
        let buckets: Vec<Bucket> = due.iter().map(|due| due.reminder.bucket()).collect();
        self.dispatch.shop.agenda.again(&buckets);
    }

    /// What was read and not marked is read again.
    fn all_again(&self, error: anyhow::Error) -> anyhow::Error {
        self.dispatch.shop.agenda.again(&Bucket::all());
        error
    }

    /// The switches, where nothing holds sending back.
    async fn control(&mut self, now: Timestamp) -> anyhow::Result<Option<Control>> {
        let is_fresh = |until: tokio::time::Instant| tokio::time::Instant::now() < until;
        if self.seen.as_ref().is_none_or(|(_, _, until)| !is_fresh(*until)) {
            let shop = &self.dispatch.shop;
            let control = shop.control.control().await?;
            let control = self.dispatch.brake.look(shop, control, now).await?;
            let gate = Gate::at(shop, &control, now).await?;
            if gate != Gate::Open {
                warn!("reminders are waiting: {}", gate.words());
                self.stop.cancel();
            }
            self.seen = Some((control, gate, tokio::time::Instant::now() + GATE_FOR));
        }
        let open = self.seen.as_ref().filter(|(_, gate, _)| *gate == Gate::Open);
        Ok(open.map(|(control, _, _)| control.clone()))
    }

    /// Says once a minute that reminders wait for providers that fail, or went
    /// another way.
    async fn tell(&self) {
        let (now, Line { failing: reminders, passed_on, .. }) = (self.clock.now(), &self.line);
        let mut told_at = self.dispatch.told_at.lock().await;
        let is_due = told_at.is_none_or(|at| now.duration_since(at) >= TOLD_EVERY);
        if !is_due || reminders + passed_on == 0 {
            return;
        }
        *told_at = Some(now);
        if *reminders > 0 {
            warn!(reminders, "reminders are waiting: every provider of their channel fails");
        }
        if *passed_on > 0 {
            warn!(
                reminders = passed_on,
                "sent by the next channel: every provider of the first has failed for too long"
            );
        }
    }
}
