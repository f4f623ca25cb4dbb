//! One connection over hyper, one request at a time: about as little as a
//! client can be.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

pub struct Wire {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    path: String,
}

impl Wire {
    pub async fn open(url: &reqwest::Url) -> Result<Wire, Error> {
        let address = url.socket_addrs(|| None)?.into_iter().next().ok_or("no such host")?;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends with the sender; what breaks it, the sender tells as well.
        tokio::spawn(connection);
        Ok(Wire { sender, host: url.authority().to_owned(), path: url.path().to_owned() })
    }

    /// The status of the answer, and its body.
    pub async fn post(
        &mut self,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<(u16, Bytes), Error> {
        let mut request = hyper::Request::post(&self.path)
            .header("host", &self.host)
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.sender.ready().await?;
        let response = self.sender.send_request(request.body(Full::new(body.into()))?).await?;
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}
