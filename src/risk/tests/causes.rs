//! What the verdict keeps to, whatever the rules say.

use crate::model::cause::{DebtClass, Verdict};
use crate::model::evidence::{Complaint, EvidenceFeed, KeyKind, SharedKey, Topic};
use crate::risk::cause::Rules;

use super::*;

fn judge(dossier: &Dossier) -> Verdict {
    Rules::built_in().judge(dossier, TODAY).expect("something is owed")
}

fn complaint(opened: i32) -> Complaint {
    Complaint {
        topic: Topic::Billing,
        opened_on: plus_days(TODAY, opened),
        closed_on: None,
        satisfied: None,
        answered_on: None,
    }
}

#[test]
fn who_owes_nothing_is_not_judged() {
    assert_eq!(Rules::built_in().judge(&account(&[Late(20), Late(3)]), TODAY), None);
}

#[test]
fn whoever_appeals_is_never_malicious_for_not_paying_alone() {
    let mut dossier = account(&[Nothing, Nothing, Nothing]);
    assert_eq!(judge(&dossier).class, DebtClass::Malicious);
    let mut appeal = hold(HoldKind::Dispute, -40, Some(-10));
    appeal.bill = Some("B0".into());
    dossier.holds.push(appeal);
    let verdict = judge(&dossier);
    assert_ne!(verdict.class, DebtClass::Malicious);
    assert!(verdict.untold.iter().any(|one| one.contains("ruled out")), "{:?}", verdict.untold);
}

#[test]
fn a_hold_for_a_complaint_tells_and_protects_without_any_feed() {
    let mut dossier = account(&[Nothing, Nothing, Nothing]);
    dossier.feeds = Feeds::none();
    dossier.holds.push(hold(HoldKind::Complaint, -90, None));
    assert_eq!(judge(&dossier).class, DebtClass::Retaliatory);
}

#[test]
fn an_open_complaint_protects_too_and_not_against_other_evidence() {
    let mut dossier = account(&[Nothing, Nothing, Nothing]);
    dossier.evidence.complaints.push(complaint(-20));
    assert_eq!(judge(&dossier).class, DebtClass::Retaliatory);
    let others = ["A7", "A8"].map(|with| SharedKey {
        kind: KeyKind::Identity,
        with: with.into(),
        written_off_on: plus_days(TODAY, -200),
    });
    dossier.evidence.shared.extend(others);
    let malicious =
        judge(&dossier).reasons.into_iter().filter(|it| it.class == DebtClass::Malicious);
    assert!(malicious.count() >= 2, "the identity speaks, and now the bills may too");
}

#[test]
fn without_a_feed_of_complaints_the_verdict_says_what_it_cannot_tell() {
    let mut dossier = account(&[Late(0), Late(0), Nothing]);
    assert_eq!(judge(&dossier).untold, [""; 0]);
    dossier.feeds = Feeds::all().without(EvidenceFeed::Complaints);
    let told = "no feed of complaints: retaliatory is told from less, and more rarely";
    assert_eq!(judge(&dossier).untold, [told]);
}

#[test]
fn what_only_a_missing_feed_could_tell_cannot_be_told() {
    let rules = Rules::read(
        r#"
        tolerance = 0
        least = 30
        doubt = 20
        confidence_min = 50
        valid_days = 30
        [[rule]]
        name = "complaint"
        class = "retaliatory"
        weight = 60
        when = ["complaints_open >= 1"]
        says = "has {complaints_open} complaints open"
        "#,
    );
    let mut dossier = account(&[Nothing]);
    dossier.evidence.complaints.push(complaint(-20));
    dossier.feeds = Feeds::none();
    let verdict = rules.unwrap().judge(&dossier, TODAY).unwrap();
    assert_eq!(verdict.class, DebtClass::Unknown);
    assert_eq!(verdict.untold, ["no feed of complaints: retaliatory cannot be told"]);
}

#[test]
fn reasons_come_weightiest_first_and_in_words() {
    let mut dossier = account(&[Late(-3), Late(-3), Late(-3), Late(-3), Late(-3), Nothing]);
    dossier.evidence.complaints = vec![complaint(-20), complaint(-9)];
    let verdict = judge(&dossier);
    assert_eq!((verdict.class, verdict.confidence), (DebtClass::Retaliatory, 64));
    let says: Vec<&str> = verdict.reasons.iter().map(|one| one.says.as_str()).collect();
    assert_eq!(
        says,
        [
            "has a complaint open for 20 days",
            "complained 2 times in half a year",
            "paid 100 % of its older bills in the end",
            "paid 83 % of its bills in time, and owes one at most",
            "has a complaint open, so may well mean not to pay",
        ]
    );
}

#[test]
fn a_verdict_is_good_for_its_days_and_no_longer() {
    let mut dossier = account(&[Nothing]);
    dossier.evidence.complaints.push(complaint(-20));
    let verdict = judge(&dossier);
    assert_eq!(verdict.class_on(plus_days(TODAY, 30)), DebtClass::Retaliatory);
    assert_eq!(verdict.class_on(plus_days(TODAY, 31)), DebtClass::Unknown);
}

#[test]
fn who_knows_nothing_says_unknown() {
    let verdict = judge(&account(&[Nothing]));
    assert_eq!((verdict.class, verdict.confidence), (DebtClass::Unknown, 0));
}
