//! `duebell score` as a person meets it, on a made-up table.

use std::fmt::Write as _;
use std::process::{Command, Output};

use duebell::model::billing::plus_days;
use duebell::model::id::spread;
use duebell::risk::scorecard::Card;
use jiff::civil::date;

use crate::daemon::{due_yesterday, installation};

struct Desk {
    dir: tempfile::TempDir,
}

/// Accounts of two regions: who was late before is late again, whoever has
/// autopay seldom is. `outcome` is the end; `balance_after` was written later.
fn accounts(rows: u64) -> String {
    let mut text = "on,age,region,days_late,tenure,way,balance_after,outcome\n".to_owned();
    for row in 0..rows {
        let draw = |what: &str, below: u64| spread(&format!("{row} {what}")) % below;
        let late = draw("late", 40);
        let way = ["autopay", "bank", "cash & <cheque>"][draw("way", 3) as usize];
        let fear = 12 * late + 90 * draw("way", 3) + draw("luck", 700);
        let is_bad = fear > 720;
        let on = plus_days(date(2025, 1, 1), (row % 300) as i32);
        let late = if draw("known", 20) == 0 { String::new() } else { late.to_string() };
        let _ = writeln!(
            text,
            "{on},{},{},{late},{},{way},{},{}",
            18 + draw("age", 60),
            ["north", "south"][draw("region", 2) as usize],
            draw("tenure", 90),
            if is_bad { 50 } else { 0 },
            if is_bad { "lost" } else { "paid" },
        );
    }
    text
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk { dir: tempfile::tempdir().unwrap() };
        desk.write("past.csv", &accounts(3_000));
        desk
    }

    fn at(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).unwrap();
    }

    fn score(&self, words: &[&str]) -> Output {
        let words = words.iter().map(|word| match word.strip_prefix('@') {
            Some(file) => self.at(file),
            None => (*word).to_owned(),
        });
        Command::new(env!("CARGO_BIN_EXE_duebell")).arg("score").args(words).output().unwrap()
    }

    #[track_caller]
    fn told(&self, words: &[&str]) -> String {
        let output = self.score(words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn refused(&self, words: &[&str]) -> String {
        let output = self.score(words);
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    /// Fits a card, and says what was shown.
    #[track_caller]
    fn fits(&self, more: &[&str]) -> String {
        let words = ["fit", "@past.csv", "--target", "outcome", "--bad", "lost", "--out", "@out"];
        self.told(&[&words, more].concat())
    }
}

const FAIR: [&str; 2] = ["--leave-out", "on,age,region,balance_after"];

#[test]
fn a_card_is_fitted_explained_and_looked_at() {
    let desk = Desk::new();
    let shown = desk.fits(&FAIR);
    assert!(shown.contains("foretells outcome = lost, fitted on 3000 rows"), "{shown}");
    assert!(shown.contains("days_late (information"), "{shown}");
    assert!(shown.contains("left out: tenure"), "{shown}");
    assert!(shown.contains("(5 splits)") && !shown.contains("WARNING"), "{shown}");

    let text = std::fs::read_to_string(desk.at("out/card.toml")).unwrap();
    let card = Card::parse(&text).unwrap();
    let names: Vec<&str> = card.characteristics.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["days_late", "way"]);
    let page = std::fs::read_to_string(desk.at("out/report.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert_eq!(page.matches("<svg").count(), 1 + card.characteristics.len());
    assert!(!page.contains("<script") && !page.contains("http"), "nothing from elsewhere");
    assert!(page.contains("cash &amp; &lt;cheque&gt;") && !page.contains("<cheque>"));

    desk.write("now.csv", "way,days_late\ncash & <cheque>,38\nautopay,\n");
    let explain = |row: &str, more: &[&str]| {
        desk.told(&[&["explain", "@out/card.toml", "@now.csv", "--row", row], more].concat())
    };
    let late = explain("1", &[]);
    assert!(late.contains(&format!("card {}", card.version)), "{late}");
    assert!(
        late.contains("way is cash & <cheque>") && late.contains("points under the best"),
        "{late}"
    );
    assert!(explain("2", &[]).contains("days_late is not known (-)"));
    let json: serde_json::Value = serde_json::from_str(&explain("1", &["--json"])).unwrap();
    let points = json["characteristics"].as_array().unwrap().iter();
    let points: i64 = points.map(|it| it["points"].as_i64().unwrap()).sum();
    assert_eq!(json["score"], json["start"].as_i64().unwrap() + points);
    assert_eq!(json["reasons"][0]["name"], "days_late");
}

#[test]
fn what_a_person_is_is_refused_with_the_reason_and_the_way_out() {
    let desk = Desk::new();
    let words = ["fit", "@past.csv", "--target", "outcome", "--bad", "lost"];
    let told = desk.refused(&words);
    assert!(told.contains("age: nobody is served worse for their age"), "{told}");
    assert!(told.contains("--leave-out age"), "{told}");
    assert!(!told.contains("region:"), "{told}");
}

#[test]
fn a_column_written_after_the_end_is_warned_of() {
    let desk = Desk::new();
    let shown = desk.fits(&["--leave-out", "on,age,region"]);
    assert!(shown.contains("WARNING: too good: look for leakage"), "{shown}");
    assert!(shown.contains("The strongest: balance_after"), "{shown}");
    let page = std::fs::read_to_string(desk.at("out/report.html")).unwrap();
    assert!(page.contains("too good: look for leakage"));
}

#[test]
fn a_split_by_time_trains_on_the_past_alone() {
    let desk = Desk::new();
    let split =
        ["--split-before", "2025-08-01", "--time", "on", "--leave-out", "age,balance_after"];
    let shown = desk.fits(&split);
    // 212 of 300 days lie before August.
    assert!(
        shown.contains("fitted on 2120 rows") && shown.contains("on 880 rows held out"),
        "{shown}"
    );
    let shown = desk.fits(&["--test-fold", "2", "--leave-out", "on,age,balance_after"]);
    assert!(
        shown.contains("fitted on 2400 rows") && shown.contains("on 600 rows held out"),
        "{shown}"
    );
}

#[test]
fn a_monotone_column_goes_the_way_that_was_asked_for() {
    let desk = Desk::new();
    desk.fits(&[&FAIR[..], &["--monotone", "days_late=worse"]].concat());
    let card = Card::parse(&std::fs::read_to_string(desk.at("out/card.toml")).unwrap()).unwrap();
    let points: Vec<i32> = card.characteristics[0].bins.iter().map(|bin| bin.points).collect();
    // The last bin is that of missing values.
    assert!(points[..points.len() - 1].is_sorted_by(|a, b| a >= b), "{points:?}");
}

#[test]
fn errors_are_shown_by_group_also_by_one_that_no_card_is_built_on() {
    let desk = Desk::new();
    desk.fits(&[&FAIR[..], &["--test-fold", "0"]].concat());
    let shown = desk.told(&["fairness", "@out/card.toml", "@past.csv", "--group", "region"]);
    let groups: Vec<&str> =
        shown.lines().skip(3).map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(groups, ["all", "north", "south"]);
    assert!(shown.lines().nth(3).unwrap().contains(" 3000 "), "{shown}");
    let by_age = desk.told(&["fairness", "@out/card.toml", "@past.csv", "--group", "age"]);
    assert!(by_age.contains("says little"), "{by_age}");
}

#[test]
fn what_is_wrong_with_a_table_is_told_with_its_place_and_the_mend() {
    let desk = Desk::new();
    let fit = ["fit", "@past.csv", "--target"];
    let told = desk.refused(&[&fit[..], &["outcome", "--leave-out", "on,age"]].concat());
    assert!(told.contains("outcome has lost, paid; say with --bad which"), "{told}");
    let told = desk.refused(&[&fit[..], &["end", "--leave-out", "age"]].concat());
    assert!(told.contains("has no column end (--target); it has on, age"), "{told}");
    desk.write("bad.csv", "late,end\n3,0\nnone,1\n");
    let told = desk.refused(&["fit", "@bad.csv", "--target", "end"]);
    assert!(told.contains("bad.csv line 3: late has \"none\" where numbers"), "{told}");
    desk.write("alike.csv", "late,end\n3,0\n4,0\n");
    let told = desk.refused(&["fit", "@alike.csv", "--target", "end"]);
    assert!(told.contains("end has 0; say with --bad"), "{told}");

    desk.fits(&FAIR);
    let card = std::fs::read_to_string(desk.at("out/card.toml")).unwrap();
    desk.write("changed.toml", &card.replacen("points = ", "points = 1", 1));
    let told = desk.refused(&["explain", "@changed.toml", "@past.csv", "--row", "1"]);
    assert!(told.contains("it was changed after it was fitted"), "{told}");
    desk.write("other.csv", "late\n3\n");
    let told = desk.refused(&["explain", "@out/card.toml", "@other.csv", "--row", "1"]);
    assert!(told.contains("there is no column days_late, which the card asks for"), "{told}");
    let told = desk.refused(&["explain", "@out/card.toml", "@past.csv", "--row", "3001"]);
    assert!(told.contains("there is no row 3001") && told.contains("rows 1 to 3000"), "{told}");
}

#[test]
fn the_operators_own_bills_become_a_table_that_a_card_is_fitted_to() {
    // The oldest is two months over due, the youngest fell due yesterday.
    let due = |days: i32| plus_days(due_yesterday(), -days);
    let installation = installation(&[("B1", due(60)), ("B2", due(30)), ("B3", due(0))], "");
    installation.says(&["sync"]);
    let out = installation.at("own.csv");
    let said = installation.says(&["score", "table", "--late-days", "10", "--out", &out]);
    assert!(said.starts_with("2 bills whose end is known, 2 of them late"), "{said}");
    let text = std::fs::read_to_string(&out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let head = "issued_on,currency,amount,settled,mean_days_late,share_late,much_too_late,\
                most_days_late,last_days_late,open,open_amount,overdue,late";
    assert_eq!((lines[0], lines.len()), (head, 3));
    let last = |line: &str, n: usize| -> Vec<String> {
        let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        cells[cells.len() - n..].to_vec()
    };
    // Nothing was settled; when the second was issued, the first was open.
    assert_eq!(last(lines[1], 4), ["0", "0", "0", "1"]);
    assert_eq!(last(lines[2], 4)[0], "1", "{}", lines[2]);
}
