//! The rules against the reference, on made-up ledgers: bills and payments that
//! arrive late, part payments, a tolerance, days without a run.

use std::collections::{BTreeMap, BTreeSet};

use duebell::model::cause::DebtClass;
use duebell::model::notice::MessageClass;
use duebell::model::{
    Account, Bill, Bucket, Channel, Contacts, EmailAddress, Payment, PaymentState, Severity, Tier,
};
use duebell::policy::repeat_debtor::RepeatDebtorRule;
use duebell::policy::{
    AccountFacts, ContactWindow, Scenario, SentItem, Standing, Step, WhyNot, decide,
};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::data;
use crate::support::reference::{Event, EventKind, Outcome, PaymentsArrive, RepeatRule, Replay};

const FIRST: Date = date(2026, 1, 1);

fn day(days: i32) -> Date {
    FIRST.saturating_add(jiff::Span::new().days(days))
}

fn scenario(replay: &Replay) -> Scenario {
    let step = |(name, offset_days): &(String, i32)| Step {
        class: MessageClass::Reminder,
        watched: false,
        name: name.clone(),
        offset_days: *offset_days,
        severity: if *offset_days > 0 { Severity::Soft } else { Severity::Courtesy },
        channels: vec![Channel::Email],
        template: None,
        notice_gap_days: 0,
        patience_min: None,
    };
    let scenario = Scenario {
        name: "replay".to_owned(),
        segments: Vec::new(),
        default: true,
        tolerance: replay.tolerance_minor,
        window: ContactWindow::ALL_DAY,
        claims: Default::default(),
        law: None,
        repeat_debtor: Some(RepeatDebtorRule {
            bills: replay.repeat.bills as u32,
            late_days: replay.repeat.late_days,
            window_days: replay.repeat.window_days,
        }),
        steps: replay.steps.iter().map(step).collect(),
    };
    scenario.in_order()
}

/// What the daemon remembers of one account.
#[derive(Default)]
struct Memory {
    bills: Vec<Bill>,
    payments: Vec<Payment>,
    sent: Vec<SentItem>,
    recorded: BTreeMap<(String, String), WhyNot>,
    flagged_on: Option<Date>,
}

impl Memory {
    fn facts(&self, id: &str) -> AccountFacts {
        let has_open_row =
            |bill: &Bill| self.recorded.values().any(|row| row.bill == bill.id && row.is_open);
        let bills = self.bills.iter().filter(|bill| bill.remaining > 0 || has_open_row(bill));
        AccountFacts {
            account: Account {
                bucket: Bucket::of(id),
                id: id.into(),
                name: String::new(),
                language: "en".to_owned(),
                zone: TimeZone::UTC,
                tier: Tier::Ordinary,
                segment: String::new(),
                area: String::new(),
                person: None,
                agreed: Vec::new(),
                suppressed: Vec::new(),
                wishes: duebell::model::Wishes::default(),
                contacts: Contacts {
                    phone: None,
                    email: EmailAddress::parse("ada@example.org"),
                    preferred: None,
                },
            },
            bills: bills.cloned().collect(),
            holds: Vec::new(),
            pending: Vec::new(),
            sent: self.sent.clone(),
            in_hand: Vec::new(),
            recorded: self.recorded.values().cloned().collect(),
            case: None,
            class: DebtClass::Unknown,
            arm: None,
            estimate: None,
            is_watched: false,
            touched: 0,
            revisions: Default::default(),
        }
    }

    fn take_in(&mut self, event: &Event) {
        let currency = "USD".parse().unwrap();
        match &event.kind {
            EventKind::Issued { bill, amount_minor, due, .. } => self.bills.push(Bill {
                id: bill.as_str().into(),
                currency,
                amount: *amount_minor,
                remaining: *amount_minor,
                issued_on: event.date,
                due_on: *due,
                settled_on: None,
            }),
            EventKind::Payment { bill, amount_minor } => self.payments.push(Payment {
                id: format!("P{}", self.payments.len()),
                bill: Some(bill.as_str().into()),
                currency,
                amount: *amount_minor,
                paid_on: event.date,
                reversed_on: None,
                state: PaymentState::Settled,
            }),
        }
        for bill in &mut self.bills {
            let of_bill = self.payments.iter().filter(|it| it.bill.as_ref() == Some(&bill.id));
            let paid: i64 = of_bill.map(|payment| payment.amount).sum();
            bill.remaining = (bill.amount - paid).max(0);
        }
    }
}

/// The first day whose run sees `event`.
fn seen_from(event: &Event, payments: PaymentsArrive) -> Date {
    match (&event.kind, payments) {
        (EventKind::Payment { .. }, PaymentsArrive::After) => event.arrives_on.tomorrow().unwrap(),
        _ => event.arrives_on,
    }
}

