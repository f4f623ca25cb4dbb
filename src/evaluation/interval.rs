//! A difference, how sure we are of it, and the sober word for it.

use std::fmt;

use super::distribution::normal_quantile;

/// Where a difference lies, ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    pub fn around(middle: f64, half: f64) -> Interval {
        Interval { low: middle - half, high: middle + half }
    }

    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// What may be said to people. A number that is not one says nothing.
    pub fn shown(&self) -> Shown {
        if self.low > 0.0 {
            Shown::More
        } else if self.high < 0.0 {
            Shown::Less
        } else {
            Shown::Nothing
        }
    }
}

/// What an interval shows: of two arms, whether the one under test has more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    More,
    Less,
    /// The interval includes zero. That is not the same as no effect: the
    /// effect may be anything in it.
    Nothing,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Shown::More => "more",
            Shown::Less => "less",
            Shown::Nothing => "no effect shown",
        })
    }
}

/// A difference between two arms, treated less control.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub difference: f64,
    pub standard_error: f64,
}

impl Estimate {
    /// The interval that misses `alpha` of the time, by the normal
    /// distribution, where one looks once.
    pub fn interval(&self, alpha: f64) -> Interval {
        Interval::around(self.difference, two_sided(alpha) * self.standard_error)
    }
}

/// Standard errors on either side that leave `alpha` outside.
pub(super) fn two_sided(alpha: f64) -> f64 {
    -normal_quantile(alpha / 2.0)
}
