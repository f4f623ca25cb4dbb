//! The attempts, and what the two witnesses say of them.

use std::collections::HashMap;
use std::sync::Arc;

use duebell::provider::{Outgoing, SendOutcome, Sender};
use futures_util::future::join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::{Duration, Instant, sleep};

use super::ground::{Ground, Way};
use super::phases::{Phase, Rehearsal};
use super::subjects::Subject;
use crate::provider::now;
use crate::support::cut::{Cut, Seen};

/// Side by side.
const LANES: usize = 50;
/// The last of them goes through.
const ATTEMPTS_MAX: u32 = 3;
/// A marker behind all others.
const LAST: u32 = 99_999;

/// What an adapter says is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Taken,
    Refused,
    NotTaken,
    Unknown,
}

impl Says {
    fn of(outcome: &SendOutcome) -> Says {
        match outcome {
            SendOutcome::Accepted { .. } | SendOutcome::AcceptedInParts { .. } => Says::Taken,
            SendOutcome::Rejected { .. } => Says::Refused,
            SendOutcome::Deferred { .. } => Says::NotTaken,
            SendOutcome::Ambiguous { .. } => Says::Unknown,
        }
    }
}

/// One attempt.
struct Tried {
    address: u32,
    phase: Option<Phase>,
    cut: Cut,
    seen: Seen,
    outcome: SendOutcome,
}

/// Everything that the lanes of a subject share.
struct Run<'a> {
    ground: &'a Ground<'a>,
    rehearsal: Rehearsal,
    to_no_name: Arc<dyn Sender>,
    to_nobody: Arc<dyn Sender>,
}

/// The ways of a lane: for what ends by itself, and for what does not.
struct Lane {
    kept: Option<[Way; 2]>,
}

pub async fn everywhere(subject: &Subject) {
    let Some(ground) = Ground::of(subject) else { return };
    let rehearsed = rehearsed(&ground).await;
    let rehearsal = Rehearsal::of(&rehearsed, subject);
    let (to_nobody, _taken) = ground.to_nobody();
    let run = Run { ground: &ground, rehearsal, to_no_name: ground.to_no_name(), to_nobody };

    let classes = run.rehearsal.classes(subject);
    let cases =
        classes.iter().flat_map(|phases| phases.iter().cycle().take(subject.cases).copied());
    let cases: Vec<Phase> = cases.collect();
    let lanes = (0..LANES).map(|lane| run.lane(&cases, lane));
    let tried: Vec<Tried> = join_all(lanes).await.into_iter().flatten().flatten().collect();
    assert!(tried.len() >= cases.len());

    let took = run.taken(&tried).await;
    let faults: Vec<String> = tried.iter().filter_map(|one| run.fault(one, &took)).collect();
    let (count, shown) = (faults.len(), faults.iter().take(20).cloned().collect::<Vec<_>>());
    assert!(faults.is_empty(), "{count} of {}:\n{}", tried.len(), shown.join("\n"));
}

async fn rehearsed(ground: &Ground<'_>) -> Seen {
    let way = ground.way(false).await;
    way.line.set(Cut::Nowhere);
    let outcome = way.sender.send(&ground.subject.attempt(LAST - 1, LAST - 1, 1), now()).await;
    assert_eq!(Says::of(&outcome), Says::Taken, "{outcome:?}");
    way.line.seen()
}

