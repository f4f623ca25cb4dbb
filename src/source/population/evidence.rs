//! What the operator would know of each subscriber, so that causes can be
//! judged where they are known: the habit is the cause.
//!
//! The shares are invented. They are set so that causes overlap: most who are
//! angry complained and some never did, others complain too and pay, half of
//! those who never meant to pay leave no trace but the bill. Evidence has dice
//! of its own, so nothing that the population does hangs on it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::billing::{days_between, plus_days};
use crate::model::evidence::{
    Autopay, Complaint, ContactReturn, Contract, Dossier, Evidence, FailureKind, Feeds, KeyKind,
    Outage, PaymentFailure, PortRequest, SharedKey, Topic, UsageDay, WriteOff,
};
use crate::model::hold::PlacedHold;
use crate::model::{Bill, Bucket, Channel, Hold, HoldKind, Payment, PaymentState};
use crate::source::billing_db::{Batch, BillRow, HoldRow, PaymentRow};

use super::Population;
use super::dice::Dice;
use super::resident::{Act, Habit, Resident, account_id};

/// A subscriber with everything that is known, and why it does not pay.
pub struct Subject {
    pub dossier: Dossier,
    pub habit: Habit,
}

/// Days on which somebody lives beyond his habit.
const SPREE_DAYS: i32 = 25;

impl Population {
    /// A population as of the end of the day before `today`, in no database.
    /// Its bills and payments are those of one that is founded.
    pub fn subjects(seed: u64, accounts: usize, today: Date) -> anyhow::Result<Vec<Subject>> {
        let mut population = Population::new(seed, accounts, today);
        for index in 0..population.residents.len() {
            let resident = &population.residents[index];
            let first = resident.bills_on(resident.since);
            population.intend(index, first, Act::Issue);
        }
        let start = today.to_zoned(TimeZone::UTC)?.timestamp();
        while population.step(start) {}
        let mut rows = by_account(std::mem::take(&mut population.batch));
        let subject = |resident: &Resident| {
            let rows = rows.remove(&account_id(resident.number)).unwrap_or_default();
            Subject { dossier: dossier(seed, resident, rows, today), habit: resident.habit }
        };
        Ok(population.residents.iter().map(subject).collect())
    }
}

#[derive(Default)]
struct Rows {
    bills: Vec<BillRow>,
    /// The latest of each, by id.
    payments: BTreeMap<String, PaymentRow>,
    holds: BTreeMap<String, HoldRow>,
}

fn by_account(batch: Batch) -> BTreeMap<String, Rows> {
    let mut all: BTreeMap<String, Rows> = BTreeMap::new();
    for bill in batch.bills {
        all.entry(bill.account_id.clone()).or_default().bills.push(bill);
    }
    for payment in batch.payments {
        let of_it = all.entry(payment.account_id.clone()).or_default();
        of_it.payments.insert(payment.id.clone(), payment);
    }
    for hold in batch.holds {
        let of_it = all.entry(hold.account_id.clone()).or_default();
        of_it.holds.insert(hold.id.clone(), hold);
    }
    all
}

fn dossier(seed: u64, resident: &Resident, rows: Rows, today: Date) -> Dossier {
    let payments: Vec<Payment> = rows.payments.into_values().map(payment).collect();
    let paid = |bill: &BillRow| -> i64 {
        let of_it = payments.iter().filter(|one| one.state == PaymentState::Settled);
        let of_it = of_it.filter(|one| one.bill.as_ref().is_some_and(|id| id.0 == bill.id));
        of_it.map(|one| one.amount).sum()
    };
    let bills = rows.bills.iter().map(|bill| Bill {
        id: bill.id.clone().into(),
        currency: resident.currency,
        amount: bill.amount,
        remaining: bill.amount - paid(bill),
        issued_on: bill.issued_on,
        due_on: bill.due_on,
        settled_on: None,
    });
    Dossier {
        account: account_id(resident.number).into(),
        tier: None,
        bills: bills.collect(),
        holds: rows.holds.into_values().map(hold).collect(),
        placed: hardship(seed, resident, today).into_iter().collect(),
        sent: Vec::new(),
        feeds: Feeds::all(),
        evidence: evidence(seed, resident, &payments, today),
        payments,
    }
}

fn payment(row: PaymentRow) -> Payment {
    Payment {
        id: row.id,
        bill: row.bill_id.map(Into::into),
        currency: row.currency,
        amount: row.amount,
        paid_on: row.paid_on,
        reversed_on: row.reversed_on,
        state: row.state,
    }
}

