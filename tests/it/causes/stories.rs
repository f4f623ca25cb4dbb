//! Stories as data: one account on one day, and why it does not pay. They are
//! `tests/scenarios/causes.toml`.

use duebell::model::evidence::{
    Autopay, Complaint, ContactReturn, Contract, Dossier, Evidence, EvidenceFeed, FailureKind,
    Feeds, KeyKind, Outage, PaymentFailure, PortRequest, SharedKey, Topic, UsageDay,
};
use duebell::model::{Bill, Channel, Currency, Hold, HoldKind, Payment, PaymentState};
use duebell::risk::cause::Rules;
use duebell::risk::profile::profile;
use jiff::Span;
use jiff::civil::Date;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    case: Vec<Story>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    story: String,
    on: Date,
    /// Monthly bills of 30.00, the last one due on the first of this month: how
    /// many days late each was paid, `unpaid`, `half`, or `halves` (the second
    /// three weeks later).
    bills: String,
    /// Feeds that the operator has not.
    #[serde(default)]
    without: Vec<EvidenceFeed>,
    customer_since: Option<Date>,
    card_ends: Option<Date>,
    #[serde(default)]
    complaints: Vec<TellComplaint>,
    #[serde(default)]
    disputes: Vec<Date>,
    #[serde(default)]
    promises: Vec<TellSpan>,
    #[serde(default)]
    hardship: Vec<TellSpan>,
    #[serde(default)]
    outages: Vec<TellSpan>,
    /// Twenty-five days of expensive calls ended then.
    spree_ends: Option<Date>,
    #[serde(default)]
    declined: Vec<Date>,
    #[serde(default)]
    returned: Vec<Date>,
    #[serde(default)]
    porting: Vec<Date>,
    #[serde(default)]
    same_identity: Vec<Date>,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TellComplaint {
    opened: Date,
    closed: Option<Date>,
    satisfied: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TellSpan {
    from: Date,
    through: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// "pays": nothing is owed, so nothing is judged.
    class: String,
    /// How each reason begins, in their order.
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    untold: Vec<String>,
    profile: Option<String>,
    self_cure: Option<bool>,
}

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

fn days(date: Date, days: i64) -> Date {
    date.checked_add(Span::new().days(days)).unwrap()
}

impl TellSpan {
    fn hold(&self, kind: HoldKind) -> Hold {
        let id = format!("H-{}", self.from);
        let (starts_on, ends_on) = (self.from, Some(self.through));
        Hold { id, kind, bill: None, starts_on, ends_on, amount: None }
    }
}

impl Story {
    fn dossier(&self) -> Dossier {
        let told: Vec<&str> = self.bills.split_whitespace().collect();
        let (mut bills, mut payments) = (Vec::new(), Vec::new());
        for (number, came) in told.iter().enumerate() {
            let ago = Span::new().months((told.len() - 1 - number) as i64);
            let due_on = self.on.first_of_month().checked_sub(ago).unwrap();
            let id = format!("B{number}");
            let parts = match *came {
                "unpaid" => vec![],
                "half" => vec![(1_500, 0)],
                "halves" => vec![(1_500, 0), (1_500, 21)],
                late => vec![(3_000, late.parse().unwrap())],
            };
            let paid: i64 = parts.iter().map(|(amount, _)| amount).sum();
            payments.extend(parts.into_iter().map(|(amount, late)| Payment {
                id: format!("P{number}-{late}"),
                bill: Some(id.as_str().into()),
                currency: euro(),
                amount,
                paid_on: days(due_on, late),
                reversed_on: None,
                state: PaymentState::Settled,
            }));
            bills.push(Bill {
                id: id.into(),
                currency: euro(),
                amount: 3_000,
                remaining: 3_000 - paid,
                issued_on: days(due_on, -14),
                due_on,
                settled_on: None,
            });
        }
        Dossier {
            account: "A1".into(),
            tier: None,
            bills,
            payments,
            holds: self.holds(),
            placed: Vec::new(),
            sent: Vec::new(),
            feeds: self.without.iter().fold(Feeds::all(), |feeds, feed| feeds.without(*feed)),
            evidence: self.evidence(),
        }
    }

    fn holds(&self) -> Vec<Hold> {
        let disputes = self.disputes.iter().map(|from| Hold {
            id: format!("D-{from}"),
            kind: HoldKind::Dispute,
            bill: None,
            starts_on: *from,
            ends_on: None,
            // A part is contested; the rest is owed.
            amount: Some(1_000),
        });
        let promises = self.promises.iter().map(|one| one.hold(HoldKind::Promise));
        let hardship = self.hardship.iter().map(|one| one.hold(HoldKind::Hardship));
        disputes.chain(promises).chain(hardship).collect()
    }

    fn evidence(&self) -> Evidence {
        let since = self.customer_since;
        let autopay = self.card_ends.map(|end| Autopay {
            starts_on: days(end, -700),
            ends_on: Some(end),
            withdrawn_on: None,
        });
        let contract =
            Contract { since, autopay: autopay.into_iter().collect(), ..Contract::default() };
        let complaint = |one: &TellComplaint| Complaint {
            topic: Topic::Billing,
            opened_on: one.opened,
            closed_on: one.closed,
            satisfied: one.satisfied,
            answered_on: None,
        };
        let outage = |one: &TellSpan| Outage {
            area: "here".to_owned(),
            starts_on: one.from,
            ends_on: Some(one.through),
        };
        let declined = |on: &Date| PaymentFailure { kind: FailureKind::Declined, on: *on };
        let channels = Channel::ALL.iter().cycle();
        let returned =
            |(on, channel): (&Date, &Channel)| ContactReturn { channel: *channel, on: *on };
        let shared = |(number, on): (usize, &Date)| SharedKey {
            kind: KeyKind::Identity,
            with: format!("A{number}").into(),
            written_off_on: *on,
        };
        Evidence {
            contract,
            complaints: self.complaints.iter().map(complaint).collect(),
            outages: self.outages.iter().map(outage).collect(),
            usage: self.usage(),
            returns: self.returned.iter().zip(channels).map(returned).collect(),
            failures: self.declined.iter().map(declined).collect(),
            porting: self
                .porting
                .iter()
                .map(|on| PortRequest { on: *on, withdrawn_on: None })
                .collect(),
            shared: self.same_identity.iter().enumerate().map(shared).collect(),
            write_offs: Vec::new(),
        }
    }

    /// Two hundred days at 1.00, and 4.00 of expensive calls on each of a spree.
    fn usage(&self) -> Vec<UsageDay> {
        let day = |ago: i64| {
            let on = days(self.on, -ago);
            let is_spree = self.spree_ends.is_some_and(|end| days(end, -25) < on && on <= end);
            let expensive = if is_spree { 400 } else { 0 };
            UsageDay { on, charged: 100 + expensive, expensive }
        };
        (0..200).map(day).collect()
    }

    #[track_caller]
    fn check(&self, rules: &Rules) {
        let dossier = self.dossier();
        let verdict = rules.judge(&dossier, self.on);
        let class = verdict.as_ref().map_or("pays", |one| one.class.as_str());
        assert_eq!(class, self.expect.class, "{}: {verdict:#?}", self.story);
        let reasons = verdict.iter().flat_map(|one| &one.reasons);
        let says: Vec<&str> = reasons.map(|one| one.says.as_str()).collect();
        assert!(says.len() >= self.expect.says.len(), "{}: {says:#?}", self.story);
        for (says, expected) in says.iter().zip(&self.expect.says) {
            assert!(says.starts_with(expected), "{}: {says}", self.story);
        }
        let untold = verdict.map(|one| one.untold).unwrap_or_default();
        assert_eq!(untold, self.expect.untold, "{}", self.story);
        let profile = profile(&dossier, self.on, rules.tolerance());
        if let Some(expected) = &self.expect.profile {
            assert_eq!(profile.cycles.trim_end_matches('.'), *expected, "{}", self.story);
        }
        if let Some(expected) = self.expect.self_cure {
            assert_eq!(profile.self_cure.is_some(), expected, "{}", self.story);
        }
    }
}

#[test]
fn every_story_of_causes_comes_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/causes.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let book: Book = toml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(book.case.len() >= 18, "only {} stories were found", book.case.len());
    let rules = Rules::built_in();
    for story in &book.case {
        story.check(&rules);
    }
}
