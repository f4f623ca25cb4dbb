//! A gateway that takes everything after a given time.
//!
//! It shares the machine with what is measured, so it reads no more of a
//! request than it must: the length, and the attempt's key.

use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::LocalSet;

#[derive(clap::Args)]
pub struct Args {
    /// 0 for one that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    #[arg(long, default_value_t = 50)]
    latency_ms: u64,
}

/// Thousands of clients connect at once.
const BACKLOG: u32 = 4096;
const REQUEST_BYTES_MAX: usize = 256 * 1024;

#[derive(Default)]
struct Counts {
    requests: u64,
    duplicates: u64,
    without_key: u64,
    /// Hashes will do: two keys in a million that are taken for one would be
    /// a wonder.
    keys: HashSet<u64>,
    in_flight: u64,
    in_flight_max: u64,
    first_ms: Option<f64>,
    last_ms: Option<f64>,
    /// The longest time in which no request came, between two that did.
    pause_ms: f64,
    arrived_ms: f64,
}

struct Gateway {
    latency: Duration,
    hasher: RandomState,
    counts: RefCell<Counts>,
}

pub async fn run(args: Args) -> crate::Outcome {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], args.port).into())?;
    let listener = socket.listen(BACKLOG)?;
    println!("port {}", listener.local_addr()?.port());
    std::io::stdout().flush()?;
    let gateway = Rc::new(Gateway {
        latency: Duration::from_millis(args.latency_ms),
        hasher: RandomState::new(),
        counts: RefCell::default(),
    });
    let serve = async {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let gateway = gateway.clone();
            // A client that hangs up is no news.
            tokio::task::spawn_local(async move { gateway.serve(stream).await.ok() });
        }
    };
    LocalSet::new().run_until(serve).await
}

fn now_ms() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs_f64() * 1e6).round() / 1e3
}

/// What of a request matters.
struct Head {
    is_send: bool,
    is_stats: bool,
    is_last: bool,
    key: Option<u64>,
    /// With its body.
    bytes: usize,
}

impl Gateway {
    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let (mut buffer, mut answer) = (Vec::with_capacity(2048), Vec::new());
        loop {
            let head = loop {
                match self.head(&buffer) {
                    Some(head) if buffer.len() >= head.bytes => break head,
                    _ if buffer.len() > REQUEST_BYTES_MAX => return Ok(()),
                    _ => {}
                }
                if stream.read_buf(&mut buffer).await? == 0 {
                    return Ok(());
                }
            };
            buffer.drain(..head.bytes);
            answer.clear();
            if head.is_send {
                let number = self.arrives(head.key);
                tokio::time::sleep(self.latency).await;
                self.leaves();
                write_answer(&mut answer, format_args!("{{\"id\":\"m-{number}\"}}"))?;
            } else {
                let stats = self.stats();
                if !head.is_stats {
                    *self.counts.borrow_mut() = Counts::default();
                }
                write_answer(&mut answer, format_args!("{stats}"))?;
            }
            stream.write_all(&answer).await?;
            if head.is_last {
                return Ok(());
            }
        }
    }

    /// The head of the request that the buffer begins with, once it is there.
    fn head(&self, buffer: &[u8]) -> Option<Head> {
        let end = buffer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let mut lines = buffer[..end].split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let first = lines.next().unwrap_or_default();
        let mut head = Head {
            is_send: first.starts_with(b"POST ") && !first.starts_with(b"POST /reset "),
            is_stats: first.starts_with(b"GET "),
            is_last: false,
            key: None,
            bytes: end + 4,
        };
        for line in lines {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"content-length") {
                let length = std::str::from_utf8(value).ok().and_then(|it| it.parse().ok());
                head.bytes += length.unwrap_or(0_usize);
            } else if name.eq_ignore_ascii_case(b"idempotency-key") {
                head.key = Some(self.hasher.hash_one(value));
            } else if name.eq_ignore_ascii_case(b"connection") {
                head.is_last = value.eq_ignore_ascii_case(b"close");
            }
        }
        Some(head)
    }

    fn arrives(&self, key: Option<u64>) -> u64 {
        let mut counts = self.counts.borrow_mut();
        let now = now_ms();
        counts.requests += 1;
        match key {
            None => counts.without_key += 1,
            Some(key) if counts.keys.insert(key) => {}
            Some(_) => counts.duplicates += 1,
        }
        if counts.first_ms.is_some() {
            counts.pause_ms = counts.pause_ms.max(now - counts.arrived_ms);
        }
        counts.first_ms.get_or_insert(now);
        counts.arrived_ms = now;
        counts.in_flight += 1;
        counts.in_flight_max = counts.in_flight_max.max(counts.in_flight);
        counts.requests
    }

    fn leaves(&self) {
        let mut counts = self.counts.borrow_mut();
        counts.in_flight = counts.in_flight.saturating_sub(1);
        counts.last_ms = Some(now_ms());
    }

    fn stats(&self) -> serde_json::Value {
        let counts = self.counts.borrow();
        json!({
            "requests": counts.requests,
            "distinct": counts.keys.len(),
            "duplicates": counts.duplicates,
            "without_key": counts.without_key,
            "in_flight": counts.in_flight,
            "in_flight_max": counts.in_flight_max,
            "first_ms": counts.first_ms,
            "last_ms": counts.last_ms,
            "pause_ms": (counts.pause_ms * 1e3).round() / 1e3,
        })
    }
}

fn write_answer(answer: &mut Vec<u8>, body: std::fmt::Arguments<'_>) -> std::io::Result<()> {
    let body = body.to_string();
    write!(
        answer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
