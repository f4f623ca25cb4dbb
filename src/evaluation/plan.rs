//! How many accounts an experiment takes.
//!
//! Found out before: an experiment that is too small shows nothing whatever is
//! true, and leaves people unreminded for it.

use super::distribution::{normal_below, normal_quantile};
use super::interval::two_sided;
use super::sequential::{Mixture, reach_at_best};

/// What is to be found, and how surely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wish {
    /// The share that does it without the treatment.
    pub baseline: f64,
    /// The least effect worth finding, as a difference of shares; below 0 where
    /// fewer are to do it.
    pub effect: f64,
    /// How often an effect is claimed where there is none.
    pub alpha: f64,
    /// How often the effect is found where it is there.
    pub power: f64,
    /// The share of accounts in the control arm.
    pub share: f64,
}

/// Why there is no plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadWish {
    #[error("the baseline is a share between 0 and 1")]
    Baseline,
    #[error("an effect of 0 cannot be found")]
    NoEffect,
    #[error("the baseline with the effect must lie between 0 and 1")]
    Effect,
    #[error("alpha is a share between 0 and 0.5")]
    Alpha,
    #[error("power is a share between alpha and 1")]
    Power,
    #[error("the share of the control arm lies between 0 and 1")]
    Share,
}

/// Accounts in each arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    pub control: u64,
    pub treated: u64,
}

impl Sizes {
    pub fn all(self) -> u64 {
        self.control.saturating_add(self.treated)
    }
}

/// A wish that can be granted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan(Wish);

impl Plan {
    pub fn new(wish: Wish) -> Result<Plan, BadWish> {
        let is_inside = |share: f64, least: f64, most: f64| least < share && share < most;
        let Wish { baseline, effect, alpha, power, share } = wish;
        let rules = [
            (is_inside(baseline, 0.0, 1.0), BadWish::Baseline),
            (effect != 0.0, BadWish::NoEffect),
            (is_inside(baseline + effect, 0.0, 1.0), BadWish::Effect),
            (is_inside(alpha, 0.0, 0.5), BadWish::Alpha),
            (is_inside(power, alpha, 1.0), BadWish::Power),
            (is_inside(share, 0.0, 1.0), BadWish::Share),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, bad)) => Err(bad),
            None => Ok(Plan(wish)),
        }
    }

    /// Sizes for an experiment that is read once, at its end (Fleiss, Tytun and
    /// Ury, Biometrics 36, 1980, 343-346, without their correction): the
    /// variance under no effect for the test, and the true one for the power.
    pub fn read_once(&self) -> Sizes {
        let reach = two_sided(self.0.alpha) * self.null_variance().sqrt()
            + normal_quantile(self.0.power) * self.variance().sqrt();
        self.sizes(reach)
    }

    /// Sizes for one that is looked at every day, by intervals that hold at all
    /// looks together. It is what it takes if one waits until the end; an
    /// effect that is there shows earlier as a rule.
    pub fn read_daily(&self) -> Sizes {
        let reach = reach_at_best(self.0.alpha) + normal_quantile(self.0.power);
        self.sizes(reach * self.variance().sqrt())
    }

    /// The intervals to look at every day: sharpest at the size for that.
    pub fn mixture(&self) -> Mixture {
        let accounts = self.read_daily().all() as f64;
        Mixture::sharpest_at(self.standard_error(accounts), self.0.alpha)
    }

    /// Sizes by Cohen's h, which others print (Statistical Power Analysis for
    /// the Behavioral Sciences, 1988, chapter 6). Accounts of the treated arm,
    /// not rounded.
    pub fn treated_by_arcsine(&self) -> f64 {
        let reach = two_sided(self.0.alpha) + normal_quantile(self.0.power);
        (reach / self.cohen_h()).powi(2) / self.0.share
    }

    pub fn cohen_h(&self) -> f64 {
        let angle = |share: f64| 2.0 * libm::asin(share.sqrt());
        angle(self.0.baseline + self.0.effect) - angle(self.0.baseline)
    }

    /// How often the effect is found with so many accounts, read once.
    pub fn power(&self, accounts: f64) -> f64 {
        let found = self.0.effect.abs() * accounts.sqrt();
        let threshold = two_sided(self.0.alpha) * self.null_variance().sqrt();
        normal_below((found - threshold) / self.variance().sqrt())
    }

    /// The standard error that the difference has with so many accounts.
    pub fn standard_error(&self, accounts: f64) -> f64 {
        (self.variance() / accounts).sqrt()
    }

    /// Of the difference, with one account in all.
    fn variance(&self) -> f64 {
        let Wish { baseline, effect, share, .. } = self.0;
        let treated = baseline + effect;
        treated * (1.0 - treated) / (1.0 - share) + baseline * (1.0 - baseline) / share
    }

    /// The same if both arms had the rate of all.
    fn null_variance(&self) -> f64 {
        let Wish { baseline, effect, share, .. } = self.0;
        let rate = baseline + effect * (1.0 - share);
        rate * (1.0 - rate) / (share * (1.0 - share))
    }

    fn sizes(&self, reach: f64) -> Sizes {
        let accounts = (reach / self.0.effect).powi(2);
        let control = (accounts * self.0.share).ceil() as u64;
        let treated = (accounts * (1.0 - self.0.share)).ceil() as u64;
        Sizes { control, treated }
    }
}
