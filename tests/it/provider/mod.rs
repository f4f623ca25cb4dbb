//! Providers against real peers: each against the contract, and against what
//! is its own.

mod aliyun;
mod asterisk;
mod asterisk_sip;
mod asterisk_wire;
mod aws;
mod contract;
mod faults;
mod http;
mod http_examples;
mod http_template;
mod http_wire;
mod infobip;
mod kannel;
mod letters;
mod odd_postings;
mod smpp;
mod smtp;
mod smtp_bounces;
mod texting;
mod twilio;
mod unsendable;

use duebell::model::{AttemptKey, Channel, Contacts, Content, EmailAddress, PhoneNumber};
use duebell::provider::{Outgoing, Untold};
use jiff::Timestamp;

/// A message that `provider` took under this reference, and never told of.
pub fn untold(provider: &str, channel: Channel, provider_ref: &str) -> Untold {
    Untold {
        key: KEY.parse().unwrap(),
        channel,
        provider: provider.to_owned(),
        provider_ref: provider_ref.to_owned(),
        phone: Some("+8615123456700".to_owned()),
        taken_at: now(),
    }
}

pub const KEY: &str = "0123456789abcdef0123456789abcdef.2";

pub fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// A mail to `who@example.net`; the peers act on `who`.
pub fn mail_to(who: &str) -> Outgoing {
    Outgoing {
        key: KEY.parse::<AttemptKey>().unwrap(),
        channel: Channel::Email,
        to: Contacts {
            phone: PhoneNumber::parse("+4915123456789", None),
            email: Some(EmailAddress::from_stored(format!("{who}@example.net"))),
            preferred: None,
        },
        name: "Zoë Müller-王".to_owned(),
        language: "de".to_owned(),
        content: Content::Email {
            subject: "Ihre Rechnung über 1.234,50 € ist fällig".to_owned(),
            text: "Guten Tag Zoë,\n\noffen sind 1.234,50 €.\n.\n..\n.Netz AG\n".to_owned(),
            html: "<p>Guten Tag Zoë,</p>\n<p>offen sind <b>1.234,50 €</b>.</p>\n".to_owned(),
        },
        facts: None,
        expires_at: "2026-03-01T19:00:00Z".parse().unwrap(),
        stop_url: None,
    }
}
