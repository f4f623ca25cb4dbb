//! What is said in a call through a real Asterisk, on its way into the store.

use duebell::pipeline::listen::Listen;
use duebell::provider::kinds::Connected;
use duebell::provider::{Meaning, SendOutcome, Sender};
use duebell::store::ReplyStore;

use super::parts::Moody;
use super::*;
use crate::support::asterisk::{Line, long_message, now};
use crate::support::bench::Bench;
use crate::support::billing::Billing;

#[tokio::test]
async fn who_heard_that_no_more_calls_will_come_is_on_record() {
    let Some(line) = Line::new() else { return };
    let asterisk = Arc::new(line.to("presses9"));
    let mut bench = Bench::live(Billing::new()).await;
    let connected = Connected::sending(asterisk.clone());
    let connected = Connected { listener: Some(asterisk.clone()), ..connected };
    bench.workshop.providers.hear(&connected);
    bench.workshop.parts = Some(Arc::new(Moody::away_once(bench.store.clone())));
    let (clock, stop) = (ManualClock::at(now()), CancellationToken::new());
    let listen = Listen(bench.workshop.clone());
    let call = line.call(1, long_message());
    let calling = async {
        let outcome = asterisk.send(&call, now()).await;
        assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
        // The answer, as the call began to be recorded with the key.
        let heard = line.heard().await;
        assert!(heard > 0.5, "{heard} s");
        stop.cancel();
    };
    tokio::join!(listen.keep(&clock, &stop), calling);
    let replies = bench.store.unsettled_replies(&Bucket::all(), 10).await.unwrap();
    let said = replies.iter().map(|one| (one.reply.about, &one.reply.meaning));
    assert_eq!(said.collect::<Vec<_>>(), [(Some(call.key), &Meaning::OptOut)]);
    let receipts = unsettled(&bench.store).await;
    let fates = receipts.iter().map(|one| (one.receipt.key, one.receipt.fate));
    assert_eq!(fates.collect::<Vec<_>>(), [(call.key, Fate::Answered)]);
}
