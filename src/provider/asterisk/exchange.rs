//! The calls that are under way, and what is heard of them.
//!
//! One task listens to Asterisk; each call has a task of its own, which holds
//! the call's place among those at once until it is over. A new call is placed
//! only while events come: otherwise somebody would pick up and hear nothing.
//! When the socket was lost, what happened meanwhile is asked for, and calls
//! that nobody drives any more, as after a restart, are hung up.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tracing::{debug, info, warn};

use super::ari::{Ari, Events, is_done};
use super::call::{Answerer, Call, Command, Event, Plan, Says, Wait};
use super::event::{self, Told};
use super::news::{Heard, News};
use super::sounds::Speech;
use crate::model::AttemptKey;
use crate::provider::api::{ApiAnswer, NoAnswer};
use crate::provider::{self, Fate, Now};

/// Events of one call that wait for it.
const EVENTS_MAX: usize = 256;
/// Between two looks at whether anybody is there.
const PING_EVERY: Duration = Duration::from_secs(15);
const RECONNECT_MIN: Duration = Duration::from_millis(500);
const RECONNECT_MAX: Duration = Duration::from_secs(30);
/// A new call waits for the socket this long.
const OPEN_MAX: Duration = Duration::from_secs(5);
/// What Asterisk does by itself is waited for this much longer.
const GRACE: Duration = Duration::from_secs(10);
const DETECTION_MAX: Duration = Duration::from_secs(15);
/// A key is on record by then, or is not answered.
const NOTE_MAX: Duration = Duration::from_secs(5);

/// Whether events come.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Trying,
    Open,
    /// Why not, as a note.
    Closed(String),
}

/// One Asterisk, as we know it.
pub struct Exchange {
    ari: Ari,
    app: String,
    detect_context: Option<String>,
    key_wait: Duration,
    line: watch::Sender<Line>,
    calls: Mutex<HashMap<AttemptKey, Driven>>,
    news: News,
}

/// The way to a call's own task.
struct Driven {
    events: mpsc::Sender<(Event, Option<Timestamp>)>,
    /// Asterisk has taken it: where it is not found, it is over.
    is_placed: bool,
}

/// An application as ARI shows it: what it is told of.
#[derive(Default, Deserialize)]
struct Application {
    #[serde(default)]
    channel_ids: Vec<String>,
}

/// A call to be made.
pub struct Order {
    pub key: AttemptKey,
    pub endpoint: String,
    pub caller_id: Option<String>,
    /// How long it may ring.
    pub ring: Duration,
    pub plan: Plan,
    pub speeches: Speeches,
    /// Its place among the calls at once.
    pub place: OwnedSemaphorePermit,
}

/// Everything that may be said in a call.
#[derive(Default)]
pub struct Speeches {
    pub message: Speech,
    pub invitation: Speech,
    /// In the order of the keys.
    pub answers: Vec<Speech>,
    pub goodbye: Speech,
    pub to_machine: Speech,
}

impl Speeches {
    fn of(&self, what: Says) -> Speech {
        match what {
            Says::Message => self.message.and(&self.invitation),
            Says::Invitation => self.invitation.clone(),
            Says::Answer(at) => self.answers.get(at).cloned().unwrap_or_default(),
            Says::Goodbye => self.goodbye.clone(),
            Says::ToMachine => self.to_machine.clone(),
        }
    }
}

impl Exchange {
    pub fn new(
        ari: Ari,
        app: &str,
        detect_context: Option<String>,
        key_wait: Duration,
    ) -> Exchange {
        Exchange {
            ari,
            app: app.to_owned(),
            detect_context,
            key_wait,
            line: watch::channel(Line::Trying).0,
            calls: Mutex::default(),
            news: News::default(),
        }
    }

    pub fn channel(&self, key: AttemptKey) -> String {
        event::channel_of(&self.app, key)
    }

    pub fn is_under_way(&self, key: AttemptKey) -> bool {
        self.calls().contains_key(&key)
    }

    /// Waits for what comes of calls. Whoever asks for more has what came
    /// before on record, and so a key may be answered.
    pub async fn next(&self, limit: usize, now: Now<'_>) -> Vec<provider::Told> {
        for key in self.news.acknowledge() {
            self.pass(key, Event::Noted, None);
        }
        self.news.next(limit, now).await
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<AttemptKey, Driven>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, key: AttemptKey, fate: Fate, at: Option<Timestamp>) {
        self.news.add(key, Heard::Fate(fate), at);
    }

    /// Waits until events come.
    ///
    /// # Errors
    /// Why they do not, as a note.
    pub async fn opened(&self) -> Result<(), String> {
        let mut line = self.line.subscribe();
        let known = line.wait_for(|line| *line != Line::Trying);
        match timeout(OPEN_MAX, known).await.map(|known| known.map(|line| line.clone())) {
            Ok(Ok(Line::Open)) => Ok(()),
            Ok(Ok(Line::Closed(note))) => Err(note),
            _ => Err("ari is silent".to_owned()),
        }
    }

