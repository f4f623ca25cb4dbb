//! Whether a ranking tells who is helped by a reminder: Qini and uplift curves,
//! and the table of tenths.
//!
//! The ranking comes from elsewhere and must not have seen these accounts. What
//! is computed is what scikit-uplift computes, so that figures can be compared;
//! only, accounts that rank alike stay together, and so the order of the rows
//! changes nothing.

use super::proportion::{Proportion, TwoProportions};

/// One account of a trial. The higher it ranks, the more a reminder is thought
/// to help.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    pub rank: f64,
    pub is_treated: bool,
    pub responded: bool,
}

/// Accounts of a trial, those with the highest rank first.
pub struct Ranking(Vec<Ranked>);

/// Points of a curve: the best so many, and the responses gained among them.
pub type Curve = Vec<(f64, f64)>;

/// Who responded among the first so many.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    treated: f64,
    control: f64,
    treated_yes: f64,
    control_yes: f64,
}

/// Nobody in an arm has a rate of nobody.
fn rate(yes: f64, of: f64) -> f64 {
    if of == 0.0 { 0.0 } else { yes / of }
}

impl Counts {
    fn add(&mut self, row: &Ranked) {
        let yes = f64::from(u8::from(row.responded));
        if row.is_treated {
            self.treated += 1.0;
            self.treated_yes += yes;
        } else {
            self.control += 1.0;
            self.control_yes += yes;
        }
    }

    fn all(&self) -> f64 {
        self.treated + self.control
    }

    /// Responses more than the treated would have had untreated.
    fn qini(&self) -> f64 {
        self.treated_yes - self.treated * rate(self.control_yes, self.control)
    }

    /// Responses gained if all of them were treated, and none of them before.
    fn uplift(&self) -> f64 {
        let of_control = rate(self.control_yes, self.control);
        (rate(self.treated_yes, self.treated) - of_control) * self.all()
    }
}

impl Ranking {
    pub fn new(mut rows: Vec<Ranked>) -> Ranking {
        rows.sort_by(|a, b| b.rank.total_cmp(&a.rank));
        Ranking(rows)
    }

    /// Radcliffe's curve (Direct Marketing Analytics Journal 3, 2007, 14-21).
    pub fn qini_curve(&self) -> Curve {
        self.curve(Counts::qini)
    }

    pub fn uplift_curve(&self) -> Curve {
        self.curve(Counts::uplift)
    }

    fn curve(&self, value: impl Fn(&Counts) -> f64) -> Curve {
        let mut counts = Counts::default();
        let mut points = vec![(0.0, 0.0)];
        for alike in self.0.chunk_by(|a, b| a.rank == b.rank) {
            alike.iter().for_each(|row| counts.add(row));
            points.push((counts.all(), value(&counts)));
        }
        points
    }

    /// The area between the Qini curve and a random ranking's, in shares of the
    /// area of the best ranking there could be, which knows what came: 0 is no
    /// better than chance.
    pub fn qini(&self) -> f64 {
        let best = self.ranked_by(|row| match (row.responded, row.is_treated) {
            (true, true) => 1.0,
            (false, _) => 0.0,
            (true, false) => -1.0,
        });
        share_of_best(&self.qini_curve(), &best.qini_curve())
    }

    /// The same against a best ranking that supposes that nobody is annoyed.
    pub fn qini_if_nobody_is_annoyed(&self) -> f64 {
        let all = self.counts();
        let gained = all.qini();
        share_of_best(&self.qini_curve(), &[(0.0, 0.0), (gained, gained), (all.all(), gained)])
    }

    pub fn uplift(&self) -> f64 {
        let all = self.counts();
        let has_more_paid_anyway = all.control_yes > all.treated - all.treated_yes;
        let best = self.ranked_by(|row| {
            let alike = if row.responded == row.is_treated { 2.0 } else { 0.0 };
            let more = if has_more_paid_anyway { row.responded } else { row.is_treated };
            alike + f64::from(u8::from(more))
        });
        share_of_best(&self.uplift_curve(), &best.uplift_curve())
    }

    /// The difference among the best so many of all; `None` where that leaves an
    /// arm empty.
    pub fn difference_in_best(&self, share: f64) -> Option<f64> {
        let count = (self.0.len() as f64 * share) as usize;
        Some(arms(&self.0[..count.min(self.0.len())])?.difference())
    }

    /// The difference between the best so many of each arm.
    pub fn difference_in_best_of_each(&self, share: f64) -> Option<f64> {
        let of = |is_treated: bool| {
            let arm: Vec<Ranked> =
                self.0.iter().filter(|it| it.is_treated == is_treated).copied().collect();
            let count = (arm.len() as f64 * share) as usize;
            arm[..count.min(arm.len())].to_vec()
        };
        Some(arms(&[of(true), of(false)].concat())?.difference())
    }

    /// The accounts in ten parts of equal size, the best first; a part with an
    /// empty arm is `None`. Where more than one account lie on a border and rank
    /// alike, the first rows are in the better part.
    pub fn tenths(&self) -> Vec<Option<TwoProportions>> {
        let (size, larger) = (self.0.len() / TENTHS, self.0.len() % TENTHS);
        let start = |tenth: usize| tenth * size + tenth.min(larger);
        (0..TENTHS).map(|tenth| arms(&self.0[start(tenth)..start(tenth + 1)])).collect()
    }

    /// The mean of the tenths' differences, each as heavy as its treated.
    pub fn mean_of_tenths(&self) -> f64 {
        let tenths = self.tenths();
        let known = || tenths.iter().flatten();
        let weight = |it: &TwoProportions| it.treated().of as f64;
        let sum: f64 = known().map(|it| it.difference() * weight(it)).sum();
        rate(sum, known().map(weight).sum())
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.0.iter().for_each(|row| counts.add(row));
        counts
    }

    fn ranked_by(&self, rank: impl Fn(&Ranked) -> f64) -> Ranking {
        Ranking::new(self.0.iter().map(|row| Ranked { rank: rank(row), ..*row }).collect())
    }
}

const TENTHS: usize = 10;

fn arms(rows: &[Ranked]) -> Option<TwoProportions> {
    let arm = |is_treated: bool| {
        let arm = || rows.iter().filter(|it| it.is_treated == is_treated);
        let yes = arm().filter(|it| it.responded).count() as u64;
        Proportion { yes, of: arm().count() as u64 }
    };
    TwoProportions::new(arm(true), arm(false))
}

fn area(curve: &[(f64, f64)]) -> f64 {
    curve.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[1].1 + pair[0].1) / 2.0).sum()
}

/// Both areas are counted from the straight line to the end of the best curve.
fn share_of_best(curve: &[(f64, f64)], best: &[(f64, f64)]) -> f64 {
    let line = best.last().map_or(0.0, |(count, gained)| count * gained / 2.0);
    rate(area(curve) - line, area(best) - line)
}
