//! The words of the subscriber's own page, in `<language>/page.toml`.
//!
//! Flat: a key and a text, in which `{words}` are filled in. English is the
//! list of keys; what another language does not say is said in English.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::files::Texts;
use super::locale::{Locale, Style};
use super::name;
use super::{Problem, built_in, language};
use crate::model::{Currency, Money};

/// The file, beside the directories of the templates.
pub const FILE: &str = "page.toml";

type Words = BTreeMap<String, String>;

/// The words in every language, each of them complete.
#[derive(Debug, Default)]
pub struct Pages(BTreeMap<String, Words>);

impl Pages {
    /// Reads the words out of a set of files, and says what is wrong there.
    pub fn read(texts: &Texts) -> (Pages, Vec<Problem>) {
        let of_pages = texts.iter().filter_map(|(file, text)| match file.split_once('/') {
            Some((language, FILE)) => Some((language, file.as_str(), text.as_str())),
            _ => None,
        });
        Pages::of_texts(built_in::ENGLISH_PAGE, of_pages)
    }

    /// The same of any catalogue whose English is known: (language, file, text).
    pub fn of_texts<'t>(
        english: &str,
        texts: impl Iterator<Item = (&'t str, &'t str, &'t str)>,
    ) -> (Pages, Vec<Problem>) {
        let (mut pages, mut problems) = (Pages::default(), Vec::new());
        let english: Words = toml::from_str(english).unwrap_or_default();
        for (language, file, text) in texts {
            let problem = |what: String| Problem { file: file.to_owned(), what };
            let own: Words = match toml::from_str(text) {
                Ok(own) => own,
                Err(error) => {
                    let line = error.span().map_or(1, |at| text[..at.start].lines().count().max(1));
                    problems.push(problem(format!("line {line}: {}", error.message())));
                    continue;
                }
            };
            problems.extend(own.iter().filter_map(|(key, said)| {
                let what = fault(key, said, english.get(key)?);
                what.map(|what| problem(format!("{key} {what}")))
            }));
            let unknown = own.keys().filter(|key| !english.contains_key(*key));
            problems.extend(unknown.map(|key| {
                problem(format!("{key} is not used; the keys are those of the English file"))
            }));
            let mut words = english.clone();
            words.extend(own);
            pages.0.insert(language.to_owned(), words);
        }
        (pages, problems)
    }

    /// The words for somebody who speaks `tag`, or the nearest to it.
    pub fn of(&self, tag: &str) -> Option<PageText<'_>> {
        let languages: BTreeSet<&str> = self.0.keys().map(String::as_str).collect();
        let language = language::choose(tag, &languages)?;
        let is_variant = language::same_language(tag, language);
        let locale = Locale::of(if is_variant { tag } else { language });
        Some(PageText { language, words: self.0.get(language)?, locale })
    }

    /// The languages, each with its own name for itself.
    pub fn languages(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(tag, words)| {
            (tag.as_str(), words.get("language_name").map_or(tag.as_str(), String::as_str))
        })
    }
}

/// What is wrong with a text that stands for this English one.
fn fault(key: &str, said: &str, english: &str) -> Option<String> {
    if said.trim().is_empty() {
        return Some("is empty; write a text, or leave the key out".to_owned());
    }
    let (theirs, ours) = (gaps(english), gaps(said));
    let is_same = theirs == ours || key == "language_name";
    (!is_same).then(|| {
        let gaps: Vec<String> = theirs.iter().map(|gap| format!("{{{gap}}}")).collect();
        match gaps.is_empty() {
            true => "has words in braces, and nothing is filled in here".to_owned(),
            false => format!("must have {} and no other words in braces", gaps.join(", ")),
        }
    })
}

/// What is to be filled in.
fn gaps(text: &str) -> BTreeSet<&str> {
    let after = text.split('{').skip(1);
    after.filter_map(|rest| rest.split_once('}').map(|(gap, _)| gap)).collect()
}

/// The words of one language, and how it writes amounts and days.
pub struct PageText<'a> {
    /// The directory that was found.
    pub language: &'a str,
    words: &'a Words,
    locale: Locale,
}

/// Keeps what is filled in from reordering what stands around it.
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');

