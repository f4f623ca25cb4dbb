//! What the centre delivers to us: receipts in all the shapes that are seen,
//! and texts that subscribers wrote.
//!
//! A receipt is told by `esm_class`, by its optional fields, or by its text
//! `id:… stat:…` alone: some centres set nothing else.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::pdu::{Address, Sm, tag};
use super::text::{self, PartOf};
use crate::model::PhoneNumber;
use crate::model::receipt::Fate;

/// Of `esm_class`: what kind of message it is.
const KIND: u8 = 0x3C;
const RECEIPT: u8 = 0x04;
const NOTIFICATION: u8 = 0x20;
/// Type of number "international".
const INTERNATIONAL: u8 = 1;

/// How the centre writes the ids of messages. Some answer a submission in one
/// way and write the receipt in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdForm {
    /// As it stands.
    Text,
    Decimal,
    Hex,
}

/// What was delivered to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A message has come to its end.
    Receipt { provider_ref: String, fate: Fate },
    /// A message is on its way, or its end is not known: says nothing.
    OnItsWay,
    Words {
        /// The same where it is delivered again.
        id: String,
        /// E.164, where the centre says as much; else as it stands.
        from: String,
        text: String,
        /// Where it is not all that was written.
        part: Option<PartOf>,
    },
}

/// No id that is seen is nearly as long; the specification has 64.
const ID_LENGTH_MAX: usize = 128;

/// The one form in which ids of both kinds are compared; one that is not in
/// the form that it should have stays as it is, and one that is no id is empty.
pub fn canonical(id: &[u8], form: IdForm) -> String {
    let id = String::from_utf8_lossy(id);
    let id = id.trim_matches(|letter: char| letter.is_whitespace() || letter.is_control());
    if id.len() > ID_LENGTH_MAX || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return String::new();
    }
    let number = match form {
        IdForm::Text => return id.to_owned(),
        IdForm::Decimal => id.parse::<u128>().ok(),
        IdForm::Hex => u128::from_str_radix(id, 16).ok(),
    };
    number.map_or_else(|| id.to_owned(), |number| number.to_string())
}

/// An id as the centre wrote it when it answered, from what [`canonical`] made of it.
pub fn as_told(id: &str, form: IdForm) -> String {
    match (form, id.parse::<u128>()) {
        (IdForm::Hex, Ok(number)) => format!("{number:X}"),
        _ => id.to_owned(),
    }
}

/// Makes sense of a `deliver_sm` or a `data_sm`.
pub fn heard(sm: &Sm, form: IdForm) -> Heard {
    let words = String::from_utf8_lossy(sm.content());
    let (id, state) = (field(&words, "id:"), field(&words, "stat:"));
    let told_id = sm.tlv(tag::RECEIPTED_MESSAGE_ID).map(without_end).filter(|id| !id.is_empty());
    let told_state = sm.tlv(tag::MESSAGE_STATE).and_then(|value| value.first().copied());
    let kind = sm.esm_class & KIND;
    let is_text_of_one = id.is_some() && state.is_some();
    if kind != RECEIPT && kind != NOTIFICATION && told_id.is_none() && !is_text_of_one {
        return said(sm);
    }
    let fate = match told_state {
        Some(state) => fate_of_number(state),
        None => state.and_then(fate_of_word),
    };
    let id = told_id.or(id.map(str::as_bytes)).map(|id| canonical(id, form));
    match (id, fate) {
        (Some(provider_ref), Some(fate)) if !provider_ref.is_empty() => {
            Heard::Receipt { provider_ref, fate }
        }
        _ => Heard::OnItsWay,
    }
}

