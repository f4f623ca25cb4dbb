//! Score intervals. The reference file has statsmodels's, and statsmodels has a
//! slip there: in the linear coefficient of the cubic, `count0` stands where
//! `nobs0` belongs (statsmodels issue 10269). We do not repeat it.
//!
//! So the intervals are held against what has been printed, and against the
//! likelihood itself; and the reference's values are reproduced with the slip,
//! which shows that there is no other difference.

use duebell::evaluation::proportion::{Proportion, TwoProportions};
use proptest::prelude::*;
use serde_json::Value;

use super::hillstrom::number;
use super::same;

/// Beyond which a standard normal lies 5 % of the time.
const Z: f64 = 1.959963984540054;

fn arms(treated: (u64, u64), control: (u64, u64)) -> TwoProportions {
    let arm = |(yes, of)| Proportion { yes, of };
    TwoProportions::new(arm(treated), arm(control)).unwrap()
}

/// Newcombe's table II (Statistics in Medicine 17, 1998, 873-890), method 6.
#[test]
fn score_intervals_are_those_that_newcombe_printed() {
    let found = arms((56, 70), (48, 80)).score(0.05);
    assert_eq!(format!("{:.4} {:.4}", found.low, found.high), "0.0528 0.3382");
    // And to more digits, as scipy's brentq finds them on the likelihood.
    same("low", found.low, 0.05282971324584467, 11);
    same("high", found.high, 0.33817294001586845, 11);
}

/// The rate of the control arm at which the likelihood is flat, by halving: no
/// cubic, no cosine.
fn likeliest(arms: &TwoProportions, delta: f64) -> f64 {
    let (treated, control) = (arms.treated(), arms.control());
    let slope = |p: f64| {
        let part =
            |arm: Proportion, p: f64| arm.yes as f64 / p - (arm.of - arm.yes) as f64 / (1.0 - p);
        part(treated, p + delta) + part(control, p)
    };
    let (mut low, mut high) = ((-delta).max(0.0), (1.0 - delta).min(1.0));
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if slope(middle) > 0.0 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

fn z_at(arms: &TwoProportions, delta: f64, control: f64) -> f64 {
    let (n1, n0) = (arms.treated().of as f64, arms.control().of as f64);
    let rate = control + delta;
    let variance = rate * (1.0 - rate) / n1 + control * (1.0 - control) / n0;
    (arms.difference() - delta) / (variance * (n1 + n0) / (n1 + n0 - 1.0)).sqrt()
}

#[test]
fn at_both_ends_the_likelihood_puts_the_difference_as_far_off_as_it_may_be() {
    for (treated, control) in [
        ((9, 10), (3, 10)),
        ((0, 30), (4, 25)),
        ((30, 30), (28, 40)),
        ((3894, 21307), (2262, 21306)),
    ] {
        let arms = arms(treated, control);
        let found = arms.score(0.05);
        for (delta, z) in [(found.low, Z), (found.high, -Z)] {
            same("z", z_at(&arms, delta, likeliest(&arms, delta)), z, 8);
        }
    }
}

proptest! {
    /// Empty cells and arms of one included.
    #[test]
    fn an_interval_of_any_two_arms_holds_their_difference_and_stays_in_bounds(
        n1 in 1_u64..60, n0 in 1_u64..60, some in 0.0..=1.0_f64, others in 0.0..=1.0_f64,
    ) {
        let part = |share: f64, of: u64| (share * of as f64).round() as u64;
        let arms = arms((part(some, n1), n1), (part(others, n0), n0));
        for interval in [arms.score(0.05), arms.newcombe(0.05)] {
            prop_assert!(interval.holds(arms.difference()), "{interval:?}");
            prop_assert!(interval.low >= -1.0 - 1e-12 && interval.high <= 1.0 + 1e-12);
            prop_assert!(interval.high - interval.low > 0.01, "{interval:?}");
        }
        let p = arms.fisher_p();
        prop_assert!(0.0 < p && p <= 1.0, "{p}");
    }

    /// Who turns the question round gets the same answer.
    #[test]
    fn arms_that_change_places_differ_by_as_much_the_other_way(
        n1 in 1_u64..60, n0 in 1_u64..60, some in 0.0..=1.0_f64, others in 0.0..=1.0_f64,
    ) {
        let part = |share: f64, of: u64| (share * of as f64).round() as u64;
        let (one, other) = ((part(some, n1), n1), (part(others, n0), n0));
        let (there, back) = (arms(one, other), arms(other, one));
        for kind in [TwoProportions::score, TwoProportions::newcombe, TwoProportions::wald] {
            let (there, back) = (kind(&there, 0.05), kind(&back, 0.05));
            prop_assert!((there.low + back.high).abs() < 1e-9, "{there:?} {back:?}");
            prop_assert!((there.high + back.low).abs() < 1e-9, "{there:?} {back:?}");
        }
    }
}

/// As statsmodels has it, slip included.
fn slipped(arms: &TwoProportions, delta: f64) -> f64 {
    let (n1, n0) = (arms.treated().of as f64, arms.control().of as f64);
    let (x0, x1) = (arms.control().yes as f64, arms.treated().yes as f64);
    let n = n1 + n0;
    let l2 = (n1 + 2.0 * n0) * delta - n - (x0 + x1);
    let l1 = (x0 * delta - n - 2.0 * x0) * delta + x0 + x1;
    let third = l2 / (3.0 * n);
    let q = third.powi(3) - l1 * l2 / (6.0 * n * n) + x0 * delta * (1.0 - delta) / (2.0 * n);
    let p = (third * third - l1 / (3.0 * n)).sqrt().copysign(q);
    let angle = (std::f64::consts::PI + (q / p.powi(3)).acos()) / 3.0;
    2.0 * p * angle.cos() - third
}

/// The reference's interval is ours but for the slip, and close to it.
#[track_caller]
pub fn same_but_for_the_slip(arms: &TwoProportions, expected: &Value) {
    let ours = arms.score(0.05);
    let (low, high) = (number(&expected[0]), number(&expected[1]));
    same("z at its lower end", z_at(arms, low, slipped(arms, low)), Z, 8);
    same("z at its upper end", z_at(arms, high, slipped(arms, high)), -Z, 8);
    let near = 0.02 * arms.estimate().standard_error;
    assert!((ours.low - low).abs() < near && (ours.high - high).abs() < near, "{ours:?}");
}
