//! `duebell run`: the daemon.

use std::sync::Arc;

use crate::app;
use crate::clock::SystemClock;
use crate::config::LogFormat;
use crate::lifecycle;
use crate::pipeline::drive::Stages;
use crate::store::{ControlStore, FileLock};
use crate::telemetry;

use super::context::{Options, now};

pub async fn run(options: &Options) -> anyhow::Result<()> {
    let stop = lifecycle::stop_on_signals()?;
    let loaded = options.load()?;
    telemetry::start(&loaded.settings.log.filter, loaded.settings.log.format == LogFormat::Json);
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    // Held to the end: a second daemon on the same file would send everything again.
    let _lock = FileLock::take(&loaded.settings.store.url, now())?;
    let carriers = app::carriers(&loaded.settings)?;
    let door = app::door(&loaded.settings, &carriers);
    let (settings, book) = (loaded.settings.clone(), loaded.rule_book());
    let (workshop, store) = app::workshop(loaded, carriers.providers, now()).await?;
    let control = store.control().await?;
    for one in workshop.scenarios.current() {
        let name = &one.scenario.name;
        match control.live_since(name) {
            Some(since) => tracing::info!(scenario = %name, %since, "live"),
            None => {
                tracing::info!(scenario = %name, "observing: nothing is sent until `duebell live {name}`")
            }
        }
    }
    let answering = match door {
        Some(door) => {
            let page = app::page(&workshop, &settings.page);
            let console = app::console(&settings, &store, &workshop, book).await?;
            Some(
                door.open(store.clone(), (page, console), Arc::new(SystemClock), stop.clone())
                    .await?,
            )
        }
        None => None,
    };
    let stages = Stages::new(workshop);
    lifecycle::ready("reading, deciding and sending");
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "ready");
    let ran = stages.run(Arc::new(SystemClock), &stop, lifecycle::alive).await;
    // Whatever ended the stages ends the rest; what is being answered has its
    // receipts in the store before that closes.
    stop.cancel();
    if let Some(answering) = answering {
        answering.await?;
    }
    store.close().await;
    ran?;
    tracing::info!("stopped");
    Ok(())
}
