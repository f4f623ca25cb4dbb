//! E-mail through the operator's mail server.
//!
//! lettre speaks the protocol; the order of the conversation and the pool are
//! ours, for the sake of one question: had the content left when it failed?
//! Before the content nothing can have been taken, after it nobody knows
//! (RFC 1047, RFC 5321 section 6.1). lettre's own transport answers neither,
//! waits for replies without limit, and hands a conversation that was
//! abandoned half-way to the next mail, whose replies are then off by one.
//!
//! The mail server's answer is acceptance, and no more; what bounces later
//! comes back by mail (`bounces`).

mod bounces;
mod letter;
mod maildir;
mod reply;
mod report;
mod verp;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use async_trait::async_trait;
use jiff::Timestamp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use self::bounces::Bounces;
use self::letter::{Letter, Letterhead};
use self::reply::{Phase, Trouble, reference};
use self::verp::ReturnAddress;
use self::wire::Wire;
use super::kinds::{Adapter, Connected, Site};
use super::secret::Secret;
use super::{Capabilities, Delay, Listener, Outgoing, SendOutcome, Sender};
use crate::model::Channel;

/// A conversation that rested longer is not taken up again: mail servers hang
/// up on idle clients.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// The operator's mail server, in the settings as `[provider.smtp]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// A PEM file of certificates to trust besides the system's, for a mail
    /// server with a certificate of the operator's own.
    pub ca_file: Option<PathBuf>,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
    /// `Name <address>`; its domain should be covered by SPF and DKIM.
    pub from: String,
    pub reply_to: Option<String>,
    /// The address that reads requests to stop.
    pub unsubscribe: Option<String>,
    /// The address that bounces come back to, as `bounce+…@…`; without it
    /// they go to `from`.
    pub bounces: Option<String>,
    /// Signs that address and the `Message-ID`, one secret a line: the first
    /// signs, the others are still believed.
    pub bounces_secret_file: Option<PathBuf>,
    /// The Maildir that they are delivered into; another daemon reads them
    /// where left out.
    pub bounces_maildir: Option<PathBuf>,
    /// How we introduce ourselves; the machine's host name where left out.
    pub hello_name: Option<String>,
    pub connections_max: u32,
    /// For everything before the content, and again for the answer to it. A
    /// short one turns slow acceptance into doubt: a server may scan the
    /// content before it answers.
    pub timeout_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            host: String::new(),
            port: 587,
            tls: Tls::Starttls,
            ca_file: None,
            user: None,
            password_file: None,
            from: String::new(),
            reply_to: None,
            unsubscribe: None,
            bounces: None,
            bounces_secret_file: None,
            bounces_maildir: None,
            hello_name: None,
            connections_max: 4,
            timeout_ms: 60_000,
        }
    }
}

/// How the way to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    None,
    /// Asked for in clear and insisted upon; port 587.
    Starttls,
    /// From the first byte; port 465.
    Implicit,
}

