//! The adapters: how each is led to its peer, and how the peer is asked what
//! it took.

use std::path::PathBuf;

use duebell::model::{Channel, Content, EmailAddress, PhoneNumber};
use duebell::provider::Outgoing;
use serde_json::{Value, json};

use crate::provider::mail_to;
use crate::provider::texting::sms_to;
use crate::support::asterisk::message as speech;

/// An adapter.
pub struct Subject {
    pub kind: &'static str,
    pub peer: &'static str,
    /// For the peer, so that it encrypts.
    pub encrypted: &'static [&'static str],
    /// For the peer, besides: what it is to hold us to.
    pub arguments: &'static [&'static str],
    pub secret: &'static str,
    pub channel: Channel,
    /// What stands before and after the number of the attempt.
    pub address: (&'static str, &'static str),
    /// Where the address stands in what the peer keeps.
    pub kept_at: &'static str,
    pub settings: fn(&Door) -> Value,
    /// It greets and logs in before it hands over. A connection of its own is
    /// made for each attempt then, as every part of it is to be cut.
    pub has_session: bool,
    /// Of each class of phases.
    pub cases: usize,
    /// The status alone says that it was taken.
    pub by_status: bool,
}

/// Where an adapter is led to, and with what.
pub struct Door {
    pub scheme: &'static str,
    pub host: &'static str,
    pub port: u16,
    pub timeout_ms: u32,
    pub secret: PathBuf,
    /// Whom to trust; where there is none, nothing is encrypted.
    pub ca_file: Option<PathBuf>,
    /// Names whoever knocks.
    pub number: u32,
}

impl Door {
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}:{}{path}", self.scheme, self.host, self.port)
    }
}

impl Subject {
    pub fn attempt(&self, address: u32, reminder: u32, number: u32) -> Outgoing {
        let (before, after) = self.address;
        let address = format!("{before}{address:05}{after}");
        let mut message = match self.channel {
            Channel::Email | Channel::Letter => mail_to("nobody"),
            Channel::Sms | Channel::Voice => sms_to("anna", before),
        };
        message.key = format!("{reminder:032x}.{number}").parse().unwrap();
        match self.channel {
            Channel::Letter => {}
            Channel::Email => message.to.email = Some(EmailAddress::from_stored(address)),
            Channel::Sms => message.to.phone = Some(PhoneNumber::from_stored(address)),
            Channel::Voice => {
                message.to.phone = Some(PhoneNumber::from_stored(address));
                message.channel = Channel::Voice;
                message.content = Content::Voice(speech());
            }
        }
        message
    }

    pub fn is_http(&self) -> bool {
        !matches!(self.kind, "smpp" | "smtp")
    }

    /// The number of the attempt to which something was addressed.
    pub fn number_in(&self, address: &str) -> Option<u32> {
        let end = address.rfind(self.address.1)?;
        address.get(end.checked_sub(5)?..end)?.parse().ok()
    }
}

/// What most are like: a request over HTTP, an answer that names what it took.
const SMS_API: Subject = Subject {
    kind: "",
    peer: "",
    encrypted: &[],
    arguments: &[],
    secret: "s3cret\n",
    channel: Channel::Sms,
    address: ("+49151", "00"),
    kept_at: "",
    settings: |_| Value::Null,
    has_session: false,
    cases: 100,
    by_status: false,
};

const KEYS: &str = r#"{"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "s3cret/key+"}"#;

pub fn aliyun() -> Subject {
    let settings = |door: &Door| {
        let url = door.url("/");
        json!({
            "url": url, "voice_url": url, "timeout_ms": door.timeout_ms,
            "access_key_id": "LTAItest", "access_key_secret_file": door.secret,
            "sign_name": "某某通信",
            "templates": [{ "channel": "sms", "template": "soft", "code": "SMS_1",
                            "variables": { "money": "total" } }],
        })
    };
    let (address, kept_at) = (("+861380", "00"), "/query/PhoneNumbers");
    Subject { kind: "aliyun", peer: "aliyun.py", settings, address, kept_at, ..SMS_API }
}

pub fn asterisk() -> Subject {
    let settings = |door: &Door| {
        let dir = door.secret.parent().unwrap();
        let word = dir.join("word.wav");
        json!({
            "url": door.url("/ari"), "password_file": door.secret, "timeout_ms": door.timeout_ms,
            "app": format!("cut{:05}", door.number), "endpoint": "Local/{number}@counted",
            "ring_s": 5, "calls_max": 1, "sounds_dir": dir.join(format!("sounds{}", door.number)),
            "speech_command": ["cp", word, "{file}"],
        })
    };
    Subject {
        kind: "asterisk",
        channel: Channel::Voice,
        secret: "a secret\n",
        address: ("+4931", "77"),
        settings,
        has_session: true,
        by_status: true,
        ..SMS_API
    }
}

pub fn aws_eum() -> Subject {
    let settings = |door: &Door| {
        json!({
            "region": "us-east-1", "url": door.url(""), "credentials_file": door.secret,
            "channels": ["sms"], "origination": "+12065550152", "timeout_ms": door.timeout_ms,
        })
    };
    let (address, kept_at) = (("+49151", "80"), "/body/DestinationPhoneNumber");
    Subject { kind: "aws_eum", peer: "aws.py", secret: KEYS, settings, address, kept_at, ..SMS_API }
}

