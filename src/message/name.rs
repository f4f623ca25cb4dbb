//! What comes from outside, made fit for a message.
//!
//! Names reach us from web forms and agents' keyboards. Whatever stands there
//! must not hide, reorder or replace our words, and must not become a link or
//! a number that a phone offers to open: an operator's trusted sender would
//! then carry a stranger's bait.

/// Longest name that is used in a greeting, in characters.
const NAME_CHARACTERS_MAX: usize = 60;

/// More digits than this look like a number to call.
const NAME_DIGITS_MAX: usize = 4;

/// The text without control characters, line breaks and invisible marks, and
/// with single spaces.
pub fn cleaned(text: &str) -> String {
    if is_clean(text) {
        return text.to_owned();
    }
    let visible: String = text
        .chars()
        .filter(|letter| !is_invisible(*letter))
        .map(|letter| if letter.is_control() || is_line_break(letter) { ' ' } else { letter })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether there is plainly nothing to clean, as with nearly every text.
fn is_clean(text: &str) -> bool {
    text.split(' ').all(|word| !word.is_empty() && word.bytes().all(|it| it.is_ascii_graphic()))
}

/// The name to greet with; empty where a neutral greeting is safer.
pub fn greeting(name: &str) -> String {
    let name = cleaned(name);
    let digits = name.chars().filter(|letter| letter.is_numeric()).count();
    let fits = name.chars().count() <= NAME_CHARACTERS_MAX && digits <= NAME_DIGITS_MAX;
    let is_name = name.chars().any(char::is_alphabetic);
    if fits && is_name && !invites_a_click(&name) { name } else { String::new() }
}

/// Whether a phone or mail program could make a link of some part.
fn invites_a_click(name: &str) -> bool {
    let folded = folded(name);
    folded.contains("http")
        || folded.contains("www.")
        || folded.contains("://")
        || folded.contains('@')
        || folded.split_whitespace().any(is_like_a_domain)
}

/// `evil.example` and `x.co/abc`, but neither `J.Smith` nor `Dr.`.
fn is_like_a_domain(word: &str) -> bool {
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or(word);
    let has_path = host.len() < word.len();
    host.split('.').zip(host.split('.').skip(1)).any(|(before, after)| {
        let before = before.chars().count();
        let letters = after.chars().take_while(|letter| letter.is_alphabetic()).count();
        letters >= 2 && (before >= 2 || (before == 1 && has_path))
    })
}

/// Lower case, with the full-width and ideographic letters that browsers read
/// as ASCII.
fn folded(name: &str) -> String {
    let ascii = name.chars().map(|letter| match letter {
        '\u{3002}' | '\u{FF61}' | '\u{2024}' => '.',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        _ => letter,
    });
    ascii.collect::<String>().to_lowercase()
}

fn is_line_break(letter: char) -> bool {
    matches!(letter, '\u{2028}' | '\u{2029}')
}

/// Zero-width characters, bidirectional controls, the tag characters that can
/// smuggle text, and the noncharacters that `spoken` marks with.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FDD0}'..='\u{FDEF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_greeted_as_they_are_called() {
        for name in [
            "Ana María O'Neill-Núñez",
            "李小龍",
            "J.R. Smith",
            "J.Smith",
            "Dr. Müller",
            "محمد علي",
            "Flat 12 Tenants",
            "Søren & Sons",
            "St. John",
        ] {
            assert_eq!(greeting(name), name);
        }
        assert_eq!(greeting("  Ana \t Paula\r\n"), "Ana Paula");
    }

    #[test]
    fn a_name_that_invites_a_click_is_not_repeated() {
        for bait in [
            "http://evil.example",
            "Win at WWW.evil",
            "evil.com",
            "x.co/a",
            "hxxp://a",
            "a@b.de",
            "ｈｔｔｐ：//evil",
            "evil。com",
            "ht\u{200B}tp://evil",
            "evil.com:80",
            "call +1 900 555 0100",
            "пример.рф",
            "Anna evil.shop/abc now",
            "http",
            "...",
            "12",
            "",
        ] {
            assert_eq!(greeting(bait), "", "{bait}");
        }
        assert_eq!(greeting(&"a".repeat(NAME_CHARACTERS_MAX + 1)), "");
    }

    #[test]
    fn spaces_are_single_whatever_stands_between_them() {
        for (text, expected) in
            [("a b", "a b"), (" a  b ", "a b"), ("", ""), (" ", ""), ("\u{e9}  a", "\u{e9} a")]
        {
            assert_eq!(cleaned(text), expected, "{text:?}");
        }
    }

    #[test]
    fn marks_that_reorder_or_hide_text_are_dropped() {
        assert_eq!(cleaned("A\u{202E}n\u{200D}n\u{2066}a\u{0}\u{7}\u{E0041}"), "Anna");
        assert_eq!(cleaned("a\r\nBcc: b\u{2028}c"), "a Bcc: b c");
    }
}
