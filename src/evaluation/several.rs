//! Several questions of one experiment: p-values as they would read if there
//! were one.

/// Holm's: the chance of even one false alarm among all stays below
/// (Scandinavian Journal of Statistics 6, 1979, 65-70). For what is acted upon.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let count = p.len();
    let mut least = 0.0_f64;
    adjusted(p, order(p), |rank, p| {
        least = least.max((p * (count - rank) as f64).min(1.0));
        least
    })
}

/// Benjamini's and Hochberg's: of those that are called found, the share of
/// false ones stays below (Journal of the Royal Statistical Society B 57, 1995,
/// 289-300). For looking around.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let count = p.len() as f64;
    let mut most = 1.0_f64;
    let mut worst_first = order(p);
    worst_first.reverse();
    adjusted(p, worst_first, |rank, p| {
        most = most.min(p * (count / (count - rank as f64)));
        most
    })
}

/// Places of the p-values, the least first.
fn order(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    order
}

/// Takes the p-values in this order, and puts them back into their places.
fn adjusted(p: &[f64], order: Vec<usize>, mut adjust: impl FnMut(usize, f64) -> f64) -> Vec<f64> {
    let mut adjusted = vec![0.0; p.len()];
    for (rank, place) in order.into_iter().enumerate() {
        adjusted[place] = adjust(rank, p[place]);
    }
    adjusted
}
