//! SMS through an operator's own centre (SMSC), over SMPP 3.4.
//!
//! The units are our own, a small file of them (`pdu`), as is the session:
//! what matters is whether a message had left when something failed. A long
//! text is several messages with a reference each; part by part, so that a
//! refused first part means that nothing left. Receipts name these references
//! and not our key: the store brings the two together.

mod inbound;
mod pdu;
mod query;
mod session;
mod status;
mod text;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use self::inbound::{Heard, IdForm, canonical};
use self::pdu::{Address, Bind, Body, Sm, Tlv, tag};
use self::session::{Ack, Answer, Centre, Delivery, Ends, NotSent, Order};
use self::status::{Meaning, Statuses, THROTTLED_FOR};
use self::text::{LongMessages, Part, PartOf};
use super::api::secret;
use super::kinds::{Adapter, Connected, Site};
use super::secret::Secret;
use super::{Capabilities, Delay, Inquiry, Listener, Now, Outgoing, PartReceipt, Refusal};
use super::{Meaning as Said, Reply, SendOutcome, Sender, Told, our_account};
use crate::model::reply::TextPart;
use crate::model::{Channel, Content, id};

/// What may wait for being made durable; more is sent away to come again.
const DELIVERIES_MAX: usize = 1_000;
/// Longer than any contact window; some centres refuse more.
const VALID_MAX_S: i64 = 30 * 86_400;

/// A centre, in the settings as `[provider.smpp]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// A PEM file of certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    pub system_id: String,
    pub password_file: Option<PathBuf>,
    pub system_type: String,
    pub service_type: String,
    /// A number (`+…`), a short code, or a name of up to 11 letters.
    pub source: String,
    /// Type and plan of the source; from its form where left out.
    pub source_ton: Option<u8>,
    pub source_npi: Option<u8>,
    pub destination_ton: u8,
    pub destination_npi: u8,
    /// Submissions without an answer.
    pub window: u32,
    pub long_messages: LongMessages,
    /// A longer text is refused.
    pub parts_max: u8,
    pub validity: Validity,
    pub receipts: bool,
    /// The centre understands `query_sm`. Some hang up on it.
    pub queries: bool,
    /// How ids stand in the answer to a submission, and in receipts.
    pub response_ids: IdForm,
    pub receipt_ids: IdForm,
    pub enquire_link_s: u32,
    /// For connecting and for each answer.
    pub timeout_ms: u32,
    /// What statuses mean here, `"0x45" = "down"`, before our own list.
    pub statuses: BTreeMap<String, Meaning>,
}

/// How the way to the centre is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// The protocol's own way; for a private network.
    None,
    /// From the first byte.
    Implicit,
}

/// How the centre is told when a message expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Validity {
    /// "In so long": needs no clock in common.
    Relative,
    /// The instant, in UTC.
    Absolute,
    /// Not at all: a backlog of the centre's may deliver at night.
    None,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            host: String::new(),
            port: 2775,
            tls: Tls::None,
            ca_file: None,
            system_id: String::new(),
            password_file: None,
            system_type: String::new(),
            service_type: String::new(),
            source: String::new(),
            source_ton: None,
            source_npi: None,
            destination_ton: 1,
            destination_npi: 1,
            window: 10,
            long_messages: LongMessages::Udh8,
            parts_max: 6,
            validity: Validity::Relative,
            receipts: true,
            queries: false,
            response_ids: IdForm::Text,
            receipt_ids: IdForm::Text,
            enquire_link_s: 30,
            timeout_ms: 30_000,
            statuses: BTreeMap::new(),
        }
    }
}

/// Sends through a centre, and hears what it delivers.
pub struct Smpp {
    name: String,
    settings: Settings,
    source: Address,
    statuses: Statuses,
    timeout: Duration,
    orders: mpsc::Sender<Order>,
    /// The session is begun by whoever needs it first.
    begins: Mutex<Option<(Centre, Ends)>>,
    inbox: tokio::sync::Mutex<Inbox>,
}

/// What was delivered to us, and the answers that it waits for.
struct Inbox {
    deliveries: mpsc::Receiver<Delivery>,
    acks: mpsc::UnboundedSender<Ack>,
    /// What was handed on last.
    handed: Vec<Ack>,
}

