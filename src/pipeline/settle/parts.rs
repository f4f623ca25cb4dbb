//! Brings receipts that name a provider's reference together with the messages
//! that have it, and says what became of a message of which all parts are known.
//!
//! What is found out goes into the inbox as a receipt about the attempt, and
//! is settled like any other. A receipt about nothing that is known is looked
//! at ever less often, for a week: it can be faster than our own writing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tracing::warn;

use crate::model::receipt::{Fate, PostedReceipt, Receipt};
use crate::model::{AttemptKey, Bucket, Tenure};
use crate::store::{MessagePart, Parked, Unparked};

use super::inbox::{AGAIN_AFTER_MAX, AGAIN_AFTER_MIN, KEPT_FOR};
use super::{PAGE, Settle};

impl Settle {
    pub(super) async fn parts(&self, tenure: &Tenure, now: Timestamp) -> anyhow::Result<()> {
        let Some(store) = &self.0.parts else { return Ok(()) };
        let buckets: Vec<Bucket> = tenure.buckets().collect();
        loop {
            let parked = store.parked(&buckets, now, PAGE).await?;
            let is_last = parked.len() < PAGE as usize;
            if !parked.is_empty() {
                let about: BTreeSet<AttemptKey> =
                    parked.iter().filter_map(|one| one.about).collect();
                let parts = store.parts(&Vec::from_iter(about)).await?;
                store.unpark(tenure, &brought_together(parked, parts, now)).await?;
            }
            if is_last {
                break;
            }
        }
        while store.forget_parts(now - KEPT_FOR, PAGE).await? >= u64::from(PAGE) {}
        Ok(())
    }
}

/// What receipts say of the parts that they name, and those of the whole.
fn brought_together(parked: Vec<Parked>, parts: Vec<MessagePart>, now: Timestamp) -> Unparked {
    let mut found = Unparked::default();
    let mut attempts: BTreeMap<AttemptKey, Vec<MessagePart>> = BTreeMap::new();
    for part in parts {
        attempts.entry(part.key).or_default().push(part);
    }
    let mut changed: BTreeSet<(AttemptKey, u32)> = BTreeSet::new();
    let mut given_up = 0;
    for one in parked {
        let age = now.duration_since(one.received_at);
        let parts = one.about.and_then(|key| attempts.get_mut(&key));
        let part = parts.and_then(|parts| parts.iter_mut().find(|part| has(part, &one)));
        let Some(part) = part else {
            if age >= KEPT_FOR {
                given_up += 1;
                found.done.push(one);
            } else {
                let again_at = now + age.clamp(AGAIN_AFTER_MIN, AGAIN_AFTER_MAX);
                found.put_off.push((one, again_at));
            }
            continue;
        };
        let says = (one.receipt.fate, one.receipt.at);
        // Like the message itself, a part is only ever moved up.
        if part.fate.is_none_or(|(known, _)| says.0 > known) {
            part.fate = Some(says);
            changed.insert((part.key, part.part));
        }
        found.done.push(one);
    }
    if given_up > 0 {
        warn!(receipts = given_up, "receipts were for nothing that we sent, for a week");
    }
    let moved: BTreeSet<AttemptKey> = changed.iter().map(|(key, _)| *key).collect();
    found.receipts = moved.iter().filter_map(|key| whole(attempts.get(key)?, now)).collect();
    let is_changed = |part: &MessagePart| changed.contains(&(part.key, part.part));
    found.parts = attempts.into_values().flatten().filter(is_changed).collect();
    found
}

fn has(part: &MessagePart, parked: &Parked) -> bool {
    part.provider == parked.provider && part.provider_ref == parked.receipt.provider_ref
}

