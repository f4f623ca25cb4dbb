//! The units that SMPP 3.4 is made of, as far as we say or hear them: bytes
//! into values and back.
//!
//! The specification is "Short Message Peer to Peer Protocol Specification
//! v3.4", sections 4 and 5. Every unit is a head of four numbers (length,
//! command, status, sequence), fixed fields, and optional ones that each tell
//! their length (TLV).

/// Of the head.
pub const HEAD_BYTES: usize = 16;
/// A message of 64 KB in a TLV is the longest that the protocol knows.
pub const PDU_BYTES_MAX: usize = 70_000;

pub const OK: u32 = 0;
/// The status of an answer to what we do not know.
pub const BAD_COMMAND: u32 = 0x03;
/// "Temporary application error": the other side repeats it later.
pub const COME_AGAIN: u32 = 0x64;

const GENERIC_NACK: u32 = 0x8000_0000;
const BIND_TRANSCEIVER: u32 = 0x09;
const QUERY_SM: u32 = 0x03;
const SUBMIT_SM: u32 = 0x04;
const DELIVER_SM: u32 = 0x05;
const UNBIND: u32 = 0x06;
const ENQUIRE_LINK: u32 = 0x15;
const DATA_SM: u32 = 0x0103;
const RESPONSE: u32 = 0x8000_0000;

/// Of the optional fields, those that we use.
pub mod tag {
    pub const SAR_MSG_REF_NUM: u16 = 0x020C;
    pub const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
    pub const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    pub const MESSAGE_STATE: u16 = 0x0427;
}

/// One unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    pub status: u32,
    pub sequence: u32,
    pub body: Body,
}

/// What a unit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    BindTransceiver(Bind),
    BindTransceiverResp,
    SubmitSm(Box<Sm>),
    /// Empty where the message was refused.
    SubmitSmResp {
        message_id: Vec<u8>,
    },
    /// What became of a message, by its id and the source that it was given with.
    QuerySm {
        message_id: Vec<u8>,
        source: Address,
    },
    /// Its `message_state`; 0 where the question was refused.
    QuerySmResp {
        state: u8,
    },
    DeliverSm(Box<Sm>),
    DeliverSmResp,
    DataSm(Box<Sm>),
    DataSmResp,
    EnquireLink,
    EnquireLinkResp,
    Unbind,
    UnbindResp,
    GenericNack,
    /// One that we have no use for, by its number.
    Other(u32),
}

/// Who logs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bind {
    pub system_id: Vec<u8>,
    pub password: Vec<u8>,
    pub system_type: Vec<u8>,
}

/// An address with its type of number and its numbering plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    pub ton: u8,
    pub npi: u8,
    pub digits: Vec<u8>,
}

/// A short message, in either direction; a `data_sm` has fewer of these fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sm {
    pub service_type: Vec<u8>,
    pub source: Address,
    pub destination: Address,
    pub esm_class: u8,
    pub validity_period: Vec<u8>,
    pub registered_delivery: u8,
    pub data_coding: u8,
    /// 254 octets at most.
    pub short_message: Vec<u8>,
    pub tlvs: Vec<Tlv>,
}

/// An optional field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tlv {
    pub tag: u16,
    pub value: Vec<u8>,
}

impl Sm {
    pub fn tlv(&self, tag: u16) -> Option<&[u8]> {
        self.tlvs.iter().find(|tlv| tlv.tag == tag).map(|tlv| tlv.value.as_slice())
    }

    /// What is said, wherever it lies.
    pub fn content(&self) -> &[u8] {
        match self.short_message.as_slice() {
            [] => self.tlv(tag::MESSAGE_PAYLOAD).unwrap_or_default(),
            message => message,
        }
    }
}

/// The bytes are no unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an SMPP unit")]
pub struct BadPdu;

/// The length that a head tells, its own bytes included.
///
/// # Errors
/// Where it cannot be right: what follows could not be told apart.
pub fn length(head: [u8; 4]) -> Result<usize, BadPdu> {
    let length = u32::from_be_bytes(head) as usize;
    if (HEAD_BYTES..=PDU_BYTES_MAX).contains(&length) { Ok(length) } else { Err(BadPdu) }
}

/// The sequence number of a whole unit, whatever else it holds.
pub fn sequence(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(12..16)?.try_into().ok()?))
}

