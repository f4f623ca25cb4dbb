//! How long a short message is, as the network counts it (3GPP 23.038).

use serde::Serialize;

use super::gsm;

/// Units of a message that stands alone, and of one of several.
const GSM: (usize, usize) = (160, 153);
const UCS2: (usize, usize) = (70, 67);

/// What an operator pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Every character is in the seven-bit alphabet. One that is not makes the
    /// whole text UCS-2, with less than half the room.
    pub is_gsm: bool,
    /// Septets, or UTF-16 units.
    pub units: usize,
    /// Messages that it travels as.
    pub parts: usize,
}

/// Whether a phone network sends every character of `text` in seven bits.
pub fn is_gsm(text: &str) -> bool {
    text.chars().all(|letter| gsm::codes(letter).is_some())
}

/// The size of a text. No character is cut in two, so a part may not be full.
pub fn size(text: &str) -> Size {
    let is_gsm = is_gsm(text);
    let of = |letter: char| match gsm::codes(letter) {
        Some((_, septets)) if is_gsm => septets,
        _ => letter.len_utf16(),
    };
    let units = text.chars().map(of).sum();
    let (alone, each) = if is_gsm { GSM } else { UCS2 };
    if units <= alone {
        return Size { is_gsm, units, parts: 1 };
    }
    let (mut parts, mut filled) = (1, 0);
    for letter in text.chars().map(of) {
        if filled + letter > each {
            (parts, filled) = (parts + 1, 0);
        }
        filled += letter;
    }
    Size { is_gsm, units, parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_more_may_double_the_price() {
        let of = |text: &str| (size(text).is_gsm, size(text).units, size(text).parts);
        assert_eq!(of(&"a".repeat(160)), (true, 160, 1));
        assert_eq!(of(&"a".repeat(161)), (true, 161, 2));
        assert_eq!(of(&format!("{}á", "a".repeat(69))), (false, 70, 1));
        assert_eq!(of(&format!("{}á", "a".repeat(70))), (false, 71, 2));
        // The escape and what it escapes stay together.
        assert_eq!(of(&format!("{}€{}", "a".repeat(152), "a".repeat(152))), (true, 306, 3));
        assert_eq!(of(&"🙂".repeat(67)), (false, 134, 3));
        assert_eq!(of(""), (true, 0, 1));
    }
}
