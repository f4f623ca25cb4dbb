//! A scorecard fitted to rows whose end is known.
//!
//! Bins, weights and points come from the rows given here and from nothing
//! else: whoever tests a card holds rows back before.

use std::collections::BTreeMap;

use super::bins::{Binned, Counts, bins, information};
use super::card::{Bin, Card, Characteristic, Scale, information_of};
use super::logistic::{self, Line, Pattern};
use super::sample::{Column, Sample};

/// Which way the odds go as a number grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    Better,
    Worse,
    /// Whichever tells more.
    Either,
}

/// How a card is fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Fine bins of a number, before neighbours are put together.
    pub fine_max: usize,
    /// Bins that are left of it.
    pub bins_max: usize,
    /// The least share of all rows in a bin.
    pub share_min: f64,
    /// Chi-square under which two neighbours are alike.
    pub unlike_min: f64,
    /// Rows of the average kind added to each bin.
    pub smoothing: f64,
    pub ridge: f64,
    /// Information value under which a characteristic is left out.
    pub information_min: f64,
    pub scale: Scale,
    /// Columns whose bins go one way.
    pub monotone: BTreeMap<String, Trend>,
    /// The same for every column of numbers that is not named there.
    pub monotone_all: bool,
    /// Numbers with a meaning of their own, by column.
    pub special: BTreeMap<String, Vec<f64>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            fine_max: 40,
            bins_max: 10,
            share_min: 0.01,
            // One in a hundred pairs of the same kind is this unlike by chance.
            unlike_min: 6.63,
            smoothing: 20.0,
            ridge: 1.0,
            information_min: 0.02,
            scale: Scale::default(),
            monotone: BTreeMap::new(),
            monotone_all: false,
            special: BTreeMap::new(),
        }
    }
}

impl Settings {
    pub(super) fn trend(&self, column: &str) -> Option<Trend> {
        let named = self.monotone.get(column).copied();
        named.or_else(|| self.monotone_all.then_some(Trend::Either))
    }
}

/// What the card foretells: a column, and its value for a bad end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub column: String,
    pub bad: String,
}

/// A characteristic that did not make it into the card.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    pub name: String,
    pub information: f64,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It tells next to nothing.
    Weak,
    /// Beside the others its weight has the wrong sign: its points would
    /// contradict its own bins, and no clerk could explain them.
    Contradicts,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub card: Card,
    pub left: Vec<Left>,
}

/// Why no card can be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    #[error("all {0} rows ended alike; a card needs good and bad ones")]
    OneEnd(usize),
    #[error("no characteristic tells good from bad")]
    NothingTells,
    #[error("the regression has no solution; give it a ridge above 0")]
    NoSolution,
}

/// A column with its bins, and the bin of each row.
struct Candidate {
    name: String,
    bins: Vec<Binned>,
    information: f64,
    places: Vec<u16>,
}

pub fn fit(sample: &Sample, target: &Target, settings: &Settings) -> Result<Fitted, FitError> {
    let bads = sample.bads();
    if bads == 0 || bads == sample.rows() {
        return Err(FitError::OneEnd(sample.rows()));
    }
    let mut left = Vec::new();
    let mut candidates = Vec::new();
    for column in &sample.columns {
        let candidate = candidate(column, &sample.is_bad, settings);
        if candidate.information < settings.information_min {
            left.push(candidate.left(Why::Weak));
        } else {
            candidates.push(candidate);
        }
    }
    let odds = (sample.rows() - bads) as f64 / bads as f64;
    let mut line = Line { start: odds.ln(), weights: vec![0.0; candidates.len()] };
    loop {
        if candidates.is_empty() {
            return Err(FitError::NothingTells);
        }
        let patterns = patterns(&candidates, &sample.is_bad);
        line = logistic::fit(&patterns, settings.ridge, line).ok_or(FitError::NoSolution)?;
        let worst = line
            .weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight <= 0.0)
            .min_by(|a, b| a.1.total_cmp(b.1));
        let Some((worst, _)) = worst else { break };
        left.push(candidates.remove(worst).left(Why::Contradicts));
        line.weights.remove(worst);
    }
    let fitted_on = Counts { goods: (sample.rows() - bads) as u64, bads: bads as u64 };
    let card = card(target, settings.scale, fitted_on, candidates, &line);
    Ok(Fitted { card, left })
}

fn candidate(column: &Column, is_bad: &[bool], settings: &Settings) -> Candidate {
    let bins = bins(column, is_bad, settings);
    // The last bin is that of missing values, where whatever fits nowhere goes.
    let last = bins.len() - 1;
    let place = |value| bins.iter().position(|bin| bin.holds.has(value)).unwrap_or(last) as u16;
    let places = column.values.iter().map(place).collect();
    let information = information(bins.iter().map(|bin| (bin.counts, bin.woe)));
    Candidate { name: column.name.clone(), bins, information, places }
}

impl Candidate {
    fn left(&self, why: Why) -> Left {
        Left { name: self.name.clone(), information: self.information, why }
    }
}

/// Rows that lie in the same bins are counted together, in an order of their
/// own: so the order of the rows cannot move a sum in its last digit.
fn patterns(candidates: &[Candidate], is_bad: &[bool]) -> Vec<Pattern> {
    let mut counted: BTreeMap<Vec<u16>, Counts> = BTreeMap::new();
    for (row, bad) in is_bad.iter().enumerate() {
        let places = candidates.iter().map(|it| it.places[row]).collect();
        counted.entry(places).or_default().add(*bad);
    }
    let pattern = |(places, counts): (Vec<u16>, Counts)| Pattern {
        x: places
            .iter()
            .zip(candidates)
            .map(|(place, it)| it.bins[usize::from(*place)].woe)
            .collect(),
        goods: counts.goods as f64,
        bads: counts.bads as f64,
    };
    counted.into_iter().map(pattern).collect()
}

fn card(
    target: &Target,
    scale: Scale,
    fitted_on: Counts,
    candidates: Vec<Candidate>,
    line: &Line,
) -> Card {
    let characteristic = |(it, weight): (Candidate, &f64)| {
        let bin = |bin: Binned| Bin {
            points: (scale.per_log_odds() * weight * bin.woe).round() as i32,
            woe: bin.woe,
            counts: bin.counts,
            holds: bin.holds,
        };
        let bins: Vec<Bin> = it.bins.into_iter().map(bin).collect();
        Characteristic {
            label: it.name.clone(),
            name: it.name,
            weight: *weight,
            information: information_of(&bins),
            bins,
        }
    };
    Card {
        version: String::new(),
        target: target.column.clone(),
        bad: target.bad.clone(),
        fitted_on,
        scale,
        start: scale.points(line.start).round() as i32,
        characteristics: candidates.into_iter().zip(&line.weights).map(characteristic).collect(),
    }
    .sealed()
}
