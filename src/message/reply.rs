//! What the words of a subscriber's text mean, as far as words alone can say.
//!
//! Only what is certain is taken: a whole message that is a known word, or a
//! short one that begins with a word that means nothing else. All other words
//! stay words, for people. The lists are `reply_words.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::model::reply::{Meaning, Proof};

/// A message of more words that begins with a known one says something else.
const WORDS_MAX: usize = 3;
/// Nothing longer is a known word; what strangers send is not gone through.
const CHARS_MAX: usize = 64;

/// What a text means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    pub meaning: Meaning,
    /// Nothing was left over: people need not read it to know.
    pub is_whole: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    opt_out: List,
    opt_in: List,
    paid: List,
    help: List,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    begins: Vec<String>,
    everywhere: Vec<String>,
    at_home: BTreeMap<String, Vec<String>>,
}

/// In this order the first counts. Stopping comes first: it is the one that
/// must not be missed.
static LISTS: LazyLock<[(Meaning, List); 4]> = LazyLock::new(|| {
    let lists: Lists =
        toml::from_str(include_str!("reply_words.toml")).expect("a test reads the same file");
    let Lists { opt_out, opt_in, paid, help } = lists;
    [
        (Meaning::OptOut, opt_out.plain()),
        (Meaning::OptIn, opt_in.plain()),
        (Meaning::Paid(Proof::default()), paid.plain()),
        (Meaning::Help, help.plain()),
    ]
});

impl List {
    /// Every word as [`plain`] makes it.
    fn plain(self) -> List {
        let all = |words: Vec<String>| words.iter().map(|word| plain(word)).collect();
        List {
            begins: all(self.begins),
            everywhere: all(self.everywhere),
            at_home: self.at_home.into_iter().map(|(home, words)| (home, all(words))).collect(),
        }
    }

    fn is_whole(&self, said: &str, language: &str) -> bool {
        let has = |words: &[String]| words.iter().any(|word| word == said);
        let home = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        has(&self.begins)
            || has(&self.everywhere)
            || self.at_home.get(&home).is_some_and(|words| has(words))
    }

    fn is_begun(&self, said: &str) -> bool {
        let mut words = said.split(' ');
        let first = words.next().unwrap_or_default();
        words.count() < WORDS_MAX && self.begins.iter().any(|word| word == first)
    }
}

/// What `words` mean to somebody whose account has this language (BCP 47).
pub fn understood(words: &str, language: &str) -> Understood {
    let text = || Understood { meaning: Meaning::Text(words.to_owned()), is_whole: false };
    if words.chars().nth(CHARS_MAX).is_some() {
        return text();
    }
    let said = plain(words);
    let whole = LISTS.iter().find(|(_, list)| list.is_whole(&said, language));
    if let Some((meaning, _)) = whole {
        return Understood { meaning: meaning.clone(), is_whole: true };
    }
    let begun = LISTS.iter().find(|(_, list)| list.is_begun(&said));
    begun.map_or_else(text, |(meaning, _)| Understood { meaning: meaning.clone(), is_whole: false })
}

/// Whether a text that we send says which word stops more of them: `STOP`, as
/// capitals write it or in a script without, and not "to stop a late fee".
pub fn shows_how_to_stop(text: &str) -> bool {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    let is_one = |word: &str| LISTS[0].1.begins.iter().any(|stop| stop == &plain(word));
    let has_capitals = |word: &&str| word.chars().any(|it| it.is_uppercase() && !it.is_lowercase());
    let is_shouted = |word: &&str| !word.chars().any(char::is_lowercase);
    let mut written_large = words.filter(has_capitals).filter(is_shouted);
    let has_no_case = |stop: &&String| !stop.chars().any(|it| it.is_lowercase());
    written_large.any(is_one)
        || LISTS[0].1.begins.iter().filter(has_no_case).any(|stop| text.contains(stop.as_str()))
}

/// Lower case, without accents and invisible characters; whatever is neither
/// letter nor digit parts words.
fn plain(text: &str) -> String {
    let letters = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !is_invisible(*c))
        .flat_map(char::to_lowercase)
        // Lower case may bring a mark: of İ, the dot.
        .filter(|c| !is_combining_mark(*c))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' });
    let spaced: String = letters.collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that telephones put in and nobody sees: directions, joiners,
