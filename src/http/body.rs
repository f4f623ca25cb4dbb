//! The body of a request, as far as we are willing to read it.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use futures_util::StreamExt as _;
use tokio::time::timeout;

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRead {
    TooLong,
    TooSlow,
    BrokenOff,
}

/// The body's bytes, `most` of them; what is announced as longer is not read at
/// all. Trickling it in does not hold a connection for ever.
pub async fn whole(body: Body, most: usize, wait: Duration) -> Result<Vec<u8>, NotRead> {
    timeout(wait, read(body, most)).await.unwrap_or(Err(NotRead::TooSlow))
}

async fn read(body: Body, most: usize) -> Result<Vec<u8>, NotRead> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > most {
        return Err(NotRead::TooLong);
    }
    let mut bytes = Vec::with_capacity(announced);
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| NotRead::BrokenOff)?;
        if bytes.len() + chunk.len() > most {
            return Err(NotRead::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
