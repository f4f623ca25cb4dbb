//! Worth in figures, and what is watched before anything is overdue.

use crate::model::cause::{DebtClass, Response};
use crate::model::evidence::{Autopay, Complaint, EvidenceFeed, Topic, UsageDay};
use crate::model::{Channel, Tier};
use crate::risk::signals::signals;
use crate::risk::value::{Figures, Way};
use crate::risk::watch::Rules;

use super::*;

#[test]
fn the_tier_of_the_billing_system_stands() {
    let mut dossier = account(&[Late(0)]);
    dossier.tier = Some(Tier::Key);
    assert_eq!(Figures::built_in().value(&dossier, TODAY).tier, Tier::Key);
}

#[test]
fn a_tier_follows_from_margin_and_tenure_where_there_is_none() {
    let mut dossier = account(&[Late(0); 12]);
    let tier = |dossier: &Dossier| Figures::built_in().value(dossier, TODAY);
    // Eleven bills of 20.00 were issued in the last 365 days: 88.00 is left.
    let ordinary = tier(&dossier);
    assert_eq!(ordinary.tier, Tier::Ordinary);
    assert_eq!(
        ordinary.says,
        "ordinary: 8800 minor units EUR a year, of 22000 billed, 40 % margin (assumed), 0 full years"
    );
    dossier.evidence.contract.margin_percent = Some(20);
    assert_eq!(tier(&dossier).tier, Tier::Small);
    // Five years of a customer add half as much, which is enough.
    dossier.evidence.contract.since = Some(date(2021, 1, 1));
    assert_eq!(tier(&dossier).tier, Tier::Ordinary);
    // A feed that is not there says nothing, whatever lies in its place.
    dossier.feeds = Feeds::none();
    assert!(tier(&dossier).says.contains("(assumed), 0 full years"));
}

#[test]
fn a_young_account_counts_by_what_a_year_would_bring() {
    let young = Figures::built_in().value(&account(&[Late(0); 3]), TODAY);
    assert_eq!(young.tier, Tier::Ordinary, "{}", young.says);
    assert_eq!(Figures::built_in().value(&account(&[]), TODAY).tier, Tier::Ordinary);
}

#[test]
fn nobody_is_chased_for_less_than_it_costs_and_the_figures_are_shown() {
    let figures = Figures::built_in();
    let worth = |owed, way| figures.worth(owed, eur(), DebtClass::Unknown, None, way).unwrap();
    // Of 20.00 a message saves 15 % x 5 %: 15 cents, and costs 7.
    let message = worth(2_000, Way::Channel(Channel::Sms));
    assert_eq!((message.saves, message.costs, message.is_worth_it()), (15, 7, true));
    let call = worth(2_000, Way::Call);
    assert_eq!((call.saves, call.costs, call.is_worth_it()), (45, 450, false));
    assert!(worth(200_000, Way::Call).is_worth_it());
    assert!(!worth(0, Way::Channel(Channel::Email)).is_worth_it());
}

#[test]
fn a_score_takes_the_place_of_the_guess() {
    let figures = Figures::built_in();
    let sms = Way::Channel(Channel::Sms);
    let scored = figures.worth(2_000, eur(), DebtClass::Unknown, Some(60), sms).unwrap();
    assert_eq!(scored.saves, 60);
    let unknown = "CHF".parse().unwrap();
    assert_eq!(figures.worth(2_000, unknown, DebtClass::Unknown, None, sms), None);
}

fn watched(dossier: &Dossier) -> Vec<(String, Response)> {
    let warnings = Rules::built_in().watch(dossier, TODAY);
    warnings.into_iter().map(|one| (one.rule, one.response)).collect()
}

