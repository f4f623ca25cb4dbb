//! Fisher's exact test: how often chance alone deals a table at least as
//! unlikely as this one.

use super::proportion::Proportion;

/// Tables as likely as ours but for rounding count as at least as unlikely.
const ROUNDING: f64 = 1e-7;

/// Two-sided: all tables with the same totals that are no likelier than ours.
pub fn fisher_p(treated: Proportion, control: Proportion) -> f64 {
    let yes = treated.yes + control.yes;
    let least = yes.saturating_sub(control.of);
    let most = yes.min(treated.of);
    // Weights against the first table's, in logarithms; each from the one
    // before, so that nothing large is taken from something large.
    let mut weights = vec![0.0];
    for k in least..most {
        let (up, down) = ((treated.of - k) as f64, (k + 1) as f64);
        let (left, free) = ((yes - k) as f64, (control.of + k + 1 - yes) as f64);
        let last = weights[weights.len() - 1];
        weights.push(last + libm::log(up * left / (down * free)));
    }
    let ours = weights[(treated.yes - least) as usize];
    let top = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum = |ceiling: f64| -> f64 {
        weights.iter().filter(|it| **it <= ceiling).map(|it| libm::exp(it - top)).sum()
    };
    sum(ours + ROUNDING) / sum(top)
}
