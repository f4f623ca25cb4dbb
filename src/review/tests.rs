//! Accounts and proposals for the tests beside the rules.

use jiff::Timestamp;

use super::evidence::freeze;
use super::four_eyes::{expires_at, needs_two};
use super::readiness::{Asks, Law};
use super::{Rules, Settings};
use crate::model::review::{CaseFacts, Instalments, Outcome, Proposal, Wanted};

pub mod facts {
    use jiff::Timestamp;
    use jiff::civil::Date;
    use jiff::tz::TimeZone;

    use crate::model::review::{CaseFacts, GivenNotice};
    use crate::model::{Bill, Bucket, Hold, HoldKind, Tier};

    pub fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    pub fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    pub fn hold(id: &str, kind: HoldKind, from: &str, to: Option<&str>) -> Hold {
        let (starts_on, ends_on) = (date(from), to.map(date));
        Hold { id: id.into(), kind, bill: None, starts_on, ends_on, amount: None }
    }

    pub fn notice(reminder: &str, bill: &str, proved_at: Option<&str>) -> GivenNotice {
        GivenNotice {
            reminder: reminder.into(),
            attempt: 1,
            channel: "letter".into(),
            items: vec![(bill.into(), "notice15".into())],
            proved_at: proved_at.map(at),
        }
    }

    /// Account A, which owes these bills since the first of March.
    pub fn owing(bills: &[(&str, i64)]) -> CaseFacts {
        let bill = |(id, remaining): &(&str, i64)| Bill {
            id: (*id).into(),
            currency: "EUR".parse().unwrap(),
            amount: 20_000,
            remaining: *remaining,
            issued_on: date("2026-02-15"),
            due_on: date("2026-03-01"),
            settled_on: None,
        };
        CaseFacts {
            bucket: Bucket::of("A"),
            account: "A".into(),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            tier: Tier::Ordinary,
            bills: bills.iter().map(bill).collect(),
            payments: Vec::new(),
            holds: Vec::new(),
            classed: Default::default(),
            flag: None,
            notices: Vec::new(),
            restricted_at: None,
        }
    }

    /// The same with one bill, and notices of it that arrived then.
    pub fn noticed(proved: &[&str]) -> CaseFacts {
        let mut facts = owing(&[("b1", 5_000)]);
        let notices = (1..).zip(proved).map(|(n, at)| notice(&format!("r{n}"), "b1", Some(at)));
        facts.notices = notices.collect();
        facts
    }
}

pub use facts::owing;

pub fn rules() -> Rules {
    let law = Law::new(Asks::default(), |_| false);
    Rules { settings: Settings::default(), law, care_hours: 24, rest_days: 30 }
}

pub fn wanted(outcome: Outcome) -> Wanted {
    let parts = Instalments { count: 3, first_on: facts::date("2099-03-31") };
    Wanted {
        outcome,
        instalments: (outcome == Outcome::Arrangement).then_some(parts),
        reason: "never_paid".into(),
        note: "He moved, and said so.".into(),
    }
}

pub fn proposed(facts: &CaseFacts, outcome: Outcome, by: &str, now: Timestamp) -> Proposal {
    let (settings, frozen) = (Settings::default(), freeze(facts));
    let parts = Instalments { count: 3, first_on: facts::date("2026-03-31") };
    Proposal {
        bucket: facts.bucket,
        id: "p1".into(),
        task: "t1".into(),
        account: facts.account.clone(),
        outcome,
        instalments: (outcome == Outcome::Arrangement).then_some(parts),
        reason: "never_paid".into(),
        note: "He moved, and said so.".into(),
        proposed_by: by.into(),
        proposed_at: now,
        expires_at: expires_at(now, &settings),
        needs_two: needs_two(outcome, facts, &settings),
        evidence: frozen.body,
        digest: frozen.digest,
        decided: None,
    }
}
