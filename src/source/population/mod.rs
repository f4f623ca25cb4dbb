//! A made-up telecom population, for the demo and for tests: who lives where,
//! how they pay, and what happens at the operator while time goes by.
//!
//! It believes in no real data; the shares of habits are chosen so that every
//! case can be seen in a small population. The same seed gives the same rows,
//! however the time is cut into pieces, and reminding one account changes
//! that account alone, so a reminded population can be compared with an
//! unreminded one.
//!
//! May use: model.

mod dice;
mod evidence;
mod places;
mod resident;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use self::evidence::Subject;
pub use self::resident::Habit;
use self::resident::Resident;
use self::resident::{Act, Owed, Way, account_id, number_of, person_of};
use super::billing_db::{AccountRow, Batch, BillRow, BillingDb, HoldRow, PaymentRow};
use crate::model::billing::plus_days;
use crate::model::{AccountId, HoldKind, PaymentState};

/// Rows that are written together.
const BATCH: usize = 5_000;

/// A reminder turns a mind once; the next one within so many days says
/// nothing new.
const REMINDED_DAYS: i32 = 3;

/// How long before the due date a reminder can move somebody to pay.
const COURTESY_DAYS: i32 = 10;

/// What happened at the operator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lived {
    pub bills: u64,
    pub payments: u64,
    pub reversals: u64,
    pub promises: u64,
    pub disputes: u64,
}

/// The subscribers of one operator and what they are about to do.
pub struct Population {
    seed: u64,
    today: Date,
    residents: Vec<Resident>,
    /// What is going to happen, in order: instant, resident, number of the act.
    agenda: BTreeMap<(Timestamp, u32, u32), Act>,
    batch: Batch,
    lived: Lived,
}

impl Population {
    /// A population of `accounts`, as it is at the start of `today` (UTC).
    /// Nothing is written yet.
    pub fn new(seed: u64, accounts: usize, today: Date) -> Population {
        let count = u32::try_from(accounts).unwrap_or(u32::MAX);
        let residents = (0..count).map(|number| Resident::new(seed, number, today)).collect();
        Population {
            seed,
            today,
            residents,
            agenda: BTreeMap::new(),
            batch: Batch::default(),
            lived: Lived::default(),
        }
    }

    /// How an account pays; `None` where it is not of this population.
    pub fn habit(&self, account: &AccountId) -> Option<Habit> {
        let number = number_of(account.as_str())?;
        self.residents.get(number as usize).map(|resident| resident.habit)
    }

    /// Writes the accounts and their history up to the start of `today`, with
    /// a few bad rows as every billing system has them.
    pub async fn found(&mut self, db: &BillingDb) -> anyhow::Result<Lived> {
        let mut persons: HashMap<&str, u64> = HashMap::new();
        for index in 0..self.residents.len() {
            let resident = &self.residents[index];
            let neighbours = persons.entry(resident.place.phones[0].0).or_default();
            if person_of(resident.number) == resident.number {
                *neighbours += 1;
            }
            let mut account = resident.account(self.seed, *neighbours - 1);
            spoil_contact(resident.number, &mut account);
            self.batch.accounts.push(account);
            let first = resident.bills_on(resident.since);
            self.intend(index, first, Act::Issue);
            self.flush(db, BATCH).await?;
        }
        let start = self.today.to_zoned(TimeZone::UTC)?.timestamp();
        self.advance(db, start).await?;
        self.batch.bills.extend(self.bad_bills(start));
        self.flush(db, 1).await?;
        Ok(std::mem::take(&mut self.lived))
    }

    /// What happens at the operator after `from`, until `to`. `reminded`: the
    /// accounts that a reminder reached since the last call.
    pub async fn live_through(
        &mut self,
        db: &BillingDb,
        from: Timestamp,
        to: Timestamp,
        reminded: &BTreeSet<AccountId>,
    ) -> anyhow::Result<Lived> {
        for account in reminded {
            if let Some(number) = number_of(account.as_str())
                && (number as usize) < self.residents.len()
            {
                self.remind(number as usize, from);
            }
        }
        self.advance(db, to).await?;
        Ok(std::mem::take(&mut self.lived))
    }

    /// Lets everything happen that is due until `to`.
    async fn advance(&mut self, db: &BillingDb, to: Timestamp) -> anyhow::Result<()> {
        while self.step(to) {
            self.flush(db, BATCH).await?;
        }
        self.flush(db, 1).await
    }

    /// Lets the next thing happen; says whether there was one until `to`.
    fn step(&mut self, to: Timestamp) -> bool {
        let Some(next) = self.agenda.first_entry().filter(|next| next.key().0 <= to) else {
            return false;
        };
        let (at, number, _) = *next.key();
        let act = next.remove();
        self.perform(number as usize, act, at);
        true
    }