impl Pdu {
    pub fn new(sequence: u32, body: Body) -> Pdu {
        Pdu { status: OK, sequence, body }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![0; HEAD_BYTES];
        let command = match &self.body {
            Body::BindTransceiver(bind) => {
                put_text(&mut out, &bind.system_id);
                put_text(&mut out, &bind.password);
                put_text(&mut out, &bind.system_type);
                // Version 3.4, and addresses of any kind.
                out.extend([0x34, 0, 0, 0]);
                BIND_TRANSCEIVER
            }
            Body::SubmitSm(sm) => {
                put_sm(&mut out, sm);
                SUBMIT_SM
            }
            Body::QuerySm { message_id, source } => {
                put_text(&mut out, message_id);
                put_address(&mut out, source);
                QUERY_SM
            }
            Body::QuerySmResp { state } => {
                // No id, no date, and no error of a network's.
                out.extend([0, 0, *state, 0]);
                QUERY_SM | RESPONSE
            }
            Body::DeliverSm(sm) => {
                put_sm(&mut out, sm);
                DELIVER_SM
            }
            Body::DataSm(sm) => {
                put_data(&mut out, sm);
                DATA_SM
            }
            Body::BindTransceiverResp => {
                out.push(0);
                BIND_TRANSCEIVER | RESPONSE
            }
            Body::SubmitSmResp { message_id } => {
                put_text(&mut out, message_id);
                SUBMIT_SM | RESPONSE
            }
            // The message id of this answer is reserved, and empty.
            Body::DeliverSmResp => {
                out.push(0);
                DELIVER_SM | RESPONSE
            }
            Body::DataSmResp => {
                out.push(0);
                DATA_SM | RESPONSE
            }
            Body::EnquireLink => ENQUIRE_LINK,
            Body::EnquireLinkResp => ENQUIRE_LINK | RESPONSE,
            Body::Unbind => UNBIND,
            Body::UnbindResp => UNBIND | RESPONSE,
            Body::GenericNack => GENERIC_NACK,
            Body::Other(command) => *command,
        };
        let length = out.len() as u32;
        for (place, number) in [length, command, self.status, self.sequence].iter().enumerate() {
            out[place * 4..place * 4 + 4].copy_from_slice(&number.to_be_bytes());
        }
        out
    }

    /// One whole unit, its head included.
    ///
    /// # Errors
    /// Where the bytes are none; that it broke off counts as such.
    pub fn parse(bytes: &[u8]) -> Result<Pdu, BadPdu> {
        let mut fields = Reader { rest: bytes };
        let (length, command) = (fields.number()?, fields.number()?);
        let (status, sequence) = (fields.number()?, fields.number()?);
        if length as usize != bytes.len() {
            return Err(BadPdu);
        }
        let body = match command {
            BIND_TRANSCEIVER => Body::BindTransceiver(Bind {
                system_id: fields.text()?,
                password: fields.text()?,
                system_type: fields.text()?,
            }),
            SUBMIT_SM => Body::SubmitSm(Box::new(fields.sm()?)),
            DELIVER_SM => Body::DeliverSm(Box::new(fields.sm()?)),
            DATA_SM => Body::DataSm(Box::new(fields.data()?)),
            // A refusal may come without the field.
            command if command == SUBMIT_SM | RESPONSE => Body::SubmitSmResp {
                message_id: if fields.rest.is_empty() { Vec::new() } else { fields.text()? },
            },
            QUERY_SM => Body::QuerySm { message_id: fields.text()?, source: fields.address()? },
            // A refusal may come without the fields.
            command if command == QUERY_SM | RESPONSE && fields.rest.is_empty() => {
                Body::QuerySmResp { state: 0 }
            }
            command if command == QUERY_SM | RESPONSE => {
                // The id that was asked for, and when it ended.
                let (_, _) = (fields.text()?, fields.text()?);
                Body::QuerySmResp { state: fields.byte()? }
            }
            command if command == BIND_TRANSCEIVER | RESPONSE => Body::BindTransceiverResp,
            command if command == DELIVER_SM | RESPONSE => Body::DeliverSmResp,
            command if command == DATA_SM | RESPONSE => Body::DataSmResp,
            ENQUIRE_LINK => Body::EnquireLink,
            command if command == ENQUIRE_LINK | RESPONSE => Body::EnquireLinkResp,
            UNBIND => Body::Unbind,
            command if command == UNBIND | RESPONSE => Body::UnbindResp,
            GENERIC_NACK => Body::GenericNack,
            other => Body::Other(other),
        };
        Ok(Pdu { status, sequence, body })
    }
}

