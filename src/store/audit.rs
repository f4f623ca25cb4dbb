//! The audit trail: an entry comes in the transaction of what it tells of, or
//! neither comes.
//!
//! Whoever appends holds the head until the transaction ends, so it is appended
//! last: others wait for a commit, and nobody who waits for the head holds
//! what its holder has yet to take.

use crate::audit::{Break, Record, Walk};
use crate::model::audit::{Act, Anchor, Deed, Entry};

use super::StoreError;
use super::desk::Desk;
use super::engine::{Arg, Tx};
use super::row::Row;
use super::statements::sql;

/// Entries that are read at once where all are.
const PAGE: u32 = 1_000;

/// What is asked of the trail; all of it where nothing is named.
#[derive(Debug, Clone, Default)]
pub struct AuditPage {
    /// Only entries before this one: the last of the page before.
    pub before: Option<u64>,
    pub by: Option<String>,
    pub act: Option<Act>,
    pub about: Option<String>,
    pub limit: u32,
}

/// Some entries in order, as they are kept, with where the trail ended when
/// they were read.
struct Trail {
    records: Vec<Record>,
    /// `None` where the head is missing or cannot be read.
    head: Option<Anchor>,
}

/// Appends a deed; the transaction's last act before its commit, which is to
/// be followed by [`tell`].
pub(super) async fn append(tx: &mut Tx, deed: &Deed) -> Result<Anchor, StoreError> {
    let rows = tx.rows(sql::lock_audit_head, &[]).await?;
    let corrupt = |column| StoreError::Corrupt { column };
    let row = rows.first().ok_or(corrupt("audit_head"))?;
    let seq = u64::try_from(row.int("seq")?).map_err(|_| corrupt("seq"))?;
    let record = Record::follow(&Anchor { seq, digest: row.parsed("digest")? }, deed);
    let args = [
        Arg::Int(record.seq),
        Arg::Int(record.at),
        Arg::Text(&record.by),
        Arg::Text(&record.through),
        Arg::Text(&record.act),
        Arg::Text(record.about.as_deref().unwrap_or_default()),
        Arg::Text(&record.details),
        Arg::Text(&record.previous),
        Arg::Text(&record.digest),
    ];
    tx.run(sql::put_audit_entry, &args).await?;
    tx.run(sql::move_audit_head, &[Arg::Int(record.seq), Arg::Text(&record.digest)]).await?;
    record.anchor().map_err(corrupt)
}

/// Logs where the trail ends: the anchor outside of the database.
pub(super) fn tell(anchor: Anchor) {
    tracing::info!(target: "duebell::audit", seq = anchor.seq, digest = %anchor.digest, "the audit trail goes on");
}

/// Ends a transaction with what a person did in it, and tells of it.
pub(super) async fn commit(mut tx: Tx, deeds: &[Deed]) -> Result<(), StoreError> {
    let mut anchors = Vec::with_capacity(deeds.len());
    for deed in deeds {
        anchors.push(append(&mut tx, deed).await?);
    }
    tx.commit().await?;
    anchors.into_iter().for_each(tell);
    Ok(())
}

impl Desk<'_> {
    /// Appends what changes nothing else in the store, such as a look.
    pub async fn note(&self, deed: &Deed) -> Result<(), StoreError> {
        commit(self.store.engine.begin().await?, std::slice::from_ref(deed)).await
    }

    /// A page of the trail, the newest first.
    pub async fn audit(&self, page: &AuditPage) -> Result<Vec<Entry>, StoreError> {
        let before = page.before.and_then(|seq| i64::try_from(seq).ok());
        let args = [
            Arg::Int(before.unwrap_or(i64::MAX)),
            Arg::Text(page.by.as_deref().unwrap_or_default()),
            Arg::Text(page.act.map_or("", Act::as_str)),
            Arg::Text(page.about.as_deref().unwrap_or_default()),
            Arg::Int(i64::from(page.limit)),
        ];
        let rows = self.store.engine.rows(sql::list_audit_entries, &args).await?;
        let entry =
            |row: &Row| record(row)?.entry().map_err(|column| StoreError::Corrupt { column });
        rows.iter().map(entry).collect()
    }

    /// Whether the whole trail is as it was written, and goes past these
    /// anchors; where it ends.
    pub async fn verify(&self, anchors: &[Anchor]) -> Result<Result<Anchor, Break>, StoreError> {
        let (mut walk, mut from) = (Walk::new(anchors), i64::MIN);
        loop {
            let Trail { records, head } = self.trail(from, PAGE).await?;
            if let Err(broken) = records.iter().try_for_each(|record| walk.see(record)) {
                return Ok(Err(broken));
            }
            match records.last() {
                Some(last) if records.len() == PAGE as usize => from = last.seq + 1,
                _ => return Ok(walk.end(head)),
            }
        }
    }

    /// Up to `limit` entries from number `from` on, in order, for whoever
    /// verifies them. Fewer: there were no more, and `head` is of that moment.
    async fn trail(&self, from: i64, limit: u32) -> Result<Trail, StoreError> {
        let args = [Arg::Int(from), Arg::Int(i64::from(limit))];
        let rows = self.store.engine.rows(sql::walk_audit_entries, &args).await?;
        let (mut records, mut head) = (Vec::with_capacity(rows.len()), None);
        for row in &rows {
            let seq = row.opt_int("head_seq")?.and_then(|seq| u64::try_from(seq).ok());
            let digest = row.opt_text("head_digest")?.and_then(|it| it.parse().ok());
            head = seq.zip(digest).map(|(seq, digest)| Anchor { seq, digest });
            if row.opt_int("seq")?.is_some() {
                records.push(record(row)?);
            }
        }
        Ok(Trail { records, head })
    }
}

fn record(row: &Row) -> Result<Record, StoreError> {
    Ok(Record {
        seq: row.int("seq")?,
        at: row.micros("at")?,
        by: row.text("by_whom")?,
        through: row.text("through")?,
        act: row.text("act")?,
        about: row.opt_text("about")?,
        details: row.text("details")?,
        previous: row.text("previous")?,
        digest: row.text("digest")?,
    })
}
