//! Made-up scenarios and accounts, odd ones included: bills due before they
//! were issued, paid ones, two currencies, holds across each other, any history.

use jiff::civil::Date;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::model::{Hold, HoldKind, Item, Payment, PaymentState, ReminderId};

/// A scenario and an account under it.
pub fn accounts() -> impl Strategy<Value = (Scenario, AccountFacts)> {
    scenarios().prop_flat_map(|scenario| {
        let steps = scenario.steps.len();
        (Just(scenario), vec(bills(), 0..6), histories(steps), contacts()).prop_map(
            |(scenario, bills, history, contacts)| {
                let mut facts = facts(name_bills(bills));
                facts.account.contacts = contacts;
                history.write_into(&mut facts, &scenario);
                (scenario, facts)
            },
        )
    })
}

/// A scenario, bills, and nothing that has happened yet.
pub fn newcomers() -> impl Strategy<Value = (Scenario, AccountFacts)> {
    (scenarios(), vec(bills(), 1..5))
        .prop_map(|(scenario, bills)| (scenario, facts(name_bills(bills))))
}

/// Never, long ago, or about now.
pub fn live_since() -> impl Strategy<Value = Option<Date>> {
    prop_oneof![Just(None), Just(Some(day(-365))), (-40..5).prop_map(|d| Some(day(d)))]
}

fn day(days: i32) -> Date {
    plus_days(TODAY, days)
}

/// Courtesy steps, soft ones, and hard ones where there is a soft one to warn.
pub fn scenarios() -> impl Strategy<Value = Scenario> {
    let channels = subsequence(Channel::ADDRESSED.to_vec(), 1..=3).prop_shuffle();
    let any_steps = (
        btree_set(-20..=0, 0..=3),
        btree_set(1..=30, 0..=3),
        vec((1..=20, 0..=10), 0..=2),
        channels,
        select(vec![0, 100]),
    );
    any_steps.prop_map(|(courtesy, soft, hard, channels, tolerance)| {
        let mut steps: Vec<Step> = courtesy
            .iter()
            .map(|offset| step(&format!("pre{}", -offset), *offset, Severity::Courtesy))
            .chain(
                soft.iter().map(|offset| step(&format!("soft{offset}"), *offset, Severity::Soft)),
            )
            .collect();
        let mut offset = soft.last().copied().unwrap_or_default();
        for (later, notice_gap_days) in hard.iter().filter(|_| !soft.is_empty()) {
            offset += later;
            let hard = step(&format!("hard{offset}"), offset, Severity::Hard);
            steps.push(Step { notice_gap_days: *notice_gap_days, ..hard });
        }
        if steps.is_empty() {
            steps.push(step("soft7", 7, Severity::Soft));
        }
        steps.iter_mut().for_each(|step| step.channels = channels.clone());
        Scenario { tolerance, ..scenario(steps) }
    })
}

fn contacts() -> impl Strategy<Value = Contacts> {
    let phone = select(vec![None, Some(PhoneNumber::from_stored("+4915123456789".to_owned()))]);
    let email = select(vec![None, Some(EmailAddress::from_stored("a@b.example".to_owned()))]);
    let preferred = proptest::option::of(select(Channel::ADDRESSED.to_vec()));
    (phone, email, preferred).prop_map(|(phone, email, preferred)| Contacts {
        phone,
        email,
        preferred,
    })
}

fn bills() -> impl Strategy<Value = Bill> {
    let unpaid = prop_oneof![1 => Just(0), 1 => 1..=150i64, 4 => 151..=5000i64];
    (-70..=20, -10..=40, unpaid, select(vec!["EUR", "JPY"])).prop_map(
        |(due, lead, remaining, currency)| Bill {
            remaining,
            currency: currency.parse().unwrap(),
            issued_on: day(due - lead),
            ..bill("", day(due))
        },
    )
}

fn name_bills(mut bills: Vec<Bill>) -> Vec<Bill> {
    for (number, bill) in bills.iter_mut().enumerate() {
        bill.id = format!("B{number}").into();
    }
    bills
}

/// Its kind, bill, first day, days that it lasts, and disputed part.
type AnyHold = (HoldKind, Option<usize>, i32, Option<i32>, Option<i64>);

