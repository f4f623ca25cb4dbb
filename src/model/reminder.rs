//! A reminder, what it covers, how far it has come, and why one was not sent.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{AccountId, BillId, Bucket, Channel, Currency, ReminderId};

/// The name of a step in a scenario, such as `late7`.
pub type StepName = String;

/// How hard a step speaks. Rises by one class at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// On or before the due date; not dunning.
    Courtesy,
    Soft,
    /// Notice of restriction, restriction advice, review.
    Hard,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Courtesy => "courtesy",
            Severity::Soft => "soft",
            Severity::Hard => "hard",
        }
    }

    pub fn parse(text: &str) -> Option<Severity> {
        [Severity::Courtesy, Severity::Soft, Severity::Hard]
            .into_iter()
            .find(|severity| severity.as_str() == text)
    }
}

/// The civil date that has begun somewhere on earth (UTC+14): the day to plan.
pub fn planning_day(now: Timestamp) -> Date {
    let first = jiff::tz::Offset::constant(14).to_time_zone();
    now.to_zoned(first).date()
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $words:literal;)*) => {
        /// Why a step was not sent. Ordered: where several apply, the first is
        /// recorded (DESIGN section 5). Reasons whose feature is not built yet
        /// stand in their place and never fire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            pub const ALL: &[Reason] = &[$(Reason::$name),*];

            /// The name in databases, files and `--json`.
            pub fn as_str(self) -> &'static str {
                match self { $(Reason::$name => $code),* }
            }

            /// The reason in plain words, to follow "because".
            pub fn words(self) -> &'static str {
                match self { $(Reason::$name => $words),* }
            }
        }
    };
}

reasons! {
    // In the decision.
    Paid = "paid", "the bill is paid";
    PendingPayment = "pending_payment", "a payment is on its way";
    HoldExemption = "hold_exemption", "the account is exempt from reminders";
    HoldPromise = "hold_promise", "the subscriber promised to pay and the date is not over";
    HoldHardship = "hold_hardship", "a hardship hold is in force";
    HoldMoratorium = "hold_moratorium", "a moratorium is in force";
    HoldComplaint = "hold_complaint", "a complaint is open";
    HoldPaid = "hold_paid", "the subscriber says that it is paid, and that is being looked into";
    HoldStaff = "hold_staff", "somebody of the operator's holds it back";
    Disputed = "disputed", "the subscriber disputes what is owed on it";
    DebtClass = "debt_class", "the debt class is routed elsewhere";
    /// It pays by itself within the days that it always takes.
    SelfCures = "self_cures", "the subscriber always pays by itself within these days";
    Holdout = "holdout", "the account is in the unreminded group";
    /// A hard step whose softer notice is not delivered, or whose gap is not over.
    NoticeGap = "notice_gap", "a softer notice must be delivered, and its gap over, before a hard step";
    BelowTolerance = "below_tolerance", "what is owed is not worth a reminder";
    /// By every channel of the step, by the operator's own figures.
    NotWorthIt = "not_worth_it", "a contact would cost more than it can be expected to bring";
    AccountCap = "account_cap", "the account has its one reminder of the day";
    NoConsent = "no_consent", "the subscriber does not want to be reached by the step's channels";
    Unasked = "unasked", "the law wants consent to the step's channels beforehand, and there is none";
    NoContact = "no_contact", "there is no usable address for any of the step's channels";
    // At dispatch.
    KillSwitch = "kill_switch", "sending is switched off";
    Brake = "brake", "the day was out of the ordinary, and somebody was to look at it first";
    StaleFeed = "stale_feed", "the billing data was too old to rely on";
    PaidMeanwhile = "paid_meanwhile", "nothing was owed any more right before sending";
    PersonCap = "person_cap", "the person or number has had enough contacts";
    Silence = "silence", "somebody spoke with the subscriber a few days ago";
    OutsideWindow = "outside_window", "the contact window of the day was over";
    // Not blocking: the step was decided and needs nothing more.
    Observed = "observed", "the scenario was in observe mode";
    Superseded = "superseded", "a later step took its place";
    LapsedStep = "lapsed", "its last day passed";
    BeforeLive = "before_live", "it fell due before the scenario went live";
    Replanned = "replanned", "newer facts led to another decision";
    /// The providers refused it or stayed away on every channel.
    Undeliverable = "undeliverable", "no provider would take it";
}

impl Reason {
    pub fn parse(text: &str) -> Option<Reason> {
        Reason::ALL.iter().copied().find(|reason| reason.as_str() == text)
    }

    /// Decided for good: the step is not looked at again.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Reason::Observed | Reason::Superseded | Reason::LapsedStep | Reason::BeforeLive
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One bill in a reminder, at one step. Unique by (bill, step) among all that was sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    pub bill: BillId,
    pub step: StepName,
}

/// What is true of one item of a reminder when it is planned. Whatever changes
/// it touches the account, so dispatch need not ask again about the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemTerms {
    pub step_on: Date,
    pub limit_on: Date,
    pub due_on: Date,
    pub currency: Currency,
    /// Disputed minor units on the reminder's day.
    pub disputed: i64,
    /// Whoever cannot pay is offered an arrangement, where others are asked to pay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_offer: bool,
}

/// One contact to one payer, covering one or more bills.
#[derive(Debug, Clone, PartialEq)]
pub struct Reminder {
    pub id: ReminderId,
    pub account: AccountId,
    /// Local day of sending, in the account's zone.
    pub day: Date,
    /// How many reminders were planned for this account and day before it.
    pub revision: u32,
    pub scenario: String,
    /// Version of the scenario that decided.
    pub policy: String,
    /// The most severe step: it gives the voice, the channels and the template.
    pub step: StepName,
    pub severity: Severity,
    /// Usable channels, in the order in which they are tried.
    pub channels: Vec<Channel>,
    pub items: Vec<Item>,
    pub planned_at: Timestamp,
    /// The contact window of that day: not before, and not at or after.
    pub send_after: Timestamp,
    pub send_before: Timestamp,
}