impl PageText<'_> {
    pub fn direction(&self) -> &'static str {
        if language::is_right_to_left(self.language) { "rtl" } else { "ltr" }
    }

    /// A text with its gaps filled; a key that there is not is its own text.
    pub fn say(&self, key: &str, gaps: &[(&str, &str)]) -> String {
        let text = self.words.get(key).map_or(key, String::as_str);
        let is_rtl = language::is_right_to_left(self.language);
        // In one pass: what is filled in may itself have braces.
        let mut said = String::with_capacity(text.len());
        let mut pieces = text.split('{');
        said.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let (gap, rest) = piece.split_once('}').unwrap_or((piece, ""));
            let value = gaps.iter().find(|(name, _)| *name == gap).map_or("", |(_, value)| value);
            match is_rtl {
                true => said.extend([&*ISOLATE.0.to_string(), value, &*ISOLATE.1.to_string()]),
                false => said.push_str(value),
            }
            said.push_str(rest);
        }
        said
    }

    /// Every text, each with those gaps filled that it has.
    pub fn all(&self, gaps: &[(&str, &str)]) -> BTreeMap<&str, String> {
        self.words.keys().map(|key| (key.as_str(), self.say(key, gaps))).collect()
    }

    pub fn amount(&self, money: Money) -> String {
        self.locale.amount(money, Style::Written)
    }

    /// Amounts in several currencies, as one phrase.
    pub fn amounts(&self, sums: &[Money]) -> String {
        let all: Vec<String> = sums.iter().map(|sum| self.amount(*sum)).collect();
        self.locale.list(&all)
    }

    pub fn date(&self, date: Date) -> String {
        self.locale.date(date, Style::Written)
    }
}

/// A name of which whoever has it knows that it is theirs, and nobody else
/// learns it. Empty where there is none to be shown.
pub fn masked(text: &str) -> String {
    let initial = |word: &str| word.chars().next().map(|first| format!("{first}•••"));
    let words: Vec<String> = name::greeting(text).split(' ').filter_map(initial).collect();
    words.join(" ")
}

/// What a subscriber wrote, as one line without control characters and
/// invisible marks.
pub fn typed(text: &str) -> String {
    name::cleaned(text)
}

/// An amount as people type it, in any of our languages: with the currency or
/// without, grouped or not, with a point or a comma. `None` where it is none.
pub fn typed_amount(text: &str, currency: Currency) -> Option<Money> {
    let mut plain = String::new();
    for letter in name::cleaned(text).chars() {
        match letter {
            '\u{0660}'..='\u{0669}' => plain.push(digit(letter, 0x0660)),
            '\u{06F0}'..='\u{06F9}' => plain.push(digit(letter, 0x06F0)),
            '\u{0966}'..='\u{096F}' => plain.push(digit(letter, 0x0966)),
            '\u{FF10}'..='\u{FF19}' => plain.push(digit(letter, 0xFF10)),
            '0'..='9' => plain.push(letter),
            '.' | '\u{FF0E}' => plain.push('.'),
            ',' | '\u{066B}' | '\u{FF0C}' | '\u{060C}' => plain.push(','),
            '\'' | '’' | '\u{066C}' => {}
            _ if letter.is_whitespace() || is_symbol(letter) => {}
            _ => return None,
        }
    }
    // Only what is followed by as many digits as the currency has, or fewer, is
    // a decimal sign: 1.234 of a euro is one thousand, of a dinar one.
    let decimals = plain.rfind(['.', ',']).filter(|at| {
        let count = plain.len() - at - 1;
        count > 0 && count <= currency.exponent() as usize
    });
    let (whole, fraction) = match decimals {
        Some(at) => (&plain[..at], &plain[at + 1..]),
        None => (plain.as_str(), ""),
    };
    let sign = decimals.and_then(|at| plain[at..].chars().next());
    if sign.is_some_and(|sign| whole.contains(sign)) || !is_grouped(whole) {
        return None;
    }
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let text = if fraction.is_empty() { digits } else { format!("{digits}.{fraction}") };
    Money::parse(&text, currency).ok()
}

fn digit(letter: char, zero: u32) -> char {
    char::from_digit(u32::from(letter) - zero, 10).unwrap_or('0')
}

fn is_symbol(letter: char) -> bool {
    letter.is_alphabetic() || matches!(letter, '€' | '$' | '£' | '¥' | '₹' | '￥')
}

