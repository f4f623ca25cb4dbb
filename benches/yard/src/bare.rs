//! The rate of a client that does nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::json;

use crate::letter::{self, KEY_HEADER, Letter, TOKEN};
use crate::usage::{cpu_s, peak_rss_mib, rounded};
use crate::wire::Wire;

#[derive(clap::Args)]
pub struct Args {
    #[arg(long)]
    url: reqwest::Url,
    #[arg(long, default_value_t = 1000)]
    concurrency: u64,
    #[arg(long, default_value_t = 100_000)]
    count: u64,
    #[arg(long, value_enum, default_value = "reqwest")]
    client: Kind,
    /// 0 for as many as the daemon has
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Kind {
    /// One pool for all
    Reqwest,
    /// One connection for each request under way
    Hyper,
}

/// Hands out the numbers of requests, and counts those that were not taken.
struct Work {
    run: u64,
    next: AtomicU64,
    count: u64,
    refused: AtomicU64,
}

impl Work {
    fn next(&self) -> Option<Letter> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.count).then(|| Letter::new(self.run, number))
    }

    fn ended(&self, is_taken: bool) {
        if !is_taken {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}

pub async fn run(args: Args) -> crate::Outcome {
    let work = Arc::new(Work {
        run: u64::from(std::process::id()),
        next: AtomicU64::new(0),
        count: args.count,
        refused: AtomicU64::new(0),
    });
    let client = letter::client()?;
    let (began, cpu) = (Instant::now(), cpu_s());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..args.concurrency.min(args.count) {
        let (work, url) = (work.clone(), args.url.clone());
        match args.client {
            Kind::Reqwest => {
                let client = client.clone();
                tasks.spawn(async move {
                    while let Some(letter) = work.next() {
                        work.ended(letter::post(&client, &url, &letter).await.unwrap_or(false));
                    }
                    Ok(())
                });
            }
            Kind::Hyper => {
                tasks.spawn(over_hyper(work, url));
            }
        }
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), cpu_s() - cpu);
    let client = if args.client == Kind::Hyper { "hyper" } else { "reqwest" };
    let line = json!({
        "client": client,
        "count": args.count,
        "concurrency": args.concurrency,
        "refused": work.refused.load(Ordering::Relaxed),
        "rate": rounded(args.count as f64 / seconds, 1),
        "cpu_s_per_1000": rounded(cpu / args.count as f64 * 1000.0, 5),
        "rss_mib": rounded(peak_rss_mib(), 1),
    });
    println!("{line}");
    Ok(())
}

async fn over_hyper(work: Arc<Work>, url: reqwest::Url) -> crate::Outcome {
    let mut wire = Wire::open(&url).await?;
    while let Some(letter) = work.next() {
        let headers = [("authorization", TOKEN), (KEY_HEADER, letter.key())];
        let (status, bytes) = wire.post(&headers, serde_json::to_vec(&letter)?).await?;
        let answer: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        work.ended(status == 200 && answer["id"].is_string());
    }
    Ok(())
}
