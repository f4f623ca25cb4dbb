//! The sandbox: a provider that keeps what it is given instead of sending it.
//!
//! It takes SMS, calls and e-mail alike and appends each to a file of JSON
//! lines, so that a demo or a pilot shows exactly what would have left. It can
//! be told to refuse, to be down, to lose its answers and to fail deliveries;
//! every such draw hangs on the attempt's key alone, so a second run of the
//! same day meets the same luck.
//!
//! The file holds whole addresses and texts, and is readable by its owner only.
//! A line is written by one call before the answer is given: a killed process
//! loses nothing that was answered for (a power cut may, nothing is synced).
//!
//! It may be shown as a telephone and a mailbox, on which people answer:
//! `simulator`.

mod simulator;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::kinds::{Adapter, Connected, Site, Wrong};
use super::{
    CallbackReader, Capabilities, Delay, Fate, Found, LookUp, Outgoing, Receipt, ReceiptReader,
};
use super::{Meaning, Pledge, Refusal, SendOutcome, Sender};
use crate::model::content::{self, Does, in_words};
use crate::model::{AttemptKey, Channel, Content, id};

pub use simulator::{Simulator, WORDS_BYTES_MAX};

/// How many messages are kept in memory for [`Sandbox::recent`].
pub const RECENT_MAX: usize = 32;

/// How the sandbox behaves, in the settings as `[provider.sandbox]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What keeps what it is given.
    pub file: PathBuf,
    /// How long each answer takes, in real time.
    pub latency_ms: u32,
    /// Of a thousand messages, how many are refused for good.
    pub reject_per_mille: u16,
    /// Of a thousand messages, how many find the provider down.
    pub fail_per_mille: u16,
    /// Of a thousand messages, how many are taken but not answered for.
    pub lose_answer_per_mille: u16,
    /// Of a thousand messages taken, how many are not delivered.
    pub undelivered_per_mille: u16,
    /// Seconds from taking a message to its receipt, by the caller's clock.
    pub receipt_after_s: u32,
    /// Another seed, other luck.
    pub seed: u64,
    /// Whether the last messages are shown at `/simulator`, whole, to whoever
    /// reaches it.
    pub simulator: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            file: "/var/lib/duebell/sandbox.jsonl".into(),
            latency_ms: 0,
            reject_per_mille: 0,
            fail_per_mille: 0,
            lose_answer_per_mille: 0,
            undelivered_per_mille: 0,
            receipt_after_s: 5,
            seed: 0,
            simulator: false,
        }
    }
}

impl Settings {
    /// A pure function of seed, kind of luck and key: no state, no order.
    fn draws(&self, kind: &str, key: AttemptKey, per_mille: u16) -> bool {
        id::spread(&format!("{}/{kind}/{key}", self.seed)) % 1000 < u64::from(per_mille)
    }

    fn fate(&self, key: AttemptKey, channel: Channel) -> Fate {
        if self.draws("undelivered", key, self.undelivered_per_mille) {
            return Fate::Undelivered;
        }
        match channel {
            Channel::Voice => Fate::Answered,
            Channel::Sms | Channel::Email | Channel::Letter => Fate::Delivered,
        }
    }
}

/// One message as the file holds it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    #[serde(with = "key_as_text")]
    pub key: AttemptKey,
    pub channel: Channel,
    /// When it was taken, by the caller's clock.
    pub at: Timestamp,
    pub language: String,
    /// The whole address of its channel.
    pub to: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Of a call: what is said of its keys, and what they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<Menu>,
    pub expires_at: Timestamp,
}

/// The keys of a call as the file holds them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    pub invitation: String,
    pub keys: Vec<Key>,
}

/// One key of a call, and what is said once it was pressed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub digit: char,
    /// A meaning by its name, or `repeat`.
    pub does: String,
    pub answer: String,
}

impl Menu {
    fn of(menu: &content::Menu) -> Menu {
        let key = |key: &content::Key| Key {
            digit: key.digit,
            does: match key.does {
                Does::SendLink => Meaning::SendLink.as_str(),
                Does::Promise => Meaning::Promise(Pledge::default()).as_str(),
                Does::Repeat => REPEAT,
                Does::WrongNumber => Meaning::WrongNumber.as_str(),
                Does::OptOut => Meaning::OptOut.as_str(),
            }
            .to_owned(),
            answer: in_words(&key.answer),
        };
        Menu { invitation: in_words(&menu.invitation), keys: menu.keys.iter().map(key).collect() }
    }
}

/// The key that answers nothing: the message is said again.
pub const REPEAT: &str = "repeat";

impl fmt::Debug for Message {
    /// Names no one: messages end up in test failures and logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} {} {})", self.key, self.channel, self.at)
    }
}

