//! What the console says, from `config/console`.

use crate::message::page::Pages;

const ENGLISH: &str = include_str!("../../../config/console/en.toml");

/// (language, file, text).
const TEXTS: [(&str, &str, &str); 2] = [
    ("en", "en.toml", ENGLISH),
    ("zh-Hans", "zh-Hans.toml", include_str!("../../../config/console/zh-Hans.toml")),
];

pub fn built_in() -> Pages {
    let (pages, problems) = Pages::of_texts(ENGLISH, TEXTS.into_iter());
    debug_assert!(problems.is_empty(), "{problems:?}");
    pages
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn words(text: &str) -> BTreeMap<String, String> {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn every_language_says_all_of_it_and_nothing_else() {
        let (_, problems) = Pages::of_texts(ENGLISH, TEXTS.into_iter());
        assert!(problems.is_empty(), "{problems:?}");
        let english = words(ENGLISH);
        for (_, file, text) in TEXTS {
            let own = words(text);
            let missing: Vec<&String> =
                english.keys().filter(|key| !own.contains_key(*key)).collect();
            assert!(missing.is_empty(), "{file} does not say {missing:?}");
        }
    }
}
