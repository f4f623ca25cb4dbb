//! Random accounts, with facts on both sides of the day in question.

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::model::evidence::{
    Autopay, Complaint, ContactReturn, Contract, EvidenceFeed, FailureKind, KeyKind, Outage,
    PaymentFailure, PortRequest, SharedKey, Topic, UsageDay, WriteOff,
};
use crate::model::facts::{SentItem, Standing};
use crate::model::hold::{Ending, PlacedHold};
use crate::model::{Bucket, Channel, Item};

use super::*;

fn day(from: i32, to: i32) -> impl Strategy<Value = Date> {
    (from..to).prop_map(|days| plus_days(TODAY, days))
}

fn around() -> impl Strategy<Value = Date> {
    day(-400, 60)
}

fn later(from: Date, days: Option<i32>) -> Option<Date> {
    days.map(|days| plus_days(from, days))
}

/// A bill and its payments. What is gone and no payment explains has a day, or
/// was never owed.
fn bill(number: usize) -> impl Strategy<Value = (Bill, Vec<Payment>)> {
    let pays = proptest::collection::vec((-40..120_i32, 0..5_u8, 1..40_i32), 0..4);
    (day(-400, 40), 5..25_i32, pays, any::<bool>(), proptest::option::of(-20..90_i32)).prop_map(
        move |(due_on, term, pays, has_credit, settled)| {
            let mut payments = Vec::new();
            for (days, state, back) in pays {
                let id = number * 10 + payments.len();
                let mut one = payment(number, id, 500, plus_days(due_on, days));
                match state {
                    0 => one.state = PaymentState::Pending,
                    1 => {
                        one.state = PaymentState::Reversed;
                        one.reversed_on = Some(plus_days(one.paid_on, back));
                    }
                    _ => {}
                }
                payments.push(one);
            }
            let came = payments.iter().filter(|one| one.state == PaymentState::Settled).count();
            let settled_on = later(due_on, settled);
            let left = 2_000 - 500 * came as i64;
            let remaining = match settled_on {
                Some(_) => 0,
                None if has_credit => (left - 500).max(0),
                None => left,
            };
            let bill = Bill {
                id: format!("B{number}").into(),
                currency: eur(),
                amount: 2_000,
                remaining,
                issued_on: plus_days(due_on, -term),
                due_on,
                settled_on,
            };
            (bill, payments)
        },
    )
}

fn held() -> impl Strategy<Value = Hold> {
    let kinds = select(HoldKind::ALL.to_vec());
    let of_bill = proptest::option::of(0..8_usize);
    (kinds, around(), proptest::option::of(0..60_i32), of_bill, any::<bool>()).prop_map(
        |(kind, starts_on, days, bill, is_part)| Hold {
            id: format!("{kind:?} {starts_on}"),
            kind,
            bill: bill.map(|number| format!("B{number}").into()),
            starts_on,
            ends_on: later(starts_on, days),
            amount: is_part.then_some(700),
        },
    )
}

fn placed() -> impl Strategy<Value = PlacedHold> {
    (held(), proptest::option::of(select(Ending::ALL.to_vec()))).prop_map(|(hold, ended)| {
        PlacedHold {
            bucket: Bucket::of("A1"),
            account: "A1".into(),
            hold,
            currency: None,
            owner: "subscriber".to_owned(),
            reason: String::new(),
            placed_at: Timestamp::UNIX_EPOCH,
            ended,
        }
    })
}

fn complaint() -> impl Strategy<Value = Complaint> {
    let days = || proptest::option::of(0..80_i32);
    (select(Topic::ALL.to_vec()), around(), days(), any::<Option<bool>>(), days()).prop_map(
        |(topic, opened_on, closed, satisfied, answered)| {
            let closed_on = later(opened_on, closed);
            let answered_on = closed_on.and_then(|day| later(day, answered));
            let satisfied = satisfied.filter(|_| closed_on.is_some());
            Complaint { topic, opened_on, closed_on, satisfied, answered_on }
        },
    )
}

