//! Two people: who may do what to a proposal.
//!
//! What cannot be undone, and what costs much, needs two different people on
//! the same evidence. The store asks these rules inside the transaction that
//! writes, with what it has read there.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Settings;
use super::readiness::Readiness;
use crate::model::review::{CaseFacts, Outcome, Proposal, Verdict, Wanted};

/// Why not, in words for the person who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no case of that name is open")]
    NoCase,
    #[error("no proposal of that name is open")]
    NoProposal,
    #[error("{by} has proposed {outcome} already; approve, refuse or withdraw that first")]
    Pending { outcome: Outcome, by: String },
    #[error("{0} proposed it, and somebody else must decide")]
    SamePerson(String),
    #[error("only {0}, who proposed it, may withdraw it; refuse it instead")]
    NotYours(String),
    #[error("it waited until {} and is over; propose it again", .0.strftime("%Y-%m-%d %H:%MZ"))]
    Expired(Timestamp),
    #[error("the evidence has changed since it was proposed: {0}; look again, and propose anew")]
    Changed(String),
    #[error("the law is not kept yet: {0}")]
    NotReady(String),
    /// Something about the proposal itself.
    #[error("{0}")]
    Unfit(String),
}

/// What is true at the moment in which somebody decides.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    pub now: Timestamp,
    /// The canonical evidence of now, and its digest.
    pub evidence: &'a super::Frozen,
    pub readiness: &'a Readiness,
}

/// Whether two names are one person's: case and space around are no disguise.
pub fn is_same_person(one: &str, other: &str) -> bool {
    let plain = |name: &str| {
        let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
        words.join(" ")
    };
    plain(one) == plain(other)
}

/// Whether somebody else must agree.
pub fn needs_two(outcome: Outcome, facts: &CaseFacts, settings: &Settings) -> bool {
    match outcome {
        Outcome::Terminate | Outcome::WriteOff | Outcome::Exempt => true,
        Outcome::Arrangement => {
            let unpaid = super::evidence::unpaid(&facts.bills);
            // Amounts of several currencies cannot be held against one limit.
            unpaid.len() != 1 || unpaid.values().any(|sum| *sum > settings.arrangement_max)
        }
        Outcome::ReturnToLadder
        | Outcome::CareTransfer
        | Outcome::FraudTransfer
        | Outcome::Restrict => false,
    }
}

/// How long a proposal waits for somebody else.
pub fn expires_at(now: Timestamp, settings: &Settings) -> Timestamp {
    now + SignedDuration::from_hours(settings.approval_hours.into())
}

/// # Errors
/// Why `by` may not propose it.
pub fn may_propose(
    wanted: &Wanted,
    by: &str,
    today: Date,
    readiness: &Readiness,
    settings: &Settings,
) -> Result<(), Refusal> {
    const REASON_MAX: usize = 40;
    const NOTE_MAX: usize = 2_000;
    let unfit = |what: &str| Err(Refusal::Unfit(what.to_owned()));
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let reason = &wanted.reason;
    if !(1..=REASON_MAX).contains(&reason.len()) || !reason.bytes().all(is_word) {
        return unfit("the reason is no code; write one such as never_paid");
    }
    if by.trim().is_empty() {
        return unfit("it has no name; say who proposes it");
    }
    if wanted.note.trim().is_empty() || wanted.note.len() > NOTE_MAX {
        return unfit("the note is empty or long; say why in some sentences");
    }
    match (wanted.outcome, wanted.instalments) {
        (Outcome::Arrangement, None) => {
            return unfit("an arrangement has instalments and a first day");
        }
        (Outcome::Arrangement, Some(parts)) if parts.first_on < today => {
            return unfit("the first instalment lies in the past");
        }
        (Outcome::Arrangement, Some(parts))
            if !(1..=settings.instalments_max).contains(&parts.count) =>
        {
            let most = settings.instalments_max;
            return Err(Refusal::Unfit(format!("an arrangement has 1 to {most} instalments")));
        }
        (Outcome::Arrangement, Some(_)) | (_, None) => {}
        (_, Some(_)) => return unfit("only an arrangement has instalments"),
    }
    is_ready(readiness)
}

