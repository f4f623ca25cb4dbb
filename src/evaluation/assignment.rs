//! Who is drawn into which arm.
//!
//! The draw is a function of the experiment's key and the account's id, and of
//! nothing else: it comes out the same on every node, after every restart and
//! import, and nobody has to remember it. Strata need no draw of their own: in
//! each part of the accounts the arms have their shares.
//!
//! Each arm draws a waiting time for the account, as long on average as its
//! share is small, and the shortest wins (weighted rendezvous hashing: Thaler
//! and Ravishankar, IEEE/ACM Transactions on Networking 6, 1998, 1-14;
//! Schindelhauer and Schomaker, SPAA 2005). An arm whose share grows shortens
//! its own times alone, so it takes accounts from the others and moves nobody
//! between them. Cutting the line from 0 to 1 into pieces would push every cut
//! that comes after.

use sha2::{Digest, Sha256};

use crate::model::AccountId;

/// An arm, and the share of accounts that it is to have.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    pub name: String,
    pub share: f64,
}

/// Why nothing can be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadDraw {
    #[error("the experiment has no key")]
    NoKey,
    #[error("there are two arms {0}")]
    Twice(String),
    #[error("the share of arm {0} is not between 0 and 1")]
    Share(String),
    #[error("the shares of the arms add up to {0} and not to 1")]
    Sum(f64),
}

/// Shares that were written as decimals add up to 1 within this.
const ROUNDING: f64 = 1e-9;

/// How accounts are drawn into the arms of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    key: String,
    arms: Vec<Arm>,
}

impl Draw {
    /// In which order the arms are written does not matter.
    pub fn new(key: &str, mut arms: Vec<Arm>) -> Result<Draw, BadDraw> {
        if key.is_empty() {
            return Err(BadDraw::NoKey);
        }
        arms.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(pair) = arms.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(BadDraw::Twice(pair[0].name.clone()));
        }
        if let Some(arm) = arms.iter().find(|arm| !(0.0..=1.0).contains(&arm.share)) {
            return Err(BadDraw::Share(arm.name.clone()));
        }
        // Not `sum`: of nothing it is -0.
        let sum = arms.iter().fold(0.0, |sum, arm| sum + arm.share);
        if (sum - 1.0).abs() > ROUNDING {
            return Err(BadDraw::Sum(sum));
        }
        Ok(Draw { key: key.to_owned(), arms })
    }

    /// The arm of an account. The same key, account and shares give the same
    /// arm, for ever.
    pub fn arm(&self, account: &AccountId) -> &str {
        let wait = |arm: &Arm| -libm::log(self.chance(account, &arm.name)) / arm.share;
        let shortest = self.arms.iter().min_by(|a, b| wait(a).total_cmp(&wait(b)));
        &shortest.expect("shares add up to 1, so there is an arm").name
    }

    /// A number between 0 and 1, neither of them included.
    fn chance(&self, account: &AccountId, arm: &str) -> f64 {
        let mut hash = Sha256::new();
        for part in [self.key.as_str(), account.as_str(), arm] {
            // With its length, so that no two sets of parts run together.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let first = hash.finalize().iter().take(8).fold(0_u64, |sum, it| sum << 8 | u64::from(*it));
        // 53 bits are what a float holds.
        ((first >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arms(shares: &[(&str, f64)]) -> Vec<Arm> {
        shares.iter().map(|(name, share)| Arm { name: (*name).to_owned(), share: *share }).collect()
    }

    #[track_caller]
    fn refuses(key: &str, shares: &[(&str, f64)], told: &str) {
        assert_eq!(Draw::new(key, arms(shares)).unwrap_err().to_string(), told);
    }

    #[test]
    fn a_draw_that_could_not_be_kept_is_refused() {
        refuses("", &[("a", 1.0)], "the experiment has no key");
        refuses("e", &[("a", 0.5), ("b", 0.2), ("a", 0.3)], "there are two arms a");
        refuses("e", &[("a", 1.5), ("b", -0.5)], "the share of arm a is not between 0 and 1");
        refuses("e", &[("a", f64::NAN)], "the share of arm a is not between 0 and 1");
        refuses(
            "e",
            &[("a", 0.5), ("b", 0.25)],
            "the shares of the arms add up to 0.75 and not to 1",
        );
        refuses("e", &[], "the shares of the arms add up to 0 and not to 1");
    }

    #[test]
    fn an_arm_without_a_share_gets_nobody() {
        let draw = Draw::new("e", arms(&[("a", 0.0), ("b", 1.0)])).unwrap();
        assert!((0..1_000).all(|n| draw.arm(&AccountId(n.to_string())) == "b"));
    }
}
