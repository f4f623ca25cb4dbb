//! Several p-values at once, against statsmodels 0.15.0 on the fifteen of
//! Benjamini's and Hochberg's own example (1995, section 4), out of order:
//! `multipletests(p, method='holm')[1]` and `method='fdr_bh'`.

use duebell::evaluation::several::{benjamini_hochberg, holm};
use proptest::prelude::*;

use super::same;

const FIFTEEN: [f64; 15] = [
    0.0298, 0.0001, 0.5719, 0.0004, 0.0344, 1.0, 0.0019, 0.0459, 0.0095, 0.324, 0.0201, 0.4262,
    0.0278, 0.6528, 0.759,
];

#[test]
fn adjusted_p_values_are_those_of_statsmodels() {
    let expected = [
        0.278, 0.0015, 1.0, 0.0056, 0.278, 1.0, 0.0247, 0.3213, 0.114, 1.0, 0.2211, 1.0, 0.278,
        1.0, 1.0,
    ];
    for (found, expected) in holm(&FIFTEEN).into_iter().zip(expected) {
        same("holm", found, expected, 12);
    }
    let expected = [
        0.06385714285714286,
        0.0015,
        0.7148749999999999,
        0.003,
        0.0645,
        1.0,
        0.0095,
        0.0765,
        0.035625,
        0.486,
        0.0603,
        0.5811818181818182,
        0.06385714285714286,
        0.7532307692307693,
        0.8132142857142857,
    ];
    for (found, expected) in benjamini_hochberg(&FIFTEEN).into_iter().zip(expected) {
        same("benjamini_hochberg", found, expected, 12);
    }
}

/// The paper finds four of them with its own way, and three with the careful one.
#[test]
fn as_many_are_found_as_the_paper_says() {
    let found = |adjusted: Vec<f64>| adjusted.iter().filter(|p| **p <= 0.05).count();
    assert_eq!((found(benjamini_hochberg(&FIFTEEN)), found(holm(&FIFTEEN))), (4, 3));
}

proptest! {
    #[test]
    fn an_adjusted_p_value_is_never_smaller_and_keeps_its_place_in_the_order(
        p in prop::collection::vec(0.0..=1.0_f64, 0..40),
    ) {
        let (careful, bold) = (holm(&p), benjamini_hochberg(&p));
        for i in 0..p.len() {
            prop_assert!(p[i] <= bold[i] && bold[i] <= careful[i] && careful[i] <= 1.0);
            for j in 0..p.len() {
                prop_assert!(p[i] > p[j] || (careful[i] <= careful[j] && bold[i] <= bold[j]));
            }
        }
    }
}
