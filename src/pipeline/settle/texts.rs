//! Texts that came in several parts: joined before sense is made of them.
//!
//! Parts come in any order, and one may come twice or never. Where the others
//! have waited for it long enough, each is read by itself: a stop must count.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::reply::{Meaning, TextPart};
use crate::store::KeptReply;

/// The parts of a text follow each other within seconds. Whoever writes again
/// much later may use the same reference for another text.
const WAITS_FOR: SignedDuration = SignedDuration::from_mins(5);

/// A reply that can be made sense of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    pub kept: KeptReply,
    /// The words of each part, where it came in several.
    pub parts: Vec<String>,
}

/// What can be settled now of what was kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ready {
    pub whole: Vec<Whole>,
    /// Parts that are in one of those.
    pub within: Vec<KeptReply>,
}

/// One text: who wrote it, to whom, and its reference.
type Name = (String, Option<String>, u16, u8);

/// Joins what is complete, and leaves the rest for later.
pub fn joined(kept: Vec<KeptReply>, now: Timestamp) -> Ready {
    let mut ready = Ready::default();
    let mut texts: BTreeMap<Name, Vec<(TextPart, KeptReply)>> = BTreeMap::new();
    for one in kept {
        match &one.reply.meaning {
            Meaning::Part(part) => {
                let (provider, from) = (one.provider.clone(), one.reply.from.clone());
                let name = (provider, from, part.reference, part.parts);
                texts.entry(name).or_default().push((part.clone(), one));
            }
            _ => ready.whole.push(Whole { kept: one, parts: Vec::new() }),
        }
    }
    for parts in texts.into_values() {
        join(parts, now, &mut ready);
    }
    ready
}

