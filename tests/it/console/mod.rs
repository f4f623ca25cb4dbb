//! The console's gate over real sockets: who comes in, who may do what, and how
//! long it lasts.

mod browser;
mod first;
mod matrix;
mod pages;
mod sessions;
mod sign_in;
mod words;
mod work;

use std::collections::HashMap;
use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use duebell::clock::{Clock as _, ManualClock};
use duebell::http::console::people::{self, password::Hasher, secrets::Token};
use duebell::http::console::{self, Console, Rules, Settings};
use duebell::http::inbox::{Inbox, Limits};
use duebell::http::{self, Front, server};
use duebell::model::audit::{Doer, Through};
use duebell::model::receipt::PostedReceipt;
use duebell::model::reply::PostedReply;
use duebell::model::staff::Roles;
use duebell::policy::Scenarios;
use duebell::review::RuleBook;
use duebell::review::readiness::{Asks, Law};
use duebell::store::{NewSession, SqlStore, Start};
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::bench::Bench;
use crate::support::build::at;

const NOW: &str = "2026-03-10T09:00Z";
const PASSWORD: &str = "a calm river at noon";
/// Hashed once for all: hashing is slow on purpose.
static KEPT: OnceCell<String> = OnceCell::const_new();

/// A console with its door, its own clock, and people who have been there.
struct House {
    store: Arc<SqlStore>,
    clock: Arc<ManualClock>,
    port: u16,
    stop: CancellationToken,
    _serving: JoinHandle<()>,
    _scratch: tempfile::TempDir,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

/// A browser of somebody's: what it keeps, and what it says.
struct Guest<'h> {
    house: &'h House,
    cookie: String,
    /// What its forms carry, where nobody looked at a page for it.
    token: String,
    address: &'static str,
}

impl House {
    async fn open() -> House {
        House::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> House {
        let scratch = tempfile::tempdir().unwrap();
        let store = Arc::new(crate::store::on_sqlite(&scratch).await);
        House::over(store, scratch, settings, rules(Arc::default())).await
    }

    /// Over a bench with accounts, under its scenarios.
    async fn of(bench: &Bench, language: &str) -> House {
        let rules = rules(bench.workshop.scenarios.clone());
        let settings = Settings { language: language.to_owned(), ..Settings::default() };
        let scratch = tempfile::tempdir().unwrap();
        House::over(bench.store.clone(), scratch, settings, rules).await
    }

    async fn over(
        store: Arc<SqlStore>,
        scratch: tempfile::TempDir,
        settings: Settings,
        rules: Rules,
    ) -> House {
        let clock = Arc::new(ManualClock::at(at(NOW)));
        let stop = CancellationToken::new();
        let inbox = Inbox::<PostedReceipt>::open(store.clone(), Limits::default());
        let replies = Inbox::<PostedReply>::open(store.clone(), Limits::default());
        let mut front = Front::new(clock.clone(), HashMap::new(), inbox, replies, stop.clone());
        let http = http::Settings::default();
        front.console = Some(Console::new(store.clone(), &settings, &http, rules));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let _serving = tokio::spawn(server::serve(listener, front));
        House { store, clock, port, stop, _serving, _scratch: scratch }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whoever prepares a test.
    fn doer(&self) -> Doer {
        Doer { by: "test".to_owned(), through: Through::CommandLine, at: self.now() }
    }

    fn later(&self, wait: SignedDuration) {
        self.clock.set(self.now() + wait);
    }

    /// Somebody who has a password of their own and a second factor.
    async fn person(&self, name: &str, roles: &str) {
        let kept = KEPT.get_or_init(|| async { Hasher::default().hash(PASSWORD.to_owned()).await });
        let kept = kept.await;
        let (people, roles) = (self.store.people(), Roles::parse(roles).unwrap());
        let start = Start { password: kept, until: at("2026-04-01T00:00Z") };
        assert!(people.add(name, &roles, start, &self.doer()).await.unwrap());
        people.set_password(name, kept, "", &self.doer()).await.unwrap();
        people.set_factor(name, &secret(name), 0, &[], &self.doer()).await.unwrap();
    }

    /// Somebody new, and their start password.
    async fn newcomer(&self, name: &str, roles: &str) -> String {
        let (password, until) = people::start(self.now());
        let kept = Hasher::default().hash(password.clone()).await;
        let (people, roles) = (self.store.people(), Roles::parse(roles).unwrap());
        let start = Start { password: &kept, until };
        assert!(people.add(name, &roles, start, &self.doer()).await.unwrap());
        password
    }

    fn guest(&self) -> Guest<'_> {
        Guest { house: self, cookie: String::new(), token: String::new(), address: "203.0.113.9" }
    }

    /// A browser in which somebody is signed in, or half so, without the way there.
    async fn session(&self, name: &str, is_whole: bool) -> Guest<'_> {
        let (token, now) = (Token::drawn(), self.now());
        let new = NewSession {
            id: &token.id(),
            person: name,
            is_whole,
            made_at: now,
            expires_at: now + SignedDuration::from_hours(1),
        };
        self.store.people().begin_session(new, None, None).await.unwrap();
        let cookie = format!("cookie: __Host-duebell={}\r\n", token.shown());
        Guest { house: self, cookie, token: token.of_forms(), address: "203.0.113.9" }
    }

