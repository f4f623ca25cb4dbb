//! A way to a peer on which one answer is another one than the peer gave: what
//! we say arrives, and what comes back is the test's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// What is said instead.
#[derive(Debug, Clone)]
pub struct Instead {
    /// Whether this, which we said since the peer spoke last, is what it
    /// answers.
    pub to: fn(&[u8]) -> bool,
    pub says: Vec<u8>,
    /// So many bytes more, as long as anybody listens.
    pub more: usize,
}

pub struct Spoiler {
    pub port: u16,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

struct Shared {
    instead: Instead,
    spoilt: AtomicUsize,
    said: AtomicUsize,
}

impl Drop for Spoiler {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Spoiler {
    pub async fn to(port: u16, instead: Instead) -> Spoiler {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (spoilt, said) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let shared = Arc::new(Shared { instead, spoilt, said });
        let of = shared.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let of = of.clone();
                tokio::spawn(async move { carry(&of, near, port).await });
            }
        });
        Spoiler { port: own, shared, accepting: accepting.abort_handle() }
    }

    /// How many answers were another than the peer's.
    pub fn spoilt(&self) -> usize {
        self.shared.spoilt.load(Ordering::SeqCst)
    }

    /// How much of them was taken.
    pub fn said(&self) -> usize {
        self.shared.said.load(Ordering::SeqCst)
    }
}

async fn carry(shared: &Shared, mut near: TcpStream, port: u16) {
    let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (mut ours, mut theirs) = ([0; 16 * 1024], [0; 16 * 1024]);
    // What we said since the peer spoke last.
    let (mut said, mut is_new) = (Vec::new(), true);
    // The rest of an answer that was replaced is not passed on either.
    let mut is_muted = false;
    loop {
        tokio::select! {
            read = near.read(&mut ours) => {
                let Ok(read @ 1..) = read else { return };
                if !std::mem::replace(&mut is_new, true) {
                    said.clear();
                }
                said.extend(&ours[..read]);
                is_muted = false;
                if far.write_all(&ours[..read]).await.is_err() {
                    return;
                }
            }
            read = far.read(&mut theirs) => {
                let Ok(read @ 1..) = read else { return };
                if std::mem::take(&mut is_new) && (shared.instead.to)(&said) {
                    if !speak(shared, &mut near).await {
                        return;
                    }
                    is_muted = true;
                }
                if !is_muted && near.write_all(&theirs[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Says it; whether anybody listened to its end.
async fn speak(shared: &Shared, near: &mut TcpStream) -> bool {
    const PIECE: [u8; 4096] = [b'x'; 4096];
    shared.spoilt.fetch_add(1, Ordering::SeqCst);
    let Instead { says, more, .. } = &shared.instead;
    let pieces = (0..*more / PIECE.len()).map(|_| PIECE.as_slice());
    for piece in [says.as_slice()].into_iter().chain(pieces) {
        if near.write_all(piece).await.is_err() {
            return false;
        }
        shared.said.fetch_add(piece.len(), Ordering::SeqCst);
    }
    true
}
