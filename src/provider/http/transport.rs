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

/// Headers that a request has beside `Host`, mostly.
const HEADERS_MORE: usize = 4;

/// Speaks to one gateway.
pub struct Transport {
    gateway: Gateway,
    host: HeaderValue,
    connect_for: Duration,
    answer_for: Duration,
    pool: Arc<Pool>,
}

/// The body of an answer.
#[derive(Debug, Default)]
pub struct Heard {
    bytes: Vec<u8>,
    /// It neither broke off nor was too long.
    is_whole: bool,
}

impl Heard {
    /// Empty where it is not whole: half of it could say something else.
    pub fn whole(&self) -> &[u8] {
        if self.is_whole { &self.bytes } else { &[] }
    }

    /// Whether it is a page, or no text: then something in between answered.
    pub fn is_foreign(&self) -> bool {
        let text = self.bytes.trim_ascii_start();
        text.starts_with(b"<") || str::from_utf8(self.whole()).is_err()
    }
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
    /// The gateway, which is that of `url`, is not called yet.
    ///
    /// # Errors
    /// When the URL cannot be used.
    pub fn new(
        url: &Url,
        gateway: Gateway,
        connect_for: Duration,
        answer_for: Duration,
    ) -> anyhow::Result<Transport> {
        let host = url.host_str().context("url names no host")?;
        let host = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Transport {
            gateway,
            host: host.parse().context("url names no valid host")?,
            connect_for,
            answer_for,
            pool: Arc::default(),
        })
    }

    /// One request, for a path and query at the gateway. Where the body of its
    /// answer breaks off or is too long, the status has been said already.
    ///
    /// # Errors
    /// When there was no answer; the error tells whether the request left.
    pub async fn ask(
        &self,
        method: Method,
        uri: Uri,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        body: Vec<u8>,
    ) -> Result<Response<Heard>, NoAnswer> {
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
        let mut headers = HeaderMap::with_capacity(1 + HEADERS_MORE);
        headers.insert(HOST, self.host.clone());
        for (name, value) in more {
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
    ) -> Result<Result<Response<Heard>, NoAnswer>, Box<Request>> {
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
        let mut heard = Heard::default();
        tokio::select! {
            biased;
            () = read(&mut line, &mut body, &mut heard) => {}
            () = &mut late => {}
        }
        if heard.is_whole && line.is_open().await {
            self.pool.put(line);
        }
        Ok(Ok(Response::from_parts(head, heard)))
    }
}

/// Reads the body of an answer, as far as it comes within bounds.
async fn read(line: &mut Line, body: &mut Incoming, heard: &mut Heard) {
    while !body.is_end_stream() {
        let Some(frame) = line.drive(|cx| Pin::new(&mut *body).poll_frame(cx)).await else { break };
        let Ok(frame) = frame else { return };
        if let Ok(data) = frame.into_data() {
            heard.bytes.extend_from_slice(&data);
        }
        if heard.bytes.len() > ANSWER_BYTES_MAX {
            return;
        }
    }
    heard.is_whole = true;
}
