//! Repeat debtors: accounts that pay late again and again.
//!
//! The flag opens a review by people; it does not stop the ladder by itself.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::billing::{days_between, plus_days};
use crate::model::facts::Flag;
use crate::model::{Bill, BillId, Payment, PaymentState};

/// At least `bills` bills more than `late_days` late, issued within `window_days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RepeatDebtorRule {
    pub bills: u32,
    pub late_days: i32,
    pub window_days: i32,
}

impl Default for RepeatDebtorRule {
    fn default() -> Self {
        RepeatDebtorRule { bills: 3, late_days: 15, window_days: 365 }
    }
}

impl RepeatDebtorRule {
    /// # Errors
    /// In words, when nobody could ever, or everybody would always, be flagged.
    pub fn check(&self) -> Result<(), String> {
        let is_possible = self.bills >= 1
            && (0..=365).contains(&self.late_days)
            && (1..=3650).contains(&self.window_days);
        if !is_possible {
            return Err(format!(
                "has bills = {}, late_days = {}, window_days = {}; use 1 or more, 0 to 365, and 1 to 3650",
                self.bills, self.late_days, self.window_days
            ));
        }
        Ok(())
    }

    /// The day on which a bill's lateness is known, paid since or not.
    pub fn known_on(&self, bill: &Bill) -> Date {
        plus_days(bill.due_on, self.late_days + 1)
    }

    /// Whether `bill` was more than `late_days` late, as known on `on`.
    fn was_late(&self, bill: &Bill, payments: &[&Payment], tolerance: i64, on: Date) -> bool {
        self.known_on(bill) <= on
            && !was_paid_by(bill, payments, tolerance, plus_days(bill.due_on, self.late_days))
    }

    /// Flags a repeat debtor, dated the day on which the fact became known.
    ///
    /// `bills` must hold every bill of the account that may have been late,
    /// `payments` those of these bills.
    pub fn flag(
        &self,
        bills: &[Bill],
        payments: &[Payment],
        tolerance: i64,
        on: Date,
    ) -> Option<Flag> {
        let mut of_bill: BTreeMap<&BillId, Vec<&Payment>> = BTreeMap::new();
        for payment in payments {
            if let Some(bill) = &payment.bill {
                of_bill.entry(bill).or_default().push(payment);
            }
        }
        let nothing = Vec::new();
        let late: Vec<&Bill> = bills
            .iter()
            .filter(|bill| {
                let payments = of_bill.get(&bill.id).unwrap_or(&nothing);
                self.was_late(bill, payments, tolerance, on)
            })
            .collect();

        // Each late bill's issue date ends one window; the earliest day on
        // which any window holds enough known bills is the day of the flag.
        let needed = self.bills as usize;
        late.iter()
            .filter_map(|last| {
                let mut inside: Vec<&Bill> = late
                    .iter()
                    .copied()
                    .filter(|bill| {
                        let age = days_between(bill.issued_on, last.issued_on);
                        (0..self.window_days).contains(&age)
                    })
                    .collect();
                inside.sort_by_key(|bill| (self.known_on(bill), bill.id.clone()));
                inside.truncate(needed);
                (inside.len() == needed).then(|| Flag {
                    flagged_on: self.known_on(inside[needed - 1]),
                    bills: inside.iter().map(|bill| bill.id.clone()).collect(),
                })
            })
            .min_by(|a, b| (a.flagged_on, &a.bills).cmp(&(b.flagged_on, &b.bills)))
    }
}

/// Whether `bill` was paid, within the tolerance, at the end of `day`.
///
/// Payments that are allocated to it decide. Where the billing system
/// allocates none (credit notes, account payments), its own settlement date does.
fn was_paid_by(bill: &Bill, payments: &[&Payment], tolerance: i64, day: Date) -> bool {
    let paid: i64 = payments
        .iter()
        .filter(|payment| payment.currency == bill.currency && payment.paid_on <= day)
        .filter(|payment| match payment.state {
            PaymentState::Pending => false,
            PaymentState::Settled => true,
            PaymentState::Reversed => payment.reversed_on.is_some_and(|back| back > day),
        })
        .map(|payment| payment.amount)
        .fold(0, i64::saturating_add);
    bill.amount.saturating_sub(paid) <= tolerance
        || bill.settled_on.is_some_and(|settled| settled <= day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Currency;
    use jiff::civil::date;

    fn eur() -> Currency {
        "EUR".parse().unwrap()
    }

    /// A bill issued in `month`, due 30 days later, paid `late` days after that.
    fn bill(month: i8, late: Option<i32>) -> (Bill, Option<Payment>) {
        let issued_on = date(2026, month, 1);
        let due_on = plus_days(issued_on, 30);
        let id = BillId(format!("B{month}"));
        let payment = late.map(|late| Payment {
            id: format!("P{month}"),
            bill: Some(id.clone()),
            currency: eur(),
            amount: 1000,
            paid_on: plus_days(due_on, late),
            reversed_on: None,
            state: PaymentState::Settled,
        });
        let bill = Bill {
            id,
            currency: eur(),
            amount: 1000,
            remaining: 0,
            issued_on,
            due_on,
            settled_on: None,
        };
        (bill, payment)
    }

    fn flagged(history: &[(Bill, Option<Payment>)], on: Date) -> Option<Date> {
        let bills: Vec<Bill> = history.iter().map(|(bill, _)| bill.clone()).collect();
        let payments: Vec<Payment> = history.iter().filter_map(|(_, p)| p.clone()).collect();
        RepeatDebtorRule::default().flag(&bills, &payments, 0, on).map(|flag| flag.flagged_on)
    }

    #[test]
    fn the_third_late_bill_flags_on_the_day_it_is_known() {
        let history = [bill(1, Some(20)), bill(2, Some(16)), bill(3, None)];
        let third_known = plus_days(history[2].0.due_on, 16);
        assert_eq!(flagged(&history, plus_days(third_known, -1)), None);
        assert_eq!(flagged(&history, third_known), Some(third_known));
        // A run that comes later finds the same date.
        assert_eq!(flagged(&history, plus_days(third_known, 40)), Some(third_known));
    }

    #[test]
    fn fifteen_days_late_is_not_more_than_fifteen() {
        let history = [bill(1, Some(20)), bill(2, Some(15)), bill(3, None)];
        assert_eq!(flagged(&history, date(2027, 1, 1)), None);
    }

    #[test]
    fn a_payment_that_bounced_before_the_limit_was_none() {
        let mut history = [bill(1, Some(20)), bill(2, Some(5)), bill(3, None)];
        assert_eq!(flagged(&history, date(2027, 1, 1)), None);
        let payment = history[1].1.as_mut().unwrap();
        payment.state = PaymentState::Reversed;
        payment.reversed_on = Some(plus_days(payment.paid_on, 4));
        assert!(flagged(&history, date(2027, 1, 1)).is_some());
    }

    #[test]
    fn a_bill_settled_without_an_allocated_payment_was_paid() {
        let mut history = [bill(1, Some(20)), bill(2, Some(20)), bill(3, None)];
        history[2].0.settled_on = Some(plus_days(history[2].0.due_on, 2));
        assert_eq!(flagged(&history, date(2027, 1, 1)), None);
    }
}
