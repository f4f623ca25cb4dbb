//! Months of one account's life, day by day: decisions are carried out, outages
//! come and go, reminders are deferred, receipts arrive or stay away.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::generate::newcomers;
use super::*;
use crate::model::Item;

/// Days before and after today that a life lasts.
const DAYS: std::ops::Range<i32> = -80..80;

/// What befalls the account and the daemon, by days from today.
#[derive(Debug, Clone)]
struct Fate {
    /// `None`: the scenario observes.
    live_since: Option<Date>,
    /// The daemon is down from the first, for so many days.
    outages: Vec<(i32, i32)>,
    /// The day on which each bill is paid.
    paid: Vec<Option<i32>>,
    /// Days whose reminders miss their window and are planned again.
    deferred: BTreeSet<i32>,
    /// Days from sending until the receipt; `None`: none ever comes.
    receipt_after: Option<i32>,
}

fn fates() -> impl Strategy<Value = Fate> {
    (
        proptest::option::weighted(0.8, -90..30),
        vec((DAYS, 1..=45), 0..4),
        vec(proptest::option::of(DAYS), 5),
        proptest::collection::btree_set(DAYS, 0..20),
        proptest::option::weighted(0.8, 1..=5),
    )
        .prop_map(|(live_since, outages, paid, deferred, receipt_after)| Fate {
            live_since: live_since.map(|live| plus_days(TODAY, live)),
            outages,
            paid,
            deferred,
            receipt_after,
        })
}

impl Fate {
    fn is_down(&self, day: i32) -> bool {
        self.outages.iter().any(|(from, days)| (*from..from + days).contains(&day))
    }

    fn is_paid(&self, bill: usize, day: i32) -> bool {
        self.paid[bill].is_some_and(|paid| paid <= day)
    }
}

struct Life<'a> {
    scenario: &'a Scenario,
    fate: &'a Fate,
    bills: Vec<Bill>,
    facts: AccountFacts,
    /// What went out, or would have while observing.
    reminders: Vec<(Date, Planned)>,
}

