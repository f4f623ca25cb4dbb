//! The bins of a characteristic: many fine ones first, then neighbours that
//! are alike are put together.
//!
//! A bin's weight of evidence (WOE) is the logarithm of its odds of good
//! against the odds of all rows: 0 is as everybody, more is better. Each bin
//! is counted with some rows of the average kind added, so that a bin of ten
//! rows says little, and one without a bad row has a finite weight.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fit::{Settings, Trend};
use super::sample::{Column, Value};

/// Which values lie in a bin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// One number that means something of its own, such as "never".
    Special(f64),
    /// Numbers more than `above` and at most `upto`; an absent end is open.
    Range {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        above: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        upto: Option<f64>,
    },
    /// These categories, in alphabetical order.
    Among(Vec<String>),
    /// Categories that were rare, or were not there when the card was fitted.
    Others,
    Missing,
}

impl Holds {
    pub fn has(&self, value: &Value) -> bool {
        match (self, value) {
            (Holds::Special(special), Value::Number(number)) => number == special,
            (Holds::Range { above, upto }, Value::Number(number)) => {
                above.is_none_or(|above| *number > above) && upto.is_none_or(|upto| *number <= upto)
            }
            (Holds::Among(names), Value::Category(name)) => {
                names.binary_search_by(|it| it.as_str().cmp(name)).is_ok()
            }
            (Holds::Others, Value::Category(_)) => true,
            (Holds::Missing, Value::Missing) => true,
            _ => false,
        }
    }
}

/// Rows of a bin by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub goods: u64,
    pub bads: u64,
}

impl Counts {
    pub fn rows(self) -> u64 {
        self.goods + self.bads
    }

    pub fn add(&mut self, is_bad: bool) {
        if is_bad { self.bads += 1 } else { self.goods += 1 }
    }

    pub fn plus(self, other: Counts) -> Counts {
        Counts { goods: self.goods + other.goods, bads: self.bads + other.bads }
    }

    /// The share of bad rows; `None` where there is no row.
    pub fn bad_rate(self) -> Option<f64> {
        (self.rows() > 0).then(|| self.bads as f64 / self.rows() as f64)
    }
}

/// A bin before it has points.
#[derive(Debug, Clone, PartialEq)]
pub struct Binned {
    pub holds: Holds,
    pub counts: Counts,
    pub woe: f64,
}

/// All rows, against which bins are weighed.
struct Whole {
    all: Counts,
    /// Rows of the average kind that are added to each bin.
    smoothing: f64,
}

impl Whole {
    /// Positive where the bin is better than the whole.
    fn woe(&self, bin: Counts) -> f64 {
        let share = self.smoothing / self.all.rows() as f64;
        let goods = bin.goods as f64 + share * self.all.goods as f64;
        let bads = bin.bads as f64 + share * self.all.bads as f64;
        (goods / bads).ln() - (self.all.goods as f64 / self.all.bads as f64).ln()
    }

    fn binned(&self, holds: Holds, counts: Counts) -> Binned {
        Binned { holds, counts, woe: self.woe(counts) }
    }
}

/// How much the bins tell good from bad: the information value. Under 0.02 is
/// next to nothing, above 0.5 is much.
pub fn information(bins: impl Iterator<Item = (Counts, f64)> + Clone) -> f64 {
    let all = bins.clone().fold(Counts::default(), |sum, (counts, _)| sum.plus(counts));
    let share = |part: u64, of: u64| if of == 0 { 0.0 } else { part as f64 / of as f64 };
    bins.map(|(bin, woe)| (share(bin.goods, all.goods) - share(bin.bads, all.bads)) * woe).sum()
}

/// The merged bins of a column. There is always one for missing values, and
/// one for other categories where there are categories.
pub fn bins(column: &Column, is_bad: &[bool], settings: &Settings) -> Vec<Binned> {
    let mut all = Counts::default();
    is_bad.iter().for_each(|bad| all.add(*bad));
    let whole = Whole { all, smoothing: settings.smoothing };
    let least = (settings.share_min * all.rows() as f64).ceil() as u64;
    if column.is_numeric() {
        numeric(column, is_bad, settings, &whole, least)
    } else {
        categories(column, is_bad, settings, &whole, least)
    }
}

