//! What the law still requires before a service is restricted or a contract
//! ended.
//!
//! A clock starts on the day after a notice is proved to have arrived, and a
//! period is over when its last day is: fourteen days' notice of the tenth
//! allows a restriction on the twenty-fifth. A day on which something holds
//! the account back does not count. Where a reading is open, the later day is
//! taken.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::model::billing::{days_between, plus_days};
use crate::model::law::{AtLeast, Debt, Terms};
use crate::model::review::{CaseFacts, GivenNotice, Outcome};
use crate::model::{Bill, Currency, HoldKind, Money};

/// No period is looked for beyond so many days: what holds an account for
/// longer holds it for ever.
const LOOKED_AHEAD_DAYS: i32 = 1_100;
const HOURS_A_DAY: u32 = 24;

/// What a law asks for before somebody's service is touched.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asks {
    pub notice_days: Option<u32>,
    pub notice_working_days: Option<u32>,
    pub second_notice_hours: Option<u32>,
    pub min_debt: Option<Debt>,
    pub min_overdue_days: Option<u32>,
    pub terminate_days: Option<u32>,
}

/// A law, with the days that it does not count as working days.
#[derive(Clone)]
pub struct Law {
    pub asks: Asks,
    is_holiday: Arc<dyn Fn(Date) -> bool + Send + Sync>,
}

impl fmt::Debug for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.asks.fmt(f)
    }
}

impl Law {
    pub fn new(asks: Asks, is_holiday: impl Fn(Date) -> bool + Send + Sync + 'static) -> Law {
        Law { asks, is_holiday: Arc::new(is_holiday) }
    }

    pub fn of(terms: &Terms, is_holiday: impl Fn(Date) -> bool + Send + Sync + 'static) -> Law {
        let least = |value: &Option<AtLeast>| value.as_ref().map(|value| value.0);
        let asks = Asks {
            notice_days: least(&terms.notice_days),
            notice_working_days: least(&terms.notice_working_days),
            second_notice_hours: least(&terms.second_notice_hours),
            min_debt: terms.min_debt.clone(),
            min_overdue_days: least(&terms.min_overdue_days),
            terminate_days: least(&terms.terminate_days),
        };
        Law::new(asks, is_holiday)
    }

    fn is_working(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !(self.is_holiday)(day)
    }
}

/// One thing that must be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// In words: "14 days since a notice arrived".
    pub asks: String,
    #[serde(flatten)]
    pub stands: Stands,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Stands {
    Met {
        since: Option<Date>,
        by: Option<String>,
    },
    /// It will be so on this day, if nothing else happens.
    Waiting {
        until: Date,
        by: Option<String>,
    },
    /// No day is known on which it will be.
    Missing {
        why: String,
    },
}

/// All that must be so for one outcome; empty where the law asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Readiness(pub Vec<Requirement>);

impl Readiness {
    pub fn is_given(&self) -> bool {
        self.first_lacking().is_none()
    }

    /// The first thing that is not so, in words.
    pub fn first_lacking(&self) -> Option<String> {
        self.0.iter().find_map(|one| match &one.stands {
            Stands::Met { .. } => None,
            Stands::Waiting { until, .. } => Some(format!("{}: not before {until}", one.asks)),
            Stands::Missing { why } => Some(format!("{}: {why}", one.asks)),
        })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = |by: &Option<String>| by.as_ref().map_or(String::new(), |by| format!(", {by}"));
        match &self.stands {
            Stands::Met { since: Some(since), by: what } => {
                write!(f, "{}: since {since}{}", self.asks, by(what))
            }
            Stands::Met { since: None, by: what } => write!(f, "{}: yes{}", self.asks, by(what)),
            Stands::Waiting { until, by: what } => {
                write!(f, "{}: not before {until}{}", self.asks, by(what))
            }
            Stands::Missing { why } => write!(f, "{}: {why}", self.asks),
        }
    }
}

