//! What stands written about an account's steps, bill by bill, and what a
//! decision adds to it.

use std::cmp::Ordering;

use jiff::civil::Date;

use crate::model::{Bill, BillId, Item, Reason};

use super::ladder::{DueStep, Scenario, Step};
use crate::model::facts::{AccountFacts, WhyNot};

/// All that was sent, is in hand, or was recorded; sorted by bill, so that
/// accounts with thousands of bills cost no more by the bill than others.
pub struct Book<'a> {
    live_since: Option<Date>,
    taken: Sorted<'a, Item>,
    recorded: Sorted<'a, WhyNot>,
}

/// What the book says of one bill, and the rows that are new.
pub struct Page<'a> {
    bill: &'a Bill,
    live_since: Option<Date>,
    taken: &'a [&'a Item],
    recorded: &'a [&'a WhyNot],
    changes: &'a mut Vec<WhyNot>,
}

impl<'a> Book<'a> {
    pub fn new(facts: &'a AccountFacts, live_since: Option<Date>, on: Date) -> Book<'a> {
        let in_hand = facts.in_hand.iter().filter(|reminder| reminder.day != on);
        let mut taken: Vec<&Item> = facts.sent.iter().map(|sent| &sent.item).collect();
        taken.extend(in_hand.flat_map(|reminder| &reminder.items));
        Book {
            live_since,
            taken: Sorted::new(taken, |item| &item.bill),
            recorded: Sorted::new(facts.recorded.iter().collect(), |row| &row.bill),
        }
    }

    /// Turns to the page of `bill`. Pages are turned forwards, in the order of bills.
    pub fn page<'b>(&'b mut self, bill: &'b Bill, changes: &'b mut Vec<WhyNot>) -> Page<'b> {
        Page {
            bill,
            live_since: self.live_since,
            taken: self.taken.turn_to(&bill.id),
            recorded: self.recorded.turn_to(&bill.id),
            changes,
        }
    }
}

/// References in the order of the bills that they are about.
struct Sorted<'a, T> {
    all: Vec<&'a T>,
    bill_of: fn(&T) -> &BillId,
    /// Where the current bill begins.
    start: usize,
}

impl<'a, T> Sorted<'a, T> {
    fn new(mut all: Vec<&'a T>, bill_of: fn(&T) -> &BillId) -> Sorted<'a, T> {
        all.sort_unstable_by(|a, b| bill_of(a).cmp(bill_of(b)));
        Sorted { all, bill_of, start: 0 }
    }

    fn turn_to(&mut self, bill: &BillId) -> &[&'a T] {
        let mut end = self.start;
        while let Some(next) = self.all.get(end) {
            match (self.bill_of)(next).cmp(bill) {
                Ordering::Less => self.start = end + 1,
                Ordering::Equal => {}
                Ordering::Greater => break,
            }
            end += 1;
        }
        &self.all[self.start..end]
    }
}

impl Page<'_> {
    /// Sent, or in hand for another day.
    pub fn is_taken(&self, step: &str) -> bool {
        self.taken.iter().any(|item| item.step == step)
    }

    /// Sent, or decided for good.
    pub fn is_decided(&self, step: &str) -> bool {
        self.is_taken(step) || self.row(step).is_some_and(|row| row.reason.is_final())
    }

    /// While the scenario observes, a step that it observed is done with. Once
    /// live, what was only observed is no notice, and may have to go out.
    pub fn is_observed(&self, step: &str) -> bool {
        let is_row = |row: &WhyNot| row.reason == Reason::Observed;
        self.live_since.is_none() && self.row(step).is_some_and(is_row)
    }

    pub fn was_before_live(&self, due: DueStep<'_>) -> bool {
        self.live_since.is_some_and(|since| due.on < since)
    }

    /// Of the steps that have come, only the latest counts; the missed ones
    /// are recorded once, and never sent.
    pub fn retire_earlier_steps(&mut self, scenario: &Scenario, due: DueStep<'_>) {
        for (index, step) in scenario.steps[..due.index].iter().enumerate() {
            // Who was never watched has missed nothing.
            let is_foreign = step.watched && self.row(&step.name).is_none();
            if self.is_decided(&step.name) || is_foreign {
                continue;
            }
            let Some(earlier) = scenario.placed(index, self.bill) else { continue };
            if self.row(&step.name).is_some() || !self.was_before_live(earlier) {
                self.note(earlier, Reason::Superseded);
            }
        }
    }

    /// A step whose last day passed. It is recorded even where no row stood
    /// open: after an outage longer than its limit, that is all that is left
    /// of it.
    pub fn lapse(&mut self, due: DueStep<'_>) {
        let is_worth_a_row = match self.row(&due.step.name) {
            Some(row) => row.is_open,
            None => !self.was_before_live(due),
        };
        if is_worth_a_row {
            self.note(due, Reason::LapsedStep);
        }
    }

    pub fn note(&mut self, due: DueStep<'_>, reason: Reason) {
        let row = WhyNot {
            bill: self.bill.id.clone(),
            step: due.step.name.clone(),
            step_on: due.on,
            limit_on: due.limit_on,
            reason,
            is_open: !reason.is_final() && reason != Reason::Paid,
        };
        if self.row(&due.step.name) != Some(&row) {
            self.changes.push(row);
        }
    }

    /// A step that goes out after all is not superseded as well.
    pub fn take_back(&mut self, step: &Step) {
        self.changes.retain(|row| row.bill != self.bill.id || row.step != step.name);
    }

    fn row(&self, step: &str) -> Option<&WhyNot> {
        self.recorded.iter().copied().find(|row| row.step == step)
    }
}
