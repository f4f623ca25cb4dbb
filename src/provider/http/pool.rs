//! Lines that are kept open between requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::line::Line;

/// Servers commonly drop idle connections after five seconds; a request that
/// meets the drop is neither answered nor certainly unread.
const IDLE_FOR: Duration = Duration::from_secs(4);
/// How often those that nobody has taken are dropped.
const SWEEP_EVERY: Duration = Duration::from_millis(500);
/// No more are kept; the oldest goes.
const IDLE_MAX: usize = 1_024;

#[derive(Default)]
pub struct Pool {
    idle: Mutex<Idle>,
}

/// The longest idle first.
#[derive(Default)]
struct Idle {
    lines: VecDeque<(Instant, Box<Line>)>,
    is_swept: bool,
}

impl Pool {
    /// The one that was used last, if it is open still. So that under less
    /// load the others grow old and are dropped.
    pub async fn take(&self) -> Option<Box<Line>> {
        loop {
            let (since, mut line) = self.idle().lines.pop_back()?;
            if since.elapsed() < IDLE_FOR && line.is_open().await {
                return Some(line);
            }
        }
    }

    /// Keeps a line for the next request.
    pub fn put(self: &Arc<Pool>, line: Box<Line>) {
        let mut idle = self.idle();
        idle.lines.push_back((Instant::now(), line));
        if idle.lines.len() > IDLE_MAX {
            idle.lines.pop_front();
        }
        if !std::mem::replace(&mut idle.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops what has grown old, until there is nothing left to watch.
async fn sweep(pool: Weak<Pool>) {
    loop {
        sleep(SWEEP_EVERY).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.idle();
        let old = idle.lines.partition_point(|(since, _)| since.elapsed() >= IDLE_FOR);
        idle.lines.drain(..old);
        if idle.lines.is_empty() {
            idle.is_swept = false;
            return;
        }
    }
}
