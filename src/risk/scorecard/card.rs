//! The scorecard: points for each bin of each characteristic, and what they
//! come to.
//!
//! A card decides by its points alone: they are whole numbers, so that anybody
//! can add them up again. Its version is a hash of all that decides; a card
//! that was changed by hand is refused, save for its labels, which are the
//! words that clerks read out.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::bins::{Counts, Holds, information};
use super::sample::{Sample, Value};

/// How odds become points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// The score at these odds …
    pub base_points: f64,
    /// … of so many good ones for each bad one.
    pub odds: f64,
    /// Points that double the odds.
    pub points_to_double: f64,
}

impl Default for Scale {
    fn default() -> Scale {
        Scale { base_points: 600.0, odds: 50.0, points_to_double: 20.0 }
    }
}

impl Scale {
    pub fn per_log_odds(&self) -> f64 {
        self.points_to_double / std::f64::consts::LN_2
    }

    pub fn points(&self, log_odds: f64) -> f64 {
        self.base_points + self.per_log_odds() * (log_odds - self.odds.ln())
    }

    /// The probability of a bad end at a score.
    pub fn probability(&self, score: i32) -> f64 {
        let log_odds = (f64::from(score) - self.base_points) / self.per_log_odds() + self.odds.ln();
        1.0 / (1.0 + log_odds.exp())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    pub points: i32,
    /// Weight of evidence: above 0 is better than the average.
    pub woe: f64,
    #[serde(flatten)]
    pub counts: Counts,
    pub holds: Holds,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Characteristic {
    /// The column.
    pub name: String,
    /// What a clerk calls it; free to change.
    pub label: String,
    /// What the regression makes of its weights of evidence.
    pub weight: f64,
    /// Information value.
    pub information: f64,
    pub bins: Vec<Bin>,
}

impl Characteristic {
    /// The bin that a value lies in. What no bin has (a word where numbers
    /// were, a number where words were) counts as missing, the last bin.
    pub fn place(&self, value: &Value) -> usize {
        let found = match value {
            Value::Number(number) if !number.is_finite() => None,
            _ => self.bins.iter().position(|bin| bin.holds.has(value)),
        };
        found.unwrap_or(self.bins.len().saturating_sub(1))
    }

    pub fn is_numeric(&self) -> bool {
        self.bins.iter().any(|bin| matches!(bin.holds, Holds::Range { .. }))
    }

    /// The bins that anybody was in, each with its share of the rows. What
    /// nobody was in counts as the average: it says nothing, and nothing is
    /// measured against it.
    pub fn seen(&self) -> impl Iterator<Item = (&Bin, f64)> {
        let rows: u64 = self.bins.iter().map(|bin| bin.counts.rows()).sum();
        let seen = self.bins.iter().filter(|bin| bin.counts.rows() > 0);
        seen.map(move |bin| (bin, bin.counts.rows() as f64 / rows.max(1) as f64))
    }

    fn best(&self) -> i32 {
        self.seen().map(|(bin, _)| bin.points).max().unwrap_or(0)
    }

    fn mean(&self) -> i32 {
        self.seen().map(|(bin, share)| f64::from(bin.points) * share).sum::<f64>().round() as i32
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Hash of what decides.
    pub version: String,
    /// The column that the card foretells, and its value for a bad end.
    pub target: String,
    pub bad: String,
    /// Rows that it was fitted on.
    pub fitted_on: Counts,
    pub scale: Scale,
    /// The score of an account before any characteristic counts.
    pub start: i32,
    #[serde(rename = "characteristic")]
    pub characteristics: Vec<Characteristic>,
}

/// What points are measured against when reasons are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// The best bin of the characteristic.
    Best,
    /// The mean of all accounts.
    Mean,
}

/// A characteristic that costs an account points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub name: String,
    pub points_lost: i32,
    /// For a clerk to read out.
    pub words: String,
}

/// An account's score, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    pub score: i32,
    /// Of a bad end.
    pub probability: f64,
    /// The bin of each characteristic, in the card's order.
    pub places: Vec<usize>,
}

/// Why a card is not to be used.
#[derive(Debug, thiserror::Error)]
pub enum BadCard {
    #[error("it cannot be read as a card")]
    Unreadable(#[source] toml::de::Error),
    #[error(
        "it says version {said}, but what stands in it is {found}: it was changed after it was \
         fitted; take the file that `duebell score fit` wrote, only labels may be changed"
    )]
    Changed { said: String, found: String },
    #[error("characteristic {0} has no bins; take the file that `duebell score fit` wrote")]
    Empty(String),
}

/// A column that a card asks for and a table does not have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no column {0}, which the card asks for")]
pub struct NoColumn(pub String);

