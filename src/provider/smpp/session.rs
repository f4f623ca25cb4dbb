//! The session with the centre: connected, logged in, kept alive, and made
//! anew when it ends.
//!
//! One task owns it. Orders come in by a queue and are answered one by one:
//! told by the centre, certainly not handed over, or lost. Lost is what was
//! written and has no answer, as nobody knows what became of it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsConnector;
use tracing::{debug, info, warn};

use super::inbound::{self, Heard, IdForm};
use super::pdu::{self, Bind, Body, Pdu, Sm};
use super::status::{self, Meaning, Statuses};
use crate::provider::secret::Secret;

/// A session that lasted this long was a good one: the next is tried at once.
const GOOD_AFTER: Duration = Duration::from_secs(60);
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(60);
/// After this many failures the wait has come to its limit.
const DOUBLINGS_MAX: u32 = 6;
/// A notification that asks for no answer.
const ALERT_NOTIFICATION: u32 = 0x102;
const BAD_LENGTH: u32 = 0x02;
const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;

/// The centre, and how we deal with it.
pub struct Centre {
    /// As it stands in the settings, for the log.
    pub name: String,
    pub host: String,
    pub port: u16,
    pub tls: Option<Arc<ClientConfig>>,
    pub login: Secret<Bind>,
    /// Submissions without an answer.
    pub window: usize,
    pub enquire_every: Duration,
    /// For connecting and for each answer.
    pub timeout: Duration,
    pub statuses: Statuses,
    pub receipt_ids: IdForm,
}

/// A message to be handed over, or a question about one.
pub struct Order {
    pub body: Body,
    /// When it is no longer worth it.
    pub until: Instant,
    pub answer: oneshot::Sender<Answer>,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Told { status: u32, message_id: Vec<u8> },
    State { status: u32, state: u8 },
    NotSent(NotSent),
    Lost(&'static str),
}

/// Why nothing was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSent {
    Unreachable,
    /// The centre did not let us in, by its status.
    Refused(u32),
    /// It waited too long for its turn.
    Late,
}

/// What was delivered to us, and waits for its answer.
pub struct Delivery {
    pub heard: Heard,
    pub ack: Ack,
}

/// The answer to a delivery: it is durable.
#[derive(Debug, Clone, Copy)]
pub struct Ack {
    session: u64,
    sequence: u32,
    is_data: bool,
}

