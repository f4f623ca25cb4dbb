//! Language tags: in which of the languages at hand a subscriber is spoken to.
//!
//! A tag is shortened from its end (RFC 4647, lookup); then any variant of the
//! same primary language will do, because another script or region is nearer
//! than another language.

use std::collections::BTreeSet;

/// The language of a set that is spoken where the subscriber's is missing.
pub const DEFAULT: &str = "en";

/// The language of `available` for a subscriber who speaks `tag`. Never fails
/// where anything is available.
pub fn choose<'a>(tag: &str, available: &BTreeSet<&'a str>) -> Option<&'a str> {
    let find = |wanted: &str| {
        available.iter().copied().find(|have| plain(have).eq_ignore_ascii_case(wanted))
    };
    let tag = plain(tag);
    let mut wanted = tag.as_str();
    loop {
        if let Some(found) = find(wanted) {
            return Some(found);
        }
        match wanted.rsplit_once('-') {
            Some((shorter, _)) => wanted = shorter,
            None => break,
        }
    }
    let related = available.iter().copied().find(|have| same_language(have, &tag));
    related.or_else(|| find(DEFAULT)).or_else(|| available.first().copied())
}

/// Whether two tags are variants of one language: `pt` and `pt-PT`.
pub fn same_language(one: &str, other: &str) -> bool {
    primary(one).eq_ignore_ascii_case(primary(other))
}

/// The first part of a tag: `zh` of `zh-Hant-TW`.
pub fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

/// The two letters of the region, where a tag has one: `TW` of `zh-Hant-TW`.
pub fn region(tag: &str) -> Option<String> {
    tag.split(['-', '_'])
        .skip(1)
        // What follows a single letter is an extension, no region.
        .take_while(|part| part.len() > 1)
        .find(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .map(str::to_ascii_uppercase)
}

/// Whether the language is written from right to left.
pub fn is_right_to_left(tag: &str) -> bool {
    matches!(primary(tag).to_ascii_lowercase().as_str(), "ar" | "fa" | "he" | "ur" | "ps" | "yi")
}

/// Whether `text` can name a directory of a language: `de`, `zh-Hans`.
pub fn is_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let first = parts.next().is_some_and(|part| matches!(part.len(), 2 | 3) && letters(part));
    first
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// The tag with hyphens, as billing systems also write `pt_BR`.
fn plain(tag: &str) -> String {
    tag.trim().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tag: &str, available: &[&str], expected: &str) {
        let available = available.iter().copied().collect();
        assert_eq!(choose(tag, &available), Some(expected), "{tag}");
    }

    #[test]
    fn the_nearest_variant_is_spoken() {
        let ours = ["ar", "de", "en", "pt", "zh-Hans"];
        check("de", &ours, "de");
        check("de-AT", &ours, "de");
        check("pt_BR", &ours, "pt");
        check("DE-ch", &ours, "de");
        check("zh-Hant-TW", &ours, "zh-Hans");
        check("zh-Hant-TW", &["en", "zh", "zh-Hans", "zh-Hant"], "zh-Hant");
        check("zh-Hant-TW", &["en", "zh", "zh-Hans"], "zh");
    }

    #[test]
    fn a_language_that_is_not_at_hand_never_fails() {
        for tag in ["ja", "", "-", "x-klingon", "ÿ", "not a tag"] {
            check(tag, &["de", "en", "fr"], "en");
            check(tag, &["de", "fr"], "de");
        }
    }

    #[test]
    fn a_region_is_told_from_script_and_extension() {
        assert_eq!(region("zh-Hant-TW").as_deref(), Some("TW"));
        assert_eq!(region("pt_br").as_deref(), Some("BR"));
        assert_eq!(region("ar-u-nu-latn"), None);
        assert_eq!(region("de"), None);
    }

    #[test]
    fn a_directory_that_names_no_language_is_told_apart() {
        assert!(["de", "zh-Hans", "es-419", "fil"].into_iter().all(is_tag));
        assert!(!["", "templates", "d", "de_DE", "de-", "12"].into_iter().any(is_tag));
    }
}
