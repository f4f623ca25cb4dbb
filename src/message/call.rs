//! The rest of a call, in `<language>/call/`: what the keys do, what is said
//! once one was pressed, and what is left on a machine.
//!
//! One set for each language and all templates: what is owed is in `voice.txt`,
//! and the keys mean the same whatever it is.

use crate::model::content::{Does, Key, Menu};

use super::spoken::parts;

/// The directory, beside those of the templates.
pub const DIRECTORY: &str = "call";

/// Said after the message: which keys there are.
const MENU: &str = "menu.txt";
const GOODBYE: &str = "goodbye.txt";
/// Left on a machine, which others may hear.
pub const MACHINE: &str = "machine.txt";

/// The keys, and the file with what is said once each was pressed.
const KEYS: [(char, Does, Option<&str>); 5] = [
    ('1', Does::SendLink, Some("send_link.txt")),
    ('2', Does::Promise, Some("promise.txt")),
    ('3', Does::Repeat, None),
    ('8', Does::WrongNumber, Some("wrong_number.txt")),
    ('9', Does::OptOut, Some("opt_out.txt")),
];

/// What the directory holds: all of it or none.
pub const FILE_NAMES: &[&str] =
    &[MENU, GOODBYE, MACHINE, "send_link.txt", "promise.txt", "wrong_number.txt", "opt_out.txt"];

/// The menu, each text as `fill` renders its file.
///
/// # Errors
/// Where one cannot be rendered.
pub fn menu<E>(mut fill: impl FnMut(&str) -> Result<String, E>) -> Result<Menu, E> {
    let mut keys = Vec::new();
    for (digit, does, file) in KEYS {
        let answer = file.map(&mut fill).transpose()?;
        keys.push(Key { digit, does, answer: answer.map_or(Vec::new(), |text| parts(&text)) });
    }
    Ok(Menu { invitation: parts(&fill(MENU)?), keys, goodbye: parts(&fill(GOODBYE)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_call_is_rendered_and_listed() {
        let mut asked = vec![MACHINE.to_owned()];
        let menu = menu(|file| -> Result<String, ()> {
            asked.push(file.to_owned());
            Ok(file.to_owned())
        });
        assert_eq!(menu.unwrap().keys.len(), KEYS.len());
        asked.sort();
        let mut listed = FILE_NAMES.to_vec();
        listed.sort_unstable();
        assert_eq!(asked, listed);
    }
}
