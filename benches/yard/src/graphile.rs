//! The same sending through graphile_worker, the best queue on PostgreSQL that
//! we know of: one job, one request. It neither asks for the balance again nor
//! renders anything.
//!
//! Tuned as its documents say for many small jobs: a local queue, completions
//! in batches. The two phases are two calls, so that what PostgreSQL used can
//! be read in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, RawJobSpec, TaskHandler, WorkerContext,
    WorkerOptions, WorkerUtils,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::letter::{self, Letter};
use crate::usage::{cpu_s, peak_rss_mib, rounded};

#[derive(clap::Args)]
pub struct Args {
    #[arg(long, value_enum)]
    phase: Phase,
    /// An empty database
    #[arg(long)]
    database: String,
    #[arg(long)]
    url: reqwest::Url,
    #[arg(long, default_value_t = 1000)]
    concurrency: usize,
    #[arg(long, default_value_t = 100_000)]
    count: u64,
    #[arg(long, default_value_t = 2000)]
    local_queue: usize,
    #[arg(long, default_value_t = 50)]
    complete_delay_ms: u64,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Phase {
    Enqueue,
    Work,
}

const SCHEMA: &str = "graphile_worker";
const ENQUEUED_AT_ONCE: u64 = 5_000;
const CONNECTIONS: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[derive(Serialize, Deserialize)]
struct Send {
    run: u64,
    number: u64,
}

/// What all jobs share.
#[derive(Clone, Debug)]
struct Shared {
    client: reqwest::Client,
    url: reqwest::Url,
    done: Arc<AtomicU64>,
}

impl TaskHandler for Send {
    const IDENTIFIER: &'static str = "send";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let shared = context.get_ext::<Shared>().ok_or("the worker was given what jobs share")?;
        let letter = Letter::new(self.run, self.number);
        match letter::post(&shared.client, &shared.url, &letter).await {
            Ok(true) => {
                shared.done.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Ok(false) => Err("not taken".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

pub async fn run(args: Args) -> crate::Outcome {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(&args.database).await?;
    match args.phase {
        Phase::Enqueue => enqueue(&args, pool).await,
        Phase::Work => work(&args, pool).await,
    }
}

async fn enqueue(args: &Args, pool: PgPool) -> crate::Outcome {
    let utils = WorkerUtils::new(pool, SCHEMA);
    utils.migrate().await?;
    let run = u64::from(std::process::id());
    let began = Instant::now();
    for first in (0..args.count).step_by(ENQUEUED_AT_ONCE as usize) {
        let numbers = first..(first + ENQUEUED_AT_ONCE).min(args.count);
        let jobs: Vec<RawJobSpec> = numbers
            .map(|number| RawJobSpec {
                identifier: Send::IDENTIFIER.to_owned(),
                payload: json!({"run": run, "number": number}),
                spec: JobSpec::default(),
            })
            .collect();
        utils.add_raw_jobs(&jobs).await?;
    }
    let rate = rounded(args.count as f64 / began.elapsed().as_secs_f64(), 1);
    println!("{}", json!({"phase": "enqueue", "count": args.count, "rate": rate}));
    Ok(())
}

async fn work(args: &Args, pool: PgPool) -> crate::Outcome {
    let shared = Shared {
        client: letter::client()?,
        url: args.url.clone(),
        done: Arc::new(AtomicU64::new(0)),
    };
    let (began, cpu) = (Instant::now(), cpu_s());
    let worker = WorkerOptions::default()
        .pg_pool(pool.clone())
        .schema(SCHEMA)
        .concurrency(args.concurrency)
        .local_queue(LocalQueueConfig::default().with_size(args.local_queue))
        .complete_job_batch_delay(Duration::from_millis(args.complete_delay_ms))
        .listen_os_shutdown_signals(false)
        .add_extension(shared.clone())
        .define_job::<Send>()
        .init()
        .await?;
    let worker = Arc::new(worker);
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run().await }
    });
    while shared.done.load(Ordering::Relaxed) < args.count && !running.is_finished() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    // Done is what the queue has forgotten.
    let left = "select exists (select 1 from graphile_worker._private_jobs)";
    while !running.is_finished() && sqlx::query_scalar(left).fetch_one(&pool).await? {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), cpu_s() - cpu);
    let line = json!({
        "phase": "work",
        "count": args.count,
        "done": shared.done.load(Ordering::Relaxed),
        "concurrency": args.concurrency,
        "rate": rounded(args.count as f64 / seconds, 1),
        "cpu_worker_s_per_1000": rounded(cpu / args.count as f64 * 1000.0, 5),
        "rss_mib": rounded(peak_rss_mib(), 1),
    });
    println!("{line}");
    worker.request_shutdown();
    running.await??;
    Ok(())
}
