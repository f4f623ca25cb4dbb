//! Settle: receipts, what subscribers said, and questions about attempts whose
//! outcome is unknown.

mod claims;
mod inbox;
mod parts;
mod replies;
mod texts;
mod verdict;

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use crate::model::reminder::Transition;
use crate::model::{AttemptKey, Bucket, Channel, Reason, ReminderId, ReminderState, Tenure};
use crate::outbox;
use crate::provider::{Found, Receipt};
use crate::store::Standing;

use self::verdict::{Heard, Verdict};
use super::{Stage, Workshop, tend};

const PAGE: u32 = 1_000;
/// Later than any deadline that is set.
const HORIZON: SignedDuration = SignedDuration::from_hours(24 * 365);

/// Takes in what providers say after an attempt.
pub struct Settle(pub Workshop);

#[async_trait]
impl Stage for Settle {
    fn name(&self) -> &'static str {
        "settle"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        let shift = self.0.shift();
        let tenure = shift.tenure();
        self.parts(tenure, now).await?;
        let told = self.receipts(tenure, now).await? + self.inbox(tenure, now).await?;
        let said = self.replies(tenure, now).await?;
        Ok(told + said + self.look_up(tenure, now).await?)
    }
}

/// What came of a set of receipts.
struct Taken {
    appended: usize,
    /// Whether every reminder that was to move has moved. If not, something
    /// else moved it meanwhile, and its receipts are to be looked at again.
    is_whole: bool,
    verdicts: Vec<Verdict>,
}

impl Settle {
    /// Marks what another process was submitting when it ended, or lost these
    /// buckets, as unknown. Called once for each, before anything is sent.
    pub async fn recover(&self, tenure: &Tenure, now: Timestamp) -> anyhow::Result<usize> {
        let deadline =
            now + SignedDuration::from_secs(i64::from(self.0.settings.receipt_deadline_s));
        let unknown = |standing: &Standing| Transition {
            next_at: Some(deadline),
            note: Some("the daemon stopped while submitting".into()),
            ..follow(standing, ReminderState::Unknown, now)
        };
        let mut recovered = 0;
        loop {
            let orphans = self.orphans(tenure, now).await?;
            if orphans.is_empty() {
                break;
            }
            let transitions: Vec<Transition> = orphans.iter().map(unknown).collect();
            recovered += self.0.outbox.append(tenure, &transitions).await? as usize;
        }
        if recovered > 0 {
            warn!(
                reminders = recovered,
                "submissions were cut short; their outcome is unknown and is asked for"
            );
        }
        Ok(recovered + self.look_up(tenure, now).await?)
    }

    /// Submissions without an outcome: first attempts, and later ones. What was
    /// under way when tending last came round is no older than a window.
    async fn orphans(&self, tenure: &Tenure, now: Timestamp) -> anyhow::Result<Vec<Standing>> {
        let Workshop { deadlines, control, .. } = &self.0;
        let tended = control.mark(tend::WINDOWS_AGAIN).await?.unwrap_or(Timestamp::UNIX_EPOCH);
        let buckets: Vec<Bucket> = tenure.buckets().collect();
        let orphans = deadlines.orphans(&buckets, tended, now + HORIZON, PAGE).await?;
        if !orphans.is_empty() {
            return Ok(orphans);
        }
        let submitting = [ReminderState::Submitting];
        Ok(deadlines.waiting(&buckets, &submitting, now - HORIZON, now + HORIZON, PAGE).await?)
    }

    async fn receipts(&self, tenure: &Tenure, now: Timestamp) -> anyhow::Result<usize> {
        let mut settled = 0;
        for (name, reader) in self.0.providers.readers() {
            loop {
                let receipts = reader.receipts(now, PAGE as usize).await?;
                if receipts.is_empty() {
                    break;
                }
                let heard: Vec<Heard<'_>> =
                    receipts.iter().map(|receipt| Heard { provider: name, receipt }).collect();
                settled += self.take_in(&heard, tenure, now).await?.appended;
            }
        }
        Ok(settled)
    }

