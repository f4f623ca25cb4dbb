//! The chain of the audit trail: each entry's digest covers what it says and
//! the digest of the entry before, so that nothing can be changed, taken out,
//! put in or exchanged without all that follows telling.
//!
//! What no chain can tell alone is whether its end was cut off, or all of it
//! made anew: the head tells the one, an [`Anchor`] from outside of the
//! database both.
//!
//! May use: model.

use sha2::{Digest as _, Sha256};

use crate::model::audit::{Act, Anchor, Deed, Digest, Entry, Through};

/// Begins what is hashed; another way to write it would get another number.
const FORMAT: &str = "duebell audit 1";

/// An entry word for word as its columns hold it, before anybody understands
/// it: an entry that was spoilt must be told of, not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub seq: i64,
    /// Microseconds since 1970: what both engines keep of an instant.
    pub at: i64,
    pub by: String,
    pub through: String,
    pub act: String,
    pub about: Option<String>,
    /// JSON, letter for letter.
    pub details: String,
    pub previous: String,
    pub digest: String,
}

impl Record {
    /// The entry that follows on `last`.
    pub fn follow(last: &Anchor, deed: &Deed) -> Record {
        let mut record = Record {
            seq: i64::try_from(last.seq).map_or(i64::MAX, |seq| seq.saturating_add(1)),
            at: deed.at.as_microsecond(),
            by: deed.by.clone(),
            through: deed.through.as_str().to_owned(),
            act: deed.act.as_str().to_owned(),
            // What statements take for none.
            about: deed.about.clone().filter(|about| !about.is_empty()),
            details: deed.details.to_string(),
            previous: last.digest.to_string(),
            digest: String::new(),
        };
        record.digest = record.digest_after(&record.previous).to_string();
        record
    }

    /// Of all fields but the digest, as if `previous` came before. Each field
    /// comes with its length: no two records are the same row of bytes.
    fn digest_after(&self, previous: &str) -> Digest {
        let mut hash = Sha256::new();
        let mut put = |field: &[u8]| {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        };
        put(FORMAT.as_bytes());
        put(previous.as_bytes());
        put(&self.seq.to_be_bytes());
        put(&self.at.to_be_bytes());
        put(self.by.as_bytes());
        put(self.through.as_bytes());
        put(self.act.as_bytes());
        put(if self.about.is_some() { b"about" } else { b"" });
        put(self.about.as_deref().unwrap_or_default().as_bytes());
        put(self.details.as_bytes());
        Digest(hash.finalize().into())
    }

    /// Where the chain is with this entry.
    pub fn anchor(&self) -> Result<Anchor, &'static str> {
        let seq = u64::try_from(self.seq).map_err(|_| "seq")?;
        Ok(Anchor { seq, digest: self.digest.parse().map_err(|_| "digest")? })
    }

    /// What it says.
    ///
    /// # Errors
    /// The column that cannot be understood.
    pub fn entry(self) -> Result<Entry, &'static str> {
        let Anchor { seq, digest } = self.anchor()?;
        let deed = Deed {
            at: jiff::Timestamp::from_microsecond(self.at).map_err(|_| "at")?,
            through: Through::parse(&self.through).ok_or("through")?,
            act: Act::parse(&self.act).ok_or("act")?,
            details: serde_json::from_str(&self.details).map_err(|_| "details")?,
            by: self.by,
            about: self.about,
        };
        let previous = self.previous.parse().map_err(|_| "previous")?;
        Ok(Entry { seq, deed, previous, digest })
    }
}

/// Where a trail is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    #[error("entry {seq} was changed: its digest is that of something else")]
    Changed { seq: i64 },
    #[error("entry {seq} is missing; after {} comes {next}", seq - 1)]
    Missing { seq: u64, next: i64 },
    /// Exchanged, put in, or what comes before was made anew.
    #[error(
        "entry {seq} does not follow on the one before it: one of them was moved, put in or made anew"
    )]
    OutOfPlace { seq: i64 },
    #[error("the end was cut off: entry {last} is the last, and there were {head}")]
    Cut { last: u64, head: u64 },
    #[error("the head names another end than entry {last}, which is the last")]
    OffHead { last: u64 },
    #[error("the head is missing or cannot be read; entry {last} is the last")]
    NoHead { last: u64 },
    #[error("entry {seq} is not the one that the anchor names: the trail was made anew")]
    OffAnchor { seq: u64 },
    #[error("the anchor names entry {seq}, and {last} is the last: the end was cut off")]
    BeforeAnchor { seq: u64, last: u64 },
}

/// Goes over a trail, entry by entry.
#[derive(Debug)]
pub struct Walk {
    last: Anchor,
    anchors: Vec<Anchor>,
}

impl Walk {
    /// From the start; past these anchors, where there are any.
    pub fn new(anchors: &[Anchor]) -> Walk {
        Walk { last: Anchor::START, anchors: anchors.to_vec() }
    }

    /// The next entry.
    ///
    /// # Errors
    /// How it does not fit.
    pub fn see(&mut self, record: &Record) -> Result<(), Break> {
        let expected = self.last.seq + 1;
        let seq = record.seq;
        match u64::try_from(seq) {
            Ok(found) if found == expected => {}
            Ok(found) if found > expected => {
                return Err(Break::Missing { seq: expected, next: seq });
            }
            _ => return Err(Break::OutOfPlace { seq }),
        }
        let before = self.last.digest.to_string();
        let digest = record.digest_after(&before);
        if record.digest != digest.to_string() {
            let is_linked = record.previous == before;
            return Err(if is_linked { Break::Changed { seq } } else { Break::OutOfPlace { seq } });
        }
        if record.previous != before {
            return Err(Break::Changed { seq });
        }
        self.last = Anchor { seq: expected, digest };
        let is_off = |anchor: &Anchor| anchor.seq == expected && anchor.digest != digest;
        if self.anchors.iter().any(is_off) {
            return Err(Break::OffAnchor { seq: expected });
        }
        Ok(())
    }

    /// There are no more entries; where the chain ends.
    ///
    /// # Errors
    /// When the head, or an anchor, knows of another end.
    pub fn end(self, head: Option<Anchor>) -> Result<Anchor, Break> {
        let last = self.last.seq;
        if let Some(anchor) = self.anchors.iter().find(|anchor| anchor.seq > last) {
            return Err(Break::BeforeAnchor { seq: anchor.seq, last });
        }
        match head {
            Some(head) if head == self.last => Ok(head),
            Some(head) if head.seq > last => Err(Break::Cut { last, head: head.seq }),
            Some(_) => Err(Break::OffHead { last }),
            None => Err(Break::NoHead { last }),
        }
    }
}

/// Whether a whole trail is as it was written; where it ends.
///
/// # Errors
/// Where it is broken first, and how.
pub fn verify<'r>(
    records: impl IntoIterator<Item = &'r Record>,
    head: Option<Anchor>,
    anchors: &[Anchor],
) -> Result<Anchor, Break> {
    let mut walk = Walk::new(anchors);
    records.into_iter().try_for_each(|record| walk.see(record))?;
    walk.end(head)
}

#[cfg(test)]
mod tests;
