//! `duebell sync`: every feed once into the ledger, and how far that has come.

use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::ensure;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::app;
use crate::model::Bucket;
use crate::model::feed::Feed;
use crate::pipeline::Workshop;
use crate::pipeline::sync::{Reading, Sync};
use crate::provider::route::Providers;
use crate::store::FileLock;

use super::context::{Options, now};
use super::output::print_line;

/// How often a bar moves on a terminal.
const MOVE_EVERY: Duration = Duration::from_millis(200);
/// How often a line is written elsewhere. A short reading writes none.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Reads every feed once into the ledger, as the daemon does. One that is cut
/// short goes on with the page after the last one that was merged.
pub async fn sync(options: &Options, json: bool) -> anyhow::Result<()> {
    let loaded = options.load()?;
    let _lock = FileLock::take(&loaded.settings.store.url, now())?;
    let (workshop, store): (Workshop, _) =
        app::workshop(loaded, Providers::default(), now()).await?;
    let leases = workshop.leases.clone();
    leases.beat().await?;
    let is_reader = workshop.shift().tenure().fence(Bucket::FIRST).is_some();
    let (reading, ended) = (Reading::default(), CancellationToken::new());
    let stage = Sync(workshop.clone());
    let work = async {
        let outcome = stage.read(now(), &reading).await;
        ended.cancel();
        outcome
    };
    let (outcome, (), ()) =
        tokio::join!(work, leases.keep(&ended), show(&workshop, &reading, &ended));
    leases.leave().await?;
    ensure!(
        is_reader,
        "a daemon that runs on this store reads the feeds; stop it first, or leave it to that one"
    );
    let feeds = store.desk().feeds().await?;
    if json {
        print_line(&serde_json::to_string_pretty(&feeds)?)?;
    }
    for line in feeds.iter().filter(|_| !json) {
        print_line(&format!(
            "{}: {} read = {} used + {} set aside, up to {}",
            line.feed, line.read, line.used, line.set_aside, line.changed_at
        ))?;
    }
    store.close().await;
    outcome.map(drop)
}

/// Shows how far the reading has come, on standard error, until it has ended.
async fn show(workshop: &Workshop, reading: &Reading, ended: &CancellationToken) {
    let feeds = workshop.source.feeds();
    let all = MultiProgress::new();
    let shown = async {
        match std::io::stderr().is_terminal() {
            true => bars(&all, workshop, &feeds, reading).await,
            false => lines(&feeds, reading).await,
        }
    };
    tokio::select! {
        () = ended.cancelled() => {}
        () = shown => {}
    }
    // What became of each feed is told on standard output. A terminal that
    // cannot be cleared is no reason to fail.
    let _ = all.clear();
}

async fn lines(feeds: &[Feed], reading: &Reading) {
    let mut before = vec![0; feeds.len()];
    loop {
        tokio::time::sleep(TELL_EVERY).await;
        for (feed, before) in feeds.iter().zip(&mut before) {
            let merged = reading.merged(*feed);
            if merged > *before {
                let rate = (merged - *before) / TELL_EVERY.as_secs();
                eprintln!("{feed}: {merged} rows read, {rate} a second");
            }
            *before = merged;
        }
    }
}

/// A bar for each feed; while it is not known how many rows there are, a count.
async fn bars(all: &MultiProgress, workshop: &Workshop, feeds: &[Feed], reading: &Reading) {
    let style = |template| {
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
    };
    let mut shown: Vec<(Feed, ProgressBar)> = Vec::with_capacity(feeds.len());
    for feed in feeds {
        let bar = all.add(ProgressBar::no_length().with_prefix(feed.to_string()));
        shown.push((*feed, bar.with_style(style("{prefix:>10} {human_pos} rows"))));
    }
    let moved = async {
        loop {
            for (feed, bar) in &shown {
                bar.set_position(reading.merged(*feed));
            }
            tokio::time::sleep(MOVE_EVERY).await;
        }
    };
    let measured = async {
        for (feed, bar) in &shown {
            if let Some(left) = left(workshop, *feed, reading).await {
                bar.set_length(left);
                bar.set_style(style(
                    "{prefix:>10} {wide_bar} {percent:>3}% {human_pos}/{human_len} ({eta} left)",
                ));
            }
        }
    };
    tokio::join!(moved, measured);
}

/// Rows that were left of a first reading when this command began: one query at
/// the source, which counts its rows. How many have changed since an earlier
/// reading only the reading itself can tell.
async fn left(workshop: &Workshop, feed: Feed, reading: &Reading) -> Option<u64> {
    let before = match workshop.ledger.feed_mark(feed).await.ok()? {
        Some(mark) if mark.read_at.is_some() => return None,
        Some(mark) => mark.counts.read.saturating_sub(reading.merged(feed)),
        None => 0,
    };
    Some(workshop.source.count(feed, None).await.ok()?.saturating_sub(before))
}