impl Message {
    /// `None` where the subscriber has no address for the channel.
    fn of(outgoing: &Outgoing, at: Timestamp) -> Option<Message> {
        let to = match outgoing.channel {
            Channel::Sms | Channel::Voice => outgoing.to.phone.as_ref()?.e164(),
            Channel::Email => outgoing.to.email.as_ref()?.as_str(),
            // Whoever prints it knows where the subscriber lives.
            Channel::Letter => "",
        };
        let (subject, html) = match &outgoing.content {
            Content::Email { subject, html, .. } => (Some(subject.clone()), Some(html.clone())),
            Content::Sms { .. } | Content::Voice(_) => (None, None),
        };
        let menu = match &outgoing.content {
            Content::Voice(prompt) => prompt.menu.as_ref().map(Menu::of),
            Content::Sms { .. } | Content::Email { .. } => None,
        };
        Some(Message {
            key: outgoing.key,
            channel: outgoing.channel,
            at,
            language: outgoing.language.clone(),
            to: to.to_owned(),
            name: outgoing.name.clone(),
            subject,
            text: outgoing.content.words().into_owned(),
            html,
            menu,
            expires_at: outgoing.expires_at,
        })
    }
}

mod key_as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::AttemptKey;

    pub fn serialize<S: Serializer>(key: &AttemptKey, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(key)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<AttemptKey, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A provider that keeps what it is given.
pub struct Sandbox {
    name: String,
    path: PathBuf,
    settings: Settings,
    kept: Mutex<Kept>,
}

/// What is known of the file without reading it again. Texts are not among
/// it, save the last few: a pilot may run for months.
struct Kept {
    file: File,
    /// How often each key came.
    times: HashMap<AttemptKey, u32>,
    taken: u64,
    duplicates: u64,
    recent: VecDeque<Message>,
    /// Receipts not yet handed out, the earliest on top.
    pending: BinaryHeap<Reverse<(Timestamp, AttemptKey, Channel)>>,
}

impl Kept {
    fn add(&mut self, message: Message, receipt_after: SignedDuration) {
        let times = self.times.entry(message.key).or_default();
        *times += 1;
        self.taken += 1;
        if *times == 1 {
            let due_at = message.at + receipt_after;
            self.pending.push(Reverse((due_at, message.key, message.channel)));
        } else {
            self.duplicates += 1;
        }
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(message);
    }
}

impl Sandbox {
    /// Opens the file at `path`, or creates it. A last line that a crash tore
    /// is cut off: its message was never answered for.
    ///
    /// # Errors
    /// Where the file cannot be read and written, is held by another process
    /// (each would be blind to what the other took), or holds a line that is
    /// no message.
    pub fn open(path: &Path, settings: Settings) -> io::Result<Sandbox> {
        let file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::ResourceBusy,
                "another process holds the sandbox's file; stop it or name another file",
            ),
            TryLockError::Error(error) => error,
        })?;
        let mut kept = Kept {
            file,
            times: HashMap::new(),
            taken: 0,
            duplicates: 0,
            recent: VecDeque::with_capacity(RECENT_MAX),
            pending: BinaryHeap::new(),
        };
        let receipt_after = SignedDuration::from_secs(settings.receipt_after_s.into());
        let reader = File::open(path)?;
        let whole = each_message(&reader, |message| kept.add(message, receipt_after))?;
        if whole < reader.metadata()?.len() {
            kept.file.set_len(whole)?;
        }
        let (name, path) = (Sandbox::KIND.to_owned(), path.to_owned());
        Ok(Sandbox { name, path, settings, kept: Mutex::new(kept) })
    }

    /// Where the messages are kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Messages in the file.
    pub fn taken(&self) -> u64 {
        self.kept().taken
    }

    /// Messages whose key had come before.
    pub fn duplicates(&self) -> u64 {
        self.kept().duplicates
    }

    /// The last few messages, oldest first.
    pub fn recent(&self) -> Vec<Message> {
        self.kept().recent.iter().cloned().collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("nobody panics while holding the sandbox")
    }

    fn receipt_after(&self) -> SignedDuration {
        SignedDuration::from_secs(self.settings.receipt_after_s.into())
    }

    /// Appends one line. `Err` says whether the line is certainly not there.
    fn keep(&self, message: Message) -> Result<(), NotKept> {
        let mut line = serde_json::to_vec(&message).expect("a message is plain data");
        line.push(b'\n');
        let mut kept = self.kept();
        let before = kept.file.metadata().map_err(|_| NotKept::Certainly)?.len();
        if kept.file.write_all(&line).is_err() {
            // A full disk takes half a line. Unless that half goes away
            // again, the next line would be glued to it.
            return Err(match kept.file.set_len(before) {
                Ok(()) => NotKept::Certainly,
                Err(_) => NotKept::Perhaps,
            });
        }
        kept.add(message, self.receipt_after());
        Ok(())
    }
}

enum NotKept {
    Certainly,
    Perhaps,
}

