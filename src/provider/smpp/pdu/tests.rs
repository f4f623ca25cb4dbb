//! The units as bytes and back, and bytes that are none.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn text() -> impl Strategy<Value = Vec<u8>> {
    vec(1..=255u8, 0..30)
}

fn address() -> impl Strategy<Value = Address> {
    (any::<u8>(), any::<u8>(), text()).prop_map(|(ton, npi, digits)| Address { ton, npi, digits })
}

fn sm() -> impl Strategy<Value = Sm> {
    let tlv = (any::<u16>(), vec(any::<u8>(), 0..300)).prop_map(|(tag, value)| Tlv { tag, value });
    let numbers = (any::<u8>(), any::<u8>(), any::<u8>());
    let message = vec(any::<u8>(), 0..=254);
    (text(), address(), address(), numbers, text(), message, vec(tlv, 0..4)).prop_map(
        |(service_type, source, destination, numbers, validity_period, short_message, tlvs)| Sm {
            service_type,
            source,
            destination,
            esm_class: numbers.0,
            registered_delivery: numbers.1,
            data_coding: numbers.2,
            validity_period,
            short_message,
            tlvs,
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    let bind = (text(), text(), text()).prop_map(|(system_id, password, system_type)| {
        Body::BindTransceiver(Bind { system_id, password, system_type })
    });
    let data = sm().prop_map(|sm| {
        let bare = Sm { validity_period: Vec::new(), short_message: Vec::new(), ..sm };
        Body::DataSm(Box::new(bare))
    });
    prop_oneof![
        bind,
        data,
        sm().prop_map(|sm| Body::SubmitSm(Box::new(sm))),
        sm().prop_map(|sm| Body::DeliverSm(Box::new(sm))),
        text().prop_map(|message_id| Body::SubmitSmResp { message_id }),
        (text(), address()).prop_map(|(message_id, source)| Body::QuerySm { message_id, source }),
        any::<u8>().prop_map(|state| Body::QuerySmResp { state }),
        Just(Body::BindTransceiverResp),
        Just(Body::DeliverSmResp),
        Just(Body::DataSmResp),
        Just(Body::EnquireLink),
        Just(Body::EnquireLinkResp),
        Just(Body::Unbind),
        Just(Body::UnbindResp),
        Just(Body::GenericNack),
        Just(Body::Other(0x102)),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(body in body(), status: u32, sequence: u32) {
        let pdu = Pdu { status, sequence, body };
        let bytes = pdu.to_bytes();
        prop_assert_eq!(length(bytes[..4].try_into().unwrap()), Ok(bytes.len()));
        prop_assert_eq!(super::sequence(&bytes), Some(sequence));
        prop_assert_eq!(Pdu::parse(&bytes), Ok(pdu));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = Pdu::parse(&bytes);
    }

    #[test]
    fn nor_do_spoilt_units(body in body(), at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let mut bytes = Pdu::new(1, body).to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(cut.index(bytes.len() + 1).max(4));
        let told = (bytes.len() as u32).to_be_bytes();
        bytes[..4].copy_from_slice(&told);
        let _ = Pdu::parse(&bytes);
    }
}

#[test]
fn a_length_that_cannot_be_right_is_refused() {
    for bad in [0, 15, PDU_BYTES_MAX as u32 + 1, u32::MAX] {
        assert_eq!(length(bad.to_be_bytes()), Err(BadPdu));
    }
    assert_eq!(length(16u32.to_be_bytes()), Ok(16));
}

#[test]
fn a_field_that_breaks_off_at_the_end_costs_nothing_before_it() {
    let id = Tlv { tag: tag::RECEIPTED_MESSAGE_ID, value: b"7\0".to_vec() };
    let sm = Sm { tlvs: vec![id.clone()], ..Sm::default() };
    let mut bytes = Pdu::new(1, Body::DeliverSm(Box::new(sm.clone()))).to_bytes();
    bytes.extend([0x04, 0x27, 0x00, 0x01]);
    let told = (bytes.len() as u32).to_be_bytes();
    bytes[..4].copy_from_slice(&told);
    assert_eq!(Pdu::parse(&bytes), Ok(Pdu::new(1, Body::DeliverSm(Box::new(sm)))));
}
