//! Caps: how often somebody may be contacted within rolling days, over all
//! channels or some, whatever the reminders are about.
//!
//! After a conversation there is silence for some days: a cap of one, so to say,
//! that the conversation has used up.
//!
//! A contact is one reminder on one channel that may have left, whatever came
//! of it: laws that count only those that connect are met by counting more. A
//! day is 24 hours: what holds of every such span holds of calendar days.

use jiff::{SignedDuration, Timestamp};

use super::law::{Cap, CapKey};
use super::{AccountId, Bucket, Channel};

/// Whose contacts are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// An account; a debt is never counted beyond it.
    Account,
    /// A telephone number or an e-mail address, whichever accounts have it.
    Number,
    /// Whoever pays several accounts, where the source knows people.
    Person,
    /// Conversations with an account, whatever brought them about.
    Conversation,
}

/// What a conversation is written as, where contacts have their channel.
pub const CONVERSATION: &str = "conversation";

impl CapKey {
    /// What is counted to keep it. A person is known by accounts and numbers, and
    /// by a name of its own where the source has one.
    fn counted(self) -> &'static [Per] {
        match self {
            CapKey::Debt | CapKey::Account => &[Per::Account],
            CapKey::Number => &[Per::Number],
            CapKey::Person => &[Per::Account, Per::Number, Per::Person],
        }
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

    /// What conversations with an account are kept under.
    pub fn conversation(bucket: Bucket, account: &AccountId) -> ContactKey {
        ContactKey { bucket, key: format!("c:{account}") }
    }

    /// In the person's bucket, which is the account's but where the source learnt
    /// of the person later.
    fn person(person: &str) -> ContactKey {
        ContactKey { bucket: Bucket::of(person), key: format!("p:{person}") }
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
    pub person: Option<ContactKey>,
    pub conversation: ContactKey,
    /// None where it is counted and nothing limits it.
    pub limits: Vec<Limit>,
}

/// One cap, from where a contact stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    pub per: Per,
    /// Contacts on these channels count.
    pub channels: Vec<Channel>,
    /// Contacts after this instant count.
    pub since: Timestamp,
    pub at_most: u16,
}

impl Limit {
    pub fn counts(&self, channel: Channel) -> bool {
        self.channels.contains(&channel)
    }
}

impl Counted {
    /// A contact at `now` with an account on `channel`, at `address`, which no
    /// conversation after `silence` allows; `None` where no cap is about it.
    /// What has no address of its own is not counted under one.
    pub fn under(
        caps: &[Cap],
        silence: Option<Timestamp>,
        (bucket, account, person): (Bucket, &AccountId, Option<&str>),
        (channel, address): (Channel, &str),
        now: Timestamp,
    ) -> Option<Counted> {
        let limit = |cap: &Cap, per: Per| Limit {
            per,
            channels: cap.channels.clone(),
            since: now - SignedDuration::from_hours(24 * i64::from(cap.window_days)),
            at_most: cap.limit,
        };
        let silence = silence.map(|since| Limit {
            per: Per::Conversation,
            channels: Vec::new(),
            since,
            at_most: 1,
        });
        let limits: Vec<Limit> = caps
            .iter()
            .filter(|cap| cap.channels.contains(&channel))
            .flat_map(|cap| cap.key.counted().iter().map(move |per| limit(cap, *per)))
            .filter(|limit| limit.per != Per::Number || !address.is_empty())
            .filter(|limit| limit.per != Per::Person || person.is_some())
            .chain(silence)
            .collect();
        (!limits.is_empty()).then(|| Counted {
            account: ContactKey::account(bucket, account),
            number: ContactKey::number(address),
            person: person.map(ContactKey::person),
            conversation: ContactKey::conversation(bucket, account),
            limits,
        })
    }

    /// The same contact, which no cap holds back, though silence does: it takes
    /// its place among the others.
    pub fn uncapped(mut self) -> Counted {
        self.limits.retain(|limit| limit.per == Per::Conversation);
        self
    }