    /// A browser in which they are signed in.
    async fn signed_in(&self, name: &str) -> Guest<'_> {
        let mut guest = self.guest();
        let answer = guest.sign_in(name).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        guest
    }
}

/// These scenarios, under no law.
fn rules(scenarios: Arc<Scenarios>) -> Rules {
    let limits =
        console::Limits { feed_age_max_s: 3_600, evidence_age_max_s: 259_200, care_rest_days: 30 };
    let installation = Law::new(Asks::default(), |_| false);
    let (settings, laws) = (Default::default(), Default::default());
    let book = RuleBook { settings, installation, scenarios: laws, care_hours: 24, rest_days: 30 };
    Rules { scenarios, book, limits }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Guest<'_> {
    async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "", "").await
    }

    /// Sends a form as a browser would, from a page of the console.
    async fn post(&mut self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, "origin: https://d.example.net\r\n", body).await
    }

    /// Opens a page and sends its form: with all that is hidden there.
    async fn fill(&mut self, page: &str, path: &str, fields: &str) -> Answer {
        let seen = self.get(page).await;
        assert_eq!(seen.status, 200, "{page}: {}", seen.body);
        let token = hidden(&seen.body, "token");
        self.post(path, &format!("token={token}&{fields}")).await
    }

    async fn ask(&mut self, method: &str, path: &str, more: &str, body: &str) -> Answer {
        let (length, cookie, address) = (body.len(), &self.cookie, self.address);
        let request = format!(
            "{method} /console{path} HTTP/1.1\r\nhost: d.example.net\r\n{cookie}\
             x-forwarded-for: {address}\r\ncontent-length: {length}\r\n\
             connection: close\r\n{more}\r\n{body}"
        );
        let answer = ask(self.house.port, &request).await;
        if let Some(cookie) = answer.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap();
            self.cookie = format!("cookie: {pair}\r\n");
        }
        answer
    }

    /// The password alone.
    async fn knock(&mut self, name: &str, password: &str) -> Answer {
        let body = format!("name={name}&password={}", password.replace(' ', "+"));
        self.post("/sign-in", &body).await
    }

    /// Password and second factor, with the code of the moment.
    async fn sign_in(&mut self, name: &str) -> Answer {
        let answer = self.knock(name, PASSWORD).await;
        assert_eq!((answer.status, answer.place()), (303, "/console/sign-in/code"));
        let code = code(&secret(name), self.house.now());
        self.fill("/sign-in/code", "/sign-in/code", &format!("code={code}")).await
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Where it leads.
    fn place(&self) -> &str {
        self.header("location").unwrap_or("")
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
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// The value of the first hidden field of that name.
#[track_caller]
fn hidden(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    page.split(&field).nth(1).expect("a form").split('"').next().unwrap().to_owned()
}

/// The second factor that `person` gives somebody of that name.
fn secret(name: &str) -> String {
    BASE32_NOPAD.encode(format!("{name:.<20}").as_bytes())
}

/// The code that an authenticator shows: written anew here, from RFC 6238.
fn code(secret: &str, now: Timestamp) -> String {
    let key = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let step = (now.as_second() / 30).to_be_bytes();
    let digest = ring::hmac::sign(&key, &step);
    let digest = digest.as_ref();
    let at = usize::from(digest[19] % 16);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) % (1 << 31);
    format!("{:06}", number % 1_000_000)
}
