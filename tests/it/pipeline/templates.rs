//! Providers that have templates of their own are given the pieces of the
//! message; others are not, as they cost time to write.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use duebell::model::content::TemplateFacts;
use duebell::model::{Channel, Content};
use duebell::provider::route::Providers;
use duebell::provider::{Capabilities, Outgoing, SendOutcome, Sender};
use jiff::Timestamp;

use super::owing;
use crate::support::build::at;

#[derive(Default)]
struct Printer {
    own_templates: bool,
    printed: Mutex<Vec<(String, Option<TemplateFacts>)>>,
}

#[async_trait]
impl Sender for Printer {
    fn name(&self) -> &str {
        "printer"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { own_templates: self.own_templates, ..Capabilities::default() }
    }

    async fn send(&self, message: &Outgoing, _: Timestamp) -> SendOutcome {
        assert!(matches!(message.content, Content::Sms { .. }));
        let text = message.content.words().into_owned();
        self.printed.lock().unwrap().push((text, message.facts.clone()));
        SendOutcome::Accepted { provider_ref: None }
    }
}

async fn printed(own_templates: bool) -> (String, Option<TemplateFacts>) {
    let (_, mut bench) = owing("2026-03-09").await;
    let printer = Arc::new(Printer { own_templates, ..Printer::default() });
    let mut providers = Providers::default();
    providers.carry(Channel::Sms, printer.clone());
    bench.workshop.providers = providers;
    bench.round("2026-03-10T08:30Z").await;
    bench.stages().send(at("2026-03-10T09:00Z")).await.unwrap();
    let printed = printer.printed.lock().unwrap().clone();
    assert_eq!(printed.len(), 1);
    printed.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_provider_with_templates_gets_what_the_message_says() {
    let (text, facts) = printed(true).await;
    let facts = facts.expect("facts");
    assert!(!facts.template.is_empty());
    let total = &facts.words["total"];
    assert!(!total.is_empty() && text.contains(total), "{text}");
}

#[tokio::test]
async fn a_provider_that_takes_our_words_gets_nothing_else() {
    assert_eq!(printed(false).await.1, None);
}
