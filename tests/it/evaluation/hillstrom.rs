//! A real randomised e-mail trial of 64,000 people, and a bank's trial in
//! tables, against what statsmodels, scipy and scikit-uplift make of them.
//!
//! Every value of the reference file is looked at; one that is not known here
//! fails the test.

use std::sync::OnceLock;

use duebell::evaluation::cuped::{Cuped, Seen};
use duebell::evaluation::mean::{Moments, Welch};
use duebell::evaluation::mismatch::Fit;
use duebell::evaluation::proportion::{Proportion, TwoProportions};
use duebell::evaluation::{Estimate, Interval};
use serde_json::Value;

use super::same;
use super::score::same_but_for_the_slip;
use crate::support::data;

/// Digits in which all figures agree, save where others stop earlier.
const DIGITS: i32 = 12;

pub struct Customer {
    pub arm: String,
    pub recency: f64,
    pub history: f64,
    pub newbie: String,
    pub zip_code: String,
    pub visit: bool,
    pub conversion: bool,
    pub spend: f64,
}

impl Customer {
    pub fn is_treated(&self) -> bool {
        self.arm == TREATED
    }
}

const TREATED: &str = "Mens E-Mail";
const CONTROL: &str = "No E-Mail";

pub fn customers() -> Option<&'static [Customer]> {
    static CUSTOMERS: OnceLock<Option<Vec<Customer>>> = OnceLock::new();
    let read = || {
        let text = data::file("hillstrom/hillstrom.csv.gz")?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().unwrap().clone();
        let at = |name: &str| names.iter().position(|it| it == name).unwrap();
        let columns = ["segment", "recency", "history", "newbie", "zip_code"].map(at);
        let outcomes = ["visit", "conversion", "spend"].map(at);
        let rows = reader.records().map(|row| {
            let row = row.unwrap();
            let word = |column: usize| row[columns[column]].to_owned();
            let [visit, conversion] = [0, 1].map(|it| &row[outcomes[it]] == "1");
            Customer {
                arm: word(0),
                recency: word(1).parse().unwrap(),
                history: word(2).parse().unwrap(),
                newbie: word(3),
                zip_code: word(4),
                visit,
                conversion,
                spend: row[outcomes[2]].parse().unwrap(),
            }
        });
        Some(rows.collect())
    };
    CUSTOMERS.get_or_init(read).as_deref()
}

/// Those of the two arms that are compared, in the order of the file.
pub fn both_arms() -> Option<Vec<&'static Customer>> {
    let is_in = |it: &&Customer| it.arm == TREATED || it.arm == CONTROL;
    Some(customers()?.iter().filter(is_in).collect())
}

pub fn reference() -> Option<Value> {
    Some(serde_json::from_str(&data::file("reference_results/uplift.json")?).unwrap())
}