fn hold(row: HoldRow) -> Hold {
    Hold {
        id: row.id,
        kind: row.kind,
        bill: row.bill_id.map(Into::into),
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        amount: row.amount,
    }
}

/// Some who cannot pay say so.
fn hardship(seed: u64, resident: &Resident, today: Date) -> Option<PlacedHold> {
    let mut dice = Dice::new(seed, resident.number, "evidence/hardship");
    let share = if resident.habit == Habit::CannotPay { 15 } else { 1 };
    let starts_on = plus_days(today, -(dice.between(5, 80) as i32));
    let account = account_id(resident.number);
    dice.chance(share).then(|| PlacedHold {
        bucket: Bucket::of(&account),
        hold: Hold {
            id: format!("H-{account}-hardship"),
            kind: HoldKind::Hardship,
            bill: None,
            starts_on,
            ends_on: Some(plus_days(starts_on, 30)),
            amount: None,
        },
        account: account.into(),
        currency: None,
        owner: "subscriber".to_owned(),
        reason: String::new(),
        placed_at: Timestamp::UNIX_EPOCH,
        ended: None,
    })
}

fn evidence(seed: u64, resident: &Resident, payments: &[Payment], today: Date) -> Evidence {
    let dice = |about: &str| Dice::new(seed, resident.number, &format!("evidence/{about}"));
    let card = dice("card")
        .chance(15)
        .then(|| plus_days(today, -(dice("card end").between(5, 50) as i32)));
    let card = card.filter(|_| resident.habit == Habit::Forgetful);
    Evidence {
        contract: contract(dice("contract"), resident, card),
        complaints: complaints(dice("complaints"), resident.habit, today),
        outages: outages(seed, dice("outages"), resident, today),
        usage: usage(dice("usage"), resident, today),
        returns: returns(dice("returns"), resident.habit, today),
        failures: failures(dice("failures"), resident.habit, card, payments, today),
        porting: porting(dice("porting"), resident.habit, today),
        shared: shared(dice("shared"), resident, today),
        write_offs: write_offs(dice("write offs"), resident, today),
    }
}

fn contract(mut dice: Dice, resident: &Resident, card: Option<Date>) -> Contract {
    let longest = if resident.habit == Habit::NeverPayer { 12 } else { 96 };
    let before = dice.between(0, longest) * 30;
    let since = plus_days(resident.since, -(before as i32));
    let mandate = |ends_on| Autopay { starts_on: since, ends_on, withdrawn_on: None };
    let autopay = match (resident.habit, card) {
        (Habit::OnTheDay, _) => vec![mandate(None)],
        (_, Some(end)) => vec![mandate(Some(end))],
        _ => Vec::new(),
    };
    Contract { since: Some(since), autopay, ..Contract::default() }
}

fn complaints(mut dice: Dice, habit: Habit, today: Date) -> Vec<Complaint> {
    let is_angry = habit == Habit::Disputing;
    // Of every hundred: how many complain, and of those how many wait still,
    // and how many of the others were not satisfied.
    let (complain, wait, unsatisfied) = if is_angry { (70, 55, 70) } else { (6, 15, 25) };
    let mut all = Vec::new();
    while all.len() < 3 && dice.chance(if all.is_empty() { complain } else { complain / 3 }) {
        let opened_on = plus_days(today, -(dice.between(8, 120) as i32));
        let closed_on = plus_days(opened_on, dice.between(3, 40) as i32);
        let is_closed = !dice.chance(wait) && closed_on < today;
        let is_satisfied = !dice.chance(unsatisfied);
        let topic = dice.pick(&[Topic::Billing, Topic::Billing, Topic::Service, Topic::Conduct]);
        all.push(Complaint {
            topic,
            opened_on,
            closed_on: is_closed.then_some(closed_on),
            // Half of them answer when asked.
            satisfied: (is_closed && dice.chance(50)).then_some(is_satisfied),
            answered_on: None,
        });
    }
    all
}

fn outages(seed: u64, mut own: Dice, resident: &Resident, today: Date) -> Vec<Outage> {
    let area = resident.area();
    let outage = |dice: &mut Dice, share: i64| {
        let starts_on = plus_days(today, -(dice.between(5, 85) as i32));
        let ends_on = Some(plus_days(starts_on, dice.between(1, 6) as i32));
        dice.chance(share).then(|| Outage { area: area.clone(), starts_on, ends_on })
    };
    // The district's, which everybody there has, and the street's.
    let mut of_area = Dice::new(seed, 0, &format!("evidence/outages of {area}"));
    let share = if resident.habit == Habit::Disputing { 30 } else { 3 };
    [outage(&mut of_area, 12), outage(&mut own, share)].into_iter().flatten().collect()
}

