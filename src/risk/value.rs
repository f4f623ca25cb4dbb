//! What an account is worth, and whether a contact brings in more than it
//! costs. The figures are `config/value.toml`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::billing::days_between;
use crate::model::cause::{DebtClass, Value, Worth};
use crate::model::evidence::{Dossier, EvidenceFeed};
use crate::model::{Channel, Currency, Tier};

use super::rules::{Problem, parse, version};

const BUILT_IN: &str = include_str!("../../config/value.toml");

const YEAR_DAYS: i32 = 365;
/// Less of a history than that says nothing of a year.
const HISTORY_DAYS_MIN: i32 = 28;
const TENURE_YEARS_MAX: i64 = 5;

/// How somebody is reached: one of the channels, or a call from a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Channel(Channel),
    Call,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    margin_percent: i64,
    tenure_year_percent: i64,
    tier: BTreeMap<Currency, Thresholds>,
    loss_percent: BTreeMap<DebtClass, i64>,
    saved_percent: Ways,
    cost: BTreeMap<Currency, Ways>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Thresholds {
    key: i64,
    main: i64,
    ordinary: i64,
}

/// One figure for each way.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ways {
    sms: i64,
    email: i64,
    voice: i64,
    letter: i64,
    call: i64,
}

impl Ways {
    fn of(&self, way: Way) -> i64 {
        match way {
            Way::Channel(Channel::Sms) => self.sms,
            Way::Channel(Channel::Email) => self.email,
            Way::Channel(Channel::Voice) => self.voice,
            Way::Channel(Channel::Letter) => self.letter,
            Way::Call => self.call,
        }
    }

    fn all(&self) -> [i64; 5] {
        [self.sms, self.email, self.voice, self.letter, self.call]
    }
}

/// The figures, checked.
#[derive(Debug, Clone)]
pub struct Figures {
    file: File,
    version: String,
}

impl Figures {
    /// Those that come with Duebell.
    pub fn built_in() -> Figures {
        Figures::read(BUILT_IN).expect("the figures that are built in are tested")
    }