/// What the law requires for `outcome`, and how far it is given on `today`.
pub fn readiness(outcome: Outcome, facts: &CaseFacts, law: &Law, today: Date) -> Readiness {
    if !outcome.needs_notice() {
        return Readiness::default();
    }
    let look = Look { facts, law, today, overdue: overdue(facts, today) };
    let mut required = vec![look.nothing_holds(), look.debt(), look.age()];
    required.extend(look.notices());
    if outcome == Outcome::Terminate {
        required.push(look.restriction());
    }
    Readiness(required.into_iter().flatten().collect())
}

/// Bills past due that nobody disputes, with what counts of each.
fn overdue(facts: &CaseFacts, today: Date) -> Vec<(&Bill, i64)> {
    let late = facts.bills.iter().filter(|bill| bill.due_on < today);
    let counts = |bill: &&Bill| {
        let disputes = facts.holds.iter().filter(|hold| {
            hold.kind == HoldKind::Dispute && hold.is_on(today) && hold.covers(&bill.id)
        });
        let taken: i64 = disputes.map(|hold| hold.amount.unwrap_or(bill.remaining)).sum();
        bill.remaining - taken
    };
    late.map(|bill| (bill, counts(&bill))).filter(|(_, counts)| *counts > 0).collect()
}

/// One look at one account.
struct Look<'a> {
    facts: &'a CaseFacts,
    law: &'a Law,
    today: Date,
    overdue: Vec<(&'a Bill, i64)>,
}