fn is_ready(readiness: &Readiness) -> Result<(), Refusal> {
    readiness.first_lacking().map_or(Ok(()), |why| Err(Refusal::NotReady(why)))
}

/// # Errors
/// Why `approver` may not agree now.
pub fn may_approve(
    proposal: &Proposal,
    approver: &str,
    moment: &Moment<'_>,
) -> Result<(), Refusal> {
    is_open(proposal, approver)?;
    if is_same_person(&proposal.proposed_by, approver) {
        return Err(Refusal::SamePerson(proposal.proposed_by.clone()));
    }
    match lapse(proposal, moment.now, Some(&moment.evidence.digest)) {
        Some(Verdict::Expired) => return Err(Refusal::Expired(proposal.expires_at)),
        Some(_) => {
            let what = super::evidence::differs(&proposal.evidence, &moment.evidence.body);
            return Err(Refusal::Changed(what.join(", ")));
        }
        None => {}
    }
    is_ready(moment.readiness)
}

/// # Errors
/// Why `by` may not refuse it: whoever proposed it withdraws it.
pub fn may_refuse(proposal: &Proposal, by: &str) -> Result<(), Refusal> {
    is_open(proposal, by)?;
    match is_same_person(&proposal.proposed_by, by) {
        true => Err(Refusal::SamePerson(proposal.proposed_by.clone())),
        false => Ok(()),
    }
}

/// # Errors
/// Why `by` may not withdraw it.
pub fn may_withdraw(proposal: &Proposal, by: &str) -> Result<(), Refusal> {
    is_open(proposal, by)?;
    match is_same_person(&proposal.proposed_by, by) {
        true => Ok(()),
        false => Err(Refusal::NotYours(proposal.proposed_by.clone())),
    }
}

fn is_open(proposal: &Proposal, by: &str) -> Result<(), Refusal> {
    if by.trim().is_empty() {
        return Err(Refusal::Unfit("it has no name; say who decides".to_owned()));
    }
    if proposal.decided.is_some() { Err(Refusal::NoProposal) } else { Ok(()) }
}

