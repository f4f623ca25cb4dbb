//! A line to a peer that breaks at a byte: what comes before it arrives, and
//! nothing after it. Where, and how, is a [`Cut`]; the line keeps what was
//! said over it, so that a test need not guess how far a conversation came.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// The longest that a peer may take to be done with a broken connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToPeer,
    ToUs,
}

/// What becomes of a connection that breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Closed,
    Reset,
    /// It stays, and nothing comes through it any more.
    Silent,
}

/// Where the line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Nowhere,
    /// Before a byte was carried.
    AtTheDoor(End),
    /// Once, on the connection that is the `of`th to be used since the cut was
    /// set: when that many bytes went to the peer, or that many came to us and
    /// more is to come.
    After {
        of: usize,
        way: Way,
        bytes: usize,
        end: End,
    },
}

/// What one side said before the other one spoke.
#[derive(Debug, Clone)]
pub struct Turn {
    pub of: usize,
    pub way: Way,
    pub bytes: Vec<u8>,
}

/// What went over the line since the cut was set.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub is_broken: bool,
    /// As it came, whether or not it was passed on.
    pub turns: Vec<Turn>,
    connections: Vec<Connection>,
}

#[derive(Debug, Clone)]
struct Connection {
    id: u64,
    passed: [usize; 2],
}

impl Seen {
    /// How much came that way over the `of`th connection.
    pub fn came(&self, of: usize, way: Way) -> usize {
        let turns = self.turns.iter().filter(|turn| turn.of == of && turn.way == way);
        turns.map(|turn| turn.bytes.len()).sum()
    }

    /// How much of it was passed on.
    pub fn passed(&self, of: usize, way: Way) -> usize {
        self.connections.get(of).map_or(0, |connection| connection.passed[way as usize])
    }

    /// Who spoke on which connection, and how much, for whoever looks for what
    /// went wrong.
    pub fn told(&self) -> Vec<(usize, Way, usize)> {
        self.turns.iter().map(|turn| (turn.of, turn.way, turn.bytes.len())).collect()
    }

    /// The place of this connection among those that were used.
    fn place(&mut self, id: u64) -> usize {
        let known = self.connections.iter().position(|connection| connection.id == id);
        known.unwrap_or_else(|| {
            self.connections.push(Connection { id, passed: [0; 2] });
            self.connections.len() - 1
        })
    }

    fn note(&mut self, of: usize, way: Way, bytes: &[u8]) {
        match self.turns.last_mut() {
            Some(turn) if turn.of == of && turn.way == way => turn.bytes.extend(bytes),
            _ => self.turns.push(Turn { of, way, bytes: bytes.to_vec() }),
        }
    }
}

struct Shared {
    now: Mutex<(Cut, Seen)>,
    open: watch::Sender<Open>,
}

/// Connections that the peer is not done with.
#[derive(Debug, Clone, Default)]
struct Open {
    broken: usize,
    /// All of them, and what each waits for.
    all: BTreeMap<u64, &'static str>,
}

/// A way to a peer on this machine.
pub struct Line {
    pub port: u16,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Line {
    pub async fn to(port: u16) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let now = Mutex::new((Cut::Nowhere, Seen::default()));
        let shared = Arc::new(Shared { now, open: watch::Sender::default() });
        let (of, mut id) = (shared.clone(), 0);
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                id += 1;
                of.waits(id, "the peer to pick up");
                let of = of.clone();
                tokio::spawn(async move {
                    carry(&of, id, near, port).await;
                    of.open.send_modify(|open| _ = open.all.remove(&id));
                });
            }
        });
        Line { port: own, shared, accepting: accepting.abort_handle() }
    }

    /// From now on; what was seen before is forgotten.
    pub fn set(&self, cut: Cut) {
        *self.shared.now() = (cut, Seen::default());
    }

    pub fn seen(&self) -> Seen {
        self.shared.now().1.clone()
    }

    /// Waits until the peer has done what it will with all that broke.
    ///
    /// # Errors
    /// As of [`Line::closed`].
    pub async fn settled(&self) -> Result<(), String> {
        self.until(|open| open.broken == 0).await
    }

    /// Waits until every connection is over, at both of its ends.
    ///
    /// # Errors
    /// What they wait for, and for too long.
    pub async fn closed(&self) -> Result<(), String> {
        self.until(|open| open.all.is_empty()).await
    }

    async fn until(&self, is_it: impl Fn(&Open) -> bool) -> Result<(), String> {
        let mut open = self.shared.open.subscribe();
        let is_settled = timeout(PATIENCE, open.wait_for(|open| is_it(open))).await.is_ok();
        let (waiting, seen) = (self.shared.open.borrow().clone(), self.seen().told());
        let what = || format!("connections do not come to their end: {waiting:?}; {seen:?}");
        is_settled.then_some(()).ok_or_else(what)
    }
}

