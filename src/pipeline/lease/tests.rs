//! What a process believes about its leases, and what it does about it.

mod search;
mod world;

use std::collections::VecDeque;

use async_trait::async_trait;

use super::*;
use crate::model::lease::Fence;
use crate::store::StoreError;

const LENGTH: Duration = Duration::from_secs(30);
const OWNER: Owner = Owner(7);

fn bucket(number: i64) -> Bucket {
    Bucket::from_number(number)
}

fn tenure(held: &[(i64, i64)]) -> Tenure {
    Tenure::new(OWNER, held.iter().map(|(number, fence)| (bucket(*number), Fence(*fence))))
}

fn answer(held: &[(i64, i64)], share: usize) -> Heartbeat {
    Heartbeat { tenure: tenure(held), alive: 1, share, lasts: Some(LENGTH) }
}

fn believing(held: &[(i64, i64)], share: usize, sent: Instant) -> Belief {
    let mut belief = Belief::nothing(OWNER);
    belief.learn(answer(held, share), sent);
    belief
}

#[test]
fn a_lease_is_believed_in_from_before_it_was_asked_for_and_not_to_its_end() {
    let sent = Instant::now();
    let belief = believing(&[(1, 1)], 8, sent);
    let held = tenure(&[(1, 1)]);
    for (second, expected) in [(0, true), (26, true), (27, false), (30, false), (3000, false)] {
        let now = sent + Duration::from_secs(second);
        assert_eq!(!belief.workable(now).is_empty(), expected, "{second}");
        assert_eq!(belief.is_ours(bucket(1), Fence(1), now), expected, "{second}");
    }
    assert_eq!(belief.tenure(), &held, "what is over may still be renewed");
}

#[test]
fn a_bucket_alone_is_held_for_ever() {
    let now = Instant::now();
    let mut belief = Belief::nothing(OWNER);
    belief.learn(Heartbeat::alone(OWNER), now);
    let in_a_year = now + Duration::from_secs(365 * 86_400);
    assert_eq!(belief.workable(in_a_year).len(), 1024);
    assert!(belief.give_back(|_| false).is_empty());
}

#[test]
fn what_is_above_the_share_is_finished_and_given_back_once_idle() {
    let now = Instant::now();
    let mut belief = believing(&[(1, 1), (2, 1), (3, 1), (4, 1)], 2, now);
    assert_eq!(belief.workable(now), tenure(&[(1, 1), (2, 1)]));
    assert!(belief.is_ours(bucket(4), Fence(1), now), "what is under way is finished");

    assert_eq!(belief.give_back(|it| it == bucket(4)), tenure(&[(3, 1)]));
    assert!(!belief.is_ours(bucket(3), Fence(1), now));
    assert!(belief.is_leaving());
    assert_eq!(belief.give_back(|_| false), tenure(&[(4, 1)]));
    assert!(!belief.is_leaving());
    assert!(belief.give_back(|_| false).is_empty());
}

#[test]
fn a_share_that_grows_again_keeps_what_was_leaving() {
    let now = Instant::now();
    let mut belief = believing(&[(1, 1), (2, 1)], 1, now);
    assert!(belief.is_leaving());
    belief.learn(answer(&[(1, 1), (2, 1)], 2), now);
    assert!(!belief.is_leaving());
    assert_eq!(belief.workable(now).len(), 2);
}

#[test]
fn what_was_lost_and_what_came_back_under_another_fence_is_told() {
    let now = Instant::now();
    let mut belief = believing(&[(1, 1), (2, 1), (3, 1)], 8, now);
    let change = belief.learn(answer(&[(1, 1), (2, 3), (5, 1)], 8), now);
    assert_eq!(change.lost, tenure(&[(2, 1), (3, 1)]));
    assert_eq!(change.gained, tenure(&[(2, 3), (5, 1)]));
    assert!(!belief.is_ours(bucket(2), Fence(1), now), "work that began before is late");
    assert!(belief.is_ours(bucket(2), Fence(3), now));
}

#[test]
fn what_was_given_back_is_not_lost() {
    let now = Instant::now();
    let mut belief = believing(&[(1, 1), (2, 1)], 1, now);
    belief.give_back(|_| false);
    assert!(belief.learn(answer(&[(1, 1)], 1), now).lost.is_empty());
}

