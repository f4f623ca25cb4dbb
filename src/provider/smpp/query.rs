//! What became of a message, asked by `query_sm`: where a receipt never came.
//!
//! Many centres do not know the question, and answer that they do not.

use anyhow::bail;
use async_trait::async_trait;
use jiff::Timestamp;

use super::Smpp;
use super::inbound::{as_told, fate_of_number};
use super::pdu::{self, Body};
use super::session::Answer;
use crate::provider::{Fate, Inquiry, Receipt, Untold};

#[async_trait]
impl Inquiry for Smpp {
    /// A message in parts arrived where all of them did; one that did not is
    /// one too many.
    async fn inquire(&self, about: &Untold, now: Timestamp) -> anyhow::Result<Option<Receipt>> {
        self.begin();
        let mut whole = None;
        for reference in about.provider_ref.split_whitespace() {
            let Some(fate) = self.fate_of(reference).await? else { return Ok(None) };
            // Of parts that were lost, the worse word counts; else the last.
            if !fate.has_arrived() {
                whole = whole.filter(|known: &Fate| !known.has_arrived()).max(Some(fate));
            } else if whole.is_none() {
                whole = Some(fate);
            }
        }
        Ok(whole.map(|fate| Receipt { key: about.key, fate, at: now }))
    }
}

impl Smpp {
    async fn fate_of(&self, reference: &str) -> anyhow::Result<Option<Fate>> {
        let message_id = as_told(reference, self.settings.response_ids).into();
        let source = self.source.clone();
        match self.answer_to(Body::QuerySm { message_id, source }).await {
            Answer::State { status: pdu::OK, state } => Ok(fate_of_number(state)),
            // It does not know the message, or the question.
            Answer::State { .. } | Answer::Told { .. } => Ok(None),
            Answer::NotSent(_) => bail!("the centre cannot be reached"),
            Answer::Lost(what) => bail!(what),
        }
    }
}
