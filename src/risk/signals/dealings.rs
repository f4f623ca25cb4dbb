//! Signals of what was said, agreed and reported beside the bills.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::model::billing::{days_between, plus_days};
use crate::model::evidence::{Autopay, Complaint, FailureKind, KeyKind};
use crate::model::hold::Ending;
use crate::model::{Hold, HoldKind};
use crate::risk::bills::Books;

const YEAR_DAYS: i32 = 365;
const HALF_YEAR_DAYS: i32 = 180;
const QUARTER_DAYS: i32 = 90;
/// Whoever lived at an address before is somebody else.
const ADDRESS_DAYS: i32 = 730;

/// Whether `day` lies in the last `days`, the day itself included.
fn within(books: &Books, day: Date, days: i32) -> bool {
    (0..days).contains(&days_between(day, books.as_of))
}

fn count<T>(facts: impl Iterator<Item = T>) -> Option<i64> {
    Some(facts.count() as i64)
}

/// Promises that came to their end within a year, kept or not.
fn promises(books: &Books, kept: bool) -> Option<i64> {
    let is_over = |hold: &Hold| {
        let ended = hold.ends_on.filter(|day| *day < books.as_of);
        hold.kind == HoldKind::Promise && ended.is_some_and(|day| within(books, day, YEAR_DAYS))
    };
    let wanted = if kept { Ending::Kept } else { Ending::Broken };
    let placed = books.dossier.placed.iter().filter(|one| is_over(&one.hold));
    let ours = placed.filter(|one| one.ended == Some(wanted)).count();
    // How a promise to the billing system ended is told from what was paid.
    let theirs = books.dossier.holds.iter().filter(|hold| is_over(hold));
    let theirs = theirs.filter(|hold| was_kept(books, hold) == kept).count();
    Some((ours + theirs) as i64)
}

fn was_kept(books: &Books, hold: &Hold) -> bool {
    let Some(last) = hold.ends_on else { return false };
    let then = Books::open(books.dossier, last, books.tolerance);
    let mut meant = then.bills.iter().filter(|one| {
        hold.covers(&one.bill.id) && (hold.bill.is_some() || one.bill.due_on <= hold.starts_on)
    });
    meant.all(|one| one.owed() <= books.tolerance)
}

pub fn promises_kept(books: &Books) -> Option<i64> {
    promises(books, true)
}

pub fn promises_broken(books: &Books) -> Option<i64> {
    promises(books, false)
}

pub fn hardship(books: &Books) -> Option<i64> {
    let since = plus_days(books.as_of, -QUARTER_DAYS);
    let mut holds = books.holds(HoldKind::Hardship);
    Some(holds.any(|hold| hold.ends_on.is_none_or(|day| day > since)).into())
}

fn in_force(books: &Books, kind: HoldKind) -> Option<i64> {
    count(books.holds(kind).filter(|hold| hold.is_on(books.as_of)))
}

pub fn disputes_open(books: &Books) -> Option<i64> {
    in_force(books, HoldKind::Dispute)
}

pub fn complaint_holds(books: &Books) -> Option<i64> {
    in_force(books, HoldKind::Complaint)
}

pub fn disputes(books: &Books) -> Option<i64> {
    let holds = books.holds(HoldKind::Dispute);
    count(holds.filter(|hold| within(books, hold.starts_on, YEAR_DAYS)))
}

pub fn tenure(books: &Books) -> Option<i64> {
    let since = books.dossier.evidence.contract.since.filter(|day| *day <= books.as_of)?;
    let months = i32::from(books.as_of.year() - since.year()) * 12
        + i32::from(books.as_of.month() - since.month())
        - i32::from(books.as_of.day() < since.day());
    Some(months.into())
}

/// The last day of a mandate, as known on `on`.
fn last_day(mandate: &Autopay, on: Date) -> Option<Date> {
    let withdrawn = mandate.withdrawn_on.filter(|day| *day <= on);
    withdrawn.into_iter().chain(mandate.ends_on).min()
}

fn mandates<'a>(books: &Books<'a>) -> impl Iterator<Item = &'a Autopay> {
    let as_of = books.as_of;
    books.dossier.evidence.contract.autopay.iter().filter(move |one| one.starts_on <= as_of)
}

fn is_running(books: &Books) -> bool {
    mandates(books).any(|one| last_day(one, books.as_of).is_none_or(|day| day >= books.as_of))
}

