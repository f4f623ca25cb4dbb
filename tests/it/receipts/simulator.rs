//! The sandbox as a telephone: what its page shows, who gets it, and what an
//! answer on it does.

use duebell::clock::Clock as _;
use duebell::http::simulator::Shown;
use duebell::model::content::{Does, Key, Menu, Part};
use duebell::model::{Channel, Content, Prompt};
use duebell::provider::Sender as _;
use duebell::provider::sandbox::{Sandbox, Simulator};
use duebell::store::ReplyLine;

use super::*;
use crate::provider::mail_to;
use crate::support::bench::Bench;
use crate::support::billing::{Billing, PHONE};

/// A page over a bench, on which accounts were reminded by SMS.
struct Page {
    bench: Bench,
    door: Door,
}

impl Page {
    async fn open() -> Page {
        let billing = Billing::new();
        billing.account("A");
        billing.bill("a1", "A", "2026-03-09");
        let bench = Bench::live(billing).await;
        bench.round("2026-03-10T08:30Z").await;
        bench.round("2026-03-10T09:00Z").await;
        assert_eq!(bench.messages().len(), 1);
        let door = Page::door(&bench.sandbox, &bench.store).await;
        Page { bench, door }
    }

    async fn door(sandbox: &Arc<Sandbox>, store: &Arc<SqlStore>) -> Door {
        let simulator = Arc::new(Simulator::new(sandbox.clone()));
        let callbacks: HashMap<String, Arc<dyn CallbackReader>> =
            HashMap::from([("sandbox".to_owned(), simulator.clone() as _)]);
        let shown = Shown { provider: "sandbox".into(), simulator };
        let (limits, waits) = (Limits::default(), Waits::default());
        Door::open_shown(callbacks, Some(shown), store.clone(), store.clone(), limits, waits).await
    }

    async fn get(&self) -> Answer {
        get(&self.door, "127.0.0.1").await
    }

    async fn answer(&self, form: &str) -> Answer {
        let request = format!(
            "POST /simulator HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        self.door.caller().await.ask(request.as_bytes()).await.unwrap()
    }

    /// What the subscriber said, as far as it was settled.
    async fn settled(&self) -> Vec<ReplyLine> {
        use duebell::pipeline::{Stage, settle::Settle};
        let now = self.door.clock.now();
        Settle(self.bench.workshop.clone()).run_once(now).await.unwrap();
        self.bench.store.desk().replies_of(&"A".into()).await.unwrap()
    }
}

async fn get(door: &Door, host: &str) -> Answer {
    let request = format!("GET /simulator HTTP/1.1\r\nhost: {host}\r\n\r\n");
    door.caller().await.ask(request.as_bytes()).await.unwrap()
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    page.split(&field).nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_answer_on_the_page_is_a_reply_of_the_subscriber() {
    let page = Page::open().await;
    let shown = page.get().await;
    assert_eq!(shown.status, 200);
    assert!(shown.head.contains("content-security-policy: default-src 'none'"), "{}", shown.head);
    assert!(shown.body.contains("Nothing here was sent") && shown.body.contains(PHONE));
    let [token, once, key] = ["token", "once", "key"].map(|name| hidden(&shown.body, name));

    let form = format!("token={token}&once={once}&key={key}&words=stop");
    for _ in 0..3 {
        let answer = page.answer(&form).await;
        assert_eq!(answer.status, 303);
        assert!(answer.head.contains("location: /simulator?said"), "{}", answer.head);
    }
    let replies = page.settled().await;
    assert_eq!(replies.len(), 1, "the same form three times is one answer");
    assert_eq!(
        (replies[0].meaning.as_str(), replies[0].words.as_deref()),
        ("opt_out", Some("stop"))
    );
    let lines = page.bench.store.desk().suppressions(&"A".into()).await.unwrap();
    assert!(lines.len() == 1 && lines[0].is_in_force && lines[0].channel == "sms");
}

#[tokio::test]
async fn who_does_not_have_the_page_answers_nothing() {
    let page = Page::open().await;
    let shown = page.get().await;
    let [token, once, key] = ["token", "once", "key"].map(|name| hidden(&shown.body, name));
    let wrong = page.answer(&format!("once={once}&key={key}&words=stop")).await;
    assert_eq!(wrong.status, 401);
    let wrong = page.answer(&format!("token={token}&once={once}&key={key}&digit=9")).await;
    assert_eq!(wrong.status, 400);
    let wrong = page.answer(&"x".repeat(300 * 1024)).await;
    assert_eq!(wrong.status, 413);
    assert_eq!(page.settled().await.len(), 0);
    // A foreign page whose name leads here, and a door that shows nothing.
    assert_eq!(get(&page.door, "evil.example").await.status, 404);
    let scratch = tempfile::tempdir().unwrap();
    let closed = Door::open(new_store(&scratch).await).await;
    assert_eq!(get(&closed, "127.0.0.1").await.status, 404);
}

#[tokio::test]
async fn what_is_in_a_message_stays_text() {
    let scratch = tempfile::tempdir().unwrap();
    let store = new_store(&scratch).await;
    let sandbox = Sandbox::open(&scratch.path().join("s.jsonl"), Default::default()).unwrap();
    let sandbox = Arc::new(sandbox);
    let evil = "</p><script>alert(1)</script>\" onload=\"x";
    let words = |text: &str| vec![Part::Text(text.to_owned())];
    let menu = Menu {
        invitation: words(evil),
        keys: vec![Key { digit: '9', does: Does::OptOut, answer: words(evil) }],
        goodbye: Vec::new(),
    };
    let call = Prompt { parts: words(evil), menu: Some(menu), to_machine: Vec::new() };
    let mail = Content::Email { subject: evil.into(), text: evil.into(), html: evil.into() };
    for (channel, content) in [
        (Channel::Sms, Content::Sms { text: evil.into() }),
        (Channel::Voice, Content::Voice(call)),
        (Channel::Email, mail),
    ] {
        let mut message = mail_to("zoe");
        (message.channel, message.content, message.name) = (channel, content, evil.into());
        sandbox.send(&message, at(NOON)).await;
    }
    let door = Page::door(&sandbox, &store).await;
    let shown = get(&door, "[::1]:8470").await;
    assert_eq!(shown.status, 200);
    assert!(!shown.body.contains("<script") && !shown.body.contains("\" onload"), "{}", shown.body);
    assert_eq!(shown.body.matches("alert(1)").count(), 12);
    assert!(shown.body.contains("<iframe sandbox=\"\""));
}
