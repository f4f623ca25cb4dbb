//! Whatever is done to a trail is found; a trail that nothing was done to holds.

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::*;

/// Texts that lead into each other when they are put side by side.
fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{0,3}", "\\PC{0,8}"]
}

fn details() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        word().prop_map(|text| json!({ "hold": text })),
        any::<i64>().prop_map(|number| json!({ "amount": number, "is_new": true })),
        any::<f64>().prop_map(|number| json!([number])),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let about = proptest::option::of(word());
    let act = any::<Index>().prop_map(|it| *it.get(&Act::ALL));
    let through = any::<Index>().prop_map(|it| *it.get(&Through::ALL));
    let nanos = 0..i64::MAX;
    (nanos, word(), through, act, about, details()).prop_map(
        |(nanos, by, through, act, about, details)| {
            let at = Timestamp::from_nanosecond(nanos.into()).unwrap();
            Deed { at, by, through, act, about, details }
        },
    )
}

fn trail(deeds: &[Deed]) -> (Vec<Record>, Anchor) {
    let mut last = Anchor::START;
    let follow = |deed| {
        let record = Record::follow(&last, deed);
        last = record.anchor().unwrap();
        record
    };
    let records = deeds.iter().map(follow).collect();
    (records, last)
}

/// The trail from `at` on made anew, so that each entry follows on the one before.
fn anew(records: &mut [Record], at: usize) -> Anchor {
    for n in at..records.len() {
        if n > 0 {
            records[n].previous = records[n - 1].digest.clone();
        }
        records[n].digest = records[n].digest_after(&records[n].previous).to_string();
    }
    records.last().unwrap().anchor().unwrap()
}

/// Another value in one of the columns.
fn spoil(record: &mut Record, column: usize) {
    let other = |text: &mut String| match text.pop() {
        Some('a') => text.push('b'),
        _ => text.push('a'),
    };
    match column {
        0 => record.seq += 1_000,
        1 => record.at += 1,
        2 => other(&mut record.by),
        3 => other(&mut record.through),
        4 => other(&mut record.act),
        // Nothing and nothing in it are two things.
        5 => record.about = record.about.take().map_or(Some(String::new()), |_| None),
        6 => other(record.about.get_or_insert_default()),
        // Says the same, and is not the same.
        7 => record.details.push(' '),
        8 => other(&mut record.details),
        9 => other(&mut record.previous),
        10 => record.digest = record.digest.to_uppercase() + "0",
        // A letter that goes over from one column to the next.
        11 => record.act.insert(0, record.through.pop().unwrap()),
        _ => other(&mut record.digest),
    }
}

