//! Who works on which buckets: daemons that share a database hold leases, and
//! a fence that grows with every change of owner tells a late one.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Bucket;
use super::id::BUCKETS;

/// One process from its start to its end: 128 random bits. A host's name would
/// be the same after a restart, and would then inherit what the process before
/// it left half done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(pub u128);

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Owner({self})")
    }
}

impl FromStr for Owner {
    type Err = std::num::ParseIntError;

    /// Reads 32 hexadecimal digits; hyphens, as PostgreSQL writes them, are skipped.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        u128::from_str_radix(&digits, 16).map(Owner)
    }
}

/// How often a bucket has changed hands. Whoever shows a lower one is late.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fence(pub i64);

/// Buckets that an owner holds, each with the fence under which it does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenure {
    owner: Owner,
    /// Shared: every spell of work has its own, and most have all of it.
    held: Arc<BTreeMap<Bucket, Fence>>,
    /// There is nobody to share with, and nothing to check.
    is_alone: bool,
}

impl Tenure {
    pub fn new(owner: Owner, held: impl IntoIterator<Item = (Bucket, Fence)>) -> Tenure {
        Tenure { owner, held: Arc::new(held.into_iter().collect()), is_alone: false }
    }

    pub fn nothing(owner: Owner) -> Tenure {
        Tenure::new(owner, [])
    }

    /// Every bucket, for one that shares with nobody. Its fences never grow.
    pub fn everything(owner: Owner) -> Tenure {
        let held = Bucket::all().into_iter().map(|bucket| (bucket, Fence::default()));
        Tenure { is_alone: true, ..Tenure::new(owner, held) }
    }

    pub fn is_alone(&self) -> bool {
        self.is_alone
    }

    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// The fence under which a bucket is held; `None` where it is not.
    pub fn fence(&self, bucket: Bucket) -> Option<Fence> {
        self.held.get(&bucket).copied()
    }

    /// What is held, in the order of the buckets.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Bucket, Fence)> {
        self.held.iter().map(|(bucket, fence)| (*bucket, *fence))
    }

    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> {
        self.held.keys().copied()
    }

    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The part of it that `keep` names.
    pub fn only(&self, mut keep: impl FnMut(Bucket) -> bool) -> Tenure {
        self.with(self.iter().filter(|(bucket, _)| keep(*bucket)))
    }

    /// The same owner with these leases.
    pub fn with(&self, held: impl IntoIterator<Item = (Bucket, Fence)>) -> Tenure {
        Tenure { is_alone: self.is_alone, ..Tenure::new(self.owner, held) }
    }

    /// What is held here and, under the same fence, not in `other`.
    pub fn without(&self, other: &Tenure) -> Tenure {
        self.only(|bucket| self.fence(bucket) != other.fence(bucket))
    }
}

/// What the store answers to a sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Heartbeat {
    /// Everything that is the caller's now, what it had and what it took.
    pub tenure: Tenure,
    /// Daemons that gave a sign of life lately, the caller among them.
    pub alive: u32,
    /// Buckets that the caller may keep while so many are alive.
    pub share: usize,
    /// How long the leases last from the moment at which they were asked for;
    /// `None`: for ever.
    pub lasts: Option<Duration>,
}

impl Heartbeat {
    /// The answer where one process owns everything.
    pub fn alone(owner: Owner) -> Heartbeat {
        let tenure = Tenure::everything(owner);
        Heartbeat { share: tenure.len(), tenure, alive: 1, lasts: None }
    }
}

/// Buckets for each of `alive` daemons. Rounded up, so that none is left over.
pub fn fair_share(buckets: u16, alive: u32) -> usize {
    u32::from(buckets).div_ceil(alive.max(1)) as usize
}

/// [`fair_share`] of all buckets.
pub fn share_of_all(alive: u32) -> usize {
    fair_share(BUCKETS, alive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenure(held: &[(i64, i64)]) -> Tenure {
        let held = held.iter().map(|(bucket, fence)| (Bucket::from_number(*bucket), Fence(*fence)));
        Tenure::new(Owner(1), held)
    }

    #[test]
    fn shares_leave_no_bucket_over() {
        assert_eq!([1, 2, 3, 1024, 5000].map(share_of_all), [1024, 512, 342, 1, 1]);
        assert_eq!(share_of_all(0), 1024);
        for alive in 1..2000 {
            assert!(share_of_all(alive) * alive as usize >= usize::from(BUCKETS), "{alive}");
        }
    }

    #[test]
    fn a_bucket_that_changed_hands_and_came_back_is_another_lease() {
        let before = tenure(&[(1, 1), (2, 1), (3, 1)]);
        let after = tenure(&[(1, 1), (2, 3), (4, 1)]);
        assert_eq!(before.without(&after), tenure(&[(2, 1), (3, 1)]));
        assert_eq!(after.without(&before), tenure(&[(2, 3), (4, 1)]));
    }

    #[test]
    fn an_owner_reads_as_it_is_written() {
        let owner = Owner(0xfeed);
        assert_eq!(owner.to_string().parse::<Owner>().unwrap(), owner);
        let hyphens = "00000000-0000-0000-0000-00000000feed";
        assert_eq!(hyphens.parse::<Owner>().unwrap(), owner);
    }

    #[test]
    fn alone_means_every_bucket_for_ever() {
        let alone = Heartbeat::alone(Owner(1));
        assert_eq!((alone.tenure.len(), alone.share, alone.lasts), (1024, 1024, None));
        assert_eq!(alone.tenure.fence(Bucket::LAST), Some(Fence(0)));
    }
}
