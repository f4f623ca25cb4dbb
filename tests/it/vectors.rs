//! Short messages and telephone numbers, held against what other programs
//! computed.

use duebell::model::{PhoneNumber, gsm, sms};
use serde::Deserialize;

use crate::support::data;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    text: String,
    encoding: String,
    /// Without headers.
    message_bits: usize,
    segments: usize,
}

#[test]
fn short_messages_are_as_long_as_elsewhere() {
    let Some(text) = data::file("vectors/sms_segments.json") else { return };
    let vectors: Vectors = serde_json::from_str(&text).unwrap();
    assert!(vectors.vectors.len() >= 24);
    for Vector { name, text, encoding, message_bits, segments } in vectors.vectors {
        let size = sms::size(&text);
        let is_gsm = encoding == "GSM-7";
        // Their `units` are characters, of which the escaped ones take two of ours.
        let units = message_bits / if is_gsm { 7 } else { 16 };
        let expected = (is_gsm, units, segments);
        assert_eq!((size.is_gsm, size.units, size.parts), expected, "{name}");
    }
}

#[test]
fn the_alphabet_of_short_messages_is_that_of_the_table() {
    let Some(text) = data::file("vectors/gsm0338_table.csv") else { return };
    let rows = data::rows(&text);
    assert!(rows.len() >= 128);
    for row in rows {
        let bytes: Vec<u8> = row["bytes_hex"]
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        let code = u32::from_str_radix(row["unicode"].trim_start_matches("U+"), 16).unwrap();
        let letter = char::from_u32(code).unwrap();
        // The escape is no character of anybody's text.
        if bytes == [0x1B] {
            continue;
        }
        let (codes, n) = gsm::codes(letter).unwrap_or_else(|| panic!("{row:?}"));
        assert_eq!(codes[..n], bytes, "{row:?}");
    }
}

/// Google's libphonenumber, by its Python port, says what each number is. Ours
/// differs in one thing, on purpose: a number that could be one but that no
/// plan gives to anybody (`valid` 0, such as 911 or a number with a digit too
/// many) is none, because whoever is called by it is somebody else, or nobody.
#[test]
fn telephone_numbers_are_read_as_elsewhere() {
    let Some(text) = data::file("vectors/phone_numbers.csv") else { return };
    let rows = data::rows(&text);
    assert!(rows.len() >= 749);
    let mut refused = 0;
    for row in rows {
        let region = Some(row["default_region"].as_str()).filter(|region| !region.is_empty());
        let number = PhoneNumber::parse(&row["raw"], region);
        let is_valid = row["parse"] == "OK" && row["valid"] == "1";
        let expected = is_valid.then_some(row["e164"].as_str());
        assert_eq!(number.as_ref().map(PhoneNumber::e164), expected, "{row:?}");
        refused += usize::from(!is_valid);
    }
    assert_eq!(refused, 6);
}
