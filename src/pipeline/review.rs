//! Review: looks after the cases that people decide about. Whoever has paid
//! needs no decision any more, and a proposal that rests on what is no longer
//! so is nobody's to approve.
//!
//! It comes before planning, for the marks of what changed go with the plan.

use async_trait::async_trait;
use jiff::Timestamp;
use tracing::info;

use crate::model::Bucket;
use crate::store::Looked;

use super::{Stage, Workshop, planning_day};

/// Few enough that what is found in them fits into memory.
const BUCKETS_PER_READ: usize = 256;
/// Cases looked at in one transaction.
const PAGE: usize = 500;

pub struct Review(pub Workshop);

#[async_trait]
impl Stage for Review {
    fn name(&self) -> &'static str {
        "review"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        let cases = &self.0.cases;
        let shift = self.0.shift();
        let (tenure, on) = (shift.tenure(), planning_day(now));
        let buckets: Vec<Bucket> = tenure.buckets().collect();
        let mut looked_at = 0;
        for buckets in buckets.chunks(BUCKETS_PER_READ) {
            let found = cases.cases_to_look_at(buckets, on, now).await?;
            for page in found.chunks(PAGE) {
                let looked = cases.look_at_cases(tenure, page, on, now).await?;
                if looked != Looked::default() {
                    let Looked { cured, voided, expired } = looked;
                    info!(cured, voided, expired, "review cases or their proposals ended");
                }
            }
            looked_at += found.len();
        }
        Ok(looked_at)
    }
}
