//! Settles what providers posted: read from the store in sets, brought
//! together with the reminders, and marked.
//!
//! A crash between the two writes has the same receipts looked at again, and
//! the second time they say nothing. What is about nothing of ours is looked
//! at again for a week, ever less often, so that strangers' receipts cost
//! little however many they are.

use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use crate::model::receipt::PostedReceipt;
use crate::model::{Bucket, Tenure};

use super::verdict::{Heard, Verdict};
use super::{PAGE, Settle, Taken};

/// How long a receipt for nothing of ours is kept in hope, and how long a
/// settled one is remembered as a repeat.
pub(super) const KEPT_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Between two looks at a receipt for nothing of ours: as long as it has lain
/// here, within these.
pub(super) const AGAIN_AFTER_MIN: SignedDuration = SignedDuration::from_secs(1);
pub(super) const AGAIN_AFTER_MAX: SignedDuration = SignedDuration::from_hours(1);

impl Settle {
    /// Settles what was posted; the number of reminders that moved.
    pub(super) async fn inbox(&self, tenure: &Tenure, now: Timestamp) -> anyhow::Result<usize> {
        let Some(inbox) = &self.0.inbox else { return Ok(0) };
        let buckets: Vec<Bucket> = tenure.buckets().collect();
        let mut moved = 0;
        loop {
            let posted = inbox.unsettled(&buckets, now, PAGE).await?;
            let heard: Vec<Heard<'_>> = posted
                .iter()
                .map(|one| Heard { provider: &one.provider, receipt: &one.receipt })
                .collect();
            let taken = self.take_in(&heard, tenure, now).await?;
            moved += taken.appended;
            inbox.mark(&looked_at(&posted, &taken, now), now).await?;
            if posted.len() < PAGE as usize || !taken.is_whole {
                break;
            }
        }
        while inbox.forget(now - KEPT_FOR, PAGE).await? >= u64::from(PAGE) {}
        Ok(moved)
    }
}

/// Which receipts are settled, and when the others are looked at again.
fn looked_at<'a>(
    posted: &'a [PostedReceipt],
    taken: &Taken,
    now: Timestamp,
) -> Vec<(&'a PostedReceipt, Option<Timestamp>)> {
    let mut given_up = 0;
    let mut looked_at = Vec::with_capacity(posted.len());
    for (one, verdict) in posted.iter().zip(&taken.verdicts) {
        let age = now.duration_since(one.received_at);
        match verdict {
            Verdict::Moves if !taken.is_whole => {}
            Verdict::Moves | Verdict::SaysNothing => looked_at.push((one, None)),
            Verdict::NotOurs if age >= KEPT_FOR => {
                given_up += 1;
                looked_at.push((one, None));
            }
            Verdict::NotOurs => {
                let again_at = now + age.clamp(AGAIN_AFTER_MIN, AGAIN_AFTER_MAX);
                looked_at.push((one, Some(again_at)));
            }
        }
    }
    if given_up > 0 {
        warn!(receipts = given_up, "receipts were for nothing that we sent, for a week");
    }
    looked_at
}