/// What time and facts alone make of an open proposal.
pub fn lapse(proposal: &Proposal, now: Timestamp, digest: Option<&str>) -> Option<Verdict> {
    if digest.is_some_and(|digest| digest != proposal.digest) {
        Some(Verdict::Void)
    } else if now >= proposal.expires_at {
        Some(Verdict::Expired)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::review::{Decision, Instalments};
    use crate::review::evidence::freeze;
    use crate::review::readiness::{Asks, Law, readiness};
    use crate::review::tests::facts::{at, date};
    use crate::review::tests::{owing, proposed, wanted};

    #[test]
    fn a_name_in_other_clothes_is_the_same_person() {
        for other in ["ann lee", " Ann  Lee ", "ANN LEE"] {
            assert!(is_same_person("Ann Lee", other), "{other}");
        }
        assert!(!is_same_person("Ann Lee", "Bob"));
    }

    #[test]
    fn two_are_needed_where_it_cannot_be_undone_or_costs_much() {
        let small = owing(&[("b1", 5_000)]);
        let settings = Settings { arrangement_max: 5_000, ..Settings::default() };
        let two = |outcome, facts: &CaseFacts| needs_two(outcome, facts, &settings);
        for outcome in [Outcome::Terminate, Outcome::WriteOff, Outcome::Exempt] {
            assert!(two(outcome, &small), "{outcome}");
        }
        assert!(!two(Outcome::Arrangement, &small) && !two(Outcome::Restrict, &small));
        assert!(two(Outcome::Arrangement, &owing(&[("b1", 5_000), ("b2", 1)])));
        assert!(needs_two(Outcome::Arrangement, &small, &Settings::default()));
    }

    #[test]
    fn what_is_proposed_is_whole() {
        let says = |wanted: &Wanted, by: &str| {
            let (none, settings) = (Readiness::default(), Settings::default());
            may_propose(wanted, by, date("2026-03-10"), &none, &settings)
        };
        let check = |wanted: &Wanted| says(wanted, "Ann");
        let good = wanted(Outcome::WriteOff);
        assert_eq!(check(&good), Ok(()));
        assert!(matches!(says(&good, " "), Err(Refusal::Unfit(_))));
        let parts = |count, first| Some(Instalments { count, first_on: date(first) });
        let arranged = |instalments| Wanted { instalments, ..wanted(Outcome::Arrangement) };
        assert_eq!(check(&arranged(parts(3, "2026-03-10"))), Ok(()));
        for bad in [
            Wanted { reason: "He lied".into(), ..good.clone() },
            Wanted { note: " ".into(), ..good.clone() },
            Wanted { instalments: parts(3, "2026-03-10"), ..good },
            arranged(None),
            arranged(parts(0, "2026-03-10")),
            arranged(parts(13, "2026-03-10")),
            arranged(parts(3, "2026-03-09")),
        ] {
            assert!(matches!(check(&bad), Err(Refusal::Unfit(_))), "{bad:?}");
        }
    }

    #[test]
    fn every_refusal_says_why() {
        let facts = owing(&[("b1", 5_000)]);
        let one = proposed(&facts, Outcome::WriteOff, "Ann", at("2026-03-10T12:00Z"));
        let less = freeze(&owing(&[("b1", 4_000)]));
        let (same, none) = (freeze(&facts), Readiness::default());
        let says = |by: &str, now: &str, evidence: &crate::review::Frozen| {
            let moment = Moment { now: at(now), evidence, readiness: &none };
            may_approve(&one, by, &moment).unwrap_err().to_string()
        };
        let noon = "2026-03-11T12:00Z";
        assert_eq!(says("ann", noon, &same), "Ann proposed it, and somebody else must decide");
        let changed = says("Bob", noon, &less);
        assert!(changed.contains("the bills or what remains of them"), "{changed}");
        let over = says("Bob", "2026-03-13T12:00Z", &same);
        assert!(over.contains("waited until 2026-03-13 12:00Z"), "{over}");
        let moment = Moment { now: at(noon), evidence: &same, readiness: &none };
        assert_eq!(may_approve(&one, "Bob", &moment), Ok(()));
        assert!(may_withdraw(&one, "Bob").unwrap_err().to_string().contains("only Ann"));
        assert!(may_refuse(&one, "Ann").is_err() && may_refuse(&one, "Bob").is_ok());
    }

    #[derive(Debug, Clone)]
    enum Event {
        Propose(Outcome, usize),
        Approve(usize),
        Refuse(usize),
        Withdraw(usize),
        /// Of the one bill, so much.
        Pay(i64),
        Hours(i64),
    }

    const PEOPLE: [&str; 4] = ["Ann", "Bob", "ann ", "Cem"];

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let who = || 0..PEOPLE.len();
        let outcome = prop::sample::select(Outcome::ALL.to_vec());
        let one = prop_oneof![
            3 => (outcome, who()).prop_map(|(outcome, who)| Event::Propose(outcome, who)),
            3 => who().prop_map(Event::Approve),
            1 => who().prop_map(Event::Refuse),
            1 => who().prop_map(Event::Withdraw),
            1 => (0..3_000_i64).prop_map(Event::Pay),
            2 => (0..60_i64).prop_map(Event::Hours),
        ];
        prop::collection::vec(one, 1..40)
    }

    /// A case as the store keeps it, with these rules alone to guard it.
    struct World {
        facts: CaseFacts,
        now: Timestamp,
        open: Option<Proposal>,
        ended: bool,
    }

    impl World {
        fn readiness(&self, outcome: Outcome) -> Readiness {
            let law = Law::new(Asks::default(), |_| false);
            readiness(outcome, &self.facts, &law, self.facts.today(self.now))
        }

        /// What is approved by this event, and by whom.
        fn step(&mut self, event: &Event) -> Option<(Proposal, &'static str)> {
            match event {
                Event::Propose(outcome, who) if self.open.is_none() && !self.ended => {
                    let (wanted, by) = (wanted(*outcome), PEOPLE[*who]);
                    let (settings, today) = (Settings::default(), self.facts.today(self.now));
                    let ready = self.readiness(*outcome);
                    may_propose(&wanted, by, today, &ready, &settings).ok()?;
                    let one = proposed(&self.facts, *outcome, PEOPLE[*who], self.now);
                    if needs_two(*outcome, &self.facts, &settings) {
                        self.open = Some(one);
                        return None;
                    }
                    return Some((one, PEOPLE[*who]));
                }
                Event::Approve(who) => {
                    let one = self.open.clone()?;
                    let (evidence, given) = (freeze(&self.facts), self.readiness(one.outcome));
                    let moment = Moment { now: self.now, evidence: &evidence, readiness: &given };
                    may_approve(&one, PEOPLE[*who], &moment).ok()?;
                    self.open = None;
                    return Some((one, PEOPLE[*who]));
                }
                Event::Refuse(who) => {
                    if self.open.as_ref().is_some_and(|it| may_refuse(it, PEOPLE[*who]).is_ok()) {
                        self.open = None;
                    }
                }
                Event::Withdraw(who) => {
                    if self.open.as_ref().is_some_and(|it| may_withdraw(it, PEOPLE[*who]).is_ok()) {
                        self.open = None;
                    }
                }
                Event::Pay(amount) => {
                    let left = (self.facts.bills.first()?.remaining - amount).max(0);
                    self.facts.bills[0].remaining = left;
                    if left == 0 {
                        self.facts.bills.clear();
                        self.ended = true;
                    }
                }
                Event::Hours(hours) => self.now += SignedDuration::from_hours(*hours),
                Event::Propose(..) => {}
            }
            None
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Of nothing that cannot be undone is there an approval by one person,
        /// on other facts than were frozen, too late, or after a cure.
        #[test]
        fn no_way_leads_past_two_people_on_unchanged_evidence(events in events()) {
            let facts = owing(&[("b1", 5_000)]);
            let mut world = World { facts, now: at("2026-03-10T12:00Z"), open: None, ended: false };
            for event in &events {
                let Some((one, approver)) = world.step(event) else { continue };
                if !matches!(one.outcome, Outcome::Terminate | Outcome::WriteOff | Outcome::Exempt) {
                    continue;
                }
                prop_assert!(!is_same_person(&one.proposed_by, approver));
                prop_assert_eq!(&one.digest, &freeze(&world.facts).digest);
                prop_assert!(world.now < one.expires_at);
                prop_assert!(!world.facts.bills.is_empty(), "it was cured");
            }
        }

        /// Of an open proposal, whoever may do anything may do it once.
        #[test]
        fn what_is_decided_is_decided(who in 0..PEOPLE.len(), outcome in 0..Outcome::ALL.len()) {
            let facts = owing(&[("b1", 5_000)]);
            let now = at("2026-03-10T12:00Z");
            let mut one = proposed(&facts, Outcome::ALL[outcome], "Dan", now);
            let (by, note) = ("Eve".to_owned(), String::new());
            one.decided = Some(Decision { verdict: Verdict::Refused, by, at: now, note });
            let (evidence, given) = (freeze(&facts), Readiness::default());
            let moment = Moment { now, evidence: &evidence, readiness: &given };
            let who = PEOPLE[who];
            prop_assert_eq!(may_approve(&one, who, &moment), Err(Refusal::NoProposal));
            prop_assert_eq!(may_refuse(&one, who), Err(Refusal::NoProposal));
            prop_assert_eq!(may_withdraw(&one, "Dan"), Err(Refusal::NoProposal));
        }
    }
}
