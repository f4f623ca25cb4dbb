//! Receipts that providers post, over real sockets: verified, written down,
//! and settled later.

mod bounces;
mod calls;
mod kept;
mod parts;
mod refused;
mod settled;
mod signed;
mod simulator;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use duebell::clock::ManualClock;
use duebell::http::inbox::{Inbox, Limits};
use duebell::http::simulator::Shown;
use duebell::http::{Front, Waits, server};
use duebell::model::receipt::PostedReceipt;
use duebell::model::reply::PostedReply;
use duebell::model::{AttemptKey, Bucket, ReminderId, Tenure};
use duebell::provider::http::{Callback, Settings};
use duebell::provider::{CallbackReader, Fate};
use duebell::store::{
    KeptReply, ReceiptStore, ReplyStore, SettledReply, SqlStore, StoreError, Whose,
};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::build::at;

const SECRET: &[u8; 24] = b"0123456789abcdef01234567";
const OTHER_SECRET: &[u8; 24] = b"the one before the other";
/// The door's clock, unless a test moves it.
const NOON: &str = "2026-03-10T12:00:00Z";
/// The provider that posts; the tests' carrier has the same name.
const PROVIDER: &str = "carrier";

/// A door that is open, and a clock for it.
struct Door {
    port: u16,
    clock: Arc<ManualClock>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Door {
    async fn open(store: Arc<dyn ReceiptStore>) -> Door {
        Door::open_with(store, Limits::default(), Waits::default()).await
    }

    async fn open_with(store: Arc<dyn ReceiptStore>, limits: Limits, waits: Waits) -> Door {
        let callbacks = HashMap::from([(PROVIDER.to_owned(), callback())]);
        Door::open_shown(callbacks, None, store, Arc::new(NoReplies), limits, waits).await
    }

    /// For providers that post replies as well, and a sandbox that is shown.
    async fn open_shown(
        callbacks: HashMap<String, Arc<dyn CallbackReader>>,
        shown: Option<Shown>,
        store: Arc<dyn ReceiptStore>,
        replies: Arc<dyn ReplyStore>,
        limits: Limits,
        waits: Waits,
    ) -> Door {
        let clock = Arc::new(ManualClock::at(at(NOON)));
        let stop = CancellationToken::new();
        let inbox = Inbox::<PostedReceipt>::open(store, limits);
        let replies = Inbox::<PostedReply>::open(replies, limits);
        let mut front = Front::new(clock.clone(), callbacks, inbox, replies, stop.clone());
        (front.waits, front.shown) = (waits, shown);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(server::serve(listener, front));
        Door { port, clock, stop, serving }
    }

    async fn caller(&self) -> Caller {
        Caller { port: self.port, stream: connected(self.port).await }
    }

    /// Posts over a connection of its own; the status.
    async fn post(&self, posting: &Posting) -> u16 {
        self.caller().await.ask(&posting.request()).await.expect("an answer").status
    }
}

/// Where nobody replies.
struct NoReplies;

#[async_trait]
impl ReplyStore for NoReplies {
    async fn keep_replies(&self, replies: &[PostedReply]) -> Result<(), StoreError> {
        unreachable!("{} replies", replies.len())
    }
    async fn unsettled_replies(&self, _: &[Bucket], _: u32) -> Result<Vec<KeptReply>, StoreError> {
        Ok(Vec::new())
    }
    async fn reminded(&self, _: &[ReminderId]) -> Result<Vec<(ReminderId, Whose)>, StoreError> {
        Ok(Vec::new())
    }
    async fn at_addresses(&self, _: &[&str]) -> Result<Vec<(String, Whose)>, StoreError> {
        Ok(Vec::new())
    }
    async fn settle_replies(
        &self,
        _: &Tenure,
        _: &[SettledReply<'_>],
        _: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What a gateway does that has two secrets, as in a change.
fn callback() -> Arc<dyn CallbackReader> {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, secret: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, format!("whsec_{}\n", STANDARD.encode(secret))).unwrap();
        path
    };
    let receipt_secret_files = vec![file("one", SECRET), file("other", OTHER_SECRET)];
    let settings = Settings { receipts: true, receipt_secret_files, ..Settings::default() };
    Arc::new(Callback::open(&settings).unwrap().unwrap())
}

async fn connected(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// One connection to the door, made anew when the door has closed it.
struct Caller {
    port: u16,
    stream: TcpStream,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Caller {
    /// `None` where the connection ends without an answer.
    async fn ask(&mut self, request: &[u8]) -> Option<Answer> {
        // The door may answer and close before it has read everything.
        let _ = self.stream.write_all(request).await;
        let answer = self.answer().await;
        let is_closed = answer.as_ref().is_none_or(|it| it.head.contains("connection: close"));
        if is_closed {
            self.stream = connected(self.port).await;
        }
        answer
    }

    async fn answer(&mut self) -> Option<Answer> {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let head = head.to_lowercase();
                let length = head.split("content-length: ").nth(1);
                let length = length.and_then(|it| it.lines().next()?.parse().ok()).unwrap_or(0);
                if body.len() >= length {
                    let status = head.split(' ').nth(1)?.parse().ok()?;
                    return Some(Answer { status, head, body: body.to_owned() });
                }
            }
            let mut more = [0; 4096];
            match self.stream.read(&mut more).await {
                Ok(read) if read > 0 => bytes.extend_from_slice(&more[..read]),
                _ => return None,
            }
        }
    }
}

/// What a gateway posts, each part as bytes that a test may spoil.
#[derive(Clone)]
struct Posting {
    provider: String,
    id: Vec<u8>,
    timestamp: Vec<u8>,
    signature: Vec<u8>,
    body: Vec<u8>,
}

impl Posting {
    /// Signed at noon.
    fn signed(id: &str, body: &str) -> Posting {
        Posting::signed_at(id, body, at(NOON))
    }

