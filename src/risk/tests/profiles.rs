//! The 24 characters, and habits.

use jiff::civil::Weekday;

use crate::model::Item;
use crate::model::facts::{SentItem, Standing};
use crate::risk::profile::{CYCLES, Profile, SelfCure, Usual, profile};

use super::*;

fn shown(bills: &[Came]) -> Profile {
    profile(&account(bills), TODAY, 0)
}

#[test]
fn a_profile_reads_back_from_this_month() {
    let seen = shown(&[Late(140), Late(31), Late(30), Late(0), Late(-4), Nothing, Nothing]);
    assert_eq!(seen.cycles, "AB00125.................");
    assert_eq!(seen.cycles.len(), CYCLES);
}

#[test]
fn a_half_paid_bill_is_not_paid() {
    assert!(shown(&[Half]).cycles.starts_with("A."));
    assert!(shown(&[Halves(9)]).cycles.starts_with("1."));
}

#[test]
fn a_month_with_two_bills_shows_the_worse_one() {
    let mut dossier = account(&[Late(0), Late(5)]);
    dossier.bills[0].due_on = dossier.bills[1].due_on;
    assert!(profile(&dossier, TODAY, 0).cycles.starts_with("1."));
}

#[test]
fn what_is_disputed_not_due_or_paid_some_day_says_so() {
    let mut dossier = account(&[Nothing, Nothing, Nothing]);
    dossier.bills[0].remaining = 0;
    dossier.holds.push(Hold { bill: Some("B1".into()), ..hold(HoldKind::Dispute, -30, None) });
    dossier.bills[2].due_on = date(2026, 6, 25);
    assert!(profile(&dossier, TODAY, 0).cycles.starts_with("ox?."));
}

#[test]
fn who_pays_a_day_or_two_late_and_always_alone_cures_himself() {
    let habit = [1, 2, 1, 1, 2, 1, 0, 1].map(Late);
    assert_eq!(shown(&habit).self_cure, Some(SelfCure { of: 8, percent: 100, by_days: 2 }));
    // Five bills are no habit.
    assert_eq!(shown(&habit[..5]).self_cure, None);
    // One in four that took longer is not reliable.
    assert_eq!(shown(&[1, 2, 9, 1, 2, 1, 9, 1].map(Late)).self_cure, None);
    // Who is never late has nothing to cure.
    assert_eq!(shown(&[Late(0); 8]).self_cure, None);
}

#[test]
fn bills_that_somebody_reminded_of_show_no_habit_of_paying_alone() {
    let mut dossier = account(&[Late(2); 8]);
    let reminded = dossier.bills[..3].iter().map(|bill| SentItem {
        item: Item { bill: bill.id.clone(), step: "late1".to_owned() },
        day: plus_days(bill.due_on, 1),
        standing: Standing::Delivered,
    });
    dossier.sent = reminded.collect();
    assert_eq!(profile(&dossier, TODAY, 0).self_cure, None);
    // A reminder that came after the payment moved nobody.
    for sent in &mut dossier.sent {
        sent.day = plus_days(sent.day, 2);
    }
    assert!(profile(&dossier, TODAY, 0).self_cure.is_some());
}

#[test]
fn a_payday_is_told_with_how_sure_it_is() {
    // Due on the first of each month, paid around the fourth.
    let seen = shown(&[3, 4, 2, 3, 3, 3, 15, 3].map(Late));
    assert_eq!(seen.payday, Some(Usual { value: 4, sure: 87 }));
    assert_eq!(shown(&[Late(3); 5]).payday, None);
}

#[test]
fn the_end_and_the_beginning_of_a_month_are_neighbours() {
    let seen = shown(&[-1, 0, -1, 0, 1, -1, 0, 0].map(Late));
    assert_eq!(seen.payday.map(|usual| usual.sure), Some(100));
}

#[test]
fn a_weekday_is_told_where_there_is_one() {
    let mut dossier = account(&[Late(0); 8]);
    for payment in &mut dossier.payments {
        let ahead = payment.paid_on.weekday().until(Weekday::Friday);
        payment.paid_on = plus_days(payment.paid_on, ahead.into());
    }
    let seen = profile(&dossier, TODAY, 0);
    assert_eq!(seen.weekday, Some(Usual { value: Weekday::Friday, sure: 100 }));
}
