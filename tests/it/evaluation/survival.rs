//! How long it takes to pay, against lifelines 0.30.3 and against what has been
//! printed about a classic trial for sixty years.

use duebell::evaluation::survival::{LogRank, Watched, curve, median};

use super::same;
use crate::support::data;

/// Weeks in remission with 6-mercaptopurine, and whether it ended (Freireich
/// and others, Blood 21, 1963, 699-716).
const TREATED: [(u32, bool); 21] = [
    (6, true),
    (6, true),
    (6, true),
    (6, false),
    (7, true),
    (9, false),
    (10, true),
    (10, false),
    (11, false),
    (13, true),
    (16, true),
    (17, false),
    (19, false),
    (20, false),
    (22, true),
    (23, true),
    (25, false),
    (32, false),
    (32, false),
    (34, false),
    (35, false),
];

/// And with a placebo: all ended.
const PLACEBO: [u32; 21] = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];

fn watched(days: u32, has_paid: bool) -> Watched {
    Watched { days, has_paid }
}

fn leukaemia() -> (Vec<Watched>, Vec<Watched>) {
    let treated = TREATED.map(|(days, has_ended)| watched(days, has_ended));
    (treated.to_vec(), PLACEBO.map(|days| watched(days, true)).to_vec())
}

#[test]
fn the_curve_and_its_intervals_are_those_of_lifelines() {
    let (treated, placebo) = leukaemia();
    let steps = curve(&treated);
    // KaplanMeierFitter().fit(days, ended): survival_function_, confidence_interval_
    let expected = [
        (6, 0.857142857142857, 0.6197179552659838, 0.9515517476469969),
        (7, 0.8067226890756299, 0.5631465646222333, 0.9228090192028802),
        (10, 0.7529411764705878, 0.5031995107999564, 0.8893618351692651),
        (13, 0.6901960784313722, 0.4316102224861839, 0.8490659633494505),
        (16, 0.6274509803921566, 0.36751085598750194, 0.8049121894718411),
        (22, 0.5378151260504199, 0.26777893676713493, 0.7467907176353943),
        (23, 0.44817927170868327, 0.18805200595923233, 0.6801426284952412),
    ];
    assert_eq!(steps.len(), expected.len());
    for (step, (day, unpaid, low, high)) in steps.iter().zip(expected) {
        let interval = step.interval(0.05).unwrap();
        assert_eq!(step.day, day);
        same("unpaid", step.unpaid, unpaid, 12);
        same("low", interval.low, low, 12);
        same("high", interval.high, high, 12);
    }
    assert_eq!((median(&steps), median(&curve(&placebo))), (Some(23), Some(8)));
    // All have relapsed in the end: the curve is at 0, and its interval is none.
    let last = *curve(&placebo).last().unwrap();
    assert_eq!((last.day, last.unpaid, last.interval(0.05)), (23, 0.0, None));
}

/// 16.79 in every textbook that has the example.
#[test]
fn two_arms_differ_as_much_as_lifelines_and_the_textbooks_say() {
    let (treated, placebo) = leukaemia();
    // logrank_test(treated, placebo, treated_ended, placebo_ended)
    let test = LogRank::of(&treated, &placebo).unwrap();
    same("chi-square", test.chi_square, 16.792940989216547, 12);
    same("p", test.p, 4.168809109334511e-05, 11);
    same("the other way round", LogRank::of(&placebo, &treated).unwrap().p, test.p, 12);
}

/// Invoices of the IBM sample: electronic bills against those on paper, watched
/// for 30 days.
#[test]
fn invoices_of_the_sample_are_paid_at_the_pace_that_lifelines_finds() {
    let Some(text) = data::file("ibm_ar/WA_Fn-UseC_-Accounts-Receivable.csv") else { return };
    let rows = data::rows(&text);
    let arm = |of: &str| {
        let days = rows.iter().filter(|row| row["PaperlessBill"] == of);
        let days = days.map(|row| row["DaysToSettle"].parse::<u32>().unwrap());
        days.map(|days| watched(days.min(30), days <= 30)).collect::<Vec<_>>()
    };
    let (electronic, paper) = (arm("Electronic"), arm("Paper"));
    let test = LogRank::of(&electronic, &paper).unwrap();
    same("chi-square", test.chi_square, 98.29450885034517, 12);
    same("p", test.p, 3.605644016410125e-23, 10);
    for (arm, half_by, unpaid, low, high) in [
        (electronic, 23, 0.27514546965918546, 0.2501955511213103, 0.3006165069688516),
        (paper, 29, 0.43230403800475065, 0.40483837329877476, 0.45943865366372744),
    ] {
        let steps = curve(&arm);
        let last = steps.last().unwrap();
        let interval = last.interval(0.05).unwrap();
        assert_eq!((median(&steps), last.day), (Some(half_by), 30));
        same("unpaid", last.unpaid, unpaid, 11);
        same("low", interval.low, low, 11);
        same("high", interval.high, high, 11);
    }
}

#[test]
fn where_nobody_paid_nothing_is_said() {
    let open = [watched(30, false), watched(12, false)];
    assert!(curve(&open).is_empty() && median(&curve(&open)).is_none());
    assert_eq!(LogRank::of(&open, &open), None);
    assert_eq!(LogRank::of(&[], &[watched(3, true)]), None);
}
