//! Signals: single figures about one account, as known at the end of a day.
//!
//! Each has one definition, one unit and one source, in [`SIGNALS`]; the table
//! of `docs/CAUSES.md` is checked against it. A signal is `None` where its feed
//! is missing, where the history is too short, or where there is nothing to
//! measure; never 0 for want of knowledge.

mod dealings;
mod payments;
mod usage;

use jiff::civil::Date;

use crate::model::evidence::{Dossier, EvidenceFeed, Feeds};

use super::bills::Books;

/// What a signal counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    Days,
    Months,
    Percent,
    /// Minor units of the currency of the account's latest bill.
    Minor,
    /// 1 or 0.
    YesNo,
}

impl Unit {
    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Count => "count",
            Unit::Days => "days",
            Unit::Months => "months",
            Unit::Percent => "percent",
            Unit::Minor => "minor units",
            Unit::YesNo => "1 or 0",
        }
    }

    /// A value as a clerk reads it out.
    pub fn in_words(self, value: i64) -> String {
        let plural = |one: &str, many: &str| match value {
            1 => format!("1 {one}"),
            _ => format!("{value} {many}"),
        };
        match self {
            Unit::Days => plural("day", "days"),
            Unit::Months => plural("month", "months"),
            Unit::Percent => format!("{value} %"),
            Unit::Count | Unit::Minor => value.to_string(),
            Unit::YesNo => if value == 0 { "no" } else { "yes" }.to_owned(),
        }
    }
}

/// One signal.
pub struct Definition {
    pub name: &'static str,
    pub unit: Unit,
    /// The feed that it is `None` without; `None`: bills, payments and holds.
    pub feed: Option<EvidenceFeed>,
    /// It says whether and when bills were paid, and nothing else.
    pub is_payment: bool,
    pub about: &'static str,
    pub(super) of: fn(&Books) -> Option<i64>,
}

/// The signals of one account as of one day, in the order of [`SIGNALS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signals {
    pub as_of: Date,
    values: Vec<Option<i64>>,
}

impl Signals {
    /// `None` too where there is no such signal.
    pub fn get(&self, name: &str) -> Option<i64> {
        self.at(position(name)?)
    }

    pub(super) fn at(&self, index: usize) -> Option<i64> {
        self.values.get(index).copied().flatten()
    }

    pub fn named(&self) -> impl Iterator<Item = (&'static str, Option<i64>)> {
        SIGNALS.iter().map(|one| one.name).zip(self.values.iter().copied())
    }
}

/// What is known of an account at the end of `as_of`. `tolerance`: minor units
/// that do not count as owed.
pub fn signals(dossier: &Dossier, as_of: Date, tolerance: i64) -> Signals {
    of(&Books::open(dossier, as_of, tolerance))
}

pub(super) fn of(books: &Books) -> Signals {
    let has = |feeds: &Feeds, one: &Definition| one.feed.is_none_or(|feed| feeds.has(feed));
    let value =
        |one: &Definition| has(&books.dossier.feeds, one).then(|| (one.of)(books)).flatten();
    Signals { as_of: books.as_of, values: SIGNALS.iter().map(value).collect() }
}

pub(super) fn position(name: &str) -> Option<usize> {
    SIGNALS.iter().position(|one| one.name == name)
}

const fn payment(
    name: &'static str,
    unit: Unit,
    of: fn(&Books) -> Option<i64>,
    about: &'static str,
) -> Definition {
    Definition { name, unit, feed: None, is_payment: true, about, of }
}

const fn own(
    name: &'static str,
    unit: Unit,
    of: fn(&Books) -> Option<i64>,
    about: &'static str,
) -> Definition {
    Definition { name, unit, feed: None, is_payment: false, about, of }
}

const fn fed(
    feed: EvidenceFeed,
    name: &'static str,
    unit: Unit,
    of: fn(&Books) -> Option<i64>,
    about: &'static str,
) -> Definition {
    Definition { name, unit, feed: Some(feed), is_payment: false, about, of }
}

use EvidenceFeed::{
    Complaints, Contracts, Failures, Identities, Outages, Porting, Returns, Usage, WriteOffs,
};
use Unit::{Count, Days, Minor, Months, Percent, YesNo};