/// A message arrived where all of its parts did. One part that did not is one
/// too many, whatever becomes of the others.
fn whole(parts: &[MessagePart], now: Timestamp) -> Option<PostedReceipt> {
    let first = parts.first()?;
    let known = || parts.iter().filter_map(|part| part.fate);
    let failed = known().filter(|(fate, _)| !fate.has_arrived()).max_by_key(|(fate, _)| *fate);
    let is_complete = known().count() == first.parts as usize;
    let arrived = known().map(|(_, at)| at).max().filter(|_| is_complete);
    let (fate, at) = failed.or(arrived.map(|at| (Fate::Delivered, at)))?;
    Some(PostedReceipt {
        provider: first.provider.as_str().into(),
        // One for each thing that can be said of it.
        message_id: format!("parts/{}/{}", first.key, fate.as_str()).into(),
        ordinal: 0,
        receipt: Receipt { key: first.key, fate, at },
        received_at: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::receipt::PartReceipt;
    use jiff::SignedDuration;

    const KEY: &str = "0123456789abcdef0123456789abcdef.1";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn parts(fates: &[Option<Fate>]) -> Vec<MessagePart> {
        let part = |(part, fate): (u32, &Option<Fate>)| MessagePart {
            key: KEY.parse().unwrap(),
            provider: "smsc".into(),
            provider_ref: format!("m{part}"),
            part,
            parts: fates.len() as u32,
            fate: fate.map(|fate| (fate, at(i64::from(part)))),
        };
        (1..).zip(fates).map(part).collect()
    }

    fn parked(provider_ref: &str, fate: Fate, about: Option<&str>) -> Parked {
        Parked {
            provider: "smsc".into(),
            receipt: PartReceipt { provider_ref: provider_ref.into(), fate, at: at(50) },
            received_at: at(50),
            about: about.map(|key| key.parse().unwrap()),
        }
    }

    #[track_caller]
    fn check(known: &[Option<Fate>], says: (&str, Fate), is: Option<Fate>) {
        let found = brought_together(vec![parked(says.0, says.1, Some(KEY))], parts(known), at(60));
        let fates: Vec<Fate> = found.receipts.iter().map(|one| one.receipt.fate).collect();
        assert_eq!(fates, Vec::from_iter(is));
        assert_eq!((found.done.len(), found.put_off.len()), (1, 0));
    }

    #[test]
    fn a_message_is_delivered_when_all_of_its_parts_are() {
        use Fate::{Delivered, Expired, Undelivered};
        check(&[None], ("m1", Delivered), Some(Delivered));
        check(&[None, None], ("m2", Delivered), None);
        check(&[Some(Delivered), None], ("m2", Delivered), Some(Delivered));
        check(&[Some(Delivered), None, None], ("m3", Delivered), None);
        // One that is lost is enough, and the worse word counts.
        check(&[None, None, None], ("m2", Undelivered), Some(Undelivered));
        check(&[Some(Delivered), None], ("m2", Expired), Some(Expired));
        check(&[Some(Undelivered), None], ("m2", Expired), Some(Undelivered));
        // Corrected later.
        check(&[Some(Undelivered), Some(Delivered)], ("m1", Delivered), Some(Delivered));
        check(&[Some(Undelivered), Some(Expired)], ("m1", Delivered), Some(Expired));
    }

    #[test]
    fn what_is_known_already_says_nothing() {
        use Fate::{Delivered, Undelivered};
        check(&[Some(Delivered)], ("m1", Delivered), None);
        check(&[Some(Delivered)], ("m1", Undelivered), None);
        let again = vec![parked("m1", Delivered, Some(KEY)), parked("m1", Undelivered, Some(KEY))];
        let found = brought_together(again, parts(&[None]), at(60));
        assert_eq!((found.parts.len(), found.receipts.len(), found.done.len()), (1, 1, 2));
        assert_eq!(found.receipts[0].receipt.fate, Delivered);
    }

    #[test]
    fn a_receipt_about_nothing_known_waits_for_a_week() {
        let stray = || parked("m9", Fate::Delivered, None);
        let of = |now| brought_together(vec![stray()], Vec::new(), now);
        assert_eq!(of(at(50)).put_off, [(stray(), at(51))]);
        assert_eq!(of(at(60)).put_off, [(stray(), at(70))]);
        let late = at(50) + KEPT_FOR;
        let hour = SignedDuration::from_hours(1);
        assert_eq!(of(late - hour).put_off, [(stray(), late)]);
        assert_eq!(of(late).done, [stray()]);
        assert!(of(late).receipts.is_empty());
    }
}
