//! How many did something in each of two arms, and how far apart they are.
//!
//! Newcombe's interval is the one that reports use: it stays within -1 and 1
//! and covers what it says with a few hundred accounts too. The others are
//! here because others print them.

use super::distribution::{chi_square_above, normal_beyond};
use super::exact;
use super::interval::{Estimate, Interval, two_sided};

/// How many of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    pub yes: u64,
    pub of: u64,
}

impl Proportion {
    pub fn rate(self) -> f64 {
        self.yes as f64 / self.of as f64
    }

    fn variance(self) -> f64 {
        self.rate() * (1.0 - self.rate()) / self.of as f64
    }

    /// Wilson's score interval (Journal of the American Statistical
    /// Association 22, 1927, 209-212).
    pub fn wilson(self, alpha: f64) -> Interval {
        let (n, p, z) = (self.of as f64, self.rate(), two_sided(alpha));
        let stretch = 1.0 + z * z / n;
        let middle = (p + z * z / (2.0 * n)) / stretch;
        let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / stretch;
        let interval = Interval::around(middle, half);
        // At the ends the exact values are 0 and 1; rounding misses them.
        Interval {
            low: if self.yes == 0 { 0.0 } else { interval.low },
            high: if self.yes == self.of { 1.0 } else { interval.high },
        }
    }
}

/// Two arms, neither of them empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoProportions {
    treated: Proportion,
    control: Proportion,
}

impl TwoProportions {
    /// `None` where an arm has nobody in it, or more that did than there are.
    pub fn new(treated: Proportion, control: Proportion) -> Option<TwoProportions> {
        let is_sound = |arm: Proportion| arm.of > 0 && arm.yes <= arm.of;
        (is_sound(treated) && is_sound(control)).then_some(TwoProportions { treated, control })
    }

    pub fn treated(&self) -> Proportion {
        self.treated
    }

    pub fn control(&self) -> Proportion {
        self.control
    }

    pub fn difference(&self) -> f64 {
        self.treated.rate() - self.control.rate()
    }

    pub fn estimate(&self) -> Estimate {
        let variance = self.treated.variance() + self.control.variance();
        Estimate { difference: self.difference(), standard_error: variance.sqrt() }
    }

    /// How much more, in shares of what the control arm has. `None` where it
    /// has nothing.
    pub fn relative_lift(&self) -> Option<f64> {
        (self.control.yes > 0).then(|| self.treated.rate() / self.control.rate() - 1.0)
    }

    pub fn wald(&self, alpha: f64) -> Interval {
        self.estimate().interval(alpha)
    }

    /// Newcombe's hybrid of two Wilson intervals: method 10 of Statistics in
    /// Medicine 17, 1998, 873-890.
    pub fn newcombe(&self, alpha: f64) -> Interval {
        let (p1, p0, difference) = (self.treated.rate(), self.control.rate(), self.difference());
        let (one, nought) = (self.treated.wilson(alpha), self.control.wilson(alpha));
        Interval {
            low: difference - (p1 - one.low).hypot(nought.high - p0),
            high: difference + (one.high - p1).hypot(p0 - nought.low),
        }
    }

    /// Wald's, after one that did and one that did not are added to each arm
    /// (Agresti and Caffo, The American Statistician 54, 2000, 280-288).
    pub fn agresti_caffo(&self, alpha: f64) -> Interval {
        let more = |arm: Proportion| Proportion { yes: arm.yes + 1, of: arm.of + 2 };
        TwoProportions { treated: more(self.treated), control: more(self.control) }.wald(alpha)
    }

    /// The differences that a score test does not refuse (Miettinen and
    /// Nurminen, Statistics in Medicine 4, 1985, 213-226).
    pub fn score(&self, alpha: f64) -> Interval {
        let z = two_sided(alpha);
        let difference = self.difference();
        // The test statistic falls as the supposed difference grows.
        let find = |mut refused: f64, mut held: f64| {
            for _ in 0..HALVINGS {
                let middle = (refused + held) / 2.0;
                if self.score_at(middle).abs() > z { refused = middle } else { held = middle }
            }
            (refused + held) / 2.0
        };
        Interval { low: find(-1.0, difference), high: find(1.0, difference) }
    }

