//! How a card errs with groups of people.
//!
//! The groups may be such as no card may be built on: to see whether a card
//! treats them alike, somebody has to look.

use std::collections::BTreeMap;

use super::bins::Counts;
use super::card::Scored;
use super::measure::Measures;

/// Bad and good rows under which a group's shares say little.
pub const FEW: u64 = 30;

/// What a card did to a group at a cut.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub name: String,
    pub rows: Counts,
    /// Rows under the cut, by how they ended.
    pub flagged: Counts,
    /// Mean of the probabilities.
    pub foretold: f64,
    pub auc: Option<f64>,
}

impl Group {
    /// Share of the good rows that were flagged.
    pub fn false_positives(&self) -> Option<f64> {
        share(self.flagged.goods, self.rows.goods)
    }

    /// Share of the bad rows that were not.
    pub fn false_negatives(&self) -> Option<f64> {
        share(self.rows.bads - self.flagged.bads, self.rows.bads)
    }

    pub fn came(&self) -> f64 {
        self.rows.bad_rate().unwrap_or(0.0)
    }

    /// Above 0: the card fears more of this group than comes.
    pub fn calibration(&self) -> f64 {
        self.foretold - self.came()
    }

    pub fn is_small(&self) -> bool {
        self.rows.bads < FEW || self.rows.goods < FEW
    }
}

fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

/// The greatest cut that flags no more rows than ended badly.
pub fn cut(scored: &[Scored], bads: usize) -> i32 {
    let mut scores: Vec<i32> = scored.iter().map(|it| it.score).collect();
    scores.sort_unstable();
    // Rows of one score are flagged together or not at all.
    scores.get(bads).or(scores.last()).copied().unwrap_or(0)
}

/// Errors by group, the whole first. Rows that score less than `cut` are flagged.
pub fn groups(scored: &[Scored], is_bad: &[bool], names: &[String], cut: i32) -> Vec<Group> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, name) in names.iter().enumerate() {
        members.entry(name).or_default().push(row);
    }
    let group = |name: &str, rows: &[usize]| {
        let (mut all, mut flagged) = (Counts::default(), Counts::default());
        for row in rows {
            all.add(is_bad[*row]);
            if scored[*row].score < cut {
                flagged.add(is_bad[*row]);
            }
        }
        let foretold: Vec<_> =
            rows.iter().map(|row| (scored[*row].probability, is_bad[*row])).collect();
        let sum: f64 = foretold.iter().map(|it| it.0).sum();
        Group {
            name: name.to_owned(),
            rows: all,
            flagged,
            foretold: sum / rows.len().max(1) as f64,
            auc: Measures::of(&foretold).auc,
        }
    };
    let whole: Vec<usize> = (0..scored.len()).collect();
    let mut groups = vec![group("all", &whole)];
    groups.extend(members.iter().map(|(name, rows)| group(name, rows)));
    groups
}
