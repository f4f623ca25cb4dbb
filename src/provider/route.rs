//! Which provider carries which channel, in which order, and who can be asked
//! afterwards.
//!
//! A channel has one route or several. The first that does not fail is taken;
//! one that is merely busy is waited for. Whatever is known of a provider is
//! known on all of its channels.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore};
use tracing::{info, warn};

use crate::model::Channel;

use super::guard::{Change, Closed, Guard, Limits, Manners};
use super::kinds::Connected;
use super::{Inquiry, Listener, LookUp, Outgoing, ReceiptReader, SendOutcome, Sender};

/// The providers in use.
#[derive(Default, Clone)]
pub struct Providers {
    manners: Manners,
    routes: Vec<Arc<Route>>,
    /// By the channel's place in [`Channel::ALL`], in order of preference.
    channels: [Vec<usize>; Channel::ALL.len()],
    look_ups: HashMap<String, Arc<dyn LookUp>>,
    inquiries: HashMap<String, Arc<dyn Inquiry>>,
    readers: Vec<(String, Arc<dyn ReceiptReader>)>,
    listeners: Vec<(String, Arc<dyn Listener>)>,
    traffic: Arc<Traffic>,
}

/// What is under way to all providers together.
#[derive(Default)]
struct Traffic {
    open: AtomicUsize,
    /// There is room at a provider that was full.
    freed: Notify,
    /// Nothing is under way any more.
    ended: Notify,
}

/// One provider, and what it bears.
struct Route {
    place: usize,
    sender: Arc<dyn Sender>,
    guard: Mutex<Guard>,
    /// Of what was let through, only so much is given to the provider at once.
    in_flight: Semaphore,
    traffic: Arc<Traffic>,
}

/// Leave to make one attempt; given back when it is dropped.
pub struct Pass {
    route: Arc<Route>,
    epoch: u32,
    was_sent: bool,
}

/// Why there is no pass now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// By the provider in this place, which takes about so many a second.
    Full { place: usize, second: usize },
    /// As before, and not before `until`.
    Slow { place: usize, second: usize, until: Timestamp },
    /// Every provider of the channel fails, or is stopped: since then, and until
    /// one of them is asked again.
    Failing { since: Timestamp, until: Timestamp },
}

impl Providers {
    /// With providers that are treated like this unless they say otherwise.
    pub fn new(manners: Manners) -> Providers {
        Providers { manners, ..Providers::default() }
    }

    /// Takes what a provider says besides: what it answers, and its receipts.
    pub fn hear(&mut self, connected: &Connected) {
        let name = connected.sender.name();
        if let Some(look_up) = &connected.look_up {
            self.ask(name, look_up.clone());
        }
        if let Some(inquiry) = &connected.inquiry {
            self.inquire(name, inquiry.clone());
        }
        if let Some(reader) = &connected.reader {
            self.read(name, reader.clone());
        }
        if let Some(listener) = &connected.listener {
            self.listeners.push((name.to_owned(), listener.clone()));
        }
    }

    /// `sender` carries `channel`, after those that do already.
    pub fn carry(&mut self, channel: Channel, sender: Arc<dyn Sender>) {
        self.carry_within(channel, sender, Limits::default());
    }

    /// As [`Providers::carry`], within these limits.
    pub fn carry_within(&mut self, channel: Channel, sender: Arc<dyn Sender>, limits: Limits) {
        let known = self.routes.iter().position(|route| route.sender.name() == sender.name());
        let place = known.unwrap_or_else(|| {
            let place = self.routes.len();
            let guard = Guard::new(sender.capabilities(), limits, self.manners, rand::random());
            let in_flight = Semaphore::new(guard.in_flight_max());
            let (guard, traffic) = (Mutex::new(guard), self.traffic.clone());
            self.routes.push(Arc::new(Route { place, sender, guard, in_flight, traffic }));
            place
        });
        self.channels[channel as usize].push(place);
    }

    /// The provider `name` can be asked about attempts.
    pub fn ask(&mut self, name: &str, look_up: Arc<dyn LookUp>) {
        self.look_ups.insert(name.to_owned(), look_up);
    }

    /// The provider `name` can be asked what became of messages.
    pub fn inquire(&mut self, name: &str, inquiry: Arc<dyn Inquiry>) {
        self.inquiries.insert(name.to_owned(), inquiry);
    }

    pub fn inquiry(&self, provider: &str) -> Option<&Arc<dyn Inquiry>> {
        self.inquiries.get(provider)
    }

    /// Whether any provider tells what became of messages when it is asked.
    pub fn has_inquiries(&self) -> bool {
        !self.inquiries.is_empty()
    }

    /// The provider `name` gives receipts.
    pub fn read(&mut self, name: &str, reader: Arc<dyn ReceiptReader>) {
        self.readers.push((name.to_owned(), reader));
    }

    /// Providers that tell unasked over connections of ours, by their names.
    pub fn listeners(&self) -> impl Iterator<Item = (&str, &Arc<dyn Listener>)> {
        self.listeners.iter().map(|(name, listener)| (name.as_str(), listener))
    }

    /// Whether there is no provider besides one.
    pub fn is_alone(&self) -> bool {
        self.routes.len() == 1
    }

    /// How many providers carry a channel.
    pub fn routes(&self, channel: Channel) -> usize {
        self.channels[channel as usize].len()
    }

