//! Hears what providers tell over connections of ours, and writes it down.
//! What it is about is found out later, by settling.
//!
//! A provider is told that something has arrived by being asked for more, and
//! that happens only once it is durable.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::clock::Clock;
use crate::model::receipt::{PartReceipt, PostedReceipt};
use crate::model::reply::PostedReply;
use crate::provider::{Listener, Told};
use crate::store::{PartStore, ReceiptStore, ReplyStore, StoreError};

use super::Workshop;

/// What is written down at once.
const SET: usize = 1_000;
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Listens to every provider that speaks over a connection of ours.
pub struct Listen(pub Workshop);

impl Listen {
    /// Until the daemon is to stop. What is heard and not durable by then is
    /// told again, as nobody has acknowledged it.
    pub async fn keep(&self, clock: &dyn Clock, stop: &CancellationToken) {
        let Workshop { providers, parts: Some(parts), inbox: Some(inbox), replies, .. } = &self.0
        else {
            return;
        };
        let (parts, inbox, replies) = (parts.as_ref(), inbox.as_ref(), replies.as_ref());
        let heard = providers.listeners().map(async |(name, listener)| {
            let ear = Ear { provider: name.into(), parts, inbox, replies };
            ear.listen(listener.as_ref(), clock).await;
        });
        tokio::select! {
            () = stop.cancelled() => {}
            _ = join_all(heard) => {}
        }
    }
}

/// Listens to one provider.
struct Ear<'a> {
    provider: Arc<str>,
    parts: &'a dyn PartStore,
    inbox: &'a dyn ReceiptStore,
    replies: &'a dyn ReplyStore,
}

/// What was heard at once, by where it is written down.
#[derive(Default)]
struct Heard {
    of_parts: Vec<PartReceipt>,
    of_attempts: Vec<PostedReceipt>,
    replies: Vec<PostedReply>,
}

impl Ear<'_> {
    async fn listen(&self, listener: &dyn Listener, clock: &dyn Clock) {
        loop {
            let told = listener.next(SET, &|| clock.now()).await;
            let heard = self.sorted(told, clock.now());
            while let Err(error) = self.write_down(&heard, clock.now()).await {
                let error = anyhow::Error::from(error);
                error!(
                    provider.name = %self.provider,
                    "could not write down what was heard, and try again: {error:#}"
                );
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }

    fn sorted(&self, told: Vec<Told>, now: Timestamp) -> Heard {
        let mut heard = Heard::default();
        for one in told {
            match one {
                Told::Receipt(receipt) => heard.of_parts.push(receipt),
                Told::OfAttempt { message_id, receipt } => heard.of_attempts.push(PostedReceipt {
                    provider: self.provider.clone(),
                    message_id: message_id.into(),
                    ordinal: 0,
                    receipt,
                    received_at: now,
                }),
                Told::Reply { message_id, reply } => heard.replies.push(PostedReply {
                    provider: self.provider.clone(),
                    message_id: message_id.into(),
                    ordinal: 0,
                    reply,
                    received_at: now,
                }),
            }
        }
        heard
    }

    /// Each of the three is known again where it comes twice.
    async fn write_down(&self, heard: &Heard, now: Timestamp) -> Result<(), StoreError> {
        self.parts.park(&self.provider, &heard.of_parts, now).await?;
        self.inbox.keep(&heard.of_attempts).await?;
        self.replies.keep_replies(&heard.replies).await
    }
}
