//! CUPED: what an account did before the draw explains part of what it does
//! after, and that part is taken away from both arms alike (Deng, Xu, Kohavi
//! and Walker, WSDM 2013).
//!
//! What was known before cannot have been changed by a reminder, so the
//! difference is the same on average, and its error is smaller by as much as
//! before foretells after. Anything written down after the draw would take
//! part of the effect away with it.

use super::mean::{Moments, Welch};

/// One account: what is measured, and what it did before the draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    pub outcome: f64,
    pub before: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cuped {
    /// How much of the outcome goes with one unit of before.
    pub theta: f64,
    pub correlation: f64,
    pub raw: Welch,
    pub adjusted: Welch,
}

impl Cuped {
    /// `None` where an arm has fewer than two, or `before` is the same for all.
    pub fn of(treated: &[Seen], control: &[Seen]) -> Option<Cuped> {
        let all = || treated.iter().chain(control);
        let outcomes = Moments::of(&all().map(|it| it.outcome).collect::<Vec<_>>())?;
        let before = Moments::of(&all().map(|it| it.before).collect::<Vec<_>>())?;
        if before.variance == 0.0 {
            return None;
        }
        let products =
            all().map(|it| (it.outcome - outcomes.mean) * (it.before - before.mean)).sum::<f64>();
        let covariance = products / (before.count as f64 - 1.0);
        let theta = covariance / before.variance;
        let spread = (outcomes.variance * before.variance).sqrt();
        let compared = |theta: f64| {
            let left = |it: &Seen| it.outcome - theta * (it.before - before.mean);
            let arm = |arm: &[Seen]| Moments::of(&arm.iter().map(left).collect::<Vec<_>>());
            Some(Welch::of(&arm(treated)?, &arm(control)?))
        };
        Some(Cuped {
            theta,
            correlation: if spread == 0.0 { 0.0 } else { covariance / spread },
            raw: compared(0.0)?,
            adjusted: compared(theta)?,
        })
    }

    /// What is left of the variance: 0.9 saves a tenth of the accounts.
    pub fn variance_left(&self) -> f64 {
        let error = |of: &Welch| of.estimate.standard_error;
        let ratio = error(&self.adjusted) / error(&self.raw);
        ratio * ratio
    }
}