/// Every message in a sandbox's file, oldest first.
///
/// # Errors
/// Where the file cannot be read or holds a line that is no message.
pub fn read_all(path: &Path) -> io::Result<Vec<Message>> {
    let mut messages = Vec::new();
    each_message(&File::open(path)?, |message| messages.push(message))?;
    Ok(messages)
}

/// Reads line by line, and answers how many bytes the whole lines take up.
fn each_message(file: &File, mut take: impl FnMut(Message)) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut whole = 0;
    for number in 1u64.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            break;
        }
        // serde_json would quote the offending value; a line holds personal
        // data, so only its number is told.
        let message = serde_json::from_slice(&line).map_err(|_| {
            let what = format!("line {number} of the sandbox's file is no message; move it away");
            io::Error::new(io::ErrorKind::InvalidData, what)
        })?;
        take(message);
        whole += read as u64;
    }
    Ok(whole)
}

impl Sandbox {
    /// It sends, can be asked, and gives receipts.
    pub fn connected(self: &Arc<Self>) -> Connected {
        Connected {
            look_up: Some(self.clone()),
            reader: Some(self.clone()),
            ..Connected::sending(self.clone())
        }
    }
}

impl Adapter for Sandbox {
    const KIND: &'static str = "sandbox";
    type Settings = Settings;

    fn carries(_: &Settings) -> Vec<Channel> {
        Channel::ALL.to_vec()
    }

    fn problems(settings: &Settings, site: &Site) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if settings.simulator && !site.listens {
            let what = "is on, and nothing listens; set http.listen = \"127.0.0.1:8470\"";
            wrong.push(("simulator", what.to_owned()));
        }
        wrong
    }

    fn connect(name: &str, settings: Settings, _: &Site) -> anyhow::Result<Connected> {
        let (file, is_shown) = (settings.file.clone(), settings.simulator);
        let opened = Sandbox::open(&file, settings);
        let opened = opened.with_context(|| format!("file: could not open {}", file.display()))?;
        let sandbox = Arc::new(Sandbox { name: name.to_owned(), ..opened });
        let simulator = is_shown.then(|| Arc::new(Simulator::new(sandbox.clone())));
        let callbacks = simulator.clone().map(|simulator| simulator as Arc<dyn CallbackReader>);
        Ok(Connected { callbacks, simulator, ..sandbox.connected() })
    }
}

#[async_trait]
impl Sender for Sandbox {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { receipts: true, ..Capabilities::default() }
    }

    async fn send(&self, outgoing: &Outgoing, now: Timestamp) -> SendOutcome {
        let settings = &self.settings;
        if settings.latency_ms > 0 {
            tokio::time::sleep(Duration::from_millis(settings.latency_ms.into())).await;
        }
        let key = outgoing.key;
        let refused = |note: &str| SendOutcome::Rejected {
            because: Refusal::BadRecipient,
            note: note.into(),
        };
        let down = |note: &str| SendOutcome::Deferred {
            because: Delay::Down,
            wait: None,
            note: note.into(),
        };

        let Some(message) = Message::of(outgoing, now) else {
            return refused("no address for the channel");
        };
        if settings.draws("reject", key, settings.reject_per_mille) {
            return refused("drawn to be refused");
        }
        if settings.draws("fail", key, settings.fail_per_mille) {
            return down("drawn to find the provider down");
        }
        match self.keep(message) {
            Err(NotKept::Certainly) => down("the sandbox's file takes nothing"),
            Err(NotKept::Perhaps) => {
                SendOutcome::Ambiguous { note: "the sandbox's file took part of it".into() }
            }
            Ok(()) if settings.draws("lose_answer", key, settings.lose_answer_per_mille) => {
                SendOutcome::Ambiguous { note: "drawn to lose its answer".into() }
            }
            Ok(()) => SendOutcome::Accepted { provider_ref: Some(key.to_string()) },
        }
    }
}

#[async_trait]
impl LookUp for Sandbox {
    async fn look_up(&self, key: AttemptKey) -> anyhow::Result<Found> {
        Ok(if self.kept().times.contains_key(&key) {
            Found::Taken { provider_ref: Some(key.to_string()) }
        } else {
            Found::NotTaken
        })
    }
}

#[async_trait]
impl ReceiptReader for Sandbox {
    async fn receipts(&self, now: Timestamp, limit: usize) -> anyhow::Result<Vec<Receipt>> {
        let mut kept = self.kept();
        let mut receipts = Vec::new();
        while receipts.len() < limit
            && let Some(Reverse((due_at, key, channel))) = kept.pending.peek().copied()
            && due_at <= now
        {
            kept.pending.pop();
            receipts.push(Receipt { key, fate: self.settings.fate(key, channel), at: due_at });
        }
        Ok(receipts)
    }
}

#[cfg(test)]
mod tests;
