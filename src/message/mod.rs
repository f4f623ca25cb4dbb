//! Messages: template and facts -> the words that a subscriber reads or hears.
//!
//! May use: model.

mod currency;
mod language;
mod locale;
mod name;
mod operator;
mod sms;

pub use operator::Operator;
