//! The score of an account: that of its latest bill that is unpaid, from what
//! was known when the bill was issued, as the card was fitted.

use jiff::civil::Date;

use crate::model::Bill;
use crate::model::estimate::Score;

use super::history::{NAMES, as_of};
use super::{Against, Card, NoColumn, Scored, Value};

/// Reasons that a clerk is given.
const REASONS: usize = 4;

/// A card that accounts can be scored by: it asks for what their bills say,
/// and for nothing else.
#[derive(Debug, Clone)]
pub struct Champion(Card);

impl Champion {
    /// # Errors
    /// Where the card asks for something that no bill of the ledger says.
    pub fn new(card: Card) -> Result<Champion, NoColumn> {
        card.over(&names())?;
        Ok(Champion(card))
    }

    pub fn card(&self) -> &Card {
        &self.0
    }

    /// What the card says as of a day; `None` where nothing is unpaid.
    pub fn scored(&self, bills: &[Bill], as_of_day: Date) -> Option<(Vec<Value>, Scored)> {
        let unpaid = bills.iter().filter(|bill| bill.remaining > 0 && bill.issued_on <= as_of_day);
        let latest = unpaid.max_by_key(|bill| (bill.issued_on, &bill.id))?;
        let head = [
            Value::Category(latest.currency.to_string().into()),
            Value::number(latest.amount as f64),
        ];
        let row: Vec<Value> = head.into_iter().chain(as_of(bills, latest.issued_on)).collect();
        let scored = self.0.over(&names()).ok()?.scored(&row);
        Some((row, scored))
    }

    /// The same, to be kept.
    pub fn score(&self, bills: &[Bill], as_of_day: Date) -> Option<Score> {
        let (_, scored) = self.scored(bills, as_of_day)?;
        let reasons = self.0.reasons(&scored, Against::Best, REASONS).into_iter();
        Some(Score {
            points: scored.score.into(),
            bad_percent: (scored.probability * 100.0).round().clamp(0.0, 100.0) as u8,
            card: self.0.version.clone(),
            reasons: reasons.map(|reason| reason.words).collect(),
        })
    }
}

/// What a row of an account holds, in its order: that of `duebell score table`.
pub fn names() -> Vec<&'static str> {
    ["currency", "amount"].into_iter().chain(NAMES).collect()
}
