//! Signals of usage, against the account's own past.
//!
//! Usage is cut into spans that end with the day in question. A span counts
//! only where the whole of it lies after the first day on record: before that
//! nothing is known, which is not the same as no usage.

use jiff::civil::Date;

use crate::model::billing::days_between;
use crate::model::evidence::UsageDay;
use crate::risk::bills::Books;

use super::payments::middle_bill;
use super::{middle, percent};

/// Four weeks, so that every span has the same weekdays.
const SPAN_DAYS: i32 = 28;
const SPANS_BEFORE: usize = 6;
const SPANS_BEFORE_MIN: usize = 3;
const SPANS_NOW: usize = 4;
const WEEKS_NOW: usize = 4;
const WEEKS_BEFORE: usize = 13;

/// Sums of whole spans of `days`, the newest first.
fn spans(books: &Books, days: i32, of: fn(&UsageDay) -> i64, most: usize) -> Vec<i64> {
    let usage = || books.dossier.evidence.usage.iter().filter(|one| one.on <= books.as_of);
    let Some(first) = usage().map(|one| one.on).min() else { return Vec::new() };
    let ago = |on: Date| days_between(on, books.as_of);
    let known = ((ago(first) + 1) / days) as usize;
    let mut sums = vec![0_i64; known.min(most)];
    for one in usage() {
        if let Some(sum) = sums.get_mut((ago(one.on) / days) as usize) {
            *sum = sum.saturating_add(of(one));
        }
    }
    sums
}

pub fn level(books: &Books) -> Option<i64> {
    let mut spans = spans(books, SPAN_DAYS, |one| one.charged, 1 + SPANS_BEFORE);
    if spans.len() <= SPANS_BEFORE_MIN {
        return None;
    }
    let (now, before) = spans.split_first_mut()?;
    percent(*now, middle(before)?)
}

pub fn below_band(books: &Books) -> Option<i64> {
    let weeks = spans(books, 7, |one| one.charged, WEEKS_NOW + WEEKS_BEFORE);
    let (now, before) = weeks.split_at_checked(WEEKS_NOW)?;
    let low = before.iter().min().filter(|_| before.len() == WEEKS_BEFORE)?;
    Some(now.iter().filter(|week| *week < low).count() as i64)
}

pub fn expensive_spike(books: &Books) -> Option<i64> {
    let mut spans = spans(books, SPAN_DAYS, |one| one.expensive, SPANS_NOW + SPANS_BEFORE);
    if spans.len() <= SPANS_NOW {
        return None;
    }
    let highest = spans.iter().take(SPANS_NOW).max().copied()?;
    // The middle one of all, so that a spike does not hide itself.
    percent(highest.saturating_sub(middle(&mut spans)?), middle_bill(books)?)
}
