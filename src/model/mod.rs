//! The words of the house: plain values that every other module speaks with.
//!
//! Nothing here reads a clock, a file or a socket. The vocabulary is that of
//! `docs/GLOSSARY.md`; where two modules need the same word, it lives here.
//!
//! May use: nothing of ours.

pub mod audit;
pub mod billing;
pub mod brake;
pub mod cap;
pub mod cause;
pub mod consent;
pub mod contact;
pub mod content;
pub mod control;
pub mod departure;
pub mod estimate;
pub mod evidence;
pub mod experiment;
pub mod facts;
pub mod feed;
pub mod gsm;
pub mod hold;
pub mod hours;
pub mod id;
pub mod law;
pub mod lease;
pub mod ledger;
pub mod link;
pub mod money;
pub mod moratorium;
pub mod notice;
pub mod receipt;
pub mod reminder;
pub mod reply;
pub mod review;
pub mod sms;
pub mod staff;
pub mod suppression;
pub mod task;
pub mod wish;

pub use billing::{Account, Bill, Payment, PaymentState, Tier};
pub use consent::{Consent, Purpose};
pub use contact::{Channel, Contacts, EmailAddress, PhoneNumber};
pub use content::{Content, Prompt};
pub use hold::{Hold, HoldKind};
pub use id::{AccountId, AttemptKey, BillId, Bucket, ReminderId};
pub use lease::{Owner, Tenure};
pub use money::{Currency, Money};
pub use moratorium::Moratorium;
pub use reminder::{Item, Reason, Reminder, ReminderState, Severity, StepName};
pub use suppression::{Cause, Suppression};
pub use task::{Task, TaskKind};
pub use wish::{Wish, Wishes};
