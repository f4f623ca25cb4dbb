//! What a law asks messages to say and only the operator knows, such as where
//! debt advice is had: `[operator.content]`, by block and language.
//!
//! A note is shown where a law in force asks for it, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::language;
use crate::model::law::Block;

/// The days that `{+14}` may say.
const DAYS_MAX: u16 = 999;

/// The operator's words for each block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Notes(BTreeMap<Block, Note>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "write texts by language, as { en = \"…\" }, or \"elsewhere\"")]
enum Note {
    Elsewhere(Elsewhere),
    /// By BCP 47 tag.
    Texts(BTreeMap<String, String>),
}

/// The operator answers for a block: a template of his own says it in his
/// words, or the provider adds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Elsewhere {
    Elsewhere,
}

impl Notes {
    /// Whether the operator answers for the block.
    pub fn is_elsewhere(&self, block: Block) -> bool {
        matches!(self.0.get(&block), Some(Note::Elsewhere(_)))
    }

    /// The words of a block in `language`, or in the nearest that there is.
    /// `day` writes the day in so many days.
    pub fn said(
        &self,
        block: Block,
        language: &str,
        day: impl Fn(u16) -> String,
    ) -> Option<String> {
        let Some(Note::Texts(texts)) = self.0.get(&block) else { return None };
        let tags: BTreeSet<&str> = texts.keys().map(String::as_str).collect();
        let text = texts.get(language::choose(language, &tags)?)?;
        let mut said = String::new();
        let mut from = 0;
        for (gap, days) in gaps(text).unwrap_or_default() {
            said.push_str(&text[from..gap.start]);
            said.push_str(&day(days));
            from = gap.end;
        }
        said.push_str(&text[from..]);
        Some(said)
    }

    /// The blocks that somebody who speaks `tag` reads in another language, and
    /// in which.
    pub fn foreign<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = (Block, &'a str)> {
        self.0.iter().filter_map(move |(block, note)| {
            let Note::Texts(texts) = note else { return None };
            let found = language::choose(tag, &texts.keys().map(String::as_str).collect())?;
            (!language::same_language(found, tag)).then_some((*block, found))
        })
    }

    /// The soonest day that the block's texts name, in days.
    pub fn soonest(&self, block: Block) -> Option<u16> {
        let texts = self.texts().filter(|(of, ..)| *of == block);
        texts.flat_map(|(_, _, text)| gaps(text).unwrap_or_default()).map(|(_, days)| days).min()
    }

    /// Every text: the block, its language, its words.
    pub fn texts(&self) -> impl Iterator<Item = (Block, &str, &str)> {
        self.0.iter().flat_map(|(block, note)| {
            let texts = match note {
                Note::Texts(texts) => Some(texts),
                Note::Elsewhere(_) => None,
            };
            let all = texts.into_iter().flatten();
            all.map(|(language, text)| (*block, language.as_str(), text.as_str()))
        })
    }

    /// The same blocks with one word each that is found again in what comes
    /// out.
    pub fn marked(&self) -> Notes {
        let marked = |(block, note): (&Block, &Note)| {
            let note = match note {
                Note::Elsewhere(one) => Note::Elsewhere(*one),
                Note::Texts(_) => {
                    let word = mark(*block);
                    Note::Texts(BTreeMap::from([(language::DEFAULT.to_owned(), word)]))
                }
            };
            (*block, note)
        };
        Notes(self.0.iter().map(marked).collect())
    }

    /// What is wrong, and how to mend it.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (block, note) in &self.0 {
            let Note::Texts(texts) = note else { continue };
            if block.is_fact() {
                problems.push(format!(
                    "says {block}, which templates say by themselves; take it out, or write \"elsewhere\""
                ));
            } else if texts.is_empty() {
                problems.push(format!("has no text for {block}; write one, as {{ en = \"…\" }}"));
            }
            for (language, text) in texts {
                problems.extend(
                    fault(*block, language, text).map(|what| format!("{block}.{language} {what}")),
                );
            }
        }
        problems
    }
}

/// The word that stands for a block in samples.
pub fn mark(block: Block) -> String {
    format!("zyq-{block}-zyq")
}

fn fault(block: Block, language: &str, text: &str) -> Option<String> {
    if !language::is_tag(language) {
        return Some("is under no language; name one, such as en".to_owned());
    }
    if text.trim().is_empty() {
        return Some("is empty; write a text, or leave the language out".to_owned());
    }
    match gaps(text) {
        None => Some(format!(
            "has braces that are not known; {{+14}} is the day in 14 days, up to {DAYS_MAX}"
        )),
        Some(days) if days.is_empty() && block == Block::SuspensionDate => {
            Some("names no day; write {+14} for the day in 14 days".to_owned())
        }
        Some(_) => None,
    }
}

/// Each `{+14}` of a text, and its days; `None` where a brace is anything else.
fn gaps(text: &str) -> Option<Vec<(Range<usize>, u16)>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(['{', '}']).map(|at| from + at) {
        let inside = text[start..].strip_prefix("{+")?;
        let (digits, _) = inside.split_once('}')?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let days = digits.parse().ok().filter(|days| is_number && *days <= DAYS_MAX)?;
        let end = start + 2 + digits.len() + 1;
        found.push((start..end, days));
        from = end;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(toml: &str) -> Notes {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn a_note_is_said_in_the_nearest_language_with_its_days() {
        let notes = notes(
            "suspension-date = { de = 'Sperre ab {+14}, spätestens {+20}.', en = 'From {+14}.' }\n\
             header-and-template-id = 'elsewhere'",
        );
        assert_eq!(notes.problems(), [""; 0]);
        let said = |language| {
            notes.said(Block::SuspensionDate, language, |days| format!("<{days}>")).unwrap()
        };
        assert_eq!(said("de-AT"), "Sperre ab <14>, spätestens <20>.");
        assert_eq!(said("hi"), "From <14>.");
        assert!(notes.is_elsewhere(Block::HeaderAndTemplateId));
        assert_eq!(notes.soonest(Block::SuspensionDate), Some(14));
        let foreign = |tag| notes.foreign(tag).collect::<Vec<_>>();
        assert_eq!(foreign("hi"), [(Block::SuspensionDate, "en")]);
        assert_eq!(foreign("de-CH"), []);
        assert_eq!(notes.said(Block::DebtAdvice, "en", |_| String::new()), None);
    }

    #[test]
    fn a_note_that_would_mislead_is_named() {
        for (toml, told) in [
            ("suspension-date = { en = 'Soon.' }", "suspension-date.en names no day"),
            ("debt-advice = { en = 'Ask {us}.' }", "debt-advice.en has braces"),
            ("debt-advice = { en = 'In {+1000} days.' }", "debt-advice.en has braces"),
            ("debt-advice = { en = 'In {++1} days.' }", "debt-advice.en has braces"),
            ("debt-advice = { en = ' ' }", "debt-advice.en is empty"),
            ("debt-advice = { '2' = 'x' }", "debt-advice.2 is under no language"),
            ("debt-advice = {}", "has no text for debt-advice"),
            ("amount = { en = '5' }", "says amount, which templates say by themselves"),
        ] {
            let problems = notes(toml).problems();
            assert!(problems.len() == 1 && problems[0].contains(told), "{toml}: {problems:?}");
        }
        assert!(toml::from_str::<Notes>("debt-advice = 'x'").is_err());
        assert!(toml::from_str::<Notes>("weather = { en = 'x' }").is_err());
    }
}