impl Look<'_> {
    /// Every hold counts here, that on a single bill too: it is about what
    /// somebody would lose the service for.
    fn holds_on(&self, day: Date) -> bool {
        self.facts.holds.iter().any(|hold| hold.is_on(day))
    }

    fn nothing_holds(&self) -> Option<Requirement> {
        let asks = "nothing holds the account back".to_owned();
        let held = self.facts.holds.iter().find(|hold| hold.is_on(self.today));
        let stands = match held {
            None => Stands::Met { since: None, by: None },
            Some(hold) => {
                let kind = hold.kind.as_str();
                match self.first_free() {
                    Some(until) => Stands::Waiting { until, by: Some(kind.to_owned()) },
                    None => Stands::Missing { why: format!("{kind}, until it is lifted") },
                }
            }
        };
        Some(Requirement { asks, stands })
    }

    fn first_free(&self) -> Option<Date> {
        let mut days = (0..LOOKED_AHEAD_DAYS).map(|n| plus_days(self.today, n));
        days.find(|day| !self.holds_on(*day))
    }

    fn debt(&self) -> Option<Requirement> {
        let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
        for (bill, counts) in &self.overdue {
            *sums.entry(bill.currency).or_default() += counts;
        }
        let owed = |currency| sums.get(&currency).copied().unwrap_or_default();
        let (asks, least, currency) = match &self.law.asks.min_debt {
            None => ("something overdue that is not disputed".to_owned(), 1, None),
            Some(debt) => {
                let minor = 10_i64.saturating_pow(debt.currency.exponent());
                let least = minor.saturating_mul(debt.units.into());
                (
                    format!("{} overdue and not disputed", Money::new(least, debt.currency)),
                    least,
                    Some(debt.currency),
                )
            }
        };
        let most = match currency {
            Some(currency) => owed(currency),
            None => sums.values().copied().max().unwrap_or_default(),
        };
        let stands = match most >= least {
            true => Stands::Met { since: None, by: None },
            false => Stands::Missing { why: "it is less".to_owned() },
        };
        Some(Requirement { asks, stands })
    }

    fn age(&self) -> Option<Requirement> {
        let least = self.law.asks.min_overdue_days.and_then(|days| i32::try_from(days).ok())?;
        let asks = format!("{} past due", days(least));
        let oldest = self.overdue.iter().min_by_key(|(bill, _)| bill.due_on);
        let stands = match oldest {
            None => Stands::Missing { why: "nothing is".to_owned() },
            Some((bill, _)) => {
                let from = plus_days(bill.due_on, least);
                let by = Some(format!("bill {}", bill.id));
                match days_between(from, self.today) >= 0 {
                    true => Stands::Met { since: Some(from), by },
                    false => Stands::Waiting { until: from, by },
                }
            }
        };
        Some(Requirement { asks, stands })
    }

    /// Proved notices about something that is still overdue, the first first.
    fn proved(&self) -> Vec<(&GivenNotice, Date)> {
        let is_about = |one: &GivenNotice| {
            let named = |(bill, _): &(&Bill, i64)| {
                one.items.iter().any(|(item, _)| item == bill.id.as_str())
            };
            self.overdue.iter().any(named)
        };
        let day = |one: &GivenNotice| Some(self.local(one.proved_at?, &self.facts.zone));
        let mut proved: Vec<(&GivenNotice, Date)> = Vec::new();
        for one in self.facts.notices.iter().filter(|one| is_about(one)) {
            let Some(on) = day(one) else { continue };
            // Another attempt at the same notice is no second one.
            match proved.iter_mut().find(|(known, _)| known.reminder == one.reminder) {
                None => proved.push((one, on)),
                Some(known) if on < known.1 => *known = (one, on),
                Some(_) => {}
            }
        }
        proved.sort_by_key(|(one, on)| (*on, &one.reminder));
        proved
    }

    fn local(&self, at: jiff::Timestamp, zone: &TimeZone) -> Date {
        at.to_zoned(zone.clone()).date()
    }

    fn notices(&self) -> Vec<Option<Requirement>> {
        let Asks { notice_days, notice_working_days, second_notice_hours, .. } = &self.law.asks;
        let proved = self.proved();
        let first = proved.first().copied();
        let second = proved.get(1).copied();
        let any = |_: Date| true;
        let working = |day: Date| self.law.is_working(day);
        let calendar = notice_days.map(|count| {
            let asks = format!("{} since a notice arrived", days(count as i32));
            self.elapsed(asks, first, count, &any, "no notice about what is owed is proved")
        });
        let work = notice_working_days.map(|count| {
            let asks = format!("{count} working days since a notice arrived");
            self.elapsed(asks, first, count, &working, "no notice about what is owed is proved")
        });
        let last = second_notice_hours.map(|hours| {
            let asks = format!("{hours} hours since a second notice arrived");
            // Whole days, so that the last hour is over whenever it began.
            let count = hours.div_ceil(HOURS_A_DAY);
            self.elapsed(asks, second, count, &any, "no second notice is proved")
        });
        vec![calendar, work, last]
    }

    /// Whether `count` days that count are over since the day of this notice.
    fn elapsed(
        &self,
        asks: String,
        notice: Option<(&GivenNotice, Date)>,
        count: u32,
        counts: &dyn Fn(Date) -> bool,
        none: &str,
    ) -> Requirement {
        let Some((notice, on)) = notice else {
            return Requirement { asks, stands: Stands::Missing { why: none.to_owned() } };
        };
        let by = format!("notice {} by {} of {on}", notice.reminder, notice.channel);
        Requirement { asks, stands: self.over(on, count, counts, by) }
    }

    fn over(&self, on: Date, count: u32, counts: &dyn Fn(Date) -> bool, by: String) -> Stands {
        let ahead = days_between(on, self.today).max(0) + LOOKED_AHEAD_DAYS;
        let days = (1..=ahead).map(|n| plus_days(on, n));
        let mut left = days.filter(|day| counts(*day) && !self.holds_on(*day));
        let last = match count {
            0 => Some(on),
            count => left.nth(count as usize - 1),
        };
        match last.map(|last| plus_days(last, 1)) {
            None => Stands::Missing { why: "it is held back until somebody lifts that".to_owned() },
            Some(from) if from <= self.today => Stands::Met { since: Some(from), by: Some(by) },
            Some(until) => Stands::Waiting { until, by: Some(by) },
        }
    }

    fn restriction(&self) -> Option<Requirement> {
        let count = self.law.asks.terminate_days?;
        let asks = format!("{} since the service was restricted", days(count as i32));
        let stands = match self.facts.restricted_at {
            None => Stands::Missing { why: "no restriction is on record".to_owned() },
            Some(at) => {
                let on = self.local(at, &self.facts.zone);
                self.over(on, count, &|_| true, format!("decided on {on}"))
            }
        };
        Some(Requirement { asks, stands })
    }
}