#[rustfmt::skip]
/// Every signal, each a line.
pub const SIGNALS: &[Definition] = &[
    payment("bills_due", Count, payments::bills_due, "bills of the last 24 months whose due date is over"),
    payment("bills_overdue", Count, payments::bills_overdue, "of all bills, those overdue and not in dispute"),
    payment("arrears", Minor, payments::arrears, "what of them is owed, in the currency of the latest bill"),
    payment("arrears_in_bills", Percent, payments::arrears_in_bills, "arrears against the account's own middle bill of the last 24 months"),
    payment("days_past_due", Days, payments::days_past_due, "since the due date of the oldest bill overdue"),
    payment("paid_in_time", Percent, payments::paid_in_time, "of at least four bills due in the last 24 months, those paid by the due date"),
    payment("paid_in_the_end", Percent, payments::paid_in_the_end, "of at least four bills of the last 24 months due more than 45 days ago, those paid by now"),
    payment("usual_lateness", Days, payments::usual_lateness, "the middle one of the last six payments' lateness, from four on; below zero: early"),
    payment("lateness_drift", Days, payments::lateness_drift, "later with every bill by so many days: the middle slope of the last six bills paid"),
    payment("paid_alone", Percent, super::profile::paid_alone, "of six to twelve bills that nobody reminded of, those paid at most three days late"),
    payment("late_bills", Count, payments::late_bills, "bills due in the last 365 days and more than fifteen days late, paid since or not"),
    payment("unpaid_in_a_row", Count, payments::unpaid_in_a_row, "latest bills whose due date is over, one after the other, without any payment"),
    payment("part_payments", Count, payments::part_payments, "of the last six bills due and never disputed, those paid in parts so far"),
    payment("never_paid", YesNo, payments::never_paid, "a bill is unpaid after its due date, and none was ever paid, not even in part"),
    payment("first_bill_overdue", YesNo, payments::first_bill_overdue, "only the first bill of all has come due, and nothing of it was paid"),
    payment("silent_days", Days, payments::silent_days, "since the last payment, or hold for a promise, dispute, complaint or hardship; at most since the oldest bill unpaid was issued"),
    payment("payments_bounced", Count, payments::payments_bounced, "payments taken back in the last 180 days"),
    own("bill_jump", Percent, payments::bill_jump, "the oldest bill unpaid against the middle one of at least four bills before it"),
    own("promises_kept", Count, dealings::promises_kept, "promises of the last 365 days that were kept"),
    own("promises_broken", Count, dealings::promises_broken, "promises of the last 365 days that were not kept"),
    own("hardship", YesNo, dealings::hardship, "a hardship hold was in force in the last 90 days"),
    own("disputes_open", Count, dealings::disputes_open, "disputes in force"),
    own("complaint_holds", Count, dealings::complaint_holds, "holds in force for a complaint"),
    own("disputes", Count, dealings::disputes, "disputes that began in the last 365 days"),
    fed(Contracts, "tenure", Months, dealings::tenure, "since the contract began"),
    fed(Contracts, "autopay_ends_in", Days, dealings::autopay_ends_in, "until the automatic payment in force ends, where nothing follows it"),
    fed(Contracts, "autopay_ended", Days, dealings::autopay_ended, "since the last automatic payment ended, where none is in force"),
    fed(Complaints, "complaints_open", Count, dealings::complaints_open, "complaints that are open"),
    fed(Complaints, "complaints", Count, dealings::complaints, "complaints opened in the last 180 days"),
    fed(Complaints, "complaint_age", Days, dealings::complaint_age, "since the oldest open complaint"),
    fed(Complaints, "complaints_unsatisfied", Count, dealings::complaints_unsatisfied, "complaints closed in the last 180 days of which the subscriber said that it was not satisfied"),
    fed(Outages, "outage_days", Days, dealings::outage_days, "of the last 90, those with an outage in the area"),
    fed(Usage, "usage_level", Percent, usage::level, "charged in the last 28 days against the middle one of up to six such spans before, at least three"),
    fed(Usage, "usage_below_band", Count, usage::below_band, "of the last four weeks, those below each of the thirteen before"),
    fed(Usage, "expensive_spike", Percent, usage::expensive_spike, "the most that expensive destinations cost in one of the last four spans of 28 days, beyond the middle one, against the middle bill"),
    fed(Returns, "contacts_returned", Count, dealings::contacts_returned, "channels on which something came back in the last 90 days"),
    fed(Failures, "autopay_declined", Count, dealings::autopay_declined, "automatic payments that the bank declined in the last 90 days"),
    fed(Failures, "card_expired", Count, dealings::card_expired, "automatic payments in the last 90 days on a card that had expired"),
    fed(Porting, "port_requests", Count, dealings::port_requests, "requests of the last 90 days to take the number away, and not withdrawn"),
    fed(Identities, "identity_written_off", Count, dealings::identity_written_off, "other accounts of the same identity that were written off"),
    fed(Identities, "address_written_off", Count, dealings::address_written_off, "other accounts at the same address that were written off in the last 730 days"),
    fed(WriteOffs, "write_offs", Count, dealings::write_offs, "earlier debts of this account that were written off"),
];

/// The middle one of sorted values; of an even number the lower.
fn middle(values: &mut [i64]) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

/// `part` of `whole` in percent; `None` where the whole is nothing.
fn percent(part: i64, whole: i64) -> Option<i64> {
    let exact = i128::from(part) * 100 / i128::from((whole > 0).then_some(whole)?);
    Some(exact.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
}
