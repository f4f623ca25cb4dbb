//! A text as one or several short messages: GSM 03.38 where it has every
//! character, UCS-2 where not, and split by us, so that we know how many parts
//! there are and no character is cut in two.

use serde::{Deserialize, Serialize};

use crate::model::gsm;

/// `data_coding` of the centre's default alphabet, and of UCS-2.
const DEFAULT_ALPHABET: u8 = 0;
const UCS2: u8 = 8;
/// Of `esm_class`: the message begins with a header of its own.
pub const HAS_HEADER: u8 = 0x40;

/// Octets of a text in one message, one to a character or two.
const GSM_ALONE: usize = 160;
const UCS2_ALONE: usize = 140;
/// The part's header takes room that GSM counts in septets.
const GSM_SHORT_REF: usize = 153;
const GSM_LONG_REF: usize = 152;
const UCS2_SHORT_REF: usize = 134;
const UCS2_LONG_REF: usize = 132;
/// The number of parts is one octet.
const PARTS_MAX: usize = 255;

/// How a text travels that does not fit into one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LongMessages {
    /// Split, told together by a number of 8 bits in a header: every phone.
    Udh8,
    /// The same with 16 bits: fewer chances of a mix-up, a character less.
    Udh16,
    /// Handed over whole in `message_payload`; the centre splits it.
    Payload,
}

/// One short message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub data_coding: u8,
    pub esm_class: u8,
    pub bytes: Vec<u8>,
    /// Goes into `message_payload`.
    pub is_payload: bool,
}

/// Which part a message is of a text that came in several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartOf {
    pub reference: u16,
    pub part: u8,
    pub parts: u8,
}

impl PartOf {
    /// `None` where it is a whole one, or the numbers cannot be.
    pub fn new(reference: u16, part: u8, parts: u8) -> Option<PartOf> {
        (parts > 1 && (1..=parts).contains(&part)).then_some(PartOf { reference, part, parts })
    }
}

/// The parts of `text`; `reference` tells them together. `None` where there
/// are more than the header can count.
pub fn parts(text: &str, long: LongMessages, reference: u16) -> Option<Vec<Part>> {
    let (letters, is_gsm) = match letters_in_gsm(text) {
        Some(letters) => (letters, true),
        None => (letters_in_ucs2(text), false),
    };
    let data_coding = if is_gsm { DEFAULT_ALPHABET } else { UCS2 };
    let alone = if is_gsm { GSM_ALONE } else { UCS2_ALONE };
    let whole =
        |is_payload| Part { data_coding, esm_class: 0, bytes: letters.concat(), is_payload };
    let length: usize = letters.iter().map(Vec::len).sum();
    let room = match long {
        _ if length <= alone => return Some(vec![whole(false)]),
        LongMessages::Payload => return Some(vec![whole(true)]),
        LongMessages::Udh8 if is_gsm => GSM_SHORT_REF,
        LongMessages::Udh8 => UCS2_SHORT_REF,
        LongMessages::Udh16 if is_gsm => GSM_LONG_REF,
        LongMessages::Udh16 => UCS2_LONG_REF,
    };
    let texts = filled(&letters, room);
    if texts.len() > PARTS_MAX {
        return None;
    }
    let total = texts.len() as u8;
    let part = |(number, text): (u8, &Vec<u8>)| Part {
        data_coding,
        esm_class: HAS_HEADER,
        bytes: [header(long, reference, total, number), text.clone()].concat(),
        is_payload: false,
    };
    Some((1..=total).zip(&texts).map(part).collect())
}

/// The header of a part (3GPP 23.040, section 9.2.3.24).
fn header(long: LongMessages, reference: u16, total: u8, number: u8) -> Vec<u8> {
    let [high, low] = reference.to_be_bytes();
    match long {
        LongMessages::Udh16 => vec![6, 8, 4, high, low, total, number],
        LongMessages::Udh8 | LongMessages::Payload => vec![5, 0, 3, low, total, number],
    }
}

/// Letters put into parts of that many octets; none is cut.
fn filled(letters: &[Vec<u8>], room: usize) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::with_capacity(room)];
    for letter in letters {
        if parts.last().is_some_and(|part: &Vec<u8>| part.len() + letter.len() > room) {
            parts.push(Vec::with_capacity(room));
        }
        if let Some(part) = parts.last_mut() {
            part.extend(letter);
        }
    }
    parts
}

fn letters_in_gsm(text: &str) -> Option<Vec<Vec<u8>>> {
    text.chars().map(|letter| gsm::codes(letter).map(|(codes, n)| codes[..n].to_vec())).collect()
}

/// One or two units to a character: the second half of a pair stays with the first.
fn letters_in_ucs2(text: &str) -> Vec<Vec<u8>> {
    let letter = |letter: char| {
        let mut units = [0; 2];
        letter.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()).collect()
    };
    text.chars().map(letter).collect()
}

/// Which part of which text a message is, if its header says so.
pub fn part_of(bytes: &[u8], esm_class: u8) -> Option<PartOf> {
    if esm_class & HAS_HEADER == 0 {
        return None;
    }
    let (length, rest) = bytes.split_first()?;
    let mut header = rest.get(..usize::from(*length))?;
    while let [kind, length, rest @ ..] = header {
        let (value, after) = rest.split_at_checked(usize::from(*length))?;
        match (kind, value) {
            (0, [reference, parts, part]) => {
                return PartOf::new((*reference).into(), *part, *parts);
            }
            (8, [high, low, parts, part]) => {
                return PartOf::new(u16::from_be_bytes([*high, *low]), *part, *parts);
            }
            _ => header = after,
        }
    }
    None
}

