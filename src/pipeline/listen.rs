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
use crate::model::receipt::PartReceipt;
use crate::model::reply::PostedReply;
use crate::provider::{Listener, Told};
use crate::store::{PartStore, ReplyStore, StoreError};

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
        let Workshop { providers, parts: Some(parts), replies, .. } = &self.0 else { return };
        let (parts, replies) = (parts.as_ref(), replies.as_ref());
        let heard = providers.listeners().map(async |(name, listener)| {
            let ear = Ear { provider: name.into(), parts, replies };
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
    replies: &'a dyn ReplyStore,
}

impl Ear<'_> {
    async fn listen(&self, listener: &dyn Listener, clock: &dyn Clock) {
        loop {
            let told = listener.next(SET, &|| clock.now()).await;
            let (receipts, replies) = self.sorted(told, clock.now());
            while let Err(error) = self.write_down(&receipts, &replies, clock.now()).await {
                let error = anyhow::Error::from(error);
                error!(
                    provider.name = %self.provider,
                    "could not write down what was heard, and try again: {error:#}"
                );
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }

    fn sorted(&self, told: Vec<Told>, now: Timestamp) -> (Vec<PartReceipt>, Vec<PostedReply>) {
        let (mut receipts, mut replies) = (Vec::new(), Vec::new());
        for one in told {
            match one {
                Told::Receipt(receipt) => receipts.push(receipt),
                Told::Reply { message_id, reply } => replies.push(PostedReply {
                    provider: self.provider.clone(),
                    message_id: message_id.into(),
                    ordinal: 0,
                    reply,
                    received_at: now,
                }),
            }
        }
        (receipts, replies)
    }

    /// Each of the two is known again where it comes twice.
    async fn write_down(
        &self,
        receipts: &[PartReceipt],
        replies: &[PostedReply],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.parts.park(&self.provider, receipts, now).await?;
        self.replies.keep_replies(replies).await
    }
}
