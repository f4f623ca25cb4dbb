//! A provider that does as it is told.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use duebell::model::{AttemptKey, Channel};
use duebell::provider::route::Providers;
use duebell::provider::{
    Capabilities, Delay, Fate, Found, Inquiry, LookUp, Outgoing, Receipt, ReceiptReader, Refusal,
    SendOutcome, Sender, Untold,
};
use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};

/// Accepts what it is given, unless told otherwise.
pub struct Carrier {
    name: &'static str,
    /// Its answer where none is queued, by how many it was given before.
    habit: Mutex<Habit>,
    /// It answers while this is open.
    desk: Semaphore,
    /// How many it was given.
    count: watch::Sender<usize>,
    answers: Mutex<VecDeque<SendOutcome>>,
    /// What it took, or may have taken.
    taken: Mutex<Vec<(AttemptKey, Channel, Timestamp)>>,
    /// What it was given, taken or not.
    given: Mutex<Vec<(AttemptKey, Channel, Timestamp)>>,
    receipts: Mutex<Vec<Receipt>>,
    found: Mutex<HashMap<AttemptKey, Found>>,
    /// What it says of messages when it is asked; `None` while it does not answer.
    fates: Mutex<Option<HashMap<AttemptKey, Fate>>>,
    /// Messages that it was asked about.
    asked: Mutex<Vec<AttemptKey>>,
}

pub fn down() -> SendOutcome {
    SendOutcome::Deferred { because: Delay::Down, wait: None, note: "503".into() }
}

pub fn refused() -> SendOutcome {
    SendOutcome::Rejected { because: Refusal::BadRecipient, note: "no such number".into() }
}

/// Refused, and not because of the address.
pub fn misworded() -> SendOutcome {
    SendOutcome::Rejected { because: Refusal::BadContent, note: "too long".into() }
}

pub fn lost() -> SendOutcome {
    SendOutcome::Ambiguous { note: "the answer was lost".into() }
}

type Habit = Box<dyn Fn(usize) -> Option<SendOutcome> + Send>;

impl Carrier {
    pub fn new() -> Arc<Carrier> {
        Carrier::named("carrier")
    }

    pub fn named(name: &'static str) -> Arc<Carrier> {
        Arc::new(Carrier {
            name,
            habit: Mutex::new(Box::new(|_| None)),
            desk: Semaphore::new(Semaphore::MAX_PERMITS),
            count: watch::Sender::new(0),
            answers: Mutex::default(),
            taken: Mutex::default(),
            given: Mutex::default(),
            receipts: Mutex::default(),
            found: Mutex::default(),
            fates: Mutex::new(Some(HashMap::new())),
            asked: Mutex::default(),
        })
    }

    /// What it answers by itself from now on, `None` to accept, by how many it
    /// was given before.
    pub fn always(&self, habit: impl Fn(usize) -> Option<SendOutcome> + Send + 'static) {
        *self.habit.lock().unwrap() = Box::new(habit);
    }

    /// From now on it takes messages and says nothing, until [`Carrier::answers`].
    pub fn falls_silent(&self) {
        self.desk.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub fn answers(&self) {
        self.desk.add_permits(Semaphore::MAX_PERMITS - self.desk.available_permits());
    }

    /// Until it was given so many.
    pub async fn was_given(&self, count: usize) {
        self.count.subscribe().wait_for(|given| *given >= count).await.unwrap();
    }

    /// The keys of what it took.
    pub fn keys(&self) -> Vec<AttemptKey> {
        self.taken.lock().unwrap().iter().map(|(key, _, _)| *key).collect()
    }

    /// The next answers, one each.
    pub fn will(&self, answers: impl IntoIterator<Item = SendOutcome>) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// It says so when it is asked about an attempt.
    pub fn knows(&self, key: AttemptKey, found: Found) {
        self.found.lock().unwrap().insert(key, found);
    }

    /// It says so when it is asked what became of a message.
    pub fn knows_fate(&self, key: AttemptKey, fate: Fate) {
        self.fates.lock().unwrap().get_or_insert_default().insert(key, fate);
    }

    /// It tells nobody what became of messages.
    pub fn keeps_fates(&self) {
        *self.fates.lock().unwrap() = None;
    }

    /// Messages that it was asked about, in order.
    pub fn asked(&self) -> Vec<AttemptKey> {
        self.asked.lock().unwrap().clone()
    }

    /// A receipt about the last attempt that it was given.
    pub fn tells(&self, fate: Fate, at: Timestamp) {
        let key = self.given.lock().unwrap().last().unwrap().0;
        self.tells_of(key, fate, at);
    }

    pub fn tells_of(&self, key: AttemptKey, fate: Fate, at: Timestamp) {
        self.receipts.lock().unwrap().push(Receipt { key, fate, at });
    }

    pub fn given(&self) -> Vec<(AttemptKey, Channel, Timestamp)> {
        self.given.lock().unwrap().clone()
    }

    /// The channels of what it took, in order.
    pub fn taken(&self) -> Vec<Channel> {
        self.taken.lock().unwrap().iter().map(|(_, channel, _)| *channel).collect()
    }

    /// It carries every channel, and may be asked.
    pub fn carries_all(self: &Arc<Carrier>, is_asked: bool) -> Providers {
        let mut providers = Providers::default();
        for channel in Channel::ALL {
            providers.carry(channel, self.clone());
        }
        if is_asked {
            providers.ask(self.name, self.clone());
        }
        providers.read(self.name, self.clone());
        providers
    }
}

#[async_trait]
impl Sender for Carrier {
    fn name(&self) -> &str {
        self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { receipts: true, ..Capabilities::default() }
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let attempt = (message.key, message.channel, now);
        let before = {
            let mut given = self.given.lock().unwrap();
            given.push(attempt);
            given.len() - 1
        };
        self.count.send_replace(before + 1);
        drop(self.desk.acquire().await);
        let accepted = SendOutcome::Accepted { provider_ref: Some(message.key.to_string()) };
        let queued = self.answers.lock().unwrap().pop_front();
        let answer = queued.or_else(|| (self.habit.lock().unwrap())(before)).unwrap_or(accepted);
        if matches!(
            answer,
            SendOutcome::Accepted { .. }
                | SendOutcome::AcceptedInParts { .. }
                | SendOutcome::Ambiguous { .. }
        ) {
            self.taken.lock().unwrap().push(attempt);
        }
        answer
    }
}

#[async_trait]
impl LookUp for Carrier {
    async fn look_up(&self, key: AttemptKey) -> anyhow::Result<Found> {
        let told = self.found.lock().unwrap().get(&key).cloned();
        told.ok_or_else(|| anyhow::anyhow!("nobody is at the desk"))
    }
}

#[async_trait]
impl Inquiry for Carrier {
    async fn inquire(&self, about: &Untold, now: Timestamp) -> anyhow::Result<Option<Receipt>> {
        self.asked.lock().unwrap().push(about.key);
        assert_eq!(about.provider_ref, about.key.to_string(), "by the name that it gave");
        let fates = self.fates.lock().unwrap();
        let fates = fates.as_ref().ok_or_else(|| anyhow::anyhow!("nobody is at the desk"))?;
        let fate = fates.get(&about.key).copied();
        Ok(fate.map(|fate| Receipt { key: about.key, fate, at: now }))
    }
}

#[async_trait]
impl ReceiptReader for Carrier {
    async fn receipts(&self, _: Timestamp, _: usize) -> anyhow::Result<Vec<Receipt>> {
        Ok(std::mem::take(&mut self.receipts.lock().unwrap()))
    }
}