impl Shared {
    fn now(&self) -> MutexGuard<'_, (Cut, Seen)> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waits(&self, id: u64, what: &'static str) {
        self.open.send_modify(|open| _ = open.all.insert(id, what));
    }

    /// How the connection is to end before it has begun.
    fn at_the_door(&self, id: u64) -> Option<End> {
        let (cut, seen) = &mut *self.now();
        // A spare connection, over which nothing goes, has no place.
        let Cut::AtTheDoor(end) = *cut else { return None };
        seen.place(id);
        seen.is_broken = true;
        Some(end)
    }

    /// How many of these bytes go on, and whether it breaks there.
    fn pass(&self, id: u64, way: Way, bytes: &[u8]) -> (usize, Option<End>) {
        let (cut, seen) = &mut *self.now();
        let place = seen.place(id);
        seen.note(place, way, bytes);
        let passed = seen.connections[place].passed[way as usize];
        // Of an answer the next byte is waited for: it proves that all before
        // it was heard by the peer.
        let came = passed + bytes.len() - usize::from(way == Way::ToUs);
        let (goes, end) = match *cut {
            Cut::AtTheDoor(end) => (0, Some(end)),
            Cut::After { of, way: there, bytes: most, end }
                if of == place && there == way && came >= most =>
            {
                *cut = Cut::Nowhere;
                (most - passed, Some(end))
            }
            _ => (bytes.len(), None),
        };
        seen.connections[place].passed[way as usize] += goes;
        seen.is_broken |= end.is_some();
        (goes, end)
    }
}

async fn carry(shared: &Shared, id: u64, mut near: TcpStream, port: u16) {
    let _ = near.set_nodelay(true);
    if let Some(end) = shared.at_the_door(id) {
        shared.waits(id, "us to hang up");
        return end_near(near, end).await;
    }
    let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let _ = far.set_nodelay(true);
    shared.waits(id, "either side to speak");
    let (mut ours, mut theirs) = ([0; 16 * 1024], [0; 16 * 1024]);
    loop {
        let (way, read) = tokio::select! {
            read = near.read(&mut ours) => (Way::ToPeer, read),
            read = far.read(&mut theirs) => (Way::ToUs, read),
        };
        let Ok(read @ 1..) = read else {
            // Whoever hung up, the other hears of it.
            drop(near);
            shared.waits(id, "the peer to hang up, as we did or it did");
            return end_far(far).await;
        };
        let bytes = if way == Way::ToPeer { &ours[..read] } else { &theirs[..read] };
        let (goes, end) = shared.pass(id, way, bytes);
        let into = if way == Way::ToPeer { &mut far } else { &mut near };
        let written = into.write_all(&bytes[..goes]).await;
        if let Some(end) = end {
            shared.open.send_modify(|open| open.broken += 1);
            shared.waits(id, "us to hang up");
            end_near(near, end).await;
            shared.waits(id, "the peer to hang up, as the line broke");
            end_far(far).await;
            shared.open.send_modify(|open| open.broken -= 1);
            return;
        }
        if written.is_err() {
            drop(near);
            return end_far(far).await;
        }
    }
}

/// Ends our side's connection, or waits in silence until our side does.
async fn end_near(mut near: TcpStream, end: End) {
    match end {
        End::Closed => {}
        End::Reset => drop(near.set_zero_linger()),
        End::Silent => {
            let mut lost = [0; 4096];
            while let Ok(1..) = near.read(&mut lost).await {}
        }
    }
}

/// Tells the peer that nothing more comes, and waits until it hangs up: then
/// it has done what it will with what did.
async fn end_far(mut far: TcpStream) {
    let _ = far.shutdown().await;
    let mut lost = [0; 4096];
    while let Ok(1..) = far.read(&mut lost).await {}
}