/// What a message says, by its `data_coding`; a header is taken off.
pub fn decoded(bytes: &[u8], data_coding: u8, esm_class: u8) -> String {
    let text = match esm_class & HAS_HEADER {
        0 => bytes,
        _ => {
            let header = bytes.first().map_or(0, |length| usize::from(*length) + 1);
            bytes.get(header..).unwrap_or_default()
        }
    };
    match data_coding {
        UCS2 => {
            let units = text.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|letter| letter.unwrap_or('\u{FFFD}')).collect()
        }
        // IA5 and Latin-1; in both an octet is the character of its number.
        1 | 3 => text.iter().copied().map(char::from).collect(),
        _ => gsm::decoded(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(parts: &[Part]) -> String {
        let text = |part: &Part| decoded(&part.bytes, part.data_coding, part.esm_class);
        parts.iter().map(text).collect()
    }

    #[track_caller]
    fn check(text: &str, long: LongMessages, lengths: &[usize]) {
        let parts = parts(text, long, 0x1234).unwrap();
        let told: Vec<usize> = parts.iter().map(|part| part.bytes.len()).collect();
        assert_eq!(told, lengths);
        assert_eq!(joined(&parts), text);
    }

    #[test]
    fn a_text_is_split_where_a_phone_puts_it_together_again() {
        use LongMessages::{Payload, Udh8, Udh16};
        check("", Udh8, &[0]);
        check(&"A".repeat(160), Udh8, &[160]);
        check(&"A".repeat(161), Udh8, &[6 + 153, 6 + 8]);
        check(&"A".repeat(307), Udh8, &[6 + 153, 6 + 153, 6 + 1]);
        check(&"A".repeat(161), Udh16, &[7 + 152, 7 + 9]);
        check(&"A".repeat(161), Payload, &[161]);
        check(&"王".repeat(70), Udh8, &[140]);
        check(&"王".repeat(71), Udh8, &[6 + 134, 6 + 8]);
        check(&"王".repeat(71), Udh16, &[7 + 132, 7 + 10]);
        check(&"王".repeat(71), Payload, &[142]);
        // One character makes the whole text UCS-2.
        check("ç", Udh8, &[2]);
    }

    #[test]
    fn neither_an_escape_nor_half_a_pair_ends_a_part() {
        let escape = format!("{}€{}", "A".repeat(152), "B".repeat(20));
        check(&escape, LongMessages::Udh8, &[6 + 152, 6 + 22]);
        let pair = format!("{}😀{}", "王".repeat(66), "王".repeat(9));
        check(&pair, LongMessages::Udh8, &[6 + 132, 6 + 22]);
    }

    #[test]
    fn a_part_says_which_of_how_many_it_is() {
        let long = "A".repeat(161);
        let of = |long_messages| parts(&long, long_messages, 0x1234).unwrap();
        let short = of(LongMessages::Udh8);
        assert_eq!(&short[1].bytes[..6], [5, 0, 3, 0x34, 2, 2]);
        assert_eq!((short[1].esm_class, short[1].data_coding), (0x40, 0));
        assert_eq!(&of(LongMessages::Udh16)[0].bytes[..7], [6, 8, 4, 0x12, 0x34, 2, 1]);
        assert!(of(LongMessages::Payload)[0].is_payload);
        assert_eq!(parts(&"A".repeat(153 * 256), LongMessages::Udh8, 0), None);
    }

    #[test]
    fn a_header_says_which_part_it_is_whatever_else_it_holds() {
        let of = |header: &[u8]| part_of(header, HAS_HEADER);
        let is = |reference, part, parts| Some(PartOf { reference, part, parts });
        assert_eq!(of(&[5, 0, 3, 7, 3, 2, b'x']), is(7, 2, 3));
        assert_eq!(of(&[6, 8, 4, 2, 1, 3, 3, b'x']), is(513, 3, 3));
        // Ports of an application, and then the part.
        assert_eq!(of(&[11, 5, 4, 0, 1, 0, 1, 0, 3, 7, 2, 1]), is(7, 1, 2));
        for none in [
            &[][..],
            &[5, 0, 3, 7, 1, 1],
            &[5, 0, 3, 7, 2, 3],
            &[5, 0, 3, 7, 2, 0],
            &[5, 0, 3],
            &[2, 0, 9],
            &[1, 0],
        ] {
            assert_eq!(of(none), None, "{none:?}");
        }
        assert_eq!(part_of(&[5, 0, 3, 7, 3, 2], 0), None, "words, and no header");
    }

    proptest! {
        #[test]
        fn whatever_is_split_reads_as_it_was(text in "[ -~€äß王😀\n]{0,400}", reference: u16) {
            for long in [LongMessages::Udh8, LongMessages::Udh16, LongMessages::Payload] {
                let parts = parts(&text, long, reference).unwrap();
                prop_assert_eq!(joined(&parts), text.as_str());
                let told: Vec<Option<PartOf>> =
                    parts.iter().map(|part| part_of(&part.bytes, part.esm_class)).collect();
                if let [_, _, ..] = told[..] {
                    let numbers: Vec<u8> = told.iter().map(|part| part.unwrap().part).collect();
                    prop_assert_eq!(numbers, Vec::from_iter(1..=told.len() as u8));
                }
            }
        }

        #[test]
        fn nothing_that_is_received_makes_it_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..300), data_coding: u8, esm_class: u8,
        ) {
            let _ = decoded(&bytes, data_coding, esm_class);
            let _ = part_of(&bytes, esm_class);
        }
    }
}
