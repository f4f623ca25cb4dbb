//! What the billing system is advised to do, as it is told: one JSON body for
//! each decision. Duebell never ends anything by itself.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{effects, evidence};
use crate::model::review::{Advice, CaseFacts, Instalments, Proposal};
use crate::model::{Bill, Currency};

/// What kind of message it is, for whoever receives several.
const TYPE: &str = "duebell.advice.v1";

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    r#type: &'static str,
    account: &'a str,
    outcome: &'static str,
    bills: Vec<BillLine<'a>>,
    amounts: Vec<Amount>,
    instalments: Vec<Instalment>,
    reasons: [&'a str; 1],
    proposed_by: &'a str,
    proposed_at: Timestamp,
    approved_by: &'a str,
    decided_at: Timestamp,
    evidence: &'a str,
}

#[derive(Serialize)]
struct BillLine<'a> {
    bill: &'a str,
    due_on: Date,
    #[serde(flatten)]
    amount: Amount,
}

/// Minor units, and the same as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Amount {
    currency: Currency,
    minor: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Instalment {
    on: Date,
    #[serde(flatten)]
    amount: Amount,
}

/// The advice that an approved proposal comes to.
pub fn of(proposal: &Proposal, facts: &CaseFacts, approved_by: &str, now: Timestamp) -> Advice {
    let id = format!("adv_{}", proposal.id);
    let amounts: Vec<Amount> = evidence::unpaid(&facts.bills)
        .into_iter()
        .map(|(currency, minor)| Amount { currency, minor })
        .collect();
    let instalments = proposal.instalments.map_or(Vec::new(), |parts| {
        amounts.iter().flat_map(|amount| split(amount, parts)).collect()
    });
    let mut bills: Vec<BillLine<'_>> = facts.bills.iter().map(line).collect();
    bills.sort_by(|a, b| (a.due_on, a.bill).cmp(&(b.due_on, b.bill)));
    let body = Body {
        id: &id,
        r#type: TYPE,
        account: facts.account.as_str(),
        outcome: proposal.outcome.as_str(),
        bills,
        amounts,
        instalments,
        reasons: [&proposal.reason],
        proposed_by: &proposal.proposed_by,
        proposed_at: proposal.proposed_at,
        approved_by,
        decided_at: now,
        evidence: &proposal.digest,
    };
    let body = serde_json::to_string(&body).expect("advice is plain data");
    Advice {
        bucket: facts.bucket,
        id,
        account: facts.account.clone(),
        outcome: proposal.outcome,
        body,
        made_at: now,
    }
}

fn line(bill: &Bill) -> BillLine<'_> {
    let amount = Amount { currency: bill.currency, minor: bill.remaining };
    BillLine { bill: bill.id.as_str(), due_on: bill.due_on, amount }
}

/// Equal parts; what cannot be divided is in the first.
fn split(amount: &Amount, parts: Instalments) -> Vec<Instalment> {
    let count = i64::from(parts.count.max(1));
    let (each, rest) = (amount.minor / count, amount.minor % count);
    let part = |(index, on)| Instalment {
        on,
        amount: Amount { minor: if index == 0 { each + rest } else { each }, ..amount.clone() },
    };
    effects::days(parts).enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::review::Outcome;
    use crate::review::tests::facts::{at, date};
    use crate::review::tests::{owing, proposed};

    #[test]
    fn it_says_what_who_why_and_on_what() {
        let facts = owing(&[("b2", 7_000), ("b1", 5_000)]);
        let one = proposed(&facts, Outcome::Terminate, "Ann", at("2026-03-10T12:00Z"));
        let advice = of(&one, &facts, "Bob", at("2026-03-11T12:00Z"));
        assert_eq!(advice.body, of(&one, &facts, "Bob", at("2026-03-11T12:00Z")).body);
        let body: serde_json::Value = serde_json::from_str(&advice.body).unwrap();
        assert_eq!(body["id"], advice.id);
        assert_eq!((&body["account"], &body["outcome"]), (&"A".into(), &"terminate".into()));
        assert_eq!((&body["proposed_by"], &body["approved_by"]), (&"Ann".into(), &"Bob".into()));
        assert_eq!(body["evidence"], one.digest);
        assert_eq!(body["bills"][0]["bill"], "b1");
        assert_eq!(body["amounts"], serde_json::json!([{ "currency": "EUR", "minor": 12_000 }]));
        // What people wrote about a person stays here.
        assert!(!advice.body.contains(&one.note));
    }

    proptest! {
        #[test]
        fn instalments_come_to_the_sum(minor in 1..1_000_000_i64, count in 1..=60_u8) {
            let amount = Amount { currency: "EUR".parse().unwrap(), minor };
            let parts = split(&amount, Instalments { count, first_on: date("2026-01-31") });
            prop_assert_eq!(parts.len(), usize::from(count));
            prop_assert_eq!(parts.iter().map(|part| part.amount.minor).sum::<i64>(), minor);
            prop_assert!(parts.windows(2).all(|pair| pair[0].on < pair[1].on));
        }
    }
}
