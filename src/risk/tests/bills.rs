//! How bills stood on an earlier day.

use crate::model::PaymentState;
use crate::risk::bills::{Books, Paid};

use super::*;

fn paid(dossier: &Dossier, as_of: Date) -> Paid {
    Books::open(dossier, as_of, 0).bills.last().unwrap().paid
}

#[test]
fn a_bill_is_unpaid_until_the_day_of_its_last_payment() {
    let dossier = account(&[Halves(9)]);
    assert_eq!(paid(&dossier, date(2026, 6, 9)), Paid::Not);
    assert_eq!(paid(&dossier, date(2026, 6, 10)), Paid::On(date(2026, 6, 10)));
}

#[test]
fn a_payment_counts_until_it_is_taken_back() {
    let mut dossier = account(&[Late(2)]);
    dossier.payments[0].state = PaymentState::Reversed;
    dossier.payments[0].reversed_on = Some(date(2026, 6, 6));
    dossier.bills[0].remaining = 2_000;
    assert_eq!(paid(&dossier, date(2026, 6, 5)), Paid::On(date(2026, 6, 3)));
    assert_eq!(paid(&dossier, date(2026, 6, 6)), Paid::Not);
}

#[test]
fn what_no_payment_explains_went_on_the_day_of_settlement_or_some_day() {
    let mut dossier = account(&[Nothing]);
    dossier.bills[0].remaining = 0;
    assert_eq!(paid(&dossier, TODAY), Paid::SomeDay);
    dossier.bills[0].settled_on = Some(date(2026, 6, 8));
    assert_eq!(paid(&dossier, date(2026, 6, 7)), Paid::Not);
    assert_eq!(paid(&dossier, date(2026, 6, 8)), Paid::On(date(2026, 6, 8)));
}

#[test]
fn money_on_its_way_is_not_owed() {
    let mut dossier = account(&[Late(2)]);
    dossier.payments[0].state = PaymentState::Pending;
    dossier.bills[0].remaining = 2_000;
    assert_eq!(Books::open(&dossier, TODAY, 0).overdue().count(), 0);
}

#[test]
fn a_disputed_part_is_not_owed() {
    let mut dossier = account(&[Nothing]);
    let mut dispute = hold(HoldKind::Dispute, -5, None);
    dispute.amount = Some(1_500);
    dossier.holds.push(dispute);
    let books = Books::open(&dossier, TODAY, 0);
    assert_eq!((books.bills[0].unpaid, books.bills[0].owed()), (2_000, 500));
}

#[test]
fn an_amount_within_the_tolerance_is_no_debt() {
    let mut dossier = account(&[Late(2)]);
    dossier.payments[0].amount = 1_950;
    dossier.bills[0].remaining = 50;
    assert_eq!(Books::open(&dossier, TODAY, 0).overdue().count(), 1);
    assert_eq!(Books::open(&dossier, TODAY, 50).overdue().count(), 0);
}
