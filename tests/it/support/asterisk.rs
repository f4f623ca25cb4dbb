//! An Asterisk of the tests' own, one for the whole run, with phones that
//! answer, press keys, are busy and listen (`tests/it/peers/asterisk.sh`).

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use duebell::model::content::{Does, Key, Menu, Part};
use duebell::model::{Channel, Contacts, Content, PhoneNumber, Prompt};
use duebell::provider::asterisk::{Asterisk, Settings};
use duebell::provider::{Outgoing, Receipt, ReceiptReader, Reply};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

static EXCHANGE: OnceLock<Result<Exchange, String>> = OnceLock::new();
static LINES: AtomicU32 = AtomicU32::new(1);

/// The longest that anything in these tests may take.
const PATIENCE: Duration = Duration::from_secs(30);

struct Exchange {
    port: u16,
    heard: PathBuf,
    /// Ends when our end of its standard input closes, with the tests.
    _script: Child,
}

impl Exchange {
    /// `Err` where this machine cannot have one; a fault of ours panics.
    #[allow(clippy::zombie_processes, reason = "the server ends with the tests, as its input does")]
    fn start() -> Result<Exchange, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/peers/asterisk.sh");
        let mut child = Command::new(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("asterisk.sh does not run: {error}"));
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        match line.trim().split_once(' ') {
            Some(("unavailable:", why)) => Err(why.to_owned()),
            Some((port, heard)) => {
                let (port, heard) = (port.parse().unwrap(), heard.into());
                Ok(Exchange { port, heard, _script: child })
            }
            None => {
                let mut said = String::new();
                child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("asterisk.sh: {said}");
            }
        }
    }
}

/// One of our own lines to it: an application, a number and an attempt that
/// nobody else in this run has.
pub struct Line {
    pub port: u16,
    heard: PathBuf,
    number: String,
    number_at: u32,
    pub dir: tempfile::TempDir,
}

impl Line {
    /// `None`, said in one line, where there can be no Asterisk here.
    pub fn new() -> Option<Line> {
        let exchange = match EXCHANGE.get_or_init(Exchange::start) {
            Ok(exchange) => exchange,
            Err(why) => {
                super::skipped(&format!("no Asterisk 16: {why}"));
                return None;
            }
        };
        let number_at = LINES.fetch_add(1, Ordering::Relaxed);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("password"), "a secret\n").unwrap();
        Some(Line {
            port: exchange.port,
            heard: exchange.heard.clone(),
            number: format!("+4930{:07}", 1_000_000 + number_at),
            number_at,
            dir,
        })
    }

    /// Calls reach the phone of this name.
    pub fn settings(&self, phone: &str) -> Settings {
        Settings {
            url: format!("http://127.0.0.1:{}/ari", self.port),
            password_file: Some(self.dir.path().join("password")),
            app: format!("due-bell{}", self.number_at),
            endpoint: format!("Local/{{number}}@{phone}"),
            ring_s: 5,
            key_wait_ms: 700,
            sounds_dir: self.dir.path().join("sounds"),
            ..Settings::default()
        }
    }

    pub fn to(&self, phone: &str) -> Asterisk {
        Asterisk::connect("asterisk", &self.settings(phone)).unwrap()
    }

    /// The `attempt`th attempt at this line's subscriber.
    pub fn call(&self, attempt: u32, prompt: Prompt) -> Outgoing {
        let key = format!("{:032x}.{attempt}", 0xabc0_0000 + self.number_at);
        Outgoing {
            key: key.parse().unwrap(),
            channel: Channel::Voice,
            to: Contacts {
                phone: Some(PhoneNumber::from_stored(self.number.clone())),
                email: None,
                preferred: None,
            },
            name: "Zoë".to_owned(),
            language: "en".to_owned(),
            content: Content::Voice(prompt),
            facts: None,
            expires_at: now() + SignedDuration::from_hours(1),
            stop_url: None,
        }
    }

    /// The numbers that were called at the phone `counted`, each as often as it
    /// was called.
    pub fn counted(&self) -> Vec<String> {
        let log = self.heard.with_file_name("log").join("messages");
        let log = std::fs::read_to_string(log).unwrap();
        let called = |line: &str| line.split_once("called +").map(|(_, number)| number.to_owned());
        log.lines().filter_map(called).collect()
    }

    /// What the phone heard, once it is hung up: seconds that were not silent.
    pub async fn heard(&self) -> f64 {
        let path = self.heard.join(format!("{}.wav", self.number));
        let until = Instant::now() + PATIENCE;
        let mut before = 0;
        loop {
            let bytes = std::fs::read(&path).unwrap_or_default();
            // Its header is written at the end.
            if bytes.len() > 44 && bytes.len() == before && bytes[40..44] != [0; 4] {
                return loud_seconds(&bytes[44..]);
            }
            before = bytes.len();
            assert!(Instant::now() < until, "the phone heard nothing");
            sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Of 8,000 samples a second: tenths of a second in which something is heard.
fn loud_seconds(samples: &[u8]) -> f64 {
    let tenths = samples.chunks(1_600).filter(|tenth| {
        let each = tenth.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]]));
        each.map(|sample| i32::from(sample).abs()).max().unwrap_or(0) > 500
    });
    tenths.count() as f64 / 10.0
}

pub fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn text(words: &str) -> Vec<Part> {
    vec![Part::Text(words.to_owned())]
}

/// About two seconds of words.
pub fn message() -> Prompt {
    Prompt { parts: text("Your bill is due. Twelve euros and fifty cents."), ..Prompt::default() }
}

/// A message of about twenty seconds, with a menu.
pub fn long_message() -> Prompt {
    let words = "Your bill is due. Twelve euros and fifty cents. ".repeat(7);
    Prompt { parts: text(&words), ..short_message() }
}

/// A word, and a menu.
pub fn short_message() -> Prompt {
    let key = |digit, does, answer: &str| Key { digit, does, answer: text(answer) };
    let keys = vec![
        key('1', Does::SendLink, "The link is on its way to you."),
        Key { digit: '3', does: Does::Repeat, answer: Vec::new() },
        key('9', Does::OptOut, "No more calls."),
    ];
    let menu = Menu { invitation: text("Press one."), keys, goodbye: text("Bye.") };
    Prompt { parts: text("Due."), menu: Some(menu), to_machine: Vec::new() }
}

/// Waits for the next receipt.
pub async fn receipt(asterisk: &Asterisk) -> Receipt {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(receipt) = asterisk.receipts(now(), 1).await.unwrap().pop() {
            return receipt;
        }
        assert!(Instant::now() < until, "there is no receipt");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits for the next reply.
pub async fn reply(asterisk: &Asterisk) -> Reply {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(reply) = asterisk.replies(now(), 1).await.unwrap().pop() {
            return reply;
        }
        assert!(Instant::now() < until, "there is no reply");
        sleep(Duration::from_millis(20)).await;
    }
}