/// Each value of an object.
pub fn each(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    object.as_object().expect("an object").iter().map(|(name, value)| (name.as_str(), value))
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[track_caller]
fn same_interval(what: &str, found: Interval, expected: &Value, digits: i32) {
    same(what, found.low, number(&expected[0]), digits);
    same(what, found.high, number(&expected[1]), digits);
}

fn counted(customers: &[&Customer], did: impl Fn(&Customer) -> bool) -> TwoProportions {
    let arm = |is_treated: bool| {
        let arm = || customers.iter().filter(|it| it.is_treated() == is_treated);
        let yes = arm().filter(|it| did(it)).count() as u64;
        Proportion { yes, of: arm().count() as u64 }
    };
    TwoProportions::new(arm(true), arm(false)).unwrap()
}

/// Two shares, by all that the reference has of them.
#[track_caller]
fn same_shares(arms: &TwoProportions, expected: &Value) {
    let alpha = 0.05;
    for (name, value) in each(expected) {
        let found = match name {
            "x1" => arms.treated().yes as f64,
            "n1" => arms.treated().of as f64,
            "x0" => arms.control().yes as f64,
            "n0" => arms.control().of as f64,
            "p1" => arms.treated().rate(),
            "p0" => arms.control().rate(),
            "diff" => arms.difference(),
            "se_unpooled" => arms.estimate().standard_error,
            "wald95" => {
                same_interval(name, arms.wald(alpha), value, DIGITS);
                continue;
            }
            "newcombe95" => {
                same_interval(name, arms.newcombe(alpha), value, DIGITS);
                continue;
            }
            "agresti_caffo95" => {
                same_interval(name, arms.agresti_caffo(alpha), value, DIGITS);
                continue;
            }
            "score95" => {
                same_but_for_the_slip(arms, value);
                continue;
            }
            "z_pooled" => arms.z(),
            "p_two_sided" => arms.z_p(),
            "chi2" => arms.chi_square(),
            "chi2_p" => arms.chi_square_p(),
            "chi2_yates" => arms.chi_square_yates(),
            "chi2_yates_p" => arms.chi_square_yates_p(),
            "fisher_p" => arms.fisher_p(),
            "relative_lift" => arms.relative_lift().unwrap(),
            // What the trial's authors printed, and that it is the same.
            "published_chi2_p" => {
                assert!((arms.chi_square() - number(&value[0])).abs() < 0.005);
                assert!((arms.chi_square_p() - number(&value[1])).abs() < 0.0005);
                continue;
            }
            "matches_published" => continue,
            other => panic!("the reference has a {other} that nothing is held against"),
        };
        let digits = if name.ends_with("_p") || name == "p_two_sided" { TAILS } else { DIGITS };
        same(name, found, number(value), digits);
    }
}

/// Of a p-value of 1e-112 the reference itself, by two ways, has 13 digits.
const TAILS: i32 = 11;

#[test]
fn shares_differ_as_much_and_as_surely_as_in_the_reference() {
    let (Some(rows), Some(reference)) = (both_arms(), reference()) else { return };
    let expected = &reference["hillstrom"][TREATED];
    same_shares(&counted(&rows, |it| it.visit), &expected["visit"]);
    same_shares(&counted(&rows, |it| it.conversion), &expected["conversion"]);
    for (newbie, expected) in each(&expected["by_newbie_visit"]) {
        let part: Vec<_> = rows.iter().copied().filter(|it| it.newbie == newbie).collect();
        same_shares(&counted(&part, |it| it.visit), expected);
    }
    for (zip_code, expected) in each(&expected["by_zip_code_visit"]) {
        let part: Vec<_> = rows.iter().copied().filter(|it| it.zip_code == zip_code).collect();
        same_shares(&counted(&part, |it| it.visit), expected);
    }
    let known = ["visit", "conversion", "spend", "by_newbie_visit", "by_zip_code_visit"];
    let is_elsewhere = |it: &str| it.starts_with("cuped_") || it.starts_with("rank_");
    for (name, _) in each(expected) {
        assert!(known.contains(&name) || is_elsewhere(name), "{name} is held against nothing");
    }
}

#[test]
fn the_tables_of_a_banks_reminder_trial_come_out_as_printed() {
    let Some(reference) = reference() else { return };
    let Some(tables) = data::file("rct_reference/mbh_reminder_trial_tables.csv") else { return };
    let expected = &reference["mbh_reminder_trial"];
    let mut seen = 0;
    for pair in data::rows(&tables).chunks(2) {
        let arm = |row: usize| {
            let count = |column: &str| pair[row][column].parse::<u64>().unwrap();
            Proportion { yes: count("late"), of: count("late") + count("not_late") }
        };
        let arms = TwoProportions::new(arm(0), arm(1)).unwrap();
        let printed = |column: &str| pair[0][column].parse::<f64>().unwrap();
        assert!((arms.chi_square() - printed("published_chi2")).abs() < 0.005, "{pair:?}");
        assert!((arms.chi_square_p() - printed("published_p")).abs() < 0.0005, "{pair:?}");
        if let Some(expected) = expected.get(&pair[0]["table"]) {
            same_shares(&arms, expected);
            seen += 1;
        }
    }
    assert_eq!(seen, each(expected).filter(|(name, _)| *name != "_note").count());
}

#[test]
fn amounts_differ_as_welch_has_it() {
    let (Some(rows), Some(reference)) = (both_arms(), reference()) else { return };
    let arm = |is_treated: bool| {
        let arm = rows.iter().filter(|it| it.is_treated() == is_treated);
        Moments::of(&arm.map(|it| it.spend).collect::<Vec<_>>()).unwrap()
    };
    let (treated, control) = (arm(true), arm(false));
    let welch = Welch::of(&treated, &control);
    for (name, value) in each(&reference["hillstrom"][TREATED]["spend"]) {
        let found = match name {
            "mean_t" => treated.mean,
            "mean_c" => control.mean,
            "diff" => welch.estimate.difference,
            "welch_t" => welch.t(),
            "welch_df" => welch.freedom,
            "p" => welch.p(),
            other => panic!("{other} is held against nothing"),
        };
        same(name, found, number(value), if name == "p" { TAILS } else { DIGITS });
    }
}

#[test]
fn what_was_known_before_is_taken_away_as_cuped_has_it() {
    let (Some(rows), Some(reference)) = (both_arms(), reference()) else { return };
    let mut seen = 0;
    for (name, expected) in each(&reference["hillstrom"][TREATED]) {
        let Some(of) = name.strip_prefix("cuped_") else { continue };
        let (outcome, before) = of.split_once("_on_").unwrap();
        let account = |it: &&Customer| Seen {
            outcome: match outcome {
                "visit" => f64::from(u8::from(it.visit)),
                "spend" => it.spend,
                other => panic!("{other} is not known"),
            },
            before: match before {
                "history" => it.history,
                "recency" => it.recency,
                other => panic!("{other} is not known"),
            },
        };
        let (treated, control): (Vec<&Customer>, Vec<_>) =
            rows.iter().partition(|it| it.is_treated());
        let arm = |arm: &[&Customer]| arm.iter().map(account).collect::<Vec<_>>();
        let cuped = Cuped::of(&arm(&treated), &arm(&control)).unwrap();
        for (name, value) in each(expected) {
            let found = match name {
                "theta" => cuped.theta,
                "corr" => cuped.correlation,
                "diff" => cuped.adjusted.estimate.difference,
                "se" => cuped.adjusted.estimate.standard_error,
                "raw_diff" => cuped.raw.estimate.difference,
                "raw_se" => cuped.raw.estimate.standard_error,
                "variance_ratio" => cuped.variance_left(),
                other => panic!("{other} is held against nothing"),
            };
            same(&format!("{of} {name}"), found, number(value), DIGITS);
        }
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn the_three_arms_are_as_large_as_they_were_drawn() {
    let (Some(rows), Some(reference)) = (customers(), reference()) else { return };
    let expected = &reference["hillstrom"];
    assert_eq!(rows.len() as u64, expected["rows"]);
    let arms: Vec<(u64, f64)> = each(&expected["arms"])
        .map(|(name, count)| {
            let found = rows.iter().filter(|it| it.arm == name).count() as u64;
            assert_eq!(found, *count, "{name}");
            (found, 1.0)
        })
        .collect();
    let fit = Fit::of(&arms);
    same("srm", fit.p, number(&expected["srm_chi2_p_equal_thirds"]), DIGITS);
    assert!(!fit.is_alarm());
}

#[test]
fn intervals_of_one_share_are_those_of_the_reference() {
    let Some(reference) = reference() else { return };
    for (name, expected) in each(&reference["wilson"]) {
        let (yes, of) = name.split_once('/').unwrap();
        let [yes, of] = [yes, of].map(|it| it.parse().unwrap());
        same_interval(name, Proportion { yes, of }.wilson(0.05), expected, DIGITS);
    }
}

/// An estimate is what all kinds of outcome have in common.
#[test]
fn an_interval_comes_with_a_word() {
    let word = |difference: f64| {
        Estimate { difference, standard_error: 0.01 }.interval(0.05).shown().to_string()
    };
    assert_eq!(word(0.03), "more");
    assert_eq!(word(-0.03), "less");
    assert_eq!(word(0.019), "no effect shown");
    assert_eq!(word(f64::NAN), "no effect shown");
}
