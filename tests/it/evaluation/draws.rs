//! Who is drawn into which arm.

use duebell::evaluation::assignment::{Arm, Draw};
use duebell::evaluation::distribution::chi_square_above;
use duebell::evaluation::mismatch::Fit;
use duebell::model::AccountId;
use proptest::prelude::*;

fn draw(key: &str, shares: &[(&str, f64)]) -> Draw {
    let arm = |(name, share): &(&str, f64)| Arm { name: (*name).to_owned(), share: *share };
    Draw::new(key, shares.iter().map(arm).collect()).unwrap()
}

fn account(number: u32) -> AccountId {
    AccountId(format!("A-{number}"))
}

/// The same draw in Python: hashlib's SHA-256 over key, account and arm, each
/// after its length in eight bytes; the first 53 bits and a half as a number
/// from 0 to 1; the least of -log(number) / share.
#[test]
fn another_program_draws_the_same() {
    let arms = [("none", 0.2), ("early", 0.4), ("late", 0.4)];
    let drawn = |key: &str| {
        let draw = draw(key, &arms);
        (0..40).map(|n| draw.arm(&account(n))[..1].to_owned()).collect::<String>()
    };
    assert_eq!(drawn("ladder-2026"), "nlellenllllenlelelenlllleellneeeeelnelel");
    assert_eq!(drawn("timing-2026"), "lelllleleeellelelnnlellelnllelelelleenen");
    let odd = draw("é", &[("none", 0.5), ("all", 0.5)]);
    let odd_ids = ["Ünal", "", "日本", "x"].map(|id| odd.arm(&AccountId(id.to_owned())).to_owned());
    assert_eq!(odd_ids.map(|arm| arm[..1].to_owned()).concat(), "aana");
}

#[test]
fn in_which_order_the_arms_are_written_does_not_matter() {
    let (one, other) = (draw("e", &[("a", 0.3), ("b", 0.7)]), draw("e", &[("b", 0.7), ("a", 0.3)]));
    assert!((0..2_000).all(|n| one.arm(&account(n)) == other.arm(&account(n))));
}

const ACCOUNTS: u32 = 5_000;
const EXPERIMENTS: u32 = 40;

/// Over many experiments, the chances of what came out must themselves be even:
/// hardly any small ones, and not only large ones.
#[track_caller]
fn even(mut chances: Vec<f64>) {
    chances.sort_by(f64::total_cmp);
    let n = chances.len() as f64;
    // Kolmogorov's distance; above 1.95 / sqrt(n) once in a thousand.
    let off = chances
        .iter()
        .enumerate()
        .map(|(at, p)| ((at as f64 + 1.0) / n - p).max(p - at as f64 / n));
    let most = off.fold(0.0, f64::max);
    assert!(most < 1.95 / n.sqrt(), "{most}: {chances:?}");
}

#[test]
fn arms_are_as_large_as_their_shares_and_in_every_stratum_too() {
    let shares = [("none", 0.1), ("early", 0.3), ("late", 0.6)];
    let (mut all, mut key_accounts) = (Vec::new(), Vec::new());
    for experiment in 0..EXPERIMENTS {
        let draw = draw(&format!("e{experiment}"), &shares);
        let fit = |of: &dyn Fn(u32) -> bool| {
            let drawn: Vec<&str> =
                (0..ACCOUNTS).filter(|n| of(*n)).map(|n| draw.arm_of(n)).collect();
            let count = |name: &str| drawn.iter().filter(|it| **it == name).count() as u64;
            Fit::of(&shares.map(|(name, share)| (count(name), share))).p
        };
        all.push(fit(&|_| true));
        // Any stratum does; nothing is remembered for it.
        key_accounts.push(fit(&|n| n % 7 == 0));
    }
    even(all);
    even(key_accounts);
}

trait ArmOf {
    fn arm_of(&self, number: u32) -> &str;
}

impl ArmOf for Draw {
    fn arm_of(&self, number: u32) -> &str {
        self.arm(&account(number))
    }
}

