//! What a decision is made from: one account's own facts, and nothing else.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::cause::DebtClass;
use crate::model::estimate::Estimate;
use crate::model::experiment::Arm;
use crate::model::reminder::ItemTerms;
use crate::model::{
    Account, Bill, BillId, Channel, Hold, Item, Payment, Reason, ReminderId, Severity, StepName,
};

/// Everything about one account that the rules look at.
#[derive(Debug, Clone)]
pub struct AccountFacts {
    pub account: Account,
    /// Bills with something unpaid, and those whose why-not row is open.
    pub bills: Vec<Bill>,
    pub holds: Vec<Hold>,
    /// Payments on their way.
    pub pending: Vec<Payment>,
    /// Items that were sent, or may have been.
    pub sent: Vec<SentItem>,
    /// Reminders that are planned and not yet submitted.
    pub in_hand: Vec<InHand>,
    /// What was recorded about steps that were not sent.
    pub recorded: Vec<WhyNot>,
    /// The open dunning case.
    pub case: Option<Case>,
    /// Why it does not pay, as far as that may be acted upon on the day planned.
    pub class: DebtClass,
    /// What an experiment under way on the day planned has drawn for it.
    pub arm: Option<Arm>,
    /// What it is worth and how it pays, while that is fresh.
    pub estimate: Option<Estimate>,
    /// It stands on the watch list, and a friendly word is asked for.
    pub is_watched: bool,
    /// Grows whenever the account's facts change; 0 if they did not. Below
    /// zero: a reminder was not sent, and its steps wait for another day.
    pub touched: i64,
    /// Per day, the revision that the next reminder planned for it gets.
    pub revisions: HashMap<Date, u32>,
}

/// One bill at one step that counts as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentItem {
    pub item: Item,
    /// Local day of sending.
    pub day: Date,
    pub standing: Standing,
}

/// What is known of a sent reminder's arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not known yet.
    Open,
    /// It arrived, as far as its channel can tell.
    Delivered,
    /// Every way was tried.
    Exhausted,
}

/// A planned reminder that may still be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InHand {
    pub reminder: ReminderId,
    pub day: Date,
    pub revision: u32,
    pub items: Vec<Item>,
    /// Those of the items, in their order.
    pub terms: Vec<ItemTerms>,
    pub policy: String,
    /// In the order in which they are tried.
    pub channels: Vec<Channel>,
    /// Its contact window: not before, and not at or after.
    pub window: (Timestamp, Timestamp),
}

/// The open dunning case of a debt episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub opened_on: Date,
    pub stage: Severity,
    /// The scenario version under which it opened; an edit does not touch it.
    pub policy: String,
}

/// Why one bill's step was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyNot {
    pub bill: BillId,
    pub step: StepName,
    /// The step's offset day.
    pub step_on: Date,
    /// The last day on which it may still go out.
    pub limit_on: Date,
    pub reason: Reason,
    /// It stays due, and is looked at again every day through its limit.
    pub is_open: bool,
}

/// An account is a repeat debtor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The day on which the fact became known, not the day of the run.
    pub flagged_on: Date,
    /// The bills that prove it.
    pub bills: Vec<BillId>,
}
