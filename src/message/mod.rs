//! Messages: template and facts -> the words that a subscriber reads or hears.
//!
//! A set of templates is checked as a whole before anything is sent: each is
//! rendered with sample facts, so that a misspelt variable is an error when
//! Duebell starts and not a gap in somebody's reminder. `docs/messages.md`
//! says how to write them.
//!
//! May use: model.

mod built_in;
mod call;
mod check;
mod currency;
mod facts;
mod files;
mod language;
pub mod lint;
mod locale;
mod name;
mod note;
mod operator;
pub mod page;
pub mod reply;
mod required;
mod sms;
mod spoken;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use minijinja::{Environment, UndefinedBehavior, escape_formatter, value::ValueKind};
use sha2::{Digest, Sha256};

use crate::model::{Channel, Content, Prompt};

pub use facts::{BillLine, MessageFacts};
pub use note::Notes;
pub use operator::Operator;
pub use required::{Unsaid, asked};

use facts::Medium;
use files::Texts;
use lint::words::{self, Words};
use locale::Style;
use page::Pages;

/// Steps that one rendering may take: thousands of times what a message
/// needs, and still an instant.
const FUEL: u64 = 100_000;

/// Compiled, checked templates: (template, channel) in each language.
pub struct Messages {
    templates: Environment<'static>,
    languages: BTreeMap<(String, Channel), BTreeSet<String>>,
    /// The languages that have the texts around a call.
    calls: BTreeSet<String>,
    /// The words of the subscriber's own page.
    pages: Pages,
    /// What does not belong into a message.
    words: Words,
}

/// The message set by which whoever cannot pay is offered an arrangement, in the
/// place of a soft step's own.
pub const ARRANGEMENT: &str = "arrangement";

/// What is wrong with a file of templates, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path below the directory of templates.
    pub file: String,
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.what)
    }
}

/// A message in the language that was found for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The directory whose template was used.
    pub language: String,
    pub content: Content,
}

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("no language has the template `{template}` for {channel}")]
    UnknownTemplate { template: String, channel: Channel },
    /// Nothing is owed, so there is nothing to say.
    #[error("a message needs at least one bill")]
    NoBills,
    /// The facts went where no sample did: a bug in the template.
    #[error("template {file} failed")]
    Template {
        file: String,
        #[source]
        source: minijinja::Error,
    },
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").field("languages", &self.languages).finish_non_exhaustive()
    }
}

impl Messages {
    /// The set that comes with Duebell.
    pub fn built_in() -> Messages {
        let (messages, problems) = Messages::compiled(built_in_texts());
        debug_assert!(problems.is_empty(), "{problems:?}");
        messages.ready()
    }

    /// The built-in set, overlaid file by file with a directory of the same
    /// layout.
    ///
    /// # Errors
    /// All problems at once, in the order of files.
    pub fn load(directory: &Path) -> Result<Messages, Vec<Problem>> {
        let (texts, mut problems) = files::read(directory);
        let mut all = built_in_texts();
        all.extend(texts);
        let (messages, broken) = Messages::compiled(all);
        problems.extend(broken);
        if problems.is_empty() {
            problems.extend(check::problems(&messages));
        }
        problems.sort();
        problems.dedup();
        if problems.is_empty() { Ok(messages.ready()) } else { Err(problems) }
    }

    /// Whether any language has this template for this channel.
    pub fn has(&self, template: &str, channel: Channel) -> bool {
        self.languages.contains_key(&(template.to_owned(), made_of(channel)))
    }

    /// The words of the subscriber's own page.
    pub fn pages(&self) -> &Pages {
        &self.pages
    }

    /// The names of all templates.
    pub fn templates(&self) -> BTreeSet<&str> {
        self.languages.keys().map(|(template, _)| template.as_str()).collect()
    }

    /// Every language that some template is there in.
    pub fn spoken(&self) -> BTreeSet<&str> {
        self.languages.values().flatten().map(String::as_str).collect()
    }

    /// The languages that have this template for this channel.
    pub fn languages(&self, template: &str, channel: Channel) -> Vec<String> {
        let languages = self.languages.get(&(template.to_owned(), made_of(channel)));
        languages.into_iter().flatten().cloned().collect()
    }