fn numeric(
    column: &Column,
    is_bad: &[bool],
    settings: &Settings,
    whole: &Whole,
    least: u64,
) -> Vec<Binned> {
    let specials = settings.special.get(&column.name).cloned().unwrap_or_default();
    let mut special = vec![Counts::default(); specials.len()];
    let mut missing = Counts::default();
    let mut numbers: Vec<(f64, bool)> = Vec::with_capacity(is_bad.len());
    for (value, bad) in column.values.iter().zip(is_bad) {
        match value {
            Value::Number(number) => match specials.iter().position(|it| it == number) {
                Some(place) => special[place].add(*bad),
                None => numbers.push((*number, *bad)),
            },
            // A word among numbers is no number, and tells as much as nothing.
            Value::Category(_) | Value::Missing => missing.add(*bad),
        }
    }
    numbers.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut pieces = merged(fine(&numbers, settings.fine_max), settings, least);
    if let Some(trend) = settings.trend(&column.name) {
        pieces = monotone(&pieces, trend, whole);
    }
    let mut bins: Vec<Binned> = specials
        .into_iter()
        .zip(special)
        .map(|(value, counts)| whole.binned(Holds::Special(value), counts))
        .collect();
    if pieces.is_empty() {
        // Only special numbers were seen; any other counts as the average.
        bins.push(whole.binned(Holds::Range { above: None, upto: None }, Counts::default()));
    }
    let mut above = None;
    let last = pieces.len().saturating_sub(1);
    for (place, piece) in pieces.iter().enumerate() {
        let upto = (place < last).then_some(piece.upto);
        bins.push(whole.binned(Holds::Range { above, upto }, piece.counts));
        above = upto;
    }
    bins.push(whole.binned(Holds::Missing, missing));
    bins
}

/// A stretch of ordered values, up to and with the last one.
#[derive(Debug, Clone, PartialEq)]
struct Piece<T> {
    upto: T,
    counts: Counts,
}

/// Up to `most` stretches of about as many rows each. Equal numbers stay
/// together; where there are few different ones, each is a stretch.
fn fine(numbers: &[(f64, bool)], most: usize) -> Vec<Piece<f64>> {
    let mut each: Vec<Piece<f64>> = Vec::new();
    for (number, bad) in numbers {
        match each.last_mut() {
            Some(piece) if piece.upto == *number => piece.counts.add(*bad),
            _ => {
                let mut counts = Counts::default();
                counts.add(*bad);
                each.push(Piece { upto: *number, counts });
            }
        }
    }
    if each.len() <= most {
        return each;
    }
    let mut pieces: Vec<Piece<f64>> = Vec::with_capacity(most);
    let (mut seen, mut is_full) = (0, true);
    for piece in each {
        seen += piece.counts.rows();
        match pieces.last_mut() {
            Some(last) if !is_full => {
                *last = Piece { upto: piece.upto, counts: last.counts.plus(piece.counts) };
            }
            _ => pieces.push(piece),
        }
        // Measured from the start, so that one heavy number moves no later cut.
        let share = (numbers.len() * pieces.len()) as f64 / most as f64;
        is_full = seen as f64 >= share;
    }
    pieces
}

/// How unlike two bins are: chi-square of the table of two rows, with one
/// degree of freedom.
fn unlike(a: Counts, b: Counts) -> f64 {
    let both = a.plus(b);
    let [rows_a, rows_b, goods, bads] =
        [a.rows(), b.rows(), both.goods, both.bads].map(|count| count as f64);
    let under = rows_a * rows_b * goods * bads;
    if under == 0.0 {
        return 0.0;
    }
    let cross = a.goods as f64 * b.bads as f64 - a.bads as f64 * b.goods as f64;
    cross * cross * (rows_a + rows_b) / under
}

