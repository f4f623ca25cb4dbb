//! Serves what can be reached until the daemon stops.
//!
//! HTTP/1.1 in clear: encryption is the business of the proxy in front. Every
//! wait has an end, so that callers who do nothing, slowly, hold nothing up.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::{Front, Waits, router};

/// Connections at once; more wait to be accepted.
const CONNECTIONS_MAX: usize = 512;
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// After a failure to accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Who is at the other end of the connection: the proxy, where there is one.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Returns when the daemon is to stop and the requests under way are answered.
pub async fn serve(listener: TcpListener, front: Front) {
    let (stop, waits) = (front.stop.clone(), front.waits);
    let router = router(Arc::new(front));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (router, stop, cut) = (router.clone(), stop.clone(), cut.clone());
                connections.spawn(async move {
                    let _place = place;
                    connection((stream, peer), router, waits, stop, cut).await;
                });
            }
            Err(error) => {
                warn!("could not accept a connection: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((listener, router));
    connections.close();
    if timeout(waits.drain, connections.wait()).await.is_err() {
        cut.cancel();
        connections.wait().await;
    }
}

async fn connection(
    (stream, peer): (TcpStream, SocketAddr),
    router: Router,
    waits: Waits,
    stop: CancellationToken,
    cut: CancellationToken,
) {
    // Answers are small and must not wait to be filled up.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        service.call(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(waits.head)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            tokio::select! {
                ended = served.as_mut() => ended,
                () = cut.cancelled() => return,
            }
        }
    };
    if let Err(error) = ended {
        debug!("a connection ended early: {error}");
    }
}
