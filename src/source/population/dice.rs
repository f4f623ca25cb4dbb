//! Chance that comes out the same every time.
//!
//! Each occasion (the founding of an account, one of its bills) has dice of
//! its own, drawn from seed, account and occasion. So what one account does
//! never shifts what another does, and whether somebody was reminded changes
//! that person's days and no other's.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

use crate::model::id::spread;

/// A source of chance for one occasion.
///
/// Xoshiro256++ is named and portable: unlike rand's standard generator it
/// stays the same from version to version. The draws are made here for the
/// same reason.
pub struct Dice(Xoshiro256PlusPlus);

impl Dice {
    pub fn new(seed: u64, account: u32, occasion: &str) -> Dice {
        Dice(Xoshiro256PlusPlus::seed_from_u64(spread(&format!("{seed}/{account}/{occasion}"))))
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let sides = u128::from(high.abs_diff(low)) + 1;
        // The upper half of the product is uniform enough for any number of
        // sides that occurs here.
        let drawn = (u128::from(self.0.next_u64()) * sides) >> 64;
        low + drawn as i64
    }

    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.between(0, from.len() as i64 - 1) as usize]
    }

    /// One of `from`, each as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, from: &[(i64, T)]) -> T {
        let total: i64 = from.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.between(1, total);
        for (weight, what) in from {
            drawn -= weight;
            if drawn <= 0 {
                return *what;
            }
        }
        from[from.len() - 1].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        let mut dice = Dice::new(7, 42, "founding");
        let drawn: Vec<i64> = (0..6).map(|_| dice.between(1, 1000)).collect();
        assert_eq!(drawn, [288, 311, 770, 510, 207, 428]);
    }

    #[test]
    fn both_ends_can_be_drawn_and_nothing_beyond() {
        let mut dice = Dice::new(1, 1, "");
        let drawn: std::collections::BTreeSet<i64> =
            (0..1000).map(|_| dice.between(-2, 2)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [-2, -1, 0, 1, 2]);
    }
}