fn days(count: i32) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Hold;
    use crate::review::tests::facts::{self, at, date, noticed};

    fn law(asks: Asks) -> Law {
        Law::new(asks, |day| day == date("2026-03-17"))
    }

    fn fourteen() -> Law {
        law(Asks { notice_days: Some(14), ..Asks::default() })
    }

    #[track_caller]
    fn told(outcome: Outcome, facts: &CaseFacts, law: &Law, on: &str) -> Vec<String> {
        let given = readiness(outcome, facts, law, date(on));
        given.0.iter().map(ToString::to_string).collect()
    }

    fn is_given(facts: &CaseFacts, law: &Law, on: &str) -> bool {
        readiness(Outcome::Restrict, facts, law, date(on)).is_given()
    }

    #[test]
    fn nothing_is_required_of_what_touches_no_service() {
        let facts = noticed(&[]);
        for outcome in Outcome::ALL.into_iter().filter(|outcome| !outcome.needs_notice()) {
            assert!(readiness(outcome, &facts, &fourteen(), date("2026-03-10")).0.is_empty());
        }
    }

    #[test]
    fn without_a_notice_it_is_missing_and_with_one_its_days_run_from_the_proof() {
        let none = noticed(&[]);
        let said = told(Outcome::Restrict, &none, &fourteen(), "2026-06-01");
        assert_eq!(
            said[2],
            "14 days since a notice arrived: no notice about what is owed is proved"
        );
        // Berlin is ahead of UTC: it arrived on the eleventh.
        let one = noticed(&["2026-03-10T23:30Z"]);
        let said = told(Outcome::Restrict, &one, &fourteen(), "2026-03-25");
        assert_eq!(
            said[2],
            "14 days since a notice arrived: not before 2026-03-26, notice r1 by letter of 2026-03-11"
        );
        assert!(!is_given(&one, &fourteen(), "2026-03-25"));
        assert!(is_given(&one, &fourteen(), "2026-03-26"));
    }

    #[test]
    fn a_notice_about_a_bill_that_is_paid_proves_nothing() {
        let mut facts = noticed(&["2026-03-01T12:00Z"]);
        facts.bills[0].id = "b2".into();
        assert!(!is_given(&facts, &fourteen(), "2026-06-01"));
    }

    #[test]
    fn working_days_leave_out_weekends_and_holidays() {
        let law = law(Asks { notice_working_days: Some(3), ..Asks::default() });
        // A Friday; Monday, Wednesday and Thursday count, Tuesday is a holiday.
        let facts = noticed(&["2026-03-13T12:00Z"]);
        assert!(!is_given(&facts, &law, "2026-03-19"));
        assert!(is_given(&facts, &law, "2026-03-20"));
    }

    #[test]
    fn a_second_notice_is_another_one_and_its_hours_are_over_in_full() {
        let law = law(Asks { second_notice_hours: Some(36), ..Asks::default() });
        let mut facts = noticed(&["2026-03-10T12:00Z"]);
        assert!(!is_given(&facts, &law, "2026-06-01"));
        let again = facts::notice("r1", "b1", Some("2026-03-11T12:00Z"));
        facts.notices.push(again);
        assert!(!is_given(&facts, &law, "2026-06-01"));
        facts.notices.push(facts::notice("r2", "b1", Some("2026-03-12T12:00Z")));
        assert!(!is_given(&facts, &law, "2026-03-14"));
        assert!(is_given(&facts, &law, "2026-03-15"));
    }

    #[test]
    fn small_and_young_debts_and_disputed_ones_are_not_enough() {
        let debt = Some(Debt { units: 100, currency: "EUR".parse().unwrap() });
        let law = law(Asks { min_debt: debt, min_overdue_days: Some(30), ..Asks::default() });
        let mut facts = noticed(&[]);
        let said = told(Outcome::Restrict, &facts, &law, "2026-03-20");
        assert_eq!(said[1], "100.00 EUR overdue and not disputed: it is less");
        assert_eq!(said[2], "30 days past due: not before 2026-03-31, bill b1");
        facts.bills[0].remaining = 10_000;
        assert!(is_given(&facts, &law, "2026-03-31"));
        let part =
            Hold { amount: Some(1), ..facts::hold("h1", HoldKind::Dispute, "2026-03-30", None) };
        facts.holds.push(Hold { bill: Some("b1".into()), ..part });
        let said = told(Outcome::Restrict, &facts, &law, "2026-03-31");
        assert_eq!(said[0], "nothing holds the account back: dispute, until it is lifted");
        assert_eq!(said[1], "100.00 EUR overdue and not disputed: it is less");
    }

    #[test]
    fn days_that_are_held_do_not_count() {
        let mut facts = noticed(&["2026-03-10T12:00Z"]);
        facts.holds.push(facts::hold("h1", HoldKind::Promise, "2026-03-12", Some("2026-03-14")));
        let said = told(Outcome::Restrict, &facts, &fourteen(), "2026-03-13");
        assert_eq!(said[0], "nothing holds the account back: not before 2026-03-15, promise");
        assert!(!is_given(&facts, &fourteen(), "2026-03-27"));
        assert!(is_given(&facts, &fourteen(), "2026-03-28"));
    }

    #[test]
    fn a_contract_ends_only_some_days_after_the_restriction() {
        let law = law(Asks { terminate_days: Some(7), ..Asks::default() });
        let mut facts = noticed(&[]);
        let said = |facts: &CaseFacts, on: &str| told(Outcome::Terminate, facts, &law, on).pop();
        let none = "7 days since the service was restricted: no restriction is on record";
        assert_eq!(said(&facts, "2026-06-01").as_deref(), Some(none));
        facts.restricted_at = Some(at("2026-03-10T12:00Z"));
        let waits =
            "7 days since the service was restricted: not before 2026-03-18, decided on 2026-03-10";
        assert_eq!(said(&facts, "2026-03-17").as_deref(), Some(waits));
        let given = readiness(Outcome::Terminate, &facts, &law, date("2026-03-18"));
        assert!(given.is_given(), "{given:?}");
    }

    proptest! {
        /// Whatever is held, and however long: no restriction comes before the
        /// days of the notice, and a hold never brings it forward.
        #[test]
        fn a_hold_only_ever_puts_it_off(
            from in 0..30_i32, length in 0..20_i32, asked in 0..30_u32, on in 0..90_i32,
        ) {
            let proved = date("2026-03-10");
            let law = law(Asks { notice_days: Some(asked), ..Asks::default() });
            let free = noticed(&["2026-03-10T12:00Z"]);
            let mut held = free.clone();
            let starts = plus_days(proved, from).to_string();
            let ends = plus_days(proved, from + length).to_string();
            held.holds.push(facts::hold("h1", HoldKind::Staff, &starts, Some(&ends)));
            let today = plus_days(proved, on);
            let given = |facts| readiness(Outcome::Restrict, facts, &law, today).is_given();
            prop_assert!(!given(&held) || given(&free));
            prop_assert_eq!(given(&free), on > asked as i32);
        }
    }
}
