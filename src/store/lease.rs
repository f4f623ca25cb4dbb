//! Buckets shared by the daemons of one database, each held by one at a time.
//!
//! On PostgreSQL a lease is a row with an owner, an end in database time, and
//! a fence that grows with each change of owner. Time makes leases change
//! hands and nothing more: a daemon that was asleep may still believe in its
//! lease, so every change of state holds the lease first, in its own
//! transaction ([`hold`]). Whoever takes the bucket waits for that
//! transaction or comes before it.
//!
//! An embedded database has one process, which holds every bucket for ever;
//! [`super::FileLock`] sees to that.

use std::time::Duration;

use async_trait::async_trait;

use crate::model::lease::{Fence, Heartbeat, share_of_all};
use crate::model::{Bucket, Owner, Tenure};

use super::engine::{Arg, Engine, Tx};
use super::row::Row;
use super::set::set_row;
use super::statements::sql;
use super::{SqlStore, StoreError};

/// What sharing the buckets needs. One method is one transaction.
#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// A sign of life: renews what `owner` holds for `length`, and takes free
    /// and lapsed buckets up to its fair share. Gives nothing back: what is
    /// above the share is the caller's to finish and to [`release`](Self::release).
    ///
    /// No two owners are ever answered the same bucket with the same fence.
    /// The time is the database's and starts after the call does, so a caller
    /// that counts `length` from before the call stops believing first.
    async fn heartbeat(&self, owner: Owner, length: Duration) -> Result<Heartbeat, StoreError>;

    /// Gives these leases back, at once free for others. Those that changed
    /// hands already are left alone. Waits for writes that hold them.
    async fn release(&self, leases: &Tenure) -> Result<u64, StoreError>;

    /// Gives everything back; `owner` is no longer counted among the living.
    async fn release_all(&self, owner: Owner) -> Result<(), StoreError>;

    /// Asks the database whether `buckets` are still held as `tenure` says.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] with the first that is not.
    async fn confirm(&self, tenure: &Tenure, buckets: &[Bucket]) -> Result<(), StoreError>;
}

set_row! {
    struct Lease {
        bucket: Bucket,
        fence: Fence,
    }
}

fn leases(held: impl Iterator<Item = (Bucket, Fence)>) -> Vec<Lease> {
    held.map(|(bucket, fence)| Lease { bucket, fence }).collect()
}

fn held(row: &Row) -> Result<(Bucket, Fence), StoreError> {
    Ok((Bucket::from_number(row.int("bucket")?), Fence(row.int("fence")?)))
}

#[async_trait]
impl LeaseStore for SqlStore {
    async fn heartbeat(&self, owner: Owner, length: Duration) -> Result<Heartbeat, StoreError> {
        if is_alone(&self.engine) {
            return Ok(Heartbeat::alone(owner));
        }
        let name = owner.to_string();
        let (who, millis) = (Arg::Text(&name), Arg::Int(length.as_millis() as i64));
        let mut tx = self.engine.begin().await?;
        tx.run(sql::announce_daemon, &[who, millis]).await?;
        // Renewed before others' are taken: whoever takes never waits, so
        // those who wait here do not wait in a circle.
        let renewed = tx.rows(sql::renew_leases, &[who, millis]).await?;
        let mut leases = renewed.iter().map(held).collect::<Result<Vec<_>, _>>()?;
        let alive = tx.rows(sql::count_daemons, &[]).await?;
        let alive = alive.first().map_or(Ok(1), |row| row.int("n"))? as u32;
        let share = share_of_all(alive);
        if let Some(wanted @ 1..) = share.checked_sub(leases.len()) {
            let args = [who, millis, Arg::Int(wanted as i64)];
            for row in tx.rows(sql::take_leases, &args).await? {
                leases.push(held(&row)?);
            }
        }
        tx.commit().await?;
        Ok(Heartbeat { tenure: Tenure::new(owner, leases), alive, share, lasts: Some(length) })
    }

    async fn release(&self, tenure: &Tenure) -> Result<u64, StoreError> {
        if is_alone(&self.engine) || tenure.is_empty() {
            return Ok(0);
        }
        let owner = tenure.owner().to_string();
        let given = leases(tenure.iter());
        self.engine.run(sql::release_leases, &[Arg::Text(&owner), Arg::Set(&given)]).await
    }

    async fn release_all(&self, owner: Owner) -> Result<(), StoreError> {
        if is_alone(&self.engine) {
            return Ok(());
        }
        self.engine.run(sql::release_daemon, &[Arg::Text(&owner.to_string())]).await.map(drop)
    }

    async fn confirm(&self, tenure: &Tenure, buckets: &[Bucket]) -> Result<(), StoreError> {
        if is_alone(&self.engine) {
            return Ok(());
        }
        let mut tx = self.engine.begin().await?;
        hold(&mut tx, tenure, buckets).await?;
        tx.commit().await
    }
}

/// For one process with a database of its own: every bucket, for ever.
pub struct Alone;

#[async_trait]
impl LeaseStore for Alone {
    async fn heartbeat(&self, owner: Owner, _: Duration) -> Result<Heartbeat, StoreError> {
        Ok(Heartbeat::alone(owner))
    }

    async fn release(&self, _: &Tenure) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn release_all(&self, _: Owner) -> Result<(), StoreError> {
        Ok(())
    }

    async fn confirm(&self, _: &Tenure, _: &[Bucket]) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Whether the database is one process's own.
fn is_alone(engine: &Engine) -> bool {
    matches!(engine, Engine::Sqlite(_))
}

/// Holds the leases of `buckets` until the transaction ends, so that what it
/// writes is written while they are `tenure`'s. Called once in a transaction,
/// with all its buckets, before it locks anything else: whoever locks in
/// pieces may wait in a circle.
///
/// # Errors
/// [`StoreError::LeaseLost`] with the first that somebody else has, or had
/// since; the transaction must then be dropped.
pub(super) async fn hold(
    tx: &mut Tx,
    tenure: &Tenure,
    buckets: &[Bucket],
) -> Result<(), StoreError> {
    if matches!(tx, Tx::Sqlite(_)) || tenure.is_alone() || buckets.is_empty() {
        return Ok(());
    }
    let mut wanted = buckets.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let fenced = |bucket: &Bucket| {
        let fence = tenure.fence(*bucket).ok_or(StoreError::LeaseLost { bucket: *bucket })?;
        Ok((*bucket, fence))
    };
    let fenced = wanted.iter().map(fenced).collect::<Result<Vec<_>, StoreError>>()?;
    let fenced = leases(fenced.into_iter());
    let owner = tenure.owner().to_string();
    let rows = tx.rows(sql::hold_leases, &[Arg::Text(&owner), Arg::Set(&fenced)]).await?;
    let mut still_held = Vec::with_capacity(rows.len());
    for row in &rows {
        still_held.push(Bucket::from_number(row.int("bucket")?));
    }
    // `for key share` may return rows out of order where it had to wait.
    still_held.sort_unstable();
    match wanted.into_iter().find(|bucket| still_held.binary_search(bucket).is_err()) {
        None => Ok(()),
        Some(bucket) => Err(StoreError::LeaseLost { bucket }),
    }
}