impl Smpp {
    /// Checks the settings and reads the files that they name. The centre is
    /// not called: it may be away when the daemon starts.
    pub fn connect(name: &str, settings: &Settings) -> anyhow::Result<Smpp> {
        ensure!(!settings.host.is_empty(), "host is empty; name the SMSC");
        ensure!(!settings.system_id.is_empty(), "system_id is empty; write the one agreed upon");
        ensure!(settings.window > 0, "window is 0; allow at least one");
        ensure!(settings.parts_max > 0, "parts_max is 0; allow at least one");
        ensure!(settings.enquire_link_s > 0, "enquire_link_s is 0; write some, such as 30");
        ensure!(settings.timeout_ms > 0, "timeout_ms is 0; allow some time, such as 30000");
        let forms = (settings.response_ids, settings.receipt_ids);
        ensure!(
            (forms.0 == IdForm::Text) == (forms.1 == IdForm::Text),
            "receipt_ids cannot be compared with response_ids; make both text, or neither"
        );
        let statuses = status::by_number(&settings.statuses).map_err(anyhow::Error::msg);
        let statuses = statuses.context("statuses")?;
        let timeout = Duration::from_millis(settings.timeout_ms.into());
        let centre = Centre {
            name: name.to_owned(),
            host: settings.host.clone(),
            port: settings.port,
            tls: match settings.tls {
                Tls::None => None,
                Tls::Implicit => Some(Arc::new(super::tls::trusting(settings.ca_file.as_deref())?)),
            },
            login: login(settings)?,
            window: settings.window as usize,
            enquire_every: Duration::from_secs(settings.enquire_link_s.into()),
            timeout,
            statuses: statuses.clone(),
            receipt_ids: settings.receipt_ids,
        };
        let (orders, taken) = mpsc::channel(settings.window as usize);
        let (acks, acked) = mpsc::unbounded_channel();
        let (delivered, deliveries) = mpsc::channel(DELIVERIES_MAX);
        let ends = Ends { orders: taken, acks: acked, deliveries: delivered };
        Ok(Smpp {
            name: name.to_owned(),
            source: source(settings)?,
            settings: settings.clone(),
            statuses,
            timeout,
            orders,
            begins: Mutex::new(Some((centre, ends))),
            inbox: tokio::sync::Mutex::new(Inbox { deliveries, acks, handed: Vec::new() }),
        })
    }

    fn begin(&self) {
        let begins = self.begins.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((centre, ends)) = begins {
            tokio::spawn(session::keep(centre, ends));
        }
    }

    /// What the centre answers to one unit, in the order of those who ask.
    async fn answer_to(&self, body: Body) -> Answer {
        let (answer, told) = oneshot::channel();
        let order = Order { body, until: Instant::now() + self.timeout, answer };
        match self.orders.send(order).await {
            Ok(()) => told.await.unwrap_or(Answer::Lost("the session ended")),
            Err(_) => Answer::NotSent(NotSent::Unreachable),
        }
    }

    /// Hands one part over; its reference, or what is true instead.
    async fn handed_over(&self, sm: &Sm) -> Result<String, SendOutcome> {
        match self.answer_to(Body::SubmitSm(Box::new(sm.clone()))).await {
            Answer::Told { status: pdu::OK, message_id } => {
                Ok(canonical(&message_id, self.settings.response_ids))
            }
            Answer::Told { status, .. } => Err(status::outcome(status, &self.statuses)),
            // Not what was asked.
            Answer::State { .. } => {
                Err(SendOutcome::Ambiguous { note: "smpp: another answer".to_owned() })
            }
            Answer::NotSent(why) => Err(not_sent(why)),
            Answer::Lost(what) => Err(SendOutcome::Ambiguous { note: format!("smpp: {what}") }),
        }
    }

