//! What a decision rests on, frozen: canonical JSON and its digest.
//!
//! Everything that could change somebody's mind is in it, and nothing that
//! changes by itself: days past due grow overnight, a due date does not. So a
//! digest that differs is a fact that is new.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::model::review::{CaseFacts, GivenNotice};
use crate::model::{Bill, Currency, Hold, Payment};

/// Evidence as it was on one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Canonical: fields in one order, lists sorted, no space.
    pub body: String,
    /// SHA-256 of the body, in hex.
    pub digest: String,
}

#[derive(Serialize)]
struct Evidence<'a> {
    account: &'a str,
    bills: Vec<BillLine<'a>>,
    /// Minor units by currency.
    unpaid: BTreeMap<Currency, i64>,
    payments: Payments<'a>,
    /// Promises, disputes and whatever else holds it back.
    holds: Vec<HoldLine<'a>>,
    /// By the rules, and by somebody who set it.
    judged: Option<&'a str>,
    set: Option<&'a str>,
    flag: Option<FlagLine<'a>>,
    notices: Vec<&'a GivenNotice>,
    restricted_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct BillLine<'a> {
    bill: &'a str,
    currency: Currency,
    amount: i64,
    remaining: i64,
    issued_on: Date,
    due_on: Date,
}

#[derive(Serialize)]
struct Payments<'a> {
    count: usize,
    last_on: Option<Date>,
    each: Vec<PaymentLine<'a>>,
}

#[derive(Serialize)]
struct PaymentLine<'a> {
    payment: &'a str,
    bill: Option<&'a str>,
    currency: Currency,
    amount: i64,
    paid_on: Date,
    state: &'static str,
    reversed_on: Option<Date>,
}

#[derive(Serialize)]
struct HoldLine<'a> {
    hold: &'a str,
    kind: &'static str,
    bill: Option<&'a str>,
    starts_on: Date,
    ends_on: Option<Date>,
    amount: Option<i64>,
}

#[derive(Serialize)]
struct FlagLine<'a> {
    since: Date,
    bills: Vec<&'a str>,
}

/// What is known now, as it will be looked back upon.
pub fn freeze(facts: &CaseFacts) -> Frozen {
    let flag = facts.flag.as_ref().map(|flag| FlagLine {
        since: flag.flagged_on,
        bills: sorted(flag.bills.iter().map(|bill| bill.as_str()), |bill| *bill),
    });
    let evidence = Evidence {
        account: facts.account.as_str(),
        bills: sorted(facts.bills.iter().map(bill), |line| line.bill),
        unpaid: unpaid(&facts.bills),
        payments: Payments {
            count: facts.payments.len(),
            last_on: facts.payments.iter().map(|payment| payment.paid_on).max(),
            each: sorted(facts.payments.iter().map(payment), |line| line.payment),
        },
        holds: sorted(facts.holds.iter().map(hold), |line| line.hold),
        judged: facts.classed.verdict.as_ref().map(|verdict| verdict.class.as_str()),
        set: facts.classed.set.as_ref().map(|set| set.class.as_str()),
        flag,
        notices: sorted(facts.notices.iter(), |one| (one.reminder.as_str(), one.attempt)),
        restricted_at: facts.restricted_at,
    };
    let body = serde_json::to_string(&evidence).expect("evidence is plain data");
    let digest = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    Frozen { body, digest }
}

/// What is owed by currency, due or not.
pub fn unpaid(bills: &[Bill]) -> BTreeMap<Currency, i64> {
    let mut sums = BTreeMap::new();
    for bill in bills {
        *sums.entry(bill.currency).or_default() += bill.remaining;
    }
    sums
}

fn sorted<T, K: Ord>(lines: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut lines: Vec<T> = lines.collect();
    lines.sort_by_key(key);
    lines
}

fn bill(bill: &Bill) -> BillLine<'_> {
    BillLine {
        bill: bill.id.as_str(),
        currency: bill.currency,
        amount: bill.amount,
        remaining: bill.remaining,
        issued_on: bill.issued_on,
        due_on: bill.due_on,
    }
}

fn payment(payment: &Payment) -> PaymentLine<'_> {
    PaymentLine {
        payment: &payment.id,
        bill: payment.bill.as_ref().map(|bill| bill.as_str()),
        currency: payment.currency,
        amount: payment.amount,
        paid_on: payment.paid_on,
        state: payment.state.as_str(),
        reversed_on: payment.reversed_on,
    }
}

fn hold(hold: &Hold) -> HoldLine<'_> {
    HoldLine {
        hold: &hold.id,
        kind: hold.kind.as_str(),
        bill: hold.bill.as_ref().map(|bill| bill.as_str()),
        starts_on: hold.starts_on,
        ends_on: hold.ends_on,
        amount: hold.amount,
    }
}

/// What differs between two looks, in words; empty where nothing does.
pub fn differs(before: &str, after: &str) -> Vec<&'static str> {
    const PARTS: [(&str, &str); 9] = [
        ("bills", "the bills or what remains of them"),
        ("payments", "the payments"),
        ("holds", "promises, disputes or other holds"),
        ("judged", "the class by the rules"),
        ("set", "the class that somebody set"),
        ("flag", "the flag of a repeat debtor"),
        ("notices", "the notices"),
        ("restricted_at", "a restriction"),
        ("account", "the account"),
    ];
    let parsed = |text| serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
    let (before, after) = (parsed(before), parsed(after));
    let changed = PARTS.iter().filter(|(key, _)| before[key] != after[key]);
    changed.map(|(_, words)| *words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HoldKind, PaymentState};
    use crate::review::tests::{facts, owing};

    #[test]
    fn looking_twice_gives_the_same_whatever_the_order_of_the_rows() {
        let one = owing(&[("b1", 5_000), ("b2", 7_000)]);
        let mut other = one.clone();
        other.bills.reverse();
        assert_eq!(freeze(&one), freeze(&other));
        assert_eq!(freeze(&one).digest.len(), 64);
        assert!(differs(&freeze(&one).body, &freeze(&other).body).is_empty());
    }

    #[test]
    fn every_new_fact_changes_the_digest_and_is_named() {
        let before = owing(&[("b1", 5_000), ("b2", 7_000)]);
        let changed = |change: &dyn Fn(&mut CaseFacts)| {
            let mut after = before.clone();
            change(&mut after);
            let (before, after) = (freeze(&before), freeze(&after));
            assert_ne!(before.digest, after.digest);
            differs(&before.body, &after.body)
        };
        let part = changed(&|facts| facts.bills[0].remaining -= 1);
        assert_eq!(part, ["the bills or what remains of them"]);
        assert_eq!(changed(&|facts| drop(facts.bills.pop())).len(), 1);
        let paid = changed(&|facts| {
            facts.payments.push(Payment {
                id: "p1".into(),
                bill: None,
                currency: "EUR".parse().unwrap(),
                amount: 1,
                paid_on: "2026-03-10".parse().unwrap(),
                reversed_on: None,
                state: PaymentState::Pending,
            });
        });
        assert_eq!(paid, ["the payments"]);
        let disputed = changed(&|facts| {
            facts.holds.push(facts::hold("h1", HoldKind::Dispute, "2026-03-01", None));
        });
        assert_eq!(disputed, ["promises, disputes or other holds"]);
        let noticed = changed(&|facts| facts.notices.push(facts::notice("r1", "b1", None)));
        assert_eq!(noticed, ["the notices"]);
        let restricted = changed(&|facts| facts.restricted_at = Some(Timestamp::UNIX_EPOCH));
        assert_eq!(restricted, ["a restriction"]);
    }
}
