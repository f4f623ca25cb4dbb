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

    /// A key that is its own text is one that nobody wrote a text for.
    #[test]
    fn every_key_that_a_page_asks_for_is_there() {
        let english = words(ENGLISH);
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/console/templates");
        let mut asked = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            for part in text.split("frame.say").skip(1) {
                let part = part.trim_start_matches("_with");
                let Some(key) = part.strip_prefix("(\"").and_then(|it| it.split('"').next()) else {
                    continue;
                };
                assert!(english.contains_key(key), "{}: {key}", path.display());
                asked += 1;
            }
        }
        assert!(asked > 5, "nothing was checked");
    }
}
