//! Every interleaving of the lease protocol in a small world, breadth first.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, Hash};
use std::time::Instant;

use super::world::{Mistake, Rules, Step, World};

/// Worlds are told apart by 64 bits: among a million, two that differ and look
/// alike are one chance in thirty million.
type Seen = HashSet<u64>;

/// Far more than there are; a search that is larger has lost its way.
const WORLDS_MAX: usize = 400_000;

fn print_of(it: impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(it)
}

/// How it came to what must not be.
#[derive(Debug)]
struct Story {
    broken: &'static str,
    /// The shortest way there, for people to read when a test fails.
    #[allow(dead_code, reason = "it is printed")]
    steps: Vec<Step>,
}

/// The number of worlds that can be reached, or the way to the first that
/// breaks a promise.
fn search(rules: &Rules) -> Result<usize, Story> {
    let first = World::new(Instant::now(), rules);
    let mut seen = Seen::from([print_of(first.view(rules))]);
    // Each step with the number of the one before it.
    let mut steps: Vec<(Step, usize)> = Vec::new();
    let mut open = VecDeque::from([(first, 0)]);
    while let Some((world, came_by)) = open.pop_front() {
        for step in world.steps(rules) {
            let mut next = world.clone();
            let story = |broken| {
                let mut steps = way(&steps, came_by);
                steps.push(step);
                Story { broken, steps }
            };
            next.take(step, rules).map_err(story)?;
            if !seen.insert(print_of(next.view(rules))) {
                continue;
            }
            if step.changes_the_outlook() {
                next.settles(rules).map_err(story)?;
            }
            assert!(seen.len() < WORLDS_MAX, "the world is too large to be searched");
            steps.push((step, came_by));
            open.push_back((next, steps.len()));
        }
    }
    Ok(seen.len())
}

/// The steps up to number `last`, counted from 1.
fn way(steps: &[(Step, usize)], mut last: usize) -> Vec<Step> {
    let mut way = Vec::new();
    while let Some((step, before)) = last.checked_sub(1).map(|at| steps[at]) {
        way.push(step);
        last = before;
    }
    way.reverse();
    way
}

const ORDERLY: Rules = Rules { buckets: 1, mishaps: 1, is_rough: false, mistake: None };
const ROUGH: Rules = Rules { buckets: 1, mishaps: 1, is_rough: true, mistake: None };
const SHARED: Rules = Rules { buckets: 2, mishaps: 0, is_rough: false, mistake: None };

#[track_caller]
fn holds(rules: Rules) {
    let began = Instant::now();
    match search(&rules) {
        Ok(worlds) => println!("{worlds} worlds in {:?}", began.elapsed()),
        Err(story) => panic!("{story:#?}"),
    }
}

#[track_caller]
fn finds(mistake: Mistake, rules: Rules, expected: &str) {
    let story = search(&Rules { mistake: Some(mistake), ..rules }).unwrap_err();
    assert_eq!(story.broken, expected, "{story:#?}");
}

#[test]
fn no_interleaving_lets_a_late_owner_write_or_two_believe() {
    holds(ORDERLY);
}

#[test]
fn no_lost_connection_and_no_leaping_clock_lets_a_late_owner_write() {
    holds(ROUGH);
}

#[test]
fn two_buckets_change_hands_in_fair_shares() {
    holds(SHARED);
}

#[test]
fn the_search_finds_the_mistake_when_the_fence_is_not_checked() {
    let mistake = Mistake::WritesWithoutHolding;
    finds(mistake, ORDERLY, "an older fence wrote after");
    finds(mistake, ROUGH, "an older fence wrote after");
}

#[test]
fn the_search_finds_a_fence_that_stands_still() {
    finds(Mistake::FenceStandsStill, ROUGH, "two owners wrote under one fence");
}

#[test]
fn the_search_finds_a_lease_counted_from_its_answer() {
    finds(Mistake::CountsFromTheAnswer, ORDERLY, "two believe in one bucket");
}

#[test]
fn the_search_finds_a_bucket_believed_in_after_its_release() {
    finds(Mistake::BelievesWhatItReleased, SHARED, "two believe in one bucket");
}

#[test]
fn the_search_finds_that_nobody_takes_from_the_dead() {
    finds(Mistake::NeverTakes, ORDERLY, "a bucket of the dead is not taken");
}
