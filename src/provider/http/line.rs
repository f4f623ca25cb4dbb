//! One connection to a gateway, in clear or encrypted.
//!
//! hyper splits a connection into a sender and a task that moves the bytes.
//! Here there is no such task: whoever has the line drives it while waiting
//! for it. That saves two wake-ups for each request, and a close by the
//! gateway is looked for in the moment of writing, not some time before it.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::provider::reach::{LookUpName, Place, place};
use crate::provider::tls::client_config;

/// The head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;

pub type Request = hyper::Request<Full<Bytes>>;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// In clear or encrypted.
type Wire = TokioIo<Box<dyn Stream>>;

/// An open connection, with at most one request on it.
pub struct Line {
    pub sender: SendRequest<Full<Bytes>>,
    /// `None` when it has ended: a request that waits in it comes back to its
    /// sender by this being dropped.
    connection: Option<Connection<Wire, Full<Bytes>>>,
}

impl Line {
    /// Moves bytes while waiting for what comes of it.
    pub async fn drive<T>(&mut self, mut what: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        poll_fn(|cx| {
            // Asked first: who wants more of a body says so by asking.
            if let Poll::Ready(done) = what(cx) {
                return Poll::Ready(done);
            }
            self.poll(cx);
            what(cx)
        })
        .await
    }

    /// Whether it takes a request now.
    pub async fn is_open(&mut self) -> bool {
        poll_fn(|cx| {
            self.poll(cx);
            Poll::Ready(self.connection.is_some() && self.sender.is_ready())
        })
        .await
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        // What ended it, its sender hears as well.
        if let Some(connection) = &mut self.connection
            && Pin::new(connection).poll(cx).is_ready()
        {
            self.connection = None;
        }
    }
}

/// Where lines lead to.
pub struct Gateway {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    names: LookUpName,
    /// The last place that lines may lead to.
    as_far_as: Place,
}

/// Why there is no line; no request has left.
#[derive(Debug)]
pub enum NoLine {
    /// The host is at none of the places that it may be at.
    Barred,
    /// It cannot be reached.
    Away,
}

impl Gateway {
    /// # Errors
    /// When certificates are needed and the machine has none.
    pub fn new(url: &Url, names: LookUpName, as_far_as: Place) -> anyhow::Result<Gateway> {
        let host = url.host_str().context("url names no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().context("url names no port")?;
        let tls = (url.scheme() == "https").then(|| tls(&host)).transpose()?;
        Ok(Gateway { host, port, tls, names, as_far_as })
    }

    /// Opens a line; each of the gateway's addresses gets its share of `limit`.
    ///
    /// # Errors
    /// Whatever went wrong, no request has left.
    pub async fn dial(&self, limit: Duration) -> Result<Line, NoLine> {
        let dial = async {
            let names = (self.names)(self.host.clone(), self.port).await;
            let mut addresses = names.map_err(|_| NoLine::Away)?;
            let found = addresses.len();
            // Judged here, where nothing lies between this and connecting.
            addresses.retain(|address| place(address.ip()) <= self.as_far_as);
            if addresses.is_empty() && found > 0 {
                return Err(NoLine::Barred);
            }
            for (at, address) in addresses.iter().enumerate() {
                let share = limit / u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
                if let Ok(Ok(line)) = timeout(share, self.open(*address)).await {
                    return Ok(line);
                }
            }
            Err(NoLine::Away)
        };
        timeout(limit, dial).await.unwrap_or(Err(NoLine::Away))
    }

    async fn open(&self, address: SocketAddr) -> io::Result<Line> {
        let tcp = TcpStream::connect(address).await?;
        // Requests are small and must not wait to be filled up.
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &self.tls {
            Some((connector, name)) => Box::new(connector.connect(name.clone(), tcp).await?),
            None => Box::new(tcp),
        };
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        Ok(Line { sender, connection: Some(connection) })
    }
}

fn tls(host: &str) -> anyhow::Result<(TlsConnector, ServerName<'static>)> {
    let name = ServerName::try_from(host.to_owned()).context("url names no valid host")?;
    Ok((TlsConnector::from(Arc::new(client_config()?)), name))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(2);

    /// A name server that says each of these in turn.
    fn names(answers: &[&[SocketAddr]]) -> LookUpName {
        let answers: Vec<Vec<SocketAddr>> = answers.iter().rev().map(|it| it.to_vec()).collect();
        let answers = Mutex::new(answers);
        Arc::new(move |_, _| {
            let found = answers.lock().unwrap().pop().unwrap();
            Box::pin(async move { Ok(found) })
        })
    }

    async fn door() -> (TcpListener, SocketAddr) {
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = door.local_addr().unwrap();
        (door, address)
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_followed_there() {
        let (door, home) = door().await;
        let url = "http://api.example.org/".parse().unwrap();
        let mapped: SocketAddr = format!("[::ffff:127.0.0.1]:{}", home.port()).parse().unwrap();
        for address in [home, mapped] {
            let gateway = Gateway::new(&url, names(&[&[address]]), Place::Public).unwrap();
            assert!(matches!(gateway.dial(LIMIT).await, Err(NoLine::Barred)), "{address}");
        }
        assert!(timeout(Duration::from_millis(50), door.accept()).await.is_err(), "nobody came");

        // With leave, the same name does.
        let gateway = Gateway::new(&url, names(&[&[home]]), Place::Private).unwrap();
        gateway.dial(LIMIT).await.unwrap();
        door.accept().await.unwrap();
    }

    #[tokio::test]
    async fn a_name_that_changes_its_mind_is_judged_each_time() {
        let (door, home) = door().await;
        let link: SocketAddr = "169.254.169.254:80".parse().unwrap();
        let url = "http://api.example.org/".parse().unwrap();
        let gateway =
            Gateway::new(&url, names(&[&[home], &[link], &[link, home]]), Place::Private).unwrap();
        gateway.dial(LIMIT).await.unwrap();
        door.accept().await.unwrap();
        assert!(matches!(gateway.dial(LIMIT).await, Err(NoLine::Barred)));
        // The others among its addresses may be good.
        gateway.dial(LIMIT).await.unwrap();
        door.accept().await.unwrap();
    }
}