    /// Places a call and has it driven to its end. The answer is Asterisk's to
    /// the order.
    ///
    /// # Errors
    /// Where there was none.
    pub async fn place(self: &Arc<Self>, order: Order) -> Result<ApiAnswer, NoAnswer> {
        let channel = self.channel(order.key);
        let ring_s = order.ring.as_secs().max(1).to_string();
        let mut query =
            vec![("endpoint", order.endpoint.as_str()), ("app", &self.app), ("timeout", &ring_s)];
        if let Some(caller_id) = &order.caller_id {
            query.push(("callerId", caller_id));
        }
        let variables = json!({"variables": {"DUEBELL_ATTEMPT": order.key.to_string()}});

        // Before it is placed: its first events may come before the answer.
        let (events, heard) = mpsc::channel(EVENTS_MAX);
        self.calls().insert(order.key, Driven { events, is_placed: false });
        let key = order.key;
        let answer = self.ari.post(&["channels", &channel], &query, &variables).await;
        let is_placed = answer.as_ref().is_ok_and(|it| is_done(it) || it.status == 409);
        let is_refused = match &answer {
            Ok(_) => !is_placed,
            Err(lost) => *lost == NoAnswer::NotSent,
        };
        if is_refused {
            self.calls().remove(&key);
            return answer;
        }
        if let Some(call) = self.calls().get_mut(&key) {
            call.is_placed = is_placed;
        }
        tokio::spawn(self.clone().drive(order, heard));
        answer
    }

    /// Sees a call through.
    async fn drive(
        self: Arc<Self>,
        order: Order,
        mut heard: mpsc::Receiver<(Event, Option<Timestamp>)>,
    ) {
        let Order { key, ring, plan, speeches, place, .. } = order;
        let mut call = Call::new(plan);
        let mut at = None;
        let mut follows = VecDeque::new();
        while call.wait() != Wait::Over {
            let event = match follows.pop_front() {
                Some(event) => event,
                None => match timeout(self.limit(call.wait(), ring, &speeches), heard.recv()).await
                {
                    Ok(Some((event, stamp))) => {
                        at = stamp.or(at);
                        event
                    }
                    Ok(None) => Event::Gone,
                    Err(_) => Event::TimedOut,
                },
            };
            for command in call.on(event) {
                follows.extend(self.execute(key, command, &speeches, at).await);
            }
        }
        self.calls().remove(&key);
        drop(place);
        if let Some(ending) = call.ending() {
            debug!(attempt = %key, ending = ending.as_str(), "nobody answered the call");
        }
    }

    fn limit(&self, wait: Wait, ring: Duration, speeches: &Speeches) -> Duration {
        match wait {
            Wait::Ring => ring + GRACE,
            Wait::Detection => DETECTION_MAX,
            Wait::Speech(what) => speeches.of(what).lasts + GRACE,
            Wait::Key => self.key_wait,
            Wait::Note => NOTE_MAX,
            Wait::HangUp | Wait::Over => GRACE,
        }
    }

    /// Does what a call asks for; what follows from it at once.
    async fn execute(
        &self,
        key: AttemptKey,
        command: Command,
        speeches: &Speeches,
        at: Option<Timestamp>,
    ) -> Option<Event> {
        let channel = self.channel(key);
        match command {
            Command::Tell(fate) => self.tell(key, fate, at),
            Command::Reply(meaning) => self.news.add(key, Heard::Said(meaning), at),
            // What has ended by itself need not be ended: its own event says
            // so, or the wait for it runs out.
            Command::HangUp => self.hang_up(&channel).await,
            Command::Stop { playback } => {
                let playback = format!("{channel}-{playback}");
                let _ = self.ari.delete(&["playbacks", &playback], &[]).await;
            }
            Command::Detect => {
                let context = self.detect_context.as_deref().unwrap_or_default();
                let query =
                    [("context", context), ("extension", &self.app as &str), ("priority", "1")];
                let path = ["channels", channel.as_str(), "continue"];
                if !self.ari.post(&path, &query, &json!({})).await.is_ok_and(|it| is_done(&it)) {
                    warn!(attempt = %key, "detect_context: Asterisk does not go there");
                    return Some(Event::Answered(Some(Answerer::Person)));
                }
            }
            Command::Play { playback, what } => {
                let media = speeches.of(what).media.join(",");
                if media.is_empty() {
                    return Some(Event::Played { playback, well: true });
                }
                let id = format!("{channel}-{playback}");
                let path = ["channels", channel.as_str(), "play", &id];
                let query = [("media", media.as_str())];
                let answer = self.ari.post(&path, &query, &json!({})).await;
                // Without an answer it may be playing, and its end is told.
                if answer.is_ok_and(|answer| !is_done(&answer)) {
                    return Some(Event::Played { playback, well: false });
                }
            }
        }
        None
    }

