//! Intervals that may be looked at every day.
//!
//! An ordinary 95 % interval is right 19 times in 20 if it is read once. Who
//! looks each day, and stops when it excludes zero, is wrong far more often.
//! The interval here holds at all looks together: the chance that it ever
//! misses the true difference stays below `alpha`, however often one looks and
//! whenever one stops.
//!
//! It is the normal mixture: Robbins's (Annals of Mathematical Statistics 41,
//! 1970, 1397-1409) as the mixture sequential probability ratio test of Johari,
//! Koomen, Pekelis and Walsh (Operations Research 70, 2022, 1806-1821), which
//! with variances estimated from the data is the asymptotic confidence sequence
//! of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (Annals of Statistics 52,
//! 2024, 2613-2640). It asks for nothing but a difference and its standard
//! error, so the same lines serve shares, means and CUPED, with arms of
//! different sizes.

use super::interval::{Estimate, Interval};
use super::mean::{Moments, Welch};
use super::proportion::{Proportion, TwoProportions};

/// Until each arm has so many that did and so many that did not, standard
/// errors are guesses, and there is no interval.
pub const FEW: u64 = 10;
/// The same for means, which may be skewed: accounts in each arm.
pub const FEW_VALUES: u64 = 100;

/// The differences that the interval is sharp for, as a variance. It is written
/// down with the plan: chosen after the data it would promise nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixture {
    variance: f64,
}

impl Mixture {
    /// The mixture that is sharpest when the estimate has come to this standard
    /// error, which is the planned one. It holds before and after that too.
    pub fn sharpest_at(standard_error: f64, alpha: f64) -> Mixture {
        Mixture { variance: stretch(alpha) * standard_error * standard_error }
    }

    /// Standard errors on either side at this standard error.
    pub fn reach(&self, standard_error: f64, alpha: f64) -> f64 {
        let ratio = self.variance / (standard_error * standard_error);
        ((1.0 + 1.0 / ratio) * (ratio.ln_1p() - 2.0 * alpha.ln())).sqrt()
    }

    pub fn interval(&self, estimate: &Estimate, alpha: f64) -> Interval {
        let Estimate { difference, standard_error } = *estimate;
        Interval::around(difference, self.reach(standard_error, alpha) * standard_error)
    }

    /// The interval of two shares as of today; `None` while there is too little.
    pub fn of_proportions(&self, arms: &TwoProportions, alpha: f64) -> Option<Interval> {
        let is_enough = |arm: Proportion| arm.yes >= FEW && arm.of - arm.yes >= FEW;
        (is_enough(arms.treated()) && is_enough(arms.control()))
            .then(|| self.interval(&arms.estimate(), alpha))
    }

    /// The interval of two means as of today; `None` while there is too little.
    pub fn of_means(&self, treated: &Moments, control: &Moments, alpha: f64) -> Option<Interval> {
        let is_enough = |arm: &Moments| arm.count >= FEW_VALUES && arm.variance > 0.0;
        (is_enough(treated) && is_enough(control))
            .then(|| self.interval(&Welch::of(treated, control).estimate, alpha))
    }
}

/// Standard errors on either side of the interval, where it is sharpest.
pub fn reach_at_best(alpha: f64) -> f64 {
    Mixture::sharpest_at(1.0, alpha).reach(1.0, alpha)
}

/// The mixture's variance, in squared standard errors, at which `reach` is
/// least: the root of `k = ln(1 + k) - 2 ln(alpha)`.
fn stretch(alpha: f64) -> f64 {
    let wanted = -2.0 * alpha.ln();
    // The right side grows more slowly than the left: this comes closer each time.
    (0..ROUNDS).fold(wanted, |k, _| wanted + k.ln_1p())
}

/// Each round gains a digit or so.
const ROUNDS: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_planned_error_no_other_mixture_is_sharper() {
        for alpha in [0.2, 0.05, 0.001] {
            let best = Mixture::sharpest_at(0.01, alpha);
            for factor in [0.5, 0.9, 1.1, 2.0] {
                let other = Mixture { variance: best.variance * factor };
                assert!(other.reach(0.01, alpha) > best.reach(0.01, alpha), "{alpha} {factor}");
            }
        }
    }
}
