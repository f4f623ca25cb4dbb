//! Signals of bills and payments.

use jiff::civil::Date;

use crate::model::billing::days_between;
use crate::model::{HoldKind, PaymentState};
use crate::risk::bills::{BillThen, Books, Paid};
use crate::risk::profile::share;

use super::{middle, percent};

/// Fewer bills than this are no habit.
const SOME: usize = 4;
const LAST: usize = 6;
const HISTORY_DAYS: i32 = 730;
const YEAR_DAYS: i32 = 365;
/// As for repeat debtors.
const LATE_DAYS: i32 = 15;
/// A bill so long overdue has been paid by whoever pays in the end.
const END_DAYS: i32 = 45;
const BOUNCE_DAYS: i32 = 180;

fn days_ago(books: &Books, day: Date) -> i32 {
    days_between(day, books.as_of)
}

/// Bills due in the last two years.
fn recent<'b, 'a>(books: &'b Books<'a>) -> impl DoubleEndedIterator<Item = &'b BillThen<'a>> {
    books.due().filter(|one| days_ago(books, one.bill.due_on) <= HISTORY_DAYS)
}

/// `None` below [`SOME`].
fn share_of<'a>(
    bills: impl Iterator<Item = &'a BillThen<'a>>,
    is_it: impl Fn(&BillThen) -> bool,
) -> Option<i64> {
    let (mut part, mut whole) = (0, 0);
    for one in bills.filter(|one| one.paid != Paid::SomeDay && !one.was_disputed) {
        whole += 1;
        part += usize::from(is_it(one));
    }
    (whole >= SOME).then(|| share(part, whole))
}

pub fn bills_due(books: &Books) -> Option<i64> {
    Some(recent(books).count() as i64)
}

pub fn bills_overdue(books: &Books) -> Option<i64> {
    Some(books.overdue().count() as i64)
}

pub fn arrears(books: &Books) -> Option<i64> {
    let currency = books.bills.last()?.bill.currency;
    let owed = books.overdue().filter(|one| one.bill.currency == currency);
    Some(owed.map(BillThen::owed).fold(0, i64::saturating_add))
}

/// What a bill of this account usually is, in minor units.
pub fn middle_bill(books: &Books) -> Option<i64> {
    let currency = books.bills.last()?.bill.currency;
    let is_recent = |one: &&BillThen| days_ago(books, one.bill.due_on) <= HISTORY_DAYS;
    let bills = books.bills.iter().filter(is_recent);
    let same = bills.filter(|one| one.bill.currency == currency);
    middle(&mut same.map(|one| one.bill.amount).collect::<Vec<_>>())
}

pub fn arrears_in_bills(books: &Books) -> Option<i64> {
    percent(arrears(books)?, middle_bill(books)?)
}

pub fn days_past_due(books: &Books) -> Option<i64> {
    let oldest = books.overdue().next()?;
    Some(oldest.bill.days_past_due(books.as_of).into())
}

pub fn paid_in_time(books: &Books) -> Option<i64> {
    share_of(recent(books), |one| one.late_days().is_some_and(|days| days <= 0))
}

pub fn paid_in_the_end(books: &Books) -> Option<i64> {
    let ripe = recent(books).filter(|one| days_ago(books, one.bill.due_on) > END_DAYS);
    share_of(ripe, |one| one.paid != Paid::Not)
}

/// Lateness of the last bills paid, the oldest first.
fn lateness(books: &Books) -> Vec<i64> {
    let paid = recent(books).rev().filter(|one| !one.was_disputed);
    let mut days: Vec<i64> =
        paid.filter_map(BillThen::late_days).map(i64::from).take(LAST).collect();
    days.reverse();
    days
}

pub fn usual_lateness(books: &Books) -> Option<i64> {
    let mut days = lateness(books);
    if days.len() < SOME { None } else { middle(&mut days) }
}

pub fn lateness_drift(books: &Books) -> Option<i64> {
    let days = lateness(books);
    if days.len() < LAST {
        return None;
    }
    // The middle of all slopes: one bill paid very late or early is no drift.
    let mut slopes = Vec::new();
    for (at, earlier) in days.iter().enumerate() {
        for (after, later) in days.iter().enumerate().skip(at + 1) {
            slopes.push((later - earlier) / (after - at) as i64);
        }
    }
    middle(&mut slopes)
}

pub fn late_bills(books: &Books) -> Option<i64> {
    let is_late = |one: &&BillThen| {
        let known = one.late_days().unwrap_or_else(|| one.bill.days_past_due(books.as_of));
        one.paid != Paid::SomeDay && !one.was_disputed && known > LATE_DAYS
    };
    let year = books.due().filter(|one| days_ago(books, one.bill.due_on) <= YEAR_DAYS);
    Some(year.filter(is_late).count() as i64)
}

pub fn unpaid_in_a_row(books: &Books) -> Option<i64> {
    let is_untouched = |one: &&BillThen| one.paid == Paid::Not && one.parts == 0;
    Some(books.due().rev().take_while(is_untouched).count() as i64)
}

pub fn part_payments(books: &Books) -> Option<i64> {
    // Who disputes a part and pays the rest is not short of money.
    let last = books.due().rev().filter(|one| !one.was_disputed).take(LAST);
    Some(last.filter(|one| one.parts > 0).count() as i64)
}

fn has_paid(one: &BillThen) -> bool {
    one.paid != Paid::Not || one.parts > 0
}

pub fn never_paid(books: &Books) -> Option<i64> {
    let is_overdue = books.unpaid().next().is_some();
    Some(i64::from(is_overdue && !books.bills.iter().any(has_paid)))
}

pub fn first_bill_overdue(books: &Books) -> Option<i64> {
    let is_first = books.due().count() == 1;
    Some(i64::from(is_first && books.due().all(|one| !has_paid(one))))
}

pub fn silent_days(books: &Books) -> Option<i64> {
    let oldest = books.unpaid().next()?;
    let dossier = books.dossier;
    let came = dossier
        .payments
        .iter()
        .filter(|one| one.state != PaymentState::Reversed || one.reversed_on.is_some())
        .map(|one| one.paid_on);
    let said = [HoldKind::Promise, HoldKind::Dispute, HoldKind::Complaint, HoldKind::Hardship];
    let said = said.into_iter().flat_map(|kind| books.holds(kind)).map(|hold| hold.starts_on);
    let last = came.chain(said).filter(|day| *day <= books.as_of).max();
    let since = last.map_or(oldest.bill.issued_on, |day| day.max(oldest.bill.issued_on));
    Some(days_ago(books, since).into())
}

pub fn payments_bounced(books: &Books) -> Option<i64> {
    let back = books.dossier.payments.iter().filter(|one| one.state == PaymentState::Reversed);
    let days = back.filter_map(|one| one.reversed_on).map(|day| days_ago(books, day));
    Some(days.filter(|days| (0..=BOUNCE_DAYS).contains(days)).count() as i64)
}

pub fn bill_jump(books: &Books) -> Option<i64> {
    let oldest = books.unpaid().next()?;
    let before = books.bills.iter().filter(|one| {
        one.bill.issued_on < oldest.bill.issued_on && one.bill.currency == oldest.bill.currency
    });
    let mut amounts: Vec<i64> = before.map(|one| one.bill.amount).collect();
    if amounts.len() < SOME {
        return None;
    }
    percent(oldest.bill.amount, middle(&mut amounts)?)
}