    /// Names what the files of a template hold in this language: any change
    /// gives another name.
    pub fn version(&self, language: &str, template: &str) -> String {
        let own = format!("{language}/{template}/");
        let mut files: Vec<_> = self
            .templates
            .templates()
            .filter(|(file, _)| file.starts_with(&own) || *file == files::LAYOUT)
            .collect();
        files.sort_unstable_by_key(|(file, _)| *file);
        let mut digest = Sha256::new();
        for (file, template) in &files {
            for part in [file, template.source()] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
        }
        digest.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The language in which somebody who speaks `tag` gets this message, where
    /// that is another one.
    pub fn another_language(&self, template: &str, channel: Channel, tag: &str) -> Option<&str> {
        let languages = self.languages.get(&(template.to_owned(), made_of(channel)))?;
        let found = language::choose(tag, &languages.iter().map(String::as_str).collect())?;
        (!language::same_language(found, tag)).then_some(found)
    }

    /// Renders in the account's language, or in the nearest that has the
    /// template: a shorter tag, another variant of the same language, then the
    /// default. A language that is not known never fails.
    ///
    /// # Errors
    /// Where no language has the template, and where nothing is owed.
    pub fn render(
        &self,
        template: &str,
        channel: Channel,
        facts: &MessageFacts<'_>,
    ) -> Result<Rendered, RenderError> {
        let unknown = || RenderError::UnknownTemplate { template: template.to_owned(), channel };
        let languages =
            self.languages.get(&(template.to_owned(), made_of(channel))).ok_or_else(unknown)?;
        let languages = languages.iter().map(String::as_str).collect();
        let language = language::choose(facts.language, &languages).ok_or_else(unknown)?;
        if facts.bills.is_empty() {
            return Err(RenderError::NoBills);
        }
        let content = self.content(language, template, channel, facts)?;
        Ok(Rendered { language: language.to_owned(), content })
    }

    /// Renders in exactly this language.
    fn content(
        &self,
        language: &str,
        template: &str,
        channel: Channel,
        facts: &MessageFacts<'_>,
    ) -> Result<Content, RenderError> {
        let fill =
            |file: &str| self.fill(language, &format!("{language}/{template}/{file}"), facts);
        // Programs take the direction of a line from its first letter, which
        // may belong to a Latin name.
        let mark = if language::is_right_to_left(language) { "\u{200F}" } else { "" };
        Ok(match channel {
            Channel::Sms => {
                let text = sms::on_one_line(&fill("sms.txt")?);
                Content::Sms { text: format!("{mark}{text}") }
            }
            Channel::Voice => {
                let parts = spoken::parts(&sms::on_one_line(&fill("voice.txt")?));
                let said = |file: &str| {
                    let file = format!("{language}/{}/{file}", call::DIRECTORY);
                    self.fill(language, &file, facts).map(|text| sms::on_one_line(&text))
                };
                Content::Voice(match self.calls.contains(language) {
                    true => Prompt {
                        parts,
                        menu: Some(call::menu(said)?),
                        to_machine: spoken::parts(&said(call::MACHINE)?),
                    },
                    // A call in one language does not end in another.
                    false => Prompt { parts, ..Prompt::default() },
                })
            }
            // A letter says what the e-mail says.
            Channel::Email | Channel::Letter => Content::Email {
                // A line break here would end the header and start another.
                subject: format!("{mark}{}", name::cleaned(&fill("email.subject.txt")?)),
                text: paragraphs(&fill("email.txt")?),
                html: fill("email.html")?,
            },
        })
    }

    fn fill(
        &self,
        language: &str,
        file: &str,
        facts: &MessageFacts<'_>,
    ) -> Result<String, RenderError> {
        let variables = facts.variables(language, medium(file));
        self.templates
            .get_template(file)
            .and_then(|template| template.render(variables))
            .map_err(|source| RenderError::Template { file: file.to_owned(), source })
    }

    /// The set as it is used from then on: its errors no longer carry the
    /// values that they met, which are personal data.
    fn ready(mut self) -> Messages {
        self.templates.set_debug(false);
        self
    }

    /// The set, without what does not compile or is incomplete, and the
    /// problems with that.
    fn compiled(texts: Texts) -> (Messages, Vec<Problem>) {
        let (pages, mut problems) = Pages::read(&texts);
        problems.extend(check::incomplete(&texts));
        let words = Words::read(texts.get(words::FILE).map(String::as_str));
        let words = words.unwrap_or_else(|what| {
            problems.push(Problem { file: words::FILE.to_owned(), what });
            Words::default()
        });
        let mut messages = Messages {
            templates: environment(),
            languages: BTreeMap::new(),
            calls: BTreeSet::new(),
            pages,
            words,
        };
        for (file, text) in texts {
            if file.ends_with(page::FILE) || file == words::FILE {
                continue;
            }
            let added = messages.templates.add_template_owned(file.clone(), text);
            if let Err(error) = added {
                problems.push(check::problem(&file, &error));
                continue;
            }
            let mut parts = file.split('/');
            let (Some(language), Some(template)) = (parts.next(), parts.next()) else { continue };
            let channel = match parts.next() {
                Some("sms.txt") => Channel::Sms,
                Some("voice.txt") => Channel::Voice,
                Some("email.txt") => Channel::Email,
                Some(call::MACHINE) => {
                    messages.calls.insert(language.to_owned());
                    continue;
                }
                _ => continue,
            };
            let key = (template.to_owned(), channel);
            messages.languages.entry(key).or_default().insert(language.to_owned());
        }
        (messages, problems)
    }
}

/// Whose files the messages of a channel are made of: a letter says what the
/// e-mail says.
fn made_of(channel: Channel) -> Channel {
    match channel {
        Channel::Letter => Channel::Email,
        other => other,
    }
}

/// How templates are read: nothing undefined, nothing unescaped in HTML, no
/// endless loop.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // While checking, errors show where they lie; see `ready`.
    environment.set_debug(true);
    environment.remove_filter("safe");
    environment.set_formatter(|out, state, value| {
        if matches!(value.kind(), ValueKind::Map | ValueKind::Seq | ValueKind::Iterable) {
            return Err(minijinja::Error::new(
                minijinja::ErrorKind::InvalidOperation,
                "a list cannot be written as it is; loop over it, or name one of its fields",
            ));
        }
        escape_formatter(out, state, value)
    });
    environment
}

fn built_in_texts() -> Texts {
    let files = built_in::FILES.iter().chain(built_in::PAGES);
    files.map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()
}

fn medium(file: &str) -> Medium {
    let style = match file.rsplit('/').next() {
        Some("sms.txt") => Style::Sms,
        Some("voice.txt") => Style::Spoken,
        Some(name) if call::FILE_NAMES.contains(&name) => Style::Spoken,
        _ => Style::Written,
    };
    Medium { style, is_html: file.ends_with(".html") }
}

/// The text without the blank lines that a template's conditions leave.
fn paragraphs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = false;
    for line in text.trim().lines().map(str::trim_end) {
        if line.is_empty() {
            blank = true;
            continue;
        }
        if blank {
            out.push('\n');
            blank = false;
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