/// and what stretches Arabic letters.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{640}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(words: &str, language: &str, meaning: Meaning, is_whole: bool) {
        assert_eq!(understood(words, language), Understood { meaning, is_whole }, "{words:?}");
    }

    #[test]
    fn whoever_says_stop_is_understood_in_whatever_language() {
        let stops = [
            "STOP",
            "stop",
            " Stop. ",
            "STOP!!!",
            "\"stop\"",
            "ＳＴＯＰ",
            "STOPALL",
            "UNSUBSCRIBE",
            "Cancel",
            "END",
            "quit",
            "REVOKE",
            "OPTOUT",
            "opt-out",
            "Opt Out",
            "REMOVE",
            "ARRET",
            "Arrêt",
            "ARRE\u{302}T",
            "STOPP",
            "abmelden",
            "BAJA",
            "parar",
            "CANCELAR",
            "Sair",
            "退订",
            "退订。",
            "TD",
            "td",
            "إيقاف",
            "ايقاف",
            "الغاء",
            "إلغاء",
            "\u{200f}إيقاف\u{200f}",
            "إيقـاف",
            "st\u{200b}op",
        ];
        for words in stops {
            for language in ["en", "de", "zh-Hans", "ar", "tlh", ""] {
                check(words, language, Meaning::OptOut, true);
            }
        }
    }

    #[test]
    fn a_word_that_means_something_else_elsewhere_counts_at_home() {
        check("T", "zh-Hans", Meaning::OptOut, true);
        check("t", "zh_CN", Meaning::OptOut, true);
        check("T", "en", Meaning::Text("T".into()), false);
        check("Alto", "es-MX", Meaning::OptOut, true);
        check("Alto", "pt", Meaning::Text("Alto".into()), false);
        check("Pago", "pt-BR", Meaning::Paid(Proof::default()), true);
        check("Pago", "es", Meaning::Text("Pago".into()), false);
    }

    #[test]
    fn a_short_message_that_begins_with_a_clear_word_counts_and_is_read_by_people() {
        for words in
            ["stop please", "STOP, thank you", "Stop calling me", "stopp bitte", "退订 谢谢"]
        {
            check(words, "en", Meaning::OptOut, false);
        }
        check("Paid yesterday", "en", Meaning::Paid(Proof::default()), false);
        for words in
            ["end of month", "cancel my plan", "help me understand this", "remove one line"]
        {
            check(words, "en", Meaning::Text(words.into()), false);
        }
    }

    #[test]
    fn other_words_are_for_people_as_they_came() {
        for words in [
            "",
            "   ",
            "🙂",
            "please stop texting me",
            "When does the shop stop selling cards?",
            "S T O P",
            "stopover",
            "nonstop",
            "I will pay on Friday",
            "no",
        ] {
            check(words, "en", Meaning::Text(words.into()), false);
        }
        let long = format!("stop {}", "!".repeat(CHARS_MAX));
        check(&long, "en", Meaning::Text(long.clone()), false);
    }

    #[test]
    fn start_paid_and_help_are_told_apart() {
        check("START", "en", Meaning::OptIn, true);
        check("unstop", "de", Meaning::OptIn, true);
        for (words, language) in [
            ("PAID", "en"),
            ("I've paid!", "en"),
            ("Schon bezahlt", "de"),
            ("Déjà payé", "fr"),
            ("J'ai payé", "fr"),
            ("Ya pagué", "es"),
            ("Já paguei", "pt"),
            ("已缴费", "zh"),
            ("تم الدفع", "ar"),
        ] {
            check(words, language, Meaning::Paid(Proof::default()), true);
        }
        check("Help", "en", Meaning::Help, true);
        check("مساعدة", "ar", Meaning::Help, true);
    }

    /// No word is on two lists: the order of the lists must not matter.
    #[test]
    fn every_word_has_one_meaning() {
        let mut seen: BTreeMap<String, &Meaning> = BTreeMap::new();
        for (meaning, list) in LISTS.iter() {
            let words = list.begins.iter().chain(&list.everywhere);
            for word in words.chain(list.at_home.values().flatten()) {
                assert!(!word.is_empty());
                let other = seen.insert(word.clone(), meaning);
                assert!(other.is_none_or(|other| other == meaning), "{word}: {other:?}");
            }
        }
        assert!(seen.len() > 60, "{}", seen.len());
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_and_kept_word_for_word(words in "\\PC*", language in "\\PC{0,8}") {
            let read = understood(&words, &language);
            if let Meaning::Text(kept) = &read.meaning {
                prop_assert_eq!(kept, &words);
                prop_assert!(!read.is_whole);
            }
        }

        #[test]
        fn case_and_what_is_around_a_word_do_not_count(
            word in prop::sample::select(vec!["stop", "Arrêt", "退订", "إيقاف", "paid", "help", "start"]),
            before in "[ .,!\"'\n\u{200f}]{0,8}", after in "[ .,!?\"\t\u{feff}]{0,8}", is_upper: bool,
        ) {
            let bare = understood(word, "en");
            let word = if is_upper { word.to_uppercase() } else { word.to_owned() };
            prop_assert_eq!(understood(&format!("{before}{word}{after}"), "en"), bare);
        }
    }
}