    /// Brings receipts and reminders together. A set of receipts moves a
    /// reminder once, by the one that says most: their order does not matter.
    async fn take_in(
        &self,
        heard: &[Heard<'_>],
        tenure: &Tenure,
        now: Timestamp,
    ) -> anyhow::Result<Taken> {
        let ids = heard.iter().map(|one| one.receipt.key.reminder);
        // Of another's buckets nothing is known here.
        let ids: Vec<ReminderId> = ids.filter(|id| tenure.fence(id.bucket()).is_some()).collect();
        let standing: HashMap<ReminderId, Standing> =
            self.0.outbox.standing(&ids).await?.into_iter().map(|s| (s.reminder, s)).collect();
        let verdicts: Vec<Verdict> = heard
            .iter()
            .map(|one| verdict::of(standing.get(&one.receipt.key.reminder), one))
            .collect();
        let mut loudest: HashMap<ReminderId, &Receipt> = HashMap::new();
        for (one, _) in heard.iter().zip(&verdicts).filter(|(_, it)| **it == Verdict::Moves) {
            let loudest = loudest.entry(one.receipt.key.reminder).or_insert(one.receipt);
            if verdict::says_more(one.receipt, loudest) {
                *loudest = one.receipt;
            }
        }
        let transitions: Vec<Transition> = loudest
            .iter()
            .filter_map(|(id, receipt)| Some(after_receipt(standing.get(id)?, receipt, now)))
            .collect();
        let appended = self.0.outbox.append(tenure, &transitions).await? as usize;
        Ok(Taken { appended, is_whole: appended == transitions.len(), verdicts })
    }

    /// Asks about every unknown outcome whose provider can be asked.
    async fn look_up(&self, tenure: &Tenure, now: Timestamp) -> anyhow::Result<usize> {
        let (mut after, mut settled) = (now, 0);
        let buckets: Vec<Bucket> = tenure.buckets().collect();
        while self.0.providers.can_be_asked() {
            let unknown = self
                .0
                .deadlines
                .waiting(&buckets, &[ReminderState::Unknown], after, now + HORIZON, PAGE)
                .await?;
            settled += self.ask(&unknown, tenure, now).await?;
            // Those that nobody can be asked about must not hide the others.
            match unknown.last().and_then(|last| last.next_at) {
                Some(last) if unknown.len() == PAGE as usize && last > after => after = last,
                _ => break,
            }
        }
        Ok(settled)
    }

    async fn ask(
        &self,
        unknown: &[Standing],
        tenure: &Tenure,
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        let mut transitions = Vec::new();
        for standing in unknown {
            let Some(provider) =
                standing.provider.as_deref().and_then(|name| self.0.providers.look_up(name))
            else {
                continue;
            };
            let key = AttemptKey { reminder: standing.reminder, number: standing.attempt };
            match provider.look_up(key).await {
                Ok(found) => transitions.push(self.after_look_up(standing, found, now)),
                Err(error) => {
                    warn!(reminder.id = %standing.reminder, "could not ask the provider: {error:#}")
                }
            }
        }
        if !transitions.is_empty() {
            info!(reminders = transitions.len(), "unknown outcomes were asked for");
        }
        Ok(self.0.outbox.append(tenure, &transitions).await? as usize)
    }

    fn after_look_up(&self, standing: &Standing, found: Found, now: Timestamp) -> Transition {
        match found {
            Found::Taken { provider_ref } => {
                let deadline =
                    SignedDuration::from_secs(i64::from(self.0.settings.receipt_deadline_s));
                Transition {
                    provider_ref,
                    next_at: Some(now + deadline),
                    ..follow(standing, ReminderState::Accepted, now)
                }
            }
            Found::NotTaken if now < standing.send_before => Transition {
                next_at: Some(now),
                note: Some("the provider never got it".into()),
                ..follow(standing, ReminderState::RetryLater.where_taken(standing.was_taken), now)
            },
            Found::NotTaken => Transition {
                reason: Some(Reason::OutsideWindow),
                note: Some("the provider never got it".into()),
                ..follow(standing, ReminderState::Deferred.where_taken(standing.was_taken), now)
            },
        }
    }
}

/// What a receipt makes of a reminder: a message that did not arrive falls
/// back to the next channel while the window is open.
pub fn after_receipt(standing: &Standing, receipt: &Receipt, now: Timestamp) -> Transition {
    let state = verdict::state(receipt.fate);
    let may_fall_back = verdict::is_awaited(standing) && !receipt.fate.has_arrived();
    if let Some(channel) = next_channel(standing, now).filter(|_| may_fall_back) {
        return Transition {
            channel: Some(channel),
            next_at: Some(now),
            note: Some("did not arrive; the next channel is tried".into()),
            ..follow(standing, ReminderState::RetryLater.where_taken(standing.was_taken), now)
        };
    }
    let arrived = Transition { at: receipt.at.min(now), ..follow(standing, state, now) };
    match standing.state {
        // The channel that stands here is that of the attempt to come, which
        // is off; the one that it arrived by stands with the attempt itself.
        ReminderState::RetryLater | ReminderState::Unheard => {
            Transition { channel: None, ..arrived }
        }
        _ if receipt.key.number < standing.attempt => Transition {
            channel: None,
            note: Some(format!("attempt {} arrived after all", receipt.key.number)),
            ..arrived
        },
        _ => arrived,
    }
}

/// The channel whose turn comes next, while the window is open.
pub fn next_channel(standing: &Standing, now: Timestamp) -> Option<Channel> {
    let next = outbox::channel_after(standing.channel?, &standing.channels);
    next.filter(|_| now < standing.send_before)
}

/// The next transition of a reminder, with nothing but its state changed.
pub fn follow(standing: &Standing, state: ReminderState, now: Timestamp) -> Transition {
    Transition {
        reminder: standing.reminder,
        seq: standing.seq + 1,
        state,
        at: now,
        attempt: standing.attempt,
        channel: standing.channel,
        provider: standing.provider.clone(),
        provider_ref: None,
        refs: Vec::new(),
        reason: None,
        note: None,
        next_at: None,
    }
}