#[test]
fn who_pays_later_with_every_bill_is_watched_before_it_is_too_late() {
    let drifting = account(&[-5, -3, -1, 2, 5, 8].map(Late));
    assert_eq!(watched(&drifting), [("later_each_cycle".to_owned(), Response::Gentle)]);
    let warning = &Rules::built_in().watch(&drifting, TODAY)[0];
    assert!(warning.says.contains("pays 2 days later with every bill (watched from 2)"));
    assert_eq!(watched(&account(&[-1, 2, -2, 1, 0, 1].map(Late))), []);
    // One bill that was very late is no drift.
    assert_eq!(watched(&account(&[0, 0, 0, 0, 0, 14].map(Late))), []);
    // Once something is overdue it is too late to warn.
    assert_eq!(watched(&account(&[Late(-5), Late(-3), Late(-1), Late(2), Late(5), Nothing])), []);
}

#[test]
fn an_automatic_payment_that_ends_is_seen_unless_another_follows() {
    let mut dossier = account(&[Late(0); 3]);
    let mandate = |ends_on| Autopay { starts_on: date(2025, 1, 1), ends_on, withdrawn_on: None };
    dossier.evidence.contract.autopay = vec![mandate(Some(date(2026, 6, 30)))];
    assert_eq!(watched(&dossier), [("autopay_ends".to_owned(), Response::Gentle)]);
    dossier.evidence.contract.autopay.push(mandate(None));
    assert_eq!(watched(&dossier), []);
}

#[test]
fn usage_below_everything_it_was_is_seen() {
    let mut dossier = account(&[Late(0); 3]);
    let day = |ago: i32| UsageDay {
        on: plus_days(TODAY, -ago),
        charged: if ago < 21 { 40 } else { 60 + i64::from(ago % 9) },
        expensive: 0,
    };
    dossier.evidence.usage = (0..119).map(day).collect();
    assert_eq!(watched(&dossier), [("usage_below_band".to_owned(), Response::Care)]);
    // A week less on record, and there is no band to fall below.
    dossier.evidence.usage.truncate(112);
    assert_eq!(watched(&dossier), []);
}

#[test]
fn complaints_that_pile_up_come_first_and_the_list_is_cut() {
    let mut dossier = account(&[-5, -3, -1, 2, 5, 8].map(Late));
    dossier.evidence.complaints = vec![
        Complaint {
            topic: Topic::Service,
            opened_on: plus_days(TODAY, -10),
            closed_on: Some(plus_days(TODAY, -5)),
            satisfied: None,
            answered_on: None,
        };
        3
    ];
    let rules = Rules::built_in();
    let warnings = rules.watch(&dossier, TODAY);
    let names: Vec<&str> = warnings.iter().map(|one| one.rule.as_str()).collect();
    assert_eq!(names, ["complaints_pile_up", "later_each_cycle"]);
    let lesser = warnings[1..].to_vec();
    let watched = (0..50).map(|n| (format!("A{n:02}").into(), lesser.clone()));
    let list = rules.list(watched.chain([("B".into(), warnings)]).collect(), 1_000);
    assert_eq!((list.len(), list[0].0.as_str(), list[1].0.as_str()), (20, "B", "A00"));
}

#[test]
fn a_spike_on_expensive_destinations_is_against_the_own_habit() {
    let spike = |habit: i64, spree: i64| {
        let mut dossier = account(&[Late(0), Late(0), Nothing]);
        let day = |ago: i32| {
            let expensive = if (30..55).contains(&ago) { spree } else { habit };
            UsageDay { on: plus_days(TODAY, -ago), charged: 60 + expensive, expensive }
        };
        dossier.evidence.usage = (0..200).map(day).collect();
        signals(&dossier, TODAY, 0).get("expensive_spike")
    };
    assert_eq!(spike(0, 200), Some(250));
    assert_eq!(spike(100, 100), Some(0));
}

#[test]
fn a_signal_whose_feed_is_missing_is_not_nothing() {
    let mut dossier = account(&[Late(0); 3]);
    assert_eq!(signals(&dossier, TODAY, 0).get("complaints_open"), Some(0));
    dossier.feeds = Feeds::all().without(EvidenceFeed::Complaints);
    assert_eq!(signals(&dossier, TODAY, 0).get("complaints_open"), None);
}