    /// The parts in their order. Once one was taken, the others are to follow:
    /// what keeps them only for a while is waited for.
    async fn all_handed_over(&self, parts: &[Sm]) -> SendOutcome {
        let mut refs = Vec::with_capacity(parts.len());
        let until = Instant::now() + self.timeout;
        while let Some(part) = parts.get(refs.len()) {
            let taken = refs.len();
            match self.handed_over(part).await {
                Ok(reference) => refs.push(reference),
                Err(outcome) if taken == 0 => return outcome,
                Err(SendOutcome::Deferred { .. }) if Instant::now() < until => {
                    sleep(THROTTLED_FOR.unsigned_abs()).await;
                }
                Err(
                    SendOutcome::Deferred { note, .. }
                    | SendOutcome::Rejected { note, .. }
                    | SendOutcome::Ambiguous { note },
                ) => {
                    let note = format!("{note}; {taken} of {} parts were taken", parts.len());
                    return SendOutcome::Ambiguous { note };
                }
                Err(accepted) => return accepted,
            }
        }
        // Without a reference no receipt can be told.
        if !self.settings.receipts || refs.iter().any(String::is_empty) {
            refs.retain(|reference| !reference.is_empty());
            let provider_ref = (!refs.is_empty()).then(|| refs.join(" "));
            return SendOutcome::Accepted { provider_ref };
        }
        SendOutcome::AcceptedInParts { refs }
    }

    /// The messages that an attempt consists of.
    fn messages(&self, message: &Outgoing, now: Timestamp) -> Result<Vec<Sm>, SendOutcome> {
        let rejected =
            |because, what: &str| SendOutcome::Rejected { because, note: format!("smpp: {what}") };
        let Content::Sms { text } = &message.content else {
            return Err(rejected(Refusal::BadContent, "it carries SMS alone"));
        };
        let phone = message.to.phone.as_ref();
        let phone = phone.ok_or_else(|| rejected(Refusal::BadRecipient, "no usable number"))?;
        let reference = id::spread(&message.key.to_string()) as u16;
        let parts = text::parts(text, self.settings.long_messages, reference);
        let parts = parts.filter(|parts| parts.len() <= usize::from(self.settings.parts_max));
        let parts =
            parts.ok_or_else(|| rejected(Refusal::BadContent, "more parts than parts_max"))?;
        let validity_period = self.validity(message.expires_at, now)?;
        let digits = phone.e164().trim_start_matches('+').into();
        let (ton, npi) = (self.settings.destination_ton, self.settings.destination_npi);
        let destination = Address { ton, npi, digits };
        let sm = |part: Part| {
            let (short_message, tlvs) = match part.is_payload {
                false => (part.bytes, Vec::new()),
                true => (Vec::new(), vec![Tlv { tag: tag::MESSAGE_PAYLOAD, value: part.bytes }]),
            };
            Sm {
                service_type: self.settings.service_type.clone().into(),
                source: self.source.clone(),
                destination: destination.clone(),
                esm_class: part.esm_class,
                validity_period: validity_period.clone(),
                registered_delivery: u8::from(self.settings.receipts),
                data_coding: part.data_coding,
                short_message,
                tlvs,
            }
        };
        Ok(parts.into_iter().map(sm).collect())
    }

    fn validity(&self, expires_at: Timestamp, now: Timestamp) -> Result<Vec<u8>, SendOutcome> {
        let left = expires_at.duration_since(now).as_secs().min(VALID_MAX_S);
        if left < 1 {
            let note = "smpp: it has expired".to_owned();
            return Err(SendOutcome::Deferred { because: Delay::Down, wait: None, note });
        }
        Ok(match self.settings.validity {
            Validity::None => Vec::new(),
            // Years, months, days, hours, minutes, seconds, tenths, from now.
            Validity::Relative => {
                let (minutes, hours) = (left / 60, left / 3600);
                let (day, hour) = (hours / 24, hours % 24);
                format!("0000{day:02}{hour:02}{:02}{:02}000R", minutes % 60, left % 60).into()
            }
            // And none of the quarters of an hour that it is off from UTC.
            Validity::Absolute => expires_at.strftime("%y%m%d%H%M%S000+").to_string().into(),
        })
    }
}

fn login(settings: &Settings) -> anyhow::Result<Secret<Bind>> {
    let all = settings.clone();
    Secret::open(settings.password_file.iter().cloned().collect(), move || {
        let password = all.password_file.as_ref().map(|path| secret("password_file", path));
        Ok(Bind {
            system_id: all.system_id.clone().into(),
            password: password.transpose()?.unwrap_or_default().into(),
            system_type: all.system_type.clone().into(),
        })
    })
}

