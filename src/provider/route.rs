//! Which provider carries which channel, and who can be asked afterwards.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::Channel;

use super::kinds::Connected;
use super::{LookUp, ReceiptReader, Sender};

/// The providers in use.
#[derive(Default, Clone)]
pub struct Providers {
    /// By the channel's place in [`Channel::ALL`]: asked for several times a reminder.
    senders: [Option<Arc<dyn Sender>>; Channel::ALL.len()],
    look_ups: HashMap<String, Arc<dyn LookUp>>,
    readers: Vec<(String, Arc<dyn ReceiptReader>)>,
}

impl Providers {
    /// `connected` carries these channels from now on.
    pub fn add(&mut self, channels: impl IntoIterator<Item = Channel>, connected: &Connected) {
        for channel in channels {
            self.carry(channel, connected.sender.clone());
        }
        let name = connected.sender.name();
        if let Some(look_up) = &connected.look_up {
            self.ask(name, look_up.clone());
        }
        if let Some(reader) = &connected.reader {
            self.read(name, reader.clone());
        }
    }

    /// `sender` carries `channel` from now on.
    pub fn carry(&mut self, channel: Channel, sender: Arc<dyn Sender>) {
        self.senders[channel as usize] = Some(sender);
    }

    /// The provider `name` can be asked about attempts.
    pub fn ask(&mut self, name: &str, look_up: Arc<dyn LookUp>) {
        self.look_ups.insert(name.to_owned(), look_up);
    }

    /// The provider `name` gives receipts.
    pub fn read(&mut self, name: &str, reader: Arc<dyn ReceiptReader>) {
        self.readers.push((name.to_owned(), reader));
    }

    pub fn sender(&self, channel: Channel) -> Option<&Arc<dyn Sender>> {
        self.senders[channel as usize].as_ref()
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

    pub fn channels(&self) -> impl Iterator<Item = Channel> {
        Channel::ALL.into_iter().filter(|channel| self.sender(*channel).is_some())
    }
}
