//! What an experiment came to so far, in words that promise no more than it
//! shows.
//!
//! Everybody who came in counts in the arm that was drawn, whatever happened
//! after (intention to treat). The interval holds however often one looks
//! ([`super::sequential`]); it is as sharp as can be at the planned size.

use serde::Serialize;

use super::interval::{Interval, Shown};
use super::mismatch::Fit;
use super::plan::{BadWish, Plan, Wish};
use super::proportion::{Proportion, TwoProportions};
use crate::model::experiment::{Arm, Design, Tally};

/// What it takes.
///
/// # Errors
/// Where the design's shares ask for what cannot be found.
pub fn plan(design: &Design) -> Result<Plan, BadWish> {
    let Design { share, baseline, least_effect: effect, alpha, power, .. } = *design;
    Plan::new(Wish { baseline, effect, alpha, power, share })
}

/// One arm as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ArmCount {
    pub accounts: u64,
    pub known: u64,
    pub paid: u64,
    pub opted_out: u64,
}

impl ArmCount {
    fn of(arm: Arm, tallies: &[Tally]) -> ArmCount {
        let of_it = tallies.iter().filter(|it| it.arm == arm);
        of_it.fold(ArmCount::default(), |sum, it| ArmCount {
            accounts: sum.accounts + it.accounts,
            known: sum.known + it.known,
            paid: sum.paid + it.paid,
            opted_out: sum.opted_out + it.opted_out,
        })
    }

    fn payers(self) -> Proportion {
        Proportion { yes: self.paid, of: self.known }
    }

    fn leavers(self) -> Proportion {
        Proportion { yes: self.opted_out, of: self.accounts }
    }
}

/// An experiment as of today.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub reminded: ArmCount,
    pub holdout: ArmCount,
    /// Whether the arms are as large as they were drawn to be.
    pub fit: Fit,
    /// How many more of the reminded pay, as a difference of shares; `None`
    /// while nobody's day is over.
    pub difference: Option<f64>,
    /// It may be looked at every day; `None` while there is too little.
    pub interval: Option<Interval>,
    /// How many more of the reminded complain or opt out, with Newcombe's
    /// interval, which is to be read once.
    pub opt_outs: Option<(f64, Interval)>,
    alpha: f64,
    harm_most: f64,
}

impl Reading {
    pub fn of(design: &Design, tallies: &[Tally]) -> Reading {
        let Design { share, alpha, harm_most, .. } = *design;
        let reminded = ArmCount::of(Arm::Reminded, tallies);
        let holdout = ArmCount::of(Arm::Holdout, tallies);
        let paid = TwoProportions::new(reminded.payers(), holdout.payers());
        let left = TwoProportions::new(reminded.leavers(), holdout.leavers());
        let plan = plan(design).ok();
        let looked =
            |(plan, arms): (Plan, TwoProportions)| plan.mixture().of_proportions(&arms, alpha);
        Reading {
            reminded,
            holdout,
            fit: Fit::of(&[(reminded.accounts, 1.0 - share), (holdout.accounts, share)]),
            difference: paid.map(|arms| arms.difference()),
            interval: plan.zip(paid).and_then(looked),
            opt_outs: left.map(|arms| (arms.difference(), arms.newcombe(alpha))),
            alpha,
            harm_most,
        }
    }

    /// What may be said of it. An experiment whose arms are not as they were
    /// drawn says nothing.
    pub fn shown(&self) -> Shown {
        match self.interval {
            Some(interval) if !self.fit.is_alarm() => interval.shown(),
            _ => Shown::Nothing,
        }
    }

    /// Why it is to end: the unreminded certainly pay less often by more than
    /// was allowed for.
    pub fn harm(&self) -> Option<String> {
        let low = self.interval.filter(|it| it.low > self.harm_most)?.low;
        Some(format!(
            "the unreminded pay less often by at least {:.1} points, and {:.1} were allowed",
            low * 100.0,
            self.harm_most * 100.0
        ))
    }

    /// Accounts that paid and would not have, of the reminded whose day is over.
    pub fn saved(&self) -> Option<(f64, Interval)> {
        let (difference, interval) = self.difference.zip(self.interval)?;
        let known = self.reminded.known as f64;
        Some((
            difference * known,
            Interval { low: interval.low * known, high: interval.high * known },
        ))
    }

    /// How sure the intervals are, in percent.
    pub fn sure(&self) -> f64 {
        (1.0 - self.alpha) * 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::experiment;

    /// Half of the accounts hear nothing.
    fn design() -> Design {
        Design { share: 0.5, ..experiment::tests::design() }
    }

    fn tally(arm: Arm, known: u64, paid: u64) -> Tally {
        Tally { arm, tier: "ordinary".into(), accounts: known + 10, known, paid, opted_out: 3 }
    }

    fn read(reminded: (u64, u64), holdout: (u64, u64)) -> Reading {
        let arms = [
            tally(Arm::Reminded, reminded.0, reminded.1),
            tally(Arm::Holdout, holdout.0, holdout.1),
        ];
        Reading::of(&design(), &arms)
    }

    #[test]
    fn the_words_promise_no_more_than_is_shown() {
        assert_eq!(Reading::of(&design(), &[]).shown(), Shown::Nothing);
        assert_eq!(read((10, 9), (10, 2)).interval, None, "too few");
        assert_eq!(read((4_000, 2_800), (4_000, 2_790)).shown(), Shown::Nothing);
        assert_eq!(read((4_000, 3_000), (4_000, 2_700)).shown(), Shown::More);
        assert_eq!(read((4_000, 2_700), (4_000, 3_000)).shown(), Shown::Less);
        // Whatever it shows: somebody was lost on the way.
        let lost = read((4_000, 3_000), (3_000, 2_000));
        assert!(lost.fit.is_alarm() && lost.interval.is_some());
        assert_eq!(lost.shown(), Shown::Nothing);
    }

    #[test]
    fn strata_add_up() {
        let parts = [tally(Arm::Reminded, 40, 30), tally(Arm::Reminded, 60, 20)];
        let whole = Reading::of(&design(), &parts).reminded;
        assert_eq!((whole.accounts, whole.known, whole.paid), (120, 100, 50));
    }

    #[test]
    fn harm_is_certain_or_it_is_none() {
        assert_eq!(read((4_000, 3_000), (4_000, 2_700)).harm(), None);
        let harm = read((4_000, 3_200), (4_000, 2_400)).harm().unwrap();
        assert!(harm.contains("at least 1") && harm.contains("10.0 were allowed"), "{harm}");
        let (saved, interval) = read((4_000, 3_200), (4_000, 2_400)).saved().unwrap();
        assert!((saved - 800.0).abs() < 1e-6 && interval.holds(800.0));
    }
}
