//! Words into sounds: a speech engine, run for each text, and a directory
//! that Asterisk plays from.
//!
//! What is said to everybody (the menu) is kept under the hash of its words,
//! up to a bound. What is said to one subscriber is named after the attempt,
//! and removed when the call is over. The engine is run without a shell and
//! gets the words on its standard input: arguments are for all to see.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::wav;
use crate::model::content::Part;

/// Engines at work at once.
const ENGINES: usize = 4;
/// No sound of ours is longer: ten minutes.
const SPEECH_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Asterisk reads what we write by way of a common group.
const FILE_MODE: u32 = 0o640;
const DIR_MODE: u32 = 0o750;
/// What one subscriber is told begins with this.
const OWN: &str = "call-";
/// What is not finished begins with this.
const PART: &str = "part-";

/// Where sounds come from and where they lie.
pub struct Sounds {
    dir: PathBuf,
    command: Vec<String>,
    voices: BTreeMap<String, String>,
    bytes_max: u64,
    speak_for: Duration,
    engines: Semaphore,
    shelf: Mutex<Shelf>,
}

/// What is kept for everybody.
#[derive(Default)]
struct Shelf {
    /// Bytes, and when it was last asked for.
    kept: HashMap<String, (u64, u64)>,
    bytes: u64,
    asked: u64,
    parts: u64,
}

/// Something that can be played.
#[derive(Debug, Default, Clone)]
pub struct Speech {
    /// As ARI wants it: `sound:/path/without/ending`, in order.
    pub media: Vec<String>,
    pub lasts: Duration,
    /// Removed with the last of it.
    own: Vec<Arc<Own>>,
}

/// A sound of one subscriber's.
#[derive(Debug)]
struct Own(PathBuf);

impl Drop for Own {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A piece of what is said.
#[derive(Debug, PartialEq, Eq)]
enum Clip {
    Words(String),
    Silence(u32),
}

impl Sounds {
    /// Makes the directory ready. What a call of an earlier life left there is
    /// removed: there is one daemon for each directory.
    ///
    /// # Errors
    /// What is wrong with the settings, beginning with the key.
    pub fn open(
        dir: &Path,
        command: &[String],
        voices: &BTreeMap<String, String>,
        bytes_max: u64,
        speak_for: Duration,
    ) -> anyhow::Result<Sounds> {
        ensure!(
            command.first().is_some_and(|program| !program.is_empty()),
            "speech_command is empty; name a program, such as espeak-ng"
        );
        ensure!(
            command.iter().any(|argument| argument.contains("{file}")),
            "speech_command lacks {{file}}, the WAV file that it shall write"
        );
        ensure!(
            dir.is_absolute() && dir.to_str().is_some_and(|path| !path.contains([',', '&'])),
            "sounds_dir is no absolute path without commas"
        );
        let open = || -> std::io::Result<Shelf> {
            fs::DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir)?;
            let mut shelf = Shelf::default();
            for entry in fs::read_dir(dir)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with(OWN) || name.starts_with(PART) {
                    fs::remove_file(entry.path())?;
                } else if let Some(name) = name.strip_suffix(".wav") {
                    shelf.put(name.to_owned(), entry.metadata()?.len());
                }
            }
            Ok(shelf)
        };
        let shelf = open()
            .with_context(|| format!("sounds_dir: could not make {} ready", dir.display()))?;
        Ok(Sounds {
            dir: dir.to_owned(),
            command: command.to_vec(),
            voices: voices.clone(),
            bytes_max,
            speak_for,
            engines: Semaphore::new(ENGINES),
            shelf: Mutex::new(shelf),
        })
    }

    /// What is said to everybody.
    ///
    /// # Errors
    /// A word for the notes, without any of what should have been said.
    pub async fn common(&self, language: &str, parts: &[Part]) -> Result<Speech, &'static str> {
        let mut speech = Speech::default();
        for clip in clips(parts) {
            let name = self.name(language, &clip);
            let path = self.path(&name);
            if !(self.lock().ask(&name) && path.exists()) {
                let bytes = self.render(language, &clip, &path).await?;
                let dropped = self.lock().keep(name, bytes, self.bytes_max);
                for name in dropped {
                    let _ = fs::remove_file(self.path(&name));
                }
            }
            speech.add(&path);
        }
        Ok(speech)
    }

    /// What is said to one subscriber, in the call named `call`.
    ///
    /// # Errors
    /// As of [`Sounds::common`].
    pub async fn own(
        &self,
        call: &str,
        language: &str,
        parts: &[Part],
    ) -> Result<Speech, &'static str> {
        let mut speech = Speech::default();
        for (at, clip) in clips(parts).iter().enumerate() {
            let path = self.path(&format!("{OWN}{call}-{at}"));
            // Before it is there: a failure half-way leaves nothing behind.
            speech.own.push(Arc::new(Own(path.clone())));
            self.render(language, clip, &path).await?;
            speech.add(&path);
        }
        Ok(speech)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.wav"))
    }

    /// The hash of all that a sound hangs on.
    fn name(&self, language: &str, clip: &Clip) -> String {
        let mut hash = Sha256::new();
        let (kind, words) = match clip {
            Clip::Words(words) => ("words", words.clone()),
            Clip::Silence(ms) => ("silence", ms.to_string()),
        };
        for part in self.command.iter().map(String::as_str).chain([kind, language, &words]) {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Makes one sound; its length in bytes.
    async fn render(&self, language: &str, clip: &Clip, to: &Path) -> Result<u64, &'static str> {
        let number = {
            let mut shelf = self.lock();
            shelf.parts += 1;
            shelf.parts
        };
        let part = self.dir.join(format!("{PART}{number}.wav"));
        // Whatever happens, nothing unfinished stays.
        let _unfinished = Own(part.clone());
        let spoken = match clip {
            Clip::Silence(_) => None,
            Clip::Words(words) => Some(self.speak(language, words, &part).await?),
        };
        let (silence, to) = (silence_of(clip), to.to_owned());
        let convert = move || {
            let sound = match spoken {
                Some(spoken) => wav::for_telephone(&spoken)?,
                None => wav::silence(silence),
            };
            put(&part, &to, &sound).map_err(|_| "the speech cannot be kept")?;
            Ok(sound.len() as u64)
        };
        let converted = tokio::task::spawn_blocking(convert).await;
        converted.unwrap_or(Err("the speech cannot be converted"))
    }

    /// What the engine says.
    async fn speak(
        &self,
        language: &str,
        words: &str,
        file: &Path,
    ) -> Result<Vec<u8>, &'static str> {
        let is_tag = |text: &str| {
            text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
                && !text.starts_with('-')
        };
        let voice = self.voices.get(language).map_or(language, String::as_str);
        if !is_tag(language) || voice.is_empty() {
            return Err("no voice speaks this language");
        }
        let mut arguments = self.command.iter().map(|argument| {
            argument
                .replace("{voice}", voice)
                .replace("{language}", language)
                .replace("{file}", &file.display().to_string())
        });
        let Ok(_engine) = self.engines.acquire().await else { return Err("the engines are gone") };
        let spoken = timeout(self.speak_for, async {
            let mut child = Command::new(arguments.next().unwrap_or_default())
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .map_err(|_| "the speech command cannot be run")?;
            if let Some(mut input) = child.stdin.take() {
                // An engine that does not want to hear it all says so by how
                // it ends.
                let _ = input.write_all(words.as_bytes()).await;
            }
            let status = child.wait().await.map_err(|_| "the speech command is lost")?;
            if status.success() { Ok(()) } else { Err("the speech command failed") }
        });
        spoken.await.map_err(|_| "the speech command takes too long")??;
        match tokio::fs::metadata(file).await {
            Ok(found) if found.len() <= SPEECH_BYTES_MAX => {}
            Ok(_) => return Err("the speech is too long"),
            Err(_) => return Err("the speech command wrote nothing"),
        }
        tokio::fs::read(file).await.map_err(|_| "the speech cannot be read")
    }
}

