//! Short messages, held against what another program computed.

use duebell::model::{gsm, sms};
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