/// Sends e-mail.
pub struct Smtp {
    name: String,
    connections_max: u32,
    wire: Wire,
    login: Option<Secret<Credentials>>,
    hello: ClientId,
    letterhead: Letterhead,
    timeout: Duration,
    /// One permit per conversation.
    slots: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

/// A conversation between two mails.
struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Smtp {
    /// Checks the settings and reads the files they name. The mail server is
    /// not called: it may be away when the daemon starts.
    pub fn connect(name: &str, settings: &Settings) -> anyhow::Result<Smtp> {
        ensure!(!settings.host.is_empty(), "host is empty; name the mail server");
        ensure!(settings.connections_max > 0, "connections_max is 0; allow at least one");
        ensure!(settings.timeout_ms > 0, "timeout_ms is 0; allow some time, such as 60000");
        let login = login(settings)?;
        let wire = Wire::new(settings)?;
        let hello = match &settings.hello_name {
            Some(name) => {
                let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_[]:".contains(c);
                ensure!(
                    !name.is_empty() && name.chars().all(is_plain),
                    "hello_name is no host name; write one, or leave it out"
                );
                ClientId::Domain(name.clone())
            }
            None => ClientId::default(),
        };
        Ok(Smtp {
            name: name.to_owned(),
            connections_max: settings.connections_max,
            wire,
            login,
            hello,
            letterhead: Letterhead::new(settings)?,
            timeout: Duration::from_millis(settings.timeout_ms.into()),
            slots: Semaphore::new(settings.connections_max as usize),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Connects, encrypts and logs in.
    async fn open(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let stream = self.wire.connect().await?;
        let mut connection =
            AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await?;
        if let Some(trust) = &self.wire.starttls {
            if !connection.can_starttls() {
                return Err(Trouble::Ours("the server offers no STARTTLS"));
            }
            connection.starttls(trust.clone(), &self.hello).await?;
        }
        if let Some(login) = &self.login {
            let info = connection.server_info();
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            if info.get_auth_mechanism(&mechanisms).is_none() {
                return Err(Trouble::Ours("the server offers no login by PLAIN or LOGIN"));
            }
            connection.auth(&mechanisms, &login.current()).await?;
        }
        Ok(connection)
    }

    /// Begins a mail, on a conversation at rest or on a new one.
    async fn begin(&self, letter: &Letter) -> Result<AsyncSmtpConnection, Trouble> {
        while let Some(mut connection) = self.unpark() {
            match connection.command(mail_from(letter, &connection)?).await.map_err(Trouble::from) {
                Ok(_) => return Ok(connection),
                // The server hung up while it rested. Nothing was said of
                // this mail, so a new conversation is no second attempt.
                Err(trouble) if trouble.ends_conversation() => {}
                Err(trouble) => return Err(trouble),
            }
        }
        let mut connection = self.open().await?;
        connection.command(mail_from(letter, &connection)?).await?;
        Ok(connection)
    }

    /// All that comes before the content. Whatever fails in here, nothing has
    /// been taken.
    async fn offer(&self, letter: &Letter) -> Result<AsyncSmtpConnection, (Phase, Trouble)> {
        let mut connection =
            self.begin(letter).await.map_err(|trouble| (Phase::Session, trouble))?;
        let refused = match connection.command(Rcpt::new(letter.to.clone(), Vec::new())).await {
            Ok(_) => match connection.command(Data).await {
                Ok(reply) if reply.has_code(354) => return Ok(connection),
                Ok(_) => Trouble::Ours("the server did not ask for the content"),
                Err(error) => Trouble::from(error),
            },
            Err(error) => Trouble::from(error),
        };
        // Only this mail was refused; the conversation may serve another.
        if refused.is_reply()
            && !refused.ends_conversation()
            && connection.command(Rset).await.is_ok()
        {
            self.park(connection);
        }
        Err((Phase::Recipient, refused))
    }

    fn heeded(&self, outcome: SendOutcome) -> SendOutcome {
        match &self.login {
            Some(login) => login.heeded(outcome),
            None => outcome,
        }
    }

    fn park(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().expect("nobody panics while holding the idle list");
        idle.push(Idle { connection, since: Instant::now() });
    }

    fn unpark(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().expect("nobody panics while holding the idle list");
        idle.retain(|idle| idle.since.elapsed() < IDLE_MAX);
        idle.pop().map(|idle| idle.connection)
    }
}

impl Adapter for Smtp {
    const KIND: &'static str = "smtp";
    type Settings = Settings;

    fn carries(_: &Settings) -> Vec<Channel> {
        vec![Channel::Email]
    }

    fn connect(name: &str, settings: Settings, _: &Site) -> anyhow::Result<Connected> {
        let bounces = Bounces::open(name, &settings)?;
        let listener = bounces.map(|bounces| Arc::new(bounces) as Arc<dyn Listener>);
        let smtp = Arc::new(Smtp::connect(name, &settings)?);
        Ok(Connected { listener, ..Connected::sending(smtp) })
    }
}

#[async_trait]
impl Sender for Smtp {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { in_flight_max: Some(self.connections_max), ..Capabilities::default() }
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let letter = match self.letterhead.write(message, now) {
            Ok(letter) => letter,
            Err(unwritable) => return unwritable.outcome(),
        };
        let Ok(Ok(_slot)) = timeout(self.timeout, self.slots.acquire()).await else {
            let note = "smtp: all connections are busy".to_owned();
            return SendOutcome::Deferred { because: Delay::Throttled, wait: None, note };
        };
        let mut connection = match timeout(self.timeout, self.offer(&letter)).await {
            Ok(Ok(connection)) => connection,
            Ok(Err((phase, trouble))) => return self.heeded(trouble.outcome(phase)),
            Err(_) => return Trouble::Silent.outcome(Phase::Recipient),
        };

        // From here on the content may have been taken, unless the server
        // says otherwise. A conversation that ends in doubt is dropped with
        // its socket and never taken up again.
        let answer = timeout(self.timeout, connection.message(&letter.bytes)).await;
        match answer.map(|answer| answer.map_err(Trouble::from)) {
            Ok(Ok(reply)) => {
                self.park(connection);
                SendOutcome::Accepted { provider_ref: reference(&reply) }
            }
            Ok(Err(trouble)) => {
                if trouble.is_reply() && !trouble.ends_conversation() {
                    self.park(connection);
                }
                trouble.outcome(Phase::Content)
            }
            Err(_) => Trouble::Silent.outcome(Phase::Content),
        }
    }
}

/// Names the sender, and what the mail asks of the server.
fn mail_from(letter: &Letter, connection: &AsyncSmtpConnection) -> Result<Mail, Trouble> {
    let info = connection.server_info();
    let mut parameters = Vec::new();
    if letter.has_unicode_address {
        if !info.supports_feature(Extension::SmtpUtfEight) {
            return Err(Trouble::AddressNeedsUtf8);
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !letter.bytes.is_ascii() && info.supports_feature(Extension::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(Mail::new(Some(letter.from.clone()), parameters))
}

fn login(settings: &Settings) -> anyhow::Result<Option<Secret<Credentials>>> {
    let (user, path) = match (&settings.user, &settings.password_file) {
        (None, None) => return Ok(None),
        (Some(user), Some(path)) => (user, path),
        (Some(_), None) => bail!("user is set without password_file; name the file"),
        (None, Some(_)) => bail!("password_file is set without user; name the user"),
    };
    let is_local = ["localhost", "127.0.0.1", "::1"].contains(&settings.host.as_str());
    ensure!(
        settings.tls != Tls::None || is_local,
        "tls = \"none\" would send the password in clear; set tls = \"starttls\" or \"implicit\", \
         or leave out user and password_file"
    );
    let (user, path) = (user.clone(), path.clone());
    let login = Secret::open(vec![path.clone()], move || {
        let text = read(&path, "password_file")?;
        let password = text.trim_end_matches(['\r', '\n']);
        ensure!(!password.is_empty(), "password_file {} is empty", path.display());
        Ok(Credentials::new(user.clone(), password.to_owned()))
    });
    login.map(Some)
}

fn read(path: &Path, field: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(path)
        .with_context(|| format!("could not read {field} {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            host: "mail.example.org".into(),
            from: "Netz <rechnung@example.org>".into(),
            ..Settings::default()
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Settings), field: &str) {
        let mut settings = settings();
        change(&mut settings);
        let error = format!("{:#}", Smtp::connect("smtp", &settings).err().unwrap());
        assert!(error.starts_with(field), "{error}");
    }

    #[test]
    fn a_bad_setting_is_named_with_its_mend() {
        Smtp::connect("smtp", &settings()).unwrap();
        check(|settings| settings.host.clear(), "host ");
        check(|settings| settings.from = "nobody".into(), "from ");
        check(|settings| settings.reply_to = Some("a@b@c".into()), "reply_to ");
        check(|settings| settings.unsubscribe = Some("a?b@example.org".into()), "unsubscribe ");
        check(|settings| settings.hello_name = Some("a\r\nb".into()), "hello_name ");
        check(|settings| settings.user = Some("me".into()), "user ");
        check(|settings| settings.connections_max = 0, "connections_max ");
        check(|settings| settings.timeout_ms = 0, "timeout_ms ");
        let missing = Some(PathBuf::from("/nowhere/password"));
        check(|settings| settings.ca_file = missing.clone(), "could not read ca_file");
        let with_user = |settings: &mut Settings| {
            settings.user = Some("me".into());
            settings.password_file = missing.clone();
        };
        check(with_user, "could not read password_file");
    }

    #[test]
    fn a_password_does_not_travel_in_clear() {
        let clear = |settings: &mut Settings| {
            settings.tls = Tls::None;
            settings.user = Some("me".into());
            settings.password_file = Some("/nowhere/password".into());
        };
        check(clear, "tls = \"none\" would send the password in clear");
    }
}
