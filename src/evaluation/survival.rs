//! How long accounts take to pay, counting those who have not yet.

use super::distribution::chi_square_above;
use super::interval::{Interval, two_sided};

/// One account: the days it was watched, and whether it paid at the end of
/// them. One that has not may still; that it left or was cut off says nothing
/// about when it would have paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    pub days: u32,
    pub has_paid: bool,
}

/// A day on which somebody paid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub day: u32,
    /// Not paid before this day, and still watched.
    pub at_risk: u64,
    pub paid: u64,
    /// The share not paid after this day.
    pub unpaid: f64,
    /// Greenwood's sum up to this day.
    greenwood: f64,
}

impl Step {
    /// The interval of the share not paid, on the scale of log(-log), on which
    /// it stays within 0 and 1. `None` once all have paid.
    pub fn interval(&self, alpha: f64) -> Option<Interval> {
        if self.unpaid <= 0.0 {
            return None;
        }
        let log = self.unpaid.ln();
        let off = two_sided(alpha) * self.greenwood.sqrt() / log;
        Some(Interval { low: (log * (-off).exp()).exp(), high: (log * off.exp()).exp() })
    }
}

/// Kaplan's and Meier's curve (Journal of the American Statistical Association
/// 53, 1958, 457-481), a step for each day on which somebody paid.
pub fn curve(accounts: &[Watched]) -> Vec<Step> {
    let (mut unpaid, mut greenwood) = (1.0, 0.0);
    let steps = days(accounts).into_iter().map(|(day, at_risk, paid)| {
        let (n, d) = (at_risk as f64, paid as f64);
        unpaid *= 1.0 - d / n;
        greenwood += d / (n * (n - d));
        Step { day, at_risk, paid, unpaid, greenwood }
    });
    steps.collect()
}

/// The first day after which at most half have not paid.
pub fn median(curve: &[Step]) -> Option<u32> {
    curve.iter().find(|step| step.unpaid <= 0.5).map(|step| step.day)
}

/// Whether two arms pay at the same pace: chi-square with one degree of freedom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogRank {
    pub chi_square: f64,
    pub p: f64,
}

impl LogRank {
    /// Mantel's test (Cancer Chemotherapy Reports 50, 1966, 163-170). `None`
    /// where nobody could tell: nobody paid, or an arm is empty.
    pub fn of(treated: &[Watched], control: &[Watched]) -> Option<LogRank> {
        let all: Vec<Watched> = treated.iter().chain(control).copied().collect();
        let mut treated = treated.to_vec();
        treated.sort_unstable_by_key(|it| it.days);
        let (mut more, mut variance, mut gone) = (0.0, 0.0, 0);
        for (day, at_risk, paid) in days(&all) {
            while treated.get(gone).is_some_and(|it| it.days < day) {
                gone += 1;
            }
            let theirs = treated[gone..].iter().take_while(|it| it.days == day);
            let theirs = theirs.filter(|it| it.has_paid).count() as f64;
            let (n, d, n1) = (at_risk as f64, paid as f64, (treated.len() - gone) as f64);
            more += theirs - d * n1 / n;
            if at_risk > 1 {
                variance += d * (n1 / n) * (1.0 - n1 / n) * (n - d) / (n - 1.0);
            }
        }
        let chi_square = more * more / variance;
        (variance > 0.0).then(|| LogRank { chi_square, p: chi_square_above(chi_square, 1.0) })
    }
}

/// Days on which somebody paid: who was left to pay, and who did.
fn days(accounts: &[Watched]) -> Vec<(u32, u64, u64)> {
    let mut sorted = accounts.to_vec();
    sorted.sort_unstable_by_key(|it| it.days);
    let mut days = Vec::new();
    let mut gone = 0;
    for same in sorted.chunk_by(|a, b| a.days == b.days) {
        let paid = same.iter().filter(|it| it.has_paid).count() as u64;
        if paid > 0 {
            days.push((same[0].days, (sorted.len() - gone) as u64, paid));
        }
        gone += same.len();
    }
    days
}
