//! `duebell experiment plan` as a person meets it.

use std::process::{Command, Output};

use duebell::evaluation::plan::{Plan, Wish};
use serde_json::Value;

fn plan(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_duebell"))
        .args([&["experiment", "plan"], words].concat())
        .output()
        .unwrap()
}

#[track_caller]
fn printed(words: &[&str]) -> String {
    let output = plan(words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn refuses(words: &[&str], told: &str) {
    let output = plan(words);
    assert!(!output.status.success() && output.stdout.is_empty());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(told), "{error}");
}

const TWO_POINTS: [&str; 4] = ["--baseline", "0.30", "--effect", "0.02"];

#[test]
fn the_sizes_are_told_in_plain_words() {
    let text = printed(&[&TWO_POINTS[..], &["--monthly", "60000"]].concat());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "to find that 30.0 % become 32.0 %, in 80 of 100 experiments, and to claim an effect where \
         there is none in 5 of 100"
    );
    let row = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let once = ["read", "once,", "at", "its", "end", "4,689", "42,194", "46,883", "+/-", "1.4"];
    assert_eq!(row(lines[3]), once);
    assert!(lines[4].starts_with("looked at every day"), "{text}");
    assert!(text.contains("at 60,000 accounts a month they have come in after 24 days read once"));
    assert!(text.contains("missing for about 94 accounts of the control arm"), "{text}");
}

#[test]
fn the_sizes_can_be_read_by_a_program() {
    let words =
        ["--baseline", "0.66", "--effect", "-0.044", "--share", "0.5", "--power", "0.9", "--json"];
    let told: Value = serde_json::from_str(&printed(&words)).unwrap();
    let wish = Wish { baseline: 0.66, effect: -0.044, alpha: 0.05, power: 0.9, share: 0.5 };
    let plan = Plan::new(wish).unwrap();
    assert_eq!(told["read_once"]["control"], plan.read_once().control);
    assert_eq!(told["read_daily"]["treated"], plan.read_daily().treated);
    assert_eq!(told["read_daily"]["all"], plan.read_daily().all());
    assert_eq!(told["monthly"], Value::Null);
    assert_eq!(told["read_once"]["days"], Value::Null);
    // In the end the interval is narrower than the effect, or it could not be found.
    for way in ["read_once", "read_daily"] {
        let reach = told[way]["interval_reach"].as_f64().unwrap();
        assert!((0.02..0.044).contains(&reach), "{way}: {reach}");
    }
}

#[test]
fn what_cannot_be_planned_is_told() {
    let with = |more: &[&'static str]| [&TWO_POINTS[..], more].concat();
    refuses(
        &["--baseline", "0.99", "--effect", "0.02"],
        "could not plan this: the baseline with the effect must lie between 0 and 1",
    );
    refuses(&["--baseline", "0.3", "--effect", "0"], "an effect of 0 cannot be found");
    refuses(&with(&["--share", "1"]), "the share of the control arm lies between 0 and 1");
    refuses(&with(&["--power", "80"]), "power is a share between alpha and 1");
    refuses(&with(&["--monthly", "0"]), "--monthly");
}