impl Card {
    /// Gives the card its version. The last thing that is done to it.
    pub(super) fn sealed(mut self) -> Card {
        self.version = self.hash();
        self
    }

    fn hash(&self) -> String {
        let mut bare = self.clone();
        bare.version.clear();
        bare.characteristics.iter_mut().for_each(|it| it.label.clear());
        // Every float is written so that it reads back as itself.
        let text = serde_json::to_string(&bare).expect("a card is plain values");
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The card as a file: a line for each bin.
    pub fn to_toml(&self) -> String {
        let head = Card { characteristics: Vec::new(), ..self.clone() };
        let mut text = toml::to_string(&head).expect("a card is plain values");
        // An empty list was written where the tables follow.
        text = text.replace("characteristic = []\n", "");
        for it in &self.characteristics {
            let head = Characteristic { bins: Vec::new(), ..it.clone() };
            let head = toml::to_string(&head).expect("a card is plain values");
            text.push_str("\n[[characteristic]]\n");
            text.push_str(head.trim_end_matches("bins = []\n"));
            text.push_str("bins = [\n");
            for bin in &it.bins {
                let line = toml::Value::try_from(bin).expect("a bin is plain values");
                let _ = writeln!(text, "  {line},");
            }
            text.push_str("]\n");
        }
        text
    }

    pub fn parse(text: &str) -> Result<Card, BadCard> {
        let card: Card = toml::from_str(text).map_err(BadCard::Unreadable)?;
        if let Some(empty) = card.characteristics.iter().find(|it| it.bins.is_empty()) {
            return Err(BadCard::Empty(empty.name.clone()));
        }
        let found = card.hash();
        if found != card.version {
            return Err(BadCard::Changed { said: card.version, found });
        }
        Ok(card)
    }

    /// Makes ready for rows whose values come in the order of `names`.
    pub fn over<N: AsRef<str>>(&self, names: &[N]) -> Result<Scorer<'_>, NoColumn> {
        let column = |it: &Characteristic| {
            let found = names.iter().position(|name| name.as_ref() == it.name);
            found.ok_or_else(|| NoColumn(it.name.clone()))
        };
        let columns = self.characteristics.iter().map(column).collect::<Result<_, _>>()?;
        Ok(Scorer { card: self, columns })
    }

    /// What costs an account most, worst first; ties in the card's order.
    pub fn reasons(&self, scored: &Scored, against: Against, most: usize) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = self
            .characteristics
            .iter()
            .zip(&scored.places)
            .filter_map(|(it, place)| reason(it, &it.bins[*place], against))
            .collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.points_lost));
        reasons.truncate(most);
        reasons
    }
}

fn reason(it: &Characteristic, bin: &Bin, against: Against) -> Option<Reason> {
    let mark = match against {
        Against::Best => it.best(),
        Against::Mean => it.mean(),
    };
    let points_lost = mark - bin.points;
    let than = match against {
        Against::Best => "the best",
        Against::Mean => "the average",
    };
    (points_lost > 0).then(|| Reason {
        name: it.name.clone(),
        points_lost,
        words: format!("{} {}: {points_lost} points under {than}", it.label, bin.holds),
    })
}

/// A card over rows of one shape.
pub struct Scorer<'c> {
    card: &'c Card,
    /// Where each characteristic's value stands in a row.
    columns: Vec<usize>,
}

impl Scorer<'_> {
    /// The score alone, for many rows.
    pub fn score(&self, row: &[Value]) -> i32 {
        let mut score = self.card.start;
        for (it, column) in self.card.characteristics.iter().zip(&self.columns) {
            score += it.bins[it.place(&row[*column])].points;
        }
        score
    }

    pub fn scored(&self, row: &[Value]) -> Scored {
        self.with(|column| &row[column])
    }

    fn with<'v>(&self, value: impl Fn(usize) -> &'v Value) -> Scored {
        let mut score = self.card.start;
        let mut places = Vec::with_capacity(self.columns.len());
        for (it, column) in self.card.characteristics.iter().zip(&self.columns) {
            let place = it.place(value(*column));
            score += it.bins[place].points;
            places.push(place);
        }
        Scored { score, probability: self.card.scale.probability(score), places }
    }

    /// Every row of a sample whose columns stand in the order of this scorer's.
    pub fn all(&self, sample: &Sample) -> Vec<Scored> {
        let row = |row: usize| self.with(|column| &sample.columns[column].values[row]);
        (0..sample.rows()).map(row).collect()
    }
}

/// The information value of what stands in a card.
pub(super) fn information_of(bins: &[Bin]) -> f64 {
    information(bins.iter().map(|bin| (bin.counts, bin.woe)))
}