#[test]
fn too_short_a_lease_is_refused() {
    assert_eq!(Settings::default().problems(), []);
    assert_eq!(Settings { length_s: 5 }.problems(), []);
    let problems = Settings { length_s: 4 }.problems();
    assert!(problems[0].1.contains("use 5 or more"), "{problems:?}");
}

/// Answers what it was told to, and remembers what was released.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Option<Heartbeat>>>,
    released: Mutex<Vec<Bucket>>,
    left: Mutex<u32>,
}

#[async_trait]
impl LeaseStore for Scripted {
    async fn heartbeat(&self, owner: Owner, length: Duration) -> Result<Heartbeat, StoreError> {
        let next = self.answers.lock().unwrap().pop_front().flatten();
        let mut answer = next.ok_or(StoreError::BadUrl { url: "away".into() })?;
        answer.tenure = Tenure::new(owner, answer.tenure.iter());
        answer.lasts = Some(length);
        Ok(answer)
    }

    async fn release(&self, leases: &Tenure) -> Result<u64, StoreError> {
        self.released.lock().unwrap().extend(leases.buckets());
        Ok(leases.len() as u64)
    }

    async fn release_all(&self, _: Owner) -> Result<(), StoreError> {
        *self.left.lock().unwrap() += 1;
        Ok(())
    }

    async fn confirm(&self, _: &Tenure, _: &[Bucket]) -> Result<(), StoreError> {
        Ok(())
    }
}

fn leases(answers: Vec<Option<Heartbeat>>) -> (Arc<Scripted>, Arc<Leases>) {
    let store = Arc::new(Scripted { answers: Mutex::new(answers.into()), ..Scripted::default() });
    (store.clone(), Arc::new(Leases::new(store, LENGTH)))
}

#[tokio::test]
async fn a_bucket_is_not_given_back_while_a_shift_is_at_work_in_it() {
    let (two, surplus) = (answer(&[(1, 1), (2, 1)], 2), answer(&[(1, 1), (2, 1)], 1));
    let (store, leases) = leases(vec![Some(two), Some(surplus.clone()), Some(surplus)]);
    leases.beat().await.unwrap();
    let shift = leases.begin(Instant::now());
    assert_eq!(shift.tenure().len(), 2);

    leases.beat().await.unwrap();
    assert_eq!(*store.released.lock().unwrap(), []);
    assert!(shift.may_act(bucket(2), Instant::now()), "what is under way is finished");
    let later = leases.begin(Instant::now());
    assert_eq!(later.tenure().buckets().collect::<Vec<_>>(), [bucket(1)]);

    drop(shift);
    leases.beat().await.unwrap();
    assert_eq!(*store.released.lock().unwrap(), [bucket(2)]);
    assert!(later.may_act(bucket(1), Instant::now()));
}

#[tokio::test]
async fn a_shift_that_slept_through_its_lease_does_nothing_more() {
    let (_, leases) = leases(vec![Some(answer(&[(1, 1)], 1)), None]);
    leases.beat().await.unwrap();
    let shift = leases.begin(Instant::now());
    assert!(shift.may_act(bucket(1), Instant::now()));
    assert!(!shift.may_act(bucket(2), Instant::now()), "never ours");
    let woken = Instant::now() + LENGTH;
    assert!(!shift.may_act(bucket(1), woken));
    assert!(leases.begin(woken).tenure().is_empty());
    // The database is away: what is held is still believed in for its time.
    assert!(leases.beat().await.is_err());
    assert!(shift.may_act(bucket(1), Instant::now()));
}

#[tokio::test]
async fn a_clean_end_gives_everything_back_and_works_on_nothing() {
    let (store, leases) = leases(vec![Some(answer(&[(1, 1)], 1))]);
    let ended = CancellationToken::new();
    let keeping = async {
        while leases.begin(Instant::now()).tenure().is_empty() {
            tokio::task::yield_now().await;
        }
        ended.cancel();
    };
    tokio::join!(leases.keep(&ended), keeping);
    leases.leave().await.unwrap();
    assert_eq!(*store.left.lock().unwrap(), 1);
    assert!(leases.begin(Instant::now()).tenure().is_empty());
}