/// Text with a zero at its end; one inside would end it early.
fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend(text.iter().take_while(|byte| **byte != 0));
    out.push(0);
}

fn put_address(out: &mut Vec<u8>, address: &Address) {
    out.extend([address.ton, address.npi]);
    put_text(out, &address.digits);
}

fn put_tlvs(out: &mut Vec<u8>, tlvs: &[Tlv]) {
    for tlv in tlvs {
        let value = &tlv.value[..tlv.value.len().min(usize::from(u16::MAX))];
        out.extend(tlv.tag.to_be_bytes());
        out.extend((value.len() as u16).to_be_bytes());
        out.extend(value);
    }
}

fn put_sm(out: &mut Vec<u8>, sm: &Sm) {
    put_text(out, &sm.service_type);
    put_address(out, &sm.source);
    put_address(out, &sm.destination);
    // Protocol id, priority, and no time of delivery: at once.
    out.extend([sm.esm_class, 0, 0, 0]);
    put_text(out, &sm.validity_period);
    // Nothing is replaced, and no text of the centre's own is sent.
    out.extend([sm.registered_delivery, 0, sm.data_coding, 0]);
    let message = &sm.short_message[..sm.short_message.len().min(usize::from(u8::MAX))];
    out.push(message.len() as u8);
    out.extend(message);
    put_tlvs(out, &sm.tlvs);
}

fn put_data(out: &mut Vec<u8>, sm: &Sm) {
    put_text(out, &sm.service_type);
    put_address(out, &sm.source);
    put_address(out, &sm.destination);
    out.extend([sm.esm_class, sm.registered_delivery, sm.data_coding]);
    put_tlvs(out, &sm.tlvs);
}

/// Takes fields off the front.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn bytes(&mut self, count: usize) -> Result<&[u8], BadPdu> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(BadPdu)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, BadPdu> {
        Ok(self.bytes(1)?[0])
    }

    fn short(&mut self) -> Result<u16, BadPdu> {
        let bytes = self.bytes(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn number(&mut self) -> Result<u32, BadPdu> {
        let bytes = self.bytes(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// Up to a zero. Longer than the specification allows is not minded:
    /// centres have longer ids.
    fn text(&mut self) -> Result<Vec<u8>, BadPdu> {
        let end = self.rest.iter().position(|byte| *byte == 0).ok_or(BadPdu)?;
        let text = self.bytes(end)?.to_vec();
        self.byte()?;
        Ok(text)
    }

    fn address(&mut self) -> Result<Address, BadPdu> {
        Ok(Address { ton: self.byte()?, npi: self.byte()?, digits: self.text()? })
    }

    /// To the end. What breaks off there is left out: some centres send less
    /// than they announce, and the fields before it are whole.
    fn tlvs(&mut self) -> Vec<Tlv> {
        let mut tlvs = Vec::new();
        while let (Ok(tag), Ok(length)) = (self.short(), self.short()) {
            match self.bytes(usize::from(length)) {
                Ok(value) => tlvs.push(Tlv { tag, value: value.to_vec() }),
                Err(BadPdu) => break,
            }
        }
        tlvs
    }

    fn sm(&mut self) -> Result<Sm, BadPdu> {
        let service_type = self.text()?;
        let (source, destination) = (self.address()?, self.address()?);
        let esm_class = self.byte()?;
        self.bytes(2)?;
        self.text()?;
        let validity_period = self.text()?;
        let registered_delivery = self.byte()?;
        self.byte()?;
        let data_coding = self.byte()?;
        self.byte()?;
        let length = usize::from(self.byte()?);
        let short_message = self.bytes(length)?.to_vec();
        Ok(Sm {
            service_type,
            source,
            destination,
            esm_class,
            validity_period,
            registered_delivery,
            data_coding,
            short_message,
            tlvs: self.tlvs(),
        })
    }

    fn data(&mut self) -> Result<Sm, BadPdu> {
        Ok(Sm {
            service_type: self.text()?,
            source: self.address()?,
            destination: self.address()?,
            esm_class: self.byte()?,
            registered_delivery: self.byte()?,
            data_coding: self.byte()?,
            tlvs: self.tlvs(),
            ..Sm::default()
        })
    }
}

#[cfg(test)]
mod tests;
