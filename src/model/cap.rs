//! Caps: how often somebody may be contacted within rolling days, over all
//! channels or some, whatever the reminders are about.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccountId, Bucket, Channel};

/// At most so many contacts within any so many days.
///
/// A contact is one reminder on one channel that may have left, whatever came
/// of it; laws that count only those that connect are met by counting more.
/// A day is 24 hours: what holds of every such span holds of calendar days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Those that count together; every one where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    pub days: u16,
    pub at_most: u16,
    pub per: Per,
}

/// Whose contacts are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// An account; a debt is never counted beyond it.
    Account,
    /// A telephone number or an e-mail address, whichever accounts have it.
    Number,
}

/// The longest time that contacts are remembered for.
pub const CAP_DAYS_MAX: u16 = 366;

impl Cap {
    /// # Errors
    /// What is impossible: the key, and the rest.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if !(1..=CAP_DAYS_MAX).contains(&self.days) {
            return Err(("days", format!("is {}; use 1 to {CAP_DAYS_MAX}", self.days)));
        }
        if self.at_most == 0 {
            return Err(("at_most", "is 0; to contact nobody, name no channel in steps".into()));
        }
        Ok(())
    }

    pub fn counts(&self, channel: Channel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }
}

/// What contacts are counted under, in a bucket of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactKey {
    pub bucket: Bucket,
    /// Personal data, where it is a number.
    pub key: String,
}

impl ContactKey {
    fn account(bucket: Bucket, account: &AccountId) -> ContactKey {
        ContactKey { bucket, key: format!("a:{account}") }
    }

    fn number(address: &str) -> ContactKey {
        // Two spellings of one mail address are one.
        let address = address.to_lowercase();
        ContactKey { bucket: Bucket::of(&address), key: format!("n:{address}") }
    }
}

/// One contact, and the caps that it must not exceed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub account: ContactKey,
    pub number: ContactKey,
    /// At least one.
    pub limits: Vec<Limit>,
}

/// One cap, from where a contact stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    pub per: Per,
    /// Contacts on these channels count, all where there is none.
    pub channels: Vec<Channel>,
    /// Contacts after this instant count.
    pub since: Timestamp,
    pub at_most: u16,
}

impl Limit {
    pub fn counts(&self, channel: Channel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }
}

impl Counted {
    /// A contact at `now` with an account on `channel`, at `address`; `None`
    /// where no cap is about it.
    pub fn under(
        caps: &[Cap],
        (bucket, account): (Bucket, &AccountId),
        (channel, address): (Channel, &str),
        now: Timestamp,
    ) -> Option<Counted> {
        let limit = |cap: &Cap| Limit {
            per: cap.per,
            channels: cap.channels.clone(),
            since: now - SignedDuration::from_hours(24 * i64::from(cap.days)),
            at_most: cap.at_most,
        };
        let limits: Vec<Limit> = caps.iter().filter(|cap| cap.counts(channel)).map(limit).collect();
        (!limits.is_empty()).then(|| Counted {
            account: ContactKey::account(bucket, account),
            number: ContactKey::number(address),
            limits,
        })
    }

    pub fn key(&self, per: Per) -> &ContactKey {
        match per {
            Per::Account => &self.account,
            Per::Number => &self.number,
        }
    }

    /// Whether it is counted under a key that may be another daemon's.
    pub fn is_shared(&self) -> bool {
        self.limits.iter().any(|limit| limit.per == Per::Number)
    }
}

/// Where a number's contacts lie, by the key that they are counted under.
pub fn number_key(key: String) -> ContactKey {
    let bucket = Bucket::of(key.strip_prefix("n:").unwrap_or(&key));
    ContactKey { bucket, key }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cap(channels: &[Channel], per: Per) -> Cap {
        Cap { channels: channels.to_vec(), days: 7, at_most: 2, per }
    }

    #[test]
    fn a_contact_meets_the_caps_of_its_channel() {
        let caps = [
            cap(&[Channel::Sms, Channel::Voice], Per::Number),
            cap(&[], Per::Account),
            cap(&[Channel::Email], Per::Account),
        ];
        let now: Timestamp = "2026-03-10T09:00Z".parse().unwrap();
        let account = AccountId::from("A");
        let of = |channel, address| {
            let bucket = Bucket::of("A");
            Counted::under(&caps, (bucket, &account), (channel, address), now).unwrap()
        };
        let text = of(Channel::Sms, "+4915123456789");
        let keys: Vec<&str> = text.limits.iter().map(|it| text.key(it.per).key.as_str()).collect();
        assert_eq!(keys, ["n:+4915123456789", "a:A"]);
        assert_eq!(text.limits[0].since, "2026-03-03T09:00Z".parse().unwrap());
        assert_eq!(text.number.bucket, Bucket::of("+4915123456789"));
        assert_eq!(number_key(text.number.key.clone()), text.number);
        assert_eq!(text.account.bucket, Bucket::of("A"));
        assert!(text.is_shared());
        let mail = of(Channel::Email, "Zoe@Example.org");
        assert_eq!(mail.limits.len(), 2);
        assert_eq!(mail.number.key, "n:zoe@example.org");
        assert!(!mail.is_shared());
        let none = Counted::under(&caps[2..], (Bucket::of("A"), &account), (Channel::Sms, ""), now);
        assert_eq!(none, None);
    }

    #[test]
    fn an_impossible_cap_says_how_to_mend_it() {
        let wrong = |cap: Cap| cap.check().unwrap_err().0;
        assert_eq!(wrong(Cap { days: 0, ..cap(&[], Per::Account) }), "days");
        assert_eq!(wrong(Cap { days: 367, ..cap(&[], Per::Account) }), "days");
        assert_eq!(wrong(Cap { at_most: 0, ..cap(&[], Per::Account) }), "at_most");
    }
}
