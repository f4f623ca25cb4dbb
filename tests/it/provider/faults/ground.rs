//! The peer of a subject, and the ways that lead to it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use duebell::provider::Sender;
use duebell::provider::kinds::{Kind, Site};
use serde_json::Value;
use tokio::net::TcpSocket;

use super::subjects::{Door, Subject};
use crate::support::asterisk::Line as Exchange;
use crate::support::cut::Line;
use crate::support::peer::{Certificate, Peer};

/// For everything that ends by itself.
const PATIENT_MS: u32 = 20_000;
/// For what never comes.
const HASTY_MS: u32 = 200;
/// The time for connecting and that for the answer must not run out together,
/// on a busy machine either.
const HANDSHAKE_MS: u32 = 1_000;

/// Longer than a part of a name may be (RFC 1035, section 2.3.4): no server is
/// asked for it, which might not answer.
const NO_NAME: &str = "a-name-whose-first-part-has-more-letters-than-the-63-that-it-may.invalid";

/// Where a subject is tried.
pub struct Ground<'a> {
    pub subject: &'a Subject,
    peer: Kept,
    /// It encrypts, with a certificate that nobody trusts.
    stranger: Option<Peer>,
    pub port: u16,
    dir: tempfile::TempDir,
    certificate: Option<Certificate>,
    doors: AtomicU32,
}

/// Who knows what was taken.
enum Kept {
    Peer(Peer),
    Asterisk(Exchange),
}

/// A line of its own, and the adapter at its end.
pub struct Way {
    pub line: Line,
    pub sender: Arc<dyn Sender>,
}

impl<'a> Ground<'a> {
    /// `None` where there can be no Asterisk here.
    pub fn of(subject: &'a Subject) -> Option<Ground<'a>> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret"), subject.secret).unwrap();
        let certificate = (!subject.encrypted.is_empty()).then(Certificate::generate);
        let (peer, port) = if subject.kind == "asterisk" {
            std::fs::write(dir.path().join("word.wav"), word()).unwrap();
            let exchange = Exchange::new()?;
            let port = exchange.port;
            (Kept::Asterisk(exchange), port)
        } else {
            let arguments = [subject.encrypted, subject.arguments].concat();
            let peer = started(subject.peer, &arguments, certificate.as_ref());
            let port = peer.port;
            (Kept::Peer(peer), port)
        };
        let stranger = subject.is_http().then(|| {
            started("http_wire.py", &["{certificate}", "{key}"], Some(&Certificate::generate()))
        });
        Some(Ground { subject, peer, stranger, port, dir, certificate, doors: AtomicU32::new(0) })
    }

    fn sender(
        &self,
        scheme: &'static str,
        host: &'static str,
        port: u16,
        ms: u32,
    ) -> Arc<dyn Sender> {
        let door = Door {
            scheme,
            host,
            port,
            timeout_ms: ms,
            secret: self.dir.path().join("secret"),
            ca_file: self.certificate.as_ref().map(Certificate::path),
            number: self.doors.fetch_add(1, Ordering::Relaxed),
        };
        let kind = Kind::find(self.subject.kind).unwrap();
        let mut table = (kind.defaults)();
        let Value::Object(mut settings) = (self.subject.settings)(&door) else {
            panic!("settings are a table");
        };
        table.append(&mut settings);
        (kind.connect)("cut", table, &Site::default()).unwrap().sender
    }

    pub async fn way(&self, is_hasty: bool) -> Way {
        let line = Line::to(self.port).await;
        let ms = if is_hasty { HASTY_MS } else { PATIENT_MS };
        let sender = self.sender("http", "127.0.0.1", line.port, ms);
        Way { line, sender }
    }

    /// One that is led to `port` of this machine.
    pub fn sender_to(&self, port: u16, ms: u32) -> Arc<dyn Sender> {
        self.sender("http", "127.0.0.1", port, ms)
    }

    /// The secret's file is another one from now on.
    pub fn replace_secret(&self, text: &str) {
        let new = self.dir.path().join("secret.new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.dir.path().join("secret")).unwrap();
    }

    /// A way to the stranger. The line is what is tried: whom to trust, the
    /// tests of encryption tell.
    pub async fn encrypted_way(&self, is_hasty: bool) -> Way {
        let stranger = self.stranger.as_ref().expect("whatever goes over HTTP has one");
        let line = Line::to(stranger.port).await;
        let ms = if is_hasty { HANDSHAKE_MS } else { PATIENT_MS };
        let sender = self.sender("https", "127.0.0.1", line.port, ms);
        Way { line, sender }
    }

    /// One that is led to a name that nobody has.
    pub fn to_no_name(&self) -> Arc<dyn Sender> {
        // The others do not send their secrets in clear.
        let scheme = if self.subject.kind == "http" { "http" } else { "https" };
        self.sender(scheme, NO_NAME, 443, PATIENT_MS)
    }

    /// One that is led to a closed door: the port stays taken, and nobody
    /// listens.
    pub fn to_nobody(&self) -> (Arc<dyn Sender>, TcpSocket) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = socket.local_addr().unwrap().port();
        (self.sender("http", "127.0.0.1", port, PATIENT_MS), socket)
    }

    /// Holds what a line comes to against the peer, which may say why not.
    #[track_caller]
    pub fn ended(&self, line: Result<(), String>) {
        let said = match &self.peer {
            Kept::Asterisk(_) => String::new(),
            Kept::Peer(peer) => peer.said(),
        };
        assert!(line.is_ok(), "{}; the peer said: {said}", line.unwrap_err());
    }

    /// How often the peer took each attempt whole.
    pub fn took(&self) -> HashMap<u32, usize> {
        let addresses = match &self.peer {
            Kept::Asterisk(exchange) => exchange.counted(),
            Kept::Peer(peer) => {
                let kept = peer.kept_json();
                // What the peer itself found wrong, it did not take.
                let good =
                    kept.iter().filter(|it| it["fault"].is_null() && it["unsigned"].is_null());
                let address = |it: &Value| it.pointer(self.subject.kept_at).cloned();
                good.map(|it| address(it).unwrap().as_str().unwrap().to_owned()).collect()
            }
        };
        let mut counts = HashMap::new();
        for number in addresses.iter().filter_map(|address| self.subject.number_in(address)) {
            *counts.entry(number).or_default() += 1;
        }
        counts
    }
}

fn started(script: &str, arguments: &[&str], certificate: Option<&Certificate>) -> Peer {
    let path = |path: fn(&Certificate) -> PathBuf| {
        certificate.map(path).unwrap_or_default().display().to_string()
    };
    let (shown, key) = (path(Certificate::path), path(Certificate::key));
    let filled = arguments.iter().map(|it| match *it {
        "{certificate}" => shown.as_str(),
        "{key}" => key.as_str(),
        other => other,
    });
    Peer::start(script, &filled.collect::<Vec<_>>())
}

/// A tenth of a second of silence, as WAV: these calls reach nobody.
fn word() -> Vec<u8> {
    const SAMPLES: u32 = 800;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + 2 * SAMPLES).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((2 * SAMPLES).to_le_bytes());
    wav.resize(wav.len() + 2 * SAMPLES as usize, 0);
    wav
}
