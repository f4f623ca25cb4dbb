//! Letters, handed to whoever prints them: each is a file in a directory.
//!
//! A file appears whole or not at all: it is written under another name, made
//! durable, and renamed. Whoever prints it takes it away. It names the
//! account and not the street: where a subscriber lives is the billing
//! system's to know, and the print shop's.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::kinds::{Adapter, Connected, Site, Wrong};
use super::{Capabilities, Delay, Outgoing, Refusal, SendOutcome, Sender};
use crate::model::{Channel, Content};

/// Letters, in the settings as `[provider.letters]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where letters are left.
    pub directory: Option<PathBuf>,
}

/// One letter as its file holds it, in UTF-8 JSON.
#[derive(Debug, Serialize, Deserialize)]
pub struct Letter {
    /// That of the attempt, and the name of the file.
    pub key: String,
    /// The billing account: where it lives is not ours to know.
    pub account: String,
    pub name: String,
    /// BCP 47 tag of the text.
    pub language: String,
    pub written_at: Timestamp,
    pub subject: String,
    pub text: String,
    /// The same, laid out for paper or screen.
    pub html: String,
}

/// Leaves letters in a directory.
pub struct Letters {
    name: String,
    directory: PathBuf,
}

#[async_trait]
impl Sender for Letters {
    fn name(&self) -> &str {
        &self.name
    }

    /// Nobody tells us when a letter arrives. The account stands among the
    /// facts that are made for those with templates of their own.
    fn capabilities(&self) -> Capabilities {
        Capabilities { own_templates: true, ..Capabilities::default() }
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let (Channel::Letter, Content::Email { subject, text, html }) =
            (message.channel, &message.content)
        else {
            let note = format!("it carries no {}", message.channel);
            return SendOutcome::Rejected { because: Refusal::BadContent, note };
        };
        let account = message.facts.as_ref().and_then(|facts| facts.words.get("account"));
        let letter = Letter {
            key: message.key.to_string(),
            account: account.cloned().unwrap_or_default(),
            name: message.name.clone(),
            language: message.language.clone(),
            written_at: now,
            subject: subject.clone(),
            text: text.clone(),
            html: html.clone(),
        };
        let directory = self.directory.clone();
        let left = tokio::task::spawn_blocking(move || leave(&directory, &letter)).await;
        match left {
            Ok(Ok(file)) => SendOutcome::Accepted { provider_ref: Some(file) },
            Ok(Err(NotLeft::Certainly(error))) => SendOutcome::Deferred {
                because: Delay::Down,
                wait: None,
                note: format!("our disk: {}", error.kind()),
            },
            Ok(Err(NotLeft::Perhaps(error))) => {
                SendOutcome::Ambiguous { note: format!("our disk: {}", error.kind()) }
            }
            Err(_) => SendOutcome::Ambiguous { note: "the writing was cut short".to_owned() },
        }
    }
}

enum NotLeft {
    Certainly(io::Error),
    /// It lies there, and may not outlive a loss of power.
    Perhaps(io::Error),
}

/// Leaves one letter; the name of its file. The same key again is the same
/// letter, which is there.
fn leave(directory: &Path, letter: &Letter) -> Result<String, NotLeft> {
    let name = format!("{}.json", letter.key);
    let whole = directory.join(&name);
    if whole.exists() {
        return Ok(name);
    }
    let part = directory.join(format!(".{name}.part"));
    write(&part, letter).map_err(NotLeft::Certainly)?;
    std::fs::rename(&part, &whole).map_err(NotLeft::Certainly)?;
    let settled = std::fs::File::open(directory).and_then(|directory| directory.sync_all());
    settled.map_err(NotLeft::Perhaps)?;
    Ok(name)
}

fn write(part: &Path, letter: &Letter) -> io::Result<()> {
    let mut file = std::fs::File::create(part)?;
    serde_json::to_writer_pretty(&mut file, letter)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

impl Adapter for Letters {
    const KIND: &'static str = "letters";
    type Settings = Settings;

    fn carries(_: &Settings) -> Vec<Channel> {
        vec![Channel::Letter]
    }

    fn problems(settings: &Settings, _: &Site) -> Vec<Wrong> {
        let is_relative = |path: &PathBuf| !path.is_absolute();
        match settings.directory.as_ref().filter(|path| is_relative(path)) {
            Some(path) => {
                let what = format!("is {}; write the whole path", path.display());
                vec![("directory", what)]
            }
            None => Vec::new(),
        }
    }

    fn connect(name: &str, settings: Settings, _: &Site) -> anyhow::Result<Connected> {
        let directory = settings.directory.context("directory is missing; say where letters go")?;
        ensure!(
            directory.is_dir(),
            "directory {} is none; make it, for the daemon's user to write into",
            directory.display()
        );
        let letters = Letters { name: name.to_owned(), directory };
        Ok(Connected::sending(Arc::new(letters)))
    }
}