    /// # Errors
    /// Everything that is wrong with them.
    pub fn read(text: &str) -> Result<Figures, Vec<Problem>> {
        let file: File = parse(text)?;
        let problems = file.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let version = version(&file);
        Ok(Figures { file, version })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// The tier of the source, or else by the margin of a year.
    pub fn value(&self, dossier: &Dossier, as_of: Date) -> Value {
        if let Some(tier) = dossier.tier {
            return Value { tier, says: format!("{} by the billing system", tier.as_str()) };
        }
        let ordinary = |says: String| Value { tier: Tier::Ordinary, says };
        let Some((currency, billed)) = billed_in_a_year(dossier, as_of) else {
            return ordinary("ordinary, for want of bills".to_owned());
        };
        let Some(limits) = self.file.tier.get(&currency) else {
            return ordinary(format!("ordinary, for want of thresholds in {currency}"));
        };
        let (margin, source) = self.margin_percent(dossier);
        let years = self.tenure_years(dossier, as_of);
        let more = 100 + years * self.file.tenure_year_percent;
        let worth = i128::from(billed) * i128::from(margin) * i128::from(more) / 10_000;
        let worth = worth.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        let tier = match worth {
            _ if worth >= limits.key => Tier::Key,
            _ if worth >= limits.main => Tier::Main,
            _ if worth >= limits.ordinary => Tier::Ordinary,
            _ => Tier::Small,
        };
        let says = format!(
            "{}: {worth} minor units {currency} a year, of {billed} billed, {margin} % margin ({source}), {years} full years",
            tier.as_str()
        );
        Value { tier, says }
    }

    fn margin_percent(&self, dossier: &Dossier) -> (i64, &'static str) {
        let has = dossier.feeds.has(EvidenceFeed::Contracts);
        match dossier.evidence.contract.margin_percent.filter(|_| has) {
            Some(margin) => (margin.into(), "of the contract"),
            None => (self.file.margin_percent, "assumed"),
        }
    }

    fn tenure_years(&self, dossier: &Dossier, as_of: Date) -> i64 {
        let has = dossier.feeds.has(EvidenceFeed::Contracts);
        let since = dossier.evidence.contract.since.filter(|_| has);
        let days = since.map_or(0, |since| days_between(since, as_of));
        i64::from(days / YEAR_DAYS).clamp(0, TENURE_YEARS_MAX)
    }

    /// What one contact saves of `owed`, and what it costs. `loss_percent`: of
    /// a score, where there is one. `None`: there are no costs in this currency.
    pub fn worth(
        &self,
        owed: i64,
        currency: Currency,
        class: DebtClass,
        loss_percent: Option<u8>,
        way: Way,
    ) -> Option<Worth> {
        let (costs, saved) = self.way(currency, way)?;
        let loss = loss_percent.map_or_else(|| self.loss_percent(class), i64::from);
        let saves = i128::from(owed.max(0)) * i128::from(loss) * i128::from(saved) / 10_000;
        Some(Worth { saves: i64::try_from(saves).unwrap_or(i64::MAX), costs })
    }

    /// What a contact costs in this currency, and the percent of a loss that it
    /// saves.
    pub fn way(&self, currency: Currency, way: Way) -> Option<(i64, i64)> {
        let costs = self.file.cost.get(&currency)?.of(way);
        Some((costs, self.file.saved_percent.of(way)))
    }

    /// Of what is owed, percent that is lost without a contact; 0 to 100.
    pub fn loss_percent(&self, class: DebtClass) -> i64 {
        self.file.loss_percent.get(&class).copied().unwrap_or_default()
    }
}

/// What was billed in the last year, carried on to a whole one where the
/// history is shorter, in the currency of the latest bill.
fn billed_in_a_year(dossier: &Dossier, as_of: Date) -> Option<(Currency, i64)> {
    let issued = || dossier.bills.iter().filter(|bill| bill.issued_on <= as_of);
    let currency = issued().max_by_key(|bill| (bill.issued_on, &bill.id))?.currency;
    let same = || issued().filter(|bill| bill.currency == currency);
    let first = same().map(|bill| days_between(bill.issued_on, as_of)).max()?;
    let in_year = same().filter(|bill| days_between(bill.issued_on, as_of) < YEAR_DAYS);
    let billed = in_year.map(|bill| bill.amount).fold(0, i64::saturating_add);
    // The first bill is for the time before it, so one bill stands for a month.
    let days = (first + HISTORY_DAYS_MIN).clamp(HISTORY_DAYS_MIN, YEAR_DAYS);
    let year = i128::from(billed) * i128::from(YEAR_DAYS) / i128::from(days);
    Some((currency, i64::try_from(year).unwrap_or(i64::MAX)))
}

impl File {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |field: String, what: String| problems.push(Problem { field, what });
        let mut percent = |field: &str, value: i64| {
            if !(0..=100).contains(&value) {
                say(field.to_owned(), format!("is {value}; use 0 to 100 percent"));
            }
        };
        percent("margin_percent", self.margin_percent);
        percent("tenure_year_percent", self.tenure_year_percent);
        for (class, value) in &self.loss_percent {
            percent(&format!("loss_percent.{class}"), *value);
        }
        for value in self.saved_percent.all() {
            percent("saved_percent", value);
        }
        for (currency, at) in &self.tier {
            if !(at.key > at.main && at.main > at.ordinary && at.ordinary > 0) {
                let what = "does not fall from key over main to ordinary; let it";
                say(format!("tier.{currency}"), what.to_owned());
            }
        }
        for class in DebtClass::ALL {
            if !self.loss_percent.contains_key(&class) {
                say(format!("loss_percent.{class}"), "is missing; use 0 to 100 percent".to_owned());
            }
        }
        for (currency, costs) in &self.cost {
            if costs.all().iter().any(|cost| *cost < 0) {
                say(format!("cost.{currency}"), "is below zero; use minor units".to_owned());
            }
        }
        problems
    }
}
