//! Whether the arms are as large as they were drawn to be.
//!
//! Where they are not, something between the draw and the count lost accounts
//! of one arm more than of the other, and no estimate is worth reading.

use super::distribution::chi_square_above;

/// Below this an experiment is not read: a draw that works comes here once in a
/// thousand.
pub const ALARM: f64 = 0.001;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    pub chi_square: f64,
    pub p: f64,
}

impl Fit {
    /// Accounts of each arm, and the share that each was to have; shares are
    /// taken against their sum. An arm that was to have nobody and has somebody
    /// fits at no chance.
    pub fn of(arms: &[(u64, f64)]) -> Fit {
        let (accounts, shares) = arms
            .iter()
            .fold((0.0, 0.0), |(accounts, shares), it| (accounts + it.0 as f64, shares + it.1));
        let off = |(found, share): &(u64, f64)| {
            let (found, expected) = (*found as f64, accounts * share / shares);
            if found == expected { 0.0 } else { (found - expected) * (found - expected) / expected }
        };
        let chi_square: f64 = arms.iter().map(off).sum();
        let drawn = arms.iter().filter(|it| it.1 > 0.0).count();
        Fit { chi_square, p: chance(chi_square, drawn) }
    }

    pub fn is_alarm(&self) -> bool {
        // A p that is no number is an alarm too.
        self.p.partial_cmp(&ALARM).is_none_or(|it| it.is_lt())
    }
}

fn chance(chi_square: f64, arms: usize) -> f64 {
    match arms {
        _ if chi_square.is_infinite() => 0.0,
        0 | 1 => 1.0,
        arms => chi_square_above(chi_square, arms as f64 - 1.0),
    }
}