/// Whether signs part the digits as groups: at least one digit, then two or
/// three each (as in India), the last of three.
fn is_grouped(whole: &str) -> bool {
    let groups: Vec<&str> = whole.split(['.', ',']).collect();
    match groups.as_slice() {
        [only] => !only.is_empty(),
        [first, middle @ .., last] => {
            (1..=3).contains(&first.len())
                && last.len() == 3
                && middle.iter().all(|group| matches!(group.len(), 2 | 3))
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::message::Messages;

    #[test]
    fn every_language_that_comes_with_duebell_says_all_of_it() {
        let english: Words = toml::from_str(built_in::ENGLISH_PAGE).unwrap();
        let mut missing = Vec::new();
        for (file, text) in built_in::PAGES {
            let own: Words = toml::from_str(text).unwrap();
            let lacks = english.keys().filter(|key| !own.contains_key(*key));
            missing.extend(lacks.map(|key| format!("{file}: {key}")));
        }
        assert!(missing.is_empty(), "said in English:\n{}", missing.join("\n"));
        // A language of messages without a page is answered in English.
        let of_messages: BTreeSet<&str> =
            built_in::FILES.iter().filter_map(|(file, _)| Some(file.split_once('/')?.0)).collect();
        let messages = Messages::built_in();
        for language in of_messages {
            let page = messages.pages().of(language).unwrap();
            if page.language != language {
                println!("the page is missing in {language}: {} is shown", page.language);
            }
        }
    }

    #[test]
    fn a_gap_is_filled_and_what_fills_it_is_not_read_again() {
        let messages = Messages::built_in();
        let say =
            |tag: &str, value| messages.pages().of(tag).unwrap().say("quiet", &[("date", value)]);
        assert_eq!(say("en", "{date}"), "We will not remind you before {date}.");
        assert!(say("ar", "X").contains("\u{2068}X\u{2069}"));
        let german = messages.pages().of("de-AT").unwrap();
        assert_eq!((german.language, german.direction()), ("de", "ltr"));
        assert_eq!(german.date(date(2026, 3, 5)), "5. März 2026");
        assert_eq!(messages.pages().of("xx").unwrap().language, "en");
    }

    #[test]
    fn a_mistake_in_the_words_is_found() {
        let problems = |text: &str| {
            let texts = Texts::from([("it/page.toml".to_owned(), text.to_owned())]);
            Pages::read(&texts).1.iter().map(Problem::to_string).collect::<Vec<_>>()
        };
        assert_eq!(problems("send = \"Invia\""), [""; 0]);
        let check = |text: &str, words: &str| {
            let found = problems(text);
            assert!(found.len() == 1 && found[0].contains(words), "{found:?}");
        };
        check("sned = 'x'", "sned is not used");
        check("quiet = 'mai'", "must have {date}");
        check("send = '{name}'", "nothing is filled in");
        check("send = ' '", "is empty");
        check("send = 1", "line 1");
        check("\nsend", "line 2");
    }

    #[test]
    fn a_name_is_known_to_its_owner_alone() {
        assert_eq!(masked("Zoë Müller"), "Z••• M•••");
        assert_eq!(masked("王小明"), "王•••");
        assert_eq!(masked("evil.example"), "");
    }

    #[test]
    fn amounts_are_read_as_people_type_them() {
        let read = |text: &str, code: &str| {
            typed_amount(text, code.parse().unwrap()).map(|money| money.minor)
        };
        for (text, minor) in [
            ("20", 2_000),
            ("97.60", 9_760),
            ("97,6", 9_760),
            ("1.234,50 €", 123_450),
            ("€1,234.50", 123_450),
            ("1 234,50", 123_450),
            ("1\u{202F}234", 123_400),
            ("1.234", 123_400),
            ("1,23,456.78", 12_345_678),
            ("١٢٫٥٠", 1_250),
            ("１２．５", 1_250),
            ("EUR 5", 500),
        ] {
            assert_eq!(read(text, "EUR"), Some(minor), "{text}");
        }
        assert_eq!(read("1.234", "KWD"), Some(1_234));
        assert_eq!(read("1.234", "JPY"), Some(1_234));
        for text in
            ["", "-5", "1.2.3", "5.", ".5", "12,34,5", "1.234.56,7.8", "5%", "99999999999999999999"]
        {
            assert_eq!(read(text, "EUR"), None, "{text}");
        }
    }
}