pub fn aws_ses() -> Subject {
    let settings = |door: &Door| {
        json!({
            "region": "us-east-1", "url": door.url(""), "credentials_file": door.secret,
            "from": "Netz AG <rechnung@example.org>", "timeout_ms": door.timeout_ms,
        })
    };
    Subject {
        kind: "aws_ses",
        peer: "aws.py",
        secret: KEYS,
        channel: Channel::Email,
        address: ("case", "@example.net"),
        kept_at: "/body/Destination/ToAddresses/0",
        settings,
        ..SMS_API
    }
}

pub fn http() -> Subject {
    let settings = |door: &Door| {
        json!({
            "url": door.url("/send"), "channels": ["sms"], "timeout_ms": door.timeout_ms,
        })
    };
    Subject {
        kind: "http",
        peer: "http_wire.py",
        kept_at: "/body/to",
        settings,
        by_status: true,
        ..SMS_API
    }
}

/// The same gateway, by a template that says nothing of how acceptance looks.
pub fn http_template() -> Subject {
    let settings = |door: &Door| {
        json!({
            "url": door.url("/send"), "channels": ["sms"], "timeout_ms": door.timeout_ms,
            "secret_files": { "token": door.secret },
            "request": {
                "headers": { "Authorization": "Bearer {secret.token}" },
                "json": { "to": "{to}", "text": "{text}" },
            },
            "answer": { "id": "/id", "error": "/code", "errors": { "known": "bad_recipient" } },
        })
    };
    Subject { settings, ..http() }
}

pub fn infobip() -> Subject {
    let settings = |door: &Door| {
        json!({
            "url": door.url(""), "channels": ["sms"], "api_key_file": door.secret,
            "sender": "Netz AG", "timeout_ms": door.timeout_ms,
        })
    };
    let kept_at = "/body/messages/0/destinations/0/to";
    Subject { kind: "infobip", peer: "infobip.py", settings, kept_at, ..SMS_API }
}

pub fn kannel() -> Subject {
    let settings = |door: &Door| {
        json!({
            "url": door.url("/cgi-bin/sendsms"), "user": "duebell", "password_file": door.secret,
            "from": "8080", "timeout_ms": door.timeout_ms,
        })
    };
    Subject {
        kind: "kannel",
        peer: "kannel_answers.py",
        kept_at: "/headers/x-kannel-to",
        settings,
        by_status: true,
        ..SMS_API
    }
}

pub fn smpp() -> Subject {
    let settings = |door: &Door| {
        json!({
            "host": door.host, "port": door.port, "system_id": "duebell",
            "password_file": door.secret, "source": "Netz AG", "timeout_ms": door.timeout_ms,
            "tls": if door.ca_file.is_some() { "implicit" } else { "none" },
            "ca_file": door.ca_file,
        })
    };
    let secret = "secret\n";
    let (kind, peer, kept_at, has_session) = ("smpp", "smpp_smsc.js", "/to", true);
    Subject { kind, peer, secret, settings, kept_at, has_session, ..SMS_API }
}

pub fn smpp_encrypted() -> Subject {
    Subject { encrypted: &["{certificate}", "{key}"], cases: 34, ..smpp() }
}

pub fn smtp() -> Subject {
    Subject {
        kind: "smtp",
        peer: "smtp_sink.py",
        channel: Channel::Email,
        address: ("case", "@example.net"),
        kept_at: "/to/0",
        settings: |door| mail_server(door, "implicit"),
        has_session: true,
        ..SMS_API
    }
}

pub fn smtp_encrypted() -> Subject {
    let encrypted = &["--tls", "implicit", "--certificate", "{certificate}", "--key", "{key}"];
    Subject { encrypted, cases: 34, ..smtp() }
}

pub fn smtp_starttls() -> Subject {
    let encrypted = &["--tls", "starttls", "--certificate", "{certificate}", "--key", "{key}"];
    let settings: fn(&Door) -> Value = |door| mail_server(door, "starttls");
    Subject { encrypted, settings, cases: 34, ..smtp() }
}

fn mail_server(door: &Door, encrypted: &str) -> Value {
    json!({
        "host": door.host, "port": door.port, "from": "Netz AG <rechnung@example.org>",
        "hello_name": "duebell.example.org", "timeout_ms": door.timeout_ms,
        "tls": if door.ca_file.is_some() { encrypted } else { "none" },
        "ca_file": door.ca_file,
    })
}

pub fn twilio() -> Subject {
    let settings = |door: &Door| {
        json!({
            "url": door.url(""), "account_sid": "AC0123456789abcdef0123456789abcdef",
            "auth_token_file": door.secret, "channels": ["sms"], "from": "+14155550100",
            "timeout_ms": door.timeout_ms,
        })
    };
    let (address, kept_at) = (("+4915", "1234"), "/fields/0/1");
    Subject { kind: "twilio", peer: "twilio_api.py", settings, address, kept_at, ..SMS_API }
}
