//! The files that operators write: all mistakes at once, and what is refused.

use crate::model::cause::DebtClass;
use crate::risk::cause::Rules;
use crate::risk::churn::Codes;
use crate::risk::value::Figures;
use crate::risk::{Problem, watch};

fn in_words(wrong: Vec<Problem>) -> Vec<String> {
    wrong.iter().map(ToString::to_string).collect()
}

const HEAD: &str = "tolerance = 0\nleast = 30\ndoubt = 20\nconfidence_min = 50\nvalid_days = 30\n";

fn rule(condition: &str) -> String {
    format!(
        "{HEAD}[[rule]]\nname = \"a\"\nclass = \"malicious\"\nweight = 30\nwhen = [{condition:?}]\nsays = \"so\"\n"
    )
}

#[test]
fn what_comes_with_duebell_can_be_read() {
    Rules::built_in();
    watch::Rules::built_in();
    Figures::built_in();
    assert_eq!(Codes::built_in().all().count(), 15);
}

#[test]
fn every_mistake_of_the_rules_is_told_at_once() {
    let text = r#"
        tolerance = -1
        least = 0
        doubt = 20
        confidence_min = 96
        valid_days = 30
        [[rule]]
        name = "a"
        class = "unknown"
        weight = 0
        when = ["days_late > 3", "bills_overdue about 3", "tenure >= soon", "tenure"]
        says = "late by {days_past_due}"
        [[rule]]
        name = "a"
        class = "malicious"
        weight = 5
        when = []
        says = ""
    "#;
    let wrong = in_words(Rules::read(text).unwrap_err());
    let expected = [
        "tolerance is -1;",
        "least is 0;",
        "confidence_min is 96;",
        "rule a: speaks for unknown;",
        "rule a: weight is 0;",
        "rule a: needs a name of its own",
        "rule a: when \"days_late\" is no signal; use one of bills_due,",
        "rule a: when \"bills_overdue about 3\" compares by none of",
        "rule a: when \"tenure >= soon\" needs a whole number",
        "rule a: when \"tenure\" is no condition;",
        "rule a: says {days_past_due} is no signal of its conditions;",
        "rule a: when is empty;",
        "rule a: says is empty;",
    ];
    assert_eq!(wrong.len(), expected.len(), "{wrong:#?}");
    for (wrong, expected) in wrong.iter().zip(expected) {
        assert!(wrong.starts_with(expected), "{wrong}");
    }
}

#[test]
fn a_key_that_nobody_knows_is_refused_with_its_line() {
    let wrong = in_words(Rules::read(&format!("{HEAD}most = 3\n")).unwrap_err());
    assert!(wrong[0].starts_with("line 6: unknown field `most`"), "{wrong:?}");
}

#[test]
fn protected_attributes_are_refused_by_name_and_with_the_reason() {
    for name in ["sex", "age", "nationality", "religion", "age_group", "marital-status", "Gender"] {
        let wrong = in_words(Rules::read(&rule(&format!("{name} >= 1"))).unwrap_err());
        let says = format!("rule a: when {name:?} is refused: why somebody does not pay is never");
        assert!(wrong.len() == 1 && wrong[0].starts_with(&says), "{wrong:?}");
    }
    // A complaint's age is not a person's.
    Rules::read(&rule("complaint_age >= 1")).unwrap();
}

#[test]
fn a_comment_makes_no_new_version_and_a_weight_does() {
    let text = rule("tenure >= 1");
    let version = |text: &str| Rules::read(text).unwrap().version().to_owned();
    assert_eq!(version(&text), version(&format!("# why\n{text}")));
    assert_ne!(version(&text), version(&text.replace("weight = 30", "weight = 31")));
}

#[test]
fn staff_add_codes_and_change_those_that_came() {
    let mut codes = Codes::built_in();
    let own = r#"
        [[code]]
        name = "student_home"
        kind = "natural"
        win_back = true
        says = "a student who went home"
        [[code]]
        name = "deceased"
        kind = "natural"
        win_back = false
        says = "verstorben"
    "#;
    codes.add(own).unwrap();
    assert_eq!(codes.all().count(), 16);
    assert_eq!(codes.get("deceased").unwrap().says, "verstorben");
    assert!(codes.get("student_home").unwrap().kind.is_active());
    for class in DebtClass::ALL {
        assert!(!codes.barred(class).kind.is_active());
    }
    assert!(!codes.barred(DebtClass::Malicious).win_back);
}

#[test]
fn impossible_codes_are_told_at_once_and_nothing_is_added() {
    let mut codes = Codes::built_in();
    let own = r#"
        [[code]]
        name = "Fraud!"
        kind = "malicious"
        class = "malicious"
        win_back = true
        says = " "
        [[code]]
        name = "went"
        kind = "competitive"
        class = "forgetful"
        win_back = true
        says = "went"
    "#;
    let wrong = in_words(codes.add(own).unwrap_err());
    assert_eq!(wrong.len(), 6, "{wrong:#?}");
    assert!(wrong[4].starts_with("class forgetful belongs to 2 codes (barred_forgot, went)"));
    assert_eq!(codes.all().count(), 15);
}

#[test]
fn figures_out_of_bounds_are_told_at_once() {
    let text = include_str!("../../../config/value.toml")
        .replace("margin_percent = 40", "margin_percent = 140")
        .replace("malicious = 80", "")
        .replace("main = 60_000", "main = 600_000")
        .replace("call = 450", "call = -450");
    let wrong = in_words(Figures::read(&text).unwrap_err());
    let fields = [
        "margin_percent",
        "tier.EUR",
        "tier.USD",
        "loss_percent.malicious",
        "cost.EUR",
        "cost.USD",
    ];
    assert_eq!(wrong.len(), fields.len(), "{wrong:#?}");
    for (wrong, field) in wrong.iter().zip(fields) {
        assert!(wrong.starts_with(field), "{wrong}");
    }
}

#[test]
fn a_watch_rule_needs_a_weight_and_a_name_of_its_own() {
    let text = r#"
        tolerance = 0
        list_max = 0
        [[watch]]
        name = ""
        response = "care"
        weight = 0
        when = ["religion = 1"]
        says = "so"
    "#;
    let wrong = in_words(watch::Rules::read(text).unwrap_err());
    assert_eq!(wrong.len(), 4, "{wrong:#?}");
}
