//! What was heard of calls, until it is durable.
//!
//! Asterisk tells a thing once. So what is told to the daemon stays here until
//! more is asked for, and a call hears then that its key is on record. There
//! is no bound: a call adds two things at most, and the daemon orders none
//! while it can write nothing down.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::model::{AttemptKey, Channel};
use crate::provider::{Fate, Meaning, Now, Receipt, Reply, Told};

/// What has come of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Fate(Fate),
    Said(Meaning),
}

#[derive(Default)]
pub struct News {
    kept: Mutex<Kept>,
    came: Notify,
}

/// Oldest first.
#[derive(Default)]
struct Kept {
    news: VecDeque<One>,
    /// So many of them were handed over.
    handed: usize,
}

struct One {
    key: AttemptKey,
    heard: Heard,
    /// Asterisk's time, where it said one.
    at: Option<Timestamp>,
}

impl News {
    pub fn add(&self, key: AttemptKey, heard: Heard, at: Option<Timestamp>) {
        self.kept().news.push_back(One { key, heard, at });
        self.came.notify_one();
    }

    /// What was handed over is durable: it is let go of. The calls in which
    /// somebody said something.
    pub fn acknowledge(&self) -> Vec<AttemptKey> {
        let mut kept = self.kept();
        let count = std::mem::take(&mut kept.handed);
        let durable = kept.news.drain(..count);
        durable.filter_map(|one| matches!(one.heard, Heard::Said(_)).then_some(one.key)).collect()
    }

    /// Waits for what is oldest. It is handed over when this returns; one who
    /// does not wait for that has been told nothing.
    pub async fn next(&self, limit: usize, now: Now<'_>) -> Vec<Told> {
        loop {
            let told = self.hand_over(limit, now);
            if !told.is_empty() {
                return told;
            }
            self.came.notified().await;
        }
    }

    fn hand_over(&self, limit: usize, now: Now<'_>) -> Vec<Told> {
        let mut kept = self.kept();
        let told: Vec<Told> = kept.news.iter().take(limit).map(|one| told(one, now)).collect();
        kept.handed = told.len();
        told
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Named by the attempt and by what it is: a call has one fate and one key, so
/// whatever is told of an attempt again is the same.
fn told(one: &One, now: Now<'_>) -> Told {
    let One { key, heard, at } = one;
    let (key, at) = (*key, at.unwrap_or_else(now));
    match heard {
        Heard::Fate(fate) => Told::OfAttempt {
            message_id: format!("call/{key}/{}", fate.as_str()),
            receipt: Receipt { key, fate: *fate, at },
        },
        Heard::Said(meaning) => {
            let message_id = format!("call/{key}/{}", meaning.as_str());
            let (about, meaning) = (Some(key), meaning.clone());
            let reply = Reply { channel: Channel::Voice, about, from: None, meaning, at };
            Told::Reply { message_id, reply }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const NOON: &str = "2026-03-01T12:00:00Z";

    fn key(attempt: u32) -> AttemptKey {
        format!("0123456789abcdef0123456789abcdef.{attempt}").parse().unwrap()
    }

    fn noon() -> Timestamp {
        NOON.parse().unwrap()
    }

    /// What comes next, by its name; `None` where it is waited for.
    fn names(news: &News, limit: usize) -> Option<Vec<String>> {
        let told = news.next(limit, &noon).now_or_never()?;
        let name = |told| match told {
            Told::OfAttempt { message_id, .. } | Told::Reply { message_id, .. } => message_id,
            Told::Receipt(receipt) => panic!("{receipt:?}"),
        };
        Some(told.into_iter().map(name).collect())
    }

    #[test]
    fn nothing_is_let_go_of_before_it_is_durable() {
        let news = News::default();
        news.add(key(1), Heard::Fate(Fate::Answered), None);
        news.add(key(1), Heard::Said(Meaning::OptOut), None);
        news.add(key(2), Heard::Fate(Fate::Undelivered), None);
        let all = ["answered", "opt_out"].map(|what| format!("call/{}/{what}", key(1)));
        assert_eq!(names(&news, 2).unwrap(), all);
        // Not acknowledged: it comes again, by the same names.
        assert_eq!(names(&news, 1).unwrap(), all[..1]);
        assert_eq!(names(&news, 2).unwrap(), all);
        assert_eq!(news.acknowledge(), [key(1)]);
        assert_eq!(news.acknowledge(), []);
        assert_eq!(names(&news, 2).unwrap(), [format!("call/{}/undelivered", key(2))]);
        assert_eq!(news.acknowledge(), []);
        assert_eq!(names(&news, 2), None);
    }

    #[test]
    fn what_comes_while_it_is_written_down_is_not_acknowledged_with_it() {
        let news = News::default();
        news.add(key(1), Heard::Fate(Fate::Answered), None);
        assert_eq!(names(&news, 9).unwrap().len(), 1);
        news.add(key(1), Heard::Said(Meaning::OptOut), None);
        assert_eq!(news.acknowledge(), []);
        assert_eq!(names(&news, 9).unwrap(), [format!("call/{}/opt_out", key(1))]);
    }

    #[test]
    fn whoever_waits_is_told() {
        let news = News::default();
        let mut next = Box::pin(news.next(9, &noon));
        assert_eq!(next.as_mut().now_or_never(), None);
        let at: Timestamp = "2026-03-01T11:59:00Z".parse().unwrap();
        news.add(key(1), Heard::Fate(Fate::Answered), Some(at));
        news.add(key(2), Heard::Fate(Fate::Answered), None);
        let told = next.now_or_never().unwrap();
        let times: Vec<Timestamp> = told
            .iter()
            .map(|told| match told {
                Told::OfAttempt { receipt, .. } => receipt.at,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(times, [at, noon()]);
    }
}