proptest! {
    #[test]
    fn a_trail_that_nothing_was_done_to_holds(deeds in vec(deed(), 0..20), from in any::<Index>()) {
        let (records, head) = trail(&deeds);
        let mut anchors = vec![Anchor::START, head];
        anchors.extend(records.get(from.index(20)).map(|it| it.anchor().unwrap()));
        prop_assert_eq!(verify(&records, Some(head), &anchors), Ok(head));
        for (record, deed) in records.into_iter().zip(deeds) {
            let entry = record.entry().unwrap();
            prop_assert_eq!(entry.deed.at.as_microsecond(), deed.at.as_microsecond());
            prop_assert_eq!(entry.deed.details, deed.details);
            prop_assert_eq!(entry.deed.by, deed.by);
        }
    }

    #[test]
    fn a_change_of_any_column_is_found(
        deeds in vec(deed(), 1..12), at in any::<Index>(), column in 0_usize..13,
    ) {
        let (mut records, head) = trail(&deeds);
        let at = at.index(records.len());
        spoil(&mut records[at], column);
        prop_assert!(verify(&records, Some(head), &[]).is_err());
    }

    #[test]
    fn an_entry_taken_out_put_in_twice_or_exchanged_is_found(
        deeds in vec(deed(), 2..12), at in any::<Index>(), other in any::<Index>(),
    ) {
        let (records, head) = trail(&deeds);
        let (at, other) = (at.index(records.len()), other.index(records.len()));
        let is_broken = |records: &[Record]| verify(records, Some(head), &[]).is_err();
        let mut fewer = records.clone();
        fewer.remove(at);
        prop_assert!(is_broken(&fewer));
        let mut more = records.clone();
        more.insert(other, records[at].clone());
        prop_assert!(is_broken(&more));
        if at != other {
            let mut exchanged = records.clone();
            exchanged.swap(at, other);
            prop_assert!(is_broken(&exchanged));
            // Their numbers with them, so that these stand in order.
            (exchanged[at].seq, exchanged[other].seq) = (exchanged[other].seq, exchanged[at].seq);
            prop_assert!(is_broken(&exchanged));
        }
    }

    #[test]
    fn a_false_entry_is_found_unless_all_that_follows_is_made_anew_and_then_by_an_anchor(
        deeds in vec(deed(), 2..12), at in any::<Index>(),
    ) {
        let (records, head) = trail(&deeds);
        let at = at.index(records.len());
        let mut changed = records.clone();
        changed[at].by.push('x');
        changed[at].digest = changed[at].digest_after(&changed[at].previous).to_string();
        prop_assert!(verify(&changed, Some(head), &[]).is_err());
        let false_head = anew(&mut changed, at);
        prop_assert!(verify(&changed, Some(head), &[]).is_err());
        // Nothing inside the database can tell any more.
        prop_assert_eq!(verify(&changed, Some(false_head), &[]), Ok(false_head));
        for anchor in records[at..].iter().map(|it| it.anchor().unwrap()) {
            let told = verify(&changed, Some(false_head), &[anchor]);
            prop_assert_eq!(told, Err(Break::OffAnchor { seq: anchor.seq }));
        }
    }

    #[test]
    fn an_end_that_was_cut_off_is_told_by_the_head_and_where_that_was_moved_by_an_anchor(
        deeds in vec(deed(), 1..12), left in any::<Index>(),
    ) {
        let (mut records, head) = trail(&deeds);
        records.truncate(left.index(records.len()));
        let last = records.len() as u64;
        let cut = Err(Break::Cut { last, head: head.seq });
        prop_assert_eq!(verify(&records, Some(head), &[]), cut);
        let moved = records.last().map_or(Anchor::START, |it| it.anchor().unwrap());
        prop_assert_eq!(verify(&records, Some(moved), &[]), Ok(moved));
        let told = verify(&records, Some(moved), &[head]);
        prop_assert_eq!(told, Err(Break::BeforeAnchor { seq: head.seq, last }));
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let deed = |by: &str| Deed {
        at: Timestamp::from_second(1_800_000_000).unwrap(),
        by: by.to_owned(),
        through: Through::CommandLine,
        act: Act::Halt,
        about: None,
        details: json!({}),
    };
    let (records, head) = trail(&["Ann", "Bob", "Cid", "Dan"].map(deed));
    let told = |spoil: &dyn Fn(&mut Vec<Record>)| {
        let mut records = records.clone();
        spoil(&mut records);
        verify(&records, Some(head), &[]).unwrap_err()
    };
    assert_eq!(told(&|it| it[1].by = "Eve".into()), Break::Changed { seq: 2 });
    assert_eq!(told(&|it| it[2].previous = "0".repeat(64)), Break::Changed { seq: 3 });
    assert_eq!(told(&|it| drop(it.remove(1))), Break::Missing { seq: 2, next: 3 });
    assert_eq!(told(&|it| drop(it.remove(0))), Break::Missing { seq: 1, next: 2 });
    assert_eq!(told(&|it| it.insert(2, it[1].clone())), Break::OutOfPlace { seq: 2 });
    let numbers = |it: &mut Vec<Record>| {
        it.swap(1, 2);
        (it[1].seq, it[2].seq) = (2, 3);
    };
    assert_eq!(told(&numbers), Break::OutOfPlace { seq: 2 });
    assert_eq!(told(&|it| it.truncate(1)), Break::Cut { last: 1, head: 4 });
    assert_eq!(told(&|it| it.push(it[0].clone())), Break::OutOfPlace { seq: 1 });
    assert_eq!(verify(&records, None, &[]), Err(Break::NoHead { last: 4 }));
    let behind = records[2].anchor().unwrap();
    assert_eq!(verify(&records, Some(behind), &[]), Err(Break::OffHead { last: 4 }));
}

/// Trails that were written must verify for ever.
#[test]
fn the_digest_of_an_entry_is_what_it_always_was() {
    let deed = Deed {
        at: Timestamp::from_microsecond(1_800_000_000_000_001).unwrap(),
        by: "Ann".into(),
        through: Through::CommandLine,
        act: Act::HoldPlaced,
        about: Some("A1".into()),
        details: json!({ "hold": "h1" }),
    };
    let digest = Record::follow(&Anchor::START, &deed).digest;
    // Computed apart from this code, with Python's hashlib.
    let expected = "41376a886e8abbe8ceb2981bb8f9a3a2ffe2e629d72fc49443dac67935e6cdd6";
    assert_eq!(digest, expected);
}