fn join(parts: Vec<(TextPart, KeptReply)>, now: Timestamp, ready: &mut Ready) {
    let is_late = parts.iter().any(|(_, one)| now.duration_since(one.received_at) >= WAITS_FOR);
    let count = parts.first().map_or(0, |(part, _)| usize::from(part.parts));
    // The first of each number; the same again is a repeat, and other words are
    // of another text.
    let mut places: BTreeMap<u8, (TextPart, KeptReply)> = BTreeMap::new();
    let (mut repeats, mut others) = (Vec::new(), Vec::new());
    for (part, one) in parts {
        match places.get(&part.part) {
            None => drop(places.insert(part.part, (part, one))),
            Some((first, _)) if first.words == part.words => repeats.push(one),
            Some(_) => others.push((part, one)),
        }
    }
    if places.len() < count {
        let by_itself = |(part, mut kept): (TextPart, KeptReply)| {
            kept.reply.meaning = Meaning::Text(part.words);
            Whole { kept, parts: Vec::new() }
        };
        if is_late {
            ready.within.extend(repeats);
            ready.whole.extend(places.into_values().chain(others).map(by_itself));
        }
        return;
    }
    ready.within.extend(repeats);
    let words: Vec<String> = places.values().map(|(part, _)| part.words.clone()).collect();
    let mut places = places.into_values().map(|(_, one)| one);
    let Some(mut kept) = places.next() else { return };
    for one in places {
        kept.reply.at = kept.reply.at.max(one.reply.at);
        kept.received_at = kept.received_at.max(one.received_at);
        ready.within.push(one);
    }
    kept.reply.meaning = Meaning::Text(words.concat());
    ready.whole.push(Whole { kept, parts: words });
    if !others.is_empty() {
        join(others, now, ready);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::reply::Reply;
    use crate::model::{Bucket, Channel};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn said(id: &str, second: i64, meaning: Meaning) -> KeptReply {
        let (from, channel) = (Some("+4915123456789".to_owned()), Channel::Sms);
        KeptReply {
            bucket: Bucket::FIRST,
            id: id.to_owned(),
            provider: "smsc".to_owned(),
            reply: Reply { channel, about: None, from, meaning, at: at(second) },
            received_at: at(second),
        }
    }

    /// The part `part` of `parts` of the text with this reference.
    fn part(reference: u16, (part, parts): (u8, u8), words: &str, second: i64) -> KeptReply {
        let words = words.to_owned();
        let meaning = Meaning::Part(TextPart { words, reference, part, parts });
        said(&format!("{reference}/{part}/{second}"), second, meaning)
    }

    fn texts(kept: Vec<KeptReply>, second: i64) -> Vec<String> {
        let ready = joined(kept, at(second));
        ready.whole.iter().map(|it| it.kept.reply.meaning.words().unwrap().to_owned()).collect()
    }

    #[test]
    fn parts_become_one_text_in_whatever_order_they_come() {
        let parts = || {
            [(3, "here"), (1, "I pay "), (2, "tomorrow ")]
                .map(|(number, words)| part(7, (number, 3), words, i64::from(number)))
        };
        assert_eq!(texts(parts().to_vec(), 4), ["I pay tomorrow here"]);
        let ready = joined(parts().to_vec(), at(4));
        let (kept, within) = (&ready.whole[0].kept, &ready.within);
        assert_eq!((kept.id.as_str(), kept.received_at), ("7/1/1", at(3)));
        assert_eq!(within.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["7/2/2", "7/3/3"]);
    }

    #[test]
    fn what_is_not_whole_waits_and_holds_back_nobody_else() {
        let half = || part(7, (1, 2), "half", 0);
        let other = said("x", 0, Meaning::Text("STOP".into()));
        assert_eq!(texts(vec![half(), other], 299), ["STOP"]);
        assert_eq!(joined(vec![half()], at(299)), Ready::default());
        assert_eq!(texts(vec![half()], 300), ["half"]);
    }

    #[test]
    fn of_a_part_that_never_comes_the_others_are_read_one_by_one() {
        let kept = vec![part(7, (1, 3), "no more", 0), part(7, (3, 3), "STOP", 20)];
        assert_eq!(texts(kept.clone(), 299), [""; 0]);
        assert_eq!(texts(kept, 300), ["no more", "STOP"]);
    }

    #[test]
    fn texts_of_others_and_with_other_references_are_kept_apart() {
        let mut stranger = part(7, (2, 2), "of another", 0);
        stranger.reply.from = Some("+4915199999999".to_owned());
        let kept = vec![part(7, (1, 2), "a", 0), part(8, (2, 2), "b", 0), stranger];
        assert_eq!(texts(kept, 1), [""; 0]);
    }

    #[test]
    fn a_part_that_comes_twice_is_there_once_and_a_reference_may_come_again() {
        let twice = [part(7, (1, 2), "a", 0), part(7, (1, 2), "a", 60), part(7, (2, 2), "b", 1)];
        let ready = joined(twice.to_vec(), at(61));
        assert_eq!((ready.whole.len(), ready.within.len()), (1, 2));
        let again = [part(7, (1, 2), "c", 9), part(7, (2, 2), "d", 9)];
        assert_eq!(texts([&twice[..], &again].concat(), 61), ["ab", "cd"]);
    }

    proptest! {
        /// Whatever comes: nothing is lost, and nothing is there twice.
        #[test]
        fn every_part_is_settled_once_in_the_end(
            parts in prop::collection::vec((0u16..3, 1u8..4, 2u8..4, "[ab]", 0i64..400), 0..30),
            now in 0i64..400,
        ) {
            let kept: Vec<KeptReply> = parts
                .into_iter()
                .enumerate()
                .filter(|(_, (_, number, of, _, _))| number <= of)
                .map(|(place, (reference, number, of, words, second))| {
                    let mut one = part(reference, (number, of), &words, second);
                    one.id = place.to_string();
                    one
                })
                .collect();
            let settled = |kept: Vec<KeptReply>, now| {
                let ready = joined(kept, at(now));
                let whole = ready.whole.into_iter().map(|it| it.kept.id);
                whole.chain(ready.within.into_iter().map(|it| it.id)).collect::<Vec<_>>()
            };
            let first = settled(kept.clone(), now);
            let left = kept.iter().filter(|it| !first.contains(&it.id)).cloned().collect();
            let mut all = [first, settled(left, 1_000)].concat();
            all.sort();
            let mut ids: Vec<String> = kept.into_iter().map(|it| it.id).collect();
            ids.sort();
            prop_assert_eq!(all, ids);
        }
    }
}
