//! Rankings of the e-mail trial against scikit-uplift.

use duebell::evaluation::uplift::{Curve, Ranked, Ranking};

use super::hillstrom::{Customer, both_arms, each, number, reference};
use super::same;

/// The reference ranks rows that are alike by their place in the file, so each
/// row's rank is its own.
fn ranked(rows: &[&Customer], rank: impl Fn(&Customer) -> f64) -> Ranking {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| rank(rows[*b]).total_cmp(&rank(rows[*a])));
    let row = |(place, row): (usize, usize)| Ranked {
        rank: -(place as f64),
        is_treated: rows[row].is_treated(),
        responded: rows[row].visit,
    };
    Ranking::new(order.into_iter().enumerate().map(row).collect())
}

fn at_tenths(curve: &Curve) -> Vec<f64> {
    let last = curve.len() - 1;
    (0..=10).map(|tenth| curve[last * tenth / 10].1).collect()
}

#[test]
fn rankings_are_worth_what_scikit_uplift_says() {
    let (Some(rows), Some(reference)) = (both_arms(), reference()) else { return };
    let mut seen = 0;
    for (name, expected) in each(&reference["hillstrom"]["Mens E-Mail"]) {
        let ranking = match name {
            "rank_history_visit" => ranked(&rows, |it| it.history),
            "rank_minus_recency_visit" => ranked(&rows, |it| -it.recency),
            "rank_row_order_visit" => ranked(&rows, |_| 0.0),
            other => {
                assert!(!other.starts_with("rank_"), "{other} is held against nothing");
                continue;
            }
        };
        for (name, value) in each(expected) {
            let found = match name {
                "qini_auc" => ranking.qini(),
                "qini_auc_no_negative_effect" => ranking.qini_if_nobody_is_annoyed(),
                "uplift_auc" => ranking.uplift(),
                "uplift_at_10" => ranking.difference_in_best(0.1).unwrap(),
                "uplift_at_30" => ranking.difference_in_best(0.3).unwrap(),
                "uplift_at_30_by_group" => ranking.difference_in_best_of_each(0.3).unwrap(),
                "weighted_avg_uplift_10bins" => ranking.mean_of_tenths(),
                "qini_curve_at_deciles" => {
                    let found = at_tenths(&ranking.qini_curve());
                    for (found, expected) in found.into_iter().zip(value.as_array().unwrap()) {
                        same(name, found, number(expected), 12);
                    }
                    continue;
                }
                other => panic!("{other} is held against nothing"),
            };
            same(name, found, number(value), 11);
        }
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn accounts_that_rank_alike_stay_together() {
    let row = |rank: f64, is_treated: bool, responded: bool| Ranked { rank, is_treated, responded };
    let mut rows = vec![
        row(2.0, true, true),
        row(2.0, false, false),
        row(1.0, true, false),
        row(1.0, false, true),
        row(1.0, true, true),
        row(1.0, false, false),
    ];
    let curve = Ranking::new(rows.clone()).qini_curve();
    assert_eq!(curve, [(0.0, 0.0), (2.0, 1.0), (6.0, 1.0)]);
    rows.reverse();
    assert_eq!(Ranking::new(rows).qini_curve(), curve);
}

#[test]
fn a_ranking_of_nobody_is_worth_nothing_and_does_not_fall_over() {
    let nobody = Ranking::new(Vec::new());
    assert_eq!((nobody.qini(), nobody.uplift(), nobody.mean_of_tenths()), (0.0, 0.0, 0.0));
    assert_eq!(nobody.difference_in_best(0.5), None);
    assert!(nobody.tenths().iter().all(Option::is_none));
}
