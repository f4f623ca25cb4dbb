//! Chance for simulated experiments: exact draws, the same each time.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

pub struct Chance(Xoshiro256PlusPlus);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A number from 0 to 1.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// How many of `of` do it, each with the same chance: one draw for an arm's
/// whole day, from the exact distribution.
pub struct Binomial {
    pub of: u64,
    least: u64,
    /// The chance of this many or fewer, from `least` on.
    below: Vec<f64>,
}

impl Binomial {
    pub fn new(of: u64, chance: f64) -> Binomial {
        // From the likeliest outwards, as far as chances matter.
        let mode = ((of + 1) as f64 * chance) as u64;
        let odds = chance / (1.0 - chance);
        let (mut low, mut high) = (vec![1.0], Vec::new());
        for k in (1..=mode).rev() {
            let next = low[low.len() - 1] * k as f64 / (odds * (of - k + 1) as f64);
            if next < 1e-18 {
                break;
            }
            low.push(next);
        }
        for k in mode..of {
            let last = high.last().copied().unwrap_or(1.0);
            let next = last * odds * (of - k) as f64 / (k + 1) as f64;
            if next < 1e-18 {
                break;
            }
            high.push(next);
        }
        let least = mode + 1 - low.len() as u64;
        let weights: Vec<f64> = low.into_iter().rev().chain(high).collect();
        let all: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let below = weights.iter().map(|weight| {
            sum += weight / all;
            sum
        });
        Binomial { of, least, below: below.collect() }
    }

    pub fn draw(&self, chance: &mut Chance) -> u64 {
        let drawn = chance.uniform();
        let place = self.below.partition_point(|it| *it <= drawn);
        self.least + place.min(self.below.len() - 1) as u64
    }

    /// Each outcome with its chance.
    pub fn outcomes(&self) -> impl Iterator<Item = (u64, f64)> + '_ {
        let before = [0.0].into_iter().chain(self.below.iter().copied());
        let chances = self.below.iter().zip(before).map(|(to, from)| to - from);
        chances.enumerate().map(|(place, chance)| (self.least + place as u64, chance))
    }
}

#[test]
fn draws_have_the_mean_and_the_spread_that_they_should() {
    for (of, p) in [(1, 0.3), (20, 0.05), (500, 0.3), (20_000, 0.97)] {
        let arm = Binomial::new(of, p);
        let (mean, square) = arm.outcomes().fold((0.0, 0.0), |(mean, square), (k, chance)| {
            (mean + chance * k as f64, square + chance * (k as f64) * (k as f64))
        });
        let n = of as f64;
        super::same("mean", mean, n * p, 9);
        super::same("variance", square - mean * mean, n * p * (1.0 - p), 6);
        let mut chance = Chance::new(1);
        let drawn: u64 = (0..10_000).map(|_| arm.draw(&mut chance)).sum();
        let error = (n * p * (1.0 - p) / 10_000.0).sqrt();
        assert!((drawn as f64 / 10_000.0 - n * p).abs() < 4.0 * error, "{of} {p}: {drawn}");
    }
}
