//! Messages that no provider is asked about, whatever it speaks.

use std::sync::Arc;

use async_trait::async_trait;
use duebell::model::{Channel, Content, EmailAddress, PhoneNumber, Prompt};
use duebell::provider::route::Providers;
use duebell::provider::{Capabilities, Outgoing, Refusal, SendOutcome, Sender};
use jiff::Timestamp;

use super::texting::{call_to, sms_to};
use super::{mail_to, now};

/// One that must not be asked.
struct Nobody;

#[async_trait]
impl Sender for Nobody {
    fn name(&self) -> &str {
        "nobody"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn send(&self, message: &Outgoing, _: Timestamp) -> SendOutcome {
        panic!("asked for {}", message.channel)
    }
}

async fn refused(message: Outgoing) -> (Refusal, String) {
    let mut providers = Providers::default();
    providers.carry(message.channel, Arc::new(Nobody));
    let mut pass = providers.pass(message.channel, None, |_| false, now()).ok().unwrap();
    match pass.send(&message, now()).await {
        SendOutcome::Rejected { because, note } => (because, note),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_number_that_is_not_one_of_e164_is_told_to_nobody() {
    for number in ["", "+", "0151 23456789", "004915123456789", "+4915123456789\r\nX-To: 1", "anna"]
    {
        for mut message in [sms_to("anna", "+4915"), call_to("anna", "+4915")] {
            message.to.phone = Some(PhoneNumber::from_stored(number.to_owned()));
            let (because, note) = refused(message).await;
            assert_eq!(because, Refusal::BadRecipient, "{number:?}");
            assert_eq!(note, "not sent: the number is not one of E.164");
        }
    }
    for address in ["", "anna", "anna@example.net\r\nBcc: all@example.net", "a b@example.net"] {
        let mut message = mail_to("anna");
        message.to.email = Some(EmailAddress::from_stored(address.to_owned()));
        let (because, note) = refused(message).await;
        assert_eq!(because, Refusal::BadRecipient, "{address:?}");
        assert_eq!(note, "not sent: the address is none");
    }
}

#[tokio::test]
async fn a_message_that_says_nothing_is_not_sent() {
    let mail = |subject: &str, text: &str, html: &str| Content::Email {
        subject: subject.to_owned(),
        text: text.to_owned(),
        html: html.to_owned(),
    };
    let cases = [
        (Channel::Sms, Content::Sms { text: String::new() }),
        (Channel::Sms, Content::Sms { text: " \n\t".to_owned() }),
        (Channel::Voice, Content::Voice(Prompt::default())),
        (Channel::Email, mail(" ", "due", "<p>due</p>")),
        (Channel::Email, mail("due", "\n", "<p>due</p>")),
        (Channel::Email, mail("due", "due", "")),
    ];
    for (channel, content) in cases {
        let message = Outgoing { channel, content, ..mail_to("anna") };
        let (because, note) = refused(message).await;
        assert_eq!(because, Refusal::BadContent, "{channel}");
        assert_eq!(note, "not sent: there is nothing to say");
    }
}
