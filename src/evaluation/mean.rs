//! Amounts and days in each of two arms, and how far apart their means are.

use super::distribution::{t_beyond, t_two_sided};
use super::interval::{Estimate, Interval};

/// How many, their mean, and how they spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    pub count: u64,
    pub mean: f64,
    /// With one less in the divisor.
    pub variance: f64,
}

impl Moments {
    /// `None` for fewer than two: one alone does not spread.
    pub fn of(values: &[f64]) -> Option<Moments> {
        if values.len() < 2 {
            return None;
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|it| (it - mean) * (it - mean)).sum();
        Some(Moments { count: values.len() as u64, mean, variance: squares / (n - 1.0) })
    }

    /// Of both together: a day's accounts added to those of the days before.
    pub fn and(&self, other: &Moments) -> Moments {
        let (n, m) = (self.count as f64, other.count as f64);
        let apart = other.mean - self.mean;
        let squares = self.variance * (n - 1.0) + other.variance * (m - 1.0);
        Moments {
            count: self.count + other.count,
            mean: self.mean + apart * m / (n + m),
            variance: (squares + apart * apart * n * m / (n + m)) / (n + m - 1.0),
        }
    }

    fn of_mean(&self) -> f64 {
        self.variance / self.count as f64
    }
}

/// Two arms whose spreads may differ (Welch, Biometrika 34, 1947, 28-35).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Welch {
    pub estimate: Estimate,
    /// Welch's and Satterthwaite's; not whole.
    pub freedom: f64,
}

impl Welch {
    pub fn of(treated: &Moments, control: &Moments) -> Welch {
        let (v1, v0) = (treated.of_mean(), control.of_mean());
        let share = |v: f64, count: u64| v * v / (count as f64 - 1.0);
        let below = share(v1, treated.count) + share(v0, control.count);
        let most = (treated.count + control.count) as f64 - 2.0;
        Welch {
            estimate: Estimate {
                difference: treated.mean - control.mean,
                standard_error: (v1 + v0).sqrt(),
            },
            freedom: if below == 0.0 { most } else { (v1 + v0) * (v1 + v0) / below },
        }
    }

    /// 0 where nothing differs, and infinite where the arms differ and nobody
    /// within them does.
    pub fn t(&self) -> f64 {
        let Estimate { difference, standard_error } = self.estimate;
        if difference == 0.0 { 0.0 } else { difference / standard_error }
    }

    pub fn p(&self) -> f64 {
        t_beyond(self.t(), self.freedom)
    }

    pub fn interval(&self, alpha: f64) -> Interval {
        let half = t_two_sided(alpha, self.freedom) * self.estimate.standard_error;
        Interval::around(self.estimate.difference, half)
    }
}
