//! The brake: whether a day is so far out of the ordinary that a person is
//! asked before anything more is sent.
//!
//! The usual is the most that there was on one day within the days looked at.
//! Bills fall due in cycles, and a mean would call every cycle's day unusual.
//! Before so many days are known there is nothing usual yet, and only what the
//! operator allows in a day at most holds: a first month must be no alarm.
//! That it is no storm either is seen to elsewhere: what fell due before going
//! live is not sent.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::billing::plus_days;
use crate::model::brake::{Alarm, Because, Released, Sign, Tallies};

/// Of a hundred who are reminded, one asks to be left alone: usual anywhere.
const STOPS_SHARE: u64 = 100;
const DAYS_MAX: u32 = 366;

/// `[pipeline.brake]`: from when on a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// So many times the usual; 0 asks nobody about it.
    pub factor: u32,
    /// Days that make the usual. Fewer than a cycle of bills miss its peak.
    pub days: u32,
    /// Nobody is asked about fewer reminders a day.
    pub planned_min: u32,
    /// Nobody is asked about fewer who want to be left alone.
    pub stops_min: u32,
    /// Reminders a day at most, whatever is usual; 0 for no such limit.
    pub planned_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { factor: 3, days: 35, planned_min: 1_000, stops_min: 50, planned_max: 0 }
    }
}

impl Settings {
    /// Nobody is ever asked.
    pub const OFF: Settings =
        Settings { factor: 0, days: 35, planned_min: 0, stops_min: 0, planned_max: 0 };

    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if self.factor == 1 {
            let what = "is 1, so that every day above the usual stops sending; use 2 or more, or 0 for no brake";
            problems.push(("brake.factor", what.to_owned()));
        }
        if !(7..=DAYS_MAX).contains(&self.days) {
            let what =
                format!("is {}; use 7 to {DAYS_MAX}, and a cycle of bills at least", self.days);
            problems.push(("brake.days", what));
        }
        problems
    }

    /// The first day whose tally matters on `today`: it tells whether as much as
    /// is looked at is known, though nothing was planned on some days.
    pub fn known_from(&self, today: Date) -> Date {
        plus_days(today, -2 * self.days as i32 - 1)
    }
}

/// What is out of the ordinary, on `today` or on the day before, which may
/// still go on where the subscribers are.
pub fn alarm(
    settings: &Settings,
    tallies: &Tallies,
    released: &[Released],
    today: Date,
) -> Option<Alarm> {
    let days = [plus_days(today, -1), today];
    let signs = [Sign::Planned, Sign::Stops];
    let each = days.into_iter().flat_map(|on| signs.map(|sign| (sign, on)));
    each.filter_map(|(sign, on)| {
        let seen = tallies.get(&on).map_or(0, |tally| tally.of(sign));
        let at_most = at_most(settings, tallies, released, (sign, on))?;
        (seen > at_most).then_some(Alarm { sign, on, seen, at_most })
    })
    .next()
}

/// How many nobody is asked about; `None` where nobody is asked about any.
fn at_most(
    settings: &Settings,
    tallies: &Tallies,
    released: &[Released],
    (sign, on): (Sign, Date),
) -> Option<u64> {
    let factor = u64::from(settings.factor);
    let of_usual = |least: u32| {
        let usual = usual(settings, tallies, released, (sign, on))?;
        (factor > 0).then(|| u64::from(least).max(factor.saturating_mul(usual)))
    };
    let limit = match sign {
        Sign::Planned => {
            let most = Some(u64::from(settings.planned_max)).filter(|most| *most > 0);
            of_usual(settings.planned_min).into_iter().chain(most).min()
        }
        Sign::Stops => of_usual(settings.stops_min),
    }?;
    let let_go = released.iter().filter(|one| one.is_about(sign, on)).map(|one| one.seen).max();
    Some(let_go.map_or(limit, |seen| limit.max(factor.max(2).saturating_mul(seen))))
}

