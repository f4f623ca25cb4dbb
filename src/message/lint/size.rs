//! How long a short message may become, with the longest that it may have to
//! say.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use serde::Serialize;

use crate::message::{BillLine, MessageFacts, Messages, Operator};
use crate::model::law::Block;
use crate::model::sms::{self, Size};
use crate::model::{AccountId, Channel, Content, Currency, Money, gsm};

/// More is a letter.
pub const PARTS_MAX: usize = 3;

/// What the longest of an ordinary subscriber's values are.
const ID: &str = "2026-0301-471100";
const NAME: &str = "Maximiliane Wolfeschlegelsteinhausen";
/// Of each bill, in hundredths or what the currency has.
const AMOUNT_MINOR: i64 = 9_999_999;
const BILLS: usize = 12;

/// The longest that one message becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Longest {
    pub size: Size,
    /// Which letters keep it out of the seven-bit alphabet.
    pub outside_gsm: Vec<char>,
}

impl Messages {
    /// The longest that an SMS in exactly this language may become.
    pub fn longest_sms(
        &self,
        template: &str,
        language: &str,
        operator: &Operator,
        asked: &[Block],
        (reply_url, currency): (&str, Currency),
    ) -> Option<Longest> {
        let account = AccountId::from(ID);
        let texts = days().flat_map(|due_on| [1, BILLS].map(|count| (due_on, count)));
        let texts = texts.filter_map(|(due_on, count)| {
            let bill =
                BillLine { bill: ID.into(), remaining: Money::new(AMOUNT_MINOR, currency), due_on };
            let facts = MessageFacts {
                operator,
                name: NAME,
                account: &account,
                language,
                on: due_on,
                bills: vec![bill; count],
                reply_url,
                asked,
            };
            match self.content(language, template, Channel::Sms, &facts).ok()? {
                Content::Sms { text } => Some(text),
                Content::Voice(_) | Content::Email { .. } => None,
            }
        });
        let rank = |text: &String| (sms::size(text).parts, sms::size(text).units);
        let longest = texts.max_by_key(rank)?;
        let outside: BTreeSet<char> =
            longest.chars().filter(|letter| gsm::codes(*letter).is_none()).collect();
        Some(Longest { size: sms::size(&longest), outside_gsm: outside.into_iter().collect() })
    }
}

/// A late day of each month: months are written at different lengths.
fn days() -> impl Iterator<Item = Date> {
    (1..=12).map(|month| date(2026, month, 28))
}
