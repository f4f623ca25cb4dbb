//! Turns: one write at a time in a bucket.
//!
//! Planning may cancel a reminder at the moment at which dispatch submits it.
//! Each looks first whether the other was there, and PostgreSQL lets both look
//! before either writes. A bucket is worked on by one process alone, so a lock
//! in its memory is enough, and costs the database nothing.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::model::id::BUCKETS;
use crate::model::{Bucket, Tenure};

use super::engine::Tx;
use super::lease::hold;
use super::{SqlStore, StoreError};

pub struct Turns(Vec<Arc<Mutex<()>>>);

/// A write transaction in some buckets, alone in them until it is dropped.
pub struct Write {
    tx: Tx,
    _turns: Vec<OwnedMutexGuard<()>>,
}

impl Deref for Write {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}

impl Write {
    pub async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await
    }
}

impl SqlStore {
    /// Begins to write to these buckets: waits for its turn in each, and holds
    /// their leases until the end.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another process has one of them.
    pub(super) async fn write(
        &self,
        tenure: &Tenure,
        buckets: impl IntoIterator<Item = Bucket>,
    ) -> Result<Write, StoreError> {
        let mut buckets: Vec<Bucket> = buckets.into_iter().collect();
        buckets.sort_unstable();
        buckets.dedup();
        let turns = self.turns.take(&buckets).await;
        let mut tx = self.engine.begin().await?;
        hold(&mut tx, tenure, &buckets).await?;
        Ok(Write { tx, _turns: turns })
    }
}

impl Default for Turns {
    fn default() -> Turns {
        Turns((0..BUCKETS).map(|_| Arc::default()).collect())
    }
}

impl Turns {
    /// Waits for the turn in all of these buckets, which come in order, so that
    /// those who wait do not wait in a circle.
    async fn take(&self, buckets: &[Bucket]) -> Vec<OwnedMutexGuard<()>> {
        let mut held = Vec::with_capacity(buckets.len());
        for bucket in buckets {
            held.push(self.0[usize::from(bucket.number())].clone().lock_owned().await);
        }
        held
    }
}
