//! Receipts per second through the real server, over loopback.
//!
//! `cargo bench --bench receipts`: 64 kept-alive connections post 50,000
//! signed receipts, one for each request, over SQLite; and over PostgreSQL
//! where DUEBELL_BENCH_STORE is the URL of a database. Client, server and
//! database share the machine. What was answered for must be in the store.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use duebell::clock::{Clock, SystemClock};
use duebell::http::inbox::{Inbox, Limits};
use duebell::http::{Front, server};
use duebell::model::receipt::PostedReceipt;
use duebell::model::reply::PostedReply;
use duebell::model::{AccountId, AttemptKey, Bucket, ReminderId};
use duebell::provider::CallbackReader;
use duebell::provider::http::{Callback, Settings};
use duebell::store::{ReceiptStore, SqlStore};
use hmac::{Hmac, KeyInit, Mac};
use jiff::civil::date;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const RECEIPTS: usize = 50_000;
const CONNECTIONS: usize = 64;
const SECRET: [u8; 32] = [7; 32];

/// A signed request, as it goes over the wire.
fn request(number: usize, run: &str, seconds: i64) -> (AttemptKey, Vec<u8>) {
    let account = AccountId(format!("A{number}"));
    let bucket = Bucket::of(account.as_str());
    let reminder = ReminderId::derive(bucket, &account, date(2026, 3, 1), 0);
    let key = AttemptKey { reminder, number: 1 };
    let body = format!(
        r#"{{"key":"{key}","fate":"delivered","at":"2026-03-01T12:00:00Z","id":"m-{number}"}}"#
    );
    let id = format!("{run}_{number}");
    let mut mac: Hmac<Sha256> = Hmac::new_from_slice(&SECRET).expect("any length");
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let text = format!(
        "POST /receipts/own HTTP/1.1\r\nhost: duebell\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nwebhook-id: {id}\r\nwebhook-timestamp: {seconds}\r\n\
         webhook-signature: v1,{signature}\r\n\r\n{body}",
        body.len()
    );
    (key, text.into_bytes())
}

/// Posts its share over one connection; how long each answer took.
async fn post(port: u16, requests: Vec<Vec<u8>>) -> Vec<Duration> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server listens");
    stream.set_nodelay(true).expect("a socket option");
    let mut took = Vec::with_capacity(requests.len());
    let mut answer = [0; 1024];
    for request in requests {
        let began = Instant::now();
        stream.write_all(&request).await.expect("the server reads");
        let mut length = 0;
        while !answer[..length].ends_with(b"\r\n\r\n") {
            let read = stream.read(&mut answer[length..]).await.expect("the server answers");
            assert!(read > 0, "the server closed the connection");
            length += read;
        }
        assert!(answer.starts_with(b"HTTP/1.1 204"), "{}", String::from_utf8_lossy(&answer));
        took.push(began.elapsed());
    }
    took
}

async fn measure(name: &str, url: &str, callback: Callback) {
    let store = Arc::new(SqlStore::open(url, None).await.expect("the store opens"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    let stop = CancellationToken::new();
    let callbacks =
        HashMap::from([("own".to_owned(), Arc::new(callback) as Arc<dyn CallbackReader>)]);
    let inbox = Inbox::<PostedReceipt>::open(store.clone(), Limits::default());
    let replies = Inbox::<PostedReply>::open(store.clone(), Limits::default());
    let front = Front::new(Arc::new(SystemClock), callbacks, inbox, replies, stop.clone());
    let serving = tokio::spawn(server::serve(listener, front));

    let now = SystemClock.now();
    let run = format!("run{}", now.as_microsecond());
    let mut keys = HashSet::with_capacity(RECEIPTS);
    let mut shares = vec![Vec::new(); CONNECTIONS];
    for number in 0..RECEIPTS {
        let (key, text) = request(number, &run, now.as_second());
        keys.insert(key);
        shares[number % CONNECTIONS].push(text);
    }
    let began = Instant::now();
    let posting: Vec<_> = shares.into_iter().map(|share| tokio::spawn(post(port, share))).collect();
    let mut took = Vec::with_capacity(RECEIPTS);
    for one in posting {
        took.extend(one.await.expect("nobody panics"));
    }
    let whole = began.elapsed();
    stop.cancel();
    serving.await.expect("the server ends");

    took.sort();
    let at = |percent: usize| took[took.len() * percent / 100].as_secs_f64() * 1_000.0;
    println!(
        "{name}: {:.0} receipts/s, p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        RECEIPTS as f64 / whole.as_secs_f64(),
        at(50),
        at(99),
        took[took.len() - 1].as_secs_f64() * 1_000.0,
    );
    let later = now + jiff::SignedDuration::from_hours(1);
    let kept = store
        .unsettled(&duebell::model::Bucket::all(), later, u32::MAX)
        .await
        .expect("the store answers");
    let kept: HashSet<AttemptKey> = kept
        .into_iter()
        .filter(|one| one.message_id.starts_with(&run))
        .map(|one| one.receipt.key)
        .collect();
    assert_eq!(kept, keys, "what was answered for is not all in the store");
    store.close().await;
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let scratch = tempfile::tempdir().expect("a directory");
        let secret = scratch.path().join("secret");
        std::fs::write(&secret, format!("whsec_{}", STANDARD.encode(SECRET))).expect("a file");
        let settings =
            Settings { receipts: true, receipt_secret_files: vec![secret], ..Settings::default() };
        let callback = || Callback::open(&settings).expect("a secret").expect("it posts receipts");
        let url = format!("sqlite://{}", scratch.path().join("store.db").display());
        measure("sqlite", &url, callback()).await;
        match std::env::var("DUEBELL_BENCH_STORE") {
            Ok(url) => measure("postgres", &url, callback()).await,
            Err(_) => println!("postgres: set DUEBELL_BENCH_STORE to the URL of a database"),
        }
    });
}
