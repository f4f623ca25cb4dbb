//! Experiments under way: who is drawn into which arm, and when one that does
//! harm ends.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use tracing::{error, warn};

use crate::evaluation::assignment::{self, Draw};
use crate::evaluation::trial::Reading;
use crate::model::experiment::{Arm, Entry, Experiment};
use crate::model::facts::AccountFacts;
use crate::model::{AccountId, BillId};

use super::{Stage, Workshop, planning_day};

/// An experiment that draws.
pub struct Trial {
    experiment: Experiment,
    draw: Draw,
}

/// Those that may withhold something, ready to draw.
pub fn running(all: Vec<Experiment>) -> Vec<Trial> {
    let is_running = |one: &Experiment| one.approved.is_some() && one.stopped.is_none();
    all.into_iter().filter(is_running).filter_map(Trial::new).collect()
}

impl Trial {
    /// `None` for one that cannot be drawn: nothing is withheld then.
    pub fn new(experiment: Experiment) -> Option<Trial> {
        let arm = |arm: Arm, share| assignment::Arm { name: arm.as_str().to_owned(), share };
        let share = experiment.design.share;
        let arms = vec![arm(Arm::Reminded, 1.0 - share), arm(Arm::Holdout, share)];
        match Draw::new(&experiment.key, arms) {
            Ok(draw) => Some(Trial { experiment, draw }),
            Err(bad) => {
                error!(experiment = experiment.design.name, "nothing is withheld: {bad}");
                None
            }
        }
    }

    pub fn is_about(&self, scenario: &str, day: Date) -> bool {
        self.experiment.design.scenario == scenario && self.experiment.is_on(day)
    }

    pub fn arm(&self, account: &AccountId) -> Arm {
        Arm::parse(self.draw.arm(account)).unwrap_or(Arm::Reminded)
    }

    /// How the account comes in with this bill on `day`; `None` where what is
    /// looked at is over already, or would lie beyond the end.
    pub fn entry(&self, facts: &AccountFacts, bill: &BillId, day: Date) -> Option<Entry> {
        let bill = facts.bills.iter().find(|one| one.id == *bill)?;
        Some(Entry {
            experiment: self.experiment.design.name.clone(),
            bucket: facts.account.bucket,
            account: facts.account.id.clone(),
            arm: self.arm(&facts.account.id),
            bill: bill.id.clone(),
            on: day,
            limit_on: self.experiment.limit_of(bill, day)?,
            tier: facts.account.tier.as_str(),
        })
    }
}

/// Ends experiments that do harm, once a night.
pub struct Guard(pub Workshop);

#[async_trait]
impl Stage for Guard {
    fn name(&self) -> &'static str {
        "guard"
    }

    async fn run_once(&self, now: Timestamp) -> anyhow::Result<usize> {
        let (experiments, on) = (&self.0.experiments, planning_day(now));
        let mut ended = 0;
        for one in experiments.experiments().await? {
            if one.is_on(on) {
                let name = &one.design.name;
                let tallies = experiments.tally(name, on).await?;
                let Some(harm) = Reading::of(&one.design, &tallies).harm() else { continue };
                if experiments.end_experiment(name, &harm, now).await? {
                    warn!(experiment = name, "stopped: {harm}");
                    ended += 1;
                }
            }
        }
        Ok(ended)
    }
}