    async fn hang_up(&self, channel: &str) {
        let _ = self.ari.delete(&["channels", channel], &[("reason", "normal")]).await;
    }

    /// Listens to Asterisk for as long as it is polled.
    pub async fn listen(self: Arc<Self>) {
        let mut wait = RECONNECT_MIN;
        loop {
            let login = self.ari.authorization.current();
            let note = match self.ari.events(&self.app).await {
                Ok(events) => {
                    wait = RECONNECT_MIN;
                    self.attend(events).await
                }
                Err(note) => note,
            };
            let was = self.line.send_replace(Line::Closed(note.clone()));
            if !matches!(was, Line::Closed(before) if before == note) {
                warn!(app = self.app, "no events from Asterisk, and no calls meanwhile: {note}");
            }
            tokio::select! {
                () = sleep(wait) => wait = (wait * 2).min(RECONNECT_MAX),
                () = self.ari.authorization.replaced(&login) => wait = RECONNECT_MIN,
            }
        }
    }

    /// Hears events until there are none any more, and answers why.
    async fn attend(&self, mut events: Events) -> String {
        if let Err(note) = self.catch_up().await {
            return note;
        }
        self.line.send_replace(Line::Open);
        info!(app = self.app, "events come from Asterisk");
        let mut is_quiet = false;
        loop {
            match timeout(PING_EVERY, events.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => {
                    is_quiet = false;
                    match event::read(&self.app, &text) {
                        Some(Told::Of { key, event, at }) => self.hear(key, event, at).await,
                        Some(Told::Replaced) => {
                            // Another of the same name: each would take it
                            // from the other, and neither would hear all.
                            sleep(RECONNECT_MAX).await;
                            return "another daemon uses this app".to_owned();
                        }
                        None => {}
                    }
                }
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return "ari hung up".to_owned(),
                Ok(Some(Ok(_))) => is_quiet = false,
                Err(_) if is_quiet => return "ari is silent".to_owned(),
                Err(_) => {
                    is_quiet = true;
                    if events.send(Message::Ping(Bytes::new())).await.is_err() {
                        return "ari hung up".to_owned();
                    }
                }
            }
        }
    }

    async fn hear(&self, key: AttemptKey, event: Event, at: Option<Timestamp>) {
        if self.pass(key, event, at) {
            return;
        }
        // Somebody picked up a call that nobody drives.
        if matches!(event, Event::Answered(_)) {
            self.hang_up(&self.channel(key)).await;
            self.tell(key, Fate::Undelivered, at);
        }
    }

    /// Whether there is a call that it is for.
    fn pass(&self, key: AttemptKey, event: Event, at: Option<Timestamp>) -> bool {
        let calls = self.calls();
        let call = calls.get(&key);
        // A call that is far behind finds out by its own waits.
        call.is_some_and(|call| call.events.try_send((event, at)).is_ok() || call.is_placed)
    }

    /// Something of Asterisk's; `None` where it is not there.
    async fn look<T: serde::de::DeserializeOwned>(
        &self,
        path: &[&str],
    ) -> Result<Option<T>, String> {
        match self.ari.get(path).await {
            Ok(answer) if answer.status == 404 => Ok(None),
            Ok(answer) if is_done(&answer) => {
                let read = serde_json::from_slice(&answer.body);
                read.map(Some).map_err(|_| "ari says what it should not".to_owned())
            }
            Ok(answer) => Err(format!("ari {}", answer.status)),
            Err(_) => Err("ari is silent".to_owned()),
        }
    }

    /// What happened while nobody listened.
    async fn catch_up(&self) -> Result<(), String> {
        let is_placed = |(key, call): (&AttemptKey, &Driven)| call.is_placed.then_some(*key);
        let placed: Vec<AttemptKey> = self.calls().iter().filter_map(is_placed).collect();
        let mut alive: HashMap<AttemptKey, bool> = HashMap::new();
        let app: Application = self.look(&["applications", &self.app]).await?.unwrap_or_default();
        for id in &app.channel_ids {
            let Some(key) = event::key_of(&self.app, id) else { continue };
            let channel: Option<event::Channel> = self.look(&["channels", id]).await?;
            if let Some(channel) = channel {
                alive.insert(key, channel.is_up());
            }
        }
        for key in placed {
            match alive.get(&key) {
                None => _ = self.pass(key, Event::Gone, None),
                Some(true) => _ = self.pass(key, Event::Answered(None), None),
                Some(false) => {}
            }
        }
        for (key, is_up) in alive {
            if !self.is_under_way(key) {
                self.hang_up(&self.channel(key)).await;
                let fate = if is_up { Fate::Answered } else { Fate::Undelivered };
                self.tell(key, fate, None);
            }
        }
        Ok(())
    }
}