/// What the task has to do with the others.
pub struct Ends {
    pub orders: mpsc::Receiver<Order>,
    pub acks: mpsc::UnboundedReceiver<Ack>,
    pub deliveries: mpsc::Sender<Delivery>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Keeps a session until nobody has orders any more.
pub async fn keep(centre: Centre, mut ends: Ends) {
    let mut failures = 0;
    for number in 1.. {
        let began = Instant::now();
        let login = centre.login.current();
        let why = match timeout(centre.timeout, bound(&centre, &login)).await {
            Ok(Ok(stream)) => {
                info!(provider.name = %centre.name, "bound");
                let mut session = Session::new(&centre, number, stream);
                let ended = session.run(&mut ends).await;
                session.forget_open();
                if ended == Ended::Idle {
                    return;
                }
                warn!(provider.name = %centre.name, "the session ended: {}", ended.words());
                NotSent::Unreachable
            }
            Ok(Err(why)) => why,
            Err(_) => NotSent::Unreachable,
        };
        failures = if began.elapsed() > GOOD_AFTER { 1 } else { failures + 1 };
        if let NotSent::Refused(status) = why {
            warn!(provider.name = %centre.name, "the centre refused the login: 0x{status:02X}");
        }
        let has_orders = tokio::select! {
            has_orders = paused(wait_after(failures), why, &mut ends) => has_orders,
            () = centre.login.replaced(&login), if matches!(why, NotSent::Refused(_)) => true,
        };
        if !has_orders {
            return;
        }
    }
}

/// Doubles, and is spread over half of it: sessions that ended together do not
/// come back together.
fn wait_after(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(DOUBLINGS_MAX);
    let wait = (WAIT_FIRST * 2u32.pow(doublings)).min(WAIT_MAX);
    wait.mul_f64(1.0 - rand::random::<f64>() / 2.0)
}

/// Waits, and says meanwhile that nothing can be handed over; `false` where
/// nobody has orders any more.
async fn paused(wait: Duration, why: NotSent, ends: &mut Ends) -> bool {
    let until = Instant::now() + wait;
    loop {
        tokio::select! {
            () = sleep_until(until) => return true,
            order = ends.orders.recv() => match order {
                Some(order) => drop(order.answer.send(Answer::NotSent(why))),
                None => return false,
            },
        }
    }
}

/// Connects, encrypts, and logs in.
async fn bound(centre: &Centre, login: &Bind) -> Result<Box<dyn Stream>, NotSent> {
    let unreachable = |_| NotSent::Unreachable;
    let tcp = TcpStream::connect((centre.host.as_str(), centre.port)).await.map_err(unreachable)?;
    tcp.set_nodelay(true).map_err(unreachable)?;
    let mut stream: Box<dyn Stream> = match &centre.tls {
        None => Box::new(tcp),
        Some(config) => {
            let name = ServerName::try_from(centre.host.clone());
            let name = name.map_err(|_| NotSent::Unreachable)?;
            let connector = TlsConnector::from(config.clone());
            Box::new(connector.connect(name, tcp).await.map_err(unreachable)?)
        }
    };
    let bind = Pdu::new(1, Body::BindTransceiver(login.clone()));
    stream.write_all(&bind.to_bytes()).await.map_err(unreachable)?;
    stream.flush().await.map_err(unreachable)?;
    loop {
        let mut head = [0; 4];
        stream.read_exact(&mut head).await.map_err(unreachable)?;
        let length = pdu::length(head).map_err(|_| NotSent::Unreachable)?;
        let mut bytes = vec![0; length];
        bytes[..4].copy_from_slice(&head);
        stream.read_exact(&mut bytes[4..]).await.map_err(unreachable)?;
        let Ok(told) = Pdu::parse(&bytes) else { return Err(NotSent::Unreachable) };
        match told.body {
            Body::BindTransceiverResp if told.status == pdu::OK => return Ok(stream),
            Body::BindTransceiverResp | Body::GenericNack => {
                return Err(NotSent::Refused(told.status));
            }
            // Nothing else makes sense before.
            _ => {}
        }
    }
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Nobody needs it any more.
    Idle,
    Lost,
    Silent,
    Unbound,
    Unreadable,
}

impl Ended {
    fn words(self) -> &'static str {
        match self {
            Ended::Idle => "not needed any more",
            Ended::Lost => "the connection was lost",
            Ended::Silent => "the centre does not answer",
            Ended::Unbound => "the centre ended it",
            Ended::Unreadable => "the centre sent what is no SMPP",
        }
    }
}

/// A write that failed.
enum Broken {
    /// The other side cannot have all of it.
    NotWhole,
    Unknown,
}

struct Session<'a> {
    centre: &'a Centre,
    number: u64,
    stream: Box<dyn Stream>,
    sequence: u32,
    open: HashMap<u32, oneshot::Sender<Answer>>,
    /// When answers are due, in order.
    due: VecDeque<(Instant, u32)>,
    /// Nothing is submitted before.
    quiet_until: Option<Instant>,
    heard_at: Instant,
    /// When it was asked whether it is there, and has said nothing since.
    asked_at: Option<Instant>,
}