#[test]
fn one_experiment_says_nothing_about_the_next() {
    let shares = [("none", 0.3), ("all", 0.7)];
    let chances = (0..EXPERIMENTS).map(|experiment| {
        let one = draw(&format!("e{experiment}"), &shares);
        let other = draw(&format!("e{}", experiment + 1), &shares);
        let mut table = [[0.0_f64; 2]; 2];
        for n in 0..ACCOUNTS {
            let place = |draw: &Draw| usize::from(draw.arm_of(n) == "all");
            table[place(&one)][place(&other)] += 1.0;
        }
        let total = f64::from(ACCOUNTS);
        let row = |r: usize| table[r][0] + table[r][1];
        let column = |c: usize| table[0][c] + table[1][c];
        let cells = [(0, 0), (0, 1), (1, 0), (1, 1)];
        let chi_square: f64 = cells
            .iter()
            .map(|(r, c)| {
                let expected = row(*r) * column(*c) / total;
                (table[*r][*c] - expected).powi(2) / expected
            })
            .sum();
        chi_square_above(chi_square, 1.0)
    });
    even(chances.collect());
}

/// An alarm has to go off as well: a tenth of one arm's accounts got lost.
#[test]
fn accounts_that_got_lost_are_an_alarm() {
    let draw = draw("e", &[("none", 0.5), ("all", 0.5)]);
    let none = (0..ACCOUNTS).filter(|n| draw.arm_of(*n) == "none").count() as u64;
    let all = u64::from(ACCOUNTS) - none;
    assert!(!Fit::of(&[(none, 0.5), (all, 0.5)]).is_alarm());
    assert!(Fit::of(&[(none, 0.5), (all * 9 / 10, 0.5)]).is_alarm());
    assert!(Fit::of(&[(none, 0.0), (all, 1.0)]).is_alarm(), "an arm that nobody was drawn into");
}

#[test]
fn of_two_arms_a_larger_share_moves_as_many_as_it_must_and_nobody_back() {
    let (before, after) =
        (draw("e", &[("none", 0.1), ("all", 0.9)]), draw("e", &[("none", 0.2), ("all", 0.8)]));
    let moved: Vec<u32> = (0..20_000).filter(|n| before.arm_of(*n) != after.arm_of(*n)).collect();
    assert!(moved.iter().all(|n| after.arm_of(*n) == "none"));
    // A tenth of them, within four standard errors.
    assert!((1_830..=2_170).contains(&moved.len()), "{}", moved.len());
}

/// Where all shares change at once, fewer than twice as many are moved as must be
/// (Moulton and Jiang, IEEE ICDM 2018).
#[test]
fn of_several_arms_that_all_change_fewer_than_twice_as_many_move_as_must() {
    let (before, after) = (
        draw("e", &[("none", 0.2), ("early", 0.3), ("late", 0.5)]),
        draw("e", &[("none", 0.1), ("early", 0.5), ("late", 0.4)]),
    );
    let moved = (0..20_000).filter(|n| before.arm_of(*n) != after.arm_of(*n)).count();
    // A fifth must.
    assert!((4_000..8_000).contains(&moved), "{moved}");
}

proptest! {
    /// An arm that grows, or is new, takes from the others and moves nobody
    /// between them.
    #[test]
    fn an_arm_that_grows_moves_nobody_between_the_others(
        key in "[a-z]{1,12}", a in 1_u32..50, b in 1_u32..50, c in 0_u32..50, more in 1_u32..50,
    ) {
        let shares = |c: u32| {
            let all = f64::from(a + b + c);
            [("a", f64::from(a) / all), ("b", f64::from(b) / all), ("c", f64::from(c) / all)]
        };
        let (before, after) = (draw(&key, &shares(c)), draw(&key, &shares(c + more)));
        for n in 0..200 {
            let (from, to) = (before.arm_of(n), after.arm_of(n));
            prop_assert!(from == to || to == "c", "{} went from {} to {}", n, from, to);
        }
    }
}