impl Run<'_> {
    /// Every so manieth case, one after the other.
    async fn lane(&self, cases: &[Phase], lane: usize) -> Vec<Vec<Tried>> {
        let mut own = Lane { kept: None };
        if !self.ground.subject.has_session {
            own.kept = Some([self.ground.way(false).await, self.ground.way(true).await]);
        }
        let mut tried = Vec::new();
        for (case, phase) in cases.iter().enumerate().skip(lane).step_by(LANES) {
            tried.push(self.case(&own, u32::try_from(case).unwrap(), *phase).await);
        }
        for way in own.kept.into_iter().flatten() {
            drop(way.sender);
            self.ground.ended(way.line.closed().await);
        }
        tried
    }

    /// One reminder: deferred, it is sent again.
    async fn case(&self, lane: &Lane, case: u32, phase: Phase) -> Vec<Tried> {
        let mut rng = StdRng::seed_from_u64(case.into());
        let mut tried = Vec::new();
        for number in 1..=ATTEMPTS_MAX {
            let phase = match number {
                1 => Some(phase),
                ATTEMPTS_MAX => None,
                _ => Some(self.rehearsal.any(self.ground.subject, &mut rng)),
            };
            let cut = phase.map_or(Cut::Nowhere, |phase| self.rehearsal.cut(phase, &mut rng));
            let address = case * ATTEMPTS_MAX + number - 1;
            let message = self.ground.subject.attempt(address, case + 1, number);
            let (outcome, seen) = self.attempted(lane, phase, cut, &message).await;
            let is_over = Says::of(&outcome) != Says::NotTaken;
            tried.push(Tried { address, phase, cut, seen, outcome });
            if is_over {
                break;
            }
        }
        tried
    }

    async fn attempted(
        &self,
        lane: &Lane,
        phase: Option<Phase>,
        cut: Cut,
        message: &Outgoing,
    ) -> (SendOutcome, Seen) {
        let to_nowhere = match phase {
            Some(Phase::NoName) => Some(&self.to_no_name),
            Some(Phase::Refused) => Some(&self.to_nobody),
            _ => None,
        };
        if let Some(sender) = to_nowhere {
            return (sender.send(message, now()).await, Seen::default());
        }
        let is_hasty = phase.is_some_and(Phase::is_hasty);
        let is_handshake = phase.is_some_and(Phase::is_handshake);
        let own = match &lane.kept {
            _ if is_handshake => Some(self.ground.encrypted_way(is_hasty).await),
            Some(_) => None,
            None => Some(self.ground.way(is_hasty).await),
        };
        let kept = lane.kept.as_ref().map(|ways| &ways[usize::from(is_hasty)]);
        let way =
            own.as_ref().or(kept).expect("a lane keeps its ways, or has one for each attempt");
        way.line.set(cut);
        let outcome = way.sender.send(message, now()).await;
        let seen = way.line.seen();
        if let Some(Way { line, sender }) = own {
            drop(sender);
            self.ground.ended(line.settled().await);
        }
        (outcome, seen)
    }

    /// What the peer took, once it knows of all that was accepted and of one
    /// that came behind all others.
    async fn taken(&self, tried: &[Tried]) -> HashMap<u32, usize> {
        let way = self.ground.way(false).await;
        let marker = self.ground.subject.attempt(LAST, LAST, 1);
        let outcome = way.sender.send(&marker, now()).await;
        assert_eq!(Says::of(&outcome), Says::Taken, "{outcome:?}");
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let took = self.ground.took();
            let is_known = |one: &&Tried| Says::of(&one.outcome) == Says::Taken;
            let mut accepted = tried.iter().filter(is_known).map(|one| one.address);
            if took.contains_key(&LAST) && accepted.all(|address| took.contains_key(&address)) {
                return took;
            }
            if Instant::now() > until {
                return took;
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// What is wrong about what was said of an attempt.
    fn fault(&self, tried: &Tried, took: &HashMap<u32, usize>) -> Option<String> {
        let count = took.get(&tried.address).copied().unwrap_or(0);
        let says = Says::of(&tried.outcome);
        let is_true = match says {
            Says::Taken => count == 1,
            Says::Refused | Says::NotTaken => count == 0,
            Says::Unknown => count <= 1,
        };
        let must = self.must(tried);
        // A line that was to break has broken, unless the time ran out before.
        let is_hasty = tried.phase.is_some_and(Phase::is_hasty);
        let was_cut = tried.cut == Cut::Nowhere || tried.seen.is_broken || is_hasty;
        if is_true && must.contains(&says) && was_cut {
            return None;
        }
        let Tried { phase, cut, outcome, seen, .. } = tried;
        let met = if was_cut { "" } else { ", which was not met" };
        let seen = seen.told();
        Some(format!(
            "{phase:?}, {cut:?}{met}: {outcome:?}; taken {count} times, must be {must:?}; {seen:?}"
        ))
    }

    /// What can be said, by what went over the line.
    fn must(&self, tried: &Tried) -> &'static [Says] {
        let has_line = tried.phase.is_none_or(Phase::has_line);
        if tried.cut == Cut::Nowhere && has_line {
            return &[Says::Taken];
        }
        let has_session = self.ground.subject.has_session;
        if !has_line || tried.phase.is_some_and(Phase::is_handshake) {
            &[Says::NotTaken]
        } else if !self.rehearsal.was_asked(&tried.seen) {
            // A request is written as soon as there is a connection.
            if has_session { &[Says::NotTaken] } else { &[Says::NotTaken, Says::Unknown] }
        } else if !self.rehearsal.was_told(&tried.seen) {
            &[Says::Unknown]
        } else {
            &[Says::Taken]
        }
    }
}