    fn signed_at(id: &str, body: &str, at: Timestamp) -> Posting {
        let timestamp = at.as_second().to_string();
        let signature = signature(SECRET, id, &timestamp, body.as_bytes());
        Posting {
            provider: PROVIDER.to_owned(),
            id: id.into(),
            timestamp: timestamp.into(),
            signature: signature.into(),
            body: body.into(),
        }
    }

    fn request(&self) -> Vec<u8> {
        let head = format!("POST /receipts/{} HTTP/1.1\r\nhost: duebell\r\n", self.provider);
        let mut bytes = head.into_bytes();
        for (name, value) in [
            ("webhook-id", &self.id),
            ("webhook-timestamp", &self.timestamp),
            ("webhook-signature", &self.signature),
            ("content-length", &self.body.len().to_string().into()),
        ] {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A signature of our own; `signed` holds it against another's.
pub fn signature(secret: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac: Hmac<Sha256> = Hmac::new_from_slice(secret).unwrap();
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// One receipt in JSON.
fn said(key: AttemptKey, fate: Fate, at: &str) -> String {
    let fate = fate.as_str();
    format!(r#"{{"key": "{key}", "fate": "{fate}", "at": "{at}"}}"#)
}

/// A key of an attempt that was never made.
fn stray(number: u32) -> AttemptKey {
    format!("0123456789abcdef0123456789abcdef.{number}").parse().unwrap()
}

/// A posting about nothing of ours.
fn posting(id: &str) -> Posting {
    Posting::signed(id, &said(stray(1), Fate::Delivered, NOON))
}

/// All that is kept and not settled, however long it is put off.
async fn unsettled(store: &SqlStore) -> Vec<PostedReceipt> {
    store
        .unsettled(&duebell::model::Bucket::all(), at("2027-01-01T00:00Z"), u32::MAX)
        .await
        .unwrap()
}

async fn new_store(scratch: &tempfile::TempDir) -> Arc<SqlStore> {
    Arc::new(crate::store::on_sqlite(scratch).await)
}