impl Reminder {
    pub fn bucket(&self) -> Bucket {
        self.id.bucket()
    }
}

/// How far a reminder has come.
///
/// ```text
/// planned -> suppressed | deferred | cancelled
/// planned -> submitting -> accepted | rejected | retry_later | unknown
/// retry_later -> submitting | deferred
/// unknown -> accepted (asked for) | retry_later (certainly not taken) | delivered | undelivered | expired
/// accepted -> delivered | answered | undelivered | expired | unheard
/// unheard -> submitting (the next channel) | delivered | answered | expired
/// expired -> undelivered -> delivered -> answered (a receipt that says more)
/// retry_later -> delivered | answered (it arrived after all)
/// ```
///
/// `planned` is the reminder's own row; every later state is an appended
/// transition. Submitting and all that follows it count as sent, save
/// deferred and retry_later. Once a reminder was unheard it never comes to
/// either of them again: see [`ReminderState::where_taken`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReminderState {
    Planned,
    /// Decided against, with a reason; final.
    Suppressed,
    /// Not sent on its day; its steps stay due and are planned again. Final.
    Deferred,
    /// Replaced or withdrawn before anything was submitted; final.
    Cancelled,
    /// Written before the provider is called.
    Submitting,
    Accepted,
    /// No provider took it, on any channel; final.
    Rejected,
    RetryLater,
    /// Nobody knows whether the provider took it. Never resent blindly.
    Unknown,
    /// A provider took it, no receipt came within the step's patience, and the
    /// next channel's turn has come.
    Unheard,
    Delivered,
    Answered,
    Undelivered,
    /// No receipt came by the deadline; final.
    Expired,
}

impl ReminderState {
    pub const ALL: [ReminderState; 14] = [
        ReminderState::Planned,
        ReminderState::Suppressed,
        ReminderState::Deferred,
        ReminderState::Cancelled,
        ReminderState::Submitting,
        ReminderState::Accepted,
        ReminderState::Rejected,
        ReminderState::RetryLater,
        ReminderState::Unknown,
        ReminderState::Unheard,
        ReminderState::Delivered,
        ReminderState::Answered,
        ReminderState::Undelivered,
        ReminderState::Expired,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            ReminderState::Planned => "planned",
            ReminderState::Suppressed => "suppressed",
            ReminderState::Deferred => "deferred",
            ReminderState::Cancelled => "cancelled",
            ReminderState::Submitting => "submitting",
            ReminderState::Accepted => "accepted",
            ReminderState::Rejected => "rejected",
            ReminderState::RetryLater => "retry_later",
            ReminderState::Unknown => "unknown",
            ReminderState::Unheard => "unheard",
            ReminderState::Delivered => "delivered",
            ReminderState::Answered => "answered",
            ReminderState::Undelivered => "undelivered",
            ReminderState::Expired => "expired",
        }
    }

    pub fn parse(text: &str) -> Option<ReminderState> {
        ReminderState::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// This state, or what it comes to where a provider took the reminder on an
    /// earlier channel and nothing was heard of it: it may have arrived, so that
    /// its steps never become due again, whatever came of the attempts since.
    pub fn where_taken(self, was_taken: bool) -> ReminderState {
        match self {
            state if !was_taken => state,
            ReminderState::RetryLater => ReminderState::Unheard,
            ReminderState::Suppressed
            | ReminderState::Deferred
            | ReminderState::Cancelled
            | ReminderState::Rejected => ReminderState::Expired,
            other => other,
        }
    }

    /// Whether the bills it covers count as reminded at their steps.
    pub fn counts_as_sent(self) -> bool {
        !matches!(
            self,
            ReminderState::Planned
                | ReminderState::Suppressed
                | ReminderState::Deferred
                | ReminderState::Cancelled
                | ReminderState::RetryLater
        )
    }
}

/// One appended step in a reminder's life.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    pub reminder: ReminderId,
    /// 1 for the first after `planned`; two writers cannot both append it.
    pub seq: u32,
    pub state: ReminderState,
    pub at: Timestamp,
    /// Number of the attempt it belongs to; 0 before the first.
    pub attempt: u32,
    pub channel: Option<Channel>,
    pub provider: Option<String>,
    pub provider_ref: Option<String>,
    /// Where receipts name the provider's references instead of our key: one
    /// for each part that was accepted, in order. Kept apart, and not read back.
    pub refs: Vec<String>,
    pub reason: Option<Reason>,
    /// What the provider said, without personal data.
    pub note: Option<String>,
    /// When something must happen next: the retry, or the deadline of a receipt.
    pub next_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_and_state_has_a_name_of_its_own() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(*reason));
        }
        for state in ReminderState::ALL {
            assert_eq!(ReminderState::parse(state.as_str()), Some(state));
        }
    }

    #[test]
    fn a_reminder_that_may_have_left_counts_as_sent() {
        let sent = ReminderState::ALL.into_iter().filter(|state| state.counts_as_sent());
        assert_eq!(
            sent.map(ReminderState::as_str).collect::<Vec<_>>(),
            [
                "submitting",
                "accepted",
                "rejected",
                "unknown",
                "unheard",
                "delivered",
                "answered",
                "undelivered",
                "expired"
            ]
        );
    }

    #[test]
    fn what_may_have_arrived_counts_as_sent_for_ever() {
        for state in ReminderState::ALL {
            assert!(state == ReminderState::Planned || state.where_taken(true).counts_as_sent());
        }
    }
}
