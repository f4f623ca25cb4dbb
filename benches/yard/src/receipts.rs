//! Receipts as a provider posts them: signed over the raw body, each answered
//! before the connection sends the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use ring::hmac;
use serde_json::json;

use crate::usage::{cpu_s, rounded};
use crate::wire::{Error, Wire};

#[derive(clap::Args)]
pub struct Args {
    #[arg(long)]
    url: reqwest::Url,
    /// A file with one body a line
    #[arg(long)]
    bodies: std::path::PathBuf,
    /// A file with the secret alone
    #[arg(long)]
    secret_file: std::path::PathBuf,
    /// Carries HMAC-SHA256 of the body in hexadecimal, after `sha256=`
    #[arg(long, default_value = "X-Signature-256")]
    signature_header: String,
    #[arg(long, default_value_t = 64)]
    concurrency: usize,
}

struct Work {
    bodies: Vec<String>,
    key: hmac::Key,
    header: String,
    next: AtomicUsize,
}

/// What one connection came to: seconds that each answer took, and how many
/// were not answered with 2xx.
type Taken = Result<(Vec<f64>, u64), Error>;

pub async fn run(args: Args) -> crate::Outcome {
    let secret = std::fs::read_to_string(&args.secret_file)?;
    let bodies: Vec<String> =
        std::fs::read_to_string(&args.bodies)?.lines().map(str::to_owned).collect();
    let count = bodies.len();
    let work = Arc::new(Work {
        bodies,
        key: hmac::Key::new(hmac::HMAC_SHA256, secret.trim().as_bytes()),
        header: args.signature_header,
        next: AtomicUsize::new(0),
    });
    let (began, cpu) = (Instant::now(), cpu_s());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..args.concurrency {
        tasks.spawn(post_all(work.clone(), args.url.clone()));
    }
    let (mut seconds, mut refused) = (Vec::with_capacity(count), 0);
    while let Some(done) = tasks.join_next().await {
        let (more, not_taken) = done??;
        seconds.extend(more);
        refused += not_taken;
    }
    let elapsed = began.elapsed().as_secs_f64();
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (seconds.len() as f64 * share) as usize;
        seconds.get(index.min(seconds.len().saturating_sub(1))).map(|it| rounded(it * 1e3, 3))
    };
    let line = json!({
        "count": count,
        "refused": refused,
        "rate": rounded(count as f64 / elapsed, 1),
        "p50_ms": at(0.5),
        "p99_ms": at(0.99),
        "cpu_s_per_1000": rounded((cpu_s() - cpu) / count.max(1) as f64 * 1000.0, 5),
    });
    println!("{line}");
    Ok(())
}

async fn post_all(work: Arc<Work>, url: reqwest::Url) -> Taken {
    let mut wire = Wire::open(&url).await?;
    let (mut seconds, mut refused) = (Vec::new(), 0);
    while let Some(body) = work.bodies.get(work.next.fetch_add(1, Ordering::Relaxed)) {
        let tag = hmac::sign(&work.key, body.as_bytes());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let began = Instant::now();
        let headers = [(work.header.as_str(), &*format!("sha256={hex}"))];
        let (status, _) = wire.post(&headers, body.clone().into_bytes()).await?;
        seconds.push(began.elapsed().as_secs_f64());
        refused += u64::from(!(200..300).contains(&status));
    }
    Ok((seconds, refused))
}