pub fn autopay_ends_in(books: &Books) -> Option<i64> {
    if !is_running(books) || mandates(books).any(|one| last_day(one, books.as_of).is_none()) {
        return None;
    }
    let last = mandates(books).filter_map(|one| last_day(one, books.as_of)).max()?;
    Some(days_between(books.as_of, last).into())
}

pub fn autopay_ended(books: &Books) -> Option<i64> {
    if is_running(books) {
        return None;
    }
    let last = mandates(books).filter_map(|one| last_day(one, books.as_of)).max()?;
    Some(days_between(last, books.as_of).into())
}

fn is_open(complaint: &Complaint, on: Date) -> bool {
    complaint.opened_on <= on && complaint.closed_on.is_none_or(|day| day > on)
}

pub fn complaints_open(books: &Books) -> Option<i64> {
    let complaints = books.dossier.evidence.complaints.iter();
    count(complaints.filter(|one| is_open(one, books.as_of)))
}

pub fn complaints(books: &Books) -> Option<i64> {
    let complaints = books.dossier.evidence.complaints.iter();
    count(complaints.filter(|one| within(books, one.opened_on, HALF_YEAR_DAYS)))
}

pub fn complaint_age(books: &Books) -> Option<i64> {
    let complaints = books.dossier.evidence.complaints.iter();
    let open = complaints.filter(|one| is_open(one, books.as_of));
    open.map(|one| days_between(one.opened_on, books.as_of).into()).max()
}

pub fn complaints_unsatisfied(books: &Books) -> Option<i64> {
    let complaints = books.dossier.evidence.complaints.iter();
    count(complaints.filter(|one| {
        let Some(closed) = one.closed_on else { return false };
        let answered = one.answered_on.unwrap_or(closed);
        one.satisfied == Some(false)
            && within(books, closed, HALF_YEAR_DAYS)
            && answered <= books.as_of
    }))
}

pub fn outage_days(books: &Books) -> Option<i64> {
    let first = plus_days(books.as_of, 1 - QUARTER_DAYS);
    let mut out = BTreeSet::new();
    for outage in &books.dossier.evidence.outages {
        let mut day = outage.starts_on.max(first);
        let last = outage.ends_on.map_or(books.as_of, |day| day.min(books.as_of));
        while day <= last {
            out.insert(day);
            day = plus_days(day, 1);
        }
    }
    count(out.into_iter())
}

pub fn contacts_returned(books: &Books) -> Option<i64> {
    let returns = books.dossier.evidence.returns.iter();
    let recent = returns.filter(|one| within(books, one.on, QUARTER_DAYS));
    count(recent.map(|one| one.channel).collect::<BTreeSet<_>>().into_iter())
}

fn failures(books: &Books, kind: FailureKind) -> Option<i64> {
    let failures = books.dossier.evidence.failures.iter();
    count(failures.filter(|one| one.kind == kind && within(books, one.on, QUARTER_DAYS)))
}

pub fn autopay_declined(books: &Books) -> Option<i64> {
    failures(books, FailureKind::Declined)
}

pub fn card_expired(books: &Books) -> Option<i64> {
    failures(books, FailureKind::CardExpired)
}

pub fn port_requests(books: &Books) -> Option<i64> {
    let requests = books.dossier.evidence.porting.iter();
    count(requests.filter(|one| {
        let is_withdrawn = one.withdrawn_on.is_some_and(|day| day <= books.as_of);
        within(books, one.on, QUARTER_DAYS) && !is_withdrawn
    }))
}

fn shared(books: &Books, kind: KeyKind, days: i32) -> Option<i64> {
    let shared = books.dossier.evidence.shared.iter();
    let others = shared.filter(|one| one.kind == kind && within(books, one.written_off_on, days));
    count(others.map(|one| &one.with).collect::<BTreeSet<_>>().into_iter())
}

pub fn identity_written_off(books: &Books) -> Option<i64> {
    shared(books, KeyKind::Identity, i32::MAX)
}

pub fn address_written_off(books: &Books) -> Option<i64> {
    shared(books, KeyKind::Address, ADDRESS_DAYS)
}

pub fn write_offs(books: &Books) -> Option<i64> {
    count(books.dossier.evidence.write_offs.iter().filter(|one| one.on <= books.as_of))
}
