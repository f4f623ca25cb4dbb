//! What the daemon does when it is asked: the second front door.
//!
//! Everything that can be reached over HTTP stands in `router`. What comes
//! in is verified and written down; what follows from it is decided by the
//! pipeline, later. Off unless `[http] listen` is set.
//!
//! May use: model, policy, risk, review, audit, message, store, provider, clock.

mod body;
pub mod console;
pub mod inbox;
pub mod page;
mod qr;
pub mod receipts;
pub mod server;
pub mod simulator;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::model::receipt::PostedReceipt;
use crate::model::reply::PostedReply;
use crate::provider::CallbackReader;

use self::console::Console;
use self::inbox::Inbox;
use self::page::Page;
use self::simulator::Shown;

/// `[http]`: where the daemon listens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port; nothing is listened to without.
    pub listen: Option<SocketAddr>,
    /// Where providers reach it, through the proxy in front: `https://host`,
    /// with the path that the proxy takes off, if it does.
    pub public_url: Option<String>,
}

/// How long others may keep us waiting.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// From the end of one request to the whole head of the next.
    pub head: Duration,
    /// For a whole body, once its head is here.
    pub body: Duration,
    /// For requests under way when the daemon stops.
    pub drain: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Waits { head: seconds(10), body: seconds(10), drain: seconds(15) }
    }
}

/// What the rooms behind the door work with.
pub struct Front {
    clock: Arc<dyn Clock>,
    /// Providers that post receipts, by their names in the records.
    callbacks: HashMap<String, Arc<dyn CallbackReader>>,
    inbox: Inbox<PostedReceipt>,
    replies: Inbox<PostedReply>,
    /// A sandbox that is shown at `/simulator`.
    pub shown: Option<Shown>,
    /// The subscriber's own page, where there is one.
    pub page: Option<Page>,
    /// The pages for the operator's people, where there are any.
    pub console: Option<Console>,
    pub waits: Waits,
    stop: CancellationToken,
    /// When a refusal was last told of; strangers must not fill the log.
    refusal_told_at: Mutex<Option<Timestamp>>,
}

impl Front {
    pub fn new(
        clock: Arc<dyn Clock>,
        callbacks: HashMap<String, Arc<dyn CallbackReader>>,
        inbox: Inbox<PostedReceipt>,
        replies: Inbox<PostedReply>,
        stop: CancellationToken,
    ) -> Front {
        let waits = Waits::default();
        let refusal_told_at = Mutex::new(None);
        Front {
            clock,
            callbacks,
            inbox,
            replies,
            shown: None,
            page: None,
            console: None,
            waits,
            stop,
            refusal_told_at,
        }
    }
}

/// Everything that can be reached.
fn router(front: Arc<Front>) -> Router {
    let console = match front.console {
        Some(_) => console::router(&front),
        None => Router::new(),
    };
    Router::new()
        .nest("/console", console)
        .route("/console/", get(console::slash))
        .route("/receipts/{provider}", get(receipts::call).post(receipts::call))
        .route("/p/{token}", get(page::show).post(page::take))
        .route("/simulator", get(simulator::page).post(simulator::answer))
        .route("/health/live", get(async || "live\n"))
        .route("/health/ready", get(ready))
        .with_state(front)
}

/// Whether more work may be sent here. Not whether the store is well: a door
/// that is closed for that would never be seen to be well again.
async fn ready(State(front): State<Arc<Front>>) -> (StatusCode, &'static str) {
    match front.stop.is_cancelled() {
        false => (StatusCode::OK, "ready\n"),
        true => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
    }
}