/// The replay again, by the rules of the house.
fn run_by_the_rules(replay: &Replay) -> Outcome {
    let scenario = scenario(replay);
    assert_eq!(scenario.problems(), []);
    let account_of: BTreeMap<&str, &str> = replay
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Issued { bill, account, .. } => Some((bill.as_str(), account.as_str())),
            EventKind::Payment { .. } => None,
        })
        .collect();
    let mut memories: BTreeMap<&str, Memory> = BTreeMap::new();
    let mut unseen: Vec<&Event> = replay.events.iter().collect();
    let mut outcome = Outcome::default();
    let days = replay.first.series(jiff::Span::new().days(1));
    let days = days.take_while(|day| *day <= replay.last).filter(|day| !replay.down.contains(day));
    for on in days {
        unseen.retain(|event| {
            let (EventKind::Issued { bill, .. } | EventKind::Payment { bill, .. }) = &event.kind;
            let is_seen = seen_from(event, replay.payments) <= on;
            if is_seen {
                memories.entry(account_of[bill.as_str()]).or_default().take_in(event);
            }
            !is_seen
        });
        for (account, memory) in &mut memories {
            let decision = decide(&memory.facts(account), &scenario, None, on);
            for row in decision.why_not {
                memory.recorded.insert((row.bill.to_string(), row.step.clone()), row);
            }
            for item in decision.reminder.into_iter().flat_map(|reminder| reminder.items) {
                let send = (on, item.bill.to_string(), account.to_string(), item.step.clone());
                outcome.sends.push(send);
                memory.sent.push(SentItem { item, day: on, standing: Standing::Delivered });
            }
            if memory.flagged_on.is_none() {
                let rule = scenario.repeat_debtor.as_ref().unwrap();
                let flag = rule.flag(&memory.bills, &memory.payments, scenario.tolerance, on);
                memory.flagged_on = flag.map(|flag| flag.flagged_on);
            }
        }
    }
    outcome.sends.sort_by(|a, b| (a.0, &a.1, &a.3).cmp(&(b.0, &b.1, &b.3)));
    let flags = memories.iter();
    outcome.flags =
        flags.filter_map(|(id, memory)| Some((id.to_string(), memory.flagged_on?))).collect();
    outcome
}

/// Day of issue, days until due, delay of arrival, and payments: days after
/// issue, delay, amount.
type AnyBill = (i32, i32, i32, Vec<(i32, i32, i64)>);

fn events(bills: Vec<(bool, AnyBill)>) -> Vec<Event> {
    let mut events = Vec::new();
    for (number, (is_first, (issued, lead, delay, payments))) in bills.into_iter().enumerate() {
        let bill = format!("B{number}");
        let kind = EventKind::Issued {
            bill: bill.clone(),
            account: if is_first { "A1" } else { "A2" }.to_owned(),
            amount_minor: 5000,
            currency: "USD".to_owned(),
            due: day(issued + lead),
        };
        events.push(Event { date: day(issued), arrives_on: day(issued + delay), kind });
        for (after, delay, amount_minor) in payments {
            let kind = EventKind::Payment { bill: bill.clone(), amount_minor };
            let (date, arrives_on) = (day(issued + after), day(issued + after + delay));
            events.push(Event { date, arrives_on, kind });
        }
    }
    events
}

fn replays() -> impl Strategy<Value = Replay> {
    let payment =
        (0..80, prop_oneof![Just(0), 0..10], prop::sample::select(vec![1000, 4950, 5000]));
    let delay = prop_oneof![3 => Just(0), 1 => 0..60];
    let bill = (0..150, -10..40, delay, vec(payment, 0..3));
    let offsets = prop::collection::btree_set(-15..40, 1..6);
    let modes = prop::sample::select(vec![PaymentsArrive::Before, PaymentsArrive::After]);
    (
        vec((any::<bool>(), bill), 1..7),
        offsets,
        prop::sample::select(vec![0, 100]),
        (1..4usize, 0..30, 1..200),
        modes,
        vec((0..250, prop::sample::select(vec![1, 3, 10, 40])), 0..4),
    )
        .prop_map(|(bills, offsets, tolerance_minor, repeat, payments, outages)| Replay {
            events: events(bills),
            steps: offsets.into_iter().map(|offset| (format!("s{offset}"), offset)).collect(),
            tolerance_minor,
            repeat: RepeatRule { bills: repeat.0, late_days: repeat.1, window_days: repeat.2 },
            payments,
            first: FIRST,
            last: day(280),
            down: outages
                .into_iter()
                .flat_map(|(from, days)| (from..from + days).map(day))
                .collect::<BTreeSet<Date>>(),
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn the_rules_and_the_reference_agree_on_every_ledger(replay in replays()) {
        let (rules, reference) = (run_by_the_rules(&replay), replay.run());
        prop_assert_eq!(rules, reference);
    }
}

#[test]
fn the_rules_and_the_reference_agree_on_the_ibm_sample_with_days_down() {
    let Some(events) = data::ibm_events() else { return };
    let first = date(2012, 1, 1);
    let every = jiff::Span::new().days(37);
    let down = first.series(every).take(20).flat_map(|from| {
        from.series(jiff::Span::new().days(1)).take(if from.day() % 2 == 0 { 3 } else { 10 })
    });
    let steps = [("pre3", -3), ("late1", 1), ("late7", 7), ("late15", 15), ("final30", 30)];
    let mut replay = Replay {
        events,
        steps: steps.map(|(name, offset)| (name.to_owned(), offset)).to_vec(),
        tolerance_minor: 0,
        repeat: RepeatRule { bills: 3, late_days: 15, window_days: 365 },
        payments: PaymentsArrive::After,
        first,
        last: date(2014, 3, 31),
        down: BTreeSet::new(),
    };
    assert_eq!(run_by_the_rules(&replay).sends.len(), 2767);
    replay.down = down.collect();
    assert_eq!(run_by_the_rules(&replay), replay.run());
}
