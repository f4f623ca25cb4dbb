//! The directory of templates: `<language>/<template>/<file>`, and one
//! `layout.html`.
//!
//! The only file of `message` that touches the disk. What stands in the
//! directory and would never be used is a problem too: a misspelt file name
//! must not mean that the built-in text goes out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::lint::words;
use super::{Problem, call, language, page};

/// The frame of every HTML mail, beside the languages.
pub const LAYOUT: &str = "layout.html";

/// What the directory of a template may hold.
const FILE_NAMES: &[&str] =
    &["sms.txt", "voice.txt", "email.subject.txt", "email.txt", "email.html"];

/// Longer than any message; more is a mistake or an attack.
const BYTES_MAX: u64 = 64 * 1024;

/// Path below the directory -> text.
pub type Texts = BTreeMap<String, String>;

/// Reads every template below `directory`, and says what is wrong there.
pub fn read(directory: &Path) -> (Texts, Vec<Problem>) {
    let mut found = Found::default();
    for (name, path, is_directory) in found.entries(directory, "") {
        if !is_directory && (name == LAYOUT || name == words::FILE) {
            found.file(&path, name);
        } else if is_directory && language::is_tag(&name) {
            found.language(&path, &name);
        } else {
            let own = words::FILE;
            let what = format!(
                "is not used: expected {LAYOUT}, {own} or a directory named by a language, such as de"
            );
            found.problems.push(Problem { file: name, what });
        }
    }
    (found.texts, found.problems)
}

#[derive(Default)]
struct Found {
    texts: Texts,
    problems: Vec<Problem>,
}

impl Found {
    fn language(&mut self, directory: &Path, language: &str) {
        for (template, path, is_directory) in self.entries(directory, language) {
            let inside = format!("{language}/{template}");
            if is_directory {
                self.template(&path, &inside);
            } else if template == page::FILE {
                self.file(&path, inside);
            } else {
                let what = "is not used: templates are directories, such as soft/".to_owned();
                self.problems.push(Problem { file: inside, what });
            }
        }
    }

    fn template(&mut self, directory: &Path, inside: &str) {
        let is_call = inside.ends_with(&format!("/{}", call::DIRECTORY));
        let names = if is_call { call::FILE_NAMES } else { FILE_NAMES };
        for (name, path, is_directory) in self.entries(directory, inside) {
            let file = format!("{inside}/{name}");
            if !is_directory && names.contains(&name.as_str()) {
                self.file(&path, file);
            } else {
                let what = format!("is not used: expected one of {}", names.join(", "));
                self.problems.push(Problem { file, what });
            }
        }
    }

    fn file(&mut self, path: &Path, file: String) {
        match text(path) {
            Ok(text) => {
                self.texts.insert(file, text);
            }
            Err(what) => self.problems.push(Problem { file, what }),
        }
    }

    /// (name, path, is a directory) in the order of names. Hidden files and
    /// editors' backups are passed over.
    fn entries(&mut self, path: &Path, inside: &str) -> Vec<(String, std::path::PathBuf, bool)> {
        let listed = fs::read_dir(path).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        let entries = listed.unwrap_or_else(|error| {
            let file = if inside.is_empty() { path.display().to_string() } else { inside.into() };
            self.problems.push(Problem { file, what: format!("cannot be listed: {error}") });
            Vec::new()
        });
        let mut named: Vec<_> = entries
            .into_iter()
            .map(|entry| {
                let path = entry.path();
                (entry.file_name().to_string_lossy().into_owned(), path.is_dir(), path)
            })
            .filter(|(name, ..)| !name.starts_with('.') && !name.ends_with('~'))
            .map(|(name, is_directory, path)| (name, path, is_directory))
            .collect();
        named.sort();
        named
    }
}

/// The text of a file, or what is wrong with it.
fn text(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > BYTES_MAX {
        return Err(format!("is longer than {BYTES_MAX} bytes"));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8; save it as UTF-8".to_owned())?;
    // Some editors on Windows put a byte order mark first; it would be sent.
    Ok(text.trim_start_matches('\u{FEFF}').to_owned())
}