/// The usual before `on`; `None` where too little is known of it.
fn usual(
    settings: &Settings,
    tallies: &Tallies,
    released: &[Released],
    (sign, on): (Sign, Date),
) -> Option<u64> {
    let first = plus_days(on, -(settings.days as i32));
    let is_odd = |day: Date| {
        released.iter().any(|one| one.because == Because::Mended && one.is_about(sign, day))
    };
    let before = tallies.range(first..on).filter(|(day, _)| !is_odd(**day));
    let most = before.map(|(_, tally)| tally.of(sign)).max().unwrap_or(0);
    match sign {
        Sign::Planned => {
            let is_known = tallies.range(..=first).any(|(_, tally)| tally.planned > 0);
            is_known.then_some(most)
        }
        // Even before anything is usual, there is a share of those reminded that is.
        Sign::Stops => {
            let planned = tallies.range(plus_days(on, -1)..=on).map(|(_, tally)| tally.planned);
            Some(most.max(planned.max().unwrap_or(0) / STOPS_SHARE))
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::model::brake::Tally;

    const TODAY: Date = date(2026, 3, 10);

    /// Tallies of the days up to `TODAY`, which is the last of them.
    fn planned(days: &[u64]) -> Tallies {
        let first = 1 - days.len() as i32;
        let tally = |n: &u64| Tally { planned: *n, stops: 0 };
        (first..=0).zip(days).map(|(ago, n)| (plus_days(TODAY, ago), tally(n))).collect()
    }

    fn judged(days: &[u64]) -> Option<Alarm> {
        alarm(&Settings::default(), &planned(days), &[], TODAY)
    }

    fn release(seen: u64, because: Because) -> Released {
        Released { sign: Sign::Planned, from: TODAY, through: TODAY, seen, because }
    }

    #[test]
    fn a_day_of_many_times_the_usual_is_asked_about() {
        let mut days = vec![1_000; 40];
        days[39] = 3_000;
        assert_eq!(judged(&days), None);
        days[39] = 3_001;
        let told = Alarm { sign: Sign::Planned, on: TODAY, seen: 3_001, at_most: 3_000 };
        assert_eq!(judged(&days), Some(told));
    }

    #[test]
    fn the_day_of_a_cycle_is_usual_though_all_others_are_quiet() {
        let mut days = vec![5; 40];
        days[9] = 90_000;
        days[39] = 100_000;
        assert_eq!(judged(&days), None);
    }

    #[test]
    fn in_the_first_days_nothing_is_usual_and_nothing_an_alarm() {
        let mut days = vec![1; 35];
        days[34] = 1_000_000;
        assert_eq!(judged(&days), None);
        days.insert(0, 1);
        assert!(judged(&days).is_some(), "35 days before it are known");
        let most = Settings { planned_max: 5_000, ..Settings::default() };
        assert_eq!(alarm(&most, &planned(&[5_000]), &[], TODAY), None);
        assert_eq!(alarm(&most, &planned(&[5_001]), &[], TODAY).unwrap().at_most, 5_000);
    }

    #[test]
    fn many_who_want_to_be_left_alone_are_asked_about_from_the_first_day() {
        let of = |planned, stops| {
            let tallies = Tallies::from([(TODAY, Tally { planned, stops })]);
            alarm(&Settings::default(), &tallies, &[], TODAY).map(|it| (it.sign, it.at_most))
        };
        assert_eq!(of(1_000, 50), None);
        assert_eq!(of(1_000, 51), Some((Sign::Stops, 50)));
        assert_eq!(of(10_000, 300), None);
        assert_eq!(of(10_000, 301), Some((Sign::Stops, 300)));
    }

    #[test]
    fn what_people_expected_is_a_measure_and_what_they_mended_is_none() {
        let mut days = vec![1_000; 41];
        (days[39], days[40]) = (9_000, 9_000);
        let yesterday = plus_days(TODAY, -1);
        let of = |because| {
            let one = Released { from: yesterday, through: yesterday, ..release(9_000, because) };
            alarm(&Settings::default(), &planned(&days), &[one], TODAY)
        };
        assert_eq!(of(Because::Expected), None);
        assert_eq!(of(Because::Mended).map(|it| (it.on, it.at_most)), Some((TODAY, 3_000)));
    }

    #[test]
    fn without_a_factor_nobody_is_asked() {
        let mut days = vec![1; 40];
        days[39] = u64::MAX;
        assert_eq!(alarm(&Settings::OFF, &planned(&days), &[], TODAY), None);
    }

    proptest! {
        #[test]
        fn the_brake_is_pulled_where_a_day_is_beyond_both_and_nowhere_else(
            before in prop::collection::vec(0..20_000u64, 36..80),
            seen in 0..200_000u64,
            factor in 2..6u32,
            planned_min in 0..5_000u32,
        ) {
            let settings = Settings { factor, planned_min, ..Settings::default() };
            let mut days = before.clone();
            // Yesterday was as the day before, so that today alone is in question.
            let last = days.len() - 1;
            days[last] = days[last - 1];
            days.push(seen);
            let most = days[days.len() - 36..days.len() - 1].iter().max().copied().unwrap();
            let first_known = days[..days.len() - 35].iter().any(|n| *n > 0);
            let is_beyond = seen > u64::from(factor) * most && seen > u64::from(planned_min);
            let told = alarm(&settings, &planned(&days), &[], TODAY);
            prop_assert_eq!(told.is_some(), is_beyond && first_known);
        }

        #[test]
        fn what_was_let_go_may_grow_by_the_factor_and_no_further(
            seen in 5_000..100_000u64,
            more in 0..400_000u64,
            is_expected: bool,
        ) {
            let because = if is_expected { Because::Expected } else { Because::Mended };
            let mut days = vec![1_000; 40];
            days[39] = more;
            let told = alarm(&Settings::default(), &planned(&days), &[release(seen, because)], TODAY);
            prop_assert_eq!(told.is_some(), more > 3 * seen);
        }

        #[test]
        fn more_is_never_less_of_an_alarm(
            days in prop::collection::vec(0..5_000u64, 1..80),
            more in 0..100_000u64,
        ) {
            let mut further = days.clone();
            *further.last_mut().unwrap() += more;
            prop_assert!(judged(&days).is_none() || judged(&further).is_some());
        }
    }
}