fn contract() -> impl Strategy<Value = Contract> {
    let days = || proptest::option::of(0..500_i32);
    let autopay = (around(), days(), days()).prop_map(|(starts_on, end, withdrawn)| Autopay {
        starts_on,
        ends_on: later(starts_on, end),
        withdrawn_on: later(starts_on, withdrawn),
    });
    let autopay = proptest::collection::vec(autopay, 0..3);
    (proptest::option::of(day(-3_000, 30)), autopay).prop_map(|(since, autopay)| Contract {
        since,
        autopay,
        ..Contract::default()
    })
}

/// What is charged is drawn from its day, so that shrinking leaves little.
fn usage() -> impl Strategy<Value = Vec<UsageDay>> {
    (0..300_i32, 1..900_i64).prop_map(|(days, seed)| {
        let of = |ago: i32| {
            let charged = (i64::from(ago) * 37 + seed) % 900;
            UsageDay { on: plus_days(TODAY, 20 - ago), charged, expensive: charged % 300 }
        };
        (0..days).map(of).collect()
    })
}

fn events() -> impl Strategy<Value = Evidence> {
    let span = proptest::option::of(0..40_i32);
    let outage = (around(), span).prop_map(|(starts_on, days)| Outage {
        area: "here".to_owned(),
        starts_on,
        ends_on: later(starts_on, days),
    });
    let returned = (select(Channel::ALL.to_vec()), around())
        .prop_map(|(channel, on)| ContactReturn { channel, on });
    let failure = (select(FailureKind::ALL.to_vec()), around())
        .prop_map(|(kind, on)| PaymentFailure { kind, on });
    let port = (around(), proptest::option::of(0..40_i32))
        .prop_map(|(on, days)| PortRequest { on, withdrawn_on: later(on, days) });
    let shared = (select(KeyKind::ALL.to_vec()), 0..3, around()).prop_map(|(kind, with, on)| {
        SharedKey { kind, with: format!("A{with}").into(), written_off_on: on }
    });
    let write_off = around().prop_map(|on| WriteOff { on, amount: 1_000, currency: eur() });
    let lists = (
        proptest::collection::vec(outage, 0..3),
        proptest::collection::vec(returned, 0..3),
        proptest::collection::vec(failure, 0..4),
        proptest::collection::vec(port, 0..2),
        proptest::collection::vec(shared, 0..3),
        proptest::collection::vec(write_off, 0..2),
    );
    let complaints = proptest::collection::vec(complaint(), 0..4);
    (contract(), complaints, usage(), lists).prop_map(|(contract, complaints, usage, lists)| {
        let (outages, returns, failures, porting, shared, write_offs) = lists;
        Evidence {
            contract,
            complaints,
            outages,
            usage,
            returns,
            failures,
            porting,
            shared,
            write_offs,
        }
    })
}

fn sent() -> impl Strategy<Value = SentItem> {
    (0..8_usize, around()).prop_map(|(bill, day)| SentItem {
        item: Item { bill: format!("B{bill}").into(), step: "late1".to_owned() },
        day,
        standing: Standing::Delivered,
    })
}

/// An account with up to eight bills.
pub fn dossiers() -> impl Strategy<Value = Dossier> {
    let bills = (0..9_usize).prop_flat_map(|most| (0..most).map(bill).collect::<Vec<_>>());
    let feeds = subsequence(EvidenceFeed::ALL.to_vec(), 0..=EvidenceFeed::ALL.len());
    let holds = proptest::collection::vec(held(), 0..4);
    let placed = proptest::collection::vec(placed(), 0..3);
    let sent = proptest::collection::vec(sent(), 0..3);
    (bills, holds, placed, sent, feeds, events()).prop_map(
        |(bills, holds, placed, sent, feeds, evidence)| {
            let (bills, payments): (Vec<Bill>, Vec<Vec<Payment>>) = bills.into_iter().unzip();
            Dossier {
                account: "A1".into(),
                tier: None,
                bills,
                payments: payments.into_iter().flatten().collect(),
                holds,
                placed,
                sent,
                feeds: feeds.into_iter().collect(),
                evidence,
            }
        },
    )
}