    /// Writes what is waiting, once it is at least `enough`.
    async fn flush(&mut self, db: &BillingDb, enough: usize) -> anyhow::Result<()> {
        if self.batch.len() >= enough {
            db.write(&self.batch).await?;
            self.batch = Batch::default();
        }
        Ok(())
    }

    /// Puts an act on the agenda, at a time of day that suits it.
    fn intend(&mut self, index: usize, day: Date, act: Act) {
        let resident = &mut self.residents[index];
        resident.acts += 1;
        let mut dice = resident.dice(self.seed, resident.acts, "time of day");
        let minute = match act {
            Act::Issue => dice.between(2 * 60, 5 * 60),
            Act::Bounce { .. } | Act::Arrive { .. } => dice.between(5 * 60, 9 * 60),
            Act::Resolve { .. } => dice.between(9 * 60, 17 * 60),
            Act::Pay { .. } | Act::Promise { .. } | Act::Dispute { .. } => {
                dice.between(7 * 60, 22 * 60)
            }
        };
        let key = (resident.at(day, minute), resident.number, resident.acts);
        self.agenda.insert(key, act);
    }

    /// A reminder reaches somebody. Whether it moves them is their habit.
    fn remind(&mut self, index: usize, at: Timestamp) {
        let resident = &self.residents[index];
        let today = resident.day(at);
        let mut moved = Vec::new();
        for owed in &resident.owed {
            let is_idle = owed.remaining > owed.arriving
                && owed.due_on <= plus_days(today, COURTESY_DAYS)
                && owed.reminded_on.is_none_or(|day| day <= plus_days(today, -REMINDED_DAYS));
            if is_idle {
                let mut dice = resident.dice(self.seed, owed.number, &format!("reminded {today}"));
                let acts = resident.moved(&mut dice, owed.number, owed.hold.is_some());
                moved.push((owed.number, acts));
            }
        }
        for (bill, acts) in moved {
            if let Some(owed) = self.residents[index].owed(bill) {
                owed.reminded_on = Some(today);
            }
            for (days, act) in acts {
                self.intend(index, plus_days(today, days), act);
            }
        }
    }

    fn perform(&mut self, index: usize, act: Act, at: Timestamp) {
        match act {
            Act::Issue => self.issue(index, at),
            Act::Pay { bill, percent, way } => self.pay(index, bill, percent, way, at),
            Act::Arrive { bill, payment } => self.arrive(index, bill, payment, at),
            Act::Bounce { bill, payment } => self.bounce(index, bill, payment, at),
            Act::Promise { bill, days } => self.promise(index, bill, days, at),
            Act::Dispute { bill, percent } => self.dispute(index, bill, percent, at),
            Act::Resolve { bill } => self.resolve(index, bill, at),
        }
    }

    fn issue(&mut self, index: usize, at: Timestamp) {
        let seed = self.seed;
        let resident = &mut self.residents[index];
        let issued_on = resident.day(at);
        resident.owed.retain(|owed| !owed.is_over(issued_on));
        resident.bills += 1;
        let number = resident.bills;
        let mut dice = resident.dice(seed, number, "amount");
        let mut amount = resident.usual * dice.between(85, 115) / 100;
        // A month abroad, or a new telephone.
        if dice.chance(5) {
            amount = amount * dice.between(150, 300) / 100;
        }
        let due_on = plus_days(issued_on, resident.terms);
        let id = format!("B-{}-{number:02}", &account_id(resident.number)[2..]);
        self.batch.bills.push(BillRow {
            id: id.clone(),
            account_id: account_id(resident.number),
            currency: resident.currency.code().to_owned(),
            amount,
            stated_remaining: None,
            issued_on,
            due_on,
            settled_on: None,
            changed_at: at,
        });
        resident.owed.push(Owed {
            number,
            id,
            amount,
            remaining: amount,
            arriving: 0,
            due_on,
            payments: Vec::new(),
            hold: None,
            reminded_on: None,
        });
        let next = resident.bills_on(plus_days(issued_on, 1));
        let intentions = resident.intentions(seed, number, due_on);
        for (days, act) in intentions {
            self.intend(index, plus_days(due_on, days), act);
        }
        self.intend(index, next, Act::Issue);
        self.lived.bills += 1;
    }

    fn pay(&mut self, index: usize, bill: u32, percent: i64, way: Way, at: Timestamp) {
        let resident = &mut self.residents[index];
        let (account_id, currency, paid_on) =
            (account_id(resident.number), resident.currency, resident.day(at));
        let Some(owed) = resident.owed(bill) else { return };
        let rest = owed.remaining - owed.arriving;
        // People pay parts in whole units.
        let unit = 10_i64.pow(currency.exponent());
        let amount = if percent >= 100 { rest } else { rest * percent / 100 / unit * unit };
        if amount <= 0 {
            return;
        }
        let payment = owed.payments.len();
        let row = PaymentRow {
            id: format!("P{}-{}", &owed.id[1..], payment + 1),
            account_id,
            bill_id: Some(owed.id.clone()),
            currency,
            amount,
            paid_on,
            state: if way == Way::Transfer { PaymentState::Pending } else { PaymentState::Settled },
            reversed_on: None,
            changed_at: at,
        };
        owed.payments.push(row.clone());
        self.batch.payments.push(row);
        match way {
            Way::AtOnce => owed.remaining -= amount,
            Way::Transfer => {
                owed.arriving += amount;
                self.intend(index, plus_days(paid_on, 1), Act::Arrive { bill, payment });
            }
            Way::BouncingDebit { after } => {
                owed.remaining -= amount;
                self.intend(index, plus_days(paid_on, after), Act::Bounce { bill, payment });
            }
        }
        self.lived.payments += 1;
    }

