//! Accounts, bills and payments, as far as reminding needs them.

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::wish::Wishes;
use super::{
    AccountId, BillId, Bucket, Cause, Channel, Contacts, Currency, Money, Suppression, money,
};

/// What an account is worth to the operator; effort follows it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    Key,
    Main,
    Ordinary,
    Small,
}

impl Tier {
    pub const ALL: [Tier; 4] = [Tier::Key, Tier::Main, Tier::Ordinary, Tier::Small];

    pub fn as_str(self) -> &'static str {
        match self {
            Tier::Key => "key",
            Tier::Main => "main",
            Tier::Ordinary => "ordinary",
            Tier::Small => "small",
        }
    }

    pub fn parse(text: &str) -> Option<Tier> {
        Tier::ALL.into_iter().find(|tier| tier.as_str() == text)
    }
}

/// What is unpaid of these bills, in each currency.
pub fn owed<'a>(bills: impl IntoIterator<Item = &'a Bill>) -> Vec<Money> {
    let unpaid = bills.into_iter().filter(|bill| bill.remaining > 0);
    money::totals(unpaid.map(Bill::remaining_amount))
}

/// A billing account: the payer (TMF666).
#[derive(Debug, Clone)]
pub struct Account {
    pub bucket: Bucket,
    pub id: AccountId,
    /// How the subscriber is addressed; personal data.
    pub name: String,
    /// BCP 47 language tag, `de` or `zh-Hans`.
    pub language: String,
    pub zone: TimeZone,
    pub tier: Tier,
    /// The group of accounts that shares a scenario; empty where the source has none.
    pub segment: String,
    /// Where it is served: a postal code or an exchange, as the source names
    /// places; empty where it has none.
    pub area: String,
    /// Who pays, where the source knows people: one may have several accounts.
    pub person: Option<String>,
    pub contacts: Contacts,
    /// Channels on which it is not to be reached, those of today's addresses.
    pub suppressed: Vec<Suppression>,
    /// Channels whose last word was that reminders are welcome.
    pub agreed: Vec<Channel>,
    /// What the subscriber wishes; it goes before what the billing system says.
    pub wishes: Wishes,
}

impl Account {
    /// The language in which the subscriber is spoken to.
    pub fn speaks(&self) -> &str {
        self.wishes.language.as_deref().unwrap_or(&self.language)
    }

    /// The channel that goes first where a step allows it.
    pub fn prefers(&self) -> Option<Channel> {
        self.wishes.channel.or(self.contacts.preferred)
    }

    /// Whether there is an address for `channel`, and nothing keeps us from it.
    pub fn reaches(&self, channel: Channel) -> bool {
        self.contacts.reaches(channel) && !self.suppressed.iter().any(|one| one.channel == channel)
    }

    /// Keeps from channels that a law wants consent for beforehand, and that
    /// nobody agreed to.
    pub fn ask_first(&mut self, channels: &[Channel]) {
        self.suppressed.retain(|one| one.cause != Cause::Unasked);
        let unasked = channels.iter().filter(|channel| !self.agreed.contains(channel));
        let kept_from =
            |channel: &Channel| Suppression { channel: *channel, cause: Cause::Unasked };
        self.suppressed.extend(unasked.map(kept_from));
    }

    /// Whether `channel` would reach the subscriber, and only consent is missing.
    pub fn is_unasked(&self, channel: Channel) -> bool {
        let mut causes = self.suppressed.iter().filter(|one| one.channel == channel).peekable();
        self.contacts.reaches(channel)
            && causes.peek().is_some()
            && causes.all(|one| one.cause == Cause::Unasked)
    }

    /// Whether `channel` would reach the subscriber, who does not want it.
    pub fn has_opted_out(&self, channel: Channel) -> bool {
        let is_wish = |one: &Suppression| one.channel == channel && one.cause.is_wish();
        self.contacts.reaches(channel) && self.suppressed.iter().any(is_wish)
    }
}

/// An issued bill with its due date and what is still unpaid (TMF678).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    pub id: BillId,
    pub currency: Currency,
    /// Billed, in minor units.
    pub amount: i64,
    /// Unpaid, in minor units; never negative (an overpaid bill has 0).
    pub remaining: i64,
    pub issued_on: Date,
    pub due_on: Date,
    /// The day on which nothing remained, where known.
    pub settled_on: Option<Date>,
}

impl Bill {
    pub fn remaining_amount(&self) -> Money {
        Money::new(self.remaining, self.currency)
    }

    /// Bill DPD: days past due on `on`; negative before the due date.
    pub fn days_past_due(&self, on: Date) -> i32 {
        days_between(self.due_on, on)
    }
}

/// Days from `from` to `to`; negative where `to` is earlier.
pub fn days_between(from: Date, to: Date) -> i32 {
    (to.duration_since(from).as_hours() / 24) as i32
}

/// `date` moved by `days`. Dates at the edge of the calendar stay there; the
/// feeds refuse absurd dates long before that.
pub fn plus_days(date: Date, days: i32) -> Date {
    date.saturating_add(SignedDuration::from_hours(24 * i64::from(days)))
}

/// How far a payment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentState {
    /// Announced or in clearing: the money is on its way.
    Pending,
    Settled,
    /// Taken back: a bounced direct debit, a chargeback.
    Reversed,
}

impl PaymentState {
    pub fn as_str(self) -> &'static str {
        match self {
            PaymentState::Pending => "pending",
            PaymentState::Settled => "settled",
            PaymentState::Reversed => "reversed",
        }
    }

    pub fn parse(text: &str) -> Option<PaymentState> {
        [PaymentState::Pending, PaymentState::Settled, PaymentState::Reversed]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// Money that came, is coming, or went back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: String,
    /// `None` where the billing system has not allocated it to a bill.
    pub bill: Option<BillId>,
    pub currency: Currency,
    /// Minor units, positive.
    pub amount: i64,
    /// Civil date of value.
    pub paid_on: Date,
    /// Civil date on which it was taken back, for [`PaymentState::Reversed`].
    pub reversed_on: Option<Date>,
    pub state: PaymentState,
}