/// Puts neighbours together: small ones with the neighbour that is more like
/// them, then the two most alike, until all are unlike and few enough.
fn merged<T: Clone>(mut pieces: Vec<Piece<T>>, settings: &Settings, least: u64) -> Vec<Piece<T>> {
    while pieces.len() > 1 {
        let between: Vec<f64> =
            pieces.windows(2).map(|pair| unlike(pair[0].counts, pair[1].counts)).collect();
        let small = pieces
            .iter()
            .enumerate()
            .filter(|(_, piece)| piece.counts.rows() < least)
            .min_by_key(|(_, piece)| piece.counts.rows())
            .map(|(place, _)| place);
        let at = match small {
            Some(0) => 0,
            Some(place) if place == between.len() => place - 1,
            Some(place) if between[place - 1] <= between[place] => place - 1,
            Some(place) => place,
            None => {
                let (at, least_unlike) = between
                    .iter()
                    .enumerate()
                    .min_by(|a, b| a.1.total_cmp(b.1))
                    .map_or((0, 0.0), |(at, unlike)| (at, *unlike));
                if pieces.len() <= settings.bins_max && least_unlike >= settings.unlike_min {
                    break;
                }
                at
            }
        };
        join(&mut pieces, at);
    }
    pieces
}

/// Puts the piece at `at` and the next one together.
fn join<T>(pieces: &mut Vec<Piece<T>>, at: usize) {
    let next = pieces.remove(at + 1);
    pieces[at] = Piece { upto: next.upto, counts: pieces[at].counts.plus(next.counts) };
}

/// Joins neighbours until their weights go one way.
fn monotone<T: Clone>(pieces: &[Piece<T>], trend: Trend, whole: &Whole) -> Vec<Piece<T>> {
    let one_way = |sign: f64| {
        let mut pieces = pieces.to_vec();
        loop {
            let woe: Vec<f64> = pieces.iter().map(|piece| whole.woe(piece.counts)).collect();
            let Some(at) = woe.windows(2).position(|pair| sign * (pair[1] - pair[0]) < 0.0) else {
                return pieces;
            };
            join(&mut pieces, at);
        }
    };
    let told = |pieces: &[Piece<T>]| {
        information(pieces.iter().map(|piece| (piece.counts, whole.woe(piece.counts))))
    };
    match trend {
        Trend::Better => one_way(1.0),
        Trend::Worse => one_way(-1.0),
        Trend::Either => {
            let (better, worse) = (one_way(1.0), one_way(-1.0));
            if told(&better) >= told(&worse) { better } else { worse }
        }
    }
}

fn categories(
    column: &Column,
    is_bad: &[bool],
    settings: &Settings,
    whole: &Whole,
    least: u64,
) -> Vec<Binned> {
    let mut missing = Counts::default();
    let mut each: BTreeMap<&str, Counts> = BTreeMap::new();
    for (value, bad) in column.values.iter().zip(is_bad) {
        match value {
            Value::Category(name) => each.entry(name).or_default().add(*bad),
            Value::Number(_) | Value::Missing => missing.add(*bad),
        }
    }
    let mut others = Counts::default();
    let mut pieces: Vec<Piece<Vec<&str>>> = Vec::new();
    for (name, counts) in each {
        if counts.rows() < least {
            others = others.plus(counts);
        } else {
            pieces.push(Piece { upto: vec![name], counts });
        }
    }
    // Neighbours are those whose odds are nearest.
    pieces.sort_by(|a, b| whole.woe(a.counts).total_cmp(&whole.woe(b.counts)));
    let ends = merged(
        pieces.iter().enumerate().map(|(upto, it)| Piece { upto, counts: it.counts }).collect(),
        settings,
        least,
    );
    let mut from = 0;
    let mut bins: Vec<Binned> = Vec::new();
    for end in ends {
        let mut names: Vec<String> = pieces[from..=end.upto]
            .iter()
            .flat_map(|piece| piece.upto.iter().map(|name| (*name).to_owned()))
            .collect();
        names.sort_unstable();
        bins.push(whole.binned(Holds::Among(names), end.counts));
        from = end.upto + 1;
    }
    bins.push(whole.binned(Holds::Others, others));
    bins.push(whole.binned(Holds::Missing, missing));
    bins
}
