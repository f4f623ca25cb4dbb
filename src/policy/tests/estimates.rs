//! What an estimate does to a decision: it takes away, and puts in another order.

use proptest::prelude::*;
use proptest::sample::select;

use super::generate::{accounts, live_since};
use super::*;
use crate::model::cause::Value;
use crate::model::estimate::{Estimate, SelfCure, WayCost};

/// What nothing is known of but its tier.
fn estimate(tier: Tier) -> Estimate {
    Estimate {
        value: Value { tier, says: String::new() },
        self_cure: None,
        currency: "EUR".parse().ok(),
        loss_percent: 15,
        ways: Vec::new(),
        is_binding: true,
        figures: "v1".to_owned(),
        score: None,
        is_called: false,
        estimated_on: TODAY,
    }
}

fn estimates() -> impl Strategy<Value = Estimate> {
    let cure = proptest::option::of(1..=3_i32);
    let costs = proptest::collection::vec((0..60_i64, 0..200_i64), 4);
    (select(Tier::ALL.to_vec()), cure, costs, any::<bool>()).prop_map(
        |(tier, days, costs, is_binding)| {
            let ways = Channel::ALL.into_iter().zip(costs);
            Estimate {
                self_cure: days.map(|by_days| SelfCure { of: 8, percent: 100, by_days }),
                ways: ways
                    .map(|(channel, (costs, saves))| WayCost { channel, costs, saves })
                    .collect(),
                is_binding,
                ..estimate(tier)
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn an_estimate_never_makes_anybody_hear_more(
        (mut scenario, facts) in accounts(), live in live_since(), estimate in estimates(),
        notice in any::<prop::sample::Index>(),
    ) {
        let notice = notice.index(scenario.steps.len());
        if scenario.steps[notice].severity > Severity::Courtesy {
            scenario.steps[notice].class = MessageClass::Statutory;
        }
        let estimated = AccountFacts { estimate: Some(estimate), ..facts.clone() };
        let without = decide(&facts, &scenario, live, TODAY).reminder;
        if let Some(with) = decide(&estimated, &scenario, live, TODAY).reminder {
            let without = without.expect("who hears something with an estimate hears it without");
            prop_assert!(with.items.iter().all(|item| without.items.contains(item)));
            prop_assert!(with.severity <= without.severity);
        }
    }

    #[test]
    fn a_statutory_notice_minds_no_estimate(
        (mut scenario, facts) in accounts(), live in live_since(), estimate in estimates(),
    ) {
        for step in &mut scenario.steps {
            step.class = MessageClass::Statutory;
        }
        let estimated = AccountFacts { estimate: Some(estimate), ..facts.clone() };
        prop_assert_eq!(
            decide(&estimated, &scenario, live, TODAY),
            decide(&facts, &scenario, live, TODAY)
        );
    }

    #[test]
    fn a_contact_that_is_worth_it_stays_so_when_more_is_owed(
        costs in 0..500_i64, saves in 0..10_000_i64, owed in 0..1_000_000_i64, more in 0..1_000_000_i64,
    ) {
        let way = WayCost { channel: Channel::Sms, costs, saves };
        prop_assert!(!way.is_worth_it(owed) || way.is_worth_it(owed + more));
        prop_assert!(!way.is_worth_it(0));
    }
}

#[test]
fn who_pays_alone_is_left_alone_through_the_days_that_it_takes_and_no_longer() {
    for (days, is_left) in [(0, true), (1, true), (2, true), (3, false), (9, false)] {
        let cure = Some(SelfCure { of: 8, percent: 100, by_days: 2 });
        let estimate = Estimate { self_cure: cure, ..estimate(Tier::Main) };
        let rungs =
            scenario(vec![step("pre0", 0, Severity::Courtesy), step("soft1", 1, Severity::Soft)]);
        let facts = AccountFacts { estimate: Some(estimate), ..facts(vec![overdue("B1", days)]) };
        let decision = decide(&facts, &rungs, None, TODAY);
        assert_eq!(decision.reminder.is_none(), is_left, "{days}");
        let reasons: Vec<Reason> = decision.why_not.iter().map(|row| row.reason).collect();
        assert_eq!(reasons.contains(&Reason::SelfCures), is_left, "{days}: {reasons:?}");
        // Whom the watch list names no longer pays as it did.
        let watched = AccountFacts { is_watched: true, ..facts };
        assert!(decide(&watched, &rungs, None, TODAY).reminder.is_some(), "{days}");
    }
}

#[test]
fn a_step_for_the_watch_list_is_heard_by_whom_it_names_and_leaves_no_trace_with_others() {
    let gentle = Step { watched: true, ..step("gentle5", -5, Severity::Courtesy) };
    let rungs = scenario(vec![gentle, step("pre3", -3, Severity::Courtesy)]);
    let others = facts(vec![overdue("B1", -5)]);
    assert_eq!(decide(&others, &rungs, None, TODAY), Decision::default());
    let watched = AccountFacts { is_watched: true, ..others.clone() };
    assert_eq!(items(&decide(&watched, &rungs, None, TODAY)), [("B1", "gentle5")]);
    // Two days later the next step speaks, and nothing is said to be missed.
    let later = facts(vec![overdue("B1", -3)]);
    let decision = decide(&later, &rungs, None, TODAY);
    assert_eq!((items(&decision), reasons(&decision)), (vec![("B1", "pre3")], vec![]));
    let late = Step { watched: true, ..step("soft1", 1, Severity::Soft) };
    assert!(
        Scenario { steps: vec![late], ..ladder() }
            .problems()
            .iter()
            .any(|it| it.field.ends_with("watched"))
    );
}