impl<'a> Life<'a> {
    fn lived(scenario: &'a Scenario, facts: &AccountFacts, fate: &'a Fate) -> Life<'a> {
        let mut facts = facts.clone();
        let bills = std::mem::take(&mut facts.bills);
        let mut life = Life { scenario, fate, bills, facts, reminders: Vec::new() };
        DAYS.filter(|day| !fate.is_down(*day)).for_each(|day| life.live(day));
        life
    }

    fn live(&mut self, day: i32) {
        let on = plus_days(TODAY, day);
        self.read_facts(day);
        let decision = decide(&self.facts, self.scenario, self.fate.live_since, on);
        decision.why_not.into_iter().for_each(|row| self.record(row));
        if decision.cures {
            self.facts.case = None;
        }
        let Some(reminder) = decision.reminder else { return };
        if self.fate.live_since.is_none() {
            self.put_aside(&reminder, Reason::Observed);
        } else if self.fate.deferred.contains(&day) {
            return self.put_aside(&reminder, Reason::OutsideWindow);
        } else {
            self.send(&reminder, on);
        }
        self.reminders.push((on, reminder));
    }

    /// The bills with something unpaid and those with an open row; the receipts.
    fn read_facts(&mut self, day: i32) {
        let on = plus_days(TODAY, day);
        for (number, bill) in self.bills.iter_mut().enumerate() {
            if self.fate.is_paid(number, day) {
                bill.remaining = 0;
            }
        }
        let is_open = |bill: &&Bill| {
            bill.remaining > 0
                || self.facts.recorded.iter().any(|row| row.bill == bill.id && row.is_open)
        };
        self.facts.bills = self.bills.iter().filter(is_open).cloned().collect();
        if let Some(after) = self.fate.receipt_after {
            for sent in self.facts.sent.iter_mut().filter(|it| plus_days(it.day, after) <= on) {
                sent.standing = Standing::Delivered;
            }
        }
    }

    fn record(&mut self, row: WhyNot) {
        self.facts.recorded.retain(|it| (&it.bill, &it.step) != (&row.bill, &row.step));
        self.facts.recorded.push(row);
    }

    fn put_aside(&mut self, reminder: &Planned, reason: Reason) {
        for item in &reminder.items {
            let bill = self.bills.iter().find(|bill| bill.id == item.bill).unwrap();
            let step = self.scenario.steps.iter().position(|it| it.name == item.step).unwrap();
            self.record(WhyNot {
                bill: item.bill.clone(),
                step: item.step.clone(),
                step_on: day_of(self.scenario, bill, step),
                limit_on: limit_of(self.scenario, bill, step),
                reason,
                is_open: !reason.is_final(),
            });
        }
    }

    fn send(&mut self, reminder: &Planned, on: Date) {
        for item in &reminder.items {
            let item = item.clone();
            self.facts.sent.push(SentItem { item, day: on, standing: Standing::Open });
        }
        let policy = self.scenario.version();
        let case =
            self.facts.case.get_or_insert(Case { opened_on: on, stage: reminder.severity, policy });
        case.stage = case.stage.max(reminder.severity);
    }

    fn items(&self) -> impl Iterator<Item = (Date, &Item)> {
        self.reminders
            .iter()
            .flat_map(|(day, reminder)| reminder.items.iter().map(|item| (*day, item)))
    }

    fn severity(&self, item: &Item) -> Severity {
        self.scenario.step(&item.step).unwrap().severity
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn in_a_whole_life_nothing_is_said_twice(
        (scenario, facts) in newcomers(), fate in fates(),
    ) {
        let life = Life::lived(&scenario, &facts, &fate);
        let said: BTreeSet<&Item> = life.items().map(|(_, item)| item).collect();
        prop_assert_eq!(said.len(), life.items().count());
    }

    #[test]
    fn in_a_whole_life_every_hard_word_follows_a_soft_one_that_arrived(
        (scenario, facts) in newcomers(), fate in fates(),
    ) {
        let life = Life::lived(&scenario, &facts, &fate);
        let hard = life.items().filter(|(_, item)| life.severity(item) == Severity::Hard);
        for (day, item) in hard {
            let gap = scenario.step(&item.step).unwrap().notice_gap_days;
            let wait = fate.receipt_after.expect("a notice without a receipt warns nobody");
            let was_warned = life.items().any(|(warned, soft)| {
                life.severity(soft) == Severity::Soft && plus_days(warned, gap.max(wait)) <= day
            });
            prop_assert!(was_warned, "{} on {}", item.step, day);
        }
    }

    /// Every step that came while its bill was owed and the daemon ran again
    /// in time to see it was sent, or has a row that says why not.
    #[test]
    fn in_a_whole_life_nothing_is_lost(
        (scenario, facts) in newcomers(), fate in fates(),
    ) {
        let life = Life::lived(&scenario, &facts, &fate);
        let runs: Vec<i32> = DAYS.filter(|day| !fate.is_down(*day)).collect();
        for (number, bill) in facts.bills.iter().enumerate() {
            for step in 0..scenario.steps.len() {
                let on = day_of(&scenario, bill, step);
                let is_early = on < bill.issued_on || fate.live_since.is_some_and(|it| on < it);
                let seen = runs.iter().find(|day| plus_days(TODAY, **day) >= on);
                let was_owed =
                    seen.is_some_and(|day| bill.remaining > 0 && !fate.is_paid(number, *day));
                if is_early || !was_owed {
                    continue;
                }
                let name = &scenario.steps[step].name;
                let was_said = life.items().any(|(_, it)| it.bill == bill.id && it.step == *name);
                let has_row = life.facts.recorded.iter().any(|row| {
                    row.bill == bill.id && row.step == *name
                });
                prop_assert!(was_said || has_row, "{} {}", bill.id, name);
            }
        }
    }

    #[test]
    fn in_a_whole_life_a_day_of_catching_up_is_like_any_other(
        (scenario, facts) in newcomers(), fate in fates(),
    ) {
        let life = Life::lived(&scenario, &facts, &fate);
        for (day, reminder) in &life.reminders {
            let bills: BTreeSet<&BillId> = reminder.items.iter().map(|item| &item.bill).collect();
            prop_assert_eq!(bills.len(), reminder.items.len(), "{}", day);
        }
        let days: BTreeSet<Date> = life.reminders.iter().map(|(day, _)| *day).collect();
        prop_assert_eq!(days.len(), life.reminders.len());
    }

    /// Where nothing speaks against it and the daemon never rests, each step
    /// goes out on its very day.
    #[test]
    fn in_a_quiet_life_every_soft_step_goes_out_on_its_day(
        (scenario, facts) in newcomers(), live in -90..0i32,
    ) {
        let fate = Fate {
            live_since: Some(plus_days(TODAY, live)),
            outages: Vec::new(),
            paid: vec![None; facts.bills.len()],
            deferred: BTreeSet::new(),
            receipt_after: Some(1),
        };
        let life = Life::lived(&scenario, &facts, &fate);
        let (first, last) = (plus_days(TODAY, live.max(DAYS.start)), plus_days(TODAY, DAYS.end - 1));
        for bill in facts.bills.iter().filter(|bill| bill.remaining > scenario.tolerance) {
            let is_mild = |step: &usize| scenario.steps[*step].severity != Severity::Hard;
            for step in (0..scenario.steps.len()).filter(is_mild) {
                let on = day_of(&scenario, bill, step);
                if on < first || on < bill.issued_on || on > last {
                    continue;
                }
                let name = &scenario.steps[step].name;
                let said = life.items().find(|(_, it)| it.bill == bill.id && it.step == *name);
                prop_assert_eq!(said.map(|(day, _)| day), Some(on), "{} {}", bill.id, name);
            }
        }
    }
}