fn usage(mut dice: Dice, resident: &Resident, today: Date) -> Vec<UsageDay> {
    let daily = (resident.usual / 30).max(1);
    let calls_far = dice.chance(10);
    let is_never_payer = resident.habit == Habit::NeverPayer;
    let has_spree = dice.chance(if is_never_payer { 50 } else { 4 });
    let spree_ends = if is_never_payer {
        resident.stops_on
    } else {
        plus_days(today, -(dice.between(10, 90) as i32))
    };
    let spree = daily * dice.between(100, 400) / 100;
    let goes_quiet = is_never_payer && dice.chance(60);
    let quiet_from = plus_days(resident.stops_on, 30);
    let saves = resident.habit == Habit::CannotPay && dice.chance(50);
    let less = dice.between(30, 80);
    let saves_from = plus_days(today, -40);
    let mut all = Vec::new();
    let mut on = resident.since;
    while on < today {
        let mut charged = daily * dice.between(60, 140) / 100;
        if goes_quiet && on >= quiet_from {
            charged = charged * dice.between(0, 10) / 100;
        } else if saves && on >= saves_from {
            charged = charged * less / 100;
        }
        let mut expensive =
            if calls_far && dice.chance(20) { daily * dice.between(50, 150) / 100 } else { 0 };
        if has_spree && (1..=SPREE_DAYS).contains(&days_between(on, spree_ends)) {
            expensive += spree * dice.between(50, 150) / 100;
        }
        all.push(UsageDay { on, charged: charged + expensive, expensive });
        on = plus_days(on, 1);
    }
    all
}

fn returns(mut dice: Dice, habit: Habit, today: Date) -> Vec<ContactReturn> {
    let share = if habit == Habit::NeverPayer { 30 } else { 4 };
    let mut returned = |channel| {
        let on = plus_days(today, -(dice.between(2, 88) as i32));
        dice.chance(share).then_some(ContactReturn { channel, on })
    };
    [returned(Channel::Sms), returned(Channel::Email)].into_iter().flatten().collect()
}

/// Direct debits that came back, and cards that expired. Of those who cannot
/// pay some had more of them.
fn failures(
    mut dice: Dice,
    habit: Habit,
    card: Option<Date>,
    payments: &[Payment],
    today: Date,
) -> Vec<PaymentFailure> {
    let expired = card.map(|end| PaymentFailure {
        kind: FailureKind::CardExpired,
        on: plus_days(end, 1).min(plus_days(today, -1)),
    });
    let declined = |on| PaymentFailure { kind: FailureKind::Declined, on };
    let mut all: Vec<PaymentFailure> = expired.into_iter().collect();
    all.extend(payments.iter().filter_map(|one| one.reversed_on).map(declined));
    if habit == Habit::CannotPay && dice.chance(25) {
        let last = plus_days(today, -(dice.between(3, 40) as i32));
        all.extend([declined(plus_days(last, -30)), declined(last)]);
    }
    all
}

fn porting(mut dice: Dice, habit: Habit, today: Date) -> Vec<PortRequest> {
    let share = match habit {
        Habit::Disputing => 15,
        Habit::NeverPayer => 10,
        _ => 1,
    };
    let on = plus_days(today, -(dice.between(2, 88) as i32));
    let request = PortRequest { on, withdrawn_on: None };
    dice.chance(share).then_some(request).into_iter().collect()
}

fn shared(mut dice: Dice, resident: &Resident, today: Date) -> Vec<SharedKey> {
    let is_never_payer = resident.habit == Habit::NeverPayer;
    let mut shared = |kind: KeyKind, share| {
        let written_off_on = plus_days(today, -(dice.between(60, 700) as i32));
        let with = format!("A-0{}", dice.between(0, 999_999)).into();
        dice.chance(share).then_some(SharedKey { kind, with, written_off_on })
    };
    let identity = shared(KeyKind::Identity, if is_never_payer { 15 } else { 0 });
    let address = shared(KeyKind::Address, if is_never_payer { 20 } else { 4 });
    identity.into_iter().chain(address).collect()
}

fn write_offs(mut dice: Dice, resident: &Resident, today: Date) -> Vec<WriteOff> {
    let share = match resident.habit {
        Habit::NeverPayer => 15,
        Habit::CannotPay => 5,
        _ => 1,
    };
    let on = plus_days(today, -(dice.between(300, 900) as i32));
    let write_off = WriteOff { on, amount: resident.usual, currency: resident.currency };
    dice.chance(share).then_some(write_off).into_iter().collect()
}