    fn arrive(&mut self, index: usize, bill: u32, payment: usize, at: Timestamp) {
        let Some(owed) = self.residents[index].owed(bill) else { return };
        let row = &mut owed.payments[payment];
        row.state = PaymentState::Settled;
        row.changed_at = at;
        owed.arriving -= row.amount;
        owed.remaining -= row.amount;
        self.batch.payments.push(row.clone());
    }

    fn bounce(&mut self, index: usize, bill: u32, payment: usize, at: Timestamp) {
        let today = self.residents[index].day(at);
        let Some(owed) = self.residents[index].owed(bill) else { return };
        let row = &mut owed.payments[payment];
        row.state = PaymentState::Reversed;
        row.reversed_on = Some(today);
        row.changed_at = at;
        owed.remaining += row.amount;
        self.batch.payments.push(row.clone());
        self.lived.reversals += 1;
    }

    fn promise(&mut self, index: usize, bill: u32, days: i32, at: Timestamp) {
        let ends_on = plus_days(self.residents[index].day(at), days);
        if self.hold(index, bill, HoldKind::Promise, Some(ends_on), None, at) {
            self.lived.promises += 1;
        }
    }

    fn dispute(&mut self, index: usize, bill: u32, percent: i64, at: Timestamp) {
        let Some(owed) = self.residents[index].owed(bill) else { return };
        let amount = (percent < 100).then(|| owed.amount * percent / 100);
        if self.hold(index, bill, HoldKind::Dispute, None, amount, at) {
            self.lived.disputes += 1;
        }
    }

    /// Holds a bill that is still owed and not held yet; says whether it did.
    fn hold(
        &mut self,
        index: usize,
        bill: u32,
        kind: HoldKind,
        ends_on: Option<Date>,
        amount: Option<i64>,
        at: Timestamp,
    ) -> bool {
        let resident = &mut self.residents[index];
        let (account_id, starts_on) = (account_id(resident.number), resident.day(at));
        let Some(owed) = resident.owed(bill).filter(|owed| owed.remaining > 0) else {
            return false;
        };
        if owed.hold.as_ref().is_some_and(|hold| hold.ends_on.is_none_or(|day| day >= starts_on)) {
            return false;
        }
        let row = HoldRow {
            id: format!("H{}-{starts_on}", &owed.id[1..]),
            account_id,
            bill_id: Some(owed.id.clone()),
            kind,
            starts_on,
            ends_on,
            amount,
            changed_at: at,
        };
        owed.hold = Some(row.clone());
        self.batch.holds.push(row);
        true
    }

    fn resolve(&mut self, index: usize, bill: u32, at: Timestamp) {
        let today = self.residents[index].day(at);
        let Some(hold) = self.residents[index].owed(bill).and_then(|owed| owed.hold.as_mut())
        else {
            return;
        };
        hold.ends_on = Some(today);
        hold.changed_at = at;
        self.batch.holds.push(hold.clone());
    }

    /// Bills that the daemon has to set aside: an unknown currency, a negative
    /// amount, a mistyped year.
    fn bad_bills(&self, at: Timestamp) -> Vec<BillRow> {
        let due_on = plus_days(self.today, 5);
        let kinds = [
            (2, "EUX", 1_990, due_on),
            (7, "EUR", -1_990, due_on),
            (9, "EUR", 1_990, jiff::civil::date(2206, 1, 15)),
        ];
        kinds
            .into_iter()
            .filter(|(number, ..)| (*number as usize) < self.residents.len())
            .map(|(number, currency, amount, due_on)| BillRow {
                id: format!("B-{}-X1", &account_id(number)[2..]),
                account_id: account_id(number),
                currency: currency.to_owned(),
                amount,
                stated_remaining: None,
                issued_on: plus_days(self.today, -9),
                due_on,
                settled_on: None,
                changed_at: at,
            })
            .collect()
    }
}

/// A few contacts are what somebody typed in a hurry.
fn spoil_contact(number: u32, account: &mut AccountRow) {
    match number {
        5 => account.email = Some("subscriber(at)example.org".to_owned()),
        11 => account.phone = Some("ask at reception".to_owned()),
        _ => {}
    }
}
