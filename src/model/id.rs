//! Names of things, and the bucket that each payer lies in.
//!
//! Ids of accounts, bills and payments belong to the operator and are kept as
//! they are. A reminder's id is derived from what it decides, so that the same
//! decision made twice is one reminder, before and after a crash.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::billing::plus_days;

/// Number of buckets that payers are spread over. Never changes: it is part
/// of every stored key.
pub const BUCKETS: u16 = 1024;

/// The bucket of a payer, `0..1024`: FNV-1a 64 of the UTF-8 id, modulo 1,024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bucket(u16);

impl Bucket {
    pub const FIRST: Bucket = Bucket(0);
    pub const LAST: Bucket = Bucket(BUCKETS - 1);

    /// The bucket of a person, or of an account where the source knows no persons.
    pub fn of(payer: &str) -> Bucket {
        Bucket((fnv1a_64(payer.as_bytes()) % u64::from(BUCKETS)) as u16)
    }

    /// A stored bucket number; numbers out of range are folded back in.
    pub fn from_number(number: i64) -> Bucket {
        Bucket(number.rem_euclid(i64::from(BUCKETS)) as u16)
    }

    /// Every bucket, in order.
    pub fn all() -> Vec<Bucket> {
        (0..BUCKETS).map(Bucket).collect()
    }

    pub fn number(self) -> u16 {
        self.0
    }
}

/// A number that spreads texts evenly and is the same everywhere: for jitter
/// and seeded draws, not for secrets.
pub fn spread(text: &str) -> u64 {
    let mut hash = fnv1a_64(text.as_bytes());
    // FNV leaves the high bits of similar texts alike; this mixes them
    // (the finaliser of SplitMix64).
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// FNV-1a, 64 bit: <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn fnv1a_64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }
        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }
    };
}

id!(
    /// A billing account, the payer (TMF666), as the operator names it.
    AccountId
);
id!(
    /// An issued bill (TMF678 CustomerBill), as the operator names it.
    BillId
);

/// What the days in ids are counted from.
const FIRST_DAY: Date = date(2000, 1, 1);

/// A reminder's name: 128 bits. The first sixteen are its day, the next ten its
/// bucket, so that whoever holds the id (a receipt, a bounce) can find the row,
/// and a range of ids is a range of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReminderId(u128);

impl ReminderId {
    /// The id of revision `revision` of what `account` is told on `day`.
    pub fn derive(bucket: Bucket, account: &AccountId, day: Date, revision: u32) -> Self {
        let mut hash = Sha256::new();
        hash.update(account.as_str().as_bytes());
        // The zero keeps "a" + "12026-…" apart from "a1" + "2026-…".
        hash.update([0]);
        hash.update(day.to_string().as_bytes());
        hash.update(revision.to_be_bytes());
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        let low = u128::from_be_bytes(bytes) >> 26;
        let ReminderId(first) = ReminderId::first_of(day);
        ReminderId(first | (u128::from(bucket.number()) << 102) | low)
    }

    /// No reminder of `day` or later has a smaller id, none of an earlier day
    /// a greater one. Days outside of 2000 to 2179 count as the nearest inside.
    pub fn first_of(day: Date) -> Self {
        let days = (day - FIRST_DAY).get_days().clamp(0, i32::from(u16::MAX));
        ReminderId(u128::from(days as u16) << 112)
    }

    pub fn bucket(self) -> Bucket {
        Bucket((self.0 >> 102) as u16 & (BUCKETS - 1))
    }

    /// The local day of sending that it was made for.
    pub fn day(self) -> Date {
        plus_days(FIRST_DAY, (self.0 >> 112) as i32)
    }

    pub fn as_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        ReminderId(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for ReminderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for ReminderId {
    type Err = std::num::ParseIntError;

    /// Reads 32 hexadecimal digits; hyphens, as PostgreSQL writes them, are skipped.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        u128::from_str_radix(&digits, 16).map(ReminderId)
    }
}

impl Serialize for ReminderId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReminderId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The key of one attempt: reminder and number. It goes to the provider
/// wherever a field carries it, and comes back with receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptKey {
    pub reminder: ReminderId,
    pub number: u32,
}

impl fmt::Display for AttemptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.reminder, self.number)
    }
}

impl FromStr for AttemptKey {
    type Err = BadAttemptKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (reminder, number) = text.split_once('.').ok_or(BadAttemptKey)?;
        Ok(AttemptKey {
            reminder: reminder.parse().map_err(|_| BadAttemptKey)?,
            number: number.parse().map_err(|_| BadAttemptKey)?,
        })
    }
}

/// The text is not an attempt key of ours.
#[derive(Debug, thiserror::Error)]
#[error("not an attempt key (expected 32 hexadecimal digits, a dot and a number)")]
pub struct BadAttemptKey;

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors from the FNV reference distribution.
    #[test]
    fn buckets_follow_the_published_hash() {
        assert_eq!(fnv1a_64(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a_64(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a_64(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(Bucket::of("foobar").number(), 0x3e8);
    }

    #[test]
    fn the_same_decision_has_the_same_id_and_carries_its_bucket() {
        let account = AccountId::from("A-1");
        let bucket = Bucket::of("A-1");
        let day = jiff::civil::date(2026, 3, 1);
        let id = ReminderId::derive(bucket, &account, day, 0);
        assert_eq!(id, ReminderId::derive(bucket, &account, day, 0));
        assert_ne!(id, ReminderId::derive(bucket, &account, day, 1));
        assert_eq!((id.bucket(), id.day()), (bucket, day));
        assert_eq!(ReminderId::from_bytes(id.as_bytes()), id);
        assert_eq!(id.to_string().parse::<ReminderId>().unwrap(), id);
    }

    #[test]
    fn ids_are_ordered_by_their_days() {
        let id = |day| ReminderId::derive(Bucket::LAST, &AccountId::from("A-1"), day, 0);
        let (today, tomorrow) = (date(2026, 2, 28), date(2026, 3, 1));
        assert!(ReminderId::first_of(today) <= id(today));
        assert!(id(today) < ReminderId::first_of(tomorrow));
        assert_eq!(id(date(1999, 1, 1)).bucket(), Bucket::LAST);
    }

    #[test]
    fn an_attempt_key_survives_the_trip_to_the_provider() {
        let account = AccountId::from("A-1");
        let reminder = ReminderId::derive(Bucket::LAST, &account, jiff::civil::date(2026, 3, 1), 0);
        let key = AttemptKey { reminder, number: 3 };
        assert_eq!(key.to_string().parse::<AttemptKey>().unwrap(), key);
        assert!("nonsense".parse::<AttemptKey>().is_err());
    }
}
