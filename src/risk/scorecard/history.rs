//! What an account's bills said on a past day, and nothing that came later.
//!
//! A card is only as honest as the moment its features are from. Here every
//! one of them is taken from bills issued before the day, and from settlements
//! before the day: what happens on the day or after it moves nothing.

use jiff::civil::Date;

use crate::model::Bill;
use crate::model::billing::days_between;

use super::sample::Value;

/// Days late above which a bill counts as much too late.
const MUCH_DAYS: i32 = 15;

/// Features of [`as_of`], in its order.
pub const NAMES: [&str; 9] = [
    "settled",
    "mean_days_late",
    "share_late",
    "much_too_late",
    "most_days_late",
    "last_days_late",
    "open",
    "open_amount",
    "overdue",
];

/// An account's past as known when `day` begins. Without a settled bill there
/// is no habit: what speaks of one is missing.
pub fn as_of<'b>(bills: impl IntoIterator<Item = &'b Bill>, day: Date) -> [Value; 9] {
    let mut settled: Vec<(Date, Date, i32)> = Vec::new();
    let (mut open, mut open_amount, mut overdue) = (0, 0, 0);
    for bill in bills.into_iter().filter(|bill| bill.issued_on < day) {
        match bill.settled_on.filter(|on| *on < day) {
            Some(on) => settled.push((on, bill.issued_on, days_between(bill.due_on, on).max(0))),
            None => {
                open += 1;
                open_amount += bill.amount;
                overdue += i32::from(bill.due_on < day);
            }
        }
    }
    settled.sort_unstable();
    let count = settled.len() as f64;
    let late = || settled.iter().map(|(_, _, late)| *late);
    // A mean of nothing is NaN, which is missing.
    let share = |sum: i32| Value::number(f64::from(sum) / count);
    let known = |days: Option<i32>| days.map_or(Value::Missing, |it| Value::number(it.into()));
    [
        Value::number(count),
        share(late().sum()),
        share(late().map(|it| i32::from(it > 0)).sum()),
        known(late().map(|it| i32::from(it > MUCH_DAYS)).reduce(|a, b| a + b)),
        known(late().max()),
        known(late().next_back()),
        Value::number(open.into()),
        Value::number(open_amount as f64),
        Value::number(overdue.into()),
    ]
}
