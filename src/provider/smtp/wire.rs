//! The way to the mail server: connected, encrypted as the settings say, and
//! bounded in what the server may say at once.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use anyhow::Context as _;
use lettre::transport::smtp::client::{AsyncTokioStream, Certificate, TlsParameters};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::reply::Trouble;
use super::{Settings, Tls, read};
use crate::provider::tls;

/// What a server may say before we speak again. lettre reads a line to its
/// end, however long it is.
const REPLY_BYTES_MAX: usize = 256 * 1024;

/// How the server is reached.
pub struct Wire {
    host: String,
    port: u16,
    /// From the first byte, where it is.
    tls: Option<TlsConnector>,
    /// Asked for in clear, where it is.
    pub starttls: Option<TlsParameters>,
}

impl Wire {
    /// # Errors
    /// What is wrong with the settings, beginning with the key.
    pub fn new(settings: &Settings) -> anyhow::Result<Wire> {
        let (mut implicit, mut starttls) = (None, None);
        match settings.tls {
            Tls::None => {}
            Tls::Starttls => starttls = Some(trust(settings)?),
            Tls::Implicit => {
                let config = tls::trusting(settings.ca_file.as_deref())?;
                implicit = Some(TlsConnector::from(Arc::new(config)));
            }
        }
        Ok(Wire { host: settings.host.clone(), port: settings.port, tls: implicit, starttls })
    }

    pub async fn connect(&self) -> Result<Box<dyn AsyncTokioStream>, Trouble> {
        let server = (self.host.as_str(), self.port);
        let tcp = TcpStream::connect(server).await.map_err(|_| Trouble::Unreachable)?;
        // Content and final dot are written apart; without this the dot waits
        // for the server's delayed acknowledgement.
        tcp.set_nodelay(true).map_err(|_| Trouble::Unreachable)?;
        let peer = tcp.peer_addr().map_err(|_| Trouble::Unreachable)?;
        let Some(connector) = &self.tls else {
            return Ok(Box::new(Bounded { stream: tcp, peer, left: REPLY_BYTES_MAX }));
        };
        let name = ServerName::try_from(self.host.clone()).map_err(|_| Trouble::Unreachable)?;
        let encrypted = connector.connect(name, tcp).await;
        let stream = encrypted.map_err(|error| {
            let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
            if is_tls { Trouble::Ours("tls failed") } else { Trouble::Lost }
        })?;
        Ok(Box::new(Bounded { stream, peer, left: REPLY_BYTES_MAX }))
    }
}

fn trust(settings: &Settings) -> anyhow::Result<TlsParameters> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca_file {
        let pem = read(path, "ca_file")?;
        let certificate = Certificate::from_pem(pem.as_bytes())
            .with_context(|| format!("ca_file {} is no certificate in PEM", path.display()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().context("could not prepare tls")
}

/// A stream that breaks where the other side says too much at once.
#[derive(Debug)]
struct Bounded<S> {
    stream: S,
    peer: SocketAddr,
    left: usize,
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::other("the reply is too long")));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.left = self.left.saturating_sub(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.left = REPLY_BYTES_MAX;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S> AsyncTokioStream for Bounded<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug,
{
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}
