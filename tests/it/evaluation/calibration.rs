//! Intervals that say 95 %, over many experiments whose truth is known.
//!
//! Rates and effects are of the size that published trials of payment reminders
//! found, and none. Each figure that `docs/EVALUATION.md` quotes is printed.

use duebell::evaluation::Interval;
use duebell::evaluation::cuped::{Cuped, Seen};
use duebell::evaluation::mean::{Moments, Welch};
use duebell::evaluation::proportion::{Proportion, TwoProportions};

use super::chance::{Binomial, Chance};
use crate::support::data;

const ALPHA: f64 = 0.05;

/// Accounts in each arm, and the share of them that does it.
struct Truth {
    treated: (u64, f64),
    control: (u64, f64),
}

fn truths() -> Vec<Truth> {
    [
        // Uganda: 8 % more pay on time. Indonesia: 4.4 points fewer miss the
        // minimum, of 66 %. No effect, with a tenth left alone. A rare outcome.
        ((1_500, 0.594), (1_500, 0.55)),
        ((1_300, 0.616), (1_300, 0.66)),
        ((9_000, 0.30), (1_000, 0.30)),
        ((20_000, 0.055), (5_000, 0.05)),
        ((400, 0.32), (400, 0.30)),
    ]
    .map(|(treated, control)| Truth { treated, control })
    .into()
}

#[test]
fn the_scale_is_that_of_published_trials() {
    let Some(text) = data::file("rct_reference/published_reminder_effects.csv") else { return };
    let found = |study: &str, effect: &str| {
        let rows = data::rows(&text);
        let row = rows.iter().find(|row| row["study"].starts_with(study)).expect("the study");
        assert!(row["effect_as_published"].contains(effect), "{row:?}");
    };
    found("Cadena", "+7 to 9 % probability of paying on time");
    found("Bursztyn", "-4.4 pp from a 66 % baseline");
}

type Kind = (&'static str, fn(&TwoProportions, f64) -> Interval);

const KINDS: [Kind; 4] = [
    ("Newcombe", TwoProportions::newcombe),
    ("Wald", TwoProportions::wald),
    ("Agresti and Caffo", TwoProportions::agresti_caffo),
    ("score", TwoProportions::score),
];

#[track_caller]
fn covers(what: &str, held: u32, of: u32) {
    let percent = f64::from(held) * 100.0 / f64::from(of);
    println!("{what}: {percent:.1} % of {of}");
    assert!((94.0..=96.0).contains(&percent), "{what}: {percent}");
}

#[test]
fn intervals_of_two_shares_hold_the_truth_19_times_in_20() {
    const EXPERIMENTS: u32 = 4_000;
    let mut chance = Chance::new(20_260_310);
    for truth in truths() {
        let (n1, p1) = truth.treated;
        let (n0, p0) = truth.control;
        let (treated, control) = (Binomial::new(n1, p1), Binomial::new(n0, p0));
        let mut held = [0; KINDS.len()];
        for _ in 0..EXPERIMENTS {
            let arms = TwoProportions::new(
                Proportion { yes: treated.draw(&mut chance), of: n1 },
                Proportion { yes: control.draw(&mut chance), of: n0 },
            )
            .unwrap();
            for ((_, kind), held) in KINDS.iter().zip(&mut held) {
                *held += u32::from(kind(&arms, ALPHA).holds(p1 - p0));
            }
        }
        for ((name, _), held) in KINDS.iter().zip(held) {
            covers(&format!("{name}, {p1} of {n1} against {p0} of {n0}"), held, EXPERIMENTS);
        }
    }
}

/// Days to pay: skewed, two arms of different size and spread, and half of it
/// foretold by how the account paid before.
#[test]
fn intervals_of_two_means_hold_the_truth_19_times_in_20() {
    const EXPERIMENTS: u32 = 3_000;
    const EFFECT: f64 = -1.0;
    let mut chance = Chance::new(20_260_311);
    let mut arm = |count: u32, spread: f64, effect: f64| -> Vec<Seen> {
        let mut wait = || -(1.0 - chance.uniform()).ln();
        let account = |_| {
            let before = 10.0 * wait();
            Seen { before, outcome: before + spread * wait() - spread + effect }
        };
        (0..count).map(account).collect()
    };
    let (mut welch_held, mut cuped_held, mut left) = (0, 0, 0.0);
    for _ in 0..EXPERIMENTS {
        let (treated, control) = (arm(480, 8.0, EFFECT), arm(160, 10.0, 0.0));
        let moments = |arm: &[Seen]| {
            Moments::of(&arm.iter().map(|it| it.outcome).collect::<Vec<_>>()).unwrap()
        };
        let welch = Welch::of(&moments(&treated), &moments(&control));
        let cuped = Cuped::of(&treated, &control).unwrap();
        welch_held += u32::from(welch.interval(ALPHA).holds(EFFECT));
        cuped_held += u32::from(cuped.adjusted.interval(ALPHA).holds(EFFECT));
        left += cuped.variance_left() / f64::from(EXPERIMENTS);
    }
    covers("Welch", welch_held, EXPERIMENTS);
    covers("CUPED", cuped_held, EXPERIMENTS);
    println!("CUPED leaves {left:.2} of the variance");
    // The part that is foretold goes: 100 of 164 to 200 with these spreads.
    assert!((0.38..0.52).contains(&left), "{left}");
}

/// One share alone, down to arms of a few dozen. With so few the exact coverage
/// jumps, so it is the mean over rates that is held to the promise (Brown, Cai
/// and DasGupta, Statistical Science 16, 2001, 101-133).
#[test]
fn wilsons_interval_holds_the_truth_19_times_in_20_on_average() {
    for of in [20, 50, 400] {
        let covered = |rate: f64| -> f64 {
            let arm = Binomial::new(of, rate);
            let holds = |yes: u64| Proportion { yes, of }.wilson(ALPHA).holds(rate);
            arm.outcomes().filter(|(yes, _)| holds(*yes)).map(|(_, chance)| chance).sum()
        };
        let rates = (5..=95).map(|percent| f64::from(percent) / 100.0);
        let mean = rates.map(covered).sum::<f64>() / 91.0;
        println!("Wilson, {of} accounts: {:.1} %", mean * 100.0);
        assert!((0.94..=0.96).contains(&mean), "{of}: {mean}");
    }
}