fn said(sm: &Sm) -> Heard {
    // No database takes a zero in a text, and nobody means one.
    let text = text::decoded(sm.content(), sm.data_coding, sm.esm_class).replace('\0', "");
    let part = text::part_of(sm.content(), sm.esm_class).or_else(|| part_in_fields(sm));
    // Of parts whose numbers stand in fields, two may say the same.
    let which = part.map_or([0; 2], |part| [part.part, part.parts]);
    let mut hash = Sha256::new();
    for field in [&sm.source.digits[..], &sm.destination.digits, sm.content(), &which] {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    let id = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Heard::Words { id, from: number(&sm.source), text, part }
}

/// As a centre says it that takes the header off.
fn part_in_fields(sm: &Sm) -> Option<PartOf> {
    let octet = |tag| sm.tlv(tag).and_then(|value| <[u8; 1]>::try_from(value).ok());
    let reference = sm.tlv(tag::SAR_MSG_REF_NUM)?.try_into().ok()?;
    let ([parts], [part]) = (octet(tag::SAR_TOTAL_SEGMENTS)?, octet(tag::SAR_SEGMENT_SEQNUM)?);
    PartOf::new(u16::from_be_bytes(reference), part, parts)
}

fn number(address: &Address) -> String {
    let digits = String::from_utf8_lossy(&address.digits);
    let digits: String = digits.chars().filter(char::is_ascii_graphic).collect();
    let is_whole = address.ton == INTERNATIONAL || digits.starts_with('+');
    if !is_whole {
        return digits;
    }
    let e164 = format!("+{}", digits.trim_start_matches('+'));
    // One that its country does not have is whose it says all the same.
    PhoneNumber::parse(&e164, None).map_or(e164, |number| number.e164().to_owned())
}

fn without_end(value: &[u8]) -> &[u8] {
    value.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The word after `name`, which begins the text or follows a space.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let at = text.char_indices().map(|(at, _)| at).find(|at| {
        let is_named =
            text[*at..].get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        is_named && text[..*at].chars().next_back().is_none_or(char::is_whitespace)
    })?;
    text[at + name.len()..].split_whitespace().next()
}

pub fn fate_of_number(state: u8) -> Option<Fate> {
    match state {
        2 => Some(Fate::Delivered),
        3 => Some(Fate::Expired),
        // Deleted, undeliverable, rejected.
        4 | 5 | 8 => Some(Fate::Undelivered),
        // On its way, accepted, unknown.
        _ => None,
    }
}

fn fate_of_word(state: &str) -> Option<Fate> {
    match state.to_ascii_uppercase().as_str() {
        "DELIVRD" => Some(Fate::Delivered),
        "EXPIRED" => Some(Fate::Expired),
        "DELETED" | "UNDELIV" | "REJECTD" => Some(Fate::Undelivered),
        // ENROUTE, ACCEPTD, UNKNOWN, and words that some centres make up.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::provider::smpp::pdu::Tlv;

    const TEXT: &str = "id:0123456789 sub:001 dlvrd:001 submit date:2603011200 done date:2603011201 stat:DELIVRD err:000 text:Bill due";

    fn sm(esm_class: u8, text: &str, tlvs: Vec<Tlv>) -> Sm {
        Sm { esm_class, short_message: text.into(), tlvs, ..Sm::default() }
    }

    fn id(value: &[u8]) -> Tlv {
        Tlv { tag: tag::RECEIPTED_MESSAGE_ID, value: value.to_vec() }
    }

    fn state(value: u8) -> Tlv {
        Tlv { tag: tag::MESSAGE_STATE, value: vec![value] }
    }

    fn receipt(provider_ref: &str, fate: Fate) -> Heard {
        Heard::Receipt { provider_ref: provider_ref.to_owned(), fate }
    }

    #[track_caller]
    fn check(sm: Sm, is: Heard) {
        assert_eq!(heard(&sm, IdForm::Text), is);
    }

    #[test]
    fn a_receipt_is_understood_in_every_shape() {
        check(sm(4, TEXT, vec![]), receipt("0123456789", Fate::Delivered));
        // Without its mark.
        check(sm(0, TEXT, vec![]), receipt("0123456789", Fate::Delivered));
        check(sm(4, "", vec![id(b"7\0"), state(3)]), receipt("7", Fate::Expired));
        check(sm(0, "", vec![id(b"7"), state(5)]), receipt("7", Fate::Undelivered));
        // Fields come before words.
        let both = vec![id(b"8\0"), state(8)];
        check(sm(4, TEXT, both), receipt("8", Fate::Undelivered));
        check(sm(4, TEXT, vec![id(b"8\0")]), receipt("8", Fate::Delivered));
        check(sm(4, TEXT, vec![state(3)]), receipt("0123456789", Fate::Expired));
        check(sm(4, "ID:x Stat:undeliv", vec![]), receipt("x", Fate::Undelivered));
        let payload = Tlv { tag: tag::MESSAGE_PAYLOAD, value: TEXT.into() };
        check(sm(4, "", vec![payload]), receipt("0123456789", Fate::Delivered));
    }

    #[test]
    fn what_is_not_the_end_says_nothing() {
        for word in ["ENROUTE", "ACCEPTD", "UNKNOWN", "ACKED", "BUFFRED", "BUFFERD", "", "?"] {
            check(sm(4, &format!("id:7 stat:{word}"), vec![]), Heard::OnItsWay);
        }
        for number in [0, 1, 6, 7, 9, 255] {
            check(sm(4, "", vec![id(b"7\0"), state(number)]), Heard::OnItsWay);
        }
        check(sm(4, "stat:DELIVRD", vec![]), Heard::OnItsWay);
        check(sm(4, "", vec![id(b"\0"), state(2)]), Heard::OnItsWay);
        check(sm(0x20, "id:7", vec![]), Heard::OnItsWay);
    }

    #[test]
    fn an_id_is_found_whether_it_is_written_in_hex_or_not() {
        assert_eq!(canonical(b"1A", IdForm::Hex), canonical(b"0026", IdForm::Decimal));
        assert_eq!(canonical(b"00ab", IdForm::Hex), canonical(b"AB", IdForm::Hex));
        assert_eq!(canonical(b" 00ab\0", IdForm::Text), "00ab");
        assert_eq!(canonical(b"a-b", IdForm::Hex), "a-b");
        for bad in [&b"a b"[..], b"a\0b", b"\xFF", &[b'7'; 129]] {
            assert_eq!(canonical(bad, IdForm::Text), "");
        }
    }

    #[test]
    fn a_text_of_a_subscriber_is_one_whoever_writes_id_in_it() {
        let source = Address { ton: 1, npi: 1, digits: b"4915123456789".to_vec() };
        let stop = Sm { source, ..sm(0, "STOP", vec![]) };
        let Heard::Words { id, from, text, part: None } = heard(&stop, IdForm::Text) else {
            panic!()
        };
        assert_eq!((from.as_str(), text.as_str()), ("+4915123456789", "STOP"));
        assert_eq!(id.len(), 32);
        let again = heard(&stop, IdForm::Text);
        assert!(matches!(again, Heard::Words { id: same, .. } if same == id));
        let words = heard(&sm(0, "paid:yes id:77", vec![]), IdForm::Text);
        assert!(matches!(words, Heard::Words { .. }), "{words:?}");
        let short = Address { ton: 0, npi: 1, digits: b"015123456789".to_vec() };
        let national = heard(&Sm { source: short, ..sm(0, "x", vec![]) }, IdForm::Text);
        assert!(matches!(national, Heard::Words { from, .. } if from == "015123456789"));
    }

    #[test]
    fn a_part_is_told_by_its_header_or_by_fields() {
        let part = |sm: &Sm| match heard(sm, IdForm::Text) {
            Heard::Words { text, part, id, .. } => (text, part.unwrap(), id),
            other => panic!("{other:?}"),
        };
        let header =
            Sm { short_message: b"\x05\0\x03\x07\x02\x02STOP".to_vec(), ..sm(0x40, "", vec![]) };
        let (text, of, _) = part(&header);
        assert_eq!((text.as_str(), of), ("STOP", PartOf { reference: 7, part: 2, parts: 2 }));
        let fields = |part: u8| {
            let field = |tag, value: &[u8]| Tlv { tag, value: value.to_vec() };
            let tlvs = vec![
                field(tag::SAR_MSG_REF_NUM, &[2, 1]),
                field(tag::SAR_TOTAL_SEGMENTS, &[2]),
                field(tag::SAR_SEGMENT_SEQNUM, &[part]),
            ];
            sm(0, "ha", tlvs)
        };
        let (text, of, first) = part(&fields(1));
        assert_eq!((text.as_str(), of), ("ha", PartOf { reference: 513, part: 1, parts: 2 }));
        assert_ne!(first, part(&fields(2)).2, "the same words, and not the same part");
    }

    proptest! {
        #[test]
        fn nothing_that_is_delivered_makes_it_panic(
            esm_class: u8,
            data_coding: u8,
            short_message in prop::collection::vec(any::<u8>(), 0..255),
            value in prop::collection::vec(any::<u8>(), 0..40),
            digits in prop::collection::vec(any::<u8>(), 0..30),
        ) {
            let source = Address { ton: 1, npi: 1, digits };
            let tlvs = vec![id(&value)];
            let sm = Sm { esm_class, data_coding, short_message, source, tlvs, ..Sm::default() };
            for form in [IdForm::Text, IdForm::Decimal, IdForm::Hex] {
                let _ = heard(&sm, form);
            }
        }

        #[test]
        fn nor_does_any_text(text in "(id:|stat:|[ a-z0-9ä]){0,12}") {
            let _ = heard(&sm(4, &text, vec![]), IdForm::Hex);
        }
    }
}