fn not_sent(why: NotSent) -> SendOutcome {
    let note = match why {
        NotSent::Unreachable => "smpp: the centre cannot be reached".to_owned(),
        NotSent::Refused(status) => our_account(&format!("smpp bind 0x{status:02X}")),
        NotSent::Late => {
            // The window is full, and stays full.
            let note = "smpp: no turn in time".to_owned();
            return SendOutcome::Deferred { because: Delay::Throttled, wait: None, note };
        }
    };
    SendOutcome::Deferred { because: Delay::Down, wait: None, note }
}

/// The source with its type of number and its numbering plan.
fn source(settings: &Settings) -> anyhow::Result<Address> {
    const NAME_LENGTH_MAX: usize = 11;
    const DIGITS_MAX: usize = 20;
    let text = settings.source.as_str();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (ton, npi) = match (is_number, text.starts_with('+')) {
        // International and E.164; a short code of the network; a name.
        (true, true) => (1, 1),
        (true, false) => (3, 0),
        (false, _) => (5, 0),
    };
    if is_number {
        ensure!(digits.len() <= DIGITS_MAX, "source is longer than {DIGITS_MAX} digits");
    } else if !text.is_empty() {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        ensure!(
            is_plain && text.len() <= NAME_LENGTH_MAX,
            "source is neither a number nor a name of up to {NAME_LENGTH_MAX} ASCII letters"
        );
    }
    let (ton, npi) = if text.is_empty() { (0, 0) } else { (ton, npi) };
    Ok(Address {
        ton: settings.source_ton.unwrap_or(ton),
        npi: settings.source_npi.unwrap_or(npi),
        digits: if is_number { digits.into() } else { text.into() },
    })
}

impl Adapter for Smpp {
    const KIND: &'static str = "smpp";
    type Settings = Settings;

    fn carries(_: &Settings) -> Vec<Channel> {
        vec![Channel::Sms]
    }

    fn connect(name: &str, settings: Settings, _: &Site) -> anyhow::Result<Connected> {
        let smpp = Arc::new(Smpp::connect(name, &settings)?);
        let inquiry = settings.queries.then(|| smpp.clone() as Arc<dyn Inquiry>);
        Ok(Connected { listener: Some(smpp.clone()), inquiry, ..Connected::sending(smpp) })
    }
}

#[async_trait]
impl Sender for Smpp {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            receipts: self.settings.receipts,
            in_flight_max: Some(self.settings.window),
            ..Capabilities::default()
        }
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        self.begin();
        match self.messages(message, now) {
            Ok(parts) => self.all_handed_over(&parts).await,
            Err(outcome) => outcome,
        }
    }
}

#[async_trait]
impl Listener for Smpp {
    async fn next(&self, limit: usize, now: Now<'_>) -> Vec<Told> {
        self.begin();
        let mut inbox = self.inbox.lock().await;
        for ack in std::mem::take(&mut inbox.handed) {
            // Where the session is gone, the centre delivers it again.
            let _ = inbox.acks.send(ack);
        }
        let mut deliveries = Vec::new();
        if inbox.deliveries.recv_many(&mut deliveries, limit).await == 0 {
            // The session never ends while we are here to need it.
            std::future::pending::<()>().await;
        }
        let at = now();
        inbox.handed = deliveries.iter().map(|delivery| delivery.ack).collect();
        deliveries.into_iter().filter_map(|delivery| told(delivery.heard, at)).collect()
    }
}

/// The centre's own dates tell no zone; when it came to us is what counts.
fn told(heard: Heard, at: Timestamp) -> Option<Told> {
    match heard {
        Heard::Receipt { provider_ref, fate } => {
            Some(Told::Receipt(PartReceipt { provider_ref, fate, at }))
        }
        Heard::OnItsWay => None,
        Heard::Words { id, from, text, part } => {
            let from = (!from.is_empty()).then_some(from);
            let meaning = match part {
                None => Said::Text(text),
                Some(PartOf { reference, part, parts }) => {
                    Said::Part(TextPart { words: text, reference, part, parts })
                }
            };
            let reply = Reply { channel: Channel::Sms, about: None, from, meaning, at };
            // One that is delivered again comes soon; the same words on another
            // day are not the same.
            let message_id = format!("{id}/{}", at.as_second() / 60);
            Some(Told::Reply { message_id, reply })
        }
    }
}

#[cfg(test)]
mod tests;