/// What has happened to an account, by the numbers of its bills and steps.
#[derive(Debug, Clone)]
struct History {
    holds: Vec<AnyHold>,
    pending: Vec<(usize, i64)>,
    sent: Vec<(usize, usize, i32, Standing)>,
    in_hand: Vec<(i32, Vec<(usize, usize)>)>,
    recorded: std::collections::BTreeMap<(usize, usize), (Reason, bool)>,
    case: Option<(i32, Severity)>,
}

fn histories(steps: usize) -> impl Strategy<Value = History> {
    let item = || (0..6usize, 0..steps);
    let hold = (
        select(HoldKind::ALL.to_vec()),
        proptest::option::of(0..6usize),
        -30..10,
        proptest::option::of(0..40),
        proptest::option::of(1..5000i64),
    );
    let standing = select(vec![Standing::Open, Standing::Delivered, Standing::Exhausted]);
    let sent = (0..6usize, 0..steps, -45..=0, standing);
    let severity = select(vec![Severity::Courtesy, Severity::Soft, Severity::Hard]);
    let reason = select(Reason::ALL.to_vec());
    (
        vec(hold, 0..2),
        vec((0..6usize, 1..6000i64), 0..2),
        vec(sent, 0..5),
        vec((-2..=2, vec(item(), 1..3)), 0..2),
        btree_map(item(), (reason, any::<bool>()), 0..6),
        proptest::option::of((-60..=0, severity)),
    )
        .prop_map(|(holds, pending, sent, in_hand, recorded, case)| History {
            holds,
            pending,
            sent,
            in_hand,
            recorded,
            case,
        })
}

impl History {
    /// Puts it into `facts`; what would belong to a bill that is not there is left out.
    fn write_into(self, facts: &mut AccountFacts, scenario: &Scenario) {
        let ids: Vec<BillId> = facts.bills.iter().map(|bill| bill.id.clone()).collect();
        let item = |(bill, step): (usize, usize)| {
            let bill = ids.get(bill)?.clone();
            Some(Item { bill, step: scenario.steps[step].name.clone() })
        };
        for (number, (kind, bill, starts, lasts, amount)) in self.holds.into_iter().enumerate() {
            facts.holds.push(Hold {
                id: format!("H{number}"),
                kind,
                bill: bill.and_then(|bill| ids.get(bill).cloned()),
                starts_on: day(starts),
                ends_on: lasts.map(|lasts| day(starts + lasts)),
                amount: amount.filter(|_| kind == HoldKind::Dispute),
            });
        }
        for (number, (bill, amount)) in self.pending.into_iter().enumerate() {
            let Some(bill) = facts.bills.get(bill) else { continue };
            facts.pending.push(Payment {
                id: format!("P{number}"),
                bill: Some(bill.id.clone()),
                currency: bill.currency,
                amount,
                paid_on: TODAY,
                reversed_on: None,
                state: PaymentState::Pending,
            });
        }
        for (bill, step, on, standing) in self.sent {
            let Some(item) = item((bill, step)) else { continue };
            facts.sent.push(SentItem { item, day: day(on), standing });
        }
        for (number, (on, items)) in (0u32..).zip(self.in_hand) {
            facts.in_hand.push(InHand {
                reminder: ReminderId::derive(Bucket::FIRST, &"A1".into(), day(on), number),
                day: day(on),
                revision: number,
                items: items.into_iter().filter_map(item).collect(),
                terms: Vec::new(),
                policy: scenario.version(),
                channels: Vec::new(),
                window: (Timestamp::MIN, Timestamp::MAX),
            });
        }
        for ((bill, step), (reason, is_open)) in self.recorded {
            let Some(bill) = facts.bills.get(bill) else { continue };
            facts.recorded.push(WhyNot {
                bill: bill.id.clone(),
                step: scenario.steps[step].name.clone(),
                step_on: day_of(scenario, bill, step),
                limit_on: limit_of(scenario, bill, step),
                reason,
                is_open: is_open && !reason.is_final() && reason != Reason::Paid,
            });
        }
        let policy = scenario.version();
        facts.case =
            self.case.map(|(opened, stage)| Case { opened_on: day(opened), stage, policy });
    }
}
