//! How many letters a second the mail sender hands over, and what one costs.
//!
//! `cargo bench --bench smtp -- PORT [COUNT [CONNECTIONS]]`: letters of 2 KB to
//! a mail server on this machine that takes them all, such as `yard smtp`.
//! Prints one line of JSON.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use duebell::model::{AttemptKey, Channel, Contacts, Content, EmailAddress};
use duebell::provider::smtp::{Settings, Smtp, Tls};
use duebell::provider::{Outgoing, SendOutcome, Sender};
use jiff::Timestamp;

/// What Linux counts CPU time in, on every machine that we know of.
const TICKS_PER_SECOND: f64 = 100.0;

/// About as long as the built-in messages are, in each of the two bodies.
const WORDS: &str = "A bill of yours is due in three days. If you have paid it by the time you read \
                     this, thank you, and please pay no heed to this reminder. ";

fn letter(number: u64, now: Timestamp) -> Outgoing {
    let text = WORDS.repeat(5);
    Outgoing {
        key: format!("{number:032x}.1").parse::<AttemptKey>().expect("a key"),
        channel: Channel::Email,
        to: Contacts {
            email: EmailAddress::parse(&format!("a{number}@example.net")),
            ..Contacts::default()
        },
        name: "Zoë Müller".to_owned(),
        language: "en".to_owned(),
        content: Content::Email {
            subject: "Your bill B000000001 over €50.00".to_owned(),
            html: format!("<!doctype html><p>{text}</p>"),
            text,
        },
        facts: None,
        expires_at: now + jiff::SignedDuration::from_hours(12),
        stop_url: None,
    }
}

/// Seconds of CPU of this process.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux tells");
    let fields = stat.rsplit_once(") ").expect("a name in brackets").1;
    let ticks = fields.split(' ').skip(11).take(2).map(|it| it.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

async fn send_all(smtp: Arc<Smtp>, count: u64, tasks: u64, now: Timestamp) -> u64 {
    let (next, taken) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut under_way = tokio::task::JoinSet::new();
    for _ in 0..tasks {
        let (smtp, next, taken) = (smtp.clone(), next.clone(), taken.clone());
        under_way.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return;
                }
                match smtp.send(&letter(number, now), now).await {
                    SendOutcome::Accepted { .. } => taken.fetch_add(1, Ordering::Relaxed),
                    other => panic!("not taken: {other:?}"),
                };
            }
        });
    }
    while let Some(done) = under_way.join_next().await {
        done.expect("every letter is taken");
    }
    taken.load(Ordering::Relaxed)
}

fn main() {
    let args: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let &[port, ref rest @ ..] = &args[..] else {
        eprintln!("cargo bench --bench smtp -- PORT [COUNT [CONNECTIONS]]");
        std::process::exit(2);
    };
    let count = rest.first().copied().unwrap_or(20_000);
    let connections = rest.get(1).copied().unwrap_or(32);
    let settings = Settings {
        host: "127.0.0.1".to_owned(),
        port: u16::try_from(port).expect("PORT is a port"),
        tls: Tls::None,
        from: "Example Telecom <billing@example.org>".to_owned(),
        unsubscribe: Some("stop@example.org".to_owned()),
        hello_name: Some("duebell.example.org".to_owned()),
        connections_max: u32::try_from(connections).expect("CONNECTIONS is a number"),
        ..Settings::default()
    };
    let smtp = Arc::new(Smtp::connect("smtp", &settings).expect("good settings"));
    let now = Timestamp::from_second(1_772_366_400).expect("an instant");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (began, cpu) = (Instant::now(), cpu_s());
    let taken = runtime.block_on(send_all(smtp, count, connections, now));
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), cpu_s() - cpu);
    println!(
        "{{\"letters\":{taken},\"connections\":{connections},\"rate\":{:.1},\"cpu_us\":{:.2}}}",
        taken as f64 / seconds,
        cpu / taken as f64 * 1e6
    );
}
