//! Once means once: whatever planning, dispatch and housekeeping do between
//! one another's steps, no bill at a step and no day of an account goes into
//! two reminders that may have left.

use std::collections::{BTreeMap, BTreeSet};

use duebell::model::reminder::Transition;
use duebell::model::{Bucket, Reminder, ReminderState};
use duebell::store::{Decided, OutboxStore, SqlStore, Submission};
use proptest::prelude::*;

use super::outbox::{all_due, ended, outcome, submission};
use crate::support::build::*;

/// Something that one of the daemon's tasks does.
#[derive(Debug, Clone)]
enum Move {
    /// Plans a reminder of account, day and bills.
    Plan(usize, usize, Vec<usize>),
    /// Replaces what stands planned, known or overtaken.
    Cancel(usize),
    /// Reads what may be submitted; it is submitted later, if at all.
    Read,
    Submit(usize),
    /// Takes a reminder one state on.
    Append(usize, usize),
    /// Writes to a place that is taken already.
    AppendLate(usize, usize),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let bills = prop::collection::vec(0..3usize, 1..3);
    let one = prop_oneof![
        3 => (0..2usize, 0..2usize, bills).prop_map(|(a, d, bills)| Move::Plan(a, d, bills)),
        1 => (0..8usize).prop_map(Move::Cancel),
        2 => Just(Move::Read),
        4 => (0..8usize).prop_map(Move::Submit),
        4 => (0..8usize, 0..8usize).prop_map(|(r, s)| Move::Append(r, s)),
        1 => (0..8usize, 0..8usize).prop_map(|(r, s)| Move::AppendLate(r, s)),
    ];
    prop::collection::vec(one, 1..30)
}

/// States that may follow.
fn next_states(state: ReminderState) -> &'static [ReminderState] {
    use ReminderState::*;
    match state {
        Planned => &[Suppressed, Deferred],
        Submitting => &[Accepted, Rejected, RetryLater, Unknown, Deferred],
        RetryLater => &[Submitting, Deferred],
        Unheard => &[Submitting, Expired],
        Unknown => &[Accepted, RetryLater, Deferred, Expired],
        Accepted => &[Delivered, Undelivered, RetryLater, Unheard],
        _ => &[],
    }
}

/// A store and what the moves know of it.
struct World {
    store: SqlStore,
    planned: Vec<Reminder>,
    read: Vec<Submission>,
}

impl World {
    /// Its state, its place, and whether it may have arrived unheard.
    async fn standing(&self, reminder: &Reminder) -> (ReminderState, u32, bool) {
        let standing = self.store.standing(&[reminder.id]).await.unwrap();
        let nothing = (ReminderState::Planned, 0, false);
        standing.first().map_or(nothing, |one| (one.state, one.seq, one.was_taken))
    }

    async fn make(&mut self, step: Move) {
        match step {
            Move::Plan(account, on, mut bills) => {
                bills.sort_unstable();
                bills.dedup();
                let account = ["A", "B"][account];
                let items: Vec<_> =
                    bills.iter().map(|bill| item(&format!("{account}{bill}"), "late1")).collect();
                let revision = self.planned.len() as u32;
                let mut one = reminder(account, revision, &items);
                one.day = day([TODAY, "2026-03-11"][on]);
                planned(&self.store, &one).await;
                self.planned.push(one);
            }
            Move::Cancel(index) => {
                let Some(one) = self.planned.get(index) else { return };
                let (bucket, account) = key(one.account.as_str());
                let nothing = decided(&self.store, account.as_str()).await;
                let cancel = vec![one.id];
                record(&self.store, vec![Decided { bucket, account, cancel, ..nothing }]).await;
            }
            Move::Read => {
                let mut due = all_due(&self.store, at(NOON)).await;
                due.extend(self.store.retries(&Bucket::all(), at(NOON), 10).await.unwrap());
                let one = |id| self.planned.iter().find(|one| one.id == id).unwrap();
                let submission = |due: &duebell::store::DueReminder| {
                    let mut submission = submission(one(due.reminder.id));
                    if due.attempt > 0 {
                        let (seq, attempt) = (due.seq + 1, due.attempt + 1);
                        (submission.mark.seq, submission.mark.attempt) = (seq, attempt);
                    }
                    submission
                };
                self.read.extend(due.iter().map(submission));
            }
            Move::Submit(many) => {
                let many = self.read.len().min(many);
                // The rest stays, to be submitted when it is stale.
                let batch = &self.read[..many];
                self.store.submit(&alone(), batch, at(NOON)).await.unwrap();
                self.read.rotate_left(many / 2);
            }
            Move::Append(index, choice) => self.append(index, choice, 1).await,
            Move::AppendLate(index, choice) => self.append(index, choice, 0).await,
        }
    }

    async fn append(&self, index: usize, choice: usize, ahead: u32) {
        let Some(one) = self.planned.get(index) else { return };
        let (was, seq, was_taken) = self.standing(one).await;
        let next = next_states(was);
        if next.is_empty() || seq + ahead == 0 {
            return;
        }
        let state = next[choice % next.len()].where_taken(was_taken);
        // Only dispatch submits.
        if state != ReminderState::Submitting {
            let next_at = Some(at(NOON));
            let follows = if was == ReminderState::Planned { ended } else { outcome };
            let transition = Transition { next_at, ..follows(one, seq + ahead, state) };
            self.store.append(&alone(), &[transition]).await.unwrap();
        }
    }

    /// Keys of reminders that may have left, by what became of each reminder.
    async fn check(&self) {
        let mut items = BTreeMap::new();
        let mut days = BTreeMap::new();
        for one in &self.planned {
            let (state, _, _) = self.standing(one).await;
            if !state.counts_as_sent() && state != ReminderState::RetryLater {
                continue;
            }
            let day = (one.account.clone(), one.day);
            assert_eq!(days.insert(day, one.id), None, "two reminders on one day");
            for item in &one.items {
                assert_eq!(items.insert(item.clone(), one.id), None, "one step twice");
            }
        }
        let held = self.store.desk().sent().await.unwrap();
        let held: BTreeSet<_> = held.iter().map(|line| item(&line.bill, &line.step)).collect();
        assert_eq!(held, items.into_keys().collect(), "keys are held by what may have left");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_interleaving_lets_two_reminders_hold_one_key(moves in moves()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let scratch = tempfile::tempdir().unwrap();
            let store = super::on_sqlite(&scratch).await;
            with_accounts(&store, &["A", "B"]).await;
            let bills: Vec<_> = ["A", "B"]
                .iter()
                .flat_map(|a| (0..3).map(move |n| bill(&format!("{a}{n}"), a, 1, "2026-03-09")))
                .collect();
            with_bills(&store, &bills).await;
            let mut world = World { store, planned: Vec::new(), read: Vec::new() };
            for step in moves {
                world.make(step).await;
                world.check().await;
            }
            world.store.close().await;
        });
    }
}
