//! How the daemon starts and stops: signals, systemd's notifications, logs.
//!
//! May use: nothing of ours.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// Cancels the token when the daemon is asked to stop.
///
/// # Errors
/// When signals cannot be listened for.
pub fn stop_on_signals() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("stopping: what is being submitted is finished first");
        notify(&[NotifyState::Stopping]);
        token.cancel();
    });
    Ok(stop)
}

/// Tells systemd that the daemon serves.
pub fn ready(status: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Tells systemd's watchdog that the loop goes round.
pub fn alive() {
    if sd_notify::watchdog_enabled().is_some_and(|limit| limit > Duration::ZERO) {
        notify(&[NotifyState::Watchdog]);
    }
}

/// Outside of systemd there is nobody to tell.
fn notify(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}
