//! What holds for every account on every day, whatever happened to it before.

use proptest::prelude::*;

use super::generate::{accounts, live_since};
use super::*;
use crate::model::id::spread;

/// The bill and the step of each item, the step by its number in the scenario.
fn spoken<'a>(
    decision: &'a Decision,
    scenario: &'a Scenario,
    facts: &'a AccountFacts,
) -> impl Iterator<Item = (&'a Bill, usize)> {
    let items = decision.reminder.iter().flat_map(|reminder| &reminder.items);
    items.map(|item| {
        let bill = facts.bills.iter().find(|bill| bill.id == item.bill).unwrap();
        (bill, scenario.steps.iter().position(|step| step.name == item.step).unwrap())
    })
}

/// The step of `bill` that its date makes due: the item's own, or the hard one
/// that it stands in for.
fn latest_come(scenario: &Scenario, bill: &Bill) -> usize {
    let mut steps = (0..scenario.steps.len()).rev();
    steps.find(|step| day_of(scenario, bill, *step) <= TODAY).expect("an item's step has come")
}

fn shuffle<T>(list: &mut Vec<T>, seed: u64) {
    let mut numbered: Vec<(u64, T)> = list
        .drain(..)
        .enumerate()
        .map(|(place, thing)| (spread(&format!("{seed} {place}")), thing))
        .collect();
    numbered.sort_by_key(|(key, _)| *key);
    list.extend(numbered.into_iter().map(|(_, thing)| thing));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_order_in_which_facts_lie_there_changes_nothing(
        (scenario, facts) in accounts(), live in live_since(), seed in any::<u64>(),
    ) {
        let mut other = facts.clone();
        shuffle(&mut other.bills, seed);
        shuffle(&mut other.holds, seed);
        shuffle(&mut other.pending, seed);
        shuffle(&mut other.sent, seed);
        shuffle(&mut other.in_hand, seed);
        shuffle(&mut other.recorded, seed);
        prop_assert_eq!(
            decide(&facts, &scenario, live, TODAY),
            decide(&other, &scenario, live, TODAY)
        );
    }

    #[test]
    fn a_class_never_makes_anybody_hear_more(
        (mut scenario, facts) in accounts(), live in live_since(),
        class in 0..DebtClass::ALL.len(), notice in any::<prop::sample::Index>(),
    ) {
        let notice = notice.index(scenario.steps.len());
        if scenario.steps[notice].severity > Severity::Courtesy {
            scenario.steps[notice].class = MessageClass::Statutory;
        }
        let facts = AccountFacts { class: DebtClass::Unknown, ..facts };
        let classed = AccountFacts { class: DebtClass::ALL[class], ..facts.clone() };
        let without = decide(&facts, &scenario, live, TODAY).reminder;
        if let Some(with) = decide(&classed, &scenario, live, TODAY).reminder {
            let without = without.expect("who hears something with a class hears it without");
            prop_assert!(with.items.iter().all(|item| without.items.contains(item)));
            prop_assert!(with.severity <= without.severity);
        }
    }

    #[test]
    fn nobody_hears_the_same_step_of_a_bill_twice(
        (scenario, facts) in accounts(), live in live_since(),
    ) {
        let decision = decide(&facts, &scenario, live, TODAY);
        for item in decision.reminder.iter().flat_map(|reminder| &reminder.items) {
            prop_assert!(!facts.sent.iter().any(|sent| sent.item == *item));
            let elsewhere = facts.in_hand.iter().filter(|reminder| reminder.day != TODAY);
            prop_assert!(!elsewhere.flat_map(|reminder| &reminder.items).any(|it| it == item));
        }
    }

    #[test]
    fn a_day_brings_one_reminder_and_each_bill_at_most_once(
        (scenario, facts) in accounts(), live in live_since(),
    ) {
        let decision = decide(&facts, &scenario, live, TODAY);
        let mut bills: Vec<&BillId> =
            spoken(&decision, &scenario, &facts).map(|(bill, _)| &bill.id).collect();
        let count = bills.len();
        bills.dedup();
        prop_assert_eq!(bills.len(), count);
        prop_assert!(count == 0 || facts.sent.iter().all(|sent| sent.day != TODAY));
        prop_assert!(decision.reminder.is_none() == (count == 0));
    }

    #[test]
    fn only_what_is_owed_and_undisputed_is_asked_for(
        (scenario, facts) in accounts(), live in live_since(),
    ) {
        let decision = decide(&facts, &scenario, live, TODAY);
        for (bill, _) in spoken(&decision, &scenario, &facts) {
            let mut owed = bill.remaining;
            for hold in facts.holds.iter().filter(|hold| hold.is_on(TODAY)) {
                if hold.bill.as_ref().is_some_and(|held| *held != bill.id) {
                    continue;
                }
                prop_assert_eq!(hold.kind, crate::model::HoldKind::Dispute);
                owed -= hold.amount.unwrap_or(bill.remaining);
            }
            prop_assert!(owed > scenario.tolerance);
        }
    }

    #[test]
    fn a_step_goes_out_between_its_day_and_its_limit(
        (scenario, facts) in accounts(), live in live_since(),
    ) {
        let decision = decide(&facts, &scenario, live, TODAY);
        for (bill, step) in spoken(&decision, &scenario, &facts) {
            let due = latest_come(&scenario, bill);
            prop_assert!(day_of(&scenario, bill, due) >= bill.issued_on);
            prop_assert!(bill.issued_on <= TODAY);
            prop_assert!(TODAY <= limit_of(&scenario, bill, due));
            prop_assert!(live.is_none_or(|live| day_of(&scenario, bill, due) >= live));
            // Only a soft step in the place of a hard one is ever another than the latest.
            if step != due {
                prop_assert_eq!(scenario.steps[step].severity, Severity::Soft);
                prop_assert_eq!(scenario.steps[due].severity, Severity::Hard);
                prop_assert!(step < due);
            }
            if scenario.steps[step].severity == Severity::Courtesy {
                prop_assert!(TODAY <= bill.due_on);
            }
        }
    }

    #[test]
    fn nobody_is_threatened_unwarned(
        (scenario, facts) in accounts(), live in live_since(),
    ) {
        let decision = decide(&facts, &scenario, live, TODAY);
        for (_, step) in spoken(&decision, &scenario, &facts) {
            let step = &scenario.steps[step];
            if step.severity != Severity::Hard {
                continue;
            }
            let opened_on = facts.case.as_ref().expect("a warned account has a case").opened_on;
            let was_warned = facts.sent.iter().any(|sent| {
                scenario.step(&sent.item.step).unwrap().severity == Severity::Soft
                    && sent.day >= opened_on
                    && sent.standing != Standing::Open
                    && plus_days(sent.day, step.notice_gap_days) <= TODAY
            });
            prop_assert!(was_warned);
        }
    }

    #[test]
    fn the_most_severe_step_gives_the_voice_and_only_channels_that_reach(
        (scenario, facts) in accounts(), live in live_since(),
    ) {
        let decision = decide(&facts, &scenario, live, TODAY);
        let severest = spoken(&decision, &scenario, &facts)
            .max_by_key(|(_, step)| *step)
            .map(|(_, step)| &scenario.steps[step]);
        prop_assert_eq!(severest.is_some(), decision.reminder.is_some());
        let (Some(step), Some(reminder)) = (severest, &decision.reminder) else { return Ok(()) };
        prop_assert_eq!((&step.name, step.severity), (&reminder.step, reminder.severity));
        let contacts = &facts.account.contacts;
        prop_assert!(!reminder.channels.is_empty());
        prop_assert!(reminder.channels.iter().all(|it| contacts.reaches(*it)));
        let wish = contacts.preferred.filter(|wish| reminder.channels.contains(wish));
        prop_assert!(wish.is_none_or(|wish| reminder.channels[0] == wish));
    }

    #[test]
    fn a_scenario_that_observes_decides_as_if_it_had_always_been_live(
        (scenario, mut facts) in accounts(),
    ) {
        // What was only observed warns nobody; there alone the two differ.
        facts.recorded.retain(|row| row.reason != Reason::Observed);
        let long_ago = Some(jiff::civil::date(2020, 1, 1));
        prop_assert_eq!(
            decide(&facts, &scenario, None, TODAY),
            decide(&facts, &scenario, long_ago, TODAY)
        );
    }

    #[test]
    fn another_accounts_facts_change_nothing(
        (scenario, one) in accounts(), (_, other) in accounts(), live in live_since(),
    ) {
        let of_one = decide(&one, &scenario, live, TODAY);
        let of_other = decide(&other, &scenario, live, TODAY);
        prop_assert_eq!(decide(&other, &scenario, live, TODAY), of_other);
        prop_assert_eq!(decide(&one, &scenario, live, TODAY), of_one);
    }

    /// Each step has one fate: it goes out, or it has one new row, never both,
    /// save the hard step that a soft one stands in for.
    #[test]
    fn a_row_is_new_and_never_about_a_step_that_goes_out(
        (scenario, facts) in accounts(), live in live_since(),
    ) {
        let decision = decide(&facts, &scenario, live, TODAY);
        let mut keys: Vec<_> = decision.why_not.iter().map(|row| (&row.bill, &row.step)).collect();
        for item in decision.reminder.iter().flat_map(|reminder| &reminder.items) {
            prop_assert!(!keys.contains(&(&item.bill, &item.step)));
        }
        let count = keys.len();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), count);
        for row in &decision.why_not {
            prop_assert!(!facts.recorded.contains(row));
            prop_assert!(!(row.is_open && row.reason.is_final()));
        }
        // Once its rows are written, the same decision adds none.
        let mut later = facts.clone();
        later.recorded.retain(|row| !decision.why_not.iter().any(|new| {
            (&new.bill, &new.step) == (&row.bill, &row.step)
        }));
        later.recorded.extend(decision.why_not.iter().cloned());
        prop_assert_eq!(decide(&later, &scenario, live, TODAY).why_not, []);
    }

    #[test]
    fn a_row_tells_the_steps_own_days_and_a_reason_that_is_there(
        (scenario, facts) in accounts(), live in live_since(),
    ) {
        for row in decide(&facts, &scenario, live, TODAY).why_not {
            let bill = facts.bills.iter().find(|bill| bill.id == row.bill).unwrap();
            let step = scenario.steps.iter().position(|step| step.name == row.step).unwrap();
            prop_assert_eq!(row.step_on, day_of(&scenario, bill, step));
            prop_assert_eq!(row.limit_on, limit_of(&scenario, bill, step));
            prop_assert!(bill.issued_on <= row.step_on && row.step_on <= TODAY);
            prop_assert_eq!(row.is_open, !row.reason.is_final() && row.reason != Reason::Paid);
            let held_by = facts.holds.iter().filter(|hold| {
                hold.is_on(TODAY) && hold.bill.as_ref().is_none_or(|held| *held == bill.id)
            });
            let names: Vec<String> =
                held_by.map(|hold| format!("hold_{}", hold.kind.as_str())).collect();
            let is_hold = row.reason.as_str().starts_with("hold_");
            prop_assert!(!is_hold || names.iter().any(|name| *name == row.reason.as_str()));
        }
    }
}