    pub fn key(&self, per: Per) -> &ContactKey {
        match per {
            Per::Account => &self.account,
            Per::Number => &self.number,
            // Limits of a person are made where there is one.
            Per::Person => self.person.as_ref().unwrap_or(&self.account),
            Per::Conversation => &self.conversation,
        }
    }

    /// Whether it is counted under a key that may be another daemon's.
    pub fn is_shared(&self) -> bool {
        self.limits.iter().any(|limit| matches!(limit.per, Per::Number | Per::Person))
    }

    /// The keys that may be another daemon's.
    pub fn shared(&self) -> impl Iterator<Item = &ContactKey> {
        std::iter::once(&self.number).chain(&self.person)
    }
}

/// Where the contacts of a number or a person lie, by the key that they are
/// counted under.
pub fn shared_key(key: String) -> ContactKey {
    let whose = key.strip_prefix("n:").or_else(|| key.strip_prefix("p:"));
    let bucket = Bucket::of(whose.unwrap_or(&key));
    ContactKey { bucket, key }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::law::Counts;

    fn cap(channels: &[Channel], key: CapKey) -> Cap {
        let channels = channels.to_vec();
        Cap { channels, window_days: 7, limit: 2, key, counts: Counts::Attempts, only: None }
    }

    #[test]
    fn a_contact_meets_the_caps_of_its_channel() {
        let caps = [
            cap(&[Channel::Sms, Channel::Voice], CapKey::Number),
            cap(&Channel::ALL, CapKey::Debt),
            cap(&[Channel::Email], CapKey::Person),
        ];
        let now: Timestamp = "2026-03-10T09:00Z".parse().unwrap();
        let account = AccountId::from("A");
        let of = |channel, address| {
            let bucket = Bucket::of("A");
            Counted::under(&caps, None, (bucket, &account, None), (channel, address), now).unwrap()
        };
        let text = of(Channel::Sms, "+4915123456789");
        let keys: Vec<&str> = text.limits.iter().map(|it| text.key(it.per).key.as_str()).collect();
        assert_eq!(keys, ["n:+4915123456789", "a:A"]);
        assert_eq!(text.limits[0].since, "2026-03-03T09:00Z".parse().unwrap());
        assert_eq!(text.number.bucket, Bucket::of("+4915123456789"));
        assert_eq!(shared_key(text.number.key.clone()), text.number);
        assert_eq!(text.account.bucket, Bucket::of("A"));
        assert!(text.is_shared());
        let mail = of(Channel::Email, "Zoe@Example.org");
        let keys: Vec<&str> = mail.limits.iter().map(|it| mail.key(it.per).key.as_str()).collect();
        assert_eq!(keys, ["a:A", "a:A", "n:zoe@example.org"]);
        let alone = |silence| {
            let whose = (Bucket::of("A"), &account, None);
            Counted::under(&caps[2..], silence, whose, (Channel::Sms, ""), now)
        };
        assert_eq!(alone(None), None);
        let silent = alone(Some(now)).unwrap();
        assert_eq!((silent.limits.len(), silent.limits[0].at_most), (1, 1));
        assert_eq!(silent.key(silent.limits[0].per).key, "c:A");
        assert!(!silent.is_shared());
    }
    #[test]
    fn a_person_is_counted_whichever_account_it_is_about() {
        let caps = [cap(&[Channel::Email], CapKey::Person)];
        let now: Timestamp = "2026-03-10T09:00Z".parse().unwrap();
        let of = |account: &str| {
            let (bucket, account) = (Bucket::of("P"), AccountId::from(account));
            let whose = (bucket, &account, Some("P"));
            Counted::under(&caps, None, whose, (Channel::Email, ""), now).unwrap()
        };
        let (one, other) = (of("A"), of("B"));
        let keys = |it: &Counted| -> Vec<String> {
            it.limits.iter().map(|limit| it.key(limit.per).key.clone()).collect()
        };
        assert_eq!(
            (keys(&one), keys(&other)),
            (vec!["a:A".into(), "p:P".into()], vec!["a:B".into(), "p:P".into()])
        );
        assert_eq!(shared_key("p:P".to_owned()), one.person.clone().unwrap());
        assert!(one.is_shared());
    }
}