impl<'a> Session<'a> {
    fn new(centre: &'a Centre, number: u64, stream: Box<dyn Stream>) -> Session<'a> {
        Session {
            centre,
            number,
            stream,
            // That of the login was 1.
            sequence: 1,
            open: HashMap::new(),
            due: VecDeque::new(),
            quiet_until: None,
            heard_at: Instant::now(),
            asked_at: None,
        }
    }

    async fn run(&mut self, ends: &mut Ends) -> Ended {
        let mut bytes = Vec::with_capacity(4096);
        loop {
            let now = Instant::now();
            self.quiet_until = self.quiet_until.filter(|until| *until > now);
            let moment = self.next_moment();
            let may_submit = self.quiet_until.is_none() && self.open.len() < self.centre.window;
            let done = tokio::select! {
                read = self.stream.read_buf(&mut bytes) => match read {
                    Ok(read) if read > 0 => self.take(&mut bytes, &ends.deliveries).await,
                    _ => Err(Ended::Lost),
                },
                Some(ack) = ends.acks.recv() => self.acknowledge(ack).await,
                order = ends.orders.recv(), if may_submit => match order {
                    Some(order) => self.submit(order).await,
                    None => {
                        let _ = self.say(pdu::OK, None, Body::Unbind).await;
                        Err(Ended::Idle)
                    }
                },
                () = sleep_until(moment) => self.tick().await,
            };
            if let Err(ended) = done {
                return ended;
            }
        }
    }

    fn next_moment(&self) -> Instant {
        let enquire = match self.asked_at {
            Some(asked_at) => asked_at + self.centre.timeout,
            None => self.heard_at + self.centre.enquire_every,
        };
        let due = self.due.front().map(|(at, _)| *at);
        [due, self.quiet_until].into_iter().flatten().fold(enquire, Instant::min)
    }

    async fn tick(&mut self) -> Result<(), Ended> {
        let now = Instant::now();
        while let Some((_, sequence)) = self.due.pop_front_if(|(at, _)| *at <= now) {
            if let Some(answer) = self.open.remove(&sequence) {
                let _ = answer.send(Answer::Lost("no answer in time"));
            }
        }
        match self.asked_at {
            Some(asked_at) if asked_at + self.centre.timeout <= now => Err(Ended::Silent),
            None if self.heard_at + self.centre.enquire_every <= now => {
                self.asked_at = Some(now);
                self.say(pdu::OK, None, Body::EnquireLink).await
            }
            _ => Ok(()),
        }
    }

    async fn submit(&mut self, order: Order) -> Result<(), Ended> {
        // One that nobody waits for any more must not leave.
        if order.answer.is_closed() {
            return Ok(());
        }
        if order.until <= Instant::now() {
            let _ = order.answer.send(Answer::NotSent(NotSent::Late));
            return Ok(());
        }
        let sequence = self.next_sequence();
        let written = self.write(&Pdu::new(sequence, order.body)).await;
        let answer = match written {
            Ok(()) => {
                self.open.insert(sequence, order.answer);
                self.due.push_back((Instant::now() + self.centre.timeout, sequence));
                return Ok(());
            }
            Err(Broken::NotWhole) => Answer::NotSent(NotSent::Unreachable),
            Err(Broken::Unknown) => Answer::Lost("the connection was lost"),
        };
        let _ = order.answer.send(answer);
        Err(Ended::Lost)
    }

    /// All units that are whole.
    async fn take(
        &mut self,
        bytes: &mut Vec<u8>,
        deliveries: &mpsc::Sender<Delivery>,
    ) -> Result<(), Ended> {
        let mut taken = 0;
        while let Some(head) = bytes[taken..].first_chunk::<4>() {
            let length = pdu::length(*head).map_err(|_| Ended::Unreadable)?;
            let Some(unit) = bytes[taken..].get(..length) else { break };
            let (parsed, sequence) = (Pdu::parse(unit), pdu::sequence(unit).unwrap_or_default());
            taken += length;
            // Bytes that never become a unit are no sign of life.
            self.heard_at = Instant::now();
            self.asked_at = None;
            match parsed {
                Ok(told) => self.hear(told, deliveries).await?,
                Err(_) => self.say(BAD_LENGTH, Some(sequence), Body::GenericNack).await?,
            }
        }
        bytes.drain(..taken);
        Ok(())
    }

    async fn hear(&mut self, told: Pdu, deliveries: &mpsc::Sender<Delivery>) -> Result<(), Ended> {
        let Pdu { status, sequence, body } = told;
        match body {
            Body::SubmitSmResp { message_id } => self.answered(sequence, status, message_id),
            Body::QuerySmResp { state } => self.close(sequence, Answer::State { status, state }),
            // Not understood: not taken. Which, a nack without a number does not say.
            Body::GenericNack if self.open.contains_key(&sequence) => {
                self.answered(sequence, status.max(pdu::BAD_COMMAND), Vec::new());
            }
            Body::GenericNack => return Err(Ended::Unreadable),
            Body::DeliverSm(sm) => self.delivered(&sm, sequence, false, deliveries).await?,
            Body::DataSm(sm) => self.delivered(&sm, sequence, true, deliveries).await?,
            Body::EnquireLink => {
                self.say(pdu::OK, Some(sequence), Body::EnquireLinkResp).await?;
            }
            Body::Unbind => {
                self.say(pdu::OK, Some(sequence), Body::UnbindResp).await?;
                return Err(Ended::Unbound);
            }
            Body::SubmitSm(_) | Body::QuerySm { .. } | Body::BindTransceiver(_) => {
                self.say(pdu::BAD_COMMAND, Some(sequence), Body::GenericNack).await?;
            }
            Body::Other(command) if command < ALERT_NOTIFICATION => {
                self.say(pdu::BAD_COMMAND, Some(sequence), Body::GenericNack).await?;
            }
            _ => {}
        }
        Ok(())
    }

    fn answered(&mut self, sequence: u32, status: u32, message_id: Vec<u8>) {
        let is_too_fast = status != pdu::OK
            && status::meaning(status, &self.centre.statuses) == Meaning::Throttled;
        if is_too_fast {
            self.quiet_until = Some(Instant::now() + status::THROTTLED_FOR.unsigned_abs());
        }
        self.close(sequence, Answer::Told { status, message_id });
    }

    fn close(&mut self, sequence: u32, told: Answer) {
        match self.open.remove(&sequence) {
            Some(answer) => drop(answer.send(told)),
            None => debug!(provider.name = %self.centre.name, "an answer came too late"),
        }
        while self.due.pop_front_if(|(_, due)| !self.open.contains_key(due)).is_some() {}
    }

    /// What matters is answered once it is durable. Where too much waits for
    /// that, the centre is to come again.
    async fn delivered(
        &mut self,
        sm: &Sm,
        sequence: u32,
        is_data: bool,
        deliveries: &mpsc::Sender<Delivery>,
    ) -> Result<(), Ended> {
        let ack = Ack { session: self.number, sequence, is_data };
        let heard = inbound::heard(sm, self.centre.receipt_ids);
        if heard == Heard::OnItsWay {
            return self.acknowledge(ack).await;
        }
        match deliveries.try_send(Delivery { heard, ack }) {
            Ok(()) => Ok(()),
            Err(_) => self.say(pdu::COME_AGAIN, Some(sequence), ack.body()).await,
        }
    }

    async fn acknowledge(&mut self, ack: Ack) -> Result<(), Ended> {
        // A session that is over takes no answers.
        if ack.session != self.number {
            return Ok(());
        }
        self.say(pdu::OK, Some(ack.sequence), ack.body()).await
    }

    /// An answer to `sequence`, or something of our own.
    async fn say(&mut self, status: u32, sequence: Option<u32>, body: Body) -> Result<(), Ended> {
        let sequence = sequence.unwrap_or_else(|| self.next_sequence());
        self.write(&Pdu { status, sequence, body }).await.map_err(|_| Ended::Lost)
    }

    async fn write(&mut self, pdu: &Pdu) -> Result<(), Broken> {
        let bytes = pdu.to_bytes();
        let written = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        match timeout(self.centre.timeout, written).await {
            Ok(Ok(())) => Ok(()),
            // What the system did not take has not left in whole.
            Ok(Err(_)) => Err(Broken::NotWhole),
            Err(_) => Err(Broken::Unknown),
        }
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence = if self.sequence >= SEQUENCE_MAX { 1 } else { self.sequence + 1 };
        self.sequence
    }

    /// What has no answer when the session is over never gets one.
    fn forget_open(&mut self) {
        for (_, answer) in self.open.drain() {
            let _ = answer.send(Answer::Lost("the connection was lost"));
        }
    }
}

impl Ack {
    fn body(self) -> Body {
        if self.is_data { Body::DataSmResp } else { Body::DeliverSmResp }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_limit_and_are_spread() {
        for failures in 1..40 {
            let whole = Duration::from_secs(1 << (failures - 1).min(6)).min(WAIT_MAX);
            let wait = wait_after(failures);
            assert!(wait <= whole && wait >= whole / 2, "{failures}: {wait:?}");
        }
    }
}