    /// The providers that carry a channel, in order of preference.
    pub fn carriers(&self, channel: Channel) -> impl Iterator<Item = &str> {
        self.after(channel, None).map(|route| route.sender.name())
    }

    /// Leave for one attempt on `channel`, with a provider that is not stopped.
    /// `failed` is the one that the attempt before it failed at: whoever comes
    /// after it is asked first.
    ///
    /// # Errors
    /// What it waits for.
    pub fn pass(
        &self,
        channel: Channel,
        failed: Option<&str>,
        is_stopped: impl Fn(&str) -> bool,
        now: Timestamp,
    ) -> Result<Pass, Held> {
        let mut failing: Option<(Timestamp, Timestamp)> = None;
        for route in self.after(channel, failed).filter(|route| !is_stopped(route.sender.name())) {
            let mut guard = route.guard.lock().unwrap_or_else(PoisonError::into_inner);
            let (place, second) = (route.place, guard.second());
            match guard.enter(now) {
                Ok(epoch) => {
                    route.traffic.open.fetch_add(1, Ordering::Relaxed);
                    return Ok(Pass { route: route.clone(), epoch, was_sent: false });
                }
                Err(Closed::Full) => return Err(Held::Full { place, second }),
                Err(Closed::Slow { until }) => return Err(Held::Slow { place, second, until }),
                Err(Closed::Failing { until }) => {
                    let since = guard.fails_since().unwrap_or(now);
                    failing = Some(failing.map_or((since, until), |(last, first)| {
                        (last.max(since), first.min(until))
                    }));
                }
            }
        }
        let (since, until) = failing.unwrap_or((now, now));
        Err(Held::Failing { since, until })
    }

    /// Whether another provider of `channel` than `failed` does not fail.
    pub fn has_another(&self, channel: Channel, failed: &str, now: Timestamp) -> bool {
        self.after(channel, Some(failed)).any(|route| {
            let guard = || route.guard.lock().unwrap_or_else(PoisonError::into_inner);
            route.sender.name() != failed && guard().is_well(now)
        })
    }

    /// Since when all providers of `channel` fail, if they do.
    pub fn fails_since(&self, channel: Channel) -> Option<Timestamp> {
        let mut all = self.after(channel, None).map(|route| {
            let guard = route.guard.lock().unwrap_or_else(PoisonError::into_inner);
            guard.fails_since()
        });
        all.try_fold(None, |last: Option<Timestamp>, since| Some(last.max(Some(since?))))?
    }

    /// The routes of a channel, beginning after `failed`, in a circle.
    fn after(&self, channel: Channel, failed: Option<&str>) -> impl Iterator<Item = &Arc<Route>> {
        let places = &self.channels[channel as usize];
        let is_failed =
            |place: &usize| failed.is_some_and(|name| self.routes[*place].sender.name() == name);
        let first = places.iter().position(is_failed).map_or(0, |index| index + 1);
        let (before, from) = places.split_at(first);
        from.iter().chain(before).map(|place| &self.routes[*place])
    }

    pub fn look_up(&self, provider: &str) -> Option<&Arc<dyn LookUp>> {
        self.look_ups.get(provider)
    }

    /// Whether any provider answers for attempts.
    pub fn can_be_asked(&self) -> bool {
        !self.look_ups.is_empty()
    }

    pub fn readers(&self) -> impl Iterator<Item = (&str, &Arc<dyn ReceiptReader>)> {
        self.readers.iter().map(|(name, reader)| (name.as_str(), reader))
    }

    /// Until there is room at a provider that was full; for one who waits.
    pub async fn freed(&self) {
        self.traffic.freed.notified().await;
    }

    pub fn is_anything_under_way(&self) -> bool {
        self.traffic.open.load(Ordering::Relaxed) > 0
    }

    /// Until nothing is under way; for one who waits.
    pub async fn ended(&self) {
        self.traffic.ended.notified().await;
    }
}

impl Pass {
    /// The provider that it is for.
    pub fn sender(&self) -> &dyn Sender {
        self.route.sender.as_ref()
    }

    /// Makes the attempt, when the provider has a place for it.
    pub async fn send(&mut self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        if let Some(fault) = message.fault() {
            return fault;
        }
        let _place = self.route.in_flight.acquire().await;
        self.was_sent = true;
        self.route.sender.send(message, now).await
    }

    /// What the attempt came to, for those that follow; whether that changed
    /// which provider they go to.
    pub fn learn(&self, outcome: &SendOutcome, now: Timestamp) -> bool {
        let change = self.guard(|guard| guard.learn(self.epoch, Some(outcome), now));
        let provider = self.sender().name();
        match change {
            Some(Change::Opened { until }) => {
                warn!(provider, %until, "the provider fails, and is left alone for a while");
            }
            Some(Change::Closed) => info!(provider, "the provider is back"),
            None => {}
        }
        change.is_some()
    }

    fn guard<T>(&self, change: impl FnOnce(&mut Guard) -> T) -> T {
        change(&mut self.route.guard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let is_freed = self.guard(|guard| {
            if !self.was_sent {
                guard.learn(self.epoch, None, Timestamp::UNIX_EPOCH);
            }
            guard.leave(self.was_sent)
        });
        let Traffic { open, freed, ended } = self.route.traffic.as_ref();
        if is_freed {
            freed.notify_one();
        }
        if open.fetch_sub(1, Ordering::Relaxed) == 1 {
            ended.notify_one();
        }
    }
}
