//! Requests to one gateway over connections of our own.
//!
//! It tells apart, exactly, what may have been acted upon and what certainly
//! was not: a request is repeated only where a kept line turns out to be
//! closed before a byte of it was written. Why this is not reqwest:
//! `docs/decisions/0016-our-own-http-connections.md`.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response, Uri};
use reqwest::Url;
use tokio::time::sleep;

use super::line::{Gateway, Line, NoLine, Request};
use super::pool::Pool;

/// More of an answer is not read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Headers that a request has beside those of every request.
const HEADERS_MORE: usize = 2;

/// Speaks to one gateway.
pub struct Transport {
    gateway: Gateway,
    headers: Vec<(HeaderName, HeaderValue)>,
    connect_for: Duration,
    answer_for: Duration,
    pool: Arc<Pool>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nothing has left: it may be tried again.
    NotSent,
    /// Nothing has left, and nothing will: its address is not a public one.
    Barred,
    /// The request was on the wire, and may have been acted upon.
    Late,
    Lost,
}

impl Transport {
    /// `headers` go with every request; the gateway, which is that of `url`, is
    /// not called yet.
    ///
    /// # Errors
    /// When the URL cannot be used.
    pub fn new(
        url: &Url,
        gateway: Gateway,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        connect_for: Duration,
        answer_for: Duration,
    ) -> anyhow::Result<Transport> {
        let host = url.host_str().context("url names no host")?;
        let host = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        let host = (HOST, host.parse().context("url names no valid host")?);
        Ok(Transport {
            gateway,
            headers: [host].into_iter().chain(headers).collect(),
            connect_for,
            answer_for,
            pool: Arc::default(),
        })
    }

    /// One request, for a path and query at the gateway. Its answer has no
    /// body where that breaks off or is too long: the status has been said
    /// already.
    ///
    /// # Errors
    /// When there was no answer; the error tells whether the request left.
    pub async fn ask(
        &self,
        method: Method,
        uri: Uri,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        body: Vec<u8>,
    ) -> Result<Response<Vec<u8>>, NoAnswer> {
        let mut request = self.request(method, uri, headers, body);
        if let Some(line) = self.pool.take().await {
            match self.exchange(line, request).await {
                Ok(answered) => return answered,
                Err(unwritten) => request = *unwritten,
            }
        }
        // Boxed: rare, and larger than all the rest that waits for an answer.
        let line = Box::pin(self.gateway.dial(self.connect_for)).await;
        let line = line.map_err(|why| match why {
            NoLine::Barred => NoAnswer::Barred,
            NoLine::Away => NoAnswer::NotSent,
        })?;
        self.exchange(Box::new(line), request).await.unwrap_or(Err(NoAnswer::NotSent))
    }

    fn request(
        &self,
        method: Method,
        uri: Uri,
        more: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        body: Vec<u8>,
    ) -> Request {
        let mut headers = HeaderMap::with_capacity(self.headers.len() + HEADERS_MORE);
        for (name, value) in self.headers.iter().cloned().chain(more) {
            headers.insert(name, value);
        }
        let mut request = Request::new(Full::new(body.into()));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        request
    }

    /// `Err` gives the request back: the line was closed before any of it was
    /// written.
    async fn exchange(
        &self,
        mut line: Box<Line>,
        request: Request,
    ) -> Result<Result<Response<Vec<u8>>, NoAnswer>, Box<Request>> {
        let mut late = pin!(sleep(self.answer_for));
        let mut answer = pin!(line.sender.try_send_request(request));
        let answered = tokio::select! {
            biased;
            answered = line.drive(|cx| answer.as_mut().poll(cx)) => answered,
            () = &mut late => return Ok(Err(NoAnswer::Late)),
        };
        let (head, mut body) = match answered {
            Ok(response) => response.into_parts(),
            Err(mut error) => {
                let unwritten = error.take_message().map(Box::new);
                return unwritten.map_or(Ok(Err(NoAnswer::Lost)), Err);
            }
        };
        let whole = tokio::select! {
            biased;
            whole = read(&mut line, &mut body) => whole,
            () = &mut late => None,
        };
        if whole.is_some() && line.is_open().await {
            self.pool.put(line);
        }
        Ok(Ok(Response::from_parts(head, whole.unwrap_or_default())))
    }
}

/// The body of an answer, if it comes to its end within bounds.
async fn read(line: &mut Line, body: &mut Incoming) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while !body.is_end_stream() {
        let Some(frame) = line.drive(|cx| Pin::new(&mut *body).poll_frame(cx)).await else { break };
        if let Ok(data) = frame.ok()?.into_data() {
            bytes.extend_from_slice(&data);
        }
        if bytes.len() > ANSWER_BYTES_MAX {
            return None;
        }
    }
    Some(bytes)
}
