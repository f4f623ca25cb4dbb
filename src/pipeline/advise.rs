//! Advise: takes what people decided to the billing system, at least once and
//! always under the same id. Where no address is set, it stays in the table
//! for whoever reads it there.

use async_trait::async_trait;
use jiff::Timestamp;
use tracing::{error, info, warn};

use crate::outbox::call_again;
use crate::provider::webhook::Posted;

use super::{Stage, Workshop};

/// Advice sent in one run; one after the other, for there is little of it.
const PER_RUN: u32 = 100;

pub struct Advise(pub Workshop);

#[async_trait]
impl Stage for Advise {
    fn name(&self) -> &'static str {
        "advise"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        let Workshop { webhook: Some(webhook), advice, .. } = &self.0 else { return Ok(0) };
        let shift = self.0.shift();
        let tenure = shift.tenure();
        let buckets: Vec<_> = tenure.buckets().collect();
        let due = advice.advice_due(&buckets, now, PER_RUN).await?;
        for line in &due {
            let one = &line.advice;
            match webhook.post(&one.id, &one.body, now).await {
                Posted::Taken => {
                    advice.advice_taken(tenure, one, now).await?;
                    info!(advice = %one.id, outcome = %one.outcome, "the billing system has it");
                }
                Posted::Failed { error, wait } => {
                    let next_at = call_again(line.attempts + 1, one.made_at, now, wait);
                    advice.advice_failed(tenure, one, &error, next_at).await?;
                    match next_at {
                        Some(_) => warn!(advice = %one.id, "{error}"),
                        None => error!(advice = %one.id, "{error}; `duebell advice` lists it"),
                    }
                }
            }
        }
        Ok(due.len())
    }
}
