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
use duebell::provider::{Listener, Outgoing, Receipt, Reply, Told};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep, timeout};

static EXCHANGE: OnceLock<Result<Exchange, String>> = OnceLock::new();
static LINES: AtomicU32 = AtomicU32::new(1);

/// The longest that anything in these tests may take.
const PATIENCE: Duration = Duration::from_secs(30);

struct Exchange {
    port: u16,
    /// Whether it has trunks; if not, why.
    trunks: Result<(), &'static str>,
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
        let line = line.trim();
        if let Some(why) = line.strip_prefix("unavailable: ") {
            return Err(why.to_owned());
        }
        match line.splitn(3, ' ').collect::<Vec<_>>()[..] {
            [port, trunks, heard] => {
                let trunks = match trunks {
                    "sip" => Ok(()),
                    "not-root" => Err("sipp presses keys as root alone"),
                    _ => Err("no sipp: apt-get install sip-tester"),
                };
                let (port, heard) = (port.parse().unwrap(), heard.into());
                Ok(Exchange { port, trunks, heard, _script: child })
            }
            _ => {
                let mut said = String::new();
                child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("asterisk.sh: {said}");
            }
        }
    }
}

/// `None`, said in one line, where there can be no Asterisk here.
fn exchange() -> Option<&'static Exchange> {
    let exchange = EXCHANGE.get_or_init(Exchange::start);
    let why = exchange.as_ref().err();
    why.inspect(|why| super::skipped(&format!("no Asterisk 16: {why}")));
    exchange.as_ref().ok()
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
    /// `None` where there can be no Asterisk here.
    pub fn new() -> Option<Line> {
        Some(Line::of(exchange()?))
    }

    /// As [`Line::new`], where there are trunks as well.
    pub fn by_sip() -> Option<Line> {
        let exchange = exchange()?;
        if let Err(why) = exchange.trunks {
            super::skipped(&format!("no call by SIP: {why}"));
            return None;
        }
        Some(Line::of(exchange))
    }

    fn of(exchange: &Exchange) -> Line {
        let number_at = LINES.fetch_add(1, Ordering::Relaxed);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("password"), "a secret\n").unwrap();
        Line {
            port: exchange.port,
            heard: exchange.heard.clone(),
            number: format!("+4930{:07}", 1_000_000 + number_at),
            number_at,
            dir,
        }
    }

    /// With a number that ends in these three digits.
    pub fn ending_in(mut self, digits: u16) -> Line {
        self.number = format!("+4931{:04}{digits:03}", self.number_at);
        self
    }

    pub fn number(&self) -> &str {
        &self.number
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

    /// Waits for a message of SIP about this number that begins and goes on
    /// like this, from or to the phone of this name.
    pub async fn on_the_wire(&self, phone: &str, begins: &str, holds: &str) {
        let path = self.heard.join(format!("{phone}.sip"));
        let until = Instant::now() + PATIENCE;
        loop {
            // It is written down a little later than it is said.
            let said = std::fs::read_to_string(&path).unwrap().replace('\r', "");
            let messages = said.split("-----------------------------------------------");
            let of_it = messages.filter(|it| it.contains(self.number.trim_start_matches('+')));
            let bare: Vec<_> = of_it.filter_map(|it| Some(it.split_once(":\n\n")?.1)).collect();
            if bare.iter().any(|it| it.starts_with(begins) && it.contains(holds)) {
                return;
            }
            assert!(Instant::now() < until, "no {begins:?} with {holds:?}: {bare:#?}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Seconds that were not silent, of what came to that phone as RTP.
    pub fn heard_by_wire(&self, phone: &str) -> f64 {
        let a_law = std::fs::read(self.heard.join(format!("{phone}.alaw"))).unwrap();
        // The sign first, and then how loud it is: 0x20 is 512 of 32,768.
        let is_loud = |tenth: &&[u8]| tenth.iter().any(|byte| (byte ^ 0x55) & 0x7F >= 0x20);
        a_law.chunks(800).filter(is_loud).count() as f64 / 10.0
    }

    /// What the phone has heard, of a call that is over: as below, or nothing.
    pub fn has_heard(&self) -> f64 {
        let path = self.heard.join(format!("{}.wav", self.number));
        loud_seconds(std::fs::read(path).unwrap_or_default().get(44..).unwrap_or_default())
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

/// What is told next. To ask for it says that all before it is on record.
pub async fn told(asterisk: &Asterisk) -> Told {
    let told = timeout(PATIENCE, asterisk.next(1, &now)).await;
    told.expect("nothing is told").pop().unwrap()
}

pub async fn receipt(asterisk: &Asterisk) -> Receipt {
    match told(asterisk).await {
        Told::OfAttempt { receipt, .. } => receipt,
        other => panic!("{other:?}"),
    }
}

pub async fn reply(asterisk: &Asterisk) -> Reply {
    match told(asterisk).await {
        Told::Reply { reply, .. } => reply,
        other => panic!("{other:?}"),
    }
}

/// Listens on, as the daemon does, until that is done; nothing more is told.
pub async fn silent_until<T>(asterisk: &Asterisk, done: impl Future<Output = T>) -> T {
    tokio::select! {
        done = done => done,
        told = asterisk.next(9, &now) => panic!("{told:?}"),
    }
}
