//! The payment profile: how an account paid its last 24 cycles, at a glance,
//! and what is usual for it.
//!
//! One character for each month, the newest first, by the bills due in it; of
//! several the worst counts:
//!
//! | character | meaning |
//! |---|---|
//! | `0` | paid in time |
//! | `1` … `5` | paid 1 to 30, 31 to 60, 61 to 90, 91 to 120, 121 to 150 days late |
//! | `6` | paid later than that |
//! | `A` … `F` | not paid yet, as late as `1` … `6` |
//! | `x` | not paid, and in dispute |
//! | `?` | paid, nobody can say when |
//! | `o` | not due yet |
//! | `.` | no bill |

use jiff::civil::{Date, Weekday};

use crate::model::billing::days_between;
use crate::model::evidence::Dossier;

pub use crate::model::estimate::SelfCure;

use super::bills::{BillThen, Books, Paid};

/// Months that a profile looks back.
pub const CYCLES: usize = 24;
/// Fewer bills than this show no habit.
pub const HABIT_BILLS: usize = 6;
/// And no more than this are looked at.
const RECENT_BILLS: usize = 12;
/// Who pays so many days late at most, and alone, cures himself.
const SELF_CURE_DAYS: i32 = 3;
const SELF_CURE_PERCENT: i64 = 90;
/// Days to either side of a payday that still are it.
const PAYDAY_SPREAD: i32 = 2;

/// From worst to best; what a month with several bills shows.
const WORST_FIRST: &str = "FEDCBA654321x?0o.";

/// How an account pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// [`CYCLES`] characters.
    pub cycles: String,
    /// Only where it is a habit.
    pub self_cure: Option<SelfCure>,
    /// `None`: too few payments to say.
    pub payday: Option<Usual<i8>>,
    pub weekday: Option<Usual<Weekday>>,
}

/// What is usual, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual<T> {
    pub value: T,
    /// Percent of payments that it holds for.
    pub sure: i64,
}

/// How the account paid, as known at the end of `as_of`. `tolerance`: minor
/// units that do not count as owed.
pub fn profile(dossier: &Dossier, as_of: Date, tolerance: i64) -> Profile {
    of(&Books::open(dossier, as_of, tolerance))
}

/// Of an account whose books are open.
pub(super) fn of(books: &Books) -> Profile {
    let paid = paid_days(books);
    Profile {
        cycles: cycles(books),
        self_cure: self_cure(books),
        payday: payday(&paid),
        weekday: weekday(&paid),
    }
}

fn cycles(books: &Books) -> String {
    let mut cycles = vec!['.'; CYCLES];
    let month = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month());
    for one in &books.bills {
        let ago = month(books.as_of) - month(one.bill.due_on);
        // A bill that is due next month says nothing of the past.
        if let Some(cycle) = usize::try_from(ago).ok().and_then(|ago| cycles.get_mut(ago)) {
            let shown = character(one, books);
            if WORST_FIRST.find(shown) < WORST_FIRST.find(*cycle) {
                *cycle = shown;
            }
        }
    }
    cycles.into_iter().collect()
}

fn character(one: &BillThen, books: &Books) -> char {
    let bucket = |days: i32| ((days - 1).max(0) / 30).min(5) as u8;
    match one.paid {
        Paid::SomeDay => '?',
        Paid::On(day) if day <= one.bill.due_on => '0',
        Paid::On(day) => char::from(b'1' + bucket(days_between(one.bill.due_on, day))),
        Paid::Not if one.bill.due_on >= books.as_of => 'o',
        Paid::Not if one.owed() <= books.tolerance => 'x',
        Paid::Not => char::from(b'A' + bucket(days_between(one.bill.due_on, books.as_of))),
    }
}

/// The last bills that show whether it pays alone: due long enough ago, not
/// disputed, and nobody reminded of them.
pub(super) fn unreminded<'b, 'a>(books: &'b Books<'a>) -> Vec<&'b BillThen<'a>> {
    let is_ripe = |one: &&BillThen| days_between(one.bill.due_on, books.as_of) > SELF_CURE_DAYS;
    books
        .due()
        .rev()
        .filter(is_ripe)
        .filter(|one| !one.was_reminded && !one.was_disputed && one.paid != Paid::SomeDay)
        .take(RECENT_BILLS)
        .collect()
}

/// Of the last bills, percent that were paid alone and at most a few days late.
pub(super) fn paid_alone(books: &Books) -> Option<i64> {
    let bills = unreminded(books);
    let cured = bills.iter().filter(|one| one.late_days().is_some_and(|it| it <= SELF_CURE_DAYS));
    (bills.len() >= HABIT_BILLS).then(|| share(cured.count(), bills.len()))
}

fn self_cure(books: &Books) -> Option<SelfCure> {
    let percent = paid_alone(books).filter(|percent| *percent >= SELF_CURE_PERCENT)?;
    let bills = unreminded(books);
    let late = bills.iter().filter_map(|one| one.late_days());
    let by_days = late.filter(|days| (1..=SELF_CURE_DAYS).contains(days)).max()?;
    Some(SelfCure { of: bills.len() as u32, percent, by_days })
}

/// The days of the last payments that settled a bill.
fn paid_days(books: &Books) -> Vec<Date> {
    let day = |one: &BillThen| if let Paid::On(day) = one.paid { Some(day) } else { None };
    books.due().rev().filter_map(day).take(RECENT_BILLS).collect()
}

/// The day of the month around which most payments lie.
fn payday(paid: &[Date]) -> Option<Usual<i8>> {
    // A month is a ring: the 31st and the 1st are neighbours.
    let near = |a: i8, b: i8| {
        let apart = i32::from(a).abs_diff(i32::from(b)) as i32;
        apart.min(31 - apart) <= PAYDAY_SPREAD
    };
    usual(paid, (1..=31).collect(), |payday, paid| near(*payday, paid.day()))
}

fn weekday(paid: &[Date]) -> Option<Usual<Weekday>> {
    let week = Weekday::Monday.cycle_forward().take(7).collect();
    usual(paid, week, |weekday, paid| *weekday == paid.weekday())
}

fn usual<T: Copy>(
    paid: &[Date],
    values: Vec<T>,
    fits: impl Fn(&T, &Date) -> bool,
) -> Option<Usual<T>> {
    if paid.len() < HABIT_BILLS {
        return None;
    }
    let count = |value: &T| paid.iter().filter(|day| fits(value, day)).count();
    let most = values.iter().map(count).max()?;
    // Of days that fit equally well the middle one, so that it lies among them.
    let best: Vec<T> = values.into_iter().filter(|value| count(value) == most).collect();
    Some(Usual { value: best[best.len() / 2], sure: share(most, paid.len()) })
}

/// Percent.
pub(super) fn share(part: usize, whole: usize) -> i64 {
    (part * 100 / whole.max(1)) as i64
}
