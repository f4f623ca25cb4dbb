//! The kinds of providers that there are, and how a table of the settings
//! becomes one that is connected.
//!
//! A kind is one line in [`KINDS`] and one [`Adapter`] in a file of its own.

use std::sync::Arc;

use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::aliyun::Aliyun;
use super::asterisk::Asterisk;
use super::infobip::Infobip;
use super::kannel::Kannel;
use super::letters::Letters;
use super::sandbox::{Sandbox, Simulator};
use super::smpp::Smpp;
use super::twilio::Twilio;
use super::{CallbackReader, Inquiry, Listener, LookUp, ReceiptReader, Sender};
use super::{aws::eum::Eum, aws::ses::Ses, http::Http, smtp::Smtp};
use crate::model::Channel;

/// Every kind, by the name that `kind` has in the settings.
pub const KINDS: &[Kind] = &[
    kind::<Sandbox>(),
    kind::<Aliyun>(),
    kind::<Asterisk>(),
    kind::<Eum>(),
    kind::<Http>(),
    kind::<Infobip>(),
    kind::<Kannel>(),
    kind::<Letters>(),
    kind::<Ses>(),
    kind::<Smpp>(),
    kind::<Smtp>(),
    kind::<Twilio>(),
];

/// A table of the settings, as read.
pub type Table = Map<String, Value>;

/// What is wrong with a table: the key, and what to do about it.
pub type Wrong = (&'static str, String);

/// What providers must know of us.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Where others reach our front door, as they see it.
    pub public_url: Option<Url>,
    /// Whether anything listens there.
    pub listens: bool,
}

impl Site {
    /// Where `provider` posts to us: receipts, replies and keys.
    pub fn callback_url(&self, provider: &str) -> Option<Url> {
        let mut url = self.public_url.clone()?;
        url.path_segments_mut().ok()?.pop_if_empty().extend(["receipts", provider]);
        Some(url)
    }
}

/// A provider that is connected, and what it can do besides sending.
pub struct Connected {
    pub sender: Arc<dyn Sender>,
    pub look_up: Option<Arc<dyn LookUp>>,
    pub inquiry: Option<Arc<dyn Inquiry>>,
    pub reader: Option<Arc<dyn ReceiptReader>>,
    pub callbacks: Option<Arc<dyn CallbackReader>>,
    pub listener: Option<Arc<dyn Listener>>,
    /// Shows what was sent, where nothing really is.
    pub simulator: Option<Arc<Simulator>>,
}

impl Connected {
    /// One that sends, and no more.
    pub fn sending(sender: Arc<dyn Sender>) -> Connected {
        Connected {
            sender,
            look_up: None,
            inquiry: None,
            reader: None,
            callbacks: None,
            listener: None,
            simulator: None,
        }
    }
}

/// How a kind of provider is made of its table in the settings.
pub trait Adapter {
    const KIND: &'static str;
    /// Unknown keys are refused, and every key has a default; secrets are
    /// paths of files.
    type Settings: DeserializeOwned + Serialize + Default;

    /// The channels that it carries with these settings.
    fn carries(settings: &Self::Settings) -> Vec<Channel>;

    /// What is wrong though every key could be read.
    fn problems(_: &Self::Settings, _: &Site) -> Vec<Wrong> {
        Vec::new()
    }

    /// Reads the secrets and makes ready; the provider is not called, as it
    /// may be away when the daemon starts. `name` is that of the table.
    ///
    /// # Errors
    /// What is wrong with the settings, beginning with the key.
    fn connect(name: &str, settings: Self::Settings, site: &Site) -> anyhow::Result<Connected>;
}

/// An adapter without its type.
pub struct Kind {
    pub name: &'static str,
    pub defaults: fn() -> Table,
    /// Whether a table can be read.
    pub reads: fn(Table) -> Result<(), serde_json::Error>,
    pub carries: fn(Table) -> Vec<Channel>,
    pub problems: fn(Table, &Site) -> Vec<Wrong>,
    pub connect: fn(&str, Table, &Site) -> anyhow::Result<Connected>,
}

impl Kind {
    pub fn find(name: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.name == name)
    }
}

const fn kind<A: Adapter>() -> Kind {
    Kind {
        name: A::KIND,
        defaults: || match serde_json::to_value(A::Settings::default()) {
            Ok(Value::Object(table)) => table,
            _ => Table::new(),
        },
        reads: |table| read::<A>(table).map(drop),
        carries: |table| read::<A>(table).map_or(Vec::new(), |settings| A::carries(&settings)),
        problems: |table, site| {
            read::<A>(table).map_or(Vec::new(), |settings| A::problems(&settings, site))
        },
        connect: |name, table, site| A::connect(name, read::<A>(table)?, site),
    }
}

fn read<A: Adapter>(table: Table) -> Result<A::Settings, serde_json::Error> {
    serde_json::from_value(Value::Object(table))
}
