//! What this process believes about its buckets: a pure part, which the loop
//! around it and the search through all interleavings both call.
//!
//! ```text
//!            learn                    learn: above the share
//! not ours ---------> ours, workable ------------------------> ours, leaving
//!    ^                 |    ^  time over: not workable              |
//!    |  learn: lost    |    |  until the next answer                | idle:
//!    +-----------------+----+                                       | give_back
//!    +--------------------------------------------------------------+
//! ```

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::model::lease::{Fence, Heartbeat};
use crate::model::{Bucket, Owner, Tenure};

/// Of a lease, the part by which we stop before the database does: for clocks
/// that do not tick alike, and for what was begun in the last moment.
const MARGIN: u32 = 10;

/// The buckets that we hold as far as we know, and until when we know it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Belief {
    tenure: Tenure,
    /// Above our share: nothing is begun there any more.
    leaving: BTreeSet<Bucket>,
    /// `None`: for ever.
    until: Option<Instant>,
}

/// What an answer changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Held until now, and somebody else's by now (or was, in between).
    pub lost: Tenure,
    pub gained: Tenure,
}

/// The moment from which on a lease asked for at `sent` is not believed in.
pub fn believed_until(sent: Instant, length: Duration) -> Instant {
    sent + length - length / MARGIN
}

impl Belief {
    pub fn nothing(owner: Owner) -> Belief {
        Belief { tenure: Tenure::nothing(owner), leaving: BTreeSet::new(), until: None }
    }

    /// Takes in the answer to a sign of life. `sent` is from before it left:
    /// counted from the answer, we would believe for longer than the database.
    pub fn learn(&mut self, answer: Heartbeat, sent: Instant) -> Change {
        let change = Change {
            lost: self.tenure.without(&answer.tenure),
            gained: answer.tenure.without(&self.tenure),
        };
        self.until = answer.lasts.map(|length| believed_until(sent, length));
        let surplus = answer.tenure.len().saturating_sub(answer.share);
        // Always the last ones: what leaves today is what leaves at the next
        // answer, unless the share grew.
        self.leaving = answer.tenure.buckets().rev().take(surplus).collect();
        self.tenure = answer.tenure;
        change
    }

    /// Whether the time is over and nothing may be done until the next answer.
    pub fn is_over(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    /// Where work may begin.
    pub fn workable(&self, now: Instant) -> Tenure {
        match (self.is_over(now), self.leaving.is_empty()) {
            (true, _) => self.tenure.with([]),
            (false, true) => self.tenure.clone(),
            (false, false) => self.tenure.only(|bucket| !self.leaving.contains(&bucket)),
        }
    }

    /// Whether work that began under `fence` may go on.
    pub fn is_ours(&self, bucket: Bucket, fence: Fence, now: Instant) -> bool {
        !self.is_over(now) && self.tenure.fence(bucket) == Some(fence)
    }

    /// Leases to release now: those that leave and in which nothing is under
    /// way. They are forgotten here, before the release goes out, so that
    /// nobody works on what may be another's the next moment. Should the
    /// release fail, the next answer brings them back.
    pub fn give_back(&mut self, is_busy: impl Fn(Bucket) -> bool) -> Tenure {
        let given = self.tenure.only(|bucket| self.leaving.contains(&bucket) && !is_busy(bucket));
        self.tenure = self.tenure.without(&given);
        self.leaving.retain(|bucket| given.fence(*bucket).is_none());
        given
    }

    pub fn is_leaving(&self) -> bool {
        !self.leaving.is_empty()
    }

    pub fn tenure(&self) -> &Tenure {
        &self.tenure
    }
}
