//! Letters that come back, from end to end: sent by the daemon's stages
//! through a real Postfix, and read out of its Maildir.

use std::time::Duration;

use duebell::model::Channel;
use duebell::pipeline::Stage;
use duebell::pipeline::listen::Listen;
use duebell::pipeline::settle::Settle;
use duebell::provider::route::Providers;

use super::*;
use crate::support::bench::{Bench, LADDER};
use crate::support::billing::Billing;
use crate::support::carrier::Carrier;
use crate::support::peer::Peer;
use crate::support::postfix::Postfix;

const OPEN: &str = "2026-03-10T09:00Z";
const NIGHT: &str = "2026-03-12T21:00Z";
/// The longest that a bounce may take, and the mailbox be left alone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Account P, which is written to before it is texted; the letter is accepted.
async fn written_to(address: &str, postfix: &Postfix) -> (Bench, Arc<Carrier>) {
    let billing = Billing::new();
    billing.account("P");
    billing.put(duebell::model::feed::Feed::Accounts, &[("account_id", "P"), ("email", address)]);
    billing.bill("b", "P", "2026-03-09");
    let mut bench = Bench::live(billing).await;
    bench.edit(&LADDER.replace(r#"["sms", "email"]"#, r#"["email", "sms"]"#)).await;
    let (connected, carrier) = (postfix.connected(), Carrier::new());
    let mut providers = Providers::default();
    providers.carry(Channel::Email, connected.sender.clone());
    providers.carry(Channel::Sms, carrier.clone());
    providers.hear(&connected);
    bench.workshop.providers = providers;
    bench.round("2026-03-10T08:30Z").await;
    bench.round(OPEN).await;
    assert_eq!(bench.states("P").await, ["submitting", "accepted"]);
    (bench, carrier)
}

/// Listens until a bounce is put away, which is when it is durable.
async fn listen(bench: &Bench, postfix: &Postfix, now: &str) {
    let (clock, stop) = (ManualClock::at(at(now)), CancellationToken::new());
    let listen = Listen(bench.workshop.clone());
    let heard = async {
        let kept = async {
            while postfix.names("cur").is_empty() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let is_heard = tokio::time::timeout(PATIENCE, kept).await;
        stop.cancel();
        is_heard.expect("the bounce is read");
    };
    tokio::join!(listen.keep(&clock, &stop), heard);
}

async fn settle(bench: &Bench, now: &str) {
    Settle(bench.workshop.clone()).run_once(at(now)).await.unwrap();
}

async fn causes(bench: &Bench) -> Vec<(String, String)> {
    let lines = bench.store.desk().suppressions(&"P".into()).await.unwrap();
    lines.into_iter().map(|it| (it.channel.as_str().into(), it.cause.as_str().into())).collect()
}

#[tokio::test]
async fn an_address_that_does_not_exist_is_not_written_to_again_and_a_text_goes_instead() {
    let relay = Peer::start("smtp_sink.py", &[]);
    let Some(postfix) = Postfix::start(relay.port) else { return };
    let (bench, carrier) = written_to("zoe@gone.example", &postfix).await;
    assert_eq!(carrier.given(), []);
    listen(&bench, &postfix, "2026-03-10T09:05Z").await;
    settle(&bench, "2026-03-10T09:05Z").await;
    bench.round("2026-03-10T09:10Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    let states = bench.states("P").await;
    assert_eq!(states, ["submitting", "accepted", "retry_later", "submitting", "accepted"]);
    assert_eq!(causes(&bench).await, [("email".to_owned(), "bad_address".to_owned())]);
}

#[tokio::test]
async fn a_letter_that_comes_back_days_later_did_not_arrive() {
    let relay = Peer::start("smtp_sink.py", &[]);
    let Some(postfix) = Postfix::start(relay.port) else { return };
    let (bench, carrier) = written_to("spam@example.net", &postfix).await;
    // Silence is no failure: what is accepted stays so.
    bench.rounds("2026-03-10T10:00Z", NIGHT).await;
    assert_eq!(bench.states("P").await, ["submitting", "accepted"]);
    listen(&bench, &postfix, NIGHT).await;
    settle(&bench, NIGHT).await;
    assert_eq!(bench.states("P").await, ["submitting", "accepted", "undelivered"]);
    // One letter that is refused as spam says nothing of the address.
    assert_eq!(causes(&bench).await, []);
    assert_eq!(carrier.given(), []);
}
