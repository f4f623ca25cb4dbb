//! Turns: one write at a time in a bucket.
//!
//! Planning may cancel a reminder at the moment at which dispatch submits it.
//! Each looks first whether the other was there, and PostgreSQL lets both look
//! before either writes. A bucket is worked on by one process alone, so a lock
//! in its memory is enough, and costs the database nothing.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::model::Bucket;
use crate::model::id::BUCKETS;

pub struct Turns(Vec<Arc<Mutex<()>>>);

/// The turn in some buckets, until it is dropped.
pub struct Turn(#[allow(dead_code, reason = "held for its drop")] Vec<OwnedMutexGuard<()>>);

impl Default for Turns {
    fn default() -> Turns {
        Turns((0..BUCKETS).map(|_| Arc::default()).collect())
    }
}

impl Turns {
    /// Waits for the turn in all of these buckets. They are taken in order, so
    /// that those who wait do not wait in a circle.
    pub async fn take(&self, buckets: impl IntoIterator<Item = Bucket>) -> Turn {
        let mut buckets: Vec<Bucket> = buckets.into_iter().collect();
        buckets.sort_unstable();
        buckets.dedup();
        let mut held = Vec::with_capacity(buckets.len());
        for bucket in buckets {
            held.push(self.0[usize::from(bucket.number())].clone().lock_owned().await);
        }
        Turn(held)
    }
}
