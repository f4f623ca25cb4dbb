//! What is estimated of an account beside its class, by the figures of
//! [`super::value`] and its payment profile.

use jiff::civil::Date;

use crate::model::Channel;
use crate::model::billing::days_between;
use crate::model::cause::{DebtClass, Worth};
use crate::model::estimate::{Estimate, Score, WayCost};
use crate::model::evidence::Dossier;

use super::bills::Books;
use super::churn::Codes;
use super::value::{Figures, Way};
use super::{profile, watch};

/// By what accounts are estimated, watched and, when they go, counted.
#[derive(Debug, Clone)]
pub struct Yardsticks {
    pub figures: Figures,
    /// The figures are the operator's own: contacts hang on them. Nobody is
    /// kept from a contact by the guesses that come with Duebell.
    pub is_binding: bool,
    pub watch: watch::Rules,
    pub codes: Codes,
}

impl Yardsticks {
    /// Those that come with Duebell.
    pub fn built_in() -> Yardsticks {
        Yardsticks {
            figures: Figures::built_in(),
            is_binding: false,
            watch: watch::Rules::built_in(),
            codes: Codes::built_in(),
        }
    }
}

/// What an estimate is made by.
#[derive(Debug, Clone, Copy)]
pub struct Means<'a> {
    pub yardsticks: &'a Yardsticks,
    /// Minor units that do not count as owed.
    pub tolerance: i64,
}

/// What is estimated of an account of this class, as known at the end of `as_of`.
pub fn estimate(
    means: &Means<'_>,
    dossier: &Dossier,
    class: DebtClass,
    score: Option<Score>,
    as_of: Date,
) -> Estimate {
    let books = Books::open(dossier, as_of, means.tolerance);
    let figures = &means.yardsticks.figures;
    let latest = books.bills.iter().max_by_key(|one| (one.bill.issued_on, &one.bill.id));
    let currency = latest.map(|one| one.bill.currency);
    let scored = score.as_ref().map(|score| score.bad_percent);
    let loss_percent = scored.unwrap_or_else(|| figures.loss_percent(class) as u8);
    let way = |channel: &Channel| {
        let (costs, saved) = figures.way(currency?, Way::Channel(*channel))?;
        Some(WayCost { channel: *channel, costs, saves: saved * i64::from(loss_percent) })
    };
    Estimate {
        value: figures.value(dossier, as_of),
        self_cure: profile::of(&books).self_cure,
        currency,
        loss_percent,
        ways: Channel::ALL.iter().filter_map(way).collect(),
        is_binding: means.yardsticks.is_binding,
        figures: figures.version().to_owned(),
        score,
        is_called: false,
        estimated_on: as_of,
    }
}

/// What is overdue for so many days at least, and what a call about it is worth.
/// `None`: nothing is.
pub fn worth_of_call(
    means: &Means<'_>,
    dossier: &Dossier,
    estimate: &Estimate,
    days: i32,
    as_of: Date,
) -> Option<(i64, Option<Worth>)> {
    let books = Books::open(dossier, as_of, means.tolerance);
    let is_late = books.overdue().any(|one| days_between(one.bill.due_on, as_of) >= days);
    let currency = estimate.currency.filter(|_| is_late)?;
    let of_it = books.overdue().filter(|one| one.bill.currency == currency);
    let owed = of_it.map(|one| one.owed()).fold(0, i64::saturating_add);
    let loss = Some(estimate.loss_percent);
    Some((
        owed,
        means.yardsticks.figures.worth(owed, currency, DebtClass::Unknown, loss, Way::Call),
    ))
}
