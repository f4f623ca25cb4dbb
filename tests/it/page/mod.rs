//! The subscriber's own page, over real sockets and in a real browser: who gets
//! it, what it shows, and what follows from what is said there.

mod acts;
mod browser;
mod looks;
mod refused;
mod wishes;

use std::collections::HashMap;
use std::sync::Arc;

use duebell::clock::ManualClock;
use duebell::http::inbox::{Inbox, Limits};
use duebell::http::page::Settings;
use duebell::http::{Front, server};
use duebell::model::feed::Feed;
use duebell::model::link::{Link, Links, Purpose};
use duebell::model::receipt::PostedReceipt;
use duebell::model::reply::PostedReply;
use duebell::model::{Bucket, Channel, ReminderId};
use duebell::pipeline::{Stage, settle::Settle};
use duebell::policy::ContactRules;
use duebell::store::{HoldStore, OutboxStore, ReplyLine};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::build::{at, key};
use crate::support::carrier::Carrier;

const KEY: &str = "a key of these tests, and of no use elsewhere";
/// Planned before the window opens, and nothing is sent yet.
const PLANNED: &str = "2026-03-10T06:00Z";
const OPEN: &str = "2026-03-10T09:00Z";
/// The page's clock, unless a test moves it.
const NOW: &str = "2026-03-10T06:30Z";

/// Account A, whose reminder is planned, and the door with its page.
struct World {
    billing: Arc<Billing>,
    bench: Bench,
    carrier: Arc<Carrier>,
    links: Arc<Links>,
    reminder: ReminderId,
    clock: Arc<ManualClock>,
    port: u16,
    stop: CancellationToken,
    _serving: JoinHandle<()>,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl World {
    async fn open() -> World {
        World::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> World {
        World::under(settings, ContactRules::lawless()).await
    }

    async fn under(settings: Settings, contact: ContactRules) -> World {
        let billing = Billing::new();
        billing.account("A");
        billing.put(Feed::Accounts, &[("account_id", "A"), ("name", "Zoë Müller")]);
        billing.bill("a1", "A", "2026-03-09");
        let mut bench = Bench::live(billing.clone()).await;
        let links = Links::new(&[KEY.to_owned()], "https://r.example.net/p/", settings.valid_days);
        let links = Arc::new(links.unwrap());
        let carrier = Carrier::new();
        bench.workshop.providers = carrier.carries_all(false);
        bench.workshop.links = Some(links.clone());
        bench.workshop.contact = Arc::new(contact);
        bench.round(PLANNED).await;
        let due = bench.store.due(&Bucket::all(), None, at(OPEN), 10).await.unwrap();
        let reminder = due[0].reminder.id;

        let clock = Arc::new(ManualClock::at(at(NOW)));
        let stop = CancellationToken::new();
        let inbox = Inbox::<PostedReceipt>::open(bench.store.clone(), Limits::default());
        let replies = Inbox::<PostedReply>::open(bench.store.clone(), Limits::default());
        let mut front = Front::new(clock.clone(), HashMap::new(), inbox, replies, stop.clone());
        front.page = duebell::app::page(&bench.workshop, &settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let _serving = tokio::spawn(server::serve(listener, front));
        World { billing, bench, carrier, links, reminder, clock, port, stop, _serving }
    }

    fn link(&self, purpose: Purpose, channel: Channel) -> Link {
        Link { purpose, channel, reminder: self.reminder }
    }

    /// The path of the page, as an SMS leads to it.
    fn path(&self) -> String {
        self.path_of(self.link(Purpose::Page, Channel::Sms))
    }

    fn path_of(&self, link: Link) -> String {
        format!("/p/{}", self.links.token(link))
    }

    async fn ask(&self, request: &str) -> Answer {
        ask(self.port, request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nhost: r.example.net\r\nconnection: close\r\n\r\n"
        ))
        .await
    }

    async fn post(&self, path: &str, more: &str, body: &str) -> Answer {
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nhost: r.example.net\r\ncontent-length: {length}\r\n\
             connection: close\r\n{more}\r\n{body}"
        ))
        .await
    }

    /// Opens the page and sends a form of it; the page that is seen then.
    async fn say(&self, fields: &str) -> Answer {
        let path = self.path();
        let form = hidden(&self.get(&path).await.body, "form");
        let answer = self.post(&path, "", &format!("form={form}&{fields}")).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let place = answer.head.split("location: ").nth(1).unwrap().lines().next().unwrap();
        self.get(&format!("{path}{place}")).await
    }

    /// What was said and settled.
    async fn settled(&self) -> Vec<ReplyLine> {
        Settle(self.bench.workshop.clone()).run_once(self.now()).await.unwrap();
        self.bench.store.desk().replies_of(&"A".into()).await.unwrap()
    }

    fn now(&self) -> Timestamp {
        use duebell::clock::Clock as _;
        self.clock.now()
    }

    /// Kind and last day of each hold that was placed.
    async fn holds(&self) -> Vec<(&'static str, String)> {
        let holds = self.bench.store.placed_holds(&[key("A")]).await.unwrap();
        let line = |one: &duebell::model::hold::PlacedHold| {
            (one.hold.kind.as_str(), one.hold.ends_on.unwrap().to_string())
        };
        holds.iter().map(line).collect()
    }

    /// Channel and cause of what is suppressed.
    async fn suppressed(&self) -> Vec<(String, String)> {
        let lines = self.bench.store.desk().suppressions(&"A".into()).await.unwrap();
        let in_force = lines.into_iter().filter(|line| line.is_in_force);
        in_force.map(|line| (line.channel.to_string(), line.cause.to_string())).collect()
    }

    /// Lives on until noon; the channels by which A was reached.
    async fn by_noon(&self) -> Vec<Channel> {
        self.bench.rounds("2026-03-10T07:00Z", "2026-03-10T13:00Z").await;
        self.carrier.taken()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn ask(port: u16, request: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // The door may answer and close before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    // Header names in small letters; a place has capitals of its own.
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// The value of the first hidden field of that name.
fn hidden(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    page.split(&field).nth(1).expect("a form").split('"').next().unwrap().to_owned()
}
