//! What may be claimed, told as facts.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::model::reply::{Note, Proof};
use crate::model::{Bill, Hold};
use crate::policy::tests::{TODAY, facts, overdue};

fn today() -> Date {
    TODAY
}

/// An account that owes 50.00 on one bill and 20.00 on another.
fn owing() -> AccountFacts {
    let other = Bill { remaining: 2_000, ..overdue("b2", 10) };
    facts(vec![overdue("b1", 10), other])
}

fn past(kind: HoldKind, ended_days_ago: i32, ended: Option<Ending>) -> PlacedHold {
    let ends_on = plus_days(today(), -ended_days_ago);
    PlacedHold {
        bucket: crate::model::Bucket::of("A"),
        account: "A".into(),
        hold: Hold {
            id: "h".into(),
            kind,
            bill: None,
            starts_on: plus_days(ends_on, -7),
            ends_on: Some(ends_on),
            amount: Some(7_000),
        },
        currency: None,
        owner: "subscriber".into(),
        reason: String::new(),
        placed_at: Timestamp::UNIX_EPOCH,
        ended,
    }
}

fn promise(amount: Option<i64>, ahead: Option<i32>) -> Meaning {
    Meaning::Promise(Pledge { amount, by: ahead.map(|days| plus_days(today(), days)) })
}

#[track_caller]
fn check(meaning: &Meaning, past: &[PlacedHold], expected: Result<(i32, Option<i64>), Refused>) {
    let said = answer(meaning, &owing(), past, &ClaimRules::default(), today()).unwrap();
    let said = said.map(|hold| (days_between(today(), hold.ends_on), hold.amount));
    assert_eq!(said, expected, "{meaning:?}");
}

#[test]
fn a_promise_is_taken_for_a_near_day_and_the_days_that_money_needs() {
    check(&promise(None, None), &[], Ok((7 + 3, Some(7_000))));
    check(&promise(Some(3_000), Some(0)), &[], Ok((3, Some(3_000))));
    check(&promise(Some(9_999), Some(14)), &[], Ok((17, Some(7_000))));
    check(&promise(None, Some(15)), &[], Err(Refused::OutOfBounds));
    check(&promise(None, Some(-1)), &[], Err(Refused::OutOfBounds));
    check(&promise(Some(0), Some(1)), &[], Err(Refused::OutOfBounds));
}

#[test]
fn who_broke_a_promise_lately_talks_to_a_person() {
    let broken = |ago| [past(HoldKind::Promise, ago, Some(Ending::Broken))];
    check(&promise(None, None), &broken(90), Err(Refused::Broken));
    check(&promise(None, None), &broken(91), Ok((10, Some(7_000))));
    let kept = [past(HoldKind::Promise, 1, Some(Ending::Kept))];
    check(&promise(None, None), &kept, Ok((10, Some(7_000))));
    let unjudged = [past(HoldKind::Promise, 1, None)];
    check(&promise(None, None), &unjudged, Err(Refused::NotJudged));
    let open = [past(HoldKind::Promise, -2, None)];
    check(&promise(None, None), &open, Err(Refused::Already));
}

#[test]
fn i_have_paid_is_believed_once() {
    let paid = Meaning::Paid(Proof::default());
    check(&paid, &[], Ok((5, None)));
    let not_found = |ago| [past(HoldKind::Paid, ago, Some(Ending::NotFound))];
    check(&paid, &not_found(60), Err(Refused::NotFound));
    check(&paid, &not_found(61), Ok((5, None)));
    check(&paid, &[past(HoldKind::Paid, 3, Some(Ending::Found))], Ok((5, None)));
    check(&paid, &[past(HoldKind::Promise, 3, Some(Ending::Broken))], Ok((5, None)));
}

#[test]
fn only_what_is_disputed_is_left_alone() {
    let dispute = |bill: &str, amount| {
        Meaning::Dispute(Dispute { bill: Some(bill.into()), amount, words: None })
    };
    check(&dispute("b1", Some(1_000)), &[], Ok((30, Some(1_000))));
    check(&dispute("b1", Some(99_000)), &[], Ok((30, Some(5_000))));
    check(&dispute("b2", None), &[], Ok((30, None)));
    check(&dispute("b1", Some(-1)), &[], Err(Refused::OutOfBounds));
    check(&dispute("b3", None), &[], Err(Refused::UnknownBill));
    check(&Meaning::Hardship(Note::default()), &[], Ok((30, None)));
}

#[test]
fn nothing_follows_for_who_owes_nothing_or_claims_nothing() {
    let rules = ClaimRules::default();
    let none = facts(Vec::new());
    let said = answer(&promise(None, None), &none, &[], &rules, today());
    assert_eq!(said, Some(Err(Refused::NothingOwed)));
    for meaning in [Meaning::Help, Meaning::OptOut, Meaning::CallBack(Note::default())] {
        assert_eq!(answer(&meaning, &owing(), &[], &rules, today()), None);
    }
}

#[test]
fn a_promise_is_kept_by_the_money_or_by_nothing_being_owed() {
    let promise = past(HoldKind::Promise, 1, None);
    assert_eq!(ending(&promise, 7_000, 500), Ending::Kept);
    assert_eq!(ending(&promise, 6_999, 1), Ending::Broken);
    assert_eq!(ending(&promise, 0, 0), Ending::Kept);
    let paid = past(HoldKind::Paid, 1, None);
    assert_eq!(ending(&paid, 1, 500), Ending::Found);
    assert_eq!(ending(&paid, 0, 500), Ending::NotFound);
    assert_eq!(ending(&past(HoldKind::Hardship, 1, None), 0, 500), Ending::Over);
}

proptest! {
    /// Whatever is said, nobody gets out of the ladder for longer than the
    /// rules say, and no two holds of one kind are in force together.
    #[test]
    fn what_is_granted_stays_within_the_rules(
        ahead in -40..400i32,
        amount in proptest::option::of(-10_000..10_000_000i64),
        which in 0..4usize,
        in_force in proptest::bool::ANY,
    ) {
        let meaning = [
            promise(amount, Some(ahead)),
            Meaning::Paid(Proof::default()),
            Meaning::Dispute(Dispute { bill: Some("b1".into()), amount, words: None }),
            Meaning::Hardship(Note::default()),
        ][which].clone();
        let open: Vec<PlacedHold> = if in_force {
            [HoldKind::Promise, HoldKind::Paid, HoldKind::Hardship]
                .map(|kind| past(kind, -1, None)).to_vec()
        } else {
            Vec::new()
        };
        let rules = ClaimRules::default();
        let said = answer(&meaning, &owing(), &open, &rules, today()).unwrap();
        if let Ok(hold) = said {
            prop_assert!(hold.starts_on == today());
            prop_assert!((0..=30).contains(&days_between(today(), hold.ends_on)));
            prop_assert!(hold.amount.is_none_or(|it| (1..=7_000).contains(&it)));
            prop_assert!(!in_force || hold.kind == HoldKind::Dispute);
        }
    }
}
