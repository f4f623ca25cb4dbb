//! What holds for every account, whatever is known of it.

use proptest::prelude::*;

use crate::model::cause::DebtClass;
use crate::model::evidence::EvidenceFeed;
use crate::risk::cause::Rules;
use crate::risk::profile::{CYCLES, profile};
use crate::risk::signals::{SIGNALS, Unit, signals};
use crate::risk::value::Figures;
use crate::risk::watch;

use super::generate::dossiers;
use super::later::known;
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_that_comes_later_changes_what_was_known(dossier in dossiers(), ago in 0..120_i32) {
        let as_of = plus_days(TODAY, -ago);
        let then = known(&dossier, as_of);
        prop_assert_eq!(signals(&dossier, as_of, 0), signals(&then, as_of, 0));
        prop_assert_eq!(profile(&dossier, as_of, 0), profile(&then, as_of, 0));
        let rules = Rules::built_in();
        prop_assert_eq!(rules.judge(&dossier, as_of), rules.judge(&then, as_of));
        let watch = watch::Rules::built_in();
        prop_assert_eq!(watch.watch(&dossier, as_of), watch.watch(&then, as_of));
        let figures = Figures::built_in();
        prop_assert_eq!(figures.value(&dossier, as_of), figures.value(&then, as_of));
    }

    #[test]
    fn the_order_in_which_facts_lie_there_changes_nothing(dossier in dossiers()) {
        let mut other = dossier.clone();
        other.bills.reverse();
        other.payments.reverse();
        other.holds.reverse();
        other.placed.reverse();
        other.sent.reverse();
        other.evidence.complaints.reverse();
        other.evidence.outages.reverse();
        other.evidence.usage.reverse();
        other.evidence.failures.reverse();
        other.evidence.contract.autopay.reverse();
        prop_assert_eq!(signals(&dossier, TODAY, 0), signals(&other, TODAY, 0));
        prop_assert_eq!(profile(&dossier, TODAY, 0), profile(&other, TODAY, 0));
    }

    #[test]
    fn a_missing_feed_takes_its_own_signals_and_no_others(
        dossier in dossiers(), feed in proptest::sample::select(EvidenceFeed::ALL.to_vec()),
    ) {
        let mut other = dossier.clone();
        other.feeds = other.feeds.without(feed);
        let (with, without) = (signals(&dossier, TODAY, 0), signals(&other, TODAY, 0));
        for one in SIGNALS {
            let expected = if one.feed == Some(feed) { None } else { with.get(one.name) };
            prop_assert_eq!(without.get(one.name), expected, "{}", one.name);
        }
    }

    #[test]
    fn what_a_feed_would_say_is_unheard_where_the_source_has_none(dossier in dossiers()) {
        let mut deaf = dossier.clone();
        deaf.feeds = Feeds::none();
        let mut empty = deaf.clone();
        empty.evidence = Evidence::default();
        let rules = Rules::built_in();
        prop_assert_eq!(rules.judge(&deaf, TODAY), rules.judge(&empty, TODAY));
    }

    #[test]
    fn nobody_who_contests_the_debt_is_malicious_for_not_paying(mut dossier in dossiers()) {
        // Nothing is known but bills and payments, and what is owed is disputed.
        dossier.feeds = Feeds::none();
        dossier.placed.clear();
        dossier.holds = dossier.bills.iter().map(|bill| Hold {
            bill: Some(bill.id.clone()),
            ..hold(HoldKind::Dispute, -410, Some(-405))
        }).collect();
        if let Some(verdict) = Rules::built_in().judge(&dossier, TODAY) {
            prop_assert_ne!(verdict.class, DebtClass::Malicious);
        }
    }

    #[test]
    fn figures_stay_within_their_units(dossier in dossiers()) {
        let seen = signals(&dossier, TODAY, 0);
        for one in SIGNALS {
            let Some(value) = seen.get(one.name) else { continue };
            match one.unit {
                Unit::Count | Unit::Months | Unit::Minor => prop_assert!(value >= 0, "{}", one.name),
                Unit::YesNo => prop_assert!(value == 0 || value == 1, "{}", one.name),
                Unit::Percent if one.name.starts_with("paid_") => {
                    prop_assert!((0..=100).contains(&value), "{}", one.name);
                }
                Unit::Percent => prop_assert!(value >= 0, "{}", one.name),
                Unit::Days => prop_assert!(value.abs() <= 1_000, "{} {value}", one.name),
            }
        }
        let profile = profile(&dossier, TODAY, 0);
        prop_assert_eq!(profile.cycles.len(), CYCLES);
    }

    #[test]
    fn a_verdict_gives_its_reasons_and_an_unknown_one_has_no_confidence(dossier in dossiers()) {
        let Some(verdict) = Rules::built_in().judge(&dossier, TODAY) else { return Ok(()) };
        let speaking = |class| verdict.reasons.iter().any(|it| it.class == class && it.weight > 0);
        match verdict.class {
            DebtClass::Unknown => prop_assert_eq!(verdict.confidence, 0),
            class => {
                prop_assert!(speaking(class) && (50..=95).contains(&verdict.confidence));
                prop_assert_eq!(verdict.reasons[0].class, class);
            }
        }
        for reason in &verdict.reasons {
            prop_assert!(!reason.says.contains(['{', '}']), "{}", reason.says);
        }
        prop_assert_eq!(verdict.expires_on, plus_days(TODAY, 30));
    }
}
