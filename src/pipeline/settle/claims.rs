//! What subscribers claim: a promise, a payment, a dispute, that they cannot
//! pay. What follows for the account is a hold, placed with the reply.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::hold::PlacedHold;
use crate::model::reply::Meaning;
use crate::model::{AccountId, Bucket};
use crate::pipeline::{Workshop, planning_day};
use crate::policy::AccountFacts;
use crate::policy::claim::{self, ClaimRules, Granted, Refused};
use crate::store::{KeptReply, Whose};

/// Who is behind a hold that a reply led to.
pub const SUBSCRIBER: &str = "subscriber";

/// The accounts that may claim something, and what they did before.
#[derive(Default)]
pub struct Claims {
    accounts: HashMap<AccountId, (AccountFacts, ClaimRules, Vec<PlacedHold>)>,
}

/// What follows from a reply.
pub enum Follows {
    Hold(Box<PlacedHold>),
    /// A person need not be asked.
    Nothing,
    ForPeople,
}

impl Claims {
    /// Reads all that claims of these accounts are judged by.
    pub async fn of(
        shop: &Workshop,
        mut accounts: Vec<(Bucket, AccountId)>,
        now: Timestamp,
    ) -> anyhow::Result<Claims> {
        accounts.sort_unstable();
        accounts.dedup();
        if accounts.is_empty() {
            return Ok(Claims::default());
        }
        let mut past: HashMap<AccountId, Vec<PlacedHold>> = HashMap::new();
        for hold in shop.holds.placed_holds(&accounts).await? {
            past.entry(hold.account.clone()).or_default().push(hold);
        }
        let facts = shop.plans.facts(&accounts, planning_day(now)).await?;
        let with_rules = facts.into_iter().map(|facts| {
            let rules = shop.scenarios.deciding(&facts).map(|one| one.scenario.claims);
            let id = facts.account.id.clone();
            let past = past.remove(&id).unwrap_or_default();
            (id, (facts, rules.unwrap_or_default(), past))
        });
        Ok(Claims { accounts: with_rules.collect() })
    }

    /// What follows from `meaning`, said by one account alone. The next claim
    /// of the account sees what followed from this one.
    pub fn follows(&mut self, one: &KeptReply, meaning: &Meaning, whose: &Whose) -> Follows {
        let Some((facts, rules, past)) = self.accounts.get_mut(&whose.account) else {
            return Follows::ForPeople;
        };
        let said_at = one.reply.at.min(one.received_at);
        let today = said_at.to_zoned(facts.account.zone.clone()).date();
        match claim::answer(meaning, facts, past, rules, today) {
            Some(Ok(granted)) => {
                let placed = placed(one, whose, granted, said_at);
                past.push(placed.clone());
                facts.holds.push(placed.hold.clone());
                Follows::Hold(Box::new(placed))
            }
            Some(Err(Refused::NothingOwed | Refused::Already)) => Follows::Nothing,
            Some(Err(_)) | None => Follows::ForPeople,
        }
    }
}

fn placed(one: &KeptReply, whose: &Whose, granted: Granted, at: Timestamp) -> PlacedHold {
    PlacedHold {
        bucket: whose.bucket,
        account: whose.account.clone(),
        hold: granted.hold(one.id.clone()),
        currency: granted.currency,
        owner: SUBSCRIBER.to_owned(),
        reason: format!("said by {} through {}", one.reply.channel, one.provider),
        placed_at: at,
        ended: None,
    }
}