    /// The score statistic where the true difference is supposed to be `delta`.
    fn score_at(&self, delta: f64) -> f64 {
        let (n1, n0) = (self.treated.of as f64, self.control.of as f64);
        let n = n1 + n0;
        let p0 = self.control_supposing(delta);
        let p1 = p0 + delta;
        let variance = (p1 * (1.0 - p1) / n1 + p0 * (1.0 - p0) / n0) * n / (n - 1.0);
        let gap = self.difference() - delta;
        if gap == 0.0 { 0.0 } else { gap / variance.max(f64::MIN_POSITIVE).sqrt() }
    }

    /// The likeliest rate of the control arm under a supposed difference: the
    /// root of a cubic, as the appendix of Miettinen and Nurminen has it.
    fn control_supposing(&self, delta: f64) -> f64 {
        let (n1, n0) = (self.treated.of as f64, self.control.of as f64);
        let (x0, yes) = (self.control.yes as f64, (self.treated.yes + self.control.yes) as f64);
        let l3 = n1 + n0;
        let l2 = (n1 + 2.0 * n0) * delta - l3 - yes;
        let l1 = (n0 * delta - l3 - 2.0 * x0) * delta + yes;
        let l0 = x0 * delta * (1.0 - delta);
        let third = l2 / (3.0 * l3);
        let q = third.powi(3) - l1 * l2 / (6.0 * l3 * l3) + l0 / (2.0 * l3);
        let p = (third * third - l1 / (3.0 * l3)).max(0.0).sqrt().copysign(q);
        let cosine = if p == 0.0 { 0.0 } else { (q / p.powi(3)).clamp(-1.0, 1.0) };
        let angle = (std::f64::consts::PI + libm::acos(cosine)) / 3.0;
        let root = 2.0 * p * libm::cos(angle) - third;
        root.clamp((-delta).max(0.0), (1.0 - delta).min(1.0))
    }

    /// The test of no difference, in standard errors under that. 0 where all
    /// did alike.
    pub fn z(&self) -> f64 {
        let (n1, n0) = (self.treated.of as f64, self.control.of as f64);
        let rate = (self.treated.yes + self.control.yes) as f64 / (n1 + n0);
        let variance = rate * (1.0 - rate) * (1.0 / n1 + 1.0 / n0);
        if variance == 0.0 { 0.0 } else { self.difference() / variance.sqrt() }
    }

    pub fn z_p(&self) -> f64 {
        normal_beyond(self.z())
    }

    /// Pearson's chi-square of the table of two by two.
    pub fn chi_square(&self) -> f64 {
        self.chi_square_less(0.0)
    }

    /// Yates's, which is never less careful.
    pub fn chi_square_yates(&self) -> f64 {
        self.chi_square_less(0.5)
    }

    fn chi_square_less(&self, correction: f64) -> f64 {
        let (n1, n0) = (self.treated.of as f64, self.control.of as f64);
        let yes = (self.treated.yes + self.control.yes) as f64;
        let (n, no) = (n1 + n0, n1 + n0 - yes);
        if yes == 0.0 || no == 0.0 {
            return 0.0;
        }
        // Each cell is as far from what is expected as each other one.
        let off = (self.treated.yes as f64 - n1 * yes / n).abs();
        let off = off - correction.min(off);
        off * off * n.powi(3) / (n1 * n0 * yes * no)
    }

    pub fn chi_square_p(&self) -> f64 {
        chi_square_above(self.chi_square(), 1.0)
    }

    pub fn chi_square_yates_p(&self) -> f64 {
        chi_square_above(self.chi_square_yates(), 1.0)
    }

    /// Fisher's exact test, two-sided: for arms of a few dozen.
    pub fn fisher_p(&self) -> f64 {
        exact::fisher_p(self.treated, self.control)
    }
}

/// Halvings that bring an interval of 2 below what a float tells apart.
const HALVINGS: u32 = 60;