impl Shelf {
    /// Whether it is there; it is wanted now.
    fn ask(&mut self, name: &str) -> bool {
        self.asked += 1;
        let asked = self.asked;
        self.kept.get_mut(name).map(|(_, last)| *last = asked).is_some()
    }

    fn put(&mut self, name: String, bytes: u64) {
        self.asked += 1;
        if let Some((before, _)) = self.kept.insert(name, (bytes, self.asked)) {
            self.bytes -= before;
        }
        self.bytes += bytes;
    }

    /// Puts it there; what has to make room, the longest unasked first.
    fn keep(&mut self, name: String, bytes: u64, bytes_max: u64) -> Vec<String> {
        self.put(name, bytes);
        let mut dropped = Vec::new();
        while self.bytes > bytes_max && self.kept.len() > 1 {
            let oldest = self.kept.iter().min_by_key(|(_, (_, last))| *last);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else { break };
            self.bytes -= self.kept.remove(&name).map_or(0, |(bytes, _)| bytes);
            dropped.push(name);
        }
        dropped
    }
}

impl Speech {
    fn add(&mut self, path: &Path) {
        let bytes = fs::metadata(path).map_or(0, |found| found.len());
        let samples = bytes.saturating_sub(wav::HEADER as u64) / 2;
        self.lasts += Duration::from_millis(samples * 1_000 / u64::from(wav::RATE));
        self.media.push(format!("sound:{}", path.with_extension("").display()));
    }

    /// This, and then another.
    pub fn and(&self, other: &Speech) -> Speech {
        Speech {
            media: self.media.iter().chain(&other.media).cloned().collect(),
            lasts: self.lasts + other.lasts,
            own: self.own.iter().chain(&other.own).cloned().collect(),
        }
    }
}

/// Written aside and moved, so that nobody plays half of it.
fn put(part: &Path, to: &Path, sound: &[u8]) -> std::io::Result<()> {
    let _ = fs::remove_file(part);
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(part)?;
    file.write_all(sound)?;
    // Whatever the mask of the service says.
    file.set_permissions(fs::Permissions::from_mode(FILE_MODE))?;
    fs::rename(part, to)
}

fn silence_of(clip: &Clip) -> u32 {
    match clip {
        Clip::Silence(ms) => *ms,
        Clip::Words(_) => 0,
    }
}

/// Words that stand together are said in one breath.
fn clips(parts: &[Part]) -> Vec<Clip> {
    /// Longer than any pause in a call that is not a mistake.
    const PAUSE_MAX_MS: u32 = 10_000;
    let mut clips: Vec<Clip> = Vec::new();
    for part in parts {
        let words = match part {
            Part::Pause(ms) => {
                clips.push(Clip::Silence((*ms).min(PAUSE_MAX_MS)));
                continue;
            }
            Part::Digits(digits) => {
                let each: Vec<String> = digits.chars().map(String::from).collect();
                format!(" {} ", each.join(" "))
            }
            Part::Text(_) | Part::Amount { .. } | Part::Date { .. } => part.words().to_owned(),
        };
        match clips.last_mut() {
            Some(Clip::Words(before)) => before.push_str(&words),
            _ => clips.push(Clip::Words(words)),
        }
    }
    clips.retain(|clip| !matches!(clip, Clip::Words(words) if words.trim().is_empty()));
    clips
}

#[cfg(test)]
mod tests;
