//! The words that do not belong: `config/lint/words.toml`, and a `lint.toml`
//! of the operator's beside it.

use serde::Deserialize;

use crate::message::language::primary;

/// The operator's own lists, beside the languages.
pub const FILE: &str = "lint.toml";

const BUILT_IN: &str = include_str!("../../../config/lint/words.toml");

/// Lists of words, each with its reason.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Words {
    /// Written in capitals, and yet not shouted.
    capitals: Vec<String>,
    pub shorteners: Shorteners,
    #[serde(rename = "list")]
    lists: Vec<List>,
}

/// Hosts that shorten anybody's links.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shorteners {
    pub source: String,
    pub hosts: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    kind: Kind,
    language: String,
    source: String,
    words: Vec<String>,
}

/// Why a word does not belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Marketing,
    Threat,
}

impl Words {
    /// Ours, with the operator's.
    ///
    /// # Errors
    /// What is wrong with the operator's, and its line.
    pub fn read(own: Option<&str>) -> Result<Words, String> {
        let mut words: Words = toml::from_str(BUILT_IN).expect("a test reads the same file");
        let Some(own) = own else { return Ok(words) };
        let own_words: Words = toml::from_str(own).map_err(|error| {
            let line = error.span().map_or(1, |span| own[..span.start].lines().count().max(1));
            format!("line {line}: {}", error.message())
        })?;
        if own_words.lists.iter().any(|list| list.source.trim().is_empty()) {
            return Err("has a list with an empty source; say why its words are there".to_owned());
        }
        words.shorteners.hosts.extend(own_words.shorteners.hosts);
        words.capitals.extend(own_words.capitals);
        words.lists.extend(own_words.lists);
        Ok(words)
    }

    /// Whether a word in capitals is a name and no shouting.
    pub fn may_be_large(&self, word: &str) -> bool {
        self.capitals.iter().any(|known| known == word)
    }

    /// What of a line of this language does not belong: the word, why, and
    /// the source.
    pub fn found<'a>(
        &'a self,
        line: &str,
        language: &str,
    ) -> impl Iterator<Item = (&'a str, Kind, &'a str)> {
        let line = line.to_lowercase();
        let language = primary(language).to_ascii_lowercase();
        let lists = self.lists.iter().filter(move |list| primary(&list.language) == language);
        lists.flat_map(move |list| {
            let parts = list.language != "zh";
            let line = line.clone();
            let stands = move |word: &&String| stands_in(&line, &word.to_lowercase(), parts);
            let found = list.words.iter().filter(stands);
            found.map(|word| (word.as_str(), list.kind, list.source.as_str()))
        })
    }
}

/// Whether `word` stands in `line`, between what is no letter where `is_parted`.
fn stands_in(line: &str, word: &str, is_parted: bool) -> bool {
    let is_edge = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !is_parted || (is_edge(before.chars().next_back()) && is_edge(after.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_both_lists_and_each_says_why() {
        let words = Words::read(None).unwrap();
        for language in ["ar", "de", "en", "es", "fr", "hi", "pt", "sw", "zh"] {
            for kind in [Kind::Marketing, Kind::Threat] {
                let list = words.lists.iter().find(|it| it.language == language && it.kind == kind);
                let list = list.unwrap_or_else(|| panic!("{language} {kind:?}"));
                assert!(!list.source.is_empty() && list.words.len() >= 10, "{language} {kind:?}");
            }
        }
    }

    #[test]
    fn a_word_is_found_as_a_word_and_no_part_of_another() {
        assert!(stands_in("a special offer.", "offer", true));
        assert!(!stands_in("we offered help", "offer", true));
        assert!(stands_in("限时优惠中", "优惠", false));
        assert!(!stands_in("पुलिसिया", "पुलिस", true));
    }

    #[test]
    fn an_operator_adds_words_and_says_why() {
        let own = "[[list]]\nkind = 'threat'\nlanguage = 'it'\nsource = 'ours'\nwords = ['guai']";
        let words = Words::read(Some(own)).unwrap();
        assert_eq!(words.found("Guai a voi", "it-CH").count(), 1);
        assert_eq!(words.found("Guai a voi", "en").count(), 0);
        assert!(Words::read(Some("\n[[lists]]")).unwrap_err().starts_with("line 2"));
        assert!(Words::read(Some(&own.replace("ours", ""))).is_err());
    }
}
