//! Looking every day for 60 days, over many experiments: with no effect, and
//! with one.

use duebell::evaluation::Shown;
use duebell::evaluation::mean::{Moments, Welch};
use duebell::evaluation::plan::{Plan, Wish};
use duebell::evaluation::proportion::{Proportion, TwoProportions};
use duebell::evaluation::sequential::Mixture;

use super::chance::{Binomial, Chance};

const ALPHA: f64 = 0.05;
const DAYS: u64 = 60;

/// What a day brings: accounts whose outcome is known, in either arm.
struct Daily {
    treated: Binomial,
    control: Binomial,
    effect: f64,
    mixture: Mixture,
}

/// What somebody saw who looked every day.
#[derive(Default)]
struct Looked {
    /// The first day on which an effect was shown.
    naive_day: Option<u64>,
    day: Option<u64>,
    /// On some day the interval missed the true difference.
    missed: bool,
    shown_at_end: bool,
}

impl Daily {
    /// `treated` and `control` accounts in all, evenly over the days.
    fn new(baseline: f64, effect: f64, (treated, control): (u64, u64)) -> Daily {
        let arm = |accounts: u64, rate: f64| Binomial::new(accounts / DAYS, rate);
        let share = control as f64 / (treated + control) as f64;
        // The mixture is set by the plan, which knows an effect to look for.
        let planned = if effect == 0.0 { 0.02 } else { effect };
        let wish = Wish { baseline, effect: planned, alpha: ALPHA, power: 0.8, share };
        let at_end = Plan::new(wish).unwrap().standard_error((treated + control) as f64);
        Daily {
            treated: arm(treated, baseline + effect),
            control: arm(control, baseline),
            effect,
            mixture: Mixture::sharpest_at(at_end, ALPHA),
        }
    }

    fn look(&self, chance: &mut Chance) -> Looked {
        let mut looked = Looked::default();
        let (mut treated, mut control) = (0, 0);
        for day in 1..=DAYS {
            treated += self.treated.draw(chance);
            control += self.control.draw(chance);
            let arms = TwoProportions::new(
                Proportion { yes: treated, of: day * self.treated.of },
                Proportion { yes: control, of: day * self.control.of },
            )
            .unwrap();
            if arms.newcombe(ALPHA).shown() != Shown::Nothing {
                looked.naive_day.get_or_insert(day);
            }
            let Some(interval) = self.mixture.of_proportions(&arms, ALPHA) else { continue };
            looked.missed |= !interval.holds(self.effect);
            looked.shown_at_end = interval.shown() != Shown::Nothing;
            if looked.shown_at_end {
                looked.day.get_or_insert(day);
            }
        }
        looked
    }

    fn experiments(&self, count: u32, seed: u64) -> Vec<Looked> {
        let mut chance = Chance::new(seed);
        (0..count).map(|_| self.look(&mut chance)).collect()
    }
}

fn percent(looked: &[Looked], is_it: impl Fn(&Looked) -> bool) -> f64 {
    looked.iter().filter(|it| is_it(it)).count() as f64 * 100.0 / looked.len() as f64
}

#[test]
fn with_no_effect_looking_daily_seldom_finds_one_and_the_naive_way_often() {
    // Half and half; a tenth left alone; a rare outcome with few a day.
    for (baseline, sizes) in
        [(0.30, (12_000, 12_000)), (0.30, (54_000, 6_000)), (0.02, (12_000, 3_000))]
    {
        let looked = Daily::new(baseline, 0.0, sizes).experiments(2_500, 20_260_312);
        let sequential = percent(&looked, |it| it.day.is_some());
        let naive = percent(&looked, |it| it.naive_day.is_some());
        println!("{baseline} {sizes:?}: false alarms {sequential:.1} %, naive {naive:.1} %");
        assert!(sequential <= 5.0, "{sequential}");
        assert!(naive > 25.0, "{naive}");
    }
}

#[test]
fn with_an_effect_the_interval_holds_it_on_all_days_together() {
    let looked = Daily::new(0.66, -0.044, (4_500, 4_500)).experiments(2_500, 20_260_313);
    let missed = percent(&looked, |it| it.missed);
    println!("missed on some day: {missed:.1} %");
    assert!(missed <= 5.0, "{missed}");
}

/// Amounts in arrears, skewed: half of the sum is owed by a sixth of the
/// accounts. A hundred accounts a day, a fifth of them in the control arm.
#[test]
fn with_skewed_amounts_too_looking_daily_seldom_finds_an_effect_that_is_not_there() {
    const EXPERIMENTS: u32 = 400;
    let mut chance = Chance::new(20_260_316);
    let mut day = |accounts: u32| {
        let amounts: Vec<f64> = (0..accounts).map(|_| -(1.0 - chance.uniform()).ln()).collect();
        Moments::of(&amounts).unwrap()
    };
    // Amounts have a mean and a spread of 1.
    let at_end = (1.0 / (80.0 * DAYS as f64) + 1.0 / (20.0 * DAYS as f64)).sqrt();
    let mixture = Mixture::sharpest_at(at_end, ALPHA);
    let (mut sequential, mut naive) = (0, 0);
    for _ in 0..EXPERIMENTS {
        let (mut treated, mut control) = (day(80), day(20));
        let (mut is_shown, mut is_shown_naively) = (false, false);
        for _ in 1..DAYS {
            (treated, control) = (treated.and(&day(80)), control.and(&day(20)));
            let shown = mixture.of_means(&treated, &control, ALPHA).map(|it| it.shown());
            is_shown |= shown.is_some_and(|it| it != Shown::Nothing);
            let welch = Welch::of(&treated, &control).estimate.interval(ALPHA);
            is_shown_naively |= welch.shown() != Shown::Nothing;
        }
        sequential += u32::from(is_shown);
        naive += u32::from(is_shown_naively);
    }
    let percent = |count: u32| f64::from(count) * 100.0 / f64::from(EXPERIMENTS);
    println!("amounts: false alarms {:.1} %, naive {:.1} %", percent(sequential), percent(naive));
    assert!(percent(sequential) <= 5.0, "{sequential}");
    assert!(percent(naive) > 25.0, "{naive}");
}

/// At the size planned for daily reading the effect is found as often as was
/// asked for, and mostly well before the end.
#[test]
fn at_the_size_for_daily_reading_an_effect_is_found_and_mostly_early() {
    let wish = Wish { baseline: 0.66, effect: -0.044, alpha: ALPHA, power: 0.8, share: 0.5 };
    let sizes = Plan::new(wish).unwrap().read_daily();
    let whole_days = |accounts: u64| accounts.div_ceil(DAYS) * DAYS;
    let daily = Daily::new(0.66, -0.044, (whole_days(sizes.treated), whole_days(sizes.control)));
    let looked = daily.experiments(2_500, 20_260_314);
    let at_end = percent(&looked, |it| it.shown_at_end);
    let found = percent(&looked, |it| it.day.is_some());
    let mut days: Vec<u64> = looked.iter().map(|it| it.day.unwrap_or(DAYS)).collect();
    days.sort_unstable();
    let middle = days[days.len() / 2];
    println!("{sizes:?}: at the end {at_end:.1} %, on some day {found:.1} %, half by day {middle}");
    assert!((78.0..=82.0).contains(&at_end), "{at_end}");
    assert!(found >= at_end, "{found}");
    assert!(middle < DAYS * 3 / 4, "{middle}");
}
