//! Bills as they stood at the end of a day.
//!
//! What is left of a bill is a fact of today. For an earlier day it is told
//! from the payments that had come by then. What is gone from a bill and no
//! payment explains (a credit note, money that is not allocated) went on the
//! day of settlement where the source has one, and was never owed otherwise.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::model::billing::days_between;
use crate::model::evidence::Dossier;
use crate::model::{Bill, BillId, Hold, HoldKind, Payment, PaymentState};

/// Whether a bill was paid, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    Not,
    On(Date),
    /// Nothing is left, and nobody can say since when.
    SomeDay,
}

/// One bill at the end of a day.
#[derive(Debug, Clone)]
pub struct BillThen<'a> {
    pub bill: &'a Bill,
    /// Minor units; what is on its way counts as paid.
    pub unpaid: i64,
    /// Of it, what is in dispute.
    pub disputed: i64,
    pub paid: Paid,
    /// Payments that left something over.
    pub parts: u32,
    /// A dispute of it had begun, ended or not.
    pub was_disputed: bool,
    /// The first payment came after a reminder of this bill.
    pub was_reminded: bool,
}

impl BillThen<'_> {
    /// Days from the due date to the payment; below zero where it was earlier.
    pub fn late_days(&self) -> Option<i32> {
        match self.paid {
            Paid::On(day) => Some(days_between(self.bill.due_on, day)),
            Paid::Not | Paid::SomeDay => None,
        }
    }

    /// Undisputed and unpaid, minor units.
    pub fn owed(&self) -> i64 {
        self.unpaid - self.disputed
    }
}

/// The account's bills as they stood at the end of a day.
#[derive(Debug, Clone)]
pub struct Books<'a> {
    pub dossier: &'a Dossier,
    pub as_of: Date,
    pub tolerance: i64,
    /// Issued by then and more than the tolerance, by due date.
    pub bills: Vec<BillThen<'a>>,
}

impl<'a> Books<'a> {
    /// `tolerance`: minor units that do not count as owed.
    pub fn open(dossier: &'a Dossier, as_of: Date, tolerance: i64) -> Books<'a> {
        let mut payments: HashMap<&BillId, Vec<&Payment>> = HashMap::new();
        for payment in &dossier.payments {
            if let Some(bill) = &payment.bill {
                payments.entry(bill).or_default().push(payment);
            }
        }
        let mut bills: Vec<BillThen<'a>> = dossier
            .bills
            .iter()
            .filter(|bill| bill.issued_on <= as_of && bill.amount > tolerance)
            .map(|bill| {
                let of_it = payments.remove(&bill.id).unwrap_or_default();
                stand(dossier, bill, of_it, as_of, tolerance)
            })
            .collect();
        bills.sort_by(|a, b| (a.bill.due_on, &a.bill.id).cmp(&(b.bill.due_on, &b.bill.id)));
        Books { dossier, as_of, tolerance, bills }
    }

    /// Bills that were due before the day, the oldest first.
    pub fn due(&self) -> impl DoubleEndedIterator<Item = &BillThen<'a>> {
        self.bills.iter().filter(|one| one.bill.due_on < self.as_of)
    }

    /// Of those, the ones that are owed and not in dispute.
    pub fn overdue(&self) -> impl DoubleEndedIterator<Item = &BillThen<'a>> {
        self.due().filter(|one| one.owed() > self.tolerance)
    }

    /// Of those, the ones that are unpaid, in dispute or not.
    pub fn unpaid(&self) -> impl DoubleEndedIterator<Item = &BillThen<'a>> {
        self.due().filter(|one| one.unpaid > self.tolerance)
    }

    /// Holds of the billing system and of ours that had begun.
    pub fn holds(&self, kind: HoldKind) -> impl Iterator<Item = &'a Hold> {
        begun(self.dossier, kind, self.as_of)
    }
}

fn begun(dossier: &Dossier, kind: HoldKind, as_of: Date) -> impl Iterator<Item = &Hold> {
    let placed = dossier.placed.iter().map(|one| &one.hold);
    let has_begun = move |hold: &&Hold| hold.kind == kind && hold.starts_on <= as_of;
    dossier.holds.iter().chain(placed).filter(has_begun)
}

/// Whether the money of a payment was there at the end of `day`.
fn counts(payment: &Payment, day: Date) -> bool {
    let is_kept = match payment.state {
        PaymentState::Pending | PaymentState::Settled => true,
        PaymentState::Reversed => payment.reversed_on.is_some_and(|back| back > day),
    };
    is_kept && payment.paid_on <= day
}

/// What is gone from a bill and no payment explains.
fn credit(bill: &Bill, payments: &[&Payment]) -> i64 {
    let came = payments.iter().filter(|one| one.state == PaymentState::Settled);
    let came = came.map(|one| one.amount).fold(0, i64::saturating_add);
    bill.amount.saturating_sub(bill.remaining).saturating_sub(came).max(0)
}

fn stand<'a>(
    dossier: &Dossier,
    bill: &'a Bill,
    mut payments: Vec<&Payment>,
    as_of: Date,
    tolerance: i64,
) -> BillThen<'a> {
    payments.retain(|payment| payment.currency == bill.currency);
    // A settlement date is when the rest went; without one it never was owed.
    let credit = if bill.settled_on.is_none() { credit(bill, &payments) } else { 0 };
    payments.retain(|payment| counts(payment, as_of));
    payments.sort_by_key(|payment| payment.paid_on);

    let mut left = bill.amount.saturating_sub(credit);
    let (mut paid, mut parts) = (Paid::Not, 0);
    if left <= tolerance {
        paid = Paid::SomeDay;
    }
    for payment in &payments {
        left = left.saturating_sub(payment.amount);
        if left > tolerance {
            parts += 1;
        } else if paid == Paid::Not {
            paid = Paid::On(payment.paid_on);
        }
    }
    if let Some(settled) = bill.settled_on.filter(|settled| *settled <= as_of) {
        left = 0;
        if !matches!(paid, Paid::On(day) if day <= settled) {
            paid = Paid::On(settled);
        }
    }
    let unpaid = left.max(0);
    let disputes = || begun(dossier, HoldKind::Dispute, as_of).filter(|hold| hold.covers(&bill.id));
    let disputed = disputes().filter(|hold| hold.is_on(as_of));
    let disputed = disputed.map(|hold| hold.amount.unwrap_or(unpaid)).fold(0, i64::saturating_add);
    let last_day = if let Paid::On(day) = paid { day } else { as_of };
    BillThen {
        bill,
        unpaid,
        disputed: disputed.clamp(0, unpaid),
        paid,
        parts,
        was_disputed: disputes()
            .any(|hold| hold.starts_on >= bill.issued_on || hold.bill.is_some()),
        was_reminded: dossier
            .sent
            .iter()
            .any(|sent| sent.item.bill == bill.id && sent.day <= last_day),
    }
}
